"""A planned centre for tests: a store with history, a team, and short ways to the commands."""

import json
import math
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ccops.cmd.environment import Environment
from ccops.cmd.main import main
from ccops.desk.planning.office import Office
from ccops.desk.planning.rosters import Order, Roster, Rosters
from ccops.reports.ingest import ingest
from ccops.reports.rules import Rules
from ccops.settings import Loaded, load
from ccops.store.planning import DayRow
from ccops.wfm.plan.build import day_row
from ccops.wfm.team.model import Team
from tests.cmd_tools import Result, Terminal

VIENNA = ZoneInfo("Europe/Vienna")
MONDAY = date(2026, 3, 2)
WEDNESDAY = MONDAY + timedelta(days=2)
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=VIENNA).timestamp()
"""Of the Wednesday in the first week that is planned."""

TEAM = """\
format = 1

[settings]
interval = 30
target = "80/20"

[queues.sales]
patience = 120
minimum = 1
[queues.support]
minimum = 1

[contracts.full]
week_hours_max = 40
days_in_row_max = 5
rest_hours = 11

[shifts.early]
start = "08:00"
end = "16:00"
breaks = [{name = "lunch", minutes = 30, earliest = "3h", latest = "5h"}]
[shifts.late]
start = "12:00"
length = "8h"
not_next_day = ["early"]
breaks = [{name = "lunch", minutes = 30, earliest = "3h", latest = "5h"}]

[days.2026-03-08]
name = "Sunday fair"
closed = true

[people.anna]
name = "Anna Müller"
agent = "Anna"
login = "annam"
contract = "full"
skills = ["sales", "support"]
hours = {sat = [], sun = []}
wishes = [{weekday = "fri", shift = "off", weight = 3}]
[people.bob]
interface = "PJSIP/1002"
contract = "full"
skills = ["support"]
[people.carl]
contract = "full"
skills = ["sales"]
[people.dora]
contract = "full"
skills = ["sales", "support"]
"""


class World:
    """One site on a disk of its own."""

    def __init__(self, folder: Path, now: float = NOON, **variables: str) -> None:
        self.folder, self.now = folder, now
        self.variables = {
            "HOME": "/nonexistent", "TZ": "UTC", "CCOPS_SITE__TIMEZONE": "Europe/Vienna", "CCOPS_SITE__NAME": "Test",
            "CCOPS_STORE__PATH": str(folder / "ccops.db"), **variables,
        }  # fmt: skip

    def run(self, *arguments: str, stdin: str = "", terminal: bool = False) -> Result:
        """Run a command of `ccops`."""
        import io

        kind = Terminal if terminal else io.StringIO
        out, err = kind(), kind()
        code = main(arguments, Environment(kind(stdin), out, err, self.variables, lambda: self.now))
        return Result(code, out.getvalue(), err.getvalue())

    def wfm(self, *arguments: str, **world: Any) -> Result:
        """Run a planning command."""
        return self.run("wfm", *arguments, **world)

    def data(self, *arguments: str) -> Any:
        """Return what a planning command prints as JSON; it must succeed."""
        result = self.wfm(*arguments, "--json")
        assert result.code == 0, result.err
        return json.loads(result.out)

    @property
    def loaded(self) -> Loaded:
        return load(None, self.variables)

    @property
    def office(self) -> Office:
        return Office(self.loaded, clock=lambda: self.now)

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8", newline="")
        return path

    def team(self, text: str = TEAM) -> Team:
        """Take a team in and return it."""
        result = self.wfm("team", "import", str(self.file("team.toml", text)))
        assert result.code == 0, result.err
        return self.office.team()

    def published(self, rows: list[DayRow], first: date = MONDAY, days: int = 14, need: int = 0) -> Roster:
        """Publish a roster made by hand; each queue needs so many agents from 8 to 20."""
        office = self.office
        version, team = office.team_version()
        slots = 24 * 60 // team.interval
        per_day = [float(need) if 8 <= slot * team.interval / 60 < 20 else 0.0 for slot in range(slots)]
        needs = {name: [per_day] * days for name in team.queue_names()} if need else {}
        rosters = Rosters(office)
        with office.doing("wfm.publish", "test") as deed:
            document = {"needs": needs, "interval": team.interval}
            roster = rosters.save(deed, Order(first, days), whole(team, rows, first, days), document, version, None)
            rosters.publish_in(deed, roster)
        return rosters.get(roster.head.id)

    def ingest(self, text: str) -> None:
        """Take a queue_log into the store."""
        settings = self.loaded.settings
        ingest(settings.store.path, [self.file(f"log{random.random()}", text)], Rules.of(settings), settings.zone)


