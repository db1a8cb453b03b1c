"""docs/security.md: every claim names tests, and every test that it names exists."""

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/\w+\.py)::(\w+)`", PAGE)


@lru_cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_the_page_names_exists(path: str, name: str) -> None:
    assert name in names_in(path)


def test_every_claim_names_what_holds_it() -> None:
    claims = re.findall(r"^\| claim \| held by \|\n\|---\|---\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert len(claims) == 4
    for table in claims:
        for row in table.splitlines():
            assert "`tests/" in row.split("|")[2], row


@pytest.mark.parametrize("who", ["A caller", "A supervisor, an agent", "Another user of the machine",
                                 "The PBX, the network", "What nobody holds"])  # fmt: skip
def test_everybody_who_could_do_harm_has_a_chapter(who: str) -> None:
    assert f"\n## {who}\n" in PAGE
