"""Today's figures, row by row: what counting the whole log anew gives, over midnight and clock changes."""

from datetime import date
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.errors import ConfigError
from ccops.pbx.queue_log import LogRow, parse_block
from ccops.reports.figures import QUEUE_FIGURES
from ccops.reports.periods import Period, day_around, day_of, day_period, days_of, slots_of, zone_of
from ccops.reports.rules import PauseRule, QueueRule, Rules
from ccops.reports.tally import Tally
from ccops.reports.today import Today
from ccops.reports.visits import OFFERED, ActionLog, visits_of
from tests.history_logs import QUEUES, START, Log, logs
from tests.history_reference import reference_agent

DATA = Path(__file__).parent / "data"
UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")


def feed(today: Today, text: str) -> Today:
    lines = "\n".join(line.strip() for line in text.strip().splitlines()) + "\n"
    for row in parse_block(lines.encode()):
        today.feed(row)
    return today


def test_the_recorded_log_by_hand() -> None:
    today = Today(UTC, Rules(queues={"sales": QueueRule(wrap_up=2)}))
    rows = list(parse_block((DATA / "asterisk-22.10.queue_log").read_bytes()))
    for row in rows:
        today.feed(row)
    now = rows[-1].at
    sales, support = today.queue("sales", now), today.queue("Support", now)
    assert (sales.offered, sales.answered, sales.abandoned, sales.lost, sales.longest_wait) == (10, 7, 2, 3, 5)
    assert sales.service_level == pytest.approx(7 / 8)
    assert sales.asa == pytest.approx(5 / 7)
    assert sales.aht == pytest.approx((15 + 7 * 2) / 7)
    assert (support.offered, support.answered, support.asa, support.talk) == (1, 1, 16, 1)
    ana = today.agent("Ana 王芳", now)
    assert (ana.answered, ana.talk, ana.missed, ana.offered) == (7, 15, 0, None)
    # Logged in for 73 s, paused 9 s and 3 s, talked 15 s, 7 times 2 s of wrap-up.
    assert ana.occupancy == pytest.approx(29 / (73 - 9 - 3))
    never = today.agent("Never Answers", now)
    assert (never.answered, never.missed, never.aht) == (0, 1, None)
    slots = today.per_half_hour("sales", now)
    assert sum(slots) == 10
    assert slots[-1] == 10
    assert today.since == rows[0].at


def test_what_is_open_counts_as_far_as_it_is_known() -> None:
    today = feed(
        Today(UTC),
        f"""{START + 10}|M|q|Ana|ADDMEMBER|
        {START + 100}|a|q|NONE|ENTERQUEUE||1|1
        {START + 105}|b|q|NONE|ENTERQUEUE||2|2
        {START + 110}|a|q|Ana|CONNECT|10|x|3""",
    )
    figures = today.queue("q", START + 150)
    assert (figures.offered, figures.answered, figures.asa, figures.aht, figures.talk) == (1, 1, 10, None, 0)
    assert today.agent("Ana", START + 150).talk == 40
    assert today.agent("Ana", START + 150).occupancy == pytest.approx(40 / 140)
    assert figures.occupancy == pytest.approx(40 / 140)
    feed(today, f"{START + 170}|a|q|Ana|COMPLETEAGENT|10|60|1\n{START + 171}|b|q|NONE|ABANDON|1|2|66")
    figures = today.queue("q", START + 180)
    assert (figures.offered, figures.answered, figures.abandoned, figures.aht, figures.talk) == (2, 1, 1, 60, 60)


def test_a_person_with_two_names_in_the_log_is_one() -> None:
    today = feed(
        Today(UTC),
        f"""{START + 1}|M|q|PJSIP/1|ADDMEMBER|
        {START + 100}|a|q|NONE|ENTERQUEUE||1|1
        {START + 110}|a|q|Ana|CONNECT|10|x|3
        {START + 120}|a|q|Ana|COMPLETEAGENT|10|10|1""",
    )
    figures = today.agent("Ana", START + 201, also=("PJSIP/1", "Ana"))
    assert figures.answered == 1
    assert figures.occupancy == pytest.approx(10 / 200)


def test_only_what_changed_is_dirty() -> None:
    today = feed(Today(UTC), f"{START + 1}|a|q|NONE|ENTERQUEUE||1|1\n{START + 2}|b|r|NONE|ENTERQUEUE||1|1")
    assert today.take_dirty() == ({"q", "r"}, set())
    feed(today, f"{START + 3}|a|q|Ana|CONNECT|2|x|3\n{START + 3}|c|q|NONE|DID|800")
    assert today.take_dirty() == ({"q"}, {"Ana"})
    assert today.take_dirty() == (set(), set())
    today.roll(START + 86_400)
    assert today.take_dirty() == ({"q", "r"}, {"Ana"})
    assert today.queue("q", START + 86_401).offered == 0


def test_midnight_divides_visits_by_entry_and_time_by_the_clock() -> None:
    midnight = START + 86_400
    today = feed(
        Today(UTC, Rules(wrap_up=20)),
        f"""{midnight - 3600}|M|q|Ana|ADDMEMBER|
        {midnight - 3600}|N|q|Ana|PAUSE|lunch
        {midnight - 3000}|N|q|Ana|UNPAUSE|
        {midnight - 100}|a|q|NONE|ENTERQUEUE||1|1
        {midnight - 60}|a|q|Ana|CONNECT|40|x|3
        {midnight + 40}|a|q|Ana|COMPLETEAGENT|40|100|1
        {midnight + 50}|b|q|NONE|ENTERQUEUE||1|1
        {midnight + 51}|b|q|NONE|ABANDON|1|1|1""",
    )
    figures = today.queue("q", midnight + 100)
    assert (figures.offered, figures.answered, figures.abandoned, figures.talk) == (1, 0, 1, 0)
    ana = today.agent("Ana", midnight + 100)
    assert (ana.answered, ana.talk) == (0, 40)
    assert ana.occupancy == pytest.approx(60 / 100)
    assert today.per_half_hour("q", midnight + 100) == (1,)
    assert today.since == midnight + 40


