"""The benchmark format of Curtois and Qu through the same model, re-checked by a reader and a judge of their own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ccops.errors import UsageProblem
from ccops.wfm.roster import solve
from ccops.wfm.roster.benchmark import read_plan, shifts_by_person
from tests.roster_checker import broken_rules, penalty_of, read_benchmark

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data" / "rostering"
SMALL = """# a comment
SECTION_HORIZON
# days
14

SECTION_SHIFTS
E,480,
L,480,E

SECTION_STAFF
A,E=14|L=14,4320,2880,5,2,2,1
B,E=14|L=0,4320,2880,5,2,2,1
C,E=14|L=14,4320,1440,5,1,1,2

SECTION_DAYS_OFF
A,3
B,10

SECTION_SHIFT_ON_REQUESTS
A,0,E,2
C,7,L,3

SECTION_SHIFT_OFF_REQUESTS
B,1,E,2

SECTION_COVER
"""


def _small(tmp_path: Path) -> Path:
    cover = [f"{day},{shift},1,100,1" for day in range(14) for shift in "EL"]
    path = tmp_path / "small.txt"
    path.write_text(SMALL + "\n".join(cover) + "\n", encoding="utf-8")
    return path


def test_a_file_is_solved_and_judged(tmp_path: Path) -> None:
    path = _small(tmp_path)
    result = solve(read_plan(path), seconds=30)
    roster, file = shifts_by_person(result), read_benchmark(path)
    assert broken_rules(file, roster) == []
    assert penalty_of(file, roster) == result.penalty
    assert result.proved
    assert result.bound == result.penalty


def test_the_command_prints_penalty_bound_seconds_and_roster(tmp_path: Path) -> None:
    path = _small(tmp_path)
    command = [sys.executable, "-m", "benchmarks.rostering", str(path), "--seconds", "20", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    found = json.loads(done.stdout)
    assert set(found) == {"penalty", "bound", "seconds", "roster"}
    assert broken_rules(read_benchmark(path), found["roster"]) == []
    assert penalty_of(read_benchmark(path), found["roster"]) == found["penalty"] == found["bound"]


@pytest.mark.parametrize(("number", "best"), [(1, 607), (2, 828), (3, 1001)])
def test_published_instances_are_proved(number: int, best: int) -> None:
    path = SHARED / f"Instance{number}.txt"
    if not path.exists():
        pytest.skip("the published instances are not on this machine (../shared/data/rostering)")
    result = solve(read_plan(path), seconds=120)
    roster, file = shifts_by_person(result), read_benchmark(path)
    assert broken_rules(file, roster) == []
    assert penalty_of(file, roster) == result.penalty == best
    assert result.proved
    assert result.bound == best


@pytest.mark.parametrize(
    ("wrong", "right", "words"),
    [
        ("SECTION_HORIZON", "SECTION_HORIZONT", "no section SECTION_HORIZON"),
        ("A,E=14|L=14,4320,2880,5,2,2,1", "A,E=14|L=14,4320", "line 11: has fewer than"),
        ("A,0,E,2", "A,zero,E,2", "“A,zero,E,2” is not understood"),
        ("C,7,L,3", "C,7,X,3", "X"),
        ("# a comment", "14", "line 1: stands before the first section"),
    ],
)
def test_a_broken_file_is_refused_with_file_and_line(tmp_path: Path, wrong: str, right: str, words: str) -> None:
    path = _small(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace(wrong, right, 1), encoding="utf-8")
    with pytest.raises(UsageProblem, match=words):
        solve(read_plan(path), seconds=1)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="cannot be read"):
        read_plan(tmp_path / "none.txt")
