"""Questions to a person: sure or not (never yes by default), one of several, a line of text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from ccops.i18n import _
from ccops.tui.cells import safe
from ccops.tui.columns import Column, Order
from ccops.tui.listspec import ListSpec
from ccops.tui.modal import Modal
from ccops.tui.rowlist import RowList
from ccops.tui.station import Station

_BOX = """
    $NAME { align: center middle; background: $background 55%; }
    $NAME > Vertical { width: 72; max-width: 96%; height: auto; max-height: 90%; background: $surface;
        border: round $secondary; padding: 0 1; }
    $NAME.-plain > Vertical { border: ascii $secondary; }
    $NAME Static { height: auto; }
    $NAME .title { text-style: bold; }
    $NAME .hint { color: $secondary; margin-top: 1; }
    $NAME Input { margin-top: 1; background: $panel; }
    $NAME Input:nocolor { text-style: underline; }
"""


def _box(name: str) -> str:
    return _BOX.replace("$NAME", name)


@dataclass(slots=True, frozen=True)
class Choice:
    """One thing that may be chosen."""

    value: str
    label: str
    hint: str = ""
    number: int = 0


def _fields(choice: Choice) -> Mapping[str, str]:
    return {"label": choice.label, "hint": choice.hint}


_CHOICES: ListSpec[Choice] = ListSpec(
    name="choices",
    title=_("Choices"),
    columns=(
        Column("label", "", 30, lambda row, _moment: (row.label, "text"), lambda row: row.number, grow=20),
        Column("hint", "", 8, lambda row, _moment: (row.hint, "muted"), lambda row: row.number, grow=60, align="right"),
    ),
    order=Order(""),
    fields=_fields,
    tie=lambda row: row.number,
    pick=lambda _row: None,
    empty="",
    help="",
    headed=False,
)


class _Dialog:
    """What all dialogs share."""

    @staticmethod
    def text(text: str, classes: str = "") -> Static:
        """Return text that can never be markup."""
        return Static(Content(safe(text)), markup=False, classes=classes)


class Confirm(Modal[bool], _Dialog):
    """Asks whether to do something that harms; only `y` does it."""

    DEFAULT_CSS = _box("Confirm")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", _("Yes")),
        Binding("n,escape,enter,q", "answer(False)", _("No")),
    ]

    def __init__(self, title: str, lines: Sequence[str], *, plain: bool = False) -> None:
        """`title` is the question and names the target."""
        super().__init__(classes="-plain" if plain else None)
        self._title, self._text = title, lines

    def compose(self) -> ComposeResult:
        """Question, what it means, and the keys."""
        with Vertical():
            yield self.text(self._title, "title")
            for line in self._text:
                yield self.text(line)
            yield self.text(_("y  yes, do it      n, Enter, Esc  no"), "hint")

    def action_answer(self, sure: bool) -> None:
        """Leave with the answer."""
        self.dismiss(sure)


class Choose(Modal[str], _Dialog):
    """Asks for one of several; typing narrows them down."""

    DEFAULT_CSS = (
        _box("Choose")
        + """
    Choose RowList { height: auto; max-height: 18; margin-top: 1; }
    """
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", _("Cancel")),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    def __init__(self, station: Station, title: str, choices: Sequence[Choice], *, typed: str = "") -> None:
        """`typed` is the text to begin with."""
        super().__init__(classes="-plain" if station.look.ascii else None)
        self._station, self._title, self._typed = station, title, typed
        self._by_key = {
            str(index): Choice(choice.value, choice.label, choice.hint, index) for index, choice in enumerate(choices)
        }
        self._rows: RowList[Choice] = RowList(_CHOICES, lambda: station.moment)
        self._rows.can_focus = False

    def compose(self) -> ComposeResult:
        """Title, text to narrow down, the choices."""
        with Vertical():
            yield self.text(self._title, "title")
            field = Input(self._typed, placeholder=_("type to narrow down"), select_on_focus=False, compact=True)
            field.cursor_blink = False
            yield field
            yield self._rows

    def on_mount(self) -> None:
        """Show everything at first."""
        self._rows.load(self._by_key)
        self._narrow(self._typed)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow down while typing."""
        self._narrow(event.value)

    def on_input_submitted(self) -> None:
        """Enter takes the row under the cursor."""
        self._take()

    def on_row_list_opened(self, message: RowList.Opened) -> None:
        """So does a double click."""
        self._take()

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """The cursor moved; nothing else to do, and nobody above needs to know."""
        message.stop()

    def action_move(self, step: int) -> None:
        """Move the cursor while the keys stay with the text."""
        self._rows.action_move(step)

    def action_page(self, step: int) -> None:
        """Move the cursor by a page."""
        self._rows.action_page(step)

    def _narrow(self, text: str) -> None:
        self._rows.set_filter(text)
        self._rows.to_first()

    def _take(self) -> None:
        row = self._rows.row
        if row is not None:
            self.dismiss(row.value)


class Ask(Modal[str], _Dialog):
    """Asks for a line of text."""

    DEFAULT_CSS = _box("Ask") + "Ask .wrong { color: $error; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", _("Cancel"))]

    def __init__(
        self,
        title: str,
        *,
        hint: str = "",
        value: str = "",
        check: Callable[[str], str] | None = None,
        plain: bool,
        afresh: bool = False,
    ) -> None:
        """`check` returns what is wrong with a text, or nothing; `afresh`: the first key takes the place of `value`."""
        super().__init__(classes="-plain" if plain else None)
        self._afresh = afresh
        self._title, self._hint, self._value, self._check = title, hint, value, check
        self._wrong = self.text("", "wrong")

    def compose(self) -> ComposeResult:
        """Title, field, what is wrong."""
        with Vertical():
            yield self.text(self._title, "title")
            if self._hint:
                yield self.text(self._hint)
            field = Input(self._value, select_on_focus=self._afresh, compact=True)
            field.cursor_blink = False
            yield field
            yield self._wrong
            yield self.text(_("Enter  done      Esc  cancel"), "hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Leave with the text where it is right."""
        wrong = self._check(event.value) if self._check is not None else ""
        if wrong:
            self._wrong.update(Content(safe(wrong)))
            return
        self.dismiss(event.value)

    def on_paste(self, event: events.Paste) -> None:
        """A pasted line break would be a control character in an argument."""
        event.text = " ".join(event.text.split())
