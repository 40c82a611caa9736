"""How the app is served: a strict policy, types browsers insist on, nothing but the files of the shell."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edge.associates.web import create_blueprint

LOOK = Path(__file__).resolve().parents[3] / "edge" / "look"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    app = Flask("app", static_folder=None)
    app.register_blueprint(create_blueprint(ws_origin="ws://127.0.0.1:8604/mqtt", look_folder=LOOK))
    return app.test_client()


def policy_of(client: FlaskClient) -> dict[str, list[str]]:
    header = client.get("/").headers["Content-Security-Policy"]
    return {name: values for name, *values in (part.split() for part in header.split(";") if part.strip())}


def test_the_policy_allows_nothing_it_does_not_name(client: FlaskClient) -> None:
    policy = policy_of(client)
    assert policy["default-src"] == ["'none'"]
    assert policy["connect-src"] == ["'self'", "ws://127.0.0.1:8604"]
    assert policy["frame-ancestors"] == ["'none'"] and policy["base-uri"] == ["'none'"]
    assert not any("unsafe" in value for values in policy.values() for value in values)


def test_the_only_inline_script_is_the_import_map_and_its_hash_is_named(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    inline = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>(.*?)</script>", page, re.DOTALL)
    assert [attributes.strip() for attributes, _body in inline] == ['type="importmap"']
    digest = base64.b64encode(hashlib.sha256(inline[0][1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy_of(client)["script-src"]
    assert "style=" not in page and " on" + "click" not in page


def test_every_file_of_the_shell_is_served_with_its_type(client: FlaskClient) -> None:
    worker = client.get("/sw.js").get_data(as_text=True)
    shell = json.loads(worker.partition("const SHELL = ")[2].partition(";\n")[0])
    assert "/" in shell["files"] and any(name.endswith("alerts_state.js") for name in shell["files"])
    for name in shell["files"]:
        reply = client.get(name)
        assert reply.status_code == 200, name
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.mimetype != "application/octet-stream", name
        assert "/api/" not in name
    assert client.get("/sw.js").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/app/../web.py",
        "/app/%2e%2e/web.py",
        "/look/../process/config.py",
        "/look/package.json",
        "/look/",
        "/app/",
        "/app/none.js",
        "/app/.hidden",
    ],
)
def test_nothing_else_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_page_that_has_not_changed_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/")
    again = client.get("/", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")


@pytest.mark.parametrize("origin", ["http://127.0.0.1", "127.0.0.1:80", "", "ws://", "ws://a b", "ws://x;script-src *"])
def test_what_is_no_address_for_phones_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match="ws://host:port"):
        create_blueprint(ws_origin=origin, look_folder=LOOK)


def test_missing_modules_are_noticed_when_the_hub_starts(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        create_blueprint(ws_origin="ws://127.0.0.1:1", look_folder=tmp_path)
