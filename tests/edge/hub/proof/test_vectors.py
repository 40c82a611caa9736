"""Every public vector of SUN messages and of the keys for them, and every negative, with equal work for each."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.hub.proof import aes, diversify, sun
from edge.hub.proof.errors import ProofError
from edge.hub.proof.ring import ProofKey, what_is_wrong
from edge.hub.proof.uri import Template
from tests.support.sun_tag import SunTag, diversified

ZERO = bytes(16)
BASE = "https://choose.url.com/ntag424"
TEMPLATES = [Template()]
ZERO_KEY = ProofKey(1, "nfc", "same", master=ZERO, meta=ZERO)
RFC = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
V2 = f"{BASE}?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086"
V3 = f"{BASE}?picc_data=FD91EC264309878BE6345CBE53BADF40&enc=CEE9A53E3E463EF1F459635736738962&cmac=ECC1E7F6C6C73BF6"
V4_KEY = ProofKey(
    1,
    "nfc",
    "same",
    master=bytes.fromhex("B62A9BAF092439BD43C62AEE96B970C5"),
    meta=bytes.fromhex("42AFF114F2CB3B6141BE6DC95DFC5416"),
)
V4 = f"{BASE}?e=8ACADDEF0A9B62CDAE39A16B83FC14DEB8436E11F627BB7F543FCC0C1E0D1A89238B2543A8DEBAD8"
V5 = f"{BASE}?uid=041E3C8A2D6B80&ctr=000006&cmac=4B00064004B0B3D3"
SLOTS = ProofKey(
    1, "nfc", "slots", master=bytes.fromhex("47BBB68AFA73F31310BEEFCE5DDA692DBAD671A03FEAD5A9BBDBCF3CD6D4C521"), suffix=b""
)
# Both were written with id, file data and MAC in one value.
D1 = (
    f"{BASE}?e=8DE9030262807261850FCCF5FE007E21"
    "382B4C3D68552C3A5F417F0695A3D857923764E1737AD1F80E834E46387F45DC77FE7468BBCF9DBF43B2"
    "9CA58E8D6435F908C9C0CD56E9B4B9960FE1279C5DF1"
    "DF3EF20BE7D91C8E"
)
D2 = f"{BASE}?e=4F5B914723915D456C038FE658686CD55CE7DCDEA93F5DA7AAA0AADC97485ABFFFCD8DE82AD05289"
L1 = f"{BASE}?p=07D9CA2545881D4BFDD920BE1603268C0714420DD893A497&enc=D6E921C47DB4C17C56F979F81559BB83&cmac=F9481AC7D855BDB6"
L2 = f"{BASE}?picc_data=1FCBE61B3E4CAD980CBFDD333E7A4AC4A579569BAFD22C5F&cmac=4231608BA7B02BA9"


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (0, "bb1d6929e95937287fa37d129b756746"),
        (16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (40, "dfa66747de9ae63030ca32611497c827"),
        (64, "51f0bebf7e3b9d92fc49741779363cfe"),
    ],
)
def test_v0_cmac_is_rfc_4493(length: int, expected: str) -> None:
    assert aes.cmac(bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"), RFC[:length]).hex() == expected


def test_v1_session_keys() -> None:
    key, uid = bytes.fromhex("5ACE7E50AB65D5D51FD5BF5A16B8205B"), bytes.fromhex("04C767F2066180")
    enc, mac = sun.session_keys(key, uid, 1)
    assert (enc.hex(), mac.hex()) == ("66da61797e23deca5d8eca13bbadf7a9", "3a3e8110e05311f7a3fcf0d969bf2b48")


def test_v2_an_encrypted_id_and_an_empty_cover() -> None:
    found = sun.verify(V2, TEMPLATES, [ZERO_KEY])
    assert (found.uid.hex(), found.counter, found.card_id) == ("04de5f1eacc040", 61, "nfc:04DE5F1EACC040")
    _, mac_key = sun.session_keys(ZERO, found.uid, 61)
    assert mac_key.hex() == "3fb5f6e3a807a03d5e3570ace393776f"
    assert aes.cmac(mac_key, b"").hex() == "e194c7ee12d9f7ee8a65c8331b704386"
    assert (
        aes.cbc_decrypt(ZERO, ZERO, bytes.fromhex("EF963FF7828658A599F3041510671E88")).hex() == "c704de5f1eacc0403d0000da5cf60941"
    )


def test_v3_encrypted_file_data_under_the_mac() -> None:
    found = sun.verify(V3, TEMPLATES, [ZERO_KEY])
    assert (found.uid.hex(), found.counter, found.file) == ("04958caa5c5e80", 8, b"x" * 16)
    enc_key, mac_key = sun.session_keys(ZERO, found.uid, 8)
    assert (enc_key.hex(), mac_key.hex()) == ("42132d669442ad43e072c8c0c9828a72", "3ed0920e5e6a0320d823d5987feafbb1")
    assert aes.block(enc_key, bytes.fromhex("08000000000000000000000000000000")).hex() == "0ad3eb2717a58332cbc8899bbecbd411"


def test_v4_keys_that_are_not_zero_and_one_value_that_holds_all() -> None:
    found = sun.verify(V4, TEMPLATES, [V4_KEY])
    assert (found.uid.hex(), found.counter) == ("041d3c8a2d6b80", 291)
    assert found.file.hex() == "4e545858716e6f5f6f42467077792d56"


def test_v5_id_and_count_in_plain() -> None:
    found = sun.verify(V5, TEMPLATES, [ZERO_KEY])
    assert (found.uid.hex(), found.counter) == ("041e3c8a2d6b80", 6)


@pytest.mark.parametrize(("counter", "mac"), [(60, "E387A5D501B8A866"), (62, "3FF600FB7F6909DC"), (16777215, "A1C2AB3FCAE5BCF9")])
def test_v6_the_same_tag_at_other_counts(counter: int, mac: str) -> None:
    uri = SunTag().uri(counter)
    assert uri.endswith(f"&c={mac}"), "the tests' own tag says what the vector says"
    assert sun.verify(uri, TEMPLATES, [ZERO_KEY]).counter == counter


@pytest.mark.parametrize(
    ("uri", "uid", "counter", "file"),
    [(D1, "04c24eda926980", 1, b"NT1" + b"x" * 49 + b"E" * 12), (D2, "047d5f2aaa6180", 2, b"CC\x04aaaaEEEEEEEEE")],
)
def test_d1_d2_keys_made_by_the_public_backends_scheme(uri: str, uid: str, counter: int, file: bytes) -> None:
    found = sun.verify(uri, TEMPLATES, [SLOTS])
    assert (found.uid.hex(), found.counter, found.file) == (uid, counter, file)


def test_an10922_and_its_paddings() -> None:
    master = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    data = bytes.fromhex("04782E21801D803042F54E585020416275")
    assert diversify.an10922(master, data).hex() == "a8dd63a3b89d54b37ca802473fda9175"
    assert diversify.an10922(master, data.ljust(31, b"\1")) == aes.cmac(master, b"\x01" + data.ljust(31, b"\1"))
    uid = bytes.fromhex("04DE5F1EACC040")
    assert ProofKey(1, "nfc", "an10922", master, ZERO).card_key(uid) == diversified(master, uid)
    for wrong in (b"", bytes(32)):
        with pytest.raises(ValueError, match="1 to 31"):
            diversify.an10922(master, wrong)


@pytest.mark.parametrize("uri", [L1, L2, L2.replace("&cmac=", "").replace("picc_data", "e")])
def test_lrp_is_refused_by_its_length(uri: str) -> None:
    assert code_of(uri) == "proof_lrp"


NEGATIVES = {
    "v3 with another mac": V3.replace("ECC1E7F6C6C73BF6", "3CC1E7F6C6C33B33"),
    "v5 with another mac": V5.replace("4B00064004B0B3D3", "AB00064004B0B3AB"),
    "v2 with its last digit changed": V2[:-1] + "7",
    "v2 with another id": V2.replace("EF96", "FE96"),
    "v3 in lower case: the mac covers the text": V3.replace("CEE9A53E", "cee9a53e"),
    "v3 without its file data": V3.replace("&enc=CEE9A53E3E463EF1F459635736738962", ""),
    "v5 at another count": V5.replace("000006", "000007"),
}
UNREADABLE = {
    "an odd number of digits": V2[:-1],
    "short": f"{BASE}?e=EF&c=94EED9EE65337086",
    "not hex": V2.replace("EF963FF7", "XF963FF7"),
    "ten kilobytes": V2 + "A" * 10_000,
    "no mac": f"{BASE}?uid=041E3C8A2D6B80&ctr=000006",
    "id in plain and sealed": V5 + "&e=EF963FF7828658A599F3041510671E88",
    "two macs": V2 + "&c=94EED9EE65337086",
    "two names for one thing": V2 + "&cmac=94EED9EE65337086",
    "an empty value": V2.replace("EF963FF7828658A599F3041510671E88", ""),
    "file data that is no whole block": V3.replace("&enc=CE", "&enc="),
    "the mac before what it covers": f"{BASE}?picc_data=FD91EC264309878BE6345CBE53BADF40&cmac=ECC1E7F6C6C73BF6&enc={'00' * 16}",
    "not ascii": V2 + "&ä=1",
    "a bulk value of a strange length": f"{BASE}?e={'AB' * 29}",
}


def code_of(uri: str, key: ProofKey = ZERO_KEY) -> str:
    with pytest.raises(ProofError) as refused:
        sun.verify(uri, TEMPLATES, [key])
    assert refused.value.hint.endswith(".")
    return refused.value.code


@pytest.mark.parametrize("name", NEGATIVES)
def test_what_does_not_hold_is_refused(name: str) -> None:
    assert code_of(NEGATIVES[name]) == "proof_wrong"


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_refused(name: str) -> None:
    assert code_of(UNREADABLE[name]) == "proof_malformed"


def test_another_key_does_not_fit() -> None:
    assert code_of(V2, V4_KEY) == "proof_wrong"
    assert code_of(V4) == "proof_wrong"


@pytest.mark.parametrize(
    "uri", ["https://shop.example/", "https://shop.example/?utm_source=tag", "tel:0123", "", f"{BASE}?&&=&x"]
)
def test_an_ordinary_address_is_no_proof(uri: str) -> None:
    assert code_of(uri) == "proof_absent"


def test_every_refusal_takes_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: each call of a cipher. Two versions of the keys are tried with whatever came."""
    calls: list[str] = []
    for name in ("cmac", "cbc_decrypt", "cbc_encrypt"):
        real = getattr(aes, name)
        monkeypatch.setattr(aes, name, lambda *a, _name=name, _real=real: calls.append(_name) or _real(*a))
    work = {}
    for name, uri in {**NEGATIVES, **UNREADABLE, "lrp": L2, "none": "https://shop.example/"}.items():
        calls.clear()
        with pytest.raises(ProofError):
            sun.verify(uri, TEMPLATES, [ZERO_KEY, V4_KEY])
        work[name] = tuple(calls)
    assert len(set(work.values())) == 1, work


