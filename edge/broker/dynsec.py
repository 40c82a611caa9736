"""Pure. The words of Mosquitto's dynamic-security plugin (2.0): its file, its commands, its answers."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from edge.broker.config import Identity
from edge.broker.rights import Rights

COMMAND_TOPIC = "$CONTROL/dynamic-security/v1"
RESPONSE_TOPIC = "$CONTROL/dynamic-security/v1/response"
# Passwords are random tokens of 24 bytes or more: stretching adds nothing, and a slow hash would hold up the broker's one thread.
ITERATIONS = 101
ADMIN_RIGHTS = Rights(write=[COMMAND_TOPIC], read=[RESPONSE_TOPIC])
_UNKNOWN = ("Client not found", "Role not found")
_THERE = ("Client already exists", "Role already exists")


def acls_of(rights: Rights) -> list[dict[str, Any]]:
    """The access list of a role: publish, receive and subscribe, each only where a right says so."""
    writes = [_acl("publishClientSend", topic) for topic in rights.write]
    reads = [_acl(kind, topic) for topic in rights.read for kind in ("publishClientReceive", "subscribePattern")]
    return writes + reads


def security_file(identities: Sequence[Identity], salts: Sequence[bytes]) -> bytes:
    """`dynamic-security.json`: these accounts and no other, everything else denied. One 12-byte salt per identity."""
    document = {
        "defaultACLAccess": {
            "publishClientSend": False,
            "publishClientReceive": False,
            "subscribe": False,
            "unsubscribe": True,
        },
        "clients": [_client(identity, salt) for identity, salt in zip(identities, salts, strict=True)],
        "groups": [],
        "roles": [{"rolename": identity.username, "acls": acls_of(identity.rights)} for identity in identities],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1)


def put_commands(username: str, password: str, rights: Rights) -> list[dict[str, Any]]:
    """Make the account anew; whoever is connected with it is thrown out."""
    return [
        *remove_commands(username),
        {"command": "createRole", "rolename": username, "acls": acls_of(rights)},
        {"command": "createClient", "username": username, "password": password, "roles": [{"rolename": username}]},
    ]


def keep_commands(username: str, password: str, rights: Rights) -> list[dict[str, Any]]:
    """Make the account where it is missing (the broker was restarted); disturb nobody where it is there."""
    return put_commands(username, password, rights)[len(remove_commands(username)) :]


def remove_commands(username: str) -> list[dict[str, Any]]:
    """Remove the account; whoever is connected with it is thrown out."""
    return [{"command": "deleteClient", "username": username}, {"command": "deleteRole", "rolename": username}]


def encode(commands: Sequence[dict[str, Any]], correlation: str) -> bytes:
    """One message for the command topic; every answer will carry the correlation."""
    return msgspec.json.encode({"commands": [{**command, "correlationData": correlation} for command in commands]})


class Response(msgspec.Struct, frozen=True):
    """One answer. error: Mosquitto's own text, or None."""

    command: str
    correlationData: str | None = None  # the plugin's own spelling
    error: str | None = None

    def failed(self) -> bool:
        """Whether something is wrong: not when a thing to be removed was not there, nor a thing to be kept was."""
        if self.error is None:
            return False
        benign = _UNKNOWN if self.command.startswith("delete") else _THERE
        return self.error not in benign


class _Responses(msgspec.Struct, frozen=True):
    responses: list[Response]


_DECODER = msgspec.json.Decoder(_Responses)


def read_responses(payload: bytes) -> list[Response]:
    """The answers in a message from the response topic; none when it is not what the plugin sends."""
    try:
        return _DECODER.decode(payload).responses
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []


def _acl(kind: str, topic: str) -> dict[str, Any]:
    return {"acltype": kind, "topic": topic, "priority": 0, "allow": True}


def _client(identity: Identity, salt: bytes) -> dict[str, Any]:
    hashed = hashlib.pbkdf2_hmac("sha512", identity.password.encode(), salt, ITERATIONS, 64)
    return {
        "username": identity.username,
        "password": base64.b64encode(hashed).decode("ascii"),
        "salt": base64.b64encode(salt).decode("ascii"),
        "iterations": ITERATIONS,
        "roles": [{"rolename": identity.username, "priority": 0}],
    }
