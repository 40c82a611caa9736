"""The only place where the hub's ports meet their adapters."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask

from edge.associates import web
from edge.associates.floor import FloorPolicy
from edge.broker.accounts import Accounts, open_accounts
from edge.contracts import topics
from edge.contracts.envelope import encode
from edge.contracts.sealed import public_key_of
from edge.contracts.status import Status
from edge.hub.alert_message import AlertMessages
from edge.hub.announcer import Announcer
from edge.hub.api import alerts, machines, session, visits
from edge.hub.api.app import create_app
from edge.hub.api.guard import Guard
from edge.hub.config import HubConfig, Secrets
from edge.hub.device_desk import DeviceDesk
from edge.hub.eraser import Eraser
from edge.hub.feed_desk import FeedDesk
from edge.hub.filing import Filing
from edge.hub.floor_desk import FloorDesk
from edge.hub.keeper import Keeper
from edge.hub.letterhead import HUB_NAME, Letterhead
from edge.hub.metrics import HubMetrics
from edge.hub.reception import Reception
from edge.hub.recognition import Recogniser
from edge.hub.store.opening import HubStore, open_hub_store
from edge.hub.store.times import now_of
from edge.hub.worker import IngestWorker
from edge.outbox.plan import Backoff, steady_jitter
from edge.process.clock import Clock
from edge.process.health import Health
from edge.process.ids import Ids
from edge.process.version import version
from edge.sync.exchange import Exchange, Hq
from edge.sync.window import Window
from edge.transport.http import HttpClient
from edge.transport.mqtt import MqttLine

LOOK_FOLDER = Path(web.__file__).parents[1] / "look"


@dataclass(frozen=True)
class Hub:
    """The parts of one hub. Nothing runs and nothing listens until `edge.hub.running` starts it."""

    config: HubConfig
    store: HubStore
    app: Flask
    worker: IngestWorker
    announcer: Announcer
    keeper: Keeper
    exchange: Exchange | None
    feed: FeedDesk
    eraser: Eraser
    devices: DeviceDesk
    desk: FloorDesk
    reception: Reception
    health: Health
    metrics: HubMetrics
    letterhead: Letterhead
    clock: Clock


def build(
    config: HubConfig,
    secrets: Secrets,
    *,
    clock: Clock,
    ids: Ids,
    publish: Callable[[str, bytes], bool],
    accounts: Accounts,
    hq: Hq | None,
    look_folder: Path = LOOK_FOLDER,
) -> Hub:
    """Open the store and put the parts together. publish: to the broker; hq: None for a store without one."""
    store = open_hub_store(Path(config.data_dir), config.store, clock, ids)
    health, metrics = Health("hub", version()), HubMetrics()
    letterhead = Letterhead(config.store, clock, ids)
    policy = config.policy
    floor_policy = FloorPolicy(policy.alert_expires_s, policy.escalate_after_s, policy.card_grace_s)
    desk = FloorDesk(
        store=config.store,
        policy=floor_policy,
        session_s=policy.session_s,
        idle_s=policy.idle_s,
        visit_gap_s=policy.visit_gap_s,
        memory=store.memory,
        zone=ZoneInfo(config.timezone),
        facts=store.facts,
        ids=ids,
        metrics=metrics,
    )
    messages = AlertMessages(config.store, letterhead, floor_policy)
    kiosks = [kiosk.name for kiosk in config.kiosks]
    announcer = Announcer(
        file=store.file,
        store=config.store,
        kiosks=kiosks,
        messages=messages,
        letterhead=letterhead,
        publish=publish,
        metrics=metrics,
        clock=clock,
    )
    devices = DeviceDesk(store.file, config.store, store.facts, clock)
    filing = Filing(
        store=config.store,
        visit_gap_s=policy.visit_gap_s,
        hold_s=policy.hold_s,
        recogniser=Recogniser(config.store, secrets.card_key, secrets.evidence_key),
        desk=desk,
        facts=store.facts,
        ids=ids,
    )
    worker = IngestWorker(
        file=store.file,
        store=config.store,
        kiosks=kiosks,
        filing=filing,
        devices=devices,
        letterhead=letterhead,
        publish=publish,
        committed=announcer.wake,
        metrics=metrics,
        health=health,
        clock=clock,
    )
    eraser = Eraser(config.store, secrets.card_key, store.memory, store.facts, desk)
    feed = FeedDesk(store.file, config.store, store.members, eraser, lambda: now_of(clock), announcer.wake)
    exchange = None if hq is None else _exchange(config, store, hq, feed, clock, health)
    reception = Reception(
        file=store.file,
        store=config.store,
        session_s=policy.session_s,
        idle_s=policy.idle_s,
        accounts=accounts,
        clock=clock,
        ids=ids,
    )
    keeper = Keeper(
        file=store.file,
        store=config.store,
        desk=desk,
        reception=reception,
        outbox=store.outbox,
        changed=announcer.wake,
        metrics=metrics,
        health=health,
        clock=clock,
    )
    app = _app(config, secrets, store, reception, desk, messages, announcer, health, metrics, clock, ids, look_folder)
    return Hub(
        config=config,
        store=store,
        app=app,
        worker=worker,
        announcer=announcer,
        keeper=keeper,
        exchange=exchange,
        feed=feed,
        eraser=eraser,
        devices=devices,
        desk=desk,
        reception=reception,
        health=health,
        metrics=metrics,
        letterhead=letterhead,
        clock=clock,
    )


def accounts_of(config: HubConfig) -> Accounts:
    """The broker's accounts as the configuration says."""
    return open_accounts(config.accounts, host=config.broker.host, port=config.broker.port, client_id="hub")


