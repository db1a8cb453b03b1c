"""Figures of the past from the store: what counting visits gives, with roll-ups and without, in any period and zone."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.errors import NotFound
from ccops.pbx.queue_log import LogRow, parse_block
from ccops.reports.archive import Archive
from ccops.reports.history import History, Sinks
from ccops.reports.ingest import Following, ingest
from ccops.reports.periods import Period, day_period, days_of, segments_of
from ccops.reports.rules import PauseRule, QueueRule, Rules
from ccops.reports.spans import Pause, Session, clip, seconds
from ccops.reports.tally import AgentTally, Tally
from ccops.reports.visits import Missed, Outcome, Visit
from tests.history_logs import AGENTS, START, Log, logs

DATA = Path(__file__).parent / "data"
BERLIN = ZoneInfo("Europe/Berlin")
RULES = Rules(
    threshold=15,
    wrap_up=10,
    queues={"Sales": QueueRule(threshold=30, wrap_up=20)},
    pauses={"wrap": PauseRule(wrap_up=True)},
)
OTHER = Rules(threshold=40, short_abandon=20, wrap_up=3, pauses={"wrap": PauseRule(wrap_up=True)})


@dataclass
class Found:
    """Everything that a log says, in memory."""

    visits: list[Visit]
    missed: list[Missed]
    sessions: list[Session]
    pauses: list[Pause]

    @classmethod
    def of(cls, rows: Iterable[LogRow], rules: Rules) -> "Found":
        found = cls([], [], [], [])
        sinks = Sinks(
            found.visits.append,
            found.missed.append,
            found.sessions.append,
            found.pauses.append,
            lambda visit, before: None,
        )
        history = History(rules, sinks)
        for row in rows:
            history.feed(row)
        found.visits += history.visits.open.values()
        for agent in history.spans.agents:
            found.sessions += history.spans.sessions_of(agent)
            pause = history.spans.pause_of(agent)
            found.pauses += [pause] if pause is not None else []
        return found

    def queues(self, period: Period, rules: Rules) -> dict[str, Tally]:
        tallies: dict[str, Tally] = {}
        for visit in self.visits:
            if visit.entered in period:
                tallies.setdefault(visit.queue, Tally()).add(visit, rules)
        return tallies

    def agent(self, name: str, period: Period, rules: Rules, now: int) -> AgentTally:
        tally, span = AgentTally(), (period.start, period.end)
        for visit in self.visits:
            if visit.agent != name:
                continue
            if visit.entered in period:
                tally.add(visit, rules)
            tally.add_time(visit, span, rules)
            if visit.open and visit.connected is not None and visit.ended_by == "":
                tally.talk -= seconds(clip([(visit.connected, span[1])], *span))  # the store counts it once it is over
        for missed in self.missed:
            if missed.agent == name and missed.at in period:
                tally.add_missed(missed)
        touching = [s for s in self.sessions if s.agent == name and touches(s, span, now)]
        pauses = [p for p in self.pauses if p.agent == name and touches(p, span, now)]
        tally.clock(touching, pauses, (span[0], max(span[0], min(span[1], now))), rules)
        return tally


def touches(item: Session | Pause, span: tuple[int, int], now: int) -> bool:
    return item.since < min(span[1], now) and (item.until is None or item.until > span[0])


@contextmanager
def archive_of(
    folder: Path, data: bytes, rules: Rules, zone: ZoneInfo, *, read_with: Rules | None = None
) -> Iterator[Archive]:
    log, store = folder / "queue_log", folder / "s.db"
    log.write_bytes(data)
    ingest(store, [log], rules, zone)
    with Archive.opened(store, read_with or rules, zone) as archive:
        yield archive


periods = st.tuples(st.integers(-2, 26 * 4), st.integers(0, 24 * 4), st.sampled_from([900, 900, 1000])).map(
    lambda cut: Period(START + cut[0] * cut[2], START + (cut[0] + cut[1]) * cut[2])
)


@settings(max_examples=40, deadline=None)
@given(logs(days=2, stays=15, restarts=1), periods, st.sampled_from([RULES, OTHER]))
def test_queues_of_any_period(
    tmp_path_factory: pytest.TempPathFactory, log: Log, period: Period, read_with: Rules
) -> None:
    data = log.data()
    found = Found.of(parse_block(data), RULES)
    with archive_of(tmp_path_factory.mktemp("q"), data, RULES, BERLIN, read_with=read_with) as archive:
        assert archive.queue_tallies(period) == found.queues(period, read_with)
        for queue in archive.queues():
            mine = archive.queue_tallies(period, queue=queue.upper(), waits=False)
            for tally in mine.values():
                assert tally.offered == found.queues(period, read_with)[queue].offered


@settings(max_examples=30, deadline=None)
@given(
    logs(days=3, stays=15), st.sampled_from([900, 1800, 3600, 86_400]), st.booleans(), st.sampled_from([RULES, OTHER])
)
def test_intervals_are_the_visits_that_entered_in_them(
    tmp_path_factory: pytest.TempPathFactory, log: Log, seconds: int, apart: bool, read_with: Rules
) -> None:
    data = log.data()
    zone = ZoneInfo("Asia/Kathmandu")
    found = Found.of(parse_block(data), RULES)
    period = day_period(date(2026, 1, 1), zone)
    period = Period(period.start, period.end + 2 * 86_400)
    with archive_of(tmp_path_factory.mktemp("i"), data, RULES, zone, read_with=read_with) as archive:
        intervals = list(archive.interval_tallies(period, seconds, apart=apart))
    for interval in intervals:
        start = interval.period.start
        assert interval.period.seconds == seconds
        assert (start - period.start) % seconds == 0
        mine = found.queues(interval.period, read_with)
        expected = Tally()
        for queue, tally in mine.items():
            if not apart or queue == interval.queue:
                tally.waits.clear()
                expected.merge(tally)
        assert interval.tally == expected
    counted = sum(interval.tally.offered for interval in intervals)
    assert counted == sum(tally.offered for tally in found.queues(period, read_with).values())


def test_days_of_23_and_25_hours_are_days(tmp_path: Path) -> None:
    lines = []
    for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30), date(2026, 10, 25), date(2026, 10, 26)):
        period = day_period(day, BERLIN)
        lines += [
            f"{at}|{at}.1|q|NONE|ENTERQUEUE||1|1\n{at}|{at}.1|q|NONE|EXITEMPTY|1|1|0\n"
            for at in (period.start, period.start + 3 * 3600 - 1800, period.end - 1)
        ]
    with archive_of(tmp_path, "".join(lines).encode(), RULES, BERLIN) as archive:
        year = Period(day_period(date(2026, 1, 1), BERLIN).start, day_period(date(2027, 1, 1), BERLIN).start)
        days = list(archive.interval_tallies(year, 86_400))
        hours = list(archive.interval_tallies(year, 3600))
    assert [interval.tally.offered for interval in days] == [3, 3, 3, 3, 3]
    assert [interval.period.seconds // 3600 for interval in days] == [24, 23, 24, 25, 24]
    assert len(hours) == 15
    assert all(interval.period.seconds == 3600 for interval in hours)
    parts = list(segments_of(year, BERLIN))
    assert [offset for _part, offset in parts] == [3600, 7200, 3600]
    assert [part.seconds for part, _offset in parts] == [part.end - part.start for part, _offset in parts]
    assert sum(1 for _day in days_of(year, BERLIN)) == 365


@settings(max_examples=40, deadline=None)
@given(logs(days=3, stays=12, restarts=1), periods, st.sampled_from([RULES, OTHER]), st.booleans())
def test_agents_of_any_period(
    tmp_path_factory: pytest.TempPathFactory, log: Log, period: Period, read_with: Rules, whole_days: bool
) -> None:
    data = log.data()
    zone = ZoneInfo("UTC")
    rows = list(parse_block(data))
    found = Found.of(rows, RULES)
    if whole_days:
        period = Period(START, START + 3 * 86_400 + 50)
    now = max((row.at for row in rows), default=0) + 1
    with archive_of(tmp_path_factory.mktemp("a"), data, RULES, zone, read_with=read_with) as archive:
        tallies = archive.agent_tallies(period)
        for agent in AGENTS:
            assert tallies.get(agent, AgentTally()) == rounded(found.agent(agent, period, read_with, now)), agent


def rounded(tally: AgentTally) -> AgentTally:
    tally.paused = {reason: count for reason, count in tally.paused.items() if count}
    return tally


@settings(max_examples=30, deadline=None)
@given(logs(days=3, stays=12, restarts=1), st.sampled_from(["UTC", "Asia/Kathmandu"]), st.sampled_from([RULES, OTHER]))
def test_agents_by_day_and_parts_of_days(
    tmp_path_factory: pytest.TempPathFactory, log: Log, name: str, read_with: Rules
) -> None:
    """Whole days may be read from the roll-up, a part of one never."""
    data, zone = log.data(), ZoneInfo(name)
    rows = list(parse_block(data))
    found = Found.of(rows, RULES)
    now = max((row.at for row in rows), default=0) + 1
    days = [day for _date, day in days_of(Period(START + 7000, START + 3 * 86_400 + 9000), zone)]
    with archive_of(tmp_path_factory.mktemp("d"), data, RULES, zone, read_with=read_with) as archive:
        tallies = {(day.start, agent): tally for day, agent, tally in archive.agent_interval_tallies(days)}
    for day in days:
        for agent in AGENTS:
            expected = rounded(found.agent(agent, day, read_with, now))
            assert tallies.get((day.start, agent), AgentTally()) == expected, (day, agent)


def test_agents_by_interval(tmp_path: Path) -> None:
    log = """1767258000|M|q|Ana|ADDMEMBER|
        1767259700|a|q|NONE|ENTERQUEUE||1|1
        1767259750|a|q|Ana|CONNECT|50|m|5
        1767259900|a|q|Ana|COMPLETEAGENT|50|150|1
        1767265200|M|q|Ana|REMOVEMEMBER|"""
    data = "\n".join(line.strip() for line in log.splitlines()).encode() + b"\n"
    first = Period(1767258000, 1767259800)
    with archive_of(tmp_path, data, RULES, ZoneInfo("UTC")) as archive:
        rows = list(archive.agent_interval_tallies([first, Period(first.end, first.end + 1800)]))
    assert [
        (period.start, agent, tally.answered, tally.talk, tally.wrap, tally.logged_in) for period, agent, tally in rows
    ] == [
        (first.start, "Ana", 1, 50, 0, 1800),
        (first.end, "Ana", 0, 100, 10, 1800),
    ]


def recorded(folder: Path) -> tuple[Path, bytes]:
    return folder / "s.db", (DATA / "asterisk-22.10.queue_log").read_bytes()


def test_visits_one_by_one_and_their_lines(tmp_path: Path) -> None:
    _store, data = recorded(tmp_path)
    with archive_of(tmp_path, data, RULES, BERLIN) as archive:
        covered = archive.covers
        assert covered is not None
        assert (archive.queues(), len(archive.agents())) == (["sales", "support"], 4)
        visits = list(archive.visits(covered))
        assert len(visits) == 11
        assert len(list(archive.visits(covered, queue="Sales", agent="Ana 王芳"))) == 7
        assert [visit.outcome for visit in archive.visits(covered, outcomes=[Outcome.TIMEOUT])] == [Outcome.TIMEOUT]
        (eighth,) = archive.visits(covered, caller="5550008")
        lines = archive.lines_of(eighth)
        assert [line.text.split(b"|")[4] for line in lines[:2]] == [b"ENTERQUEUE", b"RINGNOANSWER"]
        assert lines[-1].text.endswith(b"COMPLETECALLER|16|1|1")
        for line in lines:
            assert data.split(b"\n")[line.line - 1] == line.text
            assert data[line.offset :].startswith(line.text)
            assert line.path.endswith("queue_log")
        assert [visit.number for visit in archive.visits_of_call(eighth.callid)] == [eighth.number]
        assert [(one.agent, one.ring, one.callid) for one in archive.missed(covered)] == [
            ("Never Answers", 15.0, eighth.callid)
        ]
        assert [pause.reason for pause in archive.pauses(covered)] == ["lunch", "coffee", ""]
        assert len(archive.sessions(covered)) == 4
        with pytest.raises(NotFound, match="sales"):
            archive.queue_tallies(covered, queue="sale")
        with pytest.raises(NotFound, match="Never Answers"):
            archive.agent_tallies(covered, agent="Never")


def test_the_lines_of_an_end_in_the_next_file_and_under_another_callid(tmp_path: Path) -> None:
    first, second = tmp_path / "queue_log.1", tmp_path / "queue_log"
    first.write_bytes(
        b"1790000000|a|q|NONE|ENTERQUEUE||1|1\n1790000002|a|q|Ana|CONNECT|2|m|1\n1790000003|b|q|NONE|DID|8\n"
    )
    second.write_bytes(b"1790000010|x|q|NONE|ENTERQUEUE||1|1\n1790000022|zz|q|Ana|COMPLETEAGENT|2|20|1\n")
    ingest(tmp_path / "s.db", [second, first], RULES, BERLIN)
    with Archive.opened(tmp_path / "s.db", RULES, BERLIN) as archive:
        visit = archive.visits_of_call("a")[0]
        assert (visit.talk, visit.ended_by) == (20, "agent")
        assert [(line.path.rpartition("/")[2], line.line) for line in archive.lines_of(visit)] == [
            ("queue_log.1", 1),
            ("queue_log.1", 2),
            ("queue_log", 2),
        ]


def test_other_rules_and_another_zone_make_roll_ups_anew(tmp_path: Path) -> None:
    store, data = recorded(tmp_path)
    with archive_of(tmp_path, data, RULES, BERLIN) as archive:
        assert archive.covers is not None
        period = Period(archive.covers.start // 900 * 900, archive.covers.end // 900 * 900 + 900)
        before = archive.queue_tallies(period)
    following = Following(store, tmp_path / "queue_log", OTHER, ZoneInfo("Asia/Tokyo"))
    following.close()
    with Archive.opened(store, OTHER, ZoneInfo("Asia/Tokyo")) as archive:
        assert archive.queue_tallies(period)["sales"].short_abandoned == 2
        assert archive.queue_tallies(period)["sales"].wrap == 7 * 3
        assert before["sales"].wrap == 7 * 20
    with Archive.opened(store, RULES, BERLIN) as archive:  # counted from visits, since the roll-ups are others
        assert archive.queue_tallies(period) == before


def test_other_wrap_up_pauses_derive_visits_anew(tmp_path: Path) -> None:
    log = """1790000000|a|q|NONE|ENTERQUEUE||1|1
        1790000002|a|q|Ana|CONNECT|2|m|1
        1790000012|a|q|Ana|COMPLETEAGENT|2|10|1
        1790000013|N|q|Ana|PAUSE|acw
        1790000043|N|q|Ana|UNPAUSE|"""
    data = "\n".join(line.strip() for line in log.splitlines()).encode() + b"\n"
    with archive_of(tmp_path, data, Rules(), BERLIN) as archive:
        assert archive.visits_of_call("a")[0].wrap is None
    rules = Rules(pauses={"acw": PauseRule(wrap_up=True)})
    ingest(tmp_path / "s.db", [], rules, BERLIN)
    with Archive.opened(tmp_path / "s.db", rules, BERLIN) as archive:
        assert archive.visits_of_call("a")[0].wrap == 30


def test_an_empty_store_has_no_past(tmp_path: Path) -> None:
    ingest(tmp_path / "s.db", [], RULES, BERLIN)
    with Archive.opened(tmp_path / "s.db", RULES, BERLIN) as archive:
        assert (archive.covers, archive.queues(), archive.agents()) == (None, [], [])
        assert archive.queue_tallies(Period(0, 1 << 31)) == {}
        assert list(archive.interval_tallies(Period(START, START + 86_400), 1800)) == []
        assert archive.agent_tallies(Period(START, START + 86_400)) == {}
