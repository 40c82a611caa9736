"""What the reader is told of a card before anything else is done with it."""

from __future__ import annotations

import pytest

from kiosk.known_cards import nfc_known
from tests.support.kiosk_core import CARD_KEY, LOST_UID, MARIA_UID, NEW_UID, SHY_UID, bench


@pytest.mark.parametrize(
    ("value", "known"),
    [
        (MARIA_UID, True),
        (MARIA_UID.lower(), True),
        (LOST_UID, True),
        (SHY_UID, True),
        (NEW_UID, False),
        ("", False),
        ("04", False),
        ("ZZ" * 7, False),
        ("04A1B2C3D4E5F6'; DROP TABLE directory; --", False),
    ],
)
def test_who_is_known(tmp_path, value, known):
    with bench(tmp_path) as kiosk:
        assert nfc_known(kiosk.book.directory, CARD_KEY)(value) is known


def test_another_stores_key_knows_nobody(tmp_path):
    with bench(tmp_path) as kiosk:
        assert not nfc_known(kiosk.book.directory, bytes(32))(MARIA_UID)


def test_a_directory_that_cannot_be_read_knows_nobody(tmp_path):
    with bench(tmp_path) as kiosk:
        known = nfc_known(kiosk.book.directory, CARD_KEY)
        with kiosk.book.directory._file.write() as connection:
            connection.execute("ALTER TABLE directory RENAME TO directory_away")
        assert not known(MARIA_UID)
        with kiosk.book.directory._file.write() as connection:
            connection.execute("ALTER TABLE directory_away RENAME TO directory")
        assert known(MARIA_UID)
