"""Keeps the directory of cards up to date: at start, on news, and every minute, page by page with a cursor."""

from __future__ import annotations

import sqlite3
import threading
from typing import Protocol

import msgspec

from edge.contracts.directory import DIRECTORY_MAX_PAGE, DirectoryPage
from edge.contracts.errors import ContractError
from edge.contracts.news import read_news
from edge.process.health import Health
from edge.process.logs import get_logger
from edge.transport.http import HttpReply, Unreachable
from kiosk.records.directory import Directory

PATH = "/api/v1/directory"
EVERY_S = 60.0
RETRY_S = 0.25  # after a power cut hub and kiosk start together, and the hub is there a moment later
PAGE = min(1000, DIRECTORY_MAX_PAGE)
_MOST_PAGES = 10_000  # ten million cards; a hub that always says "more" must not keep this thread for ever
log = get_logger(part="directory")
_DECODER = msgspec.json.Decoder(DirectoryPage)


def pause_s(failures: int) -> float:
    """Seconds until the next fetch: a minute; after so many failures in a row 0.25 s, doubling up to that minute."""
    return EVERY_S if failures == 0 else min(EVERY_S, RETRY_S * 2.0 ** min(failures - 1, 10))


class Source(Protocol):
    """Where pages come from: edge.transport.http.HttpClient with the kiosk's token."""

    def get(self, path: str, params: dict[str, str | int] | None = None) -> HttpReply: ...


class FetchFailed(Exception):
    """A page could not be had: code (stable) and hint."""

    def __init__(self, code: str, hint: str) -> None:
        super().__init__(code)
        self.code, self.hint = code, hint


class DirectoryFetch:
    """Fetches on a thread of its own, because HTTP may wait ten seconds and a tap may not."""

    def __init__(self, directory: Directory, source: Source, health: Health) -> None:
        self._directory, self._source, self._health = directory, source, health
        self._wanted = threading.Event()
        self._stopping = False

    def news(self, payload: bytes) -> None:
        """Something may be new. A garbled note is logged by its code; the minute's fetch comes anyway."""
        try:
            news = read_news(payload)
        except ContractError as error:
            log.warning("news_refused", code=error.code)
            return
        if news.what == "directory" and news.cursor != self._directory.state().cursor:
            self._wanted.set()

    def run(self) -> None:
        """Fetch now, then on news and every minute, until stopped; what failed is tried again sooner."""
        failures = 0
        while not self._stopping:
            self._wanted.clear()
            failures = 0 if self.fetch() else failures + 1
            self._wanted.wait(pause_s(failures))

    def stop(self) -> None:
        """Let `run` end."""
        self._stopping = True
        self._wanted.set()

    def fetch(self) -> bool:
        """All pages there are now. False, with the part `directory` ill, when that was not possible."""
        try:
            self._all_pages()
        except FetchFailed as error:
            self._ill(error.code, error.hint)
            return False
        except sqlite3.Error as error:
            log.warning("directory_not_stored", exc_info=error)
            self._ill("store_failed", "See the free space of the kiosk's disk.")
            return False
        self._health.well("directory")
        return True

    def _all_pages(self) -> None:
        restarted = False
        for _ in range(_MOST_PAGES):
            page = self._page(self._directory.state().cursor)
            if not self._directory.take(page):  # another card key or database: forgotten, asked again from 0
                if restarted:
                    raise FetchFailed("directory_unsteady", "The hub changes its mind while it answers; see its log.")
                restarted = True
                log.info("directory_restarted")
                continue
            if not page.more or self._stopping:
                return
        raise FetchFailed("directory_endless", "The hub always says there is more; see its log.")

    def _page(self, cursor: int) -> DirectoryPage:
        try:
            reply = self._source.get(PATH, {"after": cursor, "limit": PAGE})
        except Unreachable as error:
            raise FetchFailed("hub_unreachable", error.hint) from None
        if reply.status in (401, 403):
            raise FetchFailed("kiosk_not_known", "The hub does not know this kiosk's token; see [hub] token_file.")
        if reply.status != 200:
            raise FetchFailed("directory_refused", f"The hub answered {reply.status}; see its log.")
        try:
            page = _DECODER.decode(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise FetchFailed("directory_malformed", "The hub's page cannot be read; update the older side.") from None
        if page.more and page.next <= cursor:
            raise FetchFailed("directory_unsteady", "The hub's cursor does not rise; see its log.")
        return page

    def _ill(self, code: str, hint: str) -> None:
        log.warning("directory_not_fetched", code=code)
        self._health.ill("directory", code, hint)
