"""The settings of ccops as one typed model: every key with its type, default, limits and meaning.

The loader checks against this model, and docs/configuration.md and config/config.toml are made from it, so a key
is described here and nowhere else.
"""
# ruff: noqa: RUF009 (key() and section() are dataclasses.field with our own words)

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ccops.settings.alerting import AlertRule, Alerts, AlertTarget
from ccops.settings.keys import GIVEN, given, key, machine_key, section, tables
from ccops.settings.keys import Key as Key  # part of the model for whoever reads it
from ccops.settings.pairing import Standby
from ccops.settings.reporting import ReportJob, Reports, Smtp
from ccops.settings.secret import Secret, read_secret_file

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

ServiceLevelRule = Literal["offered-less-short", "offered", "answered", "sl2"]
Screen = Literal["overview", "agents", "calls", "reports", "log", "wall"]


@dataclass(frozen=True, kw_only=True)
class Site:
    """The place that this installation serves."""

    name: str = key("main", "Name of the site, on screens and reports.", check="word", example="Riverside")
    timezone: str = machine_key(
        "zone_name",
        "IANA time zone of the site: days, hours and all printed times are in it.",
        check="timezone",
        example="Europe/Berlin",
        shown="the machine's zone",
    )
    country: str = key(
        "",
        "Country (ISO 3166) whose public holidays forecasts know, or a part of it such as DE-BY; empty: none.",
        check="country",
        example="AT",
    )
    country_code: str = key(
        "",
        "Country code of the site: national numbers of callers are the same as international ones then.",
        check="digits",
        example="49",
    )
    international_prefix: str = key("00", "What callers' numbers have before a country code.", check="digits")
    national_prefix: str = key("0", "What national numbers have before the area code.", check="digits")


@dataclass(frozen=True, kw_only=True)
class Ami:
    """The manager interface of Asterisk (manager.conf)."""

    host: str = key("127.0.0.1", "Name or address of the PBX.", check="host", example="pbx.example.net")
    port: int = key(5038, "Manager port; with tls usually 5039.", low=1, high=65535)
    username: str = key("", "Name of the manager user.", check="line", example="ccops")
    secret: Secret = key(Secret(), "Secret of the manager user; the file must then be readable by its owner only.")
    secret_file: Path | None = key(
        None, "File that holds the secret in its only line (mode 600), instead of `secret`.", example="secret"
    )
    tls: bool = key(False, "Speak TLS; the certificate and the host name are checked.")
    ca_file: Path | None = key(
        None, "Certificate authority (PEM) of the PBX, instead of the system's.", example="pbx-ca.pem"
    )
    server_name: str = key("", "Name in the certificate, where it differs from `host`.", example="pbx.example.net")
    events: tuple[str, ...] = key(
        ("agent", "call", "system"),
        "Classes of events to ask for; the live state needs these three, more cost traffic.",
        check="event_classes",
    )
    connect_timeout: float = key(5.0, "Longest time for connection and login.", low=0.1, high=120, unit="s")
    action_timeout: float = key(5.0, "Longest time for the answer to an action.", low=0.1, high=120, unit="s")
    silence: float = key(5.0, "Silence after which the link counts as lost.", low=1, high=120, unit="s")
    relist: float = key(60.0, "Time between full checks of the live state.", low=5, high=3600, unit="s")

    def login_secret(self) -> Secret:
        """Return the secret to log in with; raises ConfigError where `secret_file` cannot be used."""
        return self.secret if self.secret_file is None else read_secret_file(self.secret_file)


@dataclass(frozen=True, kw_only=True)
class Store:
    """The one SQLite file with log rows, figures and the audit."""

    path: Path = machine_key(
        "store_path",
        "Path of the store.",
        example="/var/lib/ccops/ccops.db",
        shown="ccops/ccops.db in $XDG_DATA_HOME",
    )


@dataclass(frozen=True, kw_only=True)
class QueueLog:
    """The queue_log of Asterisk, source of today's figures and of all history."""

    path: Path | None = key(
        None,
        "Path of the log; without it figures count only what was seen since start.",
        example="/var/log/asterisk/queue_log",
    )


