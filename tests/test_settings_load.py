"""Settings through their door, `load`: precedence, origins, and every problem at once with its place."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.errors import ConfigError, ExitCode
from ccops.settings import BadSettings, Flag, Secret, Settings, load
from ccops.settings.model import walk

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str | bytes, name: str = "config.toml", mode: int = 0o600) -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return path

    return write


def problems(path: Path | None, env: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        load(path, env)
    return [str(problem) for problem in caught.value.problems]


def test_defaults_need_no_file_and_know_that_they_are_defaults() -> None:
    loaded = load(None, {"HOME": "/nowhere", "TZ": "Asia/Shanghai"})
    assert loaded.file is None
    assert loaded.settings.ami.port == 5038
    assert loaded.settings.zone.key == "Asia/Shanghai"
    assert loaded.settings.store.path == Path("/nowhere/.local/share/ccops/ccops.db")
    assert str(loaded.origin(("ami", "port"))) == "default"


def test_flags_win_over_environment_over_file_over_defaults(write: Write) -> None:
    path = write('[ami]\nhost = "file"\nport = 1\n[store]\npath = "file.db"\n[supervisor]\nphone = "PJSIP/1"\n')
    env = {"CCOPS_AMI__HOST": "env", "CCOPS_STORE__PATH": "/env.db"}
    loaded = load(path, env, {("store", "path"): Flag("--db", "/flag.db")})
    found = {".".join(key): (value, str(loaded.origin(key))) for key, value in walk(loaded.settings)}
    assert found["supervisor.phone"] == ("PJSIP/1", f"{path}:7")
    assert found["ami.port"] == (1, f"{path}:3")
    assert found["ami.host"] == ("env", "env CCOPS_AMI__HOST")
    assert found["store.path"] == (Path("/flag.db"), "flag --db")
    assert found["ami.tls"] == (False, "default")


def test_the_file_is_looked_for_in_the_documented_order(tmp_path: Path) -> None:
    user = tmp_path / "xdg" / "ccops" / "config.toml"
    named = tmp_path / "named.toml"
    explicit = tmp_path / "explicit.toml"
    for path in (user, named, explicit):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'[site]\nname = "{path.stem}"\n')
    env = {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert load(None, env).file == user
    assert load(None, env | {"CCOPS_CONFIG": str(named)}).settings.site.name == "named"
    assert load(explicit, env | {"CCOPS_CONFIG": str(named)}).settings.site.name == "explicit"


def test_every_problem_is_reported_at_once_with_its_place_and_the_nearest_key(write: Write) -> None:
    path = write(
        '[site]\ntimezone = "Europe/Berln"\n\n[ami]\nhots = "pbx"\nport = 99999\ntls = "yes"\n'
        '[service_level]\nrule = "offerd"\n[queues.sales]\ntreshold = 20\n[quees]\na = 1\n'
        '[queues]\n"front desk" = 5\n'
    )
    env = {"CCOPS_AMI__ACTION_TIMEOUT": "soon", "CCOPS_AMI_HOST": "x", "CCOPS_UI__SCREEN": "agent"}
    found = problems(path, env)
    expected = {
        f"{path}:2: site.timezone": "Europe/Berlin",
        f"{path}:5: ami.hots": "host",
        f"{path}:6: ami.port": "between 1 and 65535",
        f"{path}:7: ami.tls": "true nor false",
        f"{path}:9: service_level.rule": "offered",
        f"{path}:11: queues.sales.treshold": "threshold",
        f"{path}:12: quees": "queues",
        f"{path}:15: queues.front desk": "table",
        "env CCOPS_AMI__ACTION_TIMEOUT: ami.action_timeout": "soon",
        "env CCOPS_AMI_HOST: ": "CCOPS_AMI__HOST",
        "env CCOPS_UI__SCREEN: ui.screen": "agents",
    }
    assert len(found) == len(expected)
    for place, hint in expected.items():
        (line,) = [line for line in found if line.startswith(place)]
        assert hint in line.removeprefix(place)


def test_a_key_of_another_section_is_pointed_at(write: Write) -> None:
    assert "ami.host" in problems(write('[site]\nhost = "pbx"\n'))[0]
    assert "ami.host" in problems(write('host = "pbx"\n'))[0]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[ami\nhost = 1\n", ":1:5: "),
        ("[ami]\nhost = \n", ":2:8: "),
        ("[ami]\nhost = 1\nhost = 2\n", ":3:"),
        ('[ami]\nhost = "x', ":2:10: "),
        (b'[ami]\nhost = "\xff"\n', ":2: "),
        ('[ami]\nhost = "x"\n[site]\n[ami]\n', ":4: [ami] stands there twice, first in line 1."),
        ("[queues.a]\n[queues.a]\n", ":2: [queues.a] stands there twice, first in line 1."),
    ],
)
def test_broken_toml_names_file_line_and_column(write: Write, text: str | bytes, place: str) -> None:
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert str(caught.value).startswith(f"{path}{place}")
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.remedy


@pytest.mark.parametrize("text", ["k = " + "[" * 5000, "k = " + "1" * 6000, "a=1\n" * (1 << 18)])
def test_absurd_files_are_refused_in_words(write: Write, text: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml"):
        load(write(text), {})


def test_missing_folder_and_unreadable_files_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no configuration file"):
        load(tmp_path / "none.toml", {})
    with pytest.raises(ConfigError, match="no configuration file"):
        load(None, {"CCOPS_CONFIG": str(tmp_path / "none.toml")})
    with pytest.raises(ConfigError, match="is a folder"):
        load(tmp_path, {})
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(ConfigError, match="is no file"):
        load(tmp_path / "fifo", {})

    def refuse(*_args: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "closed.toml").write_text("")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "closed.toml", {})


def test_the_null_device_is_an_empty_configuration() -> None:
    assert load(Path(os.devnull), {"TZ": "UTC"}).settings.ami == Settings().ami


@pytest.mark.parametrize(("mode", "refused"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_secret_that_others_can_read_is_refused(write: Write, mode: int, refused: bool) -> None:
    path = write('[ami]\nhost = "pbx"\nsecret = "s3cr3t-canary"\n', mode=mode)
    if not refused:
        assert load(path, {}).settings.ami.login_secret() == Secret("s3cr3t-canary")
        return
    (found,) = problems(path)
    assert found.startswith(f"{path}:3: ")
    assert f"chmod 600 {path}" in found
    assert "canary" not in found


def test_without_a_secret_others_may_read(write: Write) -> None:
    assert load(write('[ami]\nhost = "pbx"\n', mode=0o644), {}).settings.ami.host == "pbx"


def test_secret_file_counts_from_the_file_and_is_checked_when_used(write: Write) -> None:
    path = write('[ami]\nsecret_file = "key"\n')
    ami = load(path, {}).settings.ami
    with pytest.raises(ConfigError, match="cannot be read"):
        ami.login_secret()
    write("s3cr3t-canary\n", "key", 0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        ami.login_secret()
    write("s3cr3t-canary\n", "key")
    assert ami.login_secret().reveal() == "s3cr3t-canary"
    for bad in ("", "\n", "two\nlines\n", "x" * 5000):
        write(bad, "key")
        with pytest.raises(ConfigError, match="one line"):
            ami.login_secret()


def test_secret_and_secret_file_do_not_meet(write: Write) -> None:
    path = write('[ami]\nsecret = "a"\nsecret_file = "key"\n')
    assert problems(path)[0].startswith(f"{path}:3: ami.secret_file")
    only_file = write('[ami]\nsecret_file = "key"\n')
    assert load(only_file, {"CCOPS_AMI__SECRET": "b"}).settings.ami.login_secret().reveal() == "b"


def test_secrets_are_masked_in_every_way_of_printing(write: Write) -> None:
    path = write('[ami]\nsecret = "s3cr3t-canary"\n')
    loaded = load(path, {})
    secret = loaded.settings.ami.secret
    for text in (repr(loaded), str(loaded.settings), f"{secret}", f"{secret:>20}", "%s %r" % (secret, [secret])):  # noqa: UP031
        assert "canary" not in text
    (found,) = problems(None, {"CCOPS_AMI__SECRET": "s3cr3t-canary\n"})
    assert "canary" not in found


def test_variables_take_any_case_and_names_with_underscores(write: Write) -> None:
    path = write("[queues.sales]\nwrap_up = 10\n")
    env = {"CCOPS_QUEUES__SALES__THRESHOLD": "30", "CCOPS_QUEUES__a__b__title": "AB", "CCOPS_AMI__EVENTS": ""}
    settings = load(path, env).settings
    assert settings.queues["sales"].threshold == 30
    assert settings.queues["a__b"].title == "AB"
    assert settings.queue("SALES").wrap_up == 10
    assert settings.queue("other").threshold == settings.service_level.threshold
    assert problems(None, {"CCOPS_AMI": "x"} | {"CCOPS_AMI__A__B": "x"}) != []
    load(None, {"CCOPS_SOMETHING_ELSE": "x", "CCOPSY": "x"})


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("CCOPS_AMI__TLS", "Yes", True),
        ("CCOPS_AMI__TLS", "off", False),
        ("CCOPS_AMI__EVENTS", "agent, call,system", ("agent", "call", "system")),
        ("CCOPS_AMI__EVENTS", '["agent", "call", "system", "cdr"]', ("agent", "call", "system", "cdr")),
        ("CCOPS_DAEMON__SOCKET_MODE", "0600", 0o600),
        ("CCOPS_AMI__CONNECT_TIMEOUT", "1.5", 1.5),
    ],
)
def test_variables_are_read_as_their_type(variable: str, text: str, value: object) -> None:
    found = {"CCOPS_" + "__".join(key).upper(): item for key, item in walk(load(None, {variable: text}).settings)}
    assert found[variable] == value


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("ami", "host = 5"),
        ("ami", 'host = "a b"'),
        ("ami", 'username = "a\\nb"'),
        ("ami", "port = true"),
        ("ami", "port = 1.5"),
        ("ami", 'events = "agent"'),
        ("ami", 'events = ["agent", 3]'),
        ("ami", 'events = ["agent", "calls", "system"]'),
        ("ami", 'events = ["agent", "call"]'),
        ("ami", "silence = nan"),
        ("ami", "silence = inf"),
        ("ami", "silence = " + "9" * 400),
        ("ami", "ca_file = ''"),
        ("ami", "ca_file = '~nobody-of-this-name/x'"),
        ("site", 'name = " "'),
        ("site", 'timezone = "../../etc/passwd"'),
        ("site", 'timezone = "Europe"'),
        ("site", "timezone = 2020-01-01"),
        ("supervisor", 'phone = "9001"'),
        ("supervisor", 'phone = "PJSIP/1&PJSIP/2"'),
        ("daemon", 'socket_mode = "0777"'),
        ("daemon", 'socket_mode = "rw"'),
        ("actions", 'recording = "../x.wav"'),
        ("actions", 'recording = "/x.wav"'),
        ("actions", 'recording = "{caller}.wav"'),
        ("actions", 'recording = "{date.wav"'),
        ("actions", 'recording = "a,b.wav"'),
        ("actions", 'transfer_context = "a b"'),
        ("ui", "theme = [1]"),
    ],
)
def test_values_that_cannot_work_are_refused_with_their_line(write: Write, section: str, line: str) -> None:
    path = write(f"[{section}]\n{line}\n")
    (found,) = problems(path)
    assert found.startswith(f"{path}:2: {section}.{line.partition(' ')[0]}: ")


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=5))
def test_no_environment_makes_it_crash(env: dict[str, str]) -> None:
    mangled = {
        f"CCOPS_{name}" if index % 2 else f"CCOPS_AMI__{name}": text for index, (name, text) in enumerate(env.items())
    }
    with contextlib.suppress(ConfigError):
        load(None, mangled)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_crash(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / f"bytes-{os.getpid()}.toml"
    path.write_bytes(data)
    with contextlib.suppress(ConfigError):
        load(path, {})
