"""Light and sound at the door, behind one small port."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final, Protocol

from edge.process.errors import OperatorError
from edge.process.logs import get_logger
from kiosk.devices.patterns import PATTERNS, Cue, Pattern

log = get_logger(part="signals")
FACTORIES: Final = {
    "lgpio": "gpiozero.pins.lgpio:LGPIOFactory",
    "rpigpio": "gpiozero.pins.rpigpio:RPiGPIOFactory",
    "pigpio": "gpiozero.pins.pigpio:PiGPIOFactory",
    "native": "gpiozero.pins.native:NativeFactory",
    "mock": "gpiozero.pins.mock:MockFactory",  # pins that do not exist
}


class Signals(Protocol):
    """play: begin a cue and return at once; a cue that still plays is cut off. close: everything dark and silent."""

    def play(self, cue: Cue) -> None: ...
    def close(self) -> None: ...


class NoSignals:
    """A kiosk without lights and sound."""

    def play(self, cue: Cue) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


class GpioSignals:
    """Two lights and a buzzer on GPIO pins (BCM numbers). pin_factory: of gpiozero, or None for the machine's own.

    background: patterns run in gpiozero's own threads; False makes each cue end before `play` returns.
    """

    def __init__(
        self,
        *,
        green: int,
        amber: int,
        buzzer: int,
        pin_factory: Any = None,
        background: bool = True,
        patterns: Mapping[Cue, Pattern] = PATTERNS,
    ) -> None:
        from gpiozero import LED, Buzzer  # here, so that a machine without pins never loads it

        self._lights = {"green": LED(green, pin_factory=pin_factory), "amber": LED(amber, pin_factory=pin_factory)}
        self._buzzer = Buzzer(buzzer, pin_factory=pin_factory)
        self._background, self._patterns = background, patterns

    def play(self, cue: Cue) -> None:
        """Flash and beep. A fault of the pins is logged and never reaches the shopper: the screen says everything as well."""
        pattern = self._patterns[cue]
        try:
            self._silence()
            self._flash(pattern)
            self._beep(pattern)
        except Exception as error:  # gpiozero's factories raise anything; light must not stop an arrival
            log.warning("signals_failed", code="signals_failed", exc_info=error)

    def close(self) -> None:
        """Give the pins back, dark and silent."""
        for device in (*self._lights.values(), self._buzzer):
            device.close()

    def _silence(self) -> None:
        for device in (*self._lights.values(), self._buzzer):
            device.off()

    def _flash(self, pattern: Pattern) -> None:
        light = self._lights.get(pattern.light)
        if light is not None and pattern.flashes:
            light.blink(pattern.flash_s, pattern.flash_s, n=pattern.flashes, background=self._background)

    def _beep(self, pattern: Pattern) -> None:
        if pattern.beeps:
            self._buzzer.beep(pattern.beep_s, pattern.beep_s, n=pattern.beeps, background=self._background)


def open_signals(*, enabled: bool, pin_factory: str, green: int, amber: int, buzzer: int) -> Signals:
    """The signals of this machine. pin_factory: a key of FACTORIES.

    Raises OperatorError `signals_unavailable` when the pins cannot be had.
    """
    if not enabled:
        return NoSignals()
    try:
        return GpioSignals(green=green, amber=amber, buzzer=buzzer, pin_factory=pin_factory_named(pin_factory))
    except Exception as error:  # noqa: BLE001 - each pin factory has its own family of errors, ImportError among them
        raise OperatorError(
            "signals_unavailable",
            f"opening lights and sound with pin factory {pin_factory} ({type(error).__name__})",
            "See that the pins exist and are free, or set enabled = false under [signals].",
        ) from None


def pin_factory_named(name: str) -> Any:
    """A pin factory by the name gpiozero gives it; its module loads the library it stands on, so it is imported only now."""
    module, kind = FACTORIES[name].split(":")
    return getattr(importlib.import_module(module), kind)()
