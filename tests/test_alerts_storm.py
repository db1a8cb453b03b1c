"""A storm through the doors: thirty queues in trouble at a PBX, a real daemon, a real mail server, few mails."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

from ccops.pbx.sim import AgentPlan, CentrePlan, QueuePlan, SimPbx
from ccops.store import open_store
from tests.daemons import Daemon, short_folder, shows, until, write_config
from tests.mailserver import Mailbox, mail_server

QUEUES = [f"queue-{number:02}" for number in range(30)]
GATHER = 3
RULES = f"""
[smtp]
host = "127.0.0.1"
port = {{port}}
security = "none"
sender = "ccops@example.net"
[alerts]
targets = ["team"]
[alert_targets.team]
mail = ["lead@example.net"]
gather = {GATHER}
[alert_rules.crowd]
figure = "waiting"
warning = 0
[alert_rules.nobody]
off = true
[alert_rules.wait]
off = true
[alert_rules.disk]
off = true
"""


@asynccontextmanager
async def centre(box: Mailbox) -> AsyncIterator[tuple[SimPbx, Daemon]]:
    plan = CentrePlan(queues=[QueuePlan(name, name) for name in QUEUES], agents=[AgentPlan("1001", "Ana", queues=())])
    sim = SimPbx(plan, quiet=True, secret="s3cret")
    with short_folder() as folder:
        await sim.start()
        rules = RULES.format(port=box.port)
        daemon = Daemon(folder, write_config(folder, sim.port, sim.username, sim.secret, rules))
        try:
            await daemon.start()
            yield sim, daemon
        finally:
            await daemon.close()
            await sim.stop()


async def test_thirty_queues_are_a_few_mails_and_every_queue_is_told_of_once() -> None:
    with mail_server() as box:
        async with centre(box) as (sim, daemon), daemon.desk() as desk:
            await shows(desk, lambda board: len(board.queues) == len(QUEUES), "the queues are known")
            begun = time.monotonic()
            for queue in QUEUES:
                sim.call_in(queue, "5550001", "Zed")
            await shows(desk, lambda board: len(board.alerts) == len(QUEUES), "every queue has its alert")
            await until(lambda: sum(map(_told, box.messages)) >= len(QUEUES), "all of them are mailed")
            said = "\n".join(_body(mail) for mail in box.messages)
            assert all(said.count(f"{queue}: ") == 1 for queue in QUEUES), said
            # The first at once, with those of the same instant; the rest when the time is over, and never more often.
            most = 2 + (time.monotonic() - begun) // GATHER
            assert len(box.messages) <= most, [str(mail["Subject"]) for mail in box.messages]
            await until(lambda: _states(daemon) == {"delivered": len(QUEUES)}, "each has its own row")
            taken = await daemon.cli("alert", "ack", "crowd", "--all")
            assert taken.out.count("taken by") == len(QUEUES)


def _body(mail: EmailMessage) -> str:
    """Return the lines of a mail that tell of one alert each."""
    lines = str(mail.get_content()).splitlines()
    return "\n".join(line for line in lines[2:] if "waiting" in line) or lines[0]


def _told(mail: EmailMessage) -> int:
    return len(_body(mail).splitlines())


def _states(daemon: Daemon) -> dict[str, int]:
    with open_store(daemon.store, read_only=True) as database:
        rows = database.rows("SELECT state, count(*) FROM alert_deliveries GROUP BY state")
    return {row[0]: row[1] for row in rows}
