"""TLS: the name and the authority of the certificate count, and mistakes are told apart."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ccops.errors import ConfigError, LinkError, NotAsterisk
from tests.badserver import SECRET, BadServer, Client, certificate, client, well_behaved

Made = tuple[ssl.SSLContext, Path]


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return certificate(tmp_path_factory.mktemp("tls"), "pbx.example.org")


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@asynccontextmanager
async def reaching(made: Made, **changes: Any) -> AsyncIterator[tuple[BadServer, Client]]:
    async with BadServer(well_behaved, tls=made[0]) as server, client(server, tls=True, **changes) as one:
        yield server, one


async def test_a_certificate_for_the_host_by_a_known_authority(local: Made) -> None:
    async with reaching(local, ca_file=str(local[1])) as (_server, one):
        await one.link.open()
        assert await one.link.ping() is not None


async def test_a_certificate_for_another_name_that_is_expected(pbx: Made) -> None:
    async with reaching(pbx, ca_file=str(pbx[1]), server_name="pbx.example.org") as (_server, one):
        await one.link.open()
        assert one.link.status.state == "up"


async def test_a_certificate_for_another_name_is_refused(pbx: Made) -> None:
    async with reaching(pbx, ca_file=str(pbx[1])) as (server, one):
        with pytest.raises(LinkError, match=r"not to be trusted.*ami\.server_name") as caught:
            await one.link.open()
        assert not isinstance(caught.value, NotAsterisk)
        assert server.actions == []


async def test_an_unknown_authority_is_refused(local: Made) -> None:
    async with reaching(local) as (server, one):
        with pytest.raises(LinkError, match=r"not to be trusted: self.signed certificate"):
            await one.link.open()
        assert server.actions == []


async def test_tls_to_a_plain_port() -> None:
    async with BadServer() as server, client(server, tls=True) as one:
        with pytest.raises(LinkError, match=r"TLS with .* failed.*tlsbindaddr"):
            await one.link.open()


async def test_plain_to_a_tls_port(local: Made) -> None:
    async with BadServer(well_behaved, tls=local[0]) as server, client(server, connect_timeout=0.3) as one:
        with pytest.raises(NotAsterisk, match=r"ami\.tls"):
            await one.link.open()


async def test_an_unusable_file_of_authorities(local: Made, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate\n")
    for path in (empty, tmp_path / "missing.pem"):
        async with reaching(local, ca_file=str(path)) as (server, one):
            with pytest.raises(ConfigError, match=path.name):
                await one.link.open()
            assert server.connections == 0


async def test_over_tls_a_server_without_md5_may_have_the_secret(local: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.badserver import BANNER, Conn

    async def script(conn: Conn) -> None:
        conn.write(BANNER)
        conn.answer(await conn.action(), "Error", Message="Invalid/unknown command")
        await conn.login(greet=b"")
        await conn.serve()

    monkeypatch.setattr("ccops.pbx.link.manager.LinkManager._is_this_machine", lambda _self: False)
    async with reaching(local, ca_file=str(local[1])) as (server, one):
        server.script = script
        await one.link.open()
        assert server.named("Login")[0]["Secret"] == SECRET
