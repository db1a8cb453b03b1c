"""Names that people type, resolved on a board: never guessed, always helpful."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.board import AgentRow, Board, CallRow, LinkRow, ParkedRow, QueueRow, SupervisionRow
from ccops.desk.resolve import (
    agent_or_new,
    find_agent,
    find_call,
    find_parked,
    find_queue,
    find_supervision,
    number_of,
    row,
)
from ccops.errors import NotFound, UsageProblem
from ccops.settings.model import Agents


def agent(name: str, interface: str, device: str = "", state_interface: str = "") -> AgentRow:
    return AgentRow(
        key=interface, agent=name, interface=interface, device=device or interface, state_interface=state_interface
    )


def board(*rows: Any) -> Board:
    made = Board(LinkRow(site="s", host="h", state="live", since=0))
    tables: dict[type, tuple[dict[str, Any], Callable[[Any], str]]] = {
        QueueRow: (made.queues, lambda item: item.queue),
        AgentRow: (made.agents, lambda item: item.key),
        CallRow: (made.calls, lambda item: item.call_id),
        ParkedRow: (made.parked, lambda item: item.uniqueid),
        SupervisionRow: (made.supervisions, lambda item: item.supervision_id),
    }
    for item in rows:
        table, key = tables[type(item)]
        table[key(item)] = item
    return made


FREEPBX = agent("Bob", "Local/1002@from-queue/n", "PJSIP/1002", "hint:1002@ext-local")


@pytest.mark.parametrize(
    "word",
    ["Bob", "bob", " BOB ", "1002", "PJSIP/1002", "pjsip/1002", "Local/1002@from-queue/n", "hint:1002@ext-local"],
)
def test_an_agent_is_found_by_name_number_and_interface(word: str) -> None:
    assert find_agent(board(FREEPBX, agent("Anna", "PJSIP/1001")), word) is FREEPBX


def test_an_exact_name_beats_one_that_is_only_alike() -> None:
    small, large = agent("anna", "PJSIP/1"), agent("Anna", "PJSIP/2")
    assert find_agent(board(small, large), "Anna") is large
    with pytest.raises(UsageProblem, match="fits 2"):
        find_agent(board(small, large), "ANNA")


def test_a_word_that_fits_several_names_all_of_them() -> None:
    one, two = agent("1002", "PJSIP/7"), FREEPBX
    with pytest.raises(UsageProblem) as caught:
        find_agent(board(one, two), "1002")
    assert "1002 (PJSIP/7), Bob (Local/1002@from-queue/n)" in caught.value.remedy
    assert find_agent(board(one, two), "PJSIP/7") is one


def test_an_interface_is_never_ambiguous_with_a_name() -> None:
    one, two = agent("PJSIP/2", "PJSIP/1"), agent("Zoe", "PJSIP/2")
    assert find_agent(board(one, two), "PJSIP/2") is two


@pytest.mark.parametrize("word", ["", "  "])
def test_an_empty_word_is_refused(word: str) -> None:
    with pytest.raises(UsageProblem, match="named"):
        find_agent(board(agent("", "PJSIP/1", "")), word)


def test_what_fits_nothing_names_the_nearest() -> None:
    with pytest.raises(NotFound) as caught:
        find_agent(board(FREEPBX), "bobb")
    assert "Bob" in caught.value.remedy
    with pytest.raises(NotFound) as caught:
        find_queue(board(QueueRow(queue="sales"), QueueRow(queue="support")), "saels")
    assert "sales" in caught.value.remedy


def test_a_prefix_is_no_name() -> None:
    with pytest.raises(NotFound):
        find_agent(board(FREEPBX), "Bo")
    with pytest.raises(NotFound):
        find_call(board(CallRow("1700000000.12", "q", "", "", "waiting", 0.0)), "1700000000.1")


def test_queues_by_name_or_title_in_any_case() -> None:
    sales, other = QueueRow(queue="600", title="Sales"), QueueRow(queue="Sales")
    assert find_queue(board(sales), "sALES") is sales
    assert find_queue(board(sales, other), "sales") is other  # a name beats a title


def test_calls_by_id_channel_linkedid_or_number() -> None:
    call = CallRow("1.1", "q", "555", "", "waiting", 0.0, channel="PJSIP/t-1", linkedid="1.0")
    other = CallRow("1.2", "q", "556", "", "waiting", 0.0)
    for word in ("1.1", "PJSIP/t-1", "1.0", "555"):
        assert find_call(board(call, other), word) is call
    twin = CallRow("1.3", "q", "555", "", "waiting", 0.0)
    with pytest.raises(UsageProblem, match="fits 2"):
        find_call(board(call, twin), "555")


def test_parked_calls_and_supervisions() -> None:
    parked = ParkedRow("1.1", "default", "701", "555", "", 0.0)
    leg = SupervisionRow("s.1", "listen", "running", "Bob", FREEPBX.key, "1.1", "PJSIP/9001")
    for word in ("1.1", "701", "default/701", "555"):
        assert find_parked(board(parked), word) is parked
    for word in ("s.1", "bob", FREEPBX.key):
        assert find_supervision(board(leg), word) is leg
    assert row(board(parked), "parked", "701") is parked


def test_an_agent_not_seen_yet_is_made_from_number_or_interface() -> None:
    freepbx = Agents(interface="Local/{number}@from-queue/n", state_interface="hint:{number}@ext-local")
    made = agent_or_new(board(), "1009", freepbx)
    assert (made.interface, made.state_interface) == ("Local/1009@from-queue/n", "hint:1009@ext-local")
    assert agent_or_new(board(), "SIP/77", freepbx).interface == "SIP/77"
    assert agent_or_new(board(FREEPBX), "1002", freepbx) is FREEPBX
    with pytest.raises(NotFound):
        agent_or_new(board(FREEPBX), "Zoe", freepbx)


@pytest.mark.parametrize(
    ("interface", "number"),
    [
        ("PJSIP/1001", "1001"),
        ("Local/1@q/n", "1"),
        ("hint:1001@x", "1001"),
        ("Agent/anna", ""),
        ("", ""),
        ("1001", "1001"),
    ],
)
def test_numbers_in_interfaces(interface: str, number: str) -> None:
    assert number_of(interface) == number


NAMES = st.sampled_from(["Anna", "anna", "1001", "1002", "PJSIP/1001", "Bob"])
DEVICES = st.sampled_from(["PJSIP/1001", "PJSIP/1002", "Local/1001@q/n", "SIP/1001", "Agent/Bob"])


@given(st.lists(st.builds(agent, NAMES, DEVICES), max_size=5), NAMES | DEVICES)
def test_whoever_is_found_bears_the_word_and_nobody_else_equally(rows: list[AgentRow], word: str) -> None:
    centre = board(*rows)
    try:
        found = find_agent(centre, word)
    except (NotFound, UsageProblem):
        return

    def bears(item: AgentRow) -> bool:
        names = {item.agent, item.interface, item.device, number_of(item.interface)}
        return word.casefold() in {name.casefold() for name in names}

    assert bears(found)
    rivals = [item for item in centre.agents.values() if item is not found and bears(item)]
    assert not rivals or word in (found.interface, found.agent) or word.casefold() == found.interface.casefold()
