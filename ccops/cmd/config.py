"""`ccops config`: what the configuration says, where each value comes from, and what is wrong with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from ccops.cmd.columns import Record, columns
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, listing
from ccops.cmd.run import Run
from ccops.errors import ConfigError, ExitCode, NotFound
from ccops.i18n import _

app = noun("The configuration: values, origins, errors.")

VALUE_COLUMNS = columns("key", "value:data", "origin")
PROBLEM_COLUMNS = columns("origin", "key", "message", "remedy")
PLACE_COLUMNS = columns("path", "exists:flag", "used:flag", "from")


@app.command(
    "show",
    epilog=examples(
        "ccops config show",
        "ccops config show --json",
        "CCOPS_AMI__HOST=pbx2 ccops config show --fields key,value,origin -f tsv",
    ),
)
@listing(VALUE_COLUMNS)
def show(context: typer.Context, out: Output) -> None:
    """Show every value with its origin; secrets are masked.

    The origin is a default, a line of the file, a variable of the environment, or a flag.
    """
    from ccops.settings.model import walk

    run = Run.of(context)
    loaded = run.loaded
    out.listing(
        {"key": ".".join(path), "value": _plain(path, value), "origin": str(loaded.origin(path))}
        for path, value in walk(loaded.settings)
    )


def _plain(path: tuple[str, ...], value: Any) -> Any:
    from ccops.settings.schema import field_at
    from ccops.settings.secret import MASK, Secret

    about = field_at(path).metadata["key"]
    if about.octal:
        return f"{value:04o}"
    if about.check == "webhook" and value:
        return _host_of(value)
    if isinstance(value, Secret):
        return MASK if value else None
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _host_of(url: str) -> str:
    """Return a URL up to its host: the rest of a webhook's mostly is a token."""
    from urllib.parse import urlsplit

    from ccops.settings.secret import MASK

    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/{MASK}"


@app.command("path", epilog=examples("ccops config path", "$EDITOR $(ccops config path)", "ccops config path --json"))
@listing(PLACE_COLUMNS)
def path(context: typer.Context, out: Output) -> int:
    """Print the path of the file that is read; in JSON all places that are looked at.

    Exit code 1 where there is none.
    """
    from ccops.cmd.formats import Format
    from ccops.settings.places import find_file

    run = Run.of(context)
    used, _named_by = find_file(run.options.config, run.environment.variables)
    if out.format is Format.TABLE and not out.fields:
        run.write(f"{used}\n" if used is not None else "")
    else:
        out.listing(_places(run, used))
    if used is None:
        run.narrator.say(_("There is no configuration file; `ccops init` writes one."))
    return ExitCode.OK if used is not None else ExitCode.FAILED


def _places(run: Run, used: Path | None) -> Iterator[Record]:
    from ccops.settings.places import FILE_VARIABLE, SYSTEM_FILE, user_file

    variables = run.environment.variables
    named = variables.get(FILE_VARIABLE)
    places = [
        (run.options.config, "--config"),
        (Path(named).expanduser() if named else None, FILE_VARIABLE),
        (user_file(variables), "user"),
        (SYSTEM_FILE, "system"),
    ]
    for place, source in places:
        if place is not None:
            yield {"path": str(place), "exists": place.exists(), "used": place == used, "from": source}


@app.command(
    "check", epilog=examples("ccops config check", "ccops --config new.toml config check && mv new.toml config.toml")
)
@listing(PROBLEM_COLUMNS)
def check(context: typer.Context, out: Output) -> int:
    """Say everything that is wrong with the configuration; exit code 2 where anything is."""
    from ccops.alerts.rules import rules_of
    from ccops.cmd.formats import Format
    from ccops.settings import BadSettings

    run = Run.of(context)
    try:
        run.settings.ami.login_secret()
        rules_of(run.settings)
    except BadSettings as error:
        if out.format is Format.TABLE:
            raise
        out.listing({**_problem(item)} for item in error.problems)
        return ExitCode.USAGE
    except (ConfigError, NotFound) as error:
        if out.format is Format.TABLE:
            raise
        out.listing([{"origin": None, "key": None, "message": error.message, "remedy": error.remedy or None}])
        return ExitCode.USAGE
    if out.format is not Format.TABLE:
        out.listing([])
    file = run.loaded.file
    run.narrator.say(_("{file}: nothing is wrong.").format(file=file) if file else _("No file; the defaults hold."))
    return ExitCode.OK


def _problem(problem: Any) -> Record:
    return {
        "origin": str(problem.origin),
        "key": problem.key or None,
        "message": problem.message,
        "remedy": problem.remedy or None,
    }
