"""HttpClient against a real server on a real socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from edge.transport.http import HttpClient, Unreachable
from tests.support.brokers import HOST, free_port

TOKEN = "very-secret-token"


class Peer(BaseHTTPRequestHandler):
    """Answers by path."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str | None, int]]

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers.get("Authorization"), self.client_address[1]))  # type: ignore[attr-defined]
        if self.path.startswith("/large"):
            self._answer(200, b"x" * 5000)
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(b"x" * 1000)
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
        elif self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/slow":
            self.server.release.wait(10)  # type: ignore[attr-defined]
            self._answer(200, b"late")
        else:
            self._answer(404, b'{"error": {}}')

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(
            200, self.headers["Content-Type"].encode() + b"|" + self.headers.get("Idempotency-Key", "").encode() + b"|" + body
        )

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Sort", "Test")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Server(ThreadingHTTPServer):
    seen: list[tuple[str, str | None, int]]
    release: threading.Event

    def handle_error(self, *_: object) -> None:
        """A client that turns away is what some tests do."""


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server((HOST, 0), Peer)
    started.seen, started.release = [], threading.Event()
    thread = threading.Thread(target=started.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield started
    started.release.set()
    started.shutdown()
    started.server_close()
    thread.join()


@pytest.fixture
def client(server: Server) -> Iterator[HttpClient]:
    made = HttpClient(f"http://{HOST}:{server.server_port}/", TOKEN, timeout_s=0.5, reply_max_bytes=4096)
    yield made
    made.close()


def code_of(client: HttpClient, path: str) -> str:
    with pytest.raises(Unreachable) as caught:
        client.get(path)
    assert caught.value.hint
    assert TOKEN not in str(caught.value)
    return caught.value.code


def test_get_with_token_and_parameters(client: HttpClient, server: Server) -> None:
    reply = client.get("/api/v1/feed", {"after": "a b", "limit": 5})
    assert (reply.status, reply.body, reply.headers["x-sort"]) == (404, b'{"error": {}}', "Test")
    assert server.seen[0][:2] == ("/api/v1/feed?after=a+b&limit=5", f"Bearer {TOKEN}")


def test_post_bytes_with_headers(client: HttpClient) -> None:
    reply = client.post("/api/v1/facts", b'{"facts": []}', {"Idempotency-Key": "k1"})
    assert (reply.status, reply.body) == (200, b'application/json|k1|{"facts": []}')


def test_connections_are_kept(client: HttpClient, server: Server) -> None:
    for _ in range(5):
        client.get("/any")
    assert len({port for _path, _token, port in server.seen}) == 1


def test_a_base_path_is_kept(server: Server) -> None:
    client = HttpClient(f"http://{HOST}:{server.server_port}/hq/", None)
    client.get("/api")
    assert server.seen[0][:2] == ("/hq/api", None)
    client.close()


def test_redirects_are_answers(client: HttpClient) -> None:
    assert client.get("/away").status == 302


def test_answers_have_a_largest_size(client: HttpClient) -> None:
    assert code_of(client, "/large") == "reply_too_large"
    assert code_of(client, "/endless") == "reply_too_large"
    assert client.get("/any").status == 404


def test_slow_answers_end(client: HttpClient) -> None:
    began = time.monotonic()
    assert code_of(client, "/slow") == "timed_out"
    assert time.monotonic() - began < 8


def test_half_an_answer_is_no_answer(client: HttpClient) -> None:
    assert code_of(client, "/cut") == "reply_broken"


def test_nobody_there() -> None:
    client = HttpClient(f"http://{HOST}:{free_port()}", TOKEN)
    assert code_of(client, "/") == "unreachable"
    assert code_of(HttpClient("http://no-such-host.invalid", TOKEN), "/") == "unreachable"


def test_not_http_at_all() -> None:
    with socket.create_server((HOST, 0)) as listener:

        def babble() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"\x20\x02\x00\x05 not http\r\n\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        assert code_of(HttpClient(f"http://{HOST}:{listener.getsockname()[1]}", TOKEN, timeout_s=2), "/") == "reply_broken"
        thread.join()


def test_https_to_a_plain_port(server: Server) -> None:
    assert code_of(HttpClient(f"https://{HOST}:{server.server_port}", TOKEN, timeout_s=2), "/") == "tls_failed"


def test_the_token_does_not_show(client: HttpClient) -> None:
    assert TOKEN not in repr(client)
    assert TOKEN not in repr(client._pool)


@pytest.mark.parametrize("address", ["", "hub.local", "ftp://hub", "http://", "http://user:secret@hub"])
def test_an_unusable_address(address: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        HttpClient(address, TOKEN)
