"""Parts of the simulated PBX by themselves: virtual time, threads, dialplan, plan, and what an import costs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.errors import UsageProblem
from ccops.pbx.sim import CentrePlan
from ccops.pbx.sim.clock import SECOND, Clock
from ccops.pbx.sim.dialplan import Dialplan
from ccops.pbx.sim.tasks import Interrupt, Task
from ccops.pbx.sim.wire import leading_number

# -- time -------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 10 * SECOND), max_size=40), st.lists(st.integers(1, 4 * SECOND), max_size=8))
def test_timers_run_in_order_of_time_and_then_of_asking_however_time_moves(dues: list[int], moves: list[int]) -> None:
    clock, ran = Clock(0.0), list[tuple[int, int]]()
    for number, due in enumerate(dues):
        clock.at(due, ran.append, (due, number))
    for move in moves:
        clock.run_until(clock.now_us + move)
    clock.run_until(clock.now_us + 20 * SECOND)
    assert ran == sorted((due, number) for number, due in enumerate(dues))


def test_a_timer_that_is_cancelled_does_not_run() -> None:
    clock, ran = Clock(0.0), list[str]()
    clock.after(1, ran.append, "kept")
    clock.after(1, ran.append, "cancelled").cancel()
    clock.run_until(2 * SECOND)
    assert ran == ["kept"]


def test_time_stands_at_a_timer_while_it_runs_and_moves_on_afterwards() -> None:
    clock, seen = Clock(100.0), list[tuple[float, int]]()
    clock.after(1.5, lambda: seen.append((clock.now, clock.second)))
    clock.run_until(110 * SECOND)
    assert (seen, clock.now) == ([(101.5, 101)], 110.0)


def test_when_the_machine_dies_people_go_on() -> None:
    clock, ran = Clock(0.0), list[str]()
    clock.after(1, ran.append, "machine")
    clock.outside_after(1, ran.append, "people")
    clock.forget_machine()
    clock.after(1, ran.append, "new machine")
    clock.run_until(2 * SECOND)
    assert ran == ["people", "new machine"]


def test_a_clock_with_timers_cannot_begin_again() -> None:
    clock = Clock(0.0)
    clock.after(1, print)
    with pytest.raises(RuntimeError):
        clock.rebase(50.0)


# -- threads ----------------------------------------------------------------------------------------------------


def talker(said: list[object]) -> Generator[float | None, object, None]:
    """Waits two seconds at a time and notes what woke it."""
    try:
        while len(said) < 4:
            woken = yield 2.0
            said.append(woken)
    except Interrupt:
        said.append("interrupted")
        raise


def test_a_thread_is_woken_by_time_and_by_messages_in_order() -> None:
    clock, said = Clock(0.0), list[object]()
    task = Task(clock, talker(said))
    clock.run_until(1 * SECOND)
    task.post("one")
    task.post("two")
    clock.run_until(2 * SECOND)
    assert said == ["one", "two"]
    clock.run_until(7 * SECOND)
    assert said == ["one", "two", None, None]
    assert not task.alive


def test_an_interrupt_goes_before_messages_and_ends_the_thread() -> None:
    clock, said, done = Clock(0.0), list[object](), list[bool]()
    task = Task(clock, talker(said), lambda: done.append(True))
    clock.run_until(1)
    task.post("never read")
    task.interrupt()
    clock.run_until(2)
    assert (said, done, task.alive) == (["interrupted"], [True], False)


def test_a_thread_that_is_dropped_takes_no_further_step() -> None:
    clock, said = Clock(0.0), list[object]()
    task = Task(clock, talker(said))
    clock.run_until(1)
    task.post("never read")
    task.drop()
    clock.run_until(10 * SECOND)
    assert (said, task.alive) == ([], False)


# -- dialplan ---------------------------------------------------------------------------------------------------

PLAN = Dialplan(
    {
        "a": {"100": [("Exact", "")], "_1XX": [("Narrow", "")], "_X.": [("Wide", "")], "_[5-7]Z": [("Some", "")]},
        "b": {"900": [("Included", "")]},
    },
    {"a": ("b",), "c": ("a",)},
)  # fmt: skip


@pytest.mark.parametrize(
    ("exten", "application"),
    [("100", "Exact"), ("123", "Narrow"), ("1234", "Wide"), ("51", "Some"), ("50", "Wide"), ("900", "Wide")],
)
def test_the_exact_extension_wins_then_the_narrowest_pattern_then_what_is_included(
    exten: str, application: str
) -> None:
    assert PLAN.steps("a", exten)[0][0] == application
    assert PLAN.steps("c", exten)[0][0] == application


def test_an_extension_that_is_nowhere_has_no_steps() -> None:
    assert PLAN.steps("a", "x") == () == PLAN.steps("nowhere", "100")
    assert (PLAN.knows("c"), PLAN.knows("nowhere")) == (True, False)


@pytest.mark.parametrize(("text", "number"), [("12x", 12), (" -4 ", -4), ("x", 0), ("", 0), ("+7", 7)])
def test_numbers_are_read_as_atoi_reads_them(text: str, number: int) -> None:
    assert leading_number(text) == number


# -- plan -------------------------------------------------------------------------------------------------------


@given(st.integers(1, 60) | st.sampled_from([424, 425, 1_000]), st.integers(1, 8), st.integers(0, 1000))
def test_default_plans_are_sound_and_follow_from_their_seed(seats: int, queues: int, seed: int) -> None:
    plan = CentrePlan.default(seats, queues, seed)
    assert (len(plan.agents), len(plan.queues)) == (seats, queues)
    assert plan == CentrePlan.default(seats, queues, seed)
    names = {queue.name for queue in plan.queues}
    assert all(agent.queues and {name for name, _ in agent.queues} <= names for agent in plan.agents)
    assert len({agent.number for agent in plan.agents}) == len({agent.name for agent in plan.agents}) == seats
    assert all(queue.title and queue.calls_per_hour > 0 for queue in plan.queues)
    assert all(plan.opens <= begins < ends <= plan.closes for begins, ends in (one.shift for one in plan.agents))


def test_demand_has_two_peaks_and_none_at_night() -> None:
    plan = CentrePlan.default()
    hours = [plan.demand(half / 2) for half in range(48)]
    peaks = [at for at in range(1, 47) if hours[at - 1] < hours[at] > hours[at + 1]]
    assert len(peaks) == 2
    assert max(hours) == 1.0
    assert hours[0] == hours[47] == 0.0


@pytest.mark.parametrize(("seats", "queues"), [(0, 1), (5, 0), (5, 9)])
def test_a_plan_that_cannot_be_is_refused_with_a_remedy(seats: int, queues: int) -> None:
    with pytest.raises(UsageProblem) as refused:
        CentrePlan.default(seats, queues)
    assert refused.value.remedy


# -- import -----------------------------------------------------------------------------------------------------


def test_importing_it_brings_in_nothing_but_the_standard_library() -> None:
    code = "import sys; before = set(sys.modules); import ccops.pbx.sim; print(*sorted(set(sys.modules) - before))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    brought = {name.partition(".")[0] for name in ran.stdout.split() if not name.startswith("_sysconfigdata")}
    assert brought - set(sys.stdlib_module_names) == {"ccops"}
