"""Applies HQ's feed: all changes of a page and the cursor in one transaction, each change once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from edge.associates.moments import Moment
from edge.contracts.errors import ContractError
from edge.contracts.feed import CardChange, Erasure, FeedItem, MemberChange, TagChange
from edge.hub.eraser import Eraser
from edge.hub.store import members, proofs
from edge.hub.store.members import Members
from edge.process.logs import get_logger
from edge.process.sqlite_file import SqliteFile
from edge.sync.merge import Shared, merge_card, merge_member

log = get_logger(part="feed")


class FeedDesk:
    """Implements edge.sync.exchange.FeedSink. changed: called after a commit that brought something."""

    def __init__(
        self,
        file: SqliteFile,
        store: str,
        book: Members,
        eraser: Eraser,
        now: Callable[[], Moment],
        changed: Callable[[], None],
    ) -> None:
        self._file, self._store, self._book, self._eraser = file, store, book, eraser
        self._now, self._changed = now, changed

    def cursor(self) -> int:
        """The highest seq applied; 0 at the beginning."""
        with self._file.read() as connection:
            return _cursor(connection, self._store)

    def apply(self, items: list[FeedItem], following: int) -> None:
        """Items at or below the cursor have been applied before and are passed over. A smaller `following` is HQ's word that its
        feed ends there (it was restored from a backup): what it writes next must not be passed over.
        """
        with self._file.write() as connection:
            done = _cursor(connection, self._store)
            for item in items:
                if item.seq > done:
                    self._apply_one(connection, item)
            connection.execute(
                "INSERT INTO hub_state (store, key, value) VALUES (?, 'feed', ?) ON CONFLICT (store, key)"
                " DO UPDATE SET value = excluded.value",
                (self._store, following),
            )
        if items:
            self._changed()

    def _apply_one(self, connection: sqlite3.Connection, item: FeedItem) -> None:
        body = item.body
        if isinstance(body, Erasure):
            self._eraser.erase_member(connection, body.member, self._now())
        elif isinstance(body, CardChange):
            self._apply_card(connection, body)
        elif isinstance(body, TagChange):
            self._apply_tag(connection, body)
        else:
            self._apply_member(connection, body)

    def _apply_member(self, connection: sqlite3.Connection, change: MemberChange) -> None:
        old = members.find_member(connection, self._store, change.member)
        known = None if old is None else Shared(old.name, old.language, old.greeting)
        merged = merge_member(known, members.is_erased(connection, self._store, change.member), change)
        if merged is None:
            return
        call_me = old.call_me if old is not None and old.name == merged.name else None
        self._book.put_member(
            connection,
            change.member,
            name=merged.name,
            call_me=call_me,
            language=merged.language,
            greeting=merged.greeting,
            not_today=old.not_today if old else False,
            own_associate=old.own_associate if old else None,
            origin=old.origin if old else "hq",
            since=old.since if old else None,
            announce=False,
        )

    def _apply_card(self, connection: sqlite3.Connection, change: CardChange) -> None:
        try:
            card = merge_card(change, lambda member: members.is_erased(connection, self._store, member))
        except ContractError as error:
            log.warning("feed_item_refused", code=error.code)  # one bad item never blocks the rest
            return
        if card is not None:
            self._book.put_card(connection, card.card_id, card.member, card.state, provable=card.provable)

    def _apply_tag(self, connection: sqlite3.Connection, change: TagChange) -> None:
        if change.state == "doubted":
            proofs.doubt(connection, self._store, change.tag, self._now().at)
        else:
            proofs.clear(connection, self._store, change.tag)


def _cursor(connection: sqlite3.Connection, store: str) -> int:
    row = connection.execute("SELECT value FROM hub_state WHERE store = ? AND key = 'feed'", (store,)).fetchone()
    return int(row[0]) if row else 0
