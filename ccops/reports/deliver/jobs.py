"""Jobs of the configuration: their forms, their targets, their patience."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ccops.errors import ConfigError, NotFound
from ccops.i18n import _
from ccops.reports.deliver.command import CommandTarget
from ccops.reports.deliver.files import FileTarget
from ccops.reports.deliver.ledger import FileLedger
from ccops.reports.deliver.mail import MailServer, MailTarget
from ccops.reports.deliver.model import Content, Target
from ccops.reports.deliver.send import Patience
from ccops.reports.paper.model import Paper
from ccops.reports.paper.render import Form, Options, render

if TYPE_CHECKING:
    from ccops.settings import Settings
    from ccops.settings.reporting import ReportJob


def job_of(settings: "Settings", name: str) -> "ReportJob":
    """Return a job by name; raises NotFound with the nearest ones, ConfigError where it names no report."""
    job = settings.report_jobs.get(name)
    if job is None:
        raise NotFound(_("job"), name, settings.report_jobs)
    if not job.report:
        raise ConfigError(
            _("report_jobs.{name}: no report is named.").format(name=name),
            remedy=_("Set `report` to a name that `ccops report list` knows."),
        )
    return job


def contents_of(paper: Paper, forms: Sequence[str], settings: "Settings") -> list[Content]:
    """Return a paper in every form that a job names; data forms say period, zone, filter and rules too."""
    options = Options(whole=True, page_size=settings.reports.page_size)
    return [Content(Form(form), render(paper, Form(form), options)) for form in dict.fromkeys(forms)]


def targets_of(settings: "Settings", job: "ReportJob", name: str) -> list[Target]:
    """Return where a job delivers to; raises ConfigError where it delivers nowhere or mail is not set up."""
    reports = settings.reports
    template = job.file or reports.file
    targets: list[Target] = []
    if job.save or job.file:
        targets.append(FileTarget(settings.report_folder, template))
    if job.command:
        targets.append(CommandTarget(job.command, reports.command_timeout))
    if job.mail:
        attached = template.rsplit("/", 1)[-1]
        targets.append(MailTarget(MailServer.of(settings), settings.smtp.sender, job.mail, job.subject, attached))
    if not targets:
        raise ConfigError(
            _("report_jobs.{name}: it delivers nowhere.").format(name=name),
            remedy=_("Set mail, save or command."),
        )
    return targets


def patience_of(settings: "Settings") -> Patience:
    """Return how often deliveries are tried."""
    return Patience(settings.reports.tries, settings.reports.retry_wait)


def ledger_of(settings: "Settings") -> FileLedger:
    """Return the ledger of this installation, beside its store; made where there is none."""
    return FileLedger(_ledger_path(settings))


def known_ledger(settings: "Settings") -> FileLedger | None:
    """Return the ledger of this installation, or None where nothing was ever delivered."""
    return ledger_of(settings) if _ledger_path(settings).exists() else None


def _ledger_path(settings: "Settings") -> Path:
    return settings.store.path.parent / "deliveries.db"
