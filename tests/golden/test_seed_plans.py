"""For each kind of seed plan a worked example: facts, the clause, and the list that must come out.

All scores are calculated here by hand: with the same number n of ratings for everybody, the league's mean is the plain mean of
the means, a league of fewer than twenty has k = 50, and S = mu + n / (n + 50) * (m - mu).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from feedback_app.domain import deciding, honours
from feedback_app.domain.award_parts import League, Share
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.boards import LeagueResult
from feedback_app.domain.cycles import Period
from feedback_app.domain.deciding import Decided, Known
from feedback_app.domain.eligibility import Record
from tests.awards import marks, person, preset, taken

N = 200
LAMBDA = N / (N + 50)  # 0.8


def stars(fives: int, n: int = N) -> tuple[int, ...]:
    """So many fives, the rest fours: the mean is 75 + 25 * fives / n."""
    return (0, 0, 0, n - fives, fives)


def mean(fives: int, n: int = N) -> float:
    return 75 + 25 * fives / n


def shrunk(fives: int, everybody: Sequence[int]) -> float:
    mu = sum(mean(one) for one in everybody) / len(everybody)
    return mu + LAMBDA * (mean(fives) - mu)


def decide(scheme: Scheme, period: str, *everybody: Known) -> Decided:
    return deciding.decide(scheme, Period.parse(period), everybody)


def league(decided: Decided, key: str) -> LeagueResult:
    return next(one for one in decided.results if one.key == key)


def order(decided: Decided, key: str) -> list[str]:
    return [row.key for row in league(decided, key).listed]


def won(decided: Decided, key: str) -> list[str]:
    return [row.key for row in league(decided, key).rows if row.won]


def out(decided: Decided) -> dict[str, str]:
    return {one.key: one.reason for one in decided.left_out}


def scores(decided: Decided, key: str) -> dict[str, float]:
    return {row.key: row.score for row in league(decided, key).listed}


def test_p1_one_star_a_month_by_attitude_and_patients_feedback() -> None:
    """P1: “每月评选出一名服务明星”; patients' feedback decides (S2, S12 a)."""
    scheme = preset("monthly")
    one_winner = Scheme(**{**scheme.__dict__, "leagues": (_with(scheme.leagues[0], winners=1), *scheme.leagues[1:])})
    fives = {"A": 150, "B": 190, "C": 100}
    decided = decide(
        one_winner, "2026-10", *(person(key, stars(n)) for key, n in fives.items()), person("D", stars(10, 10))
    )
    assert order(decided, "doctors") == ["B", "A", "C"]
    assert won(decided, "doctors") == ["B"]
    row = next(one for one in league(decided, "doctors").rows if one.key == "D")
    assert (row.listed, row.missing) == (False, 107)  # 2.33 * 50 - 10 = 106.7 more


def _with(one: League, **changes: Any) -> League:
    return League(**{**one.__dict__, **changes})


def test_p16_every_even_month_heads_and_newcomers_do_not_take_part() -> None:
    """P16: “在我院从事临床工作一年以上的医生(科主任不参加评选)”; “本院工作3个月以上(含3个月)的注册护士(护士长不参加评选)”."""
    fives = {"A": 180, "B": 160, "C": 140}
    given = {"A": (80.0, 70.0), "B": (100.0, 100.0), "C": (60.0, 60.0)}
    doctors = [
        person(key, stars(n), marks={"peer_review": marks(*[given[key][0]] * 3), "expert_score": marks(*[given[key][1]] * 3)}, unit=key)
        for key, n in fives.items()
    ]  # fmt: skip
    licence = (Record("licence", date(2020, 1, 1)),)
    decided = decide(
        preset("bimonthly"),
        "2026-09..10",
        *doctors,
        person("H", stars(200), duty="科主任"),
        person("Y", stars(200), hire_date=date(2025, 11, 2)),
        person("N1", stars(100), category="护理", hire_date=date(2026, 7, 31), records=licence),
        person("N2", stars(100), category="护理", hire_date=date(2026, 8, 1), records=licence),
        person("N3", stars(100), category="护理", duty="护士长", records=licence),
        person("N4", stars(100), category="护理"),
        person("K", stars(200), complaints=1),
    )
    assert out(decided) == {
        "H": "head",  # 科主任不参加
        "Y": "tenure",  # a year is complete on 2 November
        "N2": "tenure",  # three months are complete on 1 November
        "N3": "head",  # 护士长不参加
        "N4": "no_licence",  # 注册护士
        "K": "complaint",
    }
    assert [row.key for row in league(decided, "nurses").rows] == ["N1"], "exactly three months are enough (含3个月)"
    # 60 patients + 15 complaints + 10 peers + 15 experts; nobody has a complaint: 1 / (200 + 1 / 0.0001), of 10 per 1,000
    clean = 100 * (1 - (1000 / (N + 10_000)) / 10)
    by_hand = {
        key: 0.6 * shrunk(n, [*fives.values()]) + 0.15 * clean + 0.1 * given[key][0] + 0.15 * given[key][1]
        for key, n in fives.items()
    }
    assert scores(decided, "doctors") == pytest.approx(by_hand, abs=1e-6)
    assert order(decided, "doctors") == ["B", "A", "C"], "colleagues and experts lift B over A"


