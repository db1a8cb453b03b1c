"""What is delivered, to whom, and what became of it."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ccops.errors import CcopsError, ExitCode
from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.reports.paper.model import Paper
from ccops.reports.paper.render import Form
from ccops.reports.paper.values import local


class DeliveryFailed(CcopsError):
    """A report did not get where it should."""

    def __init__(self, message: str, *, remedy: str = "", passing: bool = False) -> None:
        """`passing` says that the same may well work a little later."""
        super().__init__(message, remedy=remedy)
        self.passing = passing


class DeliveryRefused(DeliveryFailed):
    """The other side refuses us: login, certificate, right."""

    exit_code = ExitCode.DENIED


class DeliveryTimeout(DeliveryFailed):
    """The other side did not answer in time."""

    exit_code = ExitCode.TIMEOUT


@dataclass(slots=True, frozen=True)
class Content:
    """A report in one form."""

    form: Form
    data: bytes


@dataclass(slots=True, frozen=True)
class Parcel:
    """A report on its way: the paper, and the forms in which it is sent."""

    job: str
    """Name of the job; what makes two runs the same."""
    paper: Paper
    contents: Sequence[Content]
    names: Mapping[str, str] = field(default_factory=dict)
    """More names for templates, such as queue and agent."""
    occasion: str = ""
    """What tells deliveries of one job apart; by default the period, or the day where a report has none."""

    @property
    def when(self) -> str:
        """The occasion as it is noted in the ledger."""
        if self.occasion:
            return self.occasion
        period = self.paper.period
        if period is None:
            return local(self.paper.generated_at, self.paper.zone).date().isoformat()
        return f"{period.start}/{period.end}"

    def content_name(self, contents: Iterable[Content]) -> str:
        """Return what these forms hold, as it is noted in the ledger: report, filter and forms."""
        filters = "; ".join(f"{title}={clean(value)}" for title, value in sorted(self.paper.filters.items()))
        forms = "+".join(content.form for content in contents)
        return " ".join(part for part in (self.paper.name, f"[{filters}]" if filters else "", forms) if part)


@dataclass(slots=True, frozen=True)
class Key:
    """What makes a delivery the same as another one."""

    job: str
    occasion: str
    recipient: str
    """Kind of target and address, such as "mail:anna@example.net"."""
    content: str

    def digest(self) -> str:
        """Return a short name of the key that is the same on every run."""
        parts = (self.job, self.occasion, self.recipient, self.content)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


@dataclass(slots=True, frozen=True)
class Errand:
    """One delivery to one recipient."""

    key: Key
    send: Callable[[], str]
    """Deliver, and return what happened in a few words; raises DeliveryFailed."""


class Target(Protocol):
    """Somewhere that reports are delivered to."""

    def errands(self, parcel: Parcel) -> Sequence[Errand]:
        """Return the deliveries that a parcel makes here."""
        ...


State = Literal["delivered", "already", "failed", "planned"]


@dataclass(slots=True, frozen=True)
class Outcome:
    """What became of one delivery."""

    key: Key
    state: State
    detail: str
    tries: int = 0
    error: CcopsError | None = None

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        words = {
            "delivered": _("delivered"),
            "already": _("was delivered before"),
            "failed": _("failed"),
            "planned": _("would be delivered"),
        }
        detail = f": {clean(self.detail)}" if self.detail else ""
        return f"{clean(self.key.recipient)}: {words[self.state]}{detail}"

    def record(self) -> dict[str, object]:
        """Return the outcome as plain JSON values."""
        return {
            "job": self.key.job,
            "recipient": self.key.recipient,
            "content": self.key.content,
            "state": self.state,
            "detail": self.detail,
            "tries": self.tries,
        }


def failure(outcomes: Sequence[Outcome]) -> CcopsError | None:
    """Return the error that a job ends with, or None where everything arrived."""
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if len(errors) <= 1:
        return errors[0] if errors else None
    title = _("{failed} of {count} deliveries failed:").format(failed=len(errors), count=len(outcomes))
    lines = [outcome.sentence for outcome in outcomes if outcome.error is not None]
    error = DeliveryFailed("\n".join([title, *(f"  {line}" for line in lines)]))
    codes = {one.exit_code for one in errors}
    error.exit_code = codes.pop() if len(codes) == 1 else ExitCode.FAILED
    return error
