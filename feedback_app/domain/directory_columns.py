"""What the columns of directory lists are called, and which of them a list must have. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from feedback_app.domain.directory_cells import heading

_NAMES: dict[str, str] = {  # field -> what hospitals call it, besides the kind's own words below
    "name": "name 名称 姓名",
    "aliases": "aliases 别名 别称 简称 俗称 又名",
    "dept_code": "dept_code 科室代码 科室编码 科室编号 部门代码 部门编码 部门编号 所属科室代码 所在科室代码",
    "department": "dept department 科室 部门 所在科室 所属科室 所在部门 所属部门 科室名称 部门名称 病区 工作科室 归口科室 主管科室",
    "building": "building 楼栋 楼 大楼 楼宇 院区 位置",
    "floor": "floor 楼层 层",
    "open_hours": "open_hours 开放时间 服务时间 工作时间 营业时间",
    "status": "status 状态 使用状态 启用状态",
    "made_up": "synthetic made_up 虚构",
    "note": "note 备注 说明",
}
_STAFF = {
    "key": "staff_no 工号 职工号 员工编号 员工号 人员编码 人员编号 职工编号 职工编码 职工代码 员工工号 胸牌号 编号 工作证号",
    "name": "name 姓名 员工姓名 职工姓名 人员姓名 名字",
    "sex": "sex gender 性别",
    "category": "category 类别 人员类别 岗位类别 岗位类型 职工类别 专业类别 系列 职系",
    "title": "title 职称 技术职称 专业技术职务 专业技术职称 聘任职称 职称名称",
    "duty": "duty post 职务 行政职务 担任职务 职务名称",
    "hire_date": "hire_date 入职日期 来院时间 入院时间 来院日期 入职时间 进院时间 进院日期 到院日期 参加工作时间 到岗日期",
    "status": "status 在职状态 状态 人员状态 在岗状态 职工状态 员工状态 在岗情况",
    "wecom_userid": "wecom_userid userid 企业微信账号 企业微信 企业微信id 企业微信号 企微账号 企微id 企微 账号",
    "email": "email mail e-mail 邮箱 电子邮箱 邮件 电子邮件 邮箱地址",
}
_INSTEAD = {"岗位": "title", "岗位名称": "title", "工种": "title"}
"""Headings of small hospitals' lists, which say 主任医师 or 护士 there: read so only where no other column is the title."""
_DEPARTMENT = {
    "key": "dept_code code 科室代码 科室编码 科室编号 部门代码 部门编码 部门编号 代码 编码 编号",
    "name": "name dept department 科室名称 科室 部门名称 部门 名称",
    "category": "kind category type 科室类别 科室类型 科室性质 类别 类型 性质 部门类别 部门类型",
}
_WINDOW = {
    "key": "window_no 窗口号 窗口编号 窗口编码 窗口代码 编号",
    "name": "name 窗口名称 窗口 名称",
    "category": "type category 窗口类型 窗口类别 类型 类别 业务 业务类型",
}
_LOGISTICS = {
    "key": "unit_no 班组编号 单元编号 班组号 班组代码 编号 代码",
    "name": "name 班组名称 班组 单元名称 名称 服务项目 项目",
    "category": "type category 类型 类别",
}
_PLACES = {
    "key": "place_no 地点编号 场所编号 位置编号 地点号 点位编号",
    "name": "name 地点名称 地点 场所名称 场所 点位名称 点位",
    "category": "type category 地点类型 场所类型 类型",
}
_DUTY = {
    "date": "date 日期 值班日期 排班日期 上班日期",
    "window": "window_no 窗口号 窗口编号 窗口 窗口名称 窗口编码",
    "shift": "shift 班次 班别 时段",
    "start": "start 开始 开始时间 上班时间 起始时间 起",
    "end": "end 结束 结束时间 下班时间 终止时间 止",
    "staff": "staff_no 工号 职工号 员工编号 员工号 人员编码 人员编号 值班人工号 值班人员工号 职工编号",
}
_DIRECTORY = {
    "key": "key 编号 代码 编码 工号 标识",
    "kind": "kind 种类 类型 对象类型",
    "category": "category 类别",
    **{field: _STAFF[field] for field in ("title", "duty", "sex", "hire_date", "wecom_userid", "email")},
}

_PLACE = ("building", "floor", "open_hours")


