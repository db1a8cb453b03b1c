"""`ccops help` and the man pages: offline, from one source, drawn on a terminal and plain in a pipe."""

import io
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ccops.cmd import help_pages, manual
from ccops.cmd.main import ENTRIES
from tests.cmd_tools import invoke
from tests.test_cmd_frame import loaded_by

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def test_every_page_of_the_docs_is_a_topic_and_every_topic_a_page() -> None:
    rows = json.loads(invoke("help", "--json").out)
    names = [row["name"] for row in rows]
    assert set(names) == {path.stem for path in DOCS.glob("*.md")} | {"freepbx"}
    assert set(help_pages.ABOUT) <= set(names)
    assert names[:4] == ["supervisor", "sysadmin", "cron", "planner"]
    assert all(row["about"] for row in rows)


def test_a_page_in_a_pipe_is_what_was_written() -> None:
    for name in ("supervisor", "commands", "DAEMON"):
        result = invoke("help", name)
        assert result.code == 0
        assert result.out == (DOCS / f"{name.lower()}.md").read_text(encoding="utf-8")
    assert invoke("help", "freepbx").out == (ROOT / "config" / "freepbx.md").read_text(encoding="utf-8")
    lines = json.loads(invoke("help", "cron", "--json").out)["lines"]
    assert lines == (DOCS / "cron.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("slip", "meant"), [("supervisr", "supervisor"), ("plan", "planner"), ("alert list x", "")])
def test_a_slip_is_answered_with_the_nearest_topic(slip: str, meant: str) -> None:
    result = invoke("help", *slip.split())
    assert (result.code, result.out) == (2, "")
    assert meant in result.err


def test_the_words_of_a_command_show_its_help() -> None:
    assert invoke("help", "queue", "list").out == invoke("queue", "list", "--help").out
    assert invoke("help", "wfm", "roster", "solve").out == invoke("wfm", "roster", "solve", "--help").out
    assert invoke("help", "listen").out == invoke("listen", "--help").out


def test_on_a_terminal_it_is_drawn_in_its_width_and_links_name_the_command() -> None:
    for columns in ("60", "200"):
        result = invoke("help", "sysadmin", terminal=True, env={"COLUMNS": columns, "TERM": "xterm", "LINES": "24"})
        plain = re.sub(r"\x1b\[[0-9;]*m", "", result.out)
        assert result.code == 0
        assert plain != result.out
        assert max(map(len, plain.splitlines())) <= min(int(columns), 100)
        assert "ccops help install" in " ".join(plain.split())
        assert "](" not in plain
        assert "ccops db backup backup.db" in plain
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        result = invoke("help", "sysadmin", terminal=True, env={"TERM": "xterm", **env})
        assert "\x1b" not in result.out


def test_a_narrow_table_loses_no_letter() -> None:
    def letters(columns: int) -> Counter[str]:
        env = {"COLUMNS": str(columns), "NO_COLOR": "1"}
        return Counter(char for char in invoke("help", "freepbx", terminal=True, env=env).out if char.isalnum())

    assert letters(50) == letters(100)


def test_links_inside_the_pages_lead_somewhere() -> None:
    for page in [*DOCS.glob("*.md"), ROOT / "README.md", *(ROOT / "config").glob("*.md")]:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            path, _hash, anchor = target.partition("#")
            if "://" in path:
                continue
            linked = (page.parent / path).resolve() if path else page
            assert linked.exists(), f"{page.name}: {target}"
            if anchor and linked.suffix == ".md":
                heads = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
                known = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
                assert anchor in known, f"{page.name}: {target}"


def read_terminal(command: list[str], env: dict[str, str], keys: bytes = b"") -> str:
    """Run a program on a terminal of its own and return what it wrote there."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True)
    os.close(theirs)
    os.write(ours, keys)
    written = b""
    while select.select([ours], [], [], 30)[0]:
        try:
            data = os.read(ours, 65536)
        except OSError:
            break
        if not data:
            break
        written += data
    os.close(ours)
    assert child.wait(30) == 0
    return written.decode()


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TERM": "xterm", "PYTHONPATH": str(ROOT), **more}


def test_a_long_page_goes_through_the_pager_without_a_shell(tmp_path: Path) -> None:
    pager = tmp_path / "my pager"
    pager.write_text(f"#!{sys.executable}\nimport sys\nprint('PAGED', sys.argv[1:], len(sys.stdin.read()) > 3000)\n")
    pager.chmod(0o700)
    command = [sys.executable, "-m", "ccops", "help", "console"]
    shown = read_terminal(command, environment(PAGER=f"'{pager}' '$(touch {tmp_path}/owned)' ;x"))
    assert "PAGED" in shown
    assert "True" in shown
    assert not (tmp_path / "owned").exists()
    for broken in ("/nonexistent/pager", "'unclosed", "   "):
        assert "PAGED" not in (shown := read_terminal([*command], environment(PAGER=broken)))
        assert "palette" in shown
    assert "PAGED" not in read_terminal([*command, "--no-pager"], environment(PAGER=str(pager)))


def test_samples_are_printed_as_they_are() -> None:
    names = [row["name"] for row in json.loads(invoke("help", "--samples", "--json").out)]
    assert {"config.toml", "manager.conf", "systemd/ccops.service"} <= set(names)
    for name in names:
        assert invoke("help", "--sample", name).out == (ROOT / "config" / name).read_text(encoding="utf-8")
    assert invoke("help", "--sample", "ccops.service").out.startswith("# The ccops daemon")
    for wrong in ("ccops.servce", "../pyproject.toml", "/etc/passwd", ""):
        result = invoke("help", "--sample", wrong)
        assert (result.code, result.out) == (2, "")


def test_the_list_loads_nothing_heavy() -> None:
    assert not loaded_by("help") & {"rich", "textual", "pandas", "numpy", "panoramisk", "ccops.desk", "ccops.store"}


# -- man pages ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def manuals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("man")
    manual.write(ROOT, folder, "9.9")
    return folder


def test_every_command_has_a_page_with_every_option(manuals: Path) -> None:
    names = {path.name for path in manuals.iterdir()}
    assert names == {"ccops.1", *(f"ccops-{entry.name}.1" for entry in ENTRIES)}
    source = (DOCS / "commands.md").read_text(encoding="utf-8")
    for path, text in manual._COMMAND.findall(source):
        words = path.split()
        page = (manuals / ("-".join(words[:2]) + ".1")).read_text(encoding="ascii").replace("\\-", "-")
        for option in re.findall(r"^  (?:-\w, )?(--[\w-]+)", text, re.MULTILINE):
            assert option in page, f"{path} {option}"


def test_they_are_made_without_anything_but_python(tmp_path: Path) -> None:
    """The wheel is built where ccops's own dependencies are not."""
    code = "import sys; from ccops.cmd import manual; manual.main([sys.argv[1]])"
    subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}",
                    str(tmp_path)], check=True, cwd=ROOT, capture_output=True)  # fmt: skip
    assert (tmp_path / "ccops-queue.1").exists()


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_groff_has_nothing_to_warn_of(manuals: Path) -> None:
    pages = [str(path) for path in sorted(manuals.iterdir())]
    result = subprocess.run(["groff", "-ww", "-man", "-Tutf8", "-P-cbou", *pages], capture_output=True, check=True)
    assert result.stderr == b""
    shown = result.stdout.decode()
    assert "EXIT STATUS" in shown
    assert "--max-waiting N" in shown
    assert "FILES" in shown


