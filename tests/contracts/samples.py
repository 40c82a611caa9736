"""One full and one bare example of everything that crosses a border. `python -m tests.contracts.samples` writes what is
missing of the golden files and the schemas; a golden file that exists is never rewritten: it is what a released version said.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec

from edge.contracts import alert, answer, arrival, directory, facts, feed, news, status
from edge.contracts.money import Money
from edge.contracts.schemas import schemas

HERE = Path(__file__).resolve().parent
GOLDEN = HERE / "golden" / "1.0"
SCHEMAS = HERE.parents[1] / "docs" / "schemas"
AT = datetime(2026, 11, 20, 9, 30, 15, 250000, tzinfo=timezone.utc)
HEAD: dict[str, Any] = {"v": "1.0", "at": AT, "clock": "synchronised", "boot": "b0071", "age_s": 0.25}
KIOSK = {**HEAD, "source": "main-street/kiosk/door-1", "seq": 7}
HUB = {**HEAD, "source": "main-street/hub/hub", "seq": 8}
TOKEN = "0123456789abcdef0123456789abcdef"
ARRIVAL_ID = "01936f3e-0000-7000-8000-000000000001"
MEMBER = "m-4f1c"

SAMPLES: dict[str, Any] = {
    "arrival_full": arrival.Arrival(
        **KIOSK,
        id="msg-1",
        test=True,
        expires_in_s=300.0,
        arrival_id=ARRIVAL_ID,
        rev=1,
        outcome="welcome",
        member=MEMBER,
        card_token=TOKEN,
        reason="pickup",
        evidence=base64.b64encode(b"sealed").decode(),
        language="es",
    ),
    "arrival_guest": arrival.Arrival(**{**KIOSK, "age_s": None}, id="msg-2", arrival_id=ARRIVAL_ID, rev=0, outcome="guest"),
    "arrival_not_today": arrival.Arrival(**KIOSK, id="msg-3", arrival_id=ARRIVAL_ID, rev=2, outcome="not_today"),
    "answer_full": answer.Answer(
        **HUB,
        id="msg-4",
        results=[
            answer.ArrivalResult(
                ARRIVAL_ID,
                0,
                "new",
                greeting=answer.Greeting("welcome", name="Maria", language="es", assurance="plain", member=MEMBER),
            ),
            answer.ArrivalResult(ARRIVAL_ID, 1, "refused", code="wrong_store", hint="Send it to its own hub."),
        ],
    ),
    "alert_full": alert.Alert(
        **HUB,
        id="msg-5",
        expires_in_s=300.0,
        alert_id="a-1",
        rev=2,
        visit_id="v-1",
        state="claimed",
        who=alert.Who("member", "Maria", "plain"),
        door="door-1",
        arrived_at=AT,
        reason="pickup",
        language="es",
        why_you="own",
        claimed_by="tom",
        claimed_by_name="Tom",
        headline="Bathroom: the grout is still missing",
    ),
    "alert_withdrawn": alert.Alert(
        **HUB,
        id="msg-6",
        alert_id="a-1",
        rev=3,
        visit_id="v-1",
        state="withdrawn",
        who=alert.Who("guest"),
        door="door-1",
        arrived_at=AT,
    ),
    "alert_caution": alert.Alert(
        **HUB,
        id="msg-9",
        expires_in_s=300.0,
        alert_id="a-2",
        rev=0,
        visit_id="v-2",
        state="open",
        who=alert.Who("member", None, "plain", "clone"),
        door="door-1",
        arrived_at=AT,
        why_you="everybody",
    ),
    "status_full": status.Status(
        **KIOSK,
        id="msg-7",
        online=True,
        since=AT,
        version="0.1.0",
        problems=[status.Problem("reader_gone", "Plug the reader in.")],
    ),
    "news_full": news.News(**HUB, id="msg-8", what="directory", cursor=42),
    "directory_page": directory.DirectoryPage(
        [
            directory.DirectoryEntry(TOKEN, "active", MEMBER, "es", "name", True),
            directory.DirectoryEntry("f" * 32, "gone"),
        ],
        next=2,
        more=False,
        key="k1",
        hub_key=base64.b64encode(bytes(32)).decode(),
    ),
    "feed_page": feed.FeedPage(
        [
            feed.FeedItem(1, feed.MemberChange(MEMBER, name="Maria", language="es", greeting="name")),
            feed.FeedItem(2, feed.CardChange("nfc:04A2B3C4D5E6F7", "blocked", MEMBER)),
            feed.FeedItem(3, feed.Erasure(MEMBER)),
        ],
        next=3,
        more=True,
    ),
    "feed_page_tag": feed.FeedPage([feed.FeedItem(4, feed.TagChange(TOKEN, "doubted"))], next=4, more=False),
    "fact_proof_accepted": facts.Fact(
        "1.0", "f-9", "main-street", AT, facts.ProofBody("p-2", "nfc", TOKEN, 62, "door-1", AT, True, clock="synchronised")
    ),
    **{
        f"fact_{body.__struct_config__.tag}": facts.Fact("1.0", f"f-{number}", "main-street", AT, body, test=number == 0)
        for number, body in enumerate(
            [
                facts.ArrivalBody(ARRIVAL_ID, 1, "v-1", "door-1", "welcome", AT, MEMBER, "pickup", "plain"),
                facts.VisitBody("v-1", 1, AT, AT, MEMBER, "pickup"),
                facts.NoteBody("n-1", "v-1", MEMBER, "tom", "Took the grout, happy.", "how_it_went"),
                facts.AlertBody("a-1", "v-1", "served"),
                facts.SaleBody(
                    "pos", "536365", 1, AT, "85123A", "T-LIGHT HOLDER", -6, "2.55", Money(-1530, "GBP"), MEMBER, "credit"
                ),
                facts.MemberBody(MEMBER, 3, "Maria", "es", "name", "demo"),
                facts.ErasureBody(MEMBER),
                facts.DeviceBody("kiosk", "door-1", True, AT, "0.1.0", ["reader_gone"]),
                facts.ProofBody("p-1", "nfc", TOKEN, 61, "door-1", AT, False, "replayed"),
            ]
        )
    },
}


def write_missing() -> None:
    """Golden files that are not there yet, and every schema."""
    for name, sample in SAMPLES.items():
        path = GOLDEN / f"{name}.json"
        if not path.exists():
            path.write_bytes(msgspec.json.encode(sample) + b"\n")
            print("wrote", path.name)
    for name, schema in schemas().items():
        (SCHEMAS / f"{name}.json").write_text(schema_text(schema))


def schema_text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    write_missing()
