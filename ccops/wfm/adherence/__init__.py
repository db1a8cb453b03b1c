"""Adherence and conformance: what was published against what people did, by person and day or interval, and live."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ccops.reports.periods import Period
    from ccops.settings import Settings

__all__ = ["report_rows"]


def report_rows(settings: "Settings", period: "Period") -> list[dict[str, Any]]:
    """Return a row per agent and day: agent, day, scheduled and worked (seconds), adherence, conformance.

    Only what is over counts. Nothing where no roster is published; static members, of whom the log does not tell when
    they were there, are left out. Raises the store's errors.
    """
    rows = _loaded()
    if not settings.store.path.exists():
        return []
    with rows.Reader.opened(settings) as reader:
        found = rows.day_rows(reader, period)
    names = ("agent", "day", "scheduled", "worked", "adherence", "conformance")
    return [{name: row[name] for name in names} for row in found if not row["static"]]


def _loaded() -> Any:
    """Return the module that reads; raises `CcopsError` where the packages for planning are not installed."""
    from importlib import import_module

    from ccops.errors import CcopsError
    from ccops.i18n import _

    try:
        return import_module("ccops.wfm.adherence.rows")
    except ModuleNotFoundError as problem:
        if (problem.name or "").startswith("ccops"):
            raise
        message = _("Planning needs the package “{name}”, which is not installed.").format(name=problem.name)
        raise CcopsError(message, remedy=_("Install it: pip install 'ccops[wfm]'.")) from None
