"""Pages are small on the wire, but none that could give a secret away by its length."""

import gzip
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.test_patient_pages import send

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def test_the_form_is_compressed_for_those_who_can_read_it(client: FlaskClient, code: Callable[[str], str]) -> None:
    path = f"/s/{code('W03')}"
    packed = client.get(path, headers=GZIP)
    assert packed.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in packed.headers["Vary"]
    assert "3号收费窗口" in gzip.decompress(packed.data).decode()
    assert len(packed.data) < 14_600 - 1_000
    for refused in ({}, {"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip;q=0"}):
        plain = client.get(path, headers=refused)
        assert "Content-Encoding" not in plain.headers and "3号收费窗口" in plain.text


def test_a_receipt_with_the_level_is_never_compressed(client: FlaskClient, code: Callable[[str], str]) -> None:
    receipt = send(client, f"/s/{code('W03')}", overall="1").headers["Location"]
    page = client.get(receipt, headers=GZIP)
    assert "非常不满意" in page.text and "Content-Encoding" not in page.headers


@pytest.mark.parametrize("path", ["/admin/sign-in", "/staff/sign-in"])
def test_a_page_with_a_token_of_the_session_is_never_compressed(client: FlaskClient, path: str) -> None:
    assert "Content-Encoding" not in client.get(path, headers=GZIP).headers


def test_the_public_pages_are_compressed(client: FlaskClient) -> None:
    for path in ("/stars/", "/stars/monthly/rules", "/evidence/", "/c"):
        assert client.get(path, headers=GZIP).headers.get("Content-Encoding") == "gzip", path
