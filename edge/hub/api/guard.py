"""Who asks, whether the request came from our own page, and whether it was answered before."""

from __future__ import annotations

import hashlib
import hmac
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Response, request

from edge.associates.moments import Moment
from edge.hub.api.replies import ApiError
from edge.hub.reception import Admitted, Reception
from edge.hub.store import idempotency
from edge.hub.store.idempotency import FirstAnswer
from edge.hub.store.times import now_of
from edge.process.clock import Clock
from edge.process.sqlite_file import SqliteFile

_KEY = re.compile(r"[A-Za-z0-9_-]{8,100}\Z")


@dataclass(frozen=True, slots=True)
class Acted:
    """What acting came to. visit_id: whose visit the body tells about, so that the kept answer can be forgotten with it."""

    status: int
    body: bytes
    visit_id: str | None = None


Act = Callable[[sqlite3.Connection, Admitted, Moment], Acted]


class Guard:
    """kiosk_tokens: token -> kiosk. secure: cookies only over TLS, with the __Host- prefix."""

    def __init__(
        self,
        *,
        file: SqliteFile,
        store: str,
        reception: Reception,
        kiosk_tokens: Mapping[str, str],
        secure: bool,
        clock: Clock,
    ) -> None:
        self._file, self._store, self._reception, self._clock = file, store, reception, clock
        self._kiosk_tokens = {token.encode(): kiosk for token, kiosk in kiosk_tokens.items()}
        self._secure = secure
        self._cookie = "__Host-shopbell" if secure else "shopbell"

    def associate(self) -> Admitted:
        """Who is signed in, or ApiError 401; for a changing request the CSRF header must fit, else 403."""
        secret = request.cookies.get(self._cookie, "")
        admitted = self._reception.resume(secret) if secret else None
        if admitted is None:
            raise ApiError(401, "not_signed_in", "using the associates' interface", "Sign in with your name and PIN.")
        if request.method not in ("GET", "HEAD"):
            given = request.headers.get("X-Shopbell-Csrf", "")
            if not self._reception.csrf_fits(admitted.session, given):
                raise ApiError(
                    403,
                    "csrf_missing",
                    "changing something",
                    "Send the csrf of your session as X-Shopbell-Csrf; load the app anew.",
                )
        return admitted

    def kiosk(self) -> str:
        """Which kiosk asks, by its bearer token, or ApiError 401."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            given = token.strip().encode()
            for known, kiosk in self._kiosk_tokens.items():
                if hmac.compare_digest(known, given):
                    return kiosk
        hint = "Send the kiosk's own token as Authorization: Bearer; the hub's configuration names its file."
        raise ApiError(401, "token_refused", "reading the directory", hint, {"WWW-Authenticate": "Bearer"})

    def act(self, act: Act) -> Response:
        """Run `act` and keep its answer in one transaction, or give the answer kept under the same key."""
        admitted = self.associate()
        key = request.headers.get("Idempotency-Key", "")
        if not _KEY.match(key):
            hint = "Send a header Idempotency-Key of 8 to 100 letters, digits, '-' or '_', new for each thing you do."
            raise ApiError(400, "key_missing", "changing something", hint)
        now, asked = now_of(self._clock), _request_hash()
        who = admitted.associate.associate
        with self._file.write() as connection:
            first = idempotency.find(connection, self._store, who, key)
            if first is not None:
                return _again(first, asked)
            acted = self._acted(connection, act, admitted, now)
            kept = FirstAnswer(asked, acted.status, acted.body, acted.visit_id)
            idempotency.insert(connection, self._store, who, key, kept, now)
        return Response(acted.body, acted.status, mimetype="application/json")

    def set_cookie(self, response: Response, secret: str, max_age_s: int) -> None:
        """Give the session to the browser."""
        response.set_cookie(
            self._cookie, secret, max_age=max_age_s, path="/", secure=self._secure, httponly=True, samesite="Strict"
        )

    def clear_cookie(self, response: Response) -> None:
        """Take the session away from the browser."""
        response.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="Strict")

    def _acted(self, connection: sqlite3.Connection, act: Act, admitted: Admitted, now: Moment) -> Acted:
        connection.execute("SAVEPOINT act")
        try:
            acted = act(connection, admitted, now)
        except ApiError as error:
            connection.execute("ROLLBACK TO act")  # a refusal changes nothing but is an answer, and is kept as one
            acted = Acted(error.status, error.body)
        connection.execute("RELEASE act")
        return acted


def _again(first: FirstAnswer, asked: str) -> Response:
    if first.request_hash != asked:
        raise ApiError(409, "key_reused", "repeating a request", "This key was used for something else; make a new one.")
    return Response(first.body, first.status, {"Idempotency-Replayed": "true"}, mimetype="application/json")


def _request_hash() -> str:
    told = f"{request.method} {request.path}\n".encode() + request.get_data(cache=True)
    return hashlib.sha256(told).hexdigest()