@pytest.mark.parametrize(
    ("period", "wards", "clinics", "offices"),
    [("2011-05..06", True, False, False), ("2011-07..08", True, True, False), ("2011-09..10", True, True, True)],
)
def test_p16_three_batches(period: str, wards: bool, clinics: bool, offices: bool) -> None:
    """P16: “第一批:临床各病房 第二批:全院各临床科室 第三批:全院所有科室(包括职能科室)” (S4)."""
    from feedback_app.domain.award_parts import Batch

    words = {"zh": "一批", "en": "A batch"}
    batches = (
        Batch(words, "2011-05..06", unit_categories=("病房",)),
        Batch(words, "2011-07..08", unit_categories=("病房", "临床")),
        Batch(words, "2011-09..10"),
    )
    people = {"W": "病房", "C": "临床", "O": "职能"}
    decided = decide(
        preset("bimonthly", batches=batches),
        period,
        *(person(key, hire_date=date(2000, 1, 1), unit_category=kind) for key, kind in people.items()),
    )
    inside = {row.key for row in league(decided, "doctors").rows}
    assert [key in inside for key in people] == [wards, clinics, offices]
    assert set(out(decided).values()) <= {"not_yet"}


def test_p12_quarter_ends_by_the_service_norm() -> None:
    """P12: “总结考核阶段(每季度末)…全面检查评比”; norm and audit beside patients (S3, S14)."""
    fives, norm, audit = {"A": 180, "B": 180}, {"A": 70.0, "B": 95.0}, {"A": 90.0, "B": 90.0}
    people = [
        person(key, stars(n), marks={"service_code": marks(norm[key]), "quality_audit": marks(audit[key])})
        for key, n in fives.items()
    ]
    accident = person("X", stars(200), records=(Record("accident", date(2026, 12, 31), date(2026, 12, 31)),))
    decided = decide(preset("quarterly"), "2026-Q4", *people, accident)
    assert scores(decided, "doctors") == pytest.approx(
        {key: 0.6 * shrunk(180, [180, 180]) + 0.2 * norm[key] + 0.2 * audit[key] for key in fives}, abs=1e-6
    )
    assert order(decided, "doctors") == ["B", "A"]
    assert out(decided) == {"X": "incident"}, "on the last day of the quarter"


def test_p4_five_roles_and_five_winners_at_most_two_of_a_unit() -> None:
    """P4: five roles; “每个支部推选1~2名候选人…最后选出5~6名” (S9, S12 c)."""
    roles = ("guard", "keeper", "guide", "finance", "coordinator")
    people = {
        "A": ("一", 95),
        "B": ("一", 94),
        "C": ("一", 93),
        "D": ("二", 92),
        "E": ("二", 91),
        "F": ("三", 90),
        "G": ("三", 90),
    }
    decided = decide(
        preset("five_star_doctor"),
        "2026-08-01..2026-09-30",
        *(
            person(key, stars(150), unit=unit, marks={role: marks(*[float(points)] * 3) for role in roles})
            for key, (unit, points) in people.items()
        ),
    )
    half = 0.5 * shrunk(150, [150])
    assert scores(decided, "all") == pytest.approx(
        {key: half + 0.5 * one for key, (_, one) in people.items()}, abs=1e-6
    )
    assert won(decided, "all") == ["A", "B", "D", "E", "F", "G"], (
        "C is the third of unit 一; F and G share the fifth place"
    )


