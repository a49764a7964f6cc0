"""Charts: nothing of what they draw leaves the paper, runs into the next word or is told by the drawing alone."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain import charts
from feedback_app.domain.charts import Bar, Cell, Chart, Said, Spot, Watched
from feedback_app.domain.drawing import Box, Dot, Drawing, Line, Path, Words, cut, svg, wide

SAID = Said("满意率", "最近几周的满意率 <好> & 坏", ("周", "满意率", "区间", "说明"))
LABELS = st.text("一二三四五六七八九十0123456789-月 W<&", min_size=1, max_size=9)
VALUES = st.one_of(st.none(), st.floats(0, 100).map(lambda value: round(value, 1)))


@st.composite
def spots(draw: st.DrawFn) -> list[Spot]:
    made = []
    for label in draw(st.lists(LABELS, min_size=1, max_size=40)):
        value = draw(VALUES)
        low, high = (None, None) if value is None else (max(0.0, value - 3), min(100.0, value + 3))
        told = "" if value is None else f"{value:.1f}"
        made.append(Spot(label, value, told, low, high, draw(st.sampled_from(["", "", "", "题目改了"]))))
    return made


@st.composite
def watched(draw: st.DrawFn) -> list[Watched]:
    return [
        Watched(one.label, one.value, one.told, broken=one.broken, centre=90.0, least=80.0, most=99.0, signal=draw(st.booleans()))
        for one in draw(spots())
    ]  # fmt: skip


def inside(drawing: Drawing) -> None:
    for mark in drawing.marks:
        for x, y in places(mark):
            assert -0.6 <= x <= drawing.width + 0.6, (mark, drawing.width)
            assert -0.6 <= y <= drawing.height + 0.6, (mark, drawing.height)


def places(mark: object) -> list[tuple[float, float]]:
    if isinstance(mark, Line):
        return [(mark.x1, mark.y1), (mark.x2, mark.y2)]
    if isinstance(mark, Path):
        return list(mark.places)
    if isinstance(mark, Box):
        return [(mark.x, mark.y), (mark.x + mark.width, mark.y + mark.height)]
    assert isinstance(mark, Dot | Words)
    return [(mark.x, mark.y)]


def well_made(chart: Chart) -> None:
    for name, drawing in (("w", chart.wide), ("n", chart.narrow)):
        inside(drawing)
        root = ElementTree.fromstring(svg(drawing, name))
        title, told = root[0], root[1]
        assert (title.text, told.text) == (SAID.title, SAID.told)
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == f"{title.get('id')} {told.get('id')}"
        assert "style=" not in svg(drawing, name)


@given(spots())
def test_a_line_stays_on_its_paper_and_every_figure_stands_in_the_table(made: list[Spot]) -> None:
    chart = charts.line(SAID, made, least=0, most=100)
    well_made(chart)
    assert [(row[0], row[1]) for row in chart.table.rows] == [(one.label, one.told or "–") for one in made]
    drawn = [mark for mark in chart.wide.marks if isinstance(mark, Dot)]
    assert len(drawn) == sum(one.value is not None for one in made)


@given(watched())
def test_a_control_chart_draws_every_signal_as_a_shape_of_its_own(made: list[Watched]) -> None:
    chart = charts.control(SAID, made, least=0, most=100)
    well_made(chart)
    squares = [mark for mark in chart.narrow.marks if isinstance(mark, Dot) and mark.kind == "signal"]
    assert len(squares) == sum(one.signal and one.value is not None for one in made)
    assert [bool(row[3]) for row in chart.table.rows] == [one.signal for one in made]


@given(watched())
def test_no_line_is_drawn_over_a_gap_or_a_break(made: list[Watched]) -> None:
    chart = charts.control(SAID, made)
    joined = sum(len(mark.places) - 1 for mark in chart.wide.marks if isinstance(mark, Path))
    pairs = zip(made, made[1:], strict=False)
    assert joined == sum(a.value is not None and b.value is not None and not b.broken for a, b in pairs)


@given(st.lists(st.tuples(LABELS, VALUES), max_size=30))
def test_bars_begin_at_zero_and_are_as_long_as_their_figures(made: list[tuple[str, float | None]]) -> None:
    items = [Bar(label, value, "–" if value is None else f"{value:.1f}") for label, value in made]
    chart = charts.bars(SAID, items, most=100)
    well_made(chart)
    lengths = [mark.width for mark in chart.wide.marks if isinstance(mark, Box)]
    if lengths:
        longest = max(lengths)
        largest = max((one.value or 0) for one in items)
        for length, one in zip(lengths, items, strict=True):
            assert abs(length * largest - longest * (one.value or 0)) < 1e-6 * max(1, largest * longest)


@given(st.lists(st.tuples(LABELS, VALUES), max_size=60), st.sampled_from([0, 7, 24]))
def test_a_strip_has_a_field_for_every_cell_and_words_that_fit(
    made: list[tuple[str, float | None]], a_line: int
) -> None:
    cells = [Cell(label, value, "" if value is None else f"{value:.0f}") for label, value in made]
    chart = charts.strip(SAID, cells, a_line=a_line)
    well_made(chart)
    for drawing in (chart.wide, chart.narrow):
        boxes = [mark for mark in drawing.marks if isinstance(mark, Box)]
        assert len(boxes) == len(cells)
        assert all(wide(one.label) <= box.width + 2 for one, box in zip(cells, boxes, strict=True))


@given(spots())
def test_labels_under_the_axis_do_not_touch(made: list[Spot]) -> None:
    for drawing in (charts.line(SAID, made).wide, charts.line(SAID, made).narrow):
        under = [mark for mark in drawing.marks if isinstance(mark, Words) and mark.y == drawing.height - 12]
        edges = [(mark.x - wide(mark.text) / 2, mark.x + wide(mark.text) / 2) for mark in under]
        assert all(left[1] <= right[0] for left, right in zip(edges, edges[1:], strict=False))


def test_without_figures_there_is_no_drawing() -> None:
    for chart in (
        charts.line(SAID, []),
        charts.line(SAID, [Spot("1 月", None)]),
        charts.bars(SAID, []),
        charts.strip(SAID, []),
    ):
        assert chart.is_empty
        assert not chart.narrow.marks


def test_a_file_brings_its_colours_along() -> None:
    chart = charts.bars(SAID, [Bar("门诊", 90.0, "90.0 %")])
    assert 'fill="#3f7d9e"' in svg(chart.wide, "x", standalone=True)
    assert 'fill="#3f7d9e"' not in svg(chart.wide, "x")


@given(st.text("门诊收费A1", max_size=30), st.floats(20, 300))
def test_cut_words_fit(text: str, room: float) -> None:
    assert wide(cut(text, room)) <= max(room, wide("…"))
