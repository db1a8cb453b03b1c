"""Builds the Asterisk roots of the lab, or finds them ready: ``python -m tests.lab.build [22] [16]``.

Each version comes out of the Debian suite that carries it and is kept in a cache outside the repository
(``$CCOPS_LAB_CACHE``, else ``$XDG_CACHE_HOME/ccops-lab``, else ``~/.cache/ccops-lab``). Building needs root, using
does not.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.mirrors import MIRROR_ENV, candidates, proxy_environment, security_of
from tests.lab.root import LabUnavailable, Root, version_of

# Suites by Asterisk version, best first. "testing" moves on; the code name after it keeps what it has once released.
SUITES = {"22": ("testing", "forky", "sid"), "16": ("bullseye",)}
SECURITY = {"bullseye": "bullseye-security"}
PACKAGES = ("asterisk", "asterisk-core-sounds-en-gsm", "asterisk-moh-opsound-gsm")
DEAD_WEIGHT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt/archives", "var/lib/apt/lists")
TRIES = 3
DEBIAN_MARK = Path("/etc/debian_version")


def cache_dir() -> Path:
    """The folder of the built roots."""
    if given := os.environ.get("CCOPS_LAB_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ccops-lab"


def find(version: str) -> Root | None:
    """A root of this major version that is ready to use: from the cache, else the machine's own Asterisk."""
    tree = cache_dir() / f"asterisk-{version}"
    if tree.is_dir():  # it got its name only when it was finished
        return Root(tree, version_of(tree))
    if shutil.which("asterisk") and (native := version_of(Path("/"))).partition(".")[0] == version:
        return Root(Path("/"), native)
    return None


def ensure(version: str, say: Callable[[str], None] = lambda _: None) -> Root:
    """The root of a version, built if there is none yet; processes that ask at the same time wait for one build.

    Raises LabUnavailable with the reason and the remedy.
    """
    if ready := find(version):
        return ready
    if version not in SUITES:
        raise LabUnavailable(f"no Debian suite is known for Asterisk {version}; known: {', '.join(SUITES)}")
    _check_machine()
    with _locked(cache_dir() / f"asterisk-{version}.lock"):
        if ready := find(version):
            return ready
        say(f"building Asterisk {version} (about a minute)")
        return _build(version, say)


def _check_machine() -> None:
    if not DEBIAN_MARK.exists():
        raise LabUnavailable("the lab builds Asterisk out of Debian packages, and this machine is not Debian or Ubuntu")
    if os.geteuid() != 0:
        raise LabUnavailable("building the lab needs root once: run `sudo -E python -m tests.lab.build`")
    if not shutil.which("debootstrap"):
        retrying(lambda: _run(["apt-get", "install", "-y", "--no-install-recommends", "debootstrap"]))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(version: str, say: Callable[[str], None]) -> Root:
    """Try each suite on each mirror; the first tree whose Asterisk has the right major version wins."""
    failures: list[str] = []
    for suite in SUITES[version]:
        for mirror in candidates():
            where = f"Debian {suite} from {mirror or 'the default mirror'}"
            try:
                return _build_from(version, suite, mirror)
            except LabUnavailable as failure:
                failures.append(f"{where}: {failure}")
                say(failures[-1])
    remedy = f"{MIRROR_ENV}=<address> names another mirror"
    raise LabUnavailable(f"Asterisk {version} could not be built; {remedy}. " + " | ".join(failures))


def _build_from(version: str, suite: str, mirror: str | None) -> Root:
    target = cache_dir() / f"asterisk-{version}"
    _remove_unfinished(version)
    with tempfile.TemporaryDirectory(prefix=f"asterisk-{version}.", dir=cache_dir()) as folder:
        tree = Path(folder) / "root"
        retrying(lambda: _bootstrap(suite, tree, mirror))
        retrying(lambda: _install(suite, tree))
        for name in DEAD_WEIGHT:
            shutil.rmtree(tree / name, ignore_errors=True)
        make_links_relative(tree)
        built = version_of(tree)
        if built.partition(".")[0] != version:
            raise LabUnavailable(f"it carries Asterisk {built}, not {version}")
        tree.rename(target)
    return Root(target, built)


