"""A store hub as far as phones can tell: the HTTP contract over real HTTP, alerts over a real Mosquitto.

The front end is tested against this, so that its tests can lose an answer, cut the line or hold the network at will;
the real hub has tests of its own. Every body is built from the structs of `edge.contracts`, so it cannot drift from them.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from flask import Flask, Response, request
from waitress.server import create_server

from edge.associates.web import create_blueprint
from edge.contracts import topics
from edge.contracts.alert import Alert, Who
from edge.contracts.http import (
    Alerts,
    Broker,
    CardLine,
    ClientCard,
    ErrorBody,
    NewNote,
    Problem,
    ProjectView,
    Purchase,
    Session,
    ShelfItem,
    SignIn,
)
from edge.process.clock import Clock, SystemClock
from edge.process.ids import Ids, SystemIds

_LOOK = Path(__file__).resolve().parents[2] / "edge" / "look"
STORE = "main-street"
PINS = {"tom": "2580-tom", "ana": "1470-ana"}
NAMES = {"tom": "Tom Baker", "ana": "Ana Lopez"}
_HUB_PASSWORD = "hub-of-this-test"
_CSRF = "csrf-of-this-test"


class Refusal(Exception):
    """An answer that is an error of the contract."""

    def __init__(self, status: int, code: str, message: str, hint: str) -> None:
        super().__init__(code)
        self.status = status
        self.body = ErrorBody(Problem(code=code, message=message, hint=hint))


@dataclass
class Asked:
    """One request as it came, for tests to look at."""

    method: str
    path: str
    key: str | None
    csrf: str | None


@dataclass
class Floor:
    """The alerts of the store and the one rule about them: who may do what when. Raises Refusal."""

    clock: Clock
    ids: Ids
    publish: Callable[[Alert], None]
    alerts: dict[str, Alert] = field(default_factory=dict)
    cards: dict[str, ClientCard] = field(default_factory=dict)
    notes: list[tuple[str, NewNote]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    looks: list[tuple[str, str]] = field(default_factory=list)

    def arrive(self, who: Who, *, card: ClientCard | None = None, ago_s: float = 0, **more: Any) -> Alert:
        """Somebody comes in; `more` are further fields of Alert. Returns the alert as published."""
        visit = self.ids.new()
        now = self.clock.now()
        alert = Alert(
            v="1.0",
            id=self.ids.new(),
            source=f"{STORE}/hub/hub",
            at=now,
            clock="free",
            boot="boot1",
            seq=1,
            age_s=0.0,
            alert_id=self.ids.new(),
            rev=0,
            visit_id=visit,
            state="open",
            who=who,
            door="door-1",
            arrived_at=now - timedelta(seconds=ago_s),
        )
        alert = msgspec.structs.replace(alert, **more)
        self.cards[visit] = msgspec.structs.replace(card, visit_id=visit) if card else bare_card(visit)
        return self._keep(alert)

    def revise(self, alert_id: str, **change: Any) -> Alert:
        """The next revision of an alert, published."""
        return self._keep(msgspec.structs.replace(self.alerts[alert_id], rev=self.alerts[alert_id].rev + 1, **change))

    def withdraw(self, alert_id: str) -> Alert:
        """The shopper does not want to be known today: the content goes."""
        return self.revise(alert_id, state="withdrawn", who=Who(kind="guest"), headline=None, claimed_by_name=None)

    def act(self, alert_id: str, act: str, me: str) -> Alert:
        alert = self.alerts.get(alert_id)
        if alert is None:
            raise Refusal(404, "alert_unknown", "There is no such alert", "Look at the list again")
        if alert.state in ("served", "withdrawn", "expired"):
            raise Refusal(409, "alert_ended", "This arrival has ended", "There is nothing left to do")
        if alert.state == "claimed" and alert.claimed_by != me:
            raise Refusal(409, "already_claimed", f"Already taken by {alert.claimed_by_name}", "Take somebody else")
        if act == "claim":
            return self.revise(alert_id, state="claimed", claimed_by=me, claimed_by_name=NAMES[me])
        if act == "release":
            return self.revise(alert_id, state="open", claimed_by=None, claimed_by_name=None)
        return self.revise(alert_id, state="served")

    def live(self) -> Alerts:
        return Alerts([one for one in self.alerts.values() if one.state in ("open", "claimed")])

    def card(self, visit_id: str, me: str) -> ClientCard:
        claimed = any(one.visit_id == visit_id and one.claimed_by == me for one in self.alerts.values())
        if not claimed or visit_id in self.closed:
            raise Refusal(403, "card_closed", "The card is open only during the visit", "Ask the shopper, or say why you need it")
        return self.cards[visit_id]

    def _keep(self, alert: Alert) -> Alert:
        self.alerts[alert.alert_id] = alert
        self.publish(alert)
        return alert


def bare_card(visit_id: str) -> ClientCard:
    """The card of somebody of whom nothing is known."""
    return ClientCard(
        visit_id=visit_id,
        member=None,
        who=None,
        member_since=None,
        reason=None,
        ask=[],
        offer=[],
        open_issues=[],
        served_how=[],
        projects=[],
        purchases=[],
        notes=[],
    )


def full_card(who: str) -> ClientCard:
    """A card with something in every part."""
    grout = ShelfItem("GR-20", "Flexible grout, silver grey 5 kg", "14", 23, "£17.40", "goes with the tiles (18 of 40 baskets)")
    spacer = ShelfItem("SP-3", "Tile spacers 3 mm", "14", 0, "£3.20", "missing from the bathroom's list")
    return ClientCard(
        visit_id="visit",
        member="m-1",
        who=who,
        member_since="2019",
        reason="pickup",
        ask=[
            CardLine("How did the shower wall turn out?", "bathroom project, tiles bought on 3 May"),
            CardLine("Did the adhesive hold on the old paint?", "follow-up of 9 May"),
        ],
        offer=[
            grout,
            ShelfItem("SL-1", "Sanitary sealant, white", "Aisle 9", 6, "£8.90", "finishes a shower (11 of 26 baskets)"),
        ],
        open_issues=[CardLine("Two tiles came broken; replacements promised", "complaint of 6 May, still open")],
        served_how=[
            CardLine("Likes to be shown, not told", "note by Ana, March"),
            CardLine("Speaks Spanish at home", "her own wish, 2024"),
        ],
        projects=[
            ProjectView(
                "Bathroom", "walls tiled, floor next", ["Wall tiles, sea green, 12 m²", "Tile adhesive 20 kg"], [grout, spacer]
            )
        ],
        purchases=[
            Purchase("3 May 2026", "R-1042", ["12 × Wall tile sea green", "2 × Tile adhesive 20 kg"], "£412.80"),
            Purchase("11 April 2026", "R-0977", ["1 × Notched trowel 10 mm"], "£14.50"),
        ],
        notes=[CardLine("Does the work herself, at weekends", "Tom, 3 May")],
        assurance="plain",
    )


class PhoneHub:
    """The HTTP side. `lose_answers` counts answers still to be lost after the act was done; `down` answers nobody."""

    def __init__(self, broker_url: str, publish: Callable[[str, bytes], None]) -> None:
        self._lock = threading.RLock()
        self._ids = SystemIds()
        self._sessions: dict[str, str] = {}
        self._answers: dict[str, tuple[bytes, tuple[int, bytes]]] = {}
        self._publish = publish
        self.broker_url = broker_url
        self.broker_passwords = dict(PINS)
        self.floor = Floor(SystemClock(), self._ids, self._tell)
        self.asked: list[Asked] = []
        self.lose_answers = 0
        self.down = False
        self.silent_line = False

    def _tell(self, alert: Alert) -> None:
        if self.silent_line:
            return
        for associate in PINS:
            self._publish(topics.alert(STORE, associate), msgspec.json.encode(alert))

    def sign_in(self, body: SignIn) -> tuple[str, Session]:
        if PINS.get(body.associate) != body.pin:
            raise Refusal(401, "sign_in_refused", "Name and PIN do not fit", "Try again, or ask your store lead")
        token = self._ids.token()
        self._sessions[token] = body.associate
        return token, self.session(token)

    def session(self, token: str | None) -> Session:
        me = self.who(token)
        broker = Broker(
            url=self.broker_url,
            username=f"{STORE}.associate.{me}",
            password=self.broker_passwords[me],
            alert_topic=topics.alert(STORE, me),
            status_topic=topics.status(STORE, "hub", "hub"),
        )
        return Session(me, NAMES[me], STORE, "Main Street Hardware", _CSRF, 36000, broker)

    def who(self, token: str | None) -> str:
        if token is None or token not in self._sessions:
            raise Refusal(401, "not_signed_in", "Nobody is signed in", "Sign in")
        return self._sessions[token]

    def sign_out(self, token: str | None) -> None:
        self._sessions.pop(token or "", None)

    def end_sessions(self) -> None:
        """What a lead or the clock does: every phone has to sign in again."""
        self._sessions.clear()

    def once(self, key: str | None, body: bytes, act: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes, bool]:
        """The same key, the same answer. Returns status, body, replayed."""
        if not key:
            raise Refusal(400, "key_missing", "An act without a key", "Send Idempotency-Key")
        with self._lock:
            kept = self._answers.get(key)
            if kept is not None:
                if kept[0] != body:
                    raise Refusal(409, "key_reused", "This key was used for something else", "Use a new key")
                return (*kept[1], True)
            answer = _answered(act)
            self._answers[key] = (body, answer)
            return (*answer, False)


def _answered(act: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
    try:
        return act()
    except Refusal as refusal:
        return refusal.status, msgspec.json.encode(refusal.body)


def create_app(hub: PhoneHub) -> Flask:
    """The hub's routes for phones, and the app itself."""
    app = Flask("phone-hub")
    app.register_blueprint(create_blueprint(ws_origin=hub.broker_url, look_folder=_LOOK))
    token = lambda: request.cookies.get("session")  # noqa: E731 -- one word for one expression used six times

    @app.before_request
    def note_and_guard() -> Response | None:
        if not request.path.startswith("/api/"):
            return None
        csrf = request.headers.get("X-Shopbell-Csrf")
        hub.asked.append(Asked(request.method, request.path, request.headers.get("Idempotency-Key"), csrf))
        if hub.down:
            return Response("no upstream", status=502, mimetype="text/plain")
        changing = request.method != "GET" and (request.method, request.path) != ("POST", "/api/v1/session")
        if changing and csrf != _CSRF:
            raise Refusal(403, "csrf_missing", "A change without its token", "Reload the page")
        return None

    @app.errorhandler(Refusal)
    def refuse(refusal: Refusal) -> Response:
        return _json(refusal.body, refusal.status)

    @app.after_request
    def maybe_lose(response: Response) -> Response:
        if request.method == "POST" and "/session" not in request.path and response.status_code < 500 and hub.lose_answers:
            hub.lose_answers -= 1
            return Response("the answer was lost on its way", status=502, mimetype="text/plain")
        return response

    @app.post("/api/v1/session")
    def sign_in() -> Response:
        made, session = hub.sign_in(msgspec.json.decode(request.data, type=SignIn))
        response = _json(session)
        response.set_cookie("session", made, httponly=True, samesite="Strict")
        return response

    @app.get("/api/v1/session")
    def session() -> Response:
        return _json(hub.session(token()))

    @app.delete("/api/v1/session")
    def sign_out() -> Response:
        hub.sign_out(token())
        return Response(status=204)

    @app.get("/api/v1/alerts")
    def alerts() -> Response:
        hub.who(token())
        return _json(hub.floor.live())

    @app.post("/api/v1/alerts/<alert_id>/<any(claim, release, served):act>")
    def act(alert_id: str, act: str) -> Response:
        me = hub.who(token())
        return _acted(hub, lambda: (200, msgspec.json.encode(hub.floor.act(alert_id, act, me))))

    @app.get("/api/v1/visits/<visit_id>/card")
    def card(visit_id: str) -> Response:
        return _json(hub.floor.card(visit_id, hub.who(token())))

    @app.post("/api/v1/visits/<visit_id>/card/break-glass")
    def break_glass(visit_id: str) -> Response:
        hub.who(token())
        reason = msgspec.json.decode(request.data)["reason"]
        hub.floor.looks.append((visit_id, reason))
        return _acted(hub, lambda: (200, msgspec.json.encode(hub.floor.cards[visit_id])))

    @app.post("/api/v1/visits/<visit_id>/notes")
    def notes(visit_id: str) -> Response:
        hub.who(token())
        note = msgspec.json.decode(request.data, type=NewNote)

        def keep() -> tuple[int, bytes]:
            hub.floor.notes.append((visit_id, note))
            return 201, msgspec.json.encode({"note_id": f"n-{len(hub.floor.notes)}"})

        return _acted(hub, keep)

    return app


