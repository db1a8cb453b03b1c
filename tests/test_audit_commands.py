"""`ccops audit`: list with filters in every form, verify with the first broken row, an export that stands alone."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ccops.store.audit import Audit, open_audit
from tests.cmd_tools import NOW, Result, invoke

DAY = 86_400.0


class World:
    """A store, and commands on it at a site in Berlin."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "ccops.db"
        self.now = NOW
        self.audit: Audit = open_audit(self.store, lambda: self.now)

    def act(self, who: str, action: str, target: str, result: str = "done", **more: Any) -> None:
        row = {"origin": "pts/1", "call_id": "1.1", "arguments": "{}", "reason": ""} | more
        number = self.audit.begin(who=who, action=action, target=target, **row)
        self.now += 1.5
        if result != "unknown":
            self.audit.end(number, result=result, detail="Said.", data={"phone": "PJSIP/9001"})

    def run(self, *arguments: str) -> Result:
        env = {"CCOPS_STORE__PATH": str(self.store), "CCOPS_SITE__TIMEZONE": "Europe/Berlin"}
        return invoke("audit", *arguments, env=env)

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        result = self.run("list", "--json", *arguments)
        assert result.code == 0, result.err
        rows: list[dict[str, Any]] = json.loads(result.out)
        return rows


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.act("anna", "listen", "Ben", reason="training", arguments='{"phone": "PJSIP/9002"}')
    world.act("ben", "agent.pause", "Cho 王", "denied")
    world.now = NOW + DAY
    world.act("anna", "call.pull", "1.7", "failed")
    world.act("Anna", "takeover", "Ben", "unknown")
    return world


def test_every_action_is_listed_with_its_outcome(world: World) -> None:
    rows = world.rows()
    assert [(row["who"], row["action"], row["result"]) for row in rows] == [
        ("anna", "listen", "done"), ("ben", "agent.pause", "denied"), ("anna", "call.pull", "failed"),
        ("Anna", "takeover", "unknown"),
    ]  # fmt: skip
    first = rows[0]
    assert first["at"] == "2026-03-04T06:00:00.000+01:00"
    assert (first["seconds"], first["reason"], first["origin"]) == (1.5, "training", "pts/1")
    assert first["arguments"] == {"phone": "PJSIP/9002"}
    assert first["data"] == {"phone": "PJSIP/9001"}
    assert (rows[3]["ended_at"], rows[3]["seconds"], rows[3]["detail"]) == (None, None, None)


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        (("--who", "anna"), [1, 5, 7]),
        (("--who", "ANN?", "--action", "take*"), [7]),
        (("--target", "*王*"), [3]),
        (("--action", "nothing"), []),
        (("--from", "2026-03-05"), [5, 7]),
        (("--to", "2026-03-04"), [1, 3]),
        (("--from", "2026-03-04", "--to", "2026-03-05"), [1, 3, 5, 7]),
        (("--from", "2026-03-04T06:00:01"), [3, 5, 7]),
        (("--to", "2026-03-04T05:00:01+00:00"), [1]),
        (("--to", "2026-03-04T05:00:00Z"), []),
    ],
)
def test_filters_choose_by_person_action_target_and_time(
    world: World, arguments: tuple[str, ...], numbers: list[int]
) -> None:
    assert [row["number"] for row in world.rows(*arguments)] == numbers


@pytest.mark.parametrize("form", ["table", "jsonl", "csv", "tsv", "md"])
def test_the_listing_comes_in_every_form(world: World, form: str) -> None:
    result = world.run("list", "-f", form)
    assert result.code == 0
    assert "Cho 王" in result.out
    assert len(result.out.splitlines()) == {"jsonl": 4, "md": 6}.get(form, 5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "yesterday"), "“yesterday” is no date"),
        (("--from", "2026-13-01"), "“2026-13-01” is no date"),
        (("--from", "9999-12-31", "--to", "9999-12-31"), "is no date"),
        (("--from", "2026-03-05", "--to", "2026-03-03"), "--to lies before --from"),
        (("--fields", "whom"), "Did you mean"),
    ],
)
def test_what_cannot_be_meant_is_said(world: World, arguments: tuple[str, ...], said: str) -> None:
    result = world.run("list", *arguments)
    assert result.code == 2
    assert said in result.err


def test_without_a_store_it_says_where_it_looked(tmp_path: Path) -> None:
    for command in (("list",), ("verify",), ("export", "-")):
        result = invoke("audit", *command, env={"CCOPS_STORE__PATH": str(tmp_path / "none.db")})
        assert result.code == 2
        assert "none.db" in result.err
        assert not (tmp_path / "none.db").exists()


def break_row(store: Path, statement: str) -> None:
    """Do what an intruder with the file would do: take the guards away first."""
    with sqlite3.connect(store) as connection:
        for name in ("audit_keeps", "audit_stays", "audit_follows"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
    connection.close()


def test_verify_tells_the_head_and_an_anchor_holds_it(world: World) -> None:
    result = world.run("verify", "--json")
    found = json.loads(result.out)
    assert (result.code, found["ok"], found["rows"], found["broken"]) == (0, True, 7, None)
    anchor = f"{found['rows']}:{found['head']}"
    assert world.run("verify", "--anchor", anchor).code == 0
    break_row(world.store, "DELETE FROM audit WHERE id > 5")
    assert world.run("verify").code == 0
    cut = world.run("verify", "--anchor", anchor, "--json")
    assert (cut.code, json.loads(cut.out)["broken"]) == (1, 6)


@pytest.mark.parametrize(
    ("statement", "broken", "said"),
    [
        ("UPDATE audit SET who = 'ben' WHERE id = 1", 1, "changed"),
        ("UPDATE audit SET result = 'done' WHERE id = 4", 4, "changed"),
        ("DELETE FROM audit WHERE id = 3", 3, "missing"),
        ("UPDATE audit SET at = at + 1 WHERE id = 6", 6, "changed"),
    ],
)
def test_verify_names_the_first_broken_row(world: World, statement: str, broken: int, said: str) -> None:
    break_row(world.store, statement)
    result = world.run("verify", "--json")
    assert result.code == 1
    assert json.loads(result.out)["broken"] == broken
    assert f"broken at row {broken}" in result.err
    assert said in result.err


@pytest.mark.parametrize("anchor", ["7", "x:" + "0" * 64, "7:abc", ":"])
def test_an_anchor_that_is_none_is_refused(world: World, anchor: str) -> None:
    result = world.run("verify", "--anchor", anchor)
    assert result.code == 2
    assert "no anchor" in result.err


def test_an_export_is_checked_without_the_store(world: World) -> None:
    file = world.folder / "audit.jsonl"
    assert world.run("export", str(file)).code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert world.run("verify", "--file", str(file)).code == 0
    lines = file.read_text().splitlines()
    assert world.run("export", "-").out.splitlines() == lines
    again = world.run("export", str(file))
    assert again.code == 2
    assert "exists already" in again.err
    file.write_text("\n".join([*lines[:2], lines[2].replace("Cho", "Ben"), *lines[3:]]) + "\n")
    broken = world.run("verify", "--file", str(file))
    assert broken.code == 1
    assert "row 3" in broken.err


def test_an_export_that_cannot_be_written_leaves_nothing(world: World) -> None:
    result = world.run("export", str(world.folder / "no" / "where.jsonl"))
    assert result.code == 1
    assert "No such file" in result.err
    assert world.run("verify", "--file", str(world.folder / "none.jsonl")).code == 1
