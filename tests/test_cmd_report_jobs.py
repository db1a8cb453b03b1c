"""`ccops report job`: reports by mail, file and command from the configuration; once, and told where it fails."""

import json
from pathlib import Path

import pytest

from tests.mailserver import Mailbox, mail_server
from tests.report_site import ReportSite, make_site

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@pytest.fixture
def site(tmp_path: Path) -> ReportSite:
    return make_site(tmp_path)


def add_jobs(site: ReportSite, box: Mailbox, more: str = "") -> None:
    site.add(f"""
[smtp]
host = "127.0.0.1"
port = {box.port}
security = "none"
sender = "ccops@example.net"
[reports]
operator = "it@example.net"
tries = 1
[report_jobs.daily]
report = "queues"
period = "last-week"
compare = true
queues = ["s*"]
formats = ["pdf", "csv"]
mail = ["boss@example.net"]
save = true
{more}
[report_jobs.broken]
report = "queus"
mail = ["boss@example.net"]
""")


def test_jobs_are_listed(site: ReportSite) -> None:
    with mail_server() as box:
        add_jobs(site, box)
        rows = json.loads(site.report("jobs", "--json").out)
    assert [row["job"] for row in rows] == ["daily", "broken"]
    assert (rows[0]["report"], rows[0]["period"], rows[0]["mail"]) == ("queues", "last-week", ["boss@example.net"])


def test_a_job_is_delivered_once_as_cron_runs_it(site: ReportSite) -> None:
    with mail_server() as box:
        add_jobs(site, box)
        planned = site.report("job", "daily", "--dry-run", "--json")
        assert [row["state"] for row in json.loads(planned.out)] == ["planned"] * 3
        assert not box.messages
        assert not (site.folder / "reports").exists()
        for _turn in range(2):
            done = site.process("job", "daily", before=("--quiet",), text=True)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert box.recipients == ["boss@example.net"]
        again = site.process("job", "daily", "--json", text=True)
        assert [row["state"] for row in json.loads(again.stdout)] == ["already"] * 3
        once_more = site.process("job", "--again", "daily", "--json", text=True)
        assert [row["state"] for row in json.loads(once_more.stdout)] == ["delivered"] * 3
        assert len(box.messages) == 2
    names = [part.get_filename() for part in box.messages[0].iter_attachments()]
    assert len(names) == 2
    assert all(name and name.startswith("queues-") for name in names)
    assert sorted(path.suffix for path in (site.folder / "reports").iterdir()) == [".csv", ".pdf"]


def test_what_is_delivered_is_the_report_itself(site: ReportSite) -> None:
    with mail_server() as box:
        add_jobs(site, box)
        result = site.report("job", "daily")  # its clock stands on 2026-03-04: last week is that of 02-23
        assert result.code == 0, result.err
        body = box.messages[0].get_body()
        assert body is not None
        assert "Period: 2026-02-23 – 2026-03-01 (7 days)" in body.get_content()
        assert "Queue: s*" in body.get_content()
        (file,) = (site.folder / "reports").glob("*.csv")
        own = site.report("queues", "--period", "last-week", "--queue", "s*", "--compare", "former", "--sections",
                          "-f", "csv")  # fmt: skip
        assert file.read_text() == own.out


def test_a_failing_job_ends_with_a_code_and_a_mail(site: ReportSite) -> None:
    with mail_server() as box:
        add_jobs(site, box)
        box.refused = {"boss@example.net": "550 no such user"}
        failed = site.process("job", "daily", before=("--quiet",), text=True)
        assert (failed.returncode, failed.stdout) == (1, "")
        assert "550 no such user" in failed.stderr
        assert "it@example.net was told" in failed.stderr
        assert box.recipients == ["it@example.net"]
        wrong = site.process("job", "broken", text=True)
        assert wrong.returncode == 2
        assert "Did you mean queues" in wrong.stderr
        assert box.recipients == ["it@example.net"] * 2
        assert "queus" in box.messages[-1].get_content()
        box.refused = {}
        repaired = site.process("job", "daily", "--json", text=True)
        assert sorted(row["state"] for row in json.loads(repaired.stdout)) == ["already", "already", "delivered"]


def test_a_job_without_a_store_tells_the_operator(site: ReportSite) -> None:
    with mail_server() as box:
        add_jobs(site, box)
        site.store.unlink()
        result = site.report("job", "daily")
        assert result.code == 2
        assert "ccops ingest" in result.err
        assert box.recipients == ["it@example.net"]


def test_a_command_gets_the_report_on_its_standard_input(site: ReportSite) -> None:
    copy = site.folder / "copy.csv"
    with mail_server() as box:
        add_jobs(site, box, f'command = ["/bin/sh", "-c", "cat > \\"$0\\"", "{site.folder}/copy.{{ext}}"]')
        assert site.report("job", "daily").code == 0
    assert copy.read_text().startswith("# Queues")
    assert (site.folder / "copy.pdf").read_bytes().startswith(b"%PDF")