def test_a_wrap_up_pause_changes_the_handling_time() -> None:
    rules = Rules(wrap_up=5, pauses={"acw": PauseRule(wrap_up=True)})
    today = feed(
        Today(UTC, rules),
        f"""{START + 1}|M|q|Ana|ADDMEMBER|
        {START + 10}|a|q|NONE|ENTERQUEUE||1|1
        {START + 10}|a|q|Ana|CONNECT|0|x|3
        {START + 20}|a|q|Ana|COMPLETEAGENT|0|10|1""",
    )
    assert (today.queue("q", START + 60).aht, today.agent("Ana", START + 60).aht) == (15, 15)
    feed(today, f"{START + 20}|N|q|Ana|PAUSE|acw\n{START + 61}|N|q|Ana|UNPAUSE|")
    assert (today.queue("q", START + 101).aht, today.agent("Ana", START + 101).aht) == (51, 51)
    assert today.agent("Ana", START + 101).occupancy == pytest.approx(51 / 100)


@pytest.mark.parametrize(
    ("day", "hours", "slots"), [(date(2026, 3, 29), 23, 46), (date(2026, 10, 25), 25, 50), (date(2026, 7, 1), 24, 48)]
)
def test_days_of_23_and_25_hours(day: date, hours: int, slots: int) -> None:
    period = day_period(day, BERLIN)
    assert period.seconds == hours * 3600
    today = Today(BERLIN)
    for number, at in enumerate((period.start - 1, period.start, period.end - 1, period.end)):
        feed(today, f"{at}|c{number}|q|NONE|ENTERQUEUE||1|1\n{at}|c{number}|q|NONE|ABANDON|1|1|0")
        if at == period.end - 1:
            counted = today.per_half_hour("q")
            assert (len(counted), counted[0], counted[-1], sum(counted)) == (slots, 1, 1, 2)
    assert today.per_half_hour("q") == (1,)


@given(
    st.integers(1_262_304_000, 2_000_000_000),
    st.sampled_from(["Asia/Kathmandu", "America/Havana", "Pacific/Apia", "Asia/Beirut"]),
)
def test_every_instant_lies_in_its_own_day(at: int, zone_name: str) -> None:
    zone = ZoneInfo(zone_name)
    day = day_around(at, zone)
    assert at in day
    assert day_of(day.start, zone) == day_of(day.end - 1, zone) == day_of(at, zone)
    assert day_of(day.start - 1, zone) != day_of(at, zone) != day_of(day.end, zone)
    around = Period(at - 200_000, at + 200_000)
    days = [part for _day, part in days_of(around, zone)]
    assert [days[0].start, days[-1].end] == [around.start, around.end]
    assert all(left.end == right.start for left, right in pairwise(days))
    assert sum(slot.seconds for slot in slots_of(day, 1800)) == day.seconds


def test_a_wrong_zone_names_its_neighbours() -> None:
    with pytest.raises(ConfigError, match="Europe/Berlin"):
        zone_of("Europe/Berlim")


def counted_anew(rows: list[LogRow], queue: str, day: Period, log: Log, rules: Rules) -> tuple[Tally, list[int]]:
    tally, slots = Tally(), [0] * 48
    for visit in visits_of(rows, ActionLog(log.actions)):
        if visit.queue == queue and visit.entered in day:
            tally.add(visit, rules)
            if visit.outcome in OFFERED:
                slots[(visit.entered - day.start) // 1800] += 1
    return tally, slots


@given(logs(days=2, restarts=1), st.integers(0, 60))
def test_row_by_row_is_what_counting_anew_gives(log: Log, cut: int) -> None:
    rules = Rules(wrap_up=7)
    rows = list(parse_block(log.data()))[: cut or None]
    today = Today(UTC, rules, actions=ActionLog(log.actions))
    for row in rows:
        today.feed(row)
    now = rows[-1].at + 100 if rows else START
    for queue in QUEUES:
        tally = today.queue_tally(queue, now)
        anew, slots = counted_anew(rows, queue, today.day, log, rules)
        assert tally == anew
        assert today.queue(queue, now).aht == QUEUE_FIGURES["aht"].of(anew, rules)
        counts = today.per_half_hour(queue, now)
        assert list(counts) == slots[: len(counts)]


@given(logs(days=2))
def test_agents_row_by_row(log: Log) -> None:
    rows = list(parse_block(log.data()))
    today = Today(UTC, actions=ActionLog(log.actions))
    for row in rows:
        today.feed(row)
        today.queue(row.queue, row.at)  # asking must not change what is answered later
    now = rows[-1].at + 100 if rows else START
    today.roll(now)
    for agent in {row.agent for row in rows} - {"NONE"}:
        tally = today.agent_tally(agent, now)
        visits = [v for v in visits_of(rows, ActionLog(log.actions)) if v.agent == agent]
        slow = reference_agent(rows, agent, today.day.start, now)
        assert tally.answered == sum(visit.entered in today.day for visit in visits)
        assert tally.missed == sum(r.event == "RINGNOANSWER" and r.agent == agent and r.at in today.day for r in rows)
        assert tally.talk == sum(
            max(0, min(v.connected + v.talk if v.talk is not None else now, now) - max(v.connected, today.day.start))
            for v in visits
            if v.connected is not None and v.ended_by != "unknown"
        )
        if slow["logged_in"] is not None:
            assert (tally.logged_in, tally.paused) == (slow["logged_in"], slow["paused"])
