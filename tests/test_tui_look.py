import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from ccops.board import AgentState
from ccops.errors import NotFound
from ccops.pbx.text import guarded
from ccops.settings import Settings
from ccops.settings.secret import Secret
from ccops.tui.columns import Order
from ccops.tui.crash import keep_crash
from ccops.tui.export import as_csv, as_markdown
from ccops.tui.look import Look, terminal_is_ascii
from ccops.tui.memory import Memory
from ccops.tui.options import look_for, options_from
from ccops.tui.outputs import NoColours, PlainCharacters, plain
from ccops.tui.themes import PALETTES, Palette
from ccops.tui.words import STATE_ORDER, state_word


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, relative luminance and contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [value / 255 for value in Color.parse(colour).rgb]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)
def test_everything_can_be_read(palette: Palette) -> None:
    enough = 7.0 if palette.name == "high-contrast" else 4.5
    for ground in (palette.background, palette.surface, palette.cursor, palette.cursor_idle):
        for tone, colour in {"text": palette.text, **palette.tones}.items():
            needed = enough if ground == palette.background else 3.0
            assert contrast(colour, ground) >= needed, (tone, ground)
    assert contrast(palette.muted, palette.background) >= 4.5
    assert contrast(palette.background, palette.accent) >= 4.5


# Brettel, Viénot, Mollon (1997), in the linear single-matrix form of Viénot, Brettel, Mollon (1999).
_DEFICIENT = {
    "protan": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deutan": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


def seen_by(kind: str, colour: str) -> tuple[float, ...]:
    linear = [(value / 255) ** 2.2 for value in Color.parse(colour).rgb]
    mixed = [sum(weight * part for weight, part in zip(row, linear, strict=True)) for row in _DEFICIENT[kind]]
    return tuple(255 * max(0.0, value) ** (1 / 2.2) for value in mixed)


@pytest.mark.parametrize("kind", ["protan", "deutan"])
def test_the_colour_blind_palette_keeps_good_and_bad_apart(kind: str) -> None:
    tones = PALETTES["colour-blind"].tones
    pairs = [("ok", "warn"), ("ok", "crit"), ("warn", "crit"), ("available", "talking"), ("available", "paused")]
    for one, other in pairs:
        first, second = seen_by(kind, tones[one]), seen_by(kind, tones[other])
        assert sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) ** 0.5 > 60, (one, other)


@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_state_has_a_glyph_of_its_own_and_a_word(ascii_only: bool) -> None:
    look = Look(ascii=ascii_only)
    assert set(STATE_ORDER) == set(AgentState)
    glyphs = [look.glyph(state.value) for state in AgentState]
    assert len(set(glyphs)) == len(glyphs)
    assert all(cell_len(glyph) == 1 for glyph in look.glyphs.values())
    assert len({state_word(state) for state in AgentState}) == len(AgentState)
    if ascii_only:
        assert "".join(look.glyphs.values()).isascii()
        assert look.sparks.isascii()


def test_without_colours_no_tone_has_one_and_the_cursor_is_still_seen() -> None:
    look = Look(no_color=True)
    for tone in ("text", "crit", "paused", "head", "tab-on", "flag", "unknown"):
        style = look.style(tone)
        assert style.color is None
        assert style.bgcolor is None
    assert look.style("text", ground="cursor").reverse
    assert look.style("crit").bold


def test_an_old_board_is_dimmed_but_its_headings_are_not() -> None:
    look = Look()
    assert look.style("crit", stale=True) == look.style("muted")
    assert look.style("head", stale=True) == look.style("head")


@given(st.text(max_size=20))
def test_plain_characters_take_the_same_cells(text: str) -> None:
    shown = plain(text, False)
    assert shown.isascii()
    assert cell_len(shown) >= cell_len(text) or not text.isprintable()


def test_plain_characters_keep_names_where_the_terminal_can_show_them() -> None:
    assert plain("王小明 ● – é…", True) == "王小明 * - é~"
    assert plain("王小明 ● – é…", False) == "?????? * - ?~"
    assert plain("╭─┤█▁", True) == "+-+##"
    shown = PlainCharacters(letters=False).apply([Segment("│ ok")], Color(0, 0, 0))
    assert shown[0].text == "| ok"


