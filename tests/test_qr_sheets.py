"""Printed sheets: every code leads where it should, every word is there, nothing leaves its place."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from qr import codes, layouts, sheets
from qr.sheets import LAYOUTS, Poster
from tests import reading

KEY = b"k" * 32
PRINTED = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SENTENCE = "扫一扫，说说这次服务。医护人员看不到您是谁，好坏都算数。"
PEOPLE = (
    ("张伟", "主任医师·心血管内科·门诊楼3层"),
    (
        "欧阳㛃𬭎慧敏上官司马诸葛轩辕尉迟公冶",
        "副主任医师、科主任·呼吸与危重症医学科（国家级重点专科）一病区·外科综合大楼12层东侧走廊尽头",
    ),
    ("Alexander Maximilian Johnson-Smith", ""),
    ("挂号1号窗口", "门诊收费处·门诊楼3层"),
    ("名" * 100, "处" * 160),
    ("W" * 100, "x"),
    ("阿依古丽·买买提艾力", "护师·儿科"),
    ("电梯", "总务科"),
    ("𬭎㛃", "儿科"),
    ("周婷婷", "护士·儿科"),
)


def poster(number: int, name: str, place: str) -> Poster:
    code = codes.make(number, KEY)
    return Poster(
        url=f"https://stars.hospital.cn/s/{code}",
        hospital="青山医院",
        name=name,
        place=place,
        sentence=SENTENCE,
        code=codes.grouped(code),
        hint="扫不出来？打开 stars.hospital.cn/c，输入上面的编号",
        phone="投诉电话 0571-8888 0120",
    )


POSTERS = [poster(number, *words) for number, words in enumerate(PEOPLE, start=41)]


def document(layout: str, posters: list[Poster] = POSTERS) -> bytes:
    return sheets.pdf(posters, layout, title="窗口二维码", created=PRINTED)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_code_of_every_layout_is_read_back(layout: str) -> None:
    seen = [text for page in reading.pages(document(layout)) for text in reading.read(page)]
    assert sorted(seen) == sorted(one.url for one in POSTERS)


@pytest.mark.parametrize(("layout", "least"), [("stand", 40), ("sheet", 40), ("badge", 30)])
def test_codes_are_wide_enough_on_paper(layout: str, least: float) -> None:
    form = LAYOUTS[layout]
    measured = [width for page in reading.pages(document(layout)) for width in reading.widths_mm(page)]
    assert form.code_width >= least
    assert all(width == pytest.approx(form.code_width, abs=0.5) for width in measured)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_word_is_on_the_page(layout: str) -> None:
    said = "".join("".join(reading.page_texts(document(layout))).split())
    for one in POSTERS:
        for words in (one.hospital, one.name, one.place, one.sentence, one.code, one.phone):
            assert words.replace(" ", "").replace("·", "") in said.replace("·", "")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_quiet_zone_is_white_and_the_paper_edge_too(layout: str) -> None:
    form = LAYOUTS[layout]
    quiet = 4 * form.code_width / 29  # the smallest symbol in use has the widest modules
    assert (form.card[0] - form.code_width) / 2 >= quiet
    above = max(slot.top + slot.height for slot in form.slots if slot.top < form.code_top)
    below = min(slot.top for slot in form.slots if slot.top > form.code_top)
    assert above <= form.code_top - quiet
    assert below >= form.code_top + form.code_width + quiet
    assert form.slots[-1].top + form.slots[-1].height <= form.card[1] - 2


@pytest.mark.parametrize("layout", LAYOUTS)
def test_slots_do_not_overlap(layout: str) -> None:
    slots = sorted(LAYOUTS[layout].slots, key=lambda slot: slot.top)
    assert all(upper.top + upper.height <= lower.top for upper, lower in pairwise(slots))


@given(st.sampled_from(sorted(LAYOUTS)), st.text(min_size=1, max_size=120), st.text(max_size=200))
def test_no_text_leaves_its_slot(layout: str, name: str, place: str) -> None:
    def measure(text: str) -> float:
        return sum(1.0 if ord(sign) > 0x2E80 else 0.55 for sign in text)

    form = LAYOUTS[layout]
    slots = {slot.field: slot for slot in form.slots}
    room = form.card[0] - 2 * form.margin
    for line in layouts.lines(form, poster(1, name, place), measure):
        slot = slots[line.field]
        assert measure(line.text) * line.size <= room * 1.0001
        assert slot.top <= line.y - 0.88 * line.size
        assert line.y + 0.12 * line.size <= slot.top + slot.height


@given(st.text("张伟ab 。·1", min_size=1, max_size=60), st.integers(1, 3))
def test_breaking_loses_no_letter(text: str, count: int) -> None:
    broken = layouts.split(text, count, len)
    kept = "".join(broken).replace(" ", "").replace("·", "")
    assert kept == text.replace(" ", "").replace("·", "")
    assert len(broken) <= count


def test_sentences_break_where_they_end() -> None:
    assert layouts.split(SENTENCE, 2, len) == ["扫一扫，说说这次服务。", "医护人员看不到您是谁，好坏都算数。"]


def test_a_character_no_font_has_is_marked_and_told() -> None:
    strange = poster(7, "李\U0002ffff", "儿科\u202e\n一病区")
    assert sheets.unprintable([strange, *POSTERS]) == {"李\U0002ffff": "\U0002ffff"}
    said = reading.page_texts(document("stand", [strange]))[0]
    assert "李〓" in said
    assert "儿科 一病区" in said


def test_the_same_posters_give_the_same_document_and_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    made = sheets.pdf(POSTERS[:3], "badge", title="x", created=PRINTED, progress=lambda *step: told.append(step))
    assert made == sheets.pdf(POSTERS[:3], "badge", title="x", created=PRINTED)
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_nothing_to_print_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing"):
        document("stand", [])


def test_cards_stay_on_the_page_and_cut_marks_beside_them() -> None:
    for form in LAYOUTS.values():
        for left, top in form.corners():
            assert 0 <= left <= form.page[0] - form.card[0]
            assert 0 <= top <= form.page[1] - form.card[1]
    badge = LAYOUTS["badge"]
    left, top = next(badge.corners())
    assert all(x1 < left or y1 < top or x2 > left + 3 * 54 or y2 > top + 3 * 86 for x1, y1, x2, y2 in badge.cuts())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pages_are_black_on_white(layout: str) -> None:
    page: Image.Image = next(iter(reading.pages(document(layout), dpi=72)))
    assert all(low == high or abs(low - high) == 0 for low, high in _colour_spread(page))


def _colour_spread(page: Image.Image) -> list[tuple[int, int]]:
    colours = page.convert("RGB").getcolors(1 << 24) or []
    return [(min(colour), max(colour)) for _count, colour in colours]  # type: ignore[arg-type]


def test_the_preview_shows_the_first_page() -> None:
    drawn = sheets.preview(POSTERS, "badge")
    assert drawn.count("<g ") == 9
    assert "张伟" in drawn
    assert "&lt;b&gt;" in sheets.preview([poster(1, "<b>", "")], "stand")
