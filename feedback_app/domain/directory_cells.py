"""One cell of an HR list -> a value: the many ways in which hospitals write the same thing. Pure.

Every function takes the text of a cell and raises Refused ``directory.cell_…`` when it cannot be that thing.
"""

import re
import unicodedata
from datetime import date, time, timedelta

from feedback_app.errors import Refused

_INVISIBLE = {"\ufeff", "\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\u200e", "\u200f"}
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()}
_SEX = {
    "男": "男",
    "男性": "男",
    "m": "男",
    "male": "男",
    "1": "男",
    "女": "女",
    "女性": "女",
    "f": "女",
    "female": "女",
    "2": "女",
}
_TRUE = {"1", "是", "y", "yes", "true", "√"}
_ERRORS = {"#n/a", "#ref!", "#name?", "#value!", "#div/0!", "#null!", "#num!"}
_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2})\s*日?|\s*月)?(?:[ T]+\d{1,2}:\d{2}(?::\d{2})?)?"
)
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_EXCEL_DAY_ONE = date(1899, 12, 30)
_EXCEL_DAYS = range(7306, 73051)  # 1920 to 2099
_CLOCK = re.compile(
    r"(上午|下午|晚上|am|pm)?\s*(\d{1,2})\s*[::.点时]\s*(\d{1,2})?(?:\s*分|[::]\d{1,2})?\s*(am|pm)?", re.I
)
_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff]) +(?=[\u3400-\u9fff])")
_CATEGORIES = {
    "医师": {"医师", "医生", "医疗", "临床", "临床医师", "临床医生", "执业医师", "医师系列", "doctor", "physician"},
    "护理": {"护理", "护士", "护理人员", "护理系列", "护理岗", "nurse"},
    "医技": {"医技", "技师", "技术", "医技人员", "检验", "影像", "technician"},
    "药学": {"药学", "药师", "药剂", "药剂师", "药学人员", "pharmacist"},
    "收费": {"收费", "收费员", "挂号收费"},
    "导诊": {"导诊", "导诊员", "导医"},
    "行政": {"行政", "行政管理", "管理", "职能", "行政人员"},
    "后勤": {"后勤", "工勤", "后勤人员", "工勤人员", "工勤技能"},
}
# 专业技术资格 as the health service names them (卫生系列高、中、初级); the first that fits counts.
_TITLES = (
    ("护理", re.compile("护师|护士")),
    ("药学", re.compile("药师|药士")),
    ("医技", re.compile("技师|技士|检验师|检验士")),
    ("医师", re.compile("医师|医士")),
    ("收费", re.compile("收费|会计|出纳")),
    ("导诊", re.compile("导诊|导医")),
)
_USERID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_MAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]{2,}")

# Rehired after retirement counts as working, hence looked for first.
_WORKING = ("返聘", "在岗", "在职", "启用", "正常", "开放", "active")
_GONE = ("离职", "退休", "停职", "停用", "辞职", "辞退", "解聘", "开除", "调出", "调离", "离岗", "去世", "死亡", "已故", "注销", "撤销", "禁用", "关闭", "终止", "inactive", "retired", "closed")  # fmt: skip
_AWAY = ("产假", "进修", "外派", "病假", "事假", "休假", "陪产", "哺乳", "援", "支援", "借调", "挂职", "规培", "学习", "培训", "不在岗", "待岗", "请假", "下乡", "出国")  # fmt: skip


def tidy(text: str) -> str:
    """Without invisible marks and outer spaces; full-width letters and digits made ordinary; runs of spaces made one.

    Raises Refused ``directory.cell_control``, ``.cell_formula`` or ``.cell_error`` (what a spreadsheet shows as #N/A).
    """
    shown = "".join(char for char in text if char not in _INVISIBLE).translate(_FULL_WIDTH)
    shown = " ".join(shown.split())
    if any(
        unicodedata.category(char) in {"Cc", "Cs", "Co"} or char in "\u202a\u202b\u202d\u202e\u2066\u2067"
        for char in shown
    ):
        raise Refused("directory.cell_control")
    if shown.startswith("="):
        raise Refused("directory.cell_formula")
    if shown.lower() in _ERRORS:
        raise Refused("directory.cell_error")
    return shown


def heading(text: str) -> str:
    """A heading as it is compared: no marks, spaces, stars or remarks in brackets."""
    plain = unicodedata.normalize("NFKC", "".join(char for char in text if char not in _INVISIBLE)).lower()
    plain = re.sub(r"[(\[【].*?[)\]】]", "", plain)
    return re.sub(r"[\s*:_\-、/.#＊·]", "", plain)


