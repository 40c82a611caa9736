"""Pure. The made-up store as one pack: `Kettle & Rye Hardware`, store `main-street`. No person, card or sale in it is real."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from edge.demo.data.history import DemoReceipt, History
from edge.demo.data.people import (
    ASSOCIATES,
    FIRST_NAMES,
    LANGUAGES,
    LAST_NAMES_FIRST,
    LAST_NAMES_SECOND,
    PREFERENCES,
    PROJECTS,
    STORIES,
    Bought,
    DemoAssociate,
    Story,
)
from edge.demo.data.products import DemoProduct, products

STORE = "main-street"
STORE_NAME = "Kettle & Rye Hardware"
MADE_UP = "Everything in this pack is made up: the store, its people, their cards, names and purchases. Nobody in it exists."
MEMBERS = 120
_ANONYMOUS_RECEIPTS = 700
_ASK = "How did it go: {title}?"


def store_pack(*, seed: int = 7, today: date) -> dict[str, Any]:
    """The pack as plain values, ready for JSON; edge.hub.store_pack describes its shape.

    The same seed gives the same people, ids and receipts; today only moves the days, so that the story is always fresh.
    """
    maker = _Maker(Random(seed), today)  # noqa: S311 - made-up people, no secrets
    stories = [maker.told(story) for story in STORIES]
    others = [maker.invented(number) for number in range(MEMBERS - len(STORIES))]
    return {
        "v": "1",
        "pack": "kettle-and-rye",
        "made_up": MADE_UP,
        "store": STORE,
        "store_name": STORE_NAME,
        "currency": "GBP",
        "associates": [_associate(person) for person in ASSOCIATES],
        "products": [_product(item) for item in products()],
        "members": stories + others,
        "receipts": maker.receipts(),
    }


class _Maker:
    """Draws members one after the other and collects their receipts."""

    def __init__(self, rng: Random, today: date) -> None:
        self._rng, self._today = rng, today
        self._history = History(products(), rng)
        self._receipts: list[DemoReceipt] = []
        self._names = self._all_names()

    def told(self, story: Story) -> dict[str, Any]:
        """A member written by hand."""
        member = self._reference()
        self._receipts += [self._bought(member, bought, 1) for bought in story.bought]
        self._receipts += [self._bought(member, bought, -1) for bought in story.returned]
        cards = [_card(f"nfc:{story.uid}"), _card(f"code:KR-{story.key.upper()}")]
        if story.lost_uid:
            cards.append(_card(f"nfc:{story.lost_uid}", "blocked"))
        return {
            "key": story.key,
            "member": member,
            "name": story.name,
            "call_me": story.call_me,
            "language": story.language,
            "greeting": story.greeting,
            "not_today": story.not_today,
            "own_associate": story.own_associate,
            "since": self._day(story.joined_days_ago),
            "cards": cards,
            "preferences": [{"text": text, "because": because} for text, because in story.preferences],
            "projects": [
                self._project(story.key, number, p.title, p.state, p.days_ago, p.scope, p.next_step)
                for number, p in enumerate(story.projects, 1)
            ],
            "follow_ups": self._follow_ups(story),
            "complaints": [] if story.complaint is None else [self._complaint(story.key, *story.complaint)],
        }

    def invented(self, number: int) -> dict[str, Any]:
        """A member drawn from the pools."""
        rng, key = self._rng, f"m{number + 1:03d}"
        member, name = self._reference(), self._names[number]
        language = rng.choices([tag for tag, _ in LANGUAGES], [weight for _, weight in LANGUAGES])[0]
        speaking = [person.associate for person in ASSOCIATES if language in person.languages]
        person: dict[str, Any] = {
            "key": key,
            "member": member,
            "name": name,
            "call_me": name.partition(" ")[0] if rng.random() < 0.8 else None,
            "language": language,
            "greeting": "name" if rng.random() < 0.6 else "nameless",
            "not_today": rng.random() < 0.02,
            "own_associate": rng.choice(speaking) if speaking and rng.random() < 0.4 else None,
            "since": self._day(rng.randint(30, 2200)),
            "cards": [_card(f"nfc:{self._uid()}"), _card(f"code:KR-{key.upper()}")],
            "preferences": [self._preference()] if rng.random() < 0.35 else [],
            "projects": [],
            "follow_ups": [],
            "complaints": [],
        }
        self._receipts += [self._history.receipt(member, 4) for _ in range(rng.randint(2, 14))]
        if rng.random() < 0.22:
            self._begin_project(person)
        return person

    def receipts(self) -> list[dict[str, Any]]:
        """All receipts, oldest first, numbered in that order."""
        self._receipts += [self._history.receipt(None) for _ in range(_ANONYMOUS_RECEIPTS)]
        ordered = sorted(self._receipts, key=lambda receipt: (-receipt.days_ago, receipt.minute, receipt.items))
        return [self._receipt(number, receipt) for number, receipt in enumerate(ordered, 10001)]

    def _receipt(self, number: int, receipt: DemoReceipt) -> dict[str, Any]:
        opened = datetime.combine(self._today - timedelta(days=receipt.days_ago), time())
        return {
            "receipt": f"{'C' if receipt.is_credit else 'K'}{number}",
            "sold_at": (opened + timedelta(minutes=receipt.minute)).isoformat(sep=" "),
            "member": receipt.member,
            "gift": receipt.gift,
            "lines": [{"product": code, "quantity": quantity, "price": price} for code, quantity, price in receipt.items],
        }

    def _begin_project(self, person: dict[str, Any]) -> None:
        """A project in progress with its first purchase, or one that is done and waits for `how did it go?`."""
        rng = self._rng
        title, scope = rng.choice(PROJECTS)
        days_ago = rng.randint(8, 70)
        done = rng.random() < 0.3
        begun = scope if done else scope[: rng.randint(1, len(scope))]
        items = tuple((code, rng.choice((1, 2, 4, 8)), self._history.price(code)) for code in begun)
        self._receipts.append(DemoReceipt(days_ago - 1, self._history.minute(), person["member"], items))
        state = "done" if done else "in_progress"
        person["projects"].append(self._project(person["key"], 1, title, state, days_ago, scope, None))
        if done:
            ask = {"follow_up_id": f"{person['key']}-ask-1", "kind": "ask", "text": _ASK.format(title=title.lower())}
            person["follow_ups"].append({**ask, "due_on": self._day(rng.randint(-3, 5))})

    def _bought(self, member: str, bought: Bought, sign: int) -> DemoReceipt:
        items = tuple((code, sign * quantity, self._history.price(code)) for code, quantity in bought.items)
        return DemoReceipt(bought.days_ago, self._history.minute(), member, items, bought.gift, is_credit=sign < 0)

    def _follow_ups(self, story: Story) -> list[dict[str, Any]]:
        kinds = (("ask", story.asks), ("promise", story.promises))
        return [
            {"follow_up_id": f"{story.key}-{kind}-{number}", "kind": kind, "text": text, "due_on": self._day(-due)}
            for kind, told in kinds
            for number, (text, due) in enumerate(told, 1)
        ]

    def _complaint(self, key: str, text: str, days_ago: int, promised: str) -> dict[str, Any]:
        return {"complaint_id": f"{key}-complaint-1", "text": text, "opened_on": self._day(days_ago), "promised": promised}

    def _project(
        self, key: str, number: int, title: str, state: str, days_ago: int, scope: tuple[str, ...], next_step: str | None
    ) -> dict[str, Any]:
        begun = self._day(days_ago)
        project = {"project_id": f"{key}-project-{number}", "title": title, "state": state, "started_on": begun}
        return {**project, "products": list(scope), "next_step": next_step}

    def _preference(self) -> dict[str, str]:
        text, because = self._rng.choice(PREFERENCES)
        return {"text": text, "because": because}

    def _all_names(self) -> list[str]:
        last = [first + second for first in LAST_NAMES_FIRST for second in LAST_NAMES_SECOND]
        return [f"{self._rng.choice(FIRST_NAMES)} {name}" for name in self._rng.sample(last, MEMBERS)]

    def _reference(self) -> str:
        return f"{self._rng.getrandbits(128):032x}"

    def _uid(self) -> str:
        return f"04{self._rng.getrandbits(48):012X}"

    def _day(self, days_ago: int) -> str:
        return (self._today - timedelta(days=days_ago)).isoformat()


def _card(card_id: str, state: str = "active") -> dict[str, str]:
    return {"card_id": card_id, "state": state}


def _associate(person: DemoAssociate) -> dict[str, Any]:
    return {
        "associate": person.associate,
        "display_name": person.display_name,
        "pin": person.pin,
        "skills": list(person.skills),
        "languages": list(person.languages),
    }


def _product(item: DemoProduct) -> dict[str, Any]:
    return {
        "code": item.code,
        "name": item.name,
        "category": item.category,
        "aisle": item.aisle,
        "bay": item.bay,
        "stock": item.stock,
        "price": item.price,
        "goes_with": list(item.goes_with),
    }
