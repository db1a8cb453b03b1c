import asyncio
from dataclasses import replace

from ccops.board import AgentState, Board, Change, LinkRow, ParkedRow, SupervisionRow, Topic
from ccops.tui.feed import FRAME, Feed, Frame
from ccops.tui.journal import Journal
from tests.tui_app import NOW, agent, caller, small_desk
from tests.tui_desk import FakeDesk

LINK = LinkRow("s", "pbx", "live", NOW)


def told(journal: Journal) -> list[tuple[str, str, str]]:
    return [(record.kind, record.subject, record.text) for record in journal.records]


def absorbed(before: Board, *changes: Change, news: bool = True) -> Journal:
    journal = Journal()
    journal.prime(before)
    journal.absorb(changes, news=news)
    return journal


def test_a_state_says_what_was_before_and_how_long() -> None:
    anna = agent("Anna", 1001, state_since=NOW - 61)
    board = Board(LINK, agents={anna.key: anna})
    row = replace(anna, state=AgentState.PAUSED, pause_reason="lunch", state_since=NOW)
    assert told(absorbed(board, Change(NOW, "agent", anna.key, row))) == [
        ("agent", "Anna", "paused (lunch) · was available for 1:01")
    ]


def test_coming_and_going_of_agents_and_memberships() -> None:
    anna, bo = agent("Anna", 1001), agent("Bo", 1002)
    board = Board(LINK, agents={anna.key: anna})
    less = replace(anna, memberships=())
    journal = absorbed(
        board,
        Change(NOW, "agent", bo.key, bo),
        Change(NOW, "agent", anna.key, less),
        Change(NOW, "agent", anna.key, None),
    )
    assert told(journal) == [
        ("agent", "Bo", "logged in"),
        ("agent", "Anna", "left sales"),
        ("agent", "Anna", "logged out"),
    ]


def test_a_call_from_entry_to_end() -> None:
    waiting = caller("c9")
    talking = replace(waiting, state="talking", answered_at=NOW, agent="Anna", agent_key="x")
    ended = replace(talking, ended_at=NOW + 90, outcome="answered")
    journal = absorbed(
        Board(LINK),
        Change(NOW, "call", "c9", waiting),
        Change(NOW, "call", "c9", talking),
        Change(NOW, "call", "c9", None),
        Change(NOW, "ended", "c9", ended),
    )
    assert [text for _, _, text in told(journal)] == [
        "entered sales",
        "answered by Anna after 0:12",
        "answered, waited 0:12, talked 1:30 · Anna",
    ]
    assert len(journal.about("call", "c9")) == 2


def test_a_whole_board_that_comes_with_its_link_is_no_news() -> None:
    """A daemon whose link has been live for hours sends all it has at the first connection, and after a gap."""
    anna, bo = agent("Anna", 1001), agent("Bo", 1002)
    journal = Journal()
    journal.prime(Board(replace(LINK, state="connecting")))
    live = Change(NOW, "link", "link", replace(LINK, since=NOW - 7200))
    journal.absorb([live, Change(NOW, "agent", anna.key, anna), Change(NOW, "call", "c1", caller("c1"))], news=True)
    assert told(journal) == [("link", "pbx", "link live")]
    journal.absorb([live, Change(NOW, "agent", bo.key, bo)], news=True)
    assert told(journal)[1:] == [("agent", "Bo", "logged in")], "a link that was live is no snapshot"
    journal.absorb([Change(NOW, "link", "link", replace(LINK, state="down"))], news=True)
    journal.absorb([live, Change(NOW, "agent", bo.key, None)], news=True)
    assert told(journal)[2:] == [("link", "pbx", "link down"), ("link", "pbx", "link live")]


def test_the_reading_of_a_snapshot_is_no_news_but_the_link_always_is() -> None:
    row = replace(LINK, state="down", detail="refused", restarts=1, drift_repaired=2)
    journal = absorbed(
        Board(LINK), Change(NOW, "agent", "x", agent("Anna", 1)), Change(NOW, "link", "link", row), news=False
    )
    assert [text for _, _, text in told(journal)] == [
        "link down: refused",
        "the PBX was restarted",
        "2 rows had drifted from the PBX and were repaired",
    ]


