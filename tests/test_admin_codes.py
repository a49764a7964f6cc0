"""Codes in the console and at /c, as an administrator and a patient meet them."""

import random
import re
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from feedback_app.db.audit import AuditEntry
from feedback_app.db.directory import ServicePoint
from feedback_app.services.codes import CodeRow
from feedback_app.services.runtime import Runtime
from tests import reading
from tests.console import sign_in, submit
from tests.test_codes_service import EVERYBODY, code_of, issue_all, listed

LINK = re.compile(r'href="([^"]+)"')


@pytest.fixture
def admin(client: FlaskClient, runtime: Runtime) -> FlaskClient:
    sign_in(client, runtime)
    return client


def test_printed_window_codes_in_three_clicks(admin: FlaskClient, runtime: Runtime) -> None:
    first = admin.get("/admin/codes")  # 1: the menu
    assert f"有 {EVERYBODY} 个" in first.text
    chosen = submit(admin, "/admin/codes/missing", {"kind": "window"}, follow_redirects=True)  # 2: make and print
    assert "下载 PDF（2 张）" in chosen.text
    assert "127.0.0.1" in chosen.text
    document = admin.get("/admin/codes/print.pdf?kind=window&layout=stand")  # 3: download
    name = unquote(document.headers["Content-Disposition"].partition("UTF-8''")[2])
    assert name == "收费处_窗口二维码_2张_立牌.pdf"
    seen = sorted(text for page in reading.pages(document.data) for text in reading.read(page))
    assert seen == sorted(
        row.url.replace("https://stars.hospital.cn", "http://127.0.0.1:8000") for row in windows(runtime)
    )


def windows(runtime: Runtime) -> list[CodeRow]:
    return list(listed(runtime, kind="window"))


@pytest.mark.parametrize("layout", ["stand", "badge", "sheet"])
def test_each_layout_has_a_preview(admin: FlaskClient, runtime: Runtime, layout: str) -> None:
    issue_all(runtime)
    page = admin.get("/admin/codes/print?kind=staff").text
    assert f"/admin/codes/preview/{layout}.svg?kind=staff" in page
    drawn = admin.get(f"/admin/codes/preview/{layout}.svg?kind=staff")
    assert drawn.content_type.startswith("image/svg+xml")
    assert "青山医院" in drawn.text


def test_find_tick_and_print(admin: FlaskClient, runtime: Runtime) -> None:
    issue_all(runtime)
    page = admin.get("/admin/codes?kind=staff&q=张").text
    assert "查到 2 个码" in page
    assert "张敏" in page
    assert "孙丽" not in page
    ticked = "&".join(f"code={code_of(runtime, key)}" for key in ("D01", "W03"))
    assert "窗口、员工 · 2 张" in admin.get(f"/admin/codes/print?{ticked}").text
    document = admin.get(f"/admin/codes/print.pdf?{ticked}&layout=sheet")
    assert len([text for page in reading.pages(document.data) for text in reading.read(page)]) == 2


def test_a_typed_code_opens_its_page_and_a_forged_one_is_named(admin: FlaskClient, runtime: Runtime) -> None:
    issue_all(runtime)
    code = code_of(runtime, "L04")
    assert admin.get(f"/admin/codes?q={code.lower()}").headers["Location"] == f"/admin/codes/{code}"
    assert "不是本院发出的码" in admin.get("/admin/codes?q=0001-0000-0000").text


def test_pictures_of_one_code(admin: FlaskClient, runtime: Runtime) -> None:
    issue_all(runtime)
    code = code_of(runtime, "N02")
    png = admin.get(f"/admin/codes/{code}/picture.png?save=1")
    svg = admin.get(f"/admin/codes/{code}/picture.svg")
    assert reading.read_png(png.data) == reading.read_svg(svg.text) == [f"http://127.0.0.1:8000/s/{code}"]
    assert "staff_N02.png" in png.headers["Content-Disposition"]
    assert admin.get(f"/admin/codes/{code}/picture.gif").status_code == 404


def test_retiring_asks_first_and_then_stops_the_form(admin: FlaskClient, runtime: Runtime) -> None:
    issue_all(runtime)
    code = code_of(runtime, "D02")
    assert "已经收到的评价都保留" in admin.get(f"/admin/codes/{code}/retire").text
    assert admin.get(f"/s/{code}").status_code == 200
    done = submit(admin, f"/admin/codes/{code}/retire", {"why": " 贴错\x00了\n"}, follow_redirects=True)
    assert "墙上的旧码请撕下来" in done.text
    assert "贴错了" in done.text
    assert admin.get(f"/s/{code}").status_code == 410
    assert admin.get(f"/admin/codes/print?code={code}").status_code == 404
    with runtime.reading() as session:
        entry = session.query(AuditEntry).filter_by(action="code.retired").one()
        assert (entry.actor, entry.subject) == ("admin", code)


def test_a_new_code_leads_where_the_old_one_led(admin: FlaskClient, runtime: Runtime) -> None:
    issue_all(runtime)
    old = code_of(runtime, "W01")
    assert "需要重新打印" in admin.get(f"/admin/codes/{old}/reissue").text
    done = submit(admin, f"/admin/codes/{old}/reissue")
    new = done.headers["Location"].rsplit("/", 1)[1]
    assert new != old
    assert "1号挂号窗口" in admin.get(f"/s/{new}").text
    assert new[:4] in admin.get(f"/admin/codes/{old}").text