def _acted(hub: PhoneHub, act: Callable[[], tuple[int, bytes]]) -> Response:
    status, body, replayed = hub.once(request.headers.get("Idempotency-Key"), request.data, act)
    response = Response(body, status=status, mimetype="application/json")
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return _private(response)


def _json(body: msgspec.Struct, status: int = 200) -> Response:
    return _private(Response(msgspec.json.encode(body), status=status, mimetype="application/json"))


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


class Mosquitto:
    """A private broker: TCP for the hub, WebSocket for phones, which may read their own alerts and write nothing."""

    def __init__(self, binary: str, folder: Path, ports: tuple[int, int]) -> None:
        self._binary, self._folder = binary, folder
        self.tcp, self.ws = ports
        self._process: subprocess.Popen[bytes] | None = None
        self._write()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.ws}"

    def start(self) -> None:
        self._process = subprocess.Popen([self._binary, "-c", str(self._folder / "broker.conf")], stderr=subprocess.DEVNULL)
        wait_until(self._answers, "Mosquitto answers")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        probe = _client("hub", _HUB_PASSWORD)
        try:
            return probe.connect("127.0.0.1", self.tcp) == mqtt.MQTT_ERR_SUCCESS
        except OSError:
            return False
        finally:
            probe.disconnect()

    def _write(self) -> None:
        passwords = self._folder / "passwords"
        users = {"hub": _HUB_PASSWORD} | {f"{STORE}.associate.{name}": pin for name, pin in PINS.items()}
        passwords.write_text("".join(f"{user}:{password}\n" for user, password in users.items()))
        passwords.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
        rules = f"user hub\ntopic readwrite shopbell/v1/{STORE}/#\n"
        for name in PINS:
            rules += f"user {STORE}.associate.{name}\ntopic read {topics.alert(STORE, name)}\n"
            rules += f"topic read {topics.status(STORE, 'hub', 'hub')}\n"
        (self._folder / "acl").write_text(rules)
        (self._folder / "broker.conf").write_text(
            f"listener {self.tcp} 127.0.0.1\nlistener {self.ws} 127.0.0.1\nprotocol websockets\n"
            f"allow_anonymous false\npassword_file {passwords}\nacl_file {self._folder / 'acl'}\n"
            "set_tcp_nodelay true\nuser root\n"
        )


