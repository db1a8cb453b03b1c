"""The line parser: the event is found behind any member name, hostile bytes become harmless, bad lines say why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.pbx.queue_log import VERBS, BadLine, LogRow, parse_block, parse_line, whole
from tests.history_logs import Log, logs


def test_a_line_becomes_a_row() -> None:
    row = parse_line(b"1795289741|1795289741.0|sales|Ana|CONNECT|3|1795289741.7|2\n", 5, 77)
    assert row == LogRow(1795289741, "1795289741.0", "sales", "Ana", "CONNECT", ("3", "1795289741.7", "2"), 5, 77)
    assert [whole(row.params, 0), whole(row.params, 1), whole(row.params, -1), whole(row.params, 9)] == [
        3,
        None,
        2,
        None,
    ]


@pytest.mark.parametrize(
    ("line", "agent", "event", "params"),
    [
        ("1|c|support|Chi|pipe|CONNECT|16|1.56|0", "Chi|pipe", "CONNECT", ("16", "1.56", "0")),
        ("1|c|support|Chi|pipe|COMPLETECALLER|16|1|1", "Chi|pipe", "COMPLETECALLER", ("16", "1", "1")),
        ("1|c|support|Chi|VIP|CONNECT|16|1.56|0", "Chi|VIP", "CONNECT", ("16", "1.56", "0")),
        ("1|M|support|a|b|c|REMOVEMEMBER|", "a|b|c", "REMOVEMEMBER", ("",)),
        ("1|M|support|Chi|pipe|PAUSE|a|b", "Chi|pipe", "PAUSE", ("a", "b")),
        ("1|c|sales|NONE|DID|800", "NONE", "DID", ("800",)),
        ("1|c|sales|NONE|SURVEY|CONNECT|no number", "NONE", "SURVEY", ("CONNECT", "no number")),
        ("1|c|sales|NONE|MOOD|PAUSE|x", "NONE", "MOOD", ("PAUSE", "x")),
        ("1|NONE|NONE|NONE|QUEUESTART|", "NONE", "QUEUESTART", ("",)),
        ("1|NONE|NONE|NONE|CONFIGRELOAD", "NONE", "CONFIGRELOAD", ()),
        ("1|c|q|A|ATTENDEDTRANSFER|LINK|x|y|1|2|3", "A", "ATTENDEDTRANSFER", ("LINK", "x", "y", "1", "2", "3")),
    ],
)
def test_the_event_is_found_wherever_it_stands(line: str, agent: str, event: str, params: tuple[str, ...]) -> None:
    row = parse_line(line.encode())
    assert (row.agent, row.event, row.params) == (agent, event, params)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (b"", "empty"),
        (b"hello", "five fields"),
        (b"abc|d|e|f|CONNECT|1", "time stamp"),
        (b"-5|c|q|a|CONNECT|1", "out of range"),
        (b"0|c|q|a|CONNECT|1", "out of range"),
        (b"99999999999999|c|q|a|CONNECT|1", "out of range"),
        (b"9" * 5000 + b"|c|q|a|CONNECT|1", "time stamp"),
        (b"1|c|q|a||1", "no event"),
        (b"1|" + b"x" * 70_000 + b"|q|a|CONNECT|1", "longer"),
    ],
)
def test_a_bad_line_says_why(line: bytes, word: str) -> None:
    with pytest.raises(BadLine, match=word):
        parse_line(line)
    told: list[tuple[int, bytes, str]] = []
    good = b"7|c|q|a|CONNECT|1|2|3\n"
    rows = list(parse_block(good + line + b"\n" + good, 0, 100, lambda *found: told.append(found)))
    assert [row.offset for row in rows] == [100, 100 + len(good) + len(line) + 1]
    assert [(at, raw) for at, raw, _reason in told] == ([(100 + len(good), line)] if line else [])


def test_text_is_made_harmless() -> None:
    row = parse_line("1|c|sa\x00les|Ev\x1b[2Jil\u202e|CONNECT|1|\x9b2|3\r\n".encode())
    assert (row.queue, row.agent, row.params) == ("sales", "Ev[2Jil", ("1", "2", "3"))
    broken = parse_line(b"1|c|q|\xff\xfeAna|CONNECT|1|2|3")
    assert broken.agent == "\ufffd\ufffdAna"


@given(
    st.lists(st.binary(max_size=60) | st.sampled_from([b"1|c|q|a|CONNECT|1|2|3", b"5|c|q|x|y|PAUSE|z", b"1_0|||||"]))
)
def test_a_block_gives_what_its_lines_give(raws: list[bytes]) -> None:
    lines = [raw.replace(b"\n", b"") for raw in raws]
    expected, bad = [], []
    offset = 40
    for line in lines:
        try:
            expected.append(parse_line(line, 3, offset))
        except BadLine as problem:
            if line.strip():
                bad.append((offset, line, problem.reason))
        offset += len(line) + 1
    told: list[tuple[int, bytes, str]] = []
    data = b"".join(line + b"\n" for line in lines)
    assert list(parse_block(data, 3, 40, lambda *found: told.append(found))) == expected
    assert told == bad


@given(logs())
def test_every_row_is_found_again_at_its_offset(log: Log) -> None:
    data = log.data()
    for row in parse_block(data, 0, 0):
        end = data.index(b"\n", row.offset)
        assert parse_line(data[row.offset : end], 0, row.offset) == row
        assert row.event in VERBS
