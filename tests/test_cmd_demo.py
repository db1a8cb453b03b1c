"""The demo, and the commands on the simulated centre, as processes."""

import glob
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.cmd.simulated import ZONES, zone_of_centre
from ccops.settings import load
from tests.cmd_tools import invoke

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0
CLEAN = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8", "TZ": "UTC"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "ccops", *arguments]


def ccops(*arguments: str, env: dict[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=ROOT, env=env, input=stdin, capture_output=True, text=True, timeout=90, check=False
    )


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


class Demo:
    """One running `ccops demo pbx`."""

    def __init__(self, *arguments: str) -> None:
        self.child = subprocess.Popen(
            command("demo", "pbx", *arguments),
            cwd=ROOT,
            env=CLEAN,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.child.stdout is not None
        self.place: dict[str, Any] = json.loads(self.child.stdout.readline())

    @property
    def env(self) -> dict[str, str]:
        names = {"host": "HOST", "port": "PORT", "user": "USERNAME", "secret": "SECRET"}
        return CLEAN | {f"CCOPS_AMI__{name}": str(self.place[key]) for key, name in names.items()}

    def close(self) -> None:
        self.child.kill()
        self.child.communicate()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    log = tmp_path_factory.mktemp("demo") / "queue_log"
    running = Demo("--seats", "30", "--queues", "4", "--speed", "5", "--queue-log", str(log))
    running.place["queue_log"] = str(log)
    yield running
    running.close()


def data(demo: Demo, *arguments: str) -> Any:
    done = ccops(*arguments, "--json", env=demo.env)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


# -- the simulated PBX alone ---------------------------------------------------------------------------------------


def test_it_prints_one_line_and_ends_on_sigterm() -> None:
    running = Demo("--no-history", "--seats", "2", "--queues", "1", "--username", "anna", "--secret", "s3cret")
    assert set(running.place) >= {"host", "port", "user", "secret"}
    assert (running.place["host"], running.place["user"], running.place["secret"]) == ("127.0.0.1", "anna", "s3cret")
    running.child.send_signal(signal.SIGTERM)
    out, _ = running.child.communicate(timeout=PATIENCE)
    assert (running.child.returncode, out) == (0, "")


def test_a_port_that_is_taken_is_told(demo: Demo) -> None:
    done = ccops("demo", "pbx", "--no-history", "--port", str(demo.place["port"]), env=CLEAN)
    assert (done.returncode, done.stdout) == (1, "")
    assert str(demo.place["port"]) in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_ends_with_its_parent() -> None:
    running = Demo("--no-history", "--seats", "2", "--queues", "1", "--until-eof")
    out, _ = running.child.communicate(timeout=PATIENCE)
    assert running.child.returncode == 0
    assert json.loads(out)["clients"] == 0


@pytest.mark.parametrize("arguments", [["--seats", "0"], ["--queues", "99"], ["--asterisk", "13"], ["--port", "70000"]])
def test_what_cannot_be_simulated_ends_with_2(arguments: list[str]) -> None:
    done = ccops("demo", "pbx", "--no-history", *arguments, env=CLEAN)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


# -- commands on it ------------------------------------------------------------------------------------------------


def test_listings_of_a_centre_at_work(demo: Demo) -> None:
    queues = data(demo, "queue", "list")
    agents = data(demo, "agent", "list")
    calls = data(demo, "call", "list")
    assert len(queues) == 4
    assert len(agents) > 10
    for queue in queues:
        states = ("available", "ringing", "talking", "on_hold", "wrap_up", "paused", "busy", "unavailable")
        assert queue["members"] == sum(queue[state] for state in states)
    assert {agent["state"] for agent in agents} & {"talking", "available"}
    assert all(call["state"] in ("waiting", "ringing", "talking") for call in calls)
    assert data(demo, "status")["state"] == "live"
    name = queues[0]["queue"]
    assert data(demo, "queue", "show", name.upper())["queue"] == name
    assert data(demo, "agent", "show", agents[0]["interface"])["agent"] == agents[0]["agent"]


def test_no_live_command_loads_the_console_pandas_or_sqlite_utils(demo: Demo) -> None:
    code = (
        "import sys\nfrom ccops.cmd.main import main\n"
        "code = main(sys.argv[1:])\n"
        "heavy = {'textual', 'pandas', 'sqlite_utils', 'numpy', 'rich', 'ccops.tui', 'ortools'} & set(sys.modules)\n"
        "sys.stderr.write(f'{code} {sorted(heavy)}')\n"
    )
    for arguments in (["queue", "list"], ["agent", "list"], ["call", "list"], ["status"], ["doctor", "--listen", "0"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], cwd=ROOT, env=demo.env, capture_output=True, text=True, timeout=90
        )
        assert done.stderr.endswith(" []"), arguments


def test_watch_into_head_ends_by_itself(demo: Demo) -> None:
    shell = f"{sys.executable} -m ccops watch --snapshot | head -3; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", shell], cwd=ROOT, env=demo.env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    *lines, code = done.stdout.splitlines()
    assert (code, done.stderr) == ("0", "")
    assert [json.loads(line)["topic"] for line in lines] == ["link", "queue", "queue"]


def test_doctor_finds_the_demo_healthy_but_fast(demo: Demo) -> None:
    env = demo.env | {"CCOPS_QUEUE_LOG__PATH": demo.place["queue_log"]}

    def checks() -> dict[str, dict[str, Any]]:
        return {row["check"]: row for row in json.loads(ccops("doctor", "--json", env=env).stdout)}

    found = checks()
    for name in ("reach", "login", "rights_live", "version", "holes", "queues", "queue_log"):
        assert found[name]["ok"] is not False, found[name]
    assert found["rights_live"]["ok"] is True
    assert found["queue_log_live"]["ok"] is not False
    until(lambda: checks()["clock"]["ok"] is False)  # five times as fast for a while: soon seconds ahead


def test_doctor_sees_a_log_of_another_pbx(demo: Demo, tmp_path: Path) -> None:
    other = tmp_path / "queue_log"
    other.write_text("1700000000|1.1|sales|NONE|ENTERQUEUE||555|1\n")
    env = demo.env | {"CCOPS_QUEUE_LOG__PATH": str(other)}

    def told() -> bool:
        rows = {row["check"]: row for row in json.loads(ccops("doctor", "--json", "--listen", "0", env=env).stdout)}
        return rows["queue_log_live"]["ok"] is False and "another" not in rows["queue_log_live"]["detail"]

    until(told)  # as soon as somebody waits long enough


def test_init_writes_what_the_demo_needs(demo: Demo, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    arguments = ["--config", str(path), "init", "--host", "127.0.0.1", "--port", str(demo.place["port"])]
    arguments += ["--username", demo.place["user"], "--secret-stdin", "--timezone", demo.place["timezone"]]
    done = ccops(*arguments, env=CLEAN, stdin=demo.place["secret"] + "\n")
    assert (done.returncode, done.stdout) == (0, f"{path}\n"), done.stderr
    assert demo.place["secret"] not in done.stderr
    assert load(path, {}).settings.site.timezone == demo.place["timezone"]
    status = ccops("--config", str(path), "status", "--json", env=CLEAN)
    assert json.loads(status.stdout)["state"] == "live"


# -- the whole demo ------------------------------------------------------------------------------------------------


def test_headless_counts_what_came_and_leaves_nothing() -> None:
    env = CLEAN | {"CCOPS_AMI__HOST": "192.0.2.1", "CCOPS_CONFIG": "/nonexistent/x.toml", "TMPDIR": tempfile.mkdtemp()}
    done = ccops("demo", "--headless", "4", "--seats", "40", "--queues", "3", "--speed", "20", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    counts = json.loads(done.stdout)
    assert {"events", "calls", "answered", "abandoned"} <= set(counts)
    assert (counts["seats"], counts["queues"], counts["speed"], counts["seconds"]) == (40, 3, 20, 4)
    assert counts["events"] > 50
    assert counts["calls"] > 0
    assert counts["answered"] + counts["abandoned"] > 0
    assert 0 < counts["heard"] <= counts["events"] * 1.1
    assert (counts["state"], counts["drift_repaired"], counts["reconnects"]) == ("live", 0, 0)
    assert glob.glob(f"{env['TMPDIR']}/*") == []
    os.rmdir(env["TMPDIR"])


def headless(folder: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        command("demo", "--headless", "3600", "--seats", "4", "--queues", "1"),
        cwd=ROOT,
        env=CLEAN | {"TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: glob.glob(f"{folder}/ccops-demo-*/config.toml"))
    (path,) = folder.glob("ccops-demo-*/config.toml")
    port = load(path, {}).settings.ami.port
    until(lambda: connected(port))
    return child


def connected(port: int) -> bool:
    """Whether somebody is connected to a port of this machine."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(int(local.rpartition(":")[2], 16) == port and state == "01" for _, local, _, state, *_ in lines)


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_headless_that_is_stopped_prints_what_it_has(tmp_path: Path) -> None:
    child = headless(tmp_path)
    (pbx,) = children(child.pid)
    child.send_signal(signal.SIGTERM)
    out, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, err) == (0, "")
    assert json.loads(out)["state"] in ("live", "syncing", "connecting")
    assert gone(pbx)
    assert list(tmp_path.iterdir()) == []


def test_a_demo_that_is_stopped_while_it_begins_leaves_nothing(tmp_path: Path) -> None:
    child = subprocess.Popen(command("demo", "--headless", "60"), cwd=ROOT, env=CLEAN | {"TMPDIR": str(tmp_path)})
    until(lambda: list(tmp_path.iterdir()))
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=PATIENCE) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_demo_that_is_killed_takes_its_pbx_along(tmp_path: Path) -> None:
    child = headless(tmp_path)
    (pbx,) = children(child.pid)
    child.kill()
    child.communicate()
    until(lambda: gone(pbx))


def test_ctrl_c_ends_the_demo_with_130_and_leaves_nothing(tmp_path: Path) -> None:
    child = headless(tmp_path)
    (pbx,) = children(child.pid)
    child.send_signal(signal.SIGINT)
    _out, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, err) == (130, "")
    assert gone(pbx)
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_it_names_headless() -> None:
    result = invoke("demo")
    assert (result.code, result.out) == (2, "")
    assert "--headless" in result.err


def test_the_console_gets_the_simulation_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    from ccops.tui import app

    seen: dict[str, Any] = {}

    def run_console(factory: Any, settings: Any, **options: Any) -> int:
        seen.update(options, settings=settings, log=settings.queue_log.path.read_text())
        return 0

    monkeypatch.setattr(app, "run_console", run_console)
    env = {**CLEAN, "CCOPS_AMI__HOST": "192.0.2.1", "CCOPS_AMI__USERNAME": "real"}
    result = invoke("--read-only", "demo", "--seats", "6", "--queues", "2", terminal=True, env=env)
    assert result.code == 0, result.err
    settings = seen["settings"]
    assert (settings.ami.host, settings.ami.username, settings.site.name) == ("127.0.0.1", "demo", "Demo")
    assert seen["read_only"] is True
    assert "ENTERQUEUE" in seen["log"]  # the day so far
    assert set(settings.queues) == {"sales", "support"}
    assert settings.pause_reasons["lunch"].paid is False
    assert not settings.queue_log.path.exists()


@given(st.floats(1.7e9, 2.0e9), st.sampled_from(ZONES))
def test_the_centre_lies_where_people_work(now: float, own: str) -> None:
    zone = zone_of_centre(now, own)
    local = datetime.fromtimestamp(now, ZoneInfo(zone))
    assert 9 <= local.hour < 17
