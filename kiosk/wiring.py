"""The only place of the kiosk where ports meet adapters. Building opens the file and binds the screen; `start` sets it going."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from edge.contracts.answer import Greeting
from edge.process.clock import Clock
from edge.process.errors import OperatorError
from edge.process.health import Health
from edge.process.ids import Ids
from edge.process.logs import get_logger
from edge.process.version import VERSION
from edge.transport.http import HttpClient
from edge.transport.mqtt import MqttLine
from firmware_bridge.errors import BridgeError
from firmware_bridge.open_reader import Reader, Reset, SignalPlan, open_reader, show
from firmware_bridge.open_scanner import open_scanner
from kiosk.answers import Answers
from kiosk.config import KioskConfig, Secrets
from kiosk.devices.board_signals import BoardSignals
from kiosk.devices.camera import Camera
from kiosk.devices.camera_words import Hint
from kiosk.devices.name_watch import NameWatch
from kiosk.devices.reset_pin import ResetPin, open_reset_pin
from kiosk.devices.signals import Signals, open_signals
from kiosk.directory_fetch import DirectoryFetch
from kiosk.hub_link import HubLink
from kiosk.known_cards import nfc_known
from kiosk.messages import Messages
from kiosk.reception import Reception
from kiosk.records.book import open_book
from kiosk.screen.board import Board
from kiosk.screen.serve import ScreenServer
from kiosk.screen.server import create_app
from kiosk.tap_loop import Part, TapLoop
from kiosk.visit import codes
from kiosk.visit.check_in import Door
from kiosk.visit.codes import CodePolicy
from kiosk.visit.decide import Policy
from kiosk.visit.words import CodesAt

JOIN_S = 5.0
STUCK_S = 30.0
log = get_logger(part="wiring")


class Kiosk:
    """One kiosk, whole. Raises OperatorError while being built when something has to be mended first."""

    def __init__(self, config: KioskConfig, secrets: Secrets, clock: Clock, ids: Ids) -> None:
        self.health = Health("kiosk", VERSION)
        self._clock, self._reader_stop = clock, threading.Event()
        self.board = Board(clock, config.language)
        self._signals = _signals(config, self._show)
        self._reset_pin: ResetPin | None = None
        self._book = open_book(Path(config.data_dir), config.store, config.kiosk, clock, config.policy.outbox_max)
        self._book.require_owner()
        self._messages = Messages(config.store, config.kiosk, clock, ids, self._book.numbers)
        self._http = HttpClient(config.hub.url, secrets.hub_token)
        self._fetch = DirectoryFetch(self._book.directory, self._http, self.health)
        self._link = self._hub_link(config)
        self.taps = self._taps(config, secrets, ids)
        self._line = self._mqtt(config, secrets)
        known = nfc_known(self._book.directory, secrets.card_key)
        self._reader, self._scanner = _reader(config, clock, known, self._reset_of(config)), _scanner(config, clock)
        self._camera = _camera(config, clock, self.taps.hint)
        self._names = _names(config)
        self._screen = self._served(config)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """The screen first, so that the shopper sees `starting`; then broker and chip, which take their time; then the rest."""
        self._screen.start()
        self._line.start()
        self._run("tap-loop", self.taps.run)
        self._run("reader", lambda: self._reader.run(self._names["reader"].before(self.taps.deliver), self._reader_stop))
        self._run("hub-link", lambda: self._link.run(self._line))
        self._run("directory", self._fetch.run)
        if self._scanner is not None:
            self._listen("scanner", self._scanner)
        if self._camera is not None:
            self._listen("camera", self._camera)

    def broken(self) -> bool:
        """Whether one of the threads has ended by itself."""
        return not all(thread.is_alive() for thread in self._threads)

    def alive(self) -> bool:
        """Whether every thread lives and the door's loop turns: what the watchdog is told."""
        return not self.broken() and self.taps.silent_s() < STUCK_S

    def stop(self) -> None:
        """A clean goodbye: no new taps, what is in hand is committed, the status says offline, nothing stays open."""
        self._reader_stop.set()
        self.taps.stop()
        self._fetch.stop()
        self._link.stop()
        for thread in self._threads:
            thread.join(JOIN_S)
        self._line.stop((self._messages.status_topic, self._messages.status(self.health.report(), online=False)))
        self._screen.stop()
        self._signals.close()
        if self._reset_pin is not None:
            self._reset_pin.close()
        self._http.close()
        self._book.close()

    # ---------------------------------------------------------------------------------------------------------------

    def _taps(self, config: KioskConfig, secrets: Secrets, ids: Ids) -> TapLoop:
        policy = Policy(config.policy.repeat_window_s, config.policy.not_today_armed_s)
        reception = Reception(
            book=self._book,
            board=self.board,
            signals=self._signals,
            door=Door(config.store, config.kiosk, config.language, policy),
            card_key=secrets.card_key,
            clock=self._clock,
            ids=ids,
            health=self.health,
            wake=self._link.wake,
            heard=lambda: self._link.heard,
            codes=CodePolicy(config.codes.member_prefixes, config.codes.text_prefixes),
            codes_at=self._codes_at,
            others_wait=self._others_wait,
        )
        return TapLoop(reception, self.board, self.health, self._clock)

    def _hub_link(self, config: KioskConfig) -> HubLink:
        late_s = config.policy.answer_wait_ms / 1000
        return HubLink(
            book=self._book,
            messages=self._messages,
            answers=Answers(self._book, config.store, self._greet, self._clock, late_s),
            news=self._fetch.news,
            health=self.health,
            clock=self._clock,
            salt=f"{config.store}/{config.kiosk}",
        )

    def _codes_at(self) -> CodesAt:
        """Reception is built before the loop that knows."""
        return self.taps.codes_at()

    def _others_wait(self) -> bool:
        """As above."""
        return self.taps.others_wait()

    def _greet(self, arrival_id: str, greeting: Greeting) -> None:
        """The link is built before the loop it tells."""
        self.taps.greet(arrival_id, greeting)

    def _mqtt(self, config: KioskConfig, secrets: Secrets) -> MqttLine:
        return MqttLine(
            host=config.broker.host,
            port=config.broker.port,
            username=config.broker.username,
            password=secrets.broker_password,
            client_id=config.broker.username,
            subscriptions=[self._messages.answer_topic, self._messages.news_topic],
            will=(self._messages.status_topic, self._messages.status(self.health.report(), online=False)),
            deliver=self._link.deliver,
            link=self._link.link,
        )

    def _served(self, config: KioskConfig) -> ScreenServer:
        host, port = config.screen.host, config.screen.port
        hosts = frozenset({f"{host}:{port}", f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"})
        app = create_app(self.board, self.taps, self.health, allowed_hosts=hosts)
        return ScreenServer(app, self.board, host, port)

    def _reset_of(self, config: KioskConfig) -> Reset:
        if config.reader.reset_pin is None:
            return config.reader.reset or None
        self._reset_pin = open_reset_pin(config.reader.reset_pin, config.signals.pin_factory)
        return self._reset_pin.hold

    def _listen(self, part: Part, device: Reader) -> None:
        def listen() -> None:
            codes.prepare()
            device.run(self._names[part].before(lambda event: self.taps.deliver(event, part)), self._reader_stop)

        self._run(part, listen)

    def _show(self, plan: SignalPlan) -> None:
        """Signals are built before the reader that may show them."""
        show(self._reader, plan)

    def _run(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._watched, args=(name, work), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _watched(self, name: str, work: Callable[[], None]) -> None:
        """A thread that ends by an error says so by its type; the process then ends and is started anew."""
        try:
            work()
        except Exception as error:
            log.error("thread_ended", code="internal", thread=name, exc_info=error)
            self.health.ill(name, "thread_ended", "The kiosk restarts by itself; if it happens again, send the log to support.")


def _names(config: KioskConfig) -> dict[Part, NameWatch]:
    scanner, camera = config.scanner, config.camera
    return {
        "reader": NameWatch("reader", config.reader.port),
        "scanner": NameWatch("scanner", scanner.port if scanner else ""),
        "camera": NameWatch("camera", camera.device if camera else ""),
    }


def _signals(config: KioskConfig, tell: Callable[[SignalPlan], None]) -> Signals:
    at = config.signals
    if at.enabled and at.at == "board":
        return BoardSignals(tell)
    return open_signals(enabled=at.enabled, pin_factory=at.pin_factory, green=at.green, amber=at.amber, buzzer=at.buzzer)


def _reader(config: KioskConfig, clock: Clock, known: Callable[[str], bool], reset: Reset) -> Reader:
    reader = config.reader
    try:
        return open_reader(reader.port, name=reader.name, clock=clock.monotonic, baud=reader.baud, known=known, reset=reset)
    except BridgeError as error:
        raise OperatorError(error.code, error.tried, error.hint) from None


def _scanner(config: KioskConfig, clock: Clock) -> Reader | None:
    at = config.scanner
    if at is None:
        return None
    try:
        return open_scanner(at.port, name=at.name, clock=clock.monotonic, baud=at.baud, layout=at.layout, prefix=at.prefix)
    except BridgeError as error:
        raise OperatorError(error.code, error.tried, error.hint) from None


def _camera(config: KioskConfig, clock: Clock, tell: Callable[[Hint], None]) -> Reader | None:
    at = config.camera
    if at is None:
        return None
    return Camera(at.name, at.device, clock.monotonic, tell, width=at.width, height=at.height, fps=at.fps)
