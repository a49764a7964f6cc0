"""Languages of the patients' pages: complete catalogues, the right direction, and Chinese marked as Chinese elsewhere."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page

from feedback_app import texts
from feedback_app.db.ratings import Rating
from feedback_app.services import question_publishing, questionnaire_editing
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.conftest import NOON, settings_for
from tests.pages import faults, press, width
from tests.test_patient_pages import send

ALL = ("zh", "en", "zh-Hant", "ug")
AREAS = (
    "patient",
    "common",
    "canary.page",
    "codes.check",
    "evidence.page",
    "evidence.check",
    "tickets.form",
    "tickets.screen",
)
ERRORS = {
    "codes": "forged unknown retired paused not_open",
    "complaints": "nothing_written too_long",
    "questions": "unknown_option no_level too_long out_of_range not_a_number not_a_date too_many_pictures not_a_picture "
    "picture_too_large",
    "ratings": "change_over bad_score no_target no_receipt",
    "tickets": "not_known no_screen",
    "leaflets": "none",
    "guests": "over full bad_form no_number",
}
TEMPLATES = Path(__file__).parent.parent / "templates"
_HAN = re.compile("[\u3400-\u9fff]")
_VOID = {"meta", "link", "input", "br", "img", "path", "circle"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path, hospital={"languages": ALL})


def wanted() -> set[str]:
    """Every sentence that patients' pages can need: their areas, what their templates name, the refusals they can meet."""
    named = {
        key
        for folder in ("patient", "questions")
        for file in (TEMPLATES / folder).glob("*.html")
        for key in re.findall(r"\btm?\(['\"]([a-z_]+\.[a-z_0-9.]+)['\"][,)]", file.read_text("utf-8"))
    }
    areas = {key for key in texts.catalogue("zh") if any(key == area or key.startswith(f"{area}.") for area in AREAS)}
    return named | areas | {f"{area}.errors.{name}" for area, names in ERRORS.items() for name in names.split()}


@pytest.mark.parametrize("language", texts.languages())
def test_a_language_has_every_sentence_of_the_patients_pages(language: str) -> None:
    assert wanted() - set(texts.catalogue(language)) == set()


@pytest.mark.parametrize("language", texts.languages())
def test_a_language_has_no_sentence_and_no_field_that_chinese_has_not(language: str) -> None:
    chinese = texts.catalogue("zh")
    for key, sentence in texts.catalogue(language).items():
        assert key in chinese, key
        assert sorted(texts._FIELD.findall(sentence)) == sorted(texts._FIELD.findall(chinese[key])), key


def test_the_catalogues_are_in_their_own_script() -> None:
    """No Chinese left in the Uyghur, no simplified signs left in the traditional, every month and weekday there."""
    different = set("这个们对时来说没过还给谁让应该复电话写单问题发达处办医护评价满无换码扫种级里么样帮网页请")
    for key, sentence in texts.catalogue("zh-Hant").items():
        assert not different & set(sentence), (key, different & set(sentence))
    for key, sentence in texts.catalogue("ug").items():
        assert not _HAN.search(sentence), key
        letters = [sign for sign in texts.fill(sentence, {}) if unicodedata.category(sign).startswith("L")]
        arabic = [sign for sign in letters if "ARABIC" in unicodedata.name(sign)]
        latin_allowed = key.startswith("common.language.") or "{" in sentence or "Ed25519" in sentence
        assert latin_allowed or len(arabic) == len(letters), key
    for language in ALL:
        assert len(texts.text("patient.day.months", language).split()) == 12
        names = texts.text("patient.day.weekdays", language)
        assert len(names.split() if " " in names else list(names)) == 7


