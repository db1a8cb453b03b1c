"""Mail to a real server: TLS and its certificate, login, what is attached, and every way of being refused."""

import socket
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ccops.errors import ConfigError, ExitCode
from ccops.reports.deliver.mail import MailServer, MailTarget
from ccops.reports.deliver.model import Content, DeliveryFailed, DeliveryRefused, DeliveryTimeout, Parcel
from ccops.reports.paper.render import Form
from ccops.settings import Settings
from ccops.settings.reporting import Smtp
from ccops.settings.secret import Secret
from tests import paper_samples as samples
from tests.badserver import certificate
from tests.mailserver import PASSWORD, USER, Mailbox, mail_server

# The mail server of the tests may ask for a login without TLS.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

Made = tuple[ssl.SSLContext, Path]
PARCEL = Parcel(
    "daily",
    samples.paper(),
    [Content(Form.PDF, b"%PDF-1.4 \x00\xff"), Content(Form.CSV, "queue\nÄ\n".encode())],
)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return certificate(tmp_path_factory.mktemp("tls"), "mail.example.org")


def server_of(box: Mailbox, security: str = "none", **more: Any) -> MailServer:
    return MailServer("127.0.0.1", box.port, security, timeout=10, **more)  # type: ignore[arg-type]


def send(server: MailServer, *recipients: str, parcel: Parcel = PARCEL, **more: Any) -> list[str]:
    target = MailTarget(server, "ccops@example.net", recipients or ("anna@example.net",), **more)
    return [errand.send() for errand in target.errands(parcel)]


def test_a_report_arrives_with_its_forms_attached_and_says_what_it_is_about() -> None:
    with mail_server() as box:
        send(server_of(box), "anna@example.net", "bo@example.net", "anna@example.net")
    assert box.recipients == ["anna@example.net", "bo@example.net"]
    message = box.messages[0]
    assert (message["From"], message["To"]) == ("ccops@example.net", "anna@example.net")
    assert message["Subject"] == "Queues <of> the *site*, 2026-03-28 – 2026-03-30 (3 days)"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.timestamp() == samples.GENERATED_AT
    body = message.get_body()
    assert body is not None
    text = body.get_content()
    assert all(fact in text for fact in samples.FACTS)
    assert "Service level: 89.9%" in text
    attached = list(message.iter_attachments())
    assert [part.get_filename() for part in attached] == ["queues-2026-03-28-2026-03-30.pdf",
                                                          "queues-2026-03-28-2026-03-30.csv"]  # fmt: skip
    assert [part.get_content_type() for part in attached] == ["application/pdf", "text/csv"]
    assert [part.get_payload(decode=True) for part in attached] == [content.data for content in PARCEL.contents]


def test_the_same_delivery_has_the_same_identity_and_another_has_not() -> None:
    with mail_server() as box:
        send(server_of(box))
        send(server_of(box))
        send(server_of(box), "bo@example.net")
        send(server_of(box), parcel=replace(PARCEL, job="weekly"))
    identities = [message["Message-ID"] for message in box.messages]
    assert identities[0] == identities[1]
    assert len(set(identities)) == 3
    assert all(identity.endswith("@example.net>") for identity in identities)


@pytest.mark.parametrize("password", ["plain", PASSWORD])
def test_passwords_need_not_be_ascii(password: str, local: Made) -> None:
    with mail_server(starttls=local[0], login=True) as box:
        box.password = password
        send(server_of(box, "starttls", ca_file=local[1], username=USER, password=Secret(password)))
        with pytest.raises(DeliveryRefused):
            send(server_of(box, "starttls", ca_file=local[1], username=USER, password=Secret(password + "ß")))
    assert len(box.messages) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_login_goes_over_tls_with_a_certificate_that_is_checked(security: str, local: Made) -> None:
    with mail_server(**{security: local[0]}, login=True) as box:
        send(server_of(box, security, ca_file=local[1], username=USER, password=Secret(PASSWORD)))
    assert box.tls_seen == [True]
    assert box.logins == [USER]
    assert len(box.messages) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_an_unknown_authority_is_refused(security: str, local: Made) -> None:
    with mail_server(**{security: local[0]}, login=True) as box:
        with pytest.raises(DeliveryRefused, match=r"not to be trusted.*smtp\.ca_file") as caught:
            send(server_of(box, security, username=USER, password=Secret(PASSWORD)))
        assert (caught.value.passing, caught.value.exit_code) == (False, ExitCode.DENIED)
    assert (box.logins, box.messages) == ([], [])


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_for_another_name_is_refused(security: str, other: Made) -> None:
    with mail_server(**{security: other[0]}, login=True) as box, pytest.raises(DeliveryRefused, match="not to be tru"):
        send(server_of(box, security, ca_file=other[1], username=USER, password=Secret(PASSWORD)))
    assert box.logins == []


def test_a_server_without_starttls_gets_neither_password_nor_report() -> None:
    with mail_server(login=True) as box, pytest.raises(DeliveryFailed, match="does not offer") as caught:
        send(server_of(box, "starttls", username=USER, password=Secret(PASSWORD)))
    assert not caught.value.passing
    assert (box.logins, box.messages) == ([], [])


def test_tls_to_a_port_that_speaks_plainly_is_told_with_the_remedy() -> None:
    with mail_server() as box, pytest.raises(DeliveryFailed, match=r"TLS with .* failed.*587"):
        send(server_of(box, "tls"))


