"""Reads settings from environment variables: CCOPS_AMI__HOST is ami.host.

Sections and keys are written in any case. The name of a queue, role or pause reason is taken as it is written,
or as the file writes it where the two differ only in case: CCOPS_QUEUES__SALES__THRESHOLD sets [queues.sales] of
the file. A name may itself hold "__". A variable that is empty counts as not set.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ccops.i18n import _
from ccops.settings.places import FILE_VARIABLE
from ccops.settings.problems import Origin, Problem
from ccops.settings.schema import SECTIONS, KeyPath, keys_of, named_kind, unknown

PREFIX: Final = "CCOPS_"
SEPARATOR: Final = "__"


def variable(path: KeyPath) -> str:
    """Return the name of the variable that sets the key at `path`."""
    head, *middle, last = path
    return PREFIX + SEPARATOR.join((head.upper(), *middle, last.upper()))


def from_environment(
    env: Mapping[str, str], named: Mapping[str, set[str]], problems: list[Problem]
) -> Iterator[tuple[str, KeyPath, str]]:
    """Yield variable, key and text of every setting in `env`; names that fit no key are added to `problems`."""
    for name in sorted(env):
        if not name.startswith(PREFIX) or name == FILE_VARIABLE or not env[name]:
            continue
        path = _path(name, named, problems)
        if path is not None:
            yield name, path, env[name]


def _path(name: str, named: Mapping[str, set[str]], problems: list[Problem]) -> KeyPath | None:
    section, *rest = name.removeprefix(PREFIX).split(SEPARATOR)
    section = section.lower()
    if not rest:
        _single_underscore(name, problems)
        return None
    if section not in SECTIONS:
        problems.append(unknown(Origin("env", name), (), section))
        return None
    *middle, last = rest
    path = (section, *_name_in_file(SEPARATOR.join(middle), named.get(section, set()), bool(middle)))
    if len(path) != (2 if _has_names(section) else 1):
        problems.append(_wrong_depth(name, section))
        return None
    if last.lower() not in keys_of(section):
        problems.append(unknown(Origin("env", name), path, last.lower()))
        return None
    return (*path, last.lower())


def _has_names(section: str) -> bool:
    return named_kind(SECTIONS[section]) is not None


def _name_in_file(name: str, known: set[str], given: bool) -> KeyPath:
    if not given:
        return ()
    folded = {item.casefold(): item for item in known}
    return (name if name in known else folded.get(name.casefold(), name),)


def _wrong_depth(name: str, section: str) -> Problem:
    form = f"{PREFIX}{section.upper()}{SEPARATOR}" + (f"NAME{SEPARATOR}KEY" if _has_names(section) else "KEY")
    return Problem(Origin("env", name), "", _("it names no key; the form is {form}.").format(form=form))


def _single_underscore(name: str, problems: list[Problem]) -> None:
    """Report CCOPS_AMI_HOST, where two underscores were meant; other names are none of ours."""
    rest = name.removeprefix(PREFIX).lower()
    for section in SECTIONS:
        key = rest.removeprefix(f"{section}_")
        if key != rest and key in keys_of(section):
            remedy = _("Did you mean {names}?").format(names=variable((section, key)))
            problems.append(Problem(Origin("env", name), "", _("this sets nothing."), remedy))
