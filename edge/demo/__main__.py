"""`shopbell demo`: a whole store on this machine, until Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from edge.demo import configs, credentials, store
from edge.demo.layout import FIRST_PORT, HOST, Layout, Ports, default_folder, ports_from
from edge.demo.report import Report, as_json, as_text
from edge.demo.supervise import Child, Supervisor, answers_tcp, is_well, python_module
from edge.process.clock import SystemClock
from edge.process.errors import OperatorError
from edge.process.ids import SystemIds
from edge.process.ports import check_free

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def tell(text: str) -> None:
    """Progress: to stderr, so that --json keeps stdout for itself."""
    click.echo(f"shopbell demo: {text}", err=True)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), help="Where the demo keeps its data.  [default: the user's data folder]"
)
@click.option(
    "--ports-from",
    "first_port",
    type=click.IntRange(1024, 65530),
    default=FIRST_PORT,
    show_default=True,
    help="First of five neighbouring ports.",
)
@click.option("--reset", is_flag=True, help="Forget what an earlier run kept, and start fresh.")
@click.option(
    "--sales", type=click.Path(exists=True, path_type=Path), help="Import real point-of-sale files: a file or a folder."
)
@click.option(
    "--not-today-window",
    "not_today_window_s",
    type=click.FloatRange(0, 3600),
    default=configs.NOT_TODAY_WINDOW_S,
    show_default=True,
    help="Seconds an arrival waits before it leaves for HQ, so that 'not today' still reaches it.",
)
@click.option(
    "--json", "json_line", is_flag=True, help="When all is ready, print one line of JSON with addresses and test sign-ins."
)
def demo(
    folder: Path | None, first_port: int, reset: bool, sales: Path | None, not_today_window_s: float, json_line: bool
) -> None:
    """Run a made-up hardware store on this machine: kiosk, broker, store hub, associates' app and HQ.

    Nothing listens outside this machine. Ctrl-C ends everything; the next start keeps the data.
    """
    layout = Layout(folder or default_folder())
    try:
        with _only_one(layout):
            if reset:
                _forget(layout)
            _run(layout, ports_from(first_port), sales, not_today_window_s, json_line)
    except OperatorError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _run(layout: Layout, ports: Ports, sales: Path | None, not_today_window_s: float, json_line: bool) -> None:
    for name, port in msgspec.structs.asdict(ports).items():
        check_free(HOST, port, name)
    tell(f"preparing {layout.folder} ...")
    layout.make()
    credentials.make_missing(layout, SystemIds())
    broker_kind = "mosquitto" if find_mosquitto() else "embedded"
    configs.write_all(layout, ports, broker_kind, not_today_window_s)
    supervisor = Supervisor(SystemClock(), tell)
    for number in _ENDING:  # whatever ends us while the store is being filled ends what has been started, too
        signal.signal(number, signal.default_int_handler)
    try:
        tell(f"starting the broker ({broker_kind}), HQ, the store hub and the kiosk ...")
        _start_what_holds_no_store(supervisor, layout, ports)
        store.prepare(layout, SystemClock().now().date(), tell)
        if sales is not None:
            store.import_sales(layout, sales, tell)
        supervisor.end_on(*_ENDING)
        _start_the_store(supervisor, layout, ports)
        report = Report(layout, ports)
        click.echo(as_json(report) if json_line else as_text(report))
        sys.stdout.flush()
        supervisor.watch()
    finally:
        tell("stopping ...")
        supervisor.stop()
        tell("stopped; the data stays for the next start.")


def _start_what_holds_no_store(supervisor: Supervisor, layout: Layout, ports: Ports) -> None:
    """Broker and HQ come up while the store is being filled."""
    broker = _child(layout, "broker", "edge.broker", answers_tcp(HOST, ports.mqtt))
    supervisor.add(broker, _child(layout, "hq", "edge.hq", is_well(f"http://{HOST}:{ports.hq}/healthz")))


def _start_the_store(supervisor: Supervisor, layout: Layout, ports: Ports) -> None:
    """Hub and kiosk together, once what they ask first is there: neither then has to wait for its second try."""
    supervisor.wait_until_ready()
    hub = _child(layout, "hub", "edge.hub", is_well(f"http://{HOST}:{ports.hub}/healthz"))
    supervisor.add(hub, _child(layout, "kiosk", "kiosk", is_well(f"http://{HOST}:{ports.kiosk}/healthz")))
    supervisor.wait_until_ready()


def _child(layout: Layout, name: str, module: str, ready: object) -> Child:
    assert callable(ready)
    words = ["--config", str(layout.config(name))]
    command = python_module(module, *([] if name == "kiosk" else ["run"]), *words)
    return Child(name, command, layout.log(name), ready)


def find_mosquitto() -> str | None:
    """The Mosquitto broker where it is installed; Debian keeps it in /usr/sbin."""
    if os.environ.get("SHOPBELL_DEMO_BROKER") == "embedded":
        return None
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def _only_one(layout: Layout) -> Iterator[None]:
    """Two demos never share a folder."""
    try:
        layout.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = layout.lock.open("a+")
    except OSError as error:
        raise OperatorError(
            "demo_folder_unusable",
            f"keeping the demo's data in {layout.folder} ({error.strerror})",
            "Choose another --dir: a folder that you can make and write to.",
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperatorError(
                "demo_running",
                f"starting a demo in {layout.folder}",
                "One is running there: end it, or choose another --dir and --ports-from.",
            ) from None
        yield


def _forget(layout: Layout) -> None:
    """Remove what a demo made, and nothing else: the folder may be somebody's."""
    for path in (layout.data, layout.secrets, layout.configs, layout.logs):
        shutil.rmtree(path, ignore_errors=True)
    for path in (layout.pack, layout.cards, layout.marker):
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    demo(prog_name="shopbell demo")
