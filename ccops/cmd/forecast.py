"""`ccops wfm forecast` and `backtest`: how many calls to expect, and how good such forecasts were."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ccops.cmd.columns import columns
from ccops.cmd.output import Output, listing
from ccops.cmd.planning import planning
from ccops.cmd.quantities import amount, figure, minutes
from ccops.cmd.run import Run
from ccops.errors import UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.wfm.days import SpecialDay
    from ccops.wfm.history import History

FORECAST_COLUMNS = columns("start:instant", "calls:count", "low:count", "high:count", "aht:duration")
SCORE_COLUMNS = columns(
    "horizon", "intervals:count", "calls:count", "wape:count", "last_week:count", "floor:count", "coverage:count"
)


CsvOption = Annotated[
    Path | None,
    typer.Option("--from-csv", metavar="FILE", help="Learn from start,calls[,aht] in this file instead of the store."),
]
QueueOption = Annotated[
    str | None, typer.Option("--queue", metavar="QUEUE", help="Only this queue of the store; without: all of them.")
]
SpecialOption = Annotated[
    list[str] | None,
    typer.Option(
        "--special",
        metavar="DAY=WHAT",
        help="A day unlike its weekday: closed, a factor such as 0.5, or a name that it shares with days of the past.",
        show_default=False,
    ),
]


CountryOption = Annotated[
    str | None,
    typer.Option(
        "--country",
        metavar="CODE",
        help="Country whose holidays count as special days: AT, or a part of it: DE-BY. Without: the site's.",
        show_default=False,
    ),
]


@listing(FORECAST_COLUMNS)
@planning()
def forecast_calls(
    context: typer.Context,
    out: Output,
    weeks: Annotated[int, typer.Option("--weeks", metavar="N", min=1, max=104, help="How many weeks.")] = 4,
    interval: Annotated[
        str, typer.Option("--interval", metavar="TIME", help="Length of the intervals: 15m, 30m, 1h.")
    ] = "30m",
    from_csv: CsvOption = None,
    queue: QueueOption = None,
    start: Annotated[
        str | None, typer.Option("--start", metavar="DAY", help="First day; without: the day after the history ends.")
    ] = None,
    special: SpecialOption = None,
    country: CountryOption = None,
) -> None:
    """Forecast calls and handle time of every open interval.

    `low`…`high` holds the middle 80 percent. Open hours are those that the history shows. Learns from the store, or
    from a CSV file at the same or any finer interval; only what is known before the first day is used. Special days
    are those of --special, of the team (`ccops wfm team`) and of --country, the first of them that names a day.
    """
    run = Run.of(context)
    specials = [_special(text) for text in special or []]
    first = None if start is None else _day("--start", start)
    from ccops.wfm.forecast import forecast

    history = _history(run, from_csv, queue, minutes("--interval", interval))
    start_day = first or history.after
    days = _all_days(run, specials, country, history.first, start_day + timedelta(weeks=weeks))
    found, model = forecast(history, start_day, weeks * 7, days)
    for note in model.notes:
        run.narrator.say(note)
    out.listing(
        {
            "start": item.start.isoformat(timespec="seconds"),
            "calls": round(item.calls, 3),
            "low": round(item.low, 3),
            "high": round(item.high, 3),
            "aht": figure(item.aht, 1),
        }
        for item in found
    )


def _history(run: Run, csv: Path | None, queue: str | None, interval: int) -> "History":
    if csv is not None:
        from ccops.wfm.history import read_history

        if queue is not None:
            raise UsageProblem(
                _("A CSV file has no queues to choose from."), remedy=_("Leave --queue or --from-csv out.")
            )
        return read_history(csv, run.settings.zone, interval)
    from ccops.cmd.wfm_common import office_of
    from ccops.desk.planning.needs import past_calls

    office, path = office_of(run), run.settings.store.path
    if office.away is None and not path.exists():
        raise UsageProblem(
            _("There is no store to learn from: {path} does not exist.").format(path=path),
            remedy=_("Take the log in by `ccops ingest queue-log PATH`, or give --from-csv FILE."),
        )
    return past_calls(office, interval, queue=queue)


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageProblem(
            _("{option}: “{text}” is no day.").format(option=option, text=text), remedy=_("Write it like 2026-03-02.")
        ) from None


def _special(text: str) -> tuple[date, str]:
    day, equals, what = text.partition("=")
    if not equals or not what.strip():
        raise UsageProblem(
            _("--special: “{text}” does not say what is special.").format(text=text),
            remedy=_("Write DAY=closed, DAY=0.5 or DAY=NAME."),
        )
    return _day("--special", day.strip()), what.strip()


def _all_days(
    run: Run, given: list[tuple[date, str]], country: str | None, first: date, last: date
) -> "Sequence[SpecialDay]":
    """Return the special days that are given, those of the team where the site has one, and those of the country."""
    from ccops.cmd.wfm_common import office_of
    from ccops.desk.planning.teams import versions
    from ccops.wfm.holidays import with_holidays

    own, office = _special_days(given), office_of(run)
    if office.away is not None or run.settings.store.path.exists():
        own += office.team().days if versions(office) else ()
    return with_holidays(own, run.settings.site.country if country is None else country, first, last)


def _special_days(given: list[tuple[date, str]]) -> "list[SpecialDay]":
    from ccops.wfm.days import SpecialDay

    found = []
    for day, what in given:
        try:
            factor = amount("--special", float(what), most=100)
        except ValueError:
            found.append(SpecialDay(day, what, closed=what.casefold() == "closed"))
        else:
            found.append(SpecialDay(day, what, factor=factor))
    return found


@listing(SCORE_COLUMNS)
@planning()
def backtest_forecasts(
    context: typer.Context,
    out: Output,
    weeks: Annotated[int, typer.Option("--weeks", metavar="N", min=1, max=104, help="How many of the last weeks.")] = 8,
    interval: Annotated[
        str, typer.Option("--interval", metavar="TIME", help="Length of the intervals: 15m, 30m, 1h.")
    ] = "30m",
    from_csv: CsvOption = None,
    queue: QueueOption = None,
    ahead: Annotated[str, typer.Option("--ahead", metavar="N,N", help="How many weeks ahead.")] = "1,4",
    special: SpecialOption = None,
    country: CountryOption = None,
) -> None:
    """Say how good forecasts of the last weeks would have been, each made from what was known before it.

    `wape` is the sum of errors over the sum of calls; `last_week` the same had last week's counts been the forecast;
    `floor` what a perfect forecast would still get wrong, since calls come by chance; `coverage` the share of counts
    within low…high, where 0.8 is meant.
    """
    run = Run.of(context)
    specials, horizons = [_special(text) for text in special or []], _weeks_ahead(ahead)
    from ccops.wfm.backtest import backtest

    history = _history(run, from_csv, queue, minutes("--interval", interval))
    days = _all_days(run, specials, country, history.first, history.after)
    scores = backtest(history, weeks, horizons, days)
    for note in history.notes:
        run.narrator.say(note)
    out.listing(
        {
            "horizon": score.horizon,
            "intervals": score.intervals,
            "calls": round(score.calls),
            **{name: figure(getattr(score, name), 4) for name in ("wape", "last_week", "floor", "coverage")},
        }
        for score in scores
    )


def _weeks_ahead(text: str) -> list[int]:
    try:
        found = sorted({int(part) for part in text.split(",")})
    except ValueError:
        found = [0]
    if not found or found[0] < 1 or found[-1] > 52:
        raise UsageProblem(
            _("--ahead: “{text}” is no list of weeks.").format(text=text),
            remedy=_("Write it like 1,4; 52 is the most."),
        )
    return found
