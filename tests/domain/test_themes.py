"""Reading a comment: negation, wishes, turns, what a word is not, the level as the last to be asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain import noise
from feedback_app.domain.themes import BAD, GOOD, MIXED, PLAIN, POLARITIES
from feedback_app.services import themes


def read(text: str, score: int | None = None) -> dict[str, str]:
    return {one.theme: one.polarity for one in themes.read(text, score).mentions}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("排队排了快一个小时", {"waiting": BAD}),
        ("叫号很快，没怎么等", {"waiting": GOOD}),
        ("医生态度不好", {"attitude": BAD}),
        ("护士的态度一点也不差", {"attitude": GOOD}),
        ("讲得很明白，连我妈都听懂了", {"explanation": GOOD}),
        ("问什么都不说，一头雾水", {"explanation": BAD}),
        ("厕所太臭了，地上都是水", {"environment": BAD}),
        ("病房安静又干净", {"environment": GOOD}),
        ("停车位太少", {"facilities": BAD}),
        ("检查费太贵", {"cost": BAD}),
        ("一点也不贵，收费合理", {"cost": GOOD}),
        ("食堂的菜有点咸", {"food": BAD}),
        ("标识清楚，好找", {"signs": GOOD}),
        ("楼里像迷宫一样，转来转去找不着", {"signs": BAD}),
        ("当着好多人的面大声念我的检查单", {"privacy": BAD}),
        ("做检查时拉上帘子，很尊重隐私", {"privacy": GOOD}),
        ("退费手续麻烦，来回跑了三趟", {"process": BAD}),
        ("一站式办完，很方便", {"process": GOOD}),
        ("退回红包，医德高尚", {"integrity": GOOD}),
        ("暗示要红包", {"integrity": BAD}),
        ("针打得一点也不疼", {"technique": GOOD}),
        ("扎了三针才扎进去，手都青了", {"technique": BAD}),
    ],
)
def test_a_sentence_of_each_theme(text: str, wanted: dict[str, str]) -> None:
    assert read(text) == wanted


@pytest.mark.parametrize(
    ("text", "theme", "polarity"),
    [
        ("不是很满意，态度一般", "attitude", BAD),
        ("没有不耐烦", "attitude", GOOD),
        ("希望叫号能再快一些", "waiting", BAD),
        ("态度挺好，就是等得太久", "waiting", BAD),
        ("医生的态度，真的很差", "attitude", BAD),
    ],
)
def test_negation_wish_and_turn(text: str, theme: str, polarity: str) -> None:
    assert read(text)[theme] == polarity


def test_a_turn_leaves_the_other_side_as_it_is() -> None:
    reading = themes.read("态度挺好，就是等得太久", None)
    assert {one.theme: one.polarity for one in reading.mentions} == {"attitude": GOOD, "waiting": BAD}
    assert reading.polarity == MIXED


@pytest.mark.parametrize(
    "text", ["谢谢您的宝贵时间", "心脏不舒服来看的", "祝您快乐", "新生儿科的病人", "他在卫生局上班", "香港来的"]
)
def test_a_longer_word_is_not_the_shorter_one(text: str) -> None:
    assert not set(read(text)) & {"cost", "environment", "waiting", "food"}


def test_the_level_decides_only_where_words_do_not() -> None:
    assert read("候诊时间", 1) == {"waiting": BAD}
    assert read("候诊时间", 5) == {"waiting": GOOD}
    assert read("候诊时间", 3) == {"waiting": PLAIN}
    assert read("等得太久", 5) == {"waiting": BAD}


@pytest.mark.parametrize(
    "text", ["", "。。。", "😀", "1234", "   ", "ok", "\x00\x01", "好" * 500, "…" * 300, "不" * 500]
)
def test_whatever_is_typed_is_read(text: str) -> None:
    assert themes.read(text, None).polarity in POLARITIES


@given(st.text(max_size=120), st.sampled_from([None, 1, 2, 3, 4, 5]))
def test_any_text_gives_known_themes_once(text: str, score: int | None) -> None:
    reading = themes.read(text, score)
    assert len(set(reading.themes)) == len(reading.themes)
    assert set(reading.themes) <= set(themes.every())
    assert all(one.polarity in POLARITIES and one.words for one in reading.mentions)


def test_the_same_text_is_read_the_same_when_doubled() -> None:
    for text in ("态度很好。", "等了两个小时。", "饭菜难吃。"):
        assert themes.read(text * 2, None).themes == themes.read(text, None).themes


@pytest.mark.parametrize("text", ["你们这群傻逼", "我要砍死你们医生", "妈的什么态度"])
def test_abuse_is_held(text: str) -> None:
    assert themes.held(text)
    assert not themes.held("态度很差，再也不来了")


@given(st.integers(0, 200), st.integers(10, 500), st.integers(0, 200), st.integers(10, 500))
def test_more_and_fewer_are_each_others_mirror(now: int, of_now: int, before: int, of_before: int) -> None:
    now, before = min(now, of_now), min(before, of_before)
    mirror = {noise.MORE: noise.FEWER, noise.FEWER: noise.MORE, noise.SAME: noise.SAME}
    assert noise.counts(before, of_before, now, of_now) == mirror[noise.counts(now, of_now, before, of_before)]


def test_what_chance_explains_is_called_the_same() -> None:
    assert noise.counts(12, 100, 9, 100) == noise.SAME
    assert noise.counts(30, 100, 9, 100) == noise.MORE
    assert noise.counts(3, 100, 25, 100) == noise.FEWER
    assert noise.counts(3, 5, 0, 100) == noise.TOO_FEW
    assert noise.counts(0, 50, 0, 50) == noise.SAME
    assert noise.means(4.5, 0.8, 400, 4.2, 0.9, 400) == noise.MORE
    assert noise.means(4.5, 0.8, 40, 4.45, 0.9, 40) == noise.SAME
    assert noise.means(5.0, 0.0, 3, 1.0, 0.0, 40) == noise.TOO_FEW


def test_chance_alone_is_seldom_called_a_change() -> None:
    """All outcomes of two months of 40 with the same share, weighed by their probability."""
    from math import comb

    n, share = 40, 0.2
    likely = [comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]
    wrong = sum(
        likely[a] * likely[b] for a in range(n + 1) for b in range(n + 1) if noise.counts(a, n, b, n) != noise.SAME
    )
    assert wrong <= noise.LEVEL
