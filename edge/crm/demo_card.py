"""Pure. Card ids for demonstrations: made up from the customer number, so anybody can work them out."""

from __future__ import annotations

import hashlib


def demo_uid(customer: str) -> str:
    """A 7-byte NFC id as upper-case hex, always the same for the same customer number; first byte 04 as on real cards."""
    return "04" + hashlib.sha256(f"shopbell demo card {customer}".encode()).hexdigest()[:12].upper()
