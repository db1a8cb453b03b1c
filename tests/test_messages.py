"""Messages between our own processes: what is said is heard, what is none is refused, and a death is told."""

import asyncio
import dataclasses
import io
import os
import signal
import struct
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.errors import CcopsError, UsageProblem
from ccops.messages import HEAD, Garbled, Language
from ccops.reports import catalogue
from ccops.reports.derive import Derived, Deriver, Standing, State
from ccops.reports.deriving import LANGUAGE as DERIVING
from ccops.reports.deriving import Failed, Feed, Stand, answered
from ccops.reports.ingest import Ingest
from ccops.reports.ingest.worker import Asked, Worker
from ccops.reports.rules import Rules
from ccops.settings import Secret, Settings
from ccops.settings.alerting import AlertTarget
from ccops.settings.model import Ami
from ccops.store import open_store
from ccops.tui.reports.clerk import Clerk
from ccops.tui.reports.errands import LANGUAGE as REPORTS
from ccops.tui.reports.errands import Browse, Document, Explain, Inquiry, Line, Make, Refused
from ccops.tui.reports.office import Office as Reading
from ccops.tui.schedule.errands import LANGUAGE as SCHEDULE
from ccops.tui.schedule.errands import Heads
from ccops.tui.schedule.office import Office as Planning
from ccops.tui.told import Told, told
from tests.tui_history import noon, past_in

LANGUAGES = (DERIVING, REPORTS, SCHEDULE)
KINDS = [(language, kind) for language in LANGUAGES for kind in language.kinds]


# --- any value of a declared type ---


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Return values of a type as it is declared, as far as our messages declare any."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return st.one_of(*map(values, parts))
    if origin is Literal:
        return st.sampled_from(parts)
    if origin is tuple and parts[-1] is not Ellipsis:
        return st.tuples(*map(values, parts))
    if origin in _MANY:
        return _MANY[origin](*(values(part) for part in parts if part is not Ellipsis))
    if kind in _PLAIN:
        return _PLAIN[kind]
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    return _made(kind)


def _made(kind: Any) -> st.SearchStrategy[Any]:
    names = [item.name for item in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else kind._fields
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: values(hints[name]) for name in names})


def _some(part: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(part, max_size=3)


def _mapping(key: st.SearchStrategy[Any], value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(key, value, max_size=2)


_MANY: dict[Any, Callable[..., st.SearchStrategy[Any]]] = {
    list: _some,
    Sequence: _some,
    tuple: lambda part: _some(part).map(tuple),
    frozenset: lambda part: st.frozensets(part, max_size=3),
    Mapping: _mapping,
    dict: _mapping,
}
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    str: st.text(max_size=20),
    bytes: st.binary(max_size=50),
    date: st.dates(),
    type(None): st.none(),
    Path: st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=9).map(Path),
    Secret: st.just(Secret()),
}


def heard(language: Language, message: object) -> Any:
    """Return what the other side takes a message for."""
    return language.read(io.BytesIO(language.framed(message)))


@pytest.mark.parametrize(("language", "kind"), KINDS, ids=[kind.__name__ for _language, kind in KINDS])
@settings(max_examples=20)
@given(data=st.data())
def test_any_value_of_a_declared_message_is_heard_as_it_was_said(
    language: Language, kind: type, data: st.DataObject
) -> None:
    message = data.draw(values(kind))
    found = heard(language, message)
    assert type(found) is kind
    assert found == message


def test_one_after_the_other_is_read_from_a_pipe_in_whatever_pieces() -> None:
    class Drops(io.BytesIO):
        def readinto(self, buffer: Any) -> int:
            return super().readinto(memoryview(buffer)[:3])

    stream = Drops(DERIVING.framed(Feed(b"x" * 100, 1, 2)) + DERIVING.framed(Stand()))
    assert DERIVING.read(stream) == Feed(b"x" * 100, 1, 2)
    assert DERIVING.read(stream) == Stand()
    with pytest.raises(EOFError):
        DERIVING.read(stream)


def test_a_path_that_is_no_text_and_one_that_is_crosses() -> None:
    log = dataclasses.replace(Settings().queue_log, path=Path(os.fsdecode(b"/log/\xff")))
    assert heard(REPORTS, Told(dataclasses.replace(Settings(), queue_log=log))).settings.queue_log == log


# --- what is no message ---


@given(st.sampled_from(LANGUAGES), st.binary(max_size=60))
def test_garbage_is_refused(language: Language, data: bytes) -> None:
    with pytest.raises(Garbled, match="cannot be understood"):
        language.message(data)
    with pytest.raises(Garbled if data else EOFError):
        language.read(io.BytesIO(data))


@given(st.integers(0, 200))
def test_a_message_that_was_cut_is_no_end(at: int) -> None:
    whole = SCHEDULE.framed(told(Settings()))
    with pytest.raises(Garbled if at else EOFError):
        SCHEDULE.read(io.BytesIO(whole[: min(at, len(whole) - 1)]))


