"""What the control socket understands, and how it says no."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.simulator.kinds import card_with
from firmware_bridge.simulator.request_line import LONGEST_LINE, parse_request
from firmware_bridge.simulator.requests import FAULTS, Break, Play, Present, Remove, RequestError, Status
from firmware_bridge.simulator.script import MOST_STEPS, parse_script

SEVEN = "04A2B3C4D5E6F7"


def parsed(request: object) -> Any:
    return parse_request(json.dumps(request).encode())


def refused(request: object) -> RequestError:
    line = request if isinstance(request, bytes) else json.dumps(request).encode()
    with pytest.raises(RequestError) as caught:
        parse_request(line)
    assert caught.value.hint
    assert caught.value.tried
    return caught.value


@pytest.mark.parametrize(
    ("uid", "hex_id"),
    [
        (SEVEN, SEVEN),
        ("04a2b3c4d5e6f7", SEVEN),
        ("04 A2 B3 C4 D5 E6 F7", SEVEN),
        ("04:a2:b3:c4:d5:e6:f7", SEVEN),
        ("11223344", "11223344"),
        ("08AABBCC", "08AABBCC"),
        ("04112233445566778899", "04112233445566778899"),
    ],
)
def test_ids(uid: str, hex_id: str) -> None:
    (card,) = parsed({"present": {"uid": uid}}).cards
    assert card.uid.hex().upper() == hex_id


@pytest.mark.parametrize(
    ("given", "hold_s"),
    [({}, 0.6), ({"hold_s": 5}, 5.0), ({"hold_s": 0.05}, 0.05), ({"hold_s": None}, None), ({"hold_s": 86400}, 86400.0)],
)
def test_how_long(given: dict[str, object], hold_s: float | None) -> None:
    assert parsed({"present": {"uid": SEVEN}, **given}).hold_s == hold_s


def test_other_requests() -> None:
    assert parsed({"present": {"phone": True}}) == Present(())
    assert len(parsed({"present": {"uids": [SEVEN, "11223344"]}}).cards) == 2
    assert parsed({"remove": {}}) == Remove()
    assert parsed({"remove": {"uid": "11223344"}}) == Remove(bytes.fromhex("11223344"))
    assert parsed({"status": {}}) == Status()
    assert isinstance(parsed({"script": "phone"}), Play)


@pytest.mark.parametrize("fault", FAULTS)
def test_faults(fault: str) -> None:
    assert parsed({"fault": fault}) == Break(fault)  # type: ignore[arg-type]  # parametrised text
    assert parsed({"fault": fault, "seconds": 2}) == Break(fault, 2.0)  # type: ignore[arg-type]  # parametrised text


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "bad_json"),
        (b"hello", "bad_json"),
        (b"\xff\xfe", "bad_json"),
        (b"[1, 2]", "bad_json"),
        (b"null", "bad_json"),
        (b"7", "bad_json"),
        (b'"present"', "bad_json"),
        (b'{"present": ', "bad_json"),
        (b"[" * 4000, "bad_json"),
        (b" " * (LONGEST_LINE + 1), "line_too_long"),
        (b"{}", "unknown_verb"),
        (b'{"dance": {}}', "unknown_verb"),
        (b'{"present": {"uid": "11223344"}, "remove": {}}', "unknown_verb"),
        (b'{"present": {"uid": "11223344"}, "colour": 1}', "unknown_verb"),
    ],
)
def test_lines_that_are_no_request(line: bytes, code: str) -> None:
    assert refused(line).code == code


@pytest.mark.parametrize(
    "uid", ["", "xyz", "04A2B3C4D5E6FG", 4, None, [], {}, True, "0x11223344", "11-22-33-44", "１１２２３３４４"]
)
def test_ids_that_are_no_hex(uid: object) -> None:
    assert refused({"present": {"uid": uid}}).code == "bad_uid_hex"


@pytest.mark.parametrize("digits", [1, 2, 7, 9, 10, 12, 13, 15, 16, 19, 21, 40])
def test_ids_of_the_wrong_length(digits: int) -> None:
    assert refused({"present": {"uid": "1" * digits}}).code == "bad_uid_length"


def test_an_id_no_card_has() -> None:
    assert refused({"present": {"uid": "88112233"}}).code == "bad_uid"


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        "04",
        [],
        {},
        {"uids": []},
        {"uids": "11223344"},
        {"uids": ["11223344"] * 5},
        {"uid": "11223344", "uids": []},
        {"phone": False},
        {"phone": 1},
        {"phone": True, "colour": 1},
    ],
)
def test_presents_that_are_none(value: object) -> None:
    assert refused({"present": value}).code in ("bad_request", "bad_uid_hex")


@pytest.mark.parametrize("seconds", [0, -1, "1", True, [], {}, 86401, 1e308, float("inf"), float("nan")])
def test_times_that_are_none(seconds: object) -> None:
    assert refused({"present": {"uid": SEVEN}, "hold_s": seconds}).code == "bad_seconds"
    assert refused({"fault": "silence", "seconds": seconds}).code == "bad_seconds"


@pytest.mark.parametrize("fault", ["", "fire", None, 1, [], {}, ["noise"]])
def test_faults_that_are_none(fault: object) -> None:
    assert refused({"fault": fault}).code == "unknown_fault"


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_line_is_understood_or_refused(line: bytes) -> None:
    try:
        parse_request(line)
    except RequestError as error:
        assert error.code in str(error)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.sampled_from([SEVEN, "11223344", "noise", "phone 2"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["uid", "uids", "phone", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["present", "remove", "fault", "script", "status", "hold_s", "seconds"]), json_values, max_size=3
    )
)
def test_any_object_is_understood_or_refused(request: dict[str, object]) -> None:
    try:
        parsed(request)
    except RequestError as error:
        assert error.hint


# -- scripts


def test_a_script() -> None:
    steps = parse_script(
        f"present {SEVEN} 2; wait 1.5\n phone ;wait 0.5; present {SEVEN}+11223344; "
        "noise; silence 3; hangup 2; remove; remove 11223344"
    )
    assert [moment for moment, _ in steps] == [0.0, 1.5, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    kinds = [step for _, step in steps]
    assert isinstance(kinds[0], Present)
    assert kinds[0].hold_s == 2.0
    assert kinds[1] == Present((), 0.6)
    assert isinstance(kinds[2], Present)
    assert len(kinds[2].cards) == 2
    assert kinds[3:] == [Break("noise"), Break("silence", 3.0), Break("hangup", 2.0), Remove(), Remove(bytes.fromhex("11223344"))]


def test_a_script_in_the_words_of_the_issue() -> None:
    first, second = parse_script(f"at 0.5 s card {SEVEN}, at 2 s noise")
    assert first == (0.5, Present((card_with(bytes.fromhex(SEVEN)),), 0.6)) and second == (2.0, Break("noise"))


@pytest.mark.parametrize(
    ("natural", "short"),
    [
        (f"card {SEVEN} for 2 s", f"present {SEVEN} 2"),
        (f"card {SEVEN} 2s,\nwait 1.5 s, silence for 3 s", f"present {SEVEN} 2; wait 1.5; silence 3"),
        (f"at 1 s card {SEVEN} and 11223344 for 2 s", f"at 1; present {SEVEN}+11223344 2"),
        ("at 1 s, phone, at 2s wallet apple 3 s, at 9 remove,", "at 1; phone; at 2; wallet apple 3; at 9; remove"),
        (f"card ntag213@{SEVEN}=https://a.b/c,d for 1 s", f"present ntag213@{SEVEN}=https://a.b/c,d 1"),
    ],
)
def test_natural_words_mean_the_same(natural: str, short: str) -> None:
    assert parse_script(natural) == parse_script(short)


def test_a_script_by_the_clock_and_with_kinds_of_cards() -> None:
    steps = parse_script(
        f"at 0.5; present {SEVEN}; at 2; noise; wait 1; wallet apple 2; at 3; present type4@{SEVEN}=https://a.b/c 1"
    )
    assert [moment for moment, _ in steps] == [0.5, 2.0, 3.0, 3.0]
    assert steps[2][1] == Present((), 2.0, "apple")
    last = steps[3][1]
    assert isinstance(last, Present)
    assert (last.cards[0].uid.hex().upper(), last.hold_s) == (SEVEN, 1.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";;",
        "dance",
        "present",
        "present 04zz",
        "present 11",
        "present 11223344 x",
        "present 11223344 1 2",
        "wait x",
        "wait -1",
        "wait 0",
        "wait 1e9",
        "at",
        "at x",
        "at 2; noise; at 1",
        "wait 3; at 2; noise",
        "wallet samsung",
        "wallet",
        "present ntag213@11223344",
        "present sun:00@04A2B3C4D5E6F7",
        "phone soon",
        "noise loud",
        "remove a b",
        "remove zz",
        "present 11223344+11223344+11223344+11223344+11223344",
        "wait 99999; noise",
        7,
        None,
        ["noise"],
        "phone;" * (MOST_STEPS + 1),
    ],
)
def test_scripts_that_are_none(text: object) -> None:
    with pytest.raises(RequestError) as caught:
        parse_script(text)
    assert caught.value.code in ("bad_script", "bad_uid_hex", "bad_uid_length", "bad_card", "bad_wallet")


@settings(deadline=None)
@given(
    st.text(max_size=120)
    | st.lists(
        st.sampled_from(
            ["present", "card", SEVEN, "and", "at", "wait", "for", "1", "s", ";", ",", "noise", "+", "phone", "remove"]
        )
    ).map(" ".join)
)
def test_any_script_is_understood_or_refused(text: str) -> None:
    try:
        moments = [moment for moment, _ in parse_script(text)]
    except RequestError:
        return
    assert moments == sorted(moments)
