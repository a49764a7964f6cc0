"""The steps of a draft: each kept, so that it can be undone and done again, by whoever comes back to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from feedback_app.db.questionnaires import DraftStep, QuestionnaireVersion, forget_steps, steps
from feedback_app.domain.questionnaire_drafts import Body
from feedback_app.errors import Conflict

MOST_KEPT = 200
SAME_STEP = timedelta(seconds=30)
"""Words that one person types into the same field within this time are one step."""
RECENT = timedelta(minutes=10)


@dataclass(frozen=True)
class Standing:
    """What the buttons say: the step that would be undone, the one that would be done again ("" for none), and who else
    worked on the draft within RECENT."""

    undo: str = ""
    redo: str = ""
    others: tuple[str, ...] = ()


def begin(session: Session, draft: QuestionnaireVersion, before: Body, by: str, now: datetime) -> None:
    """The state that the draft's first step can be undone to."""
    session.add(DraftStep(version_id=draft.id, place=0, body=before, did="", by=by, at=now))
    draft.step = 0


def keep(session: Session, draft: QuestionnaireVersion, did: str, by: str, now: datetime) -> None:
    """The draft's body is the newest step; what had been undone is gone."""
    kept = steps(session, draft.id)
    for step in kept:
        if step.place > draft.step:
            session.delete(step)
    last = next((step for step in kept if step.place == draft.step), None)
    if last is not None and last.place and _goes_on(last, did, by, now):
        last.body, last.at = draft.body, now
        session.flush()
        return
    session.flush()
    draft.step += 1
    session.add(DraftStep(version_id=draft.id, place=draft.step, body=draft.body, did=did[:120], by=by, at=now))
    old = draft.step - MOST_KEPT
    session.execute(delete(DraftStep).where(DraftStep.version_id == draft.id, DraftStep.place < old))
    session.flush()


def _goes_on(last: DraftStep, did: str, by: str, now: datetime) -> bool:
    return did.startswith("type:") and (last.did, last.by) == (did, by) and now - last.at <= SAME_STEP


def go(session: Session, draft: QuestionnaireVersion, by: int) -> DraftStep:
    """One step back (-1) or forth (1); gives the step that was undone or done. Raises Conflict ``questions.nothing_to_undo``."""
    kept = {step.place: step for step in steps(session, draft.id)}
    target = kept.get(draft.step + by)
    if target is None:
        raise Conflict("questions.nothing_to_undo")
    done = kept[draft.step] if by < 0 else target
    draft.step, draft.body = target.place, target.body
    session.flush()
    return done


def standing(session: Session, draft: QuestionnaireVersion | None, by: str, now: datetime) -> Standing:
    if draft is None:
        return Standing()
    kept = {step.place: step for step in steps(session, draft.id)}
    here, following = kept.get(draft.step), kept.get(draft.step + 1)
    others = {step.by for step in kept.values() if step.place and step.by != by and now - step.at <= RECENT}
    can_undo = here is not None and draft.step - 1 in kept
    return Standing(
        undo=(here.did or "save") if can_undo and here else "",
        redo=(following.did or "save") if following else "",
        others=tuple(sorted(others)),
    )


def forget(session: Session, draft: QuestionnaireVersion) -> None:
    """The steps end with the draft."""
    forget_steps(session, draft.id)
    draft.step = 0