@dataclass(frozen=True, kw_only=True)
class Supervisor:
    """Defaults of the person who supervises."""

    phone: str = key("", "Phone to ring for listening.", check="device", example="PJSIP/9001")


@dataclass(frozen=True, kw_only=True)
class ServiceLevel:
    """How the service level is counted; a queue may have a threshold of its own."""

    threshold: float = key(20.0, "Answered within this time counts as in time.", low=0, high=86400, unit="s")
    rule: ServiceLevelRule = key(
        "offered-less-short",
        "What the answered in time are divided by: offered less short abandons, offered, answered, or Asterisk's SL2.",
    )
    short_abandon: float = key(
        5.0, "A caller who gives up before this time does not count as lost.", low=0, high=3600, unit="s"
    )
    said: bool = given("rule", "short_abandon")
    """Whether the site itself says how callers are counted, be it what is the default anyhow."""


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A queue with settings of its own, by its name in the PBX; upper and lower case are alike, as in Asterisk."""

    threshold: float | None = key(
        None,
        "Threshold of this queue's service level.",
        low=0,
        high=86400,
        unit="s",
        example=20,
        shown="that of [service_level]",
    )
    wrap_up: float | None = key(
        None, "Time after each call that counts as work.", low=0, high=3600, unit="s", example=10, shown="the PBX's"
    )
    title: str = key("", "Name for people.", check="line", example="Sales")
    extension: str = key(
        "",
        "What to dial in `queue_context` of [actions] to enter this queue.",
        check="dialplan",
        shown="the queue's name",
        example="600",
    )


@dataclass(frozen=True, kw_only=True)
class Agents:
    """How agents who are not members of any queue yet are logged in by their number."""

    interface: str = key(
        "PJSIP/{number}",
        "Member interface of an agent; {number} is filled in. FreePBX: Local/{number}@from-queue/n.",
        check="interface",
    )
    state_interface: str = key(
        "",
        "What the PBX watches for the phone's state, where it is not the interface itself.",
        check="interface",
        example="hint:{number}@ext-local",
    )


@dataclass(frozen=True, kw_only=True)
class PauseReason:
    """A pause reason that is offered to people, by the text that is written to the queue_log."""

    title: str = key("", "Name for people.", check="line", example="Lunch break")
    paid: bool = key(True, "Counts as paid time.")
    productive: bool = key(False, "Counts as productive time (training, paperwork).")
    wrap_up: bool = key(False, "Is work after a call: counts as wrap-up, not as a pause.")


@dataclass(frozen=True, kw_only=True)
class Role:
    """What people may see and do through the daemon; names may hold * and ?, a person may have several roles."""

    users: tuple[str, ...] = key((), "Login names that have this role.", example=("anna",))
    groups: tuple[str, ...] = key((), "Groups of the system whose members have this role.", example=("supervisors",))
    actions: tuple[str, ...] = key(
        (), "Actions that this role may do; none unless named.", example=("agent.*", "listen")
    )
    queues: tuple[str, ...] = key(("*",), "Queues that this role sees and acts on.", example=("sales", "support*"))
    agents: tuple[str, ...] = key(("*",), "Agents that this role sees and acts on.")
    mask_numbers: bool = key(False, "Callers' numbers are shown with their first digits only.")
    no_listen: tuple[str, ...] = key((), "Agents whom this role may not listen to.", example=("director",))
    reason_required: tuple[str, ...] = key((), "Actions that must be given a reason.", example=("listen",))
    read_only: bool = key(False, "Refuses every action, whatever `actions` says.")


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """The always-on engine and the socket on which it serves people."""

    socket: Path = key(Path("/run/ccops/ccops.sock"), "Path of the Unix socket.")
    socket_group: str = key("", "Group that may connect; empty leaves the daemon's own.", example="ccops")
    socket_mode: int = key(0o660, "File mode of the socket.", low=0o600, high=0o666, octal=True)


@dataclass(frozen=True, kw_only=True)
class Ui:
    """The console."""

    theme: str = key("", "Colour theme.", check="line", shown="the console's own", example="colour-blind")
    ascii: bool = key(False, "Draws with plain characters only.")
    screen: Screen = key("overview", "Screen to start with.")
    refresh: float = key(1.0, "Time between ticks of running durations.", low=0.2, high=60, unit="s")
    bell: bool = key(False, "Rings the terminal's bell when something new needs attention.")


@dataclass(frozen=True, kw_only=True)
class Actions:
    """Fixed parts of what is sent to the PBX."""

    ring_timeout: float = key(20.0, "How long a supervisor's phone rings.", low=1, high=120, unit="s")
    transfer_context: str = key(
        "from-internal", "Context of the dialplan in which transfers and calls out are dialled.", check="dialplan"
    )
    queue_context: str = key(
        "ccops-queue",
        "Context of the dialplan in which a queue's extension enters the queue (FreePBX: ext-queues).",
        check="dialplan",
    )
    spy_context: str = key(
        "",
        "Context of the dialplan that starts listening, where the manager user may not start applications.",
        check="dialplan",
        example="ccops-spy",
    )
    park_lot: str = key("", "Parking lot; empty is the PBX's default.", check="dialplan", example="default")
    recording: str = key(
        "{date}/{queue}-{agent}-{call_id}.wav",
        "Name of a recording below the PBX's monitor folder, of {date}, {time}, {queue}, {agent} and {call_id}.",
        check="recording",
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings; what is not given has its default."""

    site: Site = section(Site)
    ami: Ami = section(Ami)
    store: Store = section(Store)
    queue_log: QueueLog = section(QueueLog)
    supervisor: Supervisor = section(Supervisor)
    service_level: ServiceLevel = section(ServiceLevel)
    agents: Agents = section(Agents)
    queues: Mapping[str, Queue] = tables("sales")
    pause_reasons: Mapping[str, PauseReason] = tables("Lunch")
    roles: Mapping[str, Role] = tables("team-leads")
    daemon: Daemon = section(Daemon)
    standby: Standby = section(Standby)
    ui: Ui = section(Ui)
    actions: Actions = section(Actions)
    smtp: Smtp = section(Smtp)
    reports: Reports = section(Reports)
    report_jobs: Mapping[str, ReportJob] = tables("daily")
    alerts: Alerts = section(Alerts)
    alert_rules: Mapping[str, AlertRule] = tables("long-wait")
    alert_targets: Mapping[str, AlertTarget] = tables("supervisors")

    @property
    def report_folder(self) -> Path:
        """Where jobs write files, and below which they remember what they delivered."""
        return self.reports.folder or self.store.path.parent / "reports"

    @property
    def zone(self) -> "ZoneInfo":
        """The site's time zone."""
        from zoneinfo import ZoneInfo

        return ZoneInfo(self.site.timezone)

    def queue(self, name: str) -> Queue:
        """Return the settings of a queue, by its name in any case, with the site's threshold where it has none."""
        found = self.queues.get(name) or self._folded(name)
        if found.threshold is not None:
            return found
        return replace(found, threshold=self.service_level.threshold)

    def _folded(self, name: str) -> Queue:
        wanted = name.casefold()
        return next((queue for known, queue in self.queues.items() if known.casefold() == wanted), Queue())

    def secrets(self) -> list[Secret]:
        """Return every secret that must be masked in what is printed."""
        from ccops.errors import ConfigError

        found = [value for _, value in walk(self) if isinstance(value, Secret)]
        readers: list[Callable[[], Secret]] = [self.ami.login_secret, self.smtp.login_password]
        for name, target in self.alert_targets.items():
            readers += [partial(target.hook_key, name), partial(target.hook_url, name)]
        for read in readers:
            try:
                found.append(read())
            except ConfigError:  # a file that cannot be read has no secret that could be printed
                continue
        return found


def walk(settings: Settings) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every value with its path, in the order of the model."""
    for part in fields(settings):
        value = getattr(settings, part.name)
        for name, table in value.items() if isinstance(value, Mapping) else ((None, value),):
            path = (part.name,) if name is None else (part.name, name)
            for item in fields(table):
                if GIVEN not in item.metadata:
                    yield (*path, item.name), getattr(table, item.name)
