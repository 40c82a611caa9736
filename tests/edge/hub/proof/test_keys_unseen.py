"""No key in a repr, in what a command says, or in what it complains about."""

from __future__ import annotations

import base64
import dataclasses
import importlib
import inspect
import pkgutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result

import edge.hub.proof
from edge.broker import config as broker_config
from edge.broker.config import Identity
from edge.broker.rights import Rights
from edge.hub import config as hub_config
from edge.hub.config import Secrets
from edge.hub.proof import ceremony, key_file
from edge.hub.proof.ceremony import HandOver
from edge.hub.proof.key_file import KeyFile
from edge.hub.proof.ring import KeyRing, ProofKey
from tests.edge.hub.proof.ceremony import Ceremony
from tests.support.brokers import secret_file
from tests.support.hub import EVIDENCE_KEY
from tests.support.sun_tag import SunTag

MASTER, META = bytes.fromhex("b62a9baf092439bd43c62aee96b970c5"), bytes.fromhex("42aff114f2cb3b6141be6dc95dfc5416")
KEY = ProofKey(1, "nfc", "same", MASTER, META)
WORD = "a-word-nobody-may-see"
# Every class that holds a key or a password, and one of it.
HOLDERS: dict[str, Any] = {
    "ProofKey": KEY,
    "HandOver": HandOver(medium="nfc", scheme="same", master=MASTER.hex(), meta=META.hex()),
    "_Secret": key_file._Secret(MASTER.hex(), META.hex()),
    "Secrets": Secrets(MASTER, META, WORD, WORD, {WORD: "door-1"}),
    "Identity": Identity("main-street.hub.hub", WORD, Rights([], [])),
}
SECRET_FIELDS = {"master", "meta", "card_key", "evidence_key", "password", "broker_password", "hq_token", "kiosk_tokens"}


def fields_of(cls: type) -> set[str]:
    if dataclasses.is_dataclass(cls):
        return {field.name for field in dataclasses.fields(cls)}
    return set(cls.__struct_fields__) if issubclass(cls, msgspec.Struct) else set()


def test_nothing_else_holds_one() -> None:
    names = [f"edge.hub.proof.{module.name}" for module in pkgutil.iter_modules(edge.hub.proof.__path__)]
    modules = [*map(importlib.import_module, names), hub_config, broker_config]
    classes = {cls for module in modules for cls in vars(module).values() if inspect.isclass(cls)}
    assert {cls.__name__ for cls in classes if fields_of(cls) & SECRET_FIELDS} == set(HOLDERS)


@pytest.mark.parametrize("name", HOLDERS)
def test_no_key_in_a_repr(name: str) -> None:
    holder = HOLDERS[name]
    shown = [repr(holder), repr([holder]), f"{holder}", repr(KeyRing((KEY,)))]
    rich = getattr(holder, "__rich_repr__", None)
    if rich is not None:
        shown.append(repr(list(rich())))
    assert WORD not in repr(shown) and leaks(repr(shown), [MASTER, META]) == []


def leaks(text: str, keys: list[bytes]) -> list[str]:
    """Four bytes in a row of any key, as hex, as Python writes bytes, or its base64."""
    lower = text.lower()
    found = [key.hex()[at : at + 8] for key in keys for at in range(2 * len(key) - 7) if key.hex()[at : at + 8] in lower]
    found += [part for key in keys for at in range(len(key) - 3) if (part := repr(key[at : at + 4])[2:-1]) in text]
    return found + [part for key in keys if (part := base64.b64encode(key).decode()[:12]) in text]


def test_a_leak_would_be_found() -> None:
    for shown in (MASTER.hex(), MASTER[3:7].hex().upper(), repr(MASTER), base64.b64encode(MASTER).decode()):
        assert leaks(f"key {shown}.", [META, MASTER])
    assert KEY.fingerprint and leaks(f"fingerprint {KEY.fingerprint}", [MASTER, META]) == []


class Watched(Ceremony):
    """Writes down what every command says, and what it raises."""

    said = ""

    def run(self, *words: str, typed: str | None = None) -> Result:
        result = super().run(*words, typed=typed)
        self.said += f"$ {words}\n{result.output}{result.exception!r}\n"
        return result


def paper_with(folder: Path, name: str, text: str) -> str:
    path = Path(secret_file(folder / name, "x"))
    path.write_text(text)
    return str(path)


