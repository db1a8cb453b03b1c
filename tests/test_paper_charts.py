"""Charts as shapes: inside their frame, true to their values; and the same on a terminal."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.reports.figures import Unit
from ccops.reports.paper.charts.draw import drawn
from ccops.reports.paper.charts.scale import scale_of, thinned
from ccops.reports.paper.charts.shapes import Dot, Drawing, Line, Path, Rect, Text, fitted, text_width
from ccops.reports.paper.model import Chart, Column, Section
from ccops.reports.paper.palette import DARK, LIGHT
from ccops.reports.paper.termcharts import chart_lines
from ccops.reports.paper.terminal import Look
from ccops.reports.paper.values import Writing
from tests import paper_samples as samples

WRITING = Writing(samples.BERLIN)
VALUES = st.lists(st.one_of(st.none(), st.floats(0, 1e6), st.integers(0, 10**7)), min_size=1, max_size=60)
KINDS = st.sampled_from([Unit.COUNT, Unit.SECONDS, Unit.RATE, "number"])


def section(values: Sequence[float | None], kind: str = Unit.COUNT, x: str = "day", chart: str = "bars") -> Section:
    """Return a section of one figure with a chart."""
    names = [date.fromordinal(739_000 + i) if x == "day" else f"name {i}" for i in range(len(values))]
    rows = [{"x": name, "y": value} for name, value in zip(names, values, strict=True)]
    columns = [Column("x", "X", x), Column("y", "Y", kind)]  # type: ignore[arg-type]
    return Section("s", "S", columns, rows, chart=Chart(chart, "x", ("y",)))  # type: ignore[arg-type]


def must_draw(made: Section, width: float = 500) -> Drawing:
    drawing = drawn(made, WRITING, width)
    assert drawing is not None
    return drawing


def bars(drawing: Drawing) -> list[Rect]:
    return [shape for shape in drawing.shapes if isinstance(shape, Rect) and shape.ink == "series0" and shape.tip]


def assert_inside(drawing: Drawing) -> None:
    for shape in drawing.shapes:
        if isinstance(shape, Rect):
            places = [(shape.x, shape.y), (shape.x + shape.width, shape.y + shape.height)]
        elif isinstance(shape, Line):
            places = [(shape.x1, shape.y1), (shape.x2, shape.y2)]
        elif isinstance(shape, Path):
            places = list(shape.points)
        elif isinstance(shape, Dot):
            places = [(shape.x, shape.y)]
        else:
            places = [(shape.x, shape.y)]
        for x, y in places:
            assert -0.5 <= x <= drawing.width + 0.5, shape
            assert -0.5 <= y <= drawing.height + 0.5, shape


@given(VALUES, KINDS, st.sampled_from(["bars", "lines", "histogram"]))
def test_charts_along_an_axis_stay_in_their_frame(values: list[float | None], kind: str, chart: str) -> None:
    drawing = drawn(section(values, kind, chart=chart), WRITING, 500)
    if all(value is None for value in values):
        assert drawing is None
    else:
        assert drawing is not None
        assert_inside(drawing)


@given(VALUES, KINDS, st.sampled_from(["bars", "share"]))
def test_charts_beside_names_stay_in_their_frame(values: list[float | None], kind: str, chart: str) -> None:
    drawing = drawn(section(values, kind, "text", chart), WRITING, 500, tallest=400)
    if drawing is not None:
        assert_inside(drawing)
        assert drawing.height <= 400


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=30).filter(any))
def test_bars_are_as_high_as_their_values(values: list[int]) -> None:
    heights = [bar.height for bar in bars(must_draw(section(values)))]
    unit = max(heights) / max(values)
    assert heights == pytest.approx([value * unit for value in values], abs=1e-6)


def test_bars_beside_names_are_as_wide_as_their_values() -> None:
    widths = [bar.width for bar in bars(must_draw(section([10, 20, 0], x="text")))]
    assert widths == pytest.approx([widths[1] / 2, widths[1], 0])


def test_shares_are_parts_of_the_whole() -> None:
    told = [shape.tip for shape in bars(must_draw(samples.causes()))]
    assert told == ["abandoned: 75.0%", "timed out: 25.0%"]


def test_a_line_is_broken_where_a_value_is_unknown() -> None:
    paths = [shape for shape in must_draw(samples.days()).shapes if isinstance(shape, Path) and shape.ink == "series0"]
    assert [len(path.points) for path in paths] == [4, 5]


def test_a_goal_is_drawn_where_its_value_lies() -> None:
    drawing = must_draw(replace(section([0.0, 1.0], Unit.RATE), chart=Chart("bars", "x", ("y",), goal=0.5)))
    goal = next(shape for shape in drawing.shapes if isinstance(shape, Line) and shape.ink == "goal")
    full = max(bars(drawing), key=lambda bar: bar.height)
    assert goal.y1 == pytest.approx(full.y + full.height / 2)


def test_stacked_bars_stand_on_each_other() -> None:
    columns = [Column("x", "X", "day"), Column("a", "A", Unit.COUNT), Column("b", "B", Unit.COUNT)]
    rows = [{"x": samples.FIRST, "a": 30, "b": 10}]
    made = Section("s", "S", columns, rows, chart=Chart("bars", "x", ("a", "b"), stacked=True))
    lower, upper = [shape for shape in must_draw(made).shapes if isinstance(shape, Rect) and shape.tip]
    assert upper.y + upper.height == pytest.approx(lower.y)
    assert lower.height == pytest.approx(3 * upper.height)


def test_a_heat_map_has_a_cell_for_every_value_in_natural_order() -> None:
    drawing = must_draw(samples.heat())
    told = [shape.tip for shape in drawing.shapes if isinstance(shape, Rect) and shape.tip]
    assert told[0] == "Mon, 09:00: 9"
    assert told[-1] == "Sun, 11:00: 77"
    assert len(told) == 8
    assert sum(isinstance(shape, Rect) and shape.ink == "empty" for shape in drawing.shapes) == 1


def test_a_year_of_half_hours_is_drawn_with_its_peaks() -> None:
    values = [float(index % 40) for index in range(17_520)]
    values[9_999] = 5000.0
    drawing = must_draw(section(values, chart="lines"))
    points = [point for shape in drawing.shapes if isinstance(shape, Path) for point in shape.points]
    assert len(points) <= 1600
    # The peak stands alone far above the rest.
    assert sum(y < drawing.height / 2 for _x, y in points) == 1


def test_rows_that_are_not_drawn_are_counted() -> None:
    drawing = must_draw(section([1] * 70, x="text"))
    assert "… 30 more in the table" in [shape.text for shape in drawing.shapes if isinstance(shape, Text)]


def test_there_is_no_chart_of_nothing() -> None:
    assert drawn(section([None, None]), WRITING, 500) is None
    assert drawn(replace(samples.heat(), rows=()), WRITING, 500) is None


def test_every_colour_is_known_to_both_palettes() -> None:
    assert LIGHT.keys() == DARK.keys()
    for made in samples.paper().sections:
        drawing = drawn(made, WRITING, 500)
        inks = {shape.ink for shape in drawing.shapes} if drawing else set()
        assert inks <= LIGHT.keys()


@given(VALUES, KINDS, st.one_of(st.none(), st.floats(0, 1e6)))
def test_a_scale_reaches_all_values_in_even_steps(values: list[float | None], kind: str, goal: float | None) -> None:
    scale = scale_of(values, kind, goal=goal)
    assert scale.low <= 0 < scale.high
    assert all(scale.low <= value <= scale.high * (1 + 1e-9) for value in (*values, goal) if value is not None)
    steps = [b - a for a, b in zip(scale.ticks, scale.ticks[1:], strict=False)]
    assert 1 <= len(steps) <= 10
    assert steps == pytest.approx([steps[0]] * len(steps))
    if kind == Unit.COUNT:
        assert all(float(tick).is_integer() for tick in scale.ticks)


@given(st.lists(st.floats(1, 80), min_size=1, max_size=200), st.floats(50, 800))
def test_thinned_labels_do_not_touch(widths: list[float], room: float) -> None:
    every = thinned(widths, room, 4)
    assert every * room / len(widths) >= max(widths) + 4 - 1e-6


@given(st.text(max_size=40), st.floats(1, 200))
def test_fitted_text_fits(text: str, width: float) -> None:
    found = fitted(text, 8, width)
    assert found == text or found == "…" or text_width(found, 8) <= width


@pytest.mark.parametrize("width", [30, 80, 200])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_charts_on_a_terminal_keep_to_its_width(width: int, ascii_only: bool) -> None:
    from rich.cells import cell_len

    for made in samples.paper(samples.agents(60)).sections + samples.paper().sections:  # type: ignore[operator]
        if made.chart is None:
            continue
        lines = chart_lines(made, made.chart, WRITING, Look(width, ascii_only=ascii_only))
        assert len(lines) > 1
        assert all(cell_len(line) <= width for line in lines)
        assert not any("\x1b" in line for line in lines)


def test_bars_on_a_terminal_are_as_long_as_their_values() -> None:
    made = section([40, 20, 10, 0], x="text")
    assert made.chart is not None
    lines = chart_lines(made, made.chart, WRITING, Look(60, ascii_only=True))
    assert [line.count("#") for line in lines[1:]] == [50, 25, 12, 0]
    blocks = chart_lines(made, made.chart, WRITING, Look(60))
    assert [line.count("█") for line in blocks[1:]] == [50, 25, 12, 0]
    assert "▌" in blocks[3]


def test_columns_on_a_terminal_rise_with_their_values() -> None:
    made = section([0, 1, 2, 3])
    assert made.chart is not None
    lines = chart_lines(made, made.chart, WRITING, Look(60))[1:-1]
    columns = list(zip(*(re.sub(r"^ *\d* ", "", line[3:]) or line for line in lines), strict=False))
    assert lines
    assert columns
    full = [sum(line[-slot:].startswith("█") for line in lines) for slot in (24, 18, 12, 6)]
    assert full == sorted(full)


def test_a_heat_map_on_a_terminal_has_values_where_they_fit_and_shades_where_not() -> None:
    made = samples.heat()
    assert made.chart is not None
    wide = chart_lines(made, made.chart, WRITING, Look(60))
    assert [line.split() for line in wide[2:]] == [["Mon", "9", "10", "11"], ["Tue", "18", "20", "22"],
                                                   ["Sun", "63", "77"]]  # fmt: skip
    narrow = chart_lines(made, made.chart, WRITING, Look(9))
    assert any("█" in line for line in narrow)
    assert "\x1b[48;5;" in chart_lines(made, made.chart, WRITING, Look(60, colour=True))[2]
