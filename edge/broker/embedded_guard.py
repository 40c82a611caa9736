"""amqtt 0.12.1 made safe enough for a demo on one machine: what its broker gets wrong, put right by overriding.

Each override names what it mends; tests hold the plain broker against it, so that we notice when upstream does it itself.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import partial
from typing import Any

import websockets
import websockets.asyncio.server
from amqtt.adapters import ReaderAdapter, WriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import ListenerType
from amqtt.errors import MQTTError
from amqtt.mqtt.connack import NOT_AUTHORIZED, ConnackPacket
from amqtt.session import Session

from edge.broker.account_files import AccountFiles
from edge.broker.embedded_connection import MAX_PACKET_BYTES, Handler, PacketGate, Subscriptions, log, quietly
from edge.broker.embedded_plugins import admitted
from edge.broker.rights import may_write

MAX_CONNECTIONS = 64  # per listener
_MAX_WAITING = 1000  # messages of one client not yet passed on
_CONNECT_WITHIN_S = 10.0
_LOOK_EVERY_S = 1.0
_KEEPALIVE_GRACE = 1.5  # MQTT 3.1.1, 3.1.2.10


class GuardedBroker(Broker):  # type: ignore[misc]  # amqtt ships no types
    """See the module. accounts: asked at connect and every second after, so that a removed account is cut off."""

    def __init__(self, config: dict[str, Any], accounts: AccountFiles) -> None:
        super().__init__(config)
        self._accounts = accounts
        self._subscriptions = Subscriptions()
        self._closing, self._full = False, False
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen, and look after accounts."""
        await super().start()
        self._looking = asyncio.create_task(self._look_for_ever())

    async def shutdown(self) -> None:
        """Stop looking and listening."""
        self._closing = True
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        await super().shutdown()

    async def _publish_retained_messages_for_subscription(self, subscription: tuple[str, int], session: Session) -> None:
        """On connect amqtt sends the newcomer what matches anybody's subscriptions: only its own count."""
        if any(known.client_id == session.client_id for known, _qos in self._subscriptions.get(subscription[0], ())):
            await super()._publish_retained_messages_for_subscription(subscription, session)

    async def _create_server_instance(
        self, listener_name: str, listener_type: ListenerType, address: str | None, port: int, ssl_context: ssl.SSLContext | None
    ) -> Any:
        """amqtt accepts WebSocket messages of 1 MB."""
        if listener_type != ListenerType.WS:
            return await super()._create_server_instance(listener_name, listener_type, address, port, ssl_context)
        return await websockets.asyncio.server.serve(
            partial(self.ws_connected, listener_name=listener_name),
            address,
            port,
            ssl=ssl_context,
            subprotocols=[websockets.Subprotocol("mqtt")],
            max_size=MAX_PACKET_BYTES + 5,
            compression=None,
        )

    async def _client_connected(self, listener_name: str, reader: ReaderAdapter, writer: WriterAdapter) -> None:
        """amqtt lets connections over the limit hang, and leaves sockets open (and its count wrong) after odd errors."""
        if self._servers[listener_name].conn_count >= MAX_CONNECTIONS:
            if not self._full:
                log.warning("connections_refused", code="too_many_connections", most=MAX_CONNECTIONS)
            self._full = True
            await quietly(writer.close())
            return
        self._full = False
        try:
            await super()._client_connected(listener_name, PacketGate(reader), writer)
        finally:
            await quietly(writer.close())

    async def _initialize_client_session(
        self, reader: ReaderAdapter, writer: WriterAdapter, remote_address: str, remote_port: int
    ) -> tuple[Handler, Session]:
        """amqtt ends an older session of the same client id before it has judged who asks; waits for ever for the first
        packet; and publishes a last will without asking whether its owner may write there."""
        try:
            handler, session = await asyncio.wait_for(
                Handler.init_from_connect(reader, writer, self.plugins_manager), _CONNECT_WITHIN_S
            )
        except Exception as error:  # noqa: BLE001 - amqtt's decoders let many kinds out of damaged bytes; all mean the same
            raise MQTTError(f"no usable CONNECT ({type(error).__name__})") from None
        if not self._may_enter(session):
            await quietly(ConnackPacket.build(0, NOT_AUTHORIZED).to_stream(writer))
            raise MQTTError("not authorised")
        session.clean_session, session.parent = True, 0  # what must not be lost waits in outboxes, never here
        session.keep_alive = round(session.keep_alive * _KEEPALIVE_GRACE)
        session.delivered_message_queue = asyncio.Queue(_MAX_WAITING)
        handler.attaching = self._take_over
        return handler, session

    def _may_enter(self, session: Session) -> bool:
        account = admitted(self._accounts, session)
        if account is None or not session.client_id:
            return False
        return not session.will_flag or (session.will_topic is not None and may_write(account.rights, session.will_topic))

    def _take_over(self, session: Session) -> None:
        """One client id, one connection: the older goes, without its last will, for the device is here. amqtt only forgets it."""
        older, handler = self._sessions.pop(session.client_id, (None, None))
        if older is None or handler is None:
            return
        for topic_filter in self._subscriptions:
            self._del_subscription(topic_filter, older)
        older.will_flag = False
        handler.leave()

    async def _cleanup_session(self, client_id: str) -> None:
        """amqtt may end, as expired, a session whose client has come back while it was ending others."""
        session, _handler = self._sessions.get(client_id, (None, None))
        if self._closing or session is None or session.transitions.state != "connected":
            await super()._cleanup_session(client_id)

    async def _handle_message_delivery(
        self, client_session: Session, handler: Handler, wait_deliver: asyncio.Future[Any]
    ) -> bool:
        """As amqtt; the message is on its way."""
        handler.taken = None
        passed_on: bool = await super()._handle_message_delivery(client_session, handler, wait_deliver)
        return passed_on

    async def _client_message_loop(self, client_session: Session, handler: Handler) -> None:
        """amqtt forgets what a leaving client has sent and it has acknowledged, and leaves a connection open whose loop ended
        for a forbidden topic."""
        try:
            await super()._client_message_loop(client_session, handler)
            for message in handler.left_over():
                delivered: asyncio.Future[Any] = asyncio.Future()
                delivered.set_result(message)
                if not await super()._handle_message_delivery(client_session, handler, delivered):
                    break
        finally:
            await self._stop_handler(handler)
            client_session.transitions.disconnect()

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            for session, handler in list(self._sessions.values()):
                if session.transitions.state == "connected" and admitted(self._accounts, session) is None:
                    log.info("client_cut_off", code="account_removed")
                    handler.leave()
