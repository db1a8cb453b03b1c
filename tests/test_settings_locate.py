"""The line of every key of a TOML text, against a text whose lines are known by construction."""

import string
import tomllib
from collections.abc import Mapping
from typing import Any

import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from ccops.settings.locate import Path, locate

TEXT = '''\
# [not.a.table]
top = 1 # x = 2

[ami] # "quoted
host = "a # b = [c]"
"secret key" = """one
two = "2"
three\\\\"""
dotted.inner = 1
'literal.key' = \'\'\'
[x]
y = 1\'\'\'
list = [ # first
  "a", { k = 1, "m n" = [1,
  2] },
  # comment = 1
  [3, 4],
]

[[rows]]
a = 1
[[rows]]
a = 2
  [rows.sub]
  b = 3
'''

LINES = {
    ("top",): 2,
    ("ami",): 4,
    ("ami", "host"): 5,
    ("ami", "secret key"): 6,
    ("ami", "dotted"): 9,
    ("ami", "dotted", "inner"): 9,
    ("ami", "literal.key"): 10,
    ("ami", "list"): 13,
    ("ami", "list", 0): 14,
    ("ami", "list", 1, "k"): 14,
    ("ami", "list", 1, "m n"): 14,
    ("ami", "list", 1, "m n", 1): 15,
    ("ami", "list", 2, 1): 17,
    ("rows", 0): 20,
    ("rows", 0, "a"): 21,
    ("rows", 1, "a"): 23,
    ("rows", 1, "sub"): 24,
    ("rows", 1, "sub", "b"): 25,
}


def paths(value: Any, prefix: Path = ()) -> set[Path]:
    """Every path of a parsed document that ends in a key or an element."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    found: set[Path] = set()
    for key, item in items:
        found |= {(*prefix, key)} | paths(item, (*prefix, key))
    return found


def test_every_form_of_toml_is_followed() -> None:
    tomllib.loads(TEXT)
    found = locate(TEXT)
    assert {path: found.get(path) for path in LINES} == LINES


KEYS = st.one_of(st.text(string.ascii_lowercase + "-_", min_size=1, max_size=5), st.text(min_size=1, max_size=4))
LEAVES = st.one_of(
    st.integers(-9, 9), st.booleans(), st.text(max_size=12), st.lists(st.text(max_size=4), max_size=3), st.just(1.5)
)
TABLES = st.recursive(
    st.dictionaries(KEYS, LEAVES, max_size=4),
    lambda inner: st.dictionaries(KEYS, LEAVES | inner, max_size=4),
    max_leaves=12,
)


@given(TABLES)
def test_every_key_of_any_document_is_found_on_its_line(document: dict[str, Any]) -> None:
    try:
        text = tomlkit.dumps(document)
        parsed = tomllib.loads(text)
    except (ValueError, tomlkit.exceptions.TOMLKitError):  # what tomlkit cannot write is no document
        return
    found, lines = locate(text), text.split("\n")
    # A table that exists only through its sub-tables has no line of its own; everything else has one.
    missing = {path for path in paths(parsed) if path not in found}
    assert all(any(known[: len(path)] == path for known in found) for path in missing)
    for path, line in found.items():
        last = path[-1]
        if isinstance(last, str) and last.isascii() and last.isalnum():
            assert last in lines[line - 1]


@given(st.text())
def test_text_that_is_no_toml_ends_the_walk(text: str) -> None:
    assert all(1 <= line <= text.count("\n") + 1 for line in locate(text).values())
