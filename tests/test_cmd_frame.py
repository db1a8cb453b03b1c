"""The frame of every command: how a run ends, what goes where, what is loaded, what the help says."""

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ccops.cmd import diagnostics
from ccops.cmd.main import ENTRIES
from ccops.cmd.reference import PAGE, contexts, main, page
from ccops.errors import (
    ActionRefused,
    ActionTimeout,
    ConfigError,
    LinkError,
    LoginRefused,
    NotFound,
    PermissionRefused,
)
from tests.cmd_tools import FakeDesk, a_board, invoke, seat

ROOT = Path(__file__).parent.parent
PYTHON = [sys.executable, "-m", "ccops"]
CLEAN = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8", "CCOPS_AMI__USERNAME": "tester"}


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let every command that opens a desk end with this error."""
    desk = seat(monkeypatch, FakeDesk(a_board()))

    class Broken:
        def __getattr__(self, _name: str) -> Any:
            raise error

    object.__setattr__(desk, "board", Broken())


# -- how a run ends ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ActionRefused("no", reply="no"), 1),
        (NotFound("queue", "x"), 2),
        (ConfigError("wrong"), 2),
        (LinkError("no answer"), 3),
        (LoginRefused("wrong secret"), 4),
        (PermissionRefused("not yours"), 4),
        (ActionTimeout("too slow"), 5),
        (KeyboardInterrupt(), 130),
        (OSError(28, "No space left on device", "report.csv"), 1),
    ],
)
def test_every_error_has_its_exit_code_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    fail_with(monkeypatch, error)
    result = invoke("status", "--json")
    assert (result.code, result.out) == (code, "")
    assert "Traceback" not in result.err
    assert bool(result.err) == (code != 130)


def test_message_and_remedy_stand_on_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, LinkError("Nothing listens.", remedy="Start it."))
    assert invoke("status").err == "ccops: Nothing listens.\n  Start it.\n"


def test_a_fault_is_one_line_and_with_verbose_a_traceback_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, RuntimeError("broken: s3cr3t-canary\nmore\x1b[2J"))
    env = {"CCOPS_AMI__SECRET": "s3cr3t-canary"}
    result = invoke("status", env=env)
    assert result.code == 1
    assert result.err.startswith("ccops: this is a fault in ccops: RuntimeError: broken: ******** more")
    assert "--verbose" in result.err
    verbose = invoke("--verbose", "status", env=env)
    assert "Traceback" in verbose.err
    for text in (result.err, verbose.err):
        assert "canary" not in text
        assert "\x1b" not in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["queu", "list"], "queue"),
        (["queue", "lst"], "list"),
        (["queue", "list", "--jsn"], "--json"),
        (["queue", "list", "-f", "xml"], "jsonl"),
        (["queue", "list", "extra"], "extra"),
        (["queue", "show"], "QUEUE"),
        (["--config"], "--config"),
        (["queue", "list", "--config", "x"], "before the command"),
        (["demo", "--seats", "many"], "many"),
    ],
)
def test_wrong_arguments_end_with_2_and_say_what_is_right(arguments: list[str], said: str) -> None:
    result = invoke(*arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err


def test_a_noun_alone_shows_its_verbs() -> None:
    result = invoke("queue")
    assert (result.code, result.out) == (2, "")
    assert "list" in result.err


def test_without_a_command_and_a_terminal_it_prints_help_and_ends_with_2() -> None:
    result = invoke()
    assert result.code == 2
    assert result.out.startswith("Usage: ccops")


def test_without_a_command_a_terminal_gets_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    from ccops.tui import app

    given: dict[str, Any] = {}

    def run_console(factory: Any, settings: Any, **options: Any) -> int:
        given.update(options, factory=factory, settings=settings)
        return 0

    monkeypatch.setattr(app, "run_console", run_console)
    monkeypatch.setenv("NO_COLOR", "")
    result = invoke("--screen", "calls", "--read-only", "--wall", "--ascii", "--theme", "x", terminal=True)
    assert result.code == 0, result.err
    assert given["settings"].ami.port == 5038
    assert {name: given[name] for name in ("screen", "read_only", "wall", "ascii", "theme")} == {
        "screen": "calls",
        "read_only": True,
        "wall": True,
        "ascii": True,
        "theme": "x",
    }
    invoke("--no-color", terminal=True)
    assert os.environ["NO_COLOR"] == "1"


def test_a_bad_configuration_ends_with_2_before_anything_is_done(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[ami]\nprot = 1\n")
    for command in (["status"], ["watch"], ["config", "show"], ["config", "check"], ["queue", "list"]):
        result = invoke("--config", str(path), *command)
        assert result.code == 2
        assert f"{path}:2: ami.prot" in result.err
        assert "port" in result.err


@pytest.mark.parametrize("arguments", [["status"], ["queue", "list"], ["watch"], []])
def test_without_a_pbx_it_says_how_to_get_one(arguments: list[str]) -> None:
    result = invoke(*arguments, env={"CCOPS_AMI__USERNAME": ""}, terminal=True)
    assert result.code == 2
    assert "ccops init" in result.err
    assert "ccops demo" in result.err


def test_version() -> None:
    from ccops import __version__

    assert invoke("--version").out == f"ccops {__version__}\n"


# -- pipes and files ---------------------------------------------------------------------------------------------------


class ClosedPipe(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")

    flush = write  # type: ignore[assignment]


def test_a_reader_that_went_away_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    seat(monkeypatch, FakeDesk(a_board()))
    for command in (["queue", "list"], ["status", "--json"], ["--help"], ["config", "show"]):
        result = invoke(*command, stdout=ClosedPipe())
        assert (result.code, result.err) == (0, "")


def test_a_closed_pipe_leaves_stderr_empty_in_a_real_shell() -> None:
    command = f"{sys.executable} -m ccops config show -f json | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=CLEAN, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_a_full_disk_is_told() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*PYTHON, "config", "show"], cwd=ROOT, env=CLEAN, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert done.returncode == 1
    assert done.stderr == "ccops: No space left on device.\n"


def test_closed_standard_streams_do_no_harm() -> None:
    command = f"{sys.executable} -m ccops config show >&- 2>&- <&-; echo $?"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=CLEAN, capture_output=True, text=True, timeout=60)
    assert done.stdout in ("0\n", "1\n")
    assert "Traceback" not in done.stderr


def test_an_encoding_without_chinese_prints_escapes_and_does_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    seat(monkeypatch, FakeDesk(a_board()))
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    result = invoke("agent", "list", stdout=out)
    assert (result.code, result.err) == (0, "")
    printed = out.buffer.getvalue().decode("ascii")
    assert "\\u674e" in printed
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    invoke("agent", "list", "--json", stdout=out)
    assert '"\\u674e\\u5b89\\u5a1c"' in out.buffer.getvalue().decode("ascii")


def test_ctrl_c_ends_a_real_process_with_130() -> None:
    code = (
        "import os, signal, sys, types\n"
        "async def open_desk(*_, **__):\n"
        "    import asyncio; os.kill(os.getpid(), signal.SIGINT); await asyncio.sleep(30)\n"
        "sys.modules['ccops.desk.local'] = types.SimpleNamespace(open_desk=open_desk)\n"
        "sys.argv = ['ccops', 'status']\nfrom ccops.cmd.main import run\nrun()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=CLEAN, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_quiet_says_only_what_is_wrong() -> None:
    assert invoke("config", "path").err != ""
    assert invoke("--quiet", "config", "path").err == ""
    assert invoke("--quiet", "config", "sow").err != ""


def test_stderr_that_is_closed_does_not_hide_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, LinkError("no"))
    stream = io.StringIO()
    stream.close()
    narrator = diagnostics.Narrator(stream)
    assert diagnostics.report(LinkError("no"), narrator) == 3


# -- what is loaded ----------------------------------------------------------------------------------------------------

HEAVY = ("textual", "pandas", "sqlite_utils", "numpy", "ortools", "rich", "panoramisk", "ccops.tui")


def loaded_by(*arguments: str, env: Mapping[str, str] | None = None) -> set[str]:
    """Names of heavy packages that a command has loaded when it ends."""
    code = (
        "import sys\nfrom ccops.cmd.main import main\n"
        f"main({list(arguments)!r})\n"
        "sys.stderr.write('LOADED ' + ' '.join(sorted(sys.modules)) + '\\n')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=CLEAN | dict(env or {}), capture_output=True, text=True, timeout=60
    )
    (line,) = re.findall(r"^LOADED (.*)$", done.stderr, re.MULTILINE)
    names = set(line.split())
    return {name for name in (*HEAVY, "asyncio", "ccops.settings", "ccops.desk") if name in names}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["queue", "--help"], ["watch", "--help"], ["demo", "--help"], ["nonsense"]]
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert not loaded_by(*arguments) & set(HEAVY)


def test_the_top_help_loads_not_even_settings_and_asyncio() -> None:
    assert loaded_by("--help") == set()


@pytest.mark.parametrize("arguments", [["config", "show"], ["config", "check"], ["completion", "show", "bash"]])
def test_commands_on_this_machine_load_nothing_heavy(arguments: list[str]) -> None:
    assert not loaded_by(*arguments) & set(HEAVY)


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["queue", "list", "--json"],
        ["queue", "show", "x"],
        ["agent", "list"],
        ["call", "list"],
        ["watch"],
        ["doctor"],
        ["agent", "pause", "1001", "--reason", "Lunch"],
        ["supervision", "list"],
    ],
)
def test_no_headless_command_loads_the_console_pandas_or_sqlite_utils(arguments: list[str]) -> None:
    found = loaded_by(*arguments, env={"CCOPS_AMI__PORT": "1", "CCOPS_AMI__SECRET": "x"})
    assert "ccops.desk" in found or arguments == ["doctor"]
    assert not found & {"textual", "pandas", "sqlite_utils", "numpy", "ortools", "rich", "ccops.tui"}


# -- help and reference ------------------------------------------------------------------------------------------------


def test_every_command_has_help_examples_and_a_place_in_the_docs() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    paths = []
    for context in contexts():
        paths.append(context.command_path)
        command = context.command
        assert command.help
        assert command.help[0].isupper()
        assert f"## `{context.command_path}`" in text
        if not hasattr(command, "commands"):
            assert f"ccops {' '.join(context.command_path.split()[1:])}" in (command.epilog or ""), context.command_path
        for parameter in command.params:
            assert getattr(parameter, "help", None), (context.command_path, parameter.name)
    assert len(paths) == len(set(paths)) > 30


def test_the_page_of_commands_is_current(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page()
    assert main(["--check", str(ROOT)]) == 0
    assert main(["--check", str(tmp_path)]) == 1
    assert main([str(tmp_path)]) == 0
    assert main(["--check", str(tmp_path)]) == 0
    assert "not current" in capsys.readouterr().err


def test_the_lines_of_the_top_help_are_the_commands_own() -> None:
    summaries = {context.command_path: context.command.help.split("\n")[0] for context in contexts()}
    for entry in ENTRIES:
        assert summaries[f"ccops {entry.name}"] == entry.help


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_back(shell: str) -> None:
    result = invoke("completion", "show", shell)
    assert result.code == 0
    assert "_CCOPS_COMPLETE" in result.out
    assert invoke("completion", "show", "csh").code == 2


def test_the_shell_completes_commands_and_options() -> None:
    env = CLEAN | {"_CCOPS_COMPLETE": "complete_bash", "COMP_WORDS": "ccops qu", "COMP_CWORD": "1"}
    done = subprocess.run(PYTHON, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["queue"]
    env |= {"COMP_WORDS": "ccops queue list --f", "COMP_CWORD": "3"}
    done = subprocess.run(PYTHON, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert set(done.stdout.split()) == {"--format", "--fields"}


def test_signals_are_the_systems_own_for_one_shot_commands() -> None:
    before = signal.getsignal(signal.SIGTERM)
    invoke("config", "show")
    assert signal.getsignal(signal.SIGTERM) == before
