"""A simulated day: the queue_log says what the events said, nothing else, and the day is the same however fast."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ccops.pbx.queue_log.lines import parse_line
from ccops.pbx.sim import CentrePlan, SimPbx
from ccops.pbx.sim.bus import ALL, Tap
from tests.sim_client import Said

MORNING = 1_794_268_800.0 + 9 * 3600
"""A Tuesday, 09:00 UTC."""
HOURS = 3
COMPLETED = {"caller": "COMPLETECALLER", "agent": "COMPLETEAGENT"}
TRANSFERRED = ("BLINDTRANSFER", "ATTENDEDTRANSFER")
GONE = ("ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY", "WITHDRAW")


@dataclass
class Day:
    """What a run said and wrote."""

    events: list[tuple[int, Said]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    log: list[bytes] = field(default_factory=list)

    def of(self, *names: str) -> list[tuple[int, Said]]:
        """Events of these names with the whole second they were said in."""
        return [(at, event) for at, event in self.events if event["Event"] in names]

    def lines(self, *verbs: str) -> list[tuple[int, str, str, str, tuple[str, ...]]]:
        """Lines with these verbs: time, call, queue, agent, parameters."""
        rows = [parse_line(line) for line in self.log]
        return [(row.at, row.callid, row.queue, row.agent, row.params) for row in rows if row.event in verbs]


async def live(step: float, seed: int = 7) -> Day:
    """Three busy hours, in steps of so many virtual seconds."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "queue_log"
        sim = SimPbx(CentrePlan.default(14, 4, seed), seed=seed, speed=0, start=MORNING, queue_log=path, secret="x")
        day = Day()

        def hear(text: str) -> None:
            day.text.append(text)
            day.events.append((int(sim.now), Said(text)))

        sim.tap(Tap(hear, ALL))
        async with sim:
            for _ in range(round(HOURS * 3600 / step)):
                await sim.settle(step)
        day.log = path.read_bytes().splitlines()
        return day


@cache
def day() -> Day:
    """One day for every test here."""
    return asyncio.run(live(30.0))


def test_a_day_has_something_of_everything() -> None:
    verbs = Counter(parse_line(line).event for line in day().log)
    expected = (
        "QUEUESTART", "ADDMEMBER", "PAUSE", "PAUSEALL", "UNPAUSE", "UNPAUSEALL", "ENTERQUEUE", "CONNECT", "ABANDON",
        "COMPLETEAGENT", "COMPLETECALLER", "RINGNOANSWER", "BLINDTRANSFER",
    )  # fmt: skip
    assert [verb for verb in expected if not verbs[verb]] == []
    assert verbs["ENTERQUEUE"] > 100
    assert day().lines("QUEUESTART") == [(day().events[0][0], "NONE", "NONE", "NONE", ("",))]


def test_every_caller_that_joins_is_logged_and_nobody_else() -> None:
    said = [
        (at, one["Uniqueid"], one["Queue"], "NONE", ("", one["CallerIDNum"].replace("<unknown>", ""), one["Position"]))
        for at, one in day().of("QueueCallerJoin")
    ]
    assert said == day().lines("ENTERQUEUE")


def test_every_connection_is_logged_with_its_waiting_and_ringing() -> None:
    said = [
        (at, one["Uniqueid"], one["Queue"], one["MemberName"], (one["HoldTime"], one["DestUniqueid"], one["RingTime"]))
        for at, one in day().of("AgentConnect")
    ]
    assert said == day().lines("CONNECT")


def test_every_completed_call_is_logged_with_who_ended_it() -> None:
    begun = {one["Uniqueid"]: one["DestUniqueid"] for _, one in day().of("AgentConnect")}
    said = Counter(
        (
            at,
            one["Queue"],
            one["MemberName"],
            COMPLETED.get(one["Reason"], "TRANSFER"),
            one["HoldTime"],
            one["TalkTime"],
        )
        for at, one in day().of("AgentComplete")
    )
    logged: Counter[tuple[int, str, str, str, str, str]] = Counter()
    for verb in (*COMPLETED.values(), *TRANSFERRED):
        for at, call, queue, agent, params in day().lines(verb):
            assert call in begun
            hold, talk = params[2:4] if verb in TRANSFERRED else params[:2]
            logged[at, queue, agent, "TRANSFER" if verb in TRANSFERRED else verb, hold, talk] += 1
    assert said == logged