@given(st.binary(max_size=20), st.integers(0, 10_000))
def test_a_message_that_was_changed_is_refused_or_is_one(put: bytes, at: int) -> None:
    whole = bytearray(REPORTS.framed(told(Settings())))
    place = HEAD + at % (len(whole) - HEAD)
    whole[place : place + len(put)] = put
    try:
        found = REPORTS.message(whole[HEAD:])
    except Garbled:
        return
    assert type(found) in REPORTS.kinds


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x92\xa3Foo\x80", "there is no message “Foo”"),
        (b"\x92\xa6Secret\x80", "there is no message “Secret”"),
        (b"\x92\xa5Stand\x01", "Expected `object`, got `int`"),
        (b"\x92\xa4Feed\x80", "missing required field `data`"),
        (b"\x92\xa4Feed\x83\xa4data\xc4\x00\xa4file\xa1x\xa6offset\x00", "Expected `int`, got `str`"),
        (b"\x92\xa4Feed" + b"\x91" * 100_000, "cannot be understood"),
        (b"\xdd\xff\xff\xff\xff", "cannot be understood"),
        (b"", "cannot be understood"),
        (b"cos\nsystem\n(S'true'\ntR.", "cannot be understood"),
    ],
)
def test_it_is_told_what_is_wrong(data: bytes, why: str) -> None:
    with pytest.raises(Garbled, match=why) as caught:
        DERIVING.message(data)
    assert "start it again" in caught.value.remedy


def test_a_length_beyond_all_bounds_is_refused_before_anything_is_made_of_it() -> None:
    with pytest.raises(Garbled, match="bytes long"):
        DERIVING.read(io.BytesIO(struct.pack(">Q", 1 << 62) + b"x"))


def test_what_was_not_declared_cannot_be_said() -> None:
    with pytest.raises(TypeError, match="no message of this language"):
        REPORTS.framed(Feed(b"", 1, 2))
    with pytest.raises(TypeError, match="no message of this language"):
        REPORTS.framed({"Refused": 1})
    with pytest.raises(TypeError, match="object has no place in a message"):
        REPORTS.framed(Refused(object()))  # type: ignore[arg-type]
    with pytest.raises(UsageProblem, match="is no text"):
        REPORTS.framed(Refused("\udcff"))


def test_secrets_stay_at_home() -> None:
    canary = Secret("canary-4711")
    secretive = dataclasses.replace(
        Settings(), ami=Ami(secret=canary, username="boss"), alert_targets={"hook": AlertTarget(signing_key=canary)}
    )
    for data in (SCHEDULE.framed(told(secretive)), REPORTS.framed(Told(secretive))):
        assert b"canary" not in data
    assert heard(SCHEDULE, told(secretive)).settings.ami == Ami()


# --- what reports really say ---


