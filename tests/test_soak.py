"""The soak in short: faults, once each, on a busy centre, the board repaired after each, the report true."""

from benchmarks.soak import Result, Sample, asked_for, growth, soak
from benchmarks.soak_faults import FAULTS


async def test_a_busy_centre_with_faults_ends_with_the_figures_of_the_pbx() -> None:
    wanted = [
        "--days",
        "0.012",
        "--hour",
        "11",
        "--speed",
        "60",
        "--every",
        "0.3",
        "--warm-up",
        "1e9",
        "--json",
    ]
    result = await soak(asked_for(wanted))
    assert set(result.faults) == set(FAULTS)
    assert result.calls > 20
    assert result.truth["answered"] > 0
    assert result.amiss() == []


def test_growth_is_that_of_one_process_after_its_warm_up() -> None:
    flat = [Sample(at, 1, 40.0, 20) for at in range(0, 100, 10)]
    grown = [Sample(at, 2, 40.0 + at, 20) for at in range(0, 100, 10)]
    assert growth(flat, 0.0) == 0.0
    assert growth([*flat, *grown], 0.0) > 0.5
    assert growth(grown, 1000.0) == 0.0


def test_whatever_differs_is_amiss() -> None:
    result = Result(truth={"answered": 2}, report={"answered": 1}, drifted=["hang"], memory_growth=0.2)
    result.descriptors = (20, 40)
    assert len(result.amiss()) == 4
    assert Result(truth={"answered": 2}, report={"answered": 2}).amiss() == []
