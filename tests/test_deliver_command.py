"""A report to any command: its standard input, its arguments, its time, its exit code."""

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ccops.errors import ExitCode
from ccops.reports.deliver.command import CommandTarget, run_command
from ccops.reports.deliver.model import Content, DeliveryFailed, DeliveryTimeout, Parcel
from ccops.reports.paper.render import Form
from tests import paper_samples as samples

PARCEL = Parcel("daily", samples.paper(), [Content(Form.PDF, bytes(range(256)) * 4000)], {"queue": "$(touch x); a b"})


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", program, *arguments]


def sent(target: CommandTarget, parcel: Parcel = PARCEL) -> str:
    [errand] = target.errands(parcel)
    return errand.send()


def test_the_command_gets_the_whole_report_its_arguments_and_what_it_is_about(tmp_path: Path) -> None:
    out, program = tmp_path / "out", tmp_path / "program.py"
    program.write_text(
        "import sys, os, json\n"
        "told = {k: v for k, v in os.environ.items() if k.startswith('CCOPS')}\n"
        "open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())\n"
        "open(sys.argv[1] + '.json', 'w').write(json.dumps([sys.argv[2:], told]))\n"
    )
    environment = {**os.environ, "CCOPS_SMTP__PASSWORD": "hidden", "CCOPS_AMI__SECRET": "hidden", "CCOPS_X": "kept"}
    argv = [sys.executable, str(program), str(out), "{name}-{queue}.{ext}", "{from}"]
    target = CommandTarget(argv, environment=environment)
    assert "exit code 0" in sent(target)
    assert out.read_bytes() == PARCEL.contents[0].data
    arguments, variables = json.loads((tmp_path / "out.json").read_text())
    assert arguments == ["queues-_touch_x_a_b.pdf", "2026-03-28"]
    assert variables["CCOPS_REPORT_FROM"] == "2026-03-28"
    assert variables["CCOPS_REPORT_MEDIA_TYPE"] == "application/pdf"
    assert variables["CCOPS_X"] == "kept"
    assert "hidden" not in variables.values()


def test_an_exit_code_and_the_last_words_are_told() -> None:
    program = "import sys; sys.stdin.read(0); sys.stderr.write('first\\nno\\x1b[2J room\\n'); sys.exit(3)"
    with pytest.raises(DeliveryFailed, match=r"exit code 3\. first / no\[2J room") as caught:
        sent(CommandTarget(python(program)))
    assert (caught.value.passing, caught.value.exit_code) == (False, ExitCode.FAILED)


def test_a_command_that_says_try_later_is_tried_later() -> None:
    with pytest.raises(DeliveryFailed, match="exit code 75") as caught:
        sent(CommandTarget(python("import sys; sys.exit(75)")))
    assert caught.value.passing


def test_a_signal_is_told() -> None:
    with pytest.raises(DeliveryFailed, match="signal 9"):
        sent(CommandTarget(python("import os; os.kill(os.getpid(), 9)")))


def test_a_command_that_does_not_read_may_still_succeed() -> None:
    assert "exit code 0" in sent(CommandTarget(python("import os; os.close(0)")))


def runs(pid: str) -> bool:
    """Tell whether a process runs; one that ended and that nobody has asked about yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_command_that_takes_too_long_is_stopped_with_all_that_it_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    argv = ["/bin/sh", "-c", f"sleep 600 & echo $! > {pid}; sleep 600"]
    with pytest.raises(DeliveryTimeout, match=r"stopped after 1\.5 s") as caught:
        sent(CommandTarget(argv, timeout=1.5))
    assert (caught.value.passing, caught.value.exit_code) == (True, ExitCode.TIMEOUT)
    until = time.monotonic() + 20
    while runs(pid.read_text().strip()):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(DeliveryFailed, match="/nowhere/rclone cannot be run: No such file") as caught:
        sent(CommandTarget(["/nowhere/rclone"]))
    assert not caught.value.passing


def test_there_is_no_shell(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with pytest.raises(DeliveryFailed, match="cannot be run"):
        run_command([f"touch {mark}; true"], b"", 10, os.environ)
    assert not mark.exists()


def test_arguments_are_in_no_ledger_and_tell_deliveries_apart() -> None:
    parcel = replace(PARCEL, contents=[*PARCEL.contents, Content(Form.CSV, b"")])
    keys = [errand.key for errand in CommandTarget(["put", "token", "{ext}"]).errands(parcel)]
    assert len({key.recipient for key in keys}) == 2
    assert not any("token" in key.recipient for key in keys)
    assert keys == [errand.key for errand in CommandTarget(["put", "token", "{ext}"]).errands(parcel)]
