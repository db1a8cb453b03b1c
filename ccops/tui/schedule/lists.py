"""Lists on top of the schedule: versions, what differs between two of them, and the rules that are broken."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from ccops.i18n import _
from ccops.tui.cells import safe
from ccops.tui.columns import Column, Moment, Order
from ccops.tui.listspec import ListSpec
from ccops.tui.rowlist import RowList
from ccops.tui.schedule.errands import Changed, Compare, Difference, Heads, Refused, Source, Version, Versions
from ccops.tui.schedule.planning import Planning
from ccops.tui.schedule.sheet import Sheet
from ccops.tui.schedule.signs import RULES, day_text
from ccops.tui.view import View
from ccops.wfm.roster.broken import BrokenRule

R = TypeVar("R")


def column(key: str, title: str, width: int, text: Callable[[R], str], **more: Any) -> Column[R]:
    """Return a column of plain text, sorted by it unless `sort` says otherwise; `tone` makes it of the row."""
    tone: Callable[[R], str] = more.pop("tone", lambda _row: "text")
    sort = more.pop("sort", text)
    return Column(key, title, width, lambda row, _moment: (safe(text(row)), tone(row)), sort, **more)


def listing(name: str, title: str, columns: Sequence[Column[R]], empty: str, about: str) -> ListSpec[R]:
    """Return the description of a list whose filter knows its columns."""

    def fields(row: R) -> Mapping[str, str]:
        moment: Any = None  # these cells are of the row alone
        return {one.key: one.cell(row, moment)[0] for one in columns}

    return ListSpec(
        name=name, title=title, columns=columns, order=Order(""), fields=fields, tie=lambda _row: 0,
        pick=lambda _row: None, empty=empty, help=about, static=True,
    )  # fmt: skip


class Listed(View, Generic[R]):
    """A list on top of the schedule."""

    def __init__(self, room: Planning, spec: ListSpec[R]) -> None:
        """`room` is the schedule under it."""
        super().__init__(room.station, f"schedule-{spec.name}", spec.title)
        self.room = room
        self._list: RowList[R] = RowList(spec, lambda: room.station.moment)

    def compose(self) -> ComposeResult:
        """The list."""
        yield self._list

    def fill(self, rows: Sequence[R]) -> None:
        """List these."""
        self._list.load({str(place): row for place, row in enumerate(rows)})
        self.app.repaint_bars()  # type: ignore[attr-defined]

    def source(self) -> str | None:
        """It is of the roster."""
        return ""

    async def leave(self) -> None:
        """Go back to the schedule."""
        await self.app.stage.back()  # type: ignore[attr-defined]
        self.app.repaint_bars()  # type: ignore[attr-defined]

    def on_row_list_opened(self, message: RowList.Opened) -> None:
        """Enter."""
        message.stop()
        if self._list.row is not None:
            # Of the room: this view may be gone before it is done.
            self.room.run_worker(self.enter(self._list.row), exit_on_error=True)

    async def enter(self, row: R) -> None:
        """Do what Enter on a row does."""


# --- versions ---


def _figure(value: float | None, text: str) -> str:
    return "–" if value is None else text.format(value)


def _last(row: Version) -> str:
    return (row.first + timedelta(days=row.days - 1)).isoformat()


def _made(row: Version, moment: Moment) -> tuple[str, str]:
    zone = moment.zone if moment is not None else UTC
    return datetime.fromtimestamp(row.at, zone).strftime("%m-%d %H:%M"), "muted"


VERSIONS: ListSpec[Version] = listing(
    "versions",
    _("Versions"),
    (
        column("version", _("Version"), 7, lambda row: str(row.number), sort=lambda row: row.number, align="right"),
        column("state", _("State"), 9, lambda row: _("published") if row.state == "published" else _("draft"),
               tone=lambda row: "ok" if row.state == "published" else "warn"),
        column("first", _("From"), 10, lambda row: row.first.isoformat()),
        column("last", _("To"), 10, _last),
        Column("made", _("Made"), 11, _made, lambda row: row.at),
        column("who", _("By"), 8, lambda row: row.who, grow=8, rank=1),
        column("penalty", _("Penalty"), 9, lambda row: _figure(row.penalty, "{:,.1f}"), sort=lambda row: row.penalty,
               align="right"),
        column("gap", _("Gap"), 6, lambda row: _figure(row.gap, "{:.1%}"), sort=lambda row: row.gap, align="right"),
        column("base", _("Of"), 4, lambda row: str(row.base or ""), sort=lambda row: row.base, align="right", rank=2),
        column("note", _("Note"), 10, lambda row: row.note, grow=40),
    ),
    _("No roster was made yet: o on the schedule makes one."),
    _("Every version, newest first. Enter opens it, V compares it with the roster that is open."),
)  # fmt: skip


class VersionsView(Listed[Version]):
    """The versions."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("Enter", _("open this version")),
        ("V", _("how the roster that is open differs from this version")),
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("V", "difference", _("Difference"), show=False)]

    def __init__(self, room: Planning, sheet: Sheet) -> None:
        """`sheet` is the roster that is open."""
        super().__init__(room, VERSIONS)
        self._sheet = sheet

    def on_mount(self) -> None:
        """List what is known, then what there is: others may have made one meanwhile."""
        self.fill(self._sheet.book.versions)
        self.run_worker(self._read(), exit_on_error=True)

    async def _read(self) -> None:
        answer = await self.room.put(Heads(), Versions)
        if not isinstance(answer, Refused):
            self.fill(answer.rows)

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys that are worth telling."""
        return [("V", _("difference"))]

    async def enter(self, row: Version) -> None:
        """Open it."""
        day = self._sheet.day
        inside = row.first <= day and (day - row.first).days < row.days
        await self.leave()
        self.room.open(Source(day if inside else row.first, row.number))

    def action_difference(self) -> None:
        """Compare with the roster that is open."""
        if self._list.row is not None:
            self.post_message(self.Into(DifferenceView(self.room, self._sheet, self._list.row.number)))


# --- differences ---

DIFFERENCE: ListSpec[Changed] = listing(
    "difference",
    _("Difference"),
    (
        column("day", _("Day"), 10, lambda row: row.day.isoformat()),
        column("weekday", "", 3, lambda row: day_text(row.day)[:3], sort=lambda row: row.day.weekday()),
        column("person", _("Person"), 12, lambda row: row.name, grow=14),
        column("before", _("Before"), 16, lambda row: row.before, grow=24, tone=lambda _row: "muted"),
        column("after", _("After"), 16, lambda row: row.after, grow=24),
    ),
    _("No day is different."),
    _("The days that differ, before and after. Enter goes there."),
)


class DifferenceView(Listed[Changed]):
    """What differs between the roster that is open and another one."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("Enter", _("go to this day on the schedule")),)

    def __init__(self, room: Planning, sheet: Sheet, other: int | None) -> None:
        """`other` is a version; None is what is published."""
        super().__init__(room, DIFFERENCE)
        self._sheet, self._other = sheet, other

    def on_mount(self) -> None:
        """Compare."""
        self.run_worker(self._compare(), exit_on_error=True)

    async def _compare(self) -> None:
        errand = Compare(self._sheet.book.source, self._sheet.draft.changes(), self._other)
        answer = await self.room.put(errand, Difference)
        if not isinstance(answer, Refused):
            self.fill(answer.rows)

    def note(self) -> str:
        """Return what is compared."""
        version = self._sheet.book.version
        mine = _("version {number}").format(number=version) if version is not None else _("this week")
        if self._sheet.draft.changes():
            mine = _("{roster} as changed").format(roster=mine)
        if self._other is None:
            return _("{roster} against what is published").format(roster=mine)
        return _("{roster} against version {number}").format(roster=mine, number=self._other)

    async def enter(self, row: Changed) -> None:
        """Go there."""
        self._sheet.person, self._sheet.day = row.person, row.day
        self._sheet.arrange()
        while self.app.stage.deep:  # type: ignore[attr-defined]
            await self.leave()


