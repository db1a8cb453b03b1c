"""Which class of `write` in manager.conf lets a manager user send an action."""

from collections.abc import Mapping
from typing import Final

WRITE_CLASSES: Final[Mapping[str, str]] = {
    "CoreSettings": "reporting",
    "CoreStatus": "reporting",
    "CoreShowChannels": "reporting",
    "DeviceStateList": "reporting",
    "Originate": "originate",
    "PlayDTMF": "call",
    "Bridge": "call",
    "Redirect": "call",
    "Hangup": "call",
    "BlindTransfer": "call",
    "Park": "call",
    "MixMonitor": "system",
    "StopMixMonitor": "call",
    "Setvar": "call",
    "SendText": "call",
    "MessageSend": "message",
    "QueueAdd": "agent",
    "QueueRemove": "agent",
    "QueuePause": "agent",
    "QueuePenalty": "agent",
    "QueueMemberRingInUse": "agent",
    "Getvar": "reporting",
    "Status": "reporting",
    "ShowDialPlan": "reporting",
    "ExtensionStateList": "reporting",
    "ParkedCalls": "call",
}
"""Actions that Asterisk 16 to 22 ask a right for; where several classes will do, the least powerful."""
