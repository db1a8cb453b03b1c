"""`ccops report` through the program's door: every form, periods, choices, and everything that can be asked wrongly."""

import csv
import io
import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ccops.cmd.report_group import arranged, valued
from ccops.cmd.report_output import ReportForm
from ccops.reports.catalogue import entries
from ccops.reports.paper.render import Form
from tests.cmd_tools import Result
from tests.report_site import CLEANED, DAY, ROOT, ReportSite, make_site, wanting
from tests.test_cmd_frame import CLEAN, HEAVY, PYTHON, loaded_by


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> ReportSite:
    return make_site(tmp_path_factory.mktemp("site"))


@pytest.fixture
def own_site(tmp_path: Path) -> ReportSite:
    """A site that the test may change."""
    return make_site(tmp_path)


def data(result: Result) -> Any:
    assert result.code == 0, result.err
    return json.loads(result.out)


# -- forms -------------------------------------------------------------------------------------------------------------


def test_the_forms_are_those_that_can_be_rendered() -> None:
    assert [form.value for form in ReportForm] == [form.value for form in Form]


def test_a_listing_in_json_is_rows_under_the_names_of_the_figures(site: ReportSite) -> None:
    done = site.process("queues", "--from", DAY, "--to", DAY, "--json", text=True)
    assert (done.returncode, done.stderr) == (0, "")
    sales, support = json.loads(done.stdout)
    assert sales["queue"] == "sales"
    figures = ("offered", "answered", "lost", "abandoned", "timeout", "short_abandoned", "service_level", "asa", "aht")
    assert [sales[name] for name in figures] == [6, 3, 3, 2, 1, 1, 0.4, 20, 70]
    assert sales["abandon_rate"] == 0.2
    assert sales["longest_wait"] == 60
    assert (support["offered"], support["service_level"], support["abandon_rate"]) == (1, 1, 0)
    assert support["abandon_wait"] is None


@pytest.mark.parametrize("form", list(ReportForm))
def test_every_form_into_a_pipe(site: ReportSite, form: ReportForm) -> None:
    done = site.process("queues", "--period", DAY, "-f", form)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    check_form(form, done.stdout)


@pytest.mark.parametrize("form", list(ReportForm))
def test_every_form_into_a_file_by_its_ending(site: ReportSite, tmp_path: Path, form: ReportForm) -> None:
    file = tmp_path / f"new folder/report{Form(form).suffix}"
    result = site.report("queues", "--period", DAY, "-o", str(file))
    assert (result.code, result.out) == (0, "")
    assert f"{file}, {file.stat().st_size} bytes." in result.err
    check_form(form, file.read_bytes())
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def check_form(form: ReportForm, found: bytes) -> None:
    if form is ReportForm.PDF:
        from pypdf import PdfReader

        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(found)).pages)
    elif form is ReportForm.XLSX:
        from openpyxl import load_workbook

        book = load_workbook(io.BytesIO(found))
        text = " ".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    else:
        text = found.decode()
    assert "sales" in text
    assert "support" in text
    if form in (ReportForm.CSV, ReportForm.TSV):
        rows = list(csv.reader(io.StringIO(text), delimiter="," if form is ReportForm.CSV else "\t"))
        assert rows[0][:2] == ["queue", "offered"]
        assert [row[:2] for row in rows[1:]] == [["sales", "6"], ["support", "1"]]
    elif form is ReportForm.JSONL:
        assert [json.loads(line)["offered"] for line in text.splitlines()] == [6, 1]
    elif form is ReportForm.JSON:
        assert [row["offered"] for row in json.loads(text)] == [6, 1]
    else:
        assert "Riverside" in text
        assert "Europe/Berlin" in text
        assert DAY in text


