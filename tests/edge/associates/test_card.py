"""The client card: Maria's whole card as it was looked at and found right, and what a card never does."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import msgspec
import pytest

from edge.associates.card import compose_unknown
from edge.contracts.http import ClientCard
from edge.demo.data import store_pack
from edge.hub.sales.judge import Rules
from edge.hub.store.memory_pack import PackLoader
from edge.hub.store.opening import HubStore
from edge.hub.store_pack import StorePack
from tests.support.sales import LONDON, open_memory

TODAY = date(2026, 11, 20)
GOLDEN = Path(__file__).with_name("test_card_maria.json")
PACK = store_pack(today=TODAY)
MEMBERS = {member["key"]: member["member"] for member in PACK["members"]}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> HubStore:
    hub = open_memory(tmp_path_factory.mktemp("hub"))
    PackLoader(hub, msgspec.convert(PACK, StorePack), Rules(LONDON), lambda pin: "hash").load()
    return hub


def card_of(hub: HubStore, key: str, **changes: str | None) -> ClientCard:
    given: dict[str, str | None] = {"who": None, "reason": None, "assurance": "plain", **changes}
    return hub.memory.client_card(MEMBERS[key], visit_id="v1", today=TODAY, **given)


def test_marias_card_is_the_golden_one(hub: HubStore) -> None:
    """After a wanted change: look at the new card, then write it over the golden file."""
    found = msgspec.to_builtins(card_of(hub, "maria", who="Maria", reason="pickup"))
    assert found == json.loads(GOLDEN.read_text())


def test_marias_card_tells_her_story(hub: HubStore) -> None:
    card = card_of(hub, "maria", who="Maria")
    bathroom = card.projects[0]
    assert bathroom.title == "Bathroom" and "42 × Riven slate floor tile, 60 x 30" in bathroom.bought
    assert [item.name.partition(",")[0] for item in bathroom.missing[:2]] == ["Flexible grout", "Tile spacers"]
    grout = card.offer[0]
    assert (grout.product_code, grout.aisle, grout.stock, grout.price) == ("T301", "7, bay 5", 31, "£12.75")
    assert grout.because.startswith("goes with riven slate floor tile (") and "baskets)" in grout.because
    assert card.served_how[0].text == "Few words, short visits"


def test_a_complaint_stands_first_and_a_typed_number_is_said_before_it(hub: HubStore) -> None:
    assert card_of(hub, "ingrid").open_issues[0].text.startswith("Open complaint: ")
    typed = card_of(hub, "ingrid", assurance="typed")
    assert typed.open_issues[0].text.startswith("Card number was typed") and len(typed.open_issues) == 3


def test_walters_card_keeps_quiet(hub: HubStore) -> None:
    card = card_of(hub, "walter")
    assert not [project.title for project in card.projects if "Nursery" in project.title]
    whole = msgspec.json.encode(card).decode()
    assert not [word for word in ("First aid", "Grab rail", "Stair gate", "Nursery") if word in whole]
    assert whole.count("a private item") == 3
    spoken = [line.text for line in card.ask] + [item.because for item in card.offer]
    assert not [text for text in spoken if "laser" in text.lower()], "the laser level is a gift"


def test_no_card_voices_what_must_not_be(hub: HubStore) -> None:
    private = ("first aid", "grab rail", "stair gate", "gift card", "ribbon")
    for key in MEMBERS:
        card = card_of(hub, key)
        said = [line.text for line in (*card.ask, *card.open_issues, *card.served_how)]
        said += [text for item in card.offer for text in (item.name, item.because)]
        said.append(hub.memory.headline(MEMBERS[key], None, TODAY) or "")
        assert not [text for text in said for word in private if word in text.lower()], key


def test_a_card_never_learns_a_name_it_was_not_given(hub: HubStore) -> None:
    assert "Pettibone" not in msgspec.json.encode(card_of(hub, "sam")).decode()


def test_everybody_has_a_card_and_it_is_short(hub: HubStore) -> None:
    for key in MEMBERS:
        card = card_of(hub, key)
        assert card.member == MEMBERS[key] and len(card.ask) <= 3 and len(card.offer) <= 5 and len(card.purchases) <= 12
        assert all(len(line.text) <= 72 for line in (*card.ask, *card.open_issues, *card.served_how))
        assert all(len(purchase.lines) <= 8 for purchase in card.purchases)


def test_nobody_known_is_guessed_about(hub: HubStore) -> None:
    unknown = compose_unknown(visit_id="v1", who=None, reason="help", assurance=None)
    for member in (None, "no-such-member"):
        assert hub.memory.client_card(member, visit_id="v1", who=None, reason="help", assurance=None, today=TODAY) == unknown
    assert unknown.ask and not (unknown.offer or unknown.purchases or unknown.projects)
    assert hub.memory.headline("no-such-member", None, TODAY) is None