def test_no_command_says_a_key(tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """A life of keys: made, handed over, imported, rotated, retired, looked at, tried."""
    hub, second = Watched(tmp_path / "hub"), Watched(tmp_path / "second", evidence_key=bytes(range(5, 37)))
    papers = [str(tmp_path / f"paper-{number}") for number in range(3)]
    good = [
        hub.run("make", "--hand-over", papers[0]),
        hub.run("make", "--medium", "code", "--hand-over", papers[1]),
        hub.run("rotate", "--hand-over", papers[2]),
        *(second.run("import", paper) for paper in (*papers, papers[0])),
        second.run("import --scheme same", typed=f"{MASTER.hex()}\n{META.hex()}\n"),
        hub.run("retire 1 --report"),
        hub.run("retire 1 --on 2030-01-01"),
        hub.run("retire 1 --not-after-all"),
        hub.run("retire 2"),
        hub.run("list"),
        second.run("list"),
        hub.run("check"),
        second.run("check --try", typed=SunTag(bytes(7), MASTER, META).read() + "\n"),
    ]
    assert [result.exit_code for result in good] == [0] * len(good), hub.said + second.said
    keys = [secret for ring in (hub.ring(), second.ring()) for key in ring.keys for secret in (key.master, key.meta) if secret]
    assert len(keys) == 12 and MASTER in keys
    said = hub.said + second.said + caplog.text + "".join(capfd.readouterr())
    assert "fingerprint" in said and leaks(said, keys) == []


def test_no_complaint_says_a_key(tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """Every way in which a key cannot be taken, each with keys in what was given."""
    hub = Watched(tmp_path / "hub")
    text = ceremony.handed_over(KEY)
    bad = {
        "key_malformed": [
            hub.run("import", paper_with(tmp_path, "cut", text[: text.index("meta =") + 20])),
            hub.run("import", paper_with(tmp_path, "unknown", text + f'more = "{MASTER.hex()}"\n')),
            hub.run("import", paper_with(tmp_path, "number", text.replace('"nfc"', f'"{MASTER.hex()}"'))),
            hub.run("import", paper_with(tmp_path, "long", text.replace(MASTER.hex(), MASTER.hex() * 5))),
            hub.run("import", paper_with(tmp_path, "not-hex", text.replace(MASTER.hex(), MASTER.hex() + "x"))),
            hub.run("import --scheme same", typed=f"{MASTER.hex()}g\n{META.hex()}\n"),
        ],
        "proof_key_unfit": [
            hub.run("import", paper_with(tmp_path, "short", text.replace(MASTER.hex(), MASTER.hex()[:-2]))),
            hub.run("import --medium code", typed=f"{MASTER.hex()}\n"),
        ],
    }
    assert hub.run("import", paper_with(tmp_path, "good", text)).exit_code == 0
    bad["key_version_taken"] = [
        hub.run("import", paper_with(tmp_path, "taken", text.replace(MASTER.hex(), MASTER[::-1].hex()))),
    ]
    bad["hand_over_unwritable"] = [hub.run("rotate", "--hand-over", str(tmp_path / "good"))]
    bad["proof_wrong"] = [hub.run("check --try", typed=SunTag(bytes(7), MASTER[::-1], META).read() + "\n")]
    whole = hub.file.read_bytes()
    for code, spoil in {
        "proof_keys_malformed": lambda: hub.file.write_bytes(whole[:-40]),
        "proof_keys_unopened": lambda: hub.file.write_bytes(whole.replace(b'"version": 1', b'"version": 2')),
        "proof_keys_too_open": lambda: hub.file.chmod(0o644),
    }.items():
        spoil()
        bad[code] = [hub.run("list"), hub.run("rotate"), hub.run("retire 1")]
    for code, results in bad.items():
        for result in results:
            assert result.exit_code == 2 and code in result.output, (code, result.output)
    hub.file.chmod(0o600)
    hub.file.write_bytes(whole)
    held = [secret for key in KeyFile(hub.file, EVIDENCE_KEY).read().keys for secret in (key.master, key.meta)]
    said = hub.said + caplog.text + "".join(capfd.readouterr())
    assert leaks(said, [MASTER, META, MASTER[::-1], *held]) == []
