"""Writing a configuration: comments and strange keys stay, rights are tight, a crash leaves the old file."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccops.errors import ConfigError
from ccops.settings import Secret, load
from ccops.settings.writer import write_settings

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
VALUES = {("ami", "host"): "pbx", ("ami", "secret"): Secret('s"\\x'), ("queues", "front desk", "threshold"): 15.0}


def test_a_new_file_is_the_commented_sample_with_the_values(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    assert write_settings(path, VALUES, NOW) is None
    settings = load(path, {}).settings
    assert settings.ami.host == "pbx"
    assert settings.ami.secret.reveal() == 's"\\x'
    assert settings.queue("Front Desk").threshold == 15
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "# Manager port" in path.read_text()


def test_an_existing_file_keeps_comments_and_other_keys_and_is_backed_up(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    before = '# mine\n[ami]\nhost = "old" # the old one\nport = 1\n'
    path.write_text(before)
    path.chmod(0o644)
    backup = write_settings(path, VALUES, NOW)
    assert backup is not None
    assert backup.name == "config.toml.20260304-050607.bak"
    assert backup.read_text() == before
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert text.startswith("# mine\n")
    assert 'host = "pbx" # the old one' in text
    assert load(path, {}).settings.ami.port == 1
    second = write_settings(path, VALUES, NOW)
    assert second not in (None, backup)
    assert load(path, {}).settings.queue("front desk").threshold == 15


def test_none_takes_a_key_out(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[ami]\nhost = "old"\nsecret_file = "key"\n')
    write_settings(path, {**VALUES, ("ami", "secret_file"): None, ("ui", "theme"): None}, NOW)
    settings = load(path, {}).settings
    assert settings.ami.secret_file is None
    assert settings.ami.secret.reveal() == 's"\\x'
    assert "[ui]" not in path.read_text()
    new = tmp_path / "new.toml"
    write_settings(new, {("ami", "secret_file"): None}, NOW)
    assert load(new, {}).settings.ami.secret_file is None


def test_what_is_no_toml_is_kept_as_backup_and_begun_afresh(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[[[")
    backup = write_settings(path, VALUES, NOW)
    assert backup is not None
    assert backup.read_text() == "[[["
    assert load(path, {}).settings.ami.host == "pbx"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "real.toml", tmp_path / "config.toml"
    target.write_text("")
    link.symlink_to(target)
    write_settings(link, VALUES, NOW)
    assert link.is_symlink()
    assert load(target, {}).settings.ami.host == "pbx"


def test_a_failure_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text("# old\n")

    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ConfigError, match="cannot be written: No space left"):
        write_settings(path, VALUES, NOW)
    assert path.read_text() == "# old\n"
    assert [name for name in os.listdir(tmp_path) if not name.endswith(".bak")] == ["config.toml"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_settings(tmp_path / "file" / "config.toml", VALUES, NOW)
