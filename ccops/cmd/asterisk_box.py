"""What a machine tells about an Asterisk that runs on it: manager users, the queue_log, FreePBX."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ccops.settings.secret import Secret

_SECTION: Final = re.compile(r"\[([^\]]+)\]")
_INCLUDE: Final = re.compile(r"#(?:try)?include\s+[\"<]?([^\">]+)[\">]?")
_MOST_FILES: Final = 50


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
    folder = root / "etc/asterisk"
    _read(folder / "manager.conf", folder, reading)
    general = reading.sections.get("general", {})
    port = general.get("port", "")
    return Box(
        users=tuple(_users(reading)),
        port=int(port) if port.isdecimal() else 5038,
        enabled=general.get("enabled", "").lower() in ("yes", "true", "on", "1"),
        freepbx=any((root / name).exists() for name in ("etc/freepbx.conf", "etc/amportal.conf")),
        queue_log=_queue_log(root),
        unreadable=tuple(reading.unreadable),
    )


def _users(reading: _Reading) -> Iterator[ManagerUser]:
    for name, keys in reading.sections.items():
        if name != "general" and "secret" in keys:
            write = tuple(part.strip() for part in keys.get("write", "").split(",") if part.strip())
            yield ManagerUser(name, Secret(keys["secret"]), write)


def _queue_log(root: Path) -> Path | None:
    path = root / "var/log/asterisk/queue_log"
    try:
        return path if path.exists() else None
    except PermissionError:
        return None


def _read(path: Path, folder: Path, reading: _Reading) -> None:
    """Read one file of Asterisk's configuration and those that it includes."""
    reading.files += 1
    if reading.files > _MOST_FILES:
        return
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    except OSError:
        reading.unreadable.append(path)
        return
    keys: dict[str, str] = {}
    for raw in text.splitlines():
        line = re.split(r"(?<!\\);", raw, maxsplit=1)[0].strip()
        if included := _INCLUDE.match(line):
            for found in sorted(folder.glob(included.group(1).strip().lstrip("/").removeprefix("etc/asterisk/"))):
                _read(found, folder, reading)
        elif section := _SECTION.match(line):
            keys = reading.sections.setdefault(section.group(1), {})
        elif "=" in line:
            name, __, value = line.partition("=")
            keys[name.strip().lower()] = value.lstrip(">").strip()
