"""Actions on agents: log in and out, pause, penalty, ring-in-use, message. Each is idempotent."""

from collections.abc import Mapping, Sequence
from typing import Any

from ccops.board import AgentRow, AgentState, Board, Membership
from ccops.desk.api import Outcome
from ccops.desk.context import Context
from ccops.desk.resolve import find_queue
from ccops.desk.table import Action, Argument
from ccops.errors import ActionRefused, UsageProblem
from ccops.i18n import _

SEEN_WITHIN = 3.0
"""Seconds within which the live state must show what the PBX has agreed to."""

QUEUE = Argument("queue", "queue", _("only in this queue; without it in all of the agent's queues"))


def _memberships(agent: AgentRow, board: Board, queue: str | None) -> Sequence[Membership]:
    if not queue:
        return agent.memberships
    name = find_queue(board, queue).queue
    found = [item for item in agent.memberships if item.queue == name]
    if not found:
        raise UsageProblem(
            _("{agent} is not a member of {queue}.").format(agent=agent.agent, queue=name),
            remedy=_("Their queues: {queues}.").format(queues=", ".join(agent.queues) or "–"),
        )
    return found


def _membership(board: Board, key: str, queue: str) -> Membership | None:
    agent = board.agents.get(key)
    return next((item for item in agent.memberships if item.queue == queue), None) if agent else None


async def _shown(context: Context, key: str, queues: Sequence[str], holds: Any) -> None:
    """Wait until the live state shows it; what the PBX agreed to but does not do is an error, not a success."""

    def all_hold(board: Board) -> bool:
        return all(holds(_membership(board, key, queue)) for queue in queues)

    if not await context.until(all_hold, SEEN_WITHIN):
        raise ActionRefused(
            _("The PBX agreed, but the change did not show within {seconds:g} s.").format(seconds=SEEN_WITHIN),
            remedy=_("See `ccops agent show` and `ccops doctor`."),
        )


async def login(context: Context, agent: AgentRow, arguments: Mapping[str, Any]) -> Outcome:
    """Make the agent a dynamic member of a queue; a member already there is left as it is."""
    queue = find_queue(context.board, arguments["queue"]).queue
    name = arguments["name"] or agent.agent
    if _membership(context.board, agent.interface, queue) is not None:
        message = _("{agent} is logged in to {queue} already.").format(agent=name, queue=queue)
        return context.done(message, target=name, changed=False, queue=queue)
    action = {"Action": "QueueAdd", "Queue": queue, "Interface": agent.interface, "MemberName": name}
    action |= {"Penalty": str(arguments["penalty"] or 0)}
    state_interface = _state_interface(context, agent)
    if state_interface and state_interface != agent.interface:
        action["StateInterface"] = state_interface
    changed = await context.send(action, fine=("already there",))
    await _shown(context, agent.interface, [queue], lambda member: member is not None)
    message = _("{agent} is logged in to {queue}.").format(agent=name, queue=queue)
    return context.done(message, target=name, changed=changed, queue=queue)


def _state_interface(context: Context, agent: AgentRow) -> str:
    if agent.state_interface:
        return agent.state_interface
    template = context.settings.agents.state_interface
    digits = "".join(part for part in agent.interface.split("/", 1)[-1].split("@", 1)[0] if part.isalnum())
    return template.replace("{number}", digits) if template and agent.interface.startswith("Local/") else ""


