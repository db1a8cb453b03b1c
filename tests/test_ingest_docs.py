"""docs/history.md: its commands are commands with those options, its checks and fields are ours."""

import re
from pathlib import Path

from ccops.cmd.checkup.history import checks_of
from ccops.cmd.reference import contexts
from ccops.reports.ingest.cdr import FIELDS
from ccops.reports.soundness import Soundness
from tests.test_figures_soundness import ZONE

PAGE = (Path(__file__).parent.parent / "docs" / "history.md").read_text(encoding="utf-8")


def test_every_command_of_the_page_exists_with_its_options() -> None:
    known = {
        context.command_path: {name for one in context.command.params for name in one.opts} for context in contexts()
    }
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    lines = [line.partition("#")[0].split() for line in block.splitlines()]
    assert len(lines) > 8
    for words in lines:
        path = " ".join(words[:3]) if " ".join(words[:3]) in known else " ".join(words[:2])
        assert path in known, words
        assert {word for word in words if word.startswith("--")} <= known[path], words


def test_every_check_and_field_is_on_the_page() -> None:
    for check in checks_of(Soundness(0, 0, 0, 0, 0, [], [], [], 0, []), ZONE):
        assert f"| `{check.check}` |" in PAGE
    for field in FIELDS:
        assert re.search(rf"\b{field}\b", PAGE)
