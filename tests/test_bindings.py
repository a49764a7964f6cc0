"""Who may be reached as whom: nobody binds as a colleague, leavers are out the same day."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from feedback_app import clock, jobs
from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.people import BindingSlip
from feedback_app.errors import Conflict, FeedbackError, Gone, NotAllowed, Refused
from feedback_app.services import bindings, outbox, slips
from feedback_app.services.runtime import Runtime

Lookup = Callable[[str], ServicePoint]
IDLE = timedelta(minutes=30)


def slip_of(runtime: Runtime, person: ServicePoint) -> str:
    with runtime.transaction() as session:
        [slip] = slips.make(session, runtime.vault, [person], by="liu", now=runtime.now())
    return slip.code


def identify(runtime: Runtime, userid: str) -> str:
    with runtime.transaction() as session:
        return bindings.identify_wecom(session, runtime.vault, userid, now=runtime.now()).key


def redeem(runtime: Runtime, code: str, userid: str = "") -> str:
    with runtime.transaction() as session:
        return bindings.redeem(session, runtime.vault, code, now=runtime.now(), userid=userid).key


def change(runtime: Runtime, key: str, **fields: object) -> None:
    with runtime.transaction() as session:
        person = session.query(ServicePoint).filter_by(kind="staff", key=key).one()
        for name, value in fields.items():
            setattr(person, name, value)


def open_channels_of(runtime: Runtime, person: ServicePoint) -> list[str]:
    with runtime.reading() as session:
        return [binding.channel for binding in bindings.of_point(session, person.id)]


def test_the_directory_says_whose_userid_it_is(runtime: Runtime, point: Lookup) -> None:
    assert identify(runtime, "D01") == "D01"  # the directory has "d01": userids are the same in any case
    assert identify(runtime, "d01") == "D01"
    assert open_channels_of(runtime, point("D01")) == ["wecom"]


def test_a_userid_nobody_has_is_refused(runtime: Runtime) -> None:
    with pytest.raises(NotAllowed, match="unknown_userid"):
        identify(runtime, "stranger")


def test_a_userid_two_people_have_is_refused(runtime: Runtime) -> None:
    change(runtime, "D02", wecom_userid="d01")
    with pytest.raises(NotAllowed, match="unknown_userid"):
        identify(runtime, "d01")


def test_a_slip_binds_whoever_holds_it_when_the_directory_has_no_userid(runtime: Runtime, point: Lookup) -> None:
    change(runtime, "D01", wecom_userid="")
    assert redeem(runtime, slip_of(runtime, point("D01")).lower(), "zhangwei99") == "D01"
    assert identify(runtime, "ZhangWei99") == "D01"


@pytest.mark.parametrize("userid", ["d02", "stranger"])
def test_a_colleague_with_my_slip_is_refused_and_my_slip_stays_good(
    runtime: Runtime, point: Lookup, userid: str
) -> None:
    code = slip_of(runtime, point("D01"))
    with pytest.raises(Refused, match="not_yours"):
        redeem(runtime, code, userid)
    assert open_channels_of(runtime, point("D01")) == []
    assert redeem(runtime, code, "d01") == "D01"


def test_a_userid_bound_to_a_colleague_is_refused(runtime: Runtime, point: Lookup) -> None:
    change(runtime, "D01", wecom_userid="")
    change(runtime, "D02", wecom_userid="")
    redeem(runtime, slip_of(runtime, point("D01")), "shared")
    with pytest.raises(Conflict, match="address_taken"):
        redeem(runtime, slip_of(runtime, point("D02")), "shared")


def test_a_slip_works_once_in_time_and_only_the_newest(runtime: Runtime, point: Lookup) -> None:
    first = slip_of(runtime, point("D01"))
    second = slip_of(runtime, point("D01"))
    with pytest.raises(Gone):
        redeem(runtime, first)
    assert redeem(runtime, second) == "D01"
    with pytest.raises(Gone):
        redeem(runtime, second)
    third = slip_of(runtime, point("D01"))
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(days=15))
    for dead in (third, "0000-0000-0000", "", "评价"):
        with pytest.raises(Gone, match="slip_over"):
            redeem(runtime, dead)


def test_slips_are_for_staff_who_work_here_and_are_not_stored_in_clear(runtime: Runtime, point: Lookup) -> None:
    change(runtime, "N01", active=False)
    with runtime.transaction() as session:
        people = [point("D01"), point("W01"), point("N01")]
        made = slips.make(session, runtime.vault, people, by="liu", now=runtime.now())
        assert [slip.point.key for slip in made] == ["D01"]
        assert session.query(BindingSlip).one().token_hash != made[0].code


def test_a_new_userid_in_the_directory_ends_the_old_binding(runtime: Runtime, point: Lookup) -> None:
    identify(runtime, "d01")
    change(runtime, "D01", wecom_userid="zhang.wei")
    with pytest.raises(NotAllowed):
        identify(runtime, "d01")
    assert identify(runtime, "zhang.wei") == "D01"
    assert open_channels_of(runtime, point("D01")) == ["wecom"]


def test_an_outdated_userid_is_ended_by_the_worker_the_same_day(runtime: Runtime, point: Lookup) -> None:
    identify(runtime, "d01")
    identify(runtime, "d02")
    change(runtime, "D01", wecom_userid="zhang.wei")
    jobs.Worker(runtime, {}).tick()
    assert [open_channels_of(runtime, point(key)) for key in ("D01", "D02")] == [[], ["wecom"]]


def test_a_leaver_is_out_at_once_and_tidied_up_by_the_worker(runtime: Runtime, point: Lookup) -> None:
    identify(runtime, "d01")
    leaver = point("D01")
    with runtime.transaction() as session:
        token = bindings.sign_in(session, leaver, runtime.now())
        outbox.put(
            session,
            dedupe_key="k",
            purpose="star_result",
            channel="wecom",
            recipient=runtime.vault.seal("d01"),
            payload={"title": "t", "text": "x"},
            now=runtime.now(),
            not_before=runtime.now() + timedelta(hours=9),
            service_point_id=leaver.id,
        )
    with runtime.reading() as session:
        assert bindings.of_sign_in(session, token, runtime.now(), idle=IDLE) is not None
    change(runtime, "D01", active=False)
    with runtime.reading() as session:
        assert bindings.of_sign_in(session, token, runtime.now(), idle=IDLE) is None
    with pytest.raises(FeedbackError):
        identify(runtime, "d01")
    jobs.Worker(runtime, {}).tick()
    with runtime.reading() as session:
        assert (bindings.of_point(session, leaver.id), bindings.leavers(session)) == ([], [])
        assert session.query(OutboxMessage).one().state == "failed"


def test_the_best_channel_comes_first_and_the_unbound_are_listed_by_department(runtime: Runtime, point: Lookup) -> None:
    with runtime.transaction() as session:
        for channel, address in (("mail", "a@b.example"), ("wecom", "d01")):
            person = session.get_one(ServicePoint, point("D01").id)
            bindings.bind(session, runtime.vault, person, channel, address, now=runtime.now())
    with runtime.reading() as session:
        assert [binding.channel for binding in bindings.of_point(session, point("D01").id)] == ["wecom", "mail"]
        listed = {unit.department: [one.key for one in unit.members] for unit in bindings.unbound(session)}
    assert listed == {"儿科": ["D02", "N02"], "收费处": ["C01"], "心血管内科": ["D03", "N01"]}
