"""A file may be called anything; the header that says so holds Latin letters, or the web server refuses the whole answer."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.services import list_templates
from feedback_app.services.runtime import Runtime
from feedback_app.web.file_names import disposition
from tests.console import sign_in

WEB = Path(__file__).parent.parent / "feedback_app" / "web"
SENT = re.compile(r"[ \t\x21-\x7e\x80-\xff]*")  # what gunicorn sends on (RFC 9110, 5.5)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("monthly_2026-10.pdf", "monthly_2026-10.pdf"),
        ("人员名单.xlsx", "file.xlsx"),
        ("monthly_2026-10_证书.pdf", "monthly_2026-10.pdf"),
        ('a"b\r\nX: y.pdf', "a_b_X_y.pdf"),
    ],
)
def test_a_name_has_a_plain_form_and_the_whole_one(name: str, plain: str) -> None:
    told = disposition(name)
    assert f'filename="{plain}"' in told
    if name != plain:
        assert unquote(told.partition("filename*=UTF-8''")[2]) == name


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_whatever_it_is_called_it_can_be_sent(name: str) -> None:
    for shown in (False, True):
        assert SENT.fullmatch(disposition(name, shown=shown))


@pytest.mark.parametrize("kind", list_templates.kinds())
def test_the_lists_to_fill_in_can_be_sent(client: FlaskClient, runtime: Runtime, kind: str) -> None:
    sign_in(client, runtime)
    sent = client.get(f"/admin/directory/template/{kind}.xlsx")
    assert all(SENT.fullmatch(value) for value in sent.headers.values())
    assert unquote(sent.headers["Content-Disposition"]).endswith(list_templates.file_name(kind))


def test_no_page_writes_such_a_header_by_itself() -> None:
    """Where the name is not made of ASCII by construction, ``file_names`` writes it."""
    own = re.compile(r"headers\.set\(\s*.Content-Disposition")
    assert [file.name for file in WEB.glob("*.py") if own.search(file.read_text("utf-8"))] == []
