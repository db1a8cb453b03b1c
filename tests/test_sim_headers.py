"""Every event that a simulated hour brings has the headers, and their order, that Asterisk was recorded with."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import pytest

from ccops.pbx.sim import CentrePlan, SimPbx
from tests.sim_client import Said
from tests.sim_compare import said

DATA = Path(__file__).parent / "data"
RECORDINGS = {
    "22": ("asterisk-22.10.ami.gz", "plays-22.ami.gz"),
    "16": ("asterisk-16.28.ami.gz", "plays-16.ami.gz"),
}
NOON = 1_794_268_800.0 + 11 * 3600


@cache
def recorded(version: str) -> dict[str, set[tuple[str, ...]]]:
    """The header lists of each event."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for name in RECORDINGS[version]:
        for one in said(gzip.decompress((DATA / name).read_bytes())):
            if "Privilege" in one:
                found.setdefault(one["Event"], set()).add(tuple(one.names))
    return found


@pytest.mark.parametrize("version", RECORDINGS)
async def test_headers_of_a_busy_hour_are_those_of_asterisk(version: str) -> None:
    sim = SimPbx(CentrePlan.default(20, 4, 3), seed=3, speed=0, start=NOON, version=version)
    heard = sim.tap()
    async with sim:
        await sim.settle(2 * 3600)
    simulated: dict[str, set[tuple[str, ...]]] = {}
    for text in heard:
        one = Said(text)
        simulated.setdefault(one["Event"], set()).add(tuple(one.names))
    assert len(simulated) > 25
    unknown = {name: lists - recorded(version).get(name, set()) for name, lists in simulated.items()}
    assert {name: lists for name, lists in unknown.items() if lists} == {}


async def test_no_header_carries_a_line_end() -> None:
    sim = SimPbx(CentrePlan.default(20, 4, 3), seed=3, speed=0, start=NOON)
    heard = sim.tap()
    async with sim:
        await sim.settle(3600)
    assert heard
    for text in heard:
        assert text.endswith("\r\n\r\n")
        lines = text[:-4].split("\r\n")
        assert all(line and ": " in line and "\n" not in line and "\r" not in line for line in lines), text
