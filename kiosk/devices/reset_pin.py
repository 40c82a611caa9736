"""A GPIO pin wired to the reset of the card reader: low resets it."""

from __future__ import annotations

from typing import Any

from edge.process.errors import OperatorError
from edge.process.logs import get_logger
from kiosk.devices.signals import pin_factory_named

log = get_logger(part="reset_pin")


class ResetPin:
    """One pin, high except while the reader is held in reset."""

    def __init__(self, pin: int, pin_factory: Any = None) -> None:
        """pin: BCM number. pin_factory: of gpiozero, or None for the machine's own."""
        from gpiozero import OutputDevice  # here, so that a machine without pins never loads it

        self._device = OutputDevice(pin, active_high=False, initial_value=False, pin_factory=pin_factory)

    def hold(self, hold: bool) -> None:
        """Hold the reader in reset, or let go. A fault of the pin is logged: the reader is opened again without its reset."""
        try:
            self._device.value = hold
        except Exception as error:  # gpiozero's factories raise anything; the reader's thread must go on
            log.warning("reset_failed", code="reset_failed", exc_info=error)

    def close(self) -> None:
        """Give the pin back."""
        self._device.close()


def open_reset_pin(pin: int, factory: str) -> ResetPin:
    """pin: BCM number. factory: a key of kiosk.devices.signals.FACTORIES. Raises OperatorError `reset_pin_unavailable`."""
    try:
        return ResetPin(pin, pin_factory_named(factory))
    except Exception as error:  # noqa: BLE001 - each pin factory has its own family of errors, ImportError among them
        raise OperatorError(
            "reset_pin_unavailable",
            f"opening GPIO {pin} for the reader's reset with pin factory {factory} ({type(error).__name__})",
            "See that the pin exists and is free, or take reset_pin out of [reader].",
        ) from None
