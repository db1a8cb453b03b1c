"""Makes the man pages from docs/commands.md, which is itself made from the commands: one page for each command.

Needs nothing but the standard library, so that the wheel can be built where ccops's dependencies are not.

python -m ccops.cmd.manual FOLDER
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SOURCE: Final = Path("docs/commands.md")
SECTION: Final = "1"

_COMMAND: Final = re.compile(r"^## `(ccops[^`]*)`\n\n```text\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
_CODE: Final = re.compile(r"^\| (\d+) \| (.+) \|$", re.MULTILINE)
_HEADING: Final = re.compile(r"^(  )?(\S.*):$")
_ROW: Final = re.compile(r"^  (\S.*?)(?:  +(\S.*))?$")

_FILES: Final = """\
.SH FILES
.TP
.I ~/.config/ccops/config.toml
The configuration of a person; \\fBCCOPS_CONFIG\\fR or \\fB\\-\\-config\\fR name another one.
.TP
.I /etc/ccops/config.toml
The configuration of the machine.
.TP
.I ~/.local/share/ccops/ccops.db
The store, unless \\fIstore.path\\fR says otherwise.
.TP
.I /run/ccops/ccops.sock
The socket of the daemon.
.SH ENVIRONMENT
Every key of the configuration can be set by a variable, such as \\fBCCOPS_AMI__HOST\\fR.
\\fBNO_COLOR\\fR switches colours off, \\fBPAGER\\fR shows long pages.
"""


def pages(text: str, version: str) -> dict[str, str]:
    """Return file name and roff of every man page that docs/commands.md (`text`) makes."""
    found = [(match[1], match[2]) for match in _COMMAND.finditer(text)]
    if not found:
        raise ValueError("there are no commands in the text")
    names = [path for path, _help in found if path.count(" ") == 1]
    codes = "".join(f".TP\n.B {code}\n{roff(meaning)}\n" for code, meaning in _CODE.findall(text))
    made = {}
    for name in ["ccops", *names]:
        below = [item for item in found if item[0] == name or (name != "ccops" and item[0].startswith(f"{name} "))]
        others = [other for other in ["ccops", *names] if other != name] if name == "ccops" else ["ccops"]
        made[f"{name.replace(' ', '-')}.{SECTION}"] = _page(name, below, version, codes, others)
    return made


def _page(name: str, helps: list[tuple[str, str]], version: str, codes: str, others: list[str]) -> str:
    dashed = name.replace(" ", "-")
    parts = [f'.TH {_quoted(dashed.upper())} {SECTION} "" "ccops {version}" "ccops"\n.nh\n.ad l\n']
    parts.append(f".SH NAME\n{roff(dashed)} \\- {roff(_summary(helps[0][1]))}\n")
    for path, text in helps:
        parts.append("".join(_command(path, text, whole=path == name)))
    parts.append(f".SH {_quoted('EXIT STATUS')}\n{codes}")
    if name == "ccops":
        parts.append(_FILES)
    parts.append(
        ".SH SEE ALSO\n"
        + ",\n".join(f".BR {roff(_dashed(o))} ({SECTION})" for o in others).replace(",\n.BR", " ,\n.BR")
        + "\n"
    )
    return "".join(parts)


def _dashed(path: str) -> str:
    return path.replace(" ", "-")


def _summary(text: str) -> str:
    """Return the first sentence of a help, which stands below its usage."""
    paragraph = text.split("\n\n")[1] if "\n\n" in text else text
    return " ".join(paragraph.split()).rstrip(".")


def _command(path: str, text: str, *, whole: bool) -> Iterator[str]:
    """Yield the roff of one command: as the page itself, or as one chapter of it."""
    usage, *blocks = text.split("\n\n")
    if whole:
        yield f".SH SYNOPSIS\n{_usage(usage)}"
        yield ".SH DESCRIPTION\n"
    else:
        yield f".SH {_quoted(path)}\n{_usage(usage)}.PP\n"
    for number, block in enumerate(blocks):
        yield from _block(block, first=number == 0, chapter="SH" if whole else "SS")


def _usage(text: str) -> str:
    words = " ".join(text.split()).removeprefix("Usage: ")
    command = re.match(r"ccops(?: [a-z][a-z-]*)*", words)
    name = command[0] if command else ""
    return f"\\fB{roff(name)}\\fR{roff(words[len(name) :])}\n"


def _block(block: str, *, first: bool, chapter: str) -> Iterator[str]:
    """Yield the roff of one block of a help: a heading with rows, examples, or a paragraph."""
    lines = block.splitlines()
    heading = _HEADING.match(lines[0])
    if heading and heading[1] and len(lines) > 1:  # examples stand as they are
        yield f".{chapter} {_quoted(_cased(heading[2], chapter))}\n.EX\n"
        yield "".join(f"{roff(line[4:])}\n" for line in lines[1:])
        yield ".EE\n"
    elif heading and not heading[1]:
        yield f".{chapter} {_quoted(_cased(heading[2], chapter))}\n"
        yield from _rows(lines[1:])
    else:
        yield ("" if first else ".PP\n") + roff(" ".join(block.split())) + "\n"


def _cased(heading: str, chapter: str) -> str:
    return heading.upper() if chapter == "SH" else heading


def _rows(lines: list[str]) -> Iterator[str]:
    """Yield terms with their meaning; a deeper line goes on with the meaning of the one before."""
    rows: list[tuple[str, list[str]]] = []
    for line in lines:
        row = _ROW.match(line)
        if row:
            rows.append((row[1], [row[2]] if row[2] else []))
        elif rows and line.strip():
            rows[-1][1].append(line.strip())
    for term, meaning in rows:
        yield f".TP\n\\fB{roff(term)}\\fR\n{roff(_joined(meaning))}\n"


def _joined(lines: list[str]) -> str:
    """Join wrapped lines; a word that was broken at its hyphen is whole again."""
    text = ""
    for line in lines:
        text += line if not text or text.endswith("-") else f" {line}"
    return text or "."


def _quoted(text: str) -> str:
    return '"' + roff(text).replace('"', "\\(dq") + '"'


def roff(text: str) -> str:
    """Return text as roff shows it: backslashes, hyphens and what is not ASCII, and no line that is a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("~", "\\(ti")
    text = "".join(char if ord(char) < 128 else f"\\[u{ord(char):04X}]" for char in text)
    return f"\\&{text}" if text[:1] in (".", "'") else text


def write(root: Path, folder: Path, version: str) -> list[Path]:
    """Write all man pages of the checkout at `root` into `folder` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, text in pages((root / SOURCE).read_text(encoding="utf-8"), version).items():
        path = folder / name
        path.write_text(text, encoding="ascii")
        made.append(path)
    return made


def main(arguments: list[str]) -> int:
    """Write the pages into the folder that is named."""
    from ccops import __version__

    for path in write(Path.cwd(), Path(arguments[0]), __version__):
        sys.stderr.write(f"{path}: written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
