"""A score for somebody or something: accepted, confirmed, or the missing half asked for."""

import re

from bots.language import lexicon, sentiment
from bots.language.directory import Point
from bots.language.meaning import Message, Understanding
from bots.language.numerals import value
from bots.language.rules import complaint
from bots.language.scores import Score, between, corrects_itself, masked
from bots.language.targets import Mention

_PARTS = re.compile(
    r"(技术|医术|水平|态度|服务|等候|等待|环境|速度|讲解|沟通|卫生|效率|流程|排队|价格|专业|味道|总体|整体|综合)(?:给|打|是|:|,| )*$"
)
_BUT = re.compile(r"但|不过|可是|就是|然而|but")
_OVERALL = ("总体", "整体", "综合")
_SOMEBODY = re.compile(r"医生|大夫|护士|窗口|大姐|小姐姐|师傅|阿姨|那个|这个|那位|这位|主任|小伙|姑娘|保安|大哥|帅哥")
_OPENING = re.compile(r"^(我?(要|想|来)?(给|对)?.{0,12}(评价?|打分|评分|打个分|评个分|点评)(一下|下|吧)?|怎么评价?.*)$")
_DOUBTFUL = re.compile(r"呵呵|才怪|哼|做梦|真行|好笑|搞笑|反话|(?:星|分|评|满意|好)[^,;。!]{0,4}(?:\?|[吗么][\s。!]*$)")
"""Irony or a question: whether the score is meant has to be asked."""
_ASKED = re.compile(r"(会|能|可以|有|是)[^,;。!]{0,12}[吗么][\s?。!]*$")
"""打了差评医生会知道是我吗 asks; it rates nobody."""
_CLEARED = re.compile(r"不(是|怪|怨)(说)?(?P<who>.{2,6}?)(不好|不行|的错|的问题|的事|差|不满意)([,\s]*(而)?是|$)")


def told(message: Message) -> Understanding | None:
    """Messages with a score in figures, stars or the words 好评 and 差评: a rating before anything else."""
    if re.search("投诉|举报", message.text):
        return None
    if _CLEARED.search(message.text):
        return message.reads("rating", "ask_score", candidates=message.possible)
    scores = _said_of_each(message) or message.written_scores or _verdicts(message) or _hedged(message)
    if scores and not message.mentions and not message.written_scores and _ASKED.search(message.text):
        return None
    if not scores and message.mentioned_scores:
        return _only_taken_back(message)
    if not scores:
        return None
    if not message.written_scores and not message.mentions and _is_story(message):
        return None
    return _with_scores(message, scores)


def _verdicts(message: Message) -> tuple[Score, ...]:
    return tuple(one for one in message.words if message.text[one.start : one.end].endswith(("好评", "差评", "中评")))


def _said_of_each(message: Message) -> tuple[Score, ...]:
    """五星给周婷婷，差评给食堂: a figure for one and a word for the other."""
    both = sorted((*message.written_scores, *_verdicts(message)), key=lambda one: one.start)
    several = len({one.places for one in message.mentions if one.places})
    return tuple(both) if several >= 2 and len(both) == several else ()


def _hedged(message: Message) -> tuple[Score, ...]:
    """电梯还算快: nothing but a place and a quality half said. Of people such words are praise or blame."""
    found = re.fullmatch(
        r"\W*□+(?:的|里)?(?:饭菜|味道|速度|环境|卫生|东西|饭|菜|那边|这边)?(.+?)\W*", message.without_names
    )
    if not found or any(point.kind == "staff" for point in message.possible):
        return ()
    level = sentiment.hedged(found[1])
    return () if level is None else (Score(level, found.start(1), found.end(1), False, "word"),)


def _is_story(message: Message) -> bool:
    return complaint.complains(message)


def _only_taken_back(message: Message) -> Understanding:
    expect = "ask_score" if message.named else "ask_intent"
    return message.reads("rating", expect, targets=message.named[:1])


def read(message: Message) -> Understanding | None:
    """Levels in words, emoji, a bare figure after a name, or a name alone."""
    bare_figure = _figure_after_name(message)
    if bare_figure:
        return _with_scores(message, (bare_figure,))
    if message.words and (message.mentions or _is_verdict(message)):
        return _with_scores(message, message.words)
    if message.emoji and (message.mentions or _only_signs(message)):
        return _with_scores(message, message.emoji)
    if message.words and _SOMEBODY.search(message.text):
        return _with_scores(message, message.words)
    return _name_alone(message)


def _is_verdict(message: Message) -> bool:
    """Nothing but the evaluation: 一般般, 非常满意."""
    rest = message.text
    for one in reversed(message.words):
        rest = rest[: one.start] + rest[one.end :]
    return len(re.sub(r"[\W\d吧啊呀了呢哦啦的吗嘛挺很太真我觉得总体整体感觉服务这次你们还就都医院给]", "", rest)) == 0


def _only_signs(message: Message) -> bool:
    alone = lexicon.words("emoji_alone.signs")
    return not message.bare and all(message.text[one.start] in alone for one in message.emoji)