def name(text: str) -> str:
    """A name without the spaces that are put between Chinese characters to align a column: 张 伟 -> 张伟."""
    return _BETWEEN_HAN.sub("", text)


def staff_category(text: str) -> str:
    """What somebody does, in one word for the many that lists use (医生, 医疗 -> 医师); a new word stays as it is."""
    return next((category for category, words in _CATEGORIES.items() if text.lower() in words), text)


def category_of_title(title: str) -> str:
    """What somebody with this title does, for lists that have no category; empty when the title does not tell."""
    return next((category for category, pattern in _TITLES if pattern.search(title)), "")


def key(text: str) -> str:
    """A number or code by which something is known; spaces inside it are dropped."""
    return unicodedata.normalize("NFKC", text).replace(" ", "")


def names(text: str) -> tuple[str, ...]:
    """Several names in one cell, separated by ``;`` ``；`` ``、`` ``|``, each once."""
    parts = (part.strip() for part in re.split(r"[;；、|]", text))
    return tuple(dict.fromkeys(part for part in parts if part))


def sex(text: str) -> str:
    """男, 女, or empty when not stated (GB/T 2261.1: 0 and 9)."""
    return _SEX.get(text.lower(), "")


def yes(text: str) -> bool:
    return text.lower() in _TRUE


def day(text: str) -> date:
    """2020-01-05, 2020/1/5, 2020.01.05, 2020年1月5日, 20200105, 2020年1月 (its first day), or Excel's number of a day.

    Raises Refused ``directory.cell_date``.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        found = _DATE.fullmatch(plain) or _COMPACT_DATE.fullmatch(plain)
        if found:
            return date(int(found[1]), int(found[2]), int(found[3] or 1))
        if plain.split(".")[0].isdecimal() and int(plain.split(".")[0]) in _EXCEL_DAYS:
            return _EXCEL_DAY_ONE + timedelta(days=int(plain.split(".")[0]))
    except ValueError:
        pass
    raise Refused("directory.cell_date", value=text)


def clock(text: str) -> time:
    """07:30, 7:30, 7:30, 7点30分, 下午2:30, 730 or 0730, 24:00 (midnight), or Excel's fraction of a day.

    Raises Refused ``directory.cell_time``.
    """
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    try:
        if re.fullmatch(r"0?\.\d+", plain):
            minutes = round(float(plain) * 24 * 60) % (24 * 60)
            return time(minutes // 60, minutes % 60)
        if re.fullmatch(r"\d{3,4}", plain):
            return _hour(int(plain[:-2]), int(plain[-2:]))
        found = _CLOCK.fullmatch(plain)
        if found:
            later = (found[1] in {"下午", "晚上", "pm"} or found[4] == "pm") and int(found[2]) < 12
            return _hour(int(found[2]) + 12 * later, int(found[3] or 0))
    except ValueError:
        pass
    raise Refused("directory.cell_time", value=text)


def _hour(hour: int, minute: int) -> time:
    return time(0 if (hour, minute) == (24, 0) else hour, minute)


def userid(text: str) -> str:
    """An account of WeCom (1 to 64 of letters, digits, ``_-@.``). Raises Refused ``directory.cell_userid``."""
    if not _USERID.fullmatch(text):
        raise Refused("directory.cell_userid", value=text)
    return text


def mail(text: str) -> str:
    """Raises Refused ``directory.cell_mail``."""
    if not _MAIL.fullmatch(text):
        raise Refused("directory.cell_mail", value=text)
    return text


def is_known_status(text: str) -> bool:
    return not text or any(word in text.lower() for word in (*_WORKING, *_GONE, *_AWAY))


def is_active(status: str) -> bool:
    """Whether somebody (or a window) with this status may be rated and may sign in (docs/decisions/0010).

    Only those who left or were stopped may not. Leave, training and posting elsewhere change nothing here: whoever is
    on leave keeps access, and their code keeps working. A status nobody foresaw counts as working.
    """
    plain = status.lower()
    if "inactive" in plain:
        return False
    if any(word in plain for word in _WORKING) and "不在" not in plain:
        return True
    return not any(word in plain for word in _GONE)


def is_away(status: str) -> bool:
    """On leave, in training or posted elsewhere: still active, but not at work now."""
    return is_active(status) and any(word in status for word in _AWAY)
