"""docs/alerts.md is true: its tables are current, its configuration loads, its commands and numbers are ours."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from ccops.alerts import outbox, reference, webhook
from ccops.alerts.rules import rules_of
from ccops.cmd.main import app
from ccops.settings import load
from ccops.settings.alerting import Alerts

PAGE = reference.DOCUMENT.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_tables_are_current() -> None:
    assert reference.filled(PAGE) == PAGE
    assert reference.filled("<!-- made: rules -->\nold\n<!-- end -->") != "<!-- made: rules -->\nold\n<!-- end -->"


@pytest.mark.parametrize("block", BLOCKS)
def test_every_piece_of_configuration_loads(tmp_path: Path, block: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(block, encoding="utf-8")
    path.chmod(0o600)
    assert rules_of(load(path, {}).settings)


def test_every_command_is_one_of_ours() -> None:
    root = get_command(app)
    lines = re.findall(r"^(ccops (?:alert|check|metrics)[^#\n]*)", PAGE, re.MULTILINE)
    assert len(lines) > 8
    for line in lines:
        noun, *rest = line.split()[1:]
        command = root.get_command(None, noun)  # type: ignore[attr-defined]
        if rest and hasattr(command, "commands"):
            command = command.commands[rest[0]]
        options = {name for item in command.params for name in item.opts}
        assert set(re.findall(r"(?<=\s)--[a-z-]+", line)) <= options, line


def test_the_numbers_are_those_of_the_code() -> None:
    text = " ".join(PAGE.split())
    defaults = Alerts()
    assert f"at most a minute, {defaults.tries} times" in text
    assert outbox.LONGEST_WAIT == 60
    assert f"after {defaults.retry_wait:g} s, 4 s, 8 s" in text
    told = [int(number) for number in re.findall(r"\d+", text.split("means taken.")[1].split(" and above")[0])]
    assert told == [*webhook._LATER, 500]


def test_hours_of_a_target_that_is_down_lose_nothing() -> None:
    """The shortest that chance makes the waits of the default patience is still hours."""
    patience = outbox.Patience(Alerts().tries, Alerts().retry_wait)
    least = sum(patience.wait(tried) / 1.2 * 0.8 for tried in range(1, patience.tries))
    assert least > 2 * 3600
    assert all(patience.wait(tried) <= 60 * 1.2 for tried in range(1, patience.tries))
