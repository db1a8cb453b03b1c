"""A canary secret while things die: core dumps, tracebacks, crash reports, copies, and what children are given."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from ccops.pbx.sim import SimPbx
from ccops.reports.deliver.command import without_secrets
from tests.cmd_tools import invoke
from tests.daemons import Daemon, live, plan, quick, short_folder, talking, until, write_config
from tests.test_alerts_daemon import crowd

CANARY = "kanarie-7d03b2"
KEY, HOOK, MAIL = f"{CANARY}-signing", f"{CANARY}-token", f"{CANARY}-smtp"
ROOT = Path(__file__).parents[1]
DEADLY = [signal.SIGSEGV, signal.SIGABRT, signal.SIGQUIT]


def cores(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith("core")]


@contextmanager
def dumping(folder: Path) -> Iterator[None]:
    """Let what is started here leave a core in a folder when it dies; skips where the machine keeps none there."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if "/" in pattern or pattern.startswith("|"):
        pytest.skip(f"cores go elsewhere here: {pattern}")
    here, limits = Path.cwd(), resource.getrlimit(resource.RLIMIT_CORE)
    if limits[1] != resource.RLIM_INFINITY:
        pytest.skip("no cores may be left here")
    os.chdir(folder)
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    try:
        _prove(folder)
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, limits)
        os.chdir(here)


def _prove(folder: Path) -> None:
    """A program without our care leaves a core with its secret in it: what is looked for can be found."""
    code = f"import os; secret = '{CANARY}'.encode() * 1; os.abort()"
    subprocess.run([sys.executable, "-c", code], check=False, stderr=subprocess.DEVNULL)
    left = cores(folder)
    if not left:
        pytest.skip("this machine leaves no cores")
    assert any(CANARY.encode() in path.read_bytes() for path in left)
    for path in left:
        path.unlink()


@pytest.mark.parametrize("how", DEADLY)
async def test_a_daemon_that_dies_leaves_no_core(how: signal.Signals) -> None:
    sim = quick(SimPbx(plan(), quiet=True, secret=CANARY))
    await sim.start()
    with short_folder() as folder:
        daemon = Daemon(folder, write_config(folder, sim.port, sim.username, CANARY))
        try:
            with dumping(folder):
                await daemon.start()
                async with daemon.desk() as desk:
                    await live(desk)
                    await talking(sim, desk)
                    assert await daemon.signal(how) == -how
            assert cores(folder) == []
            assert CANARY not in "\n".join(daemon.err)
        finally:
            await daemon.close()
            await sim.stop()


async def test_a_command_that_dies_leaves_no_core() -> None:
    """It waits for a PBX that says nothing, with the secret in its memory."""
    sim = quick(SimPbx(plan(), quiet=True, secret=CANARY))
    await sim.start()
    sim.stall()
    with short_folder() as folder:
        config = write_config(folder, sim.port, sim.username, CANARY)
        with dumping(folder):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "ccops", "--config", str(config), "status",
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": "/nonexistent"},
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            await until(lambda: sim.stats.clients, "it has connected")
            process.send_signal(signal.SIGABRT)
            assert await process.wait() == -signal.SIGABRT
        assert cores(folder) == []
    await sim.stop()


TARGETS = """
[alerts]
targets = ["all"]
retry_wait = 0.1
[alert_rules.crowd]
figure = "waiting"
warning = 1
[smtp]
host = "127.0.0.1"
port = 1
username = "u"
password = "{mail}"
sender = "ccops@example.net"
[alert_targets.all]
webhook = "http://127.0.0.1:1/{hook}"
signing_key = "{key}"
mail = ["a@example.net"]
command = ["/bin/sh", "-c", "env > {folder}/environment; ps -eo args > {folder}/ps; cat > {folder}/stdin"]
"""


async def test_no_child_copy_report_or_backup_has_a_secret_and_no_failing_target_says_one() -> None:
    sim = quick(SimPbx(plan(), quiet=True, secret=CANARY))
    await sim.start()
    with short_folder() as folder:
        more = TARGETS.format(folder=folder, hook=HOOK, key=KEY, mail=MAIL)
        variables = {"CCOPS_SMTP__PASSWORD": MAIL, "CCOPS_AMI__SECRET": CANARY}
        daemon = Daemon(folder, write_config(folder, sim.port, sim.username, CANARY, more), variables)
        try:
            await daemon.start()
            await crowd(sim, 2)
            await until(lambda: (folder / "stdin").exists() and (folder / "stdin").read_bytes(), "the command is told")
            await until(lambda: daemon.said("It is tried again"), "the others fail")
            said = await _said(daemon)
            assert await daemon.signal(signal.SIGTERM) == 0
            said += daemon.err
        finally:
            await daemon.close()
            await sim.stop()
        assert "PATH=" in (folder / "environment").read_text()
        assert [text for text in said if CANARY in text] == []
        told = [path.name for path in folder.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
        assert told == ["config.toml"]


async def _said(daemon: Daemon) -> list[str]:
    said = []
    for command in (
        ["doctor", "--listen", "0"],
        ["doctor", "--listen", "0", "--json"],
        ["config", "show"],
        ["config", "show", "--json"],
        ["alert", "test"],
        ["alert", "history", "--json"],
        ["db", "backup", str(daemon.folder / "copy.db")],
        ["audit", "export", str(daemon.folder / "audit.jsonl")],
        ["--verbose", "status"],
    ):
        ran = await daemon.cli("--config", str(daemon.config), *command)
        said += [ran.out, ran.err]
    return said


@pytest.mark.parametrize(
    "arguments", [("--help",), ("help", "configuration"), ("help", "security"), ("alert", "test", "--help")]
)
def test_help_and_manuals_hold_nothing_of_the_configuration(tmp_path: Path, arguments: Sequence[str]) -> None:
    config = tmp_path / "c.toml"
    config.write_text(f'[ami]\nusername = "u"\nsecret = "{CANARY}"\n')
    config.chmod(0o600)
    env = {"CCOPS_AMI__SECRET": CANARY, "CCOPS_SMTP__PASSWORD": CANARY}
    shown = invoke("--config", str(config), *arguments, env=env)
    assert shown.out + shown.err
    assert CANARY not in shown.out + shown.err


@pytest.mark.parametrize("name", ["CCOPS_AMI__SECRET", "CCOPS_SMTP__PASSWORD", "CCOPS_ALERT_TARGETS__X__SIGNING_KEY",
                                  "CCOPS_ALERT_TARGETS__X__WEBHOOK"])  # fmt: skip
def test_a_command_that_takes_reports_is_given_no_secret(name: str) -> None:
    kept = without_secrets({name: CANARY, name.lower(): CANARY, "PATH": "/bin", "CCOPS_CONFIG": "c.toml"})
    assert kept == {"PATH": "/bin", "CCOPS_CONFIG": "c.toml"}
