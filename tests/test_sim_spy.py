"""ChanSpy on the simulated PBX: what its target and its options mean, and what supervisors must beware of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from ccops.pbx.sim import AgentPlan, CentrePlan, QueuePlan, SimPbx
from tests.sim_client import Client


@dataclass
class Floor:
    """A queue with agents 100, 1001 and 1002, and a client."""

    sim: SimPbx
    client: Client

    async def talk(self, number: str, phone: str) -> tuple[str, str]:
        """A caller talks with an agent; their uniqueids."""
        for other in ("100", "1001", "1002"):
            self.sim.phone_behaviour(other, 0.5 if other == phone else "ring")
        caller = self.sim.call_in("sales", number)
        for _ in range(100):
            if any(one["Uniqueid"] == caller for one in self.client.events("AgentConnect")):
                break
            await self.client.settle(1)
        return caller, self.sim.leg_of(phone)

    async def spy(self, target: str, options: str, phone: str = "9001") -> str:
        """A supervisor's phone spies; the uniqueid of its leg."""
        self.sim.phone_behaviour(phone, 0)
        await self.client.act(
            "Originate", Channel=f"PJSIP/{phone}", Application="ChanSpy", Data=f"{target},{options}", Async="true"
        )
        await self.client.settle(1)
        return self.client.last("OriginateResponse")["Uniqueid"]

    def targets(self) -> list[str]:
        """Names of what is spied on."""
        return [one.target for one in self.sim.truth.spies()]

    def name(self, uniqueid: str) -> str:
        """The name of a channel."""
        return self.sim.truth.channels()[uniqueid]


@pytest.fixture
async def floor() -> AsyncIterator[Floor]:
    agents = [AgentPlan(number, f"Agent {number}", queues=(("sales", 0),)) for number in ("100", "1001", "1002")]
    plan = CentrePlan([QueuePlan("sales", strategy="ringall", retry=1)], agents)
    async with SimPbx(plan, quiet=True, speed=0) as sim, Client(sim) as client:
        yield Floor(sim, client)


async def test_a_channel_name_that_begins_another_may_hit_the_other(floor: Floor) -> None:
    await floor.talk("1", "1001")
    await floor.spy("PJSIP/100", "q")
    assert floor.targets()[0].startswith("PJSIP/1001-")


async def test_option_u_takes_the_exact_channel_only(floor: Floor) -> None:
    _, leg = await floor.talk("1", "1001")
    spy = await floor.spy("PJSIP/100", "qu")
    assert floor.targets() == []
    assert spy not in floor.sim.truth.channels()
    await floor.spy(floor.name(leg), "qu")
    assert floor.targets() == [floor.name(leg)]


async def test_option_u_fails_where_the_target_is_gone_without_a_word_of_spying(floor: Floor) -> None:
    _, leg = await floor.talk("1", "1001")
    name = floor.name(leg)
    floor.sim.hang_up(leg)
    await floor.client.settle(3)
    spy = await floor.spy(name, "qudE")
    assert floor.client.events("ChanSpyStart") == []
    gone = [one for one in floor.client.events("Hangup") if one["Uniqueid"] == spy]
    assert [one["Cause"] for one in gone] == ["0"]


async def test_option_e_ends_with_the_call_and_without_it_the_spy_finds_the_next_one(floor: Floor) -> None:
    _, leg = await floor.talk("1", "1001")
    ends = await floor.spy(floor.name(leg), "qE")
    stays = await floor.spy("PJSIP/1001", "q", "9002")
    floor.sim.hang_up(leg)
    await floor.client.settle(2)
    assert ends not in floor.sim.truth.channels()
    assert stays in floor.sim.truth.channels()
    _, second = await floor.talk("2", "1001")
    await floor.client.settle(1)
    assert floor.targets() == [floor.name(second)]


async def test_without_u_a_spy_may_drift_to_somebody_else(floor: Floor) -> None:
    _, first = await floor.talk("1", "1001")
    await floor.talk("2", "1002")
    await floor.spy("PJSIP/100", "q")
    floor.sim.hang_up(first)
    await floor.client.settle(2)
    (target,) = floor.targets()
    assert target.startswith("PJSIP/1002-")


async def test_option_s_stops_where_there_is_nobody(floor: Floor) -> None:
    spy = await floor.spy("PJSIP/1001", "qS")
    assert spy not in floor.sim.truth.channels()


