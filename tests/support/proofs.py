"""Keys for cards and members' codes, and a hub that holds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge.contracts.arrival import Arrival
from edge.contracts.card_id import card_token
from edge.contracts.sealed import Evidence, public_key_of, seal
from edge.hub.config import Proof
from edge.hub.proof.key_file import KeyFile
from edge.hub.proof.ring import KeyRing, ProofKey
from edge.hub.proof.rotating import code_for, step_of
from tests.support.hub import CARD_KEY, DOOR, EVIDENCE_KEY, MARIA, HubBench
from tests.support.sun_tag import SunTag, diversified

MASTER, META, CODE_MASTER = bytes(range(16, 32)), bytes(range(32, 48)), bytes(range(64, 96))
NFC_KEY = ProofKey(1, "nfc", "an10922", MASTER, META)
CODE_KEY = ProofKey(1, "code", "same", CODE_MASTER, suffix=b"")
RING = KeyRing((NFC_KEY, CODE_KEY))
MARIA_UID = bytes.fromhex("04A2B3C4D5E6F7")
HANDLE = "00112233445566778899"


def proof_config(folder: Path, ring: KeyRing = RING) -> Proof:
    """A key file with these keys, and the configuration that names it."""
    write_ring(folder / "proof-keys.json", ring)
    return Proof(keys_file=str(folder / "proof-keys.json"))


def write_ring(path: Path, ring: KeyRing) -> None:
    with KeyFile(path, EVIDENCE_KEY).changing() as write:
        write(ring)


def maria_tag(counter: int = 0, key: ProofKey = NFC_KEY) -> SunTag:
    """Maria's card, written with a key of its own."""
    return SunTag(MARIA_UID, diversified(key.master, MARIA_UID), key.meta, counter)


def tapped(bench: HubBench, uri: str | None, *, door: str = DOOR, card_id: str | None = None, **changes: Any) -> Arrival:
    """Maria's card at a door whose directory knows it. card_id: another one, as its reader saw it."""
    arrival_id = changes.pop("arrival_id", f"arrival-{bench.arrivals_made + 1}")
    seen = card_id or maria_tag().card_id
    proof = None if uri is None else f"uri:{uri}"
    fields: dict[str, Any] = {
        "arrival_id": arrival_id,
        "source": f"{bench.store}/kiosk/{door}",
        "card_token": card_token(CARD_KEY, seen),
        "evidence": None if proof is None else seal(Evidence(seen, proof), public_key_of(EVIDENCE_KEY), arrival_id),
    }
    return bench.arrival(**(fields | changes))


def showed(bench: HubBench, text: str, *, door: str = DOOR, card_id: str | None = None, **changes: Any) -> Arrival:
    """A member's pass before the camera of a kiosk that knows nothing of rotating codes: it sends the text as it was read."""
    fields: dict[str, Any] = {"source": f"{bench.store}/kiosk/{door}"}
    return bench.stranger(card_id or f"code:{text}", f"code:{text}", **(fields | changes))


def code_now(bench: HubBench, steps: int = 0, handle: str = HANDLE, key: ProofKey = CODE_KEY) -> str:
    """What the pass shows; steps: how many half-minutes its clock is ahead."""
    return code_for(key, handle, step_of(bench.clock.now()) + steps).text


def put_pass(bench: HubBench, member: str = MARIA, handle: str = HANDLE) -> None:
    with bench.hub.store.file.write() as connection:
        bench.hub.store.members.put_card(connection, f"code:sbq1.{handle}", member)
