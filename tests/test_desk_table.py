"""The action table: what every row promises, and that no argument can carry anything harmful to the PBX."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.board import (
    AgentRow,
    AgentState,
    AlertRow,
    Board,
    CallRow,
    LinkRow,
    Membership,
    ParkedRow,
    QueueRow,
    SupervisionRow,
)
from ccops.desk.actions import TABLE
from ccops.desk.context import Context
from ccops.desk.supervision.registry import Registry
from ccops.desk.table import Action, Argument, Table, harmless
from ccops.errors import CcopsError, NotFound, UsageProblem
from ccops.settings import Settings

CONTROLS = [chr(code) for code in (*range(32), *range(127, 160), 0xD800, 0xDFFF)]


def board() -> Board:
    agent = AgentRow(
        "PJSIP/1001",
        "Ana",
        "PJSIP/1001",
        "PJSIP/1001",
        memberships=(Membership("sales"), Membership("support", paused=True)),
        state=AgentState.TALKING,
        queue="sales",
        call_id="1.1",
        channel="PJSIP/1001-00000001",
    )
    live = Board(LinkRow("main", "127.0.0.1", "live", 0.0))
    live.agents[agent.key] = agent
    live.queues = {name: QueueRow(name) for name in ("sales", "support")}
    live.calls["1.1"] = CallRow(
        "1.1", "sales", "5550001", "", "talking", 0.0, agent="Ana", agent_key=agent.key, channel="PJSIP/x-1"
    )
    live.calls["1.2"] = CallRow("1.2", "sales", "5550002", "", "waiting", 0.0, channel="PJSIP/x-2")
    live.parked["1.3"] = ParkedRow("1.3", "default", "701", "5550003", "", 0.0, channel="PJSIP/x-3")
    live.supervisions["s"] = SupervisionRow(
        "s", "listen", "running", "Ana", agent.key, "1.1", "PJSIP/9001", "PJSIP/9001-1"
    )
    return live


ROWS: dict[str, Any] = {
    "agent": board().agents["PJSIP/1001"],
    "call": board().calls["1.2"],
    "parked": board().parked["1.3"],
    "supervision": board().supervisions["s"],
    "alert": AlertRow(
        "17", "wait", "wait_ratio", "warning", "queue", "sales", "Sales", "Sales: longest wait", 0.0, 0.0
    ),
    "none": None,
}


def context(name: str, *, dry_run: bool = True) -> Context:
    return Context(
        name,
        board(),
        Settings(),
        SimpleNamespace(listing=everything),
        lambda listener: lambda: None,
        Registry(lambda key, row: None),
        nothing,
        who="anna",
        dry_run=dry_run,
    )


async def everything(action: Any) -> Any:
    return SimpleNamespace(ok=True)


async def nothing() -> None:
    return None


def sensible(action: Action) -> dict[str, Any]:
    values = {"queue": "support", "number": "5", "flag": "yes", "phone": "PJSIP/9001", "extension": "600"}
    return {argument.name: values.get(argument.kind, "text") for argument in action.arguments}


@pytest.mark.parametrize("action", list(TABLE), ids=lambda action: str(action.name))
def test_dry_run_of_every_action_tells_what_would_be_sent_and_sends_nothing(action: Action) -> None:
    outcome = asyncio.run(action.procedure(context(action.name), ROWS[action.topic], action.bind(sensible(action))))
    assert outcome.ok
    assert outcome.dry_run
    assert outcome.message
    names = {str(item["Action"]) for item in outcome.sent}
    assert names <= set(action.ami)


def test_dry_run_of_listening_shows_the_whole_originate() -> None:
    action = TABLE["listen"]
    outcome = asyncio.run(action.procedure(context("listen"), ROWS["agent"], action.bind({"phone": "9001"})))
    sent = dict(outcome.sent[0])
    assert sent["Action"] == "Originate"
    assert sent["Channel"] == "PJSIP/9001"
    assert sent["Data"] == "PJSIP/1001-00000001,qudE"


@given(
    name=st.sampled_from([action.name for action in TABLE]),
    before=st.text(max_size=20),
    control=st.sampled_from(CONTROLS),
    after=st.text(max_size=20),
)
def test_no_argument_of_any_action_takes_a_control_character(name: str, before: str, control: str, after: str) -> None:
    action = TABLE[name]
    for argument in action.arguments:
        with pytest.raises(UsageProblem, match=argument.name):
            action.bind({**sensible(action), argument.name: before + control + after})


@given(st.text(max_size=300))
def test_harmless_text_is_one_short_line_or_refused(text: str) -> None:
    try:
        kept = harmless("text", text)
    except UsageProblem:
        return
    assert len(kept) <= 250
    assert not any(char in kept for char in CONTROLS)


def test_an_argument_with_a_number_out_of_range_or_no_number_is_named() -> None:
    for value in ("-1", "1.5", "many", "1000001", True):
        with pytest.raises(UsageProblem, match="penalty"):
            TABLE["agent.penalty"].bind({"penalty": value})


def test_a_missing_argument_and_an_unknown_one_are_named() -> None:
    with pytest.raises(UsageProblem, match="queue"):
        TABLE["agent.login"].bind({})
    with pytest.raises(NotFound, match="queue"):
        TABLE["agent.logout"].bind({"queu": "sales"})
    with pytest.raises(NotFound, match=r"agent\.pause"):
        TABLE["agent.paus"]


def test_two_rows_with_one_key_are_refused() -> None:
    row = TABLE["listen"]
    with pytest.raises(ValueError, match="share"):
        Table([row, Action("other", "agent", "", "", row.procedure, (), key="l")])


@pytest.mark.parametrize("channel", ["", "all", "PJSIP/1001", "PJSIP/1001-1,o", "PJSIP/1&PJSIP/2-3", " PJSIP/1-2"])
def test_listening_refuses_what_chanspy_takes_for_a_prefix_or_several(channel: str) -> None:
    from dataclasses import replace

    agent = replace(ROWS["agent"], channel=channel)
    with pytest.raises(UsageProblem):
        asyncio.run(TABLE["listen"].procedure(context("listen"), agent, {"phone": "PJSIP/9001"}))


def test_an_agent_without_a_call_cannot_be_listened_to() -> None:
    from dataclasses import replace

    agent = replace(ROWS["agent"], channel=None, call_id=None, state=AgentState.AVAILABLE)
    with pytest.raises(UsageProblem, match="Ana has no call"):
        asyncio.run(TABLE["whisper"].procedure(context("whisper"), agent, {"phone": "PJSIP/9001"}))


def test_without_any_phone_the_remedy_is_named() -> None:
    with pytest.raises(CcopsError, match="--phone"):
        asyncio.run(TABLE["listen"].procedure(context("listen"), ROWS["agent"], {"phone": None}))


def test_argument_defaults_are_filled_in() -> None:
    assert Argument("n", "number", "", default=3).take("") == 3
