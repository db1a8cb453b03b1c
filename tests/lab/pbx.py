"""The lab: a real PBX and the street it stands in, that is the phones and the carrier at the other end of its lines.

The street is a second Asterisk, so that the PBX shows nothing but what a PBX shows (no channels of phones, no
recordings of the tests), and phones live on when the PBX is killed.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

from tests.lab.addresses import take_block
from tests.lab.ami import Ami
from tests.lab.config import TLS_NAME, AmiUser, ami_users, write_pbx, write_street
from tests.lab.process import Asterisk
from tests.lab.root import Root

_PREFIX = "ccops-lab."
_DRIVER_SECRET = "street-secret"  # listens on loopback for one test run


class Lab:
    """A PBX with phones, on addresses and in folders of its own. Use it as a context manager, or start and close it."""

    host = "127.0.0.1"
    tls_name = TLS_NAME

    def __init__(self, root: Root) -> None:
        _sweep()
        self.root = root
        self.users: dict[str, AmiUser] = ami_users()
        self.home = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}."))
        self._block = take_block()
        self._replaced: dict[str, tuple[str, str]] = {}
        self.pbx = Asterisk(root, self.home / "pbx")
        self.street = Asterisk(root, self.home / "street")
        self._configure()
        atexit.register(self.close)

    def _configure(self) -> None:
        values = {
            "modules": str(self.root.module_dir), "data": str(self.root.data_dir), "host": self.host,
            "port": str(self.ami_port), "tls_port": str(self.tls_port), "street_port": str(self._block.port(2)),
            "secret": _DRIVER_SECRET, "pbx": self.pbx_address, "phones_at": self.phones_address,
            "carrier": self._block.address(3), "outside_tone": "550",
        }  # fmt: skip
        write_pbx(self.pbx.home, values)
        write_street(self.street.home, values)

    @property
    def version(self) -> str:
        """``22.10.1``."""
        return self.root.version

    @property
    def ami_port(self) -> int:
        """The manager port of the PBX on 127.0.0.1; it stays the same over a restart."""
        return self._block.port(0)

    @property
    def tls_port(self) -> int:
        """The manager port that speaks TLS."""
        return self._block.port(1)

    @property
    def ca_file(self) -> Path:
        """What a client must trust to accept the certificate of the TLS port."""
        return self.pbx.home / "etc/ami.crt"

    @property
    def pbx_address(self) -> str:
        """Where the PBX speaks SIP, port 5060."""
        return self._block.address(1)

    @property
    def phones_address(self) -> str:
        """Where the phones are, port 5060."""
        return self._block.address(2)

    @property
    def queue_log(self) -> Path:
        """The file that app_queue writes."""
        return self.pbx.home / "log/queue_log"

    @property
    def tapes(self) -> Path:
        """The folder with what each party heard (``NUMBER.UNIQUEID.rx.sln48``) and said (``.tx.sln48``)."""
        return self.street.home / "spool/monitor"

    def user(self, name: str) -> AmiUser:
        """An AMI user of the PBX by name (``ops``, ``monitor``, ``supervisor``, ``no_originate`` ...)."""
        return self.users[name]

    def ami(self, user: str = "ops") -> Ami:
        """A new connection to the PBX as one of its users."""
        return Ami(self.host, self.ami_port, user, self.users[user].secret)

    def street_ami(self) -> Ami:
        """A new connection to the phones' side, which no code under test ever sees."""
        return Ami(self.host, self._block.port(2), "driver", _DRIVER_SECRET)

    def start(self) -> Lab:
        """Start both sides and wait until they are up."""
        for side in (self.street, self.pbx):
            side.launch()
        for side in (self.street, self.pbx):
            side.wait_booted()
        return self

    def stop(self) -> None:
        """Shut the PBX down in order; the phones stay."""
        self.pbx.stop()

    def kill(self) -> None:
        """Crash the PBX (SIGKILL); the phones stay.

        Asterisk commits its database once a second. The crash waits for that, or members of an earlier test could come
        back with the next start.
        """
        if self.pbx.running:
            self._wait_committed()
        self.pbx.kill()

    def _wait_committed(self) -> None:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and not self._committed():
            time.sleep(0.1)

    def _committed(self) -> bool:
        """Whether the logged-in members on disk are those that Asterisk has in memory."""
        shown = re.findall(r"^/Queue/PersistentMembers/\S+\s*: (.*)$", self.rx("database show Queue"), re.M)
        with contextlib.closing(sqlite3.connect(self.pbx.home / "lib/astdb.sqlite3", timeout=5)) as database:
            rows = database.execute("SELECT value FROM astdb WHERE key LIKE '/Queue/PersistentMembers/%'").fetchall()
        return sorted(shown) == sorted(value for (value,) in rows)

    def restart(self) -> None:
        """Stop the PBX if it runs, and start it again on the same addresses."""
        self.pbx.stop()
        self.start()

    def rx(self, command: str) -> str:
        """What the PBX answers to a command of its own command line."""
        return self.pbx.rx(command)

    def write_config(self, name: str, text: str, reload: str) -> None:
        """Replace one file of the PBX's configuration until the next reset and reload it.

        E.g. ``write_config("extensions_extra.conf", "[more]\\nexten => ...", "dialplan reload")``.
        """
        path = self.pbx.home / "etc" / name
        self._replaced.setdefault(name, (path.read_text() if path.exists() else "", reload))
        path.write_text(text)
        self.rx(reload)

    def restore_config(self) -> None:
        """Take back what ``write_config`` did."""
        for name, (text, reload) in self._replaced.items():
            (self.pbx.home / "etc" / name).write_text(text)
            self.rx(reload)
        self._replaced.clear()

    def queue_log_lines(self) -> list[str]:
        """The lines of the queue_log since the last reset."""
        return self.queue_log.read_text(encoding="utf-8").splitlines() if self.queue_log.exists() else []

    def close(self) -> None:
        """Stop everything and remove every trace."""
        atexit.unregister(self.close)
        self.pbx.kill()  # nothing of it is kept, so there is nothing to shut down in order
        self.street.kill()
        self._block.release()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Lab:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


def _sweep() -> None:
    """Remove the folders of labs whose test process was killed; their Asterisk died with it."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = path.name.removeprefix(_PREFIX).partition(".")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > 1:
                    shutil.rmtree(path)
