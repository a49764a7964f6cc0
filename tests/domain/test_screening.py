"""What tells who a patient is does not pass: however it is spaced, in whatever figures it is written."""

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain import screening
from feedback_app.domain.screening import CLOSE, OPEN, find, mask, screened

ORDINARY = (
    "等了两个小时没人理，态度很差",
    "谢谢！2026-11-20 14:30 去的，等到 8:00-17:30 才开门",
    "高血压病人受不了，方便的话尽快安排",
    "他们马上就下班了，费用3800.50元，多收了12元",
    "我是高血压病人，我是江苏人，我来过三次",
    "挂了5号，等了1、2、3次，从上午9点等到下午3点",
    "她那天穿的是蓝色衣服，戴眼镜",
    "那个马医生说话难听",
    "一床被子三天没换，床单也是脏的",
    "请加开一个窗口",
    "厕所没有纸，地上有水，路很滑",
    "时间太久，应该改一改，于是没看成",
    "程度不重，何必住院；于是回家，时间白费",
)
FIGURES = ("0123456789", "０１２３４５６７８９", "零一二三四五六七八九", "〇壹贰叁肆伍陆柒捌玖", "洞幺两三四五六拐八勾", "⓪①②③④⑤⑥⑦⑧⑨", "٠١٢٣٤٥٦٧٨٩")  # fmt: skip
BETWEEN = ("", "", "", " ", "-", "—", "－", "　", ".", "·", "_", "/", "\u200b", ", ", "--", " - ")  # fmt: skip
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳秀英建国丽娟小明淑珍桂兰志强玉梅晓燕海涛婷浩宇"
CUES = (
    "我叫{}，昨天去看病。", "患者{}在门口等了半天", "我是{}的女儿，想问一下", "姓名：{}", "联系人:{} 谢谢", "{}先生等了两小时", "{}，女，67岁，一直发烧",
    "投诉收费处。{}", "我妈{}被护士骂了", "……请尽快答复。\n{}", "（{}）", "病人 {} 没有人管", "我爱人叫{}，住院三天",
)  # fmt: skip


@st.composite
def decorated(draw: st.DrawFn, digits: st.SearchStrategy[str]) -> tuple[str, str]:
    """A number in mixed figures with something between some digits; and its plain digits."""
    plain = draw(digits)
    signs = [draw(st.sampled_from(FIGURES))[int(one)] if one.isdigit() else one for one in plain]
    between = [draw(st.sampled_from(BETWEEN)) for _ in signs[1:]]
    return "".join(a + b for a, b in zip(signs, [*between, ""], strict=True)), plain


def phones() -> st.SearchStrategy[str]:
    return st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


def identities() -> st.SearchStrategy[str]:
    return st.from_regex(r"[1-6][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}[0-9Xx]", fullmatch=True)  # fmt: skip


def figures_in(text: str) -> str:
    """All digits of the text in ASCII, by another way than the code under test takes."""
    chinese = {sign: str(value) for row in FIGURES[2:5] for value, sign in enumerate(row)}
    plain = (chinese.get(sign) or unicodedata.normalize("NFKC", sign) for sign in text)
    return "".join(str(unicodedata.digit(sign)) for part in plain for sign in part if unicodedata.digit(sign, -1) >= 0)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_words_stay(text: str) -> None:
    assert screened(text) == text


@given(decorated(phones() | identities()), st.sampled_from(ORDINARY), st.sampled_from(ORDINARY))
def test_no_number_of_a_person_passes(number: tuple[str, str], before: str, after: str) -> None:
    told, plain = number
    shown = screened(f"{before}，打我电话 {told} 。{after}")
    assert plain[-6:].rstrip("Xx") not in figures_in(shown)
    assert plain[:7] not in figures_in(shown)


@given(decorated(st.from_regex(r"0[1-9][0-9]{2}[2-8][0-9]{6,7}", fullmatch=True)))
def test_no_landline_passes(number: tuple[str, str]) -> None:
    assert number[1][-7:] not in figures_in(screened(f"家里电话{number[0]}，白天没人"))


@given(
    st.sampled_from(SURNAMES), st.text(st.sampled_from(GIVEN), min_size=1, max_size=2), st.sampled_from(CUES), st.sampled_from(ORDINARY)
)  # fmt: skip
def test_a_name_that_is_said_to_be_one_does_not_pass_and_nowhere_else_either(
    surname: str, given_name: str, cue: str, other: str
) -> None:
    name = surname + given_name
    if name in screening.candidates("") or screened(f"我叫{name}，") == f"我叫{name}，":
        pytest.fail(f"{name} is taken for a word")
    shown = screened(f"{cue.format(name)}。{other}。又见到{name}一次")
    assert name not in shown


@pytest.mark.parametrize(
    ("text", "kept_out"),
    [
        ("住3号床", "3号床"),
        ("12床的家属", "12床"),
        ("十二床", "十二床"),
        ("加5床", "加5床"),
        ("A区1205病房", "1205"),
        ("床号：23", "23"),
        ("住院号ZY202611", "ZY202611"),
        ("微信号wang_88abc", "wang_88abc"),
        ("加V：abc12345", "abc12345"),
        ("wang@163.com", "wang"),
        ("My name is John Smith and I waited", "John"),
        ("车牌浙A12345", "A12345"),
        ("身份证后四位 1234", "1234"),
        ("护照 E12345678", "12345678"),
        ("欧阳修先生", "欧阳"),
        ("刘女士等了很久", "刘女士"),
    ],
)
def test_other_ways_to_say_who(text: str, kept_out: str) -> None:
    assert kept_out not in screened(text)


@given(st.text(max_size=60) | st.text("王小明我叫患者123一二三床号- ，", max_size=60))
def test_spans_are_apart_and_the_rest_stays_word_for_word(text: str) -> None:
    spans = find(text)
    assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))
    assert all(0 <= one.start < one.end <= len(text) for one in spans)
    kept = "".join(
        text[a:b] for a, b in zip([0, *(s.end for s in spans)], [*(s.start for s in spans), len(text)], strict=True)
    )
    parts = mask(text, spans)
    for one in spans:
        parts = parts.replace(screening.label(one.kind), "", 1)
    assert parts == kept or OPEN in text or CLOSE in text


@given(st.text("王小明我叫患者137８零床号- ，。", max_size=80))
def test_screening_again_finds_nothing_new(text: str) -> None:
    once = screened(text)
    assert screened(once) == once


def test_whom_it_is_about_may_stand() -> None:
    assert screened("张伟医生讲得很清楚", {"张伟"}) == "张伟医生讲得很清楚"


def test_long_texts_are_quick() -> None:
    """No pattern may take longer than the text is long: a patient's 5,000 signs cannot stop a worker."""
    chance = random.Random(5)
    for alphabet in ("王小明", "13- ", "号床一二三", "我叫a@.", "一" * 3, "微信:ab1-"):
        text = "".join(chance.choice(alphabet) for _ in range(5000))
        assert isinstance(screened(text), str)
