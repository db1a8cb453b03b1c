"""The settings of paper and delivery: mail server, form of reports, jobs by name."""
# ruff: noqa: RUF009 (key() is dataclasses.field with our own words)

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ccops.settings.keys import key, machine_key
from ccops.settings.secret import Secret, read_secret_file

SmtpSecurity = Literal["starttls", "tls", "none"]
PaperSize = Literal["A4", "letter"]
JobPeriod = Literal["today", "yesterday", "this-week", "last-week", "this-month", "last-month"]


@dataclass(frozen=True, kw_only=True)
class Smtp:
    """The mail server by which reports and notices leave."""

    host: str = key(
        "", "Name or address of the mail server; without it no mail is sent.", check="host", example="mail.example.net"
    )
    port: int = key(587, "Its port: usually 587 with starttls, 465 with tls, 25 with none.", low=1, high=65535)
    security: SmtpSecurity = key(
        "starttls",
        "How the connection is protected; the certificate and the host name are checked. A password is never sent "
        "without protection, except to this machine itself.",
    )
    username: str = key("", "Name to log in with; empty does not log in.", check="line", example="ccops")
    password: Secret = key(Secret(), "Password to log in with; the file must then be readable by its owner only.")
    password_file: Path | None = key(
        None, "File that holds the password in its only line (mode 600), instead of `password`.", example="smtp"
    )
    ca_file: Path | None = key(
        None, "Certificate authority (PEM) of the mail server, instead of the system's.", example="mail-ca.pem"
    )
    sender: str = key("", "Address that mail comes from.", check="address", example="ccops@example.net")
    timeout: float = key(30.0, "Longest silence of the mail server.", low=1, high=600, unit="s")

    def login_password(self) -> Secret:
        """Return the password to log in with; raises ConfigError where `password_file` cannot be used."""
        if self.password_file is None:
            return self.password
        return read_secret_file(self.password_file, "smtp.password_file")


@dataclass(frozen=True, kw_only=True)
class Reports:
    """What reports look like and how they get to people."""

    folder: Path | None = key(
        None, "Folder that jobs write files into.", shown="reports beside the store", example="/srv/reports"
    )
    file: str = key(
        "{name}-{from}-{to}.{ext}",
        "Name of a report's file below the folder, of {name}, {job}, {site}, {from}, {to}, {date}, {time}, {queue}, "
        "{agent} and {ext}.",
        check="report_file",
    )
    own: Path = machine_key(
        "own_reports",
        "Folder with reports of your own, a NAME.toml each.",
        shown="ccops/reports.d in $XDG_CONFIG_HOME",
        example="reports.d",
    )
    page_size: PaperSize = key("A4", "Size of the pages of a PDF.")
    operator: str = key("", "Address that is told when a job fails.", check="address", example="it@example.net")
    tries: int = key(4, "How often a delivery is tried before the job fails.", low=1, high=20)
    retry_wait: float = key(
        15.0, "Time before the second try; each further wait is twice as long.", low=0, high=3600, unit="s"
    )
    command_timeout: float = key(60.0, "How long a command may take to take a report in.", low=1, high=3600, unit="s")


@dataclass(frozen=True, kw_only=True)
class ReportJob:
    """A report that is made and delivered by name, usually from cron or a timer; one that ran twice delivers once."""

    report: str = key("", "Name of the report.", check="word", example="queues")
    period: JobPeriod = key("yesterday", "What it is about, in the site's zone; weeks begin on Monday.")
    compare: bool = key(False, "Puts the period before beside it.")
    queues: tuple[str, ...] = key((), "Only these queues; names may hold * and ?.", example=("sales",))
    agents: tuple[str, ...] = key((), "Only these agents; names may hold * and ?.", example=("Anna*",))
    formats: tuple[str, ...] = key(
        ("pdf",), "Forms of the report: pdf, xlsx, html, md, csv, tsv, json, jsonl, table.", check="report_forms"
    )
    mail: tuple[str, ...] = key((), "Addresses it is mailed to.", check="addresses", example=("boss@example.net",))
    subject: str = key(
        "{title}, {period}",
        "Subject of the mail, of {title}, {period}, {site}, {job} and the names of `file` in [reports].",
        check="report_subject",
    )
    save: bool = key(False, "Writes files, named by `file`.")
    file: str = key(
        "", "Name of the file, instead of that in [reports].", check="report_file", example="daily/{date}.{ext}"
    )
    command: tuple[str, ...] = key(
        (),
        "Command that gets the report on its standard input, as a list without any shell; names as in `file`.",
        check="report_command",
        example=("rclone", "rcat", "share:reports/{name}-{from}.{ext}"),
    )
