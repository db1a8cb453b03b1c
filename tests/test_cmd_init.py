"""`ccops init` and `ccops config` through the program's door."""

import json
import stat
from pathlib import Path

import pytest

from ccops.cmd import setup
from ccops.cmd.asterisk_box import Box, ManagerUser
from ccops.cmd.setup import MANAGER_USER
from ccops.settings import Secret, load
from tests.cmd_tools import invoke

CANARY = "s3cr3t-canary"
BARE = {"CCOPS_AMI__USERNAME": ""}


@pytest.fixture(autouse=True)
def no_asterisk_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "look", Box)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sub" / "config.toml"


@pytest.mark.parametrize(
    ("root", "there", "named", "expected"),
    [
        (False, [], False, "home"),
        (True, [], False, "system"),
        (True, [], True, "xdg"),  # who says where their configuration is means it
        (True, ["home", "system"], False, "home"),  # it is read first
        (True, ["system"], False, "system"),
        (False, ["system"], False, "home"),  # it is not theirs to write
        (False, ["system"], True, "xdg"),
    ],
)
def test_it_writes_what_will_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: bool, there: list[str], named: bool, expected: str
) -> None:
    places = {"system": "etc/config.toml", "home": "home/.config/ccops/config.toml", "xdg": "xdg/ccops/config.toml"}
    files = {name: tmp_path / place for name, place in places.items()}
    monkeypatch.setattr("ccops.settings.places.SYSTEM_FILE", files["system"])
    monkeypatch.setattr(setup, "SYSTEM_FILE", files["system"])
    monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr("os.access", lambda *_given, **_more: root)
    for name in there:
        files[name].parent.mkdir(parents=True)
        files[name].write_text("")
    env = {**BARE, "HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path / "xdg") if named else ""}
    result = invoke("init", "--no-test", "--force", "--username", "u", "--secret", "x", env=env)
    assert (result.code, result.out) == (0, f"{files[expected]}\n"), result.err


def test_flags_alone_write_a_file_for_its_owner_only(path: Path) -> None:
    result = invoke(
        *("--config", str(path), "init", "--host", "pbx", "--username", "ccops", "--secret-stdin", "--no-test"),
        *("--name", "Riverside", "--timezone", "Asia/Shanghai", "--queue-log", "/var/log/q", "--phone", "PJSIP/9001"),
        stdin=f"{CANARY}\n",
        env=BARE,
    )
    assert (result.code, result.out) == (0, f"{path}\n")
    assert CANARY not in result.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    settings = load(path, {}).settings
    assert (settings.ami.host, settings.ami.username, settings.ami.secret) == ("pbx", "ccops", Secret(CANARY))
    assert (settings.site.name, settings.zone.key, settings.supervisor.phone) == (
        "Riverside",
        "Asia/Shanghai",
        "PJSIP/9001",
    )
    assert settings.queue_log.path == Path("/var/log/q")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--secret", "x"], "--username"),
        (["--username", "u"], "--secret-stdin"),
        (["--username", "u", "--secret-stdin"], "--secret-stdin"),
        (["--username", "u", "--secret", "x", "--timezone", "Mars"], "site.timezone"),
        (["--username", "u", "--secret", "x", "--port", "70000"], "ami.port"),
        (["--username", "u", "--secret", "x", "--phone", "9001"], "PJSIP/9001"),
        (["--username", "a\nb", "--secret", "x"], "control character"),
    ],
)
def test_without_a_terminal_it_asks_nothing_and_names_the_flag(path: Path, arguments: list[str], said: str) -> None:
    result = invoke("--config", str(path), "init", "--no-test", *arguments, env=BARE)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert not path.exists()


