"""Pure. Who may write and read what over MQTT (DESIGN section 4), and whether a topic or a subscription is within it.

| kind      | writes                                             | reads                                   |
|-----------|----------------------------------------------------|-----------------------------------------|
| kiosk     | its arrival, its status                            | its answer, its news                    |
| hub       | every kiosk's answer and news, every alert, its status | every arrival and status of its store |
| associate | nothing: phones act over HTTP                      | its alerts, the status of its store's hub |

Everybody only within one store. The hub's status is there for phones so that they can say "the hub is away"; it holds no
personal data.
"""

from __future__ import annotations

from msgspec import Struct

from edge.contracts import topics
from edge.contracts.names import check_name
from edge.contracts.topics import ROOT, DeviceKind


class Rights(Struct, frozen=True):
    """Topic patterns; `+` stands for exactly one level and `#` is never used, so a right has a fixed depth."""

    write: list[str]
    read: list[str]


def username_of(store: str, kind: DeviceKind, name: str) -> str:
    """`{store}.{kind}.{name}`; a dot stands in no name, so two accounts never meet. Raises ContractError `name_invalid`."""
    return f"{check_name(store, 'store')}.{kind}.{check_name(name, kind)}"


def rights_of(store: str, kind: DeviceKind, name: str) -> Rights:
    """The rights of one account; raises ContractError `name_invalid` for anything that could act as a wildcard."""
    own_status = topics.status(store, kind, name)  # checks both names
    if kind == "kiosk":
        return Rights(
            write=[topics.arrival(store, name), own_status], read=[topics.answer(store, name), topics.news(store, name)]
        )
    if kind == "hub":
        here = f"{ROOT}/{store}"
        return Rights(
            write=[f"{here}/kiosk/+/answer", f"{here}/kiosk/+/news", f"{here}/associate/+/alert", own_status],
            read=[topics.all_arrivals(store), topics.all_statuses(store)],
        )
    return Rights(write=[], read=[topics.alert(store, name), f"{ROOT}/{store}/hub/+/status"])


def may_write(rights: Rights, topic: str) -> bool:
    """Whether a message (a last will too) may be published on this topic."""
    return any(_within(pattern, topic, literal=True) for pattern in rights.write)


def may_read(rights: Rights, topic: str) -> bool:
    """Whether a message on this topic may be delivered."""
    return any(_within(pattern, topic, literal=True) for pattern in rights.read)


def may_subscribe(rights: Rights, topic_filter: str) -> bool:
    """Whether every topic the filter can match lies within one read right."""
    return any(_within(pattern, topic_filter, literal=False) for pattern in rights.read)


def _within(pattern: str, asked: str, *, literal: bool) -> bool:
    """Level by level: equal, or `+` in the pattern over a non-empty level that is no wildcard (or is `+`, if not literal)."""
    allowed, levels = pattern.split("/"), asked.split("/")
    if len(allowed) != len(levels):
        return False
    return all(_level_within(have, want, literal) for have, want in zip(allowed, levels, strict=True))


def _level_within(have: str, want: str, literal: bool) -> bool:
    if want == "+":
        return have == "+" and not literal
    if have == "+":
        return want != "" and "+" not in want and "#" not in want
    return have == want
