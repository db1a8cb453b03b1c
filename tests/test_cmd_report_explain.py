"""`--explain`: from a figure to its rule, its visits, and their lines in the log."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from ccops.reports.catalogue import entries
from tests.report_site import CLEANED, DAY, ReportSite, lines, make_site, wanting


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> ReportSite:
    return make_site(tmp_path_factory.mktemp("site"))


def explained(site: ReportSite, *arguments: str) -> Any:
    result = site.report(*arguments, "--json")
    assert result.code == 0, result.err
    return json.loads(result.out)


def test_without_a_figure_it_prints_every_rule(site: ReportSite) -> None:
    rows = explained(site, "queues", "--period", DAY, "--explain")
    rules = {row["figure"]: row["rule"] for row in rows}
    assert rules["service_level"] == "answered within 20 s / (offered − abandoned under 5 s)"
    assert list(rows[0]) == ["figure", "title", "rule"]
    assert "abandoned + timed out" in site.report("queues", "--explain").out
    assert site.report("queues", "--explain", "-f", "csv").out.startswith("figure,title,rule\n")


def test_a_figure_of_a_row_down_to_the_lines_of_the_log(site: ReportSite) -> None:
    found = explained(site, "queues", "--period", DAY, "--explain", "abandoned@sales")
    assert (found["figure"], found["value"], found["row"]) == ("abandoned", 2, {"queue": "sales"})
    assert found["rule"]
    assert found["count"] == 2
    assert found["periods"] == [{"from": f"{DAY}T00:00:00+01:00", "to": "2026-03-03T00:00:00+01:00"}]
    assert [visit["wait"] for visit in found["visits"]] == [40, 3]
    first = found["visits"][0]
    assert first["entered_at"] == f"{DAY}T11:00:00+01:00"
    assert (first["outcome"], first["caller_number"], first["agent"]) == ("abandoned", "5550003", None)
    log = lines()
    for visit in found["visits"]:
        assert len(visit["lines"]) == 2
        for line in visit["lines"]:
            assert line["file"] == str(site.log)
            assert log[line["line"] - 1] == line["text"]
            data = site.log.read_bytes()[line["offset"] :]
            assert data.startswith(line["text"].encode())


def test_the_total_and_rows_by_number_or_name(site: ReportSite) -> None:
    total = explained(site, "queues", "--period", DAY, "--explain", "offered")
    assert (total["value"], total["row"], len(total["visits"])) == (7, {}, 7)
    by_name = explained(site, "queues", "--period", DAY, "--explain", "offered@SUPPORT")
    assert by_name == explained(site, "queues", "--period", DAY, "--explain", "offered@#2")
    assert by_name["count"] == 1
    hour = explained(
        site, "intervals", "--period", DAY, "--interval", "hour", "--explain", f"offered@{DAY} 11:00:00"
    )  # fmt: skip
    assert hour["count"] == 2
    before = explained(
        site, "queues", "--period", "2026-03-03", "--compare", "former", "--explain", "offered_before@sales"
    )  # fmt: skip
    assert (before["value"], before["count"]) == (6, 6)


def test_agents_figures_are_made_of_sessions_and_missed_rings(site: ReportSite) -> None:
    found = explained(site, "agents", "--period", DAY, "--explain", "logged_in@Anna")
    assert found["value"] == 16 * 3600
    assert [(one["agent"], one["queue"]) for one in found["sessions"]] == [("Anna", "sales")]
    missed = explained(site, "agents", "--period", DAY, "--explain", "missed@Anna")
    assert missed["value"] == 1
    assert [one["line"]["text"].split("|")[4] for one in missed["missed"]] == ["RINGNOANSWER"]


def test_people_read_it_too(site: ReportSite) -> None:
    text = site.report("queues", "--period", DAY, "--explain", "service_level@sales").out
    assert text.startswith("Service level: 40.0%\nRule: answered within 20 s / (offered − abandoned under 5 s)\n")
    assert f"{site.log}:" in text
    assert "|EXITWITHTIMEOUT|1|1|60" in text
    assert "\x1b" not in text
    assert CLEANED in text
    few = site.report("queues", "--period", DAY, "--explain", "offered", "--limit", "2").out
    assert few.count("ENTERQUEUE") == 2
    assert "5 more: --limit 0 shows all" in few
    assert explained(site, "queues", "--period", DAY, "--explain", "offered", "--limit", "2")["count"] == 7
    table = site.report("queues", "--period", DAY, "--explain", "offered@support", "-f", "csv").out
    assert table.splitlines()[0].startswith("entered_at,queue,caller_number")
    assert len(table.splitlines()) == 2


def test_an_explanation_into_a_file(site: ReportSite, tmp_path: Path) -> None:
    file = tmp_path / "why.json"
    assert site.report("queues", "--period", DAY, "--explain", "lost", "-o", str(file)).code == 0
    assert json.loads(file.read_text())["value"] == 3


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("queues --explain offred", "Did you mean offered"),
        ("queues --explain offered@sels", "Did you mean sales"),
        ("queues --explain offered@#9", "#9"),
        ("queues --explain queue", "no figure"),
        ("queues --explain offered -f pdf", "no pdf form"),
        ("intervals --explain offered@x", "no row “x”"),
    ],
)
def test_what_cannot_be_explained_is_told(site: ReportSite, line: str, said: str) -> None:
    result = site.report(*line.split(), "--period", DAY)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_own_reports_are_explained_as_well(site: ReportSite, tmp_path: Path) -> None:
    file = tmp_path / "late.toml"
    file.write_text('figures = ["offered"]\ngroup = ["queue"]\n[filter]\nhours = "12:00-24:00"\n')
    found = explained(site, str(file), "--period", DAY, "--explain", "offered@sales")
    assert [visit["entered_at"][11:16] for visit in found["visits"]] == ["12:00", "12:30"]


def test_every_figure_of_every_report_that_says_so_can_be_explained(site: ReportSite) -> None:
    tried = 0
    for name, entry in entries().items():
        if not entry.explains:
            continue
        how = ["--period", DAY, *wanting(entry)]
        for rule in explained(site, name, *how, "--explain"):
            result = site.report(name, *how, "--explain", f"{rule['figure']}@#1", "--json")
            assert "Traceback" not in result.err
            assert result.code in (0, 2), (name, rule["figure"], result.err)
            tried += result.code == 0
    assert tried > 40


def test_an_encoding_without_chinese_gets_escapes(site: ReportSite) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    assert site.report("queues", "--explain", "--json", stdout=out).code == 0
    rules = json.loads(out.buffer.getvalue())
    assert any("−" in row["rule"] for row in rules)
    plain = site.process("agents", "--period", DAY, before=("--ascii",), text=True)
    assert plain.stdout.isascii()
