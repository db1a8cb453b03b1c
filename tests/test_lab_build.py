"""How the lab is found and built, and how its ears hear, without any Asterisk."""

from __future__ import annotations

import array
import math
import wave
from pathlib import Path

import pytest

from tests.lab import audio, build, fixtures, mirrors
from tests.lab.numbers import phones
from tests.lab.root import LabUnavailable


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CCOPS_LAB_CACHE", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda name: None)
    return tmp_path


def test_an_unknown_version_is_refused_by_name(empty_cache: Path) -> None:
    with pytest.raises(LabUnavailable, match=r"Asterisk 99; known: 22, 16"):
        build.ensure("99")


def test_building_without_root_says_what_would_help(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(build, "DEBIAN_MARK", Path("/dev/null"))
    with pytest.raises(LabUnavailable, match=r"needs root once: run `sudo"):
        build.ensure("22")
    monkeypatch.setattr(build, "DEBIAN_MARK", empty_cache / "none")
    with pytest.raises(LabUnavailable, match="not Debian or Ubuntu"):
        build.ensure("22")


def test_a_step_that_fails_is_tried_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    tries = 0

    def step() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise LabUnavailable("no network")

    build.retrying(step)
    assert (tries, pauses) == (3, [3, 9])
    tries = -9
    with pytest.raises(LabUnavailable, match="no network"):
        build.retrying(step)
    assert tries == -6


def test_a_missing_lab_skips_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixtures, "_root", lambda version: "no network")
    monkeypatch.delenv("CCOPS_REQUIRE_LAB", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Asterisk 22: no network"):
        fixtures.Labs().scene("22")
    monkeypatch.setenv("CCOPS_REQUIRE_LAB", "1")
    with pytest.raises(pytest.fail.Exception, match="no Asterisk 22: no network"):
        fixtures.Labs().scene("22")


def test_links_of_a_tree_stay_inside_it(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/x").write_text("inside")
    (tmp_path / "a/b/link").symlink_to("/etc/x")
    (tmp_path / "a/folder").symlink_to("/etc")
    (tmp_path / "a/null").symlink_to("/dev/null")
    build.make_links_relative(tmp_path)
    assert (tmp_path / "a/b/link").read_text() == "inside"
    assert (tmp_path / "a/folder/x").read_text() == "inside"
    assert str((tmp_path / "a/null").readlink()) == "/dev/null"


# --- ears and mirrors ---


def _tones(*frequencies: float, level: float = 0.2, seconds: float = 1.0) -> array.array[int]:
    count = int(seconds * audio.RATE)
    turns = [2 * math.pi * frequency / audio.RATE for frequency in frequencies]
    return array.array("h", (int(32767 * level * sum(math.sin(t * i) for t in turns)) for i in range(count)))


@pytest.mark.parametrize("tone", [350, 450, 700, 1000, 1400, 2100])
def test_a_tone_is_heard_alone_and_among_others_and_not_when_it_is_missing(tone: int) -> None:
    others = [other for other in (350, 700, 1000, 1400, 2100) if other != tone and abs(other - tone) > 90]
    assert audio.share_heard(_tones(tone), tone) == 1.0
    assert audio.share_heard(_tones(tone, *others[:3]), tone) == 1.0
    assert audio.share_heard(_tones(*others[:3]), tone) == 0.0
    assert audio.share_heard(_tones(tone, level=0.001), tone) == 0.0
    assert audio.goertzel(_tones(tone, level=0.5), tone) == pytest.approx(0.25, rel=0.02)


def test_a_stretch_of_a_wav_file_is_placed_by_its_seconds(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, audio.RATE, 0, "NONE", ""))
        file.writeframes((_tones(700) + _tones(350)).tobytes())
    assert audio.heard(path, 700, 0, 1)
    assert not audio.heard(path, 700, 1, 2)
    assert audio.heard(path, 350, 1)
    assert not audio.heard(path, 350, 5, 6)


def test_mirrors_are_learnt_from_both_formats_of_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(mirrors.MIRROR_ENV, raising=False)
    monkeypatch.delenv(mirrors.SECURITY_ENV, raising=False)
    (tmp_path / "sources.list").write_text("")
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/a.list").write_text(
        "# x\ndeb [arch=amd64 trusted=yes] http://near.test/debian stable main\n"
    )
    (tmp_path / "sources.list.d/b.sources").write_text(
        "Types: deb deb-src\n# no\nURIs: http://far.test/debian\nSuites: bookworm bookworm-updates\n\n"
        "Types: deb\nEnabled: no\nURIs: http://off.test/debian\nSuites: bookworm\n\n"
        "Types: deb\nURIs: http://other.test/node\nSuites: nodistro\n"
    )
    release = tmp_path / "os-release"
    release.write_text('ID=debian\nVERSION_CODENAME="bookworm"\n')
    assert mirrors.candidates(tmp_path, release) == ["http://near.test/debian", "http://far.test/debian", None]
    release.write_text("ID=ubuntu\nVERSION_CODENAME=noble\n")
    assert mirrors.candidates(tmp_path, release) == [None]
    assert mirrors.security_of("http://near.test/debian/") == "http://near.test/debian-security"


def test_every_phone_has_its_own_number() -> None:
    numbers = [phone.number for phone in phones()]
    assert len(numbers) == len(set(numbers)) > 50
