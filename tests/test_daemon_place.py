"""The daemon's place: mode, group, stale sockets, things in the way, paths that will not do."""

import codecs
import grp
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccops.desk.daemon.find import daemon_desk
from ccops.desk.daemon.place import LONGEST_PATH, Place
from ccops.desk.local import open_desk
from ccops.errors import ConfigError, LinkError, PermissionRefused
from ccops.settings import Settings
from ccops.settings.model import Ami, Daemon
from tests.daemons import NOBODY, as_root, short_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


codecs.lookup("ascii")  # while we may still read the interpreter's own files


def place(folder: Path, **more: object) -> Place:
    return Place(Daemon(socket=folder / "s", **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
def test_the_socket_has_the_mode_of_the_configuration(folder: Path, mode: int) -> None:
    here = place(folder, socket_mode=mode)
    with here.take():
        status = (folder / "s").stat()
        assert stat.S_ISSOCK(status.st_mode)
        assert stat.S_IMODE(status.st_mode) == mode
    here.leave()
    assert not (folder / "s").exists()


@as_root
def test_the_socket_is_given_to_its_group(folder: Path) -> None:
    group = next(item for item in grp.getgrall() if item.gr_gid != 0)
    here = place(folder, socket_group=group.gr_name)
    with here.take():
        assert (folder / "s").stat().st_gid == group.gr_gid
    here.leave()


def test_a_group_that_does_not_exist_is_named_and_nothing_is_left(folder: Path) -> None:
    here = place(folder, socket_group="no-such-group")
    with pytest.raises(ConfigError, match=r"socket_group: there is no group “no-such-group”.*groupadd"):
        here.take()
    assert not (folder / "s").exists()
    place(folder).take().close()


def test_the_socket_of_a_dead_daemon_is_taken_over(folder: Path) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(folder / "s"))
    dead.close()
    here = place(folder)
    with here.take() as listening:
        listening.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(folder / "s"))
    here.leave()


def test_a_second_daemon_is_refused_and_leaves_the_first_alone(folder: Path) -> None:
    first, second = place(folder), place(folder)
    with first.take():
        with pytest.raises(LinkError, match="Another daemon serves"):
            second.take()
        second.leave()
        assert (folder / "s").is_socket()
    first.leave()
    second.take().close()
    second.leave()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_no_socket_is_never_removed(folder: Path, kind: str) -> None:
    path = folder / "s"
    if kind == "file":
        path.write_text("precious")
    elif kind == "folder":
        path.mkdir()
    else:
        (folder / "precious").write_text("x")
        path.symlink_to(folder / "precious")
    with pytest.raises(ConfigError, match="in the way and is no socket"):
        place(folder).take()
    assert path.exists()


def test_a_lock_that_points_elsewhere_is_not_followed(folder: Path) -> None:
    (folder / "precious").write_text("x")
    (folder / "s.lock").symlink_to(folder / "precious")
    with pytest.raises(ConfigError, match="cannot be made"):
        place(folder).take()


def test_only_our_own_socket_is_removed_in_the_end(folder: Path) -> None:
    here = place(folder)
    here.take().close()
    (folder / "s").unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(folder / "s"))
        here.leave()
        assert (folder / "s").is_socket()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("missing/s", r"the folder .*/missing does not exist.*RuntimeDirectory"),
        ("file/s", "cannot be made: Not a directory"),
        ("x" * 200, r"bytes long; a Unix socket's path has at most 107"),
        ("字" * 40, r"bytes long; a Unix socket's path has at most 107"),
    ],
)
def test_a_path_that_will_not_do_is_told_with_what_to_do(folder: Path, path: str, said: str) -> None:
    (folder / "file").write_text("")
    with pytest.raises(ConfigError, match=said):
        Place(Daemon(socket=folder / path)).take()


def test_the_longest_path_will_do(folder: Path) -> None:
    name = "x" * (LONGEST_PATH - len(os.fsencode(folder)) - 1)
    here = Place(Daemon(socket=folder / name))
    here.take().close()
    here.leave()


@as_root
def test_a_folder_that_may_not_be_written_is_told(folder: Path) -> None:
    os.seteuid(NOBODY)
    try:
        with pytest.raises(ConfigError, match="cannot be made: Permission denied"):
            place(folder).take()
    finally:
        os.seteuid(0)


@as_root
@pytest.mark.parametrize("what", ["socket", "folder"])
async def test_who_may_not_come_in_is_refused_and_does_not_go_round_the_daemon(folder: Path, what: str) -> None:
    here = place(folder, socket_mode=0o600)
    with here.take() as listening:
        listening.listen()
        if what == "folder":
            folder.chmod(0o700)
        os.seteuid(NOBODY)
        try:
            with pytest.raises(PermissionRefused, match="group"):
                await daemon_desk(Settings(daemon=Daemon(socket=folder / "s")), read_only=False)
        finally:
            os.seteuid(0)
    here.leave()


async def test_without_a_daemon_there_is_none(folder: Path) -> None:
    assert await daemon_desk(Settings(daemon=Daemon(socket=folder / "s")), read_only=False) is None
    (folder / "s").write_text("")
    assert await daemon_desk(Settings(daemon=Daemon(socket=folder / "s")), read_only=False) is None
    (folder / "s").unlink()
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(folder / "s"))
    dead.close()
    assert await daemon_desk(Settings(daemon=Daemon(socket=folder / "s")), read_only=False) is None


@as_root
async def test_without_the_daemon_who_may_not_read_the_secret_is_told_what_lacks(folder: Path) -> None:
    (folder / "secret").write_text("x\n")
    (folder / "secret").chmod(0o600)
    ami = Ami(username="ccops", secret_file=folder / "secret")
    os.seteuid(NOBODY)
    try:
        with pytest.raises(LinkError, match=r"only it may read the PBX's secret.*systemctl start"):
            await open_desk(Settings(ami=ami, daemon=Daemon(socket=folder / "s")))
    finally:
        os.seteuid(0)
