"""Who made an image: minisign's format against a published signature, and nothing that was changed, cut or meant for others."""

from __future__ import annotations

import base64
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.errors import FrameError, MisuseError
from firmware_bridge.update.build import build_image
from firmware_bridge.update.image import ImageBad, open_image, pack, parse_image, parse_version
from firmware_bridge.update.minisign import SignatureBad, parse_public_key, public_key, sign, verify
from tests.support.board import KEY, UNIX

# Published with the minisign-verify library (README): a prehashed signature of the four bytes "test".
PUBLISHED_KEY = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
PUBLISHED = """untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1556193335\tfile:test
y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==
"""
PUBLIC = public_key(KEY)
IMAGE = build_image(UNIX, (1, 1, 0))
SIGNATURE = sign(IMAGE.data, IMAGE.comment, KEY, PUBLIC.key_id)
# Order of the group of Ed25519 (RFC 8032, 5.1).
ORDER = 2**252 + 27742317777372353535851937790883648493


def refused(data: bytes, signature: str) -> str:
    """The code with which it is refused; "" when it is taken."""
    try:
        open_image(data, signature, PUBLIC)
    except FrameError as error:
        return error.code
    return ""


def test_a_published_signature_holds() -> None:
    assert verify(b"test", PUBLISHED, parse_public_key(PUBLISHED_KEY)) == "timestamp:1556193335\tfile:test"
    with pytest.raises(SignatureBad, match="signature_wrong"):
        verify(b"Test", PUBLISHED, parse_public_key(PUBLISHED_KEY))


def test_a_published_public_key_reads_and_writes() -> None:
    key = parse_public_key("untrusted comment: minisign public key\n" + PUBLISHED_KEY + "\n")
    assert key.text.splitlines()[1] == PUBLISHED_KEY
    assert parse_public_key(key.text) == key


def test_what_we_sign_we_take() -> None:
    image = open_image(IMAGE.data, SIGNATURE, parse_public_key(PUBLIC.text))
    assert image == IMAGE and image.version == (1, 1, 0) and "pins.py" in image.files


def flipped_and_taken(seed: int, number: int) -> tuple[int, int]:
    """So many single-bit flips across image, signature and comments: how many were taken, how many as anything but the image
    that was signed. A flip in the words that minisign itself calls untrusted changes nothing that is signed."""
    draw, taken, wrong = random.Random(seed), 0, 0
    for _ in range(number):
        data, signature = bytearray(IMAGE.data), bytearray(SIGNATURE.encode())
        target = data if draw.random() < 0.5 else signature
        target[draw.randrange(len(target))] ^= 1 << draw.randrange(8)
        try:
            image = open_image(bytes(data), signature.decode("latin-1"), PUBLIC)
        except FrameError:
            continue
        taken += 1
        untrusted = signature.decode("latin-1").split("\n")[1:] == SIGNATURE.split("\n")[1:]
        wrong += image != IMAGE or not untrusted
    return taken, wrong


def cut_short_and_taken(number: int) -> int:
    """So many truncations of the image, and as many of the signature: how many were taken, or refused for another reason."""
    taken = 0
    for step in range(number):
        data, signature = IMAGE.data[: len(IMAGE.data) * step // number], SIGNATURE[: (len(SIGNATURE) - 1) * step // number]
        taken += refused(data, SIGNATURE) != "signature_wrong"
        taken += refused(IMAGE.data, signature) != "signature_format"
    return taken


def test_a_thousand_single_bit_flips() -> None:
    taken, wrong = flipped_and_taken(1000, 1000)
    assert taken < 150 and wrong == 0


def test_two_hundred_truncations() -> None:
    assert cut_short_and_taken(200) == 0


def test_another_key() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    assert refused(IMAGE.data, sign(IMAGE.data, IMAGE.comment, other, public_key(other).key_id)) == "signature_key"
    # The same number on it does not help.
    assert refused(IMAGE.data, sign(IMAGE.data, IMAGE.comment, other, PUBLIC.key_id)) == "signature_wrong"


def test_a_signature_of_the_file_itself_is_not_taken() -> None:
    """minisign's old kind, without the hash, is marked Ed."""
    lines = SIGNATURE.split("\n")
    raw = base64.b64decode(lines[1])
    lines[1] = base64.b64encode(b"Ed" + raw[2:10] + KEY.sign(IMAGE.data)).decode()
    assert refused(IMAGE.data, "\n".join(lines)) == "signature_format"


@pytest.mark.parametrize("line", [1, 3])
def test_a_number_beyond_the_order_is_refused(line: int) -> None:
    """S + order is the same point; a verifier that takes it lets anybody make a second signature out of one."""
    lines = SIGNATURE.split("\n")
    raw = base64.b64decode(lines[line])
    second = int.from_bytes(raw[-32:], "little") + ORDER
    lines[line] = base64.b64encode(raw[:-32] + second.to_bytes(32, "little")).decode()
    assert refused(IMAGE.data, "\n".join(lines)) == "signature_wrong"


def test_a_comment_signed_for_another_image() -> None:
    for comment in (IMAGE.comment.replace("1.1.0", "9.1.0"), IMAGE.comment + " expiry=never", "", "x"):
        assert refused(IMAGE.data, sign(IMAGE.data, comment, KEY, PUBLIC.key_id)) == "image_comment"


@given(st.binary(max_size=300))
def test_only_frame_error_comes_out_of_any_image(data: bytes) -> None:
    for candidate in (data, IMAGE.data[:80] + data, IMAGE.data + data):
        try:
            parse_image(candidate)
        except FrameError as error:
            assert error.code == "image_format"
        else:
            assert candidate == IMAGE.data


@given(st.text(max_size=300))
def test_only_signature_bad_comes_out_of_any_text(text: str) -> None:
    for candidate in (text, SIGNATURE + text, text + SIGNATURE):
        try:
            verify(IMAGE.data, candidate, PUBLIC)
        except SignatureBad:
            continue
        assert candidate == SIGNATURE
    with pytest.raises(SignatureBad):
        parse_public_key(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"shopbell-board-image 1", b"shopbell-board-image 2"),
        (b"product shopbell-reader", b"product ../reader"),
        (b"floor 1.0.0", b"floor 1.2.0"),
        (b"version 1.1.0", b"version 1.1.300"),
        (b"version 1.1.0", b"version 01.1.0"),
        (b"files 10", b"files 9"),
        (b"files 10", b"files 99"),
        (b"app.py", b"../a.py"),
        (b"app.py", b"App.py"),
        (b"chip.py", b"app.py"),
    ],
)
def test_an_image_is_exactly_one(old: bytes, new: bytes) -> None:
    with pytest.raises(ImageBad):
        parse_image(IMAGE.data.replace(old, new, 1))


def test_what_cannot_be_read_back_is_not_made() -> None:
    with pytest.raises(MisuseError):
        pack("shopbell-reader", UNIX, (1, 0, 0), (1, 0, 0), {"../up.py": b""})
    with pytest.raises(MisuseError):
        pack("shopbell-reader", UNIX, (1, 0, 0), (1, 0, 0), {"big.py": bytes(300_000)})
    with pytest.raises(MisuseError):
        build_image("abacus")
    with pytest.raises(MisuseError):
        parse_version("1.2")
