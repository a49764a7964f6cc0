"""Words that hurt whom they are about: sexual ones and threats. They go to a protection officer first. Pure.

In doubt they do: an officer lets a harmless text pass with one click; nobody can unread the other kind.
"""

import re
import unicodedata

SEXUAL, THREAT = "sexual", "threat"
KINDS = (THREAT, SEXUAL)

_SEXUAL = re.compile(
    r"强奸|强暴|轮奸|猥亵|性骚扰|性侵|做爱|约炮|一夜情|上床|陪睡|睡了你|睡一觉|想睡|脱光|脱衣服给|裸照|裸体|全裸|露点|色情|黄片|情色|淫|骚货|骚女|骚逼|贱货|婊|妓女|卖淫|"
    r"小姐服务|操你|操死|干死你|干你|日你|艹你|肏|鸡巴|屌|奶子|大胸|胸(?:真|好|很)?大|摸(?:你|她|他)?(?:的)?(?:胸|屁股|大腿|奶|下体)|屁股(?:真|好|很)?(?:翘|大|圆)|"
    r"身材(?:真|好|很|太)?(?:好|棒|辣|火辣|性感)|性感|丝袜|长得(?:真|好|很)?(?:骚|性感)|亲(?:你|她)一口|吻你|抱你睡|当我(?:老婆|情人|女朋友)|包养|"
    r"\b(?:fuck|rape|whore|slut|sexy|boobs|tits|dick|pussy|naked|sleep with)\b",
    re.IGNORECASE,
)
_THREAT = re.compile(
    r"(?:杀|砍|捅|弄|整|打|搞|揍|劈|宰|灭|毒|烧|炸)死(?!亡)(?:你|他|她|它|们|人|这|那|全|算|医|护)|(?:杀|砍|捅|宰|劈)(?:了|掉)?(?:你|他|她|这|那|全|医|护)|弄死|灭口|灭门|杀全家|全家死|死全家|"
    r"要你(?:的)?命|拿命|偿命|血债|同归于尽|你等着|等着瞧|给我等着|走着瞧|出门小心|走路小心|小心点(?:你|走|出)|小心你|(?:小心|当心)(?:你的?)?(?:家人|孩子|狗命|脑袋)|"
    r"知道你(?:家|住|孩子)|找(?:几个)?人(?:打|砍|弄|收拾|搞|堵|废)|收拾你|废了你|废掉你|打断.{0,3}腿|带刀|拿刀|买刀|放火|点火烧|烧了(?:你|医院|这)|炸(?:了|掉)?(?:你|医院|这)|"
    r"汽油|泼硫酸|硫酸|报复(?:你|他|她|社会|医)|让你(?:死|活不)|不得好死|见血|放血|"
    r"\b(?:kill|stab|shoot|burn|bomb) (?:you|him|her|them|that|the)\b|\byou(?:'ll| will) (?:pay|regret)\b|\bwatch your back\b",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[\s\W_]+")


def kind(text: str) -> str:
    """``threat``, ``sexual`` or "". Signs put between the letters of a word do not hide it."""
    plain = unicodedata.normalize("NFKC", text)
    joined = _BETWEEN.sub("", plain)
    if _THREAT.search(plain) or _THREAT.search(joined):
        return THREAT
    return SEXUAL if _SEXUAL.search(plain) or _SEXUAL.search(joined) else ""
