"""The sample file and the reference page say what the model says."""

import re
from pathlib import Path

import pytest

from ccops.settings import load
from ccops.settings.model import walk
from ccops.settings.reference import main, render, write
from ccops.settings.schema import SECTIONS, keys_of

ROOT = Path(__file__).parent.parent


def test_both_files_are_current() -> None:
    assert write(ROOT, check=True) == []


def test_check_tells_a_stale_file_by_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", str(tmp_path)]) == 1
    assert main([str(tmp_path)]) == 0
    assert main(["--check", str(tmp_path)]) == 0
    (tmp_path / "config" / "config.toml").write_text("# changed\n")
    assert main(["--check", str(tmp_path)]) == 1
    assert "config.toml: not current" in capsys.readouterr().err


def test_the_sample_is_all_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(render())
    assert not load(path, {}).origins


def test_every_line_of_the_sample_works_once_its_mark_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    text = re.sub(r"^#(?=\[|\w+ = )", "", render(), flags=re.MULTILINE)
    # The two ways to give a secret exclude each other.
    path.write_text(re.sub(r"^(secret|password) = .*$", "", text, flags=re.MULTILINE))
    loaded = load(path, {})
    given = {key[0] + "." + key[-1] for key in loaded.origins}
    assert given == {f"{name}.{key}" for name in SECTIONS for key in keys_of(name)} - {
        "ami.secret",
        "smtp.password",
    }
    assert len(list(walk(loaded.settings))) == len(given) + 2


def test_the_page_has_a_row_for_every_key() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    for name in SECTIONS:
        for key in keys_of(name):
            assert re.search(
                rf"^\| `{key}`<br>`CCOPS_{name.upper()}__(NAME__)?{key.upper()}` \| [^|]+ \|", page, re.MULTILINE
            )
