"""Names are sorted and found as a Chinese reader expects."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_app.services import pinyin


@pytest.mark.parametrize(
    ("name", "reading", "initials"),
    [
        ("单晓", "shan xiao", "sx"), ("曾华", "zeng hua", "zh"), ("仇英", "qiu ying", "qy"), ("区梦", "ou meng", "om"),
        ("查理", "zha li", "zl"), ("解放", "xie fang", "xf"), ("任敏", "ren min", "rm"), ("朴实", "piao shi", "ps"),
        ("尉迟恭", "yu chi gong", "ycg"), ("欧阳静", "ou yang jing", "oyj"), ("张伟", "zhang wei", "zw"),
        ("Li Na", "li na", "lina"),
    ],
)  # fmt: skip
def test_surnames_have_their_own_readings(name: str, reading: str, initials: str) -> None:
    assert pinyin.sort_key(name, person=True) == f"{reading} {name}"
    assert pinyin.initials(name, person=True) == initials


def test_only_people_have_surnames() -> None:
    assert pinyin.syllables("解剖室", person=False)[0] == "jie"


def test_windows_sort_by_number() -> None:
    names = ["10号窗口", "2号窗口", "1号窗口"]
    assert sorted(names, key=lambda name: pinyin.sort_key(name, person=False)) == ["1号窗口", "2号窗口", "10号窗口"]


@settings(deadline=None)  # the first call loads the dictionaries
@given(st.text(min_size=1, max_size=100))
def test_any_name_fits_its_columns(name: str) -> None:
    assert len(pinyin.sort_key(name, person=True)) <= 200
    assert len(pinyin.initials(name, person=True)) <= 40