class Reader(HTMLParser):
    """Collects the words of a page with the language that each claims to be in."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.said: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            told = dict(attrs).get("lang") or (self.open[-1][1] if self.open else "")
            self.open.append((tag, told))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open[-1][0] not in {"script", "style", "title"}:
            self.said.append((self.open[-1][1], data.strip()))


def not_marked(page: str) -> list[str]:
    """Words with Chinese signs that claim to be in a language that has none."""
    reader = Reader()
    reader.feed(page)
    return [words for language, words in reader.said if _HAN.search(words) and not language.startswith("zh")]


def pages(client: FlaskClient, code: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    form = f"/s/{code('W03')}"
    yield form, client.get(form).text
    yield "refused", client.post(form, data={"overall": "9"}).text
    receipt = send(client, form, overall="1").headers["Location"]
    yield "receipt", client.get(receipt).text
    yield "check", client.get(receipt.replace("/r/", "/evidence/check/").split("?")[0]).text
    yield "filed", client.post("/feedback", data={"text": "x"}, follow_redirects=True).text
    yield "numbers", client.post("/feedback", data={"text": "13800001111"}).text
    for path in (
        "/feedback",
        "/c",
        "/c?code=12",
        "/c?code=000000000000",
        "/evidence/",
        "/evidence/check/AAAAA",
        "/s/no",
        "/no",
    ):
        yield path, client.get(path).text


@pytest.mark.parametrize("language", ["en", "ug"])
def test_what_is_chinese_on_other_pages_says_so(client: FlaskClient, code: Callable[[str], str], language: str) -> None:
    """Names of places and people stay Chinese; a screen reader needs to be told. Everything else is translated."""
    client.set_cookie("lang", language)
    for path, page in pages(client, code):
        assert f'<html lang="{language}"' in page, path
        assert not_marked(page) == [], path
        assert ('dir="rtl"' in page) == (language == "ug"), path


def test_a_question_without_translation_is_marked_as_chinese(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str]
) -> None:
    with runtime.transaction() as session:
        body = questionnaire_editing.working_body(session)
        body["question"][0]["text"] = {"zh": "今天顺利吗？"}
        seen = questionnaire_editing.digest(questionnaire_editing.store(session, body, "x", NOON).body)
        question_publishing.publish(session, seen=seen, note="", by="x", now=NOON)
    path = f"/s/{code('W03')}"
    assert "<legend>今天顺利吗？</legend>" in client.get(f"{path}?lang=zh").text
    for language in ("en", "ug", "zh-Hant"):
        page = client.get(f"{path}?lang={language}").text
        assert '<legend><bdi lang="zh-CN">今天顺利吗？</bdi></legend>' in page, language


@pytest.mark.parametrize(
    ("accepted", "html"),
    [
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-Hant-TW", "zh-Hant"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("ug-CN,zh;q=0.5", "ug"),
        ("fr", "zh-CN"),
        ("", "zh-CN"),
    ],
)
def test_a_page_comes_in_the_language_of_the_phone(
    client: FlaskClient, code: Callable[[str], str], accepted: str, html: str
) -> None:
    page = client.get(f"/s/{code('W03')}", headers={"Accept-Language": accepted}).text
    assert f'<html lang="{html}"' in page


def test_pages_without_a_full_translation_stay_chinese(client: FlaskClient) -> None:
    client.set_cookie("lang", "ug")
    for path in ("/admin/sign-in", "/stars/", "/staff/sign-in"):
        assert '<html lang="zh-CN"' in client.get(path).text, path


def test_a_low_rating_in_uyghur_ends_in_a_receipt_and_a_case(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str]
) -> None:
    client.set_cookie("lang", "ug")
    page = client.get(send(client, f"/s/{code('W03')}", overall="1", comment="ئۇزۇن ساقلىدىم").headers["Location"]).text
    assert "تاپشۇرۇۋالدۇق" in page and 'lang="zh-CN">3号收费窗口</bdi>' in page and "T-" in page
    with runtime.reading() as session:
        assert [(one.score, one.language) for one in session.query(Rating)] == [(1, "ug")]


@pytest.mark.browser
@pytest.mark.parametrize("care", [False, True])
@pytest.mark.parametrize("language", ["zh-Hant", "ug"])
def test_no_accessibility_fault_in_the_other_languages(
    phone: Page, server: str, code: Callable[[str], str], language: str, care: bool
) -> None:
    cookies = {"lang": language, **({"care": "1"} if care else {})}
    phone.context.add_cookies([{"name": name, "value": value, "url": server} for name, value in cookies.items()])
    phone.set_viewport_size({"width": 320, "height": 640})
    form = f"{server}/s/{code('W03')}"
    for path in (form, f"{server}/feedback", f"{server}/c?code=12", f"{server}/evidence/"):
        phone.goto(path)
        assert faults(phone) == [], path
        assert width(phone) <= 320, path
    phone.goto(form)
    phone.locator(".level").first.tap()
    press(phone.locator("button[type=submit]"))
    assert faults(phone) == [], "the receipt"
    assert width(phone) <= 320
