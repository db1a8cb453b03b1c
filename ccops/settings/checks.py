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

REPORT_FIELDS: Final = ("name", "job", "site", "from", "to", "date", "time", "queue", "agent", "ext")
SUBJECT_FIELDS: Final = ("title", "period", *REPORT_FIELDS)
REPORT_FORMS: Final = ("pdf", "xlsx", "html", "md", "csv", "tsv", "json", "jsonl", "table")

AGENT_STATES: Final = (
    "talking", "on_hold", "ringing", "busy", "paused", "wrap_up", "unavailable", "available",
)  # fmt: skip
SYSLOG_FACILITIES: Final = (
    "user", "daemon", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip
ALERT_FIGURES: Final = (
    "waiting", "longest_wait", "wait_ratio", "unserved", "members", "free_agents", "ringing", "talking", "on_hold",
    "wrap_up", "paused", "busy", "unavailable", "offered", "answered", "abandoned", "lost", "service_level",
    "abandon_rate", "asa", "aht", "longest_wait_today", "occupancy", "state_time", "pause_time", "missed",
    "agent_answered", "agent_aht", "agent_occupancy", "late_for_shift", "agents_short",
    "agents_short_soon", "off_roster", "volume_change", "parked_time", "link_down", "clock_offset",
    "log_silence", "history_stopped", "disk_free",
)  # fmt: skip
"""What `ccops.alerts.figures` measures; a test holds the two together."""

_ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]]+@[^\s@<>(),;:\\\"\[\]]+")
_COUNTRY = re.compile(r"[A-Za-z]{2}(-[^\s-][^\s]*)?")
_HOST = re.compile(r"[A-Za-z0-9._:%\[\]-]+")
_DEVICE = re.compile(r"[A-Za-z][A-Za-z0-9]*/[^\s,&|()]+")
_DIALPLAN = re.compile(r"[^\s,&|()\"']*")


def line(value: str) -> str:
    """Any text; controls are refused for every text before it comes here."""
    return ""


def word(value: str) -> str:
    """A text that is not empty."""
    return "" if value.strip() else _("it is empty")


def digits(value: str) -> str:
    """Digits only, or nothing."""
    return "" if not value or (value.isascii() and value.isdigit()) else _("it holds something else than digits")


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


def country(value: str) -> str:
    """A country of ISO 3166, with a part of it or without; or nothing. Which holidays it has is known to planning."""
    if not value or _COUNTRY.fullmatch(value):
        return ""
    return _("it is no country; write the two letters of ISO 3166, such as AT, or a part of it, such as DE-BY")


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
    wrong = _template(value, RECORDING_FIELDS)
    if wrong:
        return wrong
    if value.startswith("/") or ".." in value.split("/"):
        return _("it leaves the monitor folder")
    # Asterisk takes , | ^ apart in the arguments of MixMonitor, and a backslash or quote escapes.
    return _("it holds a character that Asterisk takes apart") if re.search(r"[,|^\\\"'`$;&\s]", value) else ""


def _template(value: str, known: tuple[str, ...]) -> str:
    """A text with {names} to be filled in, of which only `known` ones exist; no formats, no attributes."""
    try:
        parts = list(string.Formatter().parse(value))
    except ValueError:
        return _("a brace is not closed")
    for _text, name, form, conversion in parts:
        if name is None:
            continue
        if name not in known or form or conversion:
            return _("it names {{{name}}}; there are {known}").format(
                name=name, known=", ".join(f"{{{field}}}" for field in known)
            )
    return ""


def report_file(value: str) -> str:
    """A template of the name of a report's file."""
    wrong = _template(value, REPORT_FIELDS)
    if wrong:
        return wrong
    if ".." in value.split("/"):
        return _("it leads out of its folder")
    return _("it names a folder, not a file") if value.endswith("/") or not value else ""


def report_subject(value: str) -> str:
    """A template of the subject of a mail."""
    return word(value) or _template(value, SUBJECT_FIELDS)


def report_command(value: tuple[str, ...]) -> str:
    """A command as a list: the program first."""
    if not value or not value[0].strip():
        return _("it names no program")
    return next((wrong for wrong in (_template(part, REPORT_FIELDS) for part in value) if wrong), "")


def report_forms(value: tuple[str, ...]) -> str:
    """Forms of a report."""
    for name in value:
        if name not in REPORT_FORMS:
            near = nearest(name, REPORT_FORMS, 1)
            hint = _("; did you mean {names}?").format(names=near[0]) if near else ""
            return _("there is no form “{name}”").format(name=name) + hint
    return "" if value else _("it is empty")


def address(value: str) -> str:
    """An address of electronic mail."""
    return "" if _ADDRESS.fullmatch(value) else _("it is no mail address, such as anna@example.net")


def addresses(value: tuple[str, ...]) -> str:
    """Addresses of electronic mail."""
    for item in value:
        if address(item):
            return _("“{value}” is no mail address, such as anna@example.net").format(value=item)
    return ""


def quiet_hours(value: tuple[str, ...]) -> str:
    """Quiet hours of alerts."""
    from ccops.settings.hours import NoHours, hours_of

    for text in value:
        try:
            hours_of(text)
        except NoHours as wrong:
            return str(wrong)
    return ""


def alert_figure(value: str) -> str:
    """A figure that alerts may watch."""
    return _one_of(value, ALERT_FIGURES, _("figure"))


def agent_states(value: tuple[str, ...]) -> str:
    """States of an agent."""
    return next((wrong for wrong in (_one_of(name, AGENT_STATES, _("state")) for name in value) if wrong), "")


def syslog_facility(value: str) -> str:
    """A facility of the system's log."""
    return _one_of(value, SYSLOG_FACILITIES, _("facility")) if value else ""


def _one_of(value: str, known: tuple[str, ...], kind: str) -> str:
    if value in known:
        return ""
    near = nearest(value, known)
    hint = _("; did you mean {names}?").format(names=", ".join(near)) if near else ""
    return _("there is no {kind} “{name}”").format(kind=kind, name=value) + hint


def webhook(value: str) -> str:
    """A URL that takes a POST; without TLS only on this machine, since alerts name people."""
    from ipaddress import ip_address
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(value)
        name, _port = parts.hostname or "", parts.port
    except ValueError:
        return _("it is no URL")
    if parts.scheme not in ("http", "https") or not name or parts.username is not None or parts.fragment:
        return _("it is no URL such as https://hooks.example.net/ccops")
    if any(ord(char) <= 32 or ord(char) >= 127 for char in value):
        return _("it holds a space or a character that a URL writes as %XX")
    if parts.scheme == "https" or name == "localhost":
        return ""
    try:
        here = ip_address(name).is_loopback
    except ValueError:
        here = False
    return "" if here else _("without https it may only lead to this machine")


def command(value: tuple[str, ...]) -> str:
    """A command as a list: the program first."""
    return "" if value and value[0].strip() else _("it names no program")


def interface(value: str) -> str:
    """A member interface with the agent's number left open, e.g. Local/{number}@from-queue/n."""
    if not value or ("{number}" in value and not re.search(r"[\s,&|]", value)):
        return ""
    return _("it must hold {{number}} and no space, comma, & or |")
