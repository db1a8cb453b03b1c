"""Two machines of a pair on this one: two folders, and the way from each to the other as a command."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccops.store import open_store
from ccops.store.audit import open_audit
from ccops.store.standby.role import Role, role_of

AT = 1_770_000_000
"""Stamp that logs here begin with."""


def calls(first: int, count: int) -> str:
    """Return log lines of calls with these numbers: entered, answered, over."""
    return "".join(_call(number) for number in range(first, first + count))


def _call(number: int) -> str:
    at, call = AT + number * 10, f"{AT}.{number}"
    return (
        f"{at}|{call}|sales|NONE|ENTERQUEUE||555{number:04d}|1\n"
        f"{at + 2}|{call}|sales|Ana|CONNECT|2|{call}1|2\n"
        f"{at + 9}|{call}|sales|Ana|COMPLETECALLER|2|7|1\n"
    )


@dataclass
class Machine:
    """One of the machines."""

    folder: Path
    more: dict[str, str] = field(default_factory=dict)
    """Settings beside the usual, by variable."""
    peer: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)

    @property
    def store(self) -> Path:
        return self.folder / "ccops.db"

    @property
    def ship(self) -> list[str]:
        """The command by which the other one reaches this one."""
        return [sys.executable, "-m", "ccops", "--db", str(self.store), "db", "ship"]

    @property
    def variables(self) -> dict[str, str]:
        root = str(Path(__file__).parent.parent)
        world = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": root,
            "HOME": str(self.folder),
            "CCOPS_SITE__TIMEZONE": "UTC",
        }
        world |= {"CCOPS_STORE__PATH": str(self.store), "CCOPS_DAEMON__SOCKET": str(self.folder / "s")}
        peer = {"CCOPS_STANDBY__PEER": json.dumps(self.peer)} if self.peer else {}
        return world | peer | self.more

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command here."""
        command = [sys.executable, "-m", "ccops", *arguments]
        return subprocess.run(
            command,
            capture_output=True,
            check=False,
            text=True,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )

    def done(self, *arguments: str) -> Any:
        """Run a command here that must succeed; return what it prints."""
        found = self.run(*arguments, "--json")
        assert found.returncode == 0, (shlex.join(arguments), found.stderr)
        return json.loads(found.stdout)

    def take_in(self, lines: str, name: str = "queue_log") -> None:
        """Write lines into a log here and take it in."""
        log = self.folder / name
        with log.open("a", encoding="utf-8") as file:
            file.write(lines)
        self.done("ingest", "queue-log", str(log))

    def act(self, target: str) -> None:
        """Write an action into the audit."""
        audit = open_audit(self.store)
        row = {"who": "anna", "origin": "test", "action": "listen", "target": target, "call_id": ""}
        number = audit.begin(**row, arguments="{}", reason="")
        audit.end(number, result="done", detail="", data={})
        audit.close()

    def count(self, table: str) -> int:
        return count(self.store, table)

    @property
    def role(self) -> Role:
        found = role_of(self.store)
        assert found is not None
        return found


def count(store: Path, table: str) -> int:
    """Return how many rows a table has."""
    with open_store(store, read_only=True) as database:
        return int(database.rows(f"SELECT count(*) FROM {table}")[0][0])


def content(store: Path, leave_out: Iterable[str] = ()) -> dict[str, list[Any]]:
    """Return everything in a store, by table."""
    with open_store(store, read_only=True) as database:
        tables = [name for (name,) in database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: sorted(database.rows(f'SELECT * FROM "{name}"'), key=repr)
            for name in tables
            if name not in set(leave_out)
        }


def pair(folder: Path) -> tuple[Machine, Machine]:
    """Return two machines that know the way to each other; the first has a store with ten calls."""
    first, second = Machine(folder / "one"), Machine(folder / "two")
    first.peer, second.peer = second.ship, first.ship
    first.take_in(calls(0, 10))
    return first, second
