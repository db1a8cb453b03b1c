"""Supervision on real Asterisk 22 and 16, proved in audio: who hears whom in each mode, and how every leg ends."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from ccops.desk.local import LocalDesk
from ccops.errors import ActionRefused, ActionTimeout, CcopsError, PermissionRefused, UsageProblem
from tests.lab.scenario import MemberStyle, Scene
from tests.supervising import (
    BARGE,
    LISTEN,
    PRIVATE,
    WHISPER,
    MemoryAudit,
    desk_on,
    ears,
    in_call,
    settings_of,
    shows,
    taken_over,
)


async def answered_call(scene: Scene, style: MemberStyle = "device") -> Any:
    await asyncio.to_thread(scene.add_member, "sales", "1001", "Ana", style=style)
    return await asyncio.to_thread(scene.queue_call, "sales")


def legs(scene: Scene, phone: str) -> int:
    return sum(row["Channel"].startswith(f"PJSIP/{phone}-") for row in scene.channels())


async def ended(desk: LocalDesk) -> None:
    await shows(desk, lambda board: not board.supervisions)


def watch_ends(desk: LocalDesk) -> list[str]:
    whys: list[str] = []

    def look(changes: Any) -> None:
        whys.extend(
            change.row.ended_why
            for change in changes
            if change.topic == "supervision" and change.row and change.row.ended_why
        )

    desk.subscribe(look)
    return whys


@pytest.mark.parametrize("style", ["device", "freepbx", "hint"])
async def test_all_modes_on_one_leg_are_heard_as_they_should(scene: Scene, style: MemberStyle) -> None:
    caller = await answered_call(scene, style)
    async with desk_on(scene.lab) as desk:
        await in_call(desk, "Ana")
        first = await desk.do("listen", "Ana")
        assert await asyncio.to_thread(ears, scene, caller) == LISTEN
        for mode, expected in (("whisper", WHISPER), ("private", PRIVATE), ("barge", BARGE), ("listen", LISTEN)):
            outcome = await desk.do(mode, "1001")
            assert outcome.data["supervision_id"] == first.data["supervision_id"]
            assert await asyncio.to_thread(ears, scene, caller) == expected, mode
        assert await asyncio.to_thread(legs, scene, "9001") == 1
        outcome = await desk.do("takeover", "Ana")
        assert outcome.data["supervision_id"] == first.data["supervision_id"]
        await asyncio.to_thread(taken_over, scene, caller)
        await shows(desk, lambda board: all(row.channel is None for row in board.agents.values()))
        await asyncio.to_thread(scene.hang_up, caller)
        await ended(desk)


@pytest.mark.parametrize(("mode", "expected"), [("whisper", WHISPER), ("private", PRIVATE), ("barge", BARGE)])
async def test_a_leg_may_start_in_any_mode(scene22: Scene, mode: str, expected: Any) -> None:
    caller = await answered_call(scene22)
    async with desk_on(scene22.lab) as desk:
        await in_call(desk, "Ana")
        outcome = await desk.do(mode, "Ana")
        assert outcome.data["state"] == "running"
        assert await asyncio.to_thread(ears, scene22, caller) == expected
        await desk.do("supervision.stop", outcome.data["supervision_id"])
        await ended(desk)
        assert await asyncio.to_thread(legs, scene22, "9001") == 0


async def test_takeover_without_a_leg_rings_and_takes(scene: Scene) -> None:
    caller = await answered_call(scene)
    async with desk_on(scene.lab) as desk:
        await in_call(desk, "Ana")
        await desk.do("takeover", "Ana", reason="the caller asked for me")
        await asyncio.to_thread(taken_over, scene, caller)
        audit = desk.audit
        assert isinstance(audit, MemoryAudit)
        assert audit.rows[-1]["result"] == "done"
        assert audit.rows[-1]["call_id"] == caller.uniqueid
        assert audit.rows[-1]["reason"] == "the caller asked for me"


async def test_without_mute_the_private_mode_gets_a_leg_of_its_own(scene: Scene) -> None:
    caller = await answered_call(scene)
    await asyncio.to_thread(scene.lab.rx, "module unload res_mutestream.so")
    try:
        async with desk_on(scene.lab) as desk:
            await in_call(desk, "Ana")
            first = await desk.do("whisper", "Ana")
            second = await desk.do("private", "Ana")
            assert second.data["supervision_id"] != first.data["supervision_id"]
            assert await asyncio.to_thread(ears, scene, caller) == PRIVATE
            assert await asyncio.to_thread(legs, scene, "9001") == 1
    finally:
        await asyncio.to_thread(scene.lab.rx, "module load res_mutestream.so")


async def test_the_leg_ends_with_the_call_and_the_next_call_is_not_heard(scene: Scene) -> None:
    caller = await answered_call(scene)
    async with desk_on(scene.lab) as desk:
        whys = watch_ends(desk)
        await in_call(desk, "Ana")
        await desk.do("listen", "Ana")
        await asyncio.to_thread(scene.hang_up, "1001")
        await ended(desk)
        assert whys == ["the call ended"]
        await asyncio.to_thread(scene.completed, caller)
        await asyncio.to_thread(scene.queue_call, "sales", "5550002")
        await in_call(desk, "Ana")
        assert await asyncio.to_thread(legs, scene, "9001") == 0
        assert not desk.board.supervisions


async def test_who_hangs_up_first_is_told(scene: Scene) -> None:
    await answered_call(scene)
    async with desk_on(scene.lab) as desk:
        whys = watch_ends(desk)
        await in_call(desk, "Ana")
        await desk.do("listen", "Ana")
        await asyncio.to_thread(scene.hang_up, "9001")
        await ended(desk)
        assert whys == ["the supervisor hung up"]


async def test_a_blind_transfer_ends_the_leg(scene: Scene) -> None:
    await answered_call(scene)
    async with desk_on(scene.lab) as desk:
        await in_call(desk, "Ana")
        await desk.do("listen", "Ana")
        await asyncio.to_thread(scene.blind_transfer, "1001", "1004")
        await ended(desk)
        assert await asyncio.to_thread(legs, scene, "9001") == 0


@pytest.mark.parametrize(("phone", "said"), [("9401", "busy"), ("9501", "reject"), ("9801", "did not answer")])
async def test_what_became_of_the_phone_is_told_and_nothing_is_left(scene: Scene, phone: str, said: str) -> None:
    await answered_call(scene)
    async with desk_on(scene.lab) as desk:
        await in_call(desk, "Ana")
        with pytest.raises(ActionRefused, match=said):
            await desk.do("listen", "Ana", phone=f"PJSIP/{phone}")
        assert not desk.board.supervisions
        await shows_no_leg(scene, phone)


async def shows_no_leg(scene: Scene, phone: str) -> None:
    end = time.monotonic() + 5
    while await asyncio.to_thread(legs, scene, phone):
        assert time.monotonic() < end, f"{phone} is still ringing"
        await asyncio.sleep(0.1)


async def test_a_phone_that_does_not_exist_is_named(scene: Scene) -> None:
    await answered_call(scene)
    async with desk_on(scene.lab) as desk:
        await in_call(desk, "Ana")
        with pytest.raises(ActionRefused, match="PJSIP/4711"):
            await desk.do("listen", "Ana", phone="4711")


async def test_a_call_that_ends_while_the_phone_rings_is_not_replaced_by_another(scene: Scene) -> None:
    caller = await answered_call(scene)
    async with desk_on(scene.lab) as desk:
        await in_call(desk, "Ana")
        listening = asyncio.create_task(desk.do("listen", "Ana", phone="PJSIP/9102"))
        await shows(desk, lambda board: any(row.state == "ringing" for row in board.supervisions.values()))
        await asyncio.to_thread(scene.hang_up, caller)
        with pytest.raises(ActionRefused, match="ended before your phone answered"):
            await listening
        assert not desk.board.supervisions
        await shows_no_leg(scene, "9102")


async def test_a_second_speaker_is_refused_with_the_first_ones_name_and_may_listen(scene: Scene) -> None:
    caller = await answered_call(scene)
    async with desk_on(scene.lab, name="anna") as anna, desk_on(scene.lab, name="ben") as ben:
        await in_call(anna, "Ana")
        await in_call(ben, "Ana")
        await anna.do("whisper", "Ana")
        await shows(ben, lambda board: any(row.owner == "anna" for row in board.supervisions.values()))
        # The mode is kept on the leg in the PBX; the other desk reads it when it asks.
        with pytest.raises(ActionRefused, match="anna"):
            await ben.do("barge", "Ana", phone="PJSIP/9002")
        heard = await ben.do("listen", "Ana", phone="PJSIP/9002")
        assert heard.data["state"] == "running"
        assert await asyncio.to_thread(ears, scene, caller) == WHISPER


async def test_a_new_desk_finds_the_running_leg_and_switches_it(scene: Scene) -> None:
    caller = await answered_call(scene)
    async with desk_on(scene.lab) as desk:
        await in_call(desk, "Ana")
        first = await desk.do("barge", "Ana")
    async with desk_on(scene.lab) as desk:
        await in_call(desk, "Ana")
        second = await desk.do("whisper", "Ana")
        assert second.data["supervision_id"] == first.data["supervision_id"]
        assert await asyncio.to_thread(ears, scene, caller) == WHISPER
        row = desk.board.supervisions[first.data["supervision_id"]]
        assert (row.owner, row.mode, row.phone) == ("anna", "whisper", "PJSIP/9001")
        await desk.do("supervision.stop", first.data["supervision_id"])
        await shows_no_leg(scene, "9001")


async def test_an_agent_without_a_call_and_a_waiting_caller_are_refused(scene: Scene) -> None:
    await asyncio.to_thread(scene.add_member, "sales", "1002", "Ben")
    async with desk_on(scene.lab) as desk:
        await shows(desk, lambda board: any(row.agent == "Ben" for row in board.agents.values()))
        with pytest.raises(UsageProblem, match="Ben has no call"):
            await desk.do("listen", "Ben")
        with pytest.raises(CcopsError, match="Ben"):
            await desk.do("listen", "Bne")


@pytest.mark.parametrize(
    ("user", "action", "named"),
    [
        ("no_originate", "listen", "originate"),
        ("no_call", "call.hangup", "call"),
        ("no_agent", "agent.pause", "agent"),
    ],
)
async def test_a_right_that_the_manager_user_lacks_is_named(scene: Scene, user: str, action: str, named: str) -> None:
    caller = await answered_call(scene)
    async with desk_on(scene.lab, user) as desk:
        await in_call(desk, "Ana")
        target = caller.uniqueid if action.startswith("call.") else "Ana"
        with pytest.raises(PermissionRefused, match=f"Add {named} to"):
            await desk.do(action, target)
        assert not desk.board.supervisions


async def test_the_pbx_restarts_under_a_listening_supervisor(scene: Scene) -> None:
    await answered_call(scene)
    async with desk_on(scene.lab) as desk:
        whys = watch_ends(desk)
        await in_call(desk, "Ana")
        await desk.do("listen", "Ana")
        await asyncio.to_thread(scene.lab.kill)
        await shows(desk, lambda board: board.link.state in ("stale", "down"))
        await asyncio.to_thread(scene.lab.restart)
        await asyncio.to_thread(scene.reconnect)
        await shows(desk, lambda board: board.link.state == "live", 30)
        await ended(desk)
        assert len(whys) == 1


async def test_a_manager_user_that_may_only_watch_is_told_what_it_cannot_see(scene22: Scene) -> None:
    await answered_call(scene22)
    async with desk_on(scene22.lab, "no_write") as desk:
        assert "CoreShowChannels" in desk.board.link.detail
        with pytest.raises(CcopsError):
            await desk.do("listen", "Ana")
        assert not desk.board.supervisions


async def test_a_spy_that_does_not_start_is_hung_up_within_seconds_and_said_so(scene22: Scene) -> None:
    await answered_call(scene22)
    plan = "[slow-spy]\nexten => spy,1,Answer()\n same => n,Wait(60)\n"
    await asyncio.to_thread(scene22.lab.write_config, "extensions_extra.conf", plan, "dialplan reload")
    actions = replace(settings_of(scene22.lab).actions, spy_context="slow-spy")
    async with desk_on(scene22.lab, actions=actions) as desk:
        await in_call(desk, "Ana")
        with pytest.raises(ActionTimeout, match="did not start listening within 3 s"):
            await desk.do("listen", "Ana")
        await shows_no_leg(scene22, "9001")
        assert not desk.board.supervisions
