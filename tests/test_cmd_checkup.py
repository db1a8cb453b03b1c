"""The checks of doctor that need no PBX: versions, rights, places, the log, the terminal."""

import os
import socket
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.cmd.asterisk_box import look
from ccops.cmd.checkup import daemon, disk, here
from ccops.cmd.checkup.history import history_checks
from ccops.cmd.checkup.records import record_checks
from ccops.cmd.checkup.rights import LIVE, allowed_actions, rights_checks
from ccops.cmd.checkup.safety import safety_checks
from ccops.cmd.checkup.versions import HOLES, Version, holes_check, version_check
from ccops.cmd.environment import Environment
from ccops.desk.actions import TABLE
from ccops.settings import Settings, load
from ccops.settings.model import Ami, Daemon, QueueLog, Store
from tests.cmd_tools import NOW, Terminal, invoke

TODAY = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("22.10.1+dfsg+~cs6.17.60671434-1", Version(22, 10, 1, packaged=True)),
        ("16.28.0~dfsg-0+deb11u10", Version(16, 28, 0, packaged=True)),
        ("20.9.2", Version(20, 9, 2)),
        ("certified/18.9-cert11", Version(18, 9, 0, 11)),
        ("21.4", Version(21, 4)),
        ("GIT-master-abc", None),
        ("", None),
    ],
)
def test_versions_are_read(text: str, version: Version | None) -> None:
    assert Version.parse(text) == version


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ("18.24.1", True),
        ("18.24.2", False),
        ("20.9.1", True),
        ("20.9.2", False),
        ("21.4.1", True),
        ("21.4.2", False),
        ("22.0.0", False),
        ("16.30.0", True),
        ("13.38.3", True),
        ("certified-18.9-cert10", True),
        ("certified-18.9-cert11", False),
        ("certified-20.7-cert2", False),
    ],
)
def test_the_hole_of_originate_is_told_by_version(text: str, open_: bool) -> None:
    assert (holes_check(text, {"Originate"}).ok is False) == open_
    assert holes_check(text, {"QueueStatus"}).ok is True


def test_a_distributions_build_may_have_been_mended() -> None:
    check = holes_check("16.28.0~dfsg-0+deb11u10", {"Originate"})
    assert check.ok is None
    assert "CVE-2024-42365" in check.remedy
    assert holes_check("nonsense", {"Originate"}).ok is None


def test_branches_without_fixes_are_told_with_their_date() -> None:
    assert version_check("13.38.3", TODAY).ok is False
    ended = version_check("18.26.1", TODAY)
    assert (ended.ok, "2025-10-20" in ended.detail) == (True, True)
    assert ended.remedy
    assert version_check("18.26.1", date(2025, 1, 1)).remedy == ""
    assert version_check("22.1.0", TODAY).remedy == ""
    assert version_check("99.1.0", TODAY).ok is True


@given(st.text())
def test_no_version_text_makes_it_crash(text: str) -> None:
    version_check(text, TODAY)
    holes_check(text, {hole.action for hole in HOLES})


def test_rights_name_what_each_missing_action_costs() -> None:
    everything = {name for action in TABLE for name in action.ami} | set(LIVE)
    live, actions = rights_checks(everything, "u")
    assert (live.ok, actions.ok) == (True, True)
    live, actions = rights_checks(everything - {"Originate", "QueuePause"}, "u")
    assert (live.ok, actions.ok) == (True, None)
    assert "Originate (listen, " in actions.detail
    assert "QueuePause (agent.pause, agent.unpause)" in actions.detail
    assert "originate" in actions.remedy
    assert "agent" in actions.remedy
    live, actions = rights_checks(everything - {"QueueStatus", "CoreSettings"}, "u")
    assert live.ok is False
    assert "CoreSettings, QueueStatus" in live.detail
    live, actions = rights_checks(set(LIVE), "u")
    assert actions.ok is None


def test_the_reply_to_listcommands_is_read() -> None:
    headers = {"Response": "Success", "ActionID": "x", "Ping": "Keepalive (Priv: <none>)", "Originate": "… (Priv: x)"}
    assert allowed_actions(headers) == {"Ping", "Originate"}


# -- this machine --------------------------------------------------------------------------------------------------


def test_secret_says_what_is_missing(tmp_path: Path) -> None:
    assert "ami.username" in here.secret(Settings()).detail
    assert "ami.secret" in here.secret(Settings(ami=Ami(username="u"))).detail
    key = tmp_path / "key"
    key.write_text("canary")
    key.chmod(0o644)
    check = here.secret(Settings(ami=Ami(username="u", secret_file=key)))
    assert check.ok is False
    assert "chmod 600" in check.remedy
    key.chmod(0o600)
    check = here.secret(Settings(ami=Ami(username="u", secret_file=key)))
    assert check.ok is True
    assert "canary" not in check.detail


def test_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert disk.store(Settings(store=Store(path=tmp_path / "a" / "b.db"))).ok is True
    assert disk.store(Settings(store=Store(path=tmp_path))).ok is False
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert disk.store(Settings(store=Store(path=tmp_path / "c.db"))).ok is False


