"""What is wrong with the devices at the door that kiosk.toml names: reader, scanner, camera; what the kiosk itself says of them
while it runs, and what they answer when it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from edge.process.errors import OperatorError
from edge.process.health import HealthReport, Part
from edge.transport.http import HttpClient, Unreachable
from firmware_bridge import doctor as bridge
from firmware_bridge.card_read import ReaderState
from firmware_bridge.doctor import Finding
from firmware_bridge.errors import BridgeError
from firmware_bridge.open_reader import Reset
from firmware_bridge.stable_names import device_of
from kiosk.config import CameraAt, KioskConfig, ReaderAt, ScannerAt
from kiosk.devices.camera import Camera, Patience
from kiosk.devices.reset_pin import open_reset_pin

# A kiosk on this very machine answers at once, or hangs.
ASK_S = 3.0
# After its first picture a camera is looked at for longer than a frozen one takes to be known.
LOOK_S = 4.0
PARTS = ("reader", "scanner", "camera")
Clock = Callable[[], float]


def examine(config: KioskConfig, clock: Clock, listen_s: float = 0.0) -> Iterator[tuple[str, list[Finding]]]:
    """Each device of the file, one after the other: what it is and its port, and what was found.

    listen_s: see firmware_bridge.doctor.examine_scanner.
    """
    said = parts_of_the_kiosk(config)
    ports = {
        "reader": config.reader.port,
        "scanner": config.scanner.port if config.scanner else None,
        "camera": config.camera.device if config.camera else None,
    }
    look = {
        "reader": lambda: _reader(config, clock),
        "scanner": lambda: _scanner(config.scanner, clock, listen_s) if config.scanner else [],
        "camera": lambda: examine_camera(config.camera, clock) if config.camera else [],
    }
    for part in PARTS:
        port = ports[part]
        if port is None:
            yield part, [Finding(True, "kiosk.toml", f"names no {part}")]
        elif part in said:
            yield f"{part} {port}", _as_the_kiosk_says(said[part], device_of(port), listen=part == "scanner" and listen_s > 0)
        else:
            yield f"{part} {port}", _plainly(look[part])


def parts_of_the_kiosk(config: KioskConfig) -> dict[str, Part]:
    """What a kiosk that runs here says of its devices; it has them open for itself alone. Empty while none runs."""
    host, port = config.screen.host, config.screen.port
    http = HttpClient(f"http://{f'[{host}]' if ':' in host else host}:{port}", None, ASK_S)
    try:
        report = msgspec.json.decode(http.get("/healthz", {}).body, type=HealthReport)
    except (Unreachable, msgspec.DecodeError, UnicodeDecodeError):
        return {}
    finally:
        http.close()
    return {part.part: part for part in report.parts if part.part in PARTS} if report.process == "kiosk" else {}


def examine_camera(at: CameraAt, clock: Clock, patience: Patience | None = None) -> list[Finding]:
    """Everything about a camera, through its own process, as the kiosk has it. clock: see Camera."""
    patience = patience or Patience()
    made = Camera(at.name, at.device, clock, lambda _hint: None, width=at.width, height=at.height, fps=at.fps, patience=patience)
    events = bridge.watch(made, patience.open + LOOK_S, LOOK_S)
    return [bridge.named(at.device), bridge.told(events, at.device), *bridge.codes_read(events)]


def _reader(config: KioskConfig, clock: Clock) -> list[Finding]:
    with _reset(config.reader, config.signals.pin_factory) as reset:
        return bridge.examine(config.reader.port, config.reader.baud, clock, reset)


def _scanner(at: ScannerAt, clock: Clock, listen_s: float) -> list[Finding]:
    return bridge.examine_scanner(at.port, clock, baud=at.baud, layout=at.layout, prefix=at.prefix, listen_s=listen_s)


@contextmanager
def _reset(at: ReaderAt, factory: str) -> Iterator[Reset]:
    if at.reset_pin is None:
        yield at.reset or None
        return
    pin = open_reset_pin(at.reset_pin, factory)
    try:
        yield pin.hold
    finally:
        pin.close()


def _as_the_kiosk_says(part: Part, device: str, *, listen: bool) -> list[Finding]:
    """device: empty for a simulated one. listen: somebody wants to hear it read."""
    findings = [bridge.named(device)] if device else []
    if part.well:
        findings.append(Finding(True, "answer", "it works, says the kiosk, which runs here and has it for itself"))
    else:
        findings.append(bridge.told([ReaderState(part.part, 0.0, False, part.code, part.hint)], device))
    if listen:
        findings.append(
            Finding(True, "code", "only the kiosk hears it: hold a code to it and watch the screen, or stop the kiosk")
        )
    return findings


def _plainly(look: Callable[[], list[Finding]]) -> list[Finding]:
    """What cannot be looked at is a finding too."""
    try:
        return look()
    except BridgeError as error:
        return [bridge.unusable(error)]
    except OperatorError as error:
        return [Finding(False, "kiosk.toml", str(error))]
