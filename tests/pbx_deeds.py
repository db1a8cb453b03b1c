"""What happens in the model PBX: people log in, call, answer, hang up, transfer, park, spy."""

from __future__ import annotations

from tests.pbx_model import Event, Exchange, Mem, Talk


class Pbx(Exchange):
    """Deeds change the truth and tell of it, in the order in which Asterisk does."""

    def hang_up(self, *uids: str) -> None:
        for uid in uids:
            about = self.about(uid)
            del self.channels[uid]
            self.parked.pop(uid, None)
            self.tell("Hangup", **about, Cause="16")
            if about["Channel"].endswith(";2"):
                self.tell("NewCallerid", **about)  # Asterisk is late with this one: the recordings have it so
            for spy in [spy for spy, target in self.spies.items() if target == uid]:
                self.stop_spying(spy)

    # --- members ---

    def status(self, device: str, status: str) -> None:
        for mem in self.members.values():
            if mem.device == device and mem.status != status:
                mem.status = status
                self.tell("QueueMemberStatus", **self.of(mem))

    def in_use(self, device: str) -> str:
        legs = [chan for chan in self.channels.values() if chan.name.rpartition("-")[0] == device]
        if any(leg.state == "6" or leg.state == "4" for leg in legs):
            return "2"
        return "6" if legs else "1"

    def refresh(self, device: str) -> None:
        self.status(device, self.in_use(device))

    def log_in(self, queue: str, number: int, *, freepbx: bool) -> None:
        device = f"PJSIP/{number}"
        interface = f"Local/{number}@from-queue/n" if freepbx else device
        if (queue, interface) in self.members:
            return
        mem = self.members[queue, interface] = Mem(
            queue, interface, device, f"Agent {number}", status=self.in_use(device)
        )
        self.tell("QueueMemberAdded", **self.of(mem))
        self.done()

    def log_out(self, mem: Mem) -> None:
        if self.busy_with_queue(mem):
            return
        del self.members[mem.queue, mem.interface]
        self.tell("QueueMemberRemoved", **self.of(mem))
        self.done()

    def pause(self, mem: Mem, reason: str) -> None:
        mem.paused, mem.reason, mem.last_pause = True, reason, int(self.now)
        self.tell("QueueMemberPause", **self.of(mem))
        self.done()

    def unpause(self, mem: Mem) -> None:
        mem.paused, mem.reason = False, ""
        self.tell("QueueMemberPause", **self.of(mem))
        self.done()

    def set_penalty(self, mem: Mem, penalty: int) -> None:
        mem.penalty = penalty
        self.tell("QueueMemberPenalty", **self.of(mem))
        self.done()

    def busy_with_queue(self, mem: Mem) -> bool:
        return any(mem.interface in talk.rings or talk.agent == mem.interface for talk in self.talks.values())

    # --- calls of queues ---

    def call_in(self, queue: str, number: int) -> None:
        uid = self.channel("PJSIP/trunk", f"555{number:04d}", app="Queue", data=queue)
        self.become(uid, "6")
        self._stand(uid, queue)

    def _stand(self, uid: str, queue: str) -> None:
        self.talks[uid] = Talk(uid, queue)
        self.queues[queue].append(uid)
        self.tell("QueueCallerJoin", **self.about(uid), Queue=queue, Position=len(self.queues[queue]))
        self.done()

    def consult(self, legs: list[str], queue: str) -> None:
        """Somebody in a direct call asks back at a queue: a Local half stands in it, with the Linkedid of the call."""
        linkedid = self.channels[legs[0]].linkedid
        if any(self.channels[talk.uid].linkedid == linkedid for talk in self.talks.values()):
            return
        uid = self.channel("Local/7002@internal", "7002", linkedid, "Queue", queue, ";2")
        self._stand(uid, queue)

    def ring(self, talk: Talk, mem: Mem) -> None:
        """The queue rings a member of it who is free."""
        if mem.queue != talk.queue or mem.paused or mem.status != "1" or talk.agent or self.busy_with_queue(mem):
            return
        linkedid = self.channels[talk.uid].linkedid
        local = mem.interface != mem.device
        if local:
            one, two = self.pair(mem.interface.rpartition("/")[0], linkedid)
            legs = [one, two]
        else:
            legs = [self.channel(mem.device, mem.name[6:], linkedid, "AppQueue", "(Outgoing Line)")]
        talk.rings[mem.interface] = legs
        self.tell("AgentCalled", **self.of_agent(talk, mem, legs[0]))
        if local:
            legs.append(self.channel(mem.device, mem.name[6:], linkedid, "AppDial", "(Outgoing Line)"))
            self.tell("DialBegin", **self.about(legs[1]), **self.about(legs[2], "Dest"))
        for leg in dict.fromkeys((legs[0], legs[-1])):
            self.become(leg, "5")
        self.refresh(mem.device)
        self.done()

    def of_agent(self, talk: Talk, mem: Mem, leg: str) -> Event:
        who = {"Queue": mem.queue, "Interface": mem.interface, "MemberName": mem.name}
        return {**self.about(talk.uid), **self.about(leg, "Dest"), **who}

    def no_answer(self, talk: Talk, mem: Mem) -> None:
        legs = talk.rings.pop(mem.interface, None)
        if legs is None:
            return
        self.tell("AgentRingNoAnswer", **self.of_agent(talk, mem, legs[0]), RingTime="5000")
        self.hang_up(*reversed(legs))
        self.refresh(mem.device)
        self.done()

    def answer(self, talk: Talk, mem: Mem) -> None:
        legs = talk.rings.get(mem.interface)
        if legs is None:
            return
        for leg in reversed(legs):
            self.become(leg, "6")
        for other in [name for name in talk.rings if name != mem.interface]:
            self.hang_up(*reversed(talk.rings.pop(other)))
        self.refresh(mem.device)
        del talk.rings[mem.interface]
        talk.agent, mem.in_call = mem.interface, True
        self.queues[talk.queue].remove(talk.uid)
        self.tell("QueueCallerLeave", **self.about(talk.uid), Queue=talk.queue, Position="1", Count="0")
        talk.bridges = [f"bridge-{talk.uid}", f"phone-{talk.uid}"]
        talk.rings["(connected)"] = legs
        self.tell("AgentConnect", **self.of_agent(talk, mem, legs[0]))
        self.enter(talk.bridges[0], legs[0], talk.uid)
        if len(legs) > 1:
            self.enter(talk.bridges[1], legs[2], legs[1])
        for every in self.members.values():
            if every.device == mem.device:
                self.refresh(every.device)
        self.done()

    def _member(self, talk: Talk) -> Mem:
        return self.members[talk.queue, talk.agent]

    def give_up(self, talk: Talk) -> None:
        """The caller hangs up while waiting."""
        self.tell("HangupRequest", **self.about(talk.uid))
        for legs in talk.rings.values():
            self.hang_up(*reversed(legs))
        self.queues[talk.queue].remove(talk.uid)
        self.tell("QueueCallerAbandon", **self.about(talk.uid), Queue=talk.queue)
        self.tell("QueueCallerLeave", **self.about(talk.uid), Queue=talk.queue)
        del self.talks[talk.uid]
        self.hang_up(talk.uid)
        for mem in list(self.members.values()):
            self.refresh(mem.device)
        self.done()

    def overflow(self, talk: Talk, queue: str) -> None:
        """The caller runs out of time in one queue and stands in another."""
        if queue == talk.queue:
            return
        for legs in [talk.rings.pop(interface) for interface in list(talk.rings)]:
            self.hang_up(*reversed(legs))
        self.queues[talk.queue].remove(talk.uid)
        self.tell("QueueCallerAbandon", **self.about(talk.uid), Queue=talk.queue)
        self.tell("QueueCallerLeave", **self.about(talk.uid), Queue=talk.queue)
        for mem in list(self.members.values()):
            self.refresh(mem.device)
        talk.queue = self.channels[talk.uid].data = queue
        self.queues[queue].append(talk.uid)
        self.tell("QueueCallerJoin", **self.about(talk.uid), Queue=queue, Position=len(self.queues[queue]))
        self.done()

    def rename(self, uid: str) -> None:
        """A masquerade gives a line of a direct call another name."""
        chan = self.channels[uid]
        self._serial += 1
        old, chan.name = chan.name, f"PJSIP/{1001 + self._serial % 6}-{self._serial:08x}"
        self.tell("Rename", Channel=old, Newname=chan.name, Uniqueid=uid)
        for device in {old.rpartition("-")[0], chan.name.rpartition("-")[0]}:
            self.refresh(device)
        self.done()

    def complete(self, talk: Talk) -> None:
        """The call of a queue ends."""
        mem, legs = self._member(talk), talk.rings["(connected)"]
        self.tell("HangupRequest", **self.about(talk.uid))
        mem.in_call, mem.last_call, mem.calls = False, int(self.now), mem.calls + 1
        self.tell("AgentComplete", **self.of_agent(talk, mem, legs[0]), Reason="caller")
        self.leave(talk.uid, *legs)
        del self.talks[talk.uid]
        self.hang_up(talk.uid, *legs)
        self.tell("QueueMemberStatus", **self.of(mem))
        self.refresh(mem.device)
        self.done()

    def take_over(self, talk: Talk, number: int) -> None:
        """The caller is redirected to another phone; the queue books the call when the agent's leg goes."""
        mem, legs = self._member(talk), talk.rings["(connected)"]
        self.channels[talk.uid].app = "Dial"
        mem.in_call, mem.last_call = False, int(self.now)
        self.leave(talk.uid, *legs)
        del self.talks[talk.uid]
        self.hang_up(*legs)
        self.tell("QueueMemberStatus", **self.of(mem))
        self.refresh(mem.device)
        self._dial(talk.uid, f"PJSIP/{number}", str(number))

    def park(self, talk: Talk) -> None:
        """The caller is parked; the agent's leg goes."""
        mem, legs = self._member(talk), talk.rings["(connected)"]
        mem.in_call, mem.last_call = False, int(self.now)
        self.channels[talk.uid].app = "Park"
        self.parked[talk.uid] = str(700 + len(self.parked) + 1)
        row = self._park_row(talk.uid)
        self.tell(row.pop("Event"), **row)
        self.leave(talk.uid)
        self.enter("lot", talk.uid)
        self.leave(*legs)
        del self.talks[talk.uid]
        self.hang_up(*legs)
        self.tell("QueueMemberStatus", **self.of(mem))
        self.refresh(mem.device)
        self.done()

    def fetch(self, uid: str, number: int) -> None:
        """Somebody picks a parked call up."""
        leg = self.channel(f"PJSIP/{number}", str(number), app="ParkedCall")
        self.become(leg, "6")
        about = self.about(uid, "Parkee")
        del self.parked[uid]
        self.tell("UnParkedCall", **about, **self.about(leg, "Retriever"))
        self.leave(uid)
        self.enter(f"fetched-{uid}", uid)
        self.channels[leg].linkedid = self.channels[uid].linkedid
        self.enter(f"fetched-{uid}", leg)
        self.outside.append([uid, leg])
        self.refresh(f"PJSIP/{number}")
        self.done()

    # --- calls outside queues, spies ---

    def _dial(self, uid: str, device: str, number: str) -> None:
        leg = self.channel(device, number, self.channels[uid].linkedid, "AppDial", "(Outgoing Line)")
        self.tell("DialBegin", **self.about(uid), **self.about(leg, "Dest"))
        self.become(leg, "5")
        self.refresh(device)
        self.become(leg, "6")
        self.enter(f"direct-{uid}", leg, uid)
        self.outside.append([uid, leg])
        self.refresh(device)
        self.done()

    def dial(self, caller: int, callee: int) -> None:
        if caller == callee:
            return
        uid = self.channel(f"PJSIP/{caller}", str(caller), app="Dial")
        self.become(uid, "4")
        self.refresh(f"PJSIP/{caller}")
        self.become(uid, "6")
        self._dial(uid, f"PJSIP/{callee}", str(callee))

    def end_outside(self, legs: list[str]) -> None:
        self.outside.remove(legs)
        devices = [self.channels[uid].name.rpartition("-")[0] for uid in legs]
        self.leave(*legs)
        self.hang_up(*legs)
        for device in devices:
            self.refresh(device)
        self.done()

    def spy(self, number: int, target: str) -> None:
        uid = self.channel(f"PJSIP/{number}", str(number), app="ChanSpy", data=f"{self.channels[target].name},q")
        self.become(uid, "6")
        self.spies[uid] = target
        self.tell("ChanSpyStart", **self.about(uid, "Spyer"), **self.about(target, "Spyee"))
        self.done()

    def stop_spying(self, spy: str) -> None:
        target = self.spies.pop(spy)
        about = self.about(target, "Spyee") if target in self.channels else {}
        self.tell("ChanSpyStop", **self.about(spy, "Spyer"), **about)
        self.hang_up(spy)
