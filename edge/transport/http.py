"""HTTP to hub or HQ: kept-alive connections, no hidden retries, bounded in time and size. Built on urllib3.

urllib3 is loaded by the first question, on the thread that asks it: a kiosk is ready for its first tap without.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    import urllib3

REPLY_MAX_BYTES = 8 * 1024 * 1024
_CONNECTIONS = 4
_PART_BYTES = 64 * 1024


class HttpReply(Struct, frozen=True):
    """Whatever the other side answered, errors included: the caller judges the status. Header names in lower case."""

    status: int
    body: bytes
    headers: dict[str, str] = {}


class Unreachable(Exception):
    """No (whole) answer came. code: unreachable, timed_out, tls_failed, reply_broken, reply_too_large; hint: what to do next.

    Whether the request took effect is not known: repeat it with the same ids or idempotency key.
    """

    def __init__(self, code: str, tried: str, hint: str) -> None:
        super().__init__(f"{code}: {tried}. {hint}")
        self.code = code
        self.tried = tried
        self.hint = hint


class HttpClient:
    """Talks to one base URL, from any thread. The token goes out as `Authorization: Bearer` and nowhere else.

    base_url: `http(s)://host:port`, with or without a path. timeout_s: to connect, and between two bytes of the answer.
    """

    def __init__(
        self, base_url: str, token: str | None, timeout_s: float = 10, *, reply_max_bytes: int = REPLY_MAX_BYTES
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise ValueError("base_url must be http(s)://host[:port][/path], without a user")
        self._base = base_url.rstrip("/")
        self._where = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._reply_max_bytes = reply_max_bytes
        self._timeout_s = timeout_s

    @cached_property
    def _pool(self) -> urllib3.PoolManager:
        import urllib3

        timeout = urllib3.Timeout(connect=min(self._timeout_s, 5.0), read=self._timeout_s)
        return urllib3.PoolManager(maxsize=_CONNECTIONS, retries=False, timeout=timeout)

    def __repr__(self) -> str:
        return f"HttpClient({self._where})"

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> HttpReply:
        """GET `path` (begins with '/') with query parameters; raises Unreachable."""
        query = f"?{urlencode(params)}" if params else ""
        return self._ask("GET", path + query, None, {})

    def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> HttpReply:
        """POST JSON bytes to `path`; raises Unreachable. headers: such as Idempotency-Key."""
        return self._ask("POST", path, body, {"Content-Type": "application/json", **(headers or {})})

    def close(self) -> None:
        """Close the kept connections."""
        if "_pool" in vars(self):
            self._pool.clear()

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> HttpReply:
        from urllib3.exceptions import HTTPError

        tried = f"{method} {path.partition('?')[0]} at {self._where}"
        try:
            answer = self._pool.request(
                method,
                self._base + path,
                body=body,
                headers={**headers, **self._headers},
                preload_content=False,
                decode_content=False,
                redirect=False,
            )
            return self._read(answer, tried)
        except HTTPError as error:
            raise self._unreachable(error, tried) from None

    def _read(self, answer: urllib3.BaseHTTPResponse, tried: str) -> HttpReply:
        body = bytearray()
        while len(body) <= self._reply_max_bytes and (part := answer.read(_PART_BYTES)):
            body += part  # to the very end, for only there does urllib3 notice that something is missing
        if len(body) > self._reply_max_bytes:
            answer.close()
            raise Unreachable(
                "reply_too_large",
                tried,
                f"The answer is larger than {self._reply_max_bytes} bytes: see what answers at {self._where}.",
            )
        answer.release_conn()
        return HttpReply(answer.status, bytes(body), {name.lower(): value for name, value in answer.headers.items()})

    def _unreachable(self, error: Exception, tried: str) -> Unreachable:
        from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, SSLError, TimeoutError

        if isinstance(error, NewConnectionError | NameResolutionError):
            return Unreachable("unreachable", tried, f"See that it runs and that {self._where} can be reached from here.")
        if isinstance(error, ConnectTimeoutError | TimeoutError):
            return Unreachable("timed_out", tried, "It did not answer in time; it is asked again later.")
        if isinstance(error, SSLError):
            return Unreachable("tls_failed", tried, "See the certificate of that address and the clock of this machine.")
        return Unreachable(
            "reply_broken", tried, f"The connection ended in the middle ({type(error).__name__}); it is asked again later."
        )
