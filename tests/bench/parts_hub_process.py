"""`python -m edge.hub run` with stamps on the way of an arrival: `python -m tests.bench.parts_hub_process`.

Every line on the socket is answered with the stamps since the last (tests.bench.trail), as JSON.
"""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

import msgspec
from paho.mqtt import client as paho

from edge.hub.__main__ import run
from edge.hub.announcer import Announcer
from edge.hub.worker import IngestWorker
from edge.process.sqlite_file import SqliteFile
from edge.transport.mqtt import MqttLine
from tests.bench.control import Control
from tests.bench.trail import Trail, on_thread, topic_ends


def follow(trail: Trail) -> None:
    """Stamp this process's part of the way: tests.bench.ways names the hops."""
    trail.around(IngestWorker, "deliver", begins="received", when=topic_ends("/arrival"))
    trail.around(IngestWorker, "take", begins="taken")
    trail.around(IngestWorker, "_file_one", begins="begun")
    trail.around(SqliteFile, "_commit", begins="filed", ends="committed", when=on_thread("hub-ingest"))
    trail.around(MqttLine, "publish", begins="answered", when=topic_ends("/answer"))
    trail.around(paho.Client, "_packet_write", begins="writes")
    trail.around(Announcer, "turn", begins="announcing")
    trail.around(MqttLine, "publish", begins="alerted", when=topic_ends("/alert"))


def main() -> None:
    parser = argparse.ArgumentParser(description="a hub that says when an arrival came by")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--control", type=Path, required=True)
    asked = parser.parse_args()
    trail, control = Trail(), Control(asked.control)
    follow(trail)
    work = (lambda _line, answer: answer(msgspec.json.encode(trail.take())), threading.Event())
    threading.Thread(target=control.serve, args=work, name="bench-control", daemon=True).start()
    run.main(["--config", str(asked.config)], prog_name="shopbell hub run")


if __name__ == "__main__":
    main()
