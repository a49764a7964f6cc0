"""How a rating came: browser, network, staff's own phones; and that none of it is more than a hash of one day."""

from collections.abc import Callable

import pytest
from flask import Flask

from feedback_app.app import create_app
from feedback_app.db.ratings import Rating
from feedback_app.services.runtime import Runtime
from tests.conftest import settings_for
from tests.console import sign_in
from tests.security.people import sign_in_staff


def rated(app: Flask, code: str, *, address: str = "127.0.0.1", key: str = "k", client: object = None) -> None:
    browser = client or app.test_client()
    sent = browser.post(  # type: ignore[attr-defined]
        f"/s/{code}", data={"key": key * 24, "overall": "4"}, environ_base={"REMOTE_ADDR": address}
    )
    assert sent.status_code == 303


def newest(runtime: Runtime) -> Rating:
    with runtime.reading() as session:
        return session.query(Rating).order_by(Rating.id.desc()).first()  # type: ignore[return-value]


def test_a_browser_is_known_from_its_first_rating(app: Flask, runtime: Runtime, code: Callable[[str], str]) -> None:
    client = app.test_client()
    for key in "ab":
        rated(app, code("D01"), key=key, client=client)
    with runtime.reading() as session:
        first, second = session.query(Rating).order_by(Rating.id)
    assert first.device_hash is not None and first.device_hash == second.device_hash
    assert (first.status, second.status) == ("counted", "repeat")


@pytest.mark.parametrize(
    ("address", "seen"),
    [("127.0.0.1", False), ("10.1.2.3", False), ("192.168.1.9", False), ("203.0.112.7", True), ("2408:8000::1", True)],
)
def test_a_network_outside_is_a_hash_and_inner_ones_say_nothing(
    app: Flask, runtime: Runtime, code: Callable[[str], str], address: str, seen: bool
) -> None:
    rated(app, code("D01"), address=address)
    kept = newest(runtime).network_hash
    assert (kept is not None) == seen
    assert address not in str(kept)


def test_the_hospitals_own_public_address_is_no_network(
    runtime: Runtime, code: Callable[[str], str], request: pytest.FixtureRequest
) -> None:
    printed = code("D01")
    folder = request.getfixturevalue("tmp_path")
    own = settings_for(
        folder,
        database={"url": runtime.settings.database.url},
        limits={"shared_networks": ["203.0.112.0/24"]},
        server={"trusted_proxies": 1},
    )
    app = create_app(own)
    proxied = {"X-Forwarded-For": "203.0.112.7"}
    sent = app.test_client().post(f"/s/{printed}", data={"key": "p" * 24, "overall": "4"}, headers=proxied)
    assert sent.status_code == 303 and newest(runtime).network_hash is None
    other = {"X-Forwarded-For": "203.0.112.7, 198.51.101.4"}  # the proxy's own word is the last
    app.test_client().post(f"/s/{printed}", data={"key": "q" * 24, "overall": "4"}, headers=other)
    assert newest(runtime).network_hash is not None
    app.extensions["service_star"].close()


def test_whoever_works_here_is_noticed_and_not_named(app: Flask, runtime: Runtime, code: Callable[[str], str]) -> None:
    staff, desk = app.test_client(), app.test_client()
    sign_in_staff(staff, runtime, "D01")
    assert staff.get("/staff/").status_code == 200
    sign_in(desk, runtime, "quality")
    assert desk.get("/admin/ratings").status_code == 200
    came = (("a", staff, "D01", "staff"), ("b", staff, "L02", "colleague"), ("c", desk, "D01", "colleague"))
    for key, client, about, sign in came:
        rated(app, code(about), key=key, client=client)
        assert newest(runtime).staff_sign == sign, about
    forged = app.test_client()
    forged.set_cookie("ward", "1")
    rated(app, code("D02"), key="zz", client=forged)
    assert newest(runtime).staff_sign == ""
