"""A whole hub without broker and HQ's machine: real SQLite, real Flask app, a clock that stands still, a notebook as broker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from argon2 import PasswordHasher
from flask.testing import FlaskClient

from edge.broker.accounts import AccountsConfig
from edge.broker.rights import Rights
from edge.contracts import topics
from edge.contracts.alert import Alert, read_alert
from edge.contracts.answer import ArrivalResult, read_answer
from edge.contracts.arrival import Arrival
from edge.contracts.card_id import card_token
from edge.contracts.envelope import encode
from edge.contracts.facts import Fact
from edge.contracts.sealed import Evidence, public_key_of, seal
from edge.hub.config import Broker, HubConfig, Keys, KioskEntry, Policy, Proof, Secrets, Web
from edge.hub.wiring import LOOK_FOLDER, Hub, build
from edge.process.clock import ManualClock
from edge.process.ids import CountingIds

STORE, DOOR, DOOR_2 = "main-street", "door-1", "door-2"
CARD_KEY, EVIDENCE_KEY = bytes(range(32)), bytes(range(1, 33))
KIOSK_TOKEN, KIOSK_TOKEN_2 = "kiosk-token-one", "kiosk-token-two"
MARIA, MARIA_CARD = "m-maria", "nfc:04A2B3C4D5E6F7"
PIN = "246810"
# The cheapest argon2 there is: tests sign in some hundred times; test_pins looks at the real costs.
PIN_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PIN)


class Notebook:
    """Writes down what was published. While `up` is False nothing is taken, as without a link."""

    def __init__(self, store: str = STORE) -> None:
        self.up, self.store = True, store
        self.sent: list[tuple[str, bytes]] = []

    def __call__(self, topic: str, payload: bytes) -> bool:
        if self.up:
            self.sent.append((topic, payload))
        return self.up

    def alerts(self, associate: str) -> list[Alert]:
        wanted = topics.alert(self.store, associate)
        return [read_alert(payload) for topic, payload in self.sent if topic == wanted]

    def results(self, kiosk: str = DOOR) -> list[ArrivalResult]:
        wanted = topics.answer(self.store, kiosk)
        return [result for topic, payload in self.sent if topic == wanted for result in read_answer(payload).results]


class AccountBook:
    """The broker's accounts, kept in memory."""

    def __init__(self) -> None:
        self.accounts: dict[str, tuple[str, Rights]] = {}

    def put(self, username: str, password: str, rights: Rights) -> None:
        self.accounts[username] = (password, rights)

    def keep(self, username: str, password: str, rights: Rights) -> None:
        self.accounts.setdefault(username, (password, rights))

    def remove(self, username: str) -> None:
        self.accounts.pop(username, None)

    def close(self) -> None:
        """Nothing is open."""


def config_for(
    folder: Path, proof: Proof | None = None, store: str = STORE, zone: str = "Europe/London", **policy: float
) -> HubConfig:
    """A store with two doors; secrets stand in no file because `secrets_for` gives them."""
    return HubConfig(
        store=store,
        store_name="Main Street Hardware",
        timezone=zone,
        data_dir=str(folder),
        web=Web(port=0, secure_cookies=False),
        broker=Broker(username=f"{store}.hub.hub", password_file="none", ws_url="ws://127.0.0.1:9"),
        accounts=AccountsConfig(kind="embedded", accounts_file="none"),
        keys=Keys(card_key_file="none", evidence_key_file="none"),
        proof=proof,
        policy=Policy(**policy),  # type: ignore[arg-type]  # floats are what every field takes
        kiosks=[KioskEntry(name=DOOR, token_file="none"), KioskEntry(name=DOOR_2, token_file="none")],
    )


def secrets_for() -> Secrets:
    return Secrets(CARD_KEY, EVIDENCE_KEY, "hub-password", None, {KIOSK_TOKEN: DOOR, KIOSK_TOKEN_2: DOOR_2})


