"""A small AMI client with which the tests drive and watch the lab, independent of the code under test."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Mapping

Message = dict[str, str]
Condition = Callable[[Message], bool]


class AmiRefused(Exception):
    """Asterisk answered an action with an error; the text is its own."""


class Ami:
    """One connection, read by a thread of its own; every event since the last ``forget`` is kept."""

    def __init__(self, host: str, port: int, username: str, secret: str, *, timeout: float = 10) -> None:
        self.events: list[Message] = []
        self._responses: dict[str, list[Message]] = {}
        self._changed = threading.Condition()
        self._ids = itertools.count(1)
        self._open = True
        self._socket = socket.create_connection((host, port), timeout)
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._read, name="lab-ami", daemon=True)
        self._thread.start()
        try:
            self.action("Login", Username=username, Secret=secret, Events="on")
        except Exception:
            self.close()
            raise

    def action(
        self, name: str, fields: Mapping[str, str] | None = None, *, timeout: float = 10, **more: str
    ) -> Message:
        """Send one action and return its response; AmiRefused if it is an error."""
        identity = f"lab-{next(self._ids)}"
        lines = [("Action", name), ("ActionID", identity), *(fields or {}).items(), *more.items()]
        text = "".join(f"{key}: {value}\r\n" for key, values in lines for value in values.split("\n"))
        with self._changed:
            self._responses[identity] = []
        self._socket.sendall((text + "\r\n").encode())
        with self._changed:
            if not self._changed.wait_for(lambda: self._responses[identity] or not self._open, timeout):
                raise TimeoutError(f"no response to {name} within {timeout} s")
            answers = self._responses.pop(identity)
        if not answers:
            raise ConnectionError(f"the link was lost before {name} was answered")
        if answers[0]["Response"] == "Error":
            raise AmiRefused(f"{name}: {answers[0].get('Message', '')}")
        return answers[0]

    def listing(self, name: str, complete: str, **fields: str) -> list[Message]:
        """The events that an action lists, without the one that ends the list."""
        begin = self.mark()
        identity = self.action(name, fields)["ActionID"]
        self.expect(complete, since=begin, ActionID=identity)
        with self._changed:
            mine = [event for event in self.events[begin:] if event.get("ActionID") == identity]
        return [event for event in mine if event["Event"] != complete]

    def mark(self) -> int:
        """A place in the stream of events, to look on from."""
        with self._changed:
            return len(self.events)

    def wait_for(self, condition: Condition, *, since: int = 0, timeout: float = 15, what: str = "") -> Message:
        """The first event since a mark that meets the condition; waits for it as long as ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        position = since
        with self._changed:
            while True:
                for event in self.events[position:]:
                    if condition(event):
                        return event
                position = len(self.events)
                rest = deadline - time.monotonic()
                if rest <= 0 or not self._open:
                    seen = ", ".join(event.get("Event", "?") for event in self.events[since:][-15:])
                    raise TimeoutError(
                        f"{what or 'the awaited event'} did not come within {timeout} s; last were: {seen}"
                    )
                self._changed.wait(rest)

    def expect(self, event: str, *, since: int = 0, timeout: float = 15, **headers: str) -> Message:
        """The first event of this name since a mark with these headers; a value that ends in ``*`` is a beginning."""
        wanted = " ".join([event, *(f"{key}={value}" for key, value in headers.items())])
        return self.wait_for(lambda e: _fits(e, event, headers), since=since, timeout=timeout, what=wanted)

    def seen(self, event: str, *, since: int = 0, **headers: str) -> list[Message]:
        """The events of this name since a mark that have come by now."""
        with self._changed:
            return [message for message in self.events[since:] if _fits(message, event, headers)]

    def settle(self, quiet: float = 0.2, timeout: float = 10) -> None:
        """Wait until nothing has happened for a while; RTCP, which never stops during a call, does not count."""
        deadline = time.monotonic() + timeout
        seen = -1
        while time.monotonic() < deadline:
            with self._changed:
                now = sum(not event["Event"].startswith("RTCP") for event in self.events)
            if now == seen:
                return
            seen = now
            time.sleep(quiet)
        raise TimeoutError(f"events were still coming after {timeout} s")

    def forget(self) -> None:
        """Drop the events kept so far; marks taken before are void."""
        with self._changed:
            self.events.clear()

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._socket.close()

    @property
    def alive(self) -> bool:
        """Whether the connection still stands."""
        return self._open

    def _read(self) -> None:
        block: list[str] = []
        with contextlib.suppress(OSError), self._socket.makefile("rb") as stream:
            next(stream, b"")  # the banner
            for line in stream:
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                if text:
                    block.append(text)
                elif block:  # some answers end with more than one empty line
                    self._take(_message(block))
                    block = []
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def _take(self, message: Message) -> None:
        message["ReceivedAt"] = repr(time.time())
        with self._changed:
            if "Response" in message:
                self._responses.setdefault(message.get("ActionID", ""), []).append(message)
            else:
                self.events.append(message)
            self._changed.notify_all()


def _fits(message: Message, event: str, headers: Mapping[str, str]) -> bool:
    if message["Event"] != event:
        return False
    for key, value in headers.items():
        # Real events lack headers at times: AgentComplete has no channel once both channels are gone.
        found = message.get(key)
        if found is None or not (found.startswith(value[:-1]) if value.endswith("*") else found == value):
            return False
    return True


def _message(lines: list[str]) -> Message:
    """Headers by name; repeated ones (Output, ChanVariable) are joined by a line feed."""
    message: Message = {}
    for line in lines:
        key, _, value = line.partition(":")
        value = value.removeprefix(" ")
        message[key] = f"{message[key]}\n{value}" if key in message else value
    return message
