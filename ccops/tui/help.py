"""Help for where one is: what this list says, its keys, the actions on the selected row, and the columns."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from ccops.i18n import _
from ccops.tui.actions import Offer
from ccops.tui.cells import fit, safe
from ccops.tui.look import Look
from ccops.tui.modal import Modal
from ccops.tui.rowlist import RowList
from ccops.tui.screens import SCREENS
from ccops.tui.words import STATE_ORDER, state_word

_KEY = 14
LIST_KEYS: tuple[tuple[str, str], ...] = (
    ("arrows PgUp PgDn", _("move; Home and End go to the edges")),
    ("Enter", _("details of the row; Esc goes back")),
    ("/", _("filter while typing: words, state:paused, queue:sales, -word")),
    ("s  S", _("sort by a column, turn the order round; or click a title")),
    ("< >", _("sort by the column beside")),
    ("z", _("group the list")),
    ("m  Insert", _("mark the row; actions then go to all marked ones")),
    ("ctrl+a", _("mark all, or none")),
    ("c  C", _("copy the row, copy the cell of the sorted column")),
    ("E", _("write what is listed to a file, .csv or .md")),
    ("Tab", _("next list on the screen")),
)
GLOBAL_KEYS: tuple[tuple[str, str], ...] = (
    ("1-6", ", ".join(f"{line.key} {line.title}" for line in SCREENS)),
    ("space", _("freeze what is shown; the centre goes on behind it")),
    ("a", _("go to what needs attention, one after the other")),
    ("A", _("alerts: what needs attention as a list; k takes one, n lets it rest")),
    ("d", _("today's report about the queue or agent that is selected")),
    ("ctrl+p", _("palette: everything that can be done now, by name")),
    ("ctrl+w", _("wall: large figures for a big screen")),
    ("?", _("this help")),
    ("ctrl+l", _("draw the screen again")),
    ("Esc", _("back; takes filter and marks off first")),
    ("q", _("quit")),
)


class Help(Modal[None]):
    """One scrolling text."""

    DEFAULT_CSS = """
    Help { align: center middle; background: $background 55%; }
    Help VerticalScroll { width: 84; max-width: 96%; height: auto; max-height: 92%; background: $surface;
        border: round $secondary; padding: 0 1; scrollbar-size-vertical: 1; }
    Help.-plain VerticalScroll { border: ascii $secondary; }
    Help Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss(None)", _("Close")),
    ]

    def __init__(self, text: Content, look: Look) -> None:
        """`text` is what is read."""
        super().__init__(classes="-plain" if look.ascii else None)
        self._text = text

    def compose(self) -> ComposeResult:
        """The text."""
        with VerticalScroll():
            yield Static(self._text, markup=False)


def help_text(
    title: str,
    rows: RowList[Any] | None,
    offers: Sequence[Offer],
    look: Look,
    keys: Sequence[tuple[str, str]] = (),
) -> Content:
    """Return the help as text; nothing of it is read as markup. `keys` are those that only this screen has."""
    parts = [section(title, [])]
    if rows is not None:
        full = title if title == rows.spec.title else f"{title} – {rows.spec.title}"
        parts = [section(full, []), Content(rows.spec.help + "\n")]
    if offers:
        keyed = [(offer.key or "ctrl+p", f"{offer.action.title}: {offer.action.help}") for offer in offers]
        parts.append(section(_("On {target}").format(target=offers[0].named), keyed))
    if keys:
        parts.append(section(_("This screen"), keys))
    if rows is not None:
        parts.append(section(_("List"), LIST_KEYS))
    parts.append(section(_("Everywhere"), GLOBAL_KEYS))
    if rows is not None:
        columns = [(column.title or column.key, column.help) for column in rows.spec.columns if column.help]
        parts.append(section(_("Columns"), columns))
    states = [(f"{look.glyph(state.value)} {state_word(state)}", "") for state in STATE_ORDER]
    marks = [(look.glyph("warn"), _("past its limit")), (look.glyph("crit"), _("far past it"))]
    parts.append(section(_("Marks"), [*states, *marks]))
    return Content("\n").join(parts)


def section(title: str, lines: Sequence[tuple[str, str]]) -> Content:
    """Return a heading and its lines of key and text."""
    return Content("").join(_pieces(title, lines))


def _pieces(title: str, lines: Sequence[tuple[str, str]]) -> Iterator[Content]:
    yield Content.styled(safe(title), "bold")
    for key, text in lines:
        lead = fit(key, max(_KEY, len(key)))
        yield Content("\n  ")
        yield Content.styled(lead, "$accent")
        yield Content(f"  {safe(text)}")
    yield Content("\n")
