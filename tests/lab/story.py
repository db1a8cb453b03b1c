"""Plays for a lab: the steps that the recorded traces hold, in their order, each as a function.

A play is a generator. It yields the name of each moment at which nothing moves (a call is talking, parked, on hold),
so that a test can look at the centre there: ``for moment in STORY["timeout"](scene): ...``. When it ends its calls are
over. The steps of STORY follow on each other: the first logs the agents in, the last logs them out. Those of scenes.py
stand alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from tests.lab.phones import Handle
from tests.lab.scenario import Scene

Play = Iterator[str]
ANA, BEN, CHI = "Ana 王芳", "Ben O'Neil", "Chi|pipe"
HOSTILE = "\x1b]0;owned\x07\x1b[2J[@click=app.quit]click[/] [bold]x[/] 王"


def login(scene: Scene) -> Play:
    """Three agents log in: a name with CJK, one with an apostrophe, one with the separator of the queue_log."""
    scene.add_member("sales", "1001", ANA)
    scene.add_member("sales", "1002", BEN)
    scene.add_member("support", "1003", CHI, penalty=2)
    yield "three agents are free"


def pause_with_reason(scene: Scene) -> Play:
    """Ben goes to lunch, in all his queues; from here on Ana takes every call of sales."""
    scene.pause("PJSIP/1002", "lunch")
    yield "Ben is at lunch"


def agent_hangs_up(scene: Scene) -> Play:
    """A call is answered and ended by the agent."""
    handle = _talk(scene, "5550001")
    yield "they talk"
    scene.hang_up("1001")
    _over(scene, handle)


def caller_hangs_up(scene: Scene) -> Play:
    """A call is answered and ended by the caller."""
    handle = _talk(scene, "5550002")
    yield "they talk"
    scene.hang_up(handle)
    _over(scene, handle)


def spy(scene: Scene) -> Play:
    """A supervisor listens, whispers and barges in, with a leg for each as the traces have it."""
    handle = _talk(scene, "5550003")
    for options in ("q", "qw", "qB"):
        scene.spy("9001", scene.leg("1001"), options)
        yield f"the supervisor is there with option {options}"
        since = scene.ami.mark()
        scene.hang_up("9001")
        scene.expect("ChanSpyStop", since=since)
    scene.hang_up(handle)
    _over(scene, handle)


def blind_transfer(scene: Scene) -> Play:
    """The agent's phone transfers the caller to 1004."""
    handle = _talk(scene, "5550004")
    since = scene.ami.mark()
    scene.blind_transfer("1001", "1004")
    scene.expect("BlindTransfer", since=since)
    scene.leg("1004")
    yield "the caller talks with 1004"
    scene.hang_up(handle)
    scene.ended(handle)
    scene.quiet()


def take_over(scene: Scene) -> Play:
    """The caller is taken from the agent to a supervisor's phone by Redirect."""
    handle = _talk(scene, "5550005")
    scene.take(handle, "9002")
    scene.leg("9002")
    yield "the caller talks with the supervisor"
    scene.hang_up(handle)
    _over(scene, handle)


def abandon(scene: Scene) -> Play:
    """Nobody is free, and the caller gives up."""
    scene.pause("PJSIP/1001", "coffee")
    handle = scene.call_in("sales", "5550006", hangup_after=1.5)
    scene.waiting(handle)
    yield "he waits"
    scene.abandoned(handle)
    scene.quiet()


def timeout(scene: Scene) -> Play:
    """Nobody is free, and the queue gives up on the caller."""
    handle = scene.call_in("sales", "5550007", timeout=2)
    scene.waiting(handle)
    yield "he waits"
    scene.ended(handle)
    scene.quiet()


def ring_no_answer(scene: Scene) -> Play:
    """1801 is rung as long as the queue allows (five seconds here) and does not answer; then another agent does."""
    scene.unpause("PJSIP/1001")
    silent = scene.add_member("support", "1801", "Never Answers")
    handle = scene.call_in("support", "5550008")
    scene.expect("AgentRingNoAnswer", timeout=25)
    scene.remove_member("support", silent)
    scene.connected(handle, timeout=25)
    yield "Chi has the call"
    scene.hang_up(handle)
    _over(scene, handle)


def pull(scene: Scene) -> Play:
    """Two callers wait; the second is pulled to a supervisor's phone, the first is answered."""
    scene.pause("PJSIP/1001")
    first = scene.call_in("sales", "5550009")
    scene.waiting(first)
    second = scene.call_in("sales", "5550010")
    scene.waiting(second)
    yield "two callers wait"
    scene.take(second, "9002")
    scene.leg("9002")
    yield "the second talks with the supervisor"
    scene.unpause("PJSIP/1001")
    scene.connected(first)
    yield "the first talks with Ana"
    for handle in (first, second):
        scene.hang_up(handle)
        scene.ended(handle)
    scene.quiet()


def hostile_name(scene: Scene) -> Play:
    """A caller whose name holds terminal escapes and markup."""
    handle = _talk(scene, "5550011", HOSTILE)
    yield "they talk"
    scene.hang_up(handle)
    _over(scene, handle)


def logout(scene: Scene) -> Play:
    """A penalty is changed and all log out."""
    scene.penalty("PJSIP/1003", 5, "support")
    scene.remove_member("sales", "PJSIP/1001")
    scene.remove_member("sales", "PJSIP/1002")
    scene.remove_member("support", "PJSIP/1003")
    yield "nobody is left"


STORY: dict[str, Callable[[Scene], Play]] = {
    "login of three agents": login,
    "pause with reason": pause_with_reason,
    "answered, agent hangs up": agent_hangs_up,
    "answered, caller hangs up": caller_hangs_up,
    "listen, whisper, barge": spy,
    "blind transfer to 1004": blind_transfer,
    "take over by redirect to 9002": take_over,
    "pause, so nobody is free; abandon": abandon,
    "timeout": timeout,
    "unpause; ring no answer by 1801": ring_no_answer,
    "two callers wait; pull the second to 9002": pull,
    "terminal escapes in a caller's name": hostile_name,
    "penalty, logout": logout,
}


def _talk(scene: Scene, number: str, name: str = "") -> Handle:
    """A call of sales that Ana has answered, half a second in."""
    handle = scene.queue_call("sales", number, name)
    time.sleep(0.5)
    return handle


def _over(scene: Scene, handle: Handle) -> None:
    scene.completed(handle)
    scene.ended(handle)
    scene.quiet()
