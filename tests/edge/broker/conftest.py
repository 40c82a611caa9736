"""One behaviour, two brokers: whatever Shopbell relies on holds for Mosquitto and for the embedded broker alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edge.broker.accounts import Accounts
from edge.broker.rights import Rights, rights_of
from tests.edge.broker.house import (
    DEVICES,
    EVERYTHING,
    KINDS,
    accounts_of,
)
from tests.support.brokers import (
    BrokerProcess,
    Probe,
    running,
)


@pytest.fixture(scope="module", params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    with running(tmp_path_factory.mktemp("broker"), request.param, DEVICES) as started:
        yield started


@pytest.fixture(scope="module")
def accounts(broker: BrokerProcess) -> Iterator[Accounts]:
    opened = accounts_of(broker)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def people(broker: BrokerProcess, accounts: Accounts) -> dict[str, str]:
    """User name to password: the devices, two associates, another store's associate."""
    associates = {
        f"{store}.associate.{name}": f"{store}-{name}" * 8 for store, name in (("a", "maria"), ("a", "omar"), ("b", "maria"))
    }
    for username, password in associates.items():
        store, _, name = username.split(".")
        accounts.put(username, password, rights_of(store, "associate", name))
    return {**broker.passwords, **associates}


@pytest.fixture(scope="module")
def observer(broker: BrokerProcess, accounts: Accounts) -> Iterator[Probe]:
    """Sees every message with six levels; nobody in the product has such rights."""
    accounts.put("observer", "o" * 32, Rights(write=["test/test/test/test/test/mark"], read=[EVERYTHING]))
    with Probe(broker.port, "observer", "o" * 32) as probe:
        assert probe.subscribe(EVERYTHING) == [True]
        yield probe
