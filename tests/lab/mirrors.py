"""Which Debian mirrors to try, learnt from the machine's own apt so that none is named here."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

# Where a suite has moved to an archive, or a site has a mirror of its own.
MIRROR_ENV = "CCOPS_LAB_MIRROR"
SECURITY_ENV = "CCOPS_LAB_SECURITY_MIRROR"

_ONE_LINE = re.compile(r"^\s*deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)")


def candidates(apt: Path = Path("/etc/apt"), os_release: Path = Path("/etc/os-release")) -> list[str | None]:
    """Mirrors of the main archive, best first; ``None`` leaves the choice to debootstrap."""
    if given := os.environ.get(MIRROR_ENV):
        return [given]
    release = dict(line.split("=", 1) for line in os_release.read_text().splitlines() if "=" in line)
    own: list[str | None] = []
    if release.get("ID", "").strip('"') == "debian":
        codename = release.get("VERSION_CODENAME", "").strip('"')
        own = [uri for uri, suite in apt_sources(apt) if suite in {codename, "stable", "testing", "sid", "unstable"}]
    return [*dict.fromkeys(own), None]


def security_of(mirror: str) -> str:
    """The security archive that goes with a mirror: its neighbour, as on every mirror that carries both."""
    return os.environ.get(SECURITY_ENV) or mirror.rstrip("/") + "-security"


def apt_sources(apt: Path) -> Iterator[tuple[str, str]]:
    """(URI, suite) of every binary source that apt is configured with, in both of its formats."""
    for path in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]:
        if not path.is_file():
            continue
        text = path.read_text(errors="replace")
        if path.suffix == ".list":
            yield from _one_line_sources(text)
        elif path.suffix == ".sources":
            yield from _stanza_sources(text)


def _one_line_sources(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if (found := _ONE_LINE.match(line)) and found[1].startswith(("http:", "https:", "file:")):
            yield found[1], found[2]


def _stanza_sources(text: str) -> Iterator[tuple[str, str]]:
    for stanza in re.split(r"\n\s*\n", text):
        lines = [line for line in stanza.splitlines() if not line.startswith("#")]
        fields = {key.strip().lower(): value for key, _, value in (line.partition(":") for line in lines)}
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "").strip() == "no":
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield uri, suite


def proxy_environment() -> dict[str, str]:
    """The proxy apt goes through, as the variables that debootstrap's downloader understands."""
    asked = subprocess.run(
        ["apt-config", "shell", "http_proxy", "Acquire::http::Proxy", "https_proxy", "Acquire::https::Proxy"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return {name: value for name, value in re.findall(r"^(https?_proxy)='(.*)'$", asked.stdout, re.M) if value}
