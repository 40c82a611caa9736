"""The envelope of every MQTT message, and the one way in and out of bytes.

Decoding judges in this order: size, JSON and head, major version, kind, then the whole message. A newer minor
version is accepted (unknown fields are ignored), a newer major is refused.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Generic, Literal, TypeVar

import msgspec
from msgspec import Struct

from edge.contracts.errors import ContractError
from edge.contracts.names import PATTERN

MAJOR = 1
VERSION = "1.0"
ARRIVAL_MAX_BYTES = 2048  # DESIGN section 4
MESSAGE_MAX_BYTES = 16384  # the broker's packet limit (docs/security.md)

Instant = Annotated[datetime, msgspec.Meta(tz=True, description="RFC 3339 with zone")]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$(?!\n)")]
ClockQuality = Literal["synchronised", "free", "unset"]
_NAME_BODY = PATTERN.removeprefix("^").removesuffix(r"$(?!\n)")
Source = Annotated[str, msgspec.Meta(pattern=rf"^{_NAME_BODY}/(kiosk|hub|associate)/{_NAME_BODY}$(?!\n)")]


class Envelope(Struct, kw_only=True, frozen=True, omit_defaults=True, tag_field="kind"):
    """Fields that every message carries.

    v: `major.minor` of the contract; a new major is refused by older readers.
    id: of this message (a resend is a new message with the same arrival_id).
    source: `{store}/{kind}/{name}` of the sender; must agree with the topic.
    at: the sender's wall clock when the content came to be; `clock` says how good that clock is.
    boot, seq: the sender's machine boot, and a number rising by one per message of that boot.
    age_s: seconds between the content coming to be and this send, by the sender's monotonic clock; None when the
        machine has been restarted since, so that nobody takes an unknown age for a small one.
    test: made by a probe; excluded from every report.
    expires_in_s: seconds after which the content is stale; None when it never is.
    """

    v: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,4}\.[0-9]{1,4}$(?!\n)")]
    id: Id
    source: Source
    at: Instant
    clock: ClockQuality
    boot: Id
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    age_s: Annotated[float, msgspec.Meta(ge=0)] | None
    test: bool = False
    expires_in_s: Annotated[float, msgspec.Meta(ge=0)] | None = None


class _Head(Struct):
    v: str
    kind: str


# msgspec quotes an unknown enum value; it may be personal.
_QUOTED_VALUE = re.compile(r" '.*'(?= - at `|$)", re.DOTALL)
_HEAD = msgspec.json.Decoder(_Head)
_ENCODER = msgspec.json.Encoder()
M = TypeVar("M", bound=Envelope)
T = TypeVar("T")


def encode(message: Envelope) -> bytes:
    """One message as JSON bytes."""
    return _ENCODER.encode(message)


class Reader(Generic[M]):
    """Decodes one kind of message from untrusted bytes; any bytes give a message or a ContractError."""

    def __init__(self, message: type[M], max_bytes: int = MESSAGE_MAX_BYTES) -> None:
        self._kind = str(message.__struct_config__.tag)
        self._max_bytes = max_bytes
        self._decoder = msgspec.json.Decoder(message)

    def read(self, payload: bytes) -> M:
        """Return the message, or raise ContractError: too_large, malformed, version_unknown, kind_unknown."""
        tried = f"a message of kind {self._kind}"
        if len(payload) > self._max_bytes:
            raise ContractError("too_large", tried, f"Send at most {self._max_bytes} bytes.")
        head = _decode(_HEAD, payload, tried)
        check_version(head.v, tried)
        if head.kind != self._kind:
            raise ContractError("kind_unknown", tried, f"Only kind {self._kind!r} belongs here.")
        return _decode(self._decoder, payload, tried)


@lru_cache(maxsize=64)  # asked for every message and fact, and nearly always of the same version
def check_version(v: str, tried: str) -> None:
    """Raise ContractError `version_unknown` unless `v` is `1.anything`."""
    major, dot, minor = v.partition(".")
    if not (dot and major.isascii() and major.isdigit() and minor.isascii() and minor.isdigit()):
        raise ContractError("malformed", tried, "The version `v` is MAJOR.MINOR.")
    if len(major) > 4 or int(major) != MAJOR:
        raise ContractError("version_unknown", tried, f"This side speaks version {MAJOR}; update the older side.")


def _decode(decoder: msgspec.json.Decoder[T], payload: bytes, tried: str) -> T:
    try:
        return decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ContractError("malformed", tried, shape_only(error)) from None


def shape_only(error: Exception) -> str:
    """What is wrong, without the content: the expected type and the path are told, a quoted value never is."""
    if isinstance(error, msgspec.ValidationError):
        return f"Mend the message: {_QUOTED_VALUE.sub('', str(error))}."
    return "Send valid UTF-8 JSON."
