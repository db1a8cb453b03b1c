"""A secret that is known to the program is in nothing that it says, writes or starts: a canary sings nowhere."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccops.pbx.sim import SimPbx
from tests.cmd_tools import invoke
from tests.daemons import Daemon, plan, quick, short_folder, until, write_config

CANARY = "k4n4ri-v0gel"
HERE = Path(__file__).parent


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port on which nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@pytest.fixture
def config(tmp_path: Path, nobody: int) -> Path:
    """A configuration in which every place for a secret has one, and nothing answers."""
    for name in ("smtp", "key", "hook"):
        text = f"https://127.0.0.1:{nobody}/{CANARY}" if name == "hook" else CANARY
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    path = tmp_path / "config.toml"
    path.write_text(f"""
[ami]
port = {nobody}
username = "u"
secret = "{CANARY}"
connect_timeout = 1
[store]
path = "{tmp_path}/s.db"
[daemon]
socket = "{tmp_path}/sock"
[smtp]
host = "127.0.0.1"
port = {nobody}
username = "u"
password_file = "smtp"
sender = "a@example.net"
[alert_targets.hook]
webhook_file = "hook"
signing_key_file = "key"
[alert_targets.mail]
mail = ["b@example.net"]
[alerts]
targets = ["hook", "mail"]
[reports]
tries = 1
[report_jobs.daily]
report = "queues"
period = "yesterday"
formats = ["csv"]
mail = ["b@example.net"]
""")
    path.chmod(0o600)
    return path


COMMANDS = (
    "config show", "config check", "config path", "doctor", "status", "queue list", "agent list", "call list",
    "check link", "check all", "check queue sales", "alert rules", "alert list", "alert test", "alert figures",
    "report jobs", "report job daily", "report queues", "audit list", "audit verify", "db check", "metrics",
    "listen 1001 --phone PJSIP/9001", "agent pause 1001 --reason x --yes", "ingest quarantine", "init",
)  # fmt: skip


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_command_says_a_secret(config: Path, form: tuple[str, ...]) -> None:
    log = str(HERE / "data" / "asterisk-22.10.queue_log")
    assert invoke("--config", str(config), "ingest", "queue-log", log).code == 0
    codes = set()
    for command in COMMANDS:
        for loud in ((), ("--verbose",)):
            more = () if command in ("metrics",) else form
            result = invoke("--config", str(config), *loud, *command.split(), *more)
            codes.add(result.code)
            assert CANARY not in result.out + result.err, (command, loud)
    assert {0, 1, 2, 3} <= codes  # some of them failed, in every way
    holding = {
        path.name for path in config.parent.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()
    }
    assert holding == {"config.toml", "smtp", "key", "hook"}


def test_a_secret_of_the_environment_is_masked_too(nobody: int) -> None:
    env = {"CCOPS_AMI__SECRET": CANARY, "CCOPS_AMI__PORT": str(nobody), "CCOPS_AMI__CONNECT_TIMEOUT": "1"}
    for command in ("config show", "status", "doctor"):
        result = invoke("--verbose", *command.split(), env=env)
        assert CANARY not in result.out + result.err


def test_a_fault_in_the_configuration_shows_its_line_without_the_secret(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    for text in (f'[ami]\nsecret = "{CANARY}\n', f'[ami]\nsecret = ["{CANARY}"]\n', f'[ami]\nsecrt = "{CANARY}"\n',
                 f'[ami]\nport = 0\nsecret = "{CANARY}"\n', f'[ami]\nsecret = "{CANARY}\\q"\n'):  # fmt: skip
        path.write_text(text)
        path.chmod(0o600)
        for loud in ((), ("--verbose",)):
            result = invoke("--config", str(path), *loud, "config", "check")
            assert result.code == 2
            assert CANARY not in result.out + result.err, text


def of_process(pid: int) -> bytes:
    """Return what everybody on the machine sees of a process, and its environment."""
    proc = Path(f"/proc/{pid}")
    return b"".join((proc / name).read_bytes() for name in ("cmdline", "comm", "status", "environ"))


async def test_a_daemon_never_says_its_secret() -> None:
    sim = quick(SimPbx(plan(), quiet=True, secret=CANARY))
    await sim.start()
    with short_folder() as folder:
        daemon = Daemon(folder, write_config(folder, sim.port, sim.username, CANARY))
        try:
            await daemon.start()
            for command in ("status", "queue list", "agent pause 1001 --reason rest --yes", "doctor", "alert list",
                            "agent pause nobody --yes", "config show"):  # fmt: skip
                ran = await daemon.cli(*command.split())
                assert CANARY not in ran.out + ran.err, command
            assert CANARY.encode() not in of_process(daemon.pid)
            await sim.stop()
            await until(lambda: any("link" in line.casefold() for line in daemon.err), "the loss is told")
            assert await daemon.signal(15) == 0
            assert CANARY not in "\n".join(daemon.err)
            for path in folder.rglob("*"):
                if path.is_file() and path != daemon.config:
                    assert CANARY.encode() not in path.read_bytes(), path
        finally:
            await daemon.close()


async def test_a_refused_secret_is_not_said() -> None:
    sim = quick(SimPbx(plan(), quiet=True, secret="another"))
    await sim.start()
    with short_folder() as folder:
        daemon = Daemon(folder, write_config(folder, sim.port, sim.username, CANARY))
        try:
            await daemon.start(ready=False)
            assert await daemon.ended() == 4
            assert CANARY not in "\n".join(daemon.err)
            assert daemon.err
        finally:
            await daemon.close()
            await sim.stop()
