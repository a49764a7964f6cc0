"""The console's page about the bot: what it would say, what it did not understand, teaching it and taking that back."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from bots.dispatch import answer
from bots.language import lexicon
from bots.messages import Inbound
from feedback_app.db.audit import AuditEntry
from feedback_app.db.conversations import NotUnderstood, TaughtWord
from feedback_app.db.ratings import Rating
from feedback_app.services import conversations, teaching
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON
from tests.console import sign_in, submit


@pytest.fixture
def admin(client: FlaskClient, runtime: Runtime) -> Iterator[FlaskClient]:
    sign_in(client, runtime, "admin")
    yield client
    lexicon.lay(lexicon.Overlay({}))


def says(runtime: Runtime, text: str, key: str) -> str:
    inbound = Inbound(key=key, openid="o-1", account="gh", kind="text", created_at=NOON, text=text)
    with runtime.transaction() as session:
        return answer(session, runtime, inbound, now=NOON).text


def test_trying_a_message_stores_nothing(admin: FlaskClient, runtime: Runtime) -> None:
    page = admin.get("/admin/bot", query_string={"text": "给张伟医生5星"}).text
    assert "D01" in page and "5 星（非常满意）" in page
    scanned = admin.get("/admin/bot", query_string={"text": "4", "step": "scan", "point": "W03 3号收费窗口"}).text
    assert "3号收费窗口 4 星" in scanned
    with runtime.reading() as session:
        assert session.query(Rating).count() == 0


def test_teaching_an_alias_and_taking_it_back(admin: FlaskClient, runtime: Runtime) -> None:
    fields = {"category": "alias", "word": "一楼那个大饭厅", "point": "L02 食堂", "of": "一楼那个大饭厅5星"}
    with runtime.transaction() as session:
        conversations.not_understood(session, "一楼那个大饭厅5星", "", NOON)
    assert "一楼那个大饭厅5星" in admin.get("/admin/bot").text
    assert submit(admin, "/admin/bot/words", fields).status_code == 303
    with runtime.reading() as session:
        assert session.query(NotUnderstood).count() == 0
        word_id = session.query(TaughtWord).one().id
    assert "食堂" in says(runtime, "一楼那个大饭厅5星", "1")
    assert submit(admin, f"/admin/bot/words/{word_id}/undo").status_code == 303
    assert "哪位" in says(runtime, "一楼那个大饭厅4星", "2")
    with runtime.reading() as session:
        actions = [one.action for one in session.query(AuditEntry).filter(AuditEntry.action.startswith("bot."))]
    assert actions == ["bot.taught", "bot.forgot"]


@pytest.mark.parametrize(
    ("category", "word", "meaning", "text", "after"),
    [
        ("dialect", "劲抽", "很好", "张伟劲抽", "对吗"),
        ("menu.人工", "摇人", "", "摇人", "人工电话"),
        ("complaint.taught", "整蛊", "", "佢哋整蛊我哋成班人", "编号"),
    ],
)
def test_a_taught_word_is_understood_at_once(
    admin: FlaskClient, runtime: Runtime, category: str, word: str, meaning: str, text: str, after: str
) -> None:
    assert after not in says(runtime, text, "1")
    taught = submit(admin, "/admin/bot/words", {"category": category, "word": word, "meaning": meaning})
    assert taught.status_code == 303
    assert after in says(runtime, text, "2")
    with runtime.reading() as session:
        word_id = session.query(TaughtWord).one().id
    submit(admin, f"/admin/bot/words/{word_id}/undo")
    assert after not in says(runtime, text, "3")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"category": "alias", "word": "饭厅", "point": "NOBODY"}, "没有找到"),
        ({"category": "praise.words", "word": "好"}, "2 到 40"),
        ({"category": "../etc", "word": "什么"}, "请选一个意思"),
        ({"category": "dialect", "word": "劲抽"}, "相当于"),
    ],
)
def test_what_cannot_be_taught_is_said_and_kept(admin: FlaskClient, fields: dict[str, str], said: str) -> None:
    refused = submit(admin, "/admin/bot/words", fields)
    assert refused.status_code == 400
    assert said in refused.text and f'value="{fields["word"]}"' in refused.text


def test_a_message_is_taught_beside_where_it_is_listed(admin: FlaskClient, runtime: Runtime) -> None:
    with runtime.transaction() as session:
        conversations.not_understood(session, "给一楼那个大饭厅5星", "", NOON)
    listed = admin.get("/admin/bot").text
    assert 'name="word" value="一楼那个大饭厅"' in listed and "还没有教过" in listed
    taught = {"category": "alias", "word": "一楼那个大饭厅", "point": "L02 食堂", "of": "给一楼那个大饭厅5星"}
    after = submit(admin, "/admin/bot/words", taught, follow_redirects=True).text
    assert "一楼那个大饭厅</b> → 食堂" in after
    assert "以后有没听懂的，会列在这里" in after
    assert 'class="said answer"' in after and "食堂" in after


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("食为天5星", "食为天"),
        ("给老胡打满分", "老胡"),
        ("评价小卖部 四星好评", "小卖部"),
        ("呜哩哇啦。", "呜哩哇啦"),
        ("5分", "5分"),
    ],
)
def test_what_may_be_a_name_in_it(text: str, name: str) -> None:
    assert teaching.Unplaced(text, 1, NOON).name == name