def test_refused_colours_are_gone_before_the_terminal() -> None:
    style = Style(color=RichColor.parse("red"), bgcolor=RichColor.parse("blue"), bold=True, reverse=True)
    [segment] = NoColours().apply([Segment("x", style)], Color(0, 0, 0))
    assert segment.style == Style(bold=True, reverse=True)


@pytest.mark.parametrize(
    ("variables", "plain_only"),
    [
        ({"LANG": "en_GB.UTF-8"}, False),
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, True),
        ({"LC_ALL": "en_GB.utf8", "LANG": "C"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "de_DE.ISO-8859-1", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "de_DE.ISO-8859-1", "LC_CTYPE": "en_GB.UTF-8"}, False),
        ({}, False),
    ],
)
def test_the_locale_decides_on_plain_characters(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], plain_only: bool
) -> None:
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    class Terminal:
        encoding = "utf-8"

    monkeypatch.setattr("sys.__stdout__", Terminal())
    assert terminal_is_ascii() is plain_only


def test_memory_keeps_orders_and_words(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    assert memory.order("agents", Order("state")) == Order("state")
    memory.keep_order("agents", Order("for", descending=True))
    memory.keep_word("console", "theme", "high-contrast")
    again = Memory(tmp_path)
    assert again.order("agents", Order("state")) == Order("for", True)
    assert again.word("console", "theme") == "high-contrast"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sort": 3}', '{"sort": {"agents": ["x"]}}', "\x00\xff"])
def test_a_broken_memory_is_no_memory(tmp_path: Path, text: str) -> None:
    (tmp_path / "console.json").write_text(text, encoding="utf-8")
    memory = Memory(tmp_path)
    assert memory.order("agents", Order("state")) == Order("state")
    memory.keep_order("agents", Order("for"))
    assert json.loads((tmp_path / "console.json").read_text())["sort"]["agents"] == ["for", False]


def test_a_folder_that_cannot_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    memory = Memory(tmp_path / "file")
    memory.keep_word("console", "theme", "calm-light")
    assert memory.word("console", "theme") == "calm-light"


def test_the_theme_asked_for_wins_over_the_remembered_one(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.keep_word("console", "theme", "calm-light")
    assert look_for(options_from(Settings()), memory).palette.name == "calm-light"
    assert look_for(options_from(Settings(), theme="high-contrast"), memory).palette.name == "high-contrast"
    memory.keep_word("console", "theme", "gone")
    assert look_for(options_from(Settings()), memory).palette.name == "calm-dark"


def test_unknown_screens_and_themes_name_the_nearest() -> None:
    with pytest.raises(NotFound, match="overview"):
        options_from(Settings(), screen="overviw")
    with pytest.raises(NotFound, match="calm-dark"):
        options_from(Settings(), theme="calmdark")


def test_exports_are_inert() -> None:
    rows = [['=HYPERLINK("x")', "+4930", "a|b", "[x](javascript:y)"]]
    assert as_csv(["Name", "b", "c", "d"], rows).splitlines()[1].startswith('"\'=HYPERLINK(""x"")",\'+4930,')
    table = as_markdown(["Name", "b", "c", "d"], rows)
    assert "a\\|b" in table
    assert "\\[x\\]" in table
    assert guarded("-1") == "'-1"
    assert guarded("1-1") == "1-1"


def test_a_crash_is_told_in_a_line_and_kept_without_values(tmp_path: Path) -> None:
    caller = "+4930 secret caller"
    try:
        raise ValueError("boom")
    except ValueError as error:
        said = keep_crash(error, tmp_path)
    [kept] = tmp_path.iterdir()
    assert str(kept) in said
    assert "boom" in said
    assert caller not in kept.read_text()
    assert "ValueError: boom" in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_crash_says_no_secret(tmp_path: Path) -> None:
    try:
        raise ValueError("login with k4n4rie refused")
    except ValueError as error:
        said = keep_crash(error, tmp_path, [Secret("k4n4rie")])
        told = keep_crash(error, tmp_path / ("a" * 300), [Secret("k4n4rie")])
    [kept] = tmp_path.glob("crash-*.txt")
    assert "k4n4rie" not in said + told + kept.read_text()
    assert "Traceback" in told, "where it cannot be kept it is shown"