def test_the_form_that_is_asked_for_wins_over_the_ending(site: ReportSite, tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    assert site.report("queues", "--period", DAY, "-o", str(file), "--json").code == 0
    assert len(json.loads(file.read_text())) == 2
    assert data(site.report("queues", "--period", DAY, "-o", "-", "--json"))[0]["queue"] == "sales"


def test_a_table_for_people_says_site_period_zone_filter_and_rules(site: ReportSite) -> None:
    text = site.report("queues", "--period", DAY, "--queue", "sales").out
    for expected in ("Riverside", DAY, "Europe/Berlin", "Queue: sales", "40.0%", "within 20 s", "Generated"):
        assert expected in text
    assert "support" not in text


def test_a_terminal_gets_charts_and_a_pipe_gets_none(site: ReportSite) -> None:
    bars = "█"
    assert bars in site.report("queues", "--period", DAY, terminal=True).out
    assert bars not in site.report("queues", "--period", DAY, "--no-chart", terminal=True).out
    assert bars not in site.report("queues", "--period", DAY).out
    assert bars in site.report("queues", "--period", DAY, "--chart").out


def test_a_workbook_is_nothing_for_a_terminal(site: ReportSite) -> None:
    result = site.report("queues", "-f", "xlsx", terminal=True)
    assert (result.code, result.out) == (2, "")
    assert "-o FILE" in result.err


# -- what is asked -----------------------------------------------------------------------------------------------------


def test_options_stand_before_or_after_the_name(site: ReportSite) -> None:
    expected = data(site.report("queues", "--from", DAY, "--to", DAY, "--queue", "sales", "--json"))
    for line in (
        f"--from {DAY} --to {DAY} --queue sales --json queues",
        f"--json --from={DAY} queues --to {DAY} --queue sales",
        f"-fjson --period {DAY} --queue sales queues",
        f"-f json -p {DAY} queues --queue sales",
    ):
        assert data(site.report(*line.split())) == expected


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("", ""),
        ("--help", "--help"),
        ("queues", "queues"),
        ("--json queues --explain", "queues --json --explain="),
        ("queues --explain --json", "queues --explain= --json"),
        ("queues --explain asa@sales --json", "queues --explain asa@sales --json"),
        ("--explain queues", "queues --explain="),
        ("--explain=asa queues", "queues --explain=asa"),
        ("-o - queues", "queues -o -"),
        ("--queue list queues", "queues --queue list"),
        ("--dry-run job daily", "job --dry-run daily"),
    ],
)
def test_the_name_comes_first(line: str, meant: str) -> None:
    assert arranged(shlex.split(line), valued()) == shlex.split(meant)


def test_without_a_period_it_is_today(site: ReportSite) -> None:
    result = site.report("queues", "--sections", "--json")
    assert data(result)["period"] == {"from": "2026-03-04T00:00:00+01:00", "to": "2026-03-05T00:00:00+01:00"}


def test_days_are_included_and_instants_are_not(site: ReportSite) -> None:
    def offered(*period: str) -> int:
        return sum(row["offered"] for row in data(site.report("queues", "--json", *period)))

    assert offered("--from", DAY, "--to", "2026-03-03") == 8
    assert offered("--from", DAY, "--to", DAY) == 7
    assert offered("--from", f"{DAY}T09:00", "--to", f"{DAY}T10:00") == 1
    assert offered("--from", f"{DAY}T08:00Z", "--to", f"{DAY}T09:00:01+00:00") == 2
    assert offered("--period", "2026-03") == 8


def test_one_queue_agent_caller_or_pattern(site: ReportSite) -> None:
    def rows(*options: str) -> list[Any]:
        return list(data(site.report("queues", "--period", "2026-03", "--json", *options)))

    assert [row["queue"] for row in rows("--queue", "s*")] == ["sales", "support"]
    assert [row["queue"] for row in rows("--queue", "SUPPORT")] == ["support"]
    assert [row["answered"] for row in rows("--agent", "Anna")] == [3]
    assert [row["offered"] for row in rows("--number", "+555 0001")] == [2]


def test_intervals_and_weekdays(site: ReportSite) -> None:
    hours = data(site.report("intervals", "--period", DAY, "--interval", "hour", "--json"))
    assert len(hours) == 24
    assert [row["offered"] for row in hours][9:14] == [1, 1, 2, 2, 1]
    assert hours[9]["start"] == f"{DAY}T09:00:00+01:00"
    days = data(site.report("intervals", "--period", "2026-03-01..2026-03-07", "--interval", "weekday", "--json"))
    assert [row["offered"] for row in days][:3] == [7, 1, 0]


def test_a_former_period_stands_beside_it(site: ReportSite) -> None:
    rows = data(site.report("queues", "--period", "2026-03-03", "--compare", "former", "--json"))
    sales = next(row for row in rows if row["queue"] == "sales")
    assert (sales["offered"], sales["offered_before"], sales["offered_change"]) == (1, 6, -5)
    whole = data(site.report("queues", "--period", "2026-03-03", "--compare", DAY, "--json", "--sections"))
    assert whole["compared_with"] == {"from": f"{DAY}T00:00:00+01:00", "to": "2026-03-03T00:00:00+01:00"}


def test_fields_order_and_heading(site: ReportSite) -> None:
    result = site.report("queues", "--period", DAY, "-f", "csv", "--fields", "offered,queue", "--sort", "offered")
    assert result.out == "offered,queue\n1,support\n6,sales\n"
    bare = site.report("queues", "--period", DAY, "-f", "tsv", "--fields", "queue", "--sort", "-asa", "--no-header")
    assert bare.out == "sales\nsupport\n"


