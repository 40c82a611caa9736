"""What the campaigns are given: a note of what they measured, and a shop of real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.readers import page
from tests.readers.results import Measured, kept
from tests.support.brokers import running
from tests.support.hub import DOOR, KIOSK_TOKEN, MARIA, STORE
from tests.support.hub_process import DEVICES, HubProcess
from tests.support.kiosk_core import MARIA_UID, KioskProcess


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """Takes what the campaign measured; `--write` keeps it."""
    return Measured(request.node.nodeid, write=bool(request.config.getoption("--write")))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The page is written once, from what was kept."""
    if session.config.getoption("--write"):
        page.write(kept())
        print(f"\nwritten: docs/{page.PAGE.name}")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    """Running, with Mosquitto; it knows Maria."""
    with running(tmp_path / "broker", "mosquitto", DEVICES) as broker:
        made = HubProcess(tmp_path / "hub", broker)
        store = made.open_store()
        with store.file.write() as connection:
            store.members.put_member(connection, MARIA, name="Maria Keller", call_me="Maria", greeting="name")
            store.members.put_card(connection, f"nfc:{MARIA_UID}", MARIA)
        store.file.close()
        yield made.start()
        made.stop()


@pytest.fixture
def kiosk(hub: HubProcess, tmp_path: Path) -> Iterator[KioskProcess]:
    """Running, with a simulated reader on a pseudo-terminal; it has the hub's cards."""
    (tmp_path / "kiosk").mkdir()
    made = KioskProcess(tmp_path / "kiosk", hub.broker.port, hub.url)
    for name, secret in (("broker.pass", hub.broker.passwords[f"{STORE}.kiosk.{DOOR}"]), ("hub.token", KIOSK_TOKEN)):
        (made.folder / name).write_text(secret)
    made.start()
    yield made
    made.kill()