def worked(team: Team, person: str, day: date, shift: str) -> DayRow:
    """Return a day of work."""
    template = next(one for one in team.shifts if one.name == shift)
    return day_row(person, day, template, team.interval)


def whole(team: Team, rows: list[DayRow], first: date, days: int) -> list[DayRow]:
    """Return a row for everybody on every day; what is not named is a day off."""
    known = {(row.person, row.day): row for row in rows}
    span = [first + timedelta(days=offset) for offset in range(days)]
    return [known.get((one.id, day)) or day_row(one.id, day, None, 30) for one in team.people for day in span]


def week(team: Team, person: str, shift: str, first: date = MONDAY, days: int = 5) -> list[DayRow]:
    """Return some days of work in a row."""
    return [worked(team, person, first + timedelta(days=offset), shift) for offset in range(days)]


def history_csv(weeks: int = 8, until: date = MONDAY, seed: int = 1) -> str:
    """Return calls of two queues on weekdays from 8 to 20, at half hours."""
    luck = random.Random(seed)
    lines = ["start,calls,aht,queue"]
    for offset in range(weeks * 7, 0, -1):
        day = until - timedelta(days=offset)
        if day.weekday() >= 5:
            continue
        for slot in range(16, 40):
            start = datetime.combine(day, datetime.min.time()) + timedelta(minutes=30 * slot)
            for queue, peak, aht in (("sales", 12.0, 200), ("support", 8.0, 240)):
                rate = peak * (0.5 + 0.5 * math.sin((slot - 16) / 24 * math.pi))
                calls = sum(luck.random() < rate / 60 for _ in range(60))
                lines.append(f"{start.isoformat()},{calls},{aht},{queue}")
    return "\n".join(lines) + "\n"


def log_lines(rows: Iterator[tuple[datetime, str]]) -> str:
    """Return a queue_log of rows, in order of time."""
    return "".join(f"{int(at.timestamp())}|{text}\n" for at, text in sorted(rows, key=lambda row: row[0]))


def queue_log(
    weeks: int = 5, *, busy: float = 1.0, swing: float = 0.0, until: datetime | None = None, seed: int = 2
) -> str:
    """Return the log of some weeks before the Wednesday, and of its morning `busy` times as busy as usual.

    Whole days are up to `swing` busier or calmer than others.
    """
    luck = random.Random(seed)
    end = until or datetime.fromtimestamp(NOON, VIENNA)
    first = WEDNESDAY - timedelta(weeks=weeks)
    rows: list[tuple[datetime, str]] = []
    for offset in range(weeks * 7 + 1):
        day = first + timedelta(days=offset)
        if day.weekday() < 5:
            rows += _log_day(luck, day, busy if day == WEDNESDAY else luck.uniform(1 - swing, 1 + swing))
    return log_lines(iter(row for row in rows if row[0] < end))


def _log_day(luck: random.Random, day: date, busy: float) -> list[tuple[datetime, str]]:
    rows: list[tuple[datetime, str]] = []
    for slot in range(16, 40):
        for queue, rate in (("sales", 6.0), ("support", 4.0)):
            for number in range(sum(luck.random() < rate * busy / 60 for _ in range(60))):
                at = datetime.combine(day, datetime.min.time(), VIENNA) + timedelta(
                    minutes=30 * slot, seconds=luck.randrange(1800)
                )
                callid = f"{at.timestamp():.0f}.{queue}{number}"
                rows += [
                    (at, f"{callid}|{queue}|NONE|ENTERQUEUE||0123|1"),
                    (at + timedelta(seconds=5), f"{callid}|{queue}|zoe|CONNECT|5|{callid}x|4"),
                    (at + timedelta(seconds=205), f"{callid}|{queue}|zoe|COMPLETEAGENT|5|200|1"),
                ]
    return rows
