"""What can be wrong with a camera, by code, in words a technician can act on: for /healthz and for the doctor. Pure data."""

from __future__ import annotations

from firmware_bridge.remedies import Remedy, table

CAMERA_REMEDIES: dict[str, Remedy] = table(
    Remedy(
        "camera_missing",
        "the library for pictures, or a system library of it, is not installed",
        "Install the camera's packages (shopbell[camera]) and by apt libgl1 libglib2.0-0 libxcb1; or remove [camera] from "
        "kiosk.toml: the kiosk works on without",
    ),
    Remedy(
        "camera_unopened",
        "the device cannot be opened",
        "See that it is a camera (its name under /dev/v4l/by-id/ stays with it), that no other program has it, and that the "
        "kiosk's user is in the group video: sudo adduser USER video",
    ),
    Remedy(
        "camera_stalled",
        "it gives no pictures",
        "Look at its cable, and plug it in without a hub; its process is killed and started anew by itself",
    ),
    Remedy(
        "camera_frozen",
        "the very same picture for seconds: it has hung, or something covers it",
        "Take off what covers it; else plug it in again",
    ),
    Remedy(
        "camera_late",
        "it gives nothing but pictures of a while ago, which are not read",
        "This machine has too much to do: lower width and height under [camera], or relieve it of other work",
    ),
    Remedy("camera_ended", "it gives no more pictures", "Look at its cable, and plug it in again; it is opened again by itself"),
    Remedy(
        "camera_died",
        "its process ended by itself",
        "It is started anew. Again and again: free memory on this machine, and look at its log (journalctl -k)",
    ),
    Remedy("camera_garbled", "its process says what cannot be read", "Install one version of Shopbell only"),
    Remedy("camera_unstarted", "its process cannot be started", "Free memory on this machine, or start it anew"),
)


class CameraFault(Exception):
    """The camera's process has to be started anew. code: stable; hint: for a technician, by default the words of the table."""

    def __init__(self, code: str, hint: str = "") -> None:
        super().__init__(code)
        self.code, self.hint = code, hint or CAMERA_REMEDIES[code].whole
