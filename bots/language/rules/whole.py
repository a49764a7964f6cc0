"""Messages that are one fixed word: menu entries, greetings, refusals; and what is left over."""

import re

from bots.language import lexicon
from bots.language.meaning import Message, Understanding
from bots.language.rules import rating
from bots.language.sounds import alike

_MENU_ORDER = ("评价", "投诉", "查进度", "人工", "表扬", "帮助", "我的")


_HUMAN = re.compile(
    r"(转|接|找|叫|换)(一?下|一?个|到)*(人工|真人|客服|活人|人来)|^(谢谢|你好|您好|请|麻烦)[,\s]*(人工|客服|转人工)$|(talk|speak|chat) (to|with) (somebody|someone|a person|a human|a real|staff|an agent|people)"
)
_THANKS = re.compile(r"^(谢谢|感谢|多谢)(你|您|了|啦)?|(谢谢|感谢|多谢)(你|您|了|啦)?$")


def empty(message: Message) -> Understanding | None:
    return None if message.text else message.reads("nonsense", "reply_help")


def read(message: Message) -> Understanding | None:
    if message.seen in {"?", "??", "help!", "帮助!"}:
        return message.reads("menu", "accept", topic="帮助")
    for entry in _MENU_ORDER:
        if message.is_one_of(f"menu.{entry}"):
            return message.reads("menu", "accept", topic=entry)
    sounded = _sounds_like_an_entry(message)
    if sounded:
        return message.reads("menu", "accept", topic=sounded)
    if _HUMAN.search(message.text):
        return message.reads("menu", "accept", topic="人工")
    if declines(message):
        return message.reads("cancel", "close")
    if (
        greeting(message)
        or message.is_one_of("greeting.words")
        or lexicon.pattern("greeting.patterns").search(message.bare)
    ):
        return message.reads("greeting", "reply_help")
    if re.fullmatch(r"[\d\s.,+*#-]+|[零一二三四五六七八九十百千]{1,4}", message.seen):
        return message.reads("nonsense", "ask_intent")
    if message.is_one_of("unsure.signs"):
        return message.reads("nonsense", "ask_intent" if "666" in message.bare else "reply_help")
    return message.reads("nonsense", "reply_help") if message.says("chatter.patterns") else None


def _sounds_like_an_entry(message: Message) -> str:
    """转人弓, 查近度: short, the same sound as an entry, and at least one character right."""
    typed = message.bare
    if not 2 <= len(typed) <= 5 or message.mentions or message.words or message.cases:
        return ""
    for entry in _MENU_ORDER:
        for word in lexicon.words(f"menu.{entry}"):
            right = sum(a == b for a, b in zip(typed, word, strict=False))
            if len(word) == len(typed) and right and right >= len(word) - 1 and alike(typed, word):
                return entry
    return ""


def declines(message: Message) -> bool:
    """No more, with or without a thank you."""
    if message.is_one_of("close.words") or message.says("close.patterns"):
        return True
    if len(message.bare) <= LONGEST_POLITE and _closes().fullmatch(message.bare):
        return True
    if _THANKS.sub("", message.bare) in lexicon.one_of("close.words"):
        return True
    parts = [part for part in re.split(r"[\s,.!?~。]+", message.text) if part]
    closing, polite = lexicon.one_of("close.words"), lexicon.one_of("greeting.words")
    return any(part in closing for part in parts) and all(part in closing or part in polite for part in parts)


LONGEST_POLITE = 24


@lexicon.remembered
def _closes() -> re.Pattern[str]:
    """嗯没有了谢谢再见: a refusal in nothing but polite words."""
    polite = lexicon.alternatives([*lexicon.one_of("greeting.words"), *"嗯啊呃额哦那就了", "那个", "再见"])
    closing = lexicon.alternatives([one for one in lexicon.one_of("close.words") if len(one) > 1])
    return re.compile(f"(?:{polite}){{0,4}}(?:{closing})(?:{polite}|{closing}){{0,4}}")


def greeting(message: Message) -> Understanding | None:
    """Longer greetings: 你好，在吗."""
    parts = [part for part in re.split(r"[\s,.!?~。]+", message.text) if part]
    known = lexicon.one_of("greeting.words")
    if parts and all(part in known for part in parts):
        return message.reads("greeting", "reply_help")
    return None


_HOSPITAL = re.compile(
    r"医生|大夫|护士|护工|床单|被子|枕头|机器|缴完费|走廊|轮椅|棉签|片子|单子|椅子|水龙头|热水|取号|叫号|清单|发票|病友|探视|陪护|手环|腕带|药盒|输液|雾化|拍片|窗口|药房|挂号|检查|手术|ct|核磁|b超|病历|收费|缴费|住院|门诊|急诊|病房|病人|患者|排队|叫号|抽血|化验|取药|退费|保安|厕所|食堂|电梯|停车|导诊|报告|医院|看病|打针|输液|医保|床位|科室|专家|预约|挂.{0,2}号|出院|结账|推床|问路|病床|吃药|开药|药"
)


def account(message: Message) -> Understanding | None:
    """A whole sentence about the hospital that no rule placed: nobody tells it for nothing, so it is filed and answered."""
    text = message.text
    if message.language != "zh" or len(message.bare) < 7 or not (_HOSPITAL.search(text) or message.mentions):
        return None
    if message.mentions and not message.named:
        return None
    staff = next((point for point in message.named if point.kind == "staff"), None)
    if staff is not None:  # nothing bad was said of this person: ask, rather than hold it against them
        return rating.asks_score(message, staff)
    return message.reads("complaint", "open_case", targets=message.named[:1])


def fallback(message: Message) -> Understanding:
    return message.reads("nonsense", "reply_help")
