"""Delivers a parcel to its targets: each once, again after a while where it may work then, all outcomes told."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.reports.deliver.ledger import Ledger
from ccops.reports.deliver.model import DeliveryFailed, Errand, Outcome, Parcel, Target

_LONGEST_WAIT: Final = 900.0
_KEPT: Final = 366 * 86_400
"""Seconds for which the ledger remembers a delivery: the longest period of a job is a month."""
_SPREAD: Final = 0.2
"""Part by which a wait varies, so that many jobs do not come back together."""


@dataclass(slots=True, frozen=True)
class Patience:
    """How often and how long a delivery is tried."""

    tries: int = 4
    first_wait: float = 15.0
    """Seconds before the second try; each further wait is twice as long."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time

    def wait(self, tried: int) -> float:
        """Return how long to wait after so many tries, seconds."""
        plain = min(_LONGEST_WAIT, self.first_wait * 2.0 ** (tried - 1))
        return plain * (1 + _SPREAD * (secrets.randbelow(2001) / 1000 - 1))


def deliver(
    parcel: Parcel,
    targets: Sequence[Target],
    ledger: Ledger,
    patience: Patience | None = None,
    *,
    again: bool = False,
) -> list[Outcome]:
    """Deliver a parcel to every target, and return what became of each delivery.

    One that fails does not keep the others. `again` delivers what was delivered before. Raises CcopsError where the
    ledger cannot be used, before anything is sent.
    """
    how = patience or Patience()
    errands = [errand for target in targets for errand in target.errands(parcel)]
    with ledger.hold(parcel.job):
        ledger.forget(how.clock() - _KEPT)
        return [_one(errand, ledger, how, again) for errand in errands]


def planned(parcel: Parcel, targets: Sequence[Target], ledger: Ledger | None, *, again: bool = False) -> list[Outcome]:
    """Return what `deliver` would do with each delivery; without a ledger nothing was delivered before."""
    found = []
    for errand in [errand for target in targets for errand in target.errands(parcel)]:
        before = None if ledger is None or again else ledger.delivered_at(errand.key)
        at = "" if before is None else _at(before)
        found.append(Outcome(errand.key, "planned" if before is None else "already", at))
    return found


def _one(errand: Errand, ledger: Ledger, patience: Patience, again: bool) -> Outcome:
    before = ledger.delivered_at(errand.key)
    if before is not None and not again:
        return Outcome(errand.key, "already", _at(before))
    ledger.begin(errand.key, patience.clock())
    tried = 0
    while True:
        tried += 1
        try:
            detail = errand.send()
        except CcopsError as error:
            passing = isinstance(error, DeliveryFailed) and error.passing
            if not passing or tried >= patience.tries:
                return Outcome(errand.key, "failed", str(error), tried, error)
            patience.sleep(patience.wait(tried))
        else:
            ledger.done(errand.key, patience.clock(), detail)
            return Outcome(errand.key, "delivered", detail, tried)


def _at(seconds: float) -> str:
    return _("at {time} UTC").format(time=time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)))
