"""`ccops init`: asks what is needed, tests it on the PBX, writes the configuration."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ccops.cmd.columns import Record
from ccops.cmd.lazy import examples, noun
from ccops.cmd.run import Run
from ccops.errors import ExitCode
from ccops.i18n import _

app = noun()

Text = str | None


@app.command(
    "init",
    epilog=examples(
        "ccops init",
        "ccops init --host pbx --username ccops --secret-file /etc/ccops/secret",
        "ccops init --host 127.0.0.1 --username ccops --secret-file /etc/ccops/secret --group supervisors",
        "pass show pbx | ccops init --host pbx --username ccops --secret-stdin",
        "ccops --config other.toml init --force --timezone Asia/Shanghai --no-test",
    ),
)
def init(
    context: typer.Context,
    host: Annotated[Text, typer.Option("--host", metavar="HOST", help="Name or address of the PBX.")] = None,
    port: Annotated[int | None, typer.Option("--port", metavar="PORT", help="Its manager port.")] = None,
    username: Annotated[Text, typer.Option("--username", metavar="NAME", help="Manager user.")] = None,
    secret: Annotated[Text, typer.Option("--secret", help="Its secret; everybody here sees it in `ps`.")] = None,
    secret_stdin: Annotated[bool, typer.Option("--secret-stdin", help="Read the secret from standard input.")] = False,
    secret_file: Annotated[
        Path | None, typer.Option("--secret-file", metavar="FILE", help="Leave the secret in this file (mode 600).")
    ] = None,
    tls: Annotated[bool | None, typer.Option("--tls/--no-tls", help="Speak TLS.")] = None,
    ca_file: Annotated[
        Path | None, typer.Option("--ca-file", metavar="FILE", help="Its certificate authority.")
    ] = None,
    name: Annotated[Text, typer.Option("--name", metavar="NAME", help="Name of the site.")] = None,
    timezone: Annotated[Text, typer.Option("--timezone", metavar="ZONE", help="Time zone of the site.")] = None,
    queue_log: Annotated[Path | None, typer.Option("--queue-log", metavar="FILE", help="Its queue_log.")] = None,
    group: Annotated[
        Text,
        typer.Option(
            "--group",
            metavar="GROUP",
            help="For a daemon: people in this group may connect to it and do everything; all may read the file.",
        ),
    ] = None,
    phone: Annotated[Text, typer.Option("--phone", metavar="PHONE", help="Phone to ring for listening.")] = None,
    test: Annotated[bool, typer.Option("--test/--no-test", help="Try the link before writing.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Change a file that exists; a backup is kept.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as one object.")] = False,
) -> int:
    """Write a configuration, and test it on the PBX.

    Asks for what no flag gives when there is a terminal, and asks nothing otherwise. Looks for an Asterisk on this
    machine, says what the manager user lacks, writes the file for its owner only. An existing file is changed only
    with --force or on a yes: its comments and other keys stay, and a backup is kept. Exit code 3 where the PBX cannot
    be reached, 4 where it refuses the login; nothing is written then.

    The file is the one that --config or $CCOPS_CONFIG names, else the one that is read already, else a new
    ~/.config/ccops/config.toml; for root /etc/ccops/config.toml, which serves everybody.
    """
    from ccops.cmd.setup import Setup

    given: dict[tuple[str, ...], Any] = {
        ("ami", "host"): host,
        ("ami", "port"): port,
        ("ami", "username"): username,
        ("ami", "secret"): secret,
        ("ami", "secret_file"): secret_file and secret_file.absolute(),
        ("ami", "tls"): tls,
        ("ami", "ca_file"): ca_file and ca_file.absolute(),
        ("site", "name"): name,
        ("site", "timezone"): timezone,
        ("queue_log", "path"): queue_log and queue_log.absolute(),
        ("supervisor", "phone"): phone,
    }
    run = Run.of(context)
    setup = Setup(run, {key: str(value).strip() for key, value in given.items() if value is not None}, group or "")
    setup.may_replace(force)
    setup.answer(secret_stdin)
    checks = setup.test() if test else []
    backup = setup.write()
    if as_json:
        from ccops.cmd.formats import json_text

        record: Record = {"path": str(setup.path), "backup": backup and str(backup)}
        run.write(json_text({**record, "checks": [check.record() for check in checks]}))
    else:
        run.write(f"{setup.path}\n")
    run.narrator.say(
        _("Now: `systemctl enable --now ccops`, then `ccops doctor` looks at everything.")
        if group
        else _("Now: `ccops` opens the console, `ccops doctor` looks at everything.")
    )
    return ExitCode.OK
