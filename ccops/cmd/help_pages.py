"""The pages and sample files that come with ccops: where they are, what they are called, how their links read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ccops
from ccops.errors import CcopsError, NotFound
from ccops.i18n import _

ABOUT: Final[Mapping[str, str]] = {
    "supervisor": _("For the supervisor: a day at the console"),
    "sysadmin": _("For the sysadmin: set up, look after, upgrade"),
    "cron": _("For cron and monitors: what runs by itself"),
    "planner": _("For the planner: from the calls of the past to next week's roster"),
    "install": _("Install, upgrade, uninstall"),
    "freepbx": _("What a FreePBX site sets"),
    "daemon": _("One link for many people, roles, audit"),
    "standby": _("A second machine that waits: follow, take over, never two that write"),
    "security": _("Who can do what, and which test holds it"),
    "console": _("The console, key by key"),
    "alerts": _("Being told without looking"),
    "history": _("Logs and call records into the store, and whether they are sound"),
    "reports": _("Reports, where each figure comes from, delivery"),
    "planning": _("Teams, requirement, rosters, leave, adherence"),
    "configuration": _("Every setting"),
    "commands": _("Every command and option"),
    "faults": _("What may go wrong, and which test holds it"),
    "developing": _("The rooms of the house, tests, benchmarks"),
}
"""The order in which topics are listed, and their one line; a page that is not here follows under its own heading."""

_LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


@dataclass(slots=True, frozen=True)
class Topic:
    """One page."""

    name: str
    about: str
    path: Path

    def text(self) -> str:
        """Return the page as it was written, in Markdown."""
        return self.path.read_text(encoding="utf-8")


def topics() -> dict[str, Topic]:
    """Return all pages by name, in the order in which they are listed; raises CcopsError where there are none."""
    found = {path.stem: path for path in sorted(_folder("docs").glob("*.md"))}
    freepbx = _folder("config") / "freepbx.md"
    if freepbx.exists():
        found["freepbx"] = freepbx
    names = [*(name for name in ABOUT if name in found), *(name for name in found if name not in ABOUT)]
    return {name: Topic(name, ABOUT.get(name) or _heading(found[name]), found[name]) for name in names}


def samples() -> dict[str, Path]:
    """Return the sample files by their name below config/."""
    folder = _folder("config")
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".md", ".pyc"))
    return {path.relative_to(folder).as_posix(): path for path in paths}


def sample(name: str) -> Path:
    """Return one sample file, by its name or the end of it; raises NotFound with the nearest ones."""
    known = samples()
    ending = [path for key, path in known.items() if key == name or key.endswith(f"/{name}")]
    if len(ending) != 1:
        raise NotFound(_("sample file"), name, list(known))
    return ending[0]


def with_readable_links(text: str) -> str:
    """Return a page whose links to other pages name the command that shows them; other links keep their address."""
    known = topics()

    def readable(link: re.Match[str]) -> str:
        words, target = link.groups()
        path = target.partition("#")[0]
        if "://" in target:
            return f"{words} <{target}>"
        name = Path(path).stem
        if path.endswith(".md") and name in known:
            return f"{words} (`ccops help {name}`)"
        return words

    return _LINK.sub(readable, text)


def _folder(name: str) -> Path:
    """Return a folder of the installed package, or of the checkout that it runs from."""
    package = Path(ccops.__file__).parent
    for folder in (package / "pages" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise CcopsError(
        _("The pages of this ccops are missing."), remedy=_("Install it from its wheel or run it from its checkout.")
    )


def _heading(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline().lstrip("# ").rstrip()
