"""Actions on calls: hang up, transfer, pull, move, priority, park, record, call out."""

from collections.abc import Mapping
from typing import Any

from ccops.board import Board, CallRow, ParkedRow
from ccops.desk.api import Outcome
from ccops.desk.context import Context
from ccops.desk.resolve import find_queue
from ccops.desk.table import Action, Argument
from ccops.errors import ActionRefused, UsageProblem
from ccops.i18n import _

SEEN_WITHIN = 5.0
"""Seconds within which the live state must show that a call went where it was sent."""


def _gone_from_queue(call: CallRow) -> Any:
    """Return a test: the visit of `call` is over or with another queue."""

    def test(board: Board) -> bool:
        now = board.calls.get(call.call_id)
        return now is None or now.queue != call.queue or now.state != call.state

    return test


async def _must_show(context: Context, holds: Any, what: str) -> None:
    if not await context.until(holds, SEEN_WITHIN):
        raise ActionRefused(
            _("The PBX agreed, but within {seconds:g} s {what}.").format(seconds=SEEN_WITHIN, what=what),
            remedy=_("See `ccops call list`; check the context in [actions] of the configuration."),
        )


def _caller(call: CallRow) -> str:
    return call.caller_name or call.caller_number or call.call_id


def _needs_channel(call: CallRow) -> str:
    if not call.channel:
        raise UsageProblem(_("The channel of call {call} is not known.").format(call=call.call_id))
    return call.channel


async def hangup(context: Context, call: CallRow, arguments: Mapping[str, Any]) -> Outcome:
    """End a call: the caller's leg is hung up, the rest follows."""
    await context.send({"Action": "Hangup", "Channel": _needs_channel(call), "Cause": "16"}, fine=("no such channel",))
    await _must_show(context, lambda board: call.call_id not in board.calls, _("the call did not end"))
    return context.done(_("The call of {caller} was ended.").format(caller=_caller(call)), target=call.call_id)


async def transfer(context: Context, call: CallRow, arguments: Mapping[str, Any]) -> Outcome:
    """Send the caller to another extension, blindly.

    A talking call is transferred on the agent's leg, so that the queue_log says BLINDTRANSFER; a waiting one is
    redirected, which the queue_log calls an abandon and our own record corrects.
    """
    extension, place = arguments["to"], context.settings.actions.transfer_context
    await context.must_exist(extension, place)
    agent = context.board.agents.get(call.agent_key or "")
    if call.state == "talking" and agent is not None and agent.channel:
        action = {"Action": "BlindTransfer", "Channel": agent.channel, "Exten": extension, "Context": place}
        await context.send(action)
    else:
        await _redirect(context, call, extension, place)
    await _must_show(context, _gone_from_queue(call), _("the call did not leave"))
    message = _("{caller} was transferred to {extension}.").format(caller=_caller(call), extension=extension)
    return context.done(message, target=call.call_id, to=extension)


async def _redirect(context: Context, call: CallRow, extension: str, place: str) -> None:
    action = {"Action": "Redirect", "Channel": _needs_channel(call), "Context": place, "Exten": extension}
    await context.send(action | {"Priority": "1"})


def phone_number(phone: str) -> str:
    """Return what to dial for a phone given as number or device: PJSIP/9001 → 9001."""
    number = phone.rsplit("/", 1)[-1].split("@", 1)[0]
    if not number:
        raise UsageProblem(_("“{phone}” is no phone.").format(phone=phone), remedy=_("Give 9001 or PJSIP/9001."))
    return number


def _phone(context: Context, given: str | None) -> str:
    phone = given or context.settings.supervisor.phone
    if not phone:
        raise UsageProblem(
            _("No phone was given."), remedy=_("Add --to PHONE, or set phone in [supervisor] of the configuration.")
        )
    return phone


async def pull(context: Context, call: CallRow, arguments: Mapping[str, Any]) -> Outcome:
    """Take a waiting caller out of the queue to a phone."""
    phone = _phone(context, arguments["to"])
    if call.state == "talking":
        raise UsageProblem(
            _("{caller} is talking to {agent} already.").format(caller=_caller(call), agent=call.agent or "?"),
            remedy=_("Use takeover on the agent."),
        )
    place = context.settings.actions.transfer_context
    await context.must_exist(phone_number(phone), place)
    await _redirect(context, call, phone_number(phone), place)
    await _must_show(context, _gone_from_queue(call), _("the caller did not leave the queue"))
    message = _("{caller} was pulled to {phone}.").format(caller=_caller(call), phone=phone)
    return context.done(message, target=call.call_id, to=phone, queue=call.queue, withdrawn=call.call_id)


