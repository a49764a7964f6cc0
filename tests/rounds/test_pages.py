"""A selection through its pages: planned, proposed for, voted, judged, objected to, published, checked."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback_app import clock
from feedback_app.services import rounds
from feedback_app.services.runtime import Runtime
from tests.console import sign_in, submit
from tests.rounds.selection import ALL, KEY, after, noon, patient, propose, start, tick

VOTING = ("nomination", "vote", "publication")


def move(runtime: Runtime, now: datetime, client: FlaskClient | None = None, role: str = "quality") -> None:
    """On to this moment; whoever was signed in has to sign in again."""
    clock.move(Path(runtime.settings.sandbox.clock_file), now)
    tick(runtime, now)
    if client is not None:
        sign_in(client, runtime, role)


def key_in(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_draft_is_nobodys_business_and_a_started_one_everybodys(runtime: Runtime, client: FlaskClient) -> None:
    sign_in(client, runtime, "quality")
    form = client.get("/admin/rounds/new", query_string={"preset": "five_star_doctor", "first": "2026-12-01"})
    assert 'name="vote_first" value="2026-12-25"' in form.text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.text.replace(" checked", "")))
    fields |= {
        "proposers": "patient",
        "items": "讲解 50\n耐心 50",
        "heads": "1",
        "second_person": "1",
        "nominees": "staff",
    }
    fields |= {"weight_board": "", "weight_experts": "", "weight_votes": ""}
    fields.pop("csrf_token")
    overlapping = submit(client, "/admin/rounds/new", {**fields, "vote_first": "2026-12-10"})
    assert overlapping.status_code == 400
    assert "重叠" in overlapping.text or "前面" in overlapping.text
    assert 'value="2026-12-10"' in overlapping.text, "what was typed is kept"
    assert "草稿" in submit(client, "/admin/rounds/new", fields, follow_redirects=True).text
    key = fields["key"]
    assert client.get(f"/stars/rounds/{key}").status_code == 404
    started = submit(client, f"/admin/rounds/{key}/start", follow_redirects=True)
    assert "已启动" in started.text
    public = client.get(f"/stars/rounds/{key}").text
    assert "五星级医生" in public and "12/25–1/7" in public
    assert client.get("/stars/rounds/").text.count("五星级医生") == 1


def test_proposing_by_page_asks_which_and_counts_once(runtime: Runtime, client: FlaskClient) -> None:
    start(runtime)
    move(runtime, noon("nomination"))
    address = f"/stars/rounds/{KEY}/nominate"
    page = client.get(address).text
    several = client.post(address, data={"key": key_in(page), "name": "张", "reason": "耐心"})
    assert several.status_code == 400
    assert "张伟" in several.text and "张敏" in several.text and "耐心" in several.text
    sent = {"key": key_in(page), "name": "张", "chosen": "D02", "reason": "耐心"}
    assert "已提名张敏" in client.post(address, data=sent).text
    assert "已经提名过张敏" in client.post(address, data=sent).text
    nobody = client.post(address, data={"key": "k" * 20, "name": "华佗", "reason": "神医"})
    assert nobody.status_code == 404 and "华佗" in nobody.text and "神医" in nobody.text
    move(runtime, noon("vote"))
    assert client.post(address, data={**sent, "key": "m" * 20}).status_code == 409
    with runtime.reading() as session:
        assert len(rounds.find(session, KEY).title) > 0


def test_voting_without_wechat_is_explained_and_nothing_is_lost(runtime: Runtime, client: FlaskClient) -> None:
    start(runtime, VOTING)
    move(runtime, noon("nomination", VOTING))
    with runtime.transaction() as session:
        propose(session, runtime, "D01", "a", runtime.now())
    move(runtime, noon("vote", VOTING))
    page = client.get(f"/stars/rounds/{KEY}/vote").text
    assert "请在微信里打开" in page and "张伟" in page
    refused = client.post(f"/stars/rounds/{KEY}/vote", data={"key": "k" * 20, "candidate": "1"})
    assert refused.status_code == 403
    assert "就诊过的患者" in refused.text


def test_the_whole_way_in_the_console(runtime: Runtime, app: Flask, client: FlaskClient) -> None:
    start(runtime, by="someone")
    move(runtime, noon("nomination"), client)
    base = f"/admin/rounds/{KEY}"
    assert "还没有指定负责人" in client.get(base).text
    assert "负责人已改" in submit(client, f"{base}/owner", {"staff": "N01"}, follow_redirects=True).text
    typed = {"name": "D01", "proposer": "patient", "slip": "17", "reason": "讲得清楚"}
    assert "已录入" in submit(client, f"{base}/propose", typed, follow_redirects=True).text
    again = submit(client, f"{base}/propose", typed)
    assert again.status_code == 409 and "已经提名过" in again.text
    submit(client, f"{base}/propose", {**typed, "name": "D02", "slip": "18"})
    move(runtime, noon("first_review"), client)
    page = client.get(base).text
    ids = re.findall(r'name="keep" value="(\d+)"', page)
    assert len(ids) == 2
    assert "候选名单已保存" in submit(client, f"{base}/shortlist", {"keep": ids}, follow_redirects=True).text
    move(runtime, noon("vote"), client)
    bad = submit(client, f"{base}/paper-vote", {"slip": "0001-AAAA-BBBB-CC", "numbers": "1"})
    assert bad.status_code == 400 and "就诊条" in bad.text
    move(runtime, noon("expert_review"), client)
    links = []
    for name in ("王教授", "李教授"):
        invited = submit(client, f"{base}/invite", {"name": name}).text
        found = re.search(r'value="http://127.0.0.1:8000(/stars/review/\w+)"', invited)
        assert found
        links.append(found[1])
    expert = app.test_client()
    for link in links:
        desk = expert.get(link).text
        assert "张伟" not in desk and "心血管" not in desk
        sheets = re.findall(r'action="(/stars/review/[^"]+)"', desk)
        assert len(sheets) == 2
        wrong = expert.post(sheets[0].split("?")[0], data={"points": ["99", "1"]})
        assert wrong.status_code == 400 and 'value="99"' in wrong.text
        for place, sheet in enumerate(sheets):
            assert expert.post(sheet.split("?")[0], data={"points": [str(40 - 10 * place)] * 2}).status_code == 303
    assert "看法很一致" in client.get(base).text
    move(runtime, noon("publication"), client)
    public = expert.get(f"/stars/rounds/{KEY}").text
    assert "拟入选" in public
    about = re.search(r'name="about" value="(\d+)"', expert.get(f"/stars/rounds/{KEY}/object").text)
    assert about
    told = {"key": "k" * 20, "about": about[1], "text": "名单漏了我们科", "contact": ""}
    assert "收到了" in expert.post(f"/stars/rounds/{KEY}/object", data=told).text
    page = client.get(base).text
    one = re.search(r'name="objection" value="(\d+)"', page)
    assert one and "名单漏了我们科" in page
    decided = {"objection": one[1], "decision": "dismissed", "why": "按提名数产生，程序无误"}
    assert "已处理" in submit(client, f"{base}/decide", decided, follow_redirects=True).text
    assert "人选已定" in submit(client, f"{base}/settle", {"by_rule": "1"}, follow_redirects=True).text
    move(runtime, after(), client)
    own = submit(client, f"{base}/publish")
    assert own.status_code == 409 and "请另一位同事" in own.text
    sign_in(client, runtime, "admin")
    assert "已公布" in submit(client, f"{base}/publish", follow_redirects=True).text
    pdf = client.get(f"{base}/certificates.pdf")
    assert pdf.mimetype == "application/pdf" and pdf.data.startswith(b"%PDF")
    assert client.get(f"{base}/letters.pdf").data.startswith(b"%PDF")
    code = re.search(r"/stars/check/(\w+)", client.get(base).text)
    assert code
    assert "有效" in expert.get(f"/stars/check/{code[1]}").text
    assert expert.get("/stars/check/", query_string={"code": code[1].lower()}).status_code == 303
    forged = expert.get(f"/stars/check/{code[1][:-1]}{'0' if code[1][-1] != '0' else '1'}")
    assert forged.status_code == 400 and "不是本院发出" in forged.text
    number = re.search(r'name="number" value="([^"]+)"', client.get(base).text)
    assert number
    submit(client, f"{base}/revoke", {"number": number[1], "why": "查实违规"})
    gone = expert.get(f"/stars/check/{code[1]}").text
    assert "已撤销" in gone and "查实违规" not in gone


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_in_both_languages_in_every_phase(runtime: Runtime, client: FlaskClient, lang: str) -> None:
    start(runtime, jury=1)
    with runtime.transaction() as session:
        patient(session, "ab")
    moments = [noon(kind) for kind in ALL]
    for now in (*moments, after()):
        move(runtime, now, client, "admin")
        if now == noon("nomination"):
            with runtime.transaction() as session:
                propose(session, runtime, "D01", "a", now)
        for path in (
            "/stars/rounds/", f"/stars/rounds/{KEY}", f"/stars/rounds/{KEY}/nominate", f"/stars/rounds/{KEY}/vote",
            f"/stars/rounds/{KEY}/object", "/admin/rounds/", f"/admin/rounds/{KEY}", "/admin/rounds/new", "/stars/check/",
        ):  # fmt: skip
            assert client.get(path, query_string={"lang": lang}).status_code == 200, path
