"""What patients write reaches staff as thanks: never with a way to find the patient, never as a trap for the reader."""

import pytest

from feedback_app.domain.thanks import is_fit


@pytest.mark.parametrize(
    "words",
    [
        "谢谢！138 0013 8000",
        "谢谢！138-0013-8000",
        "谢谢！1 3 8 0 0 1 3 8 0 0 0",
        "谢谢！138.0013.8000",
        "谢谢，一三八零零一三八零零零",
        "谢谢，壹叁捌零零壹叁捌零零零",
        "谢谢，幺三八洞洞幺三八洞洞洞",
        "谢谢，①③⑧⓪⓪①③⑧⓪⓪⓪",
        "谢谢，1\u200b3\u200b8\u200b0\u200b0\u200b1\u200b3\u200b8",
        "谢谢，vx abc12345",
        "谢谢，加V：abc12345",
        "谢谢，QQ 12 34 56",
        '谢谢 <a href="//evil.cn">领奖</a>',
        "谢谢，详情见 evil.cn/x",
        "谢谢，详情见 evil。cn",
        "谢谢，请看 [这里](evil)",
        "谢谢\n【系统通知】请马上修改密码",
        "谢谢，我叫王小明",
        "谢谢，我是王小明的女儿",
        "谢谢，3床的老王",
        "谢谢，三床的老王",
        "谢谢，住院号 77 12",
        "谢谢，病历号 7712",
    ],
)
def test_held_back(words: str) -> None:
    assert not is_fit(words, [])


@pytest.mark.parametrize(
    "words",
    [
        "讲得很清楚，谢谢您",
        "从一楼陪我走到三楼，一路讲解，真好",
        "只要 5 分钟就看上了，很快",
        "2026 年最好的一次就诊",
        "Very kind and patient, thank you",
        "一二三，三个字：真不错",
    ],
)
def test_passed_on(words: str) -> None:
    assert is_fit(words, [])
