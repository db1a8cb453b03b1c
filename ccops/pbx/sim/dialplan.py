"""The dialplan of the simulated PBX: contexts, extensions with patterns, and the loop that executes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from ccops.pbx.sim.calls import Calls
from ccops.pbx.sim.channel import Channel, Place
from ccops.pbx.sim.tasks import Interrupt, Steps

Step = tuple[str, str]
"""Application and its argument."""
Application = Callable[[Channel, str], Steps]

_CLASSES = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}


@lru_cache(maxsize=256)
def _pattern(exten: str) -> re.Pattern[str]:
    parts = re.findall(r"\[[^]]*\]|.", exten[1:])
    return re.compile("".join(_CLASSES.get(part, part if part.startswith("[") else re.escape(part)) for part in parts))


def _breadth(exten: str) -> list[int]:
    """How many digits each place of a pattern takes: the narrower pattern comes first, place by place."""
    wide = {"X": 10, "Z": 9, "N": 8, ".": 99, "!": 100}
    parts = re.findall(r"\[[^]]*\]|.", exten[1:])
    return [sum(c in part for c in "0123456789") if part[0] == "[" else wide.get(part, 1) for part in parts]


class Dialplan:
    """Contexts, each with extensions and the contexts that it includes."""

    def __init__(
        self, contexts: Mapping[str, Mapping[str, Sequence[Step]]], includes: Mapping[str, Sequence[str]]
    ) -> None:  # fmt: skip
        """`contexts` maps context → extension or pattern → steps in order of priority."""
        self._contexts = {name: dict(extens) for name, extens in contexts.items()}
        self._includes = dict(includes)

    def add(self, context: str, exten: str, steps: Sequence[Step]) -> None:
        """Add or replace an extension."""
        self._contexts.setdefault(context, {})[exten] = steps

    def knows(self, context: str) -> bool:
        """True where there is such a context."""
        return context in self._contexts or context in self._includes

    def steps(self, context: str, exten: str) -> Sequence[Step]:
        """The steps of an extension, exact before patterns, own before included; empty where there is none."""
        extens = self._contexts.get(context, {})
        if exten in extens:
            return extens[exten]
        matching = [one for one in extens if one.startswith("_") and _pattern(one).fullmatch(exten)]
        if matching:
            return extens[min(matching, key=_breadth)]
        for included in self._includes.get(context, ()):
            if steps := self.steps(included, exten):
                return steps
        return ()

    def exists(self, place: Place) -> bool:
        """True where there is something to execute at this place."""
        return 1 <= place.priority <= len(self.steps(place.context, place.exten))


class Executor:
    """Executes the dialplan on the thread of a channel."""

    def __init__(self, calls: Calls, dialplan: Dialplan) -> None:
        self._calls = calls
        self.dialplan = dialplan
        self.applications: dict[str, Application] = {}
        calls.run_dialplan = self.run

    def run(self, channel: Channel) -> Steps:
        """Execute from where the channel is until there is nothing more; raises Interrupt when it is to end."""
        channel.ran_out = False
        while True:
            step = self._step(channel.place)
            if step is None:
                return
            yield from self.execute(channel, *step)
            following = channel.place._replace(priority=channel.place.priority + 1)
            if not self.dialplan.exists(following):
                channel.ran_out = True
                return
            channel.change(place=following)

    def _step(self, place: Place) -> Step | None:
        steps = self.dialplan.steps(place.context, place.exten)
        return steps[place.priority - 1] if 1 <= place.priority <= len(steps) else None

    def execute(self, channel: Channel, application: str, argument: str) -> Steps:
        """Execute one application; an unknown one ends the channel."""
        data = substitute(argument, channel)
        channel.change(application=application, data=data)
        self._calls.events.new_exten(channel)
        run = self.applications.get(application.casefold())
        if run is None:
            channel.hanging_up = True
            raise Interrupt
        yield from run(channel, data)

    def knows(self, application: str) -> bool:
        """True where there is such an application."""
        return application.casefold() in self.applications


def substitute(text: str, channel: Channel) -> str:
    """Put EXTEN and the channel's variables where `${NAME}` stands; unknown ones are empty."""
    if "${" not in text:
        return text
    known = {"EXTEN": channel.place.exten, "CONTEXT": channel.place.context, "UNIQUEID": channel.uniqueid,
             "CALLERID(num)": channel.caller.number, "CHANNEL": channel.name}  # fmt: skip
    return re.sub(r"\$\{([^}]*)\}", lambda found: known.get(found[1]) or channel.variables.get(found[1], ""), text)
