"""What patients' comments are about, and whether it is praised or blamed: by words and a few rules that can be read. Pure.

A comment is cut into sentences and clauses. In each clause the longest known words are found from left to right; a negation
turns the judgement behind it, a wish ("希望再快一点") is a blame put kindly, a theme without a judgement of its own takes that
of its clause, then of its neighbours, then of the whole comment, then the level the patient chose.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

GOOD, BAD, MIXED, PLAIN = "good", "bad", "mixed", "plain"
POLARITIES = (GOOD, BAD, MIXED, PLAIN)
_SIGNS = {1: GOOD, -1: BAD, 0: PLAIN}
THEMED = ("about", "hint", "who", "good", "bad")
GENERAL = ("good", "bad", "thanks", "negations", "turns", "wishes", "spared")
_ABOUT, _HINT, _WHO, _JUDGED = "about", "hint", "who", "judged"
_OPINION, _THANKS, _NEGATION, _TURN, _WISH, _SPARED = "opinion", "thanks", "negation", "turn", "wish", "spared"
_SENTENCE = re.compile(r"[。！!？?\n\r…]+")
_CLAUSE = re.compile(r"[，,；;：:、~～—\s.·•()（）\[\]【】《》“”\"'‘’]+")
_BETWEEN = re.compile(
    r"很|太|怎么|特别|非常|够|那么|这么|十分|多么|得|地|的|有|是|再|更|能|会|去|给|让|被|过|什么|任何|一点|真|挺|好|到|及时|做|说|看"
)
_STRETCH = 4  # characters between a negation and what it turns
_ANY, _NUMBER = "…", "#"
_DOMINANT = 3  # times as many: the few others do not make a comment mixed


@dataclass(frozen=True)
class Sense:
    """What a word may stand for: ``role`` about | hint | who | judged | opinion | thanks | …; ``sign`` 1, -1 or 0."""

    role: str
    theme: str = ""
    sign: int = 0


@dataclass(frozen=True)
class Found:
    """``text[start:end]`` is a known word."""

    start: int
    end: int
    senses: tuple[Sense, ...]

    def has(self, role: str) -> bool:
        return any(sense.role == role for sense in self.senses)

    @property
    def sign(self) -> int:
        return next((sense.sign for sense in self.senses if sense.sign), 0)


@dataclass(frozen=True)
class Mention:
    """A theme in a comment: how it is judged, and ``words``, what it was told by."""

    theme: str
    polarity: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """``polarity`` of the whole: good | bad | mixed | plain (says neither); mentions in the order of the themes."""

    polarity: str
    mentions: tuple[Mention, ...]

    @property
    def themes(self) -> tuple[str, ...]:
        return tuple(one.theme for one in self.mentions)


class Lexicon:
    """All known words by their first character, the longest first."""

    def __init__(self, themes: Mapping[str, Mapping[str, Sequence[str]]], general: Mapping[str, Sequence[str]]) -> None:
        self.themes = tuple(themes)
        senses: dict[str, list[Sense]] = {}
        for theme, lists in themes.items():
            for name in THEMED:
                for word in lists.get(name, ()):
                    senses.setdefault(plain(word), []).append(_themed(theme, name))
        for name in GENERAL:
            for word in general.get(name, ()):
                senses.setdefault(plain(word), []).append(_GENERAL[name])
        self._by_first: dict[str, list[tuple[re.Pattern[str] | str, tuple[Sense, ...]]]] = {}
        for word in sorted(senses, key=lambda one: (-len(one), _ANY in one or _NUMBER in one, one)):
            for first in "0123456789一二三四五六七八九十两半几好" if word[0] == _NUMBER else word[0]:
                self._by_first.setdefault(first, []).append((_matcher(word), tuple(senses[word])))

    def found(self, text: str) -> Iterator[Found]:
        at = 0
        while at < len(text):
            hit = self._at(text, at)
            if hit is None:
                at += 1
                continue
            yield hit
            at = hit.end

    def _at(self, text: str, at: int) -> Found | None:
        best: Found | None = None
        for word, senses in self._by_first.get(text[at], ()):
            if isinstance(word, str):
                end = at + len(word) if text.startswith(word, at) else at
            else:
                match = word.match(text, at)
                end = match.end() if match else at
            if end > at and (best is None or end > best.end):
                best = Found(at, end, senses)
        return best


_GENERAL = {
    "good": Sense(_OPINION, sign=1), "bad": Sense(_OPINION, sign=-1), "thanks": Sense(_THANKS, sign=1),
    "negations": Sense(_NEGATION), "turns": Sense(_TURN), "wishes": Sense(_WISH), "spared": Sense(_SPARED),
}  # fmt: skip


def _themed(theme: str, name: str) -> Sense:
    if name in {"good", "bad"}:
        return Sense(_JUDGED, theme, 1 if name == "good" else -1)
    return Sense(name, theme)


def _matcher(word: str) -> re.Pattern[str] | str:
    if _ANY not in word and _NUMBER not in word:
        return word
    parts = re.escape(word).replace(_ANY, ".{0,6}?").replace(re.escape(_NUMBER), "[0-9一二三四五六七八九十两半几好]+")
    return re.compile(parts)


def plain(text: str) -> str:
    """The form words are compared in: full-width signs as narrow ones, small letters. "…" of a word stays."""
    return unicodedata.normalize("NFKC", text.replace(_ANY, "\0")).replace("\0", _ANY).lower()


@dataclass
class _Clause:
    text: str
    sentence: int
    found: list[Found]
    signs: dict[Found, int] = field(default_factory=dict)  # after negation and wish

    @property
    def wishes(self) -> bool:
        return any(one.has(_WISH) for one in self.found)

    @property
    def opinion(self) -> int:
        """Sum of the judgements that belong to no theme of this clause."""
        return sum(sign for one, sign in self.signs.items() if one.has(_OPINION))

    @property
    def total(self) -> tuple[int, int]:
        """How many praise, how many blame."""
        signs = list(self.signs.values())
        bad = sum(sign < 0 for sign in signs)
        if self.wishes and not bad:
            bad = 1
        return sum(sign > 0 for sign in signs), bad

    def themes(self) -> dict[str, list[Found]]:
        """Theme -> what it was told by. Hints count beside a judgement, persons where nothing else is spoken of."""
        strong: dict[str, list[Found]] = {}
        for one in self.found:
            for sense in one.senses:
                if sense.theme and sense.role in {_ABOUT, _JUDGED}:
                    strong.setdefault(sense.theme, []).append(one)
        judged = self.wishes or any(one.has(_OPINION) for one in self.found)
        if not strong and (judged or any(one.has(_THANKS) for one in self.found)):
            strong = self._of(_HINT)
        return strong if strong or not judged else self._of(_WHO)

    def _of(self, role: str) -> dict[str, list[Found]]:
        told: dict[str, list[Found]] = {}
        for one in self.found:
            for sense in one.senses:
                if sense.role == role:
                    told.setdefault(sense.theme, []).append(one)
        return told

    def sign_of(self, words: Iterable[Found], theme: str) -> int:
        own = sum(self.signs.get(one, 0) for one in words)
        return own or self.opinion or (-1 if self.wishes else 0)


def read(comment: str, lexicon: Lexicon, score: int | None = None) -> Reading:
    """``score``: the level (1 to 5) chosen with it, which decides only where the words do not."""
    clauses = list(_clauses(plain(comment), lexicon))
    good, bad = (sum(one.total[side] for one in clauses) for side in (0, 1))
    whole = _whole(good, bad) or _of_score(score)
    told: dict[str, list[tuple[int, str]]] = {}
    for place, clause in enumerate(clauses):
        for theme, words in clause.themes().items():
            sign = clause.sign_of(words, theme) or _beside(clauses, place)
            for one in words:
                told.setdefault(theme, []).append((sign, clause.text[one.start : one.end]))
    mentions = tuple(
        Mention(theme, _theme_polarity([sign for sign, _ in told[theme]], whole), tuple(dict.fromkeys(word for _, word in told[theme])))
        for theme in lexicon.themes
        if theme in told
    )  # fmt: skip
    return Reading(whole or PLAIN, mentions)


def _whole(good: int, bad: int) -> str:
    if not good and not bad:
        return ""
    if good >= _DOMINANT * bad and good:
        return GOOD
    if bad >= _DOMINANT * good:
        return BAD
    return MIXED


def _of_score(score: int | None) -> str:
    if score is None:
        return ""
    return GOOD if score >= 4 else BAD if score <= 2 else ""


def _theme_polarity(signs: Sequence[int], whole: str) -> str:
    good, bad = any(sign > 0 for sign in signs), any(sign < 0 for sign in signs)
    if good and bad:
        return MIXED
    if good or bad:
        return GOOD if good else BAD
    return whole or PLAIN


def _beside(clauses: Sequence[_Clause], place: int) -> int:
    """The judgement of the nearest clause of the same sentence that speaks of no theme: the next, then the one before."""
    for other in (place + 1, place - 1):
        if 0 <= other < len(clauses) and clauses[other].sentence == clauses[place].sentence:
            near = clauses[other]
            if near.opinion and not near.themes():
                return near.opinion
    return 0


def _clauses(text: str, lexicon: Lexicon) -> Iterator[_Clause]:
    for number, sentence in enumerate(_SENTENCE.split(text)):
        for part in _CLAUSE.split(sentence):
            if part:
                yield from _turned(part, number, lexicon)


def _turned(part: str, number: int, lexicon: Lexicon) -> Iterator[_Clause]:
    """A "but" inside begins a new clause."""
    found = list(lexicon.found(part))
    starts = [0, *(one.start for one in found if one.has(_TURN) and one.start), len(part)]
    for start, end in zip(starts, starts[1:], strict=False):
        own = [
            Found(one.start - start, one.end - start, one.senses)
            for one in found
            if start <= one.start < end and not one.has(_SPARED)
        ]
        clause = _Clause(part[start:end], number, own)
        clause.signs = _signs(clause)
        yield clause


def _signs(clause: _Clause) -> dict[Found, int]:
    """What each judging word says here."""
    signs: dict[Found, int] = {}
    for place, one in enumerate(clause.found):
        if not one.sign:
            continue
        following = clause.found[place + 1] if place + 1 < len(clause.found) else None
        if clause.text[one.start : one.end] == "好" and following and following.start == one.end and following.sign:
            continue  # 好咸: very
        sign = one.sign * _turned_round(clause, place)
        signs[one] = -1 if clause.wishes and sign > 0 and not one.has(_THANKS) else sign
    return signs


def _turned_round(clause: _Clause, place: int) -> int:
    """-1 after an odd number of negations right before."""
    sign, end = 1, clause.found[place].start
    for earlier in reversed(clause.found[:place]):
        between = clause.text[earlier.end : end]
        if not earlier.has(_NEGATION) or len(_BETWEEN.sub("", between)) > 0 or len(between) > _STRETCH:
            break
        sign, end = -sign, earlier.start
    return sign
