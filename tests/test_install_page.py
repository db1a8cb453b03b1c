"""docs/install.md: each command of ccops on it is one, and its files and figures are those of the program."""

import re
import shlex
from pathlib import Path

import pytest

from ccops.store import upgrade
from tests.cmd_tools import invoke
from tests.page_world import DOCS

PAGE = (DOCS / "install.md").read_text(encoding="utf-8")
LINES = [
    shlex.split(line.split(">")[0], comments=True)
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
    if line.strip().startswith("ccops ")
]


@pytest.mark.parametrize("words", LINES, ids=" ".join)
def test_every_command_is_understood(words: list[str], tmp_path: Path) -> None:
    asked = [word.replace("$unit", "ccops.service") for word in words[1:]]
    result = invoke(*asked, "--help") if "--version" not in asked else invoke(*asked)
    assert result.code == 0, result.err


def test_there_are_commands() -> None:
    assert len(LINES) >= 8


def test_the_line_for_the_whole_machine_writes_what_the_units_expect(tmp_path: Path) -> None:
    (words,) = [words for words in LINES if "init" in words and "--config" in words]
    moved = [word.replace("/etc/ccops", str(tmp_path)) for word in words[1:]]
    result = invoke(*moved, "--no-test", env={"CCOPS_AMI__USERNAME": ""})
    assert result.code == 0, result.err
    text = (tmp_path / "config.toml").read_text()
    service = (DOCS.parent / "config" / "systemd" / "ccops.service").read_text()
    assert "CCOPS_STORE__PATH=/var/lib/ccops/ccops.db" in service
    assert '\npath = "/var/lib/ccops/ccops.db"' in text
    assert '\nsocket_group = "supervisors"' in text
    assert "groupadd --force supervisors" in PAGE
    assert f'secret_file = "{tmp_path}/secret"' in text
    assert "\nsecret =" not in text


def test_its_figures_are_those_of_the_program() -> None:
    assert {3: "three"}[upgrade.KEPT] in PAGE
    assert "--keep 14" in (DOCS.parent / "config" / "systemd" / "ccops-backup.service").read_text()
    assert "last fourteen kept" in PAGE
