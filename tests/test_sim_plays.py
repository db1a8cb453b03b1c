"""The simulated PBX against plays recorded on real Asterisk 16 and 22: events of every stream, and every answer."""

from __future__ import annotations

import asyncio
import re
from functools import cache

import pytest

from ccops.pbx.sim import SimPbx
from tests.sim_client import Client, Said
from tests.sim_compare import Tokens, Told, differences, heard, tell
from tests.sim_plays import Enacted, Enactment, laboratory, sessions

VERSIONS = ("22", "16")
HINTS = ("1001", "1002", "1003")
"""The extensions of the laboratory that have hints."""
FURTHER = {
    "agent bye: bye", "caller bye: bye", "abandon", "phone busy", "rna: caller goes", "ringall: bye",
    "ringall rna: caller goes", "lists during local call", "freepbx: agent bye", "freepbx: caller bye",
    "freepbx hint: agent bye", "freepbx takeover", "freepbx takeover end", "second spy", "spy: supervisor hangs up",
    "takeover by Bridge", "takeover end: supervisor bye", "spied call ends: agent bye", "spy without E: agent goes",
    "spy follows into next call", "spy whisper w mode and exten", "click to call end", "internal call end",
    "direct inbound end", "own call end", "REFER to 1004", "blind: bye", "atxfer complete: agent bye", "atxfer end",
    "hold now", "unhold", "hold end", "move to other queue", "withdraw", "unpark by redirect phone", "second call",
    "first caller goes", "fhold", "funhold", "getvar etc", "redirect two",
}  # fmt: skip
"""Steps that go on with the play of the step before."""
SILENT = "no audio reaches a spy of the laboratory, and it does not notice its hangup until its phone hangs up"
EXCEPT = {
    "hold": {"channel PJSIP/trunk#1": "whether the music ends before or after the bridge is a race"},
    "redirect of spyer": {"channel PJSIP/9001#1": SILENT},
    "spy by uniqueid": {"channel PJSIP/9001#3": SILENT, "device PJSIP/9001": SILENT},
    "park with short timeout": {"device Queue:sales_avail": "wrap-up ends on the second"},
    "park and hangup": {"device Queue:sales_avail": "wrap-up ends on the second"},
    "freepbx member AMI blind": {
        "channel PJSIP/trunk#1": "everybody hangs up at once",
        "completed Local/1002@from-queue/n": "everybody hangs up at once",
    },
    "mixmonitor mute text": {
        f"channel PJSIP/{name}": "which of two phones answers first, and makes the first bridge, is a race"
        for name in ("1001#1", "9001#1", "9002#1", "trunk#1")
    },
    "system replies": {"member sales PJSIP/1009": "another user of the laboratory added it"},
}
"""Streams of a play that are not compared, and why."""


@cache
def enacted(version: str) -> list[Enacted]:
    """Every step of the recording, with what the simulation said."""
    return asyncio.run(_enact(version))


async def _enact(version: str) -> list[Enacted]:
    (steps,) = sessions(version)
    sim = SimPbx(laboratory(), quiet=True, speed=0, start=steps[0].begins, version=version)
    async with sim, Client(sim) as client:
        return await Enactment(sim, client, steps).play()


@cache
def plays(version: str) -> dict[str, tuple[list[Said], list[Said]]]:
    """What the recording and the simulation said in each play."""
    found: dict[str, tuple[list[Said], list[Said]]] = {}
    play = ""
    for step in enacted(version):
        play = play if step.title in FURTHER else step.title
        recorded, simulated = found.setdefault(play, ([], []))
        recorded += step.recorded
        simulated += step.simulated
    return found


def compared(messages: list[Said]) -> list[Told]:
    """Events with tokens, without those that the laboratory has no counterpart of."""
    events = [one for one in heard(messages) if one["Event"] != "FullyBooted"]
    return tell([one for one in events if one["Event"] != "ExtensionStatus" or one["Exten"] in HINTS], loose=True)


PLAYS = [
    (version, step.title)
    for version in VERSIONS
    for (steps,) in [sessions(version)]
    for step in steps
    if step.title not in FURTHER
]


@pytest.mark.parametrize(("version", "play"), PLAYS)
def test_every_stream_of_events_is_that_of_asterisk(version: str, play: str) -> None:
    recorded, simulated = plays(version)[play]
    exceptions = EXCEPT.get(play, {})
    different = differences(compared(recorded), compared(simulated))
    assert [one for one in different if one[1 : one.index("]")] not in exceptions] == []


