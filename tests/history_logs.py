"""Generated queue_logs for tests: lines as Asterisk writes them, with what was driven to make them."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

START = 1_767_225_600
"""2026-01-01 00:00 UTC."""
DAY = 80_000
"""Seconds; with the longest call less than a day, so that nothing is given up as forgotten in a log of one."""
QUEUES = ("sales", "support", "账单")
AGENTS = ("Ana 王芳", "Ben O'Neil", "Chi|pipe", "PJSIP/1004")
REASONS = ("lunch", "", "coffee|tea", "wrap")

EXITS = {"abandoned": "ABANDON", "timeout": "EXITWITHTIMEOUT", "exit_empty": "EXITEMPTY"}
GOES_ON = frozenset({"timeout", "exit_empty", "exit_key", "withdrawn"})
ENDS = {"agent": "COMPLETEAGENT", "caller": "COMPLETECALLER"}


@dataclass
class Driven:
    """One stay that was driven, and so what must be found."""

    callid: str
    queue: str
    entered: int
    outcome: str = "waiting"
    wait: int | None = None
    agent: str = ""
    talk: int | None = None
    ended_by: str = ""
    ended: int | None = None
    caller: str = ""


@dataclass
class Log:
    """A log and the truth behind it."""

    lines: list[tuple[int, str]] = field(default_factory=list)
    visits: list[Driven] = field(default_factory=list)
    actions: list[tuple[str, float, str]] = field(default_factory=list)

    def write(self, at: int, *fields: Any) -> None:
        self.lines.append((at, "|".join(str(item) for item in (at, *fields))))

    def data(self) -> bytes:
        """Return the log's bytes, in the order of its stamps."""
        ordered = sorted(enumerate(self.lines), key=lambda item: (item[1][0], item[0]))
        return "".join(line + "\n" for _index, (_at, line) in ordered).encode()

    def drive(self, callid: str, queue: str, at: int, plan: dict[str, Any]) -> int:
        """Write one stay and remember it; return when it was over."""
        stay = Driven(callid, queue, at, caller=f"555{len(self.visits):04d}")
        self.visits.append(stay)
        self.write(at, callid, queue, "NONE", "ENTERQUEUE", "", stay.caller, 1)
        wait, outcome = int(plan["wait"]), plan["outcome"]
        if outcome == "withdrawn":
            wait += 1  # nobody pulls the same call twice in one second
        for ring in range(plan["rings"]):
            self.write(at + ring % (wait + 1), callid, queue, plan["agent"], "RINGNOANSWER", 1000 * (ring + 1))
        left = at + wait
        if outcome == "waiting":
            return left
        stay.outcome, stay.wait, stay.ended = outcome, wait, left
        if outcome == "answered":
            return self._answer(stay, left, plan)
        self._leave(stay, left, plan)
        return left

    def _leave(self, stay: Driven, left: int, plan: dict[str, Any]) -> None:
        callid, queue, wait = stay.callid, stay.queue, stay.wait
        if stay.outcome == "exit_key":
            self.write(left, callid, queue, "NONE", "EXITWITHKEY", "1", 1, 1, wait)
        elif stay.outcome == "withdrawn" and plan["pulled"]:
            self.write(left, callid, queue, "NONE", "ABANDON", 1, 1, wait)
            self.actions.append((callid, left + 1.5, "pull"))
        elif stay.outcome == "withdrawn":
            self.write(left, callid, queue, "NONE", "WITHDRAW", 1, 1, wait, "moved")
        else:
            self.write(left, callid, queue, "NONE", EXITS[stay.outcome], 1, 1, wait)

    def _answer(self, stay: Driven, left: int, plan: dict[str, Any]) -> int:
        callid, queue, agent, wait, talk = stay.callid, stay.queue, plan["agent"], int(plan["wait"]), int(plan["talk"])
        stay.agent, stay.talk, stay.ended_by, stay.ended = agent, talk, plan["ended_by"], left + talk
        self.write(left, callid, queue, agent, "CONNECT", wait, f"{callid}9", min(wait, 4))
        end = left + talk
        if stay.ended_by in ENDS:
            self.write(end, callid, queue, agent, ENDS[stay.ended_by], wait, talk, 1)
        elif stay.ended_by == "blind":
            self.write(end, callid, queue, agent, "BLINDTRANSFER", "1004", "internal", wait, talk, 1)
        elif stay.ended_by == "attended":
            target = plan["target"]
            self.write(end, callid, queue, agent, "ATTENDEDTRANSFER", *target, wait, talk, 1)
        elif stay.ended_by == "takeover":
            self.write(end, callid, queue, agent, "COMPLETECALLER", wait, talk, 1)
            self.actions.append((callid, end - 0.2, "takeover"))
        else:
            stay.talk, stay.ended, stay.ended_by = None, None, ""
        return end