# --- broken rules ---


class BreaksView(Listed[BrokenRule]):
    """The rules that are broken."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("Enter", _("go to this day on the schedule")),)

    def __init__(self, room: Planning, sheet: Sheet) -> None:
        """`sheet` is the roster that is open."""
        super().__init__(room, _broken_list(sheet))
        self._sheet = sheet

    def on_mount(self) -> None:
        """List them."""
        self.fill(self._sheet.verdict.broken if self._sheet.verdict is not None else ())

    async def enter(self, row: BrokenRule) -> None:
        """Go there."""
        self._sheet.person = row.person
        if row.days and not set(row.days) & {self._sheet.day}:
            self._sheet.day = row.days[0]
        self._sheet.arrange()
        await self.leave()


def _days(row: BrokenRule) -> str:
    if len(row.days) > 2:
        return f"{day_text(row.days[0])} – {day_text(row.days[-1])}"
    return ", ".join(day_text(day) for day in row.days) or _("the whole roster")


def _broken_list(sheet: Sheet) -> ListSpec[BrokenRule]:
    return listing(
        "broken",
        _("Broken rules"),
        (
            column("person", _("Person"), 12, lambda row: sheet.name_of(row.person), grow=14),
            column("rule", _("Rule"), 14, lambda row: RULES.get(row.rule, row.rule), tone=lambda _row: "crit"),
            column("days", _("Days"), 20, _days, sort=lambda row: row.days),
            column("why", _("Why"), 24, lambda row: row.text, grow=60),
        ),
        _("No rule is broken."),
        _("Every hard rule that the roster breaks. Enter goes there."),
    )
