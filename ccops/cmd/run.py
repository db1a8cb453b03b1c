"""One run of ccops: the options before the command, the settings, and the way to a desk."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from ccops.cmd.diagnostics import Narrator, PipeClosed
from ccops.cmd.environment import Environment
from ccops.errors import ConfigError
from ccops.i18n import _

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ccops.board import Board
    from ccops.desk.api import Desk
    from ccops.settings import Loaded, Settings

T = TypeVar("T")


@dataclass(slots=True, frozen=True)
class Options:
    """What is given before the command."""

    config: Path | None = None
    db: Path | None = None
    verbose: bool = False
    quiet: bool = False
    read_only: bool = False
    no_color: bool = False
    ascii: bool = False
    screen: str | None = None
    theme: str | None = None
    wall: bool = False


@dataclass
class Run:
    """What a command holds in its hands; typer carries it as the context's object."""

    environment: Environment
    options: Options = field(default_factory=Options)

    @classmethod
    def of(cls, context: typer.Context) -> "Run":
        """Return the run that a command belongs to."""
        run = context.find_object(cls)
        if run is None:  # somebody invoked the typer app without `main`
            run = context.obj = cls(Environment.system())
        return run

    @cached_property
    def narrator(self) -> Narrator:
        """The voice on stderr."""
        return Narrator(self.environment.stderr, self.options.verbose, self.options.quiet, self.masked)

    @cached_property
    def loaded(self) -> "Loaded":
        """The settings with their origins; raises ConfigError with all that is wrong."""
        from ccops.settings import Flag, load

        flags: dict[tuple[str, ...], Flag] = {}
        if self.options.db is not None:
            flags["store", "path"] = Flag("--db", str(self.options.db))
        return load(self.options.config, self.environment.variables, flags)

    @property
    def settings(self) -> "Settings":
        """The settings; raises ConfigError with all that is wrong."""
        return self.loaded.settings

    @property
    def zone(self) -> "ZoneInfo":
        """The site's time zone, in which instants are printed."""
        return self.settings.zone

    def now(self) -> float:
        """Return the time of this world, epoch seconds."""
        return self.environment.clock()

    def masked(self, text: str) -> str:
        """Return `text` without the secrets of the configuration."""
        from ccops.settings.secret import Secret, masked

        # Only what was loaded can leak; loading it here would answer a fault with another one.
        secrets = self.settings.secrets() if "loaded" in self.__dict__ else []
        return masked(text, [*secrets, Secret(self.environment.variables.get("CCOPS_AMI__SECRET", ""))])

    def write(self, text: str) -> None:
        """Write data to stdout; raises PipeClosed where nobody reads it."""
        try:
            self.environment.stdout.write(text)
        except BrokenPipeError:
            raise PipeClosed from None
        except UnicodeEncodeError:
            encoding = self.environment.stdout.encoding
            self.write(text.encode(encoding, "backslashreplace").decode(encoding))

    def flush(self) -> None:
        """Hand what was written to the reader; raises PipeClosed where there is none."""
        try:
            self.environment.stdout.flush()
        except BrokenPipeError:
            raise PipeClosed from None

    @property
    def desk_settings(self) -> "Settings":
        """The settings, where they name a PBX or a daemon serves; raises ConfigError otherwise."""
        settings = self.settings
        if not settings.ami.username and not settings.daemon.socket.exists():
            raise ConfigError(
                _("No PBX is configured."),
                remedy=_("Run `ccops init` to connect to yours, or `ccops demo` to look around."),
            )
        return settings

    async def live_desk(self) -> "Desk":
        """Open a desk that stays and shows trouble with the link instead of raising it; the caller closes it."""
        settings = self.desk_settings
        from ccops.desk.local import live_desk

        return await live_desk(settings, read_only=self.options.read_only)

    def with_desk(self, work: "Callable[[Desk], Awaitable[T]]", *, live: bool = True) -> T:
        """Open a desk, do `work` on it, close it again; raises the errors of the link.

        `live` says that a daemon must have a link too; alerts are kept without.
        """
        settings = self.desk_settings
        import asyncio

        from ccops.desk.local import open_desk

        async def whole() -> T:
            desk = await open_desk(settings, read_only=self.options.read_only, live=live)
            try:
                return await work(desk)
            finally:
                await desk.close()

        return asyncio.run(whole())

    def board(self, *, live: bool = True) -> "Board":
        """Return the board of this moment; raises the errors of the link, `live` as in `with_desk`."""

        async def look(desk: "Desk") -> "Board":
            from dataclasses import replace

            from ccops.board import TABLES

            # A copy: closing the desk turns its own board's link down.
            tables: dict[str, Any] = {name: dict(getattr(desk.board, name)) for name in TABLES.values()}
            return replace(desk.board, **tables)

        return self.with_desk(look, live=live)
