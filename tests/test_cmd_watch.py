"""`ccops watch`: changes as lines of JSON, and every way in which it ends."""

import asyncio
import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ccops.board import Change, LinkRow
from ccops.cmd.environment import Environment
from ccops.cmd.main import main
from ccops.desk.api import Listener
from tests.cmd_tools import NOW, FakeDesk, Result, Terminal, a_board, invoke, seat

PATIENCE = 30.0


class LiveDesk(FakeDesk):
    """Plays a story to whoever subscribes for changes.

    The command subscribes twice: to wait for a live link, and to print. `waiting` plays to the first of them.
    """

    def __init__(
        self, story: Callable[["LiveDesk"], None], waiting: Callable[["LiveDesk"], None] | None = None
    ) -> None:
        super().__init__(a_board())
        self.stories = [waiting, story]

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        stop = super().subscribe(listener)
        story = self.stories.pop(0) if self.stories else None
        if story is not None:
            asyncio.get_running_loop().call_later(0.02, story, self)
        return stop


def watch(monkeypatch: pytest.MonkeyPatch, story: Callable[[LiveDesk], None], *arguments: str) -> Result:
    seat(monkeypatch, LiveDesk(story))
    return invoke("watch", *arguments)


def end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.out.splitlines()]


def test_changes_come_as_lines_until_sigterm(monkeypatch: pytest.MonkeyPatch) -> None:
    def story(desk: LiveDesk) -> None:
        call = desk.board.calls["1.2"]
        desk.send(
            Change(NOW, "call", "1.2", replace(call, state="ringing", agent="Bob")), Change(NOW, "call", "1.3", None)
        )
        end()

    result = watch(monkeypatch, story)
    assert (result.code, result.err) == (0, "")
    changed, gone = rows(result)
    assert (changed["topic"], changed["key"], changed["at"]) == ("call", "1.2", "2026-03-04T13:00:00.000+08:00")
    assert (changed["row"]["state"], changed["row"]["agent"], changed["row"]["wait"]) == ("ringing", "Bob", 75.5)
    assert gone == {"at": "2026-03-04T13:00:00.000+08:00", "topic": "call", "key": "1.3", "row": None}


def test_snapshot_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = rows(watch(monkeypatch, lambda _desk: end(), "--snapshot"))
    assert {(line["topic"], line["key"]) for line in lines} == {
        ("link", "link"),
        ("queue", "sales"),
        ("queue", "support"),
        ("agent", "PJSIP/1001"),
        ("agent", "Local/1002@from-queue/n"),
        ("call", "1.1"),
        ("call", "1.2"),
        ("call", "1.3"),
    }
    assert all(line["row"] for line in lines)


def test_one_queue_shows_its_rows_and_their_leaving_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def story(desk: LiveDesk) -> None:
        anna = desk.board.agents["PJSIP/1001"]
        call = desk.board.calls["1.2"]
        desk.send(Change(NOW, "agent", anna.key, anna))
        desk.send(Change(NOW, "agent", anna.key, replace(anna, memberships=anna.memberships[:1])))
        desk.send(Change(NOW, "agent", anna.key, anna.__class__(key=anna.key, agent="x", interface="x", device="x")))
        desk.send(Change(NOW, "call", "1.2", call), Change(NOW, "queue", "sales", desk.board.queues["sales"]))
        desk.send(Change(NOW, "queue", "support", desk.board.queues["support"]))
        end()

    lines = rows(watch(monkeypatch, story, "--queue", "SUPPORT"))
    assert [(line["topic"], line["key"]) for line in lines] == [
        ("agent", "PJSIP/1001"),
        ("agent", "PJSIP/1001"),
        ("queue", "support"),
    ]
    assert lines[1]["row"]["queues"] == ["sales"]


def test_topics_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    def story(desk: LiveDesk) -> None:
        desk.send(Change(NOW, "call", "1.3", None), Change(NOW, "queue", "sales", desk.board.queues["sales"]))
        end()

    assert [line["topic"] for line in rows(watch(monkeypatch, story, "--topic", "queue"))] == ["queue"]
    assert invoke("watch", "--topic", "cal").code == 2


