"""amqtt 0.12.1, one connection: the parts of its protocol handling that need mending (see embedded_guard)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import websockets
from amqtt.adapters import ReaderAdapter, WriterAdapter
from amqtt.errors import AMQTTError, MQTTError
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.session import ApplicationMessage, Session

from edge.process.logs import get_logger

MAX_PACKET_BYTES = 16384

log = get_logger(part="embedded_broker")


class PacketTooLarge(Exception):
    """Ends the connection that announced it."""


class PacketGate(ReaderAdapter):  # type: ignore[misc]  # amqtt ships no types
    """amqtt reads packets of up to 256 MB; this refuses them when their head announces it, before a byte is stored."""

    def __init__(self, inner: ReaderAdapter, max_bytes: int = MAX_PACKET_BYTES) -> None:
        self._inner, self._max_bytes = inner, max_bytes
        self._length: list[int] | None = None  # bytes of "remaining length" so far; None: the packet's type comes next
        self._body_left = 0

    async def read(self, n: int = -1) -> bytes:
        """As the wrapped reader; raises PacketTooLarge."""
        if n > self._max_bytes:
            raise PacketTooLarge
        data: bytes = await self._inner.read(n)
        if self._body_left > 0:
            self._body_left -= len(data)
        elif len(data) == 1:
            self._head(data[0])
        return data

    def feed_eof(self) -> None:
        """As the wrapped reader."""
        self._inner.feed_eof()

    def _head(self, byte: int) -> None:
        if self._length is None:
            self._length = []
            return
        self._length.append(byte & 0x7F)
        if byte & 0x80:
            return
        self._body_left = sum(part << (7 * place) for place, part in enumerate(self._length))
        self._length = None
        if self._body_left > self._max_bytes:
            raise PacketTooLarge


class Handler(BrokerProtocolHandler):  # type: ignore[misc]  # amqtt ships no types
    """One client. attaching: called the moment before amqtt makes this session the one of its client id."""

    attaching: Callable[[Session], None] | None = None

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.taken: ApplicationMessage | None = None  # from the queue, not yet passed on

    def attach(self, session: Session, reader: ReaderAdapter, writer: WriterAdapter) -> None:
        """As amqtt, after `attaching`; nothing else runs between this and the session's registration."""
        if self.attaching is not None:
            self.attaching(session)
        super().attach(session, reader, writer)

    def handle_read_timeout(self) -> None:
        """Nothing came within the keepalive time: amqtt notices and does nothing."""
        self.leave()

    def leave(self) -> None:
        """End the connection: the next read finds the end, and amqtt cleans up from there. (Its own stop() may wait for ever
        for a reader that has not begun.)"""
        if self.reader is not None and self.writer is not None:
            self.reader.feed_eof()
            self._leaving = asyncio.ensure_future(quietly(self.writer.close()))

    async def mqtt_deliver_next_message(self) -> ApplicationMessage | None:
        """As amqtt, remembering what was taken: a client that leaves at that moment would else take its message along."""
        self.taken = await super().mqtt_deliver_next_message()
        return self.taken

    def left_over(self) -> Iterator[ApplicationMessage]:
        """Messages acknowledged to the client and not yet passed on."""
        if self.taken is not None:
            yield self.taken
            self.taken = None
        while self.session is not None and not self.session.delivered_message_queue.empty():
            yield self.session.delivered_message_queue.get_nowait()


class Subscriptions(dict[str, list[tuple[Session, int]]]):
    """amqtt waits in the middle of its loops over these; another client's (un)subscribing then ends or bends the loop, and the
    message is lost to the rest. Loops get a picture of the moment."""

    def items(self) -> Any:
        """Filter and subscribers, both copied."""
        return [(topic_filter, list(subscribers)) for topic_filter, subscribers in super().items()]

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().keys()))


async def quietly(step: Awaitable[object]) -> None:
    """Take leave of a connection that may be gone already."""
    try:
        await asyncio.wait_for(step, 2.0)
    except (OSError, AMQTTError, MQTTError, TimeoutError, websockets.ConnectionClosed) as error:
        log.debug("already_gone", exc_info=error)
