"""Actions on what is heard: recordings and muting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ccops.pbx.sim.actions import Action, Actions, Request
from ccops.pbx.sim.channel import Channel
from ccops.pbx.sim.wire import TRUE_WORDS

if TYPE_CHECKING:
    from ccops.pbx.sim.core import Pbx


def actions(pbx: Pbx, table: Actions) -> list[Action]:
    """The actions of this family."""
    family = _Media(pbx)
    record = (
        "Record a call and mix the audio during the recording.  Use of StopMixMonitor is required to guarantee the "
        "audio file is available for processing during dialplan execution."
    )
    stop = "Stop recording a call through MixMonitor, and free the recording's file handle."
    return [
        Action("MixMonitor", "system", record, family.record),
        Action("StopMixMonitor", "system,call", stop, family.stop),
        Action("MuteAudio", "system", "Mute an audio stream.", family.mute),
    ]


class _Media:
    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def _channel(self, request: Request, unnamed: str) -> Channel | None:
        """The channel of an action; what is missing is answered here."""
        name = request.get("Channel")
        channel = self._pbx.channels.find(name) if name else None
        if not name:
            request.refuse(unnamed)
        elif channel is None:
            request.refuse("No such channel")
        return channel

    def record(self, request: Request) -> None:
        channel = self._channel(request, "No channel specified")
        if channel is not None:
            request.ok()
            channel.recording = True
            self._pbx.events.mix_monitor(channel, on=True)

    def stop(self, request: Request) -> None:
        channel = self._channel(request, "No channel specified")
        if channel is None:
            return
        if not channel.recording:
            request.refuse("Could not stop monitoring channel")
            return
        request.ok()
        channel.recording = False
        self._pbx.events.mix_monitor(channel, on=False)

    def mute(self, request: Request) -> None:
        if not request.get("Channel"):
            request.refuse("Channel not specified")
        elif not request.get("State"):
            request.refuse("State not specified")
        elif (channel := self._channel(request, "")) is not None:
            direction = request.get("Direction").casefold()
            if direction not in ("in", "out", "all"):
                request.refuse("Failed to mute/unmute stream")
                return
            channel.muted = direction if request.get("State").casefold() in TRUE_WORDS else ""
            request.ok()
