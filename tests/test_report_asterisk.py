"""History on real Asterisk: calls are driven, its own queue_log is taken in, and reports say what was done."""

import json
import time
from pathlib import Path
from typing import Any

from tests.lab.commands import ccops, variables
from tests.lab.scenario import Scene


class Site:
    """A centre's commands on a lab, with a store of its own."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.since = time.time()
        self.log = scene.lab.queue_log
        self._env = variables(
            scene.lab,
            HOME=str(folder),
            CCOPS_STORE__PATH=str(folder / "ccops.db"),
            CCOPS_SITE__TIMEZONE="UTC",
            CCOPS_ACTIONS__TRANSFER_CONTEXT="internal",
            CCOPS_ACTIONS__QUEUE_CONTEXT="queues",
        )

    def data(self, *arguments: str) -> Any:
        """Run a command and return what it prints as JSON."""
        done = ccops(*arguments, "--json", env=self._env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def report(self, name: str, *more: str) -> list[dict[str, Any]]:
        """Return the rows of a report about the time since this site began: the lab's log is older."""
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.since))
        rows: list[dict[str, Any]] = self.data("report", name, "--from", since, "--to", _later(), *more)
        return rows


def _later() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))


def drive(scene: Scene, site: Site) -> dict[str, str]:
    """Have one call of each kind; return their ids."""
    ids: dict[str, str] = {}
    scene.add_member("sales", "1001", "Ana 王芳")
    for name, ends in (("by_caller", None), ("by_agent", "1001")):
        call = scene.queue_call("sales", f"555{len(ids):04}")
        ids[name] = call.uniqueid
        time.sleep(1.2)
        scene.hang_up(ends or call)
        scene.completed(call)
    call = scene.queue_call("sales", "5550002")
    ids["transferred"] = call.uniqueid
    site.data("call", "transfer", call.uniqueid, "1004", "--yes")
    scene.completed(call)
    scene.hang_up(call)
    scene.ended(call)
    scene.pause("PJSIP/1001", "lunch")
    for number, name in ((3, "gave_up"), (4, "pulled"), (5, "moved")):
        call = scene.call_in("sales", f"555{number:04}")
        scene.waiting(call)
        ids[name] = call.uniqueid
        if name == "pulled":
            site.data("call", "pull", call.uniqueid, "--to", "PJSIP/9002", "--yes")
        elif name == "moved":
            site.data("call", "move", call.uniqueid, "--queue", "support", "--yes")
            scene.waiting(call, "support")
        else:
            time.sleep(1.2)
        scene.hang_up(call)
        scene.ended(call)
    scene.unpause("PJSIP/1001")
    scene.remove_member("sales", "PJSIP/1001")
    return ids


def test_reports_from_its_own_log_say_what_was_driven(scene: Scene, tmp_path: Path) -> None:
    site = Site(scene, tmp_path)
    ids = drive(scene, site)
    counts = site.data("ingest", "queue-log", str(site.log))
    assert counts["quarantined"] == 0

    queues = {row["queue"]: row for row in site.report("queues")}
    sales, support = queues["sales"], queues["support"]
    assert (sales["offered"], sales["answered"], sales["abandoned"], sales["withdrawn"]) == (4, 3, 1, 2)
    assert (support["offered"], support["abandoned"], support["withdrawn"]) == (1, 1, 0)
    assert sales["transfers"] == 1

    calls = {row["call_id"]: row for row in site.report("calls", "--queue", "sales")}
    found = {name: (calls[call]["outcome"], calls[call]["ended_by"]) for name, call in ids.items()}
    assert found == {
        "by_caller": ("answered", "caller"),
        "by_agent": ("answered", "agent"),
        "transferred": ("answered", "blind"),
        "gave_up": ("abandoned", None),
        "pulled": ("withdrawn", None),
        "moved": ("withdrawn", None),
    }
    assert 1 <= calls[ids["by_caller"]]["talk"] <= 4

    (ana,) = [row for row in site.report("agents") if row["agent"] == "Ana 王芳"]
    assert (ana["answered"], ana["transfers"]) == (3, 1)
    assert ana["logged_in"] >= ana["paused"] + ana["talk"] > 0
    (pause,) = [row for row in site.report("pauses") if row["agent"] == "Ana 王芳"]
    assert pause["reason"] == "lunch"

    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(site.since))
    made_of = site.data("report", "queues", "--from", since, "--to", _later(), "--explain", "withdrawn@sales")
    assert {visit["call_id"] for visit in made_of["visits"]} == {ids["pulled"], ids["moved"]}
    lines = site.log.read_text(encoding="utf-8").splitlines()
    for visit in made_of["visits"]:
        for line in visit["lines"]:
            assert lines[line["line"] - 1] == line["text"]