def test_for_a_daemon_it_writes_store_socket_and_role_and_everybody_may_read_it(path: Path) -> None:
    words = ("--config", str(path), "init", "--no-test", "--username", "ccops", "--group", "call leads")
    refused = invoke(*words, "--secret", CANARY, env=BARE)
    assert (refused.code, path.exists()) == (2, False)
    assert "--secret-file" in refused.err
    assert invoke(*words, "--secret-file", "/etc/ccops/secret", env=BARE).code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    settings = load(path, {}).settings
    assert (settings.store.path, settings.daemon.socket_group) == (Path("/var/lib/ccops/ccops.db"), "call leads")
    assert settings.roles["call leads"].groups == ("call leads",)
    assert settings.roles["call leads"].actions == ("*",)
    # Changed later it stays readable, until a secret comes into it.
    again = ("--config", str(path), "init", "--no-test", "--force", "--name", "Hill")
    assert invoke(*again, env=BARE).code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert invoke(*again, "--secret", CANARY, env=BARE).code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_at_a_terminal_it_asks_for_what_is_missing_and_asks_again_for_what_is_wrong(path: Path) -> None:
    answers = ["pbx", "x", "5039", "", "ccops", "Hill", "Mars/Base", "Europe/Berlin", "", "", CANARY]
    result = invoke(
        "--config", str(path), "init", "--no-test", stdin="\n".join(answers) + "\n", terminal=True, env=BARE
    )
    assert result.code == 0, result.err
    settings = load(path, {}).settings
    assert (settings.ami.host, settings.ami.port, settings.ami.username) == ("pbx", 5039, "ccops")
    assert settings.site.timezone == "Europe/Berlin"
    assert settings.ami.secret == Secret(CANARY)
    assert "no number" in result.err
    assert "no IANA time zone" in result.err
    assert "It is needed." in result.err
    assert CANARY not in result.out + result.err


def test_nobody_who_answers_means_that_nothing_is_written(path: Path) -> None:
    result = invoke("--config", str(path), "init", stdin="pbx\n", terminal=True, env=BARE)
    assert result.code == 2
    assert not path.exists()


