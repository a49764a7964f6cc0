"""The phone page in a real browser, used as one would use a phone."""

import pytest
from playwright.sync_api import Page, expect

from bots.sandbox.client import SandboxClient
from bots.sandbox.state import FAILURE_TEXT
from tests.bots.sandbox.calls import Calls
from tests.bots.sandbox.conftest import CODES
from tests.bots.sandbox.product import GROUP_KEY, Product
from tests.pages import faults, press, width

pytestmark = pytest.mark.browser
REPLY = '收到了，已记入张伟。<a href="http://127.0.0.1:1/r/7">看回执</a>\n也可以看 http://127.0.0.1:1/stars，谢谢您。<script>x</script>'


def follow(page: Page, address: str) -> None:
    page.goto(f"{address}/")
    page.get_by_role("link", name="青山医院").click()
    page.get_by_role("button", name="关注公众号").click()
    expect(page.get_by_text("您已关注该公众号")).to_be_visible()


def test_following_writing_and_tapping_links(phone: Page, address: str, product: Product) -> None:
    product.answer = lambda callback: callback.reply(REPLY)
    follow(phone, address)
    phone.get_by_label("说点什么").fill("给张伟医生5星")
    phone.get_by_role("button", name="发送").click()
    reply = phone.locator(".theirs .bubble").last
    expect(reply).to_contain_text("<script>x</script>")
    expect(phone.locator(".mine .bubble")).to_have_text("给张伟医生5星")
    expect(reply.get_by_role("link", name="看回执")).to_have_attribute("href", "http://127.0.0.1:1/r/7")
    expect(reply.get_by_role("link", name="http://")).to_have_attribute("href", "http://127.0.0.1:1/stars")
    expect(phone.get_by_label("说点什么")).to_have_value("")


def test_new_messages_arrive_while_one_is_typing(
    phone: Page, address: str, phones: SandboxClient, calls: Calls
) -> None:
    follow(phone, address)
    phone.get_by_label("说点什么").fill("我还在写")
    calls.custom(calls.classic(), "o-wang-fang", "您的投诉有答复了")
    expect(phone.get_by_text("您的投诉有答复了")).to_be_visible()
    expect(phone.get_by_label("说点什么")).to_have_value("我还在写")


def test_a_line_of_a_menu_is_answered_with_its_number(
    phone: Page, address: str, product: Product, calls: Calls
) -> None:
    follow(phone, address)
    lines = [{"id": "5", "content": "满意"}, {"id": "2", "content": "不满意"}]
    menu = {"head_content": "这次看病，您觉得怎么样？", "list": lines, "tail_content": "点一下就好"}
    body = {"touser": "o-wang-fang", "msgtype": "msgmenu", "msgmenu": menu}
    assert calls.post("/cgi-bin/message/custom/send", body, access_token=calls.classic())["errcode"] == 0
    phone.get_by_role("button", name="不满意").click()
    expect(phone.locator(".mine .bubble")).to_have_text("不满意")
    assert product.callbacks[-1].inner["bizmsgmenuid"] == "2"


def test_what_wechat_shows_when_the_product_fails(phone: Page, address: str, product: Product) -> None:
    follow(phone, address)
    product.answer = lambda callback: '{"json": true}'
    phone.get_by_label("说点什么").fill("你好")
    phone.get_by_role("button", name="发送").click()
    expect(phone.get_by_text(FAILURE_TEXT)).to_be_visible()


def test_scanning_without_javascript(old_phone: Page, address: str, product: Product) -> None:
    product.answer = lambda callback: callback.reply(f"您扫的是 {callback.inner['EventKey']}")
    old_phone.goto(f"{address}/phone/scan")
    expect(old_phone.get_by_role("link", name="打开评价页")).to_have_count(2)
    old_phone.get_by_label("码、网址或名字").fill("张伟")
    press(old_phone.get_by_role("button", name="找"))
    expect(old_phone.get_by_role("link", name="打开评价页")).to_have_attribute("href", CODES[0]["url"])
    press(old_phone.get_by_role("button", name="扫码进聊天"))
    expect(old_phone.locator(".theirs .bubble")).to_have_text(f"您扫的是 qrscene_{CODES[0]['code']}")


