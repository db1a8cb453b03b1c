"""Proves that the lab tells the truth: audio, transfers, parking, hold, a crash, a spoiled link, a clean start."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lab.ami import Ami, AmiRefused
from tests.lab.numbers import AGENT_TONE, CALLER_TONE, SECOND_CALLER_TONE, SUPERVISOR_TONE
from tests.lab.pbx import Lab
from tests.lab.proxy import Proxy
from tests.lab.scenario import MemberStyle, Scene
from tests.lab.scenes import SCENES
from tests.lab.story import STORY


def test_the_version_is_the_one_asked_for(scene: Scene, request: pytest.FixtureRequest) -> None:
    wanted = request.node.callspec.params["scene"]
    assert scene.ami.action("CoreSettings")["AsteriskVersion"].startswith(f"{wanted}.")
    assert scene.lab.version.startswith(f"{wanted}.")


def test_caller_and_agent_hear_each_other_and_nobody_else(scene: Scene) -> None:
    scene.add_member("sales", "1001", "Ana 王芳")
    handle = scene.queue_call("sales", "5550001", "王 [/]\x1b[2J")
    caller, agent = scene.tape(handle), scene.tape("1001")
    now = time.time()
    assert caller.heard(AGENT_TONE, now, now + 0.5)
    assert agent.heard(CALLER_TONE, now, now + 0.5)
    assert not caller.heard(CALLER_TONE, now, now + 0.5)
    assert not agent.heard(AGENT_TONE, now, now + 0.5)
    assert scene.connected(handle)["CallerIDName"] == "王 [/]\x1b[2J"
    scene.hang_up("1001")
    scene.completed(handle)
    assert [line.split("|")[4] for line in scene.lab.queue_log_lines()] == [
        "ADDMEMBER", "ENTERQUEUE", "CONNECT", "COMPLETEAGENT",
    ]  # fmt: skip


def test_a_tape_is_placed_in_time(scene: Scene) -> None:
    """A caller changes his tone: the moment found on the agent's tape is that of the change, after a hold too."""
    scene.add_member("sales", "1001")
    handle = scene.queue_call("sales")
    scene.hold("1001")
    scene.expect("Hold")
    scene.unhold("1001")
    scene.expect("Unhold")
    begin = time.time()
    scene.phones.sing(handle.party, SECOND_CALLER_TONE)
    moment = scene.tape("1001").wait_heard(SECOND_CALLER_TONE, since=begin - 0.5)
    assert abs(moment - begin) < 0.5


def test_the_pbx_shows_nothing_of_the_lab_around_it(scene: Scene) -> None:
    scene.add_member("sales", "1001")
    scene.queue_call("sales")
    assert sorted(row["Channel"].rpartition("-")[0] for row in scene.channels()) == ["PJSIP/1001", "PJSIP/trunk"]


def test_a_supervisor_listens_then_whispers_and_barges_on_one_leg(scene: Scene) -> None:
    scene.add_member("sales", "1001")
    handle = scene.queue_call("sales")
    spyer = scene.spy("9001", scene.leg("1001"), "qudE")
    caller, agent, supervisor = scene.tape(handle), scene.tape("1001"), scene.tape("9001")
    now = time.time()
    assert supervisor.heard(CALLER_TONE, now, now + 0.5)
    assert supervisor.heard(AGENT_TONE, now, now + 0.5)
    assert not agent.heard(SUPERVISOR_TONE, now, now + 0.5)
    assert not caller.heard(SUPERVISOR_TONE, now, now + 0.5)
    scene.mode(spyer, "5")
    now = agent.wait_heard(SUPERVISOR_TONE, since=time.time()) + 0.1
    assert not caller.heard(SUPERVISOR_TONE, now, now + 0.3)
    scene.mode(spyer, "6")
    now = caller.wait_heard(SUPERVISOR_TONE, since=time.time()) + 0.1
    assert agent.heard(SUPERVISOR_TONE, now, now + 0.3)