def test_supervision_and_parking() -> None:
    leg = SupervisionRow("s1", "listen", "running", "Anna", "x", "c1", "PJSIP/9001", owner="eva")
    parked = ParkedRow("p", "default", "701", "+49", "Pia", NOW)
    changes: list[tuple[Topic, str, SupervisionRow | ParkedRow | None]] = [
        ("supervision", "s1", leg),
        ("supervision", "s1", replace(leg, mode="whisper")),
        ("supervision", "s1", None),
        ("parked", "p", parked),
        ("parked", "p", None),
    ]
    journal = absorbed(Board(LINK), *(Change(NOW, topic, key, row) for topic, key, row in changes))
    assert [text for _, _, text in told(journal)] == [
        "listen on Anna: running",
        "whisper on Anna: running",
        "whisper on Anna ended",
        "parked on 701",
        "no longer parked",
    ]


def test_the_journal_forgets_the_oldest() -> None:
    journal = Journal(kept=3)
    for number in range(5):
        journal.note("console", "text", str(number), "", at=NOW)
    assert [record.subject for record in journal.records] == ["2", "3", "4"]
    assert journal.last == 5


async def fed(desk: FakeDesk, **more: object) -> tuple[Feed, list[Frame]]:
    frames: list[Frame] = []
    feed = Feed(Journal(), lambda: NOW, frames.append, **more)  # type: ignore[arg-type]
    feed.attach(desk)
    await asyncio.sleep(0.02)
    assert len(frames) == 1
    frames.clear()
    return feed, frames


async def test_a_thousand_changes_make_a_few_frames_and_none_is_lost() -> None:
    desk = small_desk()
    feed, frames = await fed(desk)
    for number in range(1000):
        desk.put("agent", "PJSIP/1001", agent("Anna", 1001, state_since=float(number)))
        if number % 100 == 0:
            await asyncio.sleep(0.01)
    await asyncio.sleep(3 * FRAME)
    assert 1 <= len(frames) <= 4
    assert frames[-1].topics == {"agent"}
    assert feed.board.agents["PJSIP/1001"].state_since == 999.0
    feed.stop()


async def test_a_change_after_silence_is_shown_at_once() -> None:
    desk = small_desk()
    feed, frames = await fed(desk)
    await asyncio.sleep(2 * FRAME)
    desk.put("agent", "PJSIP/1001", agent("Anna", 1001))
    await asyncio.sleep(0.03)
    assert [frame.topics for frame in frames] == [{"agent"}]
    feed.stop()


async def test_frozen_means_still_and_thawing_brings_everything() -> None:
    desk = small_desk()
    feed, frames = await fed(desk)
    feed.freeze()
    desk.put("agent", "PJSIP/1001", None)
    desk.put("call", "c1", None)
    await asyncio.sleep(2 * FRAME)
    assert frames == []
    assert feed.held_back == 2
    assert "PJSIP/1001" in feed.board.agents
    assert len(feed.journal.records) == 1
    feed.thaw()
    await asyncio.sleep(2 * FRAME)
    assert frames[0].topics >= {"agent", "call"}
    assert "PJSIP/1001" not in feed.board.agents
    feed.stop()


async def test_while_the_terminal_does_not_keep_up_frames_wait() -> None:
    desk = small_desk()
    keeps_up = True
    feed, frames = await fed(desk, ready=lambda: keeps_up)
    keeps_up = False
    desk.put("call", "c1", None)
    await asyncio.sleep(3 * FRAME)
    assert frames == []
    keeps_up = True
    await asyncio.sleep(3 * FRAME)
    assert [frame.topics for frame in frames] == [{"call"}]
    feed.stop()


async def test_the_clock_ticks_without_changes() -> None:
    frames: list[Frame] = []
    feed = Feed(Journal(), asyncio.get_running_loop().time, frames.append, tick=0.05)
    feed.start()
    await asyncio.sleep(0.3)
    feed.stop()
    count = len(frames)
    assert count >= 2
    assert all(frame.tick for frame in frames)
    await asyncio.sleep(0.15)
    assert len(frames) == count
