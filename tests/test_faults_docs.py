"""docs/faults.md names only tests that exist, and every fault has one."""

import re
from pathlib import Path

TESTS = Path(__file__).parent
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (TESTS.parent / "docs" / "faults.md").read_text().splitlines()
    if line.startswith("| ")
][1:]


def test_every_fault_has_a_rule_and_a_test_and_every_test_exists() -> None:
    assert len(ROWS) > 25
    for fault, rule, held in ROWS:
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", held)
        assert rule, fault
        assert named, fault
        assert len(named) == held.count("`") // 2, fault
        for file, name in named:
            text = (TESTS / file).read_text()
            assert re.search(rf"^(async )?def {name}\(", text, re.MULTILINE), f"{fault}: {file}::{name}"
