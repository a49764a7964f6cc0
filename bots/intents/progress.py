"""Where one's own complaint stands. Nobody else's: not even that it exists is said in other words than these."""

from bots.intents import _closing
from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Intent, Turn
from feedback_app.errors import NotAllowed, NotFound
from feedback_app.services import case_consent, own_cases
from feedback_app.services.own_cases import Case


class Progress(Intent):
    def answer(self, turn: Turn, reading: Understanding) -> Reply:
        if reading.cases:
            return _of_numbers(turn, reading)
        return own_list(turn, withdraw=reading.topic == "withdraw")


def _of_numbers(turn: Turn, reading: Understanding) -> Reply:
    own: list[Case] = []
    refusals: list[str] = []
    for number in reading.cases:
        try:
            own.append(own_cases.own(turn.session, turn.person, number))
        except NotAllowed:
            refusals.append(turn.say("progress.not_yours", number=number))
        except NotFound:
            refusals.append(turn.say("progress.unknown", number=number))
    asked_which = turn.step is not None and turn.step.name == "ask_case" and turn.step.data.get("withdraw")
    expect = "withdraw" if asked_which and reading.expect == "answer_status" else reading.expect
    return Reply.of("\n".join([*(done(turn, case, expect) for case in own), *refusals]))


def done(turn: Turn, case: Case, expect: str) -> str:
    """Refused, settled, withdrawn or looked up; what to say about it."""
    if expect == "reopen":
        return _closing.refused(turn, case)
    if expect == "withdraw":
        return _taken_back(turn, case)
    _listen(turn, case)
    return standing(turn, case)


def _taken_back(turn: Turn, case: Case) -> str:
    """Withdrawn; where an answer waits and the person says that it is solved, that is consent and no withdrawal."""
    if "解决" in turn.text and case.state == "answered":
        return _closing.settled(turn, case).text
    if own_cases.withdraw(turn.session, case, turn.text, turn.now):
        turn.settle()
        return turn.say("progress.taken_back", number=case.number)
    return turn.say("progress.over", number=case.number, state=_closing.state_words(turn, case))


def standing(turn: Turn, case: Case) -> str:
    """One sentence: number, state, the day or the answer, and the question whether it is settled where it waits for that."""
    said, living = own_cases.last_answer(turn.session, case), case_consent.living(turn.session, case)
    parts = turn.say(
        "progress.one",
        number=case.number,
        state=_closing.state_words(turn, case),
        due=turn.say("progress.due", day=turn.day(living.due_on)) if living.state == "open" and living.due_on else "",
        answer=turn.say("progress.answer", text=said) if said else "",
    ).strip()
    if living.state == "paused":
        return f"{parts}{turn.say('progress.why_paused', why=turn.why_paused(living))}"
    return f"{parts}\n{turn.say('news.ask')}" if living.state == "answered" else parts


def own_list(turn: Turn, *, withdraw: bool = False) -> Reply:
    """The person's cases; without any, how to find one."""
    cases = [case for case in own_cases.of_person(turn.session, turn.person) if case.kind == "complaint"]
    if not cases:
        turn.wait_for("ask_case")
        return Reply.of("\n".join((turn.say("progress.none"), turn.say("progress.ask_number"))))
    still_open = [case for case in cases if case.state == "open"]
    if withdraw and still_open:
        return _which_back(turn, still_open)
    waiting = [case for case in cases if case.state in {"answered", "open"}]
    if waiting:
        _listen(turn, waiting[0])
    return Reply.of("\n".join(standing(turn, case) for case in cases))


def _which_back(turn: Turn, still_open: list[Case]) -> Reply:
    """The only open case is taken back at once; of several, which one is asked, never guessed."""
    if len(still_open) == 1:
        return Reply.of(done(turn, still_open[0], "withdraw"))
    turn.wait_for("ask_case", withdraw=True)
    return Reply.of("\n".join((turn.say("progress.which_back"), *(standing(turn, case) for case in still_open))))


def _listen(turn: Turn, case: Case) -> None:
    """What follows belongs to this case; a question about it that is open stays open."""
    if turn.step is None or turn.step.name != "intake" or turn.step.data.get("number") != case.number:
        _closing.ask(turn, case)


INTENT = Progress()
