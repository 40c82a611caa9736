"""Who comes to work: signing in with a PIN, the session, and the broker account that lives exactly as long."""

from __future__ import annotations

import hashlib
import hmac
import threading
from dataclasses import dataclass
from typing import Literal

from edge.associates.moments import elapsed
from edge.broker.accounts import Accounts
from edge.broker.errors import AccountsError
from edge.broker.rights import rights_of, username_of
from edge.hub.pins import pin_fits
from edge.hub.store import members, sessions
from edge.hub.store.members import Associate
from edge.hub.store.sessions import SignedIn
from edge.hub.store.times import now_of
from edge.process.clock import Clock
from edge.process.ids import Ids
from edge.process.logs import get_logger
from edge.process.sqlite_file import SqliteFile

log = get_logger(part="reception")

FREE_TRIES = 5
FIRST_DELAY_S = 15.0
LONGEST_DELAY_S = 900.0
# Using a session is noted this seldom: it is a commit.
_TOUCH_EVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class Admitted:
    """A session and who it belongs to. secret: only at sign-in, for the cookie. expires_in_s: until it ends by itself."""

    session: SignedIn
    associate: Associate
    expires_in_s: int
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """wait_s: seconds until another try is looked at; 0 for a plain refusal."""

    code: Literal["sign_in_refused", "too_many_tries"]
    wait_s: int = 0


class Reception:
    """session_s, idle_s: a session ends after the one, and after the other without use."""

    def __init__(
        self, *, file: SqliteFile, store: str, session_s: float, idle_s: float, accounts: Accounts, clock: Clock, ids: Ids
    ) -> None:
        self._file, self._store, self._accounts, self._clock, self._ids = file, store, accounts, clock, ids
        self._session_s, self._idle_s = session_s, idle_s
        self._broker_passwords: dict[str, str] = {}  # by session; gone with the process, as the cookie's secret is hashed
        self._making = threading.Lock()

    def sign_in(self, name: str, pin: str) -> Admitted | TurnedAway:
        """Each try is counted before the PIN is looked at, so that tries made at the same moment count as well."""
        waiting = self._count_try(name)
        if waiting is not None:
            return waiting
        with self._file.read() as connection:
            associate = members.find_associate(connection, self._store, name)
        if not pin_fits(None if associate is None else associate.pin_hash, pin) or associate is None:
            log.info("sign_in_refused", code="sign_in_refused")
            return TurnedAway("sign_in_refused")
        return self._admit(associate)

    def resume(self, secret: str) -> Admitted | None:
        """Whose cookie this is, while the session lives."""
        now = now_of(self._clock)
        with self._file.read() as connection:
            session = sessions.find(connection, self._store, _hash(secret))
            if session is None or not sessions.alive(session, now, self._session_s, self._idle_s):
                return None
            associate = members.find_associate(connection, self._store, session.associate)
        if associate is None:
            return None
        if elapsed(session.seen, now) >= min(_TOUCH_EVERY_S, self._idle_s / 4):
            with self._file.write() as connection:
                sessions.touch(connection, self._store, session.session_hash, now)
        return Admitted(session, associate, int(self._session_s - elapsed(session.made, now)))

    def broker_password(self, session: SignedIn) -> str:
        """The password of the session's broker account, made where it is missing. It stays the same while session and hub live:
        two pages of one session would else throw each other out for ever."""
        with self._making:
            known = self._broker_passwords.get(session.session_hash)
            password = known or self._ids.token(24)
            self._broker_passwords[session.session_hash] = password
            make = self._accounts.keep if known else self._accounts.put
            try:
                make(session.broker_username, password, rights_of(self._store, "associate", session.associate))
            except AccountsError as error:
                # it holds as soon as the broker answers again, and until then the app catches up over HTTP
                log.warning("broker_account_unconfirmed", code=error.code)
        return password

    def sign_out(self, session: SignedIn) -> None:
        """End the session; the phone is cut from the broker first, so that a crash in between leaves no account behind."""
        self._cut(session)
        with self._file.write() as connection:
            sessions.remove(connection, self._store, session.session_hash)
        self._broker_passwords.pop(session.session_hash, None)

    def end_old_sessions(self) -> int:
        """End what has lived long enough; returns how many."""
        now = now_of(self._clock)
        with self._file.read() as connection:
            every = sessions.every(connection, self._store)
        old = [session for session in every if not sessions.alive(session, now, self._session_s, self._idle_s)]
        for session in old:
            self.sign_out(session)
        return len(old)

    def csrf_fits(self, session: SignedIn, given: str) -> bool:
        """Whether a changing request came from our own page."""
        return hmac.compare_digest(session.csrf.encode(), given.encode())

    def _count_try(self, name: str) -> TurnedAway | None:
        now = now_of(self._clock)
        with self._file.write() as connection:
            tried = sessions.tries(connection, self._store, name)
            if tried is not None:
                left = delay_s(tried[0]) - elapsed(tried[1], now)
                if left > 0:
                    return TurnedAway("too_many_tries", int(left) + 1)
            sessions.add_try(connection, self._store, name, now)
        return None

    def _admit(self, associate: Associate) -> Admitted:
        secret, now = self._ids.token(32), now_of(self._clock)
        username = f"{username_of(self._store, 'associate', associate.associate)}.{self._ids.token(4)}"
        session = SignedIn(_hash(secret), associate.associate, self._ids.token(24), username, now, now)
        with self._file.write() as connection:
            sessions.insert(connection, self._store, session)
            sessions.clear_tries(connection, self._store, associate.associate)
        log.info("signed_in")
        return Admitted(session, associate, int(self._session_s), secret)

    def _cut(self, session: SignedIn) -> None:
        try:
            self._accounts.remove(session.broker_username)
        except AccountsError as error:
            log.warning("broker_account_unconfirmed", code=error.code)


def delay_s(failures: int) -> float:
    """Seconds to wait after so many wrong PINs in a row: none for the first five, then doubling up to 15 minutes."""
    if failures < FREE_TRIES:
        return 0.0
    return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(failures - FREE_TRIES, 10))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