@pytest.mark.parametrize("style", ["freepbx", "hint"])
def test_a_freepbx_member_talks_and_its_state_follows_the_phone(scene: Scene, style: MemberStyle) -> None:
    interface = scene.add_member("sales", "1001", "Ana", style=style)
    handle = scene.queue_call("sales")
    assert interface == "Local/1001@from-queue/n"
    scene.member_status(interface, 2)
    now = time.time()
    assert scene.tape(handle).heard(AGENT_TONE, now, now + 0.4)
    assert scene.leg("1001").startswith("PJSIP/1001-")


def test_a_blind_transfer_by_the_phone(scene: Scene) -> None:
    scene.add_member("sales", "1001")
    handle = scene.queue_call("sales")
    scene.blind_transfer("1001", "1004")
    transfer = scene.expect("BlindTransfer")
    assert (transfer["Extension"], transfer["TransfereeUniqueid"]) == ("1004", handle.uniqueid)
    scene.leg("1004")
    now = time.time()
    assert scene.tape("1004").heard(CALLER_TONE, now, now + 0.4)
    assert scene.lab.queue_log_lines()[-1].split("|")[4:6] == ["BLINDTRANSFER", "1004"]


def test_an_attended_transfer_by_feature_code(scene: Scene) -> None:
    scene.add_member("sales", "1001")
    handle = scene.queue_call("sales")
    scene.attended_transfer("1001", "1003")
    scene.tape("1003").wait_heard(CALLER_TONE, since=time.time())  # the bridge changes after the event says so
    assert not [row for row in scene.channels() if row["Channel"].startswith("PJSIP/1001-")]
    assert scene.channels()[0]["Linkedid"] == handle.uniqueid


def test_a_parked_caller_hears_no_agent_and_is_listed(scene: Scene) -> None:
    scene.add_member("sales", "1001")
    handle = scene.queue_call("sales")
    space = scene.park(handle.channel)
    rows = scene.ami.listing("ParkedCalls", "ParkedCallsComplete")
    assert [(row["ParkingSpace"], row["ParkeeChannel"]) for row in rows] == [(space, handle.channel)]
    now = time.time() + 0.3
    assert not scene.tape(handle).heard(AGENT_TONE, now, now + 0.3)


def test_hold_by_either_side(scene: Scene) -> None:
    """The agent's hold is an event on his channel; the device that shows state 8 is the one that is being held."""
    scene.add_member("sales", "1001")
    handle = scene.queue_call("sales")
    caller = scene.tape(handle)
    scene.hold("1001")
    held = scene.expect("Hold")
    assert held["Channel"] == scene.leg("1001")
    silent = caller.wait_silent(AGENT_TONE, since=time.time())
    scene.unhold("1001")
    caller.wait_heard(AGENT_TONE, since=silent)
    since = scene.ami.mark()
    scene.hold(handle)
    scene.member_status("PJSIP/1001", 8, since=since)
    scene.unhold(handle)
    scene.member_status("PJSIP/1001", 2, since=since)


def test_a_crash_and_a_restart_keep_port_and_logged_in_members(scene: Scene) -> None:
    scene.add_member("sales", "1001", "Ana")
    scene.queue_call("sales")
    port = scene.lab.ami_port
    scene.lab.kill()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), 1).close()
    scene.lab.restart()
    scene.reconnect()
    members = scene.ami.listing("QueueStatus", "QueueStatusComplete", Queue="sales")
    assert [row["Name"] for row in members if row["Event"] == "QueueMember"] == ["Ana"]
    assert scene.channels() == []