def test_texts_of_callers_stay_texts(site: ReportSite, tmp_path: Path) -> None:
    rows = data(site.report("calls", "--period", DAY, "--json"))
    assert CLEANED in {row.get("caller_name") for row in rows}
    assert f"'{CLEANED}" in site.report("calls", "--period", DAY, "-f", "csv").out
    page = site.process("calls", "--period", DAY, "-f", "html", text=True).stdout
    assert "<script" not in page
    assert "\x1b" not in site.report("calls", "--period", DAY, terminal=True).out.replace("\x1b[", "")


def test_every_report_is_made_in_every_way_it_offers(site: ReportSite) -> None:
    for name, entry in entries().items():
        how = ["--period", DAY, "--json", *wanting(entry)]
        for interval in entry.intervals:
            cut = ["--interval", interval] if interval else []
            result = site.report(name, *how, *cut)
            assert result.code == 0, (name, interval, result.err)
            assert isinstance(json.loads(result.out), list)
        whole = data(site.report(name, *how, "--sections"))
        for section in whole["sections"]:
            assert data(site.report(name, *how, "--section", section["name"])) == section["rows"]
        assert "Riverside" in site.report(name, *how[:2], *how[3:], "--sections", terminal=True).out


def test_a_report_about_no_period_is_about_all_up_to_now(site: ReportSite) -> None:
    def back(*period: str) -> tuple[Any, int]:
        whole = data(site.report("callbacks", "--json", "--sections", *period))
        return whole["period"], len(whole["sections"][0]["rows"])

    assert back() == (None, 3)
    assert back("--period", "2026-03-03") == (
        {"from": "2026-03-03T00:00:00+01:00", "to": "2026-03-04T00:00:00+01:00"}, 0
    )  # fmt: skip
    assert "Add --period" in site.report("callbacks", "--compare", "former").err


def test_the_ladder_of_one_call(site: ReportSite) -> None:
    rows = data(site.report("ladder", *wanting(entries()["ladder"]), "--json"))
    assert [row["event"] for row in rows] == ["ENTERQUEUE", "ABANDON"]
    assert "Add --call" in site.report("ladder").err
    assert "There is no call" in site.report("ladder", "--call", "1.1").err


def test_the_four_rules_side_by_side(site: ReportSite) -> None:
    rows = data(site.report("compare-rules", "--period", DAY, "--queue", "sales", "--json"))
    assert len(rows) == 1
    levels = sorted(value for value in rows[0].values() if isinstance(value, float))
    assert levels == [0.333333, 0.4, 0.6, 0.666667, 20]  # and the threshold
    figure = "service_level_offered"
    made_of = data(site.report("compare-rules", "--period", DAY, "--explain", f"{figure}@sales", "--json"))
    assert made_of["value"] == rows[0][figure]
    assert len(made_of["visits"]) == rows[0]["offered"]


# -- the list, and own reports -----------------------------------------------------------------------------------------

OWN = """
title = "Mornings"
figures = ["offered", "answered"]
group = ["queue"]
[filter]
hours = "08:00-11:00"
"""


def test_the_list_has_all_reports(own_site: ReportSite) -> None:
    own_site.add(f'[reports]\nown = "{own_site.folder}/own"\n')
    (own_site.folder / "own").mkdir()
    (own_site.folder / "own/mornings.toml").write_text(OWN)
    (own_site.folder / "own/broken.toml").write_text("figures = [")
    result = own_site.report("list", "--json")
    rows = data(result)
    assert [row["report"] for row in rows] == [*entries(), "mornings"]
    assert rows[-1]["file"].endswith("own/mornings.toml")
    assert rows[0]["narrows"] == ["queue", "agent", "number"]
    assert "broken.toml" in result.err
    assert "Mornings" in own_site.report("list").out
    rows = data(own_site.report("mornings", "--period", DAY, "--json"))
    assert [(row["queue"], row["offered"]) for row in rows] == [("sales", 2)]
    by_file = data(own_site.report(str(own_site.folder / "own/mornings.toml"), "--period", DAY, "--json"))
    assert by_file == rows
    broken = own_site.report("broken")
    assert broken.code == 2
    assert "broken.toml:1" in broken.err


# -- what can go wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("queus", "Did you mean queues"),
        ("lst", "Did you mean list"),
        ("none.toml", "There is no file “none.toml”"),
        ("queues --period", "--period"),
        ("queues --from 2026-02-30", "--from: “2026-02-30” is no date"),
        ("queues --from 2026-03-02 --to 2026-03-01", "ends before it begins"),
        ("queues --to 2026-03-01", "Add --from"),
        ("queues --period last-yaer", "--period"),
        ("queues --period today --from 2026-03-02", "exclude each other"),
        ("queues --queue sels", "Did you mean sales"),
        ("queues --agent Ana", "Did you mean Anna"),
        ("queues --interval 20m", "20m"),
        ("intervals --from 1990-01-01 --to 2026-03-01 --interval 15m", "Name a shorter period"),
        ("agents --number 1", "cannot be narrowed by number"),
        ("agents --calls", "Leave out --calls"),
        ("queues --fields offred", "Did you mean offered"),
        ("queues --sort offred", "Did you mean offered"),
        ("queues --section x", "Sections: "),
        ("queues --section queues --sections", "exclude each other"),
        ("queues -f docx", "xlsx"),
        ("queues --compare befor", "--compare"),
        ("queues --limit 3", "--explain"),
        ("queues extra", "extra"),
        ("queues --jsn", "--json"),
        ("job", "JOB"),
        ("job nightly", "no job “nightly”"),
    ],
)
def test_what_is_wrong_is_told_with_what_is_right(site: ReportSite, line: str, said: str) -> None:
    result = site.report(*line.split(), "--json") if line != "job" else site.report("job")
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err


