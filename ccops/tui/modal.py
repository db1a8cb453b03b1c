"""Base of everything that stands over the screen and waits for a key."""

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

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
        return super().dismiss(result)
