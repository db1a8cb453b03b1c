"""The evaluator: when a level is reached and left, whatever figures and clocks do."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ccops.alerts.ages import PlainAges, SteadyAges
from ccops.alerts.evaluate import NONE, Evaluator, Track, advance, next_look, restored
from ccops.alerts.figures import FIGURES, OF_PLAN, Reading, Site, measure
from ccops.alerts.probes import LogWatch, look
from ccops.alerts.rules import BUILT_IN, Rule, any_chosen, chosen
from ccops.board import AgentState, Board, CallRow, Change, Figures, LinkRow, Membership, ParkedRow, QueueRow
from ccops.settings.checks import ALERT_FIGURES
from tests.tui_app import NOW, agent

LIVE = LinkRow("main", "pbx", "live", NOW - 100, NOW)
VALUES = st.none() | st.integers(-5, 25).map(float)
STEPS = st.lists(st.tuples(st.floats(0.01, 20), VALUES), min_size=1, max_size=60)
"""Seconds since the look before, and the figure."""


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    known = draw(st.lists(st.integers(0, 20).map(float), min_size=1, max_size=3))
    above = draw(st.booleans())
    ordered = sorted(known, reverse=not above)
    limits: list[float | None] = [None] * (3 - len(ordered)) + [*ordered]
    return Rule(
        name="r",
        figure="waiting",
        above=above,
        limits=(limits[0], limits[1], limits[2]),
        lasting=draw(st.sampled_from([0.0, 3.0, 10.0])),
        hysteresis=draw(st.sampled_from([0.0, 2.0, 5.0])),
        calm=draw(st.sampled_from([0.0, 4.0])),
    )


def run(rule: Rule, steps: list[tuple[float, float | None]]) -> list[tuple[float, float | None, Track]]:
    """Return time, figure and what is known after each look."""
    track, at, found = Track(), 0.0, []
    for wait, value in steps:
        at += wait
        track = advance(rule, track, value, at)
        found.append((at, value, track))
    return found


@given(rules(), STEPS)
def test_a_level_is_reached_only_after_it_lasted(rule: Rule, steps: list[tuple[float, float | None]]) -> None:
    history = run(rule, steps)
    before = NONE
    for index, (at, _value, track) in enumerate(history):
        if track.level > before:
            since = at
            for earlier, value, _track in reversed(history[: index + 1]):
                if value is None or not rule.beyond(value, track.level):
                    break
                since = earlier
            assert at - since >= rule.lasting
        before = track.level


@given(rules(), STEPS)
def test_what_lasts_long_enough_is_never_missed(rule: Rule, steps: list[tuple[float, float | None]]) -> None:
    since: list[float | None] = [None, None, None]
    track, at = Track(), 0.0
    for wait, value in steps:
        at += wait
        track = advance(rule, track, value, at)
        for index in range(3):
            if value is None or not rule.beyond(value, index):
                since[index] = None
            elif since[index] is None:
                since[index] = at
            begun = since[index]
            assert begun is None or at - begun < rule.lasting or track.level >= index


@given(rules(), STEPS)
def test_a_level_is_left_only_after_calm_and_inside_by_the_hysteresis(
    rule: Rule, steps: list[tuple[float, float | None]]
) -> None:
    history = run(rule, steps)
    before = NONE
    for index, (at, _value, track) in enumerate(history):
        if track.level < before:
            since = at
            for earlier, value, _track in reversed(history[: index + 1]):
                if value is None or rule.beyond(value, before, rule.hysteresis):
                    break
                since = earlier
            assert at - since >= rule.calm
        before = track.level


@given(
    rules(),
    st.integers(0, 2),
    st.lists(st.tuples(st.floats(0.01, 20), st.floats(0, 1)), min_size=2, max_size=60),
)
def test_a_figure_that_wavers_within_the_hysteresis_never_flaps(
    rule: Rule, index: int, steps: list[tuple[float, float]]
) -> None:
    limit = rule.limits[index]
    assume(limit is not None and rule.hysteresis > 0)
    assert limit is not None
    # Only this level: others have bands of their own.
    only = [limit if place == index else None for place in range(3)]
    rule = replace(rule, limits=(only[0], only[1], only[2]))
    band, side = rule.hysteresis * 0.999, 1 if rule.above else -1
    changes, before = 0, NONE
    for _at, _value, track in run(rule, [(wait, limit + side * (0.5 - band * part)) for wait, part in steps]):
        changes += track.level != before
        before = track.level
    assert changes <= 1


@given(rules(), STEPS)
def test_what_is_not_known_changes_nothing(rule: Rule, steps: list[tuple[float, float | None]]) -> None:
    before = Track()
    for _at, value, track in run(rule, steps):
        if value is None:
            assert track.level == before.level
        before = track


@given(rules(), STEPS, st.integers(0, 25).map(float), st.sampled_from([0.0, 1.0, 0.05]))
def test_the_next_look_misses_nothing(
    rule: Rule, steps: list[tuple[float, float | None]], value: float, growth: float
) -> None:
    """Between now and the time that is given, no look would change the level; at that time one may."""
    at, _value, track = run(rule, steps)[-1]
    track = advance(rule, track, value, at)
    due = next_look(rule, track, value, growth, at)
    horizon = 1000.0 if due is None else due - at
    now = track
    for part in (0.1, 0.5, 0.9, 0.999):
        later = at + max(0.0, horizon - 0.002) * part  # a look comes a moment after a threshold is met
        assert advance(rule, now, value + growth * (later - at), later).level == track.level
    if growth == 0 and due is not None:
        assert advance(rule, track, value, due + 0.001).level != track.level or rule.calm


@given(rules(), STEPS, st.sampled_from([0.0, 1.0]))
def test_all_rules_at_once_say_what_each_says_alone(
    rule: Rule, steps: list[tuple[float, float | None]], growth: float
) -> None:
    watch, track, at = Evaluator([rule]), Track(), 0.0
    for wait, value in steps:
        at += wait
        before, track = track, advance(rule, track, value, at)
        found = watch.look({"waiting": [reading(value, growth=growth)]}, at)
        assert len(found) == (before.level != track.level)
        assert watch.tracks.get(("r", "queue", "a"), Track()) == track
        assert watch.due == next_look(rule, track, value, growth, at)


def reading(value: float | None, key: str = "a", **more: object) -> Reading:
    return Reading("waiting", "queue", key, key, value, partial(str, "text"), **more)  # type: ignore[arg-type]


def test_what_is_gone_is_over_and_what_is_held_stays() -> None:
    watch = Evaluator([Rule(name="r", figure="waiting", limits=(None, 3, None))])
    assert [t.after for t in watch.look({"waiting": [reading(4)]}, 0)] == ["warning"]
    assert watch.look({"waiting": []}, 1, held=frozenset({"waiting"})) == []
    (gone,) = watch.look({"waiting": []}, 2)
    assert (gone.before, gone.after, gone.reading) == ("warning", None, None)
    assert watch.look({"waiting": []}, 3) == []


def test_too_few_visits_say_nothing_and_a_new_day_ends_what_was() -> None:
    watch = Evaluator([Rule(name="r", figure="waiting", above=False, limits=(None, 0.8, None), min_offered=5)])
    assert watch.look({"waiting": [reading(0.1, offered=4)]}, 0) == []
    assert [t.after for t in watch.look({"waiting": [reading(0.1, offered=5)]}, 1)] == ["warning"]
    assert [t.after for t in watch.look({"waiting": [reading(None, offered=0)]}, 2)] == [None]


def test_what_held_before_a_restart_is_not_raised_again() -> None:
    rule = Rule(name="r", figure="waiting", limits=(None, 3, 10), hysteresis=2)
    watch = Evaluator([rule], {("r", "queue", "a"): restored("warning")})
    assert watch.look({"waiting": [reading(4)]}, 0) == []
    assert watch.look({"waiting": [reading(2)]}, 1) == []
    assert [(t.before, t.after) for t in watch.look({"waiting": [reading(1)]}, 2)] == [("warning", None)]


# --- ages ---


@given(
    st.lists(st.tuples(st.floats(0.1, 30), st.sampled_from([0.0, 0.0, 0.0, 3600.0, -3600.0])), max_size=30),
    st.floats(0, 100),
)
def test_an_age_goes_on_by_itself_when_the_clock_on_the_wall_jumps(
    steps: list[tuple[float, float]], first: float
) -> None:
    ages, wall, at = SteadyAges(), NOW, 50.0
    began = wall - first
    ages.look(wall, at)
    expected = ages.age(("q", "a"), began)
    assert expected == pytest.approx(first, abs=1e-5)
    for step, jump in steps:
        wall, at, expected = wall + step + jump, at + step, expected + step
        ages.look(wall, at)
        assert ages.age(("q", "a"), began) == pytest.approx(expected, abs=1e-5)


@given(
    st.lists(st.tuples(st.floats(0.5, 30), st.sampled_from(["", "arrive", "leave"])), min_size=1, max_size=40),
    st.lists(st.sampled_from([0.0, 3600.0, -3600.0]), min_size=40, max_size=40),
)
def test_jumps_of_the_clock_raise_and_end_nothing(steps: list[tuple[float, str]], jumps: list[float]) -> None:
    """The same story with and without jumps of an hour: callers come and go, the rules judge their wait."""
    wanted = [rule for rule in BUILT_IN if rule.figure == "wait_ratio"]

    def story(jumping: bool) -> list[tuple[float, str | None]]:
        board, ages, watch = Board(LIVE), SteadyAges(), Evaluator(wanted)
        wall, at = NOW, 0.0
        told: list[tuple[float, str | None]] = []
        row = QueueRow("a", available=1, members=1)
        for (step, what), jump in zip(steps, jumps, strict=False):
            wall, at = wall + step + (jump if jumping else 0.0), at + step
            if what == "arrive" and not row.waiting:
                row = replace(row, waiting=1, oldest_entered_at=wall)
            elif what == "leave":
                row = replace(row, waiting=0, oldest_entered_at=None)
            board.queues["a"] = row
            ages.look(wall, at)
            told += [(at, t.after) for t in watch.look(measure(board, watch.figures, ages), at)]
        return told

    assert story(True) == story(False)


# --- figures ---


def test_every_figure_can_be_named_in_the_settings() -> None:
    assert set(ALERT_FIGURES) == set(FIGURES)


def full_board() -> Board:
    board = Board(replace(LIVE, state="down", clock_offset=-3.0, detail="gone"))
    today = Figures(20, 15, 5, 5, 0.7, 0.2, 12.0, 180.0, 3600.0, 3, 99.0, 0.8)
    board.queues["a"] = QueueRow("a", "Sales", waiting=2, oldest_entered_at=NOW - 60, members=3, paused=1, today=today)
    paused = agent("Anna", 1001, AgentState.PAUSED, state_since=NOW - 1000, pause_reason="Lunch", today=today)
    board.agents[paused.key] = replace(paused, memberships=(Membership("a"),))
    board.parked["p"] = ParkedRow("p", "default", "701", "+49301234", "Pia", NOW - 61)
    return board


def test_every_figure_is_read_off_the_board_with_words() -> None:
    plan = [Reading(name, FIGURES[name].topic, "a", "A", 2.0, lambda: "by the plan") for name in OF_PLAN]
    site = Site(130.0, "", {"store": 0.05}, {("Bert", ""): NOW - 700}, plan)
    found = measure(full_board(), FIGURES, PlainAges(NOW), site)
    for name, figure in FIGURES.items():
        assert found[name], name
        for item in found[name]:
            assert item.topic == figure.topic
            assert item.value is not None
            assert item.text
    by_name = {name: found[name][0].value for name in FIGURES}
    assert by_name["unserved"] == 2
    assert by_name["wait_ratio"] == 3
    assert by_name["late_for_shift"] == 700
    assert by_name["clock_offset"] == 3
    assert by_name["pause_time"] == 1000
    assert "Lunch" in found["pause_time"][0].text


def test_no_words_name_a_caller() -> None:
    found = measure(full_board(), FIGURES, PlainAges(NOW), Site())
    told = [text for items in found.values() for item in items for text in (item.text, item.name)]
    assert not [text for text in told if "Pia" in text or "1234" in text]


def test_who_is_there_is_not_late() -> None:
    board = full_board()
    late = measure(board, ["late_for_shift"], PlainAges(NOW), Site(shifts={("Anna K.", "anna"): NOW - 700}))
    assert late["late_for_shift"] == []
    board.agents["PJSIP/1001"] = replace(next(iter(board.agents.values())), state=AgentState.UNAVAILABLE)
    board.agents = {key: replace(row, state=AgentState.UNAVAILABLE) for key, row in board.agents.items()}
    assert measure(board, ["late_for_shift"], PlainAges(NOW), Site(shifts={("Anna K.", "anna"): NOW - 700}))[
        "late_for_shift"
    ]


def test_a_log_is_silent_from_the_first_visit_that_it_does_not_tell(tmp_path: Path) -> None:
    path, store = tmp_path / "queue_log", tmp_path / "ccops.db"
    ended = Change(NOW, "ended", "1.1", CallRow("1.1", "sales", "", "", "talking", NOW - 60, ended_at=NOW))
    outside = replace(ended, row=CallRow("1.2", None, "", "", "talking", NOW - 60, ended_at=NOW))
    watch = LogWatch(path)
    assert watch.site(0.0, {}, {}).log_silence is None  # nobody has looked yet
    watch.take(look(path, store).log, 10.0)
    assert watch.site(15.0, {}, {}).log_silence == 5.0  # it is not there
    path.write_text("1|x|NONE|NONE|QUEUESTART|\n")
    watch.take(look(path, store).log, 20.0)
    assert watch.site(25.0, {}, {}).log_silence == 0.0
    watch.saw([outside], 30.0)
    assert watch.site(35.0, {}, {}).log_silence == 0.0
    watch.saw([ended], 40.0)
    watch.saw([ended], 45.0)
    watch.take(look(path, store).log, 50.0)
    assert watch.site(60.0, {}, {}).log_silence == 20.0
    path.write_text("1|x|NONE|NONE|QUEUESTART|\n2|x|sales|A|COMPLETEAGENT|1|2|1\n")
    watch.take(look(path, store).log, 65.0)
    assert watch.site(70.0, {}, {}).log_silence == 0.0
    assert LogWatch(None).site(0.0, {}, {}).log_silence is None


def test_disks_are_looked_at_where_the_files_are_or_will_be(tmp_path: Path) -> None:
    seen = look(tmp_path / "queue_log", tmp_path / "not" / "yet" / "ccops.db")
    assert list(seen.disks) == ["store"]  # one disk is told once
    assert 0.0 <= seen.disks["store"] <= 1.0


@pytest.mark.parametrize(
    ("name", "patterns", "expected"),
    [
        ("Sales", (), True),
        ("Sales", ("sales",), True),
        ("Sales", ("sup*",), False),
        ("Sales", ("*", "!sales"), False),
        ("Support", ("!sales",), True),
        ("Sales[1]", ("sales[1]",), False),
    ],
)
def test_patterns_choose_and_exclude(name: str, patterns: tuple[str, ...], expected: bool) -> None:
    assert chosen(name, patterns) is expected


def test_one_excluded_name_of_an_agent_excludes_the_agent() -> None:
    assert any_chosen(("Anna", "PJSIP/1001"), ("*", "!Bert"))
    assert not any_chosen(("Anna", "PJSIP/1001"), ("*", "!PJSIP/1001"))
