"""What all planning commands share: the office of this run, options for changes, days, and questions before them."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccops.cmd.formats import json_text
from ccops.cmd.run import Run
from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.desk.planning.office import Office

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
ResultOption = Annotated[bool, typer.Option("--json", help="Print the result as one object.")]
NoteOption = Annotated[str, typer.Option("--note", metavar="TEXT", help="A word to remember it by.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the audit.")]
QueueOption = Annotated[str | None, typer.Option("--queue", metavar="QUEUE", help="Only this queue.")]
PersonArgument = Annotated[
    str, typer.Argument(metavar="PERSON", help="Id, name, agent name, interface or login.", show_default=False)
]


def office_of(run: Run) -> "Office":
    """Return the planner's office of this run."""
    from ccops.desk.planning.office import Office

    return Office(run.loaded, clock=run.now, read_only=run.options.read_only)


def day(option: str, text: str) -> date:
    """Return a day; raises `UsageProblem` naming the option."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageProblem(
            _("{option}: “{text}” is no day.").format(option=option, text=text), remedy=_("Write it like 2026-03-02.")
        ) from None


def days(first: str, last: str | None, today: date) -> tuple[date, date]:
    """Return the days of --from and --to, both inclusive; today without --from, that day alone without --to."""
    start = day("--from", first) if first else today
    end = day("--to", last) if last else start
    if end < start:
        raise UsageProblem(_("--to lies before --from."), remedy=_("Turn them round."))
    return start, end


def ask(run: Run, question: str, *, yes: bool) -> None:
    """Ask before what people will see; without a terminal --yes must say it."""
    if yes:
        return
    if not run.environment.interactive:
        raise UsageProblem(_("{question} Not done unasked.").format(question=question), remedy=_("Add --yes."))
    from ccops.cmd.prompts import Prompts

    if not Prompts(run.environment).yes(question, default=False):
        raise UsageProblem(_("Nothing was done."))


def known_state(state: str | None, states: tuple[str, ...]) -> str | None:
    """Return the state of --state; raises `NotFound` with the nearest for one that does not exist."""
    if state is not None and state not in states:
        raise NotFound(_("state"), state, states)
    return state


def done(run: Run, text: str, record: dict[str, Any], *, as_json: bool) -> None:
    """Print what became of a change: a sentence, or one object."""
    run.write(json_text(record) if as_json else text + "\n")
