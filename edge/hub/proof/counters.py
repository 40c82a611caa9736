"""Pure. Has this counter of a card been used before, or overtaken?

A card counts its reads; a copy of what it said carries an old count. So a count must rise. One exception is honest: a tap at
a door that was offline comes late, when another door has already seen a higher count. Such a tap is believed when its count
was never used and when it happened *before* the higher one did, by the door's own monotonic age; a copied message presented
later cannot claim that.

Two cards with one key can take turns and let the count rise all the time. What gives them away is the place: nobody stands at two
doors that are far apart within seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from edge.associates.moments import Moment
from edge.hub.proof.sun import COUNTER_END

CounterVerdict = Literal[
    "proven", "proof_two_doors", "proof_replayed", "proof_rolled_back", "proof_unplaceable", "proof_repeated", "tag_retired"
]
CloneAlarm = Literal["replayed", "rolled_back", "jumped", "retired", "copied", "two_doors"]

JUMP = 1000  # reads in somebody's hands between two taps; more is worth a look (reliability 3.5)
KEPT = 64  # counts remembered per card: a tap that comes later than the next 64 of the same card is not believed
# Two doors' ages are counted by their own clocks; across a restart of the hub only its wall clock is left.
SAME_BOOT_SLACK_S, OTHER_BOOT_SLACK_S = 2.0, 120.0


@dataclass(frozen=True, slots=True)
class Taken:
    """A count that was accepted, and when its tap happened; None: its shopper did not want that to be remembered.

    place: which entrance, None where the moment is not known to a second or two.
    """

    counter: int
    came: Moment | None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Here:
    """Where a tap happens. place: as in Taken. walk_s: whoever is at two places within less did not walk; 0: nobody asks."""

    place: str | None = None
    walk_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Judged:
    """alarm: what to raise; a tap can be believed and still raise one."""

    verdict: CounterVerdict
    alarm: CloneAlarm | None = None


TWO_DOORS = Judged("proof_two_doors", "two_doors")


def judge(
    counter: int, came: Moment, taken: Sequence[Taken], *, age_known: bool, retired: bool = False, here: Here = Here()
) -> Judged:
    """taken: the newest counts of this card, rising, at most KEPT. came: when the tap happened; age_known: whether that is more
    than a guess.

    retired: the card's counter has reached its end before.
    """
    judged = _by_count(counter, came, taken, age_known, retired)
    if judged.verdict == "proven" and judged.alarm != "rolled_back" and is_elsewhere(came, taken, here):
        return TWO_DOORS
    return judged


def is_elsewhere(came: Moment, taken: Iterable[Taken], here: Here) -> bool:
    """Whether this card was at another place so shortly before or after that nobody can have carried it there."""
    if here.place is None:
        return False
    others = [one.came for one in taken if one.came is not None and one.place not in (None, here.place)]
    return any(abs(seconds_between(came, one)) < here.walk_s for one in others)


def _by_count(counter: int, came: Moment, taken: Sequence[Taken], age_known: bool, retired: bool) -> Judged:
    if retired:
        return Judged("tag_retired")
    if counter >= COUNTER_END:
        return Judged("tag_retired", "retired")
    if any(counter == one.counter for one in taken):
        return Judged("proof_replayed", "replayed")
    above = next((one for one in taken if one.counter > counter), None)
    if above is not None:
        return _late(counter, came, taken, above, age_known)
    if taken and _contradicts(taken, counter, came):
        return Judged("proven", "rolled_back")
    jumped = bool(taken) and counter - taken[-1].counter > JUMP
    return Judged("proven", "jumped" if jumped else None)


def _late(counter: int, came: Moment, taken: Sequence[Taken], above: Taken, age_known: bool) -> Judged:
    """Below the highest: a roll-back, unless the tap happened before the next higher one."""
    if not age_known:
        return Judged("proof_unplaceable")
    forgotten = len(taken) >= KEPT and counter < taken[0].counter
    higher = [one.came for one in taken if one.counter > counter and one.came is not None]
    if forgotten or any(seconds_between(came, one) <= 0 for one in higher):
        return Judged("proof_rolled_back", "rolled_back")
    if above.came is None:
        return Judged("proof_unplaceable")
    return Judged("proven", "rolled_back" if _contradicts(taken, counter, came) else None)


def _contradicts(taken: Sequence[Taken], counter: int, came: Moment) -> bool:
    """Whether a lower count was presented clearly later than this one happened: that lower one was a copy."""
    lower = [one.came for one in taken if one.counter < counter and one.came is not None]
    return any(seconds_between(came, one) > _slack(came, one) for one in lower)


def seconds_between(first: Moment, second: Moment) -> float:
    """Seconds from `first` to `second`, negative when it is the other way round: monotonic within one boot, else by wall
    clock."""
    if first.boot == second.boot:
        return second.mono - first.mono
    return (second.at - first.at).total_seconds()


def _slack(first: Moment, second: Moment) -> float:
    return SAME_BOOT_SLACK_S if first.boot == second.boot else OTHER_BOOT_SLACK_S