_GRADES = {"优": 5, "甲": 5, "a+": 5, "a": 5, "良": 4, "乙": 4, "b": 4, "中": 3, "丙": 3, "c": 3, "差": 2, "d": 2}
_GRADE = re.compile(
    r"\W*(?:给|评|打)?□+(?:医生|大夫|护士|主任)?(?:[:, 给打评是个]|评分|评价)*(优|良|中|差|甲|乙|丙|a\+|[abcd])\W*"
)


def _figure_after_name(message: Message) -> Score | None:
    if len(message.mentions) != 1:
        return None
    found = re.fullmatch(
        r"\W*(?:给|评价?|对)?□+(?:医生|大夫|护士|主任)? ?(?:[:,给打]|评分|打分|分数|评价|评|是)* ?([1-5](?:\.\d)?|[五四三二一])\W*",
        message.without_names,
    )
    before = re.fullmatch(
        r"\W*(?:评分|打分|评价|给|打) ?:? ?([1-5五四三二一])(?:分|星)?\W*(?:给)?□+(?:医生|大夫|护士|主任)?\W*",
        message.without_names,
    )
    found = found or before
    grade = _GRADE.fullmatch(message.without_names)
    if grade:
        return Score(_GRADES[grade[1]], grade.start(1), grade.end(1), False, "bare")
    number = value(found[1]) if found else None
    return Score(min(5, int(number + 0.5)), found.start(1), found.end(1), False, "bare") if found and number else None


def _name_alone(message: Message) -> Understanding | None:
    if not message.mentions:
        return message.reads("rating", "ask_target") if _OPENING.match(message.bare) else None
    rest = re.sub(
        r"□|[\W]|医生|大夫|护士|主任|给|对|评价|打分|评分|评|我|要|想|来|的|怎么|窗口|号|一下|科|那个|这个|吧|啊|在|是|打个分|评个分|个分|点评|service|rate|dr|doctor",
        "",
        _without_units(message),
    )
    if rest:
        return None
    if len(message.named) == 1:
        return asks_score(message, message.named[0])
    return message.reads("rating", "ask_target", candidates=message.possible)


def _without_units(message: Message) -> str:
    """心内科张伟: the department only says which 张伟."""
    rest = message.without_names
    for word in sorted(message.directory.departments, key=len, reverse=True):
        if word in rest:
            rest = rest.replace(word, "□")
    return rest


def asks_score(message: Message, point: Point) -> Understanding:
    return message.reads("rating", "ask_score", targets=(point,))


# ---- scores and targets together


def _with_scores(message: Message, scores: tuple[Score, ...]) -> Understanding:
    rated = [one for one in message.mentions if one.places]
    if len(rated) >= 2 and len({one.places for one in rated}) >= 2:
        several = _pairs(message, rated, scores)
        if several:
            return several
    level, sure = level_of(message, scores)
    return _for_target(message, level, sure=sure)


def _for_target(message: Message, level: int | None, *, sure: bool) -> Understanding:
    if level is None:
        return message.reads("rating", "ask_score", targets=message.named[:1])
    mention = next((one for one in message.mentions if len(one.places) == 1), None)
    if mention is None:
        return _without_target(message, level, sure=sure)
    point = message.points(mention)[0]
    firm = (
        sure
        and mention.sure
        and not message.mistyped
        and not _apart(message, mention)
        and not _told_at_length(message)
        and not leaves_a_figure(message, message.written_scores or message.words)
        and agrees(message, level)
        and not _odd(message, point)
    )
    return message.reads("rating", "accept" if firm else "accept_or_confirm", targets=(point,), scores=(level,))


def _apart(message: Message, mention: Mention) -> bool:
    """3星，停车太难: the place stands in another clause, after the score; it may be only the reason."""
    scores = message.written_scores or message.words
    if mention.kind not in {"unit", "window_type"} or not scores or mention.start < scores[0].end:
        return False
    return bool(re.search(r"[,。;!]", message.text[scores[0].end : mention.start]))


def _told_at_length(message: Message) -> bool:
    """Three clauses and no figure: whether the word in one of them is the score is asked."""
    return not message.written_scores and len([part for part in _CLAUSES.split(message.text) if part.strip()]) >= 3


def _odd(message: Message, point: Point) -> bool:
    """Said over and over, or of another place than the one just scanned."""
    scanned = message.context.point if message.context.step == "scan" else None
    repeated = [one for one in message.mentions if message.points(one) == (point,)]
    return (scanned is not None and scanned != point) or (len(repeated) > 1 and len(message.written_scores) > 1)


def _without_target(message: Message, level: int, *, sure: bool) -> Understanding:
    point = message.context.point
    if point and message.context.step in {"scan", "ask_score"} and not message.mentions:
        sure = sure and not leaves_a_figure(message, message.written_scores or message.words)
        return message.reads("rating", "accept" if sure else "accept_or_confirm", targets=(point,), scores=(level,))
    return message.reads("rating", "ask_target", scores=(level,), candidates=message.possible)


