"""What one tap of a member weighs: on the reader's line, in both files, on the network, per associate."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from edge.contracts import topics
from edge.hub.store import sessions
from edge.hub.store.opening import FILE_NAME as HUB_FILE
from edge.hub.store.sessions import SignedIn
from edge.hub.store.times import now_of
from edge.process.ids import SystemIds
from kiosk.answers import Answers
from kiosk.messages import Messages
from kiosk.records.book import FILE_NAME as KIOSK_FILE
from tests.bench.figures import Figure, Size
from tests.bench.parts_weigh import LogScale, on_the_line, publish_bytes
from tests.bench.station import Bench, Station
from tests.support import kiosk_core
from tests.support.hub import DOOR, STORE, HubBench

ASSOCIATES = 5
BETWEEN_S = 1.0
TO_CHIP, FROM_CHIP = "reader's line, to the chip", "reader's line, from the chip"
ROW, UP, DOWN = "row of the kiosk's outbox", "MQTT, kiosk to hub: the arrival", "MQTT, hub to kiosk: the answer"
ALERT = "MQTT, hub to each associate: the alert"
TAPPED, SETTLED = "kiosk's file, the tap's commit", "kiosk's file, the answer's commit"
FILED, TOLD = "hub's file, the arrival's commit", "hub's file, alerts noted as told"
RECORDS = "hub's outbox, records for HQ"
PAGES = (TAPPED, SETTLED, FILED, TOLD)
NOTES = [
    "One tap of a member who is greeted by name: the kiosk's core, its file and its messages, the hub and its file, and"
    f" {ASSOCIATES} associates on shift, in one process. Medians of {{n}} taps of different members.",
    "The reader's line is that of a simulated PN532 which waits for a card already: what passes from the moment the card comes"
    " until its id is known; a card of 7 bytes whose owner is a member.",
    "MQTT: whole PUBLISH packets of version 3.1.1 with QoS 1, topic included; the acknowledgement of each is 4 bytes more, and"
    " each passes the broker, so the network carries it twice. Headers of TCP and IP are not counted.",
    "A page is 4,096 bytes in SQLite's log, written once at the commit and once more when the log is folded into the file, which"
    " writes a page that many taps changed once for all of them.",
]


class Scales:
    """A kiosk and a hub whose messages are handed over by hand, and weighed."""

    def __init__(self, folder: Path, members: int, stack: ExitStack) -> None:
        self._kiosk = stack.enter_context(kiosk_core.bench(folder / "kiosk"))
        self._hub = HubBench(folder / "hub", idle_s=86_400)
        stack.callback(self._hub.close)
        self._fill(members)
        self._messages = Messages(STORE, DOOR, self._kiosk.clock, SystemIds(), self._kiosk.book.numbers)
        self._answers = Answers(self._kiosk.book, STORE, lambda *_: None, self._kiosk.clock)
        self._at_kiosk = stack.enter_context(closing(LogScale(folder / "kiosk" / KIOSK_FILE)))
        self._at_hub = stack.enter_context(closing(LogScale(next(folder.glob(f"hub/**/{HUB_FILE}")))))

    def tap(self, number: int) -> dict[str, float]:
        """One member comes in; what each part of it weighed."""
        self._kiosk.clock.advance(BETWEEN_S)
        self._hub.clock.advance(BETWEEN_S)
        self._at_kiosk.empty()
        assert self._kiosk.tap(_uid(number)) is not None, "a tap became no arrival"
        (row,) = self._kiosk.book.outbox.rows()
        weighed: dict[str, float] = {TAPPED: self._at_kiosk.pages(), ROW: len(row.key) + len(row.payload)}
        arrival = self._messages.arrival(row)
        weighed[UP] = publish_bytes(self._messages.arrival_topic, arrival)
        return weighed | self._at_the_hub(arrival)

    def _at_the_hub(self, arrival: bytes) -> dict[str, float]:
        hub, sent = self._hub, self._hub.broker.sent
        before = {record.key for record in hub.hub.store.outbox.rows()}
        self._at_hub.empty()
        hub.hub.worker.take([(topics.arrival(STORE, DOOR), arrival)])
        weighed: dict[str, float] = {FILED: self._at_hub.pages()}
        weighed[RECORDS] = sum(len(one.payload) for one in hub.hub.store.outbox.rows() if one.key not in before)
        self._at_hub.empty()
        hub.hub.announcer.turn()
        weighed[TOLD] = self._at_hub.pages()
        (answer,) = [(topic, payload) for topic, payload in sent if topic == topics.answer(STORE, DOOR)]
        alerts = [publish_bytes(topic, payload) for topic, payload in sent if topic.endswith("/alert")]
        assert len(alerts) == ASSOCIATES, f"{len(alerts)} associates were told"
        sent.clear()
        self._at_kiosk.empty()
        assert self._answers.take(answer[1]) == 1, "the answer settled nothing"
        return weighed | {DOWN: publish_bytes(*answer), ALERT: statistics.mean(alerts), SETTLED: self._at_kiosk.pages()}

    def _fill(self, members: int) -> None:
        hub, store = self._hub, self._hub.hub.store
        with store.file.write() as connection:
            for number in range(members):
                name = f"Member {number}"
                store.members.put_member(connection, f"m-{number}", name=name, call_me=name, greeting="name")
                store.members.put_card(connection, f"nfc:{_uid(number)}", f"m-{number}")
            now = now_of(hub.clock)
            for number in range(ASSOCIATES):
                name = f"associate-{number}"
                session = SignedIn(f"session-of-{name}", name, "csrf", f"{STORE}.associate.{name}", now, now)
                hub.put_associate(name)
                sessions.insert(connection, STORE, session)
        hub.hub.announcer.turn()
        hub.broker.sent.clear()
        entries = [kiosk_core.entry(_uid(number), member=f"m-{number}") for number in range(members)]
        self._kiosk.book.directory.take(kiosk_core.page(entries))


def run(bench: Bench) -> list[Figure]:
    n = bench.size(100, 10)
    for name in ("kiosk", "hub", "chip"):
        (bench.folder / name).mkdir()
    bench.say(f"{n} taps are weighed ...")
    with ExitStack() as stack:
        scales = Scales(bench.folder, n, stack)
        taps = [scales.tap(number) for number in range(n)]
    median = {what: statistics.median(tap[what] for tap in taps) for what in taps[0]}
    to_chip, from_chip = on_the_line(bench.folder / "chip", _uid(0))
    notes = [NOTES[0].format(n=n), *NOTES[1:]]
    return [Figure("Bytes and pages of one tap", sizes=sizes({TO_CHIP: to_chip, FROM_CHIP: from_chip, **median}), notes=notes)]


def sizes(weighed: Mapping[str, float]) -> list[Size]:
    """Pure. In the order of a tap."""
    order = (TO_CHIP, FROM_CHIP, TAPPED, ROW, UP, FILED, RECORDS, DOWN, SETTLED, ALERT, TOLD)
    return [Size(what, weighed[what], "pages" if what in PAGES else "bytes") for what in order]


def _uid(number: int) -> str:
    return f"04{number:012X}"


STATION = Station("bytes", "What a tap weighs", run)
