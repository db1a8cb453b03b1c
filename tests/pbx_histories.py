"""Histories of the model PBX out of lists of numbers: any list is a history, so that hypothesis can shrink them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tests.pbx_deeds import Pbx


def play(deeds: list[tuple[int, int, int]]) -> Pbx:
    """Return a PBX after some deeds; the numbers choose among what is possible then, so that any list is a history."""
    pbx = Pbx()
    for which, one, other in deeds:
        _do(pbx, which, one, other)
    return pbx


def _do(pbx: Pbx, which: int, one: int, other: int) -> None:
    deeds = [*_of_members(pbx, one, other), *_of_waiting(pbx), *_of_talking(pbx), *_of_others(pbx, one, other)]
    deeds[which % len(deeds)]()


def _of_members(pbx: Pbx, one: int, other: int) -> Iterator[Callable[[], None]]:
    queue, agent = list(pbx.queues)[other % len(pbx.queues)], 1001 + one % 4
    yield partial(pbx.log_in, queue, agent, freepbx=one % 8 > 3)
    yield partial(pbx.call_in, queue, one)
    members = list(pbx.members.values())
    if members:
        mem = members[one % len(members)]
        yield partial(pbx.unpause, mem) if mem.paused else partial(pbx.pause, mem, ("", "lunch", "wrap")[other % 3])
        yield partial(pbx.log_out, mem) if other % 3 else partial(pbx.set_penalty, mem, other % 5)


def _of_waiting(pbx: Pbx) -> Iterator[Callable[[], None]]:
    for talk in [talk for talk in pbx.talks.values() if not talk.agent]:
        yield partial(pbx.give_up, talk)
        yield from (partial(pbx.overflow, talk, queue) for queue in pbx.queues if queue != talk.queue)
        for mem in [mem for mem in pbx.members.values() if mem.queue == talk.queue]:
            if mem.interface in talk.rings:
                yield partial(pbx.no_answer, talk, mem)
                yield from [partial(pbx.answer, talk, mem)] * 4
            elif not mem.paused:
                yield from [partial(pbx.ring, talk, mem)] * 3


def _of_talking(pbx: Pbx) -> Iterator[Callable[[], None]]:
    for talk in [talk for talk in pbx.talks.values() if talk.agent]:
        yield from (partial(pbx.complete, talk), partial(pbx.take_over, talk, 9001), partial(pbx.park, talk))
        yield partial(pbx.spy, 9002, talk.rings["(connected)"][-1])


def _of_others(pbx: Pbx, one: int, other: int) -> Iterator[Callable[[], None]]:
    if other % 4 == 0:
        yield partial(pbx.dial, 1001 + one % 4, 1002 + other % 6)
    for legs in pbx.outside:
        yield partial(pbx.end_outside, legs)
        yield partial(pbx.consult, legs, list(pbx.queues)[other % len(pbx.queues)])
        yield partial(pbx.rename, legs[other % 2])
    for uid in pbx.parked:
        yield partial(pbx.fetch, uid, 1001 + other % 6)
    for spy in pbx.spies:
        yield partial(_stop, pbx, spy)


def _stop(pbx: Pbx, spy: str) -> None:
    pbx.stop_spying(spy)
    pbx.done()
