"""Reports as files: whole or not at all, whoever looks at the folder meanwhile."""

import os
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.reports.deliver.model import Content, DeliveryFailed, Errand, Key, Parcel
from ccops.reports.deliver.template import file_name


def write_file(path: Path, data: bytes) -> None:
    """Write a file so that its name holds either what was before or all of `data`; raises DeliveryFailed.

    Missing folders are made. A name that is a device or a pipe is written to as it is.
    """
    try:
        if _is_stream(path):
            with path.open("wb") as stream:
                stream.write(data)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, data)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise DeliveryFailed(
            _("{path} cannot be written: {why}.").format(path=path, why=why),
            remedy=_("Check that the folder exists, has room and may be written to."),
        ) from None


def _is_stream(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _replace(path: Path, data: bytes) -> None:
    # Not longer than the name itself may be, and in the same folder, so that the last step is one rename.
    aside = path.with_name(f".ccops-{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Make the rename survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(slots=True, frozen=True)
class FileTarget:
    """A folder that reports are written into, a file for each form."""

    folder: Path
    template: str
    """Name of a file below the folder, or an absolute one; see `template`."""

    def errands(self, parcel: Parcel) -> Sequence[Errand]:
        """Return one delivery for each form."""
        return [self._errand(parcel, content) for content in parcel.contents]

    def _errand(self, parcel: Parcel, content: Content) -> Errand:
        path = self.path(parcel, content)
        key = Key(parcel.job, parcel.when, f"file:{path}", parcel.content_name([content]))
        return Errand(key, partial(_written, path, content.data))

    def path(self, parcel: Parcel, content: Content) -> Path:
        """Return where a form is written; raises CcopsError where the template leads out of the folder."""
        name = file_name(self.template, parcel, content.form)
        if ".." in name.split("/"):
            raise CcopsError(_("“{template}” leads out of its folder.").format(template=self.template))
        return self.folder / Path(name).expanduser()


def _written(path: Path, data: bytes) -> str:
    write_file(path, data)
    return _("{path}, {size} bytes").format(path=path, size=len(data))