def test_a_wrong_password_is_refused_for_good(local: Made) -> None:
    with (
        mail_server(starttls=local[0], login=True) as box,
        pytest.raises(DeliveryRefused, match=r"refuses the login: 535") as caught,
    ):
        send(server_of(box, "starttls", ca_file=local[1], username=USER, password=Secret("wrong")))
    assert not caught.value.passing
    assert "wrong" not in str(caught.value)


def test_a_password_is_not_sent_in_the_clear_to_another_machine() -> None:
    with mail_server(login=True) as box:
        send(server_of(box, username=USER, password=Secret(PASSWORD)))  # to this machine itself it may be
    far = MailServer("mail.example.org", 25, "none", USER, Secret(PASSWORD))
    with pytest.raises(ConfigError, match="without protection"):
        send(far)
    assert len(box.messages) == 1


@pytest.mark.parametrize(("answer", "passing"), [("451 try later", True), ("554 no\x1b[2J spam", False)])
def test_a_refusal_says_whether_to_try_again(answer: str, passing: bool) -> None:
    with mail_server() as box:
        box.data_answers = [answer]
        with pytest.raises(DeliveryFailed, match=answer[:5]) as caught:
            send(server_of(box))
        assert caught.value.passing is passing
        assert "\x1b" not in str(caught.value)
        assert box.messages == []
        send(server_of(box))
        assert len(box.messages) == 1


def test_one_recipient_that_is_refused_does_not_keep_the_others() -> None:
    with mail_server() as box:
        box.refused = {"gone@example.net": "550 no such user"}
        target = MailTarget(server_of(box), "ccops@example.net", ("gone@example.net", "anna@example.net"))
        first, second = target.errands(PARCEL)
        with pytest.raises(DeliveryFailed, match=r"gone@example\.net: 550 no such user"):
            first.send()
        second.send()
    assert box.recipients == ["anna@example.net"]


def test_a_connection_that_drops_before_the_answer_may_be_tried_again_under_the_same_identity() -> None:
    with mail_server() as box:
        box.hang_up_after_data = True
        with pytest.raises(DeliveryFailed) as caught:
            send(server_of(box))
        assert caught.value.passing
        send(server_of(box))
    assert len({message["Message-ID"] for message in box.messages}) == 1


def test_a_server_that_is_not_there_and_one_that_is_silent() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        nobody = MailServer("127.0.0.1", listener.getsockname()[1], "none", timeout=5)
        with pytest.raises(DeliveryFailed, match="cannot be reached: Connection refused") as refused:
            send(nobody)
        assert refused.value.passing
        listener.listen()
        with pytest.raises(DeliveryTimeout, match="does not answer") as silent:
            send(replace(nobody, timeout=0.2))
        assert (silent.value.passing, silent.value.exit_code) == (True, ExitCode.TIMEOUT)


def test_an_unusable_file_of_authorities_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing\n")
    with mail_server() as box:
        for path in (empty, tmp_path / "missing.pem"):
            with pytest.raises(ConfigError, match=path.name):
                send(server_of(box, "starttls", ca_file=path))


def test_nothing_in_a_report_becomes_a_header() -> None:
    evil = "x\r\nBcc: evil@example.net\r\n\r\nbody"
    parcel = replace(PARCEL, paper=samples.paper(title=evil, site=evil, filters={"a": evil}), names={"queue": evil})
    with mail_server() as box:
        send(server_of(box), parcel=parcel, subject="{title} {queue}", file="{queue}/{site}.{ext}")
    message = box.messages[0]
    assert message["Bcc"] is None
    assert box.recipients == ["anna@example.net"]
    names = [part.get_filename() or "" for part in message.iter_attachments()]
    assert names[0].endswith(".pdf")
    assert not set("\r\n/: ") & set(names[0])


def test_names_in_other_scripts_arrive() -> None:
    parcel = replace(PARCEL, names={"queue": "客户服务"})
    with mail_server() as box:
        send(server_of(box), parcel=parcel, subject="{queue} – Zürich", file="{queue}.{ext}")
    assert box.messages[0]["Subject"] == "客户服务 – Zürich"
    assert [part.get_filename() for part in box.messages[0].iter_attachments()] == ["客户服务.pdf", "客户服务.csv"]


@pytest.mark.parametrize(
    ("change", "missing"), [({"host": "", "sender": "a@b.c"}, "smtp.host"), ({"host": "h", "sender": ""}, "sender")]
)
def test_mail_that_is_not_set_up_is_told(change: dict[str, str], missing: str) -> None:
    with pytest.raises(ConfigError, match=missing):
        MailServer.of(Settings(smtp=Smtp(**change)))  # type: ignore[arg-type]


def test_the_password_comes_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "smtp"
    path.write_text("hidden\n")
    path.chmod(0o600)
    settings = Settings(smtp=Smtp(host="h", sender="a@b.c", password_file=path))
    assert MailServer.of(settings).password.reveal() == "hidden"
    assert "hidden" in [secret.reveal() for secret in settings.secrets()]
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="can read it"):
        MailServer.of(settings)
    path.unlink()
    with pytest.raises(ConfigError, match=r"smtp\.password_file"):
        MailServer.of(settings)
