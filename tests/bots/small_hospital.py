"""The directory our own example messages speak of: small, with people who share names, titles and words."""

from bots.language.directory import Directory, Point, build

_STAFF = (
    ("D01", "张伟", "心内科", "主任医师"),
    ("D02", "张敏", "儿科", "主治医师"),
    ("D03", "李建国", "骨科", "副主任医师"),
    ("D04", "王芳", "妇产科", "主任医师"),
    ("D05", "王磊", "急诊科", "住院医师"),
    ("D06", "欧阳静", "眼科", "主治医师"),
    ("D07", "陈晓燕", "内分泌科", "副主任医师"),
    ("D08", "赵一鸣", "口腔科", "主治医师"),
    ("D09", "刘洋", "神经内科", "主治医师"),
    ("D10", "刘洋", "泌尿外科", "主治医师"),
    ("D11", "钱程", "皮肤科", "主治医师"),
    ("D12", "马上", "中医科", "主治医师"),
    ("D13", "高兴", "康复医学科", "主治医师"),
    ("D14", "万里", "放射科", "技师"),
    ("N01", "孙丽", "心内科", "护士长"),
    ("N02", "周婷婷", "儿科", "护士"),
    ("N03", "吴霞", "门诊部", "导诊员"),
)
_OTHERS = (
    ("W01", "window", "1号挂号窗口", "挂号", ""),
    ("W02", "window", "2号挂号窗口", "挂号", ""),
    ("W03", "window", "3号收费窗口", "收费", ""),
    ("W05", "window", "5号取药窗口", "取药;药房", ""),
    ("W08", "window", "8号抽血窗口", "抽血;采血", "3"),
    ("W09", "window", "放射登记窗口", "放射登记", ""),
    ("W10", "window", "医保窗口", "医保", ""),
    ("保洁", "logistics", "保洁", "清洁;卫生间;厕所", ""),
    ("食堂", "logistics", "食堂", "饭菜;膳食", ""),
    ("电梯", "logistics", "电梯", "", ""),
    ("停车", "logistics", "停车场", "停车", ""),
    ("维修", "logistics", "维修", "空调;水电", ""),
    ("运送", "logistics", "运送", "陪检;推床", ""),
    ("心内科", "department", "心血管内科", "心内科;心内", ""),
    ("儿科", "department", "儿科", "", ""),
    ("急诊科", "department", "急诊科", "急诊", ""),
    ("检验科", "department", "医学检验科", "检验科;化验室", ""),
    ("放射科", "department", "放射科", "", ""),
    ("康复医学科", "department", "康复医学科", "康复科", ""),
    ("导诊", "department", "导诊台", "导诊", ""),
)


def small_directory() -> Directory:
    staff = [
        Point(place, "staff", key, name, department=unit, title=title)
        for place, (key, name, unit, title) in enumerate(_STAFF, start=1)
    ]
    others = [
        Point(place, kind, key, name, aliases=tuple(filter(None, called.split(";"))), floor=floor)
        for place, (key, kind, name, called, floor) in enumerate(_OTHERS, start=101)
    ]
    return build([*staff, *others])
