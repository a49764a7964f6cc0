"""Where one's own complaint stands. Nobody else's: not even that it exists is said in other words than these."""

from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Intent, Turn
from feedback_app.errors import NotAllowed, NotFound
from feedback_app.services import own_cases
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
    """Reopened, withdrawn or looked up; what to say about it."""
    if expect == "reopen":
        own_cases.reopen(turn.session, case, turn.text, turn.now, turn.runtime.zone)
        _listen(turn, case)
        return turn.say("progress.reopened", number=case.number, day=turn.day(case.due_on) or turn.due())
    if expect == "withdraw":
        if own_cases.withdraw(turn.session, case, turn.text, turn.now):
            turn.settle()
            return turn.say("progress.taken_back", number=case.number)
        return turn.say("progress.over", number=case.number, state=turn.say(f"progress.{case.state}"))
    if case.state == "open":
        _listen(turn, case)
    return standing(turn, case)


def standing(turn: Turn, case: Case) -> str:
    """One sentence: number, state, the day or the answer."""
    answer = own_cases.last_answer(turn.session, case)
    return turn.say(
        "progress.one",
        number=case.number,
        state=turn.say(f"progress.{case.state}"),
        due=turn.say("progress.due", day=turn.day(case.due_on)) if case.state == "open" and case.due_on else "",
        answer=turn.say("progress.answer", text=answer) if answer else "",
    ).strip()


def own_list(turn: Turn, *, withdraw: bool = False) -> Reply:
    """The person's cases; without any, how to find one."""
    cases = [case for case in own_cases.of_person(turn.session, turn.person) if case.kind == "complaint"]
    if not cases:
        turn.wait_for("ask_case")
        return Reply.of("\n".join((turn.say("progress.none"), turn.say("progress.ask_number"))))
    still_open = [case for case in cases if case.state == "open"]
    if withdraw and still_open:
        return _which_back(turn, still_open)
    if still_open:
        _listen(turn, still_open[0])
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
        turn.wait_for("case", number=case.number)


INTENT = Progress()
