"""Accounts that come and go while the broker runs, is away, or is killed."""

from __future__ import annotations

import pytest

from edge.broker import mosquitto_accounts
from edge.broker.accounts import Accounts
from edge.broker.errors import AccountsError
from edge.broker.rights import rights_of
from tests.edge.broker.house import (
    DEVICES,
    HUB,
    KINDS,
    KIOSK,
    A,
    accounts_of,
    enter,
)
from tests.support.brokers import (
    HOST,
    BrokerProcess,
    Probe,
    eventually,
    lets_in,
    running,
)


def test_an_account_comes_changes_and_goes(broker: BrokerProcess, accounts: Accounts) -> None:
    name, topic = "a.associate.rosa", f"{A}/associate/rosa/alert"
    rights = rights_of("a", "associate", "rosa")
    accounts.remove(name)  # was never there: nothing to worry about
    assert not lets_in(broker.port, name, "1" * 32)
    accounts.put(name, "1" * 32, rights)
    phone = Probe(broker.ws_port, name, "1" * 32, transport="websockets")
    assert phone.accepted
    assert phone.subscribe(topic) == [True]
    accounts.put(name, "2" * 32, rights)
    eventually(lambda: phone.losses == 1, "the old password's client is cut off")
    assert not lets_in(broker.port, name, "1" * 32)
    phone.close()
    phone = Probe(broker.port, name, "2" * 32)
    assert phone.accepted
    phone.subscribe(topic)
    accounts.keep(name, "2" * 32, rights)
    with enter(broker, HUB) as hub:
        hub.publish(topic, b"kept")
    eventually(lambda: phone.payloads() == [b"kept"], "who is connected with a kept account stays")
    assert phone.losses == 0
    accounts.remove(name)
    eventually(lambda: phone.losses == 1, "a removed client is cut off")
    phone.close()
    with enter(broker, HUB) as hub:
        hub.publish(topic, b"for nobody")
    assert phone.payloads() == [b"kept"]
    assert not lets_in(broker.port, name, "2" * 32)


@pytest.mark.parametrize("kind", KINDS)
def test_accounts_outlive_a_broker_that_was_killed(tmp_path_factory: pytest.TempPathFactory, kind: str) -> None:
    with running(tmp_path_factory.mktemp("killed"), kind, DEVICES) as broker:  # type: ignore[arg-type]  # one of two words
        accounts = accounts_of(broker)
        try:
            for name in ("maria", "omar"):
                accounts.put(f"a.associate.{name}", name * 8, rights_of("a", "associate", name))
            accounts.remove("a.associate.omar")
            broker.kill()
            broker.start()
            eventually(lambda: lets_in(broker.port, "a.associate.maria", "maria" * 8), "maria may enter again")
            assert not lets_in(broker.port, "a.associate.omar", "omar" * 8)
            assert lets_in(broker.port, KIOSK, broker.passwords[KIOSK])
        finally:
            accounts.close()


@pytest.mark.mosquitto
def test_a_change_while_the_broker_is_away_is_made_when_it_is_back(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path_factory.mktemp("away"), "mosquitto", DEVICES) as broker:
        accounts = accounts_of(broker)
        try:
            accounts.put("a.associate.omar", "omar" * 8, rights_of("a", "associate", "omar"))
            broker.kill()
            monkeypatch.setattr(mosquitto_accounts, "ANSWER_WITHIN_S", 0.2)
            with pytest.raises(AccountsError) as refused:
                accounts.put("a.associate.maria", "maria" * 8, rights_of("a", "associate", "maria"))
            assert refused.value.code == "broker_unreachable"
            with pytest.raises(AccountsError):
                accounts.remove("a.associate.omar")
            monkeypatch.undo()
            broker.start()
            eventually(lambda: lets_in(broker.port, "a.associate.maria", "maria" * 8), "maria may enter", 20)
            assert not lets_in(broker.port, "a.associate.omar", "omar" * 8)
        finally:
            accounts.close()


@pytest.mark.mosquitto
def test_mosquitto_says_no_to_a_wrong_admin(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mosquitto_accounts, "ANSWER_WITHIN_S", 0.5)
    with running(tmp_path_factory.mktemp("admin"), "mosquitto", DEVICES) as broker:
        for username, password in (("broker-admin", "wrong"), (HUB, broker.passwords[HUB])):
            accounts = mosquitto_accounts.MosquittoAccounts(
                host=HOST, port=broker.port, username=username, password=password, client_id="no-admin"
            )
            try:
                with pytest.raises(AccountsError) as refused:
                    accounts.put("a.associate.maria", "m" * 32, rights_of("a", "associate", "maria"))
                assert refused.value.code in ("broker_unreachable", "accounts_unanswered")
            finally:
                accounts.close()
        assert not lets_in(broker.port, "a.associate.maria", "m" * 32)