class HubBench:
    """One hub and the means to look into it. `restart()` opens the same file anew."""

    def __init__(
        self,
        folder: Path,
        hq: Any = None,
        proof: Proof | None = None,
        store: str = STORE,
        zone: str = "Europe/London",
        **policy: float,
    ) -> None:
        self.folder, self.clock, self.ids, self.store = folder, ManualClock(), CountingIds(), store
        self.broker, self.accounts, self.hq, self.policy = Notebook(store), AccountBook(), hq, policy
        self.proof, self.zone = proof, zone
        self.arrivals_made = 0
        self.hub = self._build()

    def _build(self) -> Hub:
        return build(
            config_for(self.folder, self.proof, self.store, self.zone, **self.policy),
            secrets_for(),
            clock=self.clock,
            ids=self.ids,
            publish=self.broker,
            accounts=self.accounts,
            hq=self.hq,
            look_folder=LOOK_FOLDER,
        )

    def restart(self) -> None:
        self.close()
        self.hub = self._build()

    def close(self) -> None:
        self.hub.store.file.close()

    def put_maria(self, **changes: Any) -> None:
        """A member who wants to be greeted by name, with a card."""
        fields: dict[str, Any] = {"name": "Maria Keller", "call_me": "Maria", "greeting": "name", "language": "de"}
        with self.hub.store.file.write() as connection:
            self.hub.store.members.put_member(connection, MARIA, **(fields | changes))
            self.hub.store.members.put_card(connection, MARIA_CARD, MARIA)

    def put_associate(self, name: str, skills: tuple[str, ...] = (), languages: tuple[str, ...] = ("en",)) -> None:
        with self.hub.store.file.write() as connection:
            self.hub.store.members.put_associate(
                connection, name, display_name=name.title(), pin_hash=PIN_HASH, skills=skills, languages=languages
            )

    def phone(self, name: str, skills: tuple[str, ...] = (), languages: tuple[str, ...] = ("en",)) -> Phone:
        """An associate made and signed in."""
        self.put_associate(name, skills, languages)
        return Phone(self, name)

    def arrival(self, **changes: Any) -> Arrival:
        """Maria's tap at door-1, or with `changes`."""
        self.arrivals_made += 1
        number = self.arrivals_made
        fields: dict[str, Any] = {
            "v": "1.0",
            "id": f"message-{number}",
            "source": f"{self.store}/kiosk/{DOOR}",
            "at": self.clock.now(),
            "clock": "synchronised",
            "boot": "kioskboot",
            "seq": number,
            "age_s": 0.1,
            "arrival_id": f"arrival-{number}",
            "rev": 0,
            "outcome": "welcome",
            "member": MARIA,
            "card_token": card_token(CARD_KEY, MARIA_CARD),
        }
        return Arrival(**(fields | changes))

    def stranger(self, card_id: str = "nfc:04FFFFFFFFFFFF", proof: str | None = None, **changes: Any) -> Arrival:
        """A card the kiosk does not know, with evidence for the hub; proof: what came with it."""
        arrival_id = changes.pop("arrival_id", f"arrival-{self.arrivals_made + 1}")
        fields: dict[str, Any] = {
            "arrival_id": arrival_id,
            "outcome": "stranger",
            "member": None,
            "card_token": card_token(CARD_KEY, card_id),
            "evidence": seal(Evidence(card_id, proof), public_key_of(EVIDENCE_KEY), arrival_id),
        }
        return self.arrival(**(fields | changes))

    def guest(self, **changes: Any) -> Arrival:
        return self.arrival(**({"outcome": "guest", "member": None, "card_token": None} | changes))

    def take(self, *arrivals: Arrival, kiosk: str = DOOR) -> list[ArrivalResult]:
        """Let the hub take them in one group and tell everybody; returns the results it answered."""
        return self.take_raw(*((topics.arrival(self.store, kiosk), encode(arrival)) for arrival in arrivals))

    def take_raw(self, *messages: tuple[str, bytes]) -> list[ArrivalResult]:
        before = len(self.broker.sent)
        self.hub.worker.take(list(messages))
        answers = [sent for sent in self.broker.sent[before:] if sent[0].endswith("/answer")]
        self.hub.announcer.turn()
        return [result for _, payload in answers for result in read_answer(payload).results]

    def later(self, seconds: float) -> None:
        """Time passes, and the hub's keeper looks once at its end."""
        self.clock.advance(seconds)
        self.hub.keeper.turn()
        self.hub.announcer.turn()

    def facts(self, kind: str | None = None) -> list[Any]:
        """Bodies of the facts that wait for HQ."""
        bodies = [msgspec.json.decode(row.payload, type=Fact).body for row in self.hub.store.outbox.rows()]
        return [body for body in bodies if kind is None or body.__struct_config__.tag == kind]

    def rows(self, table: str) -> list[dict[str, Any]]:
        with self.hub.store.file.read() as connection:
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """Everything in every table."""
        with self.hub.store.file.read() as connection:
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            found: dict[str, list[dict[str, Any]]] = defaultdict(list)
            for name in names:
                found[name] = [dict(row) for row in connection.execute(f"SELECT * FROM {name}")]
        return found


class Phone:
    """An associate's browser: cookie, CSRF token, idempotency keys."""

    def __init__(self, bench: HubBench, name: str, pin: str = PIN) -> None:
        self.name = name
        self.client: FlaskClient = bench.hub.app.test_client()
        self._keys = 0
        answer = self.client.post("/api/v1/session", json={"associate": name, "pin": pin})
        assert answer.status_code == 200, answer.json
        self.session: dict[str, Any] = answer.json or {}

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def act(self, path: str, body: Any = None, key: str | None = None, csrf: str | None = None) -> Any:
        self._keys += 1
        headers = {
            "Idempotency-Key": key or f"key-{self.name}-{self._keys:06d}",
            "X-Shopbell-Csrf": self.session["csrf"] if csrf is None else csrf,
        }
        return self.client.post(path, json=body, headers=headers)

    def alerts(self) -> list[dict[str, Any]]:
        answer = self.get("/api/v1/alerts")
        assert answer.status_code == 200, answer.json
        alerts: list[dict[str, Any]] = answer.json["alerts"]
        return alerts


Make = Callable[..., HubBench]