async def test_option_b_spares_channels_that_talk_to_nobody(floor: Floor) -> None:
    floor.sim.phone_behaviour("1001", "ring")
    floor.sim.phone_behaviour("1002", "ring")
    floor.sim.phone_behaviour("100", "ring")
    floor.sim.call_in("sales", "1")
    await floor.client.settle(1)
    await floor.spy("PJSIP/100", "qb")
    assert floor.targets() == [""]
    floor.sim.phone_behaviour("1002", 0.5)
    await floor.client.settle(20)
    (target,) = floor.targets()
    assert target.startswith("PJSIP/1002-")


async def test_a_target_is_found_by_uniqueid_too(floor: Floor) -> None:
    _, leg = await floor.talk("1", "1001")
    await floor.spy(leg, "qu")
    assert floor.targets() == [floor.name(leg)]


@pytest.mark.parametrize(
    ("options", "mode"), [("q", "listen"), ("qw", "whisper"), ("qB", "barge"), ("qW", "private"), ("qwB", "barge")]
)
async def test_options_say_how_a_spy_begins(floor: Floor, options: str, mode: str) -> None:
    _, leg = await floor.talk("1", "1001")
    await floor.spy(floor.name(leg), options)
    assert [one.mode for one in floor.sim.truth.spies()] == [mode]


async def test_keys_switch_the_mode_where_option_d_allows_it(floor: Floor) -> None:
    _, leg = await floor.talk("1", "1001")
    spy = floor.name(await floor.spy(floor.name(leg), "qud"))
    for key, mode in (("5", "whisper"), ("6", "barge"), ("4", "listen"), ("9", "listen")):
        await floor.client.act("PlayDTMF", Channel=spy, Digit=key, Receive="true")
        assert [one.mode for one in floor.sim.truth.spies()] == [mode]


async def test_keys_do_nothing_without_option_d_or_towards_the_phone(floor: Floor) -> None:
    _, leg = await floor.talk("1", "1001")
    deaf = floor.name(await floor.spy(floor.name(leg), "qu"))
    await floor.client.act("PlayDTMF", Channel=deaf, Digit="6", Receive="true")
    assert [one.mode for one in floor.sim.truth.spies()] == ["listen"]
    await floor.client.act("Hangup", Channel=deaf)
    await floor.client.settle(1)
    outwards = floor.name(await floor.spy(floor.name(leg), "qud"))
    await floor.client.act("PlayDTMF", Channel=outwards, Digit="6")
    assert [one.mode for one in floor.sim.truth.spies()] == ["listen"]


async def test_every_start_has_its_stop_however_the_spying_ends(floor: Floor) -> None:
    caller, leg = await floor.talk("1", "1001")
    by_call = await floor.spy(floor.name(leg), "qu")
    by_hand = await floor.spy(floor.name(leg), "qu", "9002")
    await floor.client.act("Hangup", Channel=floor.name(by_hand))
    await floor.client.settle(1)
    floor.sim.hang_up(caller)
    await floor.client.settle(3)
    for name in ("ChanSpyStart", "ChanSpyStop"):
        assert sorted(one["SpyerUniqueid"] for one in floor.client.events(name)) == sorted([by_call, by_hand])
    assert floor.sim.truth.spies() == []


@pytest.mark.parametrize(("behaviour", "reason"), [("busy", "0"), ("reject", "0"), ("ring", "3")])
async def test_a_supervisor_who_does_not_answer_spies_on_nothing(floor: Floor, behaviour: str, reason: str) -> None:
    _, leg = await floor.talk("1", "1001")
    floor.sim.phone_behaviour("9001", behaviour)  # type: ignore[arg-type]
    await floor.client.act(
        "Originate", Channel="PJSIP/9001", Application="ChanSpy", Data=f"{floor.name(leg)},qu", Async="true",
        Timeout=5000, ChannelId="leg-of-mine",
    )  # fmt: skip
    await floor.client.settle(6)
    answer = floor.client.last("OriginateResponse")
    assert (answer["Response"], answer["Reason"], answer["Uniqueid"]) == ("Failure", reason, "leg-of-mine")
    assert "leg-of-mine" not in floor.sim.truth.channels()
    assert floor.client.events("ChanSpyStart") == []