def test_an_existing_file_is_kept_unless_forced_and_then_backed_up(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('# mine\n[ami]\nhost = "old"\nsecret_file = "key"\n[queues.sales]\nthreshold = 15\n')
    flags = ["--host", "new", "--username", "u", "--secret", CANARY, "--no-test"]
    refused = invoke("--config", str(path), "init", *flags, env=BARE)
    assert refused.code == 2
    assert "--force" in refused.err
    assert 'host = "old"' in path.read_text()
    asked = invoke("--config", str(path), "init", *flags, stdin="\n", terminal=True, env=BARE)
    assert asked.code == 2
    assert 'host = "old"' in path.read_text()
    forced = invoke("--config", str(path), "init", *flags, "--force", "--json", env=BARE)
    assert forced.code == 0, forced.err
    record = json.loads(forced.out)
    assert record["path"] == str(path)
    assert 'host = "old"' in Path(record["backup"]).read_text()
    text = path.read_text()
    assert text.startswith("# mine\n")
    settings = load(path, {}).settings
    assert (settings.ami.host, settings.queue("sales").threshold) == ("new", 15)
    assert settings.ami.login_secret() == Secret(CANARY)
    assert CANARY not in forced.out + forced.err


def test_a_pbx_that_cannot_be_reached_ends_with_3_and_writes_nothing(path: Path) -> None:
    flags = ["--host", "127.0.0.1", "--port", "1", "--username", "u", "--secret", CANARY]
    result = invoke("--config", str(path), "init", *flags, env=BARE)
    assert result.code == 3
    assert "127.0.0.1:1" in result.err
    assert "--no-test" in result.err or "Asterisk" in result.err
    assert CANARY not in result.out + result.err
    assert not path.exists()


def test_at_a_terminal_it_may_be_written_all_the_same(path: Path) -> None:
    flags = ["--host", "127.0.0.1", "--port", "1", "--username", "u", "--secret", CANARY, "--name", "n"]
    flags += ["--timezone", "UTC", "--queue-log", "/q", "--phone", "PJSIP/1"]
    assert invoke("--config", str(path), "init", *flags, stdin="\n", terminal=True, env=BARE).code == 3
    assert not path.exists()
    assert invoke("--config", str(path), "init", *flags, stdin="y\n", terminal=True, env=BARE).code == 0
    assert path.exists()


def test_it_uses_what_an_asterisk_on_this_machine_tells(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box(
        users=(ManagerUser("ccops", Secret(CANARY)),), port=5777, freepbx=True, queue_log=Path("/var/log/asterisk/q")
    )
    monkeypatch.setattr(setup, "look", lambda: box)
    result = invoke("--config", str(path), "init", "--no-test", stdin="\n" * 20, terminal=True, env=BARE)
    assert result.code == 0, result.err
    settings = load(path, {}).settings
    assert (settings.ami.port, settings.ami.username, settings.ami.secret) == (5777, "ccops", Secret(CANARY))
    assert settings.queue_log.path == box.queue_log
    assert settings.agents.interface == "Local/{number}@from-queue/n"
    assert "FreePBX" in result.err
    remote = invoke("--config", str(path) + "2", "init", "--no-test", "--host", "far", "--username", "u", env=BARE)
    assert remote.code == 2  # what this machine tells says nothing of another one


def test_the_proposed_user_is_the_one_of_the_sample_file() -> None:
    sample = (Path(__file__).parent.parent / "config" / "manager.conf").read_text()
    stanza = sample.split("[ccops]\n")[1].split("\n;")[0]
    wanted = MANAGER_USER.format(user="ccops", secret="CHANGE-ME").split("\n", 1)[1]
    assert stanza.strip() == wanted.strip()


def test_config_show_tells_value_and_origin_and_masks_secrets(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(f'[ami]\nsecret = "{CANARY}"\nport = 5039\n[daemon]\nsocket_mode = "0600"\n')
    path.chmod(0o600)
    env = {"CCOPS_AMI__HOST": "pbx", "CCOPS_QUEUES__sales__threshold": "30"}
    for form in ("table", "json", "jsonl", "csv", "tsv", "md"):
        result = invoke("--config", str(path), "--db", "/x.db", "config", "show", "-f", form, env=env)
        assert result.code == 0
        assert CANARY not in result.out
        assert "********" in result.out.replace("\\", "")
    rows = {
        row["key"]: row
        for row in json.loads(invoke("--config", str(path), "--db", "/x.db", "config", "show", "--json", env=env).out)
    }
    assert rows["ami.secret"] == {"key": "ami.secret", "value": "********", "origin": f"{path}:2"}
    assert rows["ami.port"]["value"] == 5039
    assert rows["ami.host"]["origin"] == "env CCOPS_AMI__HOST"
    assert rows["store.path"] == {"key": "store.path", "value": "/x.db", "origin": "flag --db"}
    assert rows["queues.sales.threshold"]["value"] == 30
    assert rows["daemon.socket_mode"]["value"] == "0600"
    assert rows["ami.tls"] == {"key": "ami.tls", "value": False, "origin": "default"}


def test_config_path_and_check(path: Path) -> None:
    assert invoke("config", "path").code == 1
    assert json.loads(invoke("config", "path", "--json").out)[0]["exists"] is False
    path.parent.mkdir()
    path.write_text("[ami]\nprot = 1\nport = 0\n")
    assert invoke("--config", str(path), "config", "path").out == f"{path}\n"
    result = invoke("--config", str(path), "config", "check", "--json")
    assert result.code == 2
    assert [problem["key"] for problem in json.loads(result.out)] == ["ami.prot", "ami.port"]
    path.write_text("[[[")
    assert "2" not in invoke("--config", str(path), "config", "check", "--json").out[:2]
    assert invoke("--config", str(path), "config", "check").code == 2
    path.write_text('[ami]\nsecret_file = "missing"\n')
    assert invoke("--config", str(path), "config", "check").code == 2
    path.write_text("[ami]\nport = 1\n")
    result = invoke("--config", str(path), "config", "check", "--json")
    assert (result.code, json.loads(result.out)) == (0, [])
