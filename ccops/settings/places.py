"""Where things are on this machine: configuration files, the store, the time zone."""

import os
from collections.abc import Mapping
from pathlib import Path

SYSTEM_FILE = Path("/etc/ccops/config.toml")
FILE_VARIABLE = "CCOPS_CONFIG"
_ZONE_TREE = "zoneinfo/"


def user_file(env: Mapping[str, str]) -> Path:
    """Return the user's configuration file, by the XDG rule."""
    return _xdg(env, "XDG_CONFIG_HOME", ".config") / "ccops" / "config.toml"


def store_path(env: Mapping[str, str]) -> Path:
    """Return where the store is unless the configuration says otherwise."""
    return _xdg(env, "XDG_DATA_HOME", ".local/share") / "ccops" / "ccops.db"


def own_reports(env: Mapping[str, str]) -> Path:
    """Return where a person's own reports are unless the configuration says otherwise."""
    return user_file(env).parent / "reports.d"


def _xdg(env: Mapping[str, str], variable: str, fallback: str) -> Path:
    # The rule says that a relative path in the variable is to be ignored.
    named = Path(env.get(variable, ""))
    return named if named.is_absolute() else home(env) / fallback


def home(env: Mapping[str, str]) -> Path:
    """Return the home folder of the person."""
    return Path(env["HOME"]) if env.get("HOME") else Path.home()


def find_file(explicit: Path | None, env: Mapping[str, str]) -> tuple[Path | None, str]:
    """Return the configuration file to read and who named it ("--config", "CCOPS_CONFIG" or "").

    A file that somebody named is returned whether it exists or not, the others only where they exist.
    """
    if explicit is not None:
        return explicit, "--config"
    if env.get(FILE_VARIABLE):
        return Path(env[FILE_VARIABLE]).expanduser(), FILE_VARIABLE
    return next((path for path in (user_file(env), SYSTEM_FILE) if os.path.lexists(path)), None), ""


def zone_name(env: Mapping[str, str]) -> str:
    """Return the IANA name of the machine's time zone; UTC where it cannot be told."""
    for name in (env.get("TZ", "").removeprefix(":"), _linked_zone(), _written_zone()):
        if name and is_zone(name):
            return name
    return "UTC"


def is_zone(name: str) -> bool:
    """Tell whether `name` is an IANA time zone that this machine knows."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; outside the tree; a folder of the tree such as "Europe"
        return False
    return True


def _linked_zone() -> str:
    try:
        target = str(Path("/etc/localtime").readlink())
    except OSError:
        return ""
    return target.partition(_ZONE_TREE)[2]


def _written_zone() -> str:
    try:
        return Path("/etc/timezone").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
