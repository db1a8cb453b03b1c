"""Call records: numbers dialled, recordings and calls out, from every form of CSV; again and in any order the same."""

import gzip
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccops.errors import UsageProblem
from ccops.reports.ingest.cdr import CdrCounts, Layout, ingest_cdr
from ccops.store import open_store
from ccops.store.details import calls_out, details
from ccops.store.lock import writer_lock
from tests.cmd_tools import invoke

BERLIN = ZoneInfo("Europe/Berlin")
LAYOUT = Layout(BERLIN)


def master(*rows: tuple[str, ...], more: str = "") -> str:
    """Write rows (src, dst, context, application, start, billsec, uniqueid) as cdr_csv does."""
    lines = []
    for src, dst, context, application, start, billsec, uniqueid in rows:
        values = ["", src, dst, context, f'"{src}" <{src}>', "PJSIP/t-1", "", application, "x,y", start, "", start]
        values += ["9", billsec, "ANSWERED", "DOCUMENTATION", uniqueid]
        cells = [value if value.isdecimal() else '"{}"'.format(value.replace('"', '""')) for value in values]
        lines.append(",".join(cells) + more)
    return "\n".join(lines) + "\n"


QUEUED = ("030123", "8001234", "from-trunk", "Queue", "2026-03-02 09:00:00", "60", "1772438400.1")
OUT = ("1001", "030123", "from-internal", "Dial", "2026-03-02 10:00:00", "0", "1772442000.7")


def take(folder: Path, text: str | bytes, layout: Layout = LAYOUT, name: str = "Master.csv") -> CdrCounts:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return ingest_cdr(folder / "s.db", [path], layout)


def known(folder: Path, *callids: str) -> dict[str, tuple[str, str]]:
    with open_store(folder / "s.db", read_only=True) as database:
        return details(database, callids)


def out(folder: Path) -> list[tuple[int, str]]:
    with open_store(folder / "s.db", read_only=True) as database:
        return calls_out(database, 1, 0, 1 << 40)


def test_cdr_csv_has_no_header(tmp_path: Path) -> None:
    text = master(QUEUED, OUT)
    counts = take(tmp_path, text)
    assert (counts.rows, counts.details, counts.calls_out, counts.unreadable) == (2, 1, 1, 0)
    assert known(tmp_path, "1772438400.1") == {"1772438400.1": ("8001234", "")}
    assert out(tmp_path) == [(1772442000, "030123")]
    again = take(tmp_path, gzip.compress(text.encode()), name="Master.csv.1.gz")
    assert (again.rows, again.details, again.calls_out) == (2, 0, 0)


@pytest.mark.parametrize("more", [',"field"', ',"field","",1772438400.1,17', ',"",1772438400.1,17'])
def test_cdr_csv_with_more_columns(tmp_path: Path, more: str) -> None:
    take(tmp_path, master(QUEUED, more=more))
    assert known(tmp_path, "1772438400.1") == {"1772438400.1": ("8001234", "")}


def test_a_header_names_the_columns_in_any_order(tmp_path: Path) -> None:
    text = (
        "\ufeffcalldate;dst;did;recordingfile;uniqueid;linkedid;lastapp;dcontext;billsec\n"
        "2026-03-02 09:00:00;600;8009999;q-600.wav;a.1;a.1;Queue;ext-queues;30\n"
        "2026-03-02 09:00:00;1001;;leg.wav;b.2;a.1;Dial;from-queue;30\n"
        "\n"
        "2026-03-02T10:00:00+00:00;0049301;;out.wav;c.3;c.3;Dial;from-internal;12\n"
    )
    counts = take(tmp_path, text)
    assert (counts.rows, counts.calls_out) == (3, 1)
    assert known(tmp_path, "a.1", "c.3") == {"a.1": ("8009999", "q-600.wav"), "c.3": ("", "out.wav")}
    assert out(tmp_path) == [(1772445600, "0049301")]


def test_a_leg_fills_gaps_and_the_calls_own_record_corrects(tmp_path: Path) -> None:
    head = "uniqueid,linkedid,did,recordingfile\n"
    take(tmp_path, head + "b.2,a.1,1,leg.wav\n")
    assert known(tmp_path, "a.1") == {"a.1": ("1", "leg.wav")}
    take(tmp_path, head + "a.1,a.1,2,\n")
    assert known(tmp_path, "a.1") == {"a.1": ("2", "leg.wav")}
    assert take(tmp_path, head + "b.2,a.1,1,leg.wav\n").details == 0