def test_an_unknown_queue_ends_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    result = watch(monkeypatch, lambda _desk: None, "--queue", "slaes")
    assert (result.code, result.out) == (2, "")
    assert "sales" in result.err


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    result = watch(monkeypatch, lambda _desk: os.kill(os.getpid(), signal.SIGINT))
    assert (result.code, result.out, result.err) == (130, "", "")


def test_sighup_ends_cleanly(monkeypatch: pytest.MonkeyPatch) -> None:
    assert watch(monkeypatch, lambda _desk: os.kill(os.getpid(), signal.SIGHUP)).code == 0


@pytest.mark.parametrize(("state", "code"), [("refused", 4), ("down", 3)])
def test_no_first_link_is_an_error(monkeypatch: pytest.MonkeyPatch, state: Any, code: int) -> None:
    desk = LiveDesk(lambda _desk: None)
    desk.board.link = replace(desk.board.link, state=state, detail="why not")
    seat(monkeypatch, desk)
    result = invoke("watch")
    assert (result.code, result.out) == (code, "")
    assert "why not" in result.err
    assert desk.closed


def test_a_link_that_is_not_there_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def waiting(desk: LiveDesk) -> None:
        desk.send(Change(NOW, "link", "link", replace(desk.board.link, state="live")))

    desk = LiveDesk(lambda _desk: end(), waiting)
    desk.board.link = replace(desk.board.link, state="down", detail="")
    seat(monkeypatch, desk)
    assert invoke("watch").code == 0
    assert desk.stories == []


def test_sigterm_while_it_waits_for_the_link_ends_it_cleanly(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = LiveDesk(lambda _desk: None, lambda _desk: end())
    desk.board.link = replace(desk.board.link, state="connecting")
    seat(monkeypatch, desk)
    result = invoke("watch")
    assert (result.code, result.out, result.err) == (0, "", "")
    assert desk.closed


def test_a_link_lost_later_is_a_line_and_a_refused_login_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def story(desk: LiveDesk) -> None:
        link = desk.board.link
        desk.send(Change(NOW, "link", "link", replace(link, state="down", detail="gone")))
        desk.send(Change(NOW, "link", "link", replace(link, state="live")))
        desk.send(Change(NOW, "link", "link", replace(link, state="refused", detail="secret changed")))

    result = watch(monkeypatch, story)
    assert result.code == 4
    assert [line["row"]["state"] for line in rows(result)] == ["down", "live", "refused"]
    assert "secret changed" in result.err


def test_a_fault_in_printing_ends_it_instead_of_leaving_it_deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    def story(desk: LiveDesk) -> None:
        desk.send(Change(NOW, "call", "x", desk.board.link))

    assert watch(monkeypatch, story).code == 1


def test_a_reader_that_leaves_is_noticed_while_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    desk = LiveDesk(lambda _desk: os.close(reading))
    seat(monkeypatch, desk)
    variables = {"HOME": "/nonexistent", "CCOPS_AMI__USERNAME": "u"}
    timer = threading.Timer(PATIENCE, end)
    timer.start()
    with open(writing, "w") as out:
        code = main(["watch"], Environment(Terminal(), out, Terminal(), variables, lambda: NOW))
    left_early = timer.is_alive()
    timer.cancel()
    assert code == 0
    assert left_early
    assert desk.closed


def test_every_line_is_flushed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    seen: list[bytes] = []

    def story(desk: LiveDesk) -> None:
        desk.send(Change(NOW, "link", "link", LinkRow(site="s", host="h", state="live", since=NOW)))
        seen.append(os.read(reading, 65536))
        end()

    seat(monkeypatch, LiveDesk(story))
    variables = {"HOME": "/nonexistent", "CCOPS_AMI__USERNAME": "u"}
    with open(writing, "w") as out:
        main(["watch"], Environment(Terminal(), out, Terminal(), variables, lambda: NOW))
    os.close(reading)
    assert json.loads(seen[0])["topic"] == "link"