def test_no_rows_are_an_empty_report(site: ReportSite, tmp_path: Path) -> None:
    assert data(site.report("queues", "--period", "2020-01", "--json")) == []
    csv_result = site.report("queues", "--period", "2020-01", "-f", "csv", "--fields", "queue,offered")
    assert (csv_result.code, csv_result.out) == (0, "queue,offered\n")
    assert "begins at" in csv_result.err, "a bare table has no room for a warning"
    assert "Nothing to report" in site.report("queues", "--period", "2020-01").out
    for form in ("html", "pdf", "xlsx", "md"):
        assert site.report("queues", "--period", "2020-01", "-o", str(tmp_path / f"empty.{form}")).code == 0


def test_without_a_store_it_says_how_to_make_one(tmp_path: Path) -> None:
    site = ReportSite(tmp_path)
    site.add('[store]\npath = "ccops.db"\n')
    result = site.report("queues")
    assert (result.code, result.out) == (2, "")
    assert "ccops ingest queue-log" in result.err
    assert not site.store.exists()


def test_a_store_that_is_none_is_told(tmp_path: Path) -> None:
    site = ReportSite(tmp_path)
    site.add('[store]\npath = "ccops.db"\n')
    site.store.write_bytes(b"garbage " * 1000)
    result = site.report("queues")
    assert result.code == 1
    assert "no store of ccops" in result.err


def test_a_file_that_cannot_be_written(site: ReportSite, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path, said in ((tmp_path / "file/x.csv", "Not a directory"), (tmp_path / "report.docx", "Endings: ")):
        result = site.report("queues", "-o", str(path))
        assert result.code in (1, 2)
        assert said in result.err
    before = tmp_path / "old.csv"
    before.write_text("as it was")
    full = site.report("queues", "--period", DAY, "-o", "/dev/full", "-f", "csv")
    assert (full.code, full.out) == (1, "")
    assert "No space left" in full.err
    assert before.read_text() == "as it was"


@pytest.mark.parametrize("form", ["table", "pdf"])
def test_a_full_disk_behind_stdout(site: ReportSite, form: str) -> None:
    with open("/dev/full", "w") as full:
        done = site.process(
            "queues", "--period", DAY, "-f", form, stdout=full, stderr=subprocess.PIPE, capture_output=False
        )
    assert done.returncode == 1
    assert done.stderr == b"ccops: No space left on device.\n"


@pytest.mark.parametrize("form", ["table", "json", "xlsx"])
def test_a_reader_that_goes_away_is_no_failure(site: ReportSite, form: str) -> None:
    line = shlex.join([*site.command(), "report", "queues", "--period", DAY, "-f", form])
    done = subprocess.run(
        ["bash", "-c", f"{line} | true; echo ${{PIPESTATUS[0]}}"],
        cwd=ROOT, env=site.world(), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("0\n", "")


# -- the frame ---------------------------------------------------------------------------------------------------------


def test_a_report_loads_nothing_heavy(site: ReportSite) -> None:
    loaded = loaded_by("--config", str(site.config), "report", "queues", "--period", DAY)
    assert not loaded & {*HEAVY, "asyncio"}
    assert not loaded_by("report", "--help") & {*HEAVY, "asyncio"}


def test_help_of_the_group_and_of_one_report(site: ReportSite) -> None:
    text = site.report("--help").out
    for name in ("list", "jobs", "compare-rules", "queues", "intervals"):
        assert f"  {name} " in text
    one = site.report("intervals", "--help").out
    assert "--interval 30m|15m|hour|day|weekday" in one
    assert "Usage: ccops report intervals [OPTIONS]" in one
    alone = site.report()
    assert (alone.code, alone.out) == (2, "")
    assert "Reports:" in alone.err


def test_the_shell_completes_names_of_reports() -> None:
    env = CLEAN | {"_CCOPS_COMPLETE": "complete_bash", "COMP_WORDS": "ccops report q", "COMP_CWORD": "2"}
    done = subprocess.run(PYTHON, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["queues"]
