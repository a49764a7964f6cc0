"""A badge and the page behind it may show surname and number only."""

from pathlib import Path

import pytest

from feedback_app.app import create_app
from feedback_app.domain.badge_names import badge_name
from feedback_app.services import codes, posters
from feedback_app.services.codes import Wanted
from feedback_app.services.runtime import Runtime
from tests.conftest import settings_for


@pytest.mark.parametrize(
    ("name", "category", "shown"),
    [
        ("张伟", "医师", "张医生 工号 D01"),
        ("欧阳明", "护理", "欧阳护士 工号 D01"),
        ("何静", "收费", "何老师 工号 D01"),
        ("欧阳", "医师", "欧医生 工号 D01"),
        ("Anna Li", "医师", "Anna 医生 工号 D01"),
    ],
)
def test_surname_and_number(name: str, category: str, shown: str) -> None:
    assert badge_name(name, category, "D01") == shown


@pytest.mark.parametrize(
    ("names", "shown", "hidden"), [("surname", "张医生 工号 D01", "张伟"), ("full", "张伟", "张医生")]
)
def test_on_the_badge_and_behind_the_scan(
    runtime: Runtime, tmp_path: Path, names: str, shown: str, hidden: str
) -> None:
    settings = settings_for(tmp_path, hospital={"staff_names": names})
    with runtime.transaction() as session:
        codes.issue_missing(session, runtime.vault, actor="test", now=runtime.now())
    with runtime.reading() as session:
        [row] = codes.rows(session, settings.server.base_url, Wanted(kind="staff", keys=("D01",)))
    printed = posters.poster(row, settings, "zh")
    assert printed.name == shown
    assert hidden not in str(printed)
    assert posters.document([row], settings, "badge", language="zh", now=runtime.now()).startswith(b"%PDF")
    app = create_app(settings)
    try:
        page = app.test_client().get(f"/s/{row.code}", headers={"Accept-Language": "zh-CN"}).text
        assert shown in page
        assert hidden not in page
    finally:
        app.extensions["service_star"].close()
