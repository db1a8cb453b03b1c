"""docs/planning.md: its team file is a team, and its commands are commands."""

import re
from pathlib import Path

from ccops.cmd.reference import contexts
from ccops.desk.planning.rights import PLANNING_ACTIONS
from ccops.wfm.roster import verify
from ccops.wfm.team.read import read_team
from tests.planning_world import MONDAY, VIENNA

PAGE = (Path(__file__).parent.parent / "docs" / "planning.md").read_text(encoding="utf-8")


def test_the_team_file_of_the_page_is_a_team_that_can_be_planned(tmp_path: Path) -> None:
    (sample,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "team.toml"
    path.write_text(sample, encoding="utf-8")
    team = read_team(path)
    assert [person.id for person in team.people] == ["anna", "bob"]
    from ccops.wfm.plan.build import plan_of

    verify(plan_of(team, {}, MONDAY, 28, VIENNA))


def test_every_command_of_the_page_exists() -> None:
    known = {context.command_path for context in contexts()}
    lines = re.findall(r"^ccops (wfm [a-z]+(?: [a-z]+)?)", PAGE, re.MULTILINE)
    assert len(lines) > 20
    for line in lines:
        words = f"ccops {line}".split()
        assert " ".join(words) in known or " ".join(words[:3]) in known, line


def test_every_right_is_on_the_page() -> None:
    for name in PLANNING_ACTIONS:
        assert f"`{name}`" in PAGE
