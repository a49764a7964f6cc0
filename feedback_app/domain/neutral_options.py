"""What an item of the neutral notation offers to choose from: options with scores, rows, draws."""

from collections.abc import Mapping, Sequence
from typing import Any

from feedback_app.domain.questions._base import Option
from feedback_app.errors import Refused

OPTIONED = ("likert", "level", "single", "choices", "frequency", "matrix", "yesno")


def wrong(item: Mapping[str, Any], why: str) -> Refused:
    return Refused("questions.bad_item", no=str(item.get("no", "?"))[:20], why=why)


def is_words(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def options_of(item: Mapping[str, Any], kind: str) -> tuple[tuple[Option, ...], tuple[float, float]]:
    said, scores = item.get("options", []), item.get("scores")
    if kind not in OPTIONED or (kind == "yesno" and not said):
        return (), (0, 100)
    english = item.get("options_en", [None] * len(said) if isinstance(said, list) else [])
    if not isinstance(said, list) or not isinstance(english, list) or len(english) != len(said):
        raise wrong(item, "options")
    raw = _scores(item, scores, len(said))
    values = ("yes", "no") if kind == "yesno" and len(said) == 2 else [_letter(place) for place in range(len(said))]
    explained = others(item)
    made = tuple(
        Option(value, {"zh": str(zh), **({} if en is None else {"en": str(en)})}, score, str(zh) in explained)
        for value, zh, en, score in zip(values, said, english, raw, strict=True)
    )
    if len({option.text["zh"] for option in made}) < len(made):
        raise wrong(item, "options")
    return made, score_range([score for score in raw if score is not None])


def _scores(item: Mapping[str, Any], scores: Any, count: int) -> list[float | None]:
    if scores is None:
        return [None] * count
    if not isinstance(scores, list) or len(scores) != count:
        raise wrong(item, f"scores: {count}")
    read: list[float | None] = []
    for score in scores:
        if isinstance(score, str) and score.strip().lower() in {"none", "", "-", "n/a", "na", "不计分"}:
            read.append(None)
        elif isinstance(score, int | float) and not isinstance(score, bool) and abs(score) < 1e9:
            read.append(score)
        else:
            raise wrong(item, f"scores: {score!r}")
    return read


def score_range(scores: Sequence[float]) -> tuple[float, float]:
    """Worst and best: 0 to 100 for scores that look like it (100, 50, 0 or 95, 80, 60); else from the lowest to the highest (5 … 1)."""
    low, high = (min(scores), max(scores)) if scores else (0, 100)
    if low >= 0 and 10 < high <= 100:
        return 0, 100
    return (low, high) if low < high else (0, 100) if 0 <= low <= 100 else (0, low)


def _letter(place: int) -> str:
    return chr(ord("a") + place) if place < 26 else f"{_letter(place // 26 - 1)}{_letter(place % 26)}"


def rows_of(item: Mapping[str, Any]) -> tuple[Option, ...]:
    said = item.get("rows", [])
    if not isinstance(said, list):
        raise wrong(item, "rows")
    english = rows_in_english(item) or [""] * len(said)
    return tuple(
        Option(f"r{place}", {"zh": str(text), **({"en": en} if en else {})})
        for place, (text, en) in enumerate(zip(said, english, strict=True), 1)
    )


def rows_in_english(item: Mapping[str, Any]) -> list[str]:
    """The rows' words in English when every row has some."""
    said, rows = item.get("rows_en"), item.get("rows")
    fits = isinstance(said, list) and isinstance(rows, list) and len(said) == len(rows) > 0
    return list(said) if fits and isinstance(said, list) and all(map(is_words, said)) else []


def others(item: Mapping[str, Any]) -> list[str]:
    """The options that may be explained in words: ``other = ["其他"]``."""
    said, options = item.get("other"), item.get("options")
    if not (isinstance(said, list) and said and isinstance(options, list)):
        return []
    return said if all(is_words(one) and one in options for one in said) and len(set(said)) == len(said) else []


def draws_of(data: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Group -> how many of its questions are drawn for each form: ``[draw] wards = 2`` and items with ``draw = "wards"``."""
    said = data.get("draw")
    if not isinstance(said, Mapping):
        return {}
    sizes = {name: sum(item.get("draw") == name for item in items) for name in said}
    fits = all(
        isinstance(ask, int) and not isinstance(ask, bool) and 1 <= ask <= sizes[name] for name, ask in said.items()
    )
    return dict(said) if fits else {}


def group_of(item: Mapping[str, Any], draws: Mapping[str, int]) -> str:
    said = item.get("draw")
    return said if isinstance(said, str) and said in draws else ""
