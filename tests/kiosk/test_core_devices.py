"""Lights and sound, on pins that do not exist; whole lists are compared, so no change can be missed or be too many."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from gpiozero.pins.mock import MockFactory

from edge.contracts.outcomes import Outcome
from edge.process.errors import OperatorError
from kiosk.devices.patterns import PATTERNS
from kiosk.devices.reset_pin import ResetPin, open_reset_pin
from kiosk.devices.signals import GpioSignals, NoSignals, open_signals

GREEN, AMBER, BUZZER = 17, 27, 22


@pytest.fixture
def factory():
    made = MockFactory()
    yield made
    made.reset()


def played(factory, cue):
    quick = {cue: replace(pattern, flash_s=0.01, beep_s=0.01) for cue, pattern in PATTERNS.items()}
    signals = GpioSignals(green=GREEN, amber=AMBER, buzzer=BUZZER, pin_factory=factory, background=False, patterns=quick)
    for pin in (GREEN, AMBER, BUZZER):
        factory.pin(pin).clear_states()
    signals.play(cue)
    states = tuple([int(state.state) for state in factory.pin(pin).states] for pin in (GREEN, AMBER, BUZZER))
    signals.close()
    return states


ON_OFF = [0, 1, 0]


@pytest.mark.parametrize(
    ("cue", "green", "amber", "buzzer"),
    [
        ("welcome", ON_OFF, [0], ON_OFF),
        ("stranger", ON_OFF, [0], ON_OFF),
        ("guest", ON_OFF, [0], [0, 1, 0, 1, 0]),
        ("repeat", ON_OFF, [0], [0]),
        ("not_today", [0], [0], [0]),
        ("blocked", [0], ON_OFF, [0]),
        ("unreadable", [0], [0, 1, 0, 1, 0], [0, 1, 0, 1, 0]),
        ("refused", [0], [0, 1, 0, 1, 0, 1, 0], [0]),
    ],
)
def test_what_is_seen_and_heard(factory, cue, green, amber, buzzer):
    assert played(factory, cue) == (green, amber, buzzer)


def test_every_outcome_has_its_pattern():
    assert set(PATTERNS) == {*get_args(Outcome), "refused"}


def test_no_cue_outlasts_a_shopper():
    for cue, pattern in PATTERNS.items():
        assert 2 * max(pattern.flashes * pattern.flash_s, pattern.beeps * pattern.beep_s) <= 4, cue


def test_a_cue_that_still_plays_is_cut_off(factory):
    signals = GpioSignals(green=GREEN, amber=AMBER, buzzer=BUZZER, pin_factory=factory)
    signals.play("welcome")
    signals.play("not_today")
    assert [factory.pin(pin).state for pin in (GREEN, AMBER, BUZZER)] == [0, 0, 0]
    signals.close()


def test_broken_pins_do_not_reach_the_shopper(factory):
    signals = GpioSignals(green=GREEN, amber=AMBER, buzzer=BUZZER, pin_factory=factory)
    signals.close()
    signals.play("welcome")


def test_a_kiosk_without_pins():
    signals = open_signals(enabled=False, pin_factory="lgpio", green=GREEN, amber=AMBER, buzzer=BUZZER)
    assert isinstance(signals, NoSignals)
    signals.play("welcome")
    signals.close()


def test_pins_that_cannot_be_had_are_said_in_words():
    with pytest.raises(OperatorError, match="signals_unavailable"):
        open_signals(enabled=True, pin_factory="pigpio", green=GREEN, amber=AMBER, buzzer=BUZZER)
    open_signals(enabled=True, pin_factory="mock", green=GREEN, amber=AMBER, buzzer=BUZZER).close()


def test_the_readers_reset_is_low_only_while_it_is_held(factory):
    pin = ResetPin(23, factory)
    states = [factory.pin(23).state]
    for hold in (True, False):
        pin.hold(hold)
        states.append(factory.pin(23).state)
    assert states == [1, 0, 1]
    pin.close()
    pin.hold(True)  # a fault of the pin does not reach the reader's thread


def test_a_reset_pin_that_cannot_be_had_is_said_in_words():
    with pytest.raises(OperatorError, match="reset_pin_unavailable"):
        open_reset_pin(23, "pigpio")
    open_reset_pin(23, "mock").close()
