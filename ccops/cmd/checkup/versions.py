"""What is known of Asterisk's versions: branches that are no longer mended, and holes that concern a manager user.

Ends of life follow the project's policy (Software Configuration Management Policies: two years for standard
branches, five for long-term ones). Fixed versions are those of the security advisories; a branch without an
entry was never mended if it is older than the newest entry, and never had the hole if it is newer.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ccops.cmd.checkup.model import Check
from ccops.i18n import _

END_OF_LIFE: Final[Mapping[int, date]] = {
    11: date(2017, 10, 25),
    12: date(2015, 12, 20),
    13: date(2021, 10, 24),
    14: date(2018, 9, 26),
    15: date(2019, 10, 3),
    16: date(2023, 10, 9),
    17: date(2021, 10, 28),
    18: date(2025, 10, 20),
    19: date(2023, 11, 2),
    20: date(2027, 10, 19),
    21: date(2025, 10, 18),
    22: date(2029, 10, 16),
    23: date(2027, 10, 15),
}
OLDEST_TESTED: Final = 16

_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:-cert(\d+))?")
_PACKAGED = re.compile(r"dfsg|[~+-](?:deb|ubuntu|fc|el)\d*|-\d+ubuntu")


@dataclass(slots=True, frozen=True)
class Version:
    """A version of Asterisk; `cert` is the number of a certified release, 0 otherwise."""

    branch: int
    minor: int
    patch: int = 0
    cert: int = 0
    packaged: bool = False
    """Built by a distribution, which mends holes without a new version number."""

    @classmethod
    def parse(cls, text: str) -> "Version | None":
        """Read what CoreSettings says, e.g. 22.10.0~dfsg+~cs6 or certified-18.9-cert11; None for anything else."""
        found = _VERSION.search(text)
        if found is None:
            return None
        branch, minor, patch, cert = (int(number or 0) for number in found.groups())
        return cls(branch, minor, patch, cert, bool(_PACKAGED.search(text)))


@dataclass(slots=True, frozen=True)
class Hole:
    """A known hole that a manager user can reach."""

    name: str
    what: str
    action: str
    """Only who may send this action can use it."""
    fixed: Mapping[int, tuple[int, int]]
    certified: Mapping[tuple[int, int], int]

    def open_in(self, version: Version) -> bool:
        """Tell whether an unpatched build of this version has the hole."""
        if version.cert:
            return version.cert < self.certified.get((version.branch, version.minor), 0)
        if version.branch in self.fixed:
            return (version.minor, version.patch) < self.fixed[version.branch]
        return version.branch < max(self.fixed)

    @property
    def mended(self) -> str:
        """The versions in which it is mended."""
        return ", ".join(f"{branch}.{minor}.{patch}" for branch, (minor, patch) in self.fixed.items())


HOLES: Final = (
    Hole(
        "CVE-2024-42365",
        _("a manager user with write=originate can run programs on the PBX"),
        "Originate",
        {18: (24, 2), 20: (9, 2), 21: (4, 2)},
        {(18, 9): 11, (20, 7): 2},
    ),
    Hole(
        "CVE-2024-53566",
        _("a manager user with write=config can read files outside the configuration"),
        "ListCategories",
        {18: (26, 1), 20: (11, 1), 21: (6, 1), 22: (1, 1)},
        {(18, 9): 13, (20, 7): 4},
    ),
)


def version_check(text: str, today: date) -> Check:
    """Say whether this version is one that still gets fixes and that ccops is tested with."""
    version = Version.parse(text)
    if version is None:
        return Check("version", None, _("Asterisk says “{text}”, which is no release.").format(text=text))
    said = f"Asterisk {text}"
    if version.branch < OLDEST_TESTED:
        detail = _("{version}: ccops is tested with {oldest} and newer.").format(version=said, oldest=OLDEST_TESTED)
        return Check("version", False, detail, _("Upgrade Asterisk."))
    end = END_OF_LIFE.get(version.branch)
    if end is not None and end <= today:
        detail = _("{version}: branch {branch} has had no fixes since {end}.")
        remedy = _("Plan an upgrade to 22, the newest long-term branch.")
        if version.packaged:
            remedy = _("Your distribution may still mend it; else plan an upgrade to 22.")
        return Check("version", True, detail.format(version=said, branch=version.branch, end=end), remedy)
    return Check("version", True, f"{said}.")


def holes_check(text: str, allowed: Collection[str]) -> Check:
    """Say which known holes this manager user could use on this version."""
    version = Version.parse(text)
    if version is None:
        return Check("holes", None, _("The version is not known."))
    found = [hole for hole in HOLES if hole.action in allowed and hole.open_in(version)]
    if not found:
        return Check("holes", True, _("None of the known holes is open to this manager user."))
    detail = "; ".join(f"{hole.name}: {hole.what}" for hole in found)
    if version.packaged:
        remedy = _("See whether your distribution's changelog names {names}; if not, upgrade.")
        return Check("holes", None, f"{detail}.", remedy.format(names=", ".join(hole.name for hole in found)))
    fixed = "; ".join(dict.fromkeys(hole.mended for hole in found))
    remedy = _("Upgrade Asterisk to {versions} or newer, and let the manager port listen on 127.0.0.1 only.")
    return Check("holes", False, f"{detail}.", remedy.format(versions=fixed))
