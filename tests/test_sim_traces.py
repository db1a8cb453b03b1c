"""The simulated PBX says what Asterisk said: the script of the recordings, event by event and header by header."""

from __future__ import annotations

import asyncio
import gzip
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ccops.pbx.sim import SimPbx
from tests.sim_client import Client, Said
from tests.sim_compare import Told, differences, disorder, heard, said, tell
from tests.sim_traces import STEPS, Script, plan

DATA = Path(__file__).parent / "data"
RECORDINGS = {"22": "asterisk-22.10.ami.gz", "16": "asterisk-16.28.ami.gz"}
LABORATORY = ("PJSIP/phones",)
"""Devices of the laboratory's own phones, which the simulation has no channels for."""
UNCOMPARED = {
    # The recordings begin with members and pauses that an earlier run left.
    "16": ("login", "pause"),
    # The client of the recording logged in after the boot, and the states of pauses were known from an earlier run.
    "22": ("login",),
}


RACES = frozenset(
    frozenset(pair)
    for pair in (
        # Each channel ends in a thread of its own, and so does what listened to it.
        ("Hangup",),
        ("Hangup", "SoftHangupRequest"),
        ("Hangup", "ChanSpyStop"),
        # The far half of a Local channel starts its dialplan while the near half is told as dialled.
        ("Newstate", "DialBegin"),
        # The script removes the member while it rings, by a clock of its own.
        ("QueueMemberRemoved", "AgentRingNoAnswer"),
        ("QueueMemberRemoved", "DialEnd"),
    )
)
"""Events of different streams whose order is chance, though both recordings happen to have the same."""


@cache
def recorded(version: str) -> dict[str, list[Told]]:
    """The events of each step of a recording."""
    begins = {f"bar-{number}": step for step, number in STEPS.items()} | {"bar-45": "lists"}
    steps: dict[str, list[Said]] = {}
    current: list[Said] = []
    for message in said(gzip.decompress((DATA / RECORDINGS[version]).read_bytes())):
        if "Response" in message and message["ActionID"] in begins:
            current = steps.setdefault(begins[message["ActionID"]], [])
        current.append(message)
    return {step: compared(heard(messages)) for step, messages in steps.items()}


def compared(events: list[Said]) -> list[Told]:
    """Events with tokens, without those of the laboratory itself."""
    return [one for one in tell(events, skip=LABORATORY) if one.name not in ("MixMonitorStart", "FullyBooted")]


@cache
def played(version: str) -> tuple[dict[str, list[Said]], list[str]]:
    """What the simulation said to the same script, by step, and what it logged."""
    with TemporaryDirectory() as folder:
        log = Path(folder) / "queue_log"
        heard_by_step = asyncio.run(_play(version, log))
        return heard_by_step, log.read_text("utf-8").splitlines()


async def _play(version: str, log: Path) -> dict[str, list[Said]]:
    sim = SimPbx(plan(), quiet=True, speed=0, start=1_795_290_000.0, version=version, queue_log=log)
    async with sim, Client(sim) as client:
        script = Script(sim, client, version)
        await script.play()
        return script.heard


CASES = [(version, step) for version in RECORDINGS for step in STEPS if step not in UNCOMPARED[version]]


@pytest.mark.parametrize(("version", "step"), CASES)
def test_every_stream_of_events_is_that_of_the_recording(version: str, step: str) -> None:
    simulated = compared(played(version)[0][step])
    assert differences(recorded(version)[step], simulated) == []


ORDERED = [(version, step) for version, step in CASES if step != "pull"]
"""In that step two calls begin within a millisecond, and all of their events race."""


@pytest.mark.parametrize(("version", "step"), ORDERED)
def test_events_come_in_the_order_that_both_recordings_agree_on(version: str, step: str) -> None:
    simulated = compared(played(version)[0][step])
    both = [recorded(one)[step] for one in RECORDINGS]
    assert disorder(both, simulated, RACES) == []


LOGS = {"22": "asterisk-22.10.queue_log", "16": "asterisk-16.28.queue_log"}


def visits(lines: list[str]) -> list[list[str]]:
    """Lines from the first call on to the last logout, with ids counted and without the time."""
    fields = [line.split("|") for line in lines]
    first = next(place for place, one in enumerate(fields) if one[4] == "ENTERQUEUE")
    last = max(place for place, one in enumerate(fields) if "Chi" in one and "REMOVEMEMBER" in one)
    ids: dict[str, str] = {}
    kept = []
    for one in fields[first : last + 1]:
        if "." in one[1]:
            one[1] = ids.setdefault(one[1], f"call {len(ids) + 1}")
        kept.append(one[1:])
    # A member is removed while its phone rings, by a clock of the script: order counts within each call only.
    return sorted(kept, key=lambda one: one[0])


def near(one: list[str], other: list[str]) -> bool:
    """True where two lines differ in nothing but two seconds, or in the id of a leg."""
    return len(one) == len(other) and all(
        left == right or (left.isdigit() and right.isdigit() and abs(int(left) - int(right)) <= 2) or "." in left
        for left, right in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("version", RECORDINGS)
def test_queue_log_of_the_script_is_that_of_the_recording(version: str) -> None:
    simulated = visits(played(version)[1])
    recorded = visits((DATA / LOGS[version]).read_text("utf-8").splitlines())
    assert [real for real, sim in zip(recorded, simulated, strict=True) if not near(real, sim)] == []