async def logout(context: Context, agent: AgentRow, arguments: Mapping[str, Any]) -> Outcome:
    """Take the agent out of one queue or all queues that they are a dynamic member of."""
    wanted = [item for item in _memberships(agent, context.board, arguments["queue"]) if item.dynamic]
    static = [item.queue for item in _memberships(agent, context.board, arguments["queue"]) if not item.dynamic]
    if not wanted and static:
        raise UsageProblem(
            _("{agent} is a static member of {queues} (queues.conf) and cannot be logged out.").format(
                agent=agent.agent, queues=", ".join(static)
            ),
            remedy=_("Pause them instead."),
        )
    changed = False
    for item in wanted:
        action = {"Action": "QueueRemove", "Queue": item.queue, "Interface": agent.interface}
        changed = await context.send(action, fine=("not there",)) or changed
    await _shown(context, agent.key, [item.queue for item in wanted], lambda member: member is None)
    message = _("{agent} is logged out of {queues}.").format(
        agent=agent.agent, queues=", ".join(item.queue for item in wanted) or _("all queues")
    )
    return context.done(message, target=agent.agent, changed=changed, static_left=static)


async def pause(context: Context, agent: AgentRow, arguments: Mapping[str, Any]) -> Outcome:
    """Pause the agent with a reason; a second pause with another reason replaces the first."""
    reason = arguments["pause_reason"] or ""
    members = _memberships(agent, context.board, arguments["queue"])
    if members and all(item.paused and item.pause_reason == reason for item in members):
        message = _("{agent} is paused already.").format(agent=agent.agent)
        return context.done(message, target=agent.agent, changed=False)
    await _pause(context, agent, arguments["queue"], members, paused=True, reason=reason)
    text = _("{agent} is paused ({reason}).") if reason else _("{agent} is paused.")
    return context.done(text.format(agent=agent.agent, reason=reason), target=agent.agent, changed=True)


async def unpause(context: Context, agent: AgentRow, arguments: Mapping[str, Any]) -> Outcome:
    """Let the agent take calls again."""
    members = _memberships(agent, context.board, arguments["queue"])
    if not any(item.paused for item in members):
        message = _("{agent} is not paused.").format(agent=agent.agent)
        return context.done(message, target=agent.agent, changed=False)
    await _pause(context, agent, arguments["queue"], members, paused=False, reason="")
    return context.done(_("{agent} takes calls again.").format(agent=agent.agent), target=agent.agent, changed=True)


async def _pause(
    context: Context, agent: AgentRow, queue: str | None, members: Sequence[Membership], *, paused: bool, reason: str
) -> None:
    action = {"Action": "QueuePause", "Interface": agent.interface, "Paused": "true" if paused else "false"}
    if queue:
        action["Queue"] = members[0].queue
    if reason:
        action["Reason"] = reason
    await context.send(action)
    names = [item.queue for item in members]
    await _shown(context, agent.key, names, lambda member: member is not None and member.paused is paused)


async def penalty(context: Context, agent: AgentRow, arguments: Mapping[str, Any]) -> Outcome:
    """Set the agent's penalty; higher is called later."""
    value = arguments["penalty"]
    members = [item for item in _memberships(agent, context.board, arguments["queue"]) if item.penalty != value]
    for item in members:
        await context.send(
            {"Action": "QueuePenalty", "Queue": item.queue, "Interface": agent.interface, "Penalty": str(value)}
        )
    names = [item.queue for item in members]
    await _shown(context, agent.key, names, lambda member: member is not None and member.penalty == value)
    message = _("{agent} has penalty {value}.").format(agent=agent.agent, value=value)
    return context.done(message, target=agent.agent, changed=bool(members))


async def ring_in_use(context: Context, agent: AgentRow, arguments: Mapping[str, Any]) -> Outcome:
    """Say whether queues may ring the agent during another call."""
    value = arguments["ring_in_use"]
    members = [item for item in _memberships(agent, context.board, arguments["queue"]) if item.ring_in_use != value]
    for item in members:
        action = {"Action": "QueueMemberRingInUse", "Queue": item.queue, "Interface": agent.interface}
        await context.send(action | {"RingInUse": "true" if value else "false"})
    names = [item.queue for item in members]
    await _shown(context, agent.key, names, lambda member: member is not None and member.ring_in_use is value)
    text = _("{agent} is rung during calls.") if value else _("{agent} is not rung during calls.")
    return context.done(text.format(agent=agent.agent), target=agent.agent, changed=bool(members))


