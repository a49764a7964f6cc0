"""One line for each request, and no line that somebody else wrote."""

import pytest

from feedback_app.cli._gunicorn import discreet


@pytest.mark.parametrize("path", ["/s/a\n[22/Nov/2026] GET /x 200", "/s/\r\n", "/s/\x1b[2J", "/s/\x9b2J", "/s/\0"])
def test_no_path_writes_a_line_of_its_own(path: str) -> None:
    assert discreet(path).isprintable()
    assert "\n" not in discreet(path)


@pytest.mark.parametrize(
    "path", ["/r/", "//r/", "/evidence/check/", "/evidence/receipts/", "/admin/setup/", "/staff/bind/", "/staff/mail/"]
)
def test_no_receipt_and_no_token_is_logged(path: str) -> None:
    assert discreet(f"{path}7XK29QDM00") == f"{path}*"
    assert discreet("/s/00017XK29QDM") == "/s/00017XK29QDM"
