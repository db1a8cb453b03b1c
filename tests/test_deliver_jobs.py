"""Jobs of the configuration, and what the files in config/ say about them."""

import configparser
import re
import shlex
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.errors import CcopsError, ConfigError, ExitCode, NotFound
from ccops.reports.deliver.command import CommandTarget
from ccops.reports.deliver.files import FileTarget
from ccops.reports.deliver.jobs import (
    contents_of,
    job_of,
    ledger_of,
    patience_of,
    targets_of,
)  # fmt: skip
from ccops.reports.deliver.mail import MailTarget
from ccops.reports.deliver.model import DeliveryFailed
from ccops.reports.deliver.run import run_job
from ccops.reports.paper.model import Paper
from ccops.reports.paper.render import Form
from ccops.reports.periods import Period
from ccops.reports.when import period_before, period_of
from ccops.settings import Settings, load
from ccops.settings.problems import BadSettings
from ccops.settings.reporting import JobPeriod, ReportJob
from tests import paper_samples as samples
from tests.mailserver import mail_server

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 4, 1, 6, tzinfo=samples.BERLIN).timestamp()
"""A Wednesday, the first of its month; the clock was put forward on the Sunday before."""
JOB = """
[store]
path = "ccops.db"
[smtp]
host = "mail.example.net"
sender = "ccops@example.net"
[reports]
folder = "reports"
tries = 2
retry_wait = 1
[report_jobs.daily]
report = "queues"
formats = ["pdf", "csv"]
mail = ["boss@example.net"]
file = "{job}/{date}.{ext}"
command = ["rclone", "rcat", "share:{name}.{ext}"]
"""


def days(name: JobPeriod, before: bool = False) -> tuple[str, str]:
    period = (period_before if before else period_of)(name, NOW, samples.BERLIN)
    ends = (datetime.fromtimestamp(at, samples.BERLIN) for at in (period.start, period.end))
    first, after = (f"{end:%m-%d %H:%M}" for end in ends)
    return first.removesuffix(" 00:00"), after.removesuffix(" 00:00")


@pytest.mark.parametrize(
    ("name", "period", "before"),
    [
        ("today", ("04-01", "04-02"), ("03-31", "04-01")),
        ("yesterday", ("03-31", "04-01"), ("03-30", "03-31")),
        ("this-week", ("03-30", "04-06"), ("03-23", "03-30")),
        ("last-week", ("03-23", "03-30"), ("03-16", "03-23")),
        ("this-month", ("04-01", "05-01"), ("03-01", "04-01")),
        ("last-month", ("03-01", "04-01"), ("02-01", "03-01")),
    ],
)
def test_periods_by_name(name: JobPeriod, period: tuple[str, str], before: tuple[str, str]) -> None:
    assert (days(name), days(name, before=True)) == (period, before)


@given(
    st.sampled_from(["today", "yesterday", "this-week", "last-week", "this-month", "last-month"]),
    st.floats(0, 4e9),
    st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Auckland", "UTC"]),
)
def test_the_period_before_ends_where_the_period_begins(name: JobPeriod, now: float, zone: str) -> None:
    period, before = period_of(name, now, ZoneInfo(zone)), period_before(name, now, ZoneInfo(zone))
    assert before.start < before.end == period.start < period.end
    if name.startswith(("today", "this")):
        assert period.start <= now < period.end
    else:
        assert period.end <= now


