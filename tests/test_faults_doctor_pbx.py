"""Doctor names every fault of the PBX and of the way to it, with its remedy: each is staged by a server that has it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from ccops.pbx.sim import CentrePlan, SimPbx
from tests.badserver import BANNER, BOOTED, SECRET, BadServer, Conn, Script
from tests.daemons import short_folder
from tests.doctoring import Fault, Place, diagnosed, examined, faults

FAULTS, fault = faults()


async def served(place: Place, script: Script) -> None:
    """Have a server that does as told instead of a PBX."""
    server = await place.stack.enter_async_context(BadServer(script))
    place.port, place.secret = server.port, SECRET
    place.variables = {"CCOPS_AMI__CONNECT_TIMEOUT": "0.5", "CCOPS_AMI__ACTION_TIMEOUT": "0.5"}


@fault("reach", "manager.conf")
async def nobody_listens(place: Place) -> AsyncIterator[None]:
    place.variables = {"CCOPS_AMI__CONNECT_TIMEOUT": "1"}
    yield


@fault("reach", "Check the port")
async def no_greeting_comes(place: Place) -> AsyncIterator[None]:
    await served(place, Conn.hold)
    yield


@fault("reach", "Check host and port")
async def another_service_greets(place: Place) -> AsyncIterator[None]:
    async def script(conn: Conn) -> None:
        conn.write(b"220 mail.example.net ESMTP\r\n")
        await conn.hold()

    await served(place, script)
    yield


@fault("reach", "authlimit")
async def it_hangs_up_at_once(place: Place) -> AsyncIterator[None]:
    async def script(conn: Conn) -> None:
        conn.hang_up()

    await served(place, script)
    yield


@fault("login", "manager.conf")
async def the_secret_is_wrong(place: Place) -> AsyncIterator[None]:
    await place.pbx()
    place.secret = "wrong"
    yield


@fault("login", "overloaded or stuck")
async def the_login_is_never_answered(place: Place) -> AsyncIterator[None]:
    async def script(conn: Conn) -> None:
        conn.write(BANNER)
        await conn.hold()

    await served(place, script)
    yield


@fault("rights_live", "manager reload")
async def the_user_may_not_read_the_state(place: Place) -> AsyncIterator[None]:
    sim = await place.pbx()
    sim.add_user("ccops", "s3cret", read="call", write="")
    yield


@fault("rights_actions", "manager reload", ok=None)
async def the_user_may_only_look(place: Place) -> AsyncIterator[None]:
    sim = await place.pbx()
    sim.add_user("ccops", "s3cret", read="system,call,agent", write="reporting")
    yield


@fault("holes", "CVE-2024-42365", ok=None)
async def an_old_asterisk_lets_this_user_run_programs(place: Place) -> AsyncIterator[None]:
    await place.pbx(version="16")
    yield


@fault("clock", "NTP")
async def its_clock_is_an_hour_off(place: Place) -> AsyncIterator[None]:
    await place.pbx(start=time.time() - 3600)
    yield


@fault("queues", "app_queue")
async def it_has_no_queues(place: Place) -> AsyncIterator[None]:
    sim = SimPbx(CentrePlan(queues=[], agents=[]), quiet=True, secret="s3cret")
    await sim.start()
    place.stack.push_async_callback(sim.stop)
    place.port = sim.port
    yield


@fault("queues", "overloaded or stuck")
async def a_list_is_cut_off(place: Place) -> AsyncIterator[None]:
    def begin(conn: Conn, action: dict[str, str]) -> None:
        conn.answer(action, EventList="start", Message="Queue status will follow")

    async def script(conn: Conn) -> None:
        await conn.login()
        conn.write(BOOTED)
        await conn.serve({"QueueStatus": begin})

    await served(place, script)
    yield


@fault("queue_log_live", "logger.conf")
async def the_log_is_that_of_another_PBX(place: Place) -> AsyncIterator[None]:  # noqa: N802
    sim = await place.pbx()
    place.log.write_text(f"{int(time.time())}|9.9|other|NONE|ENTERQUEUE||1|1\n")
    place.more.append(f'[queue_log]\npath = "{place.log}"')
    sim.agent_behaviour("1002", "busy", 0.05)
    sim.agent_behaviour("1003", "busy", 0.05)
    sim.call_in("support", "5550001")
    await asyncio.sleep(4.0)  # an entry may take three seconds to be written
    yield


@pytest.mark.parametrize("wrong", FAULTS, ids=lambda one: one.name)
async def test_doctor_names_what_is_wrong_with_the_pbx_and_what_to_do(wrong: Fault) -> None:
    with short_folder() as folder:
        await diagnosed(wrong, folder)


async def test_on_a_machine_in_order_no_check_fails() -> None:
    """And so each of the faults above is what made the doctor speak."""
    with short_folder() as folder:
        async with AsyncExitStack() as stack:
            place = Place(folder, stack)
            await place.pbx()
            place.more.append('[alerts]\ntargets = ["x"]\n[alert_targets.x]\ncommand = ["/bin/true"]')
            code, checks = await examined(place.write(), "--listen", "0")
    assert (code, [name for name, one in checks.items() if one["ok"] is False]) == (0, [])
    assert checks["alert_target_x"]["ok"] is True
