"""Every way in which a hospital's table reaches us is read, and what cannot be read is refused with a reason."""

import codecs
import io
import zipfile
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook as NewBook

from feedback_app.errors import Refused
from feedback_app.services import spreadsheets

LIST = [
    ["工号", "姓名", "科室"],
    ["00123", "张伟", "心血管内科"],
    ["00124", "单晓 敏", "儿科"],
    ["00125", "欧阳静", "眼科"],
]
ENCODINGS = {
    "utf-8": ("utf-8", b""),
    "utf-8 marked": ("utf-8", codecs.BOM_UTF8),
    "gbk": ("gbk", b""),
    "gb18030": ("gb18030", b""),
    "utf-16-le": ("utf-16-le", b""),
    "utf-16-be": ("utf-16-be", b""),
    "utf-16-le marked": ("utf-16-le", codecs.BOM_UTF16_LE),
    "utf-16-be marked": ("utf-16-be", codecs.BOM_UTF16_BE),
}


def cells(data: bytes) -> list[list[str]]:
    return [list(row.cells) for row in spreadsheets.read(data).sheets[0].rows]


def excel(book: NewBook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(Refused) as caught:
        spreadsheets.read(data)
    return caught.value.code.removeprefix("spreadsheets.")


@pytest.mark.parametrize("separator", [",", ";", "\t", "，", "；", "|"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_with_every_separator(encoding: str, separator: str) -> None:
    name, mark = ENCODINGS[encoding]
    text = "\r\n".join(separator.join(row) for row in LIST) + "\r\n"
    assert cells(mark + text.encode(name)) == LIST


NAMES = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=4)


@given(
    rows=st.lists(st.tuples(st.integers(10000, 99999), NAMES, NAMES), min_size=1, max_size=30),
    how=st.sampled_from(sorted(ENCODINGS)),
)
def test_any_list_of_names_survives_any_encoding(rows: list[tuple[int, str, str]], how: str) -> None:
    name, mark = ENCODINGS[how]
    table = [["工号", "姓名", "科室"], *[[str(number), one, other] for number, one, other in rows]]
    text = "".join(",".join(row) + "\n" for row in table)
    assert cells(mark + text.encode(name)) == table


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        spreadsheets.read(data)
    except Refused as error:
        assert error.code.startswith("spreadsheets.")


def test_semicolons_between_other_names_are_not_the_separator() -> None:
    text = "key,kind,name,aliases\nW05,window,5号取药窗口,取药;药房\nW08,window,8号抽血窗口,抽血;采血\n"
    assert cells(text.encode())[1] == ["W05", "window", "5号取药窗口", "取药;药房"]


def test_a_line_break_inside_quotes_and_the_line_numbers_people_see() -> None:
    book = spreadsheets.read('工号,姓名\n1,"张\n伟"\n\n2,李敏\n'.encode())
    assert [(row.line, row.cells) for row in book.sheets[0].rows] == [
        (1, ("工号", "姓名")),
        (2, ("1", "张\n伟")),
        (5, ("2", "李敏")),
    ]


def test_an_open_quote_is_told_with_its_line() -> None:
    with pytest.raises(Refused) as caught:
        spreadsheets.read('工号,姓名\n1,张伟\n2,"李敏\n3,王芳\n'.encode())
    assert (caught.value.code, caught.value.params["line"]) == ("spreadsheets.quotes", 3)


def test_a_workbook_as_people_make_them() -> None:
    book = NewBook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "在职"
    for row in (
        ["2026年人员一览表", None, None, None, None],
        ["科室", "工号", "姓名", "入职日期", "上班"],
        [
            "心血管内科",
            10086.0,
            "张伟",
            datetime(2020, 1, 5),  # noqa: DTZ001 - a day in a sheet has no zone
            time(7, 30),
        ],
        [None, "00123", "李敏", date(2021, 2, 3), 0.5],
        [None, 7, "王芳", "2020年3月", None],
        [],
    ):
        sheet.append(row)
    sheet["B5"].number_format = "00000"
    sheet.merge_cells("A1:E1")
    sheet.merge_cells("A3:A9")
    assert cells(excel(book)) == [
        ["2026年人员一览表"] * 5,
        ["科室", "工号", "姓名", "入职日期", "上班"],
        ["心血管内科", "10086", "张伟", "2020-01-05", "07:30"],
        ["心血管内科", "00123", "李敏", "2021-02-03", "0.5"],
        ["心血管内科", "00007", "王芳", "2020年3月"],
    ]


def test_hidden_and_empty_sheets_are_passed_over() -> None:
    book = NewBook()
    book.create_sheet("花名册").append(["工号", "姓名"])
    hidden = book.create_sheet("旧")
    hidden.append(["不要"])
    hidden.sheet_state = "hidden"
    assert [(sheet.name, bool(sheet.rows)) for sheet in spreadsheets.read(excel(book)).sheets] == [
        ("Sheet", False),
        ("花名册", True),
    ]


def test_a_formula_without_a_result_shows_itself() -> None:
    book = NewBook()
    assert book.active is not None
    book.active.append(["工号", "姓名"])
    book.active.append(["=1+1", "张伟"])
    assert cells(excel(book))[1] == ["=1+1", "张伟"]


def test_merged_areas_and_far_cells_cannot_eat_the_memory() -> None:
    book = NewBook()
    assert book.active is not None
    book.active.append(["工号", "姓名"])
    data = excel(book)
    bomb = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(bomb, "w") as target:
        for part in source.namelist():
            content = source.read(part)
            if part.endswith("sheet1.xml"):
                content = content.replace(
                    b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
                )
            target.writestr(part, content)
    assert len(cells(bomb.getvalue())) == 1


def _packed(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    assert refused(_packed(**{"xl__workbook.xml": b"<a/>", "xl__sheet.xml": b" " * 121 * 1024 * 1024})) == "too_large"


def test_a_document_type_in_a_workbook_is_refused() -> None:
    evil = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    assert refused(_packed(**{"xl__workbook.xml": evil, "[Content_Types].xml": evil})) == "damaged"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (codecs.BOM_UTF8 + b"\r\n", "empty"),
        (b",,,\n,,\n", "empty"),
        (b"\x00" * 50, "empty"),
        (bytes(range(256)) * 20, "binary"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00\x00\x00\x01\x00\x08\x06", "binary"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old_excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "web_page"),
        (b"PK\x03\x04 not a zip at all", "damaged"),
        (b"a,b\n" * (3 * 1024 * 1024), "too_large"),
        (b"a,b\n" * 60_000, "too_many_rows"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8a", "encoding"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_damaged_utf8_is_not_taken_for_another_encoding() -> None:
    whole = "staff_no,name\n" + "".join(f"{number},欧阳静\n" for number in range(20))
    assert refused(whole.encode()[:-3]) == "encoding"
    assert refused(whole.encode().replace("阳".encode(), b"\xe9\x98", 1)) == "encoding"


@given(rows=st.lists(NAMES, min_size=1, max_size=40))
def test_gb18030_is_never_taken_for_damaged_utf8(rows: list[str]) -> None:
    assert cells("\n".join(["姓名,科室", *(f"{name},儿科" for name in rows)]).encode("gb18030"))[0] == ["姓名", "科室"]


def test_a_word_document_is_no_table() -> None:
    assert refused(_packed(**{"word__document.xml": b"<w/>"})) == "not_a_sheet"


def test_a_nul_in_one_cell_does_not_spoil_the_file() -> None:
    text = "工号,姓名,科室\n" + "".join(f"{number},张伟,儿科\n" for number in range(60)) + "99,李\x00敏,儿科\n"
    assert cells(text.encode())[-1] == ["99", "李\x00敏", "儿科"]
