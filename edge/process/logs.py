"""Logging: one JSON line per happening to stderr (journald), with redaction in this one place.

A happening is named by a stable word and carries ids, codes and counts. Fields that could hold a person are
refused by name, and values that look like a card id, an e-mail address or a telephone number are replaced.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from functools import partial
from typing import Any


@contextlib.contextmanager
def _without(module: str) -> Iterator[None]:
    """Inside, a module that nobody has loaded yet cannot be: whoever could do with it does without."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # as the import system writes it, whose types leave it out
    try:
        yield
    finally:
        del sys.modules[module]


# For its console, which nothing here uses, structlog loads rich where that is installed: a quarter of a process's start.
with _without("rich"):
    import structlog

REDACTED = "[redacted]"
_PERSONAL_FIELDS = frozenset(
    {
        "name",
        "display_name",
        "card",
        "card_id",
        "uid",
        "email",
        "phone",
        "text",
        "note",
        "pin",
        "password",
        "token",
        "secret",
        "key",
        "evidence",
        "who",
        "cookie",
    }
)
_LOOKS_PERSONAL = re.compile(
    r"""\b(?:nfc|code|typed):\S+                # a canonical card id
    |[^\s@]+@[^\s@]+\.[a-z]{2,}                 # e-mail
    |(?<![\w-])\+?\d[\d ()/-]{7,}\d(?![\w-])    # telephone, or a typed card number
    |\b[0-9A-F]{14}\b|\b[0-9A-F]{20}\b          # a 7 or 10 byte NFC id
    """,
    re.VERBOSE | re.IGNORECASE,
)


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: no secret, name, card id, telephone number or e-mail leaves the process."""
    for field, value in event.items():
        if field in _PERSONAL_FIELDS:
            event[field] = REDACTED
        elif isinstance(value, str) and field != "at":
            event[field] = _LOOKS_PERSONAL.sub(REDACTED, value)
    return event


def configure(process: str, level: str = "info") -> None:
    """Set up logging of this process; called once from its `__main__`."""
    structlog.configure(
        processors=[
            partial(_of_process, process),
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _exception_type_only,
            redact,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=logging.WARNING,
        stream=sys.stderr,
        format='{"process": "' + process + '", "library": "%(name)s", "level": "%(levelname)s"}',
    )


def _of_process(process: str, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Every line of every thread says whose it is (context variables would hold for one thread only)."""
    event["process"] = process
    return event


def _exception_type_only(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep type and place of an exception; its text may hold what was being read."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        if trace is not None:
            event["where"] = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
    return event


def get_logger(**fields: Any) -> Any:
    """A logger for one module: `log = get_logger(part="ingest")`."""
    return structlog.get_logger(**fields)
