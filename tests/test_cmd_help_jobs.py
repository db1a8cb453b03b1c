"""The pages for each job are short and true: every command on them runs, in the order in which it stands there."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from ccops.pbx.sim import AgentPlan, CentrePlan, QueuePlan, SimPbx
from ccops.settings import load
from tests.daemons import PATIENCE, Daemon, quick, short_folder, talking, write_config
from tests.page_world import DOCS, Place, beside, commands
from tests.planning_world import TEAM, World, history_csv, queue_log
from tests.report_site import lines

DATA = Path(__file__).parent / "data"
PAGES = ("supervisor", "sysadmin", "cron", "planner")
RULES = """
[alert_rules.nobody-free]
figure = "free_agents"
warning = 99
[alert_rules.disk]
off = true
[queue_log]
path = "{log}"
[report_jobs.daily]
report = "queues"
period = "yesterday"
formats = ["csv"]
file = "{folder}/{{name}}-{{from}}.{{ext}}"
"""


def run_all(place: Place, page: str, codes: dict[str, set[int]] | None = None) -> dict[str, str]:
    """Run the page's commands; each must end with 0, or with a code that its first words allow."""
    outputs = {}
    for words in commands(page):
        line = " ".join(words)
        result = place.run(*words)
        allowed = next((found for key, found in (codes or {}).items() if line.startswith(key)), {0})
        if words[:1] in ([], ["--screen"], ["--wall"]):
            allowed = {2}  # the console, where there is no terminal: the help
        assert result.code in allowed, f"ccops {line}: {result.code}\n{result.err}\n{result.out}"
        outputs[line] = result.out
    return outputs


@pytest.mark.parametrize("page", PAGES)
def test_a_page_for_a_job_is_short(page: str) -> None:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 110
    assert len(commands(page)) >= 15


@contextlib.asynccontextmanager
async def centre(folder: Path, **options: Any) -> AsyncIterator[tuple[SimPbx, Path]]:
    """A quiet simulated PBX, and a configuration that leads to it and has alerts and a job."""
    queues = [QueuePlan("sales", "Sales"), QueuePlan("support", "Support")]
    seats = (("1001", "Ana", "sales"), ("1002", "Ben", "support"), ("1003", "Cho", "support"))
    agents = [AgentPlan(number, name, queues=((queue, 0),)) for number, name, queue in seats]
    sim = quick(SimPbx(CentrePlan(queues=queues, agents=agents), quiet=True, secret="s3cret", **options))
    await sim.start()
    more = RULES.format(log=folder / "queue_log", folder=folder)
    try:
        with short_folder() as short:
            yield sim, write_config(short, sim.port, sim.username, sim.secret, more)
    finally:
        await sim.stop()


@contextlib.asynccontextmanager
async def daemon_on(config: Path) -> AsyncIterator[Daemon]:
    daemon = Daemon(config.parent, config)
    try:
        yield await daemon.start()
    finally:
        await daemon.close()


def test_supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def work(done: asyncio.Event, ready: Callable[[Any], None]) -> None:
        async with (
            centre(tmp_path, queue_log=tmp_path / "queue_log") as (sim, config),
            daemon_on(config) as daemon,
            daemon.desk() as desk,
        ):
            await talking(sim, desk)
            ready(config)
            await done.wait()

    with beside(work) as config:
        place, end = Place(config), time.monotonic() + PATIENCE
        while "nobody-free" not in place.run("alert", "list").out and time.monotonic() < end:
            time.sleep(0.2)
        outputs = run_all(place, "supervisor")
    assert "Ana" in outputs["agent list --queue sales"]
    assert "nobody-free" in outputs["alert list"]
    assert "only they hear you" in outputs["whisper Ana"]
    assert "barge" in outputs["supervision list"]


def test_sysadmin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(DATA / "asterisk-22.10.queue_log", "queue_log")
    shutil.copy(DATA / "asterisk-16.28.queue_log", "queue_log.1")
    (tmp_path / "Master.csv").write_text("")
    (tmp_path / "secret").write_text("s3cret")
    (tmp_path / "secret").chmod(0o600)

    async def work(done: asyncio.Event, ready: Callable[[Any], None]) -> None:
        async with centre(tmp_path) as (_sim, config):
            ready(config)
            await done.wait()

    made = Place(tmp_path / "made.toml").run(*commands("sysadmin")[0])
    assert made.code == 0, made.err
    assert load(tmp_path / "made.toml", {}).settings.ami.username == "ccops"
    with beside(work) as config:
        # init leaves a configuration that is there as it was; some of what doctor wants is not on this machine.
        codes = {"init": {2}, "doctor": {0, 1}, "--verbose doctor": {0, 1}, "check log": {0, 6}}
        outputs = run_all(Place(config), "sysadmin", codes)
    assert "ami.secret" in outputs["config show"]
    assert "s3cret" not in "".join(outputs.values())


def test_cron(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "queue_log"
    log.write_text("\n".join(lines()) + "\n", encoding="utf-8")

    async def work(done: asyncio.Event, ready: Callable[[Any], None]) -> None:
        async with centre(tmp_path) as (_sim, config), daemon_on(config):
            ready(config)
            await done.wait()

    with beside(work) as config:
        codes = {"ingest": {0, 1}, "check": {0, 1, 6}}  # the daemon is the one that writes; a breach is an answer
        outputs = run_all(Place(config), "cron", codes)
    assert "sales" in outputs["queue list --json"]
    assert (tmp_path / "ccops.prom").read_text().endswith("# EOF\n")
    assert (tmp_path / "nightly.db").exists()
    assert list(tmp_path.glob("queues-*.csv"))


def test_planner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    world = World(tmp_path)
    world.file("team.toml", TEAM)
    world.ingest(queue_log(weeks=5))
    world.file("history.csv", history_csv())
    place = Place(None, lambda: world.now, world.variables)
    outputs = run_all(place, "planner", {"wfm roster check": {0, 1}})
    assert "anna" in outputs["wfm roster show --grid"].casefold()
    assert (tmp_path / "roster.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "late" in outputs["wfm swap list"]
