"""Base of everything that stands over the screen and waits for a key."""

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen
from textual.widget import Widget

Answer = TypeVar("Answer")


class Modal(ModalScreen[Answer]):
    """A dialog that can be left once.

    Textual takes off whatever is on top when a dialog is left, so that a key which arrives twice in a hurry would
    take off the screen below, or the next question before it was read.
    """

    _left = False

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Leave with an answer; only the dialog on top, and only the first time."""
        if self._left or self.app.screen is not self:
            return AwaitComplete()
        self._left = True
        gone = super().dismiss(result)
        forget_drawing(self)
        return gone


def forget_drawing(gone: Widget) -> None:
    """Let go of what was drawn by widgets that are about to be removed.

    Textual's drawing caches stay referenced from a function cache for a thousand widgets: on a console that is
    open all day that would be tens of megabytes of old screens.
    """
    for widget in gone.walk_children(Widget, with_self=True):
        widget.refresh()
        if widget.show_vertical_scrollbar:
            widget.vertical_scrollbar.refresh()
