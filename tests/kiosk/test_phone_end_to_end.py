"""A phone at the door of a real kiosk process: from the PN532's questions to the screen, by what works there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.visit.phrases import phrase
from tests.support.kiosk_core import KioskProcess, free_port, until
from tests.support.reader import ask


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[KioskProcess]:
    """Alone, with a simulated PN532 and a simulated scanner."""
    made = KioskProcess(tmp_path, free_port(), "http://127.0.0.1:9")
    made.config.write_text(made.config.read_text() + f'[scanner]\nname = "scan-1"\nport = "sim:{tmp_path}/scan.sock"\n')
    made.start(["reader", "scanner"])
    yield made
    made.kill()


def shown(kiosk: KioskProcess, key: str, language: str = "en") -> bool:
    view = kiosk.view()
    return view["scene"] == "phone_uid" and (view["title"], view["line"]) == phrase(key, language)


def test_a_wallet_is_sent_to_what_works_here(kiosk: KioskProcess) -> None:
    """The card's files are asked, then OSE.VAS.01, whose answer makes it a wallet."""
    assert ask(kiosk.socket, {"present": {"phone": True, "wallet": "apple"}, "hold_s": 0.8})["ok"]
    until(lambda: shown(kiosk, "phone_wallet_scanner"), "the wallet's shopper is sent to the scanner")
    assert kiosk.view()["picture"] == "code"
    ask(kiosk.folder / "scan.sock", {"hangup": {"seconds": 60}})
    until(lambda: "scanner" not in kiosk.well(), "the scanner is out")
    until(lambda: ask(kiosk.socket, {"status": {}})["cards"] == 0, "the first phone is taken away")
    threading.Event().wait(1.5)  # sooner, another made-up id would be the same phone that moved
    assert kiosk.act("language", {"language": "de"}) == 200
    ask(kiosk.socket, {"present": {"phone": True, "wallet": "google"}, "hold_s": 0.8})
    until(lambda: shown(kiosk, "phone_wallet", "de"), "without a scanner the plastic card helps, in the language chosen")
    assert kiosk.view()["picture"] == "card"
    assert kiosk.waiting() == [], "a phone is no arrival"
