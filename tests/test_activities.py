"""Activities: one shape for courses, coaching, inspections, symposia …; what each seed clause asks of it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.db.activities import Activity, ActivityPerson
from feedback_app.db.assessments import Assessment, Figure
from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.domain.activities import MARKS, Item, Kind, parse, to_body, with_items, worth
from feedback_app.domain.before_after import Summary, compare
from feedback_app.domain.periods import Month
from feedback_app.domain.roles import ADMIN, HEAD, Viewer
from feedback_app.errors import Conflict, Gone, NotFound, Refused
from feedback_app.services import (
    activities,
    activity_actions,
    activity_kinds,
    advice,
    attendance,
    awards,
    effects,
    inspections,
    leaderboards,
)
from feedback_app.services.activities import Plan
from feedback_app.services.activity_actions import Wanted
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON
from tests.star_ratings import bind, id_of, rate

BY = "wang"


def planned(runtime: Runtime, kind: str, *, at: datetime = NOON, target: str = "", **told: Any) -> int:
    """An activity of this kind, planned for ``at``."""
    with runtime.transaction() as session:
        point = id_of(session, target) if target else None
        wanted = Plan(kind, told.pop("title", "服务沟通"), at, f"form {kind} {at} {target}", target_id=point, **told)
        return activities.plan(session, wanted, by=BY, now=NOON, zone=runtime.zone).id


def person(runtime: Runtime, key: str) -> ServicePoint:
    with runtime.reading() as session:
        found = session.query(ServicePoint).filter_by(key=key).one()
        session.expunge(found)
        return found


def close(runtime: Runtime, activity: int, words: str = "开过了", now: datetime = NOON) -> Activity:
    with runtime.transaction() as session:
        one = activities.close(session, activity, words, by=BY, now=now, zone=runtime.zone)
        effects.remember_before(session, one)
        session.flush()
        session.expunge(one)
        return one


def add(runtime: Runtime, activity: int, *names: str, role: str = "attendee") -> attendance.Added:
    with runtime.transaction() as session:
        return attendance.add(session, activity, names, role)


# kinds as data


def test_every_kind_of_the_seed_plans_is_there_as_data() -> None:
    """S14-S42: the kinds the plans name, each in both languages, and none in code."""
    kinds = activity_kinds.presets()
    assert {
        "course", "contest", "drill", "case_lecture", "exchange", "coaching", "mystery_visit", "window_inspection",
        "symposium", "mobilisation", "volunteer", "health_lecture", "ceremony", "department_review", "resource",
    } <= set(kinds)  # fmt: skip
    for kind in kinds.values():
        assert {"zh", "en"} <= set(kind.title)
        assert parse(to_body(kind)) == kind


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"key": "Nicht erlaubt"}, "key"),
        ({"title": {"en": "only English"}}, "title"),
        ({"parts": ["people", "singing"]}, "parts"),
        ({"parts": ["checklist"]}, "items"),
        ({"feeds": "service_code"}, "feeds"),
        ({"parts": ["checklist"], "feeds": "service_code", "items": [{"key": "a", "text": {"zh": "好"}}]}, "targets"),
        ({"surprise": 1}, "surprise"),
        ({"parts": ["checklist"], "items": [{"key": "a", "text": {"zh": "好"}, "points": -1}]}, "items"),
    ],
)
def test_a_kind_that_makes_no_sense_is_refused_at_its_field(changes: Mapping[str, Any], field: str) -> None:
    body = {"key": "quiz", "title": {"zh": "知识竞赛"}, "about": {"zh": "答题"}, "parts": ["people"]}
    with pytest.raises(Refused) as refused:
        parse({**body, **changes})
    assert refused.value.params["field"] == field


def test_an_administrator_makes_a_kind_without_code(runtime: Runtime) -> None:
    kind = Kind(
        "tea", {"zh": "茶话会"}, {"zh": "随便聊聊"}, ("people", "checklist"), items=with_items(["准时 | 2", "有茶"])
    )
    with runtime.transaction() as session:
        activity_kinds.save(session, kind, by=BY, now=NOON)
        assert activity_kinds.get(session, "tea").items[0].points == 2
    made = planned(runtime, "tea")
    changed = Kind(
        "tea", {"zh": "茶话会"}, {"zh": "聊聊"}, ("people", "checklist"), items=with_items(["有水", "有茶"], kind.items)
    )
    with runtime.transaction() as session:
        activity_kinds.save(session, changed, ended=True, by=BY, now=NOON)
        assert [one.key for one in changed.items] == ["item3", "item2"]  # a known line keeps its key
        assert "tea" not in activity_kinds.offered(session)
        assert [one.text["zh"] for one in activities.kind_of(activities.get(session, made)).items] == ["准时", "有茶"]


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(sorted(MARKS))),
    st.lists(st.integers(1, 9), min_size=6, max_size=6),
)
def test_a_checklist_is_worth_what_was_kept(marks: dict[str, str], weights: list[int]) -> None:
    items = [Item(key, {"zh": key}, weight) for key, weight in zip("abcdef", weights, strict=True)]
    points = worth(items, marks)
    assert (points is None) == all(MARKS[said] is None for said in marks.values())
    if points is not None:
        assert 0 <= points <= 100
        better = {key: "yes" if said == "partly" else said for key, said in marks.items()}
        assert (worth(items, better) or 0) >= points


# planning, people, attendance


def test_planned_once_found_in_its_month_and_fixed_when_closed(runtime: Runtime) -> None:
    first = planned(runtime, "course", at=NOON - timedelta(hours=2))
    assert planned(runtime, "course", at=NOON - timedelta(hours=2)) == first
    with runtime.reading() as session:
        found = activities.listed(session, Viewer(ADMIN, BY), Month(2026, 11))
        calendar = activities.calendar(Month(2026, 11), found)
        assert [one.one.id for one in calendar.by_day[date(2026, 11, 20)]] == [first]
        assert calendar.weeks[0][0] == date(2026, 10, 26)
        assert not activities.listed(session, Viewer(ADMIN, BY), Month(2026, 12))
    closed = close(runtime, first)
    assert (closed.state, closed.summary) == ("closed", "开过了")
    for step in (lambda: close(runtime, first), lambda: add(runtime, first, "D01")):
        with pytest.raises(Conflict):
            step()


def test_what_has_not_begun_is_not_closed_and_an_outcome_is_needed(runtime: Runtime) -> None:
    tomorrow = planned(runtime, "course", at=NOON + timedelta(days=1))
    with pytest.raises(Refused, match="not_begun"):
        close(runtime, tomorrow)
    today = planned(runtime, "course", at=NOON - timedelta(hours=1))
    with pytest.raises(Refused, match="needs_outcome"):
        close(runtime, today, "  ")


def test_people_are_added_by_number_name_department_and_from_outside(runtime: Runtime) -> None:
    one = planned(runtime, "course")
    assert add(runtime, one, "D01", "张敏", "没有这个人", "+王顾问") == attendance.Added(3, ("没有这个人",))
    assert add(runtime, one, "D01", "+王顾问").added == 0
    assert add(runtime, one, "dept:XN").added == 2  # D03, N01; D01 is there already
    with pytest.raises(Refused, match="bad_role"):
        add(runtime, one, "D01", role="king")


def test_checking_in_at_the_door_counts_once_and_only_around_the_time(runtime: Runtime) -> None:
    """S33: the attendance register, by the picture at the door."""
    one = planned(runtime, "course", at=NOON + timedelta(hours=1))
    with runtime.reading() as session:
        code = activities.get(session, one).code
    for _ in range(2):
        with runtime.transaction() as session:
            attendance.check_in(session, code, person(runtime, "D01"), NOON)
    with runtime.reading() as session:
        rows = session.query(ActivityPerson).all()
        assert [(row.came, row.came_how) for row in rows] == [(True, "code")]
    for late in (NOON - timedelta(hours=3), NOON + timedelta(days=2)):
        with pytest.raises(Conflict, match="not_now"), runtime.transaction() as session:
            attendance.check_in(session, code, person(runtime, "D02"), late)
    with runtime.transaction() as session:
        activities.cancel(session, one, "老师病了", by=BY, now=NOON)
    with pytest.raises(Gone), runtime.transaction() as session:
        attendance.check_in(session, code, person(runtime, "D02"), NOON)
    ceremony = planned(runtime, "ceremony")
    with runtime.reading() as session, pytest.raises(NotFound):
        attendance.by_code(session, activities.get(session, ceremony).code)


def test_people_on_the_list_are_told_once(runtime: Runtime) -> None:
    one = planned(runtime, "course", at=NOON + timedelta(days=3))
    add(runtime, one, "D01", "D02")
    with runtime.transaction() as session:
        bind(session, runtime.vault, "D01")
    told = []
    for _ in range(2):
        with runtime.transaction() as session:
            told.append(attendance.invite(session, one, when="周一", base_url="https://x.cn", now=NOON))
    assert told == [(1, 1), (0, 1)]
    with runtime.reading() as session:
        assert session.query(OutboxMessage).one().payload["url"].endswith(f"/staff/activities/{one}")


# consultants


def test_advice_is_for_the_coached_person_and_for_the_head_by_consent_only(runtime: Runtime) -> None:
    """S35: what a consultant advises is sealed; administrators, colleagues and an unasked head read nothing."""
    one = planned(runtime, "coaching", target="D01")
    with runtime.transaction() as session:
        row = session.query(ActivityPerson).filter_by(activity_id=one, role="coached").one().id
        advice.write(session, runtime.vault, row, "先自我介绍再问诊", by=BY, now=NOON)
    head = Viewer(HEAD, "li", department_id=person(runtime, "XN").id)
    other = Viewer(HEAD, "ma", department_id=person(runtime, "EK").id)
    with runtime.reading() as session:
        stored = session.get(ActivityPerson, row)
        assert stored is not None
        assert "自我介绍" not in stored.advice_sealed
        assert advice.shown(runtime.vault, [stored], Viewer(ADMIN, "somebody else")) == {}
        assert [one.words for one in advice.own(session, runtime.vault, person(runtime, "D01"))] == ["先自我介绍再问诊"]
        assert advice.own(session, runtime.vault, person(runtime, "D03")) == []
        assert advice.for_head(session, runtime.vault, head) == []
    with pytest.raises(NotFound), runtime.transaction() as session:
        advice.let_head_read(session, person(runtime, "D03"), row, True, now=NOON)
    for agrees, seen in ((True, 1), (False, 0)):
        with runtime.transaction() as session:
            advice.let_head_read(session, person(runtime, "D01"), row, agrees, now=NOON)
            assert len(advice.for_head(session, runtime.vault, head)) == seen
            assert advice.for_head(session, runtime.vault, other) == []
    with runtime.reading() as session:
        assert activities.listed(session, head, Month(2026, 11)) == []  # that coaching takes place is private too
        assert one not in {each.id for each in activities.of_person(session, person(runtime, "D03"), NOON)}


# checklists feed awards


def start_scheme(runtime: Runtime, kind: str, **options: Any) -> None:
    """An award for windows in which this criterion counts half, from November on."""
    share = {"kind": kind, "weight": 50, **({"options": options} if options else {})}
    body = {
        "key": "window_care", "title": {"zh": "窗口", "en": "Windows"}, "about": {"zh": "一", "en": "one"},
        "period": "month", "minimum": 5,
        "shares": [{"kind": "patient_ratings", "weight": 50}, share],
        "leagues": [{"key": "windows", "title": {"zh": "窗口", "en": "Windows"}, "kind": "window"},
                    {"key": "doctors", "title": {"zh": "医生", "en": "Doctors"}, "kind": "staff", "categories": ["医师"]}],
    }  # fmt: skip
    start(runtime, body)


def start(runtime: Runtime, body: dict[str, Any]) -> None:
    from feedback_app.db.award_schemes import SchemeVersion

    with runtime.transaction() as session:
        session.add(
            SchemeVersion(
                award_key=body["key"], number=1, body=body, state="started", valid_from="2026-11", changed_by=BY,
                changed_at=NOON, started_by="li", started_at=NOON, rules_hash="x",
            )
        )  # fmt: skip


def inspect(runtime: Runtime, kind: str, said: str, *, target: str = "W03", at: datetime = NOON) -> Activity:
    one = planned(runtime, kind, target=target, at=at)
    with runtime.transaction() as session:
        items = activities.kind_of(activities.get(session, one)).items
        inspections.mark(session, one, {item.key: (said, "") for item in items}, by="staff:N01", now=NOON)
    return close(runtime, one, "")


@pytest.mark.parametrize(
    ("kind", "criterion"), [("mystery_visit", "service_code"), ("window_inspection", "quality_audit")]
)
def test_inspections_count_in_the_awards_that_ask_for_them(runtime: Runtime, kind: str, criterion: str) -> None:
    """S12 g/k, S19, S42: the checklist's points arrive at the criterion, each inspection once, and on no other board."""
    start_scheme(runtime, criterion)
    half = inspect(runtime, kind, "partly", at=NOON - timedelta(hours=3))
    full = inspect(runtime, kind, "yes", at=NOON - timedelta(hours=2))
    assert (half.points, full.points) == (50.0, 100.0)
    assert full.counted_in == [f"window_care 2026-11 {criterion}"]
    with runtime.reading() as session:
        given = session.query(Assessment).order_by(Assessment.points).all()
        assert [(one.points, one.share, one.period) for one in given] == [
            (50, criterion, "2026-11"),
            (100, criterion, "2026-11"),
        ]
        board = leaderboards.preview(session, "window_care", awards.scheme(session, "window_care").period_holding(Month(2026, 11)), now=NOON, zone=runtime.zone)  # fmt: skip
        assert board.scheme.key == "window_care"


