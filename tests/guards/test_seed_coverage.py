"""docs/seed-coverage.md names a test for every row S1-S55 of the seed plans; here is checked that each exists and is run.

"Is run" is asked of the test's own source, without collecting the whole suite again: pytest would collect the function, and no
mark on it, on its file or in its body leaves it out always.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = 55
_ROW = re.compile(r"^\| S(\d+) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_PAGE = (ROOT / "docs" / "seed-coverage.md").read_text("utf-8")
_LEFT_OUT = {"skip", "skipif", "xfail"}


def rows() -> dict[int, tuple[str, str]]:
    """Number of the row -> how it is met, and the cell with its tests."""
    return {int(number): (how, tests) for number, how, tests in _ROW.findall(_PAGE)}


def named() -> list[tuple[str, str]]:
    return sorted(set(_TEST.findall(_PAGE)))


@cache
def _module(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"))


def _words(node: ast.AST) -> set[str]:
    """Every name and attribute inside, as they are written."""
    return {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)} | {
        one.id for one in ast.walk(node) if isinstance(one, ast.Name)
    }


def problem(path: str, name: str) -> str:
    """What is wrong with the test of this name; "" when pytest collects and runs it."""
    if not (ROOT / path).is_file():
        return "no such file"
    if not Path(path).name.startswith("test_"):
        return "pytest does not look into this file"
    module = _module(path)
    found = [one for one in module.body if isinstance(one, ast.FunctionDef) and one.name == name]
    if len(found) != 1:
        return "no such test" if not found else "two tests of this name: the first is never run"
    if any(_LEFT_OUT & _words(mark) for mark in found[0].decorator_list):
        return "marked to be left out"
    if any(
        isinstance(one, ast.Assign) and _words(one) >= {"pytestmark"} and _LEFT_OUT & _words(one) for one in module.body
    ):
        return "its whole file is left out"
    asked = {"assert"} & {"assert" for one in ast.walk(found[0]) if isinstance(one, ast.Assert)} or {
        "raises", "expect"
    } & _words(found[0])  # fmt: skip
    calls = any(isinstance(one, ast.Call) for one in ast.walk(found[0]))
    return "" if asked or calls else "it asserts nothing"


def test_every_row_is_there_once_and_in_order() -> None:
    numbers = [int(number) for number, _, _ in _ROW.findall(_PAGE)]
    assert numbers == list(range(1, ROWS + 1))


@pytest.mark.parametrize("number", range(1, ROWS + 1))
def test_a_row_says_how_it_is_met_and_by_which_test(number: int) -> None:
    how, tests = rows()[number]
    assert len(how) > 20
    assert _TEST.search(tests), f"S{number} names no test"
    left = _TEST.sub("", tests).replace("<br>", "").replace(",", "").strip()
    assert left == "", f"S{number}: {left} is no test"


@pytest.mark.parametrize(("path", "name"), named())
def test_every_named_test_exists_and_is_run(path: str, name: str) -> None:
    assert problem(path, name) == ""


def test_the_guard_notices_what_it_is_for() -> None:
    assert problem("tests/guards/test_seed_coverage.py", "test_no_such_thing") == "no such test"
    assert problem("tests/no_such_file.py", "test_x") == "no such file"
    assert problem("tests/awards.py", "person") == "pytest does not look into this file"