def _client(username: str, password: str) -> mqtt.Client:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.username_pw_set(username, password)
    return client


@dataclass
class Store:
    """Everything a phone talks to: `url` for its browser, `hub` and `floor` for the test, `broker` to cut the line."""

    url: str
    hub: PhoneHub
    broker: Mosquitto

    @property
    def floor(self) -> Floor:
        return self.hub.floor


@contextmanager
def running_store(mosquitto: str, folder: Path, ports: tuple[int, int], http_port: int = 0) -> Iterator[Store]:
    """A store for phones on 127.0.0.1; ports: (tcp, websocket) of the broker. All of it is gone afterwards."""
    broker = Mosquitto(mosquitto, folder, ports)
    broker.start()
    sender = _client("hub", _HUB_PASSWORD)
    sender.reconnect_delay_set(min_delay=1, max_delay=1)
    sender.connect("127.0.0.1", broker.tcp)
    sender.loop_start()
    hub = PhoneHub(broker.url, lambda topic, payload: sender.publish(topic, payload, qos=1) and None)
    server = create_server(create_app(hub), host="127.0.0.1", port=http_port, threads=16)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield Store(f"http://127.0.0.1:{server.effective_port}", hub, broker)
    finally:
        server.close()
        thread.join(5)
        sender.loop_stop()
        sender.disconnect()
        broker.stop()


def wait_until(true: Callable[[], bool], what: str, timeout_s: float = 15) -> None:
    """Poll until it is true; AssertionError naming `what` after the deadline."""
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.02)
