"""nfcpy: `sense` for type A in a tight loop, and its `connect` with the defaults its README shows."""

from __future__ import annotations

from typing import Any

import nfc
import nfc.clf
import nfc.clf.pn532
import nfc.clf.transport


class NfcpyReader:
    """One PN532 at `path`. lost: how often nfcpy raised, because the chip answered later than it waits."""

    def __init__(self, path: str) -> None:
        # ContactlessFrontend finds ports by names such as ttyUSB0 only; the rest of it is used as it is.
        self._frontend: Any = nfc.ContactlessFrontend()
        self._frontend.device = nfc.clf.pn532.init(nfc.clf.transport.TTY(path))
        self.lost = 0

    def card(self) -> str:
        """As fast as nfcpy can: ask again and again."""
        target = None
        while target is None:
            target = self._sense()
        return bytes(target.sdd_res).hex().upper()

    def _sense(self) -> Any:
        try:
            return self._frontend.device.sense_tta(nfc.clf.RemoteTarget("106A"))
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
