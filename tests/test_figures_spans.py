"""Sessions and pauses: unions, changes of reason, who never logs in; against looking at every second."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.pbx.queue_log import LogRow, parse_block
from ccops.reports.history import History, Sinks
from ccops.reports.rules import PauseRule, QueueRule, Rules
from ccops.reports.spans import Pause, Session, clip, common, seconds, union
from ccops.reports.tally import AgentTally
from ccops.reports.visits import Visit
from tests.history_logs import AGENTS, START, Log, logs
from tests.history_reference import reference_agent, reference_seconds

spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: (min(pair), max(pair))), max_size=8)


@given(spans, spans, st.integers(0, 60), st.integers(0, 60))
def test_span_arithmetic_second_by_second(
    left: list[tuple[int, int]], right: list[tuple[int, int]], a: int, b: int
) -> None:
    start, end = min(a, b), max(a, b)
    mine, theirs = reference_seconds(left, 0, 60), reference_seconds(right, 0, 60)
    assert reference_seconds(union(left), 0, 60) == mine
    assert seconds(union(left)) == len(mine)
    assert seconds(common(left, right)) == len(mine & theirs)
    assert seconds(union(clip(left, start, end))) == len(reference_seconds(left, start, end))


class Found:
    """Collects what the reducer finds."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.visits: list[Visit] = []
        self.sessions: list[Session] = []
        self.pauses: list[Pause] = []
        self.rules = rules or Rules()
        sinks = Sinks(
            self.visits.append,
            lambda missed: None,
            self.sessions.append,
            self.pauses.append,
            lambda visit, before: None,
        )
        self.history = History(self.rules, sinks)

    def feed(self, text: str) -> "Found":
        lines = "\n".join(line.strip() for line in text.strip().splitlines()) + "\n"
        for row in parse_block(lines.encode()):
            self.history.feed(row)
        return self

    def tally(self, agent: str, start: int, end: int) -> AgentTally:
        tally, live = AgentTally(), self.history.spans
        sessions = [item for item in self.sessions if item.agent == agent] + live.sessions_of(agent)
        pause = live.pause_of(agent)
        pauses = [item for item in self.pauses if item.agent == agent] + ([pause] if pause else [])
        for visit in self.visits:
            if visit.agent == agent:
                tally.add(visit, self.rules)
                tally.add_time(visit, (start, end), self.rules)
        tally.clock(sessions, pauses, (start, end), self.rules)
        return tally


@pytest.mark.parametrize(
    ("lines", "pauses"),
    [
        (
            "5|N|NONE|Ana|PAUSEALL|lunch\n5|N|q|Ana|PAUSE|lunch\n9|N|NONE|Ana|UNPAUSEALL|\n9|N|q|Ana|UNPAUSE|",
            [("lunch", 5, 9)],
        ),
        ("5|N|q|Ana|PAUSE|lunch\n7|N|q|Ana|PAUSE|mail\n9|N|q|Ana|UNPAUSE|", [("lunch", 5, 7), ("mail", 7, 9)]),
        ("5|N|q|Ana|PAUSE|lunch\n7|N|q|Ana|PAUSE|lunch\n9|N|q|Ana|UNPAUSE|", [("lunch", 5, 9)]),
        ("5|N|q|Ana|PAUSE|a\n5|N|r|Ana|PAUSE|a\n8|N|q|Ana|UNPAUSE|\n9|N|r|Ana|UNPAUSE|", [("a", 5, 9)]),
        ("5|N|NONE|Ana|PAUSEALL|a\n5|N|q|Ana|PAUSE|a\n8|N|q|Ana|UNPAUSE|", [("a", 5, 8)]),
        ("5|N|NONE|Ana|PAUSEALL|a\n8|N|NONE|Ana|UNPAUSEALL|", [("a", 5, 8)]),
        ("1|M|q|Ana|ADDMEMBER|\n5|N|q|Ana|PAUSE|a\n8|M|q|Ana|REMOVEMEMBER|", [("a", 5, 8)]),
        ("1|M|q|Ana|ADDMEMBER|PAUSED\n8|N|q|Ana|UNPAUSE|", [("", 1, 8)]),
        ("5|N|q|Ana|PAUSE|tea|coffee\n8|N|q|Ana|UNPAUSE|", [("tea|coffee", 5, 8)]),
        ("5|N|q|Ana|PAUSE|a\n5|N|q|Ana|PAUSE|b\n8|N|q|Ana|UNPAUSE|\n9|N|q|Ana|UNPAUSE|", [("b", 5, 8)]),
        ("3|N|q|Ana|UNPAUSE|", []),
        ("1|a|NONE|Ana|AGENTLOGIN|SIP/1\n3|N|NONE|Ana|PAUSEALL|a\n8|a|NONE|Ana|AGENTLOGOFF|SIP/1|7", [("a", 3, 8)]),
    ],
)
def test_pauses(lines: str, pauses: list[tuple[str, int, int]]) -> None:
    found = Found().feed(lines)
    assert [(pause.reason, pause.since, pause.until) for pause in found.pauses] == pauses