@dataclass(frozen=True)
class Kind:
    """One kind of list. ``needs``: without these columns it cannot be read; ``point``: the kind of its service points."""

    name: str
    point: str
    needs: tuple[str, ...]
    fields: tuple[str, ...]
    own_words: Mapping[str, str]
    never: tuple[str, ...] = ()  # a list with one of these headings is of another kind

    def words(self) -> dict[str, str]:
        """Heading as compared -> field."""
        found: dict[str, str] = {}
        for field in self.fields:
            for word in self.own_words.get(field, _NAMES.get(field, "")).split():
                found.setdefault(heading(word), field)
        return found


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "directory",
            "",
            ("key", "kind", "name"),
            ("key", "kind", "name", "aliases", "dept_code", "department", "category", "title", "duty", "sex", "hire_date",
             "status", *_PLACE, "wecom_userid", "email", "made_up", "note"),
            _DIRECTORY,
        ),
        Kind(
            "duty", "", ("date", "window", "start", "end", "staff"),
            ("date", "window", "shift", "start", "end", "staff"),
            _DUTY,
        ),
        Kind(
            "staff",
            "staff",
            ("key", "name"),
            ("key", "name", "aliases", "sex", "dept_code", "department", "category", "title", "duty", "hire_date", "status",
             "wecom_userid", "email", "made_up", "note"),
            _STAFF,
        ),
        Kind(
            "windows",
            "window",
            ("key",),
            ("key", "name", "aliases", "category", "dept_code", "department", *_PLACE, "status", "made_up", "note"),
            _WINDOW,
        ),
        Kind(
            "logistics",
            "logistics",
            ("key", "name"),
            ("key", "name", "aliases", "category", "dept_code", "department", *_PLACE, "status", "made_up", "note"),
            _LOGISTICS,
        ),
        Kind(
            "places",
            "place",
            ("key", "name"),
            ("key", "name", "aliases", "category", "dept_code", "department", *_PLACE, "status", "made_up", "note"),
            _PLACES,
        ),
        Kind(
            "departments",
            "department",
            ("name",),
            ("key", "name", "aliases", "category", *_PLACE, "status", "made_up", "note"),
            _DEPARTMENT,
            never=("姓名", "员工姓名", "职工姓名", "工号", "职工号", "窗口号"),
        ),
    )
}  # fmt: skip

POINT_KINDS = {  # what the column ``kind`` of a directory may say -> kind of service point
    "department": "department", "departments": "department", "科室": "department", "部门": "department",
    "staff": "staff", "人员": "staff", "职工": "staff", "员工": "staff", "医生": "staff", "护士": "staff",
    "window": "window", "windows": "window", "窗口": "window",
    "place": "place", "places": "place", "地点": "place", "场所": "place", "点位": "place",
    "logistics": "logistics", "后勤": "logistics", "班组": "logistics", "后勤班组": "logistics",
}  # fmt: skip

Columns = dict[int, str]  # place in the row, from 0 -> field
_SEARCHED = 20  # rows at the top in which the heading may stand


@dataclass(frozen=True)
class Heading:
    """Where the heading row is (index among the rows that are not empty) and what its columns mean."""

    index: int
    columns: Columns
    missing: tuple[str, ...]


def recognise(kind: Kind, cells: Sequence[str]) -> Columns:
    """The columns whose heading is known; when two columns say the same, the first one counts."""
    words = kind.words()
    columns: Columns = {}
    for place, cell in enumerate(cells):
        field = words.get(heading(cell))
        if field and field not in columns.values():
            columns[place] = field
    for place, cell in enumerate(cells):
        field = _INSTEAD.get(heading(cell))
        if kind.name == "staff" and field and place not in columns and field not in columns.values():
            columns[place] = field
    return columns


def find_heading(kind: Kind, rows: Sequence[Sequence[str]]) -> Heading | None:
    """The row near the top with most known headings; None when no row has any. ``missing`` names what is still needed."""
    best: Heading | None = None
    for index, cells in enumerate(rows[:_SEARCHED]):
        columns = recognise(kind, cells)
        if columns and (best is None or len(columns) > len(best.columns)):
            best = Heading(index, columns, missing(kind, columns))
    return best


def missing(kind: Kind, columns: Columns) -> tuple[str, ...]:
    return tuple(field for field in kind.needs if field not in columns.values())


def recognise_kind(rows: Sequence[Sequence[str]]) -> str | None:
    """The kind of list these rows are, by their headings; None when no kind fits, or two fit equally well."""
    seen = {heading(cell) for cells in rows[:_SEARCHED] for cell in cells}
    fits = [(kind, find_heading(kind, rows)) for kind in KINDS.values() if not seen & set(kind.never)]
    usable = [(len(found.columns), kind.name) for kind, found in fits if found and not found.missing]
    most = max((count for count, _ in usable), default=0)
    best = [name for count, name in usable if count == most]
    return best[0] if len(best) == 1 else None
