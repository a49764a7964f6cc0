"""One line for each request, and no line that somebody else wrote."""

import re

import pytest
from flask import Flask

from feedback_app.cli._gunicorn import discreet


@pytest.mark.parametrize("path", ["/s/a\n[22/Nov/2026] GET /x 200", "/s/\r\n", "/s/\x1b[2J", "/s/\x9b2J", "/s/\0"])
def test_no_path_writes_a_line_of_its_own(path: str) -> None:
    assert discreet(path).isprintable()
    assert "\n" not in discreet(path)


def test_no_receipt_and_no_token_is_logged(app: Flask) -> None:
    """Every address with a secret in it says so by the name of its part."""
    secret = re.compile(
        "<(token|ticket|receipt|secret|link)>|(?<=/staff/bind/)<code>|(?<=/staff/in/)<code>|(?<=/stars/check/)<code>|(?<=<number>/)<code>|(?<=/events/<int:activity>/)<number>"
    )
    addresses = {str(rule) for rule in app.url_map.iter_rules() if secret.search(str(rule))}
    assert len(addresses) >= 15
    for address in addresses:
        asked = re.sub("<[a-z:_]+>", "1", secret.sub("7XK29QDM00", address))
        assert "7XK29QDM00" not in discreet(asked), address
        assert "7XK29QDM00" not in discreet(f"/{asked}"), address
    assert discreet("/s/00017XK29QDM") == "/s/00017XK29QDM"
