"""A small model of a PBX for property tests: it knows the truth, tells it by events, and can list it at any instant.

Every event is told after the truth has changed, as Asterisk does; what `lists` returns was the truth then. Orders and
headers are those of the recordings.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Event = dict[str, str]
EPOCH = 1_795_000_000


@dataclass
class Chan:
    uid: str
    name: str
    linkedid: str
    number: str
    born: float
    state: str = "0"
    bridge: str = ""
    app: str = ""
    data: str = ""
    connected: str = ""


@dataclass
class Mem:
    queue: str
    interface: str
    device: str
    name: str
    penalty: int = 0
    paused: bool = False
    reason: str = ""
    status: str = "1"
    in_call: bool = False
    last_call: int = 0
    last_pause: int = 0
    calls: int = 0


@dataclass
class Talk:
    """A caller of a queue, from joining to the end."""

    uid: str
    queue: str
    rings: dict[str, list[str]] = field(default_factory=dict)
    """Legs by interface: the queue's own first, the phone's last."""
    agent: str = ""
    bridges: list[str] = field(default_factory=list)


@dataclass
class Lists:
    """The lists as the PBX would give them at one instant."""

    queues: dict[str, list[Event]]
    channels: list[Event]
    parked: list[Event]

    def rows(self) -> list[Event]:
        return [*(row for rows in self.queues.values() for row in rows), *self.channels, *self.parked]


class Exchange:
    """Tells of what changes and lists what is; `lists_at[n]` are the lists after the first n events."""

    def __init__(self, queues: tuple[str, ...] = ("sales", "support")) -> None:
        self.now = float(EPOCH)
        self.queues = {name: list[str]() for name in queues}
        self.members: dict[tuple[str, str], Mem] = {}
        self.channels: dict[str, Chan] = {}
        self.talks: dict[str, Talk] = {}
        self.outside: list[list[str]] = []
        self.parked: dict[str, str] = {}
        self.spies: dict[str, str] = {}
        self.events: list[tuple[Event, float]] = []
        self.lists_at: list[Lists] = [self.lists()]
        self.quiet_at: list[int] = [0]
        self._serial = 0

    # --- telling ---

    def tell(self, name: str, **headers: object) -> None:
        self.now += 0.25
        event = {"Event": name, **{key: str(value) for key, value in headers.items()}}
        self.events.append((event, self.now))
        self.lists_at.append(self.lists())

    def done(self) -> None:
        """A deed is over: nothing is on its way."""
        self.quiet_at.append(len(self.events))

    def about(self, uid: str, prefix: str = "") -> Event:
        chan = self.channels[uid]
        return {
            f"{prefix}Channel": chan.name,
            f"{prefix}ChannelState": chan.state,
            f"{prefix}CallerIDNum": chan.number or "<unknown>",
            f"{prefix}CallerIDName": "",
            f"{prefix}ConnectedLineNum": chan.connected or "<unknown>",
            f"{prefix}ConnectedLineName": "<unknown>",
            f"{prefix}Context": "queues",
            f"{prefix}Exten": "s",
            f"{prefix}Priority": "1",
            f"{prefix}Uniqueid": chan.uid,
            f"{prefix}Linkedid": chan.linkedid,
        }

    def of(self, mem: Mem) -> Event:
        return {
            "Queue": mem.queue,
            "MemberName": mem.name,
            "Interface": mem.interface,
            "StateInterface": mem.device,
            "Membership": "dynamic",
            "Penalty": str(mem.penalty),
            "CallsTaken": str(mem.calls),
            "LastCall": str(mem.last_call),
            "LastPause": str(mem.last_pause),
            "LoginTime": str(EPOCH),
            "InCall": str(int(mem.in_call)),
            "Status": mem.status,
            "Paused": str(int(mem.paused)),
            "PausedReason": mem.reason,
            "Ringinuse": "0",
            "Wrapuptime": "0",
        }

    # --- listing ---

    def lists(self) -> Lists:
        queues = {}
        for name, waiting in self.queues.items():
            rows: list[Event] = [{"Event": "QueueParams", "Queue": name, "Strategy": "ringall", "ServiceLevel": "20"}]
            for mem in self.members.values():
                if mem.queue == name:
                    of = self.of(mem)
                    rows.append(
                        {"Event": "QueueMember", "Name": of.pop("MemberName"), "Location": of.pop("Interface"), **of}
                    )
            for place, uid in enumerate(waiting, 1):
                wait = str(int(self.now - self.channels[uid].born))
                # Asterisk tells here neither of the Linkedid nor of the state of the channel.
                about = {
                    key: value for key, value in self.about(uid).items() if key not in ("Linkedid", "ChannelState")
                }
                rows.append({"Event": "QueueEntry", **about, "Queue": name, "Position": str(place), "Wait": wait})
            queues[name] = rows
        channels = [
            {
                "Event": "CoreShowChannel",
                **self.about(chan.uid),
                "Application": chan.app,
                "ApplicationData": chan.data,
                "Duration": f"00:00:{int(self.now - chan.born) % 60:02d}",
                "BridgeId": chan.bridge,
            }
            for chan in self.channels.values()
        ]
        parked = [self._park_row(uid) for uid in self.parked]
        return Lists(queues, channels, parked)

    def _park_row(self, uid: str) -> Event:
        about = self.about(uid, "Parkee")
        return {
            "Event": "ParkedCall",
            **about,
            "Parkinglot": "default",
            "ParkingSpace": self.parked[uid],
            "ParkingTimeout": "45",
        }

    # --- channels ---

    def channel(
        self, device: str, number: str, linkedid: str = "", app: str = "", data: str = "", half: str = ""
    ) -> str:
        self._serial += 1
        uid = f"{EPOCH}.{self._serial}"
        name = f"{device}-{self._serial:08x}" + half
        self.channels[uid] = Chan(uid, name, linkedid or uid, number, self.now, app=app, data=data)
        self.tell("Newchannel", **self.about(uid))
        return uid

    def pair(self, device: str, linkedid: str) -> tuple[str, str]:
        one = self.channel(device, "", linkedid, "AppQueue", "(Outgoing Line)", ";1")
        two = self.channel(device, "", linkedid, "Dial", "", ";2")
        self.channels[two].name = self.channels[one].name[:-1] + "2"
        self.events[-1][0]["Channel"] = self.channels[two].name
        self.lists_at[-1] = self.lists()
        return one, two

    def become(self, uid: str, state: str) -> None:
        self.channels[uid].state = state
        self.tell("Newstate", **self.about(uid))

    def enter(self, bridge: str, *uids: str) -> None:
        for uid in uids:
            self.channels[uid].bridge = bridge
            kind = "parking" if bridge == "lot" else "basic"
            self.tell("BridgeEnter", BridgeUniqueid=bridge, BridgeType=kind, **self.about(uid))

    def leave(self, *uids: str) -> None:
        for uid in uids:
            bridge, self.channels[uid].bridge = self.channels[uid].bridge, ""
            if bridge:
                self.tell("BridgeLeave", BridgeUniqueid=bridge, BridgeType="basic", **self.about(uid))
