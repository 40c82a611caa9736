"""`shopbell hub keys ...` on a real key file: made, handed over, rotated, retired; never shown, never open to others."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge.hub.commands import keys
from edge.hub.config import Proof
from edge.hub.proof.key_file import CurrentKeys, KeyFile
from edge.hub.proof.ring import KeyRing, ProofKey
from edge.process.clock import ManualClock, SystemClock
from edge.process.errors import OperatorError
from tests.edge.hub.proof.ceremony import Ceremony
from tests.support.brokers import secret_file
from tests.support.hub import EVIDENCE_KEY, HubBench
from tests.support.proofs import CODE_KEY, NFC_KEY, RING, code_now, maria_tag, proof_config, put_pass, showed, tapped, write_ring
from tests.support.sun_tag import SunTag, diversified

TODAY = SystemClock().now().astimezone(ZoneInfo("Europe/London")).date()


@pytest.fixture
def hub(tmp_path: Path) -> Ceremony:
    return Ceremony(tmp_path / "hub")


def test_a_key_is_made_and_never_shown(hub: Ceremony) -> None:
    made = hub.run("make")
    assert made.exit_code == 0, made.output
    [key] = hub.ring().keys
    assert (key.version, key.medium, key.scheme, key.made_on, key.origin) == (1, "nfc", "an10922", TODAY, "made")
    assert hub.file.stat().st_mode & 0o777 == 0o600
    written = hub.file.read_text().lower() + made.output + hub.run("list").output + hub.run("check").output
    for secret in (key.master, key.meta):
        assert secret.hex() not in written
    assert key.fingerprint in made.output and "version 1" in made.output


def test_two_makings_give_two_keys(hub: Ceremony, tmp_path: Path) -> None:
    other = Ceremony(tmp_path / "other")
    hub.run("make"), other.run("make")
    assert hub.ring().keys[0].master != other.ring().keys[0].master
    again = hub.run("make")
    assert again.exit_code == 2 and "keys_exist" in again.output and "rotate" in again.output


def test_a_hand_over_file_brings_the_key_to_another_hub(hub: Ceremony, tmp_path: Path) -> None:
    paper = tmp_path / "for-the-card-maker.toml"
    assert hub.run("make", "--hand-over", str(paper)).exit_code == 0
    assert paper.stat().st_mode & 0o777 == 0o600
    second = Ceremony(tmp_path / "second", evidence_key=bytes(range(5, 37)))
    assert second.run("import", str(paper)).exit_code == 0
    assert "was here already" in second.run("import", str(paper)).output
    [mine], [theirs] = hub.ring().keys, second.ring().keys
    assert mine.fingerprint == theirs.fingerprint and theirs.origin == "imported"
    uid = maria_tag().uid
    assert mine.reference(uid) == theirs.reference(uid), "all stores of the chain know a tag by the same reference"
    refused = hub.run("rotate", "--hand-over", str(paper))
    assert refused.exit_code == 2 and "hand_over_unwritable" in refused.output
    assert len(hub.ring().keys) == 1, "a key that could not be handed over is not kept"


def test_a_key_is_typed_at_a_prompt_that_shows_nothing(tmp_path: Path) -> None:
    hub = Ceremony(tmp_path)
    command = [sys.executable, "-m", "edge.hub", "keys", "import", "--scheme", "same", "--config", hub.config]
    person, terminal = os.openpty()
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True) as process:
        seen = b""
        for typed in (b"B62A9BAF092439BD43C62AEE96B970C5\n", b"42AFF114F2CB3B6141BE6DC95DFC5416\n"):
            seen += read_until(person, b"(not shown): ")
            os.write(person, typed)
        seen += read_until(person, b"fingerprint")
        assert process.wait(30) == 0
    os.close(terminal)
    os.close(person)
    assert b"B62A" not in seen and b"42AF" not in seen
    assert hub.ring().keys[0].master.hex() == "b62a9baf092439bd43c62aee96b970c5"


def read_until(person: int, text: bytes) -> bytes:
    """What the terminal shows, until it shows `text`."""
    seen = b""
    while text not in seen:
        assert select.select([person], [], [], 30)[0], f"never shown: {text!r}; but {seen!r}"
        seen += os.read(person, 1000)
    return seen


def test_a_key_comes_through_a_pipe(hub: Ceremony) -> None:
    result = hub.run("import --scheme same", typed="B62A9BAF092439BD43C62AEE96B970C5\n42AFF114F2CB3B6141BE6DC95DFC5416\n")
    assert result.exit_code == 0, result.output
    assert "B62A" not in result.output
    assert hub.ring().keys[0].master.hex() == "b62a9baf092439bd43c62aee96b970c5"


@pytest.mark.parametrize(
    ("words", "typed", "code"),
    [
        ("import", "00" * 16 + "\n" + "00" * 16 + "\n", "proof_key_unfit"),
        ("import", "zz\nzz\n", "key_malformed"),
        ("import", "00\n00\n", "proof_key_unfit"),
        ("import --medium code", "ab" * 16 + "\n", "proof_key_unfit"),
        ("import", "", "answer_missing"),
        ("import nowhere.toml", None, "hand_over_missing"),
        ("import .", None, "Invalid value for '[FILE]'"),
        ("make --suffix xyz", None, "key_malformed"),
        ("rotate", None, "keys_missing"),
        ("retire 7", None, "key_version_unknown"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(hub: Ceremony, words: str, typed: str | None, code: str) -> None:
    result = hub.run(words, typed=typed)
    assert result.exit_code == 2 and code in result.output
    assert "  -> " in result.output or result.output.startswith("Usage: ")
    assert "Traceback" not in result.output and not hub.file.exists()


@pytest.mark.parametrize("mangled", ["", "{", "[]", '{"format":"x","keys":[]}', "medium = 1"])
def test_a_damaged_file_is_refused_with_a_sentence(hub: Ceremony, tmp_path: Path, mangled: str) -> None:
    write_ring(hub.file, RING)
    hub.file.write_text(mangled)
    assert "proof_keys_malformed" in hub.run("list").output
    paper = Path(secret_file(tmp_path / "paper", mangled or "x"))
    assert "key_malformed" in hub.run("import", str(paper)).output
    paper.write_bytes(os.urandom(1000))
    assert "key_malformed" in hub.run("import", str(paper)).output


def test_nobody_at_the_prompt(tmp_path: Path) -> None:
    """As from cron, where a prompt would warn that it cannot hide what nobody types."""
    hub = Ceremony(tmp_path)
    command = [sys.executable, "-m", "edge.hub", "keys", "import", "--config", hub.config]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, start_new_session=True)
    assert result.returncode == 2 and "answer_missing" in result.stderr
    assert result.stderr.startswith("answer_missing"), result.stderr


def test_a_key_file_is_worth_nothing_without_the_evidence_key(hub: Ceremony, tmp_path: Path) -> None:
    hub.run("make")
    thief = Ceremony(tmp_path / "thief", evidence_key=bytes(32))
    thief.file.write_bytes(hub.file.read_bytes())
    thief.file.chmod(0o600)
    assert "proof_keys_unopened" in thief.run("list").output
    hub.file.write_text(re.sub(r'"version":\s*1', '"version": 2', hub.file.read_text()))
    assert "proof_keys_unopened" in hub.run("list").output, "what stands in the open cannot be changed either"


def test_an_open_file_is_refused(hub: Ceremony, tmp_path: Path) -> None:
    hub.run("make")
    hub.file.chmod(0o644)
    assert "proof_keys_too_open" in hub.run("check").output
    paper = tmp_path / "paper"
    paper.write_text("medium")
    paper.chmod(0o644)
    assert "secret_too_open" in hub.run("import", str(paper)).output


def test_keys_of_zeros_only_in_a_test(tmp_path: Path) -> None:
    test = Ceremony(tmp_path / "test", more="test_keys = true")
    zeros = "00" * 16 + "\n"
    assert test.run("import --scheme same", typed=zeros + zeros).exit_code == 0
    real = Ceremony(tmp_path / "real")
    real.file.write_bytes(test.file.read_bytes())
    real.file.chmod(0o600)
    assert "proof_key_unfit" in real.run("check").output, "nor is such a file taken over into a shop"


def test_check_says_what_there_is_and_tries_a_card(hub: Ceremony) -> None:
    empty = hub.run("check")
    assert empty.exit_code == 1 and "no key yet" in empty.output
    hub.run("make")
    [key] = hub.ring().keys
    uid = bytes.fromhex("04A2B3C4D5E6F7")
    card = SunTag(uid, diversified(key.master, uid), key.meta, counter=41)
    tried = hub.run("check --try", typed=card.read() + "\n")
    assert tried.exit_code == 0 and "version 1 fits; the card has been read 42 times" in tried.output
    assert uid.hex().upper() not in tried.output
    refused = hub.run("check --try", typed="https://a.b/?e=00&c=00\n")
    assert refused.exit_code == 2 and "proof_malformed" in refused.output


def test_rotation_without_a_card_issued_anew(tmp_path: Path) -> None:
    """An old card goes on, a new one has the new version, and the hub learns which is which at their next tap."""
    hub = Ceremony(tmp_path)
    hub.run("make")
    bench = HubBench(tmp_path / "data", proof=Proof(keys_file=str(hub.file)))
    bench.clock.jump((SystemClock().now() - bench.clock.now()).total_seconds())
    bench.put_maria()
    old = maria_tag(key=hub.ring().keys[0])
    assert greeted(bench, old) == "proven"
    assert hub.run("rotate").exit_code == 0
    new_key = hub.ring().keys[1]
    new = SunTag(bytes.fromhex("04C0FFEE112233"), diversified(new_key.master, bytes.fromhex("04C0FFEE112233")), new_key.meta)
    assert greeted(bench, old) == "proven", "the running hub holds both"
    assert greeted(bench, new) == "proven"
    assert sorted(row["version"] for row in bench.rows("tags")) == [1, 2]
    listed = hub.run("list").output
    assert re.search(r"nfc +1 +an10922 +\w{12} +\S+ +made, in use +1 ", listed), listed
    asked = hub.run("retire 1 --report").output
    assert "1 cards are known to hold nfc version 1; their proofs will be refused" in asked
    assert hub.ring().keys[0].retires_on is None
    tomorrow = TODAY + timedelta(days=1)
    assert f"is refused from {tomorrow} on; 1 of this medium stay in use" in hub.run(f"retire 1 --on {tomorrow}").output
    assert greeted(bench, old) == "proven", "until that day"
    assert hub.run("retire 1").exit_code == 0
    assert greeted(bench, old) == "plain"
    undone = hub.run("retire 1 --not-after-all").output
    assert "their proofs go on to hold" in undone and "version 1 is not retired; 2 of this medium stay in use" in undone
    assert greeted(bench, old) == "proven"
    bench.close()


def greeted(bench: HubBench, tag: SunTag) -> str | None:
    with bench.hub.store.file.write() as connection:
        bench.hub.store.members.put_card(connection, tag.card_id, "m-maria")
    [result] = bench.take(tapped(bench, tag.read(), card_id=tag.card_id))
    return None if result.greeting is None else result.greeting.assurance


def test_retirement_counts_who_was_not_here(tmp_path: Path) -> None:
    hub = Ceremony(tmp_path)
    write_ring(hub.file, RING)
    bench = HubBench(tmp_path / "data", proof=proof_config(tmp_path))
    bench.clock.jump((SystemClock().now() - timedelta(days=91) - bench.clock.now()).total_seconds())
    bench.put_maria()
    assert greeted(bench, maria_tag()) == "proven"
    with bench.hub.store.file.write() as connection:
        bench.hub.store.members.put_card(connection, "nfc:04999999999999", "m-maria", provable=True)
    said = hub.run("retire 1 --report").output
    assert "1 of them were last here more than 90 days ago" in said and "1 registered cards have not shown a proof" in said
    bench.close()


def test_a_running_hub_keeps_its_keys_when_the_file_is_spoiled(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    write_ring(file, RING)
    troubles: list[OperatorError | None] = []
    current = CurrentKeys(KeyFile(file, EVIDENCE_KEY), troubles.append)
    file.write_text("{")
    file.chmod(0o600)
    assert current() == RING and current() == RING
    assert [None if error is None else error.code for error in troubles] == ["proof_keys_malformed"]
    write_ring(file, KeyRing((NFC_KEY,)))
    assert current() == KeyRing((NFC_KEY,)) and troubles[-1] is None


def test_a_spoiled_file_shows_in_the_hubs_health(tmp_path: Path) -> None:
    bench = HubBench(tmp_path / "hub", proof=proof_config(tmp_path))
    bench.put_maria()
    (tmp_path / "proof-keys.json").write_text("{")
    assert greeted(bench, maria_tag()) == "proven"
    report = bench.hub.health.report()
    assert [part.code for part in report.parts if part.code == "proof_keys_malformed"]
    bench.close()


def ill(bench: HubBench) -> list[tuple[str, str]]:
    return [(part.code, part.hint) for part in bench.hub.health.report().parts if part.part == "proof keys" and not part.well]


def test_a_key_file_that_is_gone_leaves_the_keys_and_shows_in_health(tmp_path: Path) -> None:
    bench = HubBench(tmp_path / "hub", proof=proof_config(tmp_path))
    bench.put_maria()
    assert ill(bench) == []
    (tmp_path / "proof-keys.json").unlink()
    bench.later(1)
    [(code, hint)] = ill(bench)
    assert code == "proof_keys_missing" and "goes on with what it held" in hint and "backup" in hint
    assert greeted(bench, maria_tag()) == "proven"
    write_ring(tmp_path / "proof-keys.json", KeyRing())
    bench.later(1)
    assert ill(bench)[0][0] == "proof_keys_missing" and greeted(bench, maria_tag(1)) == "proven", "nor does an empty one"
    write_ring(tmp_path / "proof-keys.json", RING)
    bench.later(1)
    assert ill(bench) == []
    bench.close()


def test_a_hub_that_starts_without_its_keys_says_so(tmp_path: Path) -> None:
    bench = HubBench(tmp_path / "hub", proof=Proof(keys_file=str(tmp_path / "proof-keys.json")))
    [(code, hint)] = ill(bench)
    assert code == "proof_keys_missing" and "make or import" in hint and "goes on" not in hint
    write_ring(tmp_path / "proof-keys.json", RING)
    bench.later(1)
    assert ill(bench) == []
    bench.close()


def test_a_version_number_is_never_given_twice(hub: Ceremony, tmp_path: Path) -> None:
    hub.run("make")
    paper = Path(secret_file(tmp_path / "paper", "x"))
    paper.write_text(f'medium = "nfc"\nscheme = "same"\nversion = 1\nmaster = "{"ab" * 16}"\nmeta = "{"cd" * 16}"\n')
    assert "key_version_taken" in hub.run("import", str(paper)).output
    paper.write_text(paper.read_text().replace("version = 1\n", ""))
    assert hub.run("import", str(paper)).exit_code == 0
    assert [key.version for key in hub.ring().keys] == [1, 2]


def test_keys_for_members_codes(hub: Ceremony) -> None:
    assert hub.run("make --medium code").exit_code == 0
    assert hub.run("rotate --medium code").exit_code == 0
    assert [(key.medium, key.version, len(key.master)) for key in hub.ring().keys] == [("code", 1, 32), ("code", 2, 32)]
    assert isinstance(hub.ring().usable("code", date(2026, 1, 1))[0], ProofKey)
    assert hub.ring().usable("nfc", TODAY) == ()


@pytest.mark.parametrize(("zone", "hour"), [("Pacific/Auckland", 11), ("Europe/London", 24), ("America/Los_Angeles", 32)])
def test_a_version_ends_at_midnight_in_the_store(tmp_path: Path, zone: str, hour: int) -> None:
    """hour: of 20 November in UTC, at which the 21st begins there."""
    retired = KeyRing((replace(NFC_KEY, retires_on=date(2026, 11, 21)), replace(CODE_KEY, retires_on=date(2026, 11, 21))))
    bench = HubBench(tmp_path / "hub", proof=proof_config(tmp_path, retired), zone=zone)
    bench.put_maria()
    put_pass(bench)
    bench.clock.advance((hour - 9) * 3600 - 60)
    assert greeted(bench, maria_tag(1)) == "proven" and greeted_code(bench) == "proven"
    bench.clock.advance(60)
    assert greeted(bench, maria_tag(2)) == "plain" and greeted_code(bench) == "plain"
    bench.close()


def greeted_code(bench: HubBench) -> str | None:
    [result] = bench.take(showed(bench, code_now(bench)))
    return None if result.greeting is None else result.greeting.assurance


def test_the_command_counts_days_as_the_store_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()
    clock.advance(2 * 3600)  # 11:00 on the 20th in UTC, midnight in Auckland
    monkeypatch.setattr(keys, "SystemClock", lambda: clock)
    hub = Ceremony(tmp_path / "hub", top='timezone = "Pacific/Auckland"')
    assert hub.run("make").exit_code == 0
    assert hub.ring().keys[0].made_on == date(2026, 11, 21)
    assert "is refused from 2026-11-21 on" in hub.run("retire 1").output
