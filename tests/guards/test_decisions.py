"""Decision records: each has its own number, its title bears it, and the list names every one."""

import re
from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))


def test_no_number_is_used_twice() -> None:
    numbers = [record.name[:4] for record in RECORDS]
    assert numbers
    assert [number for number in numbers if numbers.count(number) > 1] == []


def test_titles_bear_the_number_of_the_file() -> None:
    wrong = [one.name for one in RECORDS if not one.read_text("utf-8").startswith(f"# {one.name[:4]} ")]
    assert wrong == []


def test_the_list_names_every_record_once() -> None:
    """docs/decisions/README.md: add a line for a new record."""
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (FOLDER / "README.md").read_text("utf-8"))
    assert listed == [record.name for record in RECORDS]
