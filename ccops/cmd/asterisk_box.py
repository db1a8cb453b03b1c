"""What a machine tells about an Asterisk that runs on it: manager users, the queue_log, FreePBX.

Only text is read: /etc/freepbx.conf is PHP, of which lines that set a path are taken, and nothing is run.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from ccops.settings.secret import Secret

TRUE: Final = ("yes", "true", "on", "1", "y", "t")
"""How Asterisk writes yes."""
_SECTION: Final = re.compile(r"\[([^\]]+)\](?:\([^)]*\))?")
_INCLUDE: Final = re.compile(r"#(?:try)?include\s+[\"<]?([^\">]+)[\">]?")
_MOST_FILES: Final = 50
_DEEPEST: Final = 5
_PLACE: Final = re.compile(
    r"""^\s*(?:\$amp_conf\[["'])?(ASTETCDIR|ASTLOGDIR)(?:["']\])?\s*=\s*["']?([^"';\s]+)["']?\s*;?\s*$""", re.MULTILINE
)
"""A folder as amportal.conf (NAME=/path) and freepbx.conf ($amp_conf['NAME'] = '/path';) give it."""
FREEPBX_FILES: Final = ("etc/freepbx.conf", "etc/amportal.conf")


@dataclass(slots=True, frozen=True)
class ManagerUser:
    """One user of manager.conf."""

    name: str
    secret: Secret
    write: tuple[str, ...] = ()


@dataclass(slots=True, frozen=True)
class Box:
    """What was found."""

    users: tuple[ManagerUser, ...] = ()
    port: int = 5038
    enabled: bool = False
    """The manager is switched on."""
    present: bool = False
    """There is a manager.conf that could be read."""
    freepbx: bool = False
    queue_log: Path | None = None
    unreadable: tuple[Path, ...] = ()
    """Files that this user may not read."""


@dataclass(slots=True)
class _Reading:
    sections: dict[str, dict[str, str]] = field(default_factory=dict)
    unreadable: list[Path] = field(default_factory=list)
    files: int = 0


def look(root: Path = Path("/")) -> Box:
    """Return what there is of Asterisk below `root`; what cannot be read is named, not raised."""
    reading = _Reading()
    places = _freepbx_places(root)
    folder = _below(root, places.get("ASTETCDIR", "/etc/asterisk"))
    _read(folder / "manager.conf", folder, reading)
    general = reading.sections.get("general", {})
    port = general.get("port", "")
    return Box(
        users=tuple(_users(reading)),
        port=int(port) if port.isdecimal() and int(port) else 5038,
        enabled=general.get("enabled", "").lower() in TRUE,
        present=bool(reading.sections),
        freepbx=any(_exists(root / name) for name in FREEPBX_FILES),
        queue_log=_queue_log(root, folder, places),
        unreadable=tuple(dict.fromkeys(reading.unreadable)),
    )


def _below(root: Path, path: str) -> Path:
    return root / path.lstrip("/")


def _freepbx_places(root: Path) -> dict[str, str]:
    """Return the folders that FreePBX's own files name; the newer file has the last word.

    They hold the password of its database, so most people may not read them: then the usual places are looked at.
    """
    found: dict[str, str] = {}
    reading = _Reading()
    for name in reversed(FREEPBX_FILES):
        text = _text(root / name, reading)
        found |= {key: path for key, path in _PLACE.findall(text or "") if path.startswith("/")}
    return found


def _text(path: Path, reading: _Reading) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        reading.unreadable.append(path)
        return None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _users(reading: _Reading) -> Iterator[ManagerUser]:
    for name, keys in reading.sections.items():
        if name != "general" and "secret" in keys:
            write = tuple(part.strip() for part in keys.get("write", "").split(",") if part.strip())
            yield ManagerUser(name, Secret(keys["secret"]), write)


def _queue_log(root: Path, folder: Path, places: Mapping[str, str]) -> Path | None:
    """Return the queue_log where it is: astlogdir of asterisk.conf, queue_log_name of logger.conf."""
    own = _Reading()
    _read(folder / "asterisk.conf", folder, own)
    logger = _Reading()
    _read(folder / "logger.conf", folder, logger)
    general = logger.sections.get("general", {})
    directories = own.sections.get("directories", {})  # [directories](!) in the file that comes with Asterisk
    log_folder = directories.get("astlogdir") or places.get("ASTLOGDIR") or "/var/log/asterisk"
    path = _below(root, log_folder) / (general.get("queue_log_name") or "queue_log")
    if general.get("queue_log", "yes").lower() not in TRUE:
        return None  # it is written to a database, or not at all
    try:
        return path if path.exists() else None
    except PermissionError:
        return None


def _read(path: Path, folder: Path, reading: _Reading) -> None:
    """Read one file of Asterisk's configuration and those that it includes."""
    reading.files += 1
    if reading.files > _MOST_FILES:
        return
    text = _text(path, reading)
    if text is None:
        return
    keys: dict[str, str] = {}
    for raw in text.splitlines():
        line = re.split(r"(?<!\\);", raw, maxsplit=1)[0].strip()
        if included := _INCLUDE.match(line):
            for found in _included(folder, included.group(1)):
                _read(found, folder, reading)
        elif section := _SECTION.match(line):
            keys = reading.sections.setdefault(section.group(1), {})
        elif "=" in line:
            name, __, value = line.partition("=")
            keys[name.strip().lower()] = value.lstrip(">").strip()


def _included(folder: Path, pattern: str) -> list[Path]:
    """Return the files that an #include means; one that means nothing is passed over, as Asterisk does."""
    name = pattern.strip().lstrip("/").removeprefix("etc/asterisk/")
    try:
        deep = "**" in name or name.count("/") > _DEEPEST
        return [] if deep else sorted(islice(folder.glob(name), _MOST_FILES))
    except (ValueError, NotImplementedError, OSError):
        return []
