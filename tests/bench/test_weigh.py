"""What a tap weighs, weighed right; and sales that are made up where there are none."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench.parts_sales import HEADER, make, real_or_made_up, rows_in
from tests.bench.parts_weigh import LogScale, on_the_line, publish_bytes
from tests.bench.station import Bench
from tests.bench.stations import tap_bytes
from tests.support.sales import assert_balanced, open_memory, run_import


@pytest.mark.parametrize("size", [10, 114, 115, 500, 20_000])
def test_a_message_weighs_what_paho_puts_on_the_wire(size: int) -> None:
    """Around 114 bytes of payload the packet's own length takes a second byte."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", server.getsockname()[1])
        line, _ = server.accept()
        with line:
            line.settimeout(5)
            line.recv(4096)  # CONNECT
            line.sendall(b"\x20\x02\x00\x00")
            client.loop(1)
            client.publish("a/topic", bytes(size), qos=1)
            wanted, came = publish_bytes("a/topic", bytes(size)), b""
            while len(came) < wanted:
                came += line.recv(65536)
                client.loop(0.01)
            line.settimeout(0.1)
            with contextlib.suppress(TimeoutError):
                came += line.recv(1)
            assert len(came) == wanted
            client.disconnect()


def test_a_log_holds_the_pages_of_the_commits_since_it_was_emptied(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as file:
        file.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (a)")
        with closing(LogScale(tmp_path / "a.db")) as scale:
            scale.empty()
            assert scale.pages() == 0
            file.execute("INSERT INTO t VALUES (1)")
            assert scale.pages() == 1, "one page of the table"
            file.execute("INSERT INTO t VALUES (?)", (bytes(3 * 4096),))
            assert scale.pages() >= 4
            scale.empty()
            assert scale.pages() == 0


def test_a_chip_that_waits_is_asked_nothing_and_answers_in_22_bytes(tmp_path: Path) -> None:
    assert on_the_line(tmp_path, "04A2B3C4D5E6F7") == (0, 22)


def test_every_part_of_a_tap_is_weighed() -> None:
    with Bench("bytes", quick=True) as bench:
        (figure,) = tap_bytes.run(bench)
    weighed = {size.what: size.count for size in figure.sizes}
    assert all(weighed[what] > 0 for what in weighed if what != tap_bytes.TO_CHIP)
    assert weighed[tap_bytes.UP] > weighed[tap_bytes.ROW] - 60, "the message is the row, with a topic"


def test_made_up_sales_are_sales_to_the_hub(tmp_path: Path) -> None:
    """Every row is read, judged and stored; the same seed gives the same days."""
    (tmp_path / "again").mkdir()
    files = make(tmp_path, days=2)
    assert [file.read_bytes() for file in make(tmp_path / "again", days=2)] == [file.read_bytes() for file in files]
    with closing((hub := open_memory(tmp_path / "hub")).file):
        report = run_import(hub, files)
    assert_balanced(report)
    assert report.read.rows == report.stored.rows == rows_in(files) > 1_000
    assert HEADER.startswith("InvoiceNo,")


def test_the_real_sales_come_first(tmp_path: Path) -> None:
    (tmp_path / "online-retail").mkdir()
    (real,) = make(tmp_path / "online-retail", days=1)
    found = real_or_made_up(tmp_path, tmp_path)
    assert (list(found.files), found.made_up) == ([real], False)
