"""The console by its keys and what the screen then shows."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key
from textual.widgets import Input

from ccops.board import AgentState, Change, Membership, Step
from ccops.desk import Outcome
from ccops.errors import ReasonNeeded
from ccops.tui.actions import action_table
from ccops.tui.commander import COMMANDS
from ccops.tui.dialogs import Ask, Choose, Confirm
from ccops.tui.feed import Frame
from ccops.tui.help import Help
from ccops.tui.logs import ToJournal, logged_to
from ccops.tui.screens import SCREENS
from tests.tui_app import NOW, Bench, agent, caller, console, small_desk
from tests.tui_desk import FakeDesk


async def test_the_overview_shows_queues_callers_agents_and_where_figures_come_from() -> None:
    async with console(size=(120, 45)) as bench:
        text = bench.text()
        for word in ("1 Overview", "Sales", "Support", "Pia Lund", "0:12", "Bo Chen", "王小明", "● live 22.10.0"):
            assert word in text, word
        assert "today's figures: queue_log" in text
        assert "Nothing needs attention." in text


async def test_every_screen_has_a_key_and_a_tab() -> None:
    async with console() as bench:
        for line in SCREENS:
            await bench.press(line.key)
            assert bench.app.stage.crumbs == [line.title]
        await bench.press("1")
        await bench.pilot.click("#top", offset=(bench.lines()[0].index("3 Calls") + 2, 0))
        await bench.settle()
        assert bench.app.stage.shown == "calls"


async def test_figures_counted_since_start_are_not_passed_off_as_the_days() -> None:
    desk = small_desk()
    desk.board.link = replace(desk.board.link, figures_from="seen", figures_since=NOW - 3600)
    async with console(desk) as bench:
        assert "only what was seen since 21:13" in bench.text()


async def test_the_cursor_stays_on_its_agent_while_the_list_sorts_itself() -> None:
    async with console() as bench:
        await bench.press("2", "down", "down")
        rows = bench.rows()
        chosen = rows.cursor
        assert chosen is not None
        row = bench.desk.board.agents[chosen]
        before = bench.line_of(row.agent)
        bench.desk.put("agent", chosen, replace(row, state=AgentState.UNAVAILABLE, state_since=NOW - 5))
        await bench.until(lambda: bench.line_of(row.agent) != before)
        assert rows.cursor == chosen
        assert bench.lines()[bench.line_of(row.agent)].startswith("▌")


async def test_when_the_selected_row_goes_nothing_is_selected_so_that_no_key_hits_its_neighbour() -> None:
    async with console() as bench:
        await bench.press("3", "down", "up")
        rows = bench.rows()
        assert rows.cursor == "c1"
        bench.desk.put("call", "c1", None)
        await bench.until(lambda: rows.cursor is None)
        await bench.press("h", "enter")
        assert bench.desk.asked == []
        assert bench.app.stage.crumbs == ["Calls"]
        await bench.press("down")
        assert rows.cursor == "c2"


async def test_sorting_by_key_menu_and_click_is_remembered(tmp_path: Path) -> None:
    async with console(folder=tmp_path) as bench:
        await bench.press("2", "greater_than_sign")
        assert bench.rows().arrangement.order.column == "agent"
        assert [row.agent for row in bench.rows().rows_in_order][:2] == ["Anna Berg", "Bo Chen"]
        await bench.press("S")
        assert bench.rows().rows_in_order[0].agent == "王小明"
        await bench.press("s")
        await bench.type("ans")
        await bench.press("enter")
        await bench.until(lambda: bench.rows().arrangement.order.column == "answered")
        assert bench.rows().rows_in_order[0].agent == "王小明"
        line = bench.line_of("Caller / reason")
        await bench.pilot.click("#agents", offset=(bench.lines()[line].index("Agent") + 1, 0))
        await bench.settle()
        assert bench.rows().arrangement.order.column == "agent"
    async with console(folder=tmp_path) as bench:
        await bench.press("2")
        assert bench.rows().arrangement.order.column == "agent"
        assert bench.rows().arrangement.order.descending is False


async def test_filtering_while_typing() -> None:
    async with console() as bench:
        await bench.press("2", "slash", *"state:")
        assert len(bench.rows().rows_in_order) == 4
        await bench.press(*"pa")
        assert [row.agent for row in bench.rows().rows_in_order] == ["Carla Diaz"]
        assert "filter “state:pa” 1/4" in bench.text()
        await bench.press("enter")
        assert bench.rows().has_focus
        await bench.press("slash")
        await bench.type("state:nobody")
        assert "Nothing matches" in bench.text()
        await bench.press("escape")
        assert len(bench.rows().rows_in_order) == 4
        await bench.press("slash")
        await bench.type("queue:support")
        assert [row.agent for row in bench.rows().rows_in_order] == ["王小明"]
        await bench.press("enter", "escape")
        assert len(bench.rows().rows_in_order) == 4


async def test_an_unknown_field_in_a_filter_is_said() -> None:
    async with console() as bench:
        await bench.press("2", "slash")
        await bench.type("team:a")
        assert "This list has the fields" in bench.lines()[-1]


async def test_freezing_holds_the_screen_and_says_how_much_is_behind() -> None:
    async with console() as bench:
        await bench.press("2", "space")
        assert "frozen" in bench.lines()[0]
        bench.desk.put("agent", "PJSIP/1001", None)
        bench.desk.put("agent", "PJSIP/1002", None)
        await bench.pilot.pause(0.3)
        assert "Anna Berg" in bench.text()
        bench.app.repaint_bars()
        await bench.settle()
        assert "2 changes behind" in bench.lines()[0]
        await bench.press("space")
        await bench.until(lambda: "Anna Berg" not in bench.text())
        assert "frozen" not in bench.lines()[0]


async def test_details_and_the_way_back() -> None:
    async with console() as bench:
        await bench.press("enter")
        assert bench.app.stage.crumbs == ["Overview", "Sales"]
        await bench.until(lambda: "threshold 20 s" in bench.text())
        await bench.press("enter")
        assert bench.app.stage.crumbs[:2] == ["Overview", "Sales"]
        assert len(bench.app.stage.crumbs) == 3
        await bench.until(lambda: "Member of" in bench.text())
        await bench.press("escape", "escape")
        assert bench.app.stage.crumbs == ["Overview"]
        await bench.press("escape")
        assert bench.app.stage.crumbs == ["Overview"]


async def test_the_ladder_of_a_call_follows_it_to_its_end_and_stays() -> None:
    desk = small_desk()
    steps = (
        Step(NOW - 60, "entered", "sales"),
        Step(NOW - 45, "missed", "Anna Berg"),
        Step(NOW - 40, "connected", "Bo Chen"),
    )
    desk.board.calls["c2"] = replace(desk.board.calls["c2"], steps=steps)
    async with console(desk) as bench:
        await bench.press("3", "end", "enter")
        assert bench.app.stage.crumbs == ["Calls", "Ivo Kaya +4940999"]
        for word in ("entered", "not answered", "+0:15", "connected", "talking 0:40", "waited 0:20"):
            assert word in bench.text(), word
        ended = replace(desk.board.calls["c2"], ended_at=NOW, outcome="answered")
        desk.emit(Change(NOW, "call", "c2", None), Change(NOW, "ended", "c2", ended))
        await bench.until(lambda: "answered, waited 0:20, talked 0:40" in bench.text())
        desk.put("ended", "c2", None)
        await bench.pilot.pause(0.3)
        assert "answered, waited 0:20" in bench.text()


async def test_an_action_that_harms_asks_names_its_target_and_means_no_by_default() -> None:
    async with console() as bench:
        await bench.press("3", "home")
        for leave in ("enter", "escape", "n"):
            await bench.press("h")
            await bench.until(lambda: isinstance(bench.app.screen, Confirm))
            assert "Pia Lund +4930123" in bench.text()
            assert "waiting in sales for 0:12" in bench.text()
            await bench.press(leave)
            await bench.until(lambda: not isinstance(bench.app.screen, Confirm))
        assert bench.desk.asked == []
        await bench.press("h")
        await bench.until(lambda: isinstance(bench.app.screen, Confirm))
        await bench.press("y")
        await bench.until(lambda: bench.desk.asked)
        assert (bench.desk.asked[0].action, bench.desk.asked[0].target) == ("call.hangup", "c1")


async def test_the_target_is_fixed_when_the_key_is_pressed() -> None:
    async with console() as bench:
        await bench.press("3", "home", "h")
        await bench.until(lambda: isinstance(bench.app.screen, Confirm))
        bench.desk.put("call", "c0", caller("c0", "Earlier", entered_at=NOW - 500))
        await bench.pilot.pause(0.3)
        await bench.press("y")
        await bench.until(lambda: bench.desk.asked)
        assert bench.desk.asked[0].target == "c1"


async def test_pausing_asks_for_one_of_the_reasons_and_the_same_key_unpauses() -> None:
    reasons = (("lunch", "Lunch break"), ("coach", "Coaching"))
    async with console(options={"pause_reasons": reasons}) as bench:
        await bench.press("2", "slash")
        await bench.type("anna")
        await bench.press("enter", "home", "p")
        await bench.until(lambda: isinstance(bench.app.screen, Choose))
        assert "Pause: Anna Berg" in bench.text()
        await bench.type("coa")
        await bench.press("enter")
        await bench.until(lambda: bench.desk.asked)
        asked = bench.desk.asked[0]
        assert (asked.action, asked.target, asked.arguments) == ("agent.pause", "PJSIP/1001", {"pause_reason": "coach"})
        await bench.until(lambda: bench.desk.board.agents["PJSIP/1001"].state is AgentState.PAUSED)
        bench.desk.put("agent", "PJSIP/1001", replace(bench.desk.board.agents["PJSIP/1001"], memberships=paused()))
        await bench.until(lambda: any(offer.action.name == "agent.unpause" for offer in bench.app.offers()))
        await bench.press("p")
        await bench.until(lambda: len(bench.desk.asked) == 2)
        assert bench.desk.asked[1].action == "agent.unpause"


def paused() -> tuple[Membership, ...]:
    return tuple(replace(item, paused=True) for item in agent("x", 1).memberships)


async def test_marked_agents_are_paused_together_and_the_question_names_them() -> None:
    async with console(options={"pause_reasons": (("lunch", "Lunch"),)}) as bench:
        await bench.press("2", "ctrl+a", "p")
        await bench.until(lambda: isinstance(bench.app.screen, Choose))
        assert "4 rows" in bench.text()
        await bench.press("enter")
        await bench.until(lambda: len(bench.desk.asked) == 4)
        assert {asked.target for asked in bench.desk.asked} == set(bench.desk.board.agents)
        await bench.press("escape")
        assert bench.rows().marks == set()


async def test_listening_starts_at_once_and_can_be_stopped_from_the_same_row() -> None:
    async with console(options={"phone": "PJSIP/9001"}) as bench:
        await bench.press("2", "slash", *"bo", "enter", "home")
        assert "listen" in bench.lines()[-1]
        await bench.press("l")
        await bench.until(lambda: bench.desk.board.supervisions)
        assert bench.desk.asked[0].target == "PJSIP/1002"
        await bench.until(lambda: any(offer.key == "x" for offer in bench.app.offers()))
        await bench.until(lambda: "◉ listen" in bench.text())
        await bench.press("x")
        await bench.until(lambda: len(bench.desk.asked) == 2)
        assert (bench.desk.asked[1].action, bench.desk.asked[1].target) == ("supervision.stop", "sup-1")


async def test_a_phone_that_is_not_configured_is_asked_for() -> None:
    async with console() as bench:
        await bench.press("3", "end", "l")
        await bench.until(lambda: isinstance(bench.app.screen, Ask))
        await bench.type("PJSIP/7")
        await bench.press("enter")
        await bench.until(lambda: bench.desk.asked)
        assert bench.desk.asked[0].arguments == {"phone": "PJSIP/7"}
        assert bench.desk.asked[0].target == "PJSIP/1002"
        await bench.until(lambda: bench.desk.board.supervisions)
        await bench.press("w")
        await bench.until(lambda: len(bench.desk.asked) == 2)
        assert (bench.desk.asked[1].action, bench.desk.asked[1].arguments) == ("whisper", {"phone": "PJSIP/7"})


async def test_what_the_desk_does_not_offer_is_not_shown_and_does_nothing() -> None:
    async with console(small_desk(offers={"agent": ("agent.unpause",)})) as bench:
        await bench.press("2", "home")
        assert "listen" not in bench.lines()[-1]
        await bench.press("l", "t", "o")
        assert bench.desk.asked == []
        await bench.press("ctrl+p")
        await bench.until(lambda: isinstance(bench.app.screen, Choose))
        assert "Listen" not in bench.text()


async def test_read_only_is_shown_and_offers_nothing() -> None:
    async with console(read_only=True) as bench:
        await bench.press("3", "home")
        assert "read-only" in bench.lines()[0]
        await bench.press("h")
        assert bench.desk.asked == []
        assert bench.app.offers() == []


async def test_a_refusal_is_said_and_logged() -> None:
    async with console(options={"phone": "PJSIP/9001"}) as bench:
        bench.desk.refuse = "Eva already whispers to Bo Chen."
        await bench.press("3", "end", "w")
        await bench.until(lambda: "Eva already whispers" in bench.lines()[-1])
        await bench.press("6")
        await bench.until(lambda: "Whisper: Eva already whispers to Bo Chen." in bench.text())


async def test_the_palette_finds_screens_themes_and_people() -> None:
    async with console() as bench:
        await bench.press("ctrl+p")
        await bench.until(lambda: isinstance(bench.app.screen, Choose))
        await bench.type("high contr")
        await bench.press("enter")
        await bench.until(lambda: bench.app.theme == "high-contrast")
        await bench.press("ctrl+p")
        await bench.until(lambda: isinstance(bench.app.screen, Choose))
        await bench.type("carla")
        await bench.press("enter")
        await bench.until(lambda: bench.app.stage.crumbs[-1] == "Carla Diaz")


async def test_help_is_of_the_list_that_has_the_keys() -> None:
    async with console(size=(120, 60), options={"phone": "x"}) as bench:
        await bench.press("3", "end", "question_mark")
        await bench.until(lambda: isinstance(bench.app.screen, Help))
        text = bench.text()
        for word in (
            "Waiting, live, parked and lately ended calls.",
            "On Ivo Kaya +4940999",
            "Hang up: Ends the call.",
        ):
            assert word in text, word
        await bench.press("escape")
        await bench.until(lambda: not isinstance(bench.app.screen, Help))


async def test_copying_and_writing_what_is_listed(tmp_path: Path) -> None:
    async with console() as bench:
        await bench.press("2", "greater_than_sign", "home", "c")
        assert bench.app.clipboard.split("\t")[1] == "Anna Berg"
        await bench.press("C")
        assert bench.app.clipboard == "Anna Berg"
        for ending, first in (("csv", "State,Agent"), ("md", "| State | Agent")):
            target = tmp_path / f"list.{ending}"
            await bench.press("E")
            await bench.until(lambda: isinstance(bench.app.screen, Ask))
            bench.app.screen.query_one(Input).value = str(target)
            await bench.press("enter")
            await bench.until(target.exists)
            text = target.read_text()
            assert text.startswith(first)
            assert text.index("Anna Berg") < text.index("Bo Chen") < text.index("王小明")
        await bench.press("E")
        await bench.until(lambda: isinstance(bench.app.screen, Ask))
        bench.app.screen.query_one(Input).value = str(target)
        await bench.press("enter")
        await bench.until(lambda: "exists already" in bench.lines()[-1])


async def test_a_lost_link_keeps_the_rows_and_shows_their_age() -> None:
    async with console() as bench:
        await bench.press("2")
        down = replace(bench.desk.board.link, state="down", since=NOW - 5, heard_at=NOW - 75, detail="refused")
        bench.desk.put("link", "link", down)
        await bench.until(lambda: "no link 1:15" in bench.lines()[0])
        text = bench.text()
        assert "No link to pbx.example: what you see is old (refused) 1:15" in text
        assert "Anna Berg" in text
        shown = bench.app.screen._compositor.render_strips()[bench.line_of("Anna Berg")]
        muted = bench.app.station.look.style("muted").color
        assert {part.style.color for part in shown if part.style and "Anna" in part.text} == {muted}
        bench.desk.put("link", "link", replace(down, state="live", heard_at=NOW))
        await bench.until(lambda: "● live" in bench.lines()[0])


async def test_grouping_and_marks_and_escape_takes_them_off_in_turn() -> None:
    async with console() as bench:
        await bench.press("2", "z")
        assert "by state" in bench.lines()[1]
        assert "── paused (1)" in bench.text()
        await bench.press("home", "m")
        assert "1 marked" in bench.lines()[1]
        await bench.press("slash", "a", "enter", "escape")
        assert "1 marked" in bench.lines()[1]
        await bench.press("escape")
        assert "marked" not in bench.lines()[1]
        await bench.press("z", "z")
        assert "──" not in bench.text()


async def test_a_click_selects_a_second_opens_and_the_wheel_scrolls() -> None:
    desk = small_desk()
    desk.board.agents |= {f"PJSIP/{n}": agent(f"Agent {n}", n) for n in range(2000, 2080)}
    async with console(desk, size=(100, 24)) as bench:
        await bench.press("2", "greater_than_sign")
        rows = bench.rows()
        line = bench.line_of("Agent 2003")
        await bench.pilot.click("#agents", offset=(5, line - bench.line_of("Caller / reason")))
        assert rows.cursor == "PJSIP/2003"
        await bench.pilot._post_mouse_events([_wheel()], "#agents", offset=(5, 5))
        await bench.until(lambda: rows.scroll_offset.y > 0)
        assert rows.cursor == "PJSIP/2003"
        rows.scroll_to(y=0, animate=False)
        await bench.settle()
        await bench.pilot.double_click("#agents", offset=(5, line - bench.line_of("Caller / reason")))
        await bench.until(lambda: bench.app.stage.crumbs[-1] == "Agent 2003")


def _wheel() -> type:
    from textual.events import MouseScrollDown

    return MouseScrollDown


async def test_what_needs_attention_is_one_key_or_click_away() -> None:
    desk = small_desk()
    desk.board.queues["sales"] = replace(desk.board.queues["sales"], available=0)
    async with console(desk) as bench:
        assert "Sales: 1 waiting, nobody free" in bench.text()
        await bench.press("a")
        assert bench.app.stage.crumbs == ["Overview", "Sales"]
        await bench.press("escape")
        await bench.pilot.click("#ribbon", offset=(10, 0))
        await bench.until(lambda: bench.app.stage.crumbs == ["Overview", "Sales"])


async def test_the_wall_has_large_figures_and_no_cursor() -> None:
    async with console(wall=True, size=(100, 30)) as bench:
        text = bench.text()
        assert "Sales" in text
        assert "██████" in text
        assert "▌" not in text
        assert "help" not in bench.lines()[-1]
        await bench.press("escape")
        assert bench.app.stage.crumbs == ["Overview"]


async def test_more_queues_than_fit_turn_page_by_page() -> None:
    desk = small_desk()
    base = desk.board.queues["support"]
    desk.board.queues |= {f"q{n}": replace(base, queue=f"q{n}", title=f"Queue {n}") for n in range(9)}
    async with console(desk, wall=True, size=(100, 30)) as bench:
        assert "page " in bench.text()
        first = bench.text()
        bench.app.station.clock = lambda: NOW + 10
        bench.app.stage.frame(_tick())
        await bench.settle()
        assert bench.text() != first


def _tick() -> Frame:
    return Frame(frozenset(), tick=True)


@pytest.mark.parametrize("size", [(20, 5), (59, 30), (100, 11)])
async def test_a_tiny_terminal_shows_what_matters_most(size: tuple[int, int]) -> None:
    async with console(size=size) as bench:
        assert bench.lines()[0].startswith("1 waiting 0:12")
        assert "enlarge to 60x12" in bench.text()


async def test_resizing_goes_through_all_layouts() -> None:
    async with console() as bench:
        for size in ((20, 5), (200, 60), (80, 24), (1, 1), (300, 10), (160, 50), (120, 40)):
            await bench.pilot.resize_terminal(*size)
            await bench.settle()
        assert "Pia Lund" in bench.text()


async def test_no_screen_loses_its_rows_at_any_size() -> None:
    for size in ((80, 24), (200, 60)):
        async with console(size=size) as bench:
            for key, word in (("1", "Support"), ("2", "王小明"), ("3", "Ivo Kaya"), ("6", "Happened")):
                await bench.press(key)
                await bench.until(lambda word=word: word in bench.text())  # type: ignore[misc]
                assert all(len(line) <= size[0] for line in bench.lines())


async def test_the_first_screen_stands_before_the_desk_and_trouble_ends_with_its_code() -> None:
    from ccops.errors import LoginRefused

    async with console(wait=False) as bench:
        assert "connecting" in bench.lines()[0] or "live" in bench.lines()[0]

    async def refused() -> object:
        raise LoginRefused("The PBX refuses the secret of ccops.")

    async with console(wait=False) as bench:
        bench.app._factory = refused  # type: ignore[assignment]
        await bench.app._open_desk()
        assert bench.app.return_code == 4
        assert str(bench.app.trouble) == "The PBX refuses the secret of ccops."


HOSTILE = (
    "[/]",
    "[@click=app.quit]x[/]",
    "\x1b]0;owned\x07",
    "\x1b[2J",
    "\x9b31m",
    "\u202eevil",
    "a\nb",
    "=1+1",
    "[red]x",
)


async def test_hostile_names_are_inert_on_every_screen() -> None:
    desk = small_desk()
    queue = replace(desk.board.queues["sales"], available=0)
    desk.board.queues |= {f"q{n}": replace(queue, queue=f"q{n}", title=name) for n, name in enumerate(HOSTILE)}
    for number, name in enumerate(HOSTILE):
        row = agent(name, 2000 + number, caller_name=name, pause_reason=name, state=AgentState.PAUSED)
        desk.board.agents[row.key] = row
        call = caller(f"h{number}", name, steps=(Step(NOW, name, name),), agent=name, agent_key=row.key)
        desk.board.calls[call.call_id] = call
    desk.board.link = replace(desk.board.link, detail="".join(HOSTILE), version="\x1b[31m22")
    async with console(desk, size=(120, 60)) as bench:
        await harmless(bench)
        for keys in (["enter"], ["2", "home"], ["enter"], ["3", "home"], ["enter"], ["ctrl+w"]):
            await bench.press(*keys)
            await harmless(bench)
        for keys in (["3", "end", "h"], ["escape", "ctrl+p"], ["escape", "question_mark"], ["escape"]):
            await bench.press(*keys)
            await bench.pilot.pause(0.05)
            await harmless(bench)
        for row in list(desk.board.agents.values()):
            desk.put("agent", row.key, replace(row, state=AgentState.WRAP_UP))
        await bench.press("6")
        await bench.until(lambda: "wrap-up" in bench.text())
        await harmless(bench)
        assert bench.app.is_running


async def harmless(bench: Bench) -> None:
    text = bench.text().replace("\n", "")
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in text)
    assert "\u202e" not in text
    for strip in bench.app.screen._compositor.render_strips():
        assert not any(
            part.style and part.style.meta.get("@click") for part in strip if part.style and part.style._meta
        )


async def test_a_role_that_demands_a_reason_is_asked_for_one_and_the_action_goes_out_with_it() -> None:
    class Strict(FakeDesk):
        async def do(
            self, action: str, target: str = "", *, reason: str = "", dry_run: bool = False, **arguments: Any
        ) -> Outcome:
            if not reason:
                raise ReasonNeeded("listen needs a reason.")
            return await super().do(action, target, reason=reason, dry_run=dry_run, **arguments)

    async with console(Strict(small_desk().board), options={"phone": "PJSIP/9001"}) as bench:
        await bench.press("3", "end", "l")
        await bench.until(lambda: isinstance(bench.app.screen, Ask))
        assert "listen needs a reason." in bench.text()
        await bench.type("training")
        await bench.press("enter")
        await bench.until(lambda: bench.desk.asked)
        assert bench.desk.asked[0].reason == "training"


async def test_a_fault_in_an_action_does_not_take_the_board_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    class Broken(FakeDesk):
        async def do(self, action: str, target: str = "", **more: Any) -> Outcome:
            raise KeyError("lost")

    async with console(Broken(small_desk().board), options={"phone": "PJSIP/9001"}) as bench:
        await bench.press("3", "end", "l")
        await bench.until(lambda: "This is a fault of ccops" in bench.lines()[-1])
        assert bench.app.is_running
        assert list((tmp_path / "ccops").glob("crash-*.txt"))


async def test_what_is_known_about_the_link_is_one_click_away() -> None:
    desk = small_desk()
    desk.board.link = replace(desk.board.link, reconnects=3, drift_repaired=2, clock_offset=0.4)
    async with console(desk) as bench:
        await bench.pilot.click("#top", offset=(bench.lines()[0].index("live"), 0))
        await bench.until(lambda: isinstance(bench.app.screen, Help))
        for word in ("pbx.example  22.10.0", "reconnects      3", "2 rows had to be repaired", "+0.4 s from ours"):
            assert word in bench.text(), word


async def test_the_bell_rings_once_for_what_is_new_and_only_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    for wanted in (True, False):
        rung: list[int] = []
        async with console(options={"bell": wanted}) as bench:
            monkeypatch.setattr(bench.app, "bell", lambda rung=rung: rung.append(1))
            queue = replace(bench.desk.board.queues["sales"], available=0)
            for waiting in (1, 2, 3):
                bench.desk.put("queue", "sales", replace(queue, waiting=waiting))
                await bench.pilot.pause(0.2)
            await bench.until(lambda: "3 waiting, nobody free" in bench.text())
        assert len(rung) == (1 if wanted else 0)


def test_no_key_has_two_meanings() -> None:
    ours = {key for key, _name, _title in COMMANDS} | {line.key for line in SCREENS} | {"q", "m", "S", "ctrl+a"}
    for action in action_table():
        assert not action.key or action.key not in ours, action.name


async def test_warnings_of_the_engine_go_to_the_log() -> None:
    async with console() as bench:
        with logged_to(bench.app.station.journal):
            logging.getLogger("ccops.desk").warning("the %s is slow", "disk")
        odd = logging.LogRecord("ccops.desk", logging.ERROR, "", 0, "%d", ("x",), None)
        ToJournal(bench.app.station.journal).emit(odd)
        await bench.press("6")
        await bench.until(lambda: "the disk is slow" in bench.text())
        assert "%d" in bench.text()


async def test_an_action_without_a_row_is_in_the_palette() -> None:
    async with console(small_desk(offers={"none": ("call.dial",)}), options={"phone": "PJSIP/9001"}) as bench:
        await bench.press("ctrl+p")
        await bench.until(lambda: isinstance(bench.app.screen, Choose))
        await bench.type("call out")
        await bench.press("enter")
        for text in ("PJSIP/1", "5550"):
            await bench.until(lambda: isinstance(bench.app.screen, Ask))
            await bench.type(text)
            await bench.press("enter")
            await bench.until(lambda text=text: text != "5550" or bench.desk.asked)  # type: ignore[misc]
        asked = bench.desk.asked[0]
        assert (asked.action, asked.target) == ("call.dial", "")
        assert asked.arguments == {"phone": "PJSIP/1", "number": "5550"}


async def test_a_key_that_row_and_call_share_belongs_to_the_row() -> None:
    everything = {topic: tuple(action.name for action in action_table()) for topic in ("agent", "call")}
    desk = small_desk(offers=everything)
    ringing = replace(desk.board.calls["c1"], state="ringing", agent="Anna Berg", agent_key="PJSIP/1001")
    desk.board.calls["c1"] = ringing
    row = replace(desk.board.agents["PJSIP/1001"], state=AgentState.RINGING, call_id="c1")
    desk.board.agents["PJSIP/1001"] = row
    async with console(desk) as bench:
        await bench.press("2", "home")
        offers = bench.app.offers()
        keys = [offer.key for offer in offers if offer.key]
        assert len(keys) == len(set(keys))
        assert {"agent.message", "call.pull"} <= {offer.action.name for offer in offers}
        assert next(offer.action.name for offer in offers if offer.key == "g") == "agent.message"


async def test_keys_in_a_hurry_open_one_question_and_leave_it_once() -> None:
    async with console() as bench:
        await bench.press("3", "home")
        for key in ("h", "h", "h"):
            bench.app.post_message(Key(key, key))
        await bench.until(lambda: isinstance(bench.app.screen, Confirm))
        assert len(bench.app.screen_stack) == 2
        for key in ("escape", "n", "escape"):
            bench.app.post_message(Key(key, None))
        await bench.until(lambda: len(bench.app.screen_stack) == 1)
        await bench.settle()
        assert bench.desk.asked == []
        dialog = Confirm("Sure?", [])
        bench.app.push_screen(dialog)
        await bench.until(lambda: bench.app.screen is dialog)
        for _ in range(3):
            dialog.dismiss(False)
        await bench.settle()
        assert len(bench.app.screen_stack) == 1
        assert bench.app.is_running


async def test_the_days_of_queues_that_came_after_the_start_are_shown() -> None:
    desk = small_desk()
    queues = {key: replace(row, today=row.today, day=(1, 2, 3)) for key, row in desk.board.queues.items()}
    desk.board.queues = {}
    async with console(desk, size=(80, 24)) as bench:
        for key, row in queues.items():
            desk.put("queue", key, row)
        await bench.until(lambda: any(line.startswith("  Sales") and line.endswith("6") for line in _trimmed(bench)))


def _trimmed(bench: Bench) -> list[str]:
    return [line.rstrip() for line in bench.lines()]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
async def test_every_tab_is_there_at_every_width(width: int) -> None:
    async with console(size=(width, 24)) as bench:
        for line in SCREENS:
            top = bench.lines()[0]
            assert all(f" {one.key} " in top for one in SCREENS), top
            await bench.pilot.click("#top", offset=(top.index(f" {line.key} ") + 1, 0))
            await bench.until(lambda name=line.name: bench.app.stage.shown == name)  # type: ignore[misc]
            assert f"{line.key} {line.title}" in bench.lines()[0]
