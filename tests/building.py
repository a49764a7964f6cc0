"""An administrator at the builder, without a mouse: makes a questionnaire of the neutral notation from an empty set.

Buttons are reached and pressed by keyboard, fields are filled, drop-downs chosen, as the labels on the page say. Works with
JavaScript (everything happens in place) and without (every button leads to a page).
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from feedback_app.domain.condition_rows import Rows, rows_of
from feedback_app.domain.conditions import Compare, parse
from feedback_app.domain.neutral_options import score_range
from feedback_app.domain.toml_writing import dumps

KINDS = {"scale": "likert", "multi": "choices", "numeric_scale": "scale"}
OF_ITEMS = {
    "no", "kind", "text", "text_en", "hint", "hint_en", "options", "options_en", "scores", "rows", "rows_en", "other", "unit",
    "unit_en", "unit_of", "min", "max", "min_text", "max_text", "required", "show_if", "shown_as", "unscored", "draw",
}  # fmt: skip
OF_SETS = {"title", "title_en", "item", "draw", "overall"}
FIVE = ["非常满意", "满意", "基本满意", "不满意", "非常不满意"]


class Builder:
    def __init__(self, page: Page, server: str) -> None:
        self.page, self.server = page, server
        self.keys: dict[str, str] = {}  # number in the file -> key of the question
        self.last: tuple[str, Mapping[str, Any]] = ("", {})  # the question before, and its item
        # The phone beside it, drawn anew at each step, is other tests' matter.
        page.route("**/admin/questions/preview*", lambda route: route.abort())

    # --- fields and buttons

    def field(self, name: str) -> Locator:
        return self.page.locator(f'[name="{name}"]:not([type=hidden])')

    def fill(self, name: str, value: Any) -> None:
        self.reveal(self.field(name))
        self.field(name).fill(str(value))

    def choose(self, name: str, value: str) -> None:
        """A drop-down; those that change what the page offers are waited for."""
        field = self.field(name)
        self.reveal(field)
        if field.input_value() == value:
            return
        with self.after(self.with_script and field.get_attribute("data-refresh") is not None):
            field.select_option(value)
        if not self.with_script and field.get_attribute("data-refresh") is not None:
            self.press("save")

    def tick(self, name: str, wanted: bool = True, value: str = "") -> None:
        box = self.page.locator(f'[type=checkbox][name="{name}"]' + (f'[value="{value}"]' if value else ""))
        self.reveal(box)
        if box.is_checked() != wanted:
            box.focus()
            self.page.keyboard.press("Space")
            expect(box).to_be_checked(checked=wanted)

    def reveal(self, field: Locator) -> None:
        """Open what hides it, by keyboard."""
        for _ in range(3):
            if field.first.is_visible():
                return
            closed = self.page.locator("details:not([open])", has=field.page.locator("*").and_(field)).first
            closed.locator("summary").first.focus()
            self.page.keyboard.press("Enter")
        expect(field.first).to_be_visible()

    @property
    def with_script(self) -> bool:
        return self.page.locator("html.js").count() > 0

    def after(self, waits: bool = True) -> "Step":
        return Step(self.page, waits)

    def press(self, step: str) -> None:
        """The button that does this step."""
        button = self.page.locator(f'button[name=do][value="{step}"]').last
        self.reveal(button)
        button.focus()
        if self.with_script:
            with self.after():
                self.page.keyboard.press("Enter")
        else:
            with self.page.expect_navigation():
                self.page.keyboard.press("Enter")

    # --- the set

    def begin(self, key: str, title: str) -> None:
        self.page.goto(f"{self.server}/admin/question-sets")
        self.reveal(self.field("title"))
        self.field("title").fill(title)
        self.field("key").fill(key)
        with self.page.expect_navigation():
            self.field("key").press("Enter")

    def build(self, key: str, data: Mapping[str, Any], judging: str) -> None:
        """Everything the file says; ``judging`` is the number of the item that gives the level."""
        self.begin(key, data["title"])
        for item in data["item"]:
            self.item(item)
        self.judge(self.keys[judging])
        self.count_as_positive(data, self.keys[judging])
        self.about(data)
        self.press("save")

    def judge(self, key: str) -> None:
        self.press(f"open:{key}")
        if self.page.locator(f'button[value="overall:{key}"]').count():  # else it already does
            self.press(f"overall:{key}")

    def count_as_positive(self, data: Mapping[str, Any], key: str) -> None:
        """The ticks behind "(very good + good) / all answers"."""
        formula = str(data.get("result", {}).get("positive_percent", ""))
        if formula.startswith("("):
            for field in self.page.locator(f'[name^="{key}.option."][name$=".zh"]').all():
                if field.input_value() in formula[1 : formula.index(")")].split(" + "):
                    self.tick(f"{str(field.get_attribute('name')).removesuffix('.zh')}.positive")

    def about(self, data: Mapping[str, Any]) -> None:
        if "title_en" in data:
            self.fill("title.en", data["title_en"])
        for group, ask in data.get("draw", {}).items():
            self.fill(f"set.group.{group}.ask", ask)
        self.notes("set.about", {name: value for name, value in data.items() if name not in OF_SETS})

    def notes(self, prefix: str, more: Mapping[str, Any]) -> None:
        rows: list[tuple[str, str, Any]] = []
        for name, value in more.items():
            rows += (
                [(name, inner, each) for inner, each in value.items()]
                if isinstance(value, dict)
                else [("", name, value)]
            )
        for place, (table, name, value) in enumerate(rows):
            if not self.field(f"{prefix}.{place}.name").count():
                self.press("save")  # two empty rows at a time
            if table:
                self.fill(f"{prefix}.{place}.table", table)
            self.fill(f"{prefix}.{place}.name", name)
            self.fill(f"{prefix}.{place}.value", as_typed(value))

    # --- a question

    def item(self, item: Mapping[str, Any]) -> None:
        kind = KINDS.get(item["kind"], item["kind"])
        is_level = kind == "likert" and item["options"] == FIVE and item.get("scores") == [5, 4, 3, 2, 1]
        before, alike = self.last[0], not is_level and self.is_like_the_last(item)
        key = self.duplicate(before) if alike else self.add("level" if is_level else kind)
        self.keys[str(item["no"])], self.last = key, (key, item)
        self.words(key, item)
        if alike:
            for field, words in zip(
                self.page.locator(f'[name^="{key}.option."][name$=".zh"]').all(), item["options"], strict=True
            ):
                field.fill(words)
            return
        if kind == "yesno" and "options" in item:
            self.press(f"yesno-own:{key}")
        if not is_level:
            self.options(key, item)
        self.numbers(key, kind, item)
        self.filing(key, item)
        if "show_if" in item:
            self.condition(key, item["show_if"])
        self.notes(f"{key}.note", {name: value for name, value in item.items() if name not in OF_ITEMS})

    def is_like_the_last(self, item: Mapping[str, Any]) -> bool:
        """Whether only words differ from the question before: then one duplicates it and changes them."""
        other = {"no", "text", "options"}
        same = {name: value for name, value in item.items() if name not in other} == {
            name: value for name, value in self.last[1].items() if name not in other
        }
        return same and "options" in item and len(item["options"]) == len(self.last[1]["options"])

    def duplicate(self, key: str) -> str:
        self.press(f"duplicate:{key}")
        return str(self.page.locator("#editor").get_attribute("data-key"))

    def add(self, kind: str) -> str:
        if self.page.locator('button[value="palette:end"]').count():
            self.press("palette:end")
        self.press(f"add:{kind}:")
        return str(self.page.locator("#editor").get_attribute("data-key"))

    def words(self, key: str, item: Mapping[str, Any]) -> None:
        for name in ("text", "hint", "unit"):
            for language, said in (("zh", name), ("en", f"{name}_en")):
                if said in item:
                    self.fill(f"{key}.{name}.{language}", item[said])
        for name, said in (("low", "min_text"), ("high", "max_text")):
            if said in item:
                self.fill(f"{key}.{name}.zh", item[said])

    def options(self, key: str, item: Mapping[str, Any]) -> None:
        if "rows" in item:
            self.paste(
                key, "row", [list(pair) for pair in zip(item["rows"], item.get("rows_en", [""] * 99), strict=False)]
            )
        if "options" not in item:
            return
        count = len(item["options"])
        english, scores = item.get("options_en", [""] * count), item.get("scores", [""] * count)
        lines = [
            [zh, "" if score == "none" else score, en]
            for zh, score, en in zip(item["options"], scores, english, strict=True)
        ]
        if item["kind"] == "yesno":
            for value, (zh, score, en) in zip(("yes", "no"), lines, strict=True):
                for part, typed in (("zh", zh), ("en", en), ("score", score)):
                    self.fill(f"{key}.option.{value}.{part}", typed)
        else:
            self.paste(key, "option", lines)
        places = {
            zh: self.page.locator(f'[name^="{key}.option."][name$=".zh"]').nth(at)
            for at, zh in enumerate(item["options"])
        }
        for zh in item.get("other", ()):
            self.tick(f"{str(places[zh].get_attribute('name')).removesuffix('.zh')}.other")

    def paste(self, key: str, part: str, lines: Sequence[Sequence[Any]]) -> None:
        text = "\n".join(" | ".join(str(cell) for cell in line) for line in lines)
        self.fill(f"{key}.{'paste-rows' if part == 'row' else 'paste'}", text)
        self.press(f"{part}-paste:{key}")

    def numbers(self, key: str, kind: str, item: Mapping[str, Any]) -> None:
        for name, said in (("least", "min"), ("most", "max")):
            if kind in ("text", "short_text"):
                if said in item:
                    self.fill(f"{key}.longest", item[said])
            elif kind in ("number", "scale") or (kind == "picture" and said in item):
                self.fill(f"{key}.{name}", item.get(said, ""))
        if item.get("unscored"):
            self.tick(f"{key}.unscored")

    def filing(self, key: str, item: Mapping[str, Any]) -> None:
        self.choose(f"{key}.required", {True: "yes", False: "no", None: "unsaid"}[item.get("required")])
        if self.page.locator(f'[name="{key}.no"]').get_attribute("placeholder") != str(item["no"]):
            self.fill(f"{key}.no", item["no"])
        if item.get("shown_as") == "stars":
            self.choose(f"{key}.shown_as", "stars")
        for field, said in (("dimension", "unit_of"), ("group", "draw")):
            if said not in item:
                continue
            known = self.page.locator(f'[name="{key}.{field}"] option').evaluate_all("all => all.map(one => one.value)")
            if item[said] in known:
                self.choose(f"{key}.{field}", item[said])
            else:
                self.fill(f"{key}.{field}.new", item[said])
                self.press("save")

    # --- a condition, by drop-downs

    def condition(self, key: str, text: str) -> None:
        wanted = rows_of(parse(text))
        self.group(key, wanted, "")

    def group(self, key: str, wanted: Rows, path: str, there: int = 0) -> None:
        """First the parts, of which a new group begins with ``there`` rows; then how they are joined; then the rows that
        are not wanted go, and each part is filled in."""
        if not there and isinstance(wanted.parts[0], Rows):
            self.press(f"if-add:{key}:{path}")
            there = 1
        kept = min(there, next((at for at, one in enumerate(wanted.parts) if isinstance(one, Rows)), len(wanted.parts)))
        for part in wanted.parts[kept:]:
            self.press(f"{'if-group' if isinstance(part, Rows) else 'if-add'}:{key}:{path}")
        join = f"{key}.if.{path}.join" if path else f"{key}.if.join"
        self.choose(join, wanted.join)
        for _ in range(there - kept):
            self.press(f"if-remove:{key}:{path}.{kept}" if path else f"if-remove:{key}:{kept}")
        for at, part in enumerate(wanted.parts):
            place = f"{path}.{at}" if path else str(at)
            if isinstance(part, Rows):
                self.group(key, part, place, there=2)
            else:
                self.row(key, part, place)

    def row(self, key: str, wanted: Compare, place: str) -> None:
        base = f"{key}.if.{place}"
        self.choose(f"{base}.about", self.keys[wanted.key])
        self.choose(f"{base}.op", wanted.op)
        answer = self.page.locator(f'[name="{base}.value"]:not([type=hidden])')
        if answer.first.get_attribute("type") == "checkbox":
            names = {
                str(box.locator("xpath=..").inner_text()).strip(): str(box.get_attribute("value"))
                for box in answer.all()
            }
            for name, value in names.items():
                if name in wanted.values:
                    self.tick(f"{base}.value", True, value)
            for name, value in names.items():
                if name not in wanted.values:
                    self.tick(f"{base}.value", False, value)
        elif answer.first.evaluate("one => one.tagName") == "SELECT":
            offered = dict(answer.locator("option").evaluate_all("all => all.map(one => [one.textContent, one.value])"))
            self.choose(f"{base}.value", offered.get(wanted.values[0], wanted.values[0]))
        else:
            self.fill(f"{base}.value", wanted.values[0])
        if self.with_script:  # without, the next button keeps what was typed
            self.press("save")

    # --- the file that comes out

    def exported(self, key: str, folder: Path, form: str = "neutral") -> dict[str, Any]:
        """What "download" gives."""
        self.page.goto(f"{self.server}/admin/questions?set={key}&part=set")
        link = self.page.locator(
            "a[href*='draft=1']" + ("[href*='form=neutral']" if form == "neutral" else ":not([href*='form='])")
        )
        link.focus()
        with self.page.expect_download() as downloading:
            self.page.keyboard.press("Enter")
        file = folder / f"{key}.toml"
        downloading.value.save_as(file)
        return tomllib.loads(file.read_text("utf-8"))


class Step:
    """Waits until the page has done what was asked for."""

    def __init__(self, page: Page, waits: bool) -> None:
        self.page, self.waits = page, waits

    def __enter__(self) -> None:
        if self.waits:
            self.builder = self.page.locator("#builder")
            expect(self.builder).to_have_attribute("data-waiting", "0")
            self.before = str(self.builder.get_attribute("data-steps"))

    def __exit__(self, *_: object) -> None:
        if self.waits:
            expect(self.builder).not_to_have_attribute("data-steps", self.before)
            expect(self.builder).to_have_attribute("data-waiting", "0")


def as_typed(value: Any) -> str:
    """A note as one types it: text that would be read as something else stands in quotes."""
    if isinstance(value, str):
        try:
            read = tomllib.loads(f"x = {value}")
        except tomllib.TOMLDecodeError:
            return value
        return value if not isinstance(read["x"], bool | int | float | str | list | dict) else f'"{value}"'
    return dumps({"x": value}).removeprefix("x = ").strip()


def worst_and_best(item: Mapping[str, Any]) -> tuple[float, float]:
    """What the file's scores are measured against."""
    return score_range([score for score in item.get("scores", ()) if score != "none"])
