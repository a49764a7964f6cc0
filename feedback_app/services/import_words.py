"""What an import says about a row, in words."""

from collections.abc import Mapping
from datetime import datetime

from feedback_app import texts
from feedback_app.domain.directory_rows import Problem
from feedback_app.services.import_files import Table


def explain(code: str, params: Mapping[str, object], language: str = texts.DEFAULT_LANGUAGE) -> str:
    """The words of an error code."""
    area, _, name = code.partition(".")
    return texts.text(f"{area}.errors.{name}", language, **params)


def column_word(field: str, table: Table, language: str = texts.DEFAULT_LANGUAGE) -> str:
    """The heading as it stands in the file; if there is none, our word for the field."""
    places = [place for place, name in table.heading.columns.items() if name == field]
    headings = table.headings
    if places and places[0] < len(headings) and headings[places[0]]:
        return " ".join(headings[places[0]].replace("\ufeff", "").split())
    return field_word(field, table.kind, language)


def field_word(field: str, kind: str = "", language: str = texts.DEFAULT_LANGUAGE) -> str:
    """Our word for a field: 工号 in a list of staff, 窗口号 in one of windows, 编号 anywhere else."""
    own = f"directory.fields_{kind}.{field}"
    return texts.text(own if own in texts.catalogue(texts.DEFAULT_LANGUAGE) else f"directory.fields.{field}", language)


def form_words(form: str, language: str = texts.DEFAULT_LANGUAGE) -> str:
    """How the file was understood: ``xlsx`` -> Excel, ``gb18030 ,`` -> encoding and separator in words."""
    encoding, _, separator = form.partition(" ")
    if not separator:
        return texts.text("imports.excel", language)
    return texts.text("imports.text_file", language, encoding=encoding.upper(), separator=separator)


def problem_words(problem: Problem, table: Table, language: str = texts.DEFAULT_LANGUAGE) -> str:
    """``在职状态: …``: the column and the reason, without the line number."""
    words = explain(problem.code, problem.params, language)
    return f"{column_word(problem.column, table, language)}: {words}" if problem.column else words


def value_words(value: object, language: str = texts.DEFAULT_LANGUAGE) -> str:
    """A value of the directory as a person reads it."""
    if value is None or value == "" or value == []:
        return texts.text("directory.nothing", language)
    if isinstance(value, bool):
        return texts.text("directory.yes" if value else "directory.no", language)
    if isinstance(value, list):
        return "、".join(str(one) for one in value)
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)
