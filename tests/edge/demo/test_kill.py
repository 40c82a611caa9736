"""Each process of a running demo is killed with -9 while people tap; afterwards every confirmed arrival is once at HQ.

The long campaign (hundreds of kills, partitions, lost broker files) is tests/faults/test_killing.py.
"""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import psutil
import pytest

from tests.faults.campaign import Books, Screen, Shoppers, cards, settled, signed_in, verdict, well
from tests.support.demo import Demo, running_demo, until
from tests.support.ledger import Ledger
from tests.support.needs import needs

SEED = int(os.environ.get("SHOPBELL_FAULTS_SEED", random.SystemRandom().randrange(10**6)))
URLS = {"hub": "associates", "hq": "hq", "kiosk": "kiosk"}
MORE = 3  # confirmations between one kill and the next


def killed_and_back(demo: Demo, name: str, rng: random.Random) -> None:
    """-9 at a moment nobody chose, then wait until it is there again and well."""
    threading.Event().wait(rng.uniform(0, 0.6))
    old = demo.pid_of(name)
    demo.kill(name)
    until(lambda: not psutil.pid_exists(old), f"the {name} is gone")
    until(lambda: _newer(demo, name, old), f"the {name} is started again", 30)
    # Without the broker neither the hub nor the kiosk is well, so their word is the broker's too.
    until(lambda: all(well(demo.ready[key]) for key in URLS.values()), f"everything is well after the {name}", 30)


def _newer(demo: Demo, name: str, old: int) -> bool:
    try:
        return demo.pid_of(name) != old
    except AssertionError:
        return False


@pytest.mark.mosquitto
@pytest.mark.timeout(180)
def test_every_confirmed_arrival_is_once_at_hq_whatever_is_killed(tmp_path: Path) -> None:
    needs("mosquitto")
    print(f"seed {SEED}")
    rng, ledger = random.Random(SEED), Ledger()
    with running_demo(tmp_path, "--not-today-window", "1") as demo, signed_in(demo.ready, 2) as phones:
        books = Books(tmp_path)
        assert len(books.members()) >= 100
        order = ["broker", "hub", "hq", "kiosk"]
        rng.shuffle(order)
        with Screen(demo.ready["kiosk"], ledger), Shoppers(Path(demo.ready["reader"]), cards(books, SEED), ledger):
            for name in order:
                before = len(ledger.confirmations)
                until(lambda before=before: len(ledger.confirmations) >= before + MORE, "people are welcomed", 30)
                killed_and_back(demo, name, rng)
            before = len(ledger.confirmations)
            until(lambda: len(ledger.confirmations) >= before + MORE, "people are welcomed after all of it", 30)
        settled(books, 60)
        counters = verdict(books, ledger, phones)
        print(f"killed {', '.join(order)}; hub: {counters['hub']}; hq: {counters['hq']}")
        assert counters["hq"] == counters["hub"]
        assert counters["hq"].confirmed >= MORE * 5
        assert all(times == 1 for _, times in books.alerts()), "everybody came once, so no visit has two alerts"