def test_a_hundred_thousand_guessed_macs_are_refused() -> None:
    """Each is verified from its address on, as a card's would be."""
    guess, refused = random.Random(12196), 0
    for _ in range(100_000):
        try:
            sun.verify(f"{V2[:-16]}{guess.randbytes(8).hex().upper()}", TEMPLATES, [ZERO_KEY])
        except ProofError as error:
            refused += error.code == "proof_wrong"
    assert refused == 100_000


@settings(max_examples=300)
@given(st.text(max_size=600) | st.from_regex(r"https://a\.b\?((e|c|uid|ctr|cmac|enc|m|p)=[0-9A-F]{0,50}&?){0,6}", fullmatch=True))
def test_any_text_gives_a_verdict_and_nothing_else(text: str) -> None:
    with pytest.raises(ProofError) as refused:
        sun.verify(text, TEMPLATES, [V4_KEY])
    assert len(text) < 20 or text not in str(refused.value), "a refusal does not repeat what came"


@given(st.binary(min_size=7, max_size=7), st.integers(0, 0xFFFFFF), st.binary(min_size=16, max_size=16))
def test_what_the_tests_tag_says_is_read_back(uid: bytes, counter: int, key: bytes) -> None:
    tag = SunTag(uid, key, key)
    for uri in (tag.uri(counter), tag.plain_uri(counter)):
        found = sun.verify(uri, TEMPLATES, [V4_KEY, ProofKey(2, "nfc", "same", key, key)])
        assert (found.uid, found.counter, found.version) == (uid, counter, 2)