def test_a_store_in_the_daemons_folder_ends_no_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor's doctor: the unit's folder of the store lets nobody but the daemon look."""
    store, stat_ = tmp_path / "private" / "ccops.db", os.stat
    store.parent.mkdir()

    def refused(path: Any, *given: Any, **more: Any) -> os.stat_result:
        if str(path) == str(store):
            raise PermissionError(13, "Permission denied", str(path))
        return stat_(path, *given, **more)

    monkeypatch.setattr(os, "stat", refused)
    monkeypatch.setattr(os, "access", lambda *_given, **_more: False)
    settings = Settings(store=Store(path=store))
    assert disk.store(settings, kept=True).ok is None
    assert disk.store(settings).ok is False
    (found,) = history_checks(settings)
    assert (found.ok, "may not read" in found.detail) == (None, True)
    assert list(record_checks(settings, NOW)) == []
    (found,) = safety_checks(settings, NOW)
    assert (found.ok, "may not look" in found.detail) == (None, True)


@pytest.mark.parametrize(
    ("text", "ok", "said"),
    [
        (f"{NOW - 90:.0f}|1.1|sales|NONE|ENTERQUEUE||555|1\n".encode(), True, "1:30 ago"),
        (f"{NOW - 90000:.0f}|1.1|sales|NONE|ENTERQUEUE||555|1\n".encode(), True, "ago"),
        (b"", None, "empty"),
        (b"hello\nworld\n", False, "does not look"),
        (b"\x00\xff" * 1000, False, "does not look"),
        (b"x" * 400_000 + f"\n{NOW:.0f}|1.1|q|NONE|ABANDON|1|1|3\n".encode(), True, "0:00 ago"),
    ],
)
def test_queue_log(tmp_path: Path, text: bytes, ok: bool | None, said: str) -> None:
    path = tmp_path / "queue_log"
    path.write_bytes(text)
    check = here.queue_log(Settings(queue_log=QueueLog(path=path)), NOW)
    assert check.ok is ok
    assert said in check.detail


def test_queue_log_that_is_missing_or_not_set(tmp_path: Path) -> None:
    assert here.queue_log(Settings(), NOW).ok is None
    assert here.queue_log(Settings(queue_log=QueueLog(path=tmp_path / "none")), NOW).ok is False
    assert here.queue_log(Settings(queue_log=QueueLog(path=tmp_path)), NOW).ok is False


@pytest.fixture
def sockets(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        yield path


def test_daemon(tmp_path: Path, sockets: Path) -> None:
    def check(path: Path) -> bool | None:
        return daemon.knock(Settings(daemon=Daemon(socket=path))).ok

    assert check(tmp_path / "none") is None
    assert check(sockets) is True
    (tmp_path / "file").write_text("")
    assert check(tmp_path / "file") is False
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead.sock"))
    assert stat.S_ISSOCK((tmp_path / "dead.sock").stat().st_mode)
    assert check(tmp_path / "dead.sock") is False


def test_terminal() -> None:
    def check(**variables: str) -> bool | None:
        terminal = Terminal()
        return here.terminal(Environment(terminal, terminal, terminal, variables)).ok

    assert check(TERM="xterm-256color", COLUMNS="80", LINES="24") is True
    assert check(TERM="xterm-256color", COLUMNS="20", LINES="5") is False
    assert check(TERM="dumb", COLUMNS="80", LINES="24") is False
    assert invoke("doctor", "--offline", "--json", env={"CCOPS_AMI__SECRET": "x"}).code == 0


def test_a_bad_configuration_is_a_failed_check(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[ami]\nprot = 1\n")
    result = invoke("--config", str(path), "doctor", "--json")
    assert result.code == 1
    assert '"configuration"' in result.out
    assert f"{path}:2" in result.out
    table = invoke("--config", str(path), "doctor")
    assert "✗ configuration: " in table.out
    assert "!! configuration: " in invoke("--ascii", "--config", str(path), "doctor").out


def test_configuration_and_timezone_say_where_they_come_from(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[site]\ntimezone = "Europe/Berlin"\n')
    loaded = load(path, {})
    assert here.configuration(loaded).detail == str(path)
    assert here.timezone(loaded).remedy == ""
    assert here.timezone(load(None, {"TZ": "UTC"})).remedy


# -- an Asterisk on this machine -----------------------------------------------------------------------------------


def test_manager_users_are_found_through_includes(tmp_path: Path) -> None:
    etc = tmp_path / "etc" / "asterisk"
    etc.mkdir(parents=True)
    (etc / "manager.conf").write_text(
        "[general]\nenabled = yes ; really\nport => 5039\n#include manager_custom.conf\n#tryinclude none.conf\n"
        "[admin]\nsecret = a\\;b ; comment\nwrite = system,call , all\n[broken]\nread = all\n"
    )
    (etc / "manager_custom.conf").write_text("[ccops]\nsecret=canary\n#include manager.conf\n")
    (tmp_path / "etc" / "freepbx.conf").write_text("")
    log = tmp_path / "var/log/asterisk/queue_log"
    log.parent.mkdir(parents=True)
    log.write_text("")
    box = look(tmp_path)
    assert (box.enabled, box.port, box.freepbx, box.queue_log) == (True, 5039, True, log)
    assert {user.name: user.write for user in box.users} == {"ccops": (), "admin": ("system", "call", "all")}
    assert next(user for user in box.users if user.name == "ccops").secret.reveal() == "canary"
    assert "canary" not in repr(box)


def test_no_asterisk_is_nothing_and_an_unreadable_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(tmp_path).users == ()

    def refuse(*_args: object, **_more: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)
    assert look(tmp_path).unreadable == (tmp_path / "etc/asterisk/manager.conf",)
