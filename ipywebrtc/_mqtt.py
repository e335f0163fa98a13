"""Carries the envelopes of a room over MQTT brokers: paho-mqtt 2, MQTT 5, or 3.1.1 if need be."""

from __future__ import annotations

import os
import random
import secrets
import socket
import ssl
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ipywebrtc._warn import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paho.mqtt.client import MQTTMessage
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from ipywebrtc.signaling import Listener

SERVERS = (
    "wss://mqtt.eclipseprojects.io:443/mqtt",
    "wss://broker.emqx.io:8084/mqtt",
    "wss://broker.hivemq.com:8884/mqtt",
    "wss://test.mosquitto.org:8081/mqtt",
)
"""Public brokers, tried in this order. Port 443 is first: it passes all firewalls, and people meet
only on the same broker."""
SERVER_VARIABLE = "IPYWEBRTC_MQTT_SERVER"
"""Environment variable with other servers, separated by spaces or commas."""
OLD_SERVER = "wss://iot.eclipse.org:443/ws"
"""Default of ipywebrtc 0.6.0. It is gone since 2019."""
PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}
"""The schemes of servers, and their usual ports."""

CALLBACKS = (
    "on_socket_open",
    "on_connect",
    "on_subscribe",
    "on_publish",
    "on_message",
    "on_disconnect",
)
"""What paho calls."""
REFUSED = ("Packet too large", "Protocol error")
"""Why a connection ends over a message. The second is paho's word for an answer of mosquitto that
MQTT does not know."""
PUT_OUT = (
    "Not authorized",
    "Quota exceeded",
    "Message rate too high",
    "Receive maximum exceeded",
    "Administrative action",
    "Connection rate exceeded",
)
"""Why a broker ends a connection that it will end again."""
MQTT_311, MQTT_5 = 4, 5
"""The protocols that are spoken, by the numbers that they give themselves."""
KEEPALIVE = 8
"""Seconds of silence after which a client and its broker ask whether the other lives. The broker
gives up after one and a half times as long (MQTT 5 §3.1.2.10)."""
WILL_DELAY = 5
"""Seconds that a broken connection has to come back, until the broker says that the member left
(MQTT 5 §3.1.3.2.2; with 3.1.1 it says so at once)."""
SESSION_EXPIRY = 60
"""Seconds that a broker keeps messages for a broken connection (MQTT 5 §3.1.2.11.2)."""
MESSAGE_EXPIRY = 90
"""Seconds until a broker forgets an envelope, also one that it retains (MQTT 5 §3.3.2.3.3)."""
LARGEST_PACKET = 80_000
"""Bytes. The broker keeps longer packets to itself (MQTT 5 §3.1.2.11.4)."""
CONNECT_TIMEOUT = 4.0
"""Seconds for each step of connecting to one broker."""
PATIENCE = 6.0
"""Seconds without a broker that are not yet called an error, be it slow or be it restarting."""
PAUSE = (0.5, 15.0)
"""Shortest and longest seconds between two rounds of trying; doubled each time, and a little random
so that not all members come at once."""
SHORT_LIVED = 10.0
"""Seconds that a connection must last for the pause to be short again."""
MOST_SHORT_LIVED = 4
"""Connections in a row that a broker ends before that without a reason, until it is called one."""
LEAST_PACKET = 32_768
"""Bytes that a broker must carry: a session description with its candidates, sealed."""
RETURN_TIMEOUT = 8.0
"""Seconds in which a broker must deliver to us what we published to ourselves."""
NOT_DELIVERED = "it lets us subscribe and delivers nothing: this user may not read below ipw/1/"
TOO_LONG = f"it does not deliver messages of {LEAST_PACKET} bytes, and a call needs them"
RETURN = 60.0
"""Seconds on a later server, after which the earlier ones are tried again; doubled each time."""


