"""Plays that the traces do not hold, the ones that are hard on a live picture of the centre; each stands alone.

See story.py for what a play is.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.lab.numbers import SECOND_CALLER_TONE
from tests.lab.scenario import MemberStyle, Scene
from tests.lab.story import Play


def _freepbx(scene: Scene, style: MemberStyle) -> Play:
    """A member of FreePBX: a Local channel stands between the queue and the phone."""
    interface = scene.add_member("sales", "1001", "Ana", style=style)
    yield "Ana is free"
    handle = scene.queue_call("sales")
    scene.member_status(interface, 2)
    yield "they talk through a Local channel"
    scene.hang_up("1001")
    scene.completed(handle)
    scene.quiet()


def freepbx_device(scene: Scene) -> Play:
    """Local/1001@from-queue/n, watched through PJSIP/1001."""
    yield from _freepbx(scene, "freepbx")


def freepbx_hint(scene: Scene) -> Play:
    """Local/1001@from-queue/n, watched through hint:1001@ext-local."""
    yield from _freepbx(scene, "hint")


def freepbx_optimised(scene: Scene) -> Play:
    """Local/1001@from-queue without /n: while they talk Asterisk takes the Local channel out of the call."""
    scene.add_member("sales", "1001", "Ana", style="optimised")
    handle = scene.queue_call("sales")
    scene.expect("LocalOptimizationEnd")
    scene.ami.settle()
    yield "they talk without the Local channel"
    scene.hang_up(handle)
    scene.completed(handle)
    scene.quiet()


def several_queues(scene: Scene) -> Play:
    """One agent in three queues takes a call of one: he is busy in all of them. He leaves one while he talks."""
    for queue in ("sales", "support", "wrapup"):
        scene.add_member(queue, "1001", "Ana", penalty=1)
    scene.pause("PJSIP/1001", "admin", "support")
    yield "paused in one queue of three"
    handle = scene.queue_call("sales")
    yield "they talk"
    scene.remove_member("wrapup", "PJSIP/1001")
    yield "gone from a queue while talking"
    scene.hang_up(handle)
    scene.completed(handle)
    scene.quiet()


def ring_all(scene: Scene) -> Play:
    """Three phones ring at once; the second answers and the others stop ringing."""
    for number in ("1801", "1102", "1802"):
        scene.add_member("support", number)
    handle = scene.call_in("support")
    for number in ("1801", "1102", "1802"):
        scene.member_status(f"PJSIP/{number}", 6)
    yield "three phones ring"
    scene.connected(handle)
    yield "one has it"
    scene.hang_up(handle)
    scene.completed(handle)
    scene.quiet()


def gives_up_while_ringing(scene: Scene) -> Play:
    """The caller hangs up while an agent's phone rings."""
    scene.add_member("sales", "1801")
    handle = scene.call_in("sales")
    scene.member_status("PJSIP/1801", 6)
    yield "it rings"
    scene.hang_up(handle)
    scene.abandoned(handle)
    scene.quiet()


def bad_phones(scene: Scene) -> Play:
    """The queue tries a busy phone and one that rejects; then somebody who answers logs in."""
    scene.add_member("sales", "1401")
    scene.add_member("sales", "1501")
    scene.add_member("sales", "1601")
    handle = scene.call_in("sales")
    scene.expect("AgentRingNoAnswer", Interface="PJSIP/1401")
    scene.expect("AgentRingNoAnswer", Interface="PJSIP/1501")
    scene.add_member("sales", "1002")
    scene.connected(handle)
    yield "the third has it"
    scene.hang_up(handle)
    scene.completed(handle)
    scene.quiet()


def registration(scene: Scene) -> Play:
    """A phone is unplugged, plugged in and unplugged again while its agent is logged in."""
    scene.add_member("sales", "1601")
    yield "unavailable"
    for status, deed in ((1, scene.phones.register), (5, scene.phones.unregister)):
        since = scene.ami.mark()
        deed("1601")
        scene.member_status("PJSIP/1601", status, since=since)
        yield "free" if status == 1 else "unavailable again"


def hold(scene: Scene) -> Play:
    """The agent holds the caller and takes him back; then the caller holds the agent."""
    scene.add_member("sales", "1001")
    handle = scene.queue_call("sales")
    for party in ("1001", handle):
        since = scene.ami.mark()
        scene.hold(party)
        scene.expect("Hold", since=since)
        yield f"on hold by {'the agent' if party == '1001' else 'the caller'}"
        scene.unhold(party)
        scene.expect("Unhold", since=since)
        yield "they talk again"
    scene.hang_up(handle)
    scene.completed(handle)
    scene.quiet()


