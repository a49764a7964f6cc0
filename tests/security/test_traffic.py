"""Floods from one address: refused kindly, nothing lost, nobody else held up; the hospital's own Wi-Fi gets ten times as much."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.db.ratings import Rating
from feedback_app.domain import networks
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.conftest import settings_for
from tests.console import PASSWORD, account, csrf

OUTSIDE, WIFI = "203.0.113.7", "10.1.2.3"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    limits = {
        "ratings_per_minute": 1,
        "complaints_per_hour": 6,
        "sign_ins_per_hour": 4,
        "shared_networks": ["10.0.0.0/8"],
    }
    return settings_for(tmp_path, limits=limits)


def rate(client: FlaskClient, code: str, number: int, address: str) -> tuple[int, str]:
    fields = {"overall": "2", "key": f"a-key-of-its-own-{number:04d}", "comment": f"等了很久 {number}"}
    answer = client.post(f"/s/{code}", data=fields, environ_base={"REMOTE_ADDR": address})
    return answer.status_code, answer.text


def test_ratings(client: FlaskClient, runtime: Runtime, code: Callable[[str], str]) -> None:
    scanned = code("W03")
    assert [rate(client, scanned, number, OUTSIDE)[0] for number in range(6)] == [303] * 4 + [429] * 2
    status, page = rate(client, scanned, 5, OUTSIDE)
    assert (status, "等了很久 5" in page, "再试" in page) == (429, True, True)
    assert rate(client, scanned, 7, "203.0.113.8")[0] == 303
    assert [rate(client, scanned, 100 + number, WIFI)[0] for number in range(41)] == [303] * 40 + [429]
    assert [rate(client, scanned, 200 + number, "127.0.0.1")[0] for number in range(50)] == [303] * 50
    with runtime.reading() as session:
        assert session.query(Rating).count() == 4 + 1 + 40 + 50


def test_complaints(client: FlaskClient) -> None:
    def send(number: int) -> tuple[int, str]:
        fields = {"key": f"a-key-of-its-own-{number:04d}", "text": f"窗口一直没有人 {number}"}
        answer = client.post("/feedback", data=fields, environ_base={"REMOTE_ADDR": OUTSIDE})
        return answer.status_code, answer.text

    assert [send(number)[0] for number in range(3)] == [303, 303, 429]
    assert "窗口一直没有人 9" in send(9)[1]


def test_sign_ins(client: FlaskClient, runtime: Runtime) -> None:
    """Also the right password has to wait: else the answer would tell which guess was right."""
    account(runtime)

    def send(password: str) -> int:
        fields = {"csrf_token": csrf(client), "login": "admin", "password": password}
        return client.post("/admin/sign-in", data=fields, environ_base={"REMOTE_ADDR": OUTSIDE}).status_code

    assert [send("guess"), send("guess"), send(PASSWORD)] == [401, 401, 429]


@given(st.ip_addresses(v=6))
def test_ipv6_counts_by_customer(address: object) -> None:
    whole = networks.customer(str(address))
    assert whole == "" or whole.endswith("/64") or "." in whole


@pytest.mark.parametrize(
    ("address", "customer"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3::9", "2001:db8:1:2::/64"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("not an address", ""),
        (None, ""),
    ],
)
def test_whom_an_address_stands_for(address: str | None, customer: str) -> None:
    assert networks.customer(address) == customer