def test_p4_places_by_head_count() -> None:
    """P4: “医院根据各单位人数和岗位不同分配的评选指标”: largest remainder (S9)."""
    # 30 * 52 / 210 = 7.43, 30 * 48 / 210 = 6.86, 30 * 70 / 210 = 10, 30 * 40 / 210 = 5.71
    assert honours.places({"内": 52, "外": 48, "护": 70, "技": 40}, 30) == {"内": 7, "外": 7, "护": 10, "技": 6}


def test_p6_p7_civil_windows_and_their_people() -> None:
    """P6, P7: windows become 文明窗口, the people in them 文明服务明星; attire, badge, civil speech (S6, S7, S12 k)."""

    def checked(points: float) -> dict[str, Any]:
        return {"marks": {"service_code": marks(points)}}

    decided = decide(
        preset("civil_window"),
        "2026-H2",
        person("W1", stars(160), kind="window", category="收费", **checked(90.0)),
        person("W2", stars(160), kind="window", category="挂号", **checked(95.0)),
        person("W3", stars(190), kind="window", category="药房", complaints=1, **checked(100.0)),
        person("C1", stars(150), category="收费", **checked(80.0)),
        person("D1", stars(190), category="医师", **checked(100.0)),
    )
    assert order(decided, "windows") == ["W2", "W1"]
    assert out(decided) == {"W3": "complaint"}
    assert order(decided, "counter") == ["C1"]
    assert all(row.key != "D1" for result in decided.results for row in result.rows), "doctors are not at a window"


@pytest.mark.parametrize(
    ("deductions", "points", "tier"),
    [
        ((), 100, "three"),
        ((("manner", 5), ("place", 5)), 90, "three"),  # 考核得分在90分以上
        ((("manner", 5), ("place", 5), ("procedures", 3)), 87, "two"),
        ((("procedures", 5), ("procedures", 5), ("place", 5)), 85, "two"),  # 85分以上
        ((("satisfaction", 10), ("satisfaction", 10), ("place", 5)), 75, "one"),  # 75分以上
        ((("satisfaction", 10), ("satisfaction", 10), ("satisfaction", 10), ("manner", 5), ("place", 2)), 73, ""),
    ],
)
def test_p10_tiers_of_the_score_sheet(deductions: tuple[tuple[str, float], ...], points: float, tier: str) -> None:
    """P10: “考核得分在90分以上…三星级；85分以上…二星级；75分以上…一星级” on the 量化计分标准, never on raw satisfaction (S10, S11)."""
    decided = decide(
        preset("star_window"), "2026", person("W", kind="window", category="收费", taken=taken(*deductions))
    )
    [row] = league(decided, "windows").rows
    assert (row.listed, row.score, row.tier, row.won) == (True, points, tier, bool(tier))


def test_p10_only_people_of_starred_windows_become_stars() -> None:
    """P10: “‘星级服务明星’的创建对象为‘星级服务窗口’中的所有卫生工作人员” (S7)."""
    decided = decide(
        preset("star_window"),
        "2026",
        person("C1", category="收费", starred=True, taken=taken()),
        person("C2", category="收费", taken=taken()),
        person("W", kind="window", category="收费"),
    )
    assert won(decided, "people") == ["C1"]
    assert out(decided) == {"C2": "not_starred"}
    assert [row.waiting for row in league(decided, "windows").rows] == [("score_sheet",)], (
        "not inspected, hence no tier"
    )