def test_a_job_delivers_where_it_says(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(JOB)
    settings = load(path, {}).settings
    job = job_of(settings, "daily")
    file, command, mail = targets_of(settings, job, "daily")
    assert isinstance(file, FileTarget)
    assert (file.folder, file.template) == (tmp_path / "reports", "{job}/{date}.{ext}")
    assert isinstance(command, CommandTarget)
    assert command.argv == ("rclone", "rcat", "share:{name}.{ext}")
    assert isinstance(mail, MailTarget)
    assert (mail.recipients, mail.file) == (("boss@example.net",), "{date}.{ext}")
    assert (patience_of(settings).tries, patience_of(settings).first_wait) == (2, 1)
    assert ledger_of(settings).path == tmp_path / "deliveries.db"
    contents = contents_of(samples.paper(), job.formats, settings)
    assert [content.form for content in contents] == [Form.PDF, Form.CSV]
    assert contents[1].data.startswith(b"# Queues")


def site(tmp_path: Path, port: int) -> Settings:
    """Return settings with a job that goes to a file, a command and two people."""
    path = tmp_path / "config.toml"
    out = tmp_path / "copy-{name}.{ext}"
    path.write_text(f"""
[site]
timezone = "Europe/Berlin"
[store]
path = "ccops.db"
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "ccops@example.net"
[reports]
operator = "it@example.net"
tries = 1
[report_jobs.daily]
report = "queues"
queues = ["sales"]
formats = ["csv", "pdf"]
mail = ["boss@example.net", "lead@example.net"]
save = true
command = ["/bin/sh", "-c", 'cat > "$0"', "{out}"]
""")
    return load(path, {}).settings


def made(job: ReportJob, period: Period, before: Period | None) -> Paper:
    """Make the report of a job."""
    assert (job.report, before) == ("queues", None)
    return samples.paper(samples.queues(), period=period, generated_at=NOW)


def test_a_job_goes_everywhere_once(tmp_path: Path) -> None:
    with mail_server() as box:
        settings = site(tmp_path, box.port)
        first = run_job(settings, "daily", made, now=NOW)
        second = run_job(settings, "daily", made, now=NOW + 600)
        assert [outcome.state for outcome in first] == ["delivered"] * 6
        assert [outcome.state for outcome in second] == ["already"] * 6
        assert [outcome.state for outcome in run_job(settings, "daily", made, now=NOW + 86_400)] == ["delivered"] * 6
        assert box.recipients == ["boss@example.net", "lead@example.net"] * 2
    names = {path.name for path in (tmp_path / "reports").iterdir()}
    assert names == {f"queues-{day}-{day}.{ext}" for day in ("2026-03-31", "2026-04-01") for ext in ("csv", "pdf")}
    assert (tmp_path / "copy-queues.csv").read_bytes() == (
        tmp_path / "reports/queues-2026-04-01-2026-04-01.csv"
    ).read_bytes()


def test_a_job_of_which_a_part_fails_tells_the_operator_and_ends_with_an_error(tmp_path: Path) -> None:
    with mail_server() as box:
        box.refused = {"lead@example.net": "550 no such user"}
        settings = site(tmp_path, box.port)
        with pytest.raises(DeliveryFailed, match=r"lead@example\.net.*it@example\.net was told") as caught:
            run_job(settings, "daily", made, now=NOW)
        assert caught.value.exit_code == ExitCode.FAILED
        assert box.recipients == ["boss@example.net", "it@example.net"]
        assert "mail:boss@example.net: delivered" in box.messages[-1].get_content()
        box.refused = {}
        assert [outcome.state for outcome in run_job(settings, "daily", made, now=NOW)] == ["already"] * 5 + [
            "delivered"
        ]


@pytest.mark.parametrize("error", [CcopsError("The store is locked.", remedy="Wait."), ZeroDivisionError("oops")])
def test_a_report_that_cannot_be_made_is_told_to_the_operator_too(tmp_path: Path, error: Exception) -> None:
    def broken(_job: ReportJob, _period: Period, _before: Period | None) -> Paper:
        raise error

    with mail_server() as box:
        with pytest.raises(type(error)) as caught:
            run_job(site(tmp_path, box.port), "daily", broken, now=NOW)
        assert caught.value is error
        assert box.recipients == ["it@example.net"]
        assert str(error.args[0]) in box.messages[0].get_content()
        with pytest.raises(NotFound):
            run_job(site(tmp_path, box.port), "dayly", made, now=NOW)
        assert box.recipients == ["it@example.net"] * 2


def test_a_job_that_is_not_there_or_leads_nowhere_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[report_jobs.daily]\nreport = "queues"\n[report_jobs.empty]\nperiod = "today"\n')
    settings = load(path, {}).settings
    with pytest.raises(NotFound, match="Did you mean daily"):
        job_of(settings, "dayly")
    with pytest.raises(ConfigError, match="no report is named"):
        job_of(settings, "empty")
    with pytest.raises(ConfigError, match="delivers nowhere"):
        targets_of(settings, job_of(settings, "daily"), "daily")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('period = "last-year"', "none of today, yesterday"),
        ('formats = ["pdff"]', "did you mean pdf"),
        ("formats = []", "it is empty"),
        ('mail = ["anna"]', "“anna” is no mail address"),
        ('mail = ["a@b.c\\nBcc: d@e.f"]', "control character|no mail address"),
        ('file = "../{name}"', "out of its folder"),
        ('file = "{nam}"', r"it names \{nam\}; there are"),
        ('file = "{name!r}"', r"it names \{name\}"),
        ('subject = "{title"', "brace is not closed"),
        ("command = []", "names no program"),
        ('command = "rclone rcat"', "no list"),
    ],
)
def test_a_wrong_job_is_told_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[report_jobs.daily]\nreport = "queues"\n{text}\n')
    with pytest.raises(BadSettings, match=problem) as caught:
        load(path, {})
    assert str(caught.value).startswith(f"{path}:3: ")


def test_a_password_and_its_file_exclude_each_other(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[smtp]\npassword = "a"\npassword_file = "b"\n')
    path.chmod(0o600)
    with pytest.raises(BadSettings, match=r":3: smtp\.password_file: smtp\.password is given as well"):
        load(path, {})


def test_cron_lines_and_timers_run_jobs_by_name() -> None:
    lines = (ROOT / "config/cron.d/ccops-reports").read_text().splitlines()
    jobs = [line for line in lines if line and line[0] in "0123456789*"]
    assert len(jobs) >= 3
    for line in jobs:
        *when, user, command = line.split(None, 6)
        assert len(when) == 5
        assert user == "ccops"
        assert "%" not in command  # cron would end the line there
        assert shlex.split(command)[-3:-1] == ["report", "job"]
    service = configparser.ConfigParser(interpolation=None, strict=False)
    service.optionxform = str  # type: ignore[assignment,method-assign]
    service.read(ROOT / "config/systemd/ccops-report@.service")
    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["ExecStart"].endswith("report job %i")
    timer = configparser.ConfigParser(interpolation=None)
    timer.optionxform = str  # type: ignore[assignment,method-assign]
    timer.read(ROOT / "config/systemd/ccops-report@.timer")
    assert timer["Timer"]["Persistent"] == "true"
    assert re.search(r"%i", timer["Timer"]["OnCalendar"])
