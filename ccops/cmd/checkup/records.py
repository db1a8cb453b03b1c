"""Checks of what the store remembers: the chain of the audit, and alerts that did not reach anybody."""

import os
from collections.abc import Iterator, Sequence

from ccops.cmd.checkup.model import Check
from ccops.cmd.table import duration
from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.settings import Settings
from ccops.store import Database
from ccops.store.alerts import DeliveryRecord

LATE = 300.0
"""Seconds after which an alert that still waits for its way to open is something to look at."""
_RECENT = 86_400.0
_MOST = 200_000
"""Rows of the audit up to which its chain is gone through: some seconds."""
_NAMED = 3


def record_checks(settings: Settings, now: float) -> Iterator[Check]:
    """Yield the checks of the store's records; nothing where there is no store, or where its own checks fail."""
    from ccops.store import open_store

    if not os.path.exists(settings.store.path):
        return
    try:
        with open_store(settings.store.path, read_only=True) as database:
            yield _audit(database)
            yield _deliveries(database, now)
    except CcopsError:
        return


def _audit(database: Database) -> Check:
    from ccops.store.audit import verdict

    (count,) = database.rows("SELECT count(*) FROM audit")[0]
    if count > _MOST:
        detail = _("{count} rows, too many to go through here.").format(count=count)
        return Check("audit", None, detail, _("`ccops audit verify` does."))
    found = verdict(database)
    if found.ok:
        return Check("audit", True, _("{count} rows, the chain is whole.").format(count=found.rows))
    detail = _("Row {number} is not as it was written: {why}").format(number=found.broken, why=found.why)
    remedy = _("Somebody or something changed the store. Keep a copy of it, and compare with a backup and the anchors.")
    return Check("audit", False, detail, remedy)


def _deliveries(database: Database, now: float) -> Check:
    from ccops.store.alerts import failed_since, waiting

    late = [one for one in waiting(database) if one.tries and now - one.made_at >= LATE]
    failed = failed_since(database, now - _RECENT)
    if not late and not failed:
        return Check("alert_deliveries", True, _("No alert waits for its way to open."))
    said = []
    if late:
        age = duration(now - min(one.made_at for one in late))
        text = _("{count} alerts wait to be delivered, the oldest for {age}: {whom}")
        said.append(text.format(count=len(late), age=age, whom=_whom(late)))
    if failed:
        text = _("{count} alerts of the last day were given up: {whom}")
        said.append(text.format(count=len(failed), whom=_whom(failed)))
    remedy = _("See the checks of the targets; `ccops alert history --json` has every try.")
    return Check("alert_deliveries", False, "\n".join(said), remedy)


def _whom(records: Sequence[DeliveryRecord]) -> str:
    """Name some recipients with what they last said."""
    last = {one.recipient: one.detail for one in records}
    shown = [f"{name} ({detail})" if detail else name for name, detail in list(last.items())[:_NAMED]]
    return ", ".join(shown) + (" …" if len(last) > _NAMED else "")
