"""A desk through the daemon is the desk in-process: the same rows, changes, outcomes and errors."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops import errors
from ccops.board import (
    TABLES,
    AgentRow,
    AgentState,
    AlertRow,
    Board,
    CallRow,
    Change,
    LinkRow,
    ParkedRow,
    QueueRow,
    SupervisionRow,
)
from ccops.desk.actions import TABLE
from ccops.desk.api import Desk as DeskProtocol
from ccops.desk.api import Outcome
from ccops.desk.daemon import codec
from ccops.desk.local import LocalDesk
from ccops.errors import CcopsError, NotFound, PermissionRefused
from ccops.settings import load
from tests.daemons import ME, live, served, shows, simulated, talking, until

# --- the language of the socket ---

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
ROWS: dict[str, type] = {
    "queue": QueueRow, "agent": AgentRow, "call": CallRow, "ended": CallRow, "parked": ParkedRow,
    "supervision": SupervisionRow, "alert": AlertRow,
}  # fmt: skip


def rows(kind: type) -> st.SearchStrategy[Any]:
    return st.builds(kind)


st.register_type_strategy(str, TEXT)
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
CHANGES = st.sampled_from(sorted(ROWS)).flatmap(
    lambda topic: st.builds(Change, st.floats(0, 2e9), st.just(topic), TEXT, st.none() | rows(ROWS[topic]))
)
LINKS = rows(LinkRow)


@given(st.lists(CHANGES, max_size=5), LINKS)
def test_changes_and_boards_come_back_as_they_went(changes: list[Change], link: LinkRow) -> None:
    changes = [*changes, Change(1.5, "link", "link", link)]
    line = codec.batch([codec.change_json(change) for change in changes])
    assert line.count(b"\n") == 1
    assert codec.read_changes(codec.read_line(line)["changes"]) == changes
    board = Board(link)
    for change in changes:
        board.apply(change)
    assert codec.read_board(codec.read_line(codec.snapshot(board))["board"]) == board


def test_every_kind_of_row_and_topic_has_its_place_on_the_socket() -> None:
    assert set(ROWS) == set(TABLES)
    assert {*ROWS, "link"} == set(get_args(Change.__annotations__["topic"]))
    for kind in {*ROWS.values(), LinkRow}:
        for item in fields(kind):
            part = str(item.type)
            assert not is_dataclass(item.type) or item.name in codec._DECODE, part


def test_what_a_newer_daemon_knows_besides_is_left_out() -> None:
    row = json.loads(codec.change_json(Change(0.0, "queue", "q", QueueRow("q"))))
    row["row"]["mood"] = "fine"
    assert codec.read_changes([row])[0].row == QueueRow("q")


@pytest.mark.parametrize(
    "kind", [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CcopsError)]
)
def test_an_error_is_the_same_on_both_sides(kind: type[CcopsError]) -> None:
    error: CcopsError = kind.__new__(kind)
    CcopsError.__init__(error, "It is so.", remedy="Do this.")
    again = codec.read_error(json.loads(json.dumps(codec.error_json(error))))
    assert type(again) is kind
    assert (str(again), again.exit_code) == (str(error), error.exit_code)


# --- the desk ---


async def test_a_desk_through_the_daemon_keeps_the_desk_protocol() -> None:
    async with served() as (_sim, door), door.desk() as remote:
        desks: list[DeskProtocol] = [remote, door.local]
        for topic in ("agent", "call", "queue", "parked", "supervision", "none", "moon"):
            assert [*desks[0].offers(topic)] == [*desks[1].offers(topic)]
        assert desks[0].read_only is desks[1].read_only is False


def copy_changes(board: Board, changes: Sequence[Change]) -> None:
    for change in changes:
        board.apply(change)


async def test_board_and_changes_are_those_of_the_desk_in_the_daemon() -> None:
    async with served() as (sim, door), door.desk() as desk:
        await live(desk)
        copy = Board(desk.board.link)
        for name in TABLES.values():
            setattr(copy, name, dict(getattr(desk.board, name)))
        desk.subscribe(lambda changes: copy_changes(copy, changes))
        first = await talking(sim, desk)
        await desk.do("listen", "Ana 王芳")
        sim.call_in("support", "5550002", "Wanda")
        await desk.do("agent.pause", "Cho", pause_reason="Lunch")
        sim.hang_up(first)
        await shows(desk, lambda board: first in board.ended and not board.supervisions, "it is over")
        await until(lambda: not door.server._pending and desk.board == door.local.board, "both show the same")
        await until(lambda: copy == desk.board)


async def test_an_outcome_comes_after_what_it_is_about() -> None:
    async with served() as (sim, door), door.desk() as desk:
        await talking(sim, desk)
        for action, state in (("listen", "listen"), ("barge", "barge"), ("whisper", "whisper")):
            outcome = await desk.do(action, "Ana 王芳")
            row = desk.board.supervisions[outcome.data["supervision_id"]]
            assert (row.mode, row.state) == (state, "running")
        await desk.do("agent.pause", "Ben")
        (ben,) = (row for row in desk.board.agents.values() if row.agent == "Ben")
        assert ben.state is AgentState.PAUSED


async def test_why_a_leg_ended_reaches_the_desk_before_the_leg_goes() -> None:
    async with served() as (sim, door), door.desk() as desk:
        call = await talking(sim, desk)
        outcome = await desk.do("listen", "Ana 王芳")
        sim.hang_up(call)
        await shows(desk, lambda board: not board.supervisions, "the leg has gone")
        seen = [change.row for change in desk.changes if change.topic == "supervision"]
        assert seen[-1] is None
        assert isinstance(seen[-2], SupervisionRow)
        assert (seen[-2].state, seen[-2].ended_why) == ("ended", "the call ended")
        await until(lambda: door.audited()[-1]["action"] == "supervision.end")
        row = door.audited()[-1]
        assert json.loads(row["data"])["supervision_id"] == outcome.data["supervision_id"]
        assert (row["who"], row["target"], row["call_id"]) == (desk.hello["person"], "Ana 王芳", call)


@pytest.mark.parametrize(
    ("action", "target", "arguments", "kind"),
    [
        ("agent.pause", "nobody", {}, NotFound),
        ("agent.puase", "Ben", {}, NotFound),
        ("listen", "Ben", {}, errors.UsageProblem),
        ("agent.penalty", "Ben", {"penalty": "many"}, errors.UsageProblem),
        ("call.dial", "", {"phone": "PJSIP/9001", "number": "no-such-extension"}, errors.UsageProblem),
    ],
)
async def test_errors_are_those_of_the_desk_in_process(
    action: str, target: str, arguments: dict[str, Any], kind: type[CcopsError]
) -> None:
    async with served() as (_sim, door), door.desk() as desk:
        told = []
        for one in (desk, door.local):
            with pytest.raises(kind) as raised:
                await one.do(action, target, **arguments)
            told.append((type(raised.value), str(raised.value)))
        assert told[0] == told[1]


async def test_every_action_of_the_table_says_the_same_on_a_dry_run() -> None:
    async with served() as (sim, door), door.desk() as desk:
        call = await talking(sim, desk)
        targets = {"agent": "Ana 王芳", "call": call}
        samples = {"queue": "support", "phone": "PJSIP/9002", "extension": "1002", "number": "3", "text": "hello",
                   "flag": "yes", "pause_reason": "Lunch"}  # fmt: skip
        checked = 0
        for action in TABLE:
            if action.topic not in ("agent", "call", "none"):
                continue
            given = {item.name: samples[item.kind] for item in action.arguments if item.required}
            told = [await _dry(one, action.name, targets.get(action.topic, ""), given) for one in (desk, door.local)]
            assert told[0] == told[1], action.name
            checked += isinstance(told[0], Outcome) and bool(told[0].sent)
        assert checked > 12


async def _dry(desk: DeskProtocol, action: str, target: str, given: dict[str, Any]) -> Any:
    from dataclasses import replace

    try:
        outcome = await desk.do(action, target, dry_run=True, **given)
    except CcopsError as error:
        return type(error), str(error)
    sent = [{name: value for name, value in item.items() if name != "ChannelId"} for item in outcome.sent]
    return replace(outcome, sent=tuple(sent), data={**outcome.data, "supervision_id": None})


async def test_a_read_only_desk_refuses_here_already() -> None:
    async with served() as (_sim, door), door.desk(read_only=True) as desk:
        assert (desk.read_only, desk.offers("agent")) == (True, ())
        with pytest.raises(PermissionRefused, match="read-only session"):
            await desk.do("agent.pause", "Ben")


async def test_each_person_is_rung_at_their_own_phone() -> None:
    async with served() as (sim, door), door.desk(phone="PJSIP/9002") as one, door.desk() as two:
        await talking(sim, one)
        assert (await one.do("listen", "Ana 王芳", dry_run=True)).sent[0]["Channel"] == "PJSIP/9002"
        assert (await two.do("listen", "Ana 王芳", dry_run=True)).sent[0]["Channel"] == "PJSIP/9001"
        assert (await one.do("listen", "Ana 王芳", phone="PJSIP/9001", dry_run=True)).sent[0]["Channel"] == "PJSIP/9001"


async def test_many_requests_at_once_are_each_answered() -> None:
    async with served() as (_sim, door), door.desk() as desk:
        async with asyncio.timeout(20):
            outcomes = await asyncio.gather(
                *(desk.do("agent.penalty", name, penalty=3) for _n in range(10) for name in ("Ben", "1001"))
            )
        assert [item.target for item in outcomes] == ["Ben", "Ana 王芳"] * 10
        assert len(door.audited()) == 20
        assert all(row["result"] != "unknown" for row in door.audited())


# --- the commands ---


async def test_commands_find_the_daemon_and_say_the_same_as_without() -> None:
    async with simulated() as (sim, daemon), daemon.desk() as desk:
        await live(desk)
        await talking(sim, desk)
        through = await daemon.cli("listen", "1001", "--json")
        assert through.code == 0, through.err
        settings = load(daemon.config, {}).settings
        local = LocalDesk(settings)
        await local.start()
        await desk.do("supervision.stop", "Ana 王芳")
        outcome = await local.do("listen", "1001")
        await local.close()
        record = json.loads(through.out)
        assert record.keys() == {"action", "ok", "message", "target", "dry_run", *outcome.data}
        assert (record["mode"], record["state"], record["agent"]) == ("listen", "running", "Ana 王芳")
        listed = json.loads((await daemon.cli("agent", "list", "--json")).out)
        assert [(row["agent"], row["state"]) for row in listed] == [
            ("Ana 王芳", "talking"), ("Ben", "available"), ("Cho", "available"),
        ]  # fmt: skip


async def test_a_command_without_the_right_ends_with_4_and_says_why() -> None:
    roles = f'[roles.look]\nusers = ["{ME}"]\nactions = ["listen"]\nno_listen = ["*"]\n'
    async with simulated(roles) as (sim, daemon), daemon.desk() as desk:
        await live(desk)
        await talking(sim, desk)
        refused, spared = await asyncio.gather(
            daemon.cli("agent", "pause", "Ben", "--reason", "x"), daemon.cli("listen", "Ana 王芳")
        )
        assert (refused.code, spared.code) == (4, 4)
        assert "Your roles (look) do not include agent.pause." in refused.err
        assert "may not be listened to" in spared.err
        audit = json.loads((await daemon.cli("audit", "list", "--json")).out)
        assert {(row["action"], row["result"]) for row in audit} == {("agent.pause", "denied"), ("listen", "denied")}