# -- answers ----------------------------------------------------------------------------------------------------

Row = tuple[tuple[str, str], ...]
TIMES = {"Duration", "Seconds", "Wait", "Holdtime", "Timestamp", "Challenge", "CoreProcessedCalls"}
"""Headers of answers whose value depends on fractions of a second, or on nothing."""
AGO = re.compile(r"[0-9]+ secs")
UNCOMPARED = {
    "Login": "the client of the simulation logs in as another user",
    "ListCommands": "the simulation has fewer; what it has is compared below",
    "ExtensionStateList": "the laboratory had hints for three phones only",
    "ShowDialPlan": "the laboratory had more contexts",
    "Parkinglots": "the laboratory had a smaller one",
    "GetConfig": "the simulation has no configuration files",
    "LoggerRotate": "the simulation does not rotate",
}


def actions(version: str) -> dict[str, tuple[str, str]]:
    """The step and the name of each action, by its id."""
    (steps,) = sessions(version)
    found: dict[str, tuple[str, str]] = {}
    for step in steps:
        for _, action in step.actions:
            found[dict(action)["ActionID"]] = (step.title, dict(action)["Action"])
    return found


@cache
def answers(version: str, side: int) -> dict[str, list[Row]]:
    """The answers to each action with their rows, sorted: lists come in an order of Asterisk's memory."""
    messages = [one for step in enacted(version) for one in (step.recorded, step.simulated)[side]]
    tokens = Tokens(messages)
    found: dict[str, list[Row]] = {}
    for one in messages:
        if one["ActionID"]:
            found.setdefault(one["ActionID"], []).append(_row(one, tokens))
    return {action_id: sorted(rows) for action_id, rows in found.items()}


def _row(answer: Said, tokens: Tokens) -> Row:
    untold = set(TIMES)
    if answer["Channel"].startswith("Local/"):
        # That half learns of a new partner when it comes to it.
        untold |= {"CallerIDNum", "CallerIDName"}
    if answer["Device"] == "Queue:static_avail":
        # A member of the configuration was told as absent before its phone was known.
        untold.add("State")
    row = [(name, "*" if name in untold or name.endswith("Time") else tokens.value(name, value))
           for name, value in answer.headers]  # fmt: skip
    uptime = any(value.startswith("System uptime") for _, value in row)
    return tuple((name, "*" if uptime and name == "Output" else AGO.sub("some secs", value)) for name, value in row)


ANSWERED = [
    (version, action_id, f"{step}: {name}")
    for version in VERSIONS
    for action_id, (step, name) in actions(version).items()
    if name not in UNCOMPARED
]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_answer_is_that_of_asterisk(version: str) -> None:
    recorded, simulated = answers(version, 0), answers(version, 1)
    wrong = [
        (what, recorded.get(action_id), simulated.get(action_id))
        for of, action_id, what in ANSWERED
        if of == version and not _same(recorded.get(action_id, []), simulated.get(action_id, []))
    ]
    assert wrong == []


def _same(recorded: list[Row], simulated: list[Row]) -> bool:
    # Bridges that two calls make at once are numbered in either order.
    def without_bridges(rows: list[Row]) -> list[Row]:
        return sorted(tuple(pair for pair in row if pair[0] != "BridgeId") for row in rows)

    passing = [row for row in recorded if not any(value.startswith("Surrogate/") for _, value in row)]
    return without_bridges(_counted(passing)) == without_bridges(_counted(simulated))


def _counted(rows: list[Row]) -> list[Row]:
    return [tuple(pair for pair in row if pair[0] != "ListItems") for row in rows]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_commands_it_lists_need_the_rights_that_they_need_on_asterisk(version: str) -> None:
    (action_id,) = (one for one, (_, name) in actions(version).items() if name == "ListCommands")
    recorded, simulated = (dict(answers(version, side)[action_id][0]) for side in (0, 1))
    rights = {name: text.rpartition("(Priv: ")[2] for name, text in simulated.items() if "(Priv: " in text}
    assert len(rights) > 50
    assert {name: recorded.get(name, "").rpartition("(Priv: ")[2] for name in rights} == rights
