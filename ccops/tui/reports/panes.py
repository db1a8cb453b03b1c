"""What stands above and below a table: facts and warnings, the chart, and what the cell of the cursor says."""

from collections.abc import Callable, Sequence

from textual import events
from textual.geometry import Size
from textual.message import Message

from ccops.i18n import _
from ccops.tui.cells import fit, safe, width_of
from ccops.tui.columns import Moment
from ccops.tui.painted import Painted
from ccops.tui.reports.ansi import line_of
from ccops.tui.reports.errands import Document
from ccops.tui.spans import Line, Span, clipped, wrapped
from ccops.tui.station import Station


class Head(Painted):
    """Facts of what is shown, the first warning, and the titles of its sections."""

    DEFAULT_CSS = """
    Head { height: auto; }
    """

    class Section(Message):
        """The title of a section was clicked."""

        def __init__(self, index: int) -> None:
            self.index = index
            super().__init__()

    def __init__(self, station: Station, state: Callable[[], Sequence[Span]]) -> None:
        """`state` says what is under way."""
        super().__init__(station)
        self._state = state
        self._document: Document | None = None
        self._shown = 0
        self._places: list[tuple[int, int, int]] = []

    @property
    def dims(self) -> bool:
        """The past does not grow old while the link is stale."""
        return False

    def show(self, document: Document | None, shown: int) -> None:
        """Tell of a document and which of its sections is shown."""
        self._document, self._shown = document, shown
        self.refresh(layout=True)
        self.restyle()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return a line of facts, one of sections where there are several, one for a warning."""
        document = self._document
        if document is None:
            return 1
        return 1 + (len(document.sheets) > 1) + bool(document.warnings)

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the lines."""
        look, document = moment.look, self._document
        lines = [clipped(self._facts(moment), width, look.glyph("ellipsis"))]
        if document is not None and document.warnings:
            text = f"  {look.glyph('warn')} {safe(document.warnings[0])}"
            more = len(document.warnings) - 1
            more_text = "  " + _("{count} more: R").format(count=more) if more else ""
            room = max(0, width - width_of(more_text))
            lines.append((*clipped(((text, "warn"),), room, look.glyph("ellipsis")), (more_text, "muted")))
        if document is not None and len(document.sheets) > 1:
            lines.append(clipped(self._tabs(document), width, look.glyph("ellipsis")))
        return lines

    def _facts(self, moment: Moment) -> Line:
        spans: list[Span] = [("  ", "text"), *self._state()]
        for title, text in self._document.facts if self._document is not None else ():
            spans += [(f"{safe(title)} ", "muted"), (f"{safe(text)}   ", "text")]
        return tuple(spans)

    def _tabs(self, document: Document) -> Line:
        spans: list[Span] = [("  ", "text")]
        x, self._places = 2, []
        for index, sheet in enumerate(document.sheets):
            text = f" {safe(sheet.title)} "
            spans += [(text, "tab-on" if index == self._shown else "tab"), (" ", "text")]
            self._places.append((x, x + width_of(text), index))
            x += width_of(text) + 1
        return tuple(spans)

    def on_click(self, event: events.Click) -> None:
        """Show the section whose title was clicked."""
        document = self._document
        if document is None or event.y != 1 + bool(document.warnings):
            return
        for start, end, index in self._places:
            if start <= event.x < end:
                self.post_message(self.Section(index))


class ChartPane(Painted):
    """The chart of a section; what does not fit is left out and said."""

    DEFAULT_CSS = """
    ChartPane { height: auto; max-height: 45%; margin-top: 1; }
    .-short ChartPane { margin-top: 0; }
    ChartPane.-none { display: none; }
    """

    def __init__(self, station: Station) -> None:
        """Nothing is drawn yet."""
        super().__init__(station)
        self._drawing: list[Line] = []

    @property
    def dims(self) -> bool:
        """The past does not grow old."""
        return False

    def show(self, drawing: Sequence[str]) -> None:
        """Show these lines."""
        self._drawing = [line_of(line) for line in drawing]
        self.set_class(not drawing, "-none")
        self.refresh(layout=True)
        self.restyle()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return as many lines as the chart has."""
        return len(self._drawing)

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the lines that fit."""
        lines: list[Line] = [clipped((("  ", "text"), *line), width, "") for line in self._drawing]
        if len(lines) > height > 1:
            left = len(lines) - height + 1
            more = fit("  " + _("{count} more lines: v").format(count=left), width)
            lines = [*lines[: height - 1], ((more, "muted"),)]
        return lines


class Foot(Painted):
    """What the cell of the cursor is: the rule of its figure, or the whole of what was cut."""

    DEFAULT_CSS = """
    Foot { height: 2; }
    """

    def __init__(self, station: Station, told: Callable[[], tuple[str, str]]) -> None:
        """`told` returns a title and a text."""
        super().__init__(station)
        self._told = told

    @property
    def dims(self) -> bool:
        """The past does not grow old."""
        return False

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the text, broken into lines."""
        title, text = self._told()
        lead = f"{safe(title)}: " if title else ""
        broken = wrapped(lead + text, max(1, width - 4))
        lines: list[Line] = []
        for index, line in enumerate(broken[:height]):
            cut = line if index + 1 < height or len(broken) <= height else line[: max(0, width - 6)] + "…"
            head = min(len(lead.rstrip()), len(cut)) if index == 0 else 0
            lines.append((("  ", "text"), (cut[:head], "muted"), (cut[head:], "text")))
        return lines


class Notice(Painted):
    """Why there is no table."""

    DEFAULT_CSS = """
    Notice { height: auto; margin: 1 0 0 0; }
    .-short Notice { margin: 0; }
    """

    def __init__(self, station: Station) -> None:
        """Nothing is told yet."""
        super().__init__(station)
        self._text: Sequence[tuple[str, str]] = ()

    @property
    def dims(self) -> bool:
        """It is about the past."""
        return False

    def show(self, texts: Sequence[tuple[str, str]]) -> None:
        """Tell these texts, each with its tone."""
        self._text = texts
        self.display = bool(texts)
        self.refresh(layout=True)
        self.restyle()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return as many lines as the texts take."""
        return sum(len(wrapped(text, max(1, width - 4))) for text, _tone in self._text)

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the texts, broken into lines."""
        return [
            (("  ", "text"), (line, tone)) for text, tone in self._text for line in wrapped(text, max(1, width - 4))
        ]
