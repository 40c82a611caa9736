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
from edge.hub.api import alerts, machines, pass_page, passes, session, visits
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
from edge.hub.pass_desk import PassDesk
from edge.hub.proof.desk import ProofDesk
from edge.hub.proof.key_file import CurrentKeys, KeyFile
from edge.hub.proof.ring import KeyRing
from edge.hub.reception import Reception
from edge.hub.recognition import Recogniser
from edge.hub.store.opening import HubStore, open_hub_store
from edge.hub.store.times import now_of
from edge.hub.worker import IngestWorker
from edge.outbox.plan import Backoff, steady_jitter
from edge.process.clock import Clock
from edge.process.errors import OperatorError
from edge.process.health import Health
from edge.process.ids import Ids
from edge.process.logs import get_logger
from edge.process.version import VERSION
from edge.sync.exchange import Exchange, Hq
from edge.transport.http import HttpClient
from edge.transport.mqtt import MqttLine

log = get_logger(part="wiring")
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


@dataclass(frozen=True)
class _Base:
    """What nearly every part needs."""

    config: HubConfig
    secrets: Secrets
    store: HubStore
    health: Health
    metrics: HubMetrics
    letterhead: Letterhead
    floor_policy: FloorPolicy
    publish: Callable[[str, bytes], bool]
    clock: Clock
    ids: Ids

    @property
    def name(self) -> str:
        return self.config.store

    @property
    def kiosks(self) -> list[str]:
        return [kiosk.name for kiosk in self.config.kiosks]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.config.timezone)


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
    policy = config.policy
    store = open_hub_store(Path(config.data_dir), config.store, clock, ids)
    store.file.require_owner()
    base = _Base(
        config=config,
        secrets=secrets,
        store=store,
        health=Health("hub", VERSION),
        metrics=HubMetrics(),
        letterhead=Letterhead(config.store, clock, ids),
        floor_policy=FloorPolicy(policy.alert_expires_s, policy.escalate_after_s, policy.card_grace_s),
        publish=publish,
        clock=clock,
        ids=ids,
    )
    keys = _keys(base)
    desk = _desk(base)
    messages = AlertMessages(base.name, base.letterhead, base.floor_policy)
    announcer = _announcer(base, messages)
    devices = DeviceDesk(base.store.file, base.name, base.store.facts, clock)
    eraser = Eraser(base.name, secrets.card_key, base.store.memory, base.store.facts, desk)
    feed = FeedDesk(base.store.file, base.name, base.store.members, eraser, lambda: now_of(clock), announcer.wake)
    reception = _reception(base, accounts)
    return Hub(
        config=config,
        store=base.store,
        app=_app(base, desk, messages, reception, announcer, look_folder, keys),
        worker=_worker(base, desk, devices, announcer, keys),
        announcer=announcer,
        keeper=_keeper(base, desk, reception, announcer, keys),
        exchange=None if hq is None else _exchange(base, hq, feed),
        feed=feed,
        eraser=eraser,
        devices=devices,
        desk=desk,
        reception=reception,
        health=base.health,
        metrics=base.metrics,
        letterhead=base.letterhead,
        clock=clock,
    )


def accounts_of(config: HubConfig) -> Accounts:
    """The broker's accounts as the configuration says."""
    return open_accounts(config.accounts, host=config.broker.host, port=config.broker.port, client_id="hub")


def hq_of(config: HubConfig, secrets: Secrets) -> HttpClient | None:
    """The way to HQ, if there is one."""
    return None if config.hq is None else HttpClient(config.hq.url, secrets.hq_token)


