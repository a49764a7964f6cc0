"""A rating by message: stored, confirmed first, or the missing half asked for."""

from collections.abc import Sequence

from bots.intents._filing import point_by_id
from bots.language.directory import Point
from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Intent, Turn
from feedback_app.services import canary, pilot, visits
from feedback_app.services.ratings import Accepted, Submission
from feedback_app.services.visits import Arrival

LONGEST_BARE = 12
"""A message longer than this says more than the score: it is kept as the comment."""


class Rating(Intent):
    def answer(self, turn: Turn, reading: Understanding) -> Reply:
        if reading.expect in {"refuse", "refuse_or_flag", "answer"}:
            return _refusal(turn, reading)
        if reading.expect == "ask_score":
            return ask_score(turn, reading)
        if reading.expect in {"ask_target", "ask_intent"} or not reading.targets:
            return ask_target(turn, reading)
        pairs = list(zip(reading.targets, reading.scores, strict=False))
        comment = comment_of(turn)
        if reading.expect == "accept_or_confirm":
            return confirm(turn, pairs, comment)
        return store(turn, pairs, comment)


def comment_of(turn: Turn) -> str:
    return turn.text.strip() if len(turn.text.strip()) > LONGEST_BARE else ""


def _refusal(turn: Turn, reading: Understanding) -> Reply:
    turn.settle()
    key = {"refuse": "refuse", "refuse_or_flag": "flag", "answer": "reward"}[reading.expect]
    return Reply.of(turn.say(f"fraud.{key}"))


def not_open(turn: Turn, points: Sequence[Point]) -> Reply | None:
    """While a trial runs elsewhere: said so, and that complaints are taken everywhere. None where all are open."""
    closed = {one.id for one in pilot.closed_among(turn.session, [point.id for point in points])}
    names = [turn.place(point) for point in points if point.id in closed]
    if not names:
        return None
    turn.settle()
    return Reply.of(turn.say("rating.not_open", name=names[0]))


def ask_score(turn: Turn, reading: Understanding) -> Reply:
    point = reading.targets[0] if reading.targets else None
    if point is None:
        return Reply.of(turn.say("rating.ask_score_nobody"))
    waits = not_open(turn, [point])
    if waits is not None:
        return waits
    again = turn.step is not None and turn.step.name == "ask_score" and turn.step.data.get("point") == point.id
    turn.wait_for("ask_score", point=point.id)
    return Reply.of(turn.say("rating.ask_score_again" if again else "rating.ask_score", name=turn.place(point)))


def ask_target(turn: Turn, reading: Understanding) -> Reply:
    score = reading.scores[0] if reading.scores else None
    options = reading.candidates[:8]
    turn.wait_for("ask_target", score=score, comment=comment_of(turn), options=[one.id for one in options])
    if options:
        return turn.choose(turn.say("rating.which"), options)
    if score is None:
        return Reply.of(turn.say("rating.ask_target_plain"))
    return Reply.of(turn.say("rating.ask_target", level=turn.level(score)))


def confirm(turn: Turn, pairs: Sequence[tuple[Point, int]], comment: str) -> Reply:
    waits = not_open(turn, [point for point, _ in pairs])
    if waits is not None:
        return waits
    turn.wait_for("confirm", pairs=[[point.id, score] for point, score in pairs], comment=comment)
    items = [turn.say("rating.confirm_item", name=turn.place(point), level=turn.level(score)) for point, score in pairs]
    joiner = "；" if turn.language == "zh" else "; "
    return Reply.of(turn.say("rating.confirm", what=joiner.join(items)))


def store(turn: Turn, pairs: Sequence[tuple[Point, int]], comment: str) -> Reply:
    """Accept each; the answer names what was understood, the month and the receipt, the same for every level."""
    waits = not_open(turn, [point for point, _ in pairs])
    if waits is not None:
        return waits
    accepted = [(point, _submit(turn, point, score, comment)) for point, score in pairs]
    lines = [_said(turn, accepted)]
    replaced = False
    for _, one in accepted:
        replaced |= one.replaced
        if one.case_number:
            lines.append(turn.say("rating.case", number=one.case_number, day=turn.day(one.due_on)))
    if replaced:
        lines.append(turn.say("rating.replaced"))
    point, last = accepted[-1]
    turn.wait_for("ask_comment", point=point.id, receipt=last.receipt)
    if not comment:
        lines.append(turn.say("rating.comment"))
    return Reply.of("\n".join(lines))


def _said(turn: Turn, accepted: Sequence[tuple[Point, Accepted]]) -> str:
    month = accepted[0][1].period.number
    if len(accepted) == 1:
        point, one = accepted[0]
        return turn.say(
            "rating.stored", name=turn.place(point), level=turn.level(one.score), month=month, receipt=one.receipt
        )
    lines = [
        turn.say("rating.stored_line", name=turn.place(point), level=turn.level(one.score), receipt=one.receipt)
        for point, one in accepted
    ]
    return "\n".join([turn.say("rating.stored_many", month=month), *lines])


def _submit(turn: Turn, point: Point, score: int, comment: str) -> Accepted:
    submission = Submission(
        point_id=point.id,
        score=score,
        channel="bot",
        idempotency_key=f"{turn.key}:{point.id}",
        comment=comment,
        language=turn.language,
        rater_hash=turn.person,
        served_at=turn.moment(comment or turn.text),
        status=canary.CANARY if canary.is_sender(turn.runtime.vault, turn.inbound.openid) else "counted",
    )
    return visits.accept(turn.session, turn.runtime.vault, submission, Arrival(), zone=turn.runtime.zone, now=turn.now)


def stored_pairs(turn: Turn, pairs: object) -> list[tuple[Point, int]]:
    """The pairs a confirmation waits for, without points that stopped meanwhile."""
    found = [(point_by_id(turn, point_id), int(score)) for point_id, score in pairs] if isinstance(pairs, list) else []
    return [(point, score) for point, score in found if point is not None]


INTENT = Rating()
