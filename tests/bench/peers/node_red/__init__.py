"""The peer Node-RED: http in -> function -> mqtt out, answered at once. It looks nobody up and keeps nothing.

npm brings it by the lock file beside this one into .tools/node-red, at its first use; where npm cannot, it is not measured.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests.bench.figures import ROOT
from tests.bench.station import PartMissing
from tests.support.brokers import eventually, free_port

HERE = Path(__file__).parent
HOME = ROOT / ".tools" / "node-red"
ENTRY = HOME / "node_modules" / "node-red" / "red.js"
PATIENCE_S = 60.0
INSTALL_S = 300.0
TOPIC = "node-red/arrival"
_FUNCTION = f"msg.topic = '{TOPIC}'; msg.payload = {{uid: msg.payload.uid, at: Date.now()}}; return msg;"


class NodeRed:
    """Node-RED in a process of its own, with one flow. Raises PartMissing where npm cannot bring it."""

    def __init__(self, folder: Path, broker_port: int) -> None:
        node = _installed()
        folder.mkdir()
        self.port = free_port()
        (folder / "flows.json").write_text(json.dumps(_flow(broker_port)))
        (folder / "settings.js").write_text(f"module.exports = {json.dumps(_settings(folder, self.port))};")
        command = [node, str(ENTRY), "--settings", str(folder / "settings.js"), "--userDir", str(folder)]
        self._log = folder / "log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        eventually(self._well, "Node-RED has started its flow", PATIENCE_S)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(PATIENCE_S)

    def _well(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError(f"Node-RED ended: {self._log.read_text()[-2000:]}")
        told = self._log.read_text()
        return "Started flows" in told and "Connected to broker" in told


def _installed() -> str:
    """The node to run it with."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise PartMissing("Node-RED needs node and npm: apt install npm")
    lock = (HERE / "package-lock.json").read_bytes()
    stamp = HOME / "lock"
    if not (ENTRY.exists() and stamp.exists() and stamp.read_bytes() == lock):
        HOME.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, HOME / name)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=HOME, check=False, capture_output=True, timeout=INSTALL_S)
        if done.returncode:
            raise PartMissing("npm could not bring Node-RED; is the network there?")
        stamp.write_bytes(lock)
    return node


def _settings(folder: Path, port: int) -> dict[str, object]:
    return {
        "uiHost": "127.0.0.1",
        "uiPort": port,
        "httpAdminRoot": False,
        "flowFile": str(folder / "flows.json"),
        "telemetry": {"enabled": False, "updateNotification": False},
        "logging": {"console": {"level": "info", "metrics": False, "audit": False}},
    }


def _flow(broker_port: int) -> list[dict[str, object]]:
    broker = {"id": "broker", "type": "mqtt-broker", "broker": "127.0.0.1", "port": str(broker_port), "clientid": "node-red"}
    return [
        {"id": "tab", "type": "tab", "label": "door"},
        {"id": "tap", "type": "http in", "z": "tab", "url": "/tap", "method": "post", "wires": [["arrival"]]},
        {"id": "arrival", "type": "function", "z": "tab", "func": _FUNCTION, "outputs": 1, "wires": [["out", "answer"]]},
        {
            "id": "out",
            "type": "mqtt out",
            "z": "tab",
            "topic": "",
            "qos": "1",
            "retain": "false",
            "broker": "broker",
            "wires": [],
        },
        {"id": "answer", "type": "http response", "z": "tab", "statusCode": "200", "wires": []},
        {**broker, "usetls": False, "protocolVersion": "4", "keepalive": "60", "cleansession": True, "autoConnect": True},
    ]
