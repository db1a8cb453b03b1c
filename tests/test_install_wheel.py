"""The wheel: built without a network, installed into an empty environment, complete, and gone without a trace."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from ccops import __version__

ROOT = Path(__file__).parent.parent
BUILD = (
    "import os, sys; os.chdir(sys.argv[1]); from hatchling.build import build_wheel; print(build_wheel(sys.argv[2]))"
)

pytestmark = pytest.mark.xdist_group("wheel")


def build(folder: Path) -> Path:
    result = subprocess.run(
        [sys.executable, "-c", BUILD, str(ROOT), str(folder)], capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    return folder / result.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling")
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def home(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own with the wheel in it; what ccops depends on is lent by the one of the tests."""
    folder = tmp_path_factory.mktemp("env") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    pip(folder, "install", "--no-deps", "--no-index", "--no-compile", str(wheel))
    (site,) = folder.glob("lib/python*/site-packages")
    # A plain path: the pointers to this checkout that stand in there are not followed.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def pip(home: Path, *words: str) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), "--disable-pip-version-check"]
    result = subprocess.run([*command, "--quiet", *words], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr


def run(home: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", **more}
    program = str(home / "bin" / "ccops")
    return subprocess.run([program, *words], capture_output=True, text=True, env=env, cwd="/", timeout=60)


def test_it_holds_pages_samples_and_manuals_and_nothing_else_of_the_checkout(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for folder, inside in (("docs", "ccops/pages/docs"), ("config", "ccops/pages/config")):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file():
                assert f"{inside}/{path.relative_to(ROOT / folder).as_posix()}" in names
    assert any(name.endswith("data/share/man/man1/ccops-queue.1") for name in names)
    assert "ccops/py.typed" in names
    strange = [name for name in names if not name.startswith(("ccops/", f"ccops-{__version__}."))]
    assert strange == []
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_nothing_in_it_names_the_machine_that_built_it(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    for name in archive.namelist():
        assert str(ROOT).encode() not in archive.read(name), name


def test_the_same_source_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    again = build(tmp_path)
    first, second = ({name: z.read(name) for name in z.namelist()} for z in map(zipfile.ZipFile, (wheel, again)))
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name] and not name.endswith("RECORD")] == []


def test_it_runs_from_where_it_was_installed(home: Path) -> None:
    assert run(home, "--version").stdout == f"ccops {__version__}\n"
    code = "import ccops; print(ccops.__file__)"
    where = subprocess.run([home / "bin" / "python", "-c", code], capture_output=True, text=True, cwd="/", check=True)
    assert where.stdout.startswith(str(home))
    listed = run(home, "queue", "list", "--help")
    assert (listed.returncode, listed.stderr) == (0, "")


def test_its_pages_are_read_without_checkout_and_network(home: Path) -> None:
    topics = run(home, "help", "-f", "tsv").stdout
    assert "supervisor" in topics
    assert run(home, "help", "security").stdout == (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    sample = run(home, "help", "--sample", "ccops.service").stdout
    assert sample == (ROOT / "config" / "systemd" / "ccops.service").read_text(encoding="utf-8")
    assert run(home, "help", "freepbx").returncode == 0


def test_the_manuals_are_where_man_and_pipx_look(home: Path) -> None:
    pages = {path.name for path in (home / "share" / "man" / "man1").iterdir()}
    assert {"ccops.1", "ccops-queue.1", "ccops-help.1"} <= pages
    assert f"ccops {__version__}" in (home / "share" / "man" / "man1" / "ccops.1").read_text()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(home: Path, shell: str) -> None:
    result = run(home, "completion", "show", shell)
    assert result.returncode == 0, result.stderr
    assert "_CCOPS_COMPLETE" in result.stdout


def test_the_shell_completes_a_page_by_asking_it(home: Path) -> None:
    result = run(home, _CCOPS_COMPLETE="complete_bash", COMP_WORDS="ccops qu", COMP_CWORD="1")
    assert result.stdout.split() == ["queue"]


def test_a_store_is_made_and_read(home: Path, tmp_path: Path) -> None:
    log = ROOT / "tests" / "data" / "asterisk-22.10.queue_log"
    store = ["--db", str(tmp_path / "s.db")]
    assert run(home, *store, "ingest", "queue-log", str(log)).returncode == 0
    assert run(home, *store, "db", "check").returncode == 0
    shown = run(home, *store, "report", "queues", "--period", "2026", "-f", "html", "-o", str(tmp_path / "r.html"))
    assert shown.returncode == 0, shown.stderr


def test_the_extras_are_those_of_the_page(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = [name for name in archive.namelist() if name.endswith("METADATA")]
    text = archive.read(name).decode()
    extras = {line.split(": ")[1] for line in text.splitlines() if line.startswith("Provides-Extra")} - {"dev", "fuzz"}
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    for extra in extras:
        assert f"| `{extra}` |" in page
    assert "License-Expression: MIT" in text


def test_z_it_leaves_nothing_behind(home: Path) -> None:
    pip(home, "uninstall", "--yes", "ccops")
    left = [path for path in home.rglob("*") if path.is_file() and "ccops" in path.relative_to(home).as_posix()]
    assert [path for path in left if "__pycache__" not in path.parts] == []
