"""Cards of a kind for `shopbell tap`: how they are written, and how often each signing card was read."""

from __future__ import annotations

import contextlib
import fcntl
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from edge.process.errors import OperatorError

# Names only; what stands behind each is judged by the simulated reader, which knows the cards (docs/reader.md).
_SUN = re.compile(r"(?:sun|sun-plain|sun-file):[0-9A-Fa-f.]+@(?P<uid>[0-9A-Fa-f]{14})(?P<count>#\d+)?(?P<address>=\S+)?\Z")
_TAG = re.compile(r"(?:ntag213|ntag215|ntag216|ultralight|type4|desfire)@")
_WALLETS = ("apple", "google")


def present(card: str, counters: Path) -> dict[str, object] | None:
    """What to ask the reader for a card of a kind; None: it is not written as one.

    counters: the file in which the readings of signing cards are counted, so that they rise over restarts of the demo, as a real
    card's do.
    """
    if card.startswith("wallet:"):
        return {"phone": True, "wallet": _wallet(card.removeprefix("wallet:"))}
    if _TAG.match(card):
        return {"card": card}
    if not card.startswith(("sun:", "sun-plain:", "sun-file:")):
        return None
    found = _SUN.match(card)
    if found is None:
        raise OperatorError("card_invalid", "presenting a card that signs", "Say sun:KEY@ID, with 32 and 14 hex digits.")
    if found["count"]:
        return {"card": card}
    at = found.start("address") if found["address"] else len(card)
    return {"card": f"{card[:at]}#{_next(counters, found['uid'].upper())}{card[at:]}"}


def _wallet(name: str) -> str:
    if name not in _WALLETS:
        raise OperatorError("card_invalid", f"presenting the wallet {name!r}", f"Say wallet: and one of {', '.join(_WALLETS)}.")
    return name


def _next(counters: Path, uid: str) -> int:
    """The number of the next reading of this card, counted in the file."""
    with _locked(counters) as known:
        known[uid] = known.get(uid, 0) + 1
        return known[uid]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[dict[str, int]]:
    """The counters, for us alone while they are changed. A file that is no table of counters begins anew."""
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        try:
            known = msgspec.json.decode(file.read(), type=dict[str, int])
        except msgspec.DecodeError:
            known = {}
        yield known
        file.seek(0)
        file.truncate()
        file.write(msgspec.json.encode(known))
