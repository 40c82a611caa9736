"""Brings an image to a reader board: what to send next, and what became of it. Pure; time in seconds.

The image has been verified before it comes here. It outlives sessions: after a cut the board says how much it has, and the rest
is sent; after the restart it is asked until the new firmware has reported healthy, or the old one is back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from firmware_bridge.errors import BridgeError
from firmware_bridge.wire import board_frame as wire
from firmware_bridge.wire import board_messages as messages
from firmware_bridge.wire.board_messages import Hello, Version

State = Literal["offering", "sending", "writing", "trying", "done", "failed"]


class UpdateRefused(BridgeError):
    """The board does not take the image, or went back to its old one. code: update_*."""

    def __init__(self, code: str, tried: str, hint: str) -> None:
        self.code = code
        super().__init__(tried, hint)


class Cargo(Protocol):
    """What is brought: the parts of `update.image.Image` needed here."""

    @property
    def data(self) -> bytes: ...
    @property
    def digest(self) -> bytes: ...
    @property
    def product(self) -> str: ...
    @property
    def board(self) -> str: ...
    @property
    def version(self) -> Version: ...
    @property
    def floor(self) -> Version: ...


@dataclass(frozen=True, slots=True)
class Progress:
    """state; sent and total: bytes the board has, of the image."""

    state: State
    sent: int
    total: int


class BoardUpdate:
    """One image for one board."""

    def __init__(self, image: Cargo) -> None:
        self._image = image
        self._state: State = "offering"
        self._sent = 0
        self._boot: int | None = None
        self._again = True
        self.failed: UpdateRefused | None = None

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return Progress(self._state, self._sent, len(self._image.data))

    @property
    def asks(self) -> bool:
        """The board should be asked now and then who it is."""
        return self._state in ("writing", "trying")

    def met(self, hello: Hello, now: float) -> None:
        """The board said who it is, for the first time, after a cut or after its restart."""
        if self._state in ("done", "failed"):
            return
        restarted, self._boot = hello.boot != self._boot, hello.boot
        if hello.version == self._image.version:
            self._state = "trying" if hello.on_trial else "done"
        elif restarted and self._state == "sending":
            self._state = "offering"  # it says how much it has
        elif restarted and self._state in ("writing", "trying"):
            self._fail(
                "update_fell_back",
                "trying the new firmware",
                "It did not report healthy and the old one runs again; look at the NFC chip, else ask for a newer image",
            )

    def next(self) -> tuple[int, bytes] | None:
        """The next command (kind, body), or None."""
        image = self._image
        if self._state == "offering":
            body = messages.begin_update(len(image.data), image.digest, image.version, image.floor, image.product, image.board)
            return wire.UPDATE_BEGIN, body
        if self._state == "sending":
            if self._sent >= len(image.data):
                return wire.UPDATE_END, b""
            return wire.UPDATE_DATA, messages.update_block(self._sent, image.data[self._sent : self._sent + wire.BLOCK])
        return None

    def answered(self, status: int, data: bytes, now: float) -> None:
        """The board's RESULT to the last command of `next`."""
        if status == wire.NOT_BEGUN and self._state == "sending":  # it restarted in between
            self._state = "offering"
        elif status == wire.ON_TRIAL and self._sent >= len(self._image.data):  # all is there; only the word of it was lost
            self._state = "writing"
        elif status == wire.BAD_HASH and self._again:  # what lay there from an earlier try was damaged: once from the beginning
            self._again, self._state = False, "offering"
        elif status != wire.OK:
            self._refused(status)
        elif self._state == "sending" and not data:
            self._state = "writing"
        elif self._state in ("offering", "sending"):
            self._state, self._sent = "sending", min(int.from_bytes(data[:4], "little"), len(self._image.data))

    def _refused(self, status: int) -> None:
        refusal = _REFUSALS.get(status, _Refusal("update_refused", "Update the kiosk first, then try again"))
        self._fail(refusal.code, "bringing firmware to a reader board", refusal.hint)

    def _fail(self, code: str, tried: str, hint: str) -> None:
        self._state, self.failed = "failed", UpdateRefused(code, tried, hint)


class _Refusal(NamedTuple):
    code: str
    hint: str


_REFUSALS = {
    wire.WRONG_PRODUCT: _Refusal("update_wrong_product", "This image is for another product; fetch the one for shopbell-reader"),
    wire.WRONG_BOARD: _Refusal("update_wrong_board", "This image is for another kind of board; fetch the one for this kind"),
    wire.TOO_OLD: _Refusal("update_too_old", "The board runs this version or a newer one; fetch a newer image"),
    wire.BAD_HASH: _Refusal("update_damaged", "The image does not arrive whole; check the cable, then try again"),
    wire.TOO_LARGE: _Refusal("update_too_large", "The image is larger than a board takes; fetch the one for this kind"),
    wire.ON_TRIAL: _Refusal("update_on_trial", "New firmware is on trial there; wait two minutes, then try again"),
    wire.STORAGE: _Refusal("update_storage", "The board cannot write its flash; it is full or worn out: replace the board"),
    wire.BAD_IMAGE: _Refusal("update_bad_image", "The board cannot read the image; fetch it again"),
}
