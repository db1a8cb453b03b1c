"""A site with a few calls whose figures anybody can work out by hand, and `ccops` run on it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ccops.reports.catalogue import Entry
from ccops.reports.ingest import ingest
from ccops.reports.rules import Rules
from tests.cmd_tools import Result, invoke

ROOT = Path(__file__).parent.parent
BERLIN = ZoneInfo("Europe/Berlin")
HOSTILE = "=SUM(A1) <script>alert(1)</script> \x1b]0;owned\x07[red]"
CLEANED = "=SUM(A1) <script>alert(1)</script> ]0;owned[red]"
"""What is left of it once it cannot steer anything."""
DAY = "2026-03-02"


def at(day: str, clock: str) -> int:
    """Return epoch seconds of a time of the site."""
    return int(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=BERLIN).timestamp())


def lines() -> list[str]:
    """Return the log: on the 2nd six calls to sales, one of them short, and one to support; one on the 3rd."""
    found: list[str] = []

    def call(number: int, day: str, clock: str, queue: str, caller: str, *rest: str, name: str = "") -> None:
        start, callid = at(day, clock), f"{at(day, clock)}.{number}"
        found.append(f"{start}|{callid}|{queue}|NONE|ENTERQUEUE||{caller}|1{'|' + name if name else ''}")
        for part in rest:
            after, agent, *event = part.split(" ")
            found.append(f"{start + int(after)}|{callid}|{queue}|{agent}|{'|'.join(event)}")

    found.append(f"{at('2026-02-01', '00:00:00')}|NONE|NONE|NONE|CONFIGRELOAD|")
    start = at(DAY, "08:00:00")
    for queue, agent in (("sales", "Anna"), ("sales", "Ben"), ("support", "Chi")):
        found.append(f"{start}|NONE|{queue}|{agent}|ADDMEMBER|")
    done = "COMPLETECALLER"
    call(1, DAY, "09:00:00", "sales", "5550001", "10 Anna CONNECT 10 m.1 4", f"70 Anna {done} 10 60 1", name=HOSTILE)
    call(2, DAY, "10:00:00", "sales", "5550002", "20 Anna RINGNOANSWER 8000", "30 Ben CONNECT 30 m.2 5",
         f"150 Ben {done} 30 120 1")  # fmt: skip
    call(3, DAY, "11:00:00", "sales", "5550003", "40 NONE ABANDON 1 1 40", name="5550003")
    call(4, DAY, "11:30:00", "sales", "5550004", "3 NONE ABANDON 1 1 3")
    call(5, DAY, "12:00:00", "sales", "5550005", "60 NONE EXITWITHTIMEOUT 1 1 60")
    call(6, DAY, "12:30:00", "sales", "5550001", "20 Anna CONNECT 20 m.6 4", f"50 Anna {done} 20 30 1")
    call(7, DAY, "13:00:00", "support", "5550007", "5 Chi CONNECT 5 m.7 2", f"35 Chi {done} 5 30 1")
    call(8, "2026-03-03", "09:00:00", "sales", "5550008", "8 Anna CONNECT 8 m.8 2", f"68 Anna {done} 8 60 1")
    end = at("2026-03-03", "17:00:00")
    for queue, agent in (("sales", "Anna"), ("sales", "Ben"), ("support", "Chi")):
        found.append(f"{end}|NONE|{queue}|{agent}|REMOVEMEMBER|")
    return found


def wanting(entry: Entry) -> list[str]:
    """Return what a report must be asked with."""
    return ["--call", f"{at(DAY, '11:00:00')}.3"] if "call" in entry.narrows else []


@dataclass(frozen=True)
class ReportSite:
    """A folder with log, store and configuration."""

    folder: Path

    @property
    def config(self) -> Path:
        """The configuration."""
        return self.folder / "config.toml"

    @property
    def store(self) -> Path:
        """The store."""
        return self.folder / "ccops.db"

    @property
    def log(self) -> Path:
        """The log that was taken in."""
        return self.folder / "queue_log"

    def add(self, text: str) -> None:
        """Add to the configuration."""
        with self.config.open("a", encoding="utf-8") as file:
            file.write(text)

    def report(self, *arguments: str, **world: Any) -> Result:
        """Run `ccops report` in this process."""
        return invoke("--config", str(self.config), "report", *arguments, **world)

    def process(self, *arguments: str, before: tuple[str, ...] = (), **how: Any) -> "subprocess.CompletedProcess[Any]":
        """Run `ccops report` as the shell does."""
        how = {"capture_output": True, "timeout": 120, **how}
        return subprocess.run([*self.command(*before), "report", *arguments], cwd=ROOT, env=self.world(), **how)

    def command(self, *before: str) -> list[str]:
        """Return the program with this site's configuration."""
        return [sys.executable, "-m", "ccops", "--config", str(self.config), *before]

    def world(self) -> dict[str, str]:
        """Return the variables of a bare machine."""
        kept = ("PATH", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE")
        return {"HOME": "/nonexistent", "LANG": "C.UTF-8"} | {n: os.environ[n] for n in kept if n in os.environ}


def make_site(folder: Path) -> ReportSite:
    """Make a site."""
    site = ReportSite(folder)
    site.log.write_text("".join(f"{line}\n" for line in lines()), encoding="utf-8")
    site.add('[site]\nname = "Riverside"\ntimezone = "Europe/Berlin"\n[store]\npath = "ccops.db"\n')
    ingest(site.store, [site.log], Rules(), BERLIN)
    return site