def test_a_reset_leaves_nothing_behind(scene: Scene) -> None:
    scene.add_member("sales", "1001")
    scene.pause("PJSIP/1019", "training", "vip")
    scene.penalty("Local/1020@from-queue/n", 7, "vip")
    scene.phones.behave("1002", "busy")
    scene.lab.write_config("extensions_extra.conf", "[more]\nexten => 1,1,Answer()\n", "dialplan reload")
    assert "'1' =>" in scene.lab.rx("dialplan show more")
    scene.queue_call("sales")
    scene.reset()
    rows = scene.ami.listing("QueueStatus", "QueueStatusComplete")
    rows_of_members = [row for row in rows if row["Event"] == "QueueMember"]
    members = {(row["Queue"], row["Location"]): (row["Paused"], row["Penalty"]) for row in rows_of_members}
    assert members == {("vip", "PJSIP/1019"): ("0", "0"), ("vip", "Local/1020@from-queue/n"): ("0", "1")}
    assert {row["Completed"] for row in rows if row["Event"] == "QueueParams"} == {"0"}
    assert scene.channels() == []
    assert scene.lab.queue_log_lines() == []
    assert "'1' =>" not in scene.lab.rx("dialplan show more")


def test_two_labs_of_one_version_run_side_by_side(scene: Scene) -> None:
    with Lab(scene.lab.root) as other, contextlib.closing(Scene(other)) as there:
        assert other.ami_port != scene.lab.ami_port
        there.add_member("sales", "1001")
        there.queue_call("sales")
        assert len(there.channels()) == 2
        assert scene.channels() == []
        home = other.home
    assert not home.exists()


def test_users_have_the_rights_their_names_say(scene: Scene) -> None:
    monitor, supervisor, without = (scene.lab.ami(name) for name in ("monitor", "supervisor", "no_originate"))
    with contextlib.closing(monitor), contextlib.closing(supervisor), contextlib.closing(without):
        assert "Originate" in supervisor.action("ListCommands")
        assert "Originate" not in monitor.action("ListCommands")
        assert "Originate" not in without.action("ListCommands")
        with pytest.raises(AmiRefused, match="Permission denied"):
            without.action("Originate", Channel="PJSIP/9001", Application="Wait", Data="1")
    with pytest.raises(AmiRefused, match=r"[Aa]uthentication failed"):
        scene.lab.ami("denied")


def test_the_tls_port_has_a_certificate_for_its_name_and_address(scene: Scene) -> None:
    context = ssl.create_default_context(cafile=str(scene.lab.ca_file))
    for name in (scene.lab.tls_name, "127.0.0.1"):
        plain = socket.create_connection((scene.lab.host, scene.lab.tls_port), 5)
        with plain, context.wrap_socket(plain, server_hostname=name) as link:
            assert link.recv(100).startswith(b"Asterisk Call Manager/")
    plain = socket.create_connection((scene.lab.host, scene.lab.tls_port), 5)
    with plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="elsewhere.test")


@pytest.mark.parametrize(
    ("number", "status"), [("1002", "ANSWER"), ("1101", "ANSWER"), ("1401", "BUSY"), ("1801", None)]
)
def test_phones_behave_as_their_numbers_say(scene22: Scene, number: str, status: str | None) -> None:
    handle = scene22.call_in(number)
    if status is None:
        scene22.expect("Newstate", ChannelStateDesc="Ringing")
    else:
        ended = scene22.expect("DialEnd")
        assert (ended["DialStatus"], ended["Uniqueid"]) == (status, handle.uniqueid)


def test_a_phone_drops_its_call_after_the_seconds_of_its_number(scene22: Scene) -> None:
    handle = scene22.call_in("1201")
    scene22.leg("1201")
    scene22.ended(handle)


@pytest.mark.parametrize("name", ["bad_phones", "registration", "outside_queues", "park_caller"])
def test_plays_reach_their_end(scene: Scene, name: str) -> None:
    moments = list(SCENES[name](scene))
    assert len(moments) == len(set(moments)) > 0
    assert scene.channels() == []


