"""Pictures and voices about a case: fetched by number within their life, drawn anew, shown to the office alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import requests
from PIL import Image

from feedback_app import clock, jobs
from feedback_app.app import open_channels, open_media
from feedback_app.db.case_media import CaseMedia
from feedback_app.db.complaints import Case
from tests.bots.town import Town, town
from tests.conftest import NOON
from tests.console import sign_in

PLACE = b"Exif-GPS-of-the-patient"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path) as opened:
        said = opened.phones.say("oWang", "我要投诉，收费窗口的人骂人，态度很差")
        assert opened.all(Case), said
        yield opened


def photo() -> bytes:
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    Image.new("RGB", (2400, 1200), "navy").save(out, "JPEG", exif=exif, comment=PLACE)
    return out.getvalue()


def send(place: Town, kind: str, content: bytes) -> None:
    """As the sandbox's phone does it; its control interface has no way to give the file."""
    phone = place.sandbox.extensions["sandbox"]
    if kind == "image":
        phone.picture("oWang", content)
        return
    phone.voice("oWang", None)
    platform = phone.platform
    newest = [name for name, kept in platform.media.items() if kept.kind == "voice"][-1]
    platform.media[newest] = replace(platform.media[newest], content=content)


def work(place: Town) -> list[CaseMedia]:
    jobs.Worker(place.runtime, open_channels(place.runtime), media=open_media(place.runtime)).fetch_media()
    with place.runtime.reading() as session:
        rows = session.query(CaseMedia).order_by(CaseMedia.id).all()
        for row in rows:
            assert row.content is None or row.content  # loaded while the session is open
        return rows


def test_a_picture_is_fetched_stripped_and_shown_to_the_office_only(place: Town) -> None:
    sent = photo()
    assert PLACE in sent
    send(place, "image", sent)
    (kept,) = work(place)
    assert (kept.state, kept.content_type, kept.media_id) == ("kept", "image/jpeg", "")
    assert kept.content is not None and PLACE not in kept.content
    with Image.open(BytesIO(kept.content)) as drawn:
        assert (drawn.size, len(drawn.getexif())) == ((1600, 800), 0)
    number = place.all(Case)[0].number
    address = f"/admin/complaints/{number}/media/{kept.id}"
    client = place.app.test_client()
    assert client.get(address).status_code == 302
    sign_in(client, place.runtime, "office")
    assert address in client.get(f"/admin/complaints/{number}").text
    answer = client.get(address)
    assert (answer.status_code, answer.data) == (200, kept.content)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert client.get(f"/admin/complaints/T-0000-0000/media/{kept.id}").status_code == 404
    admin = place.app.test_client()
    sign_in(admin, place.runtime, "admin")
    assert admin.get(address).status_code == 403
    assert address not in admin.get(f"/admin/complaints/{number}").text


def test_a_voice_is_a_download_and_other_files_are_not_kept(place: Town) -> None:
    send(place, "voice", b"#!AMR\n" + bytes(500))
    send(place, "image", b"<svg onload=alert(1)>")
    send(place, "voice", b"<html>")
    assert [row.state for row in work(place)] == ["kept", "refused", "refused"]
    voice = place.all(CaseMedia)[0]
    client = place.app.test_client()
    sign_in(client, place.runtime, "office")
    answer = client.get(f"/admin/complaints/{place.all(Case)[0].number}/media/{voice.id}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.content_type == "audio/amr"


def test_trouble_is_tried_again_until_the_platform_has_it_no_more(place: Town) -> None:
    file = Path(place.runtime.settings.sandbox.clock_file)
    send(place, "image", photo())
    place.phones.fault("bad_gateway", path="/cgi-bin/media/get", times=1)
    assert [row.state for row in work(place)] == ["wanted"]
    assert [row.state for row in work(place)] == ["wanted"]  # not before its time
    clock.move(file, NOON + timedelta(minutes=6))
    assert [row.state for row in work(place)] == ["kept"]
    send(place, "image", photo())
    place.sandbox.extensions["sandbox"].platform.media.clear()
    assert [row.state for row in work(place)] == ["kept", "gone"]
    send(place, "image", photo())
    clock.move(file, NOON + timedelta(days=4))
    assert [row.state for row in work(place)][-1] == "gone"
    assert requests.get(place.address, timeout=10).status_code < 500
