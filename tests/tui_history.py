"""A small store with a known past, for the tests of the console's reports."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ccops.reports.ingest import ingest
from ccops.reports.rules import Rules
from ccops.settings import Settings
from ccops.settings.model import Site, Store
from ccops.settings.reporting import Reports

ZONE = "Europe/Berlin"
DAY = "2026-03-10"
"""A Tuesday."""


@dataclass
class Past:
    """Writes a queue_log line by line."""

    lines: list[str]
    number: int = 0

    def at(self, clock: str, day: str = DAY) -> int:
        """Return the instant of a time of day at the site."""
        return int(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(ZONE)).timestamp())

    def visit(
        self, clock: str, queue: str, caller: str, *, agent: str = "", wait: int = 5, talk: int = 60, **more: Any
    ) -> None:
        """Write one visit: answered by an agent, or given up."""
        start, callid = self.at(clock, more.get("day", DAY)), f"17{self.number:08d}.1"
        self.number += 1
        lead = f"{callid}|{queue}|"
        self.lines.append(f"{start}|{lead}NONE|ENTERQUEUE||{caller}|1")
        if agent:
            self.lines.append(f"{start + wait}|{lead}{agent}|CONNECT|{wait}|{callid}2|{wait}")
            self.lines.append(f"{start + wait + talk}|{lead}{agent}|COMPLETECALLER|{wait}|{talk}|1")
        else:
            self.lines.append(f"{start + wait}|{lead}NONE|ABANDON|1|1|{wait}")


def settings_for(folder: Path, **more: Any) -> Settings:
    """Return settings whose store is in that folder."""
    return replace(
        Settings(),
        site=Site(name="Riverside", timezone=ZONE),
        store=Store(path=folder / "ccops.db"),
        reports=Reports(own=folder / "reports.d"),
        **more,
    )


def past_in(folder: Path, **more: Any) -> Settings:
    """Make a store of two days: four visits of sales on the 10th, one lost; two on the 9th; one of support."""
    settings, past = settings_for(folder, **more), Past([])
    past.lines.append(f"{past.at('08:00', '2026-03-09')}|NONE|NONE|NONE|QUEUESTART|")
    past.visit("09:00:00", "sales", "0301111111", agent="Ana", day="2026-03-09")
    past.visit("09:30:00", "sales", "0302222222", agent="Ana", day="2026-03-09")
    past.lines.append(f"{past.at('08:30')}|MANAGER|sales|Ana|ADDMEMBER|")
    past.visit("09:00:00", "sales", "0301111111", agent="Ana", wait=7, talk=61)
    past.visit("09:10:00", "sales", "0304444444", agent="Ben", wait=30)
    past.visit("09:20:00", "sales", "0305555555", wait=44)
    past.visit("10:00:00", "support", "0306666666", agent="Ana", talk=3725)
    past.visit("11:00:00", "sales", "0307777777", agent="Ana", wait=3, talk=10)
    past.lines.append(f"{past.at('12:00')}|MANAGER|sales|Ana|REMOVEMEMBER|")
    log = folder / "queue_log"
    log.write_text("".join(f"{line}\n" for line in sorted(past.lines)), encoding="utf-8")
    ingest(settings.store.path, [log], Rules.of(settings), settings.zone)
    return settings


def noon(day: str = "2026-03-11") -> float:
    """Return midday of a day at the site."""
    return datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo(ZONE)).timestamp()
