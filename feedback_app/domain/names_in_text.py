"""Where names of people may stand in what somebody wrote. Pure; rather one too many than one too few."""

import re
from collections.abc import Iterator

_SURNAMES = (
    "萧傅阎赖洪常谈宓钮酆鄂郦璩訾毋巢蒯竺逯仉汝缑佴谯笪逄莘贡濮寿郏习容慎庾暨禄殳沃蔚夔厍撒昝佟"
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白"
    "邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包"
    "宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳欧阳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景"
    "党宫费卜冷晏席卫米柏宗瞿桂佟应臧闵苟邬边卞姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝匡鞠惠荆乐冀胥郁南栗燕楚"
    "鄢劳谌奚粟冼蔺楼盘闻厉伊仝郜海阚帅屠豆朴练廉禹井祖漆巴丰卿狄计晋云扈晁芮普阙浦戈伏鹿薄邸雍辜羊阿乌"
    "母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於尉冶檀阴"
)
_DOUBLE = "欧阳|上官|司马|诸葛|夏侯|皇甫|尉迟|公孙|慕容|令狐|司徒|长孙|东方|独孤|南宫|轩辕|宇文|端木|百里|呼延|鲜于|闾丘|司空|澹台|申屠|公冶|宗政|濮阳|淳于|单于|太史|仲孙|欧陽"
DOUBLE_SURNAMES = frozenset(_DOUBLE.split("|"))
_GIVEN = frozenset(
    "小大天星依可欢笑朵果豆糖米乔艾冬夏春朝夕昂赫奕宸泓哲皓瀛铎骞颢麒麟霖霏霁岩峻嵘屹伟芳娜秀敏静丽磊军洋勇艳杰娟涛超霞刚桂兰英华玉梅红建国文志永春林海燕凤云龙飞鹏辉斌波宇浩博俊峰玲萍婷雪琳慧颖莹倩欣怡佳晨阳子轩梓涵雨泽宁晶洁"
    "琴珍荣福德贵祥生东清兴振宝银庆学良忠义仁信善祖根锋健康彬翔嘉思诗语嫣瑶璐菲凡帆旭晓亚美爱淑香莲芝翠巧月娥珠瑞琪琼洪江河川松柏楠榕蕾薇蓉芬芸菊"
    "莉茹萱家豪伯仲卫新立世树秋冬爽珊彤冰岚露馨艺雅昕昊炎坤乾元亮鑫森淼焱垚强明平成金山光胜利民权顺发达富昌盛宏伦栋梁材才智勤俭诚恩惠贤孝礼彦章"
    "璋琦琨珂瑾瑜璇玮珏琛骏骁腾跃翰墨书画锦绣绮纯素贞珺琬琰芊芃苒若茜荷蓓蕙薰钰铭钧锐钢铁鸿鹤鸣凯旋锡镇钊锴昱昭晖曦暄晔晟景润泉沛沐沁洛涓淇渊湘"
    "滢潇澜瀚灿炜炫煜烨熙燊桐桦梧梵椿楚榆槐樱妍妮娇婉婕媛嫦姗姝妙如意心悦怀恒恺悠愉慈懿必来传长继绍承克士少培育耀启开业广全正中南北西方远征卓毅坚"
)
_KIN = (
    "爸爸|妈妈|父亲|母亲|爷爷|奶奶|外公|外婆|姥姥|姥爷|老公|老婆|丈夫|妻子|爱人|儿子|女儿|孩子|宝宝|哥哥|姐姐|弟弟|妹妹|岳父|岳母|婆婆|公公|"
    "孙子|孙女|外孙|侄子|侄女|儿媳|女婿|爸|妈|爹|娘|哥|姐|弟|妹"
)
_HAN = r"[\u3400-\u9fff·]"
_NAME = rf"(?:(?:{_DOUBLE}){_HAN}{{1,2}}|[{_SURNAMES}]{_HAN}{{1,2}})"
_GLUE = r"[\s:：是为叫\"“”'‘’（(【\[]{0,3}"
_BEFORE = re.compile(
    rf"(?:我叫|我是|本人|我名叫|名叫|名字|姓名|患者|病人|病患|伤者|产妇|家属|联系人|投诉人|反映人|举报人|监护人|陪护|署名|落款|此致|敬上|"
    rf"[我咱俺他她](?:的|们)?(?:{_KIN})|叫)(?:的?名字|姓名)?{_GLUE}(?P<name>{_NAME})"
)
_AFTER = re.compile(
    rf"(?P<name>{_NAME}|[{_SURNAMES}]{_HAN}?)\s?(?:先生|女士|小姐|大爷|大妈|大娘|奶奶|爷爷|阿姨|叔叔|伯伯|老太|老人|老汉|同学|小朋友|"
    rf"的(?:家属|{_KIN})|之[子女妻夫]|家属|[，,、（(\s]{{0,2}}(?:男|女)(?![士的人生性儿孩医护厕]))"
)
_AGED = re.compile(rf"(?P<name>{_NAME})[，,、（(\s]{{0,2}}(?:今年)?[0-9一二三四五六七八九十]{{1,3}}岁")
_ALONE = re.compile(rf"(?<![\u3400-\u9fff])(?P<name>{_NAME})(?![\u3400-\u9fff])")
_OPENS = re.compile(
    rf"(?<![\u3400-\u9fff])(?P<name>[{_SURNAMES}]{_HAN})(?=[在等被和说去来住是也就从把给跟与没不有做看挂排])"
)
_INSIDE = re.compile(rf"(?P<name>(?:{_DOUBLE}|[{_SURNAMES}]){_HAN}{{2}})")
_LATIN = re.compile(
    r"(?i:my name is|i am|i'm|this is|name:?|patient:?|mr\.?|mrs\.?|ms\.?)\s+(?P<name>[A-Z][a-zA-Z'’-]+(?:\s+[A-Z][a-zA-Z'’-]+){0,2})"
)
_ENDS = frozenset(
    "的在是和跟与因于去来到被把说也就已住今昨前后年男女挂看做患手身电联想要有没不从给让向对从很都才又再还等请刚这那每先病家我你他她您们了着过吗呢吧啊两三几第得"
)
"""Signs that end a name: "王强在" is 王强, not 王强在."""
_WORDS = frozenset(
    re.split(
        r"\s+",
        "高血压 高血脂 高血糖 黄疸 方便 安排 安静 马上 明天 明明 明白 谢谢 感谢 白天 金额 于是 何必 何时 任何 包括 严重 严肃 温度 "
        "文件 左右 费用 向来 计算 万一 成功 程度 应该 应当 关于 关心 解释 解决 连续 连接 单子 单位 师傅 师父 公司 公共 公开 利用 "
        "商量 项目 简单 简直 车位 车子 路上 路过 管理 房间 阳性 农村 司机 冷漠 冷淡 查房 查看 查询 南方 南京 海南 海口 云南 江苏 "
        "江西 安徽 武汉 宁波 宁夏 杭州 温州 华东 华西 海鲜 水平 普通 普外 祖父 祖母 广东 石头 金属 金钱 白色 白班 黄色 黄牛 康复 "
        "高烧 高热 高兴 高峰 高级 高温 高考 牛奶 关门 关节 江山 文明 文化 盛情 华人 景色 应急 边上 边界 那个 那里 那天 那边 那位 "
        "那么 那样 乐意 米饭 麻烦 麻醉 麻木 尚未 尚且 许多 许久 常常 申请 申诉 古板 余额 余下 连夜 连忙 计划 计时 白跑 白等 施工 "
        "段时 成本 成人 成年 贺卡 童年 纪律 纪念 莫名 向我 向您 向他 向医 向护 万元 万多 金华 方面 方式 方法 方向 雷锋 祝福 祝贺 "
        "祝愿 安全 安心 安慰 通知 阴性 阴影 母婴 母乳 解答 凌晨 明显 明确 明知 练习 廉洁 曲折 管床 管子 项链 卫生 卫校 单独 单纯 "
        "单间 车辆 海报 沙发 荣幸 荣誉 利益 晋升 普查 普遍 楼上 楼下 楼层 楼道 楼梯 盘问 巴士 丰富 劳动 劳累 燕窝 席位 冷气 宫颈 "
        "宫外 费了 费劲 党员 景区 房子 房颤 米粥 方案 文字 章程 史上 石膏 夏天 夏季 秦皇岛 易懂 易怒 于今 于我 于昨 高度 孔子 "
        "常来 路口 黄连 安装 石化 温水 冷水 牛肉 马路 马桶 骆驼 余地 成都 方才 伏案 景象 钱财 钱包 钱多 金桥 任务 任意 任性 冷饮 "
        "毛病 毛巾 单人 双人 连着 连个 管不 管这 查不 查了 查出 何况 应有 应付 向着 向导 向前 包装 包扎 包含 鲜花 房里 房门 计较 "
        "计费 车费 车站 尚可 沈阳 苏州 常州 常见 常用 郑重 施压 施行 祝您 解约 段落 水费 水泥 戴眼镜 戴口罩 江边 万分 万幸 路费 "
        "路远 元素 文书 文员 古怪 司空 文凭 史料 雷同 雷雨 温馨 温柔 温暖 明亮 游客 强忍 宁可 宁愿 农民 农合 童装 石块 辛苦 辛酸 "
        "喻为 荆棘 党政 阴天 阴道 胥吏 边走 边说 边等 经过 经常",
    )
)


