"""What `ccops init` finds on a FreePBX box and on a plain Asterisk, file by file as those lay them out."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.cmd import setup
from ccops.cmd.asterisk_box import Box, look
from ccops.settings import Secret, load
from tests.cmd_tools import invoke

CANARY = "s3cr3t-canary"

MANAGER = """\
; AMI - Asterisk Manager Interface
[general]
enabled = yes
port = 5038
bindaddr = 127.0.0.1
displayconnects=no ;only effects 1.6+

[admin]
secret = amp-secret
deny=0.0.0.0/0.0.0.0
permit=127.0.0.1/255.255.255.0
read = system,call,log,verbose,command,agent,user,config,dtmf,reporting,cdr,dialplan,originate
write = system,call,log,verbose,command,agent,user,config,dtmf,reporting,cdr,dialplan,originate

#include manager_additional.conf
#include manager_custom.conf
"""
CUSTOM = f"""\
[ccops]
secret = {CANARY}
read = system,call,agent
write = call,agent,originate,reporting
"""
FREEPBX = """\
<?php
$amp_conf['AMPDBUSER'] = 'freepbxuser';
$amp_conf['AMPDBPASS'] = 'db-secret';
$amp_conf["ASTLOGDIR"] = "/srv/asterisk/log";
require_once('/var/www/html/admin/bootstrap.php');
?>
"""
AMPORTAL = (
    "# written by the installer\nASTETCDIR=/etc/asterisk\nASTLOGDIR=/old/log\nAMPMGRUSER=admin\nAMPMGRPASS=amp-secret\n"
)
ASTERISK = """\
[directories](!)
astetcdir => /etc/asterisk
astlogdir => /srv/asterisk/log