def line_of(
    config: HubConfig, secrets: Secrets, hub: Hub, link: Callable[[bool], None], status: Callable[[bool], bytes]
) -> MqttLine:
    """The line to the broker. status(online): the hub's status as bytes."""
    return MqttLine(
        host=config.broker.host,
        port=config.broker.port,
        username=config.broker.username,
        password=secrets.broker_password,
        client_id=config.broker.username,
        subscriptions=[topics.all_arrivals(config.store), topics.all_statuses(config.store)],
        will=(topics.status(config.store, "hub", HUB_NAME), status(False)),
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
        return encode(Status(**self._letterhead.head(), online=online, since=self._since, version=VERSION))


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


def _desk(base: _Base) -> FloorDesk:
    policy = base.config.policy
    return FloorDesk(
        store=base.name,
        policy=base.floor_policy,
        session_s=policy.session_s,
        idle_s=policy.idle_s,
        visit_gap_s=policy.visit_gap_s,
        memory=base.store.memory,
        zone=base.zone,
        facts=base.store.facts,
        ids=base.ids,
        metrics=base.metrics,
    )


def _announcer(base: _Base, messages: AlertMessages) -> Announcer:
    return Announcer(
        file=base.store.file,
        store=base.name,
        kiosks=base.kiosks,
        messages=messages,
        letterhead=base.letterhead,
        publish=base.publish,
        metrics=base.metrics,
        clock=base.clock,
    )


def _keys(base: _Base) -> CurrentKeys | None:
    """What cards prove themselves with, where they do; a key file that cannot be read any more shows in the hub's health."""
    proof, health = base.config.proof, base.health
    if proof is None:
        return None

    def told(trouble: OperatorError | None) -> None:
        if trouble is None:
            health.well("proof keys")
        else:
            log.error("proof_keys_not_read", code=trouble.code)
            health.ill("proof keys", trouble.code, trouble.hint)

    return CurrentKeys(KeyFile(Path(proof.keys_file), base.secrets.evidence_key, test_keys=proof.test_keys), told)


def _proofs(base: _Base, keys: CurrentKeys | None) -> ProofDesk | None:
    if keys is None or base.config.proof is None:
        return None
    return ProofDesk(
        store=base.name,
        hold_s=base.config.policy.hold_s,
        places={kiosk.name: kiosk.entrance or kiosk.name for kiosk in base.config.kiosks},
        walk_s=base.config.policy.two_doors_s,
        keys=keys,
        templates=base.config.proof.templates,
        facts=base.store.facts,
        metrics=base.metrics,
        clock=base.clock,
        zone=base.zone,
        ids=base.ids,
    )


def _worker(base: _Base, desk: FloorDesk, devices: DeviceDesk, announcer: Announcer, keys: CurrentKeys | None) -> IngestWorker:
    filing = Filing(
        store=base.name,
        visit_gap_s=base.config.policy.visit_gap_s,
        hold_s=base.config.policy.hold_s,
        recogniser=Recogniser(base.name, base.secrets.card_key, base.secrets.evidence_key, _proofs(base, keys)),
        desk=desk,
        facts=base.store.facts,
        ids=base.ids,
    )
    return IngestWorker(
        file=base.store.file,
        store=base.name,
        kiosks=base.kiosks,
        filing=filing,
        devices=devices,
        letterhead=base.letterhead,
        publish=base.publish,
        committed=announcer.wake,
        metrics=base.metrics,
        health=base.health,
        clock=base.clock,
    )


def _reception(base: _Base, accounts: Accounts) -> Reception:
    policy = base.config.policy
    return Reception(
        file=base.store.file,
        store=base.name,
        session_s=policy.session_s,
        idle_s=policy.idle_s,
        accounts=accounts,
        clock=base.clock,
        ids=base.ids,
    )


def _keeper(base: _Base, desk: FloorDesk, reception: Reception, announcer: Announcer, keys: CurrentKeys | None) -> Keeper:
    return Keeper(
        file=base.store.file,
        store=base.name,
        desk=desk,
        reception=reception,
        outbox=base.store.outbox,
        changed=announcer.wake,
        metrics=base.metrics,
        health=base.health,
        clock=base.clock,
        look=keys,
    )


def _exchange(base: _Base, hq: Hq, feed: FeedDesk) -> Exchange:
    return Exchange(
        outbox=base.store.outbox,
        hq=hq,
        sink=feed,
        clock=base.clock,
        health=base.health,
        backoff=Backoff(jitter=steady_jitter(base.name)),
    )


def _app(
    base: _Base,
    desk: FloorDesk,
    messages: AlertMessages,
    reception: Reception,
    announcer: Announcer,
    look_folder: Path,
    keys: CurrentKeys | None,
) -> Flask:
    config, store, wake = base.config, base.store, announcer.wake
    file, clock, ids = store.file, base.clock, base.ids
    guard = Guard(
        file=file,
        store=base.name,
        reception=reception,
        kiosk_tokens=base.secrets.kiosk_tokens,
        secure=config.web.secure_cookies,
        clock=clock,
    )
    cards = visits.CardDesk(file=file, store=base.name, desk=desk, memory=store.memory, zone=base.zone, clock=clock, ids=ids)
    machine_routes = machines.create_blueprint(
        guard,
        base.health,
        base.metrics,
        file=file,
        store=base.name,
        card_key=base.secrets.card_key,
        hub_key=public_key_of(base.secrets.evidence_key),
    )
    ws_url = config.broker.ws_url
    blueprints = [
        session.create_blueprint(guard, reception, store=base.name, store_name=config.store_name, ws_url=ws_url),
        alerts.create_blueprint(guard, desk, messages, file=file, store=base.name, changed=wake, clock=clock),
        visits.create_blueprint(guard, cards, store.memory, store.facts, ids=ids, changed=wake),
        passes.create_blueprint(
            guard,
            cards,
            PassDesk(base.name, keys or KeyRing, store.members, ids.token, base.zone),
            file=file,
            secure=config.web.secure_cookies,
            clock=clock,
            changed=wake,
        ),
        pass_page.create_blueprint(),
        machine_routes,
        web.create_blueprint(ws_origin=ws_url, look_folder=look_folder),
    ]
    return create_app(blueprints, base.metrics)
