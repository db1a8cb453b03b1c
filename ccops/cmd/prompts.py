"""Questions to a person at a terminal; they go to stderr, so that stdout stays data."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ccops.cmd.diagnostics import printable
from ccops.cmd.environment import Environment
from ccops.errors import UsageProblem
from ccops.i18n import _

T = TypeVar("T")

_TRIES = 5


@dataclass(slots=True, frozen=True)
class Prompts:
    """Asks in one environment."""

    environment: Environment

    def text(self, question: str, default: str, check: Callable[[str], str]) -> str:
        """Ask for a text until `check` has nothing against it; Enter takes the default."""
        hint = f" [{default}]" if default else ""
        for __ in range(_TRIES):
            answer = self._line(f"{question}{hint}: ") or default
            wrong = check(answer)
            if not wrong:
                return answer
            self._say(f"  {wrong}")
        raise UsageProblem(_("“{question}” was not answered.").format(question=question))

    def secret(self, question: str) -> str:
        """Ask for a secret without showing it."""
        stdin = self.environment.stdin
        try:
            own = stdin.fileno() == 0
        except (OSError, ValueError):
            own = False
        if not own:
            return self._line(f"{question}: ")
        from getpass import getpass

        return getpass(f"{question}: ", stream=self.environment.stderr)

    def yes(self, question: str, *, default: bool) -> bool:
        """Ask for yes or no; Enter takes the default."""
        answer = self._line(f"{question} [{'Y/n' if default else 'y/N'}] ").lower()
        return default if not answer else answer in ("y", "yes", "j", "ja", "是")

    def _line(self, prompt: str) -> str:
        self._say(prompt, end="")
        line = self.environment.stdin.readline()
        if not line:  # ctrl+d: nobody will answer any more
            self._say("")
            raise UsageProblem(_("The questions were not answered; nothing was written."))
        return line.strip()

    def _say(self, text: str, end: str = "\n") -> None:
        self.environment.stderr.write(printable(text) + end)
        self.environment.stderr.flush()