async def move(context: Context, call: CallRow, arguments: Mapping[str, Any]) -> Outcome:
    """Move a waiting caller to another queue."""
    queue = find_queue(context.board, arguments["queue"]).queue
    if queue == call.queue:
        message = _("{caller} is in {queue} already.").format(caller=_caller(call), queue=queue)
        return context.done(message, target=call.call_id, changed=False)
    extension = context.settings.queue(queue).extension or queue
    place = context.settings.actions.queue_context
    await context.must_exist(extension, place)
    await _redirect(context, call, extension, place)

    def arrived(board: Board) -> bool:
        now = board.calls.get(call.call_id)
        return now is not None and now.queue == queue

    await _must_show(context, arrived, _("the caller did not enter {queue}").format(queue=queue))
    message = _("{caller} was moved from {old} to {new}.").format(caller=_caller(call), old=call.queue, new=queue)
    return context.done(message, target=call.call_id, changed=True, queue=queue, withdrawn=call.call_id)


async def priority(context: Context, call: CallRow, arguments: Mapping[str, Any]) -> Outcome:
    """Give a waiting caller another priority; higher is answered earlier.

    Asterisk before 18.20 orders only callers who enter later by it: the position that is told says what came of it.
    """
    if not call.queue:
        raise UsageProblem(_("Call {call} waits in no queue.").format(call=call.call_id))
    action = {"Action": "QueueChangePriorityCaller", "Queue": call.queue, "Caller": _needs_channel(call)}
    await context.send(action | {"Priority": str(arguments["priority"]), "Immediate": "yes"})
    if not context.dry_run:
        await context.relist()
    now = context.board.calls.get(call.call_id, call)
    message = _("{caller} has priority {value} and is number {position} in {queue}.").format(
        caller=_caller(call), value=arguments["priority"], position=now.position or "?", queue=call.queue
    )
    return context.done(message, target=call.call_id, priority=arguments["priority"], position=now.position)


async def park(context: Context, call: CallRow, arguments: Mapping[str, Any]) -> Outcome:
    """Park the caller; the agent is announced nothing and free again."""
    action = {"Action": "Park", "Channel": _needs_channel(call)}
    lot = arguments["lot"] or context.settings.actions.park_lot
    action |= {"Parkinglot": lot} if lot else {}
    action |= {"Timeout": str(int(arguments["seconds"]) * 1000)} if arguments["seconds"] else {}
    await context.send(action)

    def parked(board: Board) -> bool:
        return any(item.uniqueid == call.call_id for item in board.parked.values())

    await _must_show(context, parked, _("the call was not parked"))
    space = next((item.space for item in context.board.parked.values() if item.uniqueid == call.call_id), "")
    message = _("{caller} is parked at {space}.").format(caller=_caller(call), space=space or "?")
    return context.done(message, target=call.call_id, space=space)


async def record(context: Context, call: CallRow, arguments: Mapping[str, Any]) -> Outcome:
    """Record the call to a file whose name comes from the template of the configuration only."""
    name = recording_name(context, call)
    await context.send({"Action": "MixMonitor", "Channel": _needs_channel(call), "File": name, "Options": ""})
    return context.done(_("Recording to {name}.").format(name=name), target=call.call_id, file=name)


def recording_name(context: Context, call: CallRow) -> str:
    """Fill the recording template; every filled-in part is reduced to letters, digits and `-_.`."""
    from datetime import datetime

    now = datetime.now(context.settings.zone)
    parts = {"date": f"{now:%Y-%m-%d}", "time": f"{now:%H%M%S}", "queue": call.queue or "direct"}
    parts |= {"agent": call.agent or "nobody", "call_id": call.call_id}
    safe = {key: "".join(c if c.isalnum() or c in "-_." else "_" for c in value) for key, value in parts.items()}
    name = context.settings.actions.recording
    for key, value in safe.items():
        name = name.replace("{" + key + "}", value.lstrip(".") or "_")
    return name


async def unrecord(context: Context, call: CallRow, arguments: Mapping[str, Any]) -> Outcome:
    """Stop recording the call."""
    await context.send({"Action": "StopMixMonitor", "Channel": _needs_channel(call)})
    return context.done(_("Recording stopped."), target=call.call_id)


