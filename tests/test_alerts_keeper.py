"""The keeper: who is told when, acknowledging, resting, escalating, quiet hours, and what a restart takes up."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from ccops.alerts.channels import MailChannel
from ccops.alerts.episode import revived
from ccops.alerts.evaluate import Transition
from ccops.alerts.figures import Reading
from ccops.alerts.keeper import Keeper, World
from ccops.alerts.message import Message, trial_body
from ccops.alerts.rules import BUILT_IN, Rule, rules_of
from ccops.alerts.shifts import on_shift
from ccops.board import AlertLevel, AlertRow
from ccops.errors import CcopsError, ConfigError, NotFound
from ccops.reports.deliver.mail import MailServer
from ccops.settings import Settings
from ccops.settings.alerting import AlertRule, Alerts, AlertTarget
from ccops.settings.model import Role, Site, Store
from ccops.store import open_store, planning
from tests.mailserver import mail_server

RULE = Rule(
    name="crowd", figure="waiting", limits=(1, 3, 9), targets=("team",), escalate=("lead", "boss"), escalate_after=600
)


@dataclass
class Stage:
    """A keeper whose world is made of lists."""

    wall: float = 1_772_600_400.0
    steady: float = 1000.0
    told: list[tuple[str, str, str]] = field(default_factory=list)
    """Target, event and level of every message."""
    urgent: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    board: dict[str, AlertRow] = field(default_factory=dict)
    quiet: bool = False
    targets: dict[str, AlertTarget] = field(default_factory=dict)
    seeing: set[str] = field(default_factory=set)
    keeper: Any = None

    def __post_init__(self) -> None:
        self.targets = self.targets or {name: AlertTarget() for name in ("team", "lead", "boss")}
        self.keeper = Keeper(self.world())

    def world(self) -> World:
        itself, ways = cast("Any", self), {name: [cast("Any", _Way(name))] for name in self.targets}
        return World(
            "main", itself, itself, ways, self.targets, self.rests, self.show,
            lambda role, row: role in self.seeing, lambda: self.wall, lambda: self.steady,
        )  # fmt: skip

    def rests(self, level: AlertLevel) -> bool:
        return self.quiet and level != "critical"

    def show(self, key: str, row: AlertRow | None) -> None:
        if row is None:
            self.board.pop(key)
        else:
            self.board[key] = row

    def write(self, *_notes: Any) -> None:
        return

    def put(self, record: Any, message: Message, channel: Any, _noted: Any) -> None:
        self.told.append((channel.recipient, message.body["event"], message.body["level"]))
        self.urgent.append(record.urgent)
        self.said.append(message.body["text"])

    def change(self, before: AlertLevel | None, after: AlertLevel | None, value: float = 4, rule: Rule = RULE) -> None:
        reading = Reading("waiting", "queue", "sales", "Sales", value, partial(str, f"{value:g} wait"))
        self.keeper.take([Transition(rule, (rule.name, "queue", "sales"), before, after, reading)])

    def wait(self, seconds: float) -> None:
        self.wall, self.steady = self.wall + seconds, self.steady + seconds
        self.keeper.tick()

    def row(self) -> AlertRow:
        (row,) = self.board.values()
        return row


@dataclass
class _Way:
    recipient: str


def test_it_is_told_when_it_begins_gets_worse_and_ends_and_not_when_it_gets_better() -> None:
    stage = Stage()
    stage.change(None, "warning")
    stage.change("warning", "critical", 10)
    stage.change("critical", "warning", 5)
    assert stage.row().level == "warning"
    stage.change("warning", None, 0)
    assert stage.board == {}
    assert stage.told == [("team", "raised", "warning"), ("team", "worse", "critical"), ("team", "cleared", "warning")]


def test_what_comes_and_goes_is_shown_at_once_and_told_once_it_lasts() -> None:
    stage, rule = Stage(), replace(RULE, tell_after=60.0)
    stage.change(None, "warning", rule=rule)
    assert stage.row().level == "warning"
    stage.wait(30)
    stage.change("warning", None, rule=rule)
    assert stage.told == []
    stage.change(None, "warning", rule=rule)
    stage.wait(30)
    stage.change("warning", "critical", 10, rule=rule)
    assert stage.told == []
    stage.wait(30)
    assert stage.told == [("team", "raised", "critical")]
    stage.wait(600)
    assert stage.told[-1] == ("lead", "escalated", "critical")
    stage.change("critical", None, rule=rule)
    stage.told.clear()
    stage.change(None, "warning", rule=rule)
    stage.keeper.acknowledge("3", "anna")
    stage.wait(6000)
    assert stage.told == []


def test_a_restart_in_the_time_before_telling_tells_in_time() -> None:
    rule = replace(RULE, tell_after=60.0)
    stage = Stage()
    stage.change(None, "warning", rule=rule)
    (episode,) = stage.keeper.episodes.values()
    later = Stage(wall=stage.wall + 40, steady=5.0)
    later.keeper.revive(revived(episode.record(), rule, episode.events))
    later.wait(19)
    assert later.told == []
    later.wait(1)
    assert later.told == [("team", "raised", "warning")]


def test_who_does_not_want_the_level_or_the_end_is_not_told() -> None:
    stage = Stage(
        targets={"team": AlertTarget(level="critical", cleared=False), "lead": AlertTarget(), "boss": AlertTarget()}
    )
    stage.change(None, "warning")
    assert stage.told == []
    stage.change("warning", "critical")
    stage.change("critical", None)
    assert stage.told == [("team", "worse", "critical")]


def test_nobody_acknowledges_so_the_next_is_told_and_the_next() -> None:
    stage = Stage()
    stage.change(None, "warning")
    stage.wait(599)
    assert len(stage.told) == 1
    stage.wait(1)
    assert stage.told[-1] == ("lead", "escalated", "warning")
    assert stage.keeper.due == stage.steady + 600
    stage.wait(600)
    assert stage.told[-1] == ("boss", "escalated", "warning")
    stage.wait(6000)
    assert len(stage.told) == 3
    stage.change("warning", None)
    assert {target for target, event, _level in stage.told if event == "cleared"} == {"team", "lead", "boss"}


def test_who_takes_it_ends_the_escalation_until_it_gets_worse() -> None:
    stage = Stage()
    stage.change(None, "warning")
    row = stage.keeper.acknowledge("1", "anna")
    assert (row.acknowledged_by, row.acknowledged_at) == ("anna", stage.wall)
    assert stage.keeper.due is None
    stage.wait(6000)
    assert len(stage.told) == 1
    stage.change("warning", "critical", 10)
    assert stage.row().acknowledged_by == ""
    stage.wait(600)
    assert stage.told[-1] == ("lead", "escalated", "critical")


def test_what_rests_wakes_and_tells_those_who_were_told() -> None:
    stage = Stage()
    stage.change(None, "warning")
    stage.keeper.snooze("1", "anna", 1800)
    assert stage.row().snoozed_until == stage.wall + 1800
    stage.wait(1799)
    assert len(stage.told) == 1
    stage.wait(1)
    assert stage.told[-1] == ("team", "woken", "warning")
    assert stage.row().snoozed_by == ""
    stage.wait(600)
    assert stage.told[-1] == ("lead", "escalated", "warning")


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_jump_of_the_clock_neither_wakes_nor_escalates(jump: float) -> None:
    stage = Stage()
    stage.change(None, "warning")
    stage.wall += jump
    stage.keeper.tick()
    assert len(stage.told) == 1
    stage.keeper.snooze("1", "anna", 1800)
    stage.wall += jump
    stage.wait(1799)
    assert len(stage.told) == 1
    stage.wait(1)
    assert stage.told[-1][1] == "woken"


def test_quiet_hours_hold_back_what_is_not_critical() -> None:
    stage = Stage(quiet=True)
    stage.change(None, "warning")
    stage.change("warning", "critical", 10)
    assert stage.urgent == [0, 1]


def test_a_target_with_a_role_gets_what_that_role_sees_and_one_with_queues_only_theirs() -> None:
    stage = Stage(
        targets={"team": AlertTarget(role="sellers"), "lead": AlertTarget(queues=("support",)), "boss": AlertTarget()}
    )
    rule = Rule(name="crowd", figure="waiting", limits=(1, 3, 9), targets=("team", "lead", "boss"))
    stage.change(None, "warning", rule=rule)
    assert [target for target, _event, _level in stage.told] == ["boss"]
    stage.change("warning", None, rule=rule)
    stage.seeing = {"sellers"}
    stage.told.clear()
    stage.change(None, "warning", rule=rule)
    assert [target for target, _event, _level in stage.told] == ["team", "boss"]


def test_the_words_on_the_board_follow_the_figure() -> None:
    stage = Stage()
    stage.change(None, "warning", 4)
    stage.keeper.refresh({"waiting": [Reading("waiting", "queue", "sales", "Sales", 5, partial(str, "5 wait"))]})
    assert stage.row().text == "5 wait"
    stage.keeper.refresh({"waiting": [Reading("waiting", "queue", "sales", "Sales", None, partial(str, ""))]})
    assert stage.row().text == "5 wait"


def test_what_is_over_is_said_as_it_was() -> None:
    stage = Stage()
    stage.change(None, "warning", 4)
    stage.keeper.refresh({"waiting": [Reading("waiting", "queue", "sales", "Sales", 0, partial(str, "0 wait"))]})
    assert stage.row().text == "0 wait"
    stage.change("warning", None, 0)
    assert stage.said[-1] == "4 wait"


def test_what_a_watch_leaves_behind_the_next_takes_up() -> None:
    stage = Stage()
    stage.change(None, "warning")
    stage.keeper.snooze("1", "anna", 1800)
    (episode,) = stage.keeper.episodes.values()
    later = Stage(wall=stage.wall + 600, steady=5.0)
    later.keeper.revive(revived(episode.record(), RULE, episode.events))
    assert later.row() == stage.row()
    later.wait(1199)
    assert later.told == []
    later.wait(1)
    assert later.told == [("team", "woken", "warning")]


def test_a_number_that_does_not_hold_is_not_found() -> None:
    with pytest.raises(NotFound):
        Stage().keeper.acknowledge("9", "anna")


# --- rules ---


def test_built_in_rules_are_changed_switched_off_and_joined_by_name() -> None:
    settings = Settings(
        alerts=Alerts(targets=("t",), escalate_after=60),
        alert_targets={"t": AlertTarget(), "u": AlertTarget()},
        roles={"r": Role()},
        alert_rules={
            "paused": AlertRule(warning=60, reasons=("Lunch",), roles=("r",)),
            "ringing": AlertRule(off=True),
            "few": AlertRule(figure="free_agents", warning=2, critical=1, targets=("u",), escalate_after=90),
        },
    )
    rules = {rule.name: rule for rule in rules_of(settings)}
    assert len(rules) == len(BUILT_IN)
    assert list(rules["paused"].limits) == [None, 60, None]
    assert (rules["paused"].reasons, rules["paused"].roles, rules["paused"].targets) == (("Lunch",), ("r",), ("t",))
    assert "ringing" not in rules
    assert (rules["few"].above, rules["few"].targets, rules["few"].escalate_after) == (False, ("u",), 90)
    assert rules["wait"].escalate_after == 60


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (AlertRule(warning=1), "no figure"),
        (AlertRule(figure="waiting"), "no threshold"),
        (AlertRule(figure="waiting", warning=5, critical=3), "weaker"),
        (AlertRule(figure="free_agents", warning=1, critical=3), "weaker"),
        (AlertRule(figure="waiting", warning=1, targets=("nobody",)), "nobody"),
        (AlertRule(figure="waiting", warning=1, roles=("none",)), "none"),
        (AlertRule(figure="waiting", info=0, warning=3, hysteresis=1), "never be over"),
        (AlertRule(figure="service_level", warning=0.8, hysteresis=0.3), "never be over"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(rule: AlertRule, said: str) -> None:
    with pytest.raises(CcopsError, match=said):
        rules_of(Settings(alert_rules={"x": rule}))
    with pytest.raises(ConfigError, match="paused"):
        rules_of(Settings(alert_rules={"paused": AlertRule(figure="waiting", warning=1)}))


def test_a_hysteresis_that_can_be_met_is_taken() -> None:
    for rule in (
        AlertRule(figure="waiting", warning=3, hysteresis=3),
        AlertRule(figure="service_level", warning=0.8, hysteresis=0.2),
        AlertRule(figure="free_agents", warning=2, hysteresis=10),
        AlertRule(figure="volume_change", info=0.15, hysteresis=0.1, when="above"),
    ):
        assert rules_of(Settings(alert_rules={"x": rule}))


# --- shifts ---


def test_shifts_are_those_of_the_published_roster(tmp_path: Path) -> None:
    settings = Settings(site=Site(timezone="Europe/Berlin"), store=Store(path=tmp_path / "s.db"))
    day = date(2026, 3, 4)
    nine = datetime(2026, 3, 4, 9, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    assert on_shift(settings, nine) == {}
    with open_store(settings.store.path) as database:
        assert on_shift(settings, nine) == {}
        person = {"name": "Anna K.", "contract": "full", "agent": "Anna"}
        team = {"people": {"anna": person}, "contracts": {"full": {}}}
        with database.write() as connection:
            version = planning.put_team(connection, 0.0, "me", "", team)
            head = planning.put_roster(
                connection, 0.0, "me", "", first=day, days=1, team=version, base=None, document={}
            )
            breaks = (("lunch", 12 * 60, 30, False),)
            planning.put_days(connection, [planning.DayRow(head, "anna", day, "early", 8 * 60, 480, 450, breaks)])
        assert on_shift(settings, nine) == {}
        with database.write() as connection:
            planning.publish(connection, head, 0.0, "me")
    hour = 3600.0
    assert list(on_shift(settings, nine).values()) == [nine - hour]
    assert on_shift(settings, nine - 2 * hour) == {}
    assert on_shift(settings, nine + 3.1 * hour) == {}  # lunch
    assert list(on_shift(settings, nine + 4 * hour).values()) == [nine + 3.5 * hour]
    assert "Anna" in next(iter(on_shift(settings, nine)))


# --- mail, over a real server ---


def test_mails_about_one_alert_form_a_thread_and_one_that_comes_twice_is_one() -> None:
    with mail_server() as box:
        server = MailServer("127.0.0.1", box.port, "none")
        way = MailChannel(server, "ccops@example.net", "lead@example.net", ZoneInfo("Europe/Berlin"))
        body = {**trial_body("Riverside", 1_772_600_400.0), "event": "raised", "text": "Sales\nBcc: x@y: 9 waiting"}
        for number in ("a", "a", "b"):
            assert "handed to" in way.send(Message(number, body))
    assert box.recipients == ["lead@example.net"] * 3
    first, again, other = box.messages
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert first["References"] == other["References"]
    assert first["Bcc"] is None
    assert first["Auto-Submitted"] == "auto-generated"
