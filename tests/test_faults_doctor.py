"""Doctor names every fault that a sysadmin can have standing in the machine, with its remedy: each is staged."""

import os
import signal
import socket
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing

import pytest

from ccops.store import open_store
from ccops.store.alerts import put_delivery
from ccops.store.audit import open_audit
from ccops.store.lock import writer_lock
from tests.badserver import certificate
from tests.daemons import Daemon, short_folder, until
from tests.doctoring import Fault, Place, diagnosed, examined, faults
from tests.hooks import hook
from tests.mailserver import USER, mail_server
from tests.mounts import disk
from tests.test_alerts_deliver import record
from tests.test_figures_soundness import DAY, call, login, sound
from tests.test_figures_soundness import T0 as T1
from tests.test_ingest_once import take

FAULTS, fault = faults()


# --- configuration ---


@fault("configuration", "config check")
async def a_line_of_the_configuration_is_wrong(place: Place) -> AsyncIterator[None]:
    place.more.append("[ui]\nnonsense = 1")
    yield


@fault("secret", "ccops init")
async def there_is_no_secret(place: Place) -> AsyncIterator[None]:
    place.secret = ""
    yield


@fault("secret", "chmod 600")
async def others_can_read_the_secret(place: Place) -> AsyncIterator[None]:
    key = place.folder / "key"
    key.write_text("k")
    key.chmod(0o644)
    place.secret, place.variables = "", {"CCOPS_AMI__SECRET_FILE": str(key)}
    yield


# --- store and disks ---


@fault("store", "Make room")
async def the_disk_is_full(place: Place) -> AsyncIterator[None]:
    with disk() as small:
        place.variables = {"CCOPS_STORE__PATH": str(small.path / "s.db")}
        small.fill()
        yield


@fault("disk", "Make room")
async def there_is_hardly_any_room(place: Place) -> AsyncIterator[None]:
    with disk() as small:
        place.variables = {"CCOPS_STORE__PATH": str(small.path / "s.db")}
        small.fill()
        with (small.path / "ballast").open("r+b") as ballast:
            ballast.truncate(os.path.getsize(ballast.name) - 80_000)
        yield


@fault("store", "dmesg")
async def the_disk_is_read_only(place: Place) -> AsyncIterator[None]:
    with disk() as small:
        place.variables = {"CCOPS_STORE__PATH": str(small.path / "s.db")}
        small.read_only()
        yield


@fault("store", "Set store.path")
async def a_folder_is_where_the_store_should_be(place: Place) -> AsyncIterator[None]:
    place.store.mkdir()
    yield