def test_every_caller_who_gives_up_is_logged_with_positions_and_waiting() -> None:
    said = [
        (at, one["Uniqueid"], one["Queue"], (one["Position"], one["OriginalPosition"], one["HoldTime"]))
        for at, one in day().of("QueueCallerAbandon")
    ]
    logged = [(at, call, queue, params[:3]) for at, call, queue, _, params in day().lines(*GONE)]
    assert said == logged


def test_every_call_that_was_not_picked_up_is_logged_in_milliseconds() -> None:
    said = Counter((at, one["Uniqueid"], one["Queue"], one["MemberName"]) for at, one in day().of("AgentRingNoAnswer"))
    logged = day().lines("RINGNOANSWER")
    assert said == Counter((at, call, queue, agent) for at, call, queue, agent, _ in logged)
    assert all(params[0].endswith("000") or params[0] == "0" for *_, params in logged)


def test_memberships_and_pauses_are_logged_as_they_are_told() -> None:
    for event, verb in (("QueueMemberAdded", "ADDMEMBER"), ("QueueMemberRemoved", "REMOVEMEMBER")):
        said = [(at, "MANAGER", one["Queue"], one["MemberName"]) for at, one in day().of(event)]
        assert Counter(said) == Counter(row[:4] for row in day().lines(verb))
    said_pauses = [
        (at, one["Queue"], one["MemberName"], one["Paused"], one["PausedReason"])
        for at, one in day().of("QueueMemberPause")
    ]
    logged = [
        (at, queue, agent, paused, params[0])
        for verb, paused in (("PAUSE", "1"), ("UNPAUSE", "0"))
        for at, _, queue, agent, params in day().lines(verb)
    ]
    assert Counter(said_pauses) == Counter(logged)


def test_a_pause_in_all_queues_is_logged_once_and_then_for_each_queue() -> None:
    rows = [parse_line(line) for line in day().log]
    for verb in ("PAUSE", "UNPAUSE"):
        places = [place for place, row in enumerate(rows) if row.event == f"{verb}ALL"]
        assert places
        for place in places:
            head, following = rows[place], rows[place + 1]
            assert head.callid == head.queue == "NONE"
            assert (following.event, following.agent, following.params) == (verb, head.agent, head.params)


def test_visits_begin_and_end_once() -> None:
    entered = Counter((call, queue) for _, call, queue, _, _ in day().lines("ENTERQUEUE"))
    ends = (*COMPLETED.values(), *TRANSFERRED, *GONE, "EXITWITHKEY")
    ended = Counter((call, queue) for _, call, queue, _, _ in day().lines(*ends))
    assert max(entered.values()) == max(ended.values()) == 1
    assert ended.keys() <= entered.keys()
    assert len(entered) - len(ended) < 20  # who is still there when the simulation stops


def test_times_never_run_backwards_and_ids_count_up() -> None:
    times = [parse_line(line).at for line in day().log]
    assert times == sorted(times)
    ids = [one["Uniqueid"] for _, one in day().of("Newchannel")]
    counted = [(int(head), int(tail)) for head, _, tail in (one.partition(".") for one in ids)]
    assert [tail for _, tail in counted] == list(range(len(ids)))
    assert counted == sorted(counted)


@pytest.mark.parametrize("step", [0.7, 600.0])
async def test_the_same_day_comes_again_whatever_the_pace(step: float) -> None:
    again = await live(step)
    assert again.log == day().log
    assert again.text == day().text


async def test_the_pace_of_the_wall_changes_nothing() -> None:
    sim = SimPbx(CentrePlan.default(14, 4, 7), seed=7, speed=3000, start=MORNING, secret="x")
    heard = sim.tap()
    async with asyncio.timeout(60), sim:
        while len(heard) < 500:  # noqa: ASYNC110  # any line will do
            await asyncio.sleep(0.01)
    assert heard == day().text[: len(heard)]


async def test_another_seed_is_another_day() -> None:
    assert (await live(600.0, seed=8)).log != day().log
