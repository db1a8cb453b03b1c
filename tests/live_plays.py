"""More plays for the live state on real Asterisk, see lab/story.py for what a play is."""

from __future__ import annotations

from collections.abc import Callable

from tests.lab.scenario import Scene
from tests.lab.story import Play


def consult_a_queue(scene: Scene) -> Play:
    """The agent asks back at another queue, whose agent does not answer yet: the caller stays his meanwhile."""
    scene.add_member("sales", "1001", "Ana")
    scene.add_member("support", "1801", "Silent")
    handle = scene.queue_call("sales")
    since = scene.ami.mark()
    scene.phones.press("1001", "*27002")
    scene.expect("QueueCallerJoin", since=since, Queue="support")
    scene.member_status("PJSIP/1801", 6)
    yield "the agent himself waits in a queue"
    scene.hang_up("1001")
    scene.expect("AttendedTransfer", since=since)
    yield "the caller waits in his place"
    scene.hang_up(handle)
    scene.ended(handle)
    scene.quiet()


def consult_an_agent_of_a_queue(scene: Scene) -> Play:
    """The agent asks back at another queue and hands his caller over to its agent."""
    scene.add_member("sales", "1001", "Ana")
    scene.add_member("support", "1003", "Chi")
    handle = scene.queue_call("sales")
    since = scene.ami.mark()
    scene.phones.press("1001", "*27002")
    scene.expect("AgentConnect", since=since, Queue="support")
    scene.ami.settle()
    yield "the two agents talk, the caller is on hold"
    scene.hang_up("1001")
    scene.expect("AttendedTransfer", since=since)
    yield "the caller talks with the second"
    scene.hang_up(handle)
    scene.ended(handle)
    scene.quiet()


def take_over_by_bridge(scene: Scene) -> Play:
    """A supervisor listens and then takes the caller: the spy leaves ChanSpy without a word."""
    scene.add_member("sales", "1001", "Ana")
    handle = scene.queue_call("sales")
    spyer = scene.spy("9001", scene.leg("1001"), "qudE")
    yield "the supervisor listens"
    scene.send("Bridge", Channel1=handle.channel, Channel2=spyer)
    scene.expect("Hangup", Channel="PJSIP/1001-*")
    scene.ami.settle()
    yield "the supervisor has the caller"
    scene.hang_up(handle)
    scene.ended(handle)
    scene.quiet()


def caller_sends_the_agent_on(scene: Scene) -> Play:
    """A caller from another desk transfers the agent to a third: the agent's leg becomes a call of its own."""
    scene.add_member("sales", "1001", "Ana")
    scene.phones.dial("1005", "7001")
    scene.expect("AgentConnect", Queue="sales")
    scene.ami.settle()
    yield "a colleague talks with the agent through the queue"
    scene.blind_transfer("1005", "1006")
    scene.leg("1006")
    yield "the agent talks with a third"
    scene.hang_up("1006")
    scene.quiet()


def nobody_knows_the_phone(scene: Scene) -> Play:
    """A Local member without a state interface, whose Local pair is optimised away: no name leads to the phone."""
    scene.send("QueueAdd", Queue="sales", Interface="Local/1007@from-queue", MemberName="Kim")
    handle = scene.queue_call("sales")
    scene.expect("LocalOptimizationEnd")
    scene.ami.settle()
    yield "they talk without the Local channel"
    scene.hang_up("1007")
    scene.completed(handle)
    scene.quiet()


NASTY = "O'Neil \\ \"x\" ? 王芳 \\n\\'"


def names_with_quotes(scene: Scene) -> Play:
    """Asterisk escapes names where it describes channels, but not in the rows of its queues."""
    scene.add_member("sales", "1001", "Ana O'Hara ?", style="freepbx")
    talking = scene.queue_call("sales", "5550001", NASTY)
    waiting = scene.call_in("support", "5550002", NASTY)
    scene.waiting(waiting)
    parked = scene.call_in("sales", "5550003", NASTY)
    scene.waiting(parked)
    scene.park(parked.channel)
    scene.ami.settle()
    yield "one talks, one waits, one is parked"
    for handle in (talking, waiting, parked):
        scene.hang_up(handle)
        scene.ended(handle)
    scene.quiet()


