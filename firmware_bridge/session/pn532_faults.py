"""Why a session with a PN532 was given up, in words a technician can act on. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_bridge.errors import BridgeError, NotAReader, ReaderGone


class ReaderSilent(NotAReader):
    """Nothing answers at the port."""

    code = "reader_silent"


class ReaderGarbage(NotAReader):
    """Something answers, but not in frames."""

    code = "reader_garbage"


class ReaderEcho(NotAReader):
    """Our own bytes come back."""

    code = "reader_echo"


class ReaderWrongChip(NotAReader):
    """A chip of the family, but none we can drive."""

    code = "reader_wrong_chip"


class ReaderFaulty(NotAReader):
    """A chip whose own test of its memory fails."""

    code = "reader_faulty"


class ReaderStopped(ReaderGone):
    """It worked, and answers no more."""

    code = "reader_stopped"


class ReaderFrozen(ReaderGone):
    """It worked, and does not answer on a port that was opened anew either."""

    code = "reader_frozen"


@dataclass(slots=True)
class Heard:
    """What came in since the start, to say why nothing came of it."""

    octets: int = 0
    good: int = 0
    echoes: int = 0


def why(heard: Heard, *, up: bool) -> BridgeError:
    """Why nothing came of it. up: the chip was heard looking for cards before."""
    if up:
        return ReaderStopped("asking a reader that worked until now")
    if heard.octets == 0:
        return ReaderSilent("waking a PN532, nothing answers")
    if heard.echoes:
        return ReaderEcho("waking a PN532, our own bytes come back")
    if heard.good:
        return ReaderStopped("configuring a PN532, it answers only now and then")
    return ReaderGarbage("waking a PN532, what answers is no PN532")


def since_it_worked(error: BridgeError) -> BridgeError:
    """The same error of a reader that has worked on this port before, and was not unplugged since."""
    return ReaderFrozen("waking a PN532 that worked before, nothing answers") if isinstance(error, ReaderSilent) else error


def wrong_chip(ic: int) -> BridgeError:
    """ic: what the chip says it is."""
    return ReaderWrongChip(f"asking the chip at the port for its kind, it said {ic:02X}, a PN532 says 32")


def faulty(memory: str) -> BridgeError:
    """memory: ROM or RAM."""
    return ReaderFaulty(f"having the chip test its own {memory}")
