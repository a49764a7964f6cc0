"""What a message means, and what is known about it before the rules look at it."""

import re
from dataclasses import dataclass, field
from functools import cached_property

from bots.language import case_numbers, lexicon, scores, sentiment
from bots.language.directory import Directory, Point
from bots.language.normalise import bare, calmed, plain, with_faces
from bots.language.scores import Score
from bots.language.spelling import repaired, score_repaired
from bots.language.targets import Mention, find

NOTHING = "-"
LETTER = 40
"""Characters from which a message is a letter."""


@dataclass(frozen=True)
class Context:
    """What the bot did last: nothing, ``ask_score``, ``ask_comment``, ``scan`` (with a point), ``menu``, ``ask_target``, …"""

    step: str = ""
    point: Point | None = None

    @classmethod
    def parse(cls, written: str, directory: Directory) -> "Context":
        """From ``ask_score:D01``, ``menu`` or ``-``; a key the directory does not know leaves ``point`` empty."""
        step, _, key = (written or NOTHING).strip().partition(":")
        return cls("" if step == NOTHING else step, directory.point(key.strip()))


@dataclass(frozen=True)
class Understanding:
    """The reading of one message.

    ``expect`` is what is done about it (accept, ask_target, open_case, …); ``scores`` run parallel to ``targets``, or
    hold one score whose target must be asked; ``candidates`` are whom to offer then; ``topic`` names a menu entry, a
    kind of danger or a question; ``repaired`` tells that slips of the keyboard were put right.
    """

    intent: str
    expect: str
    targets: tuple[Point, ...] = ()
    scores: tuple[int, ...] = ()
    candidates: tuple[Point, ...] = ()
    cases: tuple[str, ...] = ()
    topic: str = ""
    language: str = "zh"


@dataclass(frozen=True)
class Message:
    """One text and everything the rules ask about it, each worked out at most once."""

    raw: str
    context: Context
    directory: Directory
    _unused: None = field(default=None, repr=False)

    @cached_property
    def seen(self) -> str:
        """As typed, in plain signs."""
        return calmed(with_faces(plain(self.raw), lexicon.table("faces")))

    @cached_property
    def text(self) -> str:
        """As meant, in standard words."""
        return repaired(self.seen, self._names_inside).strip()

    @cached_property
    def _names_inside(self) -> frozenset[str]:
        directory = self.directory
        return frozenset(
            self.seen[start : start + length]
            for start, sign in enumerate(self.seen)
            for length in directory.name_starts.get(sign, ())
            if self.seen[start : start + length] in directory.names
        )

    @cached_property
    def bare(self) -> str:
        return bare(self.text)

    @cached_property
    def exact(self) -> frozenset[str]:
        """The whole message as it may stand in a list of messages: with and without closing particles."""
        whole = self.bare
        shorter = re.sub(r"(吧|啊|呀|啦|哈|(?<!投诉)呢|哦|喔|噢|嘛|哒|滴)+$", "", whole)
        seen = bare(self.seen)
        return frozenset(filter(None, {whole, shorter, seen, self.seen}))

    def is_one_of(self, path: str) -> bool:
        return bool(self.exact & lexicon.one_of(path))

    def says(self, path: str) -> bool:
        """Whether a pattern of the lexicon is found."""
        return bool(lexicon.pattern(path).search(self.text))

    def has_word(self, path: str) -> bool:
        return bool(lexicon.any_word(path).search(self.text))

    @cached_property
    def mistyped(self) -> bool:
        """Whether the score itself was read out of a slip of the keyboard: then it is confirmed, not stored."""
        return not scores.explicit(self.seen) and score_repaired(self.seen)

    @cached_property
    def language(self) -> str:
        """``en`` when it is written in Latin letters only."""
        letters = sum("a" <= sign <= "z" for sign in self.seen)
        hanzi = sum("\u4e00" <= sign <= "\u9fff" for sign in self.seen)
        return "en" if letters >= 2 and not hanzi else "zh"

    @cached_property
    def cases(self) -> tuple[str, ...]:
        return case_numbers.found(self.seen)

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        return find(self.text, self.directory)

    @cached_property
    def without_names(self) -> str:
        """The text with what it speaks of painted over: 高兴 as a name is no feeling, 好 in a name no praise."""
        text = self.text
        for one in self.mentions:
            text = text[: one.start] + "□" * (one.end - one.start) + text[one.end :]
        return text

    @cached_property
    def written_scores(self) -> tuple[Score, ...]:
        """Scores in figures, stars or points that are meant."""
        return scores.meant(self.text, scores.explicit(self._scored_text))

    @cached_property
    def mentioned_scores(self) -> tuple[Score, ...]:
        """All scores in figures, also those taken back."""
        return scores.explicit(self._scored_text)

    @cached_property
    def _scored_text(self) -> str:
        text = self.text
        for one in self.mentions:
            if one.kind != "unit":
                text = text[: one.start] + "□" * (one.end - one.start) + text[one.end :]
        return text

    @cached_property
    def words(self) -> tuple[Score, ...]:
        """Levels said in words."""
        return sentiment.evaluations(self.without_names)

    @cached_property
    def emoji(self) -> tuple[Score, ...]:
        return scores.emoji(self.text)

    @property
    def is_letter(self) -> bool:
        """So long that a question or a wish in it is not what it is about."""
        return len(self.bare) > LETTER

    def points(self, mention: Mention) -> tuple[Point, ...]:
        return tuple(self.directory.points[place] for place in mention.places)

    @cached_property
    def named(self) -> tuple[Point, ...]:
        """The points named without doubt, each once, in order."""
        single = [self.points(one)[0] for one in self.mentions if len(one.places) == 1]
        return tuple(dict.fromkeys(single))

    @cached_property
    def possible(self) -> tuple[Point, ...]:
        """Whom the mentions may mean, when it is not clear."""
        several = [point for one in self.mentions for point in self.points(one)]
        return tuple(dict.fromkeys(several))

    def reads(self, intent: str, expect: str, **more: object) -> Understanding:
        return Understanding(intent, expect, language=self.language, **more)  # type: ignore[arg-type]
