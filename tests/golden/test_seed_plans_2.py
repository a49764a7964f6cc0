"""The plans without a preset of their own: what each clause decides, worked through by hand. Arithmetic as in ``test_seed_plans``.

P0, P1, P4, P6, P7, P8, P10, P12, P15, P16 and P17 are there; P2, P3, P5, P9, P11, P13 and P14 are here.
"""

from datetime import date
from typing import Any

import pytest

from feedback_app.domain import ballots, round_rules
from feedback_app.domain.award_parts import Body, League, Share
from feedback_app.domain.awards import parse, to_body
from feedback_app.domain.eligibility import Record
from feedback_app.domain.round_rules import PARTS, RoundRules
from feedback_app.services import awards, rounds
from tests.awards import marks, person, preset
from tests.golden.test_seed_plans import decide, league, order, out, scores, shrunk, stars, won

DOCTORS = League("doctors", {"zh": "医生", "en": "Doctors"}, "staff", ("医师",))


def doctors(**changes: Any) -> tuple[League, ...]:
    return (League(**{**DOCTORS.__dict__, **changes}),)


def test_p2_patients_votes_and_experts_decide_together() -> None:
    """P2, 六: “根据患者评价、投票结果及专家评审的综合意见，确定医生服务之星” (S17, S20); weights are the hospital's (S13): 60, 10, 30.

    Votes are a share of the most votes anybody has. D has the most votes and is last: a vote is no rating.
    """
    fives = {"A": 190, "B": 170, "C": 180, "D": 100}
    votes = {"A": 20, "B": 30, "C": 25, "D": 50}
    sheets = {  # four items of 25: 综合能力, 服务态度, 病人满意度, 医德医风
        "甲": {"A": (20, 20, 20, 20), "B": (24, 24, 24, 24), "C": (22, 22, 22, 22), "D": (15, 15, 15, 15)},
        "乙": {"A": (22, 20, 20, 22), "B": (25, 25, 23, 23), "C": (21, 21, 21, 21), "D": (16, 14, 15, 15)},
    }
    decided = decide(preset("monthly", leagues=doctors()), "2026-10", *(person(k, stars(n)) for k, n in fives.items()))
    board = scores(decided, "doctors")
    assert board == pytest.approx({key: shrunk(n, [*fives.values()]) for key, n in fives.items()}, abs=1e-6)
    experts = {key: sum(sum(one[key]) for one in sheets.values()) / len(sheets) for key in fives}
    assert experts == {"A": 82, "B": 96, "C": 86, "D": 60}
    total = {key: 0.6 * board[key] + 0.3 * experts[key] + 0.1 * 100 * votes[key] / 50 for key in fives}
    # S: mu = 95; A 98.75 -> 98; B 96.25 -> 96; C 97.5 -> 97; D 87.5 -> 89, each by lambda 0.8 of the distance to mu
    assert board == pytest.approx({"A": 98, "B": 96, "C": 97, "D": 89}, abs=1e-6)
    assert total == pytest.approx({"A": 87.4, "B": 92.4, "C": 89.0, "D": 81.4}, abs=1e-6)
    numbered = [(number, "", total[key]) for number, key in enumerate(fives, 1)]
    assert ballots.chosen(numbered, winners=3) == (2, 3, 1), "B, C, A; most votes alone would have made D the star"


def test_p2_its_phases_are_those_of_the_plan_and_a_vote_alone_never_decides_where_there_is_more() -> None:
    """P2, 四: six phases in this order, “提名阶段持续一周” (S3); S17: votes stand beside ratings."""
    plan = rounds.presets()["service_star"]
    kinds = [kind for kind, _ in plan.lengths]
    assert kinds == ["publicity", "nomination", "first_review", "vote", "expert_review", "publication"]
    assert dict(plan.lengths)["nomination"] == 7
    rules = rounds.proposal("service_star", date(2026, 12, 1))
    assert rules.shares == {"experts": 100} and set(rules.proposers) == {"patient", "colleague", "self"}
    led = RoundRules(
        **{
            **rules.__dict__,
            "award": "monthly",
            "period": "2026-12",
            "weights": dict(zip(PARTS, (60, 30, 10), strict=True)),
        }
    )
    assert round_rules.check(led).shares == {"board": 60, "experts": 30, "votes": 10}