def test_sessions_of_several_queues_are_one_time_logged_in() -> None:
    found = Found().feed(
        """10|M|q|Ana|ADDMEMBER|
        20|M|r|Ana|ADDMEMBER|
        25|M|r|Ana|ADDMEMBER|
        50|M|q|Ana|REMOVEMEMBER|
        60|M|r|Ana|REMOVEMEMBER|
        80|M|q|Ana|ADDMEMBER|"""
    )
    assert [(one.queue, one.since, one.until) for one in found.sessions] == [("q", 10, 50), ("r", 20, 60)]
    assert found.tally("Ana", 0, 100).logged_in == 70
    assert found.tally("Ana", 55, 90).logged_in == 15
    assert found.tally("Ben", 0, 100).logged_in is None


def test_a_logoff_says_how_long_it_was() -> None:
    found = Found().feed("500|a|NONE|Ana|AGENTLOGOFF|SIP/1|120")
    assert found.sessions == [Session("Ana", "", 380, 500)]


def test_available_is_what_is_left() -> None:
    found = Found(Rules(queues={"q": QueueRule(wrap_up=5)})).feed(
        """0100|M|q|Ana|ADDMEMBER|
        110|a|q|NONE|ENTERQUEUE||1|1
        120|a|q|Ana|CONNECT|10|b|4
        150|a|q|Ana|COMPLETECALLER|10|30|1
        160|N|q|Ana|PAUSE|lunch
        180|N|q|Ana|UNPAUSE|
        200|M|q|Ana|REMOVEMEMBER|"""
    )
    tally = found.tally("Ana", 0, 1000)
    assert (tally.logged_in, tally.talk, tally.wrap, tally.paused, tally.ring) == (100, 30, 5, {"lunch": 20}, 4)
    assert tally.available == 45
    cut = found.tally("Ana", 130, 165)
    assert (cut.logged_in, cut.talk, cut.wrap, cut.paused, cut.available) == (35, 20, 5, {"lunch": 5}, 5)


def test_a_wrap_up_pause_is_wrap_up_of_the_call_before() -> None:
    rules = Rules(queues={"q": QueueRule(wrap_up=5)}, pauses={"acw": PauseRule(wrap_up=True)})
    found = Found(rules).feed(
        """100|M|q|Ana|ADDMEMBER|
        110|a|q|NONE|ENTERQUEUE||1|1
        120|a|q|Ana|CONNECT|10|b|4
        145|N|q|Ana|PAUSE|acw
        150|a|q|Ana|COMPLETECALLER|10|30|1
        170|N|q|Ana|UNPAUSE|
        300|N|q|Ana|PAUSE|acw
        320|N|q|Ana|UNPAUSE|
        400|M|q|Ana|REMOVEMEMBER|"""
    )
    assert [visit.wrap for visit in found.visits] == [20]
    tally = found.tally("Ana", 0, 1000)
    assert (tally.paused, tally.wrap, tally.wrap_whole) == ({}, 45, 20)


@given(logs(stays=0), st.integers(0, 80_000), st.integers(0, 40_000))
def test_agents_time_second_by_second(log: Log, offset: int, length: int) -> None:
    rows: list[LogRow] = list(parse_block(log.data()))
    found = Found()
    for row in rows:
        found.history.feed(row)
    start, end = START + offset, START + offset + length
    for agent in AGENTS:
        tally, slow = found.tally(agent, start, end), reference_agent(rows, agent, start, end)
        assert tally.paused == {reason: count for reason, count in slow["paused"].items() if count}
        assert (tally.logged_in or 0) == (slow["logged_in"] or 0)
