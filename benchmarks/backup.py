"""Times a writer while its store of a year is copied: how much later lines come in and actions are audited than else.

    python -m benchmarks.backup [--visits 1000000] [--seconds 20] [--rounds 2] [--json] [--folder DIR]

`ccops ingest queue-log --follow` takes lines in, at the rate of a busy hour of 50 seats and at a hundred times that;
beside it audit rows are written as a supervisor's actions write them. Spells without and with copying take turns:
whole copies by `ccops db backup`, one after the other, and the differences that `ccops db ship` gives to a standby.
To reach: while copying, the longest pause of either writer is at most 100 ms above the longest without; for shipping at
the busy hour's rate. What a line waits for the next look at the log counts as normal. Other work on the machine shows
in both kinds of spells, and in single maxima.
"""

import argparse
import itertools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.reports import Site
from ccops.reports.ingest.follow import INTERVAL

REACH = 0.1
RATES = {"busy hour": 10.0, "a hundred times that": 1000.0}
"""Lines a second."""
_AT = 1_770_000_000
"""Stamp of the first new line: after the year."""


@dataclass
class Spell:
    """What was seen in spells of one kind, seconds."""

    lines: list[float] = field(default_factory=list)
    """From a line's end of writing until it can be read from the store."""
    actions: list[float] = field(default_factory=list)
    """That one row of the audit took."""
    copies: list[float] = field(default_factory=list)
    log_bytes: int = 0
    """Longest write-ahead log."""


class Writers:
    """A log that grows, what follows it, and somebody who acts; all on one store."""

    def __init__(self, site: Site, store: Path, rate: float) -> None:
        self.store, self.rate, self.spell = store, rate, Spell()
        self.log = store.with_name("queue_log")
        self.log.write_text(f"{_AT}|NONE|NONE|NONE|QUEUESTART|\n")
        self._stop = threading.Event()
        self._written: deque[tuple[int, float]] = deque()
        command = [sys.executable, "-m", "ccops", "--db", str(store), "ingest", "queue-log", str(self.log), "--follow"]
        variables = {**os.environ, "CCOPS_CONFIG": str(site.config)}
        self._follow = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=variables)
        self._threads = [threading.Thread(target=work) for work in (self._write, self._look, self._act)]

    def start(self) -> None:
        """Begin once the log is being followed."""
        while self._seen() < self.log.stat().st_size:
            time.sleep(0.05)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all of it."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._follow.send_signal(signal.SIGTERM)
        self._follow.wait()

    def _seen(self) -> int:
        connection = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)
        found = connection.execute("SELECT max(size) FROM files WHERE path = ?", (str(self.log),)).fetchone()[0]
        connection.close()
        return int(found or 0)

    def _write(self) -> None:
        begun, size = time.monotonic(), self.log.stat().st_size
        with self.log.open("a", buffering=1) as log:
            for number in itertools.count():
                if self._stop.wait(max(0.0, begun + number / self.rate - time.monotonic())):
                    return
                line = _line(number, _AT + int(number / self.rate))
                log.write(line)
                size += len(line)
                self._written.append((size, time.monotonic()))

    def _look(self) -> None:
        connection = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, check_same_thread=False)
        sql = "SELECT size FROM files WHERE path = ? ORDER BY id DESC LIMIT 1"
        wal = self.store.with_name(self.store.name + "-wal")
        while not self._stop.wait(0.005):
            size, now = connection.execute(sql, (str(self.log),)).fetchone()[0], time.monotonic()
            while self._written and self._written[0][0] <= size:
                self.spell.lines.append(now - self._written.popleft()[1])
            self.spell.log_bytes = max(self.spell.log_bytes, wal.stat().st_size)
        connection.close()

    def _act(self) -> None:
        from ccops.store.audit import open_audit

        audit = open_audit(self.store)
        row = {"who": "anna", "origin": "bench", "action": "listen", "target": "1001", "call_id": ""}
        while not self._stop.wait(0.1):
            begun = time.monotonic()
            number = audit.begin(**row, arguments="{}", reason="")
            between = time.monotonic()
            audit.end(number, result="done", detail="", data={})
            self.spell.actions += [between - begun, time.monotonic() - between]
        audit.close()


def _line(number: int, at: int) -> str:
    call, step = f"{_AT}.{number // 3}", number % 3
    if step == 0:
        return f"{at}|{call}|sales|NONE|ENTERQUEUE||555{number:07d}|1\n"
    if step == 1:
        return f"{at}|{call}|sales|Ana 00|CONNECT|3|{call}1|2\n"
    return f"{at}|{call}|sales|Ana 00|COMPLETECALLER|3|40|1\n"


