"""Base of every screen: its lists, what is selected in them, and when it loads rows."""

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from textual.containers import Vertical
from textual.message import Message

from ccops.board import Topic
from ccops.tui.feed import Frame
from ccops.tui.listspec import ListSpec, Selection
from ccops.tui.painted import Painted
from ccops.tui.rowlist import RowList
from ccops.tui.station import Station

R = TypeVar("R")


class View(Vertical):
    """One screen of the console."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset()
    """Tables whose changes concern it."""
    STAYS: ClassVar[bool] = False
    """Details that were opened on this screen are there again when one comes back to it from another."""
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Keys that only this screen has, and what they do, for the help."""
    DEFAULT_CSS = """
    View { width: 1fr; height: 1fr; }
    """

    class Into(Message):
        """Something is to be put on top of what is seen."""

        def __init__(self, view: "View") -> None:
            self.view = view
            super().__init__()

    def __init__(self, station: Station, view_name: str, title: str) -> None:
        """`view_name` is the word under which sort orders are remembered, `title` what a person reads."""
        super().__init__()
        self.station, self.view_name, self.title = station, view_name, title

    # What a subclass says

    def load(self) -> None:
        """Hand the board's rows to the lists."""

    def note(self) -> str:
        """Return what the line under the tabs says about this screen besides its name."""
        return ""

    def subject(self) -> tuple[Topic, str] | None:
        """Return the queue or agent that is looked at, by the name that reports know it by."""
        rows = self.active_list()
        picked = rows.under_cursor() if rows is not None else None
        if picked is None:
            return None
        row: Any = picked.row
        return picked.topic, row.agent if picked.topic == "agent" else picked.key

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys of this screen that are worth telling now."""
        return []

    def source(self) -> str | None:
        """Return where its figures come from; None where they are the board's."""
        return None

    def commands(self) -> Sequence[tuple[str, str, str]]:
        """Return what can be done here now, for the palette: an action of this view, what it does, its key."""
        return ()

    def at_stake(self) -> tuple[str, str]:
        """Return what leaving the console would lose, as a question and a way out; empty where nothing."""
        return "", ""

    def stop(self) -> bool:
        """Stop what is under way, before Esc leaves; False where nothing is."""
        return False

    async def export(self) -> bool:
        """Write what is shown to a file in a way of its own; False where the list is written as everywhere."""
        return False

    # What the console asks

    def frame(self, frame: Frame) -> None:
        """Take a frame in: load what changed, or let durations go on."""
        if frame.tick:
            for rows in self.lists():
                rows.tick()
        elif frame.topics & self.TOPICS:
            self.load()
        else:
            return
        for painted in self.query(Painted):
            painted.repaint()

    def restyle(self) -> None:
        """Draw everything again: it was hidden, or theme or age of the board changed."""
        self.load()
        for rows in self.lists():
            rows.restyle()
        for painted in self.query(Painted):
            painted.restyle()

    def lists(self) -> list[RowList[Any]]:
        """Return the lists, in the order of the screen."""
        return list(self.query(RowList))

    def active_list(self) -> RowList[Any] | None:
        """Return the list that has the keys, or the one that had them, or the first."""
        lists = [rows for rows in self.lists() if rows.display]
        focused = next((rows for rows in lists if rows.has_focus), None)
        if focused is not None:
            self._last = focused
        last = getattr(self, "_last", None)
        return last if last in lists else (lists[0] if lists else None)

    def selections(self) -> list[Selection]:
        """Return the rows that keys act on: the marked ones, else the one under the cursor."""
        rows = self.active_list()
        return rows.selections() if rows is not None else []

    def focus_first(self) -> None:
        """Give the keys to the list that had them, or to the first."""
        rows = self.active_list()
        if rows is not None:
            rows.focus(scroll_visible=False)

    def cycle_grouping(self) -> str | None:
        """Cut the active list into other groups; return how, or None where it cannot be grouped."""
        rows = self.active_list()
        if rows is None or not rows.spec.groupings:
            return None
        keys = ["", *(grouping.key for grouping in rows.spec.groupings)]
        now = rows.arrangement.grouping.key if rows.arrangement.grouping else ""
        following = keys[(keys.index(now) + 1) % len(keys)]
        self._group(rows, following)
        self.station.memory.keep_word("group", f"{self.view_name}.{rows.id}", following or "none")
        return rows.arrangement.grouping.title if rows.arrangement.grouping else ""

    # For subclasses

    def rows(self, spec: ListSpec[R], *, group: str = "") -> RowList[R]:
        """Make a list with the remembered order and grouping; `group` is the grouping to begin with."""
        memory, name = self.station.memory, f"{self.view_name}.{spec.name}"
        rows = RowList(spec, lambda: self.station.moment, order=memory.order(name, spec.order))
        self._group(rows, memory.word("group", name) or group)
        return rows

    @staticmethod
    def _group(rows: RowList[Any], key: str) -> None:
        rows.set_grouping(next((item for item in rows.spec.groupings if item.key == key), None))

    def on_mount(self) -> None:
        """Show rows at once."""
        self.load()

    def on_row_list_sorted(self, message: RowList.Sorted) -> None:
        """Remember the order that a person chose."""
        self.station.memory.keep_order(f"{self.view_name}.{message.rows.id}", message.order)
