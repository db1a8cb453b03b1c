"""The console: opens the desk, shows one screen at a time, and turns keys into navigation and actions."""

import sys
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from ccops.desk import Desk
from ccops.desk.attention import Notice
from ccops.errors import CcopsError, ExitCode
from ccops.i18n import _
from ccops.settings import Settings
from ccops.tui.alertbell import AlertBell
from ccops.tui.bars import Hints, Ribbon, TopBar, Trail
from ccops.tui.commander import COMMANDS, Commander
from ccops.tui.feed import Frame
from ccops.tui.filterbar import FilterBar
from ccops.tui.logs import logged_to
from ccops.tui.look import Look
from ccops.tui.memory import Memory
from ccops.tui.options import look_for, options_from
from ccops.tui.outlook import watch_plan
from ccops.tui.painted import Painted
from ccops.tui.rowlist import RowList
from ccops.tui.screens import SCREENS, preload
from ccops.tui.shell import Shell
from ccops.tui.stage import Stage
from ccops.tui.station import Options, Station
from ccops.tui.terminal import restore
from ccops.tui.tiles import AgentTiles
from ccops.tui.tiny import Tiny
from ccops.tui.view import View

if TYPE_CHECKING:  # loaded when first needed
    from ccops.tui.actions import Offer

DeskFactory = Callable[[], Awaitable[Desk]]


