"""`python -m edge.broker run --config broker.toml`, `python -m edge.broker check-config broker.toml`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Literal, Protocol

import click

from edge.broker.config import BrokerConfig, identities, read_config
from edge.broker.mosquitto import Mosquitto, find_binary, find_plugin
from edge.process import logs
from edge.process.commands import HELP, config_option, tells_operator
from edge.process.config import read_secret
from edge.process.ending import Ending
from edge.process.errors import OperatorError
from edge.process.notify import notify
from edge.process.ports import check_free

_LOOK_EVERY_S = 0.2


class RunningBroker(Protocol):
    """start: returns when connections are accepted. wait: exit status, or None while it runs. stop: leaves nothing behind."""

    def start(self) -> None: ...
    def wait(self, timeout_s: float | None = None) -> int | None: ...
    def stop(self) -> None: ...


@click.group(
    context_settings=HELP, help="The store's MQTT broker: Mosquitto, configured and supervised, or an embedded one for demos."
)
def main() -> None:
    """The commands of this process."""


@main.command(help="Run the broker until SIGTERM or Ctrl-C.")
@config_option("broker")
@tells_operator
def run(path: Path) -> None:
    """Exit status: 0 after a goodbye, 1 when the broker ended by itself, 2 when a person has to mend something."""
    logs.configure("broker")
    sys.exit(serve(read_config(path), Ending().on(signal.SIGTERM, signal.SIGINT)))


@main.command("check-config", help="Judge a configuration file without starting anything.")
@click.argument("file", type=click.Path(path_type=Path))
@tells_operator
def check_config(file: Path) -> None:
    """Exit status 0 when it can be used, else 2."""
    config = read_config(file)
    identities(config)
    if config.admin is not None:
        read_secret(config.admin.password_file)
    click.echo(f"{file}: well; {len(config.accounts)} accounts, broker {choose(config)}")


def choose(config: BrokerConfig) -> Literal["mosquitto", "embedded"]:
    """What `kind = "auto"` means on this machine."""
    if config.broker.kind == "auto":
        return "mosquitto" if find_binary() and find_plugin() else "embedded"
    return config.broker.kind


def serve(config: BrokerConfig, stopping: Ending) -> int:
    """Run until `stopping` is set (0) or the broker ends by itself (1). Raises OperatorError when it cannot start."""
    section = config.broker
    check_free(section.host, section.port, "MQTT")
    check_free(section.listen_ws(), section.ws_port, "MQTT over WebSocket")
    broker = _make(config)
    log = logs.get_logger(part="broker")
    try:
        broker.start()
        log.info("broker_up", kind=choose(config), port=section.port, ws_port=section.ws_port)
        notify("READY=1")
        while not stopping.is_set():
            if broker.wait(_LOOK_EVERY_S) is not None:
                log.error("broker_ended", code="broker_ended")
                return 1
        notify("STOPPING=1")
        return 0
    except OSError as error:
        tried = f"starting the broker ({error.strerror}: {error.filename})"
        raise OperatorError("config_unusable", tried, "Name a data_dir that this process can make and write to.") from None
    finally:
        broker.stop()


def _make(config: BrokerConfig) -> RunningBroker:
    if choose(config) == "mosquitto":
        return Mosquitto(config)
    try:
        from edge.broker.embedded import Embedded  # amqtt is there only where the demo is installed
    except ModuleNotFoundError as error:
        raise OperatorError(
            "embedded_missing",
            f"starting the embedded broker ({error.name} is missing)",
            "Install Mosquitto: apt install mosquitto",
        ) from None
    return Embedded(config)


if __name__ == "__main__":
    main(prog_name="shopbell broker")
