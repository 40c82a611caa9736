"""The sections of docs/readers.md: each tells the figures of some campaigns in tables and a few words."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.readers.photos import ALL_NO_CODE, FLOORS, NO_CODE, WITHOUT_PHOTOS, ZXING_FLOOR_CODE128, ZXING_FLOORS
from tests.readers.results import Result
from tests.readers.spoilt import NOTHING, STEPS


@dataclass(frozen=True)
class Section:
    """names: of the results it needs, all of them. tell: takes those in order, gives its lines."""

    title: str
    names: Sequence[str]
    tell: Callable[..., Iterator[str]]


def prose(text: str) -> str:
    """A paragraph, in lines as long as those of the other docs."""
    return textwrap.fill(text, 130, break_long_words=False, break_on_hyphens=False)


def _row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def _head(*cells: object) -> Iterator[str]:
    """An empty line, then the table's first two."""
    yield from ("", _row(*cells), "|" + "---|" * len(cells))


def _photographs(result: Result) -> Iterator[str]:
    figures = result.figures
    yield prose(
        f"zxing-cpp {figures['zxing-cpp']} reads, OpenCV {figures['OpenCV']} helps; upright photographs from the tests of ZXing."
        " *Published floor*: what ZXing's own tests hold it to, fast / trying harder. *Our floor* is held by the everyday tests."
        " *With help*: as a picture that is held still would be tried, each help in turn."
    )
    yield from _head("photographs", "number", "published floor", "our floor", "read as they are", "read with help")
    for one in figures["sets"]:
        right, helped = ("wrong", "helped_wrong") if one["name"] == NO_CODE else ("right", "helped")
        yield _row(one["name"], one["number"], _published(one["name"]), FLOORS.get(one["name"], 0), one[right], one[helped])
    yield ""
    missing = "; ".join(f"{name} {floor} of {number}" for name, (floor, number) in WITHOUT_PHOTOS.items())
    yield prose(
        "**In the data** are these five sets and some of the photographs without a code"
        f" ({figures['sets'][-1]['number']} of {ALL_NO_CODE}). **Published floors that are held by nothing here**, for there are"
        f" no photographs: {missing}. Aztec and"
        " PDF417 are not read at all. code128-1 alone has no published floor; its own is all of it."
    )
    tilts = [degrees for degrees, *_ in next(iter(figures["askew"].values()))]
    yield from _head("turned, as they are → with help", *(f"{degrees}°" for degrees in tilts))
    for name, rows in figures["askew"].items():
        yield _row(f"{name} ({rows[0][1]})", *(f"{as_is} → {helped}" for _, _, as_is, helped in rows))
    yield from (
        "",
        "To be turned, a photograph gets a grey border, which bars without a margin of their own do not bear: hence less at 0°.",
    )
    gains = [f"{helper} {_gains(sets)}" for helper, sets in figures["helps alone"].items() if sets]
    yield from ("", prose(f"What each help adds alone, upright: {'; '.join(gains)}."))


def _gains(sets: dict[str, int]) -> str:
    return ", ".join(f"+{number} of {name}" for name, number in sets.items())


def _published(name: str) -> str:
    if name == NO_CODE:
        return "0"
    if name in ZXING_FLOORS:
        return "{} / {}".format(*ZXING_FLOORS[name])
    return "{} / {} of the 49 in code128-1 to -3".format(*ZXING_FLOOR_CODE128)


def _frame_costs(result: Result) -> Iterator[str]:
    figures = result.figures
    yield "Time of one core for a frame of 1280x720 without a code, which is what a door's camera sees nearly always."
    yield from _head("step", "median", "slowest")
    yield from (_row(says, f"{median:.1f} ms", f"{slowest:.1f} ms") for says, median, slowest in figures["steps"])
    whole, fps = figures["whole process ms"], figures["fps"]
    yield ""
    yield prose(
        f"The camera's whole process (JPEG, grey, checksum, reading, words) takes {whole:.1f} ms of one core for such a frame:"
        f" {whole * fps / 10:.0f} % of a core at {fps} frames a second."
    )


