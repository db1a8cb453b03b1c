"""The follower: every whole line once, through half lines, rotation by rename and by copy and truncate."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.errors import UsageProblem
from ccops.pbx.queue_log import Follower, Tail
from tests.history_pbx import Pbx

steps = st.one_of(
    st.tuples(st.just("write"), st.integers(1, 5)),
    st.just(("write_half",)),
    st.tuples(st.just("rename"), st.integers(0, 3)),
    st.tuples(st.just("truncate"), st.integers(0, 3), st.booleans()),
    st.just(("poll",)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=14))
def test_every_line_comes_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[object, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    pbx, follower = Pbx(folder), Follower(folder / "queue_log", since=0)
    rows = follower.poll()
    for name, *arguments in plan:
        if name == "poll":
            rows += follower.poll()
            continue
        if name in {"rename", "truncate"}:  # two rotations between two looks lose what the first one took away
            pbx.write(1)
            rows += follower.poll()
            rows += follower.poll()
        getattr(pbx, str(name))(*arguments)
        if name in {"rename", "truncate"}:
            pbx.write(1)
            rows += follower.poll()
            rows += follower.poll()
    pbx.finish_line()
    for _look in range(4):
        rows += follower.poll()
    follower.close()
    pbx.close()
    assert [row.params[1] for row in rows] == [str(number + 1) for number in range(pbx.written)]


def test_a_half_line_waits_for_its_rest(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_bytes(b"1790000001|a|q|NONE|ENTERQUEUE||1|1\n1790000002|b|q|NO")
    follower = Follower(path, since=0)
    assert [row.callid for row in follower.poll()] == ["a"]
    assert follower.poll() == []
    with path.open("ab") as stream:
        stream.write(b"NE|ENTERQUEUE||1|1\n")
    assert [(row.callid, row.offset) for row in follower.poll()] == [("b", 36)]
    follower.close()


def test_from_the_end_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_bytes(b"1790000001|a|q|NONE|ENTERQUEUE||1|1\n17900")
    follower = Follower(path)
    assert follower.poll() == []
    with path.open("ab") as stream:
        stream.write(b"00002|b|q|NONE|ENTERQUEUE||1|1\n")
    assert [row.callid for row in follower.poll()] == ["b"]
    follower.close()


def test_a_missing_log_is_waited_for_and_a_directory_is_not(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    follower = Follower(path, since=0)
    assert follower.poll() == []
    path.write_bytes(b"1790000001|a|q|NONE|ENTERQUEUE||1|1\n")
    assert [row.callid for row in follower.poll()] == ["a"]
    follower.close()
    tail = Tail(tmp_path)
    with pytest.raises(UsageProblem, match="directory"):
        tail.read()


def test_a_file_rewritten_longer_than_before_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_bytes(b"1790000001|a|q|NONE|ENTERQUEUE||1|1\n")
    follower = Follower(path, since=0)
    assert len(follower.poll()) == 1
    path.write_bytes(b"1790000009|x|q|NONE|ENTERQUEUE||1|1\n1790000010|y|q|NONE|ENTERQUEUE||1|1\n")
    rows = follower.poll() + follower.poll()
    assert [row.callid for row in rows] == ["x", "y"]
    assert {row.file for row in rows} == {2}
    follower.close()


async def test_batches_come_as_the_log_grows(tmp_path: Path) -> None:
    pbx = Pbx(tmp_path)
    follower = Follower(pbx.path, since=0, interval=0.01)
    seen: list[str] = []

    async def read() -> None:
        async for rows in follower.batches():
            seen.extend(row.params[1] for row in rows)
            if len(seen) >= 6:
                return

    task = asyncio.create_task(read())
    for _round in range(3):
        pbx.write(2)
        await asyncio.sleep(0.02)
    await asyncio.wait_for(task, 10)
    assert seen == ["1", "2", "3", "4", "5", "6"]
    follower.close()
    pbx.close()
