"""The embedded broker (amqtt) as a process: for the demo, where no Mosquitto is installed. MQTT 3.1.1, no persistence."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path
from typing import Any

from amqtt.errors import AMQTTError

from edge.broker.account_files import AccountFiles, StoredAccount, sha256_of, write_accounts
from edge.broker.config import BrokerConfig, identities
from edge.broker.embedded_guard import MAX_CONNECTIONS, GuardedBroker
from edge.process.errors import OperatorError

# These libraries tell every connect and packet, some with content; what matters is told by ourselves.
_NOISY = ("amqtt", "amqtt.broker.plugins", "transitions", "websockets", "asyncio")


def quiet_libraries() -> None:
    """Let nothing of amqtt and what it rests on into the log but what makes it unusable."""
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL)


class Embedded:
    """The broker in a thread with its own event loop. `start` returns when it listens."""

    def __init__(self, config: BrokerConfig) -> None:
        self._config = config
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._failure: Exception | None = None

    def start(self, ready_within_s: float = 10.0) -> None:
        """Write the device accounts and listen; raises OperatorError `broker_not_ready`."""
        quiet_libraries()
        devices = Path(self._config.broker.data_dir) / "devices.json"
        known = {who.username: StoredAccount(sha256_of(who.password), who.rights) for who in identities(self._config)}
        write_accounts(devices, known)
        files = [devices, self._config.broker.run_time_accounts()]
        self._thread = threading.Thread(target=self._run, args=(files,), name="embedded-broker", daemon=True)
        self._thread.start()
        self._ready.wait(ready_within_s)
        if self._failure is not None or not self._ready.is_set():
            raise OperatorError(
                "broker_not_ready",
                f"starting the embedded broker ({type(self._failure).__name__})",
                "See whether another program has one of its ports, then start it again.",
            )

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Wait for the broker to end; 1 when it did, None when it still runs after `timeout_s`."""
        return 1 if self._ended.wait(timeout_s) else None

    def stop(self) -> None:
        """Disconnect everybody and end the thread."""
        if self._loop is not None and self._stop is not None and not self._ended.is_set():
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join(timeout=10.0)

    def _run(self, files: list[Path]) -> None:
        try:
            asyncio.run(self._serve(files))
        except (AMQTTError, OSError) as error:
            self._failure = error
        finally:
            self._ended.set()
            self._ready.set()

    async def _serve(self, files: list[Path]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(_say_nothing_of_content)
        broker = GuardedBroker(settings(self._config, files), AccountFiles(files))
        await broker.start()
        self._ready.set()
        await self._stop.wait()
        await broker.shutdown()


def settings(config: BrokerConfig, files: list[Path]) -> dict[str, Any]:
    """amqtt's configuration: two listeners, our two plugins and no other."""
    section = config.broker
    names = {"files": [str(file) for file in files]}
    return {
        "listeners": {
            "default": {"type": "tcp", "bind": f"{section.host}:{section.port}", "max_connections": MAX_CONNECTIONS},
            "phones": {"type": "ws", "bind": f"{section.listen_ws()}:{section.ws_port}", "max_connections": MAX_CONNECTIONS},
        },
        "plugins": {
            "edge.broker.embedded_plugins.TokenAuth": names,
            "edge.broker.embedded_plugins.TopicRights": names,
        },
    }


def _say_nothing_of_content(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A task of amqtt failed (a client was gone): told by its type, for its text may hold what was being sent."""
    logging.getLogger("edge.broker.embedded").warning("a task failed: %s", type(context.get("exception")).__name__)
