"""`ccops wfm simulate`: a planned day played many times over, and what other routing or people would make of it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccops.cmd.columns import columns
from ccops.cmd.output import Output, listing
from ccops.cmd.planning import planning
from ccops.cmd.quantities import amount, duration, figure
from ccops.cmd.run import Run
from ccops.cmd.wfm_common import day, office_of
from ccops.errors import UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.desk.planning.office import Office
    from ccops.wfm.estimate import Estimate
    from ccops.wfm.simulate import Settings, Simulated
    from ccops.wfm.whatif import PlayedDay

_FIGURES = ("service_level", "asa", "abandon_rate", "sent_on")
SIMULATE_COLUMNS = columns(
    "queue", "calls:count", "people:count", "service_level:rate", "service_level_low:rate:from",
    "service_level_high:rate:to", "asa:seconds", "abandon_rate:rate", "service_level_change:rate:change",
    "service_level_change_low:rate:from", "service_level_change_high:rate:to", "asa_change:seconds",
    extra="asa_low:seconds asa_high:seconds abandon_rate_low:rate abandon_rate_high:rate asa_change_low:seconds "
    "asa_change_high:seconds abandon_rate_change:rate abandon_rate_change_low:rate abandon_rate_change_high:rate "
    "sent_on:rate sent_on_low:rate sent_on_high:rate sent_on_change:rate sent_on_change_low:rate "
    "sent_on_change_high:rate",
)  # fmt: skip
_MOST_RUNS = 1000


def _option(name: str, metavar: str, text: str) -> Any:
    return typer.Option(name, metavar=metavar, help=text, show_default=False)


@listing(SIMULATE_COLUMNS)
@planning()
def simulate_day(
    context: typer.Context,
    out: Output,
    when: Annotated[str, typer.Option("--day", metavar="DAY", help="Without: tomorrow.")] = "",
    roster: Annotated[
        int | None, typer.Option("--roster", metavar="N", help="People of this version; without: what is published.")
    ] = None,
    from_csv: Annotated[
        Path | None, typer.Option("--from-csv", metavar="FILE", help="Learn the calls from this file.")
    ] = None,
    strategy: Annotated[list[str] | None, _option("--strategy", "QUEUE=NAME", "Who is rung first.")] = None,
    penalty: Annotated[
        list[str] | None, _option("--penalty", "PERSON=QUEUE=N", "Somebody serves a queue, at this penalty.")
    ] = None,
    without: Annotated[
        list[str] | None, _option("--without", "PERSON[=QUEUE]", "Somebody is away, or serves a queue no more.")
    ] = None,
    wrap_up: Annotated[list[str] | None, _option("--wrap-up", "QUEUE=TIME", "Time after each call.")] = None,
    ring: Annotated[list[str] | None, _option("--ring", "QUEUE=TIME", "How long phones ring; without: not.")] = None,
    weight: Annotated[list[str] | None, _option("--weight", "QUEUE=N", "The heavier queue is served first.")] = None,
    max_wait: Annotated[
        list[str] | None, _option("--max-wait", "QUEUE=TIME", "Callers are sent elsewhere after this.")
    ] = None,
    patience: Annotated[
        list[str] | None, _option("--patience", "QUEUE=TIME", "Callers give up after this on average, or never.")
    ] = None,
    calls: Annotated[float, typer.Option("--calls", metavar="X", help="Calls times this factor.")] = 1.0,
    aht: Annotated[float, typer.Option("--aht", metavar="X", help="Handle times times this factor.")] = 1.0,
    runs: Annotated[
        int, typer.Option("--runs", metavar="N", min=2, max=_MOST_RUNS, help="Days played: more, narrower intervals.")
    ] = 30,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="What chance decides.")] = 1,
    no_live: Annotated[bool, typer.Option("--no-live", help="Do not ask the PBX how it routes.")] = False,
) -> None:
    """Play a planned day with the routing of the queues, and say what a change of it would do.

    People are those of the roster outside their breaks; strategies and penalties those of the PBX where it can be
    asked, else leastrecent and 0. Every figure has an interval that holds the true one in 95 of 100 cases; with any
    change asked for, so has the difference that it makes, both days having the same callers. `sent_on` is the share
    of callers whom --max-wait sends elsewhere.
    """
    run = Run.of(context)
    office = office_of(run)
    from ccops.desk.planning.trying import day_to_play
    from ccops.wfm.require import WhatIf
    from ccops.wfm.simulate import Settings

    whole = _factors(calls, aht)
    asked = _tomorrow(office) if not when else day("--day", when)
    board = None if no_live or not _has_pbx(run) else run.board()
    base = day_to_play(office, asked, version=roster, csv=from_csv, board=board)
    more = WhatIf(calls, aht)
    tried = day_to_play(office, asked, version=roster, csv=from_csv, board=board, what_if=more) if whole else base
    read = _Changes(office)
    tried = read.queues(tried, "--strategy", strategy, "strategy", _name)
    tried = read.queues(tried, "--wrap-up", wrap_up, "wrap_up", _time)
    tried = read.queues(tried, "--ring", ring, "ring", _time)
    tried = read.queues(tried, "--weight", weight, "weight", _whole)
    tried = read.queues(tried, "--max-wait", max_wait, "max_wait", _time)
    tried = read.patience(tried, patience)
    tried = read.penalties(tried, penalty)
    tried = read.absences(tried, without)
    changed = tried != base
    before, after = _played(base if changed else None, tried, Settings(runs=runs, seed=seed))
    _say(run, tried, after, changed=changed)
    if not out.fields and not changed:
        out.columns = [column for column in out.columns if "change" not in column.name]
    out.listing(_rows(tried, before, after))


def _factors(calls: float, aht: float) -> bool:
    """Say whether the day is asked for with other calls or handle times."""
    for option, factor in (("--calls", calls), ("--aht", aht)):
        amount(option, factor, most=1000)
        if not factor:
            raise UsageProblem(
                _("{option}: 0 cannot be.").format(option=option), remedy=_("Give a factor, such as 1.1.")
            )
    return (calls, aht) != (1.0, 1.0)


def _tomorrow(office: "Office") -> Any:
    from datetime import timedelta

    return office.today() + timedelta(days=1)


def _has_pbx(run: Run) -> bool:
    return bool(run.settings.ami.username) or run.settings.daemon.socket.exists()


# -- what is tried -----------------------------------------------------------------------------------------------------


def _name(_option: str, text: str) -> str:
    return text.strip().casefold()


def _time(option: str, text: str) -> float:
    return duration(option, text, zero=True)


def _whole(option: str, text: str) -> int:
    if not text.strip().isdigit() or int(text) > 1_000_000:
        raise UsageProblem(_("{option}: “{text}” is no whole number, 0 or more.").format(option=option, text=text))
    return int(text)


class _Changes:
    """Reads the options that change something."""

    def __init__(self, office: "Office") -> None:
        self.team = office.team()

    def _parts(self, option: str, texts: Sequence[str] | None, least: int, most: int) -> Iterator[list[str]]:
        for text in texts or ():
            parts = [part.strip() for part in text.split("=")]
            if not least <= len(parts) <= most or not all(parts):
                raise UsageProblem(
                    _("{option}: “{text}” does not say what of whom.").format(option=option, text=text),
                    remedy=_("`ccops wfm simulate --help` shows how it is written."),
                )
            yield parts

    def queues(
        self,
        played: "PlayedDay",
        option: str,
        texts: Sequence[str] | None,
        name: str,
        value: Callable[[str, str], object],
    ) -> "PlayedDay":
        """Return the day with a rule of some queues changed."""
        for queue, text in self._parts(option, texts, 2, 2):
            played = played.with_queue(played.queue(queue), **{name: value(option, text)})
        return played

    def patience(self, played: "PlayedDay", texts: Sequence[str] | None) -> "PlayedDay":
        """Return the day with other patience."""
        for queue, text in self._parts("--patience", texts, 2, 2):
            seconds = None if text.casefold() == "never" else duration("--patience", text)
            played = played.with_patience(played.queue(queue), seconds)
        return played

    def penalties(self, played: "PlayedDay", texts: Sequence[str] | None) -> "PlayedDay":
        """Return the day with people in queues at other penalties."""
        for person, queue, number in self._parts("--penalty", texts, 3, 3):
            who = self.team.person(person).id
            played = played.with_penalty(who, played.queue(queue), _whole("--penalty", number))
        return played

    def absences(self, played: "PlayedDay", texts: Sequence[str] | None) -> "PlayedDay":
        """Return the day without some people."""
        for person, *queue in self._parts("--without", texts, 1, 2):
            played = played.without(self.team.person(person).id, played.queue(queue[0]) if queue else None)
        return played


# -- what comes of it --------------------------------------------------------------------------------------------------


def _played(base: "PlayedDay | None", tried: "PlayedDay", how: "Settings") -> "tuple[Simulated | None, Simulated]":
    from ccops.wfm.simulate import simulate
    from ccops.wfm.targets import ServiceRule

    before = None if base is None else simulate(base.centre, ServiceRule(), how, rules=base.rules)
    return before, simulate(tried.centre, ServiceRule(), how, rules=tried.rules)


def _say(run: Run, tried: "PlayedDay", after: "Simulated", *, changed: bool) -> None:
    text = _("{people} people, {runs} days played; occupancy {mean:.1%} ({low:.1%} … {high:.1%}).")
    found = after.occupancy
    run.narrator.say(
        text.format(
            people=len(tried.members), runs=after.settings.runs, mean=found.mean, low=found.low, high=found.high
        )
    )
    if changed:
        run.narrator.say(_("The change is against the day as it is planned."))


def _rows(tried: "PlayedDay", before: "Simulated | None", after: "Simulated") -> Iterator[dict[str, Any]]:
    from ccops.wfm.simulate import compare

    differences = {} if before is None else compare(before, after)
    for name, found in after.queues.items():
        record: dict[str, Any] = {
            "queue": name,
            "calls": figure(found.offered.mean, 1),
            "people": sum(name in member.queues for member in tried.members.values()),
        }
        for one in _FIGURES:
            change = differences.get(name, {}).get(one)
            record |= _estimate(one, getattr(found, one)) | _estimate(f"{one}_change", change)
        yield record


def _estimate(name: str, found: "Estimate | None") -> dict[str, float | None]:
    if found is None:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    return {name: figure(found.mean, 6), f"{name}_low": figure(found.low, 6), f"{name}_high": figure(found.high, 6)}
