"""The commands, and the files of config/, on real Asterisk: what happened is what they print."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ccops.settings import load
from tests.lab.commands import ROOT, ccops, data, variables
from tests.lab.numbers import phones
from tests.lab.scenario import MemberStyle, Scene
from tests.supervising import BARGE, LISTEN, PRIVATE, WHISPER, ears, taken_over

CONFIG = ROOT / "config"


def test_the_listings_print_what_happens(scene: Scene) -> None:
    env = variables(scene.lab)
    scene.add_member("sales", "1001", "李安娜")
    scene.add_member("sales", "1002", "Bob", style="freepbx")
    bob = scene.add_member("support", "1002", "Bob", style="freepbx")
    scene.pause(bob, "Lunch")
    talking = scene.queue_call("sales", "5550001", "=SUM(1)")
    waiting = scene.call_in("sales", "5550002", "\x1b[2J[red]")
    scene.waiting(waiting)

    (sales,) = [row for row in data("queue", "list", env=env) if row["queue"] == "sales"]
    assert (sales["members"], sales["waiting"], sales["talking"], sales["paused"]) == (2, 1, 1, 1)
    agents = {row["agent"]: row for row in data("agent", "list", "--queue", "sales", env=env)}
    assert (agents["李安娜"]["state"], agents["李安娜"]["caller_number"]) == ("talking", "5550001")
    assert (agents["Bob"]["state"], agents["Bob"]["pause_reason"]) == ("paused", "Lunch")
    assert agents["李安娜"]["state_since"].endswith("+08:00")
    calls = {row["caller_number"]: row for row in data("call", "list", env=env)}
    assert (calls["5550001"]["state"], calls["5550001"]["call_id"]) == ("talking", talking.uniqueid)
    assert (calls["5550002"]["state"], calls["5550002"]["position"]) == ("waiting", 1)
    assert calls["5550002"]["caller_name"] == "[2J[red]"
    assert calls["5550002"]["wait"] >= 0
    shown = data("queue", "show", "SALES", env=env)
    assert [call["call_id"] for call in shown["callers"]] == [waiting.uniqueid, talking.uniqueid]
    assert data("agent", "show", "1001", env=env)["call"]["call_id"] == talking.uniqueid
    status = data("status", env=env)
    assert (status["state"], status["waiting"], status["figures_from"]) == ("live", 1, "queue_log")
    assert status["version"].startswith(f"{scene.lab.version.split('.')[0]}.")


def test_watch_prints_changes_as_they_come(scene: Scene) -> None:
    scene.add_member("sales", "1001", "Ana")
    command = [sys.executable, "-m", "ccops", "watch", "--snapshot", "--topic", "agent", "--queue", "sales"]
    with subprocess.Popen(command, cwd=ROOT, env=variables(scene.lab), stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = json.loads(child.stdout.readline())
        assert (first["row"]["agent"], first["row"]["state"]) == ("Ana", "available")
        scene.pause("PJSIP/1001", "Lunch")
        states = (json.loads(line)["row"] for line in child.stdout)
        changed = next(row for row in states if row["state"] == "paused")  # its figures may change first
        assert changed["pause_reason"] == "Lunch"
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=30) == 0


def checks(env: dict[str, str], *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = ccops("doctor", "--json", "--listen", "1", *arguments, env=env)
    return done.returncode, {row["check"]: row for row in json.loads(done.stdout)}


def test_doctor_finds_nothing_wrong_with_the_recommended_user(scene: Scene) -> None:
    waiting = scene.call_in("support", "5550001")
    scene.waiting(waiting)
    code, found = checks(variables(scene.lab))
    assert code == 0
    for name in ("reach", "login", "rights_live", "version", "clock", "queues", "queue_log"):
        assert found[name]["ok"] is True, found[name]
    assert "Asterisk Call Manager/" in found["reach"]["detail"]


@pytest.mark.parametrize(
    ("user", "features"),
    [
        ("no_originate", ["Originate (listen"]),
        ("no_agent", ["QueueAdd (agent.login)", "QueuePause (agent.pause"]),
        ("no_call", ["PlayDTMF", "Bridge (takeover)", "Redirect"]),
        ("monitor", ["Originate", "QueuePause"]),
    ],
)
def test_doctor_names_what_a_missing_right_costs(scene: Scene, user: str, features: list[str]) -> None:
    code, found = checks(variables(scene.lab, user))
    assert code == 0
    assert found["rights_live"]["ok"] is True
    assert found["rights_actions"]["ok"] is None
    for feature in features:
        assert feature in found["rights_actions"]["detail"]
    assert f"[{user}]" in found["rights_actions"]["remedy"]


def test_doctor_fails_where_the_live_state_cannot_be_read(scene: Scene) -> None:
    code, found = checks(variables(scene.lab, "no_write"))
    assert code == 1
    assert found["rights_live"]["ok"] is False
    assert "reporting" in found["rights_live"]["remedy"]


def test_a_wrong_secret_ends_with_4_and_is_told_by_doctor(scene: Scene) -> None:
    env = variables(scene.lab, CCOPS_AMI__SECRET="s3cr3t-canary")
    done = ccops("queue", "list", env=env)
    assert (done.returncode, done.stdout) == (4, "")
    code, found = checks(env)
    assert code == 1
    assert found["login"]["ok"] is False
    assert found["reach"]["ok"] is True
    assert "canary" not in done.stderr + json.dumps(found)


def test_init_tests_the_link_and_writes(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    env = variables(scene.lab, "supervisor")
    secret = env.pop("CCOPS_AMI__SECRET")
    for name in ("HOST", "PORT", "USERNAME"):
        del env[f"CCOPS_AMI__{name}"]
    arguments = ["--config", str(path), "init", "--host", scene.lab.host, "--port", str(scene.lab.ami_port)]
    arguments += ["--username", "supervisor", "--secret-stdin", "--json"]
    wrong = ccops(*arguments, env=env, stdin="wrong\n")
    assert (wrong.returncode, wrong.stdout, path.exists()) == (4, "", False)
    assert "[supervisor]" in wrong.stderr  # a user to add, with the rights that are needed
    done = ccops(*arguments, env=env, stdin=f"{secret}\n")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert {check["check"]: check["ok"] for check in record["checks"]}["login"] is True
    assert load(path, {}).settings.ami.host == scene.lab.host
    assert data("--config", str(path), "status", env=env)["state"] == "live"


# -- the files of config/ ------------------------------------------------------------------------------------------


def test_the_sample_manager_users_are_all_that_is_needed(scene: Scene) -> None:
    lab = scene.lab
    text = (CONFIG / "manager.conf").read_text().replace("CHANGE-ME", "sample")
    lab.write_config("manager.conf", (lab.pbx.home / "etc/manager.conf").read_text() + "\n" + text, "manager reload")
    env = variables(lab, CCOPS_AMI__USERNAME="ccops", CCOPS_AMI__SECRET="sample")
    if lab.host == "127.0.0.1":
        code, found = checks(env)
        assert (code, found["rights_live"]["ok"]) == (0, True)
        monitor = env | {"CCOPS_AMI__USERNAME": "ccops-monitor"}
        assert data("status", env=monitor)["state"] == "live"
        assert checks(monitor)[1]["rights_live"]["ok"] is True
    assert "write perm: call,agent,reporting,originate" in lab.rx("manager show user ccops")


@pytest.mark.parametrize(
    ("target", "options", "runs"),
    [
        ("{leg}", "qudE", True),
        ("{leg}", "quBE", True),
        ("", "qudE", False),
        ("all", "qudE", False),
        ("{leg}", "qdE", False),
        ("{leg}", "qudEo", False),
        ("{leg}", "qud", False),
        ("{leg}", "quEr(secret)", False),
    ],
)
def test_the_spy_context_starts_what_ccops_asks_and_refuses_the_rest(
    scene: Scene, target: str, options: str, runs: bool
) -> None:
    lab = scene.lab
    extensions = (lab.pbx.home / "etc/extensions.conf").read_text()
    snippet = (CONFIG / "extensions_ccops.conf").read_text()
    lab.write_config("extensions.conf", f"{extensions}\n{snippet}", "dialplan reload")
    scene.add_member("sales", "1001", "Ana")
    scene.queue_call("sales")
    begin = scene.ami.mark()
    supervisor = next(phone.number for phone in phones() if phone.number.startswith("9"))
    values = {"CCOPS_TARGET": target.format(leg=scene.leg("1001")), "CCOPS_OPTIONS": options}
    scene.ami.action(
        "Originate",
        Channel=f"PJSIP/{supervisor}",
        Context="ccops-spy",
        Exten="spy",
        Priority="1",
        Async="true",
        ChannelId="spy-leg",
        Variable="\n".join(f"{name}={value}" for name, value in values.items()),
    )
    ended = scene.ami.wait_for(
        lambda e: e.get("Event") == "ChanSpyStart" or (e.get("Event") == "Hangup" and e.get("Uniqueid") == "spy-leg"),
        since=begin,
        timeout=20,
    )
    assert (ended["Event"] == "ChanSpyStart") is runs


@pytest.mark.parametrize("style", ["device", "freepbx"])
def test_every_mode_is_a_command_of_its_own_and_finds_the_leg_of_the_last(
    scene: Scene, style: MemberStyle, tmp_path: Path
) -> None:
    env = variables(scene.lab, CCOPS_STORE__PATH=str(tmp_path / "ccops.db"))
    scene.add_member("sales", "1001", "Ana", style=style)
    caller = scene.queue_call("sales")
    first = data("listen", "Ana", "--phone", "PJSIP/9001", env=env)
    assert ears(scene, caller) == LISTEN
    for mode, expected in (("whisper", WHISPER), ("private", PRIVATE), ("barge", BARGE)):
        assert data(mode, "Ana", env=env)["supervision_id"] == first["supervision_id"]
        assert ears(scene, caller) == expected, mode
    (running,) = data("supervision", "list", env=env)
    assert (running["mode"], running["phone"]) == ("barge", "PJSIP/9001")
    taken = data("takeover", "Ana", "--yes", env=env)
    assert (taken["supervision_id"], taken["mode"]) == (first["supervision_id"], "takeover")
    taken_over(scene, caller)
    assert all(row["state"] != "talking" for row in data("agent", "list", env=env))
