"""The only place where HQ's parts meet: configuration, database, routes, web server."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from waitress.server import create_server  # type: ignore[import-untyped]  # waitress ships no types

from edge.hq.api.app import BODY_MAX_BYTES, create_app
from edge.hq.api.watch import check
from edge.hq.config import HqConfig, database_url
from edge.hq.console.sign_in import hashed
from edge.hq.parts import Parts, StoreTokens
from edge.hq.store.database import Database, SqliteDatabase, open_database
from edge.hq.store.schema import migrate
from edge.process.clock import Clock, SystemClock
from edge.process.config import read_secret
from edge.process.errors import OperatorError
from edge.process.health import Health
from edge.process.ids import Ids, SystemIds
from edge.process.logs import get_logger
from edge.process.notify import notify
from edge.process.ports import cannot_listen
from edge.process.version import VERSION

log = get_logger(part="wiring")
THREADS = 16


def open_store(config: HqConfig) -> Database:
    """The database, brought to this version's schema, or OperatorError."""
    database = open_database(database_url(config))
    try:
        migrate(database)
    except SQLAlchemyError as error:
        database.close()
        hint = f"Start the database and check its URL, user and rights ({type(error).__name__})."
        raise OperatorError("database_unavailable", "opening the HQ database", hint) from None
    except BaseException:
        database.close()
        raise
    return database


def check_secrets(config: HqConfig) -> None:
    """Read every secret the configuration names, or OperatorError."""
    _tokens(config)
    hashed(read_secret(config.console.password_file))
    database_url(config)


def build(config: HqConfig, database: Database, clock: Clock | None = None, ids: Ids | None = None) -> Parts:
    """Secrets read, everything put together; nothing runs yet."""
    return Parts(
        database=database,
        clock=clock or SystemClock(),
        ids=ids or SystemIds(),
        health=Health("hq", VERSION),
        stores={store.name: store.display_name for store in config.stores},
        tokens=StoreTokens(_tokens(config)),
        username=config.console.username,
        password_hash=hashed(read_secret(config.console.password_file)),
        policy=config.policy,
        secure_cookies=config.web.cookies_are_secure(),
    )


def _tokens(config: HqConfig) -> dict[str, str]:
    tokens = {store.name: read_secret(store.token_file) for store in config.stores}
    if len(set(tokens.values())) != len(tokens):
        raise OperatorError("config_invalid", "reading the stores' tokens", "Give every store a token of its own.")
    return tokens


def run(config: HqConfig) -> None:
    """Serve until SIGTERM or SIGINT, then let go of everything."""
    database = open_store(config)
    try:
        if isinstance(database, SqliteDatabase):
            database.require_owner()
        parts = build(config, database)
        check(parts)
        server = _listen(config, parts)
        _end_on_signals()
        log.info("listening", host=config.web.host, port=_port(server))
        notify("READY=1")
        server.run()  # returns when a signal's SystemExit reaches its loop; requests under way are finished
        notify("STOPPING=1")
        server.close()
    finally:
        database.close()
    log.info("stopped")


def _listen(config: HqConfig, parts: Parts) -> Any:
    try:
        return create_server(
            create_app(parts),
            host=config.web.host,
            port=config.web.port,
            threads=THREADS,
            ident="",
            max_request_body_size=BODY_MAX_BYTES,
            clear_untrusted_proxy_headers=True,
        )
    except (OSError, ValueError) as error:  # the last: a host no resolver takes
        raise cannot_listen(config.web.host, config.web.port, "HQ", error) from None


def _port(server: Any) -> int:
    """A host name with several addresses makes several sockets; any of their ports tells."""
    listening = getattr(server, "effective_listen", None)
    return int(listening[0][1] if listening else server.effective_port)


def _end_on_signals() -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