def test_p3_a_standing_plan_by_patients_with_justified_complaints_against_it() -> None:
    """P3, 三.7: “建立健全的投诉处理机制，对患者的投诉及时回应和处理，及时纠正问题” (S24, S25): standing, month by month.

    85 patients' ratings, 15 upheld complaints for 1,000 visits, shrunk: (c + 1) / (visits + 1 / rate), of 10 at most.
    """
    scheme = preset("monthly", leagues=doctors(), shares=(Share("patient_ratings", 85), Share("complaints", 15)))
    people = {"A": (180, 0), "B": (190, 2), "C": (160, 0)}
    visits = 1000
    decided = decide(
        scheme,
        "2026-10",
        *(person(key, stars(n), complaints=c, visits=visits) for key, (n, c) in people.items()),
    )
    rate = 2 / (3 * visits)  # the league's: two upheld complaints in three thousand visits
    clean = {key: 100 * (1 - 1000 * (c + 1) / (visits + 1 / rate) / 10) for key, (_, c) in people.items()}
    by_hand = {key: 0.85 * shrunk(n, [180, 190, 160]) + 0.15 * clean[key] for key, (n, _) in people.items()}
    # 1,000 + 1,500: one complaint's worth is 0.4 of 10 per thousand: 96 without, 88 with two
    assert clean == pytest.approx({"A": 96, "B": 88, "C": 96})
    assert scores(decided, "doctors") == pytest.approx(by_hand, abs=1e-6)
    assert order(decided, "doctors") == ["A", "B", "C"], "B has the better ratings, A the better record"


def test_p5_stars_of_every_kind_of_post_each_among_its_like() -> None:
    """P5, 一: “评选出表现突出的医生、护士、行政人员等服务明星” (S6); 三: “对于表现突出的服务明星，给予奖励和表彰” (S38)."""
    posts = {"doctors": "医师", "nurses": "护理", "offices": "行政"}
    leagues = tuple(League(key, {"zh": kind, "en": key}, "staff", (kind,), winners=1) for key, kind in posts.items())
    decided = decide(
        preset("monthly", leagues=leagues),
        "2026-10",
        person("D1", stars(120)), person("D2", stars(110)),
        person("N1", stars(190), category="护理"), person("N2", stars(180), category="护理"),
        person("O1", stars(80), category="行政"), person("O2", stars(90), category="行政"),
        person("O3", stars(25, 25), category="行政"),
    )  # fmt: skip
    assert {key: won(decided, key) for key in posts} == {"doctors": ["D1"], "nurses": ["N1"], "offices": ["O2"]}
    assert [row.key for row in league(decided, "offices").rows if not row.listed] == ["O3"], (
        "25 perfect ones say little"
    )
    # Every group by its own mean: O2 (86.25 of 25 * 90 / 200 + 75) is shrunk towards the offices, not the nurses.
    assert scores(decided, "offices") == pytest.approx(
        {key: _offices(n) for key, n in {"O1": 80, "O2": 90}.items()}, abs=1e-6
    )


def _offices(fives: int) -> float:
    """Three candidates, one with 25 ratings: mu by Paule-Mandel, solved here by bisection of its defining equation."""
    facts = [(80, 200), (90, 200), (25, 25)]
    means = [75 + 25 * five / n for five, n in facts]
    squares = sum(five * (100 - m) ** 2 + (n - five) * (75 - m) ** 2 for (five, n), m in zip(facts, means, strict=True))
    within = squares / sum(n - 1 for _, n in facts)

    def centre(between: float) -> tuple[float, float]:
        v = [1 / (between + within / n) for _, n in facts]
        mu = sum(a * m for a, m in zip(v, means, strict=True)) / sum(v)
        return mu, sum(a * (m - mu) ** 2 for a, m in zip(v, means, strict=True)) - (len(facts) - 1)

    low, high = 0.0, 1000.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if centre(middle)[1] > 0 else (low, middle)
    mu = centre(low)[0]
    return mu + 200 / 250 * (75 + 25 * fives / 200 - mu)


def test_p9_a_year_by_the_committees_indicators_and_patients() -> None:
    """P9, 三: 服务标准 by experts, 服务评价委员会, 问卷 “以客观指标评估”, for the year 2024 (S2, S22); kept to the norm and rated."""
    scheme = preset(
        "quarterly",
        period="year",
        leagues=doctors(winners=2),
        shares=(Share("patient_ratings", 70), Share("service_code", 30)),
    )
    people = {"A": (150, (90.0, 80.0)), "B": (160, (60.0, 70.0)), "C": (140, (100.0, 100.0))}
    decided = decide(
        scheme,
        "2024",
        *(person(key, stars(n), marks={"service_code": marks(*given)}) for key, (n, given) in people.items()),
    )
    by_hand = {
        key: 0.7 * shrunk(n, [150, 160, 140]) + 0.3 * sum(given) / len(given) for key, (n, given) in people.items()
    }
    assert scores(decided, "doctors") == pytest.approx(by_hand, abs=1e-6)
    assert won(decided, "doctors") == ["C", "A"]