def _hints(result: Result) -> Iterator[str]:
    figures = result.figures
    yield prose(
        "Frames of 1280x720 that no help reads, of the photographs above: made smaller, darker, or with a reflection in the"
        " middle, the two mildest of each photograph that cannot be read. Not each of them can be told from other things; a"
        " hint is said where three looks of four seconds agree on it. Of the dark the light alone is judged: something that moves"
        " there without a code is told the same."
    )
    yield from _head("cannot be read for it is", "frames", *(f"told *{says}*" for says in (*STEPS, NOTHING)))
    names = {"closer": "too small", "brighter": "too dark", "glare": "shining"}
    for kind, rates in figures["unread"].items():
        for wanted, words in rates.items():
            yield _row(f"{kind}: {names[wanted]}", sum(words.values()), *(words.get(word, 0) for word in (*STEPS, NOTHING)))
    for says, words in (("read with help alone, before it is", "read late"), ("photographs without a code", "no code")):
        told = figures[words]
        yield _row(says, sum(told.values()), *(told.get(word, 0) for word in (*STEPS, NOTHING)))
    yield ""
    yield prose("A code that is read ends the count of hints, so those that are read within a second are told none.")


def _serial(faults: Result, limit: Result) -> Iterator[str]:
    one, two = faults.figures, limit.figures
    yield prose(
        f"In virtual time, a card with each of {one['faults']:,} faults, every second card unknown. *hangs* and *brownout* are"
        " the chip's, *misread* is a listing damaged twice so that its checksum holds, *unplugged* the cable, the others are the"
        " line's, on the way in, the way out or both, for up to three seconds. Cards that leave before a reader can know of them"
        " are not counted as lost."
    )
    yield from _head("fault", *one["kinds"])
    yield _row("number", *(f"{number:,}" for number in one["kinds"].values()))
    yield from _head("cards read", "phantoms", "lost", "read twice", "listings misread", "slowest read after its fault began")
    phantoms, lost = (int(goal.number) for goal in faults.goals)
    counts = (f"{one['cards read']:,}", phantoms, lost, one["read twice"], f"{one['listings misread']:,}")
    yield _row(*counts, f"{one['slowest s']:.1f} s")
    yield ""
    yield prose("The slowest: an answer that is lost is missed at the next question whether the chip lives, two seconds later.")
    yield ""
    yield prose(
        "**The limit that remains.** The same double damage in two listings in a row passes; nothing on the host's side could"
        f" tell. Of {two['cards']:,} unknown cards, each presented while {two['share']:.0%} of all listings were damaged so"
        f" ({two['listings misread']:,} of them), {two['read']:,} were read, and {_times(two['phantoms'], 'phantom')} came of the"
        " rest, who are asked for their card again."
    )


def _coming_back(unplugged: Result, real: Result, moments: Result) -> Iterator[str]:
    out, hung = unplugged.figures, moments.figures
    yield from list(_head("what happens", "measured"))[1:]
    yield _row(f"unplugged for {out['unplugged s']:.0f} s: share of a core", f"{out['share of a core']:.2%}")
    yield _row("reads again after it was plugged in", f"{out['back after s']:.1f} s")
    yield _row("the chip hangs, on a real port: reported after", f"{real.figures['noticed after s']:.1f} s")
    yield _row(
        f"it hangs at any of {hung['moments']:,} moments of virtual time, half of them in a read: reported after, at most",
        f"{hung['slowest s']:.1f} s",
    )
    yield ""
    yield prose(
        "A chip that hung reads again when its reset line or its power is used, which the everyday tests do"
        " (`tests/firmware_bridge/test_reader_end_to_end.py`)."
    )


def _any_bytes(*results: Result) -> Iterator[str]:
    yield prose(
        "Real input with some of it changed, cut, doubled or mixed, and pure noise. Any error but a refusal ends the run. An"
        " input to a scanner may give several codes or none; what is no word of the camera's process is passed over."
    )
    yield from _head("into", "inputs", "taken", "refused")
    for result in results:
        one = result.figures
        counts = (f"{one[what]:,}" for what in ("inputs", "taken", "refused"))
        yield _row(result.name.removeprefix("any bytes: "), *counts)