def _remove_unfinished(version: str) -> None:
    """What a build that was killed has left; nobody else is building, as we hold the lock."""
    for path in cache_dir().glob(f"asterisk-{version}.*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)


def _bootstrap(suite: str, tree: Path, mirror: str | None) -> None:
    shutil.rmtree(tree, ignore_errors=True)
    _run([*_OWN_MOUNTS, "debootstrap", "--variant=minbase", suite, str(tree), *([mirror] if mirror else [])])


def _install(suite: str, tree: Path) -> None:
    policy = tree / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")  # no daemon starts inside the tree
    policy.chmod(0o755)
    _add_security(suite, tree)
    install = f"{_APT_GET} update && {_APT_GET} install -y --no-install-recommends {' '.join(PACKAGES)}"
    script = 'mount -t proc proc "$0/proc" && exec chroot "$0" sh -c "$1"'
    _run([*_OWN_MOUNTS, "sh", "-c", script, str(tree), install])


def _add_security(suite: str, tree: Path) -> None:
    """Add the security archive where it answers: the package is in the main one too, only older."""
    sources = tree / "etc/apt/sources.list"
    mirror = sources.read_text().split()[1]
    if suite not in SECURITY or (tree / "etc/apt/sources.list.d/security.list").exists():
        return
    extra = tree / "etc/apt/sources.list.d/security.list"
    extra.write_text(f"deb {security_of(mirror)} {SECURITY[suite]} main\n")
    probe = f"{_APT_GET} -o APT::Update::Error-Mode=any update"
    try:
        retrying(lambda: _run([*_OWN_MOUNTS, "chroot", str(tree), "sh", "-c", probe]))
    except LabUnavailable:
        extra.unlink()


def make_links_relative(tree: Path) -> None:
    """Let absolute symbolic links point into the tree, as they would in a chroot; it is used without one."""
    for folder, folders, files in os.walk(tree):
        for path in (Path(folder) / name for name in [*folders, *files]):
            if path.is_symlink() and (target := path.readlink()).is_absolute() and not target.is_relative_to("/dev"):
                inside = os.path.relpath(tree / target.relative_to("/"), path.parent)
                path.unlink()
                path.symlink_to(inside)


# An archived suite no longer renews its dates, yet its signatures still hold.
_APT_GET = "apt-get -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root"

# What is mounted while building is seen by nobody else and goes away with the process, however it ends.
_OWN_MOUNTS = ("unshare", "--mount", "--propagation", "private", "--")


def _run(command: list[str]) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C", **proxy_environment()}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900, env=env)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabUnavailable(str(error)) from error
    if done.returncode:
        tail = " / ".join((done.stdout + done.stderr).strip().splitlines()[-4:])
        name = command[len(_OWN_MOUNTS) if command[0] == _OWN_MOUNTS[0] else 0]
        raise LabUnavailable(f"{name} ended with {done.returncode}: {tail}")


def retrying(step: Callable[[], None]) -> None:
    """Downloads fail now and then: three tries, with a growing pause between them."""
    for attempt in range(1, TRIES + 1):
        try:
            return step()
        except LabUnavailable:
            if attempt == TRIES:
                raise
            time.sleep(3**attempt)
    return None


def main(versions: list[str]) -> int:
    """Build what is named (all versions by default) and say where it is; 1 if one cannot be had."""
    status = 0
    for version in versions or list(SUITES):
        try:
            root = ensure(version, say=lambda text: print(text, file=sys.stderr))
            print(f"Asterisk {root.version} in {root.path}")
        except LabUnavailable as reason:
            print(f"Asterisk {version}: {reason}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
