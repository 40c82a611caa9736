"""Pure. What goes with what, counted from receipts: pairs with their support, so that an offer can say why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

# A pair seen in fewer baskets is chance; below one basket in six it is no advice.
LEAST_TOGETHER = 4
LEAST_SHARE = 6


@dataclass(frozen=True, slots=True)
class Companion:
    """`code` stood in `together` of the `baskets` that held `goes_with`."""

    code: str
    goes_with: str
    together: int
    baskets: int

    @property
    def support(self) -> str:
        """`18 of 40 baskets`."""
        return f"{self.together} of {self.baskets} baskets"


def count_pairs(baskets: Iterable[frozenset[str]], code: str) -> tuple[int, Counter[str]]:
    """Baskets that hold `code`, and for every other product in how many of them it stood."""
    together: Counter[str] = Counter()
    held = 0
    for basket in baskets:
        if code in basket:
            held += 1
            together.update(basket - {code})
    return held, together


def companions(baskets: Iterable[frozenset[str]], code: str, most: int = 10) -> tuple[Companion, ...]:
    """What is bought with `code`, most often first; ties by product code. Pairs below the floors are left out."""
    held, together = count_pairs(baskets, code)
    found = [
        Companion(other, code, count, held)
        for other, count in together.items()
        if count >= LEAST_TOGETHER and count * LEAST_SHARE >= held
    ]
    return tuple(sorted(found, key=lambda pair: (-pair.together, pair.code))[:most])