def test_menu_voice_and_picture_without_javascript(
    old_phone: Page, address: str, product: Product, calls: Calls
) -> None:
    product.answer = lambda callback: callback.reply("好的")
    buttons = [
        {"type": "click", "name": "进度", "key": "progress"},
        {"type": "view", "name": "光荣榜", "url": "http://a/"},
    ]
    assert calls.post("/cgi-bin/menu/create", {"button": buttons}, access_token=calls.classic())["errcode"] == 0
    follow(old_phone, address)
    press(old_phone.locator("nav").get_by_role("button", name="进度"))
    old_phone.get_by_text("语音、图片、常用的话").click()
    old_phone.get_by_label("语音里说了什么").fill("医生很好")
    press(old_phone.get_by_role("button", name="发语音"))
    old_phone.get_by_text("语音、图片、常用的话").click()
    press(old_phone.get_by_role("button", name="发图片"))
    kinds = [one.inner.get("Event", one.inner["MsgType"]) for one in product.callbacks]
    assert kinds == ["subscribe", "CLICK", "voice", "image"]
    assert product.callbacks[2].inner["Recognition"] == "医生很好"


def test_each_person_has_a_chat_of_their_own(phone: Page, address: str, product: Product) -> None:
    product.answer = lambda callback: callback.reply("只给王芳看")
    follow(phone, address)
    expect(phone.get_by_text("只给王芳看")).to_be_visible()
    phone.goto(f"{address}/phone/people")
    press(phone.get_by_role("button", name="李大爷"))
    phone.get_by_role("link", name="青山医院").click()
    expect(phone.get_by_role("button", name="关注公众号")).to_be_visible()
    expect(phone.get_by_text("只给王芳看")).to_have_count(0)


def test_staff_see_their_messages_and_their_group(
    phone: Page, address: str, phones: SandboxClient, calls: Calls
) -> None:
    phones.members([{"userid": "D01", "name": "张伟", "department": "心血管内科"}, {"userid": "D02", "name": "张敏"}])
    card = {"title": "您的十月", "description": "<div>收到 41 条评价</div>", "url": "http://127.0.0.1:1/staff/"}
    body = {"touser": "D01", "agentid": 1000002, "msgtype": "textcard", "textcard": card}
    assert calls.post("/cgi-bin/message/send", body, access_token=calls.corp())["errcode"] == 0
    markdown = {"msgtype": "markdown", "markdown": {"content": "**十月光荣榜** [看榜](http://127.0.0.1:1/stars)"}}
    assert calls.post("/cgi-bin/webhook/send", markdown, key=GROUP_KEY)["errcode"] == 0
    phone.goto(f"{address}/phone/staff")
    phone.get_by_role("link", name="张伟").click()
    expect(phone.locator(".card")).to_contain_text("收到 41 条评价")
    phone.get_by_role("link", name="返回").click()
    phone.get_by_role("link", name="心血管内科 1 条", exact=True).click()
    expect(phone.get_by_role("link", name="看榜")).to_have_attribute("href", "http://127.0.0.1:1/stars")


def test_pages_fit_the_screen_and_are_accessible(
    phone: Page, address: str, phones: SandboxClient, product: Product
) -> None:
    product.answer = lambda callback: callback.reply(REPLY + "很长的一个词" + "x" * 300)
    follow(phone, address)
    phones.members([{"userid": "D01", "name": "张伟"}])
    for path in ("", "chat", "scan", "people", "staff", "staff/D01", "groups/心血管内科"):
        phone.goto(f"{address}/phone/{path}")
        assert width(phone) <= 390, path
        assert faults(phone) == [], path
