"""What is wrong with a draft, each at its place: what keeps it from being published, and what is only worth a look. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from feedback_app.domain.draft_conditions import lenient, readable
from feedback_app.domain.question_logic import effort, logic_problems
from feedback_app.domain.questionnaire_bodies import from_body, question_of
from feedback_app.domain.questionnaire_drafts import Body, find, overall_of
from feedback_app.domain.questionnaires import type_of, types
from feedback_app.errors import Refused

LONGEST_WORDS = 2000
LONGEST_OPTION = 300


@dataclass(frozen=True)
class Problem:
    """What is wrong and at which question (``place`` is its key, "title", or "" for the whole)."""

    place: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


def problems(body: Body) -> list[Problem]:
    """Everything that must be put right before publishing. Empty: ``from_body`` accepts it."""
    found = [problem for question in body["question"] for problem in _problems_of(question)]
    if not body["title"].get("zh"):
        found.append(Problem("title", "questions.no_title"))
    if not body["question"]:
        return [*found, Problem("", "questions.nothing_asked")]
    return found + _of_the_whole(body, {problem.place for problem in found})


def _of_the_whole(body: Body, known: set[str]) -> list[Problem]:
    unread = [one["key"] for one in body["question"] if not readable(one.get("show_if", ""))]
    found = [Problem(key, "questions.unreadable_condition") for key in unread]
    refused = [Problem(str(one.params["key"]), one.code, one.params) for one in logic_problems(lenient(body))]
    found += [problem for problem in refused if problem.place not in known]
    if not found and not known:
        found += _left(body)
    return found


def _left(body: Body) -> list[Problem]:
    """What only the whole can be refused for: no overall question, a draw that cannot be made."""
    try:
        from_body(body)
    except Refused as refused:
        overall = overall_of(body)
        is_overall = refused.code == "questions.no_overall" and find(body, overall) is not None
        place = overall if is_overall else str(refused.params.get("key", ""))
        return [Problem(place if find(body, place) else "", refused.code, refused.params)]
    return []


def _problems_of(question: Body) -> list[Problem]:
    key = question["key"]
    if not question["text"].get("zh"):
        return [Problem(key, "questions.no_words")]
    listed = [*question.get("options", ()), *question.get("rows", ())]
    words = [text for name in ("text", "hint", "unit", "low", "high") for text in question.get(name, {}).values()]
    if max(map(len, words)) > LONGEST_WORDS:
        return [Problem(key, "questions.words_too_long", {"most": LONGEST_WORDS})]
    if any(len(text) > LONGEST_OPTION for one in listed for text in one["text"].values()):
        return [Problem(key, "questions.words_too_long", {"most": LONGEST_OPTION})]
    for part in ("options", "rows"):
        names = [one["text"].get("zh", "") for one in question.get(part, ())]
        if not all(names):
            return [Problem(key, f"questions.{part}_without_words", {"n": names.index("") + 1})]
        if len(set(names)) < len(names):
            return [Problem(key, f"questions.{part}_alike", {"name": next(n for n in names if names.count(n) > 1)})]
    return _asked_by_its_type(question)


def _asked_by_its_type(question: Body) -> list[Problem]:
    if question["kind"] not in types():
        return [Problem(question["key"], "questions.unknown_kind", {"kind": question["kind"]})]
    try:
        made = question_of(question)
        type_of(made).check(made)
    except Refused as refused:
        code = "questions.needs_options" if refused.code == "questions.bad_options" else refused.code
        return [Problem(question["key"], code, refused.params)]
    return []


def notes(body: Body) -> list[Problem]:
    """What patients can live with and the author may not have meant."""
    found = [Problem(key, "questions.no_english") for key in without_english(body)]
    found += [problem for question in body["question"] for problem in _about_scores(question)]
    counts = effort(lenient(body)) if find(body, overall_of(body)) else {}
    if len(set(counts.values())) > 1:
        found.append(
            Problem("", "questions.uneven_effort", {"least": min(counts.values()), "most": max(counts.values())})
        )
    return found


def _about_scores(question: Body) -> list[Problem]:
    scores = [option.get("score") for option in question.get("options", ())]
    if question.get("unscored") or not scores or question["kind"] in {"level", "choices", "yesno"}:
        return []
    counted = [score for score in scores if score is not None]
    if not counted:
        return [Problem(question["key"], "questions.no_scores")] if question["kind"] == "likert" else []
    if len(set(counted)) < len(counted):
        return [Problem(question["key"], "questions.same_score")]
    if question["kind"] == "single" and len(counted) < len(scores):
        return [Problem(question["key"], "questions.scores_partly", {"n": len(scores) - len(counted)})]
    return []


def without_english(body: Body) -> list[str]:
    """Keys of the questions of which readers of English would see a part in Chinese."""
    return [
        question["key"] for question in body["question"] if any(_only_chinese(words) for words in _all_words(question))
    ]


def _all_words(question: Body) -> list[Mapping[str, str]]:
    options = () if question["kind"] == "level" else question.get("options", ())
    listed = [*options, *question.get("rows", ())]
    return [
        question["text"],
        *(question.get(name, {}) for name in ("hint", "unit", "low", "high")),
        *(o["text"] for o in listed),
    ]


def _only_chinese(words: Mapping[str, str]) -> bool:
    return bool(words.get("zh")) and not words.get("en")