@dataclass(frozen=True)
class Server:
    """A broker. Its text names it without anything secret: no user, password, path or query."""

    scheme: str
    host: str
    port: int
    path: str = field(repr=False)
    username: str = field(repr=False)
    password: str = field(repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def open_url(self) -> str:
        """The URL, for others: without user, password and query."""
        path = self.path.partition("?")[0]
        return str(self) + (path if self.scheme in ("ws", "wss") else "")

    @property
    def encrypted(self) -> bool:
        """Whether TLS is spoken."""
        return self.scheme in ("mqtts", "wss")

    @classmethod
    def parse(cls, url: str, username: str = "", password: str = "") -> Server:
        """Read a URL; a user and password in it come before the arguments.

        Raises:
            ValueError: It is no URL of an MQTT broker. It isn't quoted: it may hold a password.
        """
        try:
            parts = urllib.parse.urlsplit(url)
            default = PORTS[parts.scheme]
            port = default if parts.port is None else parts.port
            if not parts.hostname or not port:
                raise ValueError  # noqa: TRY301 - one text for all that can be wrong
        except (KeyError, ValueError):
            message = (
                "A server is mqtt://host:port, mqtts://host:port, ws://host:port/path or "
                "wss://host:port/path, and may have user:password@ before the host "
                "(write %40 for an @ in the password, %2F for a /)."
            )
            raise ValueError(message) from None
        path = parts.path or "/mqtt"
        return cls(
            parts.scheme,
            parts.hostname,
            port,
            f"{path}?{parts.query}" if parts.query else path,
            urllib.parse.unquote(parts.username or "") or username,
            urllib.parse.unquote(parts.password or "") or password,
        )


def servers(
    server: str | Sequence[str] = "", username: str = "", password: str = ""
) -> list[Server]:
    """List the brokers to try: those given, else those of the environment, else public ones.

    Raises:
        ValueError: One of them is no URL of an MQTT broker.
    """
    urls = server.replace(",", " ").split() if isinstance(server, str) else [*server]
    if OLD_SERVER in urls:
        message = f"{OLD_SERVER} is gone since 2019: other public servers are used instead."
        warn(message, DeprecationWarning)
        urls.remove(OLD_SERVER)
    urls = urls or os.environ.get(SERVER_VARIABLE, "").replace(",", " ").split() or [*SERVERS]
    return [Server.parse(url, username, password) for url in urls]


class MqttTransport:
    """Carries envelopes over the first of several MQTT brokers that lets us in.

    It connects on threads of its own and goes on trying for ever, with pauses. On a later server
    it looks from time to time whether an earlier one is back, and moves there, so that the members
    of a room don't stay apart. It doesn't find members on another server.

    A computing kernel doesn't break the connection, unless it holds Python's global lock for longer
    than 12 s.

    Args:
        server: URL of a broker, or several to try in order: `mqtt://`, `mqtts://`, `ws://` or
            `wss://`, with `user:password@` if need be. By default those in the environment
            variable `IPYWEBRTC_MQTT_SERVER`, else public ones.
        username: For the servers whose URL has none.
        password: For the servers whose URL has none.
        ca: File with certificates (PEM) to trust in place of the system's.

    Raises:
        ValueError: `server` is no URL of an MQTT broker.
        OSError: `ca` can't be read, or holds no certificate.

    Example::

        MqttTransport("wss://guest:secret@broker.example.org/mqtt")
    """

    exposed = True

    def __init__(
        self,
        server: str | Sequence[str] = "",
        *,
        username: str = "",
        password: str = "",
        ca: str = "",
    ) -> None:
        import paho.mqtt.client  # noqa: F401 - if it is missing, say so here and not on a thread

        self.servers = servers(server, username, password)
        """The brokers, in the order in which they are tried."""
        encrypted = any(server.encrypted for server in self.servers)
        self._tls = ssl.create_default_context(cafile=ca or None) if encrypted else None
        self._old_protocol: set[Server] = set()
        self._failures: dict[Server, str] = {}
        self._connection: _Connection | None = None
        self._was_open = False
        self._opened_at = 0.0
        self._short_lived = 0
        self._closed = threading.Event()
        self._timer: threading.Timer | None = None
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"MqttTransport({', '.join(map(str, self.servers))})"

    @property
    def server(self) -> Server | None:
        """The broker that has let us in; None while none has."""
        connection = self._connection
        return connection.server if connection else None

    @property
    def where(self) -> str:
        """Name the broker, for a sentence."""
        return f"The broker {self.server}" if self.server else "The MQTT broker"

    def open(self, listener: Listener) -> None:
        """Begin to connect."""
        self._listener = listener
        self._user = _User(listener, self._tls, self._opened, self._ended)
        self._start_timer()
        threading.Thread(target=self._run, name="ipywebrtc-mqtt", daemon=True).start()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send an envelope, or lose it where there is no connection."""
        connection = self._connection
        if connection:
            connection.publish(topic, payload, retain=retain)

    def close(self) -> None:
        """Disconnect. It returns at once; the threads end soon after."""
        with self._lock:
            self._closed.set()
            self._stop_timer()
            connection, self._connection = self._connection, None
        if connection:
            connection.close()

    # What follows runs on our thread, which chooses the server.

    def _run(self) -> None:
        pause = PAUSE[0]
        while not self._closed.is_set():
            began = time.monotonic()
            connection = self._connect(self.servers)
            if connection:
                self._stay(connection)
                if time.monotonic() - began > SHORT_LIVED:
                    pause = PAUSE[0]
            elif not self._was_open or self._timer is None:
                self._complain()
            self._closed.wait(random.uniform(0.5, 1) * pause)  # noqa: S311 - no secret
            pause = min(2 * pause, PAUSE[1])

    def _connect(self, servers: Sequence[Server]) -> _Connection | None:
        """Connect to the first server that lets us in."""
        for server in servers:
            for protocol in (MQTT_311,) if server in self._old_protocol else (MQTT_5, MQTT_311):
                if self._closed.is_set():
                    return None
                connection = _Connection(self._user, server, protocol)
                if connection.open():
                    if protocol == MQTT_311:
                        self._old_protocol.add(server)
                    return connection
                self._failures[server] = connection.failure
                if not connection.misunderstood:
                    break
        return None

    def _stay(self, connection: _Connection) -> None:
        """Wait until the connection ends, or one to an earlier server replaces it."""
        interval = RETURN
        while index := self.servers.index(connection.server):
            if connection.ended.wait(interval):
                return
            better = self._connect(self.servers[:index])
            if better:
                connection.publish(self._listener.presence, b"", retain=True)
                connection.close()
                connection = better
            interval *= 2
        connection.ended.wait()

    # What follows is called by a connection, on its thread.

    def _opened(self, connection: _Connection) -> None:
        with self._lock:
            if self._closed.is_set():
                connection.close()
                return
            self._stop_timer()
            self._connection = connection
            self._was_open = True
            self._opened_at = time.monotonic()
            self._failures.clear()
            self._listener.status("open", "")

    def _ended(self, connection: _Connection) -> None:
        with self._lock:
            if self._connection is not connection:
                return
            self._connection = None
            lasted = time.monotonic() - self._opened_at
            self._short_lived = self._short_lived + 1 if lasted < SHORT_LIVED else 0
            if self._short_lived >= MOST_SHORT_LIVED and not connection.failure:
                connection.failure = f"it ends each connection after {lasted:.0f} s, with no reason"
            if connection.failure:
                self._failures[connection.server] = connection.failure
                self._complain()
            else:
                self._listener.status("connecting", "")
                self._start_timer()

    # A timer complains in time even where the look-up of a name hangs.

    def _start_timer(self) -> None:
        self._timer = threading.Timer(PATIENCE, self._complain)
        self._timer.daemon = True
        self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _complain(self) -> None:
        with self._lock:
            self._stop_timer()
            if self._closed.is_set() or self._connection:
                return
            tried = "; ".join(
                f"{server}: {self._failures.get(server, 'no answer')}" for server in self.servers
            )
            message = (
                "No MQTT broker can be used: name another one with server= or the environment "
                f"variable {SERVER_VARIABLE}. It goes on trying: {tried}."
            )
            self._listener.status("error", message)


@dataclass(frozen=True)
class _User:
    """What all connections of a transport have in common."""

    listener: Listener
    tls: ssl.SSLContext | None
    opened: Callable[[_Connection], None]
    ended: Callable[[_Connection], None]
    client_id: str = field(default_factory=lambda: f"ipw{secrets.token_hex(10)}")
    """MQTT 3.1.1 allows 23 characters. The same one continues a session."""


class _Connection:
    """One client of one broker, until it ends: it is never made again.

    paho's own thread moves its bytes and calls back, also while the kernel computes.
    """

    def __init__(self, user: _User, server: Server, protocol: int) -> None:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

        self.server = server
        self.failure = ""
        """Why it was not let in, or put out; empty when it just broke."""
        self.misunderstood = False
        """Whether the broker left without a word: an older protocol may help."""
        self.ended = threading.Event()
        self._user = user
        self._modern = protocol == MQTT_5
        self._settled = threading.Event()
        self._is_open = False
        self._closing = False
        self._longest = 0
        """Bytes of the longest message that is not acknowledged."""
        self._is_heard = False
        """Whether it was already asked for what we publish to ourselves."""
        self._published = self._acknowledged = 0
        # What we publish to ourselves, and what it means if it does not come back.
        self._unreturned: dict[tuple[str, bytes], str] = {}
        self._returning: threading.Timer | None = None
        self._client = client = Client(
            CallbackAPIVersion.VERSION2,
            user.client_id,
            clean_session=None if self._modern else True,
            protocol=MQTTProtocolVersion(protocol),
            transport="websockets" if server.scheme in ("ws", "wss") else "tcp",
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT
        client.username = server.username or None
        client.password = server.password or None
        if server.scheme in ("ws", "wss"):
            client.ws_set_options(server.path)
        if server.encrypted:
            client.tls_set_context(user.tls)
        client.will_set(
            user.listener.presence,
            qos=1,
            retain=True,
            properties=self._properties("WILLMESSAGE", WillDelayInterval=WILL_DELAY),
        )
        for name in CALLBACKS:
            setattr(client, name, getattr(self, f"_{name}"))

    def open(self) -> bool:
        """Connect and subscribe; False, and `failure` says why, where the broker doesn't let us."""
        modern: dict[str, Any] = {}
        if self._modern:
            # Continuing the session keeps the will back, and brings what was missed.
            limits = {
                "SessionExpiryInterval": SESSION_EXPIRY,
                "MaximumPacketSize": LARGEST_PACKET,
            }
            modern = {"clean_start": False, "properties": self._properties("CONNECT", **limits)}
        try:
            self._client.connect(self.server.host, self.server.port, KEEPALIVE, **modern)
        except (OSError, ValueError) as error:
            self.failure = _reason(error)
            self._let_go()
            return False
        self._client.loop_start()
        self._settled.wait(CONNECT_TIMEOUT)
        if not self._is_open:
            self.failure = self.failure or "no answer"
            self.close()
        return self._is_open

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Send an envelope at least once, as long as the connection lasts (QoS 1)."""
        if payload and topic == self._user.listener.presence and not self._is_heard:
            self._is_heard = True
            self._expect(topic, payload, NOT_DELIVERED)
        properties = self._properties("PUBLISH", MessageExpiryInterval=MESSAGE_EXPIRY)
        self._longest = max(self._longest, len(payload))
        message = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        self._published = message.mid

    def close(self) -> None:
        """Disconnect, so that the broker forgets us without a will.

        What was published is waited for: a socket that is closed with something unread takes back
        what it sent (RFC 9293 §3.10.4).
        """
        self._closing = True
        self._end()

    def _end(self) -> None:
        if self._closing and self._published == self._acknowledged:
            properties = self._properties("DISCONNECT", SessionExpiryInterval=0)
            self._client.disconnect(properties=properties)

    def _let_go(self) -> None:
        # Else paho, a timer and we keep each other, and paho's sockets, until garbage is collected.
        for name in CALLBACKS:
            setattr(self._client, name, None)
        if self._returning:
            self._returning.cancel()
            self._returning = None

    def _properties(self, packet: str, **values: int) -> Properties | None:
        if not self._modern:
            return None
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        properties = Properties(getattr(PacketTypes, packet))  # type: ignore[no-untyped-call]
        for name, value in values.items():
            setattr(properties, name, value)
        return properties

    def _on_socket_open(self, _client: Any, _data: Any, opened: Any) -> None:
        # Small messages must not wait for each other: 40 ms each, measured. A WebSocket of paho's
        # has no options, but the number of one that has.
        with socket.fromfd(opened.fileno(), socket.AF_INET, socket.SOCK_STREAM) as same:
            same.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _on_connect(self, *event: Any) -> None:
        reason: ReasonCode = event[3]
        limit = getattr(event[4], "MaximumPacketSize", LARGEST_PACKET)
        if reason.is_failure:
            self.failure = f"it refuses the connection: {reason}"
            self.misunderstood = reason.getName() == "Unsupported protocol version"
        elif limit < LEAST_PACKET:
            self._put_out(
                f"it carries messages of at most {limit} bytes: a call needs {LEAST_PACKET}"
            )
        else:
            self._client.subscribe([(topic, 1) for topic in self._user.listener.topics])

    def _on_subscribe(self, *event: Any) -> None:
        reasons: list[ReasonCode] = event[3]
        if any(reason.is_failure for reason in reasons):
            self._put_out("this user may not subscribe to topics that begin with ipw/1/")
        else:
            self._is_open = True
            self._user.opened(self)
            self._settled.set()
            if not self._modern:
                # It has no word for a message that is too long (MQTT 5 §3.4.2.1).
                topic, payload = self._user.listener.topics[-1], secrets.token_bytes(LEAST_PACKET)
                self._expect(topic, payload, TOO_LONG)
                self.publish(topic, payload, retain=False)

    def _expect(self, topic: str, payload: bytes, meaning: str) -> None:
        """Say what it means if the broker does not deliver to us what we publish to ourselves.

        It need not say so itself: an access rule may let us subscribe and deliver nothing.
        """
        self._unreturned[topic, payload] = meaning
        if self._returning is None:
            self._returning = threading.Timer(RETURN_TIMEOUT, self._not_returned)
            self._returning.daemon = True
            self._returning.start()

    def _not_returned(self) -> None:
        if self._unreturned and not self._closing:
            # A broker that delivers nothing does not deliver what is long either.
            nothing = NOT_DELIVERED in self._unreturned.values()
            self._put_out(NOT_DELIVERED if nothing else TOO_LONG)

    def _on_publish(self, *event: Any) -> None:
        self._acknowledged = event[2]
        if self._acknowledged == self._published:
            self._longest = 0
        self._end()
        reason: ReasonCode = event[3]
        if reason.getName() == "Not authorized":
            self._put_out("this user may not publish to topics that begin with ipw/1/")
        elif reason.is_failure:
            self._put_out(f"it refuses what we publish: {reason}")

    def _put_out(self, failure: str) -> None:
        self.failure = failure
        self.close()

    def _on_message(self, _client: Any, _data: Any, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        known = self._unreturned.pop((message.topic, payload), "")
        if known != TOO_LONG:
            self._user.listener.received(message.topic, payload)

    def _on_disconnect(self, *event: Any) -> None:
        reason: ReasonCode = event[3]
        if self._is_open and not self._closing and reason.getName() in REFUSED:
            self.failure = f"it does not take our message of {self._longest} bytes: {reason}"
        elif self._is_open and not self._closing and reason.getName() in PUT_OUT:
            self.failure = f"it ended the connection: {reason}"
        if not self._is_open and not self.failure:
            self.failure = "it closed the connection"
            self.misunderstood = self._modern
        self._let_go()
        self.ended.set()
        self._user.ended(self)
        self._settled.set()


def _reason(error: Exception) -> str:
    """Say in a few words why a connection failed."""
    for name in ("verify_message", "strerror"):
        if text := getattr(error, name, ""):
            return str(text)
    return str(error) or type(error).__name__