async def dial(context: Context, _row: None, arguments: Mapping[str, Any]) -> Outcome:
    """Ring a phone and, when it answers, call a number from it."""
    phone, number = arguments["phone"], arguments["number"]
    await context.must_exist(number, context.settings.actions.transfer_context)
    seconds = context.settings.actions.ring_timeout
    action = {"Action": "Originate", "Channel": device(phone), "Exten": number, "Priority": "1", "Async": "true"}
    action |= {"Context": context.settings.actions.transfer_context, "CallerID": number}
    action |= {"Timeout": str(int(seconds * 1000))}
    answer = await context.originate(action, timeout=seconds + 5)
    if answer.get("Response") == "Failure":
        raise ActionRefused(_("{phone} did not answer.").format(phone=phone), reply=answer.get("Reason", ""))
    return context.done(_("{phone} is calling {number}.").format(phone=phone, number=number), target=phone)


def device(phone: str) -> str:
    """Return the channel to originate to: a device as given, a bare number as PJSIP."""
    return phone if "/" in phone else f"PJSIP/{phone_number(phone)}"


async def unpark(context: Context, parked: ParkedRow, arguments: Mapping[str, Any]) -> Outcome:
    """Bring a parked caller to a phone."""
    phone = _phone(context, arguments["to"])
    place = context.settings.actions.transfer_context
    await context.must_exist(phone_number(phone), place)
    action = {"Action": "Redirect", "Channel": parked.channel, "Exten": phone_number(phone), "Priority": "1"}
    await context.send(action | {"Context": place})
    await _must_show(context, lambda board: parked.uniqueid not in board.parked, _("the call stayed parked"))
    who = parked.caller_name or parked.caller_number
    return context.done(_("{who} was sent to {phone}.").format(who=who, phone=phone), target=parked.uniqueid)


def _waiting(call: CallRow) -> bool:
    return call.queue is not None and call.state != "talking"


def _talking(call: CallRow) -> bool:
    return call.state == "talking"


def _action(
    name: str, title: str, help_: str, procedure: Any, ami: tuple[str, ...], *arguments: Argument, **more: Any
) -> Action:
    command = ("call", name.split(".", 1)[1])
    return Action(name, "call", title, help_, procedure, ami, arguments, command=command, **more)


ACTIONS = (
    _action("call.hangup", _("Hang up"), _("Ends the call."), hangup, ("Hangup",), harmful=True, key="h"),
    _action(
        "call.transfer",
        _("Transfer"),
        _("Sends the caller to another extension, blindly."),
        transfer,
        ("BlindTransfer", "Redirect"),
        Argument("to", "extension", _("the extension"), required=True, positional=True),
        harmful=True,
        key="f",
    ),
    _action(
        "call.pull",
        _("Pull"),
        _("Takes a waiting caller out of the queue to a phone."),
        pull,
        ("Redirect",),
        Argument("to", "phone", _("the phone; without it the supervisor's own")),
        harmful=True,
        key="g",
        valid=_waiting,
    ),
    _action(
        "call.move",
        _("Move"),
        _("Moves a waiting caller to another queue."),
        move,
        ("Redirect",),
        Argument("queue", "queue", _("the queue"), required=True),
        harmful=True,
        key="v",
        valid=_waiting,
    ),
    _action(
        "call.priority",
        _("Priority"),
        _("Gives a waiting caller another priority; higher is answered earlier."),
        priority,
        ("QueueChangePriorityCaller",),
        Argument("priority", "number", _("the priority, 0 is the lowest"), required=True, positional=True),
        key="y",
        valid=_waiting,
    ),
    _action(
        "call.park",
        _("Park"),
        _("Parks the caller."),
        park,
        ("Park",),
        Argument("lot", "text", _("parking lot; without it the one of the configuration")),
        Argument("seconds", "number", _("seconds until the PBX calls back; without it the lot's own")),
        harmful=True,
        key="k",
        valid=_talking,
    ),
    _action(
        "call.record",
        _("Record"),
        _("Records the call to a file named by the configuration."),
        record,
        ("MixMonitor",),
        key="e",
        valid=_talking,
    ),
    _action(
        "call.unrecord", _("Stop recording"), _("Stops the recording."), unrecord, ("StopMixMonitor",), valid=_talking
    ),
    Action(
        "call.dial",
        "none",
        _("Call out"),
        _("Rings a phone and calls a number from it."),
        dial,
        ("Originate",),
        (
            Argument("phone", "phone", _("the phone to ring"), required=True, positional=True),
            Argument("number", "extension", _("the number to call"), required=True, positional=True),
        ),
        command=("call", "dial"),
    ),
    Action(
        "parked.fetch",
        "parked",
        _("Fetch"),
        _("Brings a parked caller to a phone."),
        unpark,
        ("Redirect",),
        (Argument("to", "phone", _("the phone; without it the supervisor's own")),),
        key="g",
        command=("call", "fetch"),
    ),
)