def test_a_late_inspection_changes_no_closed_period(runtime: Runtime) -> None:
    start_scheme(runtime, "quality_audit")
    with runtime.transaction() as session:
        rate(session, "W03", (0, 0, 0, 0, 9), "2026-11")
    later = datetime.fromisoformat("2026-12-02T10:00:00+08:00")
    with runtime.transaction() as session:
        leaderboards.close(session, "window_care", awards.scheme(session, "window_care").period_of("2026-11"), now=later, zone=runtime.zone)  # fmt: skip
    assert inspect(runtime, "window_inspection", "yes").counted_in == []


def test_nobody_inspects_their_own_place_and_every_item_is_looked_at(runtime: Runtime) -> None:
    one = planned(runtime, "window_inspection", target="W03")
    add(runtime, one, "C01", "N01", role="inspector")
    with runtime.transaction() as session:
        session.query(Activity).one().target_id = person(runtime, "SF").id
    with runtime.reading() as session:
        activity = activities.get(session, one)
        assert inspections.may_fill(session, activity, person(runtime, "N01"))
        assert not inspections.may_fill(session, activity, person(runtime, "C01"))  # their own department
        assert not inspections.may_fill(session, activity, person(runtime, "D01"))  # not on the list
    with runtime.transaction() as session:
        inspections.mark(session, one, {"tidy": ("yes", "")}, by="staff:N01", now=NOON)
    with pytest.raises(Refused, match="items_open"):
        close(runtime, one)
    for wrong in ({"tidy": ("great", "")}, {"no_such": ("yes", "")}):
        with pytest.raises(Refused, match="bad_mark"), runtime.transaction() as session:
            inspections.mark(session, one, wrong, by="x", now=NOON)


