"""The address in an NDEF message. Pure; the message itself is read and written by ndeflib, which is loaded by the first."""

from __future__ import annotations

# Chips with more memory exist; a message that is longer holds no address we could use.
MOST_MESSAGE = 1024


def uri_of(message: bytes) -> str | None:
    """The whole text of the first URI record (or of a smart poster's address) as it stands on the tag; None without one."""
    import ndef  # type: ignore[import-untyped]  # ndeflib carries no types

    try:
        for record in ndef.message_decoder(message[:MOST_MESSAGE], errors="strict"):
            uri = _uri(record)
            if uri is not None:
                return uri
    except (ndef.DecodeError, ValueError):  # a tag can hold anything; ValueError: text that is no text
        return None
    return None


def message_with(address: str) -> bytes:
    """An NDEF message with this address alone."""
    import ndef

    return b"".join(ndef.message_encoder([ndef.UriRecord(address)]))


def _uri(record: object) -> str | None:
    import ndef

    if isinstance(record, ndef.UriRecord):
        return str(record.iri)
    if isinstance(record, ndef.SmartposterRecord) and record.resource is not None:
        return str(record.resource.iri)
    return None