def test_a_template_of_ones_own() -> None:
    own = Template(starts_with="https://t.example/", picc=("x",), mac=("z",), mac_from="picc")
    tag = SunTag(counter=9, base="https://t.example/t")
    picc = tag.uri().split("?e=")[1][:32]
    good = f"https://t.example/t?x={picc}&z={tag.mac((9).to_bytes(3, 'little'), f'{picc}&z='.encode())}"
    assert sun.verify(good, [own, Template()], [ZERO_KEY]).counter == 9
    assert sun.verify(V2, [own, Template()], [ZERO_KEY]).counter == 61
    with pytest.raises(ProofError, match="proof_absent"):
        sun.verify(V2, [own], [ZERO_KEY])


@pytest.mark.parametrize(
    ("key", "test_keys", "fits"),
    [
        (ZERO_KEY, False, False),
        (ZERO_KEY, True, True),
        (V4_KEY, False, True),
        (ProofKey(1, "nfc", "same", V4_KEY.master, ZERO), False, False),
        (ProofKey(1, "nfc", "an10922", V4_KEY.master, V4_KEY.meta, b"s" * 25), False, False),
        (ProofKey(1, "nfc", "an10922", V4_KEY.master, V4_KEY.meta, b"s" * 24), False, True),
        (ProofKey(1, "nfc", "an10922", V4_KEY.master[:15], V4_KEY.meta), False, False),
        (SLOTS, False, True),
        (ProofKey(1, "nfc", "slots", bytes(32)), False, False),
        (ProofKey(1, "code", "same", bytes(32)), False, False),
        (ProofKey(1, "code", "same", b"k" * 32), False, True),
        (ProofKey(1, "code", "same", b"k" * 16), False, False),
    ],
)
def test_which_keys_are_taken(key: ProofKey, test_keys: bool, fits: bool) -> None:
    assert (what_is_wrong(key, test_keys=test_keys) is None) is fits


def test_a_tags_reference_is_the_same_in_every_store_and_not_its_id() -> None:
    one, other = sun.verify(V2, TEMPLATES, [ZERO_KEY]), sun.verify(SunTag().uri(62), TEMPLATES, [ZERO_KEY])
    assert one.tag == other.tag and len(one.tag) == 32 and one.uid.hex() not in one.tag
    assert V4_KEY.reference(one.uid) != one.tag
