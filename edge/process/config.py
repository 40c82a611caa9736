"""Configuration: one TOML file per process, frozen msgspec structs with bounds, unknown keys refused with the nearest
known name, secrets only by reference to a file. Reading opens no device, port or database.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar, get_args
from urllib.parse import urlsplit

import msgspec

from edge.process.errors import OperatorError

T = TypeVar("T")
_SYSTEM_FOLDER = Path("/etc/shopbell")
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9.\-\[\]:]+")


def config_folder() -> Path:
    """Where this machine's TOML files lie: /etc/shopbell, else the folder of this user's or checkout's demo."""
    if _SYSTEM_FOLDER.is_dir():
        return _SYSTEM_FOLDER
    demo = os.environ.get("SHOPBELL_DEMO_DIR") or Path.home() / ".local/share/shopbell/demo"
    return Path(demo) / "config"


def load(path: Path, shape: type[T]) -> T:
    """Read `path` as TOML into `shape` (a frozen Struct), or raise OperatorError `config_*` that names key and mend."""
    tried = f"reading the configuration {path}"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise OperatorError("config_missing", tried, "Create the file; docs/operations.md shows one.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError("config_unreadable", tried, f"Make it readable UTF-8 text ({type(error).__name__}).") from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OperatorError("config_malformed", tried, f"Mend the TOML: {error}.") from None
    _refuse_unknown(raw, shape, "", tried)
    try:
        return msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        raise OperatorError("config_invalid", tried, f"Mend the value: {error}.") from None


def _refuse_unknown(raw: dict[str, Any], shape: Any, where: str, tried: str) -> None:
    known = {field.encode_name: field.type for field in msgspec.structs.fields(shape)}
    for key, value in raw.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            mend = f"Did you mean {where}{near[0]!s}?" if near else f"Known keys here: {', '.join(known)}."
            raise OperatorError("config_unknown_key", f"{tried}: key {where}{key}", mend)
        inner = _struct_in(known[key])
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and inner is not None:
                _refuse_unknown(one, inner, f"{where}{key}.", tried)


def _struct_in(annotation: Any) -> Any:
    candidates = (annotation, *get_args(annotation))
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, msgspec.Struct)), None)


def url_fits(url: str, *schemes: str) -> bool:
    """Pure: whether `url` is scheme://host[:port][/path] with one of these schemes, a port there can be, and no user in it."""
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname and _HOST_AND_PORT.fullmatch(parts.netloc)) and parts.port != 0
    except ValueError:  # an open bracket, a port above 65535
        return False


def read_secret(path: str) -> str:
    """The first line of a secret file without its newline, or OperatorError. The file must not be open to others."""
    tried = f"reading the secret file {path}"
    try:
        file = Path(path)
        if file.stat().st_mode & 0o077:
            raise OperatorError("secret_too_open", tried, f"Close it to others: chmod 600 {path}")
        line = file.read_text(encoding="ascii").partition("\n")[0].strip()
    except FileNotFoundError:
        raise OperatorError("secret_missing", tried, "Create the file with the secret on its first line, mode 600.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError("secret_unreadable", tried, f"Make it readable for this process ({type(error).__name__}).") from None
    if not line:
        raise OperatorError("secret_empty", tried, "Put the secret on the first line.")
    return line


def read_key(path: str, size: int) -> bytes:
    """A secret file holding `size` bytes as hex."""
    text = read_secret(path)
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != size:
        raise OperatorError(
            "secret_malformed", f"reading the key file {path}", f"It must hold {size} bytes as {2 * size} hex digits."
        )
    return key
