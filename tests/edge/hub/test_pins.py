from __future__ import annotations

from edge.hub.pins import hash_pin, pin_fits


def test_a_pin_fits_its_own_hash_alone() -> None:
    kept = hash_pin("246810")
    assert pin_fits(kept, "246810")
    assert not pin_fits(kept, "246811")
    assert not pin_fits(hash_pin("x" * 64), "")


def test_the_hash_is_salted_argon2id_with_costs() -> None:
    one, two = hash_pin("246810"), hash_pin("246810")
    assert one != two
    assert one.startswith("$argon2id$v=19$m=32768,t=3,p=1$")
    assert "246810" not in one


def test_nobody_has_no_pin() -> None:
    assert not pin_fits(None, "nobody")
    assert not pin_fits("not a hash", "246810")