def test_a_mystery_visit_is_seen_by_nobody_before_it_is_closed(runtime: Runtime) -> None:
    one = planned(runtime, "mystery_visit", target="W03")
    add(runtime, one, "N01", role="inspector")
    head = Viewer(HEAD, "li", department_id=person(runtime, "SF").id)

    def seen(key: str) -> bool:
        with runtime.reading() as session:
            return one in {each.id for each in activities.of_person(session, person(runtime, key), NOON)}

    def on_list() -> int:
        with runtime.reading() as session:
            return len(activities.listed(session, head, Month(2026, 11)))

    assert (seen("N01"), seen("C01"), on_list()) == (True, False, 0)
    with runtime.transaction() as session:
        items = activities.kind_of(activities.get(session, one)).items
        inspections.mark(session, one, {item.key: ("yes", "") for item in items}, by="staff:N01", now=NOON)
    close(runtime, one, "")
    assert on_list() == 1


def test_volunteering_counts_in_its_figure_once_for_each_time(runtime: Runtime) -> None:
    """S41: a figure that a scheme may take as a bonus; who never came has none."""
    for hours in (5, 3):
        one = planned(runtime, "volunteer", at=NOON - timedelta(hours=hours))
        add(runtime, one, "D01", "D02")
        with runtime.transaction() as session:
            rows = session.query(ActivityPerson).filter_by(activity_id=one).order_by(ActivityPerson.id).all()
            attendance.tick(session, one, {rows[0].id: (True, ""), rows[1].id: (False, "")}, by=BY, now=NOON)
        close(runtime, one)
    with runtime.reading() as session:
        figures = [(one.name, one.period, one.value) for one in session.query(Figure)]
    assert figures == [("volunteer", "2026-11", 2.0)]


