"""Precision and recall of each theme and of the polarity, on comments of the sample corpus labelled by hand.

python -m bench.themes

Labels: bench/theme_labels.tsv (row references, never texts). One person read 560 comments: thank-you letters to doctors,
takeaway and hotel reviews, letters to a message board. ``learn``: read while the words were written; ``held``: labelled
before the words were tried on it, and none of its errors was looked at; its totals were seen once before the last words
(from other reviews) were added, when its polarity stood at 0.844. Privacy and signs hardly occur in this corpus: sentences
of our own stand in tests/domain/test_themes.py.
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from feedback_app.domain.themes import BAD, GOOD
from feedback_app.services import themes
from tests import samples

LABELS = Path(__file__).parent / "theme_labels.tsv"
FILES = ("haodf_dev", "civic_health_dev", "service_reviews_dev")
MAIN = ("waiting", "attitude", "explanation", "technique", "environment", "facilities", "cost", "food")


@dataclass
class Tally:
    """What was found rightly, found wrongly and missed, by theme; and the polarities."""

    comments: int = 0
    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    judged: int = 0  # labelled good or bad
    judged_right: int = 0
    same: int = 0  # of all four polarities

    def precision(self, theme: str) -> float:
        return self.right[theme] / max(self.right[theme] + self.wrong[theme], 1)

    def recall(self, theme: str) -> float:
        return self.right[theme] / max(self.right[theme] + self.missed[theme], 1)

    def f1(self, theme: str) -> float:
        both = self.precision(theme) + self.recall(theme)
        return 2 * self.precision(theme) * self.recall(theme) / both if both else 0.0

    @property
    def polarity(self) -> float:
        return self.judged_right / max(self.judged, 1)


def labels() -> Iterator[tuple[str, str, str, frozenset[str]]]:
    """Reference, part, polarity, themes."""
    for line in LABELS.read_text("utf-8").splitlines():
        if line.startswith(("#", "ref\t")):
            continue
        ref, part, polarity, told = line.split("\t")
        yield ref, part, polarity, frozenset(filter(None, told.split(",")))


def corpus(name: str) -> list[Mapping[str, str]]:
    with samples.path(f"corpus/{name}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def measure() -> dict[str, Tally]:
    """Part -> what came of it."""
    texts = {row["ref"]: row["text"] for name in FILES for row in corpus(name)}
    tallies: dict[str, Tally] = {"learn": Tally(), "held": Tally()}
    for ref, part, polarity, wanted in labels():
        read, tally = themes.read(texts[ref], None), tallies[part]
        found = set(read.themes)
        tally.comments += 1
        tally.right.update(found & wanted)
        tally.wrong.update(found - wanted)
        tally.missed.update(wanted - found)
        tally.same += read.polarity == polarity
        if polarity in {GOOD, BAD}:
            tally.judged += 1
            tally.judged_right += read.polarity == polarity
    return tallies


def by_source() -> dict[str, Counter[str]]:
    """Polarity read from every letter of thanks, and from every review its own stars call a complaint."""
    return {
        name: Counter(themes.read(row["text"], None).polarity for row in corpus(name) if row["type"] == wanted)
        for name, wanted in (("haodf_dev", "praise"), ("service_reviews_dev", "complaint"))
    }


def main() -> int:
    tallies = measure()
    for part, tally in tallies.items():
        print(f"\n{part}: {tally.comments} comments labelled by hand")
        print(f"{'theme':13}{'labelled':>9}{'precision':>11}{'recall':>8}{'F1':>6}")
        for theme in themes.every():
            wanted = tally.right[theme] + tally.missed[theme]
            note = "  too few to say" if wanted < 10 else "  weak" if tally.f1(theme) < 0.8 else ""
            print(
                f"{theme:13}{wanted:9}{tally.precision(theme):11.2f}{tally.recall(theme):8.2f}{tally.f1(theme):6.2f}{note}"
            )
        print(
            f"polarity of the {tally.judged} labelled good or bad: {tally.polarity:.3f}; of all four: {tally.same / tally.comments:.3f}"
        )
    for name, found in by_source().items():
        print(f"{name}: {dict(found.most_common())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
