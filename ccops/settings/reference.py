"""Makes config/config.toml and docs/configuration.md from the model, and checks that they are current.

python -m ccops.settings.reference [--check] [ROOT]
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from ccops.settings.environ import variable
from ccops.settings.model import Key, Settings
from ccops.settings.schema import SECTIONS, KeyPath, keys_of, named_kind
from ccops.settings.secret import Secret
from ccops.settings.values import bare_type

SAMPLE: Final = Path("config/config.toml")
PAGE: Final = Path("docs/configuration.md")

_SAMPLE_HEAD = """\
# Configuration of ccops. Lines that begin with # and a key show the default or an example.
# It is read from: --config FILE, $CCOPS_CONFIG, $XDG_CONFIG_HOME/ccops/config.toml, /etc/ccops/config.toml.
# Every key can be set by the environment too, which wins: CCOPS_AMI__HOST sets ami.host.
# `ccops config check` says what is wrong, `ccops config show` where each value comes from.
# A file with the secret in it must belong to its user alone: chmod 600.
"""

_PAGE_HEAD = """\
# Configuration

<!-- Made by `python -m ccops.settings.reference` from ccops/settings/model.py. -->

ccops reads one TOML file. The first of these that exists is read: `--config FILE`, `$CCOPS_CONFIG`,
`$XDG_CONFIG_HOME/ccops/config.toml` (usually `~/.config/ccops/config.toml`), `/etc/ccops/config.toml`.
A commented sample is [config/config.toml](../config/config.toml); `ccops init` writes one for you.

Every key can be set by a variable of the environment as well. Flags win over the environment, the environment
over the file, the file over the defaults. `ccops config show` prints each value with its origin, `ccops config
check` everything that is wrong, with file, line and the nearest valid key.

**Variables.** `CCOPS_`, the section, two underscores, the key: `CCOPS_AMI__HOST`. Sections and keys are written
in any case. In `CCOPS_QUEUES__NAME__KEY` the name is taken as it is written, or as the file writes it where the
two differ only in case. Lists are separated by commas. An empty variable counts as not set.

**Values.** Times are seconds. Paths may begin with `~`; relative ones count from the folder of the file.

**Secrets.** A file with `secret` in it is refused when group or others can read it (`chmod 600`); so is a
`secret_file`. Secrets are masked wherever ccops prints.
"""


def render(values: Mapping[KeyPath, Any] | None = None) -> str:
    """Return the commented sample as text, with `values` in force."""
    given = {key: value for key, value in (values or {}).items() if value is not None}
    lines = [_SAMPLE_HEAD]
    for part in fields(Settings):
        lines += _section_lines(part, given)
    return "\n".join(lines)


def _section_lines(part: Field[Any], given: Mapping[KeyPath, Any]) -> Iterator[str]:
    yield f"# {section_doc(part)}"
    if named_kind(part) is None:
        yield f"[{part.name}]"
        yield from _key_lines((part.name,), given)
        yield ""
        return
    names = list(dict.fromkeys(path[1] for path in given if path[0] == part.name))
    for name in names:
        yield f"[{part.name}.{_toml_key(name)}]"
        yield from _key_lines((part.name, name), given)
        yield ""
    if not names:
        yield f"#[{part.name}.{_toml_key(part.metadata['example'])}]"
        yield from _key_lines((part.name, part.metadata["example"]), given)
        yield ""


def _key_lines(path: KeyPath, given: Mapping[KeyPath, Any]) -> Iterator[str]:
    for name, item in keys_of(path[0]).items():
        about: Key = item.metadata["key"]
        yield f"# {about.doc}{_default_note(item)}"
        if (*path, name) in given:
            yield f"{name} = {toml_value(given[*path, name], about)}"
        else:
            yield f"#{name} = {toml_value(_example(item), about)}"


def _default_note(item: Field[Any]) -> str:
    about: Key = item.metadata["key"]
    if about.example is None:
        return ""
    default = default_text(item)
    return f" Default: {default}." if default else ""


def _example(item: Field[Any]) -> Any:
    about: Key = item.metadata["key"]
    return item.default if about.example is None else about.example


def section_doc(part: Field[Any]) -> str:
    """Return what a section is for, in one paragraph."""
    kind: Any = named_kind(part) or part.type
    return " ".join((kind.__doc__ or "").split())


def default_text(item: Field[Any]) -> str:
    """Return the default of a key as the reference shows it; empty where there is none."""
    about: Key = item.metadata["key"]
    if about.shown:
        return about.shown
    if item.default is MISSING or item.default in (None, "", (), Secret()):
        return ""
    return toml_value(item.default, about)


def plain(value: Any) -> Any:
    """Return a value as one of the types that TOML knows."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def toml_value(value: Any, about: Key) -> str:
    """Return a value as it is written in a TOML file."""
    raw = plain(value)
    if about.octal:
        return f'"{raw:04o}"'
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, list):
        return f"[{', '.join(toml_value(item, about) for item in raw)}]"
    if isinstance(raw, int | float):
        return f"{raw:g}" if isinstance(raw, float) else str(raw)
    return json.dumps("" if raw is None else raw, ensure_ascii=False)


def _toml_key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else json.dumps(name, ensure_ascii=False)


def page() -> str:
    """Return docs/configuration.md."""
    parts = [_PAGE_HEAD]
    for part in fields(Settings):
        title = f"[{part.name}.NAME]" if named_kind(part) else f"[{part.name}]"
        parts.append(f"## `{title}`\n\n{section_doc(part)}\n")
        rows = [_page_row(part.name, item) for item in keys_of(part.name).values()]
        parts.append("\n".join(["| key | type | default | meaning |", "|---|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def _page_row(section: str, item: Field[Any]) -> str:
    about: Key = item.metadata["key"]
    path = (section, "NAME", item.name) if named_kind(SECTIONS[section]) else (section, item.name)
    default = default_text(item)
    shown = default if about.shown or not default else f"`{default}`"
    meaning = f"{about.doc} {_limits(about)}".strip().replace("|", "\\|")
    return f"| `{item.name}`<br>`{variable(path)}` | {type_text(item)} | {shown or '–'} | {meaning} |"


def type_text(item: Field[Any]) -> str:
    """Return the type of a key in words."""
    about: Key = item.metadata["key"]
    kind = bare_type(item.type)
    if about.octal:
        return "file mode"
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    names = {str: "text", Secret: "secret", int: "whole number", float: "number", bool: "true or false", Path: "path"}
    return f"number, {about.unit}" if about.unit else names.get(kind, "list of texts")


def _limits(about: Key) -> str:
    if about.low is None or about.high is None:
        return ""
    if about.octal:
        return f"({int(about.low):04o} to {int(about.high):04o})"
    return f"({about.low:g} to {about.high:g})"


def write(root: Path, check: bool) -> list[Path]:
    """Write both files below `root`, or only return those that are not current."""
    stale = []
    for name, text in ((SAMPLE, render()), (PAGE, page())):
        path = root / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return stale


def main(arguments: list[str]) -> int:
    """Run from the command line: exit 1 where --check finds a file that is not current."""
    check = "--check" in arguments
    roots = [Path(name) for name in arguments if name != "--check"]
    stale = write(roots[0] if roots else Path.cwd(), check)
    for name in stale:
        sys.stderr.write(f"{name}: {'not current' if check else 'written'}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
