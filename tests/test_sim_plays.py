"""The simulated PBX against plays recorded on real Asterisk 16 and 22: events of every stream, and every answer."""

from __future__ import annotations

import asyncio
from functools import cache

import pytest

from ccops.pbx.sim import SimPbx
from tests.sim_client import Client, Said
from tests.sim_compare import Told, differences, heard, tell
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
