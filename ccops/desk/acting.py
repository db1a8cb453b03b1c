"""Does an action of the table for a person: rights, target, audit before and after, outcome."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from ccops.board import TABLES, Board
from ccops.desk import resolve
from ccops.desk.api import Listener, Outcome, Unsubscribe
from ccops.desk.context import AlertKeeper, Context, Wire
from ccops.desk.masking import secrets_of, told
from ccops.desk.roles import Person, Rights
from ccops.desk.supervision.registry import Registry
from ccops.desk.table import Action, Table, harmless, target_label
from ccops.errors import ActionTimeout, CcopsError, LinkLost, NotFound, PermissionRefused, UsageProblem
from ccops.i18n import _
from ccops.settings import Settings

log = logging.getLogger(__name__)


class Audit(Protocol):
    """Where every action is written before it goes out and closed with its outcome; called from any thread."""

    def begin(
        self, *, who: str, origin: str, action: str, target: str, call_id: str, arguments: str, reason: str
    ) -> int:
        """Write the row of an action that is about to go out; return its number. Raises where it cannot."""
        ...

    def end(self, number: int, *, result: str, detail: str, data: Mapping[str, Any]) -> None:
        """Close the row: result is done, refused, denied, failed or unknown."""
        ...

    def leg_ended(self, *, who: str, target: str, call_id: str, supervision_id: str, why: str, seconds: float) -> None:
        """Write that a supervision leg is over."""
        ...


class History(Protocol):
    """Where figures learn that it was us who took a caller away."""

    def acting(self, call_id: str, action: str) -> None:
        """An action on a call is about to go out."""
        ...

    def not_acted(self, call_id: str, action: str) -> None:
        """It failed: nothing was done to the call."""
        ...


class Actor:
    """Runs actions of the table on one centre."""

    def __init__(
        self,
        table: Table,
        *,
        board: Board,
        settings: Settings,
        wire: Wire,
        registry: Registry,
        subscribe: Callable[[Listener], Unsubscribe],
        relist: Callable[[], Awaitable[Any]],
        audit: Audit,
        history: History,
        alerts: Callable[[], AlertKeeper | None] = lambda: None,
    ) -> None:
        """All parts are shared with the desk."""
        self.table = table
        self._board = board
        self._settings = settings
        self._wire = wire
        self._registry = registry
        self._subscribe = subscribe
        self._relist = relist
        self._audit = audit
        self._history = history
        self._alerts = alerts

    async def do(
        self,
        person: Person,
        rights: Rights,
        name: str,
        target: str,
        arguments: Mapping[str, Any],
        *,
        reason: str = "",
        dry_run: bool = False,
    ) -> Outcome:
        """Do it, or raise why not; both end up in the audit, a dry run does not."""
        action = self.table[name]
        given = action.bind(arguments)
        reason = harmless("reason", reason)
        seen = rights.filtered(self._board)
        row, shown = self._target(action, harmless("target", target), rights, seen)
        given = self._spelt(action, given, seen)
        context = self._context(action, person, reason, dry_run=dry_run)
        run = _Run(action, row, given, reason, context)
        hidden = secrets_of(row, shown)
        try:
            outcome = await (self._try(rights, run) if dry_run else self._record(person, rights, run))
        except CcopsError as error:
            error.message, error.remedy = told(error.message, hidden), told(error.remedy, hidden)
            raise
        return _without(outcome, hidden)

    def _context(self, action: Action, person: Person, reason: str, *, dry_run: bool) -> Context:
        settings = self._settings
        if person.phone:
            settings = replace(settings, supervisor=replace(settings.supervisor, phone=person.phone))
        return Context(
            action=action.name,
            board=self._board,
            settings=settings,
            wire=self._wire,
            subscribe=self._subscribe,
            registry=self._registry,
            relist=self._relist,
            who=person.name,
            dry_run=dry_run,
            reason=reason,
            alerts=self._alerts(),
        )

    async def _try(self, rights: Rights, run: "_Run") -> Outcome:
        rights.check(run.action, run.row, run.reason, run.given, self._board)
        return await run.action.procedure(run.context, run.row, run.given)

    async def _record(self, person: Person, rights: Rights, run: "_Run") -> Outcome:
        """Do it between its two rows in the audit; writing waits for the disk, so it is done off the event loop."""
        number = await asyncio.to_thread(self._begin, person, run)
        call_id, name = str(getattr(run.row, "call_id", None) or ""), run.action.name
        self._history.acting(call_id, name)
        try:
            outcome = await self._try(rights, run)
        except CcopsError as error:
            if _result(error) != "unknown":
                self._history.not_acted(call_id, name)
            await self._close(number, result=_result(error), detail=str(error), data={})
            raise
        except BaseException as error:
            # Cancelled or broken half way: what the PBX did is not known, and the audit must say so.
            await asyncio.shield(self._close(number, result="unknown", detail=type(error).__name__, data={}))
            raise
        await self._close(number, result="done", detail=outcome.message, data=dict(outcome.data))
        return outcome

    async def _close(self, number: int, *, result: str, detail: str, data: Mapping[str, Any]) -> None:
        """Close the row; where that fails the action has been done all the same, and its row stays open."""
        end = partial(self._audit.end, number, result=result, detail=detail, data=data)
        try:
            await asyncio.to_thread(end)
        except CcopsError as error:
            log.error("audit row %d could not be closed (%s): %s", number, result, error)

    def _begin(self, person: Person, run: "_Run") -> int:
        import json

        given = {name: value for name, value in run.given.items() if value not in (None, "")}
        try:
            return self._audit.begin(
                who=person.name,
                origin=person.origin,
                action=run.action.name,
                target=target_label(run.row),
                call_id=str(getattr(run.row, "call_id", None) or ""),
                arguments=json.dumps(given, ensure_ascii=False, sort_keys=True),
                reason=run.reason,
            )
        except CcopsError as error:
            raise CcopsError(
                _("Nothing was done, since the audit cannot be written: {why}").format(why=error.message),
                remedy=error.remedy,
            ) from error

    def _target(self, action: Action, target: str, rights: Rights, seen: Board) -> tuple[Any, Any]:
        """Return the row that the words mean, as it is and as this person sees it.

        Words are looked up in what the person sees, so that nearest names give nothing away. A row out of sight is
        found by its own name only, to be refused and written down as what it is: an attempt.
        """
        if action.topic == "none":
            return None, None
        try:
            shown = self._find(action, target, seen)
        except NotFound as error:
            row = None if rights.everything else self._hidden(action, target, rights)
            if row is None:
                raise error from None
            return row, row
        return _as_it_is(self._board, action.topic, shown), shown

    def _find(self, action: Action, target: str, board: Board) -> Any:
        """Return the row; an agent who is to be logged in need not be known yet."""
        if action.name == "agent.login":
            return resolve.agent_or_new(board, target, self._settings.agents)
        return resolve.row(board, action.topic, target)

    def _hidden(self, action: Action, target: str, rights: Rights) -> Any:
        try:
            row = self._find(action, target, self._board)
        except UsageProblem:
            return None
        # What is seen, but not under these words, is not found: a masked number must not be guessed.
        return None if rights.sees(row, self._board) else row

    def _spelt(self, action: Action, given: Mapping[str, Any], seen: Board) -> dict[str, Any]:
        """Return the arguments with queues by their own names: rights go by them, not by titles or spellings."""
        queues = {argument.name for argument in action.arguments if argument.kind == "queue"}
        return {name: self._queue(value, seen) if value and name in queues else value for name, value in given.items()}

    def _queue(self, name: str, seen: Board) -> str:
        try:
            return resolve.find_queue(seen, name).queue
        except NotFound as error:
            # One out of sight is refused by the rights, which tell why.
            found = self._board.queues.get(name)
            if found is None:
                raise error from None
            return found.queue


@dataclass(slots=True, frozen=True)
class _Run:
    """One action with all that it is done with."""

    action: Action
    row: Any
    given: Mapping[str, Any]
    reason: str
    context: Context


_KEYS = {
    "agent": "key",
    "call": "call_id",
    "queue": "queue",
    "parked": "uniqueid",
    "supervision": "supervision_id",
    "alert": "alert_id",
}


def _as_it_is(board: Board, topic: str, shown: Any) -> Any:
    """Return the whole row behind one that may be shown in part; a row that nobody knows yet is its own."""
    table: Mapping[str, Any] = getattr(board, TABLES[topic])
    return table.get(getattr(shown, _KEYS[topic]), shown)


def _without(outcome: Outcome, hidden: Mapping[str, str]) -> Outcome:
    if not hidden:
        return outcome
    return replace(
        outcome,
        message=told(outcome.message, hidden),
        target=told(outcome.target, hidden),
        sent=told(outcome.sent, hidden),
        data=told(outcome.data, hidden),
    )


def _result(error: CcopsError) -> str:
    if isinstance(error, PermissionRefused):
        return "denied"
    if isinstance(error, UsageProblem):
        return "refused"
    return "unknown" if isinstance(error, ActionTimeout | LinkLost) else "failed"


class Delayed:
    """Runs a callable once at the end of the event-loop turn, however often it is asked for."""

    def __init__(self, call: Callable[[], None]) -> None:
        """`call` takes nothing and must not raise."""
        self._call = call
        self._due = False

    def __call__(self) -> None:
        """Ask for the call."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        self._due = False
        self._call()