def test_p11_a_selection_group_with_patients_and_its_three_measures() -> None:
    """P11, 二.1: the group of “医院管理层、相关科室负责人、患者代表、护理部门负责人”; “医疗技术能力、沟通交流能力、患者满意度” (S5, S12 e)."""
    group = Body("selection", {"zh": "评选小组", "en": "Selection group"}, ("expert_review",), 4, 1)
    shares = (Share("patient_ratings", 60), Share("expert_score", 20, "skill"), Share("expert_score", 20, "talk"))
    words = {"skill": {"zh": "医疗技术", "en": "Skill"}, "talk": {"zh": "沟通交流", "en": "Communication"}}
    titled = tuple(Share(**{**one.__dict__, "title": words.get(one.name, {})}) for one in shares)
    scheme = preset("monthly", leagues=doctors(winners=1), shares=titled, bodies=(group,))
    assert parse(to_body(scheme)).bodies[0].patient_representatives == 1
    given = {"A": ((70.0, 80.0, 90.0), (60.0, 70.0, 80.0)), "B": ((90.0, 90.0, 90.0), (90.0, 95.0, 100.0))}
    decided = decide(
        scheme,
        "2026-10",
        *(
            person(key, stars(180 if key == "A" else 170), marks={"skill": marks(*skill), "talk": marks(*talk)})
            for key, (skill, talk) in given.items()
        ),
    )
    assert scores(decided, "doctors") == pytest.approx(
        {
            "A": 0.6 * shrunk(180, [180, 170]) + 0.2 * 80 + 0.2 * 70,
            "B": 0.6 * shrunk(170, [180, 170]) + 0.2 * 90 + 0.2 * 95,
        },
        abs=1e-6,
    )
    assert won(decided, "doctors") == ["B"]


def test_p13_patients_peers_and_the_service_code_and_everybody_is_assessed() -> None:
    """P13, 四.4: “评选标准将包括患者评价、同行评价、服务守则遵守”; 四.3: “每位医生将至少接受一次服务评估” (S12 g, S18, S23), X to X month."""
    scheme = preset(
        "post_star",
        period="campaign",
        starts="2023-03-01..2023-10-31",
        phases=(),
        leagues=doctors(winners=1, tenure_months=0),
        shares=(Share("patient_ratings", 60), Share("peer_review", 20), Share("service_code", 20)),
    )
    people = {"A": (190, (70.0, 70.0, 70.0), 80.0), "B": (180, (90.0, 80.0, 100.0), 100.0)}
    decided = decide(
        scheme,
        "2023-03-01..2023-10-31",
        *(
            person(key, stars(n), marks={"peer_review": marks(*peers), "service_code": marks(code)})
            for key, (n, peers, code) in people.items()
        ),
        person("C", stars(160), marks={"peer_review": marks(90.0, 90.0, 90.0)}),
    )
    by_hand = {
        key: 0.6 * shrunk(n, [190, 180, 160]) + 0.2 * sum(peers) / 3 + 0.2 * code
        for key, (n, peers, code) in people.items()
    }
    assert scores(decided, "doctors") == pytest.approx(by_hand, abs=1e-6)
    assert won(decided, "doctors") == ["B"]
    waits = {row.key: row.waiting for row in league(decided, "doctors").rows if not row.listed}
    assert waits == {"C": ("service_code",)}, (
        "nobody is placed who has not been assessed; the board says what is lacking"
    )


def test_p14_both_variants_level_skill_and_attitude_and_what_the_star_receives() -> None:
    """P14, 1: “专业水平、医疗技术、服务态度”; 6: “加薪、升职、荣誉称号” (S12 l, S38): a list for the personnel office, never a sum."""
    from feedback_app.domain.award_parts import Reward

    rewards = tuple(
        Reward({"zh": zh, "en": en}) for zh, en in (("荣誉称号", "Title"), ("建议加薪、晋升", "Proposed for a rise"))
    )
    scheme = preset(
        "quarterly",
        leagues=doctors(winners=2, no_complaint=True, no_incident=True),
        shares=(Share("patient_ratings", 60), Share("expert_score", 40, "level")),
        rewards=rewards,
    )
    levels = {"A": 85.0, "B": 95.0, "C": 75.0, "D": 100.0}
    people = {"A": 170, "B": 150, "C": 190}
    decided = decide(
        scheme,
        "2026-Q4",
        *(person(key, stars(n), marks={"level": marks(*[levels[key]] * 3)}) for key, n in people.items()),
        person("D", stars(195), marks={"level": marks(*[levels["D"]] * 3)}, complaints=1),
        person("E", stars(198), records=(Record("dispute", date(2026, 11, 2)),)),
    )
    assert out(decided) == {"D": "complaint", "E": "incident"}
    by_hand = {key: 0.6 * shrunk(n, [170, 150, 190]) + 0.4 * levels[key] for key, n in people.items()}
    assert scores(decided, "doctors") == pytest.approx(by_hand, abs=1e-6)
    assert won(decided, "doctors") == ["B", "A"]
    assert [one.title["zh"] for one in scheme.rewards] == ["荣誉称号", "建议加薪、晋升"]


def test_every_preset_says_which_plan_it_follows() -> None:
    """Whoever asks which clause a rule comes from finds the plan in the scheme itself (S53)."""
    followed = {key: one.basis for key, one in awards.presets().items() if one.basis}
    assert {key.split("_")[0] for key in followed} >= {"bimonthly", "quarterly", "civil", "post", "five", "star"}