@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
def test_man_shows_them(manuals: Path) -> None:
    env = {**environment(LC_ALL="C.UTF-8"), "MANWIDTH": "80", "MANPAGER": "cat"}
    result = subprocess.run(["man", "--warnings=w", "-l", str(manuals / "ccops-check.1")], capture_output=True,
                            text=True, env=env, check=True)  # fmt: skip
    assert result.stderr == ""
    assert "ccops-check - Checks for cron and monitors: exit code 6" in " ".join(result.stdout.split())


@pytest.mark.parametrize("text", [".TH x", "'quoted", "back\\slash \\fB", "-x “y” 王 ~^"])
def test_no_text_steers_roff(text: str) -> None:
    made = manual.roff(text)
    assert made.isascii()
    assert not made.startswith((".", "'"))
    if not shutil.which("groff"):
        return
    page = f'.TH X 1 "" "" ""\n.nh\n.SH A\n{made}\n'
    shown = subprocess.run(["groff", "-ww", "-man", "-Tutf8", "-P-cbou"], input=page.encode(), capture_output=True)
    assert shown.stderr == b""
    assert " ".join(text.split()) in " ".join(shown.stdout.decode().split())


def test_help_writes_to_the_stream_of_its_world() -> None:
    out = io.StringIO()
    assert invoke("help", "cron", stdout=out).code == 0
    assert out.getvalue().startswith("# For cron")
