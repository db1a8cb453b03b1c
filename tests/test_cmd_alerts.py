"""`ccops alert`: what holds without a daemon, rules and figures, and whether targets take a message."""

import asyncio
import json
import os
import socket
from contextlib import suppress
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from ccops.alerts.metrics import CONTENT_TYPE
from tests.cmd_tools import FakeDesk, a_board, invoke, seat
from tests.daemons import live, simulated
from tests.hooks import hook


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> FakeDesk:
    return seat(monkeypatch, FakeDesk(a_board()))


def config(folder: Path, text: str) -> str:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def test_without_a_daemon_one_look_tells_what_holds(desk: FakeDesk) -> None:
    result = invoke("alert", "list", "--json")
    assert result.code == 0
    found = {(row["rule"], row["key"]): row for row in json.loads(result.out)}
    assert found["nobody", "sales"]["level"] == "critical"
    assert found["wait", "sales"]["level"] == "critical"
    assert found["paused", "Local/1002@from-queue/n"]["lasts"] == 4000
    assert all(row["alert_id"] is None for row in found.values())
    assert "No daemon" in result.err


def test_rules_and_figures_are_listed(desk: FakeDesk, tmp_path: Path) -> None:
    path = config(tmp_path, "[alert_rules.paused]\nwarning = 60\n[alert_rules.ringing]\noff = true\n")
    rules = {row["rule"]: row for row in json.loads(invoke("--config", path, "alert", "rules", "--json").out)}
    assert rules["paused"]["warning"] == 60
    assert "ringing" not in rules
    figures = json.loads(invoke("alert", "figures", "--json").out)
    assert {row["figure"] for row in figures} >= {"waiting", "service_level", "disk_free", "late_for_shift"}


def test_thresholds_are_shown_in_the_unit_of_their_figure(desk: FakeDesk, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[alert_rules.crowd]\nfigure = "waiting"\nwarning = 2\nhysteresis = 1\n')
    shown = invoke("--config", str(path), "alert", "rules").out.splitlines()
    rows = {line.split()[0]: line for line in shown}
    assert " 2 " in rows["crowd"]
    assert " s " not in rows["crowd"]
    assert "10%" in rows["disk"]
    assert "15 min" in rows["paused"]
    whole = invoke("--config", str(path), "alert", "rules", "--fields", "rule,warning,hysteresis", "-f", "csv").out
    assert "crowd,2.0,1.0" in whole


def test_a_wrong_rule_is_named(desk: FakeDesk, tmp_path: Path) -> None:
    path = config(tmp_path, '[alert_rules.x]\nfigure = "waitin"\nwarning = 1\n')
    result = invoke("--config", path, "alert", "rules")
    assert result.code == 2
    assert "waiting" in result.err
    path = config(tmp_path, '[alert_rules.x]\nfigure = "waiting"\nwarning = 1\ntargets = ["nobody"]\n')
    assert invoke("--config", path, "config", "check").code == 2
    assert "nobody" in invoke("--config", path, "config", "check", "--json").out
    path = config(tmp_path, '[alerts]\nquiet = ["22-7"]\n')
    assert invoke("--config", path, "alert", "rules").code == 2


def test_every_target_is_tried_once_and_the_outcome_told(desk: FakeDesk, tmp_path: Path) -> None:
    with hook() as receiver, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        path = config(
            tmp_path,
            f'[alert_targets.good]\nwebhook = "{receiver.url}"\nsigning_key = "very secret"\ncommand = ["true"]\n'
            f'[alert_targets.bad]\nwebhook = "http://127.0.0.1:{nobody.getsockname()[1]}/"\n',
        )
        result = invoke("--config", path, "alert", "test", "--json")
        assert result.code == 1
        outcomes = {(row["target"], row["recipient"].split(":")[0]): row["ok"] for row in json.loads(result.out)}
        assert outcomes == {("good", "webhook"): True, ("good", "command"): True, ("bad", "webhook"): False}
        assert [one.body["event"] for one in receiver.taken] == ["test"]
        assert "very secret" not in result.out + result.err
        assert invoke("--config", path, "alert", "test", "good").code == 0
        assert invoke("--config", path, "alert", "test", "god").code == 2


def test_a_store_in_the_daemons_folder_is_told_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, stat = tmp_path / "ccops.db", Path.stat

    def refused(path: Path, **more: bool) -> os.stat_result:
        if path == store:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **more)

    monkeypatch.setattr(Path, "stat", refused)
    result = invoke("alert", "history", env={"CCOPS_STORE__PATH": str(store)})
    assert result.code == 4
    assert "You may not read the store" in result.err


def test_history_without_a_store_is_usage(tmp_path: Path) -> None:
    env = {"CCOPS_STORE__PATH": str(tmp_path / "none.db")}
    assert invoke("alert", "history", env=env).code == 2
    assert invoke("alert", "history", "--from", "soon", env=env).code == 2


# --- the page for Prometheus ---


async def ask(port: int, request: str) -> tuple[str, dict[str, str], str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.replace("\n", "\r\n").encode())
    data = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    head, _empty, body = data.decode().partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    headers = {name.lower(): value for name, _colon, value in (line.partition(": ") for line in lines)}
    return status, headers, body


async def test_the_daemon_serves_its_figures_on_loopback_and_nothing_else() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with simulated(f"[alerts]\nmetrics_port = {port}\n") as (_sim, daemon):
        async with daemon.desk() as desk:
            await live(desk)
        status, headers, body = await ask(port, f"GET /metrics HTTP/1.1\nHost: 127.0.0.1:{port}\n\n")
        assert "200" in status
        assert headers["content-type"] == CONTENT_TYPE
        assert int(headers["content-length"]) == len(body.encode())
        found = {f.name: f.samples for f in text_string_to_metric_families(body)}  # type: ignore[no-untyped-call]
        assert found["ccops_link_up"][0].value == 1
        assert {sample.labels["queue"] for sample in found["ccops_queue_waiting_callers"]} == {"sales", "support"}
        assert "Ana" not in body
        for request, code in (
            ("GET / HTTP/1.1\nHost: localhost\n\n", "404"),
            ("POST /metrics HTTP/1.1\nHost: localhost\n\n", "405"),
            ("GET /metrics HTTP/1.1\nHost: evil.example.net\n\n", "403"),
            ("HEAD /metrics HTTP/1.0\n\n", "200"),
        ):
            status, _headers, body = await ask(port, request)
            assert code in status
            assert code != "200" or body == ""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x" * 100_000)
        with suppress(ConnectionResetError):  # it hangs up on what is too long, be it still being sent
            assert await asyncio.wait_for(reader.read(), 20) == b""
        writer.close()
