"""What doctor says of a log: every fault is found where it is, and a sound log has none."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.reports.archive import Archive
from ccops.reports.ingest import ingest
from ccops.reports.periods import Period
from ccops.reports.rules import Rules
from ccops.reports.soundness import Soundness, Step, audited, gaps_of
from ccops.store.sums import SLOT
from tests.cmd_tools import invoke

ZONE = ZoneInfo("Europe/Berlin")
T0 = 1_772_438_400
"""2026-03-02 09:00 in Berlin, a Monday."""
DAY = 86_400


def call(at: int, number: int, agent: str = "Ana", queue: str = "sales") -> list[str]:
    head = f"{at}.{number}|{queue}"
    return [
        f"{at}|{head}|NONE|ENTERQUEUE||030{number}|1",
        f"{at + 3}|{head}|{agent}|CONNECT|3|m{number}|2",
        f"{at + 60}|{head}|{agent}|COMPLETECALLER|3|57|1",
    ]


def login(at: int, agent: str = "Ana") -> list[str]:
    return [f"{at}|MANAGER|sales|{agent}|ADDMEMBER|"]


def found(folder: Path, *logs: Iterable[str]) -> Soundness:
    paths = []
    for number, lines in enumerate(logs):
        paths.append(folder / f"queue_log.{number}")
        paths[-1].write_text("".join(f"{line}\n" for line in lines))
    ingest(folder / "s.db", paths, Rules(), ZONE)
    with Archive.opened(folder / "s.db", Rules(), ZONE) as archive:
        return audited(archive)


def sound(days: int = 15) -> list[str]:
    lines = login(T0 - 60)
    for day in range(days):
        for number in range(40):
            lines += call(T0 + day * DAY + number * 100, day * 100 + number)
    return lines


def test_a_sound_log(tmp_path: Path) -> None:
    assert found(tmp_path, sound()) == Soundness(600, 1801, 0, 0, 0, [], [], [], 0, [])


def test_visits_without_an_end(tmp_path: Path) -> None:
    lines = login(T0) + call(T0, 1)[:2] + call(T0 + 10, 2)[:1] + call(T0 + 4 * DAY, 3)[:2]
    assert (found(tmp_path, lines).endless, found(tmp_path, lines).endless_talks) == (2, 1)


def test_odd_agents(tmp_path: Path) -> None:
    lines = [*login(T0), *call(T0, 1), *call(T0 + 100, 2, "Ben"), *call(T0 + 3 * DAY, 3, "Local/1001@from-queue/n")]
    one = found(tmp_path, lines)
    assert one.local_agents == ["Local/1001@from-queue/n"]
    assert one.static_agents == ["Ben", "Local/1001@from-queue/n"]


def test_steps_of_the_clock(tmp_path: Path) -> None:
    lines = [*call(T0 + 7200, 1), *call(T0 + 3600, 2), *call(T0 + 3580, 3)]
    assert found(tmp_path, lines).steps == [Step(T0 + 7200, T0 + 3600)]


def test_a_log_taken_in_from_two_places(tmp_path: Path) -> None:
    lines = login(T0) + [line for number in range(5) for line in call(T0 + number * 100, number)]
    assert found(tmp_path, lines).doubles == 0
    assert found(tmp_path, lines, [f"{T0 - 5}|NONE|NONE|NONE|CONFIGRELOAD|", *lines]).doubles == 5


def test_a_call_that_comes_again_is_no_double(tmp_path: Path) -> None:
    again = [line.replace(f"{T0 + 100}.1|", f"{T0}.1|") for line in call(T0 + 100, 1)]
    assert found(tmp_path, [*call(T0, 1), *again]).doubles == 0


def test_a_day_that_is_missing(tmp_path: Path) -> None:
    lines = sound(22)
    start, end = T0 + 14 * DAY - 60, T0 + 14 * DAY + 4200
    kept = [line for line in lines if not start <= int(line.split("|")[0]) < end]
    gaps = found(tmp_path, kept).gaps
    assert [gap.expected for gap in gaps] == [43]  # the 40, and three quarters of the hour that had 4 the day before
    assert gaps[0].period.start <= start
    assert end - SLOT <= gaps[0].period.end


slots = st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 20)), max_size=80, unique_by=lambda slot: slot[0])


@given(slots)
def test_gaps_are_empty_and_inside(known: list[tuple[int, int]]) -> None:
    known.sort()
    for gap in gaps_of(known, ZONE):
        assert known[0][0] * SLOT < gap.period.start < gap.period.end <= known[-1][0] * SLOT
        assert not [slot for slot, _count in known if slot * SLOT in gap.period]


def test_nights_and_weekends_are_no_gaps() -> None:
    monday = T0 // SLOT
    week = [(monday + day * 96 + slot, 10) for day in range(5) for slot in range(32)]
    known = [(slot + number * 7 * 96, count) for number in range(4) for slot, count in week]
    assert gaps_of(known, ZONE) == []
    lost = Period((monday + 14 * 96) * SLOT, (monday + 14 * 96 + 16) * SLOT)
    (gap,) = gaps_of([slot for slot in known if slot[0] * SLOT not in lost], ZONE)
    assert gap.expected == 160
    assert gap.period.end == lost.end
    assert datetime.fromtimestamp(gap.period.end, UTC).hour == 12


@pytest.mark.parametrize("kind", ["sound", "broken"])
def test_doctor_says_it(tmp_path: Path, kind: str) -> None:
    lines = sound() if kind == "sound" else [*call(T0 + 7200, 1, "Local/1@x"), *call(T0, 2)[:1], "garbage"]
    found(tmp_path, lines, lines[1:] if kind == "broken" else [])
    done = invoke(
        "--db", str(tmp_path / "s.db"), "doctor", "--offline", "--json", env={"CCOPS_SITE__TIMEZONE": "Europe/Berlin"}
    )
    checks = {check["check"]: check for check in json.loads(done.out) if check["check"].startswith("log_")}
    oks = {name: check["ok"] for name, check in checks.items()}
    if kind == "sound":
        assert set(oks.values()) == {True}
        return
    assert oks == {
        "log_unreadable": False,
        "log_ends": False,
        "log_local_channels": None,
        "log_static_members": None,
        "log_clock": False,
        "log_doubles": False,
        "log_gaps": True,
    }
    assert all(check["remedy"] and check["detail"] for check in checks.values() if not check["ok"])
    assert "Local/1@x" in checks["log_local_channels"]["detail"]
    assert "2026-03-02 11:00 → 2026-03-02 09:00" in checks["log_clock"]["detail"]


def test_doctor_without_a_history(tmp_path: Path) -> None:
    done = invoke("--db", str(tmp_path / "none.db"), "doctor", "--offline", "--json")
    (check,) = [check for check in json.loads(done.out) if check["check"] == "history"]
    assert check["ok"] is None
    assert not (tmp_path / "none.db").exists()
