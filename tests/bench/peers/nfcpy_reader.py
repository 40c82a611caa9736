"""nfcpy: `sense` for type A in a tight loop, and its `connect` with the defaults its README shows."""

from __future__ import annotations

from typing import Any

from tests.bench.station import package


class NfcpyReader:
    """One PN532 at `path`. lost: how often nfcpy raised, because the chip answered later than it waits. Raises PartMissing."""

    def __init__(self, path: str) -> None:
        nfc, self._clf = package("nfc", "nfcpy"), package("nfc.clf", "nfcpy")
        chip, transport = package("nfc.clf.pn532", "nfcpy"), package("nfc.clf.transport", "nfcpy")
        # ContactlessFrontend finds ports by names such as ttyUSB0 only; the rest of it is used as it is.
        self._frontend: Any = nfc.ContactlessFrontend()
        self._frontend.device = chip.init(transport.TTY(path))
        self.lost = 0

    def card(self) -> str:
        """As fast as nfcpy can: ask again and again."""
        target = None
        while target is None:
            target = self._sense()
        return bytes(target.sdd_res).hex().upper()

    def _sense(self) -> Any:
        try:
            return self._frontend.device.sense_tta(self._clf.RemoteTarget("106A"))
        except OSError:
            self.lost += 1
            return None

    def connected(self) -> str:
        """As nfcpy is used: connect() until a tag was activated."""
        found = []
        self._frontend.connect(rdwr={"on-connect": lambda tag: found.append(bytes(tag.identifier).hex().upper())})
        return str(found[0])

    def close(self) -> None:
        self._frontend.close()
