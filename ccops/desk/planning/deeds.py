"""What planning can be asked to do or to work out: done here, or by the daemon where the store is the daemon's.

    @deed("leave.request")
    def request(self, person: str, first: date, last: date, *, note: str = "") -> Asked: …

A deed is called the same way in both cases. Through the daemon its arguments go by the declared types, so a new deed
is one line.
"""

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, get_type_hints

from ccops.desk.planning.office import Office
from ccops.desk.planning.wire import taken
from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _

P = ParamSpec("P")
R = TypeVar("R")
O = TypeVar("O")  # noqa: E741 (the owner: an office, or what holds one)

_ROOMS: Final = ("leave", "swaps", "rosters", "teams", "exports", "needs", "asking", "following", "intraday")


@dataclass(frozen=True, slots=True)
class Deed:
    """One of them."""

    name: str
    function: Callable[..., Any]
    reading: bool
    """Tells of everybody's plans, so it takes the right to read them; others ask for their right themselves."""

    def owner(self, office: Office) -> Any:
        """Return what the function is called on."""
        kind, dot, _method = self.function.__qualname__.partition(".")
        return getattr(sys.modules[self.function.__module__], kind)(office) if dot else office

    def bind(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by their declared types; raises `UsageProblem` naming the wrong one."""
        _own, *names = inspect.signature(self.function).parameters.values()
        hints = get_type_hints(self.function)
        known = {parameter.name: parameter for parameter in names}
        if unknown := next((name for name in given if name not in known), None):
            raise NotFound(_("argument of {action}").format(action=self.name), str(unknown)[:80], known)
        missing = [one.name for one in names if one.default is one.empty and one.name not in given]
        if missing:
            raise UsageProblem(_("“{name}” is missing.").format(name=missing[0]))
        return {name: taken(hints[name], value, name) for name, value in given.items()}


_DEEDS: Final[dict[str, Deed]] = {}


def deed(
    name: str, *, reading: bool = False
) -> Callable[[Callable[Concatenate[O, P], R]], Callable[Concatenate[O, P], R]]:
    """Make a function on an office, or a method of what holds one, a deed of this name."""

    def made(function: Callable[Concatenate[O, P], R]) -> Callable[Concatenate[O, P], R]:
        _DEEDS[name] = Deed(name, function, reading)
        signature = inspect.signature(function)

        @wraps(function)
        def called(owner: O, /, *args: P.args, **kwargs: P.kwargs) -> R:
            office: Office = owner if isinstance(owner, Office) else owner.office  # type: ignore[attr-defined]
            if office.away is None:
                return function(owner, *args, **kwargs)
            if not reading:
                office.may_write()
            _own, *given = signature.bind(owner, *args, **kwargs).arguments.items()
            answer: R = office.away.ask(name, dict(given))
            return answer

        return called

    return made


def deed_of(name: object) -> Deed:
    """Return a deed by its name; raises `NotFound` with the nearest."""
    for room in _ROOMS:
        import_module(f"ccops.desk.planning.{room}")
    if not isinstance(name, str) or name not in _DEEDS:
        raise NotFound(_("request of planning"), str(name)[:80], _DEEDS)
    return _DEEDS[name]
