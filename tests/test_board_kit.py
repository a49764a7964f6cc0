"""What leaves the house of a published board: only the public names, a code that leads there, certificates that check."""

import io
from collections.abc import Iterator
from datetime import datetime

import pypdfium2
import pytest
from flask.testing import FlaskClient
from PIL import Image

from feedback_app.domain.cycles import Period
from feedback_app.services import certificates, leaderboards, publications
from feedback_app.services.runtime import Runtime
from tests.console import sign_in
from tests.reading import read
from tests.star_ratings import october

KIT = "/admin/stars/monthly/2026-10/kit"
OCTOBER = Period.parse("2026-10")
NOON = datetime.fromisoformat("2026-11-20T12:00+08:00")


@pytest.fixture
def published(runtime: Runtime) -> Iterator[Runtime]:
    with runtime.transaction() as session:
        october(session)
        leaderboards.close_due(session, now=NOON, zone=runtime.zone)
        publications.publish(session, "monthly", OCTOBER, by="王主任", now=NOON, settings=runtime.settings)
    yield runtime


def test_the_picture_leads_to_the_board_and_the_text_names_only_the_public(
    published: Runtime, client: FlaskClient
) -> None:
    sign_in(client, published, "quality")
    page = client.get(KIT).text
    assert "张伟（心血管内科）" in page and "未核验" in page
    assert "张敏" not in page, "second of two: told to nobody but herself"
    answer = client.get("/admin/stars/monthly/2026-10/picture.png")
    assert answer.mimetype == "image/png"
    picture = Image.open(io.BytesIO(answer.data))
    assert picture.width == 1080
    assert read(picture) == ["http://127.0.0.1:8000/stars/monthly/2026-10"]
    again = client.get("/admin/stars/monthly/2026-10/picture.png")
    assert again.data == answer.data


def test_every_certificate_of_the_document_leads_to_its_check_page(published: Runtime, client: FlaskClient) -> None:
    sign_in(client, published, "quality")
    pdf = client.get("/admin/stars/monthly/2026-10/certificates.pdf").data
    document = pypdfium2.PdfDocument(pdf)
    with published.reading() as session:
        made = list(certificates.of_source(session, "stars:monthly:2026-10"))
    assert len(document) == len(made) >= 3
    for number, one in enumerate(made):
        page = document[number]
        [address] = read(page.render(scale=3).to_pil())
        assert address == f"http://127.0.0.1:8000/stars/check/{one.code}"
        words = page.get_textpage().get_text_range()
        assert one.holder in words and (one.number or "") in words and "未核验" in words
        assert "有效" in client.get(address.removeprefix("http://127.0.0.1:8000")).text
    document.close()


def test_nothing_of_it_exists_before_publication(runtime: Runtime, client: FlaskClient) -> None:
    with runtime.transaction() as session:
        october(session)
        leaderboards.close_due(session, now=NOON, zone=runtime.zone)
    sign_in(client, runtime, "quality")
    for path in (KIT, "/admin/stars/monthly/2026-10/picture.png", "/admin/stars/monthly/2026-10/certificates.pdf"):
        assert client.get(path).status_code == 404
