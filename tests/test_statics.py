"""Issue 8, item 3: styles and scripts are fetched once and kept for a year, and packed on the way."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

FOREVER = "public, max-age=31536000, immutable"
GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def get(client: FlaskClient, path: str, **options: Any) -> TestResponse:
    """Read to its end: a file that is sent stays open as long as its answer."""
    return client.get(path, buffered=True, **options)


def addresses(client: FlaskClient, page: str = "/admin/sign-in") -> list[str]:
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', get(client, page).text)


def test_every_address_on_a_page_is_kept_for_a_year(client: FlaskClient) -> None:
    found = addresses(client)
    assert found
    for address in found:
        assert re.search(r"\?v=[0-9a-f]{8}$", address)
        answer = get(client, address, headers=GZIP)
        assert answer.headers["Cache-Control"] == FOREVER and answer.headers.getlist("Set-Cookie") == []


@pytest.mark.parametrize("query", ["", "?v=", "?v=00000000", "?v=../x"])
def test_what_was_not_asked_for_by_its_content_is_asked_about_again(client: FlaskClient, query: str) -> None:
    """An old page after an upgrade, or somebody's own link: the file as it is now, and not for ever."""
    answer = get(client, f"/static/console.css{query}")
    assert answer.status_code == 200 and "immutable" not in answer.headers["Cache-Control"]
    again = get(client, f"/static/console.css{query}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and again.data == b""


def test_it_is_packed_for_those_who_can_read_it(client: FlaskClient) -> None:
    address = next(one for one in addresses(client) if "console.css" in one)
    plain, packed = get(client, address), get(client, address, headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.data) == plain.data and len(packed.data) * 3 < len(plain.data)
    assert int(packed.headers["Content-Length"]) == len(packed.data)
    again = get(client, address, headers={**GZIP, "If-None-Match": packed.headers["ETag"]})
    assert again.status_code == 304
    part = get(client, address, headers={**GZIP, "Range": "bytes=0-9"})
    assert part.data == plain.data[:10] and "Content-Encoding" not in part.headers


@pytest.mark.parametrize("name", ["nothing.css", "../app.py", "%00", "a" * 3000])
def test_what_is_not_there_is_not_there(client: FlaskClient, name: str) -> None:
    answer = get(client, f"/static/{name}", headers=GZIP)
    assert answer.status_code == 404 and "immutable" not in answer.headers.get("Cache-Control", "")


def test_the_mark_follows_the_content(app: Flask, tmp_path: Path) -> None:
    with app.test_request_context():
        from flask import url_for

        before = url_for("static", filename="console.css")
        assert before == url_for("static", filename="console.css")
        assert before != url_for("static", filename="console.js").replace("console.js", "console.css")
        assert url_for("static", filename="nothing.css") == "/static/nothing.css"
