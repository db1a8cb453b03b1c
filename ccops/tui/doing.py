"""From a key to an outcome: ask for arguments, ask whether one is sure, let the desk do it, say what became of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from textual.screen import ModalScreen

from ccops.desk import Desk, Outcome
from ccops.desk.table import Argument
from ccops.errors import CcopsError, ReasonNeeded, UsageProblem
from ccops.i18n import _
from ccops.tui.actions import Offer, described, row_name
from ccops.tui.cells import safe
from ccops.tui.crash import keep_crash
from ccops.tui.dialogs import Ask, Choice, Choose, Confirm
from ccops.tui.listspec import Selection
from ccops.tui.station import Station


class Asker(Protocol):
    """Shows a dialog and waits for its answer; the app is one."""

    def __call__(self, screen: ModalScreen[Any]) -> Awaitable[Any]:
        """Return what the person answered, None where they left."""
        ...


@dataclass(slots=True)
class Doing:
    """Carries out one offer."""

    station: Station
    desk: Desk
    ask: Asker
    say: Callable[[str, str], None]
    """Tells a person: text and tone."""
    _given: dict[str, Any] = field(default_factory=dict)
    _reason: str = ""

    async def carry_out(self, offer: Offer) -> None:
        """Ask what must be asked, then do it on every target; each outcome is said and logged."""
        if not await self._prepared(offer):
            self.say(_("{action}: left alone.").format(action=_titled(offer)), "muted")
            return
        self.say(_("{action} …").format(action=_titled(offer)), "text")
        for target in offer.targets or (None,):
            await self._do(offer, target)

    async def _prepared(self, offer: Offer) -> bool:
        """Ask what must be asked; False where the person left."""
        for argument in offer.action.arguments:
            if _is_own_phone(argument) and self.station.phone:
                self._give_own_phone(argument)
            elif self._must_ask(argument) and not await self._fill(offer, argument):
                return False
        return not offer.action.harmful or bool(await self.ask(self._question(offer)))

    def _must_ask(self, argument: Argument) -> bool:
        if argument.kind == "pause_reason":
            return True
        return argument.required or _is_own_phone(argument)

    async def _fill(self, offer: Offer, argument: Argument) -> bool:
        """Ask for one argument; False where the person left."""
        title = _titled(offer)
        choices = self._choices(argument)
        if choices:
            answer = await self.ask(Choose(self.station, f"{title} – {argument.help}", choices))
        else:
            check = _checker(argument)
            plain = self.station.look.ascii
            answer = await self.ask(Ask(title, hint=argument.help, check=check, plain=plain))
        if answer is None:
            return False
        self._given[argument.name] = answer
        return True

    def _give_own_phone(self, argument: Argument) -> None:
        # The configured one is the desk's own default.
        if self.station.phone != self.station.options.phone:
            self._given[argument.name] = self.station.phone

    def _remember_phone(self, offer: Offer) -> None:
        """Keep the phone that was asked for and took the call."""
        for argument in offer.action.arguments:
            if _is_own_phone(argument) and self._given.get(argument.name):
                self.station.phone = str(self._given[argument.name])

    def _choices(self, argument: Argument) -> list[Choice]:
        if argument.kind == "pause_reason":
            reasons = [Choice(value, title) for value, title in self.station.options.pause_reasons]
            return [*reasons, Choice("", _("no reason"))] if reasons else []
        if argument.kind == "queue":
            queues = self.station.board.queues.values()
            return [Choice(row.queue, row.title or row.queue, row.queue) for row in queues]
        if argument.kind == "flag":
            return [Choice("no", _("no")), Choice("yes", _("yes"))]
        return []

    def _question(self, offer: Offer) -> Confirm:
        title = f"{_titled(offer)}?"
        lines = [offer.action.help]
        if len(offer.targets) == 1:
            lines.append(described(offer.targets[0].row, self.station.moment.now))
        lines += [f"{name}: {value}" for name, value in self._given.items() if value]
        return Confirm(title, lines, plain=self.station.look.ascii)

    async def _asking_why(self, offer: Offer, target: Selection | None) -> Outcome:
        """Do it; where the person's role demands a reason, ask for one and do it with that."""
        key = target.key if target is not None else ""
        try:
            return await self.desk.do(offer.action.name, key, reason=self._reason, **self._given)
        except ReasonNeeded as needed:
            answer = await self.ask(Ask(_titled(offer), hint=needed.message, plain=self.station.look.ascii))
            if not answer or not answer.strip():
                raise
            self._reason = answer.strip()
        return await self.desk.do(offer.action.name, key, reason=self._reason, **self._given)

    async def _do(self, offer: Offer, target: Selection | None) -> None:
        name = row_name(target.row) if target is not None else ""
        try:
            outcome = await self._asking_why(offer, target)
            text, tone = outcome.message or offer.action.title, "ok" if outcome.ok else "warn"
            if outcome.ok:
                self._remember_phone(offer)
        except CcopsError as error:
            text, tone = str(error), "crit"
        except Exception as error:  # noqa: BLE001 - a fault in one action must not take the board from a supervisor
            text, tone = keep_crash(error, secrets=self.station.options.settings.secrets()), "crit"
        self.say(text, tone)
        self.station.journal.note("action", tone, name, f"{offer.action.title}: {safe(text)}", at=self.station.clock())


def _is_own_phone(argument: Argument) -> bool:
    """Tell the supervisor's own phone from a phone that a call is sent to."""
    return argument.kind == "phone" and not argument.required


def _titled(offer: Offer) -> str:
    return f"{offer.action.title}: {offer.named}" if offer.targets else offer.action.title


def _checker(argument: Argument) -> Callable[[str], str]:
    def check(text: str) -> str:
        try:
            argument.take(text)
        except UsageProblem as problem:
            return str(problem)
        return ""

    return check
