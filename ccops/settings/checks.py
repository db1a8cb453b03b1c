"""Checks of single values that a type and a range cannot express; each returns what is wrong, or an empty text."""

import re
import string
from typing import Final

from ccops.i18n import _
from ccops.names import nearest
from ccops.settings.places import is_zone

EVENT_CLASSES: Final = (
    "system", "call", "log", "verbose", "command", "agent", "user", "config", "dtmf", "reporting", "cdr",
    "dialplan", "originate", "agi", "cc", "aoc", "test", "security", "message", "on", "off", "all",
)  # fmt: skip
NEEDED_CLASSES: Final = ("agent", "call", "system")
RECORDING_FIELDS: Final = ("date", "time", "queue", "agent", "call_id")

_HOST = re.compile(r"[A-Za-z0-9._:%\[\]-]+")
_DEVICE = re.compile(r"[A-Za-z][A-Za-z0-9]*/[^\s,&|()]+")
_DIALPLAN = re.compile(r"[^\s,&|()\"']*")


def line(value: str) -> str:
    """Any text; controls are refused for every text before it comes here."""
    return ""


def word(value: str) -> str:
    """A text that is not empty."""
    return "" if value.strip() else _("it is empty")


def host(value: str) -> str:
    """A host name or an address."""
    return "" if _HOST.fullmatch(value) else _("it is no host name and no address")


def device(value: str) -> str:
    """A phone as Asterisk dials it, e.g. PJSIP/9001."""
    if not value or _DEVICE.fullmatch(value):
        return ""
    return _("it is no phone; write it as technology and name, e.g. PJSIP/9001")


def dialplan(value: str) -> str:
    """The name of a context or a parking lot."""
    return "" if _DIALPLAN.fullmatch(value) else _("it holds a character that the dialplan does not allow in a name")


def timezone(value: str) -> str:
    """An IANA time zone that this machine knows."""
    if is_zone(value):
        return ""
    from zoneinfo import available_timezones

    near = nearest(value, sorted(available_timezones()))
    hint = _("; did you mean {names}?").format(names=", ".join(near)) if near else ""
    return _("it is no IANA time zone, such as Europe/Berlin") + hint


def event_classes(value: tuple[str, ...]) -> str:
    """Classes of AMI events, with those that the live state cannot do without."""
    unknown = [name for name in value if name not in EVENT_CLASSES]
    if unknown:
        near = nearest(unknown[0], EVENT_CLASSES)
        hint = _("; did you mean {names}?").format(names=", ".join(near)) if near else ""
        return _("there is no class “{name}”").format(name=unknown[0]) + hint
    missing = [name for name in NEEDED_CLASSES if name not in value]
    if missing and not {"on", "all"} & set(value):
        return _("the live state needs {names} as well").format(names=", ".join(missing))
    return ""


def recording(value: str) -> str:
    """A template of a file name below the PBX's monitor folder."""
    try:
        named = [part[1] for part in string.Formatter().parse(value) if part[1] is not None]
    except ValueError:
        return _("a brace is not closed")
    unknown = [name for name in named if name not in RECORDING_FIELDS]
    if unknown:
        return _("it names {{{name}}}; there are {known}").format(
            name=unknown[0], known=", ".join(f"{{{name}}}" for name in RECORDING_FIELDS)
        )
    if value.startswith("/") or ".." in value.split("/"):
        return _("it leaves the monitor folder")
    # Asterisk takes , | ^ apart in the arguments of MixMonitor, and a backslash or quote escapes.
    return _("it holds a character that Asterisk takes apart") if re.search(r"[,|^\\\"'`$;&\s]", value) else ""


def interface(value: str) -> str:
    """A member interface with the agent's number left open, e.g. Local/{number}@from-queue/n."""
    if not value or ("{number}" in value and not re.search(r"[\s,&|]", value)):
        return ""
    return _("it must hold {{number}} and no space, comma, & or |")
