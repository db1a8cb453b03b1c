"""`ccops help`: the pages of the documentation, and the sample files, without a network."""

from typing import Annotated, Any

import typer

from ccops.cmd.columns import columns
from ccops.cmd.formats import Format
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, listing
from ccops.cmd.run import Run
from ccops.errors import NotFound
from ccops.i18n import _

app = noun()

TOPIC_COLUMNS = columns("name", "about", extra="lines:list")


@app.command(
    "help",
    epilog=examples(
        "ccops help",
        "ccops help supervisor",
        "ccops help queue list",
        "ccops help security --no-pager",
        "ccops help --samples",
        "ccops help --sample manager.conf",
    ),
)
@listing(TOPIC_COLUMNS)
def show_help(
    context: typer.Context,
    out: Output,
    topic: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TOPIC]...", help="A page, or a command.", show_default=False),
    ] = None,
    pager: Annotated[bool, typer.Option("--pager/--no-pager", help="Long pages through $PAGER.")] = True,
    samples: Annotated[bool, typer.Option("--samples", help="List the sample files instead.")] = False,
    sample: Annotated[
        str | None, typer.Option("--sample", metavar="NAME", help="Print a sample file.", show_default=False)
    ] = None,
) -> None:
    """Read the documentation, without a network.

    Without a topic it lists the pages. A page is drawn on a terminal and goes through $PAGER where it is longer than
    that; in a pipe it is the Markdown that it was written in. The words of a command show that command's help.
    """
    from ccops.cmd.help_pages import sample as sample_file
    from ccops.cmd.help_pages import samples as sample_files
    from ccops.cmd.help_pages import topics

    run = Run.of(context)
    if sample is not None:
        run.write(sample_file(sample).read_text(encoding="utf-8"))
    elif samples:
        out.listing({"name": name, "about": str(path)} for name, path in sample_files().items())
    elif topic:
        _show(context, out, topic, pager=pager)
    else:
        out.listing({"name": page.name, "about": page.about} for page in topics().values())
        run.narrator.say(_("`ccops help TOPIC` shows a page, `ccops COMMAND --help` the options of a command."))


def _show(context: typer.Context, out: Output, words: list[str], *, pager: bool) -> None:
    from ccops.cmd.help_pages import topics
    from ccops.cmd.help_show import show

    run, known, name = Run.of(context), topics(), " ".join(words)
    page = known.get(name.casefold())
    if page is None:
        found = _command_help(context, words)
        if found is None:
            raise NotFound(_("topic"), name, [*known, *_commands(context)])
        run.write(found + "\n")
    elif out.format is Format.TABLE:
        show(run, page.text(), pager=pager)
    else:
        out.one({"name": page.name, "about": page.about, "lines": page.text().splitlines()})


def _commands(context: typer.Context) -> list[str]:
    root: Any = context.find_root()
    return list(root.command.list_commands(root))


def _command_help(context: typer.Context, words: list[str]) -> str | None:
    """Return the help of a command, or None where there is none."""
    here: Any = context.find_root()
    for word in words:
        command = here.command.get_command(here, word) if hasattr(here.command, "get_command") else None
        if command is None:
            return None
        here = command.context_class(command, info_name=word, parent=here)
    help_text: str = here.get_help()
    return help_text
