"""What the store's devices say of themselves: kept, and a change becomes a fact for HQ."""

from __future__ import annotations

from edge.contracts.errors import ContractError
from edge.contracts.facts import DeviceBody
from edge.contracts.status import read_status
from edge.contracts.topics import TopicName
from edge.hub.store import devices
from edge.hub.store.facts import Facts
from edge.process.clock import Clock
from edge.process.logs import get_logger
from edge.process.sqlite_file import SqliteFile

log = get_logger(part="devices")


class DeviceDesk:
    """Files statuses of one store. The hub's own passes here too, when the broker hands it back."""

    def __init__(self, file: SqliteFile, store: str, facts: Facts, clock: Clock) -> None:
        self._file, self._store, self._facts, self._clock = file, store, facts, clock

    def take(self, topic: TopicName, payload: bytes) -> None:
        """File a status message; a bad one is logged by its code and dropped."""
        if not payload:  # how a retained status is taken away
            return
        try:
            status = read_status(payload)
        except ContractError as error:
            log.warning("status_refused", code=error.code)
            return
        if topic.store != self._store or status.source != f"{topic.store}/{topic.kind}/{topic.name}":
            log.warning("status_refused", code="source_mismatch")
            return
        self.put(
            DeviceBody(
                device_kind=topic.kind,
                name=topic.name,
                online=status.online,
                since=status.since,
                version=status.version,
                problems=[problem.code for problem in status.problems],
            )
        )

    def put(self, device: DeviceBody) -> None:
        """Keep the state; tell HQ if it is another one."""
        with self._file.write() as connection:
            if devices.find(connection, self._store, device.device_kind, device.name) == device:
                return
            devices.save(connection, self._store, device, self._clock.now())
            self._facts.put(connection, device)
