"""Lists of the day under way: leave and swaps to decide on, and who is where they should be at this moment."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from ccops.board import Board
from ccops.i18n import _
from ccops.tui.cells import clock, since
from ccops.tui.columns import Column, Moment, Order
from ccops.tui.dialogs import Choice, Choose
from ccops.tui.feed import Frame
from ccops.tui.listspec import ListSpec
from ccops.tui.schedule.asks import Take, Takers, Withdraw
from ccops.tui.schedule.edit import hours_text
from ccops.tui.schedule.errands import (
    Candidate,
    Candidates,
    Decide,
    Live,
    Present,
    Refused,
    Request,
    RequestList,
    Requests,
    Source,
)
from ccops.tui.schedule.lists import Listed, column, listing
from ccops.tui.schedule.planning import Planning
from ccops.tui.schedule.sheet import Sheet
from ccops.tui.schedule.signs import RULES, day_text

_AGAIN = 2.0
"""Seconds between two looks at who is where."""
_RIGHTS = {"leave": "wfm.leave.decide", "swap": "wfm.swap.decide"}
_TAKING = "wfm.swap.offer"


def agents_of(board: Board) -> Board:
    """Return the agents of a board, without the rest: that is all that adherence looks at."""
    return Board(replace(board.link), agents=dict(board.agents))


# --- requests ---


def _span(row: Request) -> str:
    return day_text(row.first) if row.first == row.last else f"{day_text(row.first)} – {row.last:%m-%d}"


def _fits(row: Request) -> str:
    return "muted" if row.fits is None else "ok" if row.fits else "crit"


REQUESTS: ListSpec[Request] = listing(
    "requests",
    _("Leave and swaps"),
    (
        column("kind", "", 5, lambda row: _("leave") if row.kind == "leave" else _("swap"), tone=lambda _row: "muted"),
        column("person", _("Person"), 12, lambda row: row.name, grow=14),
        column("days", _("Days"), 17, _span, sort=lambda row: row.first),
        column("what", _("What"), 16, lambda row: row.what, grow=30),
        column("effect", _("What it would do"), 24, lambda row: row.effect, tone=_fits, grow=50),
        column("number", _("No."), 4, lambda row: str(row.number), sort=lambda row: row.number, align="right", rank=2),
    ),
    _("Nothing to decide on."),
    _("Leave that is asked for, shifts that are offered, oldest first: y approves, x denies, t takes, w withdraws."),
)


class RequestsView(Listed[Request]):
    """What there is to decide on."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("y", _("approve; leave that the cover does not allow asks once more")),
        ("x", _("deny")),
        ("t", _("somebody takes the shift: those first whose rules allow it; who works then gives theirs in return")),
        ("w", _("withdraw: whoever asked or offered takes it back")),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "decide(True)", _("Approve"), show=False),
        Binding("x", "decide(False)", _("Deny"), show=False),
        Binding("t", "take", _("Take"), show=False),
        Binding("w", "withdraw", _("Withdraw"), show=False),
    ]

    def __init__(self, room: Planning) -> None:
        """`room` is the schedule under it."""
        super().__init__(room, REQUESTS)
        self._allowed: frozenset[str] = frozenset()

    def on_mount(self) -> None:
        """Read them."""
        self.run_worker(self._read(), exit_on_error=True)

    async def _read(self) -> None:
        self._take(await self.room.put(Requests(), RequestList))

    def _take(self, answer: RequestList | Refused) -> None:
        if not isinstance(answer, Refused):
            self._allowed = frozenset() if self.station.read_only else answer.allowed
            self.fill(answer.rows)

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys that are valid on the row."""
        row = self._list.row
        if row is None:
            return []
        keys = []
        if _RIGHTS[row.kind] in self._allowed:
            keys += [*([("y", _("approve"))] if row.ready else []), ("x", _("deny"))]
        if row.state == "offered" and _TAKING in self._allowed:
            keys.append(("t", _("take")))
        return [*keys, *([("w", _("withdraw"))] if _withdrawing(row) in self._allowed else [])]

    def commands(self) -> Sequence[tuple[str, str, str]]:
        """Return what can be done with the row, by name."""
        row = self._list.row
        actions = {"y": "decide(True)", "x": "decide(False)", "t": "take", "w": "withdraw"}
        told = _("{what} of {person}, {days}").format(what=row.what, person=row.name, days=_span(row)) if row else ""
        return [(actions[key], f"{word.capitalize()}: {told}", key) for key, word in self.hints()]

    def action_decide(self, approve: bool) -> None:
        """Approve or deny what is under the cursor."""
        row = self._list.row
        if row is None:
            return
        if _RIGHTS[row.kind] not in self._allowed:
            self.room.say(_("Your roles do not include {right}.").format(right=_RIGHTS[row.kind]), "warn")
        elif approve and not row.ready:
            self.room.say(_("Nobody took this shift yet: there is nothing to approve."), "warn")
        else:
            self.run_worker(self._decide(row, Decide(row.kind, row.number, approve)), exit_on_error=True)

    async def _decide(self, row: Request, errand: Decide) -> None:
        title = _("Approve {what} of {person}, {days}?") if errand.approve else _("Deny {what} of {person}, {days}?")
        told = title.format(what=row.what, person=row.name, days=_span(row))
        if not await self.room.sure(told, [row.effect]):
            return
        answer = await self.room.put(errand, RequestList, quiet=True)
        if isinstance(answer, Refused) and answer.reason:
            reason = await self.room.typed(_("Why?"), _("for the audit"))
            if not reason:
                return
            errand = replace(errand, reason=reason)
            answer = await self.room.put(errand, RequestList, quiet=True)
        if isinstance(answer, Refused) and answer.short:
            if not await self.room.sure(_("Approve it all the same?"), [answer.message]):
                return
            answer = await self.room.put(replace(errand, force=True), RequestList, quiet=True)
        self._decided(row, errand, answer)

    def _decided(self, row: Request, errand: Decide, answer: RequestList | Refused) -> None:
        if isinstance(answer, Refused):
            self.room.say(f"{answer.message} {answer.remedy}".strip(), "crit")
            return
        self._take(answer)
        text = _("Approved: {what} of {person}.") if errand.approve else _("Denied: {what} of {person}.")
        self.room.say(text.format(what=row.what, person=row.name), "ok")
        self._roster_again()

    def _roster_again(self) -> None:
        """Read the roster below again, unless that would lose changes."""
        sheet = self.room.sheet
        if sheet is not None and not sheet.draft.changes():
            version = None if sheet.book.state == "published" else sheet.book.source.version
            self.room.open(Source(sheet.day, version), anew=True)

    # --- taken, taken back ---

    def _allows(self, right: str) -> bool:
        if right in self._allowed:
            return True
        self.room.say(_("Your roles do not include {right}.").format(right=right), "warn")
        return False

    def action_take(self) -> None:
        """Say who takes the shift under the cursor."""
        row = self._list.row
        if row is None or not self._allows(_TAKING):
            return
        if row.state != "offered":
            self.room.say(_("That is no shift that anybody could take."), "warn")
        else:
            self.run_worker(self._take_for(row), exit_on_error=True)

    async def _take_for(self, row: Request) -> None:
        found = await self.room.put(Takers(row.number), Candidates)
        sheet = self.room.sheet
        if isinstance(found, Refused) or sheet is None:
            return
        choices = [Choice(one.person, sheet.name_of(one.person), self._taking(sheet, row, one)) for one in found.people]
        title = _("Who takes it? {what} of {person}, {days}").format(what=row.what, person=row.name, days=_span(row))
        person = await self.room.chosen(Choose(self.station, title, choices))
        if person is None:
            return
        answer = await self.room.put(Take(row.number, person), RequestList)
        if not isinstance(answer, Refused):
            self._take(answer)
            text = _("{person} takes it; it is theirs once it is approved: y.")
            self.room.say(text.format(person=sheet.name_of(person)), "ok")

    def _taking(self, sheet: Sheet, row: Request, one: Candidate) -> str:
        """Return what somebody works on that day, and which rules their taking the shift would break."""
        there = sheet.draft.row(one.person, row.first)
        works = hours_text(there.start, there.minutes) if there.shift else _("off")
        rules = ", ".join(RULES.get(rule, rule) for rule in one.broken)
        told = f"{self.station.look.glyph('crit')} {rules}" if rules else _("breaks no rule")
        return f"{works}  {told}" if sheet.holds(row.first) else told

    def action_withdraw(self) -> None:
        """Take back what is under the cursor."""
        row = self._list.row
        if row is not None and self._allows(_withdrawing(row)):
            self.run_worker(self._withdraw(row), exit_on_error=True)

    async def _withdraw(self, row: Request) -> None:
        title = _("Take back {what} of {person}, {days}?").format(what=row.what, person=row.name, days=_span(row))
        if not await self.room.sure(title, [_("Nobody can approve it any more then.")]):
            return
        answer = await self.room.put(Withdraw(row.kind, row.number), RequestList)
        if not isinstance(answer, Refused):
            self._take(answer)
            self.room.say(_("Taken back: {what} of {person}.").format(what=row.what, person=row.name), "ok")
            self._roster_again()


def _withdrawing(row: Request) -> str:
    """Return the right that it takes to take something back."""
    if row.kind == "leave":
        return "wfm.leave.request"
    return _TAKING if row.person else _RIGHTS["swap"]


# --- at this moment ---

Row = dict[str, Any]
_STATES = {"phones": _("phones"), "break": _("break"), "activity": _("activity"), "off": _("off")}


def _scheduled(row: Row, moment: Moment) -> tuple[str, str]:
    return _STATES[row["scheduled"]], "text"


def _until(row: Row, moment: Moment) -> tuple[str, str]:
    return ("" if row["until"] is None else clock(int(row["until"]), moment.zone, with_seconds=False)), "muted"


def _state(row: Row, moment: Moment) -> tuple[str, str]:
    return _STATES[row["state"]], "text" if row["adherent"] else "crit"


def _fit_mark(row: Row, moment: Moment) -> tuple[str, str]:
    if row["adherent"]:
        return moment.look.glyph("mark"), "ok"
    return moment.look.glyph("unavailable"), "crit"


LIVE: ListSpec[Row] = ListSpec(
    name="live",
    title=_("At this moment"),
    columns=(
        Column("fits", "", 1, _fit_mark, lambda row: row["adherent"]),
        column("person", _("Person"), 12, lambda row: str(row["name"]), grow=14),
        Column("scheduled", _("Should be"), 9, _scheduled, lambda row: row["scheduled"]),
        Column("until", _("Until"), 5, _until, lambda row: row["until"], align="right"),
        Column("state", _("Is"), 9, _state, lambda row: row["state"]),
        Column("detail", _("Detail"), 12, lambda row, _moment: (str(row["detail"]), "muted"),
               lambda row: row["detail"], grow=20),
        Column("since", _("For"), 7, lambda row, moment: (since(row["since"], moment.now), "text"),
               lambda row: row["since"], align="right", ticks=True),
    ),
    order=Order(""),
    fields=lambda row: {name: str(row[name]) for name in ("person", "name", "scheduled", "state", "detail")},
    tie=lambda row: (row["adherent"], row["name"]),
    pick=lambda _row: None,
    empty=_("Nobody should be at work at this moment, and nobody is."),
    help=_("Who should be in which state by the published roster, and who is; who is not comes first."),
    static=True,
)  # fmt: skip


class LiveView(Listed[Row]):
    """Who is where they should be."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()

    def __init__(self, room: Planning) -> None:
        """`room` is the schedule under it."""
        super().__init__(room, LIVE)
        self._looked = 0.0
        self._rows: list[Row] = []

    def on_mount(self) -> None:
        """Look."""
        self._look()

    def _look(self) -> None:
        self._looked = self.station.clock()
        self.run_worker(self._read(), group="live", exclusive=False, exit_on_error=True)

    async def _read(self) -> None:
        answer = await self.room.put(Live(agents_of(self.station.board)), Present)
        if not isinstance(answer, Refused):
            self._rows = [asdict(row) for row in answer.rows]
            self.fill(sorted(self._rows, key=lambda row: (row["adherent"], row["name"])))

    def frame(self, frame: Frame) -> None:
        """Look again, and let durations go on."""
        if frame.tick:
            if self.station.clock() - self._looked >= _AGAIN:
                self._look()
            self._list.tick()

    def note(self) -> str:
        """Return how many are where they should be."""
        fitting = sum(bool(row["adherent"]) for row in self._rows)
        return _("{fitting} of {count} are where they should be").format(fitting=fitting, count=len(self._rows))