def hq_of(config: HubConfig, secrets: Secrets) -> HttpClient | None:
    """The way to HQ, if there is one."""
    return None if config.hq is None else HttpClient(config.hq.url, secrets.hq_token)


def line_of(
    config: HubConfig, secrets: Secrets, hub: Hub, link: Callable[[bool], None], since: Callable[[bool], bytes]
) -> MqttLine:
    """The line to the broker. since(online): the hub's status as bytes."""
    return MqttLine(
        host=config.broker.host,
        port=config.broker.port,
        username=config.broker.username,
        password=secrets.broker_password,
        client_id=config.broker.username,
        subscriptions=[topics.all_arrivals(config.store), topics.all_statuses(config.store)],
        will=(topics.status(config.store, "hub", HUB_NAME), since(False)),
        deliver=hub.worker.deliver,
        link=link,
    )


class OwnStatus:
    """The hub's own status message."""

    def __init__(self, config: HubConfig, letterhead: Letterhead, clock: Clock) -> None:
        self.topic = topics.status(config.store, "hub", HUB_NAME)
        self._letterhead, self._since = letterhead, clock.now()

    def payload(self, online: bool) -> bytes:
        """Alive, or the goodbye that is also the last will."""
        return encode(Status(**self._letterhead.head(), online=online, since=self._since, version=version()))


class LatePublisher:
    """Hands over to a line that is made after the parts that publish; refuses while there is none."""

    def __init__(self) -> None:
        self._line: MqttLine | None = None
        self._lock = threading.Lock()

    def connect(self, line: MqttLine) -> None:
        """From now on, to this line."""
        with self._lock:
            self._line = line

    def __call__(self, topic: str, payload: bytes) -> bool:
        with self._lock:
            line = self._line
        return line is not None and line.publish(topic, payload)


def _exchange(config: HubConfig, store: HubStore, hq: Hq, feed: FeedDesk, clock: Clock, health: Health) -> Exchange:
    return Exchange(
        outbox=store.outbox,
        window=Window(store.file, config.store),
        hq=hq,
        sink=feed,
        clock=clock,
        health=health,
        backoff=Backoff(jitter=steady_jitter(config.store)),
    )


def _app(
    config: HubConfig,
    secrets: Secrets,
    store: HubStore,
    reception: Reception,
    desk: FloorDesk,
    messages: AlertMessages,
    announcer: Announcer,
    health: Health,
    metrics: HubMetrics,
    clock: Clock,
    ids: Ids,
    look_folder: Path,
) -> Flask:
    file, name = store.file, config.store
    guard = Guard(
        file=file,
        store=name,
        reception=reception,
        kiosk_tokens=secrets.kiosk_tokens,
        secure=config.web.secure_cookies,
        clock=clock,
    )
    cards = visits.CardDesk(
        file=file, store=name, desk=desk, memory=store.memory, zone=ZoneInfo(config.timezone), clock=clock, ids=ids
    )
    hub_key = public_key_of(secrets.evidence_key)
    blueprints = [
        session.create_blueprint(guard, reception, store=name, store_name=config.store_name, ws_url=config.broker.ws_url),
        alerts.create_blueprint(guard, desk, messages, file=file, store=name, changed=announcer.wake, clock=clock),
        visits.create_blueprint(guard, cards, store.memory, store.facts, ids=ids, changed=announcer.wake),
        machines.create_blueprint(guard, health, metrics, file=file, store=name, card_key=secrets.card_key, hub_key=hub_key),
        web.create_blueprint(ws_origin=config.broker.ws_url, look_folder=look_folder),
    ]
    return create_app(blueprints, metrics)
