"""docs/daemon.md is true: its configuration loads, its roles are roles, its actions are those of the table."""

import re
from pathlib import Path

import pytest

from ccops.desk.actions import TABLE
from ccops.desk.daemon import client, server, session
from ccops.desk.daemon.rolecheck import check_roles
from ccops.settings import load

PAGE = (Path(__file__).parent.parent / "docs" / "daemon.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_piece_of_configuration_loads(tmp_path: Path, block: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(block, encoding="utf-8")
    path.chmod(0o600)
    warnings = check_roles(load(path, {}), TABLE)
    assert all("this machine knows no" in warning for warning in warnings)


def test_there_is_configuration_to_load() -> None:
    assert len(BLOCKS) == 2


def test_every_action_is_named() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| `actions` |"))
    named, noun = set(), ""
    for word in re.findall(r"`([a-z_.]+)`", row):
        noun = word.partition(".")[0] if not word.startswith(".") else noun
        named.add(noun + word if word.startswith(".") else word)
    assert named - {"actions"} == {action.name for action in TABLE}


def test_the_figures_are_those_of_the_code() -> None:
    text = " ".join(PAGE.split())
    for said in (
        f"{server.MOST_CLIENTS} clients, {server.MOST_OF_ONE} of one user",
        f"dropped after {session.GIVE_UP_AFTER:.0f} s",
        f"{session.PER_SECOND} a second and {session.AT_ONCE} at a time",
        f"sign of life every {server.BEAT_EVERY:.0f} s",
        f"hears nothing for {client.SILENCE:.0f} s",
    ):
        assert said in text, said
