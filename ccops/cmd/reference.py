"""Makes docs/commands.md from the commands themselves, and checks that it is current.

python -m ccops.cmd.reference [--check] [ROOT]
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer

from ccops.errors import ExitCode

PAGE: Final = Path("docs/commands.md")
_WIDTH: Final = 96

_HEAD = """\
# Commands

<!-- Made by `python -m ccops.cmd.reference` from the commands' own help. -->

`ccops` without a command opens the console. Options before the command hold for every command; the order is
flags, then the environment, then the file, then defaults ([configuration](configuration.md)).

**Data goes to stdout, everything else to stderr.** Every listing takes `-f table|json|jsonl|csv|tsv|md`, `--json`,
`--fields a,b`, `--sort FIELD` and `--no-header`. In JSON a listing is an array and one thing an object; instants are
ISO 8601 with the offset of the site's zone, durations are seconds, rates fractions of 1, and what is not known is null.
In CSV and TSV a text that a spreadsheet would take for a formula begins with an apostrophe.

**Exit codes**

| code | meaning |
|---|---|
"""


def page() -> str:
    """Return docs/commands.md."""
    rows = [f"| {code.value} | {_meaning(code)} |" for code in ExitCode]
    parts = [_HEAD + "\n".join(rows) + "\n"]
    for path, text in helps():
        parts.append(f"## `{path}`\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def _meaning(code: ExitCode) -> str:
    return {
        ExitCode.OK: "done",
        ExitCode.FAILED: "refused or failed",
        ExitCode.USAGE: "a wrong argument or configuration",
        ExitCode.NO_LINK: "the PBX or the daemon cannot be reached",
        ExitCode.DENIED: "login or permission refused",
        ExitCode.TIMEOUT: "no answer in time",
        ExitCode.BREACH: "a threshold is breached",
        ExitCode.INTERRUPTED: "stopped by ctrl+c",
    }[code]


def helps() -> Iterator[tuple[str, str]]:
    """Yield the path and the help of every command, in the order of the help pages."""
    for context in contexts():
        yield context.command_path, context.get_help()


def contexts() -> Iterator[Any]:
    """Yield a context for every command, groups before their members."""
    from ccops.cmd.main import app

    root: Any = typer.main.get_command(app)
    yield from _below(root, "ccops", None)


def _below(command: Any, name: str, parent: Any) -> Iterator[Any]:
    context = command.context_class(
        command, info_name=name, parent=parent, terminal_width=_WIDTH, help_option_names=["-h", "--help"]
    )
    yield context
    for member in command.list_commands(context) if hasattr(command, "list_commands") else ():
        yield from _below(command.get_command(context, member), member, context)


def main(arguments: list[str]) -> int:
    """Run from the command line: exit 1 where --check finds that the page is not current."""
    roots = [Path(name) for name in arguments if name != "--check"]
    path = (roots[0] if roots else Path.cwd()) / PAGE
    text = page()
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return ExitCode.OK
    if "--check" in arguments:
        sys.stderr.write(f"{PAGE}: not current\n")
        return ExitCode.FAILED
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    sys.stderr.write(f"{PAGE}: written\n")
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
