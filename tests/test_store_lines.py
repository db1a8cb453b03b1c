"""Lines of the log by place and word: what `lines_with` finds is what reading line by line finds."""

import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.pbx.queue_log.files import Block
from ccops.store import open_store
from ccops.store.raw import RawLine, add_file, append, line_at, lines_with, pack

WORDS = [b"1.1", b"1.12", b"x"]
TEXTS = st.lists(st.sampled_from([b"", b"1.1", b"1.12|1.1", b"a|x", b"y", b"1.1|x|1.1"]), min_size=1, max_size=30)


@settings(max_examples=60)
@given(TEXTS, st.sets(st.integers(0, 29)), st.sets(st.sampled_from(WORDS), min_size=1), st.data())
def test_lines_are_found_as_by_reading_them(
    texts: list[bytes], cuts: set[int], words: set[bytes], data: st.DataObject
) -> None:
    offsets = [sum(len(text) + 1 for text in texts[:index]) for index in range(len(texts))]
    low, high = sorted((data.draw(st.sampled_from(offsets)), data.draw(st.sampled_from([*offsets, 1 << 60]))))
    expected = [
        RawLine("log", index + 1, offset, text)
        for index, (offset, text) in enumerate(zip(offsets, texts, strict=True))
        if low <= offset <= high and any(word in text for word in words)
    ]
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "s.db") as database:
        with database.write() as connection:
            add_file(connection, file=1, site=1, path="log", head=b"", base=0, lines=0, now=0)
            edges = sorted({0, len(texts), *(cut for cut in cuts if cut < len(texts))})
            blocks = [
                pack(Block(offsets[first], b"".join(text + b"\n" for text in texts[first:last])))
                for first, last in pairwise(edges)
            ]
            append(connection, 1, blocks)
        assert list(lines_with(database, 1, low, high, words)) == expected
        assert [line_at(database, 1, line.offset) for line in expected] == expected