OUTCOMES = ("answered", "answered", "abandoned", "timeout", "exit_empty", "exit_key", "withdrawn", "waiting")

plans = st.fixed_dictionaries(
    {
        "outcome": st.sampled_from(OUTCOMES),
        "wait": st.integers(0, 90),
        "talk": st.integers(0, 600),
        "agent": st.sampled_from(AGENTS),
        "rings": st.integers(0, 3),
        "pulled": st.booleans(),
        "ended_by": st.sampled_from(("agent", "caller", "blind", "attended", "takeover", "")),
        "target": st.sampled_from((("BRIDGE", "b-1"), ("APP", "Queue"), ("LINK", "SIP/a", "SIP/b"))),
    }
)


@st.composite
def logs(draw: st.DrawFn, days: int = 1, stays: int = 12, restarts: int = 0) -> Log:
    """Draw a log of calls that may each visit several queues, and of agents who come, pause and go.

    With `restarts` of the PBX, what was driven is no longer what became of it.
    """
    log = Log()
    for _restart in range(draw(st.integers(0, restarts))):
        log.write(START + draw(st.integers(0, days * DAY)), "NONE", "NONE", "NONE", "QUEUESTART", "")
    for number in range(draw(st.integers(0, stays))):
        at = START + draw(st.integers(0, days * DAY - 1))
        callid = f"{at}.{number}"
        for queue in draw(st.lists(st.sampled_from(QUEUES), min_size=1, max_size=3)):
            plan = draw(plans)
            at = log.drive(callid, queue, at, plan)
            last = log.visits[-1]
            if last.outcome not in GOES_ON and last.ended_by not in {"blind", "attended"}:
                break  # a channel that waits, talks or has hung up enters nowhere else
    for _span in range(draw(st.integers(0, 6))):
        _work(draw, log, days)
    return log


def _work(draw: st.DrawFn, log: Log, days: int) -> None:
    agent, queue = draw(st.sampled_from(AGENTS)), draw(st.sampled_from(QUEUES))
    at = START + draw(st.integers(0, days * DAY - 1))
    kind = draw(st.sampled_from(("session", "pause", "pause_all")))
    until = at + draw(st.integers(0, 20_000))
    reason = draw(st.sampled_from(REASONS))
    if kind == "session":
        log.write(at, "MANAGER", queue, agent, "ADDMEMBER", "")
        log.write(until, "MANAGER", queue, agent, "REMOVEMEMBER", "")
    elif kind == "pause":
        log.write(at, "NONE", queue, agent, "PAUSE", reason)
        log.write(until, "NONE", queue, agent, "UNPAUSE", "")
    else:
        log.write(at, "NONE", "NONE", agent, "PAUSEALL", reason)
        log.write(at, "NONE", queue, agent, "PAUSE", reason)
        log.write(until, "NONE", "NONE", agent, "UNPAUSEALL", "")
        log.write(until, "NONE", queue, agent, "UNPAUSE", "")
