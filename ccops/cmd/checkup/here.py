"""Checks of this machine: configuration, secret, places, log, daemon, terminal."""

import os
from collections.abc import Iterator
from pathlib import Path

from ccops.cmd.checkup.model import Check
from ccops.cmd.environment import Environment
from ccops.cmd.table import duration
from ccops.errors import ConfigError
from ccops.i18n import _
from ccops.settings import Loaded, Settings

SMALLEST = (80, 24)
_TAIL = 256 * 1024
_QUIET = 86400
"""Seconds without a line after which somebody should look whether the log is still written."""


def configuration(loaded: Loaded) -> Check:
    """Say which file is read; that it was read at all has been seen before."""
    if loaded.file is None:
        return Check("configuration", True, _("No file; the defaults hold."), _("Run `ccops init` to write one."))
    return Check("configuration", True, str(loaded.file))


def bad_configuration(error: ConfigError) -> Check:
    """Say what is wrong with the configuration."""
    return Check("configuration", False, error.message, error.remedy or _("Mend the lines; `ccops config check`."))


def secret(settings: Settings) -> Check:
    """Say whether there is a name and a secret to log in with, in files that nobody else can read."""
    try:
        found = settings.ami.login_secret()
    except ConfigError as error:
        return Check("secret", False, error.message, error.remedy)
    if not settings.ami.username or not found:
        missing = "ami.username" if not settings.ami.username else "ami.secret"
        return Check("secret", False, _("{key} is not set.").format(key=missing), _("Run `ccops init`."))
    return Check("secret", True, _("There is one for “{user}”.").format(user=settings.ami.username))


def timezone(loaded: Loaded) -> Check:
    """Say which zone days and times are in."""
    name = loaded.settings.site.timezone
    given = loaded.origin(("site", "timezone")).kind != "default"
    remedy = "" if given else _("It is this machine's; set site.timezone if the centre is elsewhere.")
    return Check("timezone", True, name, remedy)


def queue_log(settings: Settings, now: float) -> Check:
    """Say whether the log can be read, is one, and is being written."""
    path = settings.queue_log.path
    if path is None:
        remedy = _("Set queue_log.path, so that today's figures are whole.")
        return Check("queue_log", None, _("No path: figures count only what was seen since start."), remedy)
    try:
        text = tail(path)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        detail = _("{path} cannot be read: {why}.").format(path=path, why=why)
        return Check("queue_log", False, detail, _("Let this user read it, e.g. by the group asterisk."))
    return _log_check(path, text, now)


def tail(path: Path) -> bytes:
    """Return the last part of a log."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
        return file.read(_TAIL)


def _log_check(path: Path, text: bytes, now: float) -> Check:
    from ccops.pbx.queue_log import BadLine, parse_line

    lines = text.splitlines()[-20:]
    if not lines:
        return Check("queue_log", None, _("{path} is empty.").format(path=path), _("Is queue_log on in logger.conf?"))
    for line in reversed(lines):
        try:
            age = now - parse_line(line).at
        except BadLine:
            continue
        detail = _("{path}: last line {age} ago.").format(path=path, age=duration(max(0, age)))
        quiet = age > _QUIET
        return Check("queue_log", True, detail, _("Is it the log that Asterisk writes now?") if quiet else "")
    detail = _("{path} does not look like a queue_log.").format(path=path)
    return Check("queue_log", False, detail, _("Set queue_log.path to the file that app_queue writes."))


def terminal(environment: Environment) -> Check:
    """Say whether the console will look right here."""
    if not environment.has_screen:
        return Check("terminal", None, _("There is none here; the console needs one."))
    width, height = environment.columns or 0, environment.lines or 0
    faults = list(_terminal_faults(environment, width, height))
    detail = f"{environment.variables.get('TERM', '?')}, {width}×{height}"
    if faults:
        return Check(
            "terminal", False, f"{detail}: {'; '.join(faults)}.", _("Enlarge it, or use --ascii or --no-color.")
        )
    return Check("terminal", True, detail)


def _terminal_faults(environment: Environment, width: int, height: int) -> Iterator[str]:
    if width < SMALLEST[0] or height < SMALLEST[1]:
        yield _("smaller than {width}×{height}").format(width=SMALLEST[0], height=SMALLEST[1])
    if environment.plain_letters:
        yield _("its encoding has no box characters")
    if environment.variables.get("TERM", "dumb") == "dumb":
        yield _("it cannot place the cursor")
