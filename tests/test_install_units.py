"""The systemd units: right in systemd's own eyes, tight, and what they start is what ccops understands."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from ccops.pbx.sim import SimPbx
from ccops.settings import load
from tests.cmd_tools import invoke
from tests.daemons import Daemon, live, plan, quick, short_folder, write_config

UNITS = Path(__file__).parent.parent / "config" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
TIMERS = sorted(UNITS.glob("*.timer"))
LOOSEST = {"ccops.service": 18, "ccops-report@.service": 18, "ccops-backup.service": 8}
"""Exposure by `systemd-analyze security`, times ten; 0 is safest, a service without any limit has 96."""

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


def values(unit: Path, key: str) -> list[str]:
    """Return what a unit gives for a key, comments left out."""
    return re.findall(rf"^{key}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture
def copied(tmp_path: Path) -> list[Path]:
    """The units with a program that exists on this machine, templates with a name."""
    made = []
    for unit in [*SERVICES, *TIMERS]:
        target = tmp_path / unit.name.replace("@.", "@daily.")
        target.write_text(unit.read_text(encoding="utf-8").replace("/usr/local/bin/ccops", "/bin/true"))
        made.append(target)
    return made


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "SYSTEMD_PAGER": "cat", "SYSTEMD_COLORS": "0"}
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, env=env, timeout=60)


@needs_systemd
def test_systemd_has_nothing_to_say(copied: list[Path]) -> None:
    result = analyze("verify", "--man=no", *map(str, copied))
    about_ours = [line for line in result.stderr.splitlines() if "ccops" in line]
    assert (result.returncode, about_ours) == (0, [])


@needs_systemd
def test_the_units_keep_to_their_exposure(copied: list[Path]) -> None:
    for unit in copied:
        if unit.suffix != ".service":
            continue
        limit = LOOSEST[unit.name.replace("@daily", "@")]
        result = analyze("security", "--no-pager", "--offline=true", f"--threshold={limit}", str(unit))
        if "unrecognized option" in result.stderr:
            pytest.skip("this systemd cannot judge units offline")
        assert result.returncode == 0, result.stdout[-200:]


@needs_systemd
@pytest.mark.parametrize("timer", TIMERS, ids=lambda path: path.name)
def test_a_timer_means_a_time(timer: Path) -> None:
    assert timer.with_suffix(".service").exists()
    for when in values(timer, "OnCalendar"):
        assert analyze("calendar", when.replace("%i", "daily")).returncode == 0


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_what_is_started_is_a_command_and_what_is_set_is_a_setting(unit: Path) -> None:
    (line,) = values(unit, "ExecStart")
    program, *words = shlex.split(line)
    assert program == "/usr/local/bin/ccops"
    shown = invoke(*words, "--help")
    assert shown.code == 0, shown.err
    assert "Usage: ccops" in shown.out
    variables = dict(item.split("=", 1) for item in values(unit, "Environment"))
    loaded = load(None, {name: value.replace("%d", "/run/credentials") for name, value in variables.items()})
    assert loaded.settings.store.path == Path("/var/lib/ccops/ccops.db")
    assert all(name.startswith("CCOPS_") for name in variables)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_every_service_gives_up_what_it_does_not_need(unit: Path) -> None:
    for key, value in {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "CapabilityBoundingSet": "",
                       "LimitCORE": "0", "UMask": "0077", "User": "ccops"}.items():  # fmt: skip
        assert values(unit, key) == [value], key


def test_every_unit_is_named_on_the_page_of_installation() -> None:
    page = (UNITS.parent.parent / "docs" / "install.md").read_text(encoding="utf-8")
    for unit in [*SERVICES, *TIMERS]:
        assert unit.name in page


@pytest.mark.parametrize("inside", [True, False])
async def test_the_daemon_takes_its_secret_from_systemd(inside: bool) -> None:
    """What LoadCredential hands over may look as if a group could read it; the same file elsewhere is refused."""
    sim = quick(SimPbx(plan(), quiet=True, secret="s3cret"))
    await sim.start()
    with short_folder() as folder:
        credentials = folder / "credentials"
        credentials.mkdir()
        (credentials / "secret").write_text("s3cret")
        (credentials / "secret").chmod(0o440)
        config = write_config(folder, sim.port, sim.username, "x")
        config.write_text(config.read_text().replace('secret = "x"\n', ""))
        config.chmod(0o644)
        env = {"CCOPS_AMI__SECRET_FILE": str(credentials / "secret")}
        if inside:
            env["CREDENTIALS_DIRECTORY"] = str(credentials)
        daemon = Daemon(folder, config, env)
        try:
            await daemon.start(ready=inside)
            if inside:
                async with daemon.desk() as desk:
                    await live(desk)
            else:
                assert await daemon.ended() == 2
                assert daemon.said("chmod 600")
        finally:
            await daemon.close()
            await sim.stop()