def measure(site: Site, rate: float, seconds: float, rounds: int) -> dict[str, Spell]:
    """Return what was seen by kind of spell."""
    found = {kind: Spell() for kind in _DEEDS}
    with tempfile.TemporaryDirectory(dir=site.folder) as folder:
        store = Path(folder) / "ccops.db"
        shutil.copyfile(site.store, store)
        os.sync()
        writers = Writers(site, store, rate)
        try:
            writers.start()
            time.sleep(2)
            for _round in range(rounds):
                for kind, spell in found.items():
                    writers.spell = spell
                    _DEEDS[kind](site, store, time.monotonic() + seconds, spell)
                    time.sleep(1)  # what a copy leaves behind (a long write-ahead log) counts as the copy's
        finally:
            writers.stop()
    return found


def _alone(_site: Site, _store: Path, until: float, _spell: Spell) -> None:
    time.sleep(max(0.0, until - time.monotonic()))


def _backup(site: Site, store: Path, until: float, spell: Spell) -> None:
    while time.monotonic() < until:
        copy, begun = store.with_name("copy.db"), time.monotonic()
        variables = {**os.environ, "CCOPS_CONFIG": str(site.config)}
        # As ccops-backup.service does it.
        command = ["nice", "-n", "10", sys.executable, "-m", "ccops", "--db", str(store), "db", "backup", str(copy)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=variables)
        spell.copies.append(time.monotonic() - begun)
        copy.unlink()


def _ship(site: Site, store: Path, until: float, spell: Spell) -> None:
    """Ship to a standby, over and over; the first time all of it, then what is new."""
    standby = store.with_name("standby.db")
    peer = json.dumps([sys.executable, "-m", "ccops", "--db", str(store), "db", "ship"])
    variables = {**os.environ, "CCOPS_CONFIG": str(site.config), "CCOPS_STANDBY__PEER": peer}
    while time.monotonic() < until:
        verb, begun = "fetch" if standby.exists() else "follow", time.monotonic()
        # What the standby itself does happens on another machine; here it must stay out of the way.
        command = ["nice", "-n", "19", sys.executable, "-m", "ccops", "--db", str(standby), "standby", verb]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=variables)
        spell.copies.append(time.monotonic() - begun)


_DEEDS: dict[str, Callable[[Site, Path, float, Spell], None]] = {"alone": _alone, "backup": _backup, "ship": _ship}


def figures(found: dict[str, Spell]) -> dict[str, dict[str, float | None]]:
    """Return the figures by kind of spell, seconds."""
    alone = found["alone"]
    # A line that comes just after a look waits for the next one, whatever happens on the machine.
    normal = max(INTERVAL, *alone.lines)
    return {
        kind: {
            "line_p50": _share(spell.lines, 0.5),
            "line_max": max(spell.lines),
            "line_above": max(spell.lines) - normal,
            "action_p50": _share(spell.actions, 0.5),
            "action_max": max(spell.actions),
            "action_above": max(spell.actions) - max(alone.actions),
            "copies": len(spell.copies),
            "copy": _share(spell.copies, 0.5) if spell.copies else None,
            "wal_mb": spell.log_bytes / 1e6,
        }
        for kind, spell in found.items()
    }


def _share(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    site = Site(chosen.folder, chosen.visits)
    found = {name: figures(measure(site, rate, chosen.seconds, chosen.rounds)) for name, rate in RATES.items()}
    if chosen.json:
        print(json.dumps(found))
    else:
        _tell(site, found)
    worst = {kind: max(_above(rows[kind]) for rows in found.values()) for kind in _DEEDS if kind != "alone"}
    # The standby's own half of the work is done on this machine too, which at the higher rate has no core left for it.
    worst["ship"] = _above(found["busy hour"]["ship"])
    for kind, above in worst.items():
        told = f"{kind}: longest pause above normal {above * 1000:.0f} ms (to reach {REACH * 1000:.0f})"
        print(told, file=sys.stderr)
    return int(max(worst.values()) > REACH)


def _above(row: dict[str, float | None]) -> float:
    return max(row["line_above"] or 0.0, row["action_above"] or 0.0)


def _tell(site: Site, found: dict[str, dict[str, dict[str, float | None]]]) -> None:
    print(f"store {site.store.stat().st_size / 1e6:.0f} MB; ms")
    for name, rows in found.items():
        print(f"{name}: {RATES[name]:.0f} lines/s")
        for kind, row in rows.items():
            shown = {
                key: None if value is None else round(value * (1 if key in ("copies", "wal_mb") else 1000), 1)
                for key, value in row.items()
            }
            print(f"  {kind:8}", *(f"{key}={value}" for key, value in shown.items()))


if __name__ == "__main__":
    sys.exit(main())