def plain(value: Any) -> Any:
    """Return a value with every run of things as a list."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    return value


def test_every_report_and_what_its_figures_are_made_of_crosses_as_it_is(tmp_path: Path) -> None:
    clerk = Clerk(past_in(tmp_path))
    crossed = 0
    for name in catalogue.entries():
        made = Make(Inquiry(name, "2026-03-09..2026-03-10", compare="former"), noon())
        document = clerk.do(made)
        assert plain(heard(REPORTS, document)) == plain(document), name
        for sheet in document.sheets if isinstance(document, Document) else ():
            assert [column.key for column in heard(REPORTS, document).sheets[0].columns]
            for row in sheet.lines[:1]:
                crossed += _explained(clerk, made, sheet.name, row, [column.key for column in sheet.columns])
    assert crossed > 50


def _explained(clerk: Clerk, made: Make, section: str, row: Line, figures: Sequence[str]) -> int:
    for figure in figures:
        found = clerk.do(Explain(made, section, row.index, figure))
        assert plain(heard(REPORTS, found)) == plain(found)
    return len(figures)


def test_state_and_failure_of_the_deriver_cross(tmp_path: Path) -> None:
    assert heard(DERIVING, State(pauses=[("anna", "Lunch", 1, "[]")])).pauses == [("anna", "Lunch", 1, "[]")]
    assert heard(DERIVING, Failed("x", "y")) == Failed("x", "y")


# --- a process that dies ---


def test_a_deriver_that_is_killed_is_told_and_nothing_is_waited_for(tmp_path: Path) -> None:
    worker = Worker(State())
    try:
        line = b"1790000000|c1|sales|NONE|ENTERQUEUE||1|1\n"
        assert isinstance(worker.ask(Feed(line, 1, 0)).get(), Derived)
        found = worker.ask(Stand()).get()
        assert isinstance(found, Standing)
        assert [row[2] for row in found.visits] == ["c1"]
        os.kill(worker.pid, signal.SIGSTOP)
        under_way = [worker.ask(Feed(line, 1, 100)), worker.ask(Stand())]
        assert not any(one.done for one in under_way)
        os.kill(worker.pid, signal.SIGKILL)
        for asked in under_way:
            with pytest.raises(CcopsError, match="was stopped") as caught:
                asked.get()
            assert "goes on where it was" in caught.value.remedy
        with pytest.raises(CcopsError, match="was stopped"):
            worker.ask(Stand()).get()
    finally:
        worker.close()


def test_a_fault_of_the_deriver_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*_all: object) -> None:
        raise KeyError("here")

    monkeypatch.setattr(Deriver, "block", faulty)
    answer = answered(Deriver(State()), Feed(b"", 1, 0))
    asked = Asked()
    asked.put(bytearray(DERIVING.framed(answer)[HEAD:]))
    with pytest.raises(CcopsError, match=r"Reading the log failed: KeyError: 'here' \(test_messages\.py:\d+\)"):
        asked.get()


def test_large_blocks_and_answers_go_both_ways_at_once() -> None:
    worker = Worker(State())
    try:
        blocks = [
            b"".join(
                b"%d|c%d|q|NONE|ENTERQUEUE||%d|1\n" % (1_790_000_000 + n // 9, n, n) for n in range(at, at + 60_000)
            )
            for at in range(0, 240_000, 60_000)
        ]
        asked = [worker.ask(Feed(data, 1, 0)) for data in blocks] + [worker.ask(Stand())]
        assert all(isinstance(one.get(), Derived) for one in asked[:-1])
        found = asked[-1].get()
        assert isinstance(found, Standing)
        assert len(found.visits) == 240_000
    finally:
        worker.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker.pid, 0)


def test_an_import_whose_deriver_is_killed_says_so_and_the_next_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccops.reports.ingest.run.LARGE", 40_000)
    lines = [b"%d|c%d|q%d|NONE|ENTERQUEUE||1|1\n" % (1_790_000_000 + n // 9, n, n % 3) for n in range(40_000)]
    log, store = tmp_path / "queue_log", tmp_path / "s.db"
    log.write_bytes(b"".join(lines))
    started: list[Worker] = []
    real = Worker.ask

    def ask(self: Worker, question: Feed | Stand) -> Asked:
        if isinstance(question, Feed) and question.offset > 500_000:
            os.kill(self.pid, signal.SIGKILL)
            started.append(self)
        return real(self, question)

    with monkeypatch.context() as patch:
        patch.setattr(Worker, "ask", ask)
        with Ingest(store, Rules(), ZoneInfo("UTC"), cores=2) as work, pytest.raises(CcopsError, match="was stopped"):
            work.add([log])
    assert started
    with Ingest(store, Rules(), ZoneInfo("UTC"), cores=2) as work:
        counts = work.add([log])
    assert counts.duplicate > 0
    assert counts.duplicate + counts.new == counts.lines == 40_000
    with open_store(store, read_only=True) as database:
        assert database.rows("SELECT count(*), count(DISTINCT callid) FROM visits") == [(40_000, 40_000)]


@pytest.mark.parametrize("room", ["reports", "schedule"])
async def test_a_process_of_the_console_that_dies_in_the_midst_is_told(tmp_path: Path, room: str) -> None:
    past = past_in(tmp_path)
    office: Any = Reading(past) if room == "reports" else Planning(past)
    errand: Any = Browse() if room == "reports" else Heads()
    try:
        await office.ask(errand)
        process = office._clerk if room == "reports" else office._planner
        os.kill(process.pid, signal.SIGSTOP)
        asked = asyncio.create_task(office.ask(errand))
        await asyncio.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(CcopsError, match="ended before it was done"):
            await asked
        assert await office.ask(errand)
    finally:
        await office.close()


@pytest.mark.parametrize("room", ["reports", "schedule"])
async def test_a_process_of_another_version_is_told_from_one_that_died(
    tmp_path: Path, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says something that this console does not know."""
    (tmp_path / "strange.py").write_text(
        "import sys\nsys.stdin.buffer.read(8)\nname = b'Tomorrow'\n"
        "data = b'\\x92' + bytes([0xa0 + len(name)]) + name + b'\\x80'\n"
        "sys.stdout.buffer.write(len(data).to_bytes(8, 'big') + data)\nsys.stdout.flush()\nsys.stdin.read()\n"
    )
    monkeypatch.setattr("ccops.tui.beside.command_of", lambda _module: [sys.executable, str(tmp_path / "strange.py")])
    office: Any = Reading(Settings()) if room == "reports" else Planning(Settings())
    with pytest.raises(Garbled, match="no message “Tomorrow”") as caught:
        await office.ask(Browse() if room == "reports" else Heads())
    assert "start it again" in caught.value.remedy
    await office.close()


def test_a_process_beside_takes_no_modules_from_where_we_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("print('hijacked')\n")
    monkeypatch.chdir(tmp_path)
    worker = Worker(State())
    try:
        assert isinstance(worker.ask(Stand()).get(), Standing)
    finally:
        worker.close()
