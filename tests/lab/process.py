"""One Asterisk process: started from a root on a configuration of its own, stopped or killed, and never left behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.lab.root import Root

FOLDERS = ("etc", "lib/keys", "spool", "spool/monitor", "spool/outgoing", "run", "log", "log/cdr-csv", "cache")
BOOT_SECONDS = 30.0

# The kernel kills an Asterisk when the *thread* that started it ends, so they are all started by one that lasts.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lab-spawner")


class Asterisk:
    """An instance whose configuration, database, spool, logs and control socket all live below ``home``."""

    def __init__(self, root: Root, home: Path) -> None:
        self.root = root
        self.home = home
        self._process: subprocess.Popen[bytes] | None = None
        for name in FOLDERS:
            (home / name).mkdir(parents=True, exist_ok=True)

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id of the running instance."""
        if self._process is None:
            raise RuntimeError("this Asterisk has not been started")
        return self._process.pid

    def launch(self) -> None:
        """Start the process without waiting for it."""
        if self.running:
            return
        (self.home / "run/asterisk.ctl").unlink(missing_ok=True)
        guard = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
        command = [*guard, *self._command("-f")]
        self._process = _SPAWNER.submit(self._spawn, command).result()

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.home / "log/console").open("ab") as console:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
                env=self._environment(),
            )  # fmt: skip

    def wait_booted(self) -> None:
        """Return when every module is up."""
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline and self.running:
            if (self.home / "run/asterisk.ctl").exists() and "fully booted" in self.rx("core waitfullybooted").lower():
                return self._check_modules()
            time.sleep(0.02)
        raise RuntimeError(f"Asterisk {self.root.version} did not boot:\n{self.last_words()}")

    def _check_modules(self) -> None:
        log = (self.home / "log/full").read_text(errors="replace")
        if missing := re.findall(r".*(?:declined to load|Error loading module).*", log):
            raise RuntimeError(f"Asterisk {self.root.version} came up incomplete:\n" + "\n".join(missing))

    def last_words(self) -> str:
        """The end of what the process printed and logged, for an error message."""
        parts = [path.read_text(errors="replace")[-1500:] for path in sorted((self.home / "log").glob("[cf][ou]*"))]
        return "\n".join(parts)

    def rx(self, command: str) -> str:
        """The answer to a command of Asterisk's own command line."""
        done = subprocess.run(
            self._command("-rx", command), capture_output=True, text=True, errors="replace", check=False, timeout=30,
            env=self._environment(),
        )  # fmt: skip
        return done.stdout

    def stop(self) -> None:
        """Shut down in order; kill what has not gone after five seconds."""
        if self._process is None:
            return
        if self.running:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        if self._process is not None:
            if self.running:
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _command(self, *args: str) -> list[str]:
        return self.root.command("-C", str(self.home / "etc/asterisk.conf"), *args)

    def _environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("LD_", "OPENSSL_"))}
        # The tree's OpenSSL must not read the configuration of the machine's, which may be another version.
        openssl = str(self.root.path / "etc/ssl/openssl.cnf")
        return {**kept, "HOME": str(self.home), "TERM": "dumb", "OPENSSL_CONF": openssl}
