"""Every figure on paper can be worked out again from the calls and times that it is traced to."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.errors import NotFound, UsageProblem
from ccops.reports.catalogue import Ask, entries, make_paper, trace
from ccops.reports.paper.compare import FIGURES
from ccops.reports.paper.model import Row, Section
from ccops.reports.periods import Period
from tests.catalogue_tools import NO_FIGURES, ZONES, asks, cuts, delta_of, figure_again, moved, period_of, sources_of
from tests.history_logs import Log, logs

NAMES = [name for name in entries() if name not in ("ladder", "supervision", "adherence")]
CELLS = 8


def cells(section: Section) -> list[tuple[Row, str]]:
    """Every figure of a section, those of its total too."""
    figures = [column.key for column in section.columns if column.kind in FIGURES and column.key not in NO_FIGURES]
    rows = [*section.rows, *([section.total] if section.total is not None else [])]
    return [(row, figure) for row in rows for figure in figures if figure in row]


@settings(max_examples=60, deadline=None)
@given(st.data(), logs(days=1, stays=12, restarts=1), cuts, st.sampled_from(ZONES), st.sampled_from(NAMES))
def test_a_figure_comes_out_of_what_it_is_made_of(
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    log: Log,
    cut: tuple[int, int, int],
    zone: str,
    name: str,
) -> None:
    delta = delta_of(zone)
    ask = data.draw(asks(name, period_of(cut, delta)))
    with sources_of(tmp_path_factory.mktemp("t"), moved(log.data(), delta), ZoneInfo(zone)) as sources:
        try:
            paper = make_paper(name, ask, sources)
        except NotFound:
            return  # a name that this log does not hold
        for section in paper.sections:
            known = cells(section)
            for row, figure in data.draw(st.lists(st.sampled_from(known), max_size=CELLS)) if known else []:
                found = trace(name, ask, sources, section.name, row, figure)
                assert found.value == row[figure]
                value = figure_again(name, section.name, figure, found, row)
                assert value == pytest.approx(row[figure]), (section.name, figure, row)


def test_what_cannot_be_traced_is_told(tmp_path: Path) -> None:
    data = b"1790000000|a|q|NONE|ENTERQUEUE||1|1\n1790000002|a|q|Ana|CONNECT|2|m|1\n"
    with sources_of(tmp_path, data, ZoneInfo("UTC")) as sources:
        ask = Ask(Period(1789900000, 1790100000), 1790100000)
        (row,) = make_paper("queues", ask, sources).sections[0].rows
        with pytest.raises(NotFound, match=r"There is no section “queue”\. Did you mean queues"):
            trace("queues", ask, sources, "queue", row, "offered")
        with pytest.raises(NotFound, match="Did you mean answered"):
            trace("queues", ask, sources, "queues", row, "answred")
        with pytest.raises(UsageProblem, match="no figure"):
            trace("queues", ask, sources, "queues", row, "queue")