# issues and actions


def test_minutes_lead_to_actions_with_owner_date_reminder_and_effect(runtime: Runtime) -> None:
    """S28, S36, S51: minutes -> issue -> action; the owner is reminded once when it is overdue."""
    one = planned(runtime, "symposium", at=NOON - timedelta(hours=1))
    wanted = Wanted("候诊区没有水", "加两台饮水机", "staff:N01", date(2026, 11, 25))
    with runtime.transaction() as session:
        made = activity_actions.add(session, one, wanted, by=BY, now=NOON).id
        for wrong, why in ((Wanted("", "", "staff:N01", date(2026, 12, 1)), "needs_words"), (Wanted("", "x", "nobody", date(2026, 12, 1)), "no_owner"), (Wanted("", "x", "staff:N01", date(2026, 1, 1)), "bad_day")):  # fmt: skip
            with pytest.raises(Refused, match=why):
                activity_actions.add(session, one, wrong, by=BY, now=NOON)
    sent = []
    for day in (25, 26, 27):
        with runtime.transaction() as session:
            sent.append(activity_actions.remind(session, runtime.settings, datetime.fromisoformat(f"2026-11-{day}T09:00:00+08:00")))  # fmt: skip
    assert sent == [0, 1, 0]
    with runtime.transaction() as session:
        assert [row.id for row in activity_actions.of_owner(session, person(runtime, "N01"))] == [made]
        done = activity_actions.end(session, made, "done", "装好了，问的人少了", by="staff:N01", now=NOON, settings=runtime.settings)  # fmt: skip
        assert (done.state, done.ended_on) == ("done", date(2026, 11, 20))
        with pytest.raises(Conflict):
            activity_actions.end(session, made, "done", "又一次", by=BY, now=NOON, settings=runtime.settings)


