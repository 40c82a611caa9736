"""Pure. A member's rotating code: made and judged at the hub from a secret that never leaves it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from edge.contracts.rotating import CODE_BYTES, STEP_S, WINDOW_STEPS, RotatingCode, read_rotating
from edge.hub.proof.errors import ProofError
from edge.hub.proof.ring import ProofKey


@dataclass(frozen=True, slots=True)
class VerifiedCode:
    """tag: the pass's reference outside this hub. step: which half-minute the code was made for; it counts once."""

    code: RotatingCode
    version: int
    tag: str

    @property
    def card_id(self) -> str:
        """Canonical (edge.contracts.card_id)."""
        return f"code:{self.code.card_value}"


def step_of(at: datetime) -> int:
    """The half-minute of a moment."""
    return int(at.timestamp()) // STEP_S


def code_for(key: ProofKey, handle: str, step: int) -> RotatingCode:
    """The code that this pass shows in that half-minute."""
    secret = hmac.new(key.master, b"shopbell member code 1|" + handle.encode(), hashlib.sha256).digest()
    made = hmac.new(secret, b"shopbell rotating 1|%d" % step, hashlib.sha256).digest()[:CODE_BYTES]
    return RotatingCode(handle, step, base64.urlsafe_b64encode(made).decode())


def spent_mark(key: ProofKey, tag: str, step: int) -> int:
    """A number below zero that stands for a half-minute and tells it to nobody without the key."""
    made = hmac.new(key.master, b"shopbell spent code 1|%s|%d" % (tag.encode(), step), hashlib.sha256).digest()
    return -1 - (int.from_bytes(made[:8], "big") >> 2)


def verify_code(text: str, came_at: datetime, keys: Sequence[ProofKey]) -> VerifiedCode:
    """came_at: when it was shown to the kiosk. ProofError `proof_malformed`, `proof_wrong`, `proof_expired`."""
    shown = read_rotating(text)
    if shown is None:
        raise ProofError("proof_malformed", "Open the pass anew and hold its code to the camera.")
    fitting = [key for key in keys if _same(code_for(key, shown.handle, shown.step), shown)]
    if not fitting:
        raise ProofError("proof_wrong", "No key of this hub fits: the code was made up, or its key was retired.")
    if abs(step_of(came_at) - shown.step) > WINDOW_STEPS:
        raise ProofError(
            "proof_expired", "The code is older or newer than a minute: open the pass anew, and see that the clocks are right."
        )
    return VerifiedCode(shown, fitting[0].version, fitting[0].reference(shown.handle.encode()))


def _same(made: RotatingCode, shown: RotatingCode) -> bool:
    return hmac.compare_digest(made.code, shown.code)
