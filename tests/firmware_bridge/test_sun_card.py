"""The card that signs, against NXP's published vectors (AN12196, as public test suites carry them), and over taps."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from firmware_bridge.errors import MisuseError
from firmware_bridge.simulator.drawer import MOST_CARDS, Drawer
from firmware_bridge.simulator.kinds import card_of_kind
from firmware_bridge.simulator.sun_card import LAST_COUNT, MIRRORS, SunCard, file_data, message_mac, sun_card
from firmware_bridge.wire.ndef_uri import uri_of

ZERO = bytes(16)
META, FILE = bytes.fromhex("42AFF114F2CB3B6141BE6DC95DFC5416"), bytes.fromhex("B62A9BAF092439BD43C62AEE96B970C5")


def count(number: int) -> bytes:
    return number.to_bytes(3, "little")


@pytest.mark.parametrize(
    ("key", "uid", "number", "signed", "mac"),
    [
        (ZERO, "04DE5F1EACC040", 61, "", "94EED9EE65337086"),
        (ZERO, "04958CAA5C5E80", 8, "CEE9A53E3E463EF1F459635736738962&cmac=", "ECC1E7F6C6C73BF6"),
        (FILE, "041D3C8A2D6B80", 291, "B8436E11F627BB7F543FCC0C1E0D1A89", "238B2543A8DEBAD8"),
        (ZERO, "041E3C8A2D6B80", 6, "", "4B00064004B0B3D3"),
    ],
)
def test_signatures_of_the_vectors(key: bytes, uid: str, number: int, signed: str, mac: str) -> None:
    assert message_mac(key, bytes.fromhex(uid), count(number), signed.encode()).hex().upper() == mac


def test_file_data_of_the_vectors() -> None:
    encrypted = file_data(ZERO, bytes.fromhex("04958CAA5C5E80"), count(8), b"x" * 16)
    assert encrypted.hex().upper() == "CEE9A53E3E463EF1F459635736738962"
    data = bytes.fromhex("4E545858716E6F5F6F42467077792D56")
    assert file_data(FILE, bytes.fromhex("041D3C8A2D6B80"), count(291), data).hex().upper() == "B8436E11F627BB7F543FCC0C1E0D1A89"


def address(card: SunCard) -> tuple[str, dict[str, str]]:
    text = uri_of(card.content())
    assert text is not None
    return text, {name: values[0] for name, values in parse_qs(urlsplit(text).query).items()}


def test_the_plain_mirror_is_that_of_the_vectors() -> None:
    card = sun_card("sun-plain", bytes.fromhex("041E3C8A2D6B80"), ZERO, ZERO, counter=5)
    assert address(card)[1] == {"uid": "041E3C8A2D6B80", "ctr": "000006", "cmac": "4B00064004B0B3D3"}


def test_the_encrypted_mirror_opens_to_id_and_count() -> None:
    card = sun_card("sun", bytes.fromhex("04DE5F1EACC040"), META, ZERO, counter=60)
    _, values = address(card)
    decryptor = Cipher(algorithms.AES(META), modes.CBC(bytes(16))).decryptor()
    plain = decryptor.update(bytes.fromhex(values["picc_data"])) + decryptor.finalize()
    assert plain[:11].hex().upper() == "C704DE5F1EACC0403D0000"
    assert values["cmac"] == "94EED9EE65337086"


def test_file_data_is_signed_with_the_name_of_what_follows() -> None:
    card = sun_card("sun-file", bytes.fromhex("04958CAA5C5E80"), ZERO, ZERO, counter=7)
    _, values = address(card)
    assert (values["enc"], values["cmac"]) == ("CEE9A53E3E463EF1F459635736738962", "ECC1E7F6C6C73BF6")


@pytest.mark.parametrize("mirror", MIRRORS)
def test_each_reading_is_another_and_the_addresss_own_parameters_stay(mirror: str) -> None:
    card, _ = card_of_kind(f"{mirror}:{META.hex()}.{FILE.hex()}@04DE5F1EACC040=https://a.b/c?store=7")
    assert isinstance(card, SunCard)
    texts = [address(card)[0] for _ in range(5)]
    assert len(set(texts)) == 5
    assert all(text.startswith("https://a.b/c?store=7&") for text in texts)


def test_a_card_that_is_used_up_says_nothing() -> None:
    card = sun_card("sun", bytes(7), ZERO, ZERO, counter=LAST_COUNT - 1)
    assert uri_of(card.content()) is not None
    assert card.content() == b""


@pytest.mark.parametrize("uid", [bytes(4), bytes(10)])
def test_ids_have_seven_bytes(uid: bytes) -> None:
    with pytest.raises(MisuseError):
        sun_card("sun", uid, ZERO, ZERO)


def test_no_key_in_what_is_printed() -> None:
    assert META.hex() not in repr(sun_card("sun", bytes(7), META, META)).lower()
    assert repr(META) not in repr(sun_card("sun", bytes(7), META, META))


def taken(drawer: Drawer, text: str) -> int:
    """The number of the reading that a tap of this card gives."""
    card, counted = card_of_kind(text)
    card = drawer.take(card, counted=counted)
    assert isinstance(card, SunCard)
    card.content()
    return card.counter


def test_a_card_goes_on_counting_from_tap_to_tap() -> None:
    drawer, card = Drawer(lambda: bytes(5)), f"sun:{META.hex()}@04DE5F1EACC040"
    assert [taken(drawer, card) for _ in range(3)] == [1, 2, 3]
    assert taken(drawer, card + "#60") == 60
    assert taken(drawer, card) == 61
    assert taken(drawer, card + "#5") == 5  # a copy of the card as it was once
    assert taken(drawer, card.replace("C040", "C041")) == 1


def test_the_drawer_is_bounded() -> None:
    drawer = Drawer(lambda: bytes(5))
    for number in range(MOST_CARDS + 10):
        taken(drawer, f"sun:{META.hex()}@{number:014X}")
    assert taken(drawer, f"sun:{META.hex()}@{0:014X}") == 1
    assert taken(drawer, f"sun:{META.hex()}@{MOST_CARDS + 9:014X}") == 2