# before and after


def test_before_and_after_says_better_only_when_the_interval_leaves_zero_out(runtime: Runtime) -> None:
    """S33, S48, S50: figures before and after a course with their interval; a handful of ratings says nothing."""
    one = planned(runtime, "course", at=datetime.fromisoformat("2026-10-15T09:00:00+08:00"))
    add(runtime, one, "D01")
    with runtime.transaction() as session:
        row = session.query(ActivityPerson).one()
        attendance.tick(session, one, {row.id: (True, "88")}, by=BY, now=NOON)
        rate(session, "D01", (0, 10, 20, 10, 0), "2026-09")
    close(runtime, one)
    with runtime.transaction() as session:
        assert effects.look_after(session, one, now=NOON, zone=runtime.zone).verdict == "too_few"
        rate(session, "D01", (0, 0, 5, 20, 25), "2026-11")
    with runtime.transaction() as session:
        change = effects.look_after(session, one, now=NOON + timedelta(days=12), zone=runtime.zone)
    assert (change.before.n, round(change.before.mean, 2), change.verdict) == (40, 3.0, "better")
    assert change.low is not None
    assert change.low > 0


@given(st.lists(st.integers(0, 60), min_size=5, max_size=5), st.lists(st.integers(0, 60), min_size=5, max_size=5))
def test_a_change_seen_one_way_is_the_opposite_the_other_way(old: list[int], new: list[int]) -> None:
    before, after = Summary.of_levels(tuple(old)), Summary.of_levels(tuple(new))
    there, back = compare(before, after), compare(after, before)
    opposite = {"better": "worse", "worse": "better"}
    assert back.verdict == opposite.get(there.verdict, there.verdict)
    assert (there.verdict == "too_few") == (min(sum(old), sum(new)) < 30)
    if there.difference is not None and there.low is not None and there.high is not None:
        assert there.low <= there.difference <= there.high


def test_the_report_over_departments_is_in_the_order_of_names_never_of_results(runtime: Runtime) -> None:
    """S48, S50: effect evaluation over the hospital; no list of the worst."""
    with runtime.transaction() as session:
        rate(session, "D01", (0, 0, 0, 10, 30), "2026-09")
        rate(session, "D02", (30, 10, 0, 0, 0), "2026-09")
        rate(session, "D01", (0, 0, 10, 30, 0), "2026-10")
        rate(session, "D02", (0, 0, 0, 10, 30), "2026-10")
    september = effects.Span(date(2026, 9, 1), date(2026, 9, 30))
    october = effects.Span(date(2026, 10, 1), date(2026, 10, 31))
    with runtime.reading() as session:
        lines = effects.report(session, september, october)
        assert [(line.name, line.change.verdict) for line in lines] == [
            ("", "better"),
            ("儿科", "better"),
            ("心血管内科", "worse"),
        ]
        with pytest.raises(Refused, match="bad_span"):
            effects.report(session, october, september)
