import io
import re
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ccops.tui.tight import Pen, TightUpdate

colours = st.sampled_from([None, "red", "#10151b", "#ffffff", "color(8)"])
flags = st.sampled_from([None, True])
styles = st.builds(Style, color=colours, bgcolor=colours, bold=flags, reverse=flags, underline=flags)
texts = st.text("ab  王—", min_size=1, max_size=6)
segments = st.lists(st.tuples(texts, styles).map(lambda pair: Segment(*pair)), min_size=1, max_size=8)
_CODE = re.compile(r"\x1b\[([\d;]*)([mH])")


@dataclass(frozen=True)
class Cell:
    """What a terminal shows in one cell."""

    char: str
    front: str
    back: str
    flags: frozenset[str]

    def seen(self) -> tuple[str, ...]:
        """What a person can tell: the colour of nothing is not seen."""
        marks = self.flags & {"4", "7"}
        if self.char != " " or marks:
            return (self.char, self.front, self.back, *sorted(self.flags))
        return (self.char, self.back)


def shown(output: str) -> dict[tuple[int, int], Cell]:
    """Read what a terminal makes of the bytes: moves and colours are all that may be in them."""
    cells: dict[tuple[int, int], Cell] = {}
    x = y = 0
    front, back, flags = "39", "49", frozenset[str]()
    at = 0
    while at < len(output):
        code = _CODE.match(output, at)
        if code is None:
            cells[x, y] = Cell(output[at], front, back, flags)
            x += cell_len(output[at])
            at += 1
        else:
            at = code.end()
            if code.group(2) == "H":
                y, x = (int(part) - 1 for part in code.group(1).split(";"))
            else:
                front, back, flags = _pen(code.group(1), front, back, flags)
    return cells


def _pen(codes: str, front: str, back: str, flags: frozenset[str]) -> tuple[str, str, frozenset[str]]:
    parts = codes.split(";")
    while parts:
        part = parts.pop(0)
        if part in ("38", "48"):
            taken = 4 if parts[0] == "2" else 2
            value = ";".join([part, *parts[:taken]])
            del parts[:taken]
            front, back = (value, back) if part == "38" else (front, value)
        elif part in ("0", ""):
            front, back, flags = "39", "49", frozenset()
        elif part in ("1", "4", "7"):
            flags |= {part}
        elif part[0] in "39" and len(part) == 2:
            front = part
        else:
            back = part
    return front, back, flags


@given(segments)
def test_the_short_form_looks_the_same(pieces: list[Segment]) -> None:
    pen = Pen(ColorSystem.TRUECOLOR)
    pen.move(0, 0)
    pen.draw(pieces)
    long = Strip(pieces).render(Console(file=io.StringIO(), color_system="truecolor", force_terminal=True))
    short = pen.done()
    assert {place: cell.seen() for place, cell in shown(short).items()} == {
        place: cell.seen() for place, cell in shown(long).items()
    }
    assert len(short) <= len(long) + len("\x1b[1;1H")


@given(segments, st.integers(0, 30), st.integers(1, 30))
def test_a_span_is_cut_at_both_ends(pieces: list[Segment], first: int, width: int) -> None:
    strip = Strip(pieces)
    last = min(first + width, strip.cell_length)
    update = TightUpdate([{0: strip}], [(0, first, last)], [[strip.cell_length]])
    console = Console(file=io.StringIO(), color_system="truecolor", force_terminal=True)
    cells = shown(update.render_segments(console))
    assert all(first <= x < last for x, _ in cells)
    covered = sum(cell_len(cell.char) for cell in cells.values())
    assert covered == max(0, last - first)


def test_nothing_stays_switched_on() -> None:
    pen = Pen(ColorSystem.TRUECOLOR)
    pen.draw([Segment("x", Style(bold=True, color="red"))])
    assert pen.done().endswith("\x1b[0m")
