import io

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ccops.tui.tight import Pen, TightUpdate
from tests.tui_screen import shown

colours = st.sampled_from([None, "red", "#10151b", "#ffffff", "color(8)"])
flags = st.sampled_from([None, True])
styles = st.builds(Style, color=colours, bgcolor=colours, bold=flags, reverse=flags, underline=flags)
texts = st.text("ab  王—", min_size=1, max_size=6)
segments = st.lists(st.tuples(texts, styles).map(lambda pair: Segment(*pair)), min_size=1, max_size=8)


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