def transfer_to_a_queue_and_take_the_next(scene: Scene) -> Play:
    """Through a Local channel: the agent sends a caller to another queue and takes the next one meanwhile."""
    scene.add_member("sales", "1001", "Ana", style="freepbx")
    first = scene.queue_call("sales", "5550001")
    yield "Ana talks with the first"
    scene.blind_transfer("1001", "7002")
    scene.expect("QueueCallerJoin", Queue="support")  # of the Local channel: that is whom the phone talks to
    scene.ami.settle()
    yield "the first waits in the other queue"
    second = scene.queue_call("sales", "5550002")
    yield "Ana talks with the second"
    scene.add_member("support", "1003", "Chi")
    scene.expect("AgentConnect", Queue="support")
    scene.ami.settle()
    yield "Chi has the first"
    for handle in (first, second):
        scene.hang_up(handle)
        scene.ended(handle)
    scene.quiet()


def park_and_take_the_next(scene: Scene) -> Play:
    """Through a Local channel: a caller is parked, and the queue counts on him while the agent takes the next one."""
    scene.add_member("sales", "1001", "Ana", style="freepbx")
    first = scene.queue_call("sales", "5550001")
    scene.park(first.channel)
    scene.ami.settle()
    yield "the first is parked"
    second = scene.queue_call("sales", "5550002")
    yield "Ana talks with the second"
    scene.hang_up(first)
    scene.ended(first)
    scene.ami.settle()
    yield "the first is gone, Ana still talks"
    scene.hang_up(second)
    scene.ended(second)
    scene.quiet()


def bridge_takes_a_waiting_caller(scene: Scene) -> Play:
    """Somebody who waits is bridged away: the queue says no word of it."""
    scene.phones.dial("1002", "1003")
    scene.leg("1003")
    handle = scene.call_in("sales", "5550001")
    scene.waiting(handle)
    yield "he waits"
    scene.send("Bridge", Channel1=scene.leg("1002"), Channel2=handle.channel)
    scene.ami.settle()
    yield "he talks"
    scene.hang_up(handle)
    scene.ended(handle)
    scene.quiet()


def parked_comes_back(scene: Scene) -> Play:
    """Nobody fetches a parked caller: the phone from which he was parked rings again."""
    scene.add_member("sales", "1001", "Ana", style="freepbx")
    handle = scene.queue_call("sales")
    where = {"Parkinglot": "default", "Timeout": "1500", "TimeoutChannel": "PJSIP/1001"}
    scene.send("Park", where, Channel=handle.channel)
    scene.expect("ParkedCall")
    scene.ami.settle()
    yield "he is parked"
    scene.expect("ParkedCallTimeOut")
    scene.leg("1001")
    scene.ami.settle()
    yield "he talks with Ana again"
    scene.hang_up(handle)
    scene.ended(handle)
    scene.quiet()


def both_go_elsewhere(scene: Scene) -> Play:
    """One Redirect sends caller and agent to different places."""
    scene.add_member("sales", "1001", "Ana")
    handle = scene.queue_call("sales")
    extra = {"ExtraChannel": scene.leg("1001"), "ExtraContext": "internal", "ExtraExten": "1003", "ExtraPriority": "1"}
    scene.send("Redirect", extra, Channel=handle.channel, Context="internal", Exten="9002", Priority="1")
    for number in ("9002", "1003"):
        scene.leg(number)
    scene.ami.settle()
    yield "the caller talks with the supervisor, the agent with a colleague"
    scene.hang_up(handle)
    scene.ended(handle)
    scene.hang_up("1003")
    scene.quiet()


def queues_come_and_go(scene: Scene) -> Play:
    """A reload brings a queue and takes it away; AMI says nothing of it, so whoever wants to know must list."""
    path = scene.lab.pbx.home / "etc" / "queues.conf"
    before = path.read_text()
    more = f"{before}\n[seasonal](usual)\nstrategy = ringall\nmember = PJSIP/1018,0,Sam\n"
    scene.lab.write_config("queues.conf", more, "queue reload all")
    yield "one queue more"
    scene.lab.write_config("queues.conf", before, "queue reload all")
    yield "one queue less"


PLAYS: dict[str, Callable[[Scene], Play]] = {
    play.__name__: play
    for play in (
        consult_a_queue,
        consult_an_agent_of_a_queue,
        take_over_by_bridge,
        caller_sends_the_agent_on,
        nobody_knows_the_phone,
        transfer_to_a_queue_and_take_the_next,
        park_and_take_the_next,
        bridge_takes_a_waiting_caller,
        parked_comes_back,
        both_go_elsewhere,
    )
}
