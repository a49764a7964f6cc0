"""Bytes somebody uploaded -> rows of text, whatever program and encoding they come from."""

from feedback_app.errors import Refused
from feedback_app.services.spreadsheets import delimited
from feedback_app.services.spreadsheets.table import LARGEST_FILE, MOST_TEXT, Row, Sheet, Workbook

__all__ = ["LARGEST_FILE", "Row", "Sheet", "Workbook", "read"]

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MARKS_OF_MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")


def read(data: bytes) -> Workbook:
    """All sheets that hold something, as rows of tidy text.

    What the file is called does not matter, its content does. Raises Refused: ``spreadsheets.empty``, ``.too_large``,
    ``.too_many_rows``, ``.old_excel``, ``.password``, ``.web_page``, ``.damaged``, ``.binary``, ``.encoding``, ``.quotes``.
    """
    if not data.strip(b"\x00 \t\r\n"):
        raise Refused("spreadsheets.empty")
    if len(data) > LARGEST_FILE:
        raise Refused("spreadsheets.too_large", most=LARGEST_FILE // 1024 // 1024)
    if data.startswith(_OLE):
        raise Refused("spreadsheets.password" if _ENCRYPTED in data else "spreadsheets.old_excel")
    if data.startswith(_ZIP):
        from feedback_app.services.spreadsheets import excel  # noqa: PLC0415 - a quarter of a second, seldom needed

        book = excel.read(data)
    elif data.lstrip(b"\xef\xbb\xbf \t\r\n")[:9].lower().startswith(_MARKS_OF_MARKUP):
        raise Refused("spreadsheets.web_page")
    else:
        book = delimited.read(data)
    if sum(len(cell) for sheet in book.sheets for row in sheet.rows for cell in row.cells) > MOST_TEXT:
        raise Refused("spreadsheets.too_large", most=MOST_TEXT // 1024 // 1024)
    if not any(sheet.rows for sheet in book.sheets):
        raise Refused("spreadsheets.empty")
    return book
