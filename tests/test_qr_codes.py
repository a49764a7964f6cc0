"""The short signed code: guesses and slips are never accepted, honest typing always is."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.errors import Refused
from qr import codes

KEY = bytes(range(32))
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TRIES = 10_000  # bench/posters.py --guesses 100000 does the long run
numbers = st.integers(1, codes.MOST - 1)


def accepted(typed: str, key: bytes = KEY) -> bool:
    try:
        codes.read(typed, key)
    except Refused:
        return False
    return True


@given(numbers, st.randoms())
def test_typing_may_be_careless(number: int, chance: random.Random) -> None:
    code = codes.make(number, KEY)
    swaps = {"0": "0Oo", "1": "1IiLl", "V": "VvUu"}
    typed = "".join(chance.choice(swaps.get(sign, sign + sign.lower())) for sign in code)
    separated = "".join(sign + chance.choice(["", "-", " ", "—"]) for sign in typed)
    assert codes.read(f"  {separated}\n", KEY) == code
    assert codes.read(codes.grouped(code), KEY) == code


@given(numbers, st.integers(0, codes.LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_wrong_letter_is_no_other_code(number: int, place: int, letter: str) -> None:
    code = codes.make(number, KEY)
    wrong = code[:place] + letter + code[place + 1 :]
    assert accepted(wrong) == (wrong == code)


@given(numbers, st.integers(0, codes.LENGTH - 2))
def test_two_letters_exchanged_are_no_other_code(number: int, place: int) -> None:
    code = codes.make(number, KEY)
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert accepted(wrong) == (wrong == code)


def test_no_guess_and_no_mutation_is_accepted() -> None:
    chance = random.Random(20261120)
    genuine = [codes.make(number, KEY) for number in range(1, 2_001)]
    known = set(genuine)
    passed = 0
    for attempt in range(TRIES):
        if attempt % 2:
            guess = "".join(chance.choice(ALPHABET) for _ in range(codes.LENGTH))
        else:
            guess = list(chance.choice(genuine))  # type: ignore[assignment]
            for place in chance.sample(range(codes.LENGTH), chance.randint(1, 3)):
                guess = [*guess[:place], chance.choice(ALPHABET), *guess[place + 1 :]]  # type: ignore[assignment]
            guess = "".join(guess)
        passed += guess not in known and accepted(guess)
    assert passed == 0


@given(st.text(max_size=40))
def test_anything_else_is_refused_without_a_fuss(typed: str) -> None:
    assert not accepted(typed)


@given(numbers)
def test_another_hospital_s_code_is_not_ours(number: int) -> None:
    assert not accepted(codes.make(number, bytes(32)))


def test_numbers_that_do_not_fit_are_refused() -> None:
    for number in (0, -1, codes.MOST):
        with pytest.raises(ValueError, match="fit"):
            codes.make(number, KEY)
    assert len({codes.make(number, KEY)[:4] for number in range(1, 3_000)}) == 2_999
