"""Proposing and voting by message, while a selection asks for it; at all other times these words mean what they always mean.

Before the rules of the language: 投票 and 提名 at the beginning of a message are commands then, whatever else it says.
"""

import re
from collections.abc import Sequence

from bots.messages import Reply
from bots.turn import Turn
from feedback_app import texts
from feedback_app.errors import FeedbackError
from feedback_app.services import nominations, round_pages, votes
from feedback_app.services.nominations import Proposal
from feedback_app.services.round_pages import Name
from feedback_app.services.rounds import Opened
from feedback_app.services.votes import Voter

VOTE, NOMINATE = "selection_vote", "selection_nominate"
STEPS = (VOTE, NOMINATE)
MOST_LISTED = 20
_VOTE = re.compile(
    r"^(?:我要|我想|我来|参加)?投票[\s:：,，。!！]*(?:给|投)?\s*([\d\s,，、和]*)号?[。!！]*$|^vote\b\s*([\d\s,]*)$",
    re.IGNORECASE,
)
_NOMINATE = re.compile(r"^(?:我要|我想|我来)?(?:提名|nominate\b)[\s:：,，]*(.*)$", re.IGNORECASE | re.DOTALL)
_FIGURES = re.compile(r"\d{1,3}")
_ONLY_FIGURES = re.compile(r"^[\d\s,，、和号]+$")


def begins(text: str) -> bool:
    """Whether these words belong to a selection, should one be asking."""
    return bool(_VOTE.match(text.strip()) or _NOMINATE.match(text.strip()))


def read(turn: Turn) -> Reply | None:
    """The answer where a selection asks and the message is for it; None: it is for everything else."""
    text = turn.text.strip()
    vote, nominate = _VOTE.match(text), _NOMINATE.match(text)
    if vote:
        return _vote(turn, _numbers(vote[1] or vote[2] or ""))
    if nominate:
        return _nominate(turn, nominate[1].strip())
    if turn.step is None or turn.step.name not in STEPS or not _ONLY_FIGURES.match(text):
        return None
    if turn.step.name == VOTE:
        return _cast(turn, str(turn.step.data.get("round")), _numbers(text))
    return _chosen(turn, _numbers(text))


def _numbers(text: str) -> list[int]:
    return [int(one) for one in _FIGURES.findall(text)]


def _vote(turn: Turn, numbers: Sequence[int]) -> Reply | None:
    running = round_pages.votable(turn.session, now=turn.now, zone=turn.runtime.zone)
    if not running:
        return None
    opened = running[0]
    if numbers:
        return _cast(turn, opened.round.key, numbers)
    listed = round_pages.ballot(turn.session, opened)
    if not listed:
        return Reply.of(texts.text("rounds.vote.nobody", turn.language))
    turn.wait_for(VOTE, round=opened.round.key)
    lines = [turn.say("selection.ballot", round=opened.round.title, most=opened.rules.choices)]
    if votes.is_juror(turn.session, turn.runtime.vault, opened.round, turn.person):
        lines.append(texts.text("rounds.vote.juror", turn.language))
    lines += [
        turn.say("selection.line", number=one.number, name=one.name, where=one.department)
        for one in listed[:MOST_LISTED]
    ]
    if len(listed) > MOST_LISTED:
        lines.append(turn.say("selection.more", link=_page(turn, opened, "vote")))
    return Reply.of("\n".join([*lines, turn.say("selection.sealed")]))


def _cast(turn: Turn, key: str, numbers: Sequence[int]) -> Reply:
    try:
        cast = votes.cast(
            turn.session, turn.runtime.vault, key, Voter(turn.person), numbers, now=turn.now, zone=turn.runtime.zone
        )
    except FeedbackError as error:
        return Reply.of(texts.error(error.code, turn.language, error.params))
    turn.settle()
    last = cast.opened.phase.last if cast.opened.phase else None
    return Reply.of(turn.say("selection.voted", day=turn.day(last), receipt=cast.receipt))


def _nominate(turn: Turn, said: str) -> Reply | None:
    running = round_pages.open_for_proposals(turn.session, now=turn.now, zone=turn.runtime.zone)
    asking = [one for one in running if "patient" in one.rules.proposers]
    if not asking:
        return None
    opened = asking[0]
    name, _, reason = said.replace("，", " ").replace(",", " ").partition(" ")
    if not name:
        return Reply.of(turn.say("selection.whom", round=opened.round.title))
    found = nominations.find(turn.session, opened.rules, name)
    if not found:
        return Reply.of(turn.say("selection.nobody", name=name, link=_page(turn, opened, "nominate")))
    if len(found) > 1:
        named = [round_pages.name_of(one) for one in found[:MOST_LISTED]]
        return _which(turn, opened, named, [one.id for one in found[:MOST_LISTED]], reason.strip())
    return _propose(turn, opened.round.key, found[0].id, reason.strip())


def _which(turn: Turn, opened: Opened, named: Sequence[Name], ids: Sequence[int], reason: str) -> Reply:
    turn.wait_for(NOMINATE, round=opened.round.key, ids=list(ids), reason=reason)
    lines = [
        turn.say("selection.line", number=place, name=one.name, where=one.department)
        for place, one in enumerate(named, 1)
    ]
    return Reply.of("\n".join([turn.say("selection.which"), *lines]))


def _chosen(turn: Turn, numbers: Sequence[int]) -> Reply | None:
    data = turn.step.data if turn.step else {}
    ids = data.get("ids") or []
    if len(numbers) != 1 or not 1 <= numbers[0] <= len(ids):
        return None
    return _propose(turn, str(data.get("round")), ids[numbers[0] - 1], str(data.get("reason") or ""))


def _propose(turn: Turn, key: str, point_id: int, reason: str) -> Reply:
    told = Proposal(point_id, "patient", "bot", turn.person, reason[: nominations.LONGEST_REASON])
    try:
        proposed = nominations.propose(
            turn.session, turn.runtime.vault, key, told, now=turn.now, zone=turn.runtime.zone
        )
    except FeedbackError as error:
        return Reply.of(texts.error(error.code, turn.language, error.params))
    turn.settle()
    return Reply.of(texts.text("rounds.nominate.done", turn.language, name=proposed.nominee.name))


def _page(turn: Turn, opened: Opened, name: str) -> str:
    return f"{turn.runtime.settings.server.base_url}/stars/rounds/{opened.round.key}/{name}"
