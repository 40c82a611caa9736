"""Names of stores, devices and associates.

They stand in MQTT topics and access rules, so nothing but `[a-z0-9-]{1,32}` is a name: no slash, no wildcard,
no upper case (docs/security.md, faults F19 and F20).
"""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from edge.contracts.errors import ContractError

# `$` alone also matches before a final newline; the look-ahead closes that gap in Python and in JSON Schema alike.
PATTERN = r"^[a-z0-9-]{1,32}$(?!\n)"
Name = Annotated[str, msgspec.Meta(pattern=PATTERN, description="store, device or associate: [a-z0-9-]{1,32}")]

_NAME = re.compile(PATTERN)


def check_name(value: str, what: str) -> str:
    """Return `value` if it is a name, else raise ContractError `name_invalid`; `what` says whose name it is."""
    if not _NAME.match(value):
        raise ContractError(
            "name_invalid",
            f"the name of a {what}",
            "Use 1 to 32 of the characters a-z, 0-9 and '-'.",
        )
    return value
