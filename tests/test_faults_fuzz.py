"""The short fuzz run: kept inputs, a few hundred changed ones each, and whether the runners find a planted fault."""

import json
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.desk.daemon import codec
from ccops.errors import CcopsError, LinkError, UsageProblem
from ccops.wfm.history import read_history
from tests.fuzz import guided, run
from tests.fuzz.targets import TARGETS

KEPT = {name: guided.seeds(run.CORPUS / name) for name in TARGETS}


def test_every_target_has_kept_inputs_and_they_are_small() -> None:
    assert {path.name for path in run.CORPUS.iterdir()} == set(TARGETS)
    assert all(kept and max(map(len, kept)) <= run.LONGEST for kept in KEPT.values())
    assert sum(len(data) for kept in KEPT.values() for data in kept) < 100_000


@pytest.mark.parametrize("name", TARGETS)
def test_kept_inputs_keep_every_promise(name: str) -> None:
    for data in KEPT[name]:
        TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=250)
@given(data=st.data())
def test_changed_inputs_keep_every_promise(name: str, data: st.DataObject) -> None:
    TARGETS[name](data.draw(guided.changed(KEPT[name])))


def test_any_cut_of_the_reads_gives_the_same() -> None:
    for data in KEPT["ami"]:
        for size in range(1, 9):
            TARGETS["ami"](bytes([7, *[size] * 7]) + data[1 + data[0] % 8 :])


def test_without_atheris_new_lines_are_climbed_to_and_a_planted_fault_is_found(tmp_path: Path) -> None:
    (tmp_path / "seed").write_bytes(b"1795000000|a|q|b|INFO|x\n")

    def planted(data: bytes) -> None:
        TARGETS["queue_log"](data)
        if b"nan" in data:
            raise KeyError("planted")

    with pytest.raises(KeyError, match="planted"):
        guided.climb(planted, tmp_path, 20_000, 0)


def test_the_long_run_counts_its_inputs_and_tells_a_find(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz.run", "--target", "queue_log", "--inputs", "1500"]
    done = subprocess.run([*command, "--found", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert figures["inputs"] >= 1000
    assert figures["coverage"] > 0
    (tmp_path / "queue_log-crash-x").write_bytes(b"")
    again = subprocess.run([*command, "--found", str(tmp_path)], capture_output=True, text=True)
    assert (again.returncode, "queue_log-crash-x" in again.stdout) == (1, True)


def test_a_mistyped_year_in_counts_is_refused_and_makes_no_grid_of_two_thousand_years(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("start,calls\n2026-03-02 08:00,5\n2026-03-02 08:30,7\n4052-03-29 02:30,1\n")
    with pytest.raises(UsageProblem, match="2026-03-02 to 4052-03-29"):
        read_history(path, ZoneInfo("UTC"), 30)


@pytest.mark.parametrize("answer", [None, 1, [], "x", {}, {"sent": 1}, {"action": "a", "unheard": 1}, {"data": "x"}])
def test_an_answer_that_is_no_outcome_is_an_error_of_the_link(answer: object) -> None:
    with pytest.raises(LinkError, match="not an outcome"):
        codec.read_outcome(answer)
    assert isinstance(codec.read_error(answer), CcopsError)


@pytest.mark.parametrize(
    "change",
    [
        {"topic": "unheard", "key": "a"},
        {"topic": "link", "key": "link"},
        {"topic": "agent", "key": []},
        {"topic": "agent"},
    ],
)
def test_a_change_that_no_board_can_take_costs_the_connection_and_not_the_board(change: dict[str, object]) -> None:
    with pytest.raises(LinkError, match="not a list of changes"):
        codec.read_changes([{"at": 1.0, "row": None, **change}])