def agrees(message: Message, level: int) -> bool:
    """Whether the words around a score say the same as the score."""
    levels = [one.level for one in message.words]
    contrary = [one for one in levels if (one <= 2 and level >= 4) or (one >= 4 and level <= 2)]
    if doubtful(message) or (level >= 3 and complaint.complains(message) and not _reason(message)):
        return False
    if levels and _BUT.search(message.text) and any(abs(one - level) >= 2 for one in levels):
        return False
    return not contrary and not _changes(message)


def _reason(message: Message) -> bool:
    """3分，医生不错，排队太久: a figure in the middle with what speaks for and against it."""
    return any(one.level == 3 for one in message.written_scores)


def leaves_a_figure(message: Message, scores: tuple[Score, ...]) -> bool:
    """满意度100%, ⭐5: the level was told by a word or a sign, and a figure stands there that may be the score."""
    if any(one.kind not in {"word", "row", "emoji"} for one in scores):
        return False
    return bool(re.search(r"\d|%", masked(message.without_names) + ("%" if "%" in message.text else "")))


def doubtful(message: Message) -> bool:
    """Whether a score is only spoken of: a condition, hearsay, a joke."""
    return message.says("doubt.patterns") or bool(_DOUBTFUL.search(message.text))


def _changes(message: Message) -> bool:
    return len(message.mentioned_scores) > len(message.written_scores) and bool(
        re.search(r"上次|手滑|原来|之前|不是", message.text)
    )


def level_of(message: Message, scores: tuple[Score, ...]) -> tuple[int | None, bool]:
    levels = [one.level for one in scores]
    if between(message.text) and not corrects_itself(message.text):
        return None, False
    if len(set(levels)) == 1:
        return levels[0], all(one.sure for one in scores) or _plainly(scores)
    parts = {_part(message.text, one): one.level for one in scores}
    parts.pop("", None)
    if len(parts) >= 2:
        overall = next((parts[name] for name in _OVERALL if name in parts), None)
        return overall or int(sum(parts.values()) / len(parts) + 0.5), False
    if corrects_itself(message.text):
        return levels[-1], False
    written = [one for one in scores if one.kind != "word"]
    if not written:
        return _leaning(message.text, scores)
    return (levels[0], False) if len(written) == 1 else (_beside_the_name(message, written), False)


def _beside_the_name(message: Message, written: list[Score]) -> int | None:
    """张敏医生5星，护士2星: of several scores the one in the clause of the only name; to be confirmed."""
    if len({one.places for one in message.mentions if one.places}) != 1:
        return None
    place = message.mentions[0].start
    begin = max((one.end() for one in _CLAUSES.finditer(message.text) if one.end() <= place), default=0)
    end = min(
        (one.start() for one in _CLAUSES.finditer(message.text) if one.start() > place), default=len(message.text)
    )
    beside = {one.level for one in written if begin <= one.start < end}
    return beside.pop() if len(beside) == 1 else None


_CLAUSES = re.compile(r"[,;!?~。]")


def _plainly(scores: tuple[Score, ...]) -> bool:
    return any(one.sure for one in scores)


_SLIGHTLY = re.compile(r"(就是|但|不过|可是|只是).{0,10}(点|有些|稍|略)")


def _leaning(text: str, scores: tuple[Score, ...]) -> tuple[int | None, bool]:
    """Several evaluations in words: the official words 好评, 差评 and 满意 lead; praise beside blame is asked about."""
    official = [one for one in scores if one.sure]
    levels = {one.level for one in (official or scores)}
    if max(levels) - min(levels) <= 1 or all(level >= 4 for level in levels) or all(level <= 2 for level in levels):
        chosen = [one.level for one in (official or scores)]
        return (max(chosen) if chosen[0] >= 4 else min(chosen)), bool(official)
    if scores[0].level >= 4 and _SLIGHTLY.search(text):
        return 4, False  # 不错，就是贵了点
    return None, False


def _part(text: str, score: Score) -> str:
    found = _PARTS.search(text[max(0, score.start - 8) : score.start])
    return found[1] if found else ""


def _pairs(message: Message, rated: list[Mention], scores: tuple[Score, ...]) -> Understanding | None:
    """给张伟5星，给3号窗口2星: each mention with its score; one score for all who share it."""
    clear = [one for one in rated if len(one.places) == 1]
    unique = list({one.places: one for one in clear}.values())
    written = [one for one in scores if one.kind != "emoji"] or list(scores)
    if len(unique) < 2 or len(clear) < len(rated):
        return None
    if len(written) == len(unique):
        levels = [one.level for one in written]
    elif len({one.level for one in written}) == 1 and re.search(r"和|跟|与|及|、|都|全|还有", message.text):
        levels = [written[0].level] * len(unique)
    else:
        return None
    points = tuple(message.points(one)[0] for one in unique)
    return message.reads("rating", "accept_or_confirm", targets=points, scores=tuple(levels))