class ConsoleApp(Shell):
    """The whole console."""

    CSS = """
    ConsoleScreen { layout: vertical; background: $background; }
    .-short Ribbon { height: 1; }
    Ribbon { height: 2; }
    .-tall Ribbon { height: 3; }
    .-tiny TopBar, .-tiny Trail, .-tiny Ribbon, .-tiny Stage, .-tiny Hints, .-tiny FilterBar { display: none; }
    .-tiny Tiny { display: block; }
    .-wall Trail, .-wall Hints { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(line.key, f"show('{line.name}')", line.title, show=False) for line in SCREENS),
        Binding("q", "quit", _("Quit"), show=False),
        Binding("ctrl+c", "interrupt", _("Quit"), show=False, priority=True),
        Binding("ctrl+z", "suspend_process", _("Suspend"), show=False),
        Binding("ctrl+l", "redraw", _("Draw again"), show=False),
        Binding("escape", "back", _("Back"), show=False),
        *(Binding(key, f"run('{name}')", title, show=False) for key, name, title in COMMANDS),
    ]

    def __init__(
        self,
        desk_factory: DeskFactory,
        options: Options,
        memory: Memory,
        look: Look,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`desk_factory` is awaited once the first screen stands, so that nobody looks at an empty terminal."""
        super().__init__(look)
        self._factory = desk_factory
        self.station = Station(options, look, memory, on_frame=self._frame, ready=self.keeps_up, clock=clock)
        self.stage = Stage(self.station)
        self.secrets = options.settings.secrets
        self.commander = Commander(self)
        self.trouble: CcopsError | None = None
        self._stale = False
        self._alert_bell = AlertBell()

    # Life

    def compose(self) -> ComposeResult:
        """Lines around a stage."""
        yield TopBar(self.station, lambda: self.stage.shown)
        yield Trail(self.station, lambda: self.stage.crumbs, self.commander.note, self.commander.source)
        yield Ribbon(self.station)
        yield self.stage
        yield Tiny(self.station)
        yield FilterBar(id="filter")
        yield Hints(self.station, self.commander.hints)

    async def on_mount(self) -> None:
        """Show the first screen at once, then open the desk beside it."""
        self.fit(self.size.width, self.size.height)
        await self.stage.show("wall" if self.station.options.wall else self.station.options.screen)
        self.set_class(self.stage.shown == "wall", "-wall")
        self.station.feed.start()
        self.run_worker(self._open_desk())
        self.heed_signals()

    async def _open_desk(self) -> None:
        try:
            self.station.attach(await self._factory())
            self.run_worker(watch_plan(self.station), exit_on_error=False)
            self.set_timer(1.0, lambda: preload(for_good=not self.is_headless))
        except CcopsError as error:
            self.trouble = error
            self.leave(int(error.exit_code))

    async def on_unmount(self) -> None:
        """Leave the desk; what was started in the PBX lives on there."""
        self.station.feed.stop()
        if self.station.study is not None:
            await self.station.study.close()
        if self.station.desk is not None:
            await self.station.desk.close()

    # Frames

    def _frame(self, frame: Frame) -> None:
        stale = self.station.moment.stale
        with self.batch_update():
            if stale != self._stale:
                self._stale = stale
                self.stage.restyle()
            self.stage.frame(frame)
            self.repaint_bars()
        if self.station.options.bell and self._alert_bell.due(self.station):
            self.bell()

    def repaint_bars(self) -> None:
        """Draw the lines around the stage again where they differ."""
        for painted in self.screen_stack[0].children if self.screen_stack else ():
            if isinstance(painted, Painted):
                painted.repaint()

    def restyle(self, look: Look) -> None:
        """Draw everything in another look and remember it."""
        self.station.look = look
        self.wear(look)
        self.station.memory.keep_word("console", "theme", look.palette.name)
        self.call_after_refresh(self._restyled)

    def _restyled(self) -> None:
        self.stage.restyle()
        for painted in self.query(Painted):
            painted.restyle()

    # Telling

    def say(self, text: str, tone: str = "text") -> None:
        """Show a message in the bottom line."""
        self.screen_stack[0].query_one(Hints).say(text, tone)

    def offers(self) -> "list[Offer]":
        """Return the actions that are valid now on what is selected."""
        desk, view = self.station.desk, self.stage.view
        if desk is None or view is None or self.station.read_only:
            return []
        # The action table is loaded after the first paint, not before it.
        from ccops.tui.actions import offers

        return offers(desk, view.selections())

    def general_offers(self) -> "list[Offer]":
        """Return the actions that need no row."""
        from ccops.tui.actions import general

        desk = self.station.desk
        return [] if desk is None or self.station.read_only else general(desk)

    def do(self, offer: "Offer") -> None:
        """Carry an offer out; its targets are fixed from here on, whatever the list does meanwhile."""
        from ccops.tui.doing import Doing

        desk = self.station.desk
        if desk is not None:
            doing = Doing(self.station, desk, self.ask, self.say)
            self.run_worker(doing.carry_out(offer), exit_on_error=True)

    async def ask(self, screen: ModalScreen[Any]) -> Any:
        """Show a dialog and wait for its answer (in a worker only); one at a time, a second one counts as left."""
        return None if len(self.screen_stack) > 1 else await self.push_screen_wait(screen)

    # Messages

    async def on_top_bar_chosen(self, message: TopBar.Chosen) -> None:
        """A tab was clicked, or the link."""
        if message.name == "link":
            await self.commander.run("link")
        else:
            await self.action_show(message.name)

    async def on_ribbon_chosen(self, message: Ribbon.Chosen) -> None:
        """A notice was clicked."""
        await self.attend(message.notice)

    async def on_agent_tiles_chosen(self, message: AgentTiles.Chosen) -> None:
        """An agent was clicked."""
        await self.open("agent", message.key)

    async def on_row_list_opened(self, message: RowList.Opened) -> None:
        """Enter on a row."""
        target = self.commander.target_of(message.rows)
        if target is not None:
            await self.open(target.topic, target.key)

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """Other keys may be valid on the row that is selected now."""
        self.repaint_bars()

    def on_view_into(self, message: View.Into) -> None:
        """Something was put on top: other names and keys stand in the lines around it."""
        self.repaint_bars()

    def on_filter_bar_typed(self, message: FilterBar.Typed) -> None:
        """The list follows the filter."""
        self.commander.filter_typed(message.text)

    def on_filter_bar_left(self, message: FilterBar.Left) -> None:
        """Back to the list."""
        self.commander.filter_left(cleared=message.cleared)

    def on_stage_pressed(self, message: Stage.Pressed) -> None:
        """A key: the last message has been read; perhaps it is an action on the selected rows."""
        self.screen_stack[0].query_one(Hints).hush(message.at)
        offer = next((offer for offer in self.offers() if message.key and offer.key == message.key), None)
        if offer is not None:
            self.do(offer)

    # Navigation

    async def open(self, topic: str, key: str) -> None:
        """Go into the details of a row."""
        if await self.stage.open(topic, key):
            self.repaint_bars()

    async def attend(self, notice: Notice) -> None:
        """Go to what a notice is about."""
        if notice.topic in ("queue", "agent"):
            await self.open(notice.topic, notice.key)
        else:
            await self.action_show("calls" if notice.topic == "parked" else "log")

    async def action_show(self, name: str) -> None:
        """Go to a screen."""
        await self.stage.show(name)
        self.set_class(name == "wall", "-wall")
        self.repaint_bars()

    async def action_back(self) -> None:
        """Stop what is under way, take the filter off, or the marks, or the detail, in this order."""
        stopped = self.stage.view is not None and self.stage.view.stop()
        if stopped or self.commander.clear() or await self.stage.back():
            self.repaint_bars()
        elif self.stage.shown == "wall":
            await self.action_show("overview")

    def action_interrupt(self) -> None:
        """ctrl+c ends the console like any command."""
        self.leave(int(ExitCode.INTERRUPTED))

    async def action_quit(self) -> None:
        """Leave in peace; where something would be lost it asks before."""
        self.run_worker(self.commander.quit(), exit_on_error=True)

    async def action_run(self, name: str) -> None:
        """Run a command by name, for keys and palette alike."""
        await self.commander.run(name)


def run_console(
    desk_factory: DeskFactory,
    settings: Settings,
    *,
    screen: str | None = None,
    read_only: bool = False,
    wall: bool = False,
    ascii: bool = False,  # noqa: A002 - the flag's name
    theme: str | None = None,
) -> int:
    """Run the console until a person leaves it; returns the exit code of the command."""
    options = options_from(settings, screen=screen, read_only=read_only, wall=wall, ascii=ascii, theme=theme)
    memory = Memory()
    app = ConsoleApp(desk_factory, options, memory, look_for(options, memory))
    try:
        with logged_to(app.station.journal):
            app.run()
    finally:
        restore(app.driver_in_use)
    if app.trouble is not None or app.crash:
        sys.stderr.write(f"{app.crash or app.trouble}\n")
    return app.return_code or 0
