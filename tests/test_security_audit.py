"""`make audit`: a known hole fails, a service that cannot be reached does not, and nothing is passed unasked."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "audit-report"
HOLE = {"id": "CVE-2019-10906", "fix_versions": ["2.10.1"], "aliases": [], "description": ""}
CLEAN = {"name": "rich", "version": "15.0", "vulns": []}
SKIPPED = {"name": "ccops", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([CLEAN, {"name": "jinja2", "version": "2.10", "vulns": [HOLE]}], 1, "jinja2 2.10: CVE-2019-10906"),
        ([CLEAN, {"name": "x", "version": "1", "vulns": [{**HOLE, "fix_versions": []}]}], 1, "no version"),
        ([CLEAN, SKIPPED], 0, "no known hole in 1 of 2"),
        ([SKIPPED], 0, "nothing was asked"),
        (None, 0, "nothing was asked (no route)"),
    ],
)
def test_a_report_is_judged(tmp_path: Path, packages: Any, code: int, said: str) -> None:
    report, errors = tmp_path / "report", tmp_path / "err"
    report.write_text("" if packages is None else json.dumps({"dependencies": packages, "fixes": []}))
    errors.write_text("Traceback\nno route\n")
    result = subprocess.run([sys.executable, str(SCRIPT), str(report), str(errors)], capture_output=True, text=True)
    assert result.returncode == code, result.stderr
    assert said in result.stderr
    assert result.stdout == ""