def test_p17_post_stars_have_two_years_and_no_incident() -> None:
    """P17: “在本院工作两年以上的在职职工”; “无医疗事故及较大医疗纠纷、投诉” (S8, S25)."""

    def whole(peers: float, audit: float, praise: int) -> dict[str, Any]:
        return {"marks": {"peer_review": marks(*[peers] * 3), "quality_audit": marks(audit)}, "praise": praise}

    decided = decide(
        preset("post_star"),
        "2026-H2",
        person("A", stars(150), hire_date=date(2024, 12, 31), **whole(80, 80, 5)),
        person("B", stars(150), hire_date=date(2025, 1, 1), **whole(100, 100, 5)),
        person("C", stars(150), **whole(80, 80, 2)),
        person("D", stars(150), records=(Record("dispute", date(2026, 6, 1)),), **whole(100, 100, 5)),
        person("E", stars(150), active=False, **whole(100, 100, 5)),
    )
    assert out(decided) == {"B": "tenure", "D": "incident", "E": "left"}
    patients = 0.6 * shrunk(150, [150])
    by_hand = {"A": patients + 0.15 * 80 + 0.15 * 80 + 0.1 * 100, "C": patients + 0.15 * 80 + 0.15 * 80 + 0.1 * 40}
    assert scores(decided, "medical") == pytest.approx(by_hand, abs=1e-6)
    assert order(decided, "medical") == ["A", "C"], "five letters of thanks are all points, two are 40"


def test_p0_logistics_teams_by_patients_and_time_to_arrive() -> None:
    """P0: logistics teams; “等待时间缩短了50%”: the figure comes by import (S47, S48)."""
    arrive = {"L1": 10.0, "L2": 35.0, "L3": 60.0}
    teams = [
        person(key, stars(150), kind="logistics", category="", figures={"response_minutes": one})
        for key, one in arrive.items()
    ]
    decided = decide(
        preset("logistics_star"), "2026-Q3", *teams, person("L4", stars(190), kind="logistics", category="")
    )
    patients = 0.7 * shrunk(150, [150, 150, 150, 190])
    assert scores(decided, "teams") == pytest.approx(
        {"L1": patients + 30, "L2": patients + 15, "L3": patients}, abs=1e-6
    )
    assert won(decided, "teams") == ["L1"]
    assert [row.waiting for row in league(decided, "teams").rows if not row.listed] == [("response",)], "no figure yet"


def test_p15_patients_colleagues_and_leaders_decide_together() -> None:
    """P15: patients' votes, colleagues' and leaders' evaluation from May to October (S2, S18, S20)."""
    scheme = preset(
        "post_star",
        period="campaign",
        starts="2026-05-01..2026-10-31",
        phases=(),
        shares=(Share("patient_ratings", 60), Share("peer_review", 20), Share("quality_audit", 20)),
    )
    people = {"A": (190, 60.0, 60.0), "B": (150, 95.0, 95.0)}
    decided = decide(
        scheme,
        "2026-05-01..2026-10-31",
        *(
            person(key, stars(n), marks={"peer_review": marks(*[peers] * 3), "quality_audit": marks(leader)})
            for key, (n, peers, leader) in people.items()
        ),
    )
    by_hand = {
        key: 0.6 * shrunk(n, [190, 150]) + 0.2 * peers + 0.2 * leader for key, (n, peers, leader) in people.items()
    }
    assert scores(decided, "medical") == pytest.approx(by_hand, abs=1e-6)
    assert order(decided, "medical") == ["B", "A"]


def test_p8_the_hospital_or_campus_itself_is_the_candidate() -> None:
    """P8: hospitals are compared with one another (S6); campuses are departments of kind 院区 here."""
    campuses = League("campuses", {"zh": "院区", "en": "Campuses"}, "department", ("院区",), winners=1)
    fives = {"东院": 150, "西院": 170}
    decided = decide(
        preset("monthly", leagues=(campuses,)),
        "2026-10",
        *(person(key, stars(n), kind="department", category="院区") for key, n in fives.items()),
        person("内科", stars(200), kind="department", category="临床"),
    )
    assert won(decided, "campuses") == ["西院"]
    assert scores(decided, "campuses") == pytest.approx(
        {key: shrunk(n, [150, 170]) for key, n in fives.items()}, abs=1e-6
    )


def test_s52_the_discipline_office_keeps_somebody_off_without_a_public_reason() -> None:
    """P2, P12, P16: clean practice; the reason stays with the discipline office (S52)."""
    decided = decide(
        preset("monthly"), "2026-10", person("A", stars(200), records=(Record("discipline", date(2026, 1, 1)),))
    )
    assert out(decided) == {"A": "this_time"}
