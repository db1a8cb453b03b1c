"""Writes the configuration of a lab: fills the templates in ``etc/`` with its addresses, phones and AMI users."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.lab.numbers import Phone, phones

TEMPLATES = Path(__file__).parent / "etc"
TLS_NAME = "lab.ccops.test"

BOTH_MODULES = """
    app_cdr app_exec app_mixmonitor app_playback app_playtones app_senddtmf app_sendtext app_stack app_transfer
    app_userevent app_verbose bridge_holding bridge_simple bridge_softmix chan_bridge_media chan_pjsip codec_a_mu
    codec_gsm codec_resample codec_ulaw format_gsm format_pcm format_sln format_wav func_base64 func_callerid
    func_cdr func_channel func_db func_devstate func_global func_logic func_strings func_timeout pbx_config
    res_crypto res_musiconhold res_pjproject res_pjsip res_pjsip_acl res_pjsip_authenticator_digest
    res_pjsip_caller_id res_pjsip_diversion res_pjsip_dtmf_info res_pjsip_endpoint_identifier_ip
    res_pjsip_endpoint_identifier_user res_pjsip_header_funcs res_pjsip_messaging res_pjsip_nat res_pjsip_refer
    res_pjsip_pubsub res_pjsip_registrar res_pjsip_rfc3326 res_pjsip_sdp_rtp res_pjsip_session res_rtp_asterisk
    res_security_log res_sorcery_astdb res_sorcery_config res_sorcery_memory res_timing_timerfd
"""
PBX_MODULES = """
    app_chanspy app_dial app_directed_pickup app_queue bridge_builtin_features bridge_builtin_interval_features
    bridge_native_rtp func_extstate res_manager_devicestate res_mutestream res_parking
"""
STREET_MODULES = "app_bridgewait"

_SUPERVISOR = ("call", "agent", "originate", "reporting")
_READS = ("system", "call", "agent")


@dataclass(frozen=True)
class AmiUser:
    """Someone who may log in to the manager port."""

    username: str
    read: tuple[str, ...]
    write: tuple[str, ...]
    extra: str = ""

    @property
    def secret(self) -> str:
        """Known on purpose: this PBX listens on loopback and lives for one test run."""
        return f"{self.username}-secret"

    def stanza(self) -> str:
        """The user's part of manager.conf."""
        rights = f"read = {','.join(self.read)}\nwrite = {','.join(self.write)}"
        return f"[{self.username}]\nsecret = {self.secret}\n{rights}\nwritetimeout = 5000\n{self.extra}\n"


def ami_users() -> dict[str, AmiUser]:
    """By name: all rights, the two recommended users, and one for each right that can be missing."""
    users = [
        AmiUser("ops", ("all",), ("all",)),
        AmiUser("monitor", _READS, ("reporting",)),
        AmiUser("supervisor", _READS, _SUPERVISOR),
        AmiUser("silent", (), _SUPERVISOR),
        AmiUser("no_write", _READS, ()),
        AmiUser("denied", _READS, _SUPERVISOR, "deny = 0.0.0.0/0.0.0.0"),
    ]
    users += [AmiUser(f"no_{gone}", _READS, tuple(c for c in _SUPERVISOR if c != gone)) for gone in _SUPERVISOR]
    users += [AmiUser(f"no_read_{gone}", tuple(c for c in _READS if c != gone), _SUPERVISOR) for gone in _READS]
    return {user.username: user for user in users}


def write_pbx(home: Path, values: Mapping[str, str]) -> None:
    """The configuration of the PBX, and the certificate of its TLS port."""
    more = {
        "phones": "\n".join(_endpoint(phone, values["phones_at"]) for phone in phones()),
        "hints": "\n".join(f"exten => {phone.number},hint,PJSIP/{phone.number}" for phone in phones()),
        "users": "\n".join(user.stanza() for user in ami_users().values()),
    }
    _write(home, "pbx", {"queues": "", **values, **more})
    write_certificate(home / "etc")


def write_street(home: Path, values: Mapping[str, str]) -> None:
    """The configuration of the phones and of the carrier."""
    more = {
        "phones": "\n".join(_answer(phone) for phone in phones()),
        "handsets": "\n".join(_handset(phone) for phone in phones()),
    }
    _write(home, "street", {**values, **more})


def _endpoint(phone: Phone, address: str) -> str:
    contact = "" if phone.registers else f"contact = sip:{phone.number}@{address}:5060\n"
    caller = f'callerid = "Desk {phone.number}" <{phone.number}>'
    return f"[{phone.number}](phone)\naors = {phone.number}\n{caller}\n[{phone.number}](place)\n{contact}"


def _handset(phone: Phone) -> str:
    return f"[{phone.number}](line)\naors = pbx\ntransport = handsets\nfrom_user = {phone.number}\n"


def _answer(phone: Phone) -> str:
    arguments = f"{phone.behaviour},{phone.seconds},{phone.tone},{phone.number}"
    return f"exten => {phone.number},1,Gosub(answering,s,1({arguments}))\n same => n,Hangup()"


def _write(home: Path, kind: str, values: Mapping[str, str]) -> None:
    values = {**values, "home": str(home), "load": _loads(kind)}
    for path in [*(TEMPLATES / "both").iterdir(), *(TEMPLATES / kind).iterdir()]:
        (home / "etc" / path.name).write_text(fill(path.read_text(), values))


def _loads(kind: str) -> str:
    modules = BOTH_MODULES + (PBX_MODULES if kind == "pbx" else STREET_MODULES)
    return "\n".join(f"load = {name}.so" for name in modules.split())


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put ``values`` in the places of a template that are written as ``@@name@@``."""
    return re.sub(r"@@(\w+)@@", lambda found: values[found[1]], template)


def write_certificate(folder: Path) -> None:
    """A certificate that vouches for itself, for the name ``lab.ccops.test`` and the address 127.0.0.1."""
    subject = ["-subj", f"/CN={TLS_NAME}", "-addext", f"subjectAltName=DNS:{TLS_NAME},IP:127.0.0.1"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]
    files = ["-keyout", str(folder / "ami.key"), "-out", str(folder / "ami.crt")]
    command = ["openssl", "req", "-x509", "-days", "3650", *key, *subject, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl could not make the lab's certificate: {done.stderr}")
