"""The long killing (`./shopbell test faults`): hundreds of -9 at random moments under traffic, a frozen hub or broker, a broker
that lost its files; then the books are compared. About a quarter of an hour.

SHOPBELL_FAULTS_KILLS (200) and SHOPBELL_FAULTS_SEED make it shorter, or the same again.
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.campaign import Books, Phone, Screen, Shoppers, cards, settled, signed_in, verdict
from tests.faults.shop import Shop
from tests.support.ledger import Counters, Ledger
from tests.support.needs import needs

SEED = int(os.environ.get("SHOPBELL_FAULTS_SEED", random.SystemRandom().randrange(10**6)))
KILLS = int(os.environ.get("SHOPBELL_FAULTS_KILLS", "200"))
FREEZE_EVERY = 12
LONGEST_FREEZE_S = 6.0
VICTIMS = ("broker", "hub", "hq", "kiosk")
WHAT_FREEZES = (["broker"], ["hub"], ["hq"], ["broker", "hub"])


class Choosers:
    """Now and then a shopper touches a reason: a confirmed revision has to reach HQ as well."""

    def __init__(self, screen: Screen, rng: random.Random) -> None:
        self.ledger, self._screen, self._rng = Ledger(), screen, rng
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="choosers", daemon=True)

    def __enter__(self) -> Choosers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._stop.wait(self._rng.uniform(0.3, 1.2)):
            view = self._screen.latest
            arrival_id = view.get("arrival_id")
            if arrival_id is None or not view["offers_reasons"] or arrival_id in self.ledger.attempts:
                continue
            self.ledger.attempted(arrival_id)  # from here on it may have been stored
            if self._screen.choose(arrival_id, self._rng.choice(("help", "pickup", "return"))):
                self.ledger.confirmed(arrival_id)


class Reaper:
    """Does the damage, and says what it did."""

    def __init__(self, shop: Shop, rng: random.Random) -> None:
        self._shop, self._rng = shop, rng
        self._pause = threading.Event()
        self.done: Counter[str] = Counter()

    def strike(self, number: int) -> None:
        """One kill at a moment nobody chose; every so often a freeze before it."""
        self._revive()
        self._pause.wait(self._rng.uniform(0.05, 3.5))
        if number % FREEZE_EVERY == 0:
            self._freeze()
        name = self._rng.choice(VICTIMS)
        self._shop.kill(name)
        self.done[f"kill {name}"] += 1
        if name == "broker" and self._rng.random() < 0.5:
            self._shop.rob("broker")
            self.done["broker files deleted"] += 1
        self._pause.wait(self._rng.uniform(0, 0.8))
        self._shop.start(name)

    def _freeze(self) -> None:
        names = self._rng.choice(WHAT_FREEZES)
        self._shop.freeze(names)
        self._pause.wait(self._rng.uniform(1.0, LONGEST_FREEZE_S))
        self._shop.thaw(names)
        self.done[f"freeze {'+'.join(names)}"] += 1

    def _revive(self) -> None:
        """A process that ended by itself is counted and started again, as by a service manager; again and again is a failure."""
        for name, status in self._shop.ended().items():
            what = f"{name} ended by itself with {status}"
            self.done[what] += 1
            assert self.done[what] < 5, f"{what}: {self._shop.last_words(name)}"
            self._shop.start(name)


@pytest.mark.faults
@pytest.mark.mosquitto
@pytest.mark.timeout(60 + KILLS * 8)
def test_hundreds_of_kills_lose_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needs("mosquitto")
    with capsys.disabled():  # a quarter of an hour wants to be followed, and its counters read
        campaign(tmp_path)


def campaign(folder: Path) -> None:
    """Tap, strike, wait until all is well and empty, compare."""
    print(f"\nseed {SEED}, {KILLS} kills")
    rng, ledger = random.Random(SEED), Ledger()
    shop = Shop(folder)
    books = Books(folder)
    with shop, signed_in(shop.ready, 3) as phones:
        reaper = Reaper(shop, rng)
        with (
            Screen(shop.ready["kiosk"], ledger) as screen,
            Shoppers(Path(shop.ready["reader"]), cards(books, SEED, rounds=2), ledger),
            Choosers(screen, random.Random(SEED + 1)) as choosers,
        ):
            for number in range(1, KILLS + 1):
                reaper.strike(number)
                if number % 25 == 0:
                    print(
                        f"{number} kills, {len(ledger.confirmations)} arrivals confirmed, waiting {books.waiting()}", flush=True
                    )
        shop.wait_well(120)
        settled(books, 180)
        report(reaper, books, ledger, choosers.ledger, phones)
        assert books.parked() == []
        assert [name for name in reaper.done if "ended by itself" in name] == []


def report(reaper: Reaper, books: Books, ledger: Ledger, reasons: Ledger, phones: list[Phone]) -> None:
    """Print the counters, then judge them."""
    print(", ".join(f"{what} {times}" for what, times in sorted(reaper.done.items())))
    at_hq = books.reasons_at_hq()
    chosen: Counters = reasons.check([(arrival, arrival) for arrival in at_hq])
    print(f"reasons at HQ: {chosen}")
    found = verdict(books, ledger, phones)
    for place, counters in found.items():
        print(f"arrivals at {place}: {counters}")
    print(f"repeated on the wire to phones: {[phone.announced().repeated for phone in phones]}")
    assert chosen.sound, f"reasons: {chosen}"
    assert found["hub"] == found["hq"]