@pytest.mark.parametrize("path", ["", "/print?kind=window", "/print.pdf", "/0001-0000-0000", "/preview/stand.svg"])
def test_only_administrators_come_in(client: FlaskClient, runtime: Runtime, path: str) -> None:
    assert client.get(f"/admin/codes{path}").status_code == 302
    sign_in(client, runtime, "office")
    assert client.get(f"/admin/codes{path}").status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("?page=99999&kind=nothing&status=x&department=%00&q=%25", 200),
        ("?page=-1", 200),
        ("/print?kind=window&q=nobody", 404),
        ("/print.pdf?layout=poster&kind=logistics", 200),
        ("/preview/poster.svg", 404),
        ("/0001-0000-0000", 400),
        ("/%00", 400),
    ],
)
def test_strange_addresses_are_answered_calmly(admin: FlaskClient, runtime: Runtime, path: str, status: int) -> None:
    issue_all(runtime)
    assert admin.get(f"/admin/codes{path}").status_code == status


def test_an_empty_directory_says_what_to_do(admin: FlaskClient, runtime: Runtime) -> None:
    assert "还没有人员和窗口" in admin.get("/admin/codes").text


def test_typing_the_code_opens_the_form(client: FlaskClient, runtime: Runtime) -> None:
    issue_all(runtime)
    code = code_of(runtime, "D01")
    for typed in (code, code.lower(), f"{code[:4]}-{code[4:8]}-{code[8:]}", f"http://127.0.0.1:8000/s/{code}?lang=en"):
        answer = client.get("/c", query_string={"code": typed})
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/s/{code}")
    assert client.get("/c").status_code == 200


def test_a_slip_is_explained_and_kept(client: FlaskClient, runtime: Runtime) -> None:
    short = client.get("/c?code=0001-7XK")
    wrong = client.get("/c?code=0001-7XK2-<b>QD")
    forged = client.get("/c?code=0001-7XK2-9QDM")
    assert "您写了 7 位" in short.text
    assert 'value="0001-7XK"' in short.text
    assert "<b>" not in wrong.text
    assert "0571-8888 0120" in forged.text
    assert "不要扫它" in forged.text
    assert {short.status_code, forged.status_code} == {404}


def test_no_header_ever_changes_an_address(admin: FlaskClient, runtime: Runtime) -> None:
    """1,000 false Host and X-Forwarded-Host headers: 0 foreign hosts in pages, pictures, addresses and redirects."""
    issue_all(runtime)
    code = code_of(runtime, "W03")
    pages = ("/admin/codes", f"/admin/codes/{code}", "/admin/codes/print?kind=window", "/c", f"/c?code={code}",
             f"/s/{code}", f"/admin/codes/{code}/picture.svg", f"/admin/codes/{code}/retire")  # fmt: skip
    honest = {page: admin.get(page).status_code for page in pages}
    cookie = admin.get_cookie(admin.application.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    stranger = admin.application.test_client(use_cookies=False)  # a real cookie jar would not go to another host
    chance = random.Random(1)
    foreign = 0
    for attempt in range(1_000):
        evil = f"evil{chance.randrange(10**9)}.example"
        page = pages[attempt % len(pages)]
        headers = {
            "Cookie": f"{cookie.key}={cookie.value}",
            "X-Forwarded-Host": evil,
            "X-Host": evil,
            "Forwarded": f"host={evil}",
            "X-Original-URL": f"//{evil}/",
        }
        if attempt % 3:
            headers["Host"] = evil
        answer = stranger.get(page, headers=headers)
        foreign += evil in answer.text or evil in str(answer.headers)
        assert answer.status_code == honest[page]
    assert foreign == 0


def test_resting_windows_are_marked_and_printed_like_the_others(admin: FlaskClient, runtime: Runtime) -> None:
    with runtime.transaction() as session:
        session.query(ServicePoint).filter_by(key="W03").one().active = False
    issue_all(runtime)
    first = admin.get("/admin/codes").text
    assert "打印 2 张" in first
    assert "其中 1 个现在停用" in first
    document = admin.get("/admin/codes/print.pdf?kind=window&layout=stand")
    assert len([text for page in reading.pages(document.data) for text in reading.read(page)]) == 2
    code = listed(runtime, keys=("W03",))[0].code
    assert "照常打印" in admin.get(f"/admin/codes/{code}").text
    scanned = admin.get(f"/s/{code}")
    assert scanned.status_code == 410
    assert "3号收费窗口现在停用，暂时不收评价" in scanned.text
    assert "1号挂号窗口" in scanned.text  # where else one may go


def test_printing_is_the_step_not_the_making(admin: FlaskClient, runtime: Runtime) -> None:
    issue_all(runtime)
    assert admin.get("/admin/").text.count('class="done"') == 1  # the directory
    admin.get("/admin/codes/print.pdf?kind=window")
    assert admin.get("/admin/").text.count('class="done"') == 2
    with runtime.reading() as session:
        printed = session.query(AuditEntry).filter_by(action="codes.printed").one()
        assert printed.details == {"number": 2, "layout": "stand"}
