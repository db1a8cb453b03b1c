"""The whole PDF: cover line, headline, sections, rules, running head and page numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.reports.paper.about import Fact, empty_text, facts, rules, warnings
from ccops.reports.paper.charts.draw import drawn
from ccops.reports.paper.charts.heat import says_all
from ccops.reports.paper.headline import Tile, headline
from ccops.reports.paper.model import Paper, Section
from ccops.reports.paper.pdf.flow import BOTTOM, SIDE, SIZES, Flow
from ccops.reports.paper.pdf.fonts import cut, width, wrapped
from ccops.reports.paper.pdf.pen import Pen
from ccops.reports.paper.pdf.table import natural, place, tables
from ccops.reports.paper.values import NARROW_SPACE, Writing, local

_NOTE: Final = 8.5
_RULE: Final = 7.5
_WIDEST_TILE: Final = 150.0
_LEAST_CHART: Final = 150.0
"""A chart fits itself to what is left on a page where that is at least so high."""
_CHART_HEIGHT: Final = 170.0
_WIDEST_CHART: Final = 770.0
_HEADING: Final = 20.0
_SHORT: Final = 8
"""Tables of up to this many rows stay with their chart."""
_SHORT_TABLE: Final = 190.0
"""About what such a table needs."""


def pdf(paper: Paper, *, size: str = "A4") -> bytes:
    """Return a paper as PDF; `size` is a name of `SIZES`. A page lies on its side where a table needs it."""
    import io

    from reportlab import rl_config
    from reportlab.pdfgen.canvas import Canvas

    rl_config.useA85 = 0  # text armour that no reader has needed for decades: a quarter larger, and slow
    writing = Writing(paper.zone, grouping=NARROW_SPACE)
    flow = _laid_out(paper, writing, size)
    out = io.BytesIO()
    canvas = Canvas(out, (flow.width, flow.height), pageCompression=1, invariant=1, lang="en")
    _about_the_file(canvas, paper)
    for number, draws in enumerate(flow.pages, 1):
        pen = Pen(canvas, flow.height)
        for draw in draws:
            draw(pen)
        _around(pen, flow, paper, number)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _about_the_file(canvas: Any, paper: Paper) -> None:
    made = local(round(paper.generated_at), paper.zone)
    offset = f"{made:%z}"
    stamp = f"D:{made:%Y%m%d%H%M%S}{offset[:3]}'{offset[3:5]}'"
    canvas.setDateFormatter(lambda *_now: stamp)
    canvas.setTitle(f"{clean(paper.title)} · {clean(paper.site)}")
    canvas.setAuthor(clean(paper.site))
    canvas.setSubject(next((fact.text for fact in facts(paper) if fact.key == "period"), ""))
    canvas.setCreator("ccops")
    canvas.setProducer("ccops")
    canvas.showOutline()


def _laid_out(paper: Paper, writing: Writing, size: str) -> Flow:
    short, long = SIZES[size]
    lies = any(natural(section, writing) > short - 2 * SIDE for section in paper.sections)
    flow = Flow(long, short) if lies else Flow(short, long)
    _cover(flow, paper, writing)
    for section in paper.in_reading_order if not paper.empty else ():
        _section(flow, section, writing)
    _rules(flow, paper)
    return flow


def _cover(flow: Flow, paper: Paper, writing: Writing) -> None:
    found = facts(paper)
    period = next((fact.text for fact in found if fact.key == "period"), "")
    _put_line(flow, clean(paper.site), 10, 14, ink="accent", bold=True)
    _put_line(flow, clean(paper.title), 22, 30, bold=True)
    if period:
        _put_line(flow, period, 12, 18)
    flow.skip(4)
    _Facts([fact for fact in found if fact.key not in ("site", "period")], flow.room, _NOTE).put(flow)
    for warning in warnings(paper):
        _warning(flow, warning)
    if paper.empty:
        _put_box(flow, empty_text(paper))
    else:
        _tiles(flow, headline(paper, writing))


def _put_line(flow: Flow, text: str, size: float, high: float, **style: Any) -> None:
    y, shown = flow.y, cut(text, size, flow.room, bold=bool(style.get("bold")))
    flow.put(high, lambda pen: pen.text(SIDE, y + size, shown, size, **style))


@dataclass(slots=True)
class _Facts:
    """Names and values below each other, values in one column."""

    found: list[Fact]
    room: float
    size: float
    x: float = SIDE

    @property
    def pitch(self) -> float:
        """Height of a line."""
        return self.size * 1.4

    @property
    def names(self) -> float:
        """Width of the column of names."""
        widest = max(width(clean(fact.title), self.size) for fact in self.found)
        return min(widest + 12, self.room * 0.35)

    def lines(self) -> list[tuple[str, list[str]]]:
        """Return each name with the lines of its value."""
        room = self.room - self.names
        return [(clean(fact.title), wrapped(clean(fact.text), self.size, room, most=6)) for fact in self.found]

    def height(self) -> float:
        """Return the height of all of it."""
        return self.pitch * sum(len(lines) for _title, lines in self.lines())

    def put(self, flow: Flow) -> None:
        """Place it."""
        for title, lines in self.lines():
            high = len(lines) * self.pitch
            flow.need(high)
            flow.put(high, self._drawn(flow.y, title, lines))
        flow.skip(4)

    def _drawn(self, y: float, title: str, lines: list[str]) -> Callable[[Pen], None]:
        def draw(pen: Pen) -> None:
            pen.text(self.x, y + self.size, cut(title, self.size, self.names - 4), self.size, ink="muted")
            for number, line in enumerate(lines):
                pen.text(self.x + self.names, y + self.size + number * self.pitch, line, self.size)

        return draw


def _warning(flow: Flow, text: str) -> None:
    lines = wrapped(text, 9, flow.room - 24, most=6)
    high = len(lines) * 12 + 8
    flow.need(high)
    y = flow.y

    def draw(pen: Pen) -> None:
        pen.rect(SIDE, y, flow.room, high, "warnpaper")
        pen.rect(SIDE, y, 3, high, "warn")
        for number, line in enumerate(lines):
            pen.text(SIDE + 12, y + 13 + number * 12, line, 9, ink="warn")

    flow.put(high + 4, draw)


def _put_box(flow: Flow, text: str) -> None:
    flow.skip(10)
    y = flow.y

    def draw(pen: Pen) -> None:
        pen.rect(SIDE, y, flow.room, 64, "band", radius=4)
        pen.text(SIDE + flow.room / 2, y + 36, cut(text, 11, flow.room - 20), 11, ink="muted", anchor="middle")

    flow.put(70, draw)


def _tiles(flow: Flow, tiles: list[Tile]) -> None:
    if not tiles:
        return
    flow.skip(6)
    y, gap = flow.y, 8.0
    wide = min(_WIDEST_TILE, (flow.room - gap * (len(tiles) - 1)) / len(tiles))
    titles = [wrapped(tile.title, 8, wide - 16, most=2) for tile in tiles]
    head = 10.0 * max(map(len, titles))
    high = head + (42.0 if any(tile.change for tile in tiles) else 30.0)

    def draw(pen: Pen) -> None:
        for number, (tile, title) in enumerate(zip(tiles, titles, strict=True)):
            x = SIDE + number * (wide + gap)
            pen.rect(x, y, wide, high, "band", radius=4)
            for line, text in enumerate(title):
                pen.text(x + 8, y + 13 + 10 * line, text, 8, ink="muted")
            _tile(pen, tile, x + 8, y + head, wide - 16)

    flow.put(high + 6, draw)


def _tile(pen: Pen, tile: Tile, x: float, y: float, room: float) -> None:
    pen.text(x, y + 21, cut(tile.value, 16, room, bold=True), 16, bold=True)
    if tile.change:
        pen.text(x, y + 34, tile.change, 7.5, ink=tile.tone or "muted")
        before = " · " + _("before {value}").format(value=tile.before)
        left = x + width(tile.change, 7.5)
        pen.text(left, y + 34, cut(before, 7.5, x + room + 4 - left), 7.5, ink="muted")


def _section(flow: Flow, section: Section, writing: Writing) -> None:
    wide = min(flow.room, _WIDEST_CHART)
    note = wrapped(clean(section.note), _NOTE, flow.room, most=8) if section.note else []
    short = len(section.rows) <= _SHORT
    left = flow.left - 16 - _HEADING - len(note) * 12 - 14 - (_SHORT_TABLE if short else 0)
    tallest = left if left >= _LEAST_CHART else flow.whole - 60
    drawing = drawn(section, writing, wide, min(_CHART_HEIGHT, tallest), tallest=tallest)
    chart = section.chart
    panels = (
        [] if drawing and chart and says_all(section, chart, writing, wide) else tables(section, writing, flow.room)
    )
    high = _HEADING + len(note) * 12 + (drawing.height + 10 if drawing else 0)
    flow.skip(16)
    flow.need(high + (panels[0].least_height(whole=_SHORT) if panels and (short or drawing is None) else 0))
    _heading(flow, section)
    for line in note:
        _put_line(flow, line, _NOTE, 12, ink="muted")
    if not section.rows:
        _put_line(flow, _("No rows."), 9, 16, ink="muted")
        return
    if drawing is not None:
        shown, y = drawing, flow.y + 4
        flow.put(drawing.height + 10, lambda pen: pen.drawing(shown, SIDE, y))
    for number, table in enumerate(panels):
        flow.skip(10 if number else 0)
        place(flow, table)


def _heading(flow: Flow, section: Section) -> None:
    y, title = flow.y, cut(clean(section.title), 13, flow.room, bold=True)

    def draw(pen: Pen) -> None:
        pen.mark(section.name, title, y - 4)
        pen.text(SIDE, y + 13, title, 13, bold=True)

    flow.put(_HEADING, draw)


def _rules(flow: Flow, paper: Paper) -> None:
    found = rules(paper)
    if not found:
        return
    gap, half = 24.0, (len(found) + 1) // 2
    wide = (flow.room - gap) / 2
    columns = [_Facts(found[:half], wide, _RULE), _Facts(found[half:], wide, _RULE, SIDE + wide + gap)]
    high = max(column.height() for column in columns if column.found)
    if len(found) < 4 or 30 + high > flow.whole:
        columns = [_Facts(found, flow.room, _RULE)]
        high = columns[0].height()
    flow.skip(16)
    flow.need(min(30 + high, flow.whole))  # together, where a page holds them
    _put_line(flow, _("How the figures are worked out"), 11, 17, bold=True)
    top = flow.y
    for column in columns:
        if len(columns) > 1:
            flow.y = top
        column.put(flow)


def _around(pen: Pen, flow: Flow, paper: Paper, number: int) -> None:
    known = {fact.key: fact.text for fact in facts(paper)}
    right, base = flow.width - SIDE, flow.height - BOTTOM + 22
    page = _("page {number} of {count}").format(number=number, count=len(flow.pages))
    made = _("{title}: {when} · {zone} · filter: {filter}").format(
        title=_("Generated"), when=known["generated_at"], zone=known["zone"], filter=known["filter"]
    )
    pen.line(SIDE, base - 12, right, base - 12, "grid")
    pen.text(SIDE, base, cut(made, 7.5, flow.room - 90), 7.5, ink="muted")
    pen.text(right, base, page, 7.5, ink="muted", anchor="end")
    if number == 1:
        pen.rect(0, 0, flow.width, 5, "accent")
        return
    head = " · ".join(text for text in (clean(paper.title), known["site"], known.get("period", "")) if text)
    pen.text(SIDE, 30, cut(head, 8, flow.room), 8, ink="muted")
    pen.line(SIDE, 36, right, 36, "grid")
