"""Tells the operator that a job failed: a report that does not come is noticed by nobody else."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.reports.deliver.mail import MailServer, plain_message
from ccops.reports.deliver.model import Outcome
from ccops.reports.paper.values import local
from ccops.settings.secret import masked

if TYPE_CHECKING:
    from ccops.settings import Settings


def tell_operator(
    settings: "Settings", job: str, error: BaseException, outcomes: Sequence[Outcome] = (), *, now: float
) -> str:
    """Mail what went wrong to `reports.operator`, and return in one sentence whether that worked. Never raises.

    `outcomes` are those of the deliveries, where the job came that far.
    """
    operator = settings.reports.operator
    if not operator:
        return _("Nobody was told: reports.operator is not set.")
    try:
        server = MailServer.of(settings)
        text = masked(notice(settings, job, error, outcomes, now), settings.secrets())
        subject = _("{site}: report job {job} failed").format(site=settings.site.name, job=job)
        message = plain_message(subject, text, (settings.smtp.sender, operator))
        server.send(message, settings.smtp.sender, operator)
    except CcopsError as problem:
        return _("{operator} could not be told: {problem}").format(operator=operator, problem=problem)
    return _("{operator} was told.").format(operator=operator)


def notice(settings: "Settings", job: str, error: BaseException, outcomes: Sequence[Outcome], now: float) -> str:
    """Return the text of the mail: what failed, what to do, what arrived all the same."""
    when = local(round(now), settings.zone).isoformat(" ")
    lines = [
        _("The report job “{job}” of {site} failed at {when}.").format(
            job=clean(job), site=settings.site.name, when=when
        ),
        "",
        *(clean(line) for line in str(error).splitlines()),
    ]
    arrived = [outcome.sentence for outcome in outcomes if outcome.error is None]
    if arrived:
        lines += ["", _("These deliveries arrived:"), *(f"  {sentence}" for sentence in arrived)]
    lines += ["", _("Once it is mended, run the job again: what arrived is not delivered twice.")]
    return "\n".join(lines) + "\n"
