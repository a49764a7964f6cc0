"""Messages that are one fixed word: menu entries, greetings, refusals; and what is left over."""

import re

from bots.language import lexicon
from bots.language.meaning import Message, Understanding
from bots.language.sounds import alike

_MENU_ORDER = ("评价", "投诉", "查进度", "人工", "表扬", "帮助", "我的")


_HUMAN = re.compile(
    r"(转|接|找|叫|换)(一?下|一?个|到)*(人工|真人|客服|活人|人来)|^(谢谢|你好|您好|请|麻烦)[,\s]*(人工|客服|转人工)$|^(人工|客服|真人)(客服)?(在线|还在|在)[吗么不没?]*$|^(请问)?(你们)?(这里|这儿)?(有没有|有)(人工|真人|客服)(服务|客服|在)?[吗么没?]*$|(找|见|叫|联系)(一?下|一?个)?(你们?的?)?(领导|院长|负责人|主管|管事的?|经理)(来|说话|谈|说)?[。!]?$|(talk|speak|chat) (to|with) (somebody|someone|a person|a human|a real|staff|an agent|people)"
)
_THANKS = re.compile(r"^(谢谢|感谢|多谢)(你|您|了|啦)?|(谢谢|感谢|多谢)(你|您|了|啦)?$")


OF_THE_HOUSE = re.compile(
    r"医生|大夫|护士|护工|医院|病|药|诊|号|床|窗口|检查|手术|报告|片子|单子|收费|缴费|挂|抽血|化验|输液|打针|住院|门诊|保安|排队|厕所|食堂|电梯|停车|科室|专家|家属|老人|孩子|机器|床单|轮椅|热水|发票|结账|窗"
)
"""Words of a hospital: what holds one is about the house."""
SHORT_CHAT = 8
_WISHED = re.compile(r"^(我要|我想要?|请帮我|请|帮我|给我|麻烦|想要|想)|(谢谢|吧|一下)$")
_HELP = re.compile(
    r"^(你|机器人|你们)?(都|还)?(会|能|可以)(干|做|帮我|帮我做|办)?(些|点)?(什么|啥|干嘛|哪些事?)(呀|啊|呢)?$"
)
_MINE = re.compile(r"^(查|看|查看|看看|查询)?(一?下)?我的?(历史)?(评价|评分|打分)(的)?(记录|历史|列表|情况)?$")


def empty(message: Message) -> Understanding | None:
    return None if message.text else message.reads("nonsense", "reply_help")


def read(message: Message) -> Understanding | None:
    entry = _entry(message)
    if entry:
        return message.reads("menu", "accept", topic=entry)
    if declines(message):
        return message.reads("cancel", "close")
    if (
        greeting(message)
        or message.is_one_of("greeting.words")
        or lexicon.pattern("greeting.patterns").search(message.bare)
    ):
        return message.reads("greeting", "reply_help")
    if re.fullmatch(r"[\s.,+*#-]*\d[\d\s.,+*#-]*|[零一二三四五六七八九十百千]{1,4}", message.seen):
        return message.reads("nonsense", "ask_intent")
    if message.is_one_of("unsure.signs"):
        return message.reads("nonsense", "ask_intent" if "666" in message.bare else "reply_help")
    chats = message.says("chatter.patterns") and not (
        len(message.bare) > SHORT_CHAT and OF_THE_HOUSE.search(message.text)
    )
    return message.reads("nonsense", "reply_help") if chats else None


def _entry(message: Message) -> str:
    """The entry of the menu that is asked for in so many words; "" for none."""
    if message.seen in {"?", "??", "help!", "帮助!"}:
        return "帮助"
    wished = _WISHED.sub("", message.bare)
    for entry in _MENU_ORDER:
        if message.is_one_of(f"menu.{entry}") or (entry in _WISHED_FOR and wished in lexicon.one_of(f"menu.{entry}")):
            return entry
    sounded = _sounds_like_an_entry(message)
    if sounded:
        return sounded
    patterns = (("帮助", _HELP, message.bare), ("我的", _MINE, message.bare), ("人工", _HUMAN, message.text))
    return next((entry for entry, pattern, text in patterns if pattern.search(text)), "")


_WISHED_FOR = frozenset({"人工", "查进度", "帮助", "我的"})
"""我要投诉 and 我要表扬 begin a story; 我要人工 is the entry."""


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
    if parts and all(part in known for part in parts) or _greetings().fullmatch(message.bare):
        return message.reads("greeting", "reply_help")
    return None


@lexicon.remembered
def _greetings() -> re.Pattern[str]:
    """嗯好的, 哈喽哈喽: nothing but greetings, without a space between them."""
    known = lexicon.alternatives([one for one in lexicon.one_of("greeting.words") if not one.isascii()])
    return re.compile(f"(?:{known})(?:(?:{known})|[呀啊哦哈啦]){{1,4}}")


SHORT_ANSWER = 8


def fallback(message: Message) -> Understanding:
    """Something short where a score was asked for is meant as one, even if we cannot read it: it is asked again."""
    context = message.context
    if context.step == "ask_score" and context.point and 0 < len(message.bare) <= SHORT_ANSWER:
        return message.reads("rating", "ask_score", targets=(context.point,))
    return message.reads("nonsense", "reply_help")