def _card(frame: Result, wire: Result, field: Result) -> Iterator[str]:
    one = frame.figures
    yield prose(
        "Chip and driver are two processes, each driver as in a kiosk; line (115,200 baud) and air take the time they take with"
        " hardware."
    )
    yield from ("", "### From the last byte of the frame to the card read")
    yield from _head("taps", "median", "p99", "slowest")
    yield _row(f"{one['n']:,}", *(f"{one[f'{what} ms']:.2f} ms" for what in ("median", "p99", "slowest")))
    yield from ("", "### From the field to the id, and the wire's part in it", "")
    yield prose(
        f"{field.figures['n']} taps of each kind. The time on the wire is computed from the frames, ten bits a byte. The look"
        " that finds the card waits at the chip before the card comes, so only its answer counts after that. The air takes most"
        " of the rest."
    )
    yield from _head("card", "median", "p95", "wire after the card came", "wire in all", "bytes")
    for says, median, late in field.figures["kinds"]:
        way = wire.figures.get(says)
        on_it = (f"{way['ms after the card came']:.1f} ms", f"{way['ms']:.1f} ms", way["octets"]) if way else ("", "", "")
        yield _row(says, f"{median:.1f} ms", f"{late:.1f} ms", *on_it)
    yield from ("", "Each step with the bytes of its command + acknowledgement + answer, frames included:")
    yield from _head("card", "steps")
    yield from (_row(says, _steps(way["steps"])) for says, way in wire.figures.items())


def _steps(steps: Sequence[Sequence[Any]]) -> str:
    return ", ".join(f"{word} {command}+{ack}+{answer}" for word, command, ack, answer in steps)


def _board(cuts: Result, cable: Result, images: Result) -> Iterator[str]:
    one, two, three = cuts.figures, cable.figures, images.figures
    flips, truncations = (int(goal.number) for goal in images.goals)
    yield from list(_head("what was done", "number", "outcome"))[1:]
    writes = one["writes of an update"]
    yield _row(
        f"power cuts, one at each of the {writes} writes of an update and some after it",
        one["cuts"],
        _times(len(one["lost at writes"]), "board") + " lost",
    )
    yield _row(
        f"pieces lost, doubled or damaged on the cable, cables pulled; {two['cards']:,} cards",
        f"{two['faults']:,}",
        _times(len(two["wrong seeds"]), "run") + " with a card lost, doubled or made up",
    )
    taken = f"{flips} taken as another image"
    yield _row("single-bit flips across image, signature and comments", f"{three['bit flips']:,}", taken)
    yield _row("truncations of image and of signature", f"{three['truncations']:,} each", f"{truncations} taken")
    size, most = (three[what] / 1000 for what in ("image bytes", "board takes bytes"))
    yield from ("", f"The firmware's image has {size:.0f} kB; a board takes {most:.0f} kB.")


def _door(result: Result) -> Iterator[str]:
    one = result.figures
    yield prose(
        "A simulated PN532 on a pseudo-terminal, kiosk, Mosquitto and hub, each a process of its own, in real time: with each"
        f" fault a card, every second one a member's, and what the hub has filed of it. {one['faults']} faults,"
        f" {one['arrivals']} arrivals, each once and in order."
    )
    yield from _head("fault", *one["kinds"])
    yield _row("number", *one["kinds"].values())


def _times(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


_FUZZED = ("frames and cards", "scanner lines", "scanner keys", "camera words", "board wire")
SECTIONS: Sequence[Section] = (
    Section("Codes on photographs", ("photographs",), _photographs),
    Section("Hints for codes that cannot be read", ("hints",), _hints),
    Section("What a frame of the camera costs", ("frame costs",), _frame_costs),
    Section("Faults of the serial line and the chip", ("serial faults", "limit of two looks"), _serial),
    Section("Faults in a whole shop", ("faults at the door",), _door),
    Section("Unplugged, and hung", ("unplugged", "hung on a real port", "hung at any moment"), _coming_back),
    Section("Any bytes at all", tuple(f"any bytes: {what}" for what in _FUZZED), _any_bytes),
    Section("How long a card takes", ("frame to card read", "wire", "field to id"), _card),
    Section("The reader board", ("board: power cuts", "board: cable faults", "board: changed images"), _board),
)
