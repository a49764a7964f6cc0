"""Filling a hospital through its own doors: patients rate and write, staff and administrators fill in every form they find."""

import io
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import qrcode

from bench.group.hospitals import Hospital
from bench.group.visitors import Visitor, path_of

_NOT_SENT = (
    "sign-out", "/password", "/security", "/confirm", "/delete", "/end", "/retire", "/reissue", "/revoke", "/accounts", "/pilot",
    "/setup", "/erase", "/unbind", "/clear", "/withdraw", "/close", "/languages", "/import", "/tablets", "/care", "/reset", "/api/",
    "/webhooks", "/quiet", "/drop", "/remove", "/pause", "/switch", "/trust", "/sign-in", "/merge", "/hide", "/publish", "/state",
)  # fmt: skip
"""Forms that would end what the others are to find, or turn the one who fills them in out."""


class Forms(HTMLParser):
    """The forms of a page: where to, how, and each field with a value somebody would give it."""

    def __init__(self, mark: str) -> None:
        super().__init__()
        self.mark, self.found = mark, list[dict[str, Any]]()
        self._open: dict[str, Any] | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = {"to": told.get("action", ""), "method": told.get("method", "get").lower(), "data": {}, "files": {}, "choices": {}}  # fmt: skip
            self.found.append(self._open)
        elif self._open is not None and tag in {"input", "textarea", "select", "option", "button"}:
            self._field(tag, told, self._open)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None

    def _field(self, tag: str, told: dict[str, str], form: dict[str, Any]) -> None:
        name, kind = told.get("name", ""), told.get("type", "text")
        data = form["data"]
        if tag == "option" and self._select:
            form["choices"].setdefault(self._select, []).append(told.get("value", ""))
            if told.get("value") and ("selected" in told or not data.get(self._select)):
                data[self._select] = told["value"]
        elif tag == "select":
            self._select = name
            data.setdefault(name, "")
        elif not name:
            return
        elif tag == "button":
            data.setdefault(name, told.get("value", ""))
        elif tag == "textarea":
            data[name] = f"{self.mark}说的话"
        elif kind == "file":
            form["files"][name] = (f"{self.mark}.png", picture(self.mark), "image/png")
        elif kind in {"radio", "checkbox"}:
            form["choices"].setdefault(name, []).append(told.get("value", "on"))
            data.setdefault(name, told.get("value", "on"))
        else:
            data[name] = self._typed(kind, told)

    def _typed(self, kind: str, told: dict[str, str]) -> str:
        given = told.get("value", "")
        if kind in {"hidden", "submit"} or given:
            return given
        typed = {"number": told.get("min") or "3", "date": "2026-11-25", "time": "09:00", "month": "2026-10", "url": f"http://127.0.0.1/{self.mark}", "datetime-local": "2026-11-25T09:00", "tel": "13800000000", "email": f"a@{self.mark}.example"}  # fmt: skip
        return typed.get(kind, f"{self.mark}名")


def picture(mark: str) -> bytes:
    """A picture that tells whose it is even after it has been made smaller: a code with the mark."""
    made = io.BytesIO()
    qrcode.make(mark, box_size=8).save(made)
    return made.getvalue()


def forms(page: str, mark: str) -> list[dict[str, Any]]:
    read = Forms(mark)
    read.feed(page)
    return read.found


def fill_in(who: Visitor, node: int, path: str, page: str, sent: set[str]) -> Iterator[int]:
    """Send every form of the page once, but those that would undo something; the status of each."""
    for form in forms(page, who.hospital.mark):
        to = path_of(form["to"] or path)
        if form["method"] != "post" or to in sent or any(word in to for word in _NOT_SENT):
            continue
        sent.add(to)
        yield who.look("forms sent", node, to, "POST", data=form["data"], files=form["files"] or None).status_code


def patients(who: Visitor, count: int, sent_as: str) -> None:
    """Ratings with words, a complaint with a name and a number, alternating nodes; receipts become secrets of the hospital."""
    one = who.hospital
    for turn in range(count):
        who.http.cookies.clear()
        scan = one.scans[turn % len(one.scans)]
        fields = who.hidden(turn, f"/s/{scan}")
        fields |= {"overall": str(1 if turn % 3 else 5), "comment": f"{one.mark}{sent_as}{turn}说得清楚", "contact": f"13800{turn:06}", "wants_answer": "1"}  # fmt: skip
        answer = who.look("forms sent", turn + 1, f"/s/{scan}", "POST", data=fields)
        assert answer.status_code == 303, answer.text[:300]
        receipt = path_of(answer.headers["Location"])
        one.secrets.add(receipt.removeprefix("/r/"))
        one.links[receipt] = who.look("pages", turn, receipt).status_code
    said = {
        **who.hidden(0, "/feedback"),
        "text": f"{one.mark}等了很久，我叫{one.mark}王{sent_as}",
        "contact": "13900001111",
    }
    who.look("forms sent", 1, "/feedback", "POST", data=said)


def phones(one: Hospital) -> list[str]:
    """What patients of the official account write; every answer as they see it."""
    mark = one.mark
    person = f"o{mark}-wang"
    one.phones.members([{"userid": "xn01", "name": f"张伟{mark}"}])
    one.phones.switch(phone_userid="xn01")
    one.phones.patient(person, f"{mark}王")
    shown = [one.phones.follow(person).shown]
    for words in (f"给{mark}敏医生打5分", f"给张伟{mark}医生1星，{mark}态度不好", f"我要投诉，{mark}等了三个小时没人管", "进度", "你好", "0", f"{mark}医院在哪里"):  # fmt: skip
        shown.append(one.phones.say(person, words).shown)
    one.phones.picture(person)
    return shown