[options]
"""


def put(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def freepbx(tmp_path: Path) -> Path:
    return put(
        tmp_path / "root",
        {
            "etc/freepbx.conf": FREEPBX,
            "etc/amportal.conf": AMPORTAL,
            "etc/asterisk/manager.conf": MANAGER,
            "etc/asterisk/manager_additional.conf": "[phonebook]\nsecret = x\nread = all\nwrite = all\n",
            "etc/asterisk/manager_custom.conf": CUSTOM,
            "etc/asterisk/asterisk.conf": ASTERISK,
            "srv/asterisk/log/queue_log": "",
        },
    )


def run(
    root: Path, monkeypatch: pytest.MonkeyPatch, config: Path, *words: str, answers: str | None = None
) -> tuple[int, str]:
    monkeypatch.setattr(setup, "look", lambda: look(root))
    result = invoke(
        "--config", str(config), "init", "--no-test", *words,
        stdin=answers or "", terminal=answers is not None, env={"CCOPS_AMI__USERNAME": ""},
    )  # fmt: skip
    assert CANARY not in result.out + result.err
    assert "amp-secret" not in result.out + result.err
    return result.code, result.err


def test_a_freepbx_box_needs_one_question(freepbx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config.toml"
    code, said = run(freepbx, monkeypatch, config, answers="\n" * 20)
    assert code == 0, said
    assert "FreePBX" in said
    settings = load(config, {}).settings
    # Not its own admin, who may do everything.
    assert (settings.ami.username, settings.ami.secret) == ("ccops", Secret(CANARY))
    assert settings.queue_log.path == freepbx / "srv/asterisk/log/queue_log"
    assert settings.agents.interface == "Local/{number}@from-queue/n"
    assert settings.agents.state_interface == "hint:{number}@ext-local"
    assert (settings.actions.transfer_context, settings.actions.queue_context) == ("from-internal", "ext-queues")


def test_the_page_for_freepbx_shows_what_init_writes(
    freepbx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = invoke("help", "freepbx").out
    shown = tmp_path / "shown.toml"
    shown.write_text(page.split("```toml\n")[1].split("```")[0])
    wanted = load(shown, {}).settings
    config = tmp_path / "config.toml"
    assert run(freepbx, monkeypatch, config, answers="\n" * 20)[0] == 0
    made = load(config, {}).settings
    assert (made.agents.interface, made.agents.state_interface) == (
        wanted.agents.interface,
        wanted.agents.state_interface,
    )
    assert made.actions.transfer_context == wanted.actions.transfer_context
    assert made.actions.queue_context == wanted.actions.queue_context


def test_without_a_terminal_the_box_answers_too(freepbx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text(CANARY)
    secret.chmod(0o600)
    config = tmp_path / "config.toml"
    code, said = run(freepbx, monkeypatch, config, "--secret-file", str(secret))
    assert code == 0, said
    settings = load(config, {}).settings
    assert (settings.ami.username, settings.queue_log.path) == ("ccops", freepbx / "srv/asterisk/log/queue_log")


def test_a_plain_asterisk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = put(tmp_path / "root", {
        "etc/asterisk/manager.conf": f"[general]\nenabled=no\nport=5777\n[boss](+)\nsecret={CANARY}\nwrite=all\n",
        "etc/asterisk/logger.conf": "[general]\nqueue_log_name = q.log\n",
        "var/log/asterisk/q.log": "",
    })  # fmt: skip
    config = tmp_path / "config.toml"
    code, said = run(root, monkeypatch, config, answers="\n" * 20)
    assert code == 0, said
    assert "switched off" in said
    settings = load(config, {}).settings
    assert (settings.ami.username, settings.ami.port) == ("boss", 5777)
    assert settings.queue_log.path == root / "var/log/asterisk/q.log"
    assert settings.agents.interface != "Local/{number}@from-queue/n"


def test_a_remote_pbx_takes_nothing_from_this_machine(
    freepbx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    code, said = run(freepbx, monkeypatch, config, "--host", "pbx2", "--username", "u", "--secret", "y")
    assert code == 0, said
    settings = load(config, {}).settings
    assert (settings.queue_log.path, settings.actions.queue_context) == (
        None,
        load(None, {}).settings.actions.queue_context,
    )


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"var/log/asterisk/queue_log": ""}, "var/log/asterisk/queue_log"),
        ({"etc/asterisk/asterisk.conf": "[directories]\nastlogdir = /l\n", "l/queue_log": ""}, "l/queue_log"),
        ({"etc/amportal.conf": "ASTLOGDIR=/a\n", "a/queue_log": ""}, "a/queue_log"),
        ({"etc/freepbx.conf": "$amp_conf['ASTLOGDIR'] = '/f';\n", "etc/amportal.conf": "ASTLOGDIR=/a\n",
          "f/queue_log": "", "a/queue_log": ""}, "f/queue_log"),
        ({"etc/asterisk/logger.conf": "[general]\nqueue_log = no\n", "var/log/asterisk/queue_log": ""}, None),
        ({"etc/freepbx.conf": "$amp_conf['ASTLOGDIR'] = system('id');\n", "var/log/asterisk/queue_log": ""},
         "var/log/asterisk/queue_log"),
        ({}, None),
    ],
)  # fmt: skip
def test_where_the_log_is(tmp_path: Path, files: dict[str, str], found: str | None) -> None:
    box = look(put(tmp_path, files))
    assert box.queue_log == (None if found is None else tmp_path / found)
    assert box.freepbx == any(name.startswith(("etc/freepbx", "etc/amportal")) for name in files)


def test_files_that_include_each_other_end(tmp_path: Path) -> None:
    put(tmp_path, {"etc/asterisk/manager.conf": "[a]\nsecret=x\n#include manager.conf\n#include *.conf\n"})
    assert [user.name for user in look(tmp_path).users] == ["a"]


@pytest.mark.parametrize("pattern", ["/", "..", "**", "a\x00b", "/etc/asterisk/", "[", "*/" * 300])
def test_an_include_that_means_nothing_is_passed_over(tmp_path: Path, pattern: str) -> None:
    put(tmp_path, {"etc/asterisk/manager.conf": f"#include {pattern}\n[a]\nsecret=x\n"})
    assert [user.name for user in look(tmp_path).users] == ["a"]


def test_another_folder_of_configuration(tmp_path: Path) -> None:
    put(tmp_path, {"etc/amportal.conf": "ASTETCDIR=/opt/etc\n", "opt/etc/manager.conf": MANAGER,
                   "opt/etc/manager_custom.conf": CUSTOM})  # fmt: skip
    assert {user.name for user in look(tmp_path).users} == {"admin", "ccops"}


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_no_bytes_make_it_crash(tmp_path_factory: pytest.TempPathFactory, one: bytes, other: bytes) -> None:
    root = tmp_path_factory.mktemp("r")
    for name, data in (("manager.conf", one), ("asterisk.conf", other), ("logger.conf", one)):
        (root / "etc/asterisk").mkdir(parents=True, exist_ok=True)
        (root / "etc/asterisk" / name).write_bytes(data)
    (root / "etc/freepbx.conf").write_bytes(other)
    assert isinstance(look(root), Box)
