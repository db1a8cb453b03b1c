import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from ccops.pbx.text import clean
from ccops.tui.bigtext import LINES, big, big_width
from ccops.tui.cells import duration, fit, person, rate, safe, seconds, since, sparkline, width_of
from ccops.tui.spans import clipped, differing, line_width, wrapped

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Mn", "Me", "Cf")), max_size=30)
tones = st.sampled_from(["text", "muted", "crit"])
lines = st.lists(st.tuples(words, tones), max_size=8).map(tuple)


@given(words, st.integers(0, 40), st.sampled_from(["left", "right"]))
def test_a_fitted_text_takes_exactly_its_cells(text: str, width: int, align: str) -> None:
    assert cell_len(fit(text, width, align)) == width


def test_text_that_is_cut_says_so() -> None:
    assert fit("Anna Eriksen", 8) == "Anna Er…"
    assert fit("Anna", 8, "right") == "    Anna"
    assert fit("0123456789", 4, "tail") == "6789"


def test_cjk_names_take_two_cells_a_sign() -> None:
    assert fit("王小明", 8) == "王小明  "
    assert width_of(fit("王小明王小明", 8)) == 8


@given(st.text(max_size=60))
def test_what_is_drawn_holds_no_control_character(text: str) -> None:
    shown = safe(text)
    assert shown == clean(shown)
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in shown)
    assert not any("\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069" for char in shown)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "–"),
        (0, "0:00"),
        (59.9, "0:59"),
        (61, "1:01"),
        (3599, "59:59"),
        (3600, "1h00"),
        (90_000, "1d1h"),
        (-5, "0:00"),
    ],
)
def test_durations(value: float | None, said: str) -> None:
    assert duration(value) == said


def test_a_mean_is_rounded_a_running_duration_is_not() -> None:
    assert seconds(59.6) == "1:00"
    assert since(100.0, 159.6) == "0:59"
    assert since(None, 5.0) == "–"


@pytest.mark.parametrize(
    ("value", "said"), [(None, "–"), (0.0, "0%"), (0.804, "80%"), (0.805, "81%"), (0.996, "99%"), (1.0, "100%")]
)
def test_a_rate_never_claims_more_than_is_so(value: float | None, said: str) -> None:
    assert rate(value) == said


@given(st.lists(st.integers(0, 500), max_size=60), st.integers(0, 50))
def test_a_sparkline_shows_the_newest_and_nothing_for_nothing(values: list[int], width: int) -> None:
    marks = " ▁▂▃▄▅▆▇█"
    line = sparkline(values, width, marks)
    assert len(line) == width
    shown = values[-width:] if width else []
    for value, mark in zip(shown, line, strict=False):
        assert (mark == " ") == (value == 0 or max(shown) == 0)
        assert value != max(shown) or not value or mark == "█"


def test_a_caller_is_named_by_what_is_known() -> None:
    assert person("+4930", "Pia") == "Pia +4930"
    assert person("+4930", "+4930") == "+4930"
    assert person("", "") == "unknown caller"


@given(lines, st.integers(0, 60))
def test_a_clipped_line_never_takes_more_than_its_cells(line: tuple[tuple[str, str], ...], width: int) -> None:
    assert line_width(clipped(line, width)) <= width


@given(lines, lines)
@example(old=(("", "text"),), new=(("\U000e0000", "text"),))
@example(old=(("a", "text"), ("\u0301b", "text")), new=(("a", "text"), ("\u0300b", "text")))
def test_painting_the_differing_parts_makes_the_new_line(
    old: tuple[tuple[str, str], ...], new: tuple[tuple[str, str], ...]
) -> None:
    parts = differing(old, new)
    if parts is None:
        assert old != new
        return
    before, after = _cells(old), _cells(new)
    for x, width in parts:
        before[x : x + width] = after[x : x + width]
    assert before == after


def _cells(line: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    cells: list[tuple[str, str]] = []
    for text, tone in line:
        for char in text:
            if cell_len(char):
                cells += [(char, tone)] + [("", tone)] * (cell_len(char) - 1)
            elif cells:  # a mark is drawn into the cell before it
                cells[-1] = (cells[-1][0] + char, cells[-1][1])
    return cells


@given(words, st.integers(1, 30))
def test_wrapped_text_keeps_its_words(text: str, width: int) -> None:
    broken = wrapped(text, width)
    assert all(cell_len(line) <= width for line in broken)


@given(st.from_regex(r"[0-9:hd% ]{1,6}", fullmatch=True), st.integers(1, 4))
def test_large_figures_are_as_wide_as_announced(text: str, scale: int) -> None:
    drawn = big(text, scale, "█")
    assert len(drawn) == LINES * scale
    assert {len(line) for line in drawn} == {big_width(text, scale)}
