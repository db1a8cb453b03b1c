"""Roles: who may do what on whom, who sees what, and why something is refused."""

import pytest

from ccops.board import AgentRow, Board, CallRow, LinkRow, Membership, QueueRow, Step
from ccops.desk.actions import TABLE
from ccops.desk.roles import Person, Rights, mask_number
from ccops.errors import PermissionRefused, UsageProblem
from ccops.settings.model import Role


def agent(name: str, *queues: str) -> AgentRow:
    return AgentRow(
        f"PJSIP/{name}", name, f"PJSIP/{name}", "", memberships=tuple(Membership(queue) for queue in queues)
    )


LEADS = Role(users=("anna",), groups=("leads",), actions=("agent.*", "listen"), queues=("sales*",), no_listen=("Boss",))
ALL = Role(users=("root",), actions=("*",))
WATCH = Role(groups=("watchers",), actions=("*",), read_only=True, mask_numbers=True)
ROLES = {"leads": LEADS, "all": ALL, "watch": WATCH}


def rights(name: str, *groups: str) -> Rights:
    return Rights.of(Person(name, 1, groups), ROLES)


def test_a_role_reaches_its_actions_on_its_queues_only() -> None:
    held = rights("anna")
    held.check(TABLE["agent.pause"], agent("Ben", "sales"), "", {})
    with pytest.raises(PermissionRefused, match=r"do not include barge"):
        held.check(TABLE["barge"], agent("Ben", "sales"), "", {})
    with pytest.raises(PermissionRefused, match="do not reach Chi"):
        held.check(TABLE["agent.pause"], agent("Chi", "support"), "", {})
    with pytest.raises(PermissionRefused, match="do not reach"):
        held.check(TABLE["agent.login"], agent("Ben", "sales"), "", {"queue": "support"})


def test_a_group_gives_the_role_and_the_spared_are_not_listened_to() -> None:
    held = rights("ben", "leads")
    held.check(TABLE["listen"], agent("Ben", "sales-2"), "", {})
    with pytest.raises(PermissionRefused, match="Boss may not be listened to"):
        held.check(TABLE["listen"], agent("Boss", "sales"), "", {})


def test_read_only_roles_refuse_everything() -> None:
    held = rights("eve", "watchers")
    assert held.read_only
    assert not held.offers(list(TABLE))
    with pytest.raises(PermissionRefused):
        held.check(TABLE["agent.pause"], agent("Ben", "sales"), "", {})


def test_rights_are_not_pieced_together_from_two_roles() -> None:
    roles = {
        "a": Role(users=("x",), actions=("listen",), queues=("support",)),
        "b": Role(users=("x",), actions=("agent.pause",), queues=("sales",)),
    }
    held = Rights.of(Person("x", 1), roles)
    with pytest.raises(PermissionRefused):
        held.check(TABLE["listen"], agent("Ben", "sales"), "", {})


def test_a_reason_can_be_mandatory() -> None:
    roles = {"a": Role(users=("x",), actions=("*",), reason_required=("listen",))}
    held = Rights.of(Person("x", 1), roles)
    with pytest.raises(UsageProblem, match="reason"):
        held.check(TABLE["listen"], agent("Ben", "sales"), "", {})
    held.check(TABLE["listen"], agent("Ben", "sales"), "training", {})


def test_without_a_role_nothing_is_seen() -> None:
    held = rights("nobody")
    assert not held.sees(agent("Ben", "sales"))
    assert held.read_only


def test_numbers_are_masked_everywhere_they_stand() -> None:
    held = rights("eve", "watchers")
    row = CallRow("1", "sales", "5550001", "5550001", "waiting", 0.0, steps=(Step(0.0, "entered", "5550001 sales"),))
    seen = held.seen(row, Board(LinkRow("", "", "live", 0.0)))
    assert isinstance(seen, CallRow)
    assert "5550001" not in repr(seen)
    assert seen.caller_number == mask_number("5550001") == "555••••"


def test_a_filtered_board_holds_only_what_the_role_reaches() -> None:
    board = Board(LinkRow("", "", "live", 0.0))
    board.queues = {name: QueueRow(name) for name in ("sales", "support")}
    board.agents = {row.key: row for row in (agent("Ben", "sales"), agent("Chi", "support"))}
    seen = rights("anna").filtered(board)
    assert set(seen.queues) == {"sales"}
    assert [row.agent for row in seen.agents.values()] == ["Ben"]
