"""The manual quotes the pages word for word, and its pictures are there and small."""

import re
from pathlib import Path

import pytest

from feedback_app import texts

DOCS = Path(__file__).parent.parent.parent / "docs"
MANUALS = ("administrator.md", "complaints-office.md")
SAID_BY_PEOPLE = {"进度", "还在收集"}  # what a patient sends; part of a longer sentence
LARGEST = 120_000


def _pages() -> list[re.Pattern[str]]:
    """Every sentence of the Chinese pages, with anything at all where a value is filled in."""
    sentences = texts.catalogue("zh").values()
    return [re.compile(re.sub(r"\\\{\w+\\\}", r"[^“”]+", re.escape(sentence))) for sentence in sentences]


@pytest.mark.parametrize("manual", MANUALS)
def test_what_the_manual_quotes_stands_on_a_page(manual: str) -> None:
    quoted = set(re.findall(r"“([^“”]+)”", (DOCS / manual).read_text("utf-8"))) - SAID_BY_PEOPLE
    everything = "\n".join(texts.catalogue("zh").values())
    pages = _pages()
    unknown = {
        words for words in quoted if words not in everything and not any(page.fullmatch(words) for page in pages)
    }
    assert len(quoted) > 3
    assert unknown == set()


@pytest.mark.parametrize("manual", MANUALS)
def test_the_pictures_and_pages_it_links_to_exist(manual: str) -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", (DOCS / manual).read_text("utf-8"))
    assert linked
    for address in linked:
        assert (DOCS / address).is_file(), address
        assert not address.endswith(".png") or (DOCS / address).stat().st_size < LARGEST
