"""Framing, reading and writing of AMI, without a socket."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ccops.errors import UsageProblem
from ccops.pbx.link import Event
from ccops.pbx.link.wire import MAX_HEADERS, MAX_LINE, Framer, Reader, read_header, read_odd, unmix, write_action
from ccops.pbx.text import clean, control_at

TRACES = Path(__file__).parents[2] / "shared" / "traces"
EXCERPT = Path(__file__).parent / "data" / "link-excerpt.ami"


def streams() -> Iterator[Path]:
    yield EXCERPT
    yield from (TRACES / f"asterisk-{version}.ami" for version in ("16.28", "22.10"))


def read_all(pieces: list[bytes]) -> list[Event]:
    framer, reader = Framer(), Reader()
    events = []
    for piece in pieces:
        for message in framer.feed(piece):
            for part in unmix(message):
                event = read_odd(part)
                first = part.partition(b"\r\n")[0]
                if first.startswith((b"Event: ", b"Response: ")) and b"\n" not in first:
                    assert reader.read(part) == event
                if event is not None:
                    events.append(event)
    return events


def by_hand(data: bytes) -> list[Event]:
    """Read as plainly as can be: what the fast ways must agree with."""
    events = []
    for block in data.split(b"\r\n\r\n"):
        event: Event = {}
        block = block.removeprefix(b"\r\n")  # Asterisk ends some events with two empty lines
        for line in block.split(b"\r\n"):
            name, _, value = line.decode("utf-8", "replace").partition(": ")
            name, value = clean(name), clean(value)
            event[name] = f"{event[name]}\n{value}" if name in event else value
        if block.startswith((b"Event: ", b"Response: ")):
            events.append(event)
    return events


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


# -- recorded streams ----------------------------------------------------------------------------------------------


@pytest.fixture(params=list(streams()), ids=lambda path: path.stem, scope="module")
def stream(request: pytest.FixtureRequest) -> bytes:
    path: Path = request.param
    if not path.exists():
        pytest.skip(f"the recording {path.name} lies beside the project, not in it")
    return path.read_bytes().partition(b"\r\n")[2]


def test_a_recording_reads_the_same_as_by_hand(stream: bytes) -> None:
    events = read_all([stream])
    assert events == by_hand(stream)
    assert len(events) > 20


def test_a_recording_reads_the_same_one_byte_at_a_time(stream: bytes) -> None:
    part = stream[: stream.find(b"\r\n\r\n", 150_000) + 4] if len(stream) > 150_000 else stream
    assert read_all([part[i : i + 1] for i in range(len(part))]) == by_hand(part)


@pytest.mark.parametrize("size", [2, 3, 7, 64, 1_000, 65_536])
def test_a_recording_reads_the_same_in_pieces_of_any_size(stream: bytes, size: int) -> None:
    assert read_all([stream[i : i + size] for i in range(0, len(stream), size)]) == by_hand(stream)


@given(cuts=st.lists(st.integers(0, 1 << 24), max_size=30))
def test_a_recording_cut_anywhere_reads_the_same(cuts: list[int]) -> None:
    data = EXCERPT.read_bytes().partition(b"\r\n")[2]
    assert read_all(pieces_of(data, cuts)) == by_hand(data)


def test_the_excerpt_holds_what_makes_reading_hard() -> None:
    data = EXCERPT.read_bytes()
    assert "王芳".encode() in data
    assert b"\x1b" in data
    assert b"PausedReason: \r\n" in data
    assert b"Response: Success\r\nChannel" in data  # a Response header inside an event


# -- any stream ----------------------------------------------------------------------------------------------------

names = st.text(st.characters(codec="utf-8", exclude_characters=":"), max_size=12).filter(
    lambda text: clean(text) == text != "" and text not in ("Event", "Response")
)
values = st.text(st.characters(codec="utf-8"), max_size=30).filter(lambda text: clean(text) == text)
headers = st.lists(st.tuples(names, values), max_size=8, unique_by=lambda header: header[0])


@given(
    st.lists(headers, min_size=1, max_size=6),
    st.sampled_from(["\r\n", "\n"]),
    st.lists(st.integers(0, 9_999), max_size=12),
)
def test_what_is_written_is_read_whatever_the_line_ends_and_splits(
    messages: list[list[tuple[str, str]]], end: str, cuts: list[int]
) -> None:
    events = [{"Event": "X", **dict(message)} for message in messages]
    text = "".join(end.join([*(f"{name}: {value}" for name, value in item.items()), "", ""]) for item in events)
    assert read_all(pieces_of(text.encode(), cuts)) == events


@given(st.lists(st.binary(max_size=40), max_size=20), st.lists(st.integers(0, 9_999), max_size=6))
@example([b"\xff\xfe\x00", b"\n", b"\r", b"\r\n", b"\n\n\n"], [])
def test_no_rubbish_is_too_much_and_nothing_harmful_gets_through(rubbish: list[bytes], cuts: list[int]) -> None:
    data = b"".join([*rubbish, b"\r\n\r\n\n\nEvent: Good\r\nA: b\r\n\r\n"])
    events = read_all(pieces_of(data, cuts))
    assert events[-1] == {"Event": "Good", "A": "b"}
    for event in events:
        for name, value in event.items():
            assert clean(name) == name
            assert all(clean(part) == part for part in value.split("\n"))


@given(st.binary(max_size=300), st.integers(1, 60), st.integers(1, 50))
def test_the_framer_holds_no_more_than_its_limit(data: bytes, limit: int, size: int) -> None:
    framer = Framer(limit)
    for start in range(0, len(data), size):
        framer.feed(data[start : start + size])
        assert len(framer._held) <= max(limit, 3)
    good = framer.feed(b"\r\n\r\nEvent: Good\r\n\r\n")
    assert good[-1].strip() == b"Event: Good"


def test_ten_megabytes_without_an_empty_line_cost_one_message() -> None:
    framer = Framer()
    for _ in range(160):
        assert framer.feed(b"x" * 65_536) == []
    assert framer.skipping
    assert framer.overlong == 1
    assert framer.feed(b"\r") + framer.feed(b"\n\r") + framer.feed(b"\nEvent: Good\r\n\r\n") == [b"Event: Good"]
    assert not framer.skipping


def test_a_long_message_with_an_end_is_no_offence() -> None:
    framer = Framer()
    message = b"Event: Long\r\nValue: " + b"x" * 65_536
    whole = message + b"\r\n\r\n"
    pieces = [whole[i : i + 1_000] for i in range(0, len(whole), 1_000)]
    assert [found for piece in pieces for found in framer.feed(piece)] == [message]


# -- single rules --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "header"),
    [
        (b"Queue: sales", ("Queue", "sales")),
        (b"PausedReason: ", ("PausedReason", "")),
        (b"PausedReason:", ("PausedReason", "")),
        (b"AppData: a: b:c", ("AppData", "a: b:c")),
        (b"Name:  two spaces", ("Name", " two spaces")),
        (b"CallerIDName: \x1b]0;x\x07\xc2\x9bEve\x00", ("CallerIDName", "]0;xEve")),
        (b"CallerIDName: ev\nil\rname", ("CallerIDName", "evilname")),
        (b"Name: \xff\xfe", ("Name", "��")),
        (b"no header", None),
        (b": no name", None),
        (b"", None),
    ],
)
def test_a_header_line(line: bytes, header: tuple[str, str] | None) -> None:
    assert read_header(line) == header


def test_repeated_headers_are_joined() -> None:
    [event] = read_all([b"Response: Success\r\nOutput: one\r\nOutput: \r\nOutput: three\r\n\r\n"])
    assert event == {"Response": "Success", "Output": "one\n\nthree"}


def test_a_line_feed_in_a_value_neither_ends_a_message_nor_makes_a_header() -> None:
    name = b"Eve\n\nEvent: Hangup\nUniqueid: 1.1\n\n"
    one = b"Event: Newchannel\r\nCallerIDName: " + name + b"\r\nUniqueid: 2.2\r\n\r\n"
    assert read_all([one]) == [
        {"Event": "Newchannel", "CallerIDName": "EveEvent: HangupUniqueid: 1.1", "Uniqueid": "2.2"}
    ]
    twice = one.replace(b"Uniqueid: 2.2", b"Uniqueid: 2.2\r\nUniqueid: 2.3")
    assert read_all([twice])[0]["Uniqueid"] == "2.2\n2.3"
    assert len(read_all([one[i : i + 1] for i in range(len(one))])) == 1


def test_messages_with_both_line_ends_in_one_stream() -> None:
    data = b"Event: A\r\nx: 1\r\n\r\nEvent: B\nx: 2\n\nEvent: C\r\nx: 3\r\n\r\nEvent: D\nx: 4\n\n"
    expected = [{"Event": name, "x": value} for name, value in zip("ABCD", "1234", strict=True)]
    assert read_all([data]) == expected
    assert read_all([data[i : i + 1] for i in range(len(data))]) == expected


def test_an_event_may_hold_a_response_header() -> None:
    [event] = read_all([b"Event: OriginateResponse\r\nResponse: Failure\r\nReason: 0\r\n\r\n"])
    assert next(iter(event)) == "Event"


# -- writing -------------------------------------------------------------------------------------------------------


def test_an_action_as_it_goes_out() -> None:
    data = write_action({"Action": "Originate", "Variable": ["A=1", "B=2"], "CallerID": "字"}, "id-1")
    assert (
        data == "ActionID: id-1\r\nAction: Originate\r\nVariable: A=1\r\nVariable: B=2\r\nCallerID: 字\r\n\r\n".encode()
    )


@given(st.text(min_size=1), st.text())
@example("Queue", "a\r\nAction: Logoff")
@example("Queue", "a\nAction: Logoff")
@example("Queue", "a\x85b")
@example("Queue\r\nAction", "Logoff")
@example("Que:ue", "x")
@example("Queue", "\ud800")
def test_an_action_is_written_so_that_the_same_is_read_or_not_at_all(name: str, value: str) -> None:
    try:
        data = write_action({"Action": "X", name: value}, "id-1")
    except UsageProblem:
        harmful = control_at(name) is not None or control_at(value) is not None
        assert harmful or ":" in name or name != name.strip() or len(f"{name}: {value}".encode()) > MAX_LINE
    else:
        assert data.count(b"\r\n\r\n") == 1
        lines = data.decode().split("\r\n")[:-2]
        assert lines[-1] == f"{name}: {value}"
        assert len(lines) == (2 if name in ("Action", "ActionID") else 3) + (name == "ActionID")


@pytest.mark.parametrize("bad", ["\r", "\n", "\x00", "\t", "\x1b", "\x7f", "\x85", "\x9b", "\ud800"])
def test_control_characters_are_refused_and_the_header_is_named(bad: str) -> None:
    with pytest.raises(UsageProblem, match="Reason must not hold"):
        write_action({"Action": "QueuePause", "Reason": f"x{bad}y"}, "id-1")
    with pytest.raises(UsageProblem, match="no name for a header"):
        write_action({"Action": "QueuePause", f"Rea{bad}son": "x"}, "id-1")


def test_the_secret_is_not_in_the_refusal() -> None:
    with pytest.raises(UsageProblem) as caught:
        write_action({"Action": "Login", "Secret": "hush\nhush"}, "id-1")
    assert "hush" not in str(caught.value)


def test_what_asterisk_would_throw_away_is_refused() -> None:
    write_action({"Data": "x" * (MAX_LINE - len("Data: "))}, "id-1")
    with pytest.raises(UsageProblem, match="Data is too long: 1021 bytes"):
        write_action({"Data": "x" * (MAX_LINE - len("Data: ") + 1)}, "id-1")
    with pytest.raises(UsageProblem, match="Name is too long"):
        write_action({"Name": "字" * 340}, "id-1")
    write_action({"Variable": ["x=1"] * (MAX_HEADERS - 1)}, "id-1")
    with pytest.raises(UsageProblem, match="headers"):
        write_action({"Variable": ["x=1"] * MAX_HEADERS}, "id-1")