def hangs_up_on_hold(scene: Scene) -> Play:
    """The agent holds the caller, who hangs up."""
    scene.add_member("sales", "1001")
    handle = scene.queue_call("sales")
    scene.hold("1001")
    scene.expect("Hold")
    yield "on hold"
    scene.hang_up(handle)
    scene.completed(handle)
    scene.quiet()


def attended_transfer(scene: Scene) -> Play:
    """The agent asks a colleague (feature code) and then hands the caller over."""
    scene.add_member("sales", "1001")
    handle = scene.queue_call("sales")
    scene.consult("1001", "1002")
    yield "the agent consults while the caller waits"
    scene.hand_over("1001")
    yield "the caller talks with the colleague"
    scene.hang_up("1002")
    scene.ended(handle)
    scene.quiet()


def attended_transfer_taken_back(scene: Scene) -> Play:
    """The agent asks a colleague, who hangs up: the caller is back with the agent."""
    scene.add_member("sales", "1001")
    handle = scene.queue_call("sales")
    scene.consult("1001", "1002")
    yield "the agent consults while the caller waits"
    since = scene.ami.mark()
    caller = handle.channel
    scene.hang_up("1002")
    scene.expect("MusicOnHoldStop", since=since, Channel=caller)
    yield "they talk again"
    scene.hang_up(handle)
    scene.ended(handle)
    scene.quiet()


def transfer_to_queue(scene: Scene) -> Play:
    """The agent transfers his caller blindly to another queue, where nobody is free at first."""
    scene.add_member("sales", "1001")
    handle = scene.queue_call("sales")
    scene.blind_transfer("1001", "7002")
    scene.waiting(handle, "support")
    yield "the caller waits in the other queue"
    scene.add_member("support", "1003")
    scene.expect("AgentConnect", Queue="support")
    yield "the caller talks in the other queue"
    scene.hang_up(handle)
    scene.ended(handle)
    scene.quiet()


def redirect_agent(scene: Scene) -> Play:
    """Redirect of the agent's leg, which had no dialplan of its own until then; the caller is dropped."""
    scene.add_member("sales", "1001")
    handle = scene.queue_call("sales")
    scene.redirect(scene.leg("1001"), "1002")
    scene.leg("1002")
    scene.ended(handle)
    yield "the agent talks with a colleague, the caller is gone"
    scene.hang_up("1002")
    scene.quiet()


def picked_up(scene: Scene) -> Play:
    """A colleague picks up the call that rings at another phone: a masquerade, told by Pickup alone, without a Rename.

    From then on AgentConnect and the queue_log name the member that rang, while DestChannel is the colleague's phone.
    """
    scene.add_member("sales", "1801")
    handle = scene.call_in("sales")
    scene.member_status("PJSIP/1801", 6)
    yield "it rings"
    scene.phones.dial("1002", "*81801")
    scene.expect("Pickup", Channel="PJSIP/1002-*", TargetChannel="PJSIP/1801-*")
    scene.connected(handle)
    scene.ami.settle()
    yield "the caller talks with the colleague"
    scene.hang_up(handle)
    scene.completed(handle)
    scene.quiet()


def park_caller(scene: Scene) -> Play:
    """The caller is parked, away from the agent, and picked up by another phone."""
    scene.add_member("sales", "1001")
    handle = scene.queue_call("sales")
    space = scene.park(handle.channel)  # the queue counts it as talking until the caller hangs up
    scene.ami.settle()
    yield "the caller is parked"
    scene.phones.dial("1002", space)
    scene.expect("UnParkedCall")
    yield "the caller talks with 1002"
    scene.hang_up(handle)
    scene.completed(handle)
    scene.quiet()


def parked_gives_up(scene: Scene) -> Play:
    """A parked caller hangs up."""
    scene.add_member("sales", "1001")
    handle = scene.queue_call("sales")
    scene.park(handle.channel)
    yield "the caller is parked"
    scene.hang_up(handle)
    scene.expect("ParkedCallGiveUp")
    scene.quiet()


def overflow(scene: Scene) -> Play:
    """After three seconds a call leaves one queue for another, with the same channel."""
    handle = scene.call_in("overflow")
    scene.waiting(handle, "overflow")
    yield "in the first queue"
    scene.waiting(handle, "support")
    yield "in the second queue"
    scene.add_member("support", "1003")
    scene.connected(handle)
    yield "they talk"
    scene.hang_up(handle)
    scene.completed(handle)
    scene.quiet()


def exit_by_key(scene: Scene) -> Play:
    """A waiting caller presses 2 and stands in another queue."""
    handle = scene.call_in("sales")
    scene.waiting(handle, "sales")
    scene.press(handle, "2")
    scene.waiting(handle, "support")
    yield "in the other queue"
    scene.hang_up(handle)
    scene.abandoned(handle)
    scene.quiet()


