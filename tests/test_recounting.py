"""The recount kit: the same decision from lines without names; any line removed or changed is a different answer."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_app.cli.main import program
from feedback_app.db.leaderboards import RecountKit
from feedback_app.domain import deciding, recounting
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.cycles import Period
from feedback_app.domain.recounting import Bundle
from feedback_app.errors import FeedbackError
from feedback_app.services import awards, leaderboards
from feedback_app.services.runtime import Runtime
from tests.awards import hospital, preset
from tests.star_ratings import october

PERIOD = Period.parse("2026-10")


def kit(scheme: Scheme, seed: int = 1, size: int = 40) -> Bundle:
    period = Period.parse(scheme.starts) if scheme.starts else scheme.period_holding(PERIOD.first_month)
    return recounting.bundle(deciding.decide(scheme, period, hospital(scheme, seed, size)))


@pytest.mark.parametrize("key", list(awards.presets()))
def test_every_award_is_counted_again_to_the_byte(key: str) -> None:
    for seed in range(3):
        made = kit(preset(key), seed)
        found = recounting.recount(made.text)
        assert found.differing == ()
        assert found.is_equal and found.seal == made.seal


@pytest.mark.parametrize("verification", ["none", "mixed", "verified"])
def test_so_is_every_mode(verification: str) -> None:
    assert recounting.recount(kit(preset("monthly", verification=verification)).text).is_equal


def test_the_kit_has_no_names_numbers_or_departments() -> None:
    everybody = hospital(preset("monthly"), 4)
    text = recounting.bundle(deciding.decide(preset("monthly"), PERIOD, everybody)).text
    for one in everybody:
        assert one.member.key not in text
        assert one.member.name not in text
        assert one.member.department not in text


def test_nobodys_number_says_who_it_is() -> None:
    scheme, everybody = preset("monthly"), hospital(preset("monthly"), 5)
    renamed = [
        deciding.Known(
            type(one.member)(**{**one.member.__dict__, "key": one.member.key[::-1], "name": "另一个人"}), one.facts
        )
        for one in everybody
    ]
    before, after = (recounting.bundle(deciding.decide(scheme, PERIOD, people)).text for people in (everybody, renamed))
    assert before == after, "the kit depends on what is known, not on who it is known of"


SMALL = kit(preset("monthly"), 7, 12).text.splitlines()


def answer(lines: list[str]) -> bool:
    try:
        return recounting.recount("".join(f"{one}\n" for one in lines)).is_equal
    except FeedbackError as error:
        assert error.code in ("stars.bad_kit", "stars.bad_scheme")
        return False


def test_a_kit_as_it_is_answers_yes() -> None:
    assert answer(SMALL)


@given(st.integers(0, len(SMALL) - 1))
@settings(max_examples=60, deadline=None)
def test_without_any_one_line_the_answer_is_another(number: int) -> None:
    assert not answer(SMALL[:number] + SMALL[number + 1 :])


@given(st.integers(0, len(SMALL) - 1), st.data())
@settings(max_examples=60, deadline=None)
def test_with_any_one_character_changed_too(number: int, data: st.DataObject) -> None:
    line = SMALL[number]
    place = data.draw(st.integers(0, len(line) - 1))
    other = data.draw(st.sampled_from('0123456789aez {}"').filter(lambda char: char != line[place]))
    assert not answer([*SMALL[:number], line[:place] + other + line[place + 1 :], *SMALL[number + 1 :]])


@given(st.integers(1, len(SMALL) - 2))
@settings(max_examples=20, deadline=None)
def test_with_any_line_twice_too(number: int) -> None:
    assert not answer([*SMALL[: number + 1], *SMALL[number:]])


def test_a_forged_result_with_a_fresh_seal_is_not_what_the_evidence_gives() -> None:
    lines = SMALL[:-1]
    at = next(n for n, one in enumerate(lines) if '"expected"' in one and '"score"' in one)
    content = json.loads(lines[at])
    content["expected"]["score"] = 99.0
    lines[at] = recounting.line(content)
    found = recounting.recount(Bundle(tuple(lines)).text)
    assert found.seal == found.told_seal
    assert len(found.differing) == 2 and not found.is_equal


def test_forged_evidence_counted_anew_has_another_seal_than_the_published_one(tmp_path: Path) -> None:
    honest, forged = kit(preset("monthly"), 8, 12), kit(preset("monthly"), 9, 12)
    file = tmp_path / "forged.kit"
    file.write_text(forged.text, "utf-8")
    run = CliRunner()
    assert run.invoke(program, ["stars", "recount", str(file)]).exit_code == 0
    assert run.invoke(program, ["stars", "recount", str(file), "--seal", forged.seal.upper()]).exit_code == 0
    refused = run.invoke(program, ["stars", "recount", str(file), "--seal", honest.seal])
    assert refused.exit_code == 1 and "not the seal that was published" in refused.output


@pytest.mark.parametrize(
    "text", ["", "\n", "not json", "[]\n", '{"kit":2}\n', '{"kit":1,"period":"2026-10","rules":{}}\n']
)
def test_what_is_no_kit_is_said_to_be_none(text: str) -> None:
    with pytest.raises(FeedbackError) as refused:
        recounting.recount(text)
    assert refused.value.code in ("stars.bad_kit", "stars.bad_scheme")


def test_the_kit_of_a_closed_month_stays_as_it_was_frozen(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        october(session)
        board = leaderboards.close(session, "monthly", PERIOD, now=runtime.now(), zone=runtime.zone)
    with runtime.reading() as session:
        text = leaderboards.recount_kit(session, "monthly", PERIOD)
    found = recounting.recount(text)
    assert found.is_equal and found.seal == board.recount_hash
    assert found.ratings == sum(one["ratings"] for one in board.counts.values())


def test_a_stored_kit_that_was_altered_is_noticed(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        october(session)
        leaderboards.close(session, "monthly", PERIOD, now=runtime.now(), zone=runtime.zone)
        assert leaderboards.is_unaltered(session, "monthly", PERIOD)
        altered = session.query(RecountKit).one()
        altered.text = altered.text.replace('"stars":5', '"stars":4', 1)
        session.flush()
        assert not leaderboards.is_unaltered(session, "monthly", PERIOD)
