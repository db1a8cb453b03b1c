"""What a role sees of history: reports are narrowed to its queues and agents, and numbers are masked."""

import json
import os
import pwd
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ccops.desk.past import Sight, narrowed
from ccops.desk.roles import Person
from ccops.errors import PermissionRefused
from ccops.reports.archive import Archive
from ccops.reports.catalogue import Ask, entries
from ccops.reports.ingest import ingest
from ccops.reports.periods import Period
from ccops.reports.rules import Rules
from tests.report_site import BERLIN, DAY, ReportSite, at, make_site, wanting

ME = pwd.getpwuid(os.getuid()).pw_name
ALL = frozenset({"queue", "agent", "number"})


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ReportSite]:
    """A site at which a daemon serves."""
    site = make_site(tmp_path)
    path = tmp_path / "s"
    listening = socket.socket(socket.AF_UNIX)
    # A temporary folder may be too deep for the path of a socket.
    here = os.open(tmp_path, os.O_RDONLY)
    listening.bind(f"/proc/self/fd/{here}/s")
    site.add(f'[daemon]\nsocket = "{path}"\n')
    yield site
    listening.close()
    os.close(here)


def role(site: ReportSite, name: str, text: str, user: str = ME) -> None:
    site.add(f'[roles.{name}]\nusers = ["{user}"]\n{text}\n')


def rows(site: ReportSite, *arguments: str) -> list[Any]:
    result = site.report(*arguments, "--period", DAY, "--json")
    assert result.code == 0, result.err
    return list(json.loads(result.out))


def refused(site: ReportSite, *arguments: str) -> str:
    result = site.report(*arguments, "--period", DAY)
    assert (result.code, result.out) == (4, "")
    return result.err


def test_a_role_sees_its_queues_and_totals_of_no_others(site: ReportSite) -> None:
    role(site, "lead", 'queues = ["sup*"]')
    assert [row["queue"] for row in rows(site, "queues")] == ["support"]
    assert sum(row["offered"] for row in rows(site, "intervals", "--interval", "day")) == 1
    assert [row["agent"] for row in rows(site, "agents")] == ["Chi"]
    whole = json.loads(site.report("queues", "--period", DAY, "--json", "--sections").out)
    assert whole["filters"] == {"Queue": "support"}
    assert [row["queue"] for row in rows(site, "compare-rules")] == ["support"]
    assert "sales" in refused(site, "queues", "--queue", "sales")
    assert "sales" in refused(site, "queues", "--queue", "s*")
    assert refused(site, "queues", "--queue", "salez") == "ccops: Your roles do not reach salez.\n"
    assert "sales" in refused(site, "queues", "--queue", "sales", "--explain", "offered")


def test_a_role_sees_its_agents(site: ReportSite) -> None:
    role(site, "lead", 'agents = ["ann*"]')
    assert [row["agent"] for row in rows(site, "agents")] == ["Anna"]
    assert [row["answered"] for row in rows(site, "queues", "--queue", "sales")] == [2]
    assert "Ben" in refused(site, "agents", "--agent", "Ben")


def test_several_roles_show_what_one_of_them_shows_whole(site: ReportSite) -> None:
    role(site, "one", 'queues = ["sales"]')
    role(site, "two", 'queues = ["support"]')
    assert [row["queue"] for row in rows(site, "queues")] == ["sales", "support"]
    role(site, "three", "mask_numbers = true")
    assert len(rows(site, "agents")) == 3


def test_masked_numbers(site: ReportSite) -> None:
    role(site, "quality", "mask_numbers = true")
    found = json.loads(site.report("queues", "--period", DAY, "--explain", "lost", "--json").out)
    assert [visit["caller_number"] for visit in found["visits"]] == ["555••••"] * 3
    assert found["visits"][0]["caller_name"] == "•••••••"
    printed = site.report("queues", "--period", DAY, "--explain", "offered").out
    assert "555••••" in printed
    assert "5550" not in printed
    assert "hide callers' numbers" in refused(site, "queues", "--number", "5550001")
    for name, entry in entries().items():
        for form in ("json", "html"):
            result = site.report(name, "--period", DAY, *wanting(entry), "--sections", "-f", form)
            assert result.code == 0, (name, result.err)
            assert "5550" not in result.out, name


def test_who_has_no_role_is_refused_unless_the_store_is_theirs(
    site: ReportSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    role(site, "others", 'queues = ["support"]', user="somebody-else")
    assert len(rows(site, "queues")) == 2, "the store is mine"
    monkeypatch.setattr("ccops.desk.daemon.peer.myself", lambda: Person("mallory", 54_321))
    assert "mallory has no role here" in refused(site, "queues")
    monkeypatch.setattr("ccops.desk.daemon.peer.myself", lambda: Person("root", 0))
    assert len(rows(site, "queues")) == 2


def test_who_may_not_read_the_store_is_told_so(site: ReportSite, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.open

    def barred(path: Path, *mode: Any) -> Any:
        if path == site.store:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *mode)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", barred)  # this test may run as root, whom no mode keeps out
        said = refused(site, "queues")
    assert f"You may not read the store {site.store}" in said
    assert "sudo -u ccops ccops report" in said


def test_without_a_daemon_roles_do_not_hold(site: ReportSite) -> None:
    role(site, "lead", 'queues = ["support"]')
    assert len(rows(site, "queues")) == 1
    (site.folder / "s").unlink()
    assert len(rows(site, "queues")) == 2


def test_a_job_is_not_delivered_cut_down(site: ReportSite) -> None:
    role(site, "lead", 'queues = ["support"]')
    site.add('[report_jobs.daily]\nreport = "queues"\nsave = true\nformats = ["csv"]\n')
    result = site.report("job", "daily")
    assert result.code == 4
    assert "do not show all" in result.err
    assert not (site.folder / "reports").exists()


def test_which_sight_is_taken(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    ask = Ask(Period(at(DAY, "00:00"), at("2026-03-03", "00:00")), 0.0)
    with Archive.opened(site.store, Rules(), BERLIN) as archive:
        sales, masked = Sight(("sales",)), Sight(masked=True)
        assert narrowed(ask, [masked, sales], archive, ALL) == (ask, masked)
        by_number = replace(ask, number="555")
        assert narrowed(by_number, [masked, sales], archive, ALL) == (replace(by_number, queue="sales"), sales)
        chi = Sight(None, ("Chi",))
        asked = replace(ask, queue="support")
        assert narrowed(asked, [sales, chi], archive, ALL) == (replace(asked, agent="Chi"), chi)
        with pytest.raises(PermissionRefused, match="cannot be narrowed"):
            narrowed(ask, [chi], archive, frozenset({"queue"}))
        with pytest.raises(PermissionRefused, match="cannot be narrowed"):
            narrowed(ask, [Sight(())], archive, ALL)
        with pytest.raises(PermissionRefused, match="do not reach support"):
            narrowed(asked, [sales], archive, ALL)


def test_names_that_are_several_names_in_one_open_no_door(site: ReportSite) -> None:
    start = at(DAY, "14:00:00")
    with site.log.open("a") as log:
        for queue in ("a", "b", "a,b"):
            log.write(f"{start}|{start}.{queue}|{queue}|NONE|ENTERQUEUE||5559999|1\n")
    ingest(site.store, [site.log], Rules(), BERLIN)
    role(site, "lead", 'queues = ["a", "b"]')
    refused(site, "calls")
    assert {row["queue"] for row in rows(site, "calls", "--queue", "a")} == {"a"}
