"""Finds out whether a broker lets this kernel in, as it would be let into a room."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from ipywebrtc._mqtt import SERVER_VARIABLE, MqttTransport
from ipywebrtc._seal import PROTOCOL, new_member

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ipywebrtc.signaling import Status

    Done = Callable[[str, str], None]

NOT_THE_FIRST = (
    "The brokers that are named before it do not let this kernel in, and people meet only on the "
    "same one: name one that all of them reach with server= or the environment variable "
    f"{SERVER_VARIABLE}."
)


class Probe:
    """Opens the topics of a room that nobody knows, publishes nothing, and is gone.

    Args:
        server: As for `MqttTransport`, in whose time it is done.
        done: Called once, on another thread, with the broker that let us in, or nothing; and with
            a sentence that says what to do, if something has to be done.

    Raises:
        ValueError: `server` is no URL of an MQTT broker.
    """

    def __init__(self, server: str | Sequence[str], done: Done) -> None:
        room, member = f"{PROTOCOL}/{secrets.token_hex(16)}", new_member()
        self.presence = f"{room}/p/{member}"
        self.topics: Sequence[str] = (f"{room}/p/+", f"{room}/s/{member}")
        self._done = done
        self._transport = MqttTransport(server)
        self._transport.open(self)

    def received(self, topic: str, payload: bytes) -> None:
        """Take nothing: it says nothing either."""

    def status(self, status: Status, error: str) -> None:
        """Learn that the broker let us in, or that none does."""
        if status == "connecting":
            return
        server = self._transport.server
        first = server == self._transport.servers[0]
        self._transport.close()
        self._done(str(server or ""), error if first or not server else NOT_THE_FIRST)
