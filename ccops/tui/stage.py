"""Where screens stand: one is seen; details are put on top of it and taken off again."""

import time

from textual import events
from textual.containers import Container
from textual.message import Message

from ccops.tui.feed import Frame
from ccops.tui.modal import forget_drawing
from ccops.tui.screens import SCREENS, make_detail, make_screen, screen_line
from ccops.tui.station import Station
from ccops.tui.view import View


class Stage(Container):
    """Holds the screens that were opened and the trail of details on the present one."""

    DEFAULT_CSS = """
    Stage { height: 1fr; width: 1fr; }
    """

    class Pressed(Message):
        """A key was pressed on what is seen; `key` is its character, perhaps an action's, or nothing."""

        def __init__(self, key: str) -> None:
            self.key = key
            self.at = time.monotonic()
            super().__init__()

    def __init__(self, station: Station) -> None:
        """Nothing is shown until `show`."""
        super().__init__(id="stage")
        self._station = station
        self._roots: dict[str, View] = {}
        self._trail: list[View] = []
        self._kept: dict[str, list[View]] = {}
        """Trails that wait until somebody comes back to their screen."""
        self.shown = SCREENS[0].name

    @property
    def view(self) -> View | None:
        """What is seen."""
        return self._trail[-1] if self._trail else None

    @property
    def crumbs(self) -> list[str]:
        """Titles from the screen to the detail."""
        return [view.title for view in self._trail]

    @property
    def deep(self) -> bool:
        """True on a detail."""
        return len(self._trail) > 1

    async def show(self, name: str) -> None:
        """Show a screen; details on the present one are left, or wait where the screen says so."""
        line = screen_line(name)
        if line is None:
            return
        await self._leave(name)
        if name not in self._roots:
            self._roots[name] = make_screen(line, self._station)
            await self.mount(self._roots[name])
        self.shown, self._trail = name, [self._roots[name], *self._kept.pop(name, [])]
        self._reveal()

    async def _leave(self, name: str) -> None:
        """Leave the trail for another screen; for the same one, go back to its beginning."""
        if name != self.shown and self._trail and self._trail[0].STAYS:
            self._kept[self.shown] = self._trail[1:]
        else:
            await self._drop(self._trail[1:])

    async def open(self, topic: str, key: str) -> bool:
        """Put a detail on top; False where that kind of row has none."""
        detail = make_detail(topic, key, self._station)  # type: ignore[arg-type]
        if detail is None:
            return False
        await self.push(detail)
        return True

    async def push(self, view: View) -> None:
        """Put something on top of what is seen."""
        self._trail.append(view)
        await self.mount(view)
        self._reveal()

    async def on_view_into(self, message: View.Into) -> None:
        """What is seen leads deeper."""
        await self.push(message.view)

    async def back(self) -> bool:
        """Leave the detail on top; False where there is none."""
        if not self.deep:
            return False
        gone = self._trail.pop()
        self._reveal()
        await self._drop([gone])
        return True

    def at_stake(self) -> tuple[str, str]:
        """Return what leaving the console would lose on any screen, seen or not, as a question and a way out."""
        return next((found for view in self.query_children(View) if (found := view.at_stake())[0]), ("", ""))

    def frame(self, frame: Frame) -> None:
        """Let what is seen take a frame in; what is hidden loads when it is shown again."""
        if self.view is not None:
            self.view.frame(frame)

    def restyle(self) -> None:
        """Draw what is seen again."""
        if self.view is not None:
            self.view.restyle()

    def on_key(self, event: events.Key) -> None:
        """Tell about every key before anything else takes it."""
        self.post_message(self.Pressed(event.character or "" if event.is_printable else ""))

    async def _drop(self, views: list[View]) -> None:
        for view in views:
            view.display = False
            forget_drawing(view)
            await view.remove()

    def _reveal(self) -> None:
        for view in self.query_children(View):
            view.display = view is self.view
        if self.view is not None:
            self.view.restyle()
            self.view.focus_first()