def test_columns_can_be_named_and_numbered(tmp_path: Path) -> None:
    layout = Layout(BERLIN, columns={"uniqueid": "Kennung", "did": "3", "recording": "datei"})
    take(tmp_path, "Kennung,Datei,Ziel\nx.1,r.wav,123\n", layout)
    assert known(tmp_path, "x.1") == {"x.1": ("123", "r.wav")}
    take(tmp_path, master(QUEUED, more=',"r.wav"'), Layout(BERLIN, columns={"recording": "18"}))
    assert known(tmp_path, "1772438400.1") == {"1772438400.1": ("8001234", "r.wav")}
    with pytest.raises(UsageProblem, match="Zeil") as error:
        take(tmp_path, "Kennung,Datei,Ziel\nx.1,r.wav,123\n", Layout(BERLIN, columns={"uniqueid": "Zeil"}))
    assert "ziel" in error.value.remedy


def test_other_contexts_may_dial_out_and_a_queue_is_no_call_out(tmp_path: Path) -> None:
    rows = [OUT, ("1002", "555", "office", "Dial", "2026-03-02 11:00:00", "7", "1772445600.9")]
    rows.append(("1002", "600", "office", "Queue", "2026-03-02 11:05:00", "7", "1772445900.1"))
    take(tmp_path, master(*rows), Layout(BERLIN, frozenset({"office"})))
    assert out(tmp_path) == [(1772445600, "555")]


def test_records_that_cannot_be_read_are_told_and_stop_nothing(tmp_path: Path) -> None:
    text = b"uniqueid,calldate,did\nok.1,2026-03-02 09:00:00,1\n,2026-03-02 09:00:00,2\nbad.3,yesterday,3\n"
    (tmp_path / "x.csv").write_bytes(text + b"ok.2,1772438400,\xff\x1b[2J4\0\n")
    told: list[tuple[int, str]] = []
    counts = ingest_cdr(
        tmp_path / "s.db", [tmp_path / "x.csv"], LAYOUT, unreadable=lambda _name, line, why: told.append((line, why))
    )
    assert (counts.rows, counts.unreadable, counts.details) == (4, 2, 2)
    assert [line for line, _why in told] == [3, 4]
    assert "yesterday" in told[1][1]
    assert known(tmp_path, "ok.2") == {"ok.2": ("\ufffd[2J4", "")}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("\n", "call records"),
        ("%PDF-1.7\nxx\n", "call records"),
        ("a,b\n1,2\n", "call records"),
        (master(QUEUED).replace(',"1772438400.1"', ""), "no uniqueid"),
        ("calldate,src,dst\n2026-03-02 09:00:00,1,2\n", "no uniqueid"),
    ],
)
def test_what_is_no_call_record_is_refused(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(UsageProblem, match=word) as error:
        take(tmp_path, text)
    assert error.value.remedy


def test_an_empty_file_is_no_error(tmp_path: Path) -> None:
    assert take(tmp_path, "").rows == 0


def test_a_follower_of_the_log_is_not_disturbed(tmp_path: Path) -> None:
    with writer_lock(tmp_path / "s.db"):
        assert take(tmp_path, master(QUEUED)).details == 1


def test_the_command(tmp_path: Path) -> None:
    path, store = tmp_path / "Master.csv", tmp_path / "s.db"
    path.write_text(master(QUEUED, OUT) + "x,y\n")
    done = invoke(
        "--db", str(store), "ingest", "cdr", str(path), "--json", env={"CCOPS_SITE__TIMEZONE": "Europe/Berlin"}
    )
    assert done.code == 0
    assert {key: value for key, value in json.loads(done.out).items() if key != "seconds"} == {
        "rows": 3,
        "details": 1,
        "calls_out": 1,
        "unreadable": 1,
    }
    assert f"{path}:3: no uniqueid." in done.err
    assert out(tmp_path) == [(1772442000, "030123")]
    said = invoke("--db", str(store), "ingest", "cdr", str(path), "--column", "didd=3")
    assert said.code == 2
    assert "did" in said.err


def test_a_call_out_settles_a_call_back(tmp_path: Path) -> None:
    lost = "1772438400|1772438400.1|sales|NONE|ENTERQUEUE||{}|1\n1772438430|1772438400.1|sales|NONE|ABANDON|1|1|30\n"
    (tmp_path / "queue_log").write_text(lost.format("030123") + lost.format("030999").replace(".1", ".2"))
    store, world = ("--db", str(tmp_path / "s.db")), {"CCOPS_SITE__TIMEZONE": "Europe/Berlin"}
    asked = (*store, "report", "callbacks", "--from", "2026-03-01", "--to", "2026-03-03", "--json")
    assert invoke(*store, "ingest", "queue-log", str(tmp_path / "queue_log"), env=world).code == 0
    assert [row["number"] for row in json.loads(invoke(*asked, env=world).out)] == ["030999", "030123"]
    take(tmp_path, master(QUEUED, OUT))
    assert [row["number"] for row in json.loads(invoke(*asked, env=world).out)] == ["030999"]
