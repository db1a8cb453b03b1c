"""`make audit`: a known hole fails, a service that cannot be reached does not, and nothing is passed unasked."""

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parent.parent / "scripts"
SCRIPT = SCRIPTS / "audit-report"
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


LOCK = "six==1.17.0 \\\n    --hash=sha256:00\nonly-windows==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"


def installed(folder: Path, version: str = "1.17.0", text: bytes = b"x = 1\n") -> None:
    """Lay out a package as pip does, with the hash of a file that holds `x = 1`."""
    info = folder / f"six-{version}.dist-info"
    info.mkdir()
    (folder / "six.py").write_bytes(text)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: six\nVersion: {version}\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"x = 1\n").digest()).rstrip(b"=").decode()
    (info / "RECORD").write_text(f"six.py,sha256={digest},6\n{info.name}/RECORD,,\n")


def compared(folder: Path, lock: str = LOCK) -> tuple[int, str]:
    (folder / "lock").write_text(lock)
    command = [sys.executable, str(SCRIPTS / "audit-installed"), str(folder / "lock"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stderr


def test_what_is_installed_is_compared_with_the_lock_file(tmp_path: Path) -> None:
    installed(tmp_path)
    assert compared(tmp_path) == (0, "audit: 1 packages are installed as pinned, 2 files as they came.\n")


def test_another_version_is_told(tmp_path: Path) -> None:
    installed(tmp_path, "1.16.0")
    assert compared(tmp_path) == (1, "audit: six 1.16.0 is installed, 1.17.0 is pinned\n")


def test_a_file_that_was_changed_or_lost_is_told(tmp_path: Path) -> None:
    installed(tmp_path, text=b"x = 2\n")
    assert compared(tmp_path) == (1, "audit: six: six.py: changed since it was installed\n")
    (tmp_path / "six.py").unlink()
    assert compared(tmp_path) == (1, "audit: six: six.py: No such file or directory\n")


@pytest.mark.parametrize(("lock", "said"), [(LOCK, "six 1.17.0 is pinned and not installed"), ("", "nothing")])
def test_nothing_is_passed_that_was_not_compared(tmp_path: Path, lock: str, said: str) -> None:
    code, text = compared(tmp_path, lock)
    assert (code, said in text) == (1, True)


def test_these_tests_run_on_what_is_pinned() -> None:
    """Packages of this machine that are not those of the lock file would make every figure somebody else's."""
    lock = SCRIPTS.parent / "requirements.lock"
    done = subprocess.run([sys.executable, str(SCRIPTS / "audit-installed"), str(lock)], capture_output=True, text=True)
    if "is pinned" in done.stderr:
        pytest.skip("this environment was not made from the lock file")
    assert done.returncode == 0, done.stderr