_NEVER = frozenset(
    "的了着过不没是在有我你他她它们很太这那都也就还又吗吧呢么什怎哪谁个只些点次等看做说去来到给让被把对从跟比打挂排队费钱药病医院科室号窗口人眼镜性手脚头疼痛针床"
    "钟分时半外边下回答话骂吵推拉叫喊走跑坐站签交退拿放找换查验血片检结报告单"
)
"""Signs of which no given name is made, as good as ever."""


def names(text: str) -> Iterator[tuple[int, int]]:
    """Spans of what may be a person's name; they may overlap."""
    told: set[str] = set()
    for pattern in (_BEFORE, _AFTER, _AGED, _ALONE, _OPENS, _LATIN):
        for found in pattern.finditer(text):
            start = found.start("name")
            name = found["name"] if pattern is _LATIN or pattern is _AFTER else _cut(text, start, found["name"])
            if pattern is not _LATIN and (_is_word(name) or (pattern in {_ALONE, _OPENS} and not _is_likely(name))):
                continue
            if len(name) > 1:
                told.add(name)
            yield start, start + len(name)
    yield from _in_sentences(text)
    for name in told:  # once known, it is a name wherever it stands
        for found in re.finditer(re.escape(name), text):
            yield found.span()


def _in_sentences(text: str) -> Iterator[tuple[int, int]]:
    """A surname and two signs that are common in given names, without anything that says it is a name."""
    at = 0
    while found := _INSIDE.search(text, at):
        name, at = found["name"], found.start() + 1
        if (
            all(sign in _GIVEN for sign in name[-2:])
            and name[:2] not in _WORDS
            and not _is_word(name)
            and not _is_word(name[-2:])
        ):
            yield found.span()


def _cut(text: str, start: int, name: str) -> str:
    """Without the sign that already belongs to the sentence."""
    shortest = 3 if re.match(_DOUBLE, name) else 2
    follows = text[start + len(name) : start + len(name) + 1]
    may_end = len(name) > shortest and name[-1] in _ENDS and (name[-1] not in _GIVEN or follows.isalnum())
    return name[:-1] if may_end else name


def _is_word(name: str) -> bool:
    if name in _WORDS or any(sign in _NEVER for sign in name[1:]):
        return True
    return name[:2] in _WORDS and name[2:3] not in _GIVEN  # 沈阳人 is no name, 沈阳飞 after "我叫" is one


def _is_likely(name: str) -> bool:
    """Alone between two stops it need not be a name: something in it must look like one."""
    return any(sign in _GIVEN for sign in name[1:])
