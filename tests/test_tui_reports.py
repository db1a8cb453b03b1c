"""The screen of reports by its keys, on a small store: lists, papers, figures followed to their lines, files."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from ccops.settings import Settings
from ccops.tui.dialogs import Confirm
from ccops.tui.help import Help
from ccops.tui.reports.clerk import Clerk
from ccops.tui.reports.document import DocumentView
from ccops.tui.reports.errands import Browse, Document, Explain, Inquiry, Make, Refused
from ccops.tui.reports.office import Office, TakenBack
from ccops.tui.reports.steps import stepped, word_of
from tests.test_tui_terminal import Child, assert_clean
from tests.tui_app import Bench, console, small_desk
from tests.tui_history import ZONE, noon, past_in, settings_for


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return past_in(tmp_path)


@asynccontextmanager
async def reports(settings: Settings, *, running: bool = False, **more: Any) -> AsyncIterator[Bench]:
    """Run the console on its screen of reports, on the 11th at noon unless its clock is to run."""
    more.setdefault("now", None if running else noon())
    options = {"settings": settings, "zone": settings.zone}
    async with console(screen="reports", options=options, **more) as bench:
        await bench.until(lambda: "Reading what there is" not in bench.text())
        yield bench


def view_of(bench: Bench) -> DocumentView:
    view = bench.app.stage.view
    assert isinstance(view, DocumentView)
    return view


async def read(bench: Bench) -> None:
    """Wait until what is seen was read and stands on the screen."""
    await bench.until(lambda: isinstance(bench.app.stage.view, DocumentView))
    await bench.until(lambda: view_of(bench)._begun is None)
    await bench.until(lambda: _stands(view_of(bench)))
    await bench.settle()


def _stands(view: DocumentView) -> bool:
    """Tell whether the table was laid out, where there is one."""
    table = view.table
    return (table is None and (view.problem is not None or view.sheet is None)) or (
        table is not None and table.sheet is view.sheet and table.size.width > 0
    )


async def open_report(bench: Bench, name: str) -> None:
    """Open a report by name through the filter of the list."""
    await bench.press("slash")
    await bench.type(f"report:{name}")
    await bench.press("enter")
    await bench.press("enter")
    await read(bench)


def cells(bench: Bench, word: str) -> list[str]:
    """Return the words of the last line that begins with one, the cursor left out."""
    line = next(line for line in reversed(bench.lines()) if line.lstrip("▌> ").startswith(word))
    return line.lstrip("▌> ").split()


async def test_the_list_has_every_report_and_own_ones_and_says_how_far_the_store_reaches(settings: Settings) -> None:
    own = settings.reports.own
    own.mkdir()
    (own / "mornings.toml").write_text('title = "Mornings"\nfigures = ["offered"]\ngroup = ["queue"]\n')
    (own / "wrong.toml").write_text('figures = ["ofered"]\n')
    async with reports(settings) as bench:
        text = bench.text()
        for word in ("Queues", "Agents", "Abandoned calls", "Rules compared", "Mornings", "own", "wrong"):
            assert word in text, word
        assert "store: 2026-03-09 – 2026-03-10" in text
        await open_report(bench, "mornings")
        await bench.press("left_square_bracket")
        await read(bench)
        assert cells(bench, "sales")[:2] == ["sales", "4"]


async def test_a_report_is_made_for_the_period_that_stands_above_it_and_keys_step_through_days(
    settings: Settings,
) -> None:
    async with reports(settings) as bench:
        await bench.press("left_square_bracket")
        assert "yesterday" in bench.lines()[1]
        await open_report(bench, "queues")
        assert bench.app.stage.crumbs == ["Reports", "Queues"]
        assert cells(bench, "sales")[:5] == ["sales", "4", "3", "1", "1"]
        assert cells(bench, "Total")[:4] == ["Total", "5", "4", "1"]
        await bench.press("left_square_bracket")
        await read(bench)
        await bench.until(lambda: "2026-03-09" in bench.lines()[1])
        assert cells(bench, "sales")[:3] == ["sales", "2", "2"]
        await bench.press("right_square_bracket", "right_square_bracket")
        await read(bench)
        assert "today" in bench.lines()[1]
        assert "Nothing to report" in bench.text()


def test_what_reads_the_past_is_loaded_with_the_first_look_at_it() -> None:
    code = (
        "import sys, ccops.tui.app; from ccops.tui.screens import preload; preload(for_good=False);"
        "print([name for name in sys.modules if name.split('.')[:2] == ['ccops', 'wfm']"
        " or name.startswith(('ccops.tui.reports', 'ccops.reports.paper', 'pandas', 'numpy', 'ortools'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_dates_are_chosen_by_word_and_by_hand(settings: Settings) -> None:
    async with reports(settings) as bench:
        await bench.press("d")
        await bench.until(lambda: "last-month" in bench.text())
        assert "2026-02" in bench.text()
        await bench.type("other")
        await bench.press("enter")
        await bench.until(lambda: "2026-03-01..2026-03-14" in bench.text())
        await bench.type("2026-13")
        await bench.press("enter")
        assert "is no period" in bench.text()
        await bench.type("2026-03")
        await bench.press("enter")
        await bench.until(lambda: "2026-03" in bench.lines()[1])
        await open_report(bench, "queues")
        assert cells(bench, "Total")[:3] == ["Total", "7", "6"]


async def test_a_figure_is_followed_to_its_visits_their_lines_and_back(settings: Settings, tmp_path: Path) -> None:
    async with reports(settings) as bench:
        await bench.press("left_square_bracket")
        await open_report(bench, "queues")
        assert "visits entered, less withdrawn" in bench.text()  # the rule of the column under the cursor
        await bench.press("right", "right", "enter")
        await read(bench)
        assert bench.app.stage.crumbs[-1] == "Lost, sales"
        assert "Rule: " in bench.text()
        assert "0305555555" in bench.text()
        assert "abandoned" in bench.text()
        await bench.press("enter")
        await read(bench)
        text = bench.text()
        assert len(bench.app.stage.crumbs) == 4
        log = (tmp_path / "queue_log").read_text().splitlines()
        number = next(index for index, line in enumerate(log, 1) if "ABANDON" in line)
        assert any(f"queue_log  {number} " in line and "ABANDON" in line for line in text.splitlines())
        assert "ENTERQUEUE" in text
        await bench.press("enter")
        assert "That is where it ends" in bench.text() or "This is where it ends" in bench.text()
        await bench.press("escape")
        await bench.press("escape")
        assert bench.app.stage.crumbs == ["Reports", "Queues"]
        await bench.press("escape")
        assert bench.app.stage.crumbs == ["Reports"]


async def test_the_total_is_followed_too_and_a_figure_of_time_shows_what_it_lasted(settings: Settings) -> None:
    async with reports(settings) as bench:
        await bench.press("left_square_bracket")
        await open_report(bench, "queues")
        await bench.press("end", "enter")
        await read(bench)
        assert bench.app.stage.crumbs[-1] == "Offered, total"
        assert len(bench.rows().rows_in_order) == 5
        await bench.press("escape", "escape")
        await open_report(bench, "agents")
        await bench.press("enter")
        await read(bench)
        assert "2026-03-10 08:30:00" in bench.text()
        assert "2026-03-10 12:00:00" in bench.text()


async def test_a_row_that_is_a_call_leads_straight_to_its_lines(settings: Settings) -> None:
    async with reports(settings) as bench:
        await bench.press("left_square_bracket")
        await open_report(bench, "calls")
        assert len(bench.rows().rows_in_order) == 5
        await bench.press("enter")
        await read(bench)
        assert "CONNECT" in bench.text()
        assert "queue_log  " in bench.text()


async def test_tables_are_sorted_filtered_and_scroll_sideways(settings: Settings, tmp_path: Path) -> None:
    async with reports(settings, size=(80, 24), folder=tmp_path) as bench:
        await bench.press("left_square_bracket")
        await open_report(bench, "calls")
        first = bench.lines()[bench.line_of("Entered")]
        assert first.rstrip().endswith("›")
        await bench.press(*["right"] * 9)
        second = bench.lines()[bench.line_of("Entered")]
        assert second.startswith(" ‹Entered")
        assert "Agent" in second
        await bench.press("slash")
        await bench.type("agent:ben")
        assert [row.texts[1] for row in bench.rows().rows_in_order] == ["sales"]
        await bench.press("enter", "escape")
        await bench.press("s")
        await bench.type("talk")
        await bench.press("enter")
        await bench.until(lambda: bench.rows().arrangement.order.column == "talk")
        assert bench.rows().rows_in_order[0].texts[1] == "support"
    async with reports(settings, folder=tmp_path) as bench:
        await bench.press("left_square_bracket")
        await open_report(bench, "calls")
        assert bench.rows().arrangement.order.column == "talk"


async def test_a_report_is_narrowed_compared_cut_and_counts_calls(settings: Settings) -> None:
    async with reports(settings) as bench:
        await bench.press("left_square_bracket")
        await open_report(bench, "queues")
        await bench.press("n")
        await bench.type("support")
        await bench.press("enter")
        await read(bench)
        await bench.until(lambda: "queue support" in bench.lines()[1])
        await read(bench)
        assert cells(bench, "Total")[:2] == ["Total", "1"]
        await bench.press("n")
        await bench.type("everything")
        await bench.press("enter")
        await bench.until(lambda: "queue support" not in bench.lines()[1])
        await bench.press("k")
        await bench.type("before")
        await bench.press("enter")
        await bench.until(lambda: "against former" in bench.lines()[1])
        await read(bench)
        assert cells(bench, "sales")[:4] == ["sales", "4", "2", "+2"]
        await bench.press("i")
        await bench.type("hours")
        await bench.press("down", "down", "enter")
        await bench.until(lambda: " hours" in bench.lines()[1])
        await bench.press("y")
        await bench.until(lambda: "calls" in bench.lines()[1])


async def test_sections_are_changed_by_key_and_by_mouse_and_the_chart_can_go(settings: Settings) -> None:
    async with reports(settings) as bench:
        await bench.press("left_square_bracket")
        await open_report(bench, "distribution")
        await bench.until(lambda: "███" in bench.text())
        first = view_of(bench).sheet
        await bench.press("tab")
        await bench.until(lambda: view_of(bench).sheet is not first)
        await bench.until(lambda: "Weekday" in bench.text() and "Tuesday" in bench.text())
        line = bench.line_of("Hours of the day")
        await bench.pilot.click("Head", offset=(4, line - bench.line_of("Period 2026")))
        await bench.until(lambda: view_of(bench).sheet is first)
        await bench.press("v")
        await bench.until(lambda: "███" not in bench.text())
        await bench.press("v")
        await bench.until(lambda: not view_of(bench)._body.display)
        await bench.press("v")
        await bench.until(lambda: view_of(bench)._body.display)


async def test_the_mouse_chooses_a_cell_sorts_by_a_heading_and_goes_into_a_figure(settings: Settings) -> None:
    async with reports(settings) as bench:
        await bench.press("left_square_bracket")
        await open_report(bench, "queues")
        head = bench.line_of("Offered   Answered")
        x = bench.lines()[head].index("Answered") + 2
        await bench.pilot.click("SideList", offset=(x, 2))
        await bench.until(lambda: bench.rows().current_column().key == "answered")
        row = bench.rows().row
        assert row is not None
        assert row.texts[0] == "support"
        await bench.pilot.click("SideList", offset=(x, 0))
        await bench.until(lambda: bench.rows().arrangement.order.column == "answered")
        await bench.pilot.click("SideList", offset=(x, 1), times=2)
        await read(bench)
        await bench.until(lambda: bench.app.stage.crumbs[-1] == "Answered, sales")


async def test_a_report_waits_while_one_looks_at_another_screen(settings: Settings) -> None:
    async with reports(settings) as bench:
        await bench.press("left_square_bracket")
        await open_report(bench, "queues")
        await bench.press("down", "1")
        assert bench.app.stage.crumbs == ["Overview"]
        await bench.press("enter", "5")
        await bench.until(lambda: bench.app.stage.crumbs == ["Reports", "Queues"])
        row = bench.rows().row
        assert row is not None
        assert row.texts[0] == "support"
        await bench.press("1")
        assert bench.app.stage.crumbs == ["Overview"]
        await bench.press("5", "5")
        assert bench.app.stage.crumbs == ["Reports"]


async def test_rules_warnings_and_help_are_told(settings: Settings) -> None:
    async with reports(settings) as bench:
        await bench.press("left_square_bracket")
        await open_report(bench, "queues")
        await bench.press("R")
        assert isinstance(bench.app.screen, Help)
        assert "answered within 20 s" in bench.text()
        assert "Europe/Berlin" in bench.text()
        await bench.press("escape", "question_mark")
        assert "compare with the period before" in bench.text()
        await bench.press("escape")


FORMS = {"xlsx": b"PK", "pdf": b"%PDF", "html": b"<!doctype html", "csv": b"queue,", "md": b"# Queues", "json": b"{"}


async def test_a_report_is_written_in_every_form_under_the_name_that_is_suggested(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with reports(settings) as bench:
        await bench.press("left_square_bracket")
        await open_report(bench, "queues")
        for form, begins in FORMS.items():
            path = tmp_path / f"queues-2026-03-10-2026-03-10.{form}"
            await write(bench, form)
            await bench.until(partial(_says, bench, f"{path.name}, "))
            assert path.read_bytes().lower().startswith(begins.lower())
        assert json.loads(path.read_bytes())["sections"][0]["rows"][0]["queue"] == "sales"
        assert "xl/workbook.xml" in ZipFile(tmp_path / "queues-2026-03-10-2026-03-10.xlsx").namelist()


async def test_a_file_is_never_written_over_unasked(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "queues-2026-03-10-2026-03-10.csv"
    path.write_text("mine")
    async with reports(settings) as bench:
        await bench.press("left_square_bracket")
        await open_report(bench, "queues")
        await write(bench, "csv")
        await bench.until(lambda: f"{path.name} exists. Write over it?" in bench.text())
        assert isinstance(bench.app.screen, Confirm)
        await bench.press("enter")
        await bench.until(lambda: "Nothing was written" in bench.text())
        assert path.read_text() == "mine"
        await write(bench, "csv")
        await bench.until(lambda: isinstance(bench.app.screen, Confirm))
        await bench.press("y")
        await bench.until(lambda: path.read_text().startswith("queue,offered"))


def _says(bench: Bench, word: str) -> bool:
    return word in bench.lines()[-1]


async def write(bench: Bench, form: str) -> None:
    """Ask for a file of the suggested name."""
    await bench.press("E")
    await bench.until(lambda: "Write as" in bench.text())
    await bench.type(f"label:{form}")
    await bench.press("enter")
    await bench.until(lambda: "Write the report to" in bench.text())
    await bench.press("enter")


async def test_without_a_store_the_screen_says_what_to_do_and_sees_it_when_it_comes(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    async with reports(settings, running=True) as bench:
        assert "There is no store" in bench.text()
        assert "ccops ingest queue-log PATH" in bench.flowing()
        await bench.press("enter")
        await read(bench)
        assert "There is no store" in bench.text()
        past_in(tmp_path)
        await bench.until(lambda: "There is no store" not in bench.text(), seconds=20)
        await bench.press("escape")
        await bench.until(lambda: "2026-03-09" in bench.text(), seconds=20)


async def test_an_empty_store_says_which_command_fills_it(tmp_path: Path) -> None:
    from ccops.store import open_store

    settings = settings_for(tmp_path)
    open_store(settings.store.path).close()
    async with reports(settings) as bench:
        assert "is empty" in bench.text()
        assert "ccops ingest queue-log PATH" in bench.flowing()


async def test_what_stands_behind_a_figure_of_the_board_is_one_key_away(settings: Settings) -> None:
    options = {"settings": settings, "zone": settings.zone}
    async with console(small_desk(), options=options, now=noon("2026-03-10")) as bench:
        await bench.press("d")
        await read(bench)
        assert bench.app.stage.crumbs == ["Overview", "Queues"]
        assert "queue sales" in bench.lines()[1]
        assert cells(bench, "sales")[:3] == ["sales", "4", "3"]
        await bench.press("escape", "enter", "d")
        await read(bench)
        assert bench.app.stage.crumbs == ["Overview", "Sales", "Queues"]
        await bench.press("2", "d")
        await bench.until(lambda: "There is no agent “Bo Chen”" in bench.text())


async def test_hostile_names_of_the_log_stay_text(tmp_path: Path) -> None:
    hostile = "[@click=app.quit]x[/]"
    settings = settings_for(tmp_path)
    log = tmp_path / "queue_log"
    at = int(noon("2026-03-10"))
    log.write_text(
        f"{at}|1.1|{hostile}|NONE|ENTERQUEUE||\x1b]0;own\x07\u202e030|1|{hostile}\n"
        f"{at + 3}|1.1|{hostile}|\x1b[2J{hostile}|CONNECT|3|1.2|3\n"
    )
    from ccops.reports.ingest import ingest
    from ccops.reports.rules import Rules

    ingest(settings.store.path, [log], Rules.of(settings), settings.zone)
    async with reports(settings, now=noon("2026-03-10") + 60) as bench:
        await open_report(bench, "calls")
        assert "[@click=app.quit]" in bench.text()
        await bench.press("enter")
        await read(bench)
        assert "ENTERQUEUE" in bench.text()
        assert not any(char in bench.text() for char in "\x1b\x07\u202e")


# --- the process beside ---


async def test_a_reading_is_taken_back_at_once_and_the_next_one_is_answered(settings: Settings) -> None:
    office = Office(settings)
    try:
        assert len((await office.ask(Browse())).reports) > 10  # type: ignore[union-attr]
        clerk = office._clerk
        assert clerk is not None
        os.kill(clerk.pid, 19)  # SIGSTOP: a reading that takes for ever
        made = Make(Inquiry("queues", "2026-03-10"), noon())
        reading = asyncio.create_task(office.ask(made))
        waiting = asyncio.create_task(office.ask(made))
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        office.take_back()
        for task in (reading, waiting):
            with pytest.raises(TakenBack):
                await task
        assert time.monotonic() - begun < 5
        answer = await office.ask(made)
        assert isinstance(answer, Document)
        found = await office.ask(Explain(made, "queues", None, "offered"))
        assert isinstance(found, Document)
        assert found.sheets[0].count == 5
    finally:
        await office.close()


def _faulty(*_all: object, **_more: object) -> None:
    raise KeyError("here")


async def test_a_fault_in_one_report_is_told_and_costs_neither_the_console_nor_the_next(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = Clerk(settings)
    monkeypatch.setattr("ccops.reports.catalogue.make_paper", _faulty)
    answer = clerk.do(Make(Inquiry("queues", "2026-03-10"), noon()))
    assert isinstance(answer, Refused)
    assert "KeyError: 'here' (test_tui_reports.py:" in answer.message
    monkeypatch.undo()
    assert isinstance(clerk.do(Make(Inquiry("queues", "2026-03-10"), noon())), Document)


async def test_an_answer_that_came_too_late_is_not_taken_for_another(settings: Settings) -> None:
    office = Office(settings)
    try:
        await office.ask(Browse())
        for delay in (0.0, 0.002, 0.01, 0.03, 0.06):
            late = asyncio.create_task(office.ask(Make(Inquiry("queues", "2026-03-09"), noon())))
            await asyncio.sleep(delay)
            late.cancel()
            answer = await office.ask(Make(Inquiry("queues", "2026-03-10"), noon()))
            assert isinstance(answer, Document)
            assert dict(answer.facts)["Period"] == "2026-03-10"
    finally:
        await office.close()


async def test_who_leaves_a_report_that_is_being_read_need_not_wait_for_it(settings: Settings) -> None:
    async with reports(settings, running=True) as bench:
        await bench.press("enter")
        await read(bench)
        clerk = view_of(bench).study.office._clerk
        assert clerk is not None
        os.kill(clerk.pid, 19)
        await bench.press("r")
        await bench.until(lambda: "Reading … 0:01" in bench.text())
        await bench.press("escape")
        assert "Reading" not in bench.text()
        assert bench.app.stage.deep  # what was read before is still there
        await bench.press("r")
        await bench.until(lambda: view_of(bench)._begun is None)
        assert view_of(bench).problem is None


async def test_the_process_gets_no_secret_and_ends_with_the_console(settings: Settings) -> None:
    async with reports(settings) as bench:
        study = bench.app.station.study
        assert study is not None
        clerk = study.office._clerk
        assert clerk is not None
        pid = clerk.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_process_that_dies_is_told_and_the_next_question_starts_another(settings: Settings) -> None:
    office = Office(settings)
    try:
        await office.ask(Browse())
        clerk = office._clerk
        assert clerk is not None
        clerk.kill()
        await clerk.wait()
        assert not isinstance(await office.ask(Browse()), Refused)
    finally:
        await office.close()


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("today", "2026-03-10", "2026-03-12"),
        ("this-week", "2026-03-02..2026-03-08", "2026-03-16..2026-03-22"),
        ("2026-03", "2026-02", "2026-04"),
        ("2026", "2025", "2027"),
        ("2026-01-01..2026-03-31", "2025-10-01..2025-12-31", "2026-04-01..2026-06-30"),
        ("2026-03-29", "2026-03-28", "2026-03-30"),
    ],
)
def test_a_period_steps_by_its_own_kind(text: str, before: str, after: str) -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(ZONE)
    assert stepped(text, -1, noon(), zone) == before
    assert stepped(text, 1, noon(), zone) == after
    assert word_of("2026-03-10", noon(), zone) == "yesterday"


# --- roles ---


async def test_roles_hold_down_to_the_lines_of_the_log(tmp_path: Path) -> None:
    from ccops.desk.daemon.peer import myself
    from ccops.settings.model import Daemon, Role

    serving = socket.socket(socket.AF_UNIX)  # a daemon serves here: roles are in force
    serving.bind(str(tmp_path / "socket"))
    role = Role(users=(myself().name,), queues=("sales",), mask_numbers=True)
    settings = past_in(tmp_path, roles={"sales": role}, daemon=Daemon(socket=tmp_path / "socket"))
    async with reports(settings) as bench:
        await bench.press("left_square_bracket")
        await open_report(bench, "calls")
        assert {row.texts[1] for row in bench.rows().rows_in_order} == {"sales"}
        assert "0301111111" not in bench.text()
        assert "030•••••••" in bench.text()
        await bench.press("enter")
        await read(bench)
        assert "ENTERQUEUE" in bench.text()
        await bench.press("end", *["right"] * 6)
        assert "0301111111" not in bench.text()
        await bench.press("escape", "escape")
        await open_report(bench, "queues")
        assert "support" not in bench.text()
        await bench.press("enter")
        await read(bench)
        assert "030•••••••" in bench.text()
        assert "0301111111" not in bench.text()
        await bench.press("enter")
        await read(bench)
        assert "ENTERQUEUE" in bench.text()
        assert "0301111111" not in bench.text()
    serving.close()


# --- in a terminal ---


@pytest.mark.parametrize(("leave", "code"), [(b"q", 0), (b"\x03", 130)], ids=["q", "ctrl+c"])
def test_in_a_terminal_it_ends_clean_while_a_report_is_read(settings: Settings, leave: bytes, code: int) -> None:
    folder = settings.store.path.parent
    child = Child(folder, "calm", "--reports", PAST=str(folder))
    try:
        child.shows(b"compare-rules")
        child.press(b"\r")
        child.shows(b"Offered")
        clerks = _clerks(child.pid)
        assert len(clerks) == 1
        os.kill(clerks[0], 19)  # SIGSTOP: it will not answer again
        child.press(b"r")
        child.shows(b"Reading")
        child.press(leave)
        assert child.wait() == code
        assert_clean(child.out)
        assert b"Traceback" not in child.out
        assert not _clerks(child.pid)
        assert not Path(f"/proc/{clerks[0]}").exists()
    finally:
        child.end()


def _clerks(pid: int) -> list[int]:
    """Return the children of a process."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
