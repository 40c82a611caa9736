"""The cards whose way from the field to their id is timed, each as it is put before a chip and whether it is known."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.bench.parts_chip import WALLET
from tests.bench.parts_reader import STRANGER

MEMBER = "04"
ADDRESS = "https://shop.example/m/" + "7" * 17
KEY = "00112233445566778899AABBCCDDEEFF"


@dataclass(frozen=True)
class CardKind:
    """says: on the page. pattern: what is put there, with {uid} for its id. first: of its id. size: of its id, in bytes."""

    says: str
    pattern: str
    first: str = STRANGER
    size: int = 7

    @property
    def phone(self) -> bool:
        """It makes its id up."""
        return self.pattern.startswith(WALLET)

    def card(self, random: Random) -> tuple[str, str]:
        """A new card of this kind: what is put there, and its id ("" where only the reader will tell)."""
        uid = "" if self.phone else self.first + random.randbytes(self.size - 1).hex().upper()
        return self.pattern.format(uid=uid), uid


KNOWN = CardKind("known, any kind but ISO-DEP", "{uid}", first=MEMBER)
KINDS = (
    KNOWN,
    CardKind("unknown MIFARE Classic (two looks)", "{uid}", size=4),
    CardKind("unknown NTAG213, empty", "ntag213@{uid}"),
    CardKind(f"unknown NTAG213 with an address of {len(ADDRESS)} characters", f"ntag213@{{uid}}={ADDRESS}"),
    CardKind("phone with a wallet", f"{WALLET}apple"),
    CardKind(f"ISO-DEP card with an address of {len(ADDRESS)} characters", f"type4@{{uid}}={ADDRESS}"),
    CardKind("NTAG 424 DNA with its proof", f"sun:{KEY}@{{uid}}"),
)
