"""The line in which a filter is typed; the list follows with every key."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from ccops.i18n import _


class FilterBar(Horizontal):
    """Hidden until `/`."""

    DEFAULT_CSS = """
    FilterBar { height: 1; display: none; background: $panel; }
    FilterBar Static { width: 3; padding: 0 1; }
    FilterBar Input { background: $panel; width: 1fr; }
    FilterBar.-open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(True)", show=False),
        Binding("up,down", "leave(False)", show=False),
    ]

    class Typed(Message):
        """The filter changed."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Left(Message):
        """The person is done; `cleared` where the filter goes with it."""

        def __init__(self, cleared: bool) -> None:
            self.cleared = cleared
            super().__init__()

    def compose(self) -> ComposeResult:
        """A slash and the field."""
        yield Static("/", markup=False)
        field = Input(placeholder=_("words, or state:paused queue:sales -anna"), select_on_focus=False, compact=True)
        field.cursor_blink = False
        yield field

    def open(self, text: str) -> None:
        """Take the keys, with the present filter to go on from."""
        self.add_class("-open")
        field = self.query_one(Input)
        field.value = text
        field.focus()

    def close(self) -> None:
        """Go away."""
        self.remove_class("-open")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell every change."""
        event.stop()
        if self.has_class("-open"):
            self.post_message(self.Typed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter keeps the filter."""
        event.stop()
        self.post_message(self.Left(cleared=False))

    def action_leave(self, cleared: bool) -> None:
        """Esc drops it, an arrow goes on to the list."""
        self.post_message(self.Left(cleared=cleared))