def refused_at_the_door(scene: Scene) -> Play:
    """A queue without agents lets nobody in; one that loses its last agent sends its callers away."""
    turned_away = scene.call_in("strict", "5550021")
    scene.ended(turned_away)
    scene.add_member("strict", "1801")
    handle = scene.call_in("strict", "5550022")
    scene.waiting(handle)
    yield "one waits"
    scene.pause("PJSIP/1801")
    scene.ended(handle)
    scene.quiet()


def wrap_up(scene: Scene) -> Play:
    """A queue with wrap-up time: the agent gets no call for five seconds after one."""
    scene.add_member("wrapup", "1001")
    handle = scene.queue_call("wrapup")
    scene.hang_up(handle)
    scene.completed(handle)
    yield "in wrap-up"
    second = scene.call_in("wrapup", "5550002")
    scene.waiting(second)
    yield "the next one waits"
    scene.connected(second)
    yield "the next one talks"
    scene.hang_up(second)
    scene.completed(second)
    scene.quiet()


def paused_by_the_queue(scene: Scene) -> Play:
    """An agent who does not answer is paused by the queue itself."""
    scene.add_member("autopause", "1801")
    handle = scene.call_in("autopause")
    scene.expect("QueueMemberPause", Paused="1")
    yield "paused"
    scene.hang_up(handle)
    scene.abandoned(handle)
    scene.quiet()


def outside_queues(scene: Scene) -> Play:
    """Calls that no queue knows of: from desk to desk, to the outside, and from outside straight to a desk."""
    scene.add_member("sales", "1001")
    for caller, callee in (("1001", "1002"), ("1001", "05559999")):
        since = scene.ami.mark()
        scene.phones.dial(caller, callee)
        scene.expect("DialEnd", since=since, DialStatus="ANSWER")
        yield f"{caller} talks with {callee}"
        scene.hang_up(caller)
        scene.quiet()
    handle = scene.call_in("1001", "5550031", "Direct")
    scene.leg("1001")
    yield "a caller talks with 1001, without a queue"
    scene.hang_up(handle)
    scene.quiet()


def two_at_once(scene: Scene) -> Play:
    """Two callers, two agents; one caller is merged away by AMI Bridge: the second agent's caller with the first's."""
    scene.add_member("sales", "1001")
    scene.add_member("sales", "1002")
    first = scene.queue_call("sales", "5550041")
    second = scene.queue_call("sales", "5550042", tone=SECOND_CALLER_TONE)
    yield "two calls"
    scene.send("Bridge", Channel1=first.channel, Channel2=second.channel)
    for number in ("1001", "1002"):  # the queue counts both calls as talking until the callers hang up
        scene.expect("Hangup", CallerIDNum=number)
    yield "the callers talk with each other"
    scene.hang_up(first)
    scene.hang_up(second)
    scene.quiet()


def priority(scene: Scene) -> Play:
    """The second of two waiting callers is moved to the front."""
    first, second = scene.call_in("sales", "5550051"), scene.call_in("sales", "5550052")
    for handle in (first, second):
        scene.waiting(handle)
    scene.send("QueueChangePriorityCaller", Queue="sales", Caller=second.channel, Priority="9")
    yield "the second is first"
    scene.send("QueueWithdrawCaller", Queue="sales", Caller=second.channel, WithdrawInfo="test")
    scene.ended(second)
    yield "the second was withdrawn"
    scene.hang_up(first)
    scene.abandoned(first)
    scene.quiet()


def static_members(scene: Scene) -> Play:
    """Members of the configuration, one of them FreePBX's kind: pause, penalty, calls."""
    scene.pause("PJSIP/1019", "training", "vip")
    scene.penalty("Local/1020@from-queue/n", 3, "vip")
    yield "one is paused, one has another penalty"
    handle = scene.queue_call("vip")
    yield "they talk"
    scene.hang_up(handle)
    scene.completed(handle)
    scene.quiet()


_ALL = (
    freepbx_device, freepbx_hint, freepbx_optimised, several_queues, ring_all, gives_up_while_ringing, bad_phones,
    registration, hold, hangs_up_on_hold, attended_transfer, attended_transfer_taken_back, transfer_to_queue,
    redirect_agent, picked_up, park_caller, parked_gives_up, overflow, exit_by_key, refused_at_the_door, wrap_up,
    paused_by_the_queue, outside_queues, two_at_once, priority, static_members,
)  # fmt: skip
SCENES: dict[str, Callable[[Scene], Play]] = {play.__name__: play for play in _ALL}