@fault("store", "fuser")
async def somebody_holds_the_store(place: Place) -> AsyncIterator[None]:
    open_store(place.store).close()
    with closing(sqlite3.connect(place.store, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield


@fault("history", "db restore")
async def the_store_is_damaged(place: Place) -> AsyncIterator[None]:
    open_store(place.store).close()
    with place.store.open("r+b") as file:
        file.write(b"\xff" * 4096)
    yield


@fault("history", "Install that version")
async def the_store_is_of_a_newer_ccops(place: Place) -> AsyncIterator[None]:
    with open_store(place.store) as database:
        database.connection.execute("PRAGMA user_version = 9999")
    yield


@fault("audit", "anchors")
async def somebody_changed_the_audit(place: Place) -> AsyncIterator[None]:
    audit = open_audit(place.store)
    number = audit.begin(
        who="anna", origin="pts/1", action="listen", target="Ben", call_id="1.1", arguments="{}", reason=""
    )
    audit.end(number, result="done", detail="", data={})
    audit.close()
    with closing(sqlite3.connect(place.store, isolation_level=None)) as thief:
        for (name,) in thief.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            thief.execute(f"DROP TRIGGER {name}")
        thief.execute("UPDATE audit SET who = 'nobody'")
    yield


@fault("reports_folder", "Set reports.folder")
async def reports_cannot_be_written(place: Place) -> AsyncIterator[None]:
    (place.folder / "taken").write_text("")
    place.more.append(
        f'[reports]\nfolder = "{place.folder}/taken/reports"\n[report_jobs.d]\nreport = "queues"\nsave = true'
    )
    yield


# --- the log ---


@fault("queue_log", "group asterisk")
async def the_log_is_missing(place: Place) -> AsyncIterator[None]:
    place.more.append(f'[queue_log]\npath = "{place.log}"')
    yield


@fault("queue_log", "app_queue writes")
async def the_log_is_another_file(place: Place) -> AsyncIterator[None]:
    place.log.write_text("hello\nworld\n")
    place.more.append(f'[queue_log]\npath = "{place.log}"')
    yield


def history(place: Place, lines: list[str]) -> None:
    place.log.write_text("".join(f"{line}\n" for line in lines))
    take(place.store, place.log)


T0 = int(time.time()) - 30 * DAY


@fault("log_unreadable", "ingest quarantine")
async def a_part_of_the_log_is_rubbish(place: Place) -> AsyncIterator[None]:
    history(place, [*login(T0), *call(T0 + 9, 1), *["rubbish"] * 5])
    yield


@fault("log_ends", "missing")
async def a_part_of_the_log_is_missing(place: Place) -> AsyncIterator[None]:
    history(place, [*login(T0), *call(T0, 1)[:2], *call(T0 + 10, 2)[:1], *call(T0 + 4 * DAY, 3)])
    yield


@fault("log_clock", "NTP")
async def the_clock_of_the_PBX_went_back(place: Place) -> AsyncIterator[None]:  # noqa: N802
    history(place, [*login(T0), *call(T0 + 7200, 1), *call(T0 + 3600, 2)])
    yield


@fault("log_doubles", "two places")
async def the_log_was_taken_in_twice(place: Place) -> AsyncIterator[None]:
    history(place, [*login(T0), *call(T0 + 9, 1), f"{T0 + 10}|x|sales|NONE|ENTERQUEUE||9|1"])
    again = place.folder / "queue_log.table"
    again.write_text("\n".join([*login(T0 + 1), *call(T0 + 9, 1), ""]))
    take(place.store, again)
    yield


@fault("log_gaps", "ingest queue-log FILE", ok=None)
async def a_day_of_the_log_is_missing(place: Place) -> AsyncIterator[None]:
    start = T1 + 14 * DAY - 60
    history(place, [line for line in sound(22) if not start <= int(line.split("|")[0]) < start + 4300])
    yield


# --- the daemon ---


@fault("daemon", "Start the daemon again")
async def the_daemon_died(place: Place) -> AsyncIterator[None]:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(place.folder / "s"))
    yield


@fault("daemon", "Remove it")
async def a_file_is_where_the_socket_should_be(place: Place) -> AsyncIterator[None]:
    (place.folder / "s").write_text("")
    yield


async def running(place: Place) -> Daemon:
    daemon = await Daemon(place.folder, place.write()).start()
    place.stack.push_async_callback(daemon.close)
    return daemon


@fault("daemon_greets", "systemctl restart ccops")
async def the_daemon_hangs(place: Place) -> AsyncIterator[None]:
    await place.pbx()
    daemon = await running(place)
    os.kill(daemon.pid, signal.SIGSTOP)
    yield
    os.kill(daemon.pid, signal.SIGCONT)


@fault("daemon_link", "tries again")
async def the_daemon_has_lost_the_PBX(place: Place) -> AsyncIterator[None]:  # noqa: N802
    sim = await place.pbx()
    daemon = await running(place)
    await until(lambda: daemon.said("live"))
    await sim.stop()
    await until(lambda: daemon.said("down"))
    yield


@fault("history_kept", "tries again")
async def somebody_else_writes_the_store(place: Place) -> AsyncIterator[None]:
    await place.pbx()
    place.log.write_text("".join(f"{line}\n" for line in call(T0, 1)))
    place.more.append(f'[queue_log]\npath = "{place.log}"')
    with writer_lock(place.store):
        daemon = await running(place)
        await until(lambda: daemon.said("History is not being kept"))
        yield


# --- alerts ---

TARGET = '[alerts]\ntargets = ["x"]\n[alert_targets.x]\n'
SMTP = '[smtp]\nhost = "127.0.0.1"\nsender = "a@example.net"\nport = {port}\n{more}\n'
MAIL = TARGET + 'mail = ["b@example.net"]\n'


@fault("alert_rules", "[alert_rules")
async def a_rule_names_a_target_that_is_not_there(place: Place) -> AsyncIterator[None]:
    place.more.append('[alerts]\ntargets = ["y"]\n[alert_targets.x]\njournal = true')
    yield


@fault("alert_target_x", "receiver")
async def the_receiver_of_a_webhook_is_down(place: Place) -> AsyncIterator[None]:
    place.more.append(f'{TARGET}webhook = "http://127.0.0.1:1/hook"')
    yield


@fault("alert_target_x", "ca_file")
async def the_certificate_of_a_webhook_is_unknown(place: Place) -> AsyncIterator[None]:
    context, _authority = certificate(place.folder, "127.0.0.1")
    with hook(context) as receiver:
        place.more.append(f'{TARGET}webhook = "{receiver.url}"')
        yield
    assert not receiver.got


@fault("alert_target_x", "chmod +x")
async def the_command_of_a_target_is_missing(place: Place) -> AsyncIterator[None]:
    place.more.append(f'{TARGET}command = ["/nonexistent/page"]')
    yield


@fault("alert_target_x", "smtp")
async def there_is_no_mail_server_for_a_target(place: Place) -> AsyncIterator[None]:
    place.more.append(MAIL)
    yield


@fault("alert_target_x", "alert test x")
async def the_mail_server_is_down(place: Place) -> AsyncIterator[None]:
    place.more += [MAIL, SMTP.format(port=1, more='security = "none"')]
    yield


@fault("alert_target_x", "alert test x")
async def the_mail_server_is_silent(place: Place) -> AsyncIterator[None]:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        place.more += [MAIL, SMTP.format(port=silent.getsockname()[1], more='security = "none"\ntimeout = 1')]
        yield


@fault("alert_target_x", "password")
async def the_mail_server_refuses_the_password(place: Place) -> AsyncIterator[None]:
    context, authority = certificate(place.folder, "127.0.0.1")
    with mail_server(starttls=context, login=True) as box:
        more = f'ca_file = "{authority}"\nusername = "{USER}"\npassword = "wrong"'
        place.more += [MAIL, SMTP.format(port=box.port, more=more)]
        yield
        assert not box.messages


@fault("mail_server", "[smtp]")
async def reports_cannot_be_mailed(place: Place) -> AsyncIterator[None]:
    with mail_server() as box:  # which offers no TLS
        place.more += [
            SMTP.format(port=box.port, more=""),
            '[report_jobs.d]\nreport = "queues"\nmail = ["b@example.net"]',
        ]
        yield


@fault("alert_deliveries", "alert history")
async def alerts_have_not_been_taken_for_long(place: Place) -> AsyncIterator[None]:
    with open_store(place.store) as database, database.write() as connection:
        put_delivery(connection, record("late", made_at=time.time() - 3600, tries=60, detail="503"))
    yield


@fault("alert_deliveries", "alert history")
async def an_alert_was_given_up(place: Place) -> AsyncIterator[None]:
    now = time.time()
    with open_store(place.store) as database, database.write() as connection:
        put_delivery(connection, record("lost", made_at=now - 9000, tries=240, state="failed", ended_at=now - 60))
    yield


@pytest.mark.parametrize("wrong", FAULTS, ids=lambda one: one.name)
async def test_doctor_names_what_is_wrong_and_what_to_do(wrong: Fault) -> None:
    with short_folder() as folder:
        await diagnosed(wrong, folder)


async def test_who_comes_through_the_daemon_need_not_read_what_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor without rights on the store, its keys and its folder: nothing of that is a fault."""
    with short_folder() as folder:
        async with AsyncExitStack() as stack:
            place = Place(folder, stack)
            await place.pbx()
            (folder / "hook").write_text("https://127.0.0.1:1/x")
            (folder / "hook").chmod(0o600)
            place.more.append(f'{TARGET}webhook_file = "{folder}/hook"')
            daemon = await running(place)
            await until(lambda: daemon.said("live"))
            monkeypatch.setattr(os, "access", lambda path, _mode, **_more: str(path).endswith("config.toml"))
            code, checks = await examined(place.write(), "--listen", "0")
    own = {name: checks[name]["ok"] for name in ("store", "history", "alert_target_x")}
    assert own == {"store": None, "history": None, "alert_target_x": None}
    assert (code, [name for name, one in checks.items() if one["ok"] is False]) == (0, [])
