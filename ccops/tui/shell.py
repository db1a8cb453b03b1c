"""The console's shell: terminal, colours, sizes, signals and faults; what is shown in it is the app's business."""

import asyncio
from collections.abc import Callable, Sequence

from textual import events
from textual.app import App
from textual.filter import LineFilter

from ccops.errors import ExitCode
from ccops.settings.secret import Secret
from ccops.tui.crash import keep_crash
from ccops.tui.look import Look
from ccops.tui.outputs import NoColours, PlainCharacters
from ccops.tui.sizes import size_classes
from ccops.tui.terminal import ConsoleDriver, catch_signals
from ccops.tui.themes import PALETTES, textual_theme
from ccops.tui.tight import ConsoleScreen


class Shell(App[int]):
    """An app that leaves the terminal clean and ends with an exit code."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, look: Look) -> None:
        """`look` is what it starts with."""
        self._last_step: list[LineFilter] = []
        super().__init__(driver_class=ConsoleDriver)
        self.crash = ""
        """What to say of a fault of our own, once the terminal is back."""
        self.secrets: Callable[[], Sequence[Secret]] = tuple
        """What must not stand in that."""
        self.animation_level = "none"
        for palette in PALETTES.values():
            self.register_theme(textual_theme(palette))
        self.wear(look)

    def wear(self, look: Look) -> None:
        """Take on a look."""
        filters: list[LineFilter] = [NoColours()] if look.no_color else []
        self._last_step = [*filters, PlainCharacters(letters=look.letters)] if look.ascii else filters
        self.theme = look.palette.name

    def get_default_screen(self) -> ConsoleScreen:
        """Return the screen under everything."""
        return ConsoleScreen()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what the last step before the terminal changes: colours refused, plain characters."""
        return self._last_step

    def on_resize(self, event: events.Resize) -> None:
        """Choose what fits."""
        self.fit(event.size.width, event.size.height)

    def fit(self, width: int, height: int) -> None:
        """Set the size classes that the styles refer to."""
        self.update_classes(size_classes(width, height))

    @property
    def driver_in_use(self) -> object:
        """The driver that talks to the terminal."""
        return self._driver

    def keeps_up(self) -> bool:
        """Return whether the terminal reads as fast as we draw."""
        driver = self._driver
        return not isinstance(driver, ConsoleDriver) or driver.keeps_up

    def action_redraw(self) -> None:
        """Draw the whole screen again: something else has written on it."""
        self.screen.refresh()

    def heed_signals(self) -> None:
        """Leave in order when told to from outside; draw again after a sleep."""
        self.app_resume_signal.subscribe(self, lambda _app: self.action_redraw())
        if not self.is_headless:
            catch_signals(asyncio.get_running_loop(), self.leave)

    def leave(self, code: int) -> None:
        """End with that exit code."""
        self.exit(code, code)

    def _handle_exception(self, error: Exception) -> None:
        """Leave with a short line instead of pages of variables; tests get the error itself."""
        if self.is_headless:
            super()._handle_exception(error)
        elif not self.crash:
            self._return_code, self.crash = int(ExitCode.FAILED), keep_crash(error, secrets=self.secrets())
            self._close_messages_no_wait()
