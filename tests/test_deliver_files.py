"""Names from templates, and files that are there whole or not at all."""

import errno
import os
import string
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.errors import CcopsError, UsageProblem
from ccops.reports.deliver.files import FileTarget, write_file
from ccops.reports.deliver.model import Content, DeliveryFailed, Parcel
from ccops.reports.deliver.template import file_name, filled, harmless, names_of
from ccops.reports.paper.render import Form
from ccops.reports.periods import Period
from tests import paper_samples as samples

PDF = Content(Form.PDF, b"%PDF")
PARCEL = Parcel("daily", samples.paper(), [PDF], {"queue": "sales"})


def test_a_name_is_filled_from_the_report() -> None:
    template = "{job}/{name}-{queue}-{agent}-{from}-{to}-{date}-{time}.{ext}"
    name = file_name(template, PARCEL, Form.PDF)
    assert name == "daily/queues-sales-all-2026-03-28-2026-03-30-2026-03-31-0600.pdf"
    assert file_name("{name}.{ext}", PARCEL, Form.TABLE) == "queues.txt"


def test_a_part_of_a_day_and_no_period_have_names_too() -> None:
    start = samples.PERIOD.start
    part = replace(PARCEL, paper=samples.paper(period=Period(start + 8 * 3600, start + 12 * 3600)))
    assert file_name("{from}_{to}", part, Form.CSV) == "2026-03-28T0800_2026-03-28T1200"
    none = replace(PARCEL, paper=samples.paper(period=None))
    assert file_name("{from}_{to}", none, Form.CSV) == "2026-03-31_2026-03-31"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{nam}", r"no \{nam\}.*\{name\}"),
        ("{name.__class__}", "there is no"),
        ("{name[0]}", "there is no"),
        ("{name!r}", "there is no"),
        ("{name:>100000000}", "there is no"),
        ("{}", "there is no"),
        ("{name", "brace is not closed"),
    ],
)
def test_a_template_can_do_nothing_but_be_filled(template: str, message: str) -> None:
    with pytest.raises(UsageProblem, match=message):
        filled(template, names_of(PARCEL))


@given(st.text(st.characters()))
def test_a_value_is_one_harmless_part_of_a_path(value: str) -> None:
    found = harmless(value)
    assert found
    assert not set(found) & set("/\\\0\n\r\t :*?\"<>|$`;&'(){}[]!#~")
    assert not found.startswith((".", "-"))
    assert ".." not in found
    assert len(found) <= 80
    assert all(char.isalnum() or char in "-_.+@" for char in found)


@given(st.text(st.characters()), st.sampled_from(list(Form)))
def test_any_name_makes_a_file_in_its_folder(tmp_path_factory: Any, value: str, form: Form) -> None:
    parcel = replace(PARCEL, names={"queue": value}, job=value, paper=samples.paper(site=value, name=value or "x"))
    folder = Path("/srv/reports")
    target = FileTarget(folder, "{site}/{job}-{queue}-{name}.{ext}")
    path = target.path(parcel, Content(form, b""))
    assert path.parent.parent == folder
    assert path.name.endswith(form.suffix)
    assert all(len(part.encode()) <= 255 for part in path.parts)


def test_long_names_keep_their_ending() -> None:
    parcel = replace(PARCEL, names={"queue": "客" * 80})
    name = file_name("{queue}{queue}.{ext}", parcel, Form.XLSX)
    assert name.endswith("客.xlsx")
    assert len(name.encode()) <= 255


def test_a_template_cannot_lead_out_of_its_folder() -> None:
    with pytest.raises(CcopsError, match="leads out"):
        FileTarget(Path("/srv"), "../{name}").path(PARCEL, PDF)


def test_a_file_is_written_with_its_folders_and_the_usual_rights(tmp_path: Path) -> None:
    target = FileTarget(tmp_path, "a/b/{name}.{ext}")
    before = os.umask(0o027)
    try:
        [errand] = target.errands(PARCEL)
        told = errand.send()
    finally:
        os.umask(before)
    path = tmp_path / "a/b/queues.pdf"
    assert path.read_bytes() == b"%PDF"
    assert path.stat().st_mode & 0o777 == 0o640
    assert (str(path) in told, errand.key.recipient) == (True, f"file:{path}")
    assert [item.name for item in path.parent.iterdir()] == ["queues.pdf"]


def test_a_reader_sees_the_old_file_or_the_new_one_and_nothing_between(tmp_path: Path) -> None:
    path = tmp_path / "report"
    old, new = b"a" * 300_000, b"b" * 300_000
    write_file(path, old)
    seen: set[bytes] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(20):
        write_file(path, old if turn % 2 else new)
    done.set()
    reader.join(30)
    assert seen <= {old, new}


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report"
    write_file(path, b"before")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DeliveryFailed, match=r"report cannot be written: No space left"):
        write_file(path, b"after")
    assert path.read_bytes() == b"before"
    assert [item.name for item in tmp_path.iterdir()] == ["report"]


def test_a_folder_in_the_way_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeliveryFailed, match="cannot be written: Is a directory"):
        write_file(tmp_path, b"x")
    (tmp_path / "file").write_text("")
    with pytest.raises(DeliveryFailed, match="cannot be written"):
        write_file(tmp_path / "file" / "report", b"x")


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("keep")
    (tmp_path / "report").symlink_to(tmp_path / "secret")
    write_file(tmp_path / "report", b"new")
    assert (tmp_path / "secret").read_text() == "keep"
    assert (tmp_path / "report").read_bytes() == b"new"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    write_file(path, b"x" * 100_000)
    reader.join(30)
    assert got == [b"x" * 100_000]


def test_names_hold_every_letter_of_ascii_that_is_safe() -> None:
    safe = string.ascii_letters + string.digits + "-_.+@"
    assert harmless("a" + safe)[1:] == safe
