"""What a message tells about an incident: where, who, when, what would help, how to be reached. And what it wants to put right."""

import re
from dataclasses import dataclass

from bots.language.directory import Directory, Point
from bots.language.meaning import Context, Message
from feedback_app.domain import contact_details

_DAYS = r"大前天|前天|昨天|昨晚|昨夜|昨儿|今天|今早|今晚|今儿|刚才|刚刚|方才|上上?个?(?:周|星期|礼拜)[一二三四五六日天]?|这个?(?:周|星期|礼拜)[一二三四五六日天]|(?:周|星期|礼拜)[一二三四五六日天]|上个?月\d{0,2}[号日]?|去年|前几天|前两天|前些天|[\d一二两三四五六七八九十]+(?:天|周|个?星期|个?月)(?:以|之)?前"
_DATES = r"\d{1,2}月\d{1,2}[号日]?|(?<![\d号])\d{1,2}[号日](?!窗|楼|诊|柜|机|厅|病|床|门|电|线|\d)|\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}"
_HOURS = r"凌晨|清早|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|半夜|[\d一二两三四五六七八九十]{1,3}点(?:半|多|钟|\d{1,2}分?)?|\d{1,2}:\d{2}"
_ENGLISH = r"yesterday|today|tonight|this (?:morning|afternoon|evening)|last (?:night|week|month|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|\d+ (?:days?|weeks?) ago|around \d+ ?(?:am|pm)?"
_WHEN = re.compile(rf"(?:{_DAYS}|{_DATES}|{_HOURS}|{_ENGLISH})(?:的|大概|大约|大清早| |{_DATES}|{_HOURS})*")
_WHERE = re.compile(
    r"[\d一二两三四五六七八九十]{1,3}号?(?:窗口?|柜台?|诊室|机器|检查室|楼|层|病区|病房|床|电梯)|门诊|急诊|住院部|病房|病区|药房|大厅|诊室|手术室|护士站|候诊区|停车场|食堂|厕所|卫生间|收费处|挂号处|抽血处|化验室|b超室|放射科|\w{1,6}科(?!学|普|长)|window \d|ward|pharmacy|emergency|reception|counter|lobby|clinic"
)
_WISH = re.compile(
    r"希望|想要|要求|只想|想让|想请|盼|请(?:你们|医院|他|她|给|帮)|给(?:个|我个?|一个)(?:说法|解释|交代|答复|道歉)|(?<![没不有未])(?<!没人)道歉|赔偿|赔我|退(?:钱|费|款|我|还)|整改|改进|改一改|培训|处分|换(?:个|一个)?人|严肃处理|说法|别再|不要再|apologi[sz]e(?!d)|apology|refund|i want|i would like|i'd like|please"
)
_CORRECTS = re.compile(
    r"^(?:哦|噢|啊|额|那个|等等|等下)?[,，\s]*(?:不对|不是|错了|说错了?|写错了?|打错了?|搞错了?|记错了?|更正|纠正|改一下|改成|改为|应该是|其实是|no,|sorry,|correction|actually)"
)
_CHANGES = re.compile(r"(?:改成|改为|应该是|其实是|更正为)")
_END = re.compile(
    r"^(?:我)?(?:都)?(?:说|写|讲|补充|交代|填)?(?:完了|好了|就这些(?:了|吧)?|就这样(?:了|吧)?|没(?:有)?(?:别的|其他|其它)?了|没有要补充的了?|结束|完毕|that'?s (?:all|it)|done|finished|end)(?:谢谢|thanks|,|吧|啦|了|。|\.| )*$"
)
_SKIP = re.compile(
    r"^(?:跳过|略过|略|过|下一个|下一题|不知道|不清楚|不记得了?|记不清了?|忘了|忘记了|想不起来了?|不认识|没看清|没注意|不想说|不方便|不方便说|不留|不留了|不用|不用了|不需要|不要|算了|算了吧|无|没有|没|没想好|没想过|随便|都行|不说了|不好说|说不清|不确定|保密|skip|pass|next|no|none|no idea|don'?t know|i don'?t know|not sure|dunno|forgot|no thanks)(?:吧|了|啊|呀|谢谢|,|。|\.|!|~| )*$"
)
_RESUME = re.compile(
    r"^(?:我)?(?:要|想|来)?(?:继续|接着|再)(?:投诉|补充|说|写|讲|刚才的投诉|上次的投诉|投诉的事|那个投诉)?(?:吧|啊|了|一下)*$|^(?:continue|resume|go on)(?: (?:with )?(?:my |the )?complaint)?$"
)
_ANOTHER = re.compile(
    r"(?:还要|还想|再|另外|另|也要|又要|新的?|重新)(?:要|想|有|我)?(?:一个|一件事)?(?:投诉|举报|反映|提)"
)
_TAKES_BACK = re.compile(
    r"(?<![让许准给])(?:不|别)(?:想|要|再)?投诉了|撤诉|(?:撤销|撤回|取消|撤)(?:这个|刚才的|我的)?投诉|当我没说|withdraw my complaint"
)


@dataclass(frozen=True)
class Facts:
    """``told`` are slots of ``feedback_app.domain.intake`` (and ``who``); ``corrects``: it puts right what was told."""

    told: frozenset[str] = frozenset()
    place: Point | None = None
    person: Point | None = None
    when: str = ""
    addresses: tuple[str, ...] = ()
    corrects: bool = False

    @property
    def about(self) -> Point | None:
        """Whom or what the case is held against: somebody named goes before a place."""
        return self.person or self.place


def found(text: str, directory: Directory) -> Facts:
    """The facts in ``text``; a wish is only seen where it is said as one."""
    message = Message(text, Context(), directory)
    named = message.named
    person = next((point for point in named if point.kind == "staff"), None)
    place = next((point for point in named if point.kind != "staff"), None)
    when = _WHEN.search(message.without_names)
    reached = contact_details.addresses(text)
    told = {
        "where": bool(named or message.mentions or _WHERE.search(message.text)),
        "who": person is not None,
        "when": when is not None,
        "wish": bool(_WISH.search(message.text)),
        "contact": bool(reached),
    }
    return Facts(
        told=frozenset(slot for slot, is_told in told.items() if is_told),
        place=place,
        person=person,
        when=when[0].strip() if when else "",
        addresses=reached,
        corrects=bool(_CORRECTS.search(message.text) or _CHANGES.search(message.text)),
    )


def ends(plain: str) -> bool:
    """说完了, 就这些, done."""
    return bool(_END.match(plain))


def skips(plain: str) -> bool:
    """跳过, 不知道, 算了, skip."""
    return bool(_SKIP.match(plain))


def resumes(plain: str) -> bool:
    """继续投诉, 接着说."""
    return bool(_RESUME.match(plain))


def begins_another(plain: str) -> bool:
    """我还要投诉食堂."""
    return bool(_ANOTHER.search(plain))


def takes_back(plain: str) -> bool:
    """不投诉了."""
    return bool(_TAKES_BACK.search(plain))