def test_the_story_of_the_traces_writes_the_events_of_the_traces(scene22: Scene) -> None:
    long = ("listen", "unpause; ring", "take over", "escapes")
    for play in (play for title, play in STORY.items() if not title.startswith(long)):
        for moment in play(scene22):
            assert moment
    lines = [line.replace("Chi|pipe", "Chi") for line in scene22.lab.queue_log_lines()]
    assert {line.split("|")[4] for line in lines} == {
        "ADDMEMBER", "PAUSEALL", "PAUSE", "ENTERQUEUE", "CONNECT", "COMPLETEAGENT", "COMPLETECALLER", "BLINDTRANSFER",
        "ABANDON", "EXITWITHTIMEOUT", "UNPAUSEALL", "UNPAUSE", "REMOVEMEMBER", "PENALTY",
    }  # fmt: skip


def test_a_killed_test_process_leaves_no_asterisk_and_no_folder(scene22: Scene) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom tests.lab.pbx import Lab\nfrom tests.lab.root import Root\n"
        "lab = Lab(Root(Path(sys.argv[1]), sys.argv[2])).start()\n"
        "print(lab.pbx.pid, lab.street.pid, lab.home, flush=True)\ntime.sleep(60)\n"
    )
    root = scene22.lab.root
    command = [sys.executable, "-c", program, str(root.path), root.version]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as process:
        assert process.stdout is not None
        *pids, home = process.stdout.readline().split()
        assert all(_alive(pid) for pid in pids)
        process.kill()
    deadline = time.monotonic() + 10
    while any(_alive(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert Path(home).exists()
    os.utime(home, (0, 0))
    Lab(root).close()
    assert not Path(home).exists()


def _alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def test_texts_reach_the_display_of_a_phone(scene22: Scene) -> None:
    assert scene22.phones.text("1001") == ""
    message = {"To": "pjsip:1001", "From": '"Desk" <sip:9001@pbx>', "Body": "Call back 5550001"}
    scene22.send("MessageSend", message)
    deadline = time.monotonic() + 5
    while scene22.phones.text("1001") != "Call back 5550001":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_phone_can_be_told_to_behave_otherwise(scene22: Scene) -> None:
    scene22.phones.behave("9001", "busy")
    scene22.call_in("9001")
    assert scene22.expect("DialEnd")["DialStatus"] == "BUSY"


# --- the proxy ---


def test_the_proxy_spoils_a_link_in_every_way_and_mends_it(asterisk22: Lab) -> None:
    user = asterisk22.user("supervisor")
    with Proxy(asterisk22.host, asterisk22.ami_port) as proxy:
        link = Ami(proxy.host, proxy.port, user.username, user.secret)
        proxy.single_bytes()
        assert link.action("CoreSettings")["AMIversion"]
        proxy.single_bytes(False)
        proxy.slow(0.3)
        begin = time.monotonic()
        link.action("Ping")
        assert time.monotonic() - begin >= 0.3
        proxy.slow(0)
        proxy.stall()
        with pytest.raises(TimeoutError):
            link.action("Ping", timeout=0.3)
        assert link.alive
        proxy.resume()
        link.action("Ping")
        proxy.inject(b"Event: Made\r\nBy: proxy\r\n\r\n")
        assert link.expect("Made")["By"] == "proxy"
        proxy.garble(lambda data: data.replace(b"Pong", b"P\x00ng"))
        assert link.action("Ping")["Ping"] == "P\x00ng"
        assert proxy.connections == 1
        proxy.cut()
        with pytest.raises((ConnectionError, TimeoutError)):
            link.action("Ping", timeout=1)
        link.close()
        proxy.refuse()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((proxy.host, proxy.port), 1).close()
        proxy.garble(None)
        proxy.accept()
        with contextlib.closing(Ami(proxy.host, proxy.port, user.username, user.secret)) as again:
            again.action("Ping")
        assert any(b"Action: CoreSettings" in data for _, data in proxy.from_client)
