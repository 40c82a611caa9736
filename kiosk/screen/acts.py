"""What a finger on the screen can do: ring, say why, be left alone, change language, ask for time."""

from __future__ import annotations

from typing import Annotated, Protocol, TypeVar

import msgspec
from flask import Blueprint, Response, request
from msgspec import Struct
from prometheus_client import Counter

from edge.contracts.envelope import Id
from edge.contracts.outcomes import Reason
from kiosk.screen.board import Board
from kiosk.screen.pulse import Pulse
from kiosk.screen.refused import Refused, json_response
from kiosk.screen.scene import SceneView
from kiosk.visit.phrases import Language

B = TypeVar("B", bound=Struct)


class Actions(Protocol):
    """What the kiosk does when the shopper touches the screen. Called on a server thread; may raise OperatorError."""

    def ring_bell(self, language: str | None) -> None: ...

    def choose_reason(self, arrival_id: str, reason: Reason) -> None: ...

    def not_today(self, arrival_id: str | None) -> None:
        """arrival_id None: arm before the tap, and show the scene that says so."""

    def set_language(self, language: str) -> None:
        """The resting screen speaks it already; a scene that is on should be shown again in it."""


class Ring(Struct, forbid_unknown_fields=True):
    """`POST /act/bell`."""

    language: Language | None = None


class Choose(Struct, forbid_unknown_fields=True):
    """`POST /act/reason`."""

    arrival_id: Id
    reason: Reason


class NotToday(Struct, forbid_unknown_fields=True):
    """`POST /act/not-today`. arrival_id None arms the wish before the tap."""

    arrival_id: Id | None = None


class Speak(Struct, forbid_unknown_fields=True):
    """`POST /act/language`."""

    language: Language


class Stay(Struct, forbid_unknown_fields=True):
    """`POST /act/stay`: the shopper needs more time with what is on the screen."""

    showing: Annotated[int, msgspec.Meta(ge=0)]


class Alive(Struct, forbid_unknown_fields=True):
    """`POST /act/alive`: the page draws version `version`."""

    version: Annotated[int, msgspec.Meta(ge=-1)]


class Done(Struct):
    """The answer to every action. repeated: it had been done already, and was not done again."""

    ok: bool = True
    repeated: bool = False


def read(shape: type[B]) -> B:
    """The body of this request as `shape`, or Refused `body_invalid` which names what is wrong, never the value."""
    try:
        return msgspec.json.decode(request.get_data(), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, "body_invalid", "The action could not be read.", _mend(error)) from None


def _mend(error: Exception) -> str:
    """Where the body is wrong. Not msgspec's own sentence: it repeats a refused value."""
    if not isinstance(error, msgspec.ValidationError):
        return "Send valid UTF-8 JSON."
    _, at, path = str(error).partition(" - at `")
    return f"Mend {path.rstrip('`')}." if at else "Send exactly the fields of this action."


def on_screen(board: Board, arrival_id: str) -> SceneView:
    """The view, or Refused `arrival_gone` when another shopper, or nobody, is on the screen by now."""
    view = board.view()
    if view.arrival_id != arrival_id:
        raise Refused(409, "arrival_gone", "This visit is no longer on the screen.", "Hold the card to the reader once more.")
    return view


def routes(board: Board, actions: Actions, pulse: Pulse, done: Counter) -> Blueprint:
    """The `/act/...` addresses. done: counts actions by kind."""
    act = Blueprint("act", __name__, url_prefix="/act")

    @act.post("/bell")
    def bell() -> Response:
        wish = read(Ring)
        if not board.first_ring():
            return json_response(Done(repeated=True))
        actions.ring_bell(wish.language or board.chosen_language())
        return _counted("bell")

    @act.post("/reason")
    def reason() -> Response:
        wish = read(Choose)
        view = on_screen(board, wish.arrival_id)
        if not view.offers_reasons:
            raise Refused(409, "not_offered", "No reason is asked for now.", "Wait until the screen asks.")
        if view.reason == wish.reason:
            return json_response(Done(repeated=True))
        actions.choose_reason(wish.arrival_id, wish.reason)
        board.choose(wish.arrival_id, wish.reason)
        return _counted("reason")

    @act.post("/not-today")
    def not_today() -> Response:
        wish = read(NotToday)
        if wish.arrival_id is not None:
            on_screen(board, wish.arrival_id)
        actions.not_today(wish.arrival_id)
        return _counted("not_today")

    @act.post("/language")
    def language() -> Response:
        wish = read(Speak)
        board.speak(wish.language)
        actions.set_language(wish.language)
        return _counted("language")

    @act.post("/stay")
    def stay() -> Response:
        if not board.touch(read(Stay).showing):
            raise Refused(409, "scene_gone", "That scene is no longer on the screen.", "Nothing to do: the screen is free.")
        return _counted("stay")

    @act.post("/alive")
    def alive() -> Response:
        read(Alive)
        pulse.beat()
        return json_response(Done())

    def _counted(kind: str) -> Response:
        done.labels(kind).inc()
        return json_response(Done())

    return act
