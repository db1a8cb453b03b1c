"""Alerts in the console: the ribbon and the bell without a daemon, a list to take them from with one."""

from dataclasses import replace
from datetime import UTC

import pytest

from ccops.board import AlertRow
from ccops.settings import Settings
from ccops.settings.alerting import AlertRule
from ccops.tui.options import options_from
from tests.tui_app import NOW, console, small_desk
from tests.tui_desk import FakeDesk


def watched(*rows: AlertRow) -> FakeDesk:
    desk = small_desk()
    desk.board.watched = True
    desk._offers = {**desk._offers, "alert": ("alert.ack", "alert.snooze")}
    desk.board.alerts = {row.alert_id: row for row in rows}
    return desk


WAIT = AlertRow(
    "7", "wait", "wait_ratio", "warning", "queue", "sales", "Sales", "Sales: longest wait", NOW - 90, NOW - 60, 2.0, 1.0
)
LINE = AlertRow(
    "8", "crowd", "waiting", "critical", "queue", "support", "Support", "Support: 9 waiting [/]", NOW - 30, NOW - 30
)


async def test_the_ribbon_shows_what_the_daemon_keeps_and_who_has_taken_it() -> None:
    desk = watched(WAIT, replace(LINE, acknowledged_by="anna"))
    async with console(desk) as bench:
        text = bench.text()
        assert "Sales: longest wait 1:30" in text
        assert "Support: 9 waiting [/]" in text
        assert "taken by anna" in text
        # What somebody has taken presses less than what nobody has.
        assert bench.line_of("longest wait 1:30") <= bench.line_of("taken by anna")


async def test_a_daemon_that_is_gone_is_told_by_the_console_itself() -> None:
    desk = watched()
    async with console(desk) as bench:
        desk.put("link", "link", replace(desk.board.link, state="down", detail="the daemon went away"))
        await bench.until(lambda: "the daemon went away" in bench.text())


async def test_an_alert_is_taken_and_let_rest_by_key() -> None:
    desk = watched(WAIT, LINE)
    async with console(desk) as bench:
        await bench.press("A")
        assert bench.app.stage.crumbs == ["Alerts"]
        await bench.until(lambda: bench.rows().cursor == "8")
        await bench.press("k")
        await bench.until(lambda: desk.asked)
        assert (desk.asked[0].action, desk.asked[0].target) == ("alert.ack", "8")
        await bench.press("n")
        await bench.until(lambda: len(desk.asked) == 2)
        assert (desk.asked[1].action, desk.asked[1].target) == ("alert.snooze", "8")
        desk.put("alert", "8", replace(LINE, acknowledged_by="me"))
        await bench.until(lambda: "me" in bench.lines()[bench.line_of("9 waiting [/]")])
        desk.put("alert", "7", None)
        desk.put("alert", "8", None)
        await bench.until(lambda: "Nothing needs attention." in bench.text())


async def test_enter_goes_to_what_an_alert_is_about() -> None:
    async with console(watched(WAIT)) as bench:
        await bench.press("A", "enter")
        await bench.until(lambda: bench.app.stage.crumbs == ["Alerts", "Sales"])


async def test_without_a_daemon_the_list_is_judged_here_and_offers_nothing() -> None:
    desk = small_desk()
    desk.board.queues["sales"] = replace(desk.board.queues["sales"], available=0)
    async with console(desk) as bench:
        await bench.press("A")
        await bench.until(lambda: "nobody" in bench.text())
        await bench.press("k")
        assert desk.asked == []


def test_limits_and_rules_of_the_console_are_those_of_the_settings() -> None:
    settings = Settings(
        alert_rules={
            "paused": AlertRule(warning=60),
            "ringing": AlertRule(off=True),
            "wait": AlertRule(warning=2, critical=5),
            "service_level": AlertRule(warning=0.5, min_offered=50),
        }
    )
    limits = options_from(settings).limits
    assert (limits.paused, limits.wait_factor, limits.service_level, limits.min_offered) == (60, 5, 0.5, 50)
    assert limits.ringing == float("inf")
    assert "ringing" not in {rule.name for rule in limits.rules}


@pytest.mark.parametrize(("quiet", "rings"), [((), 1), (("00:00-24:00",), 0)])
async def test_in_quiet_hours_the_bell_rings_for_critical_things_only(
    monkeypatch: pytest.MonkeyPatch, quiet: tuple[str, ...], rings: int
) -> None:
    rung: list[int] = []
    options = {"bell": True, "quiet": quiet, "zone": UTC}
    async with console(watched(), options=options) as bench:
        monkeypatch.setattr(bench.app, "bell", lambda: rung.append(1))
        bench.desk.put("alert", "7", WAIT)
        await bench.until(lambda: "longest wait" in bench.text())
        await bench.pilot.pause(0.3)
        assert len(rung) == rings
        bench.desk.put("alert", "8", LINE)
        await bench.until(lambda: len(rung) == rings + 1)
        bench.desk.put("alert", "8", replace(LINE, acknowledged_by="anna"))
        await bench.pilot.pause(0.3)
        assert len(rung) == rings + 1