async def message(context: Context, agent: AgentRow, arguments: Mapping[str, Any]) -> Outcome:
    """Send a text to the agent's phone: in the call where there is one, else as a SIP message."""
    if agent.channel:
        await context.send({"Action": "SendText", "Channel": agent.channel, "Message": arguments["text"]})
    elif agent.device.startswith("PJSIP/"):
        sender = f"<sip:{context.settings.site.name}>" if context.settings.site.name.isalnum() else "<sip:ccops>"
        action = {"Action": "MessageSend", "To": "pjsip:" + agent.device.removeprefix("PJSIP/"), "From": sender}
        await context.send(action | {"Body": arguments["text"]})
    else:
        raise UsageProblem(
            _("{agent}'s phone ({device}) takes no messages outside a call.").format(
                agent=agent.agent, device=agent.device or "?"
            )
        )
    return context.done(_("The message went to {agent}.").format(agent=agent.agent), target=agent.agent)


def _paused(agent: AgentRow) -> bool:
    return any(item.paused for item in agent.memberships)


def _here(agent: AgentRow) -> bool:
    return bool(agent.memberships)


ACTIONS = (
    Action(
        "agent.login",
        "agent",
        _("Log in"),
        _("Makes the agent a member of a queue."),
        login,
        ("QueueAdd",),
        (
            Argument("queue", "queue", _("the queue"), required=True),
            Argument("penalty", "number", _("penalty, 0 is called first"), default=0),
            Argument("name", "text", _("the agent's name as the queue_log writes it")),
        ),
        key="i",
        command=("agent", "login"),
        plural=True,
    ),
    Action(
        "agent.logout",
        "agent",
        _("Log out"),
        _("Takes the agent out of one queue or all."),
        logout,
        ("QueueRemove",),
        (QUEUE,),
        harmful=True,
        key="o",
        command=("agent", "logout"),
        plural=True,
        valid=lambda agent: any(item.dynamic for item in agent.memberships),
    ),
    Action(
        "agent.pause",
        "agent",
        _("Pause"),
        _("No more calls for the agent until unpaused."),
        pause,
        ("QueuePause",),
        (Argument("pause_reason", "pause_reason", _("why, as the queue_log writes it")), QUEUE),
        key="p",
        command=("agent", "pause"),
        plural=True,
        valid=_here,
    ),
    Action(
        "agent.unpause",
        "agent",
        _("Unpause"),
        _("The agent takes calls again."),
        unpause,
        ("QueuePause",),
        (QUEUE,),
        key="u",
        command=("agent", "unpause"),
        plural=True,
        valid=_paused,
    ),
    Action(
        "agent.penalty",
        "agent",
        _("Penalty"),
        _("Sets how late the agent is called; 0 is first."),
        penalty,
        ("QueuePenalty",),
        (Argument("penalty", "number", _("the penalty, 0 is called first"), required=True, positional=True), QUEUE),
        key="n",
        command=("agent", "penalty"),
        plural=True,
        valid=_here,
    ),
    Action(
        "agent.ring_in_use",
        "agent",
        _("Ring in use"),
        _("Says whether queues ring the agent during another call."),
        ring_in_use,
        ("QueueMemberRingInUse",),
        (Argument("ring_in_use", "flag", _("yes or no"), required=True, positional=True), QUEUE),
        command=("agent", "ring-in-use"),
        plural=True,
        valid=_here,
    ),
    Action(
        "agent.message",
        "agent",
        _("Message"),
        _("Sends a text to the agent's phone, where the phone can show one."),
        message,
        ("SendText", "MessageSend"),
        (Argument("text", "text", _("the text"), required=True, positional=True),),
        key="g",
        command=("agent", "message"),
        plural=True,
        valid=lambda agent: agent.state is not AgentState.UNAVAILABLE,
    ),
)
