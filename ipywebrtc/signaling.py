"""How the members of a room find each other and pass messages, before they are connected.

It knows nothing of widgets and WebRTC. A `Channel` joins the two parts that make it up:

- a *transport* carries bytes: `LocalTransport` between rooms of this kernel, `MqttTransport` over a
  broker. It is three functions, `open`, `publish` and `close`, and knows no secret;
- a `Seal` makes a topic and a key from the room's name and password, so that whoever is between the
  members sees neither names nor content, and can't add anything.

============================  ====================================================================
topic                         holds
============================  ====================================================================
`ipw/1/<digits>/p/<member>`   presence, retained: `{info, connection, near}`; empty when gone
`ipw/1/<digits>/s/<member>`   messages to that member
============================  ====================================================================

Presence is refreshed every 30 s and counts for 90 s, once it names us among those who are `near`
and so can't be older than we are; who sees somebody connect announces itself again. An empty
presence is the broker's Last Will (MQTT 5 §3.1.2.5) when a kernel dies. It is in clear, so whoever
knows the topic can make a member seem to have left, which then comes back by itself; and who runs
the broker can keep messages back: a call that runs is the truth, and not this.

A broker has a queue for each client, and drops what finds it full: a flood of garbage costs honest
envelopes too. So silence counts only while nothing has to be refused, and who has refused garbage,
or is about to take a member for gone, asks: it announces itself as if it had connected again.
"""

from __future__ import annotations

import asyncio
import functools
import secrets
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from ipywebrtc._mqtt import MqttTransport
from ipywebrtc._seal import Envelope, Guard, Seal, new_member
from ipywebrtc.errors import SignalingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Channel", "LocalTransport", "Member", "MqttTransport", "Transport", "room_code"]

Content = dict[str, Any]
Status = Literal["connecting", "open", "error", "closed"]

TICK = 1.0
"""Seconds between two looks at what is due."""
REFRESH = 30.0
"""Seconds between two announcements of the same presence."""
EXPIRY = 90.0
"""Seconds that a presence counts."""
LEASE = 15.0
"""Seconds without a sign from the page, after which presence is taken back."""
GRACE = 15.0
"""Seconds that a presence counts which does not name us: a broker may have kept it, or a stranger
repeated it. As long have all others after our connection was lost, since a broker that restarts
forgets everybody."""
ASK = 5.0
"""Seconds between two questions at least. A member is asked when its presence ends in less than
twice as long."""
RESEND = 30.0
"""Seconds for which a message is sent again to a member who connects again."""
OUTBOX = 64
"""Messages to one member that are kept for that."""
EARLY = 32
"""Messages that are kept because they overtook the presence of their sender."""
EARLY_FOR = 10.0
"""Seconds for which they are."""
BACKLOG = 512
"""Events that wait while the kernel computes. More are dropped."""
MEMBERS = 64
"""Others that are listed."""
GARBAGE = ("garbled", "oversized", "foreign", "unknown")
"""What only strangers send. The other reasons to refuse may be answers to a question: what was sent
again is `replayed`, and the envelopes of a wrong clock are `old`; asking for these has no end."""
NOT_THERE = "Nothing was sent: we or the other one are not in the room any more."
TOO_MANY = "Nothing was sent: too many messages wait for a connection to the MQTT broker."


class Transport(Protocol):
    """Carries bytes between those that have opened the same topics."""

    exposed: bool
    """Whether others than this kernel see what is carried."""

    def open(self, listener: Listener) -> None:
        """Begin to deliver to a listener, from any thread."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send to those who have the topic open, and to those who open it later if retained.

        An empty retained payload takes back what was retained. What is published without a
        connection is lost.
        """

    def close(self) -> None:
        """Stop delivering, without waiting."""


class Listener(Protocol):
    """Whom a transport delivers to, one event after the other."""

    presence: str
    """Topic under which an empty payload is published when the connection dies."""
    topics: Sequence[str]
    """Which topics to deliver. The last part of one may be `+`, for any."""

    def received(self, topic: str, payload: bytes) -> None:
        """Take a payload; one that was retained may come several times."""

    def status(self, status: Status, error: str) -> None:
        """Learn that the connection was lost, is open, or why there is none."""


class LocalTransport:
    """Carries envelopes between the rooms of this kernel, without any network."""

    exposed = False
    _listeners: ClassVar[dict[LocalTransport, Listener]] = {}
    _retained: ClassVar[dict[str, bytes]] = {}
    _lock = threading.RLock()

    def open(self, listener: Listener) -> None:
        """Deliver what is retained, and from now on what is published."""
        with self._lock:
            self._listeners[self] = listener
            for topic, payload in self._retained.items():
                _deliver(listener, topic, payload)
            listener.status("open", "")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Deliver to all who have the topic open."""
        with self._lock:
            if retain and payload:
                self._retained[topic] = payload
            elif retain:
                self._retained.pop(topic, None)
            for listener in [*self._listeners.values()]:
                _deliver(listener, topic, payload)

    def close(self) -> None:
        """Stop delivering."""
        with self._lock:
            self._listeners.pop(self, None)


def _deliver(listener: Listener, topic: str, payload: bytes) -> None:
    if {topic, f"{topic.rpartition('/')[0]}/+"}.intersection(listener.topics):
        listener.received(topic, payload)


@dataclass(eq=False)
class Member:
    """Somebody else in the room.

    Args:
        id: Digits that say nothing. Who joins again is a new member.
        info: What the member tells of itself.
        connection: Grows when it connects again, or asks.
        until: When it is taken for gone, by `time.monotonic`.
        outbox: What it was sent lately.
        heard: Whether it was heard since our connection was lost. Until then messages to it wait:
            after a broker's restart it may not listen yet, and a message that it misses never
            arrives after a later one.
    """

    id: str
    info: Content
    connection: int = field(repr=False)
    until: float = field(repr=False)
    outbox: deque[_Message] = field(default_factory=deque, repr=False)
    heard: bool = field(default=True, repr=False)


@dataclass
class _Message:
    """What was sent to a member, and may have to be sent again.

    Sent is the second at which it last went out, and none before that.
    """

    sequence: int
    content: Any
    sent: float | None = None


def _ignore(*_event: object) -> None:
    """Do nothing, as a callback that nobody gave."""


class Channel:
    """The way to the members of one room, from the moment it is made until `close`.

    Members appear when they are present, and disappear when they leave, when their kernel dies
    (after 17 s at most), or after 90 s of silence. A message arrives once and in order, also when
    a connection is lost meanwhile or the broker restarts; or the member disappears, and `on_leave`
    tells. A kernel that computes for longer than 90 s disappears until it is done, for those who
    connect meanwhile after 15 s.

    Brokers drop messages when they are flooded. What was said in the last 30 s is then sent again,
    but never arrives after a later message: don't take a missing answer for a refusal. While a
    flood lasts, nobody is taken for silent.

    Callbacks come on the event loop that runs when the channel is made; where none runs, on a
    thread, one after the other. Methods may be called from any thread.

    Args:
        transport: A new one for each channel.
        room: Name of the room.
        password: What its members know besides; without one, the name is the only secret.
        info: What others learn of us, as JSON: it is sealed. Put no credentials in it.
        lease: Whether we are present only while `touch` is called, as a page does that shows us.
        on_join: A member is there.
        on_update: A member has changed its info.
        on_leave: A member is gone. A call with it may live on.
        on_message: A member sent us something.
        on_status: `status` or `error` has changed.

    Example::

        channel = Channel(LocalTransport(), "garden", on_join=lambda member: print(member.info))
    """

    def __init__(  # noqa: PLR0913 - keywords, each with a default
        self,
        transport: Transport,
        room: str,
        *,
        password: str = "",
        info: Content | None = None,
        lease: bool = False,
        on_join: Callable[[Member], object] = _ignore,
        on_update: Callable[[Member], object] = _ignore,
        on_leave: Callable[[Member], object] = _ignore,
        on_message: Callable[[Member, Any], object] = _ignore,
        on_status: Callable[[Status, str], object] = _ignore,
    ) -> None:
        self.id = new_member()
        """Our own id, by which others know us."""
        self.status: Status = "connecting"
        """`connecting`, `open`, `error` (it goes on trying) or `closed`."""
        self.error = ""
        """Why there is no connection and what to do, in one sentence; else empty."""
        self.members: dict[str, Member] = {}
        """The others, by id."""
        self._on_join, self._on_update, self._on_leave = on_join, on_update, on_leave
        self._on_message, self._on_status = on_message, on_status
        self._info = info or {}
        self._leased = lease
        self._lease = 0.0
        self._present = not lease
        self._sequence = 0
        self._connection = 0
        self._announce_at = 0.0
        self._asked = 0.0
        self._refused = self._garbage = 0
        self._early: deque[tuple[float, Envelope]] = deque(maxlen=EARLY)
        self._lock = threading.RLock()
        self._loop = _event_loop()
        self._seal = Seal(room, password, exposed=transport.exposed)
        self._receiver = _Receiver(
            self._seal,
            self.id,
            call=self._call,
            changed=self._changed,
            appeared=self._appeared,
            vanished=self._vanished,
            arrived=self._arrived,
        )
        self._announcement()  # Raises here, and not later, if the info can't be sent.
        self._transport = transport
        transport.open(self._receiver)
        self._loop.call_soon_threadsafe(self._tick)

    @property
    def dropped(self) -> Counter[str]:
        """How many envelopes were refused, by reason; see `Guard`."""
        return self._receiver.guard.dropped

    def send(self, member: str, content: Any) -> None:
        """Send JSON to a member.

        Raises:
            SignalingError: We or the member aren't there, it is too long, or too much waits.
        """
        with self._lock:
            to = self.members.get(member)
            if to is None or not self._present or self.status == "closed":
                raise SignalingError(NOT_THERE)
            message = _Message(self._count(), content)
            envelope = self._sealed(to, message)
            if len(to.outbox) >= OUTBOX:
                if to.outbox[0].sent is None:
                    raise SignalingError(TOO_MANY)
                to.outbox.popleft()
            to.outbox.append(message)
            if self.status == "open" and to.heard:
                self._post(to, message, envelope)

    def update(self, info: Content) -> None:
        """Tell the others something new about us.

        Raises:
            SignalingError: It is too long.
        """
        with self._lock:
            before, self._info = self._info, info
            try:
                self._announce()
            except SignalingError:
                self._info = before
                raise

    def touch(self) -> None:
        """Be present for another 15 s, in which the kernel computes nothing else."""
        with self._lock:
            self._lease = LEASE
            if self._leased and not self._present:
                self._present = True
                self._announce()

    def release(self) -> None:
        """Be absent until the next `touch`: the page says that it goes away."""
        with self._lock:
            if self._leased and self._present:
                self._retract()

    def close(self) -> None:
        """Leave. It returns at once."""
        with self._lock:
            if self.status != "closed":
                self._retract()
                self.status, self.error = "closed", ""
                self.members.clear()
                self._transport.close()

    # Our presence.

    def _announcement(self) -> bytes:
        content = {"info": self._info, "connection": self._connection, "near": [*self.members]}
        envelope = Envelope(self.id, self._count(), time.time(), content)
        return self._seal.close(self._receiver.presence, envelope)

    def _announce(self) -> None:
        announcement = self._announcement()
        if self._present and self.status == "open":
            self._announce_at = time.monotonic() + REFRESH
            self._transport.publish(self._receiver.presence, announcement, retain=True)

    def _retract(self) -> None:
        if self._present:
            self._present = False
            self._transport.publish(self._receiver.presence, b"", retain=True)

    def _tick(self) -> None:
        """Do what is due.

        A lease counts ticks and not seconds: while a cell blocks the kernel, the signs of the page
        lie unread, and that time must not be held against it.
        """
        with self._lock:
            if self.status == "closed":
                return
            self._loop.call_later(TICK, self._tick)
            self._lease -= TICK
            if self._leased and self._lease <= 0:
                self._retract()
            if self.status != "open":
                return
            now = time.monotonic()
            self._doubt(now)
            if self._announce_at <= now:
                self._announce()
            for member in [*self.members.values()]:
                while member.outbox and (member.outbox[0].sent or now) < now - RESEND:
                    member.outbox.popleft()
                if member.until <= now:
                    self._vanished(member.id)

    def _doubt(self, now: float) -> None:
        """Give the others time, and ask them, where the broker may have dropped what they said."""
        refused, garbage = self.dropped.total(), sum(self.dropped[reason] for reason in GARBAGE)
        if refused != self._refused:
            self._refused = refused
            for member in self.members.values():
                member.until = max(member.until, now + GRACE)
        ending = any(member.until < now + 2 * ASK for member in self.members.values())
        if (ending or garbage != self._garbage) and self._asked <= now - ASK:
            self._garbage = garbage
            self._ask()

    def _ask(self) -> None:
        """Make the others announce themselves, and send again what may be lost."""
        self._asked = time.monotonic()
        self._connection += 1
        self._announce()

    # What the receiver hands over to the event loop.

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        def call() -> None:
            with self._lock:
                if self.status != "closed":
                    function(*arguments)

        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:  # The loop was closed, and nobody listens any more.
            self._transport.close()

    def _changed(self, status: Status, error: str) -> None:
        if status == "connecting" and self.status == "error":
            return  # An error lasts until it is over.
        before = self.status, self.error
        self.status, self.error = status, error
        if status == "open":
            self._opened()
        else:
            for member in self.members.values():
                member.heard = False
        if before != (status, error):
            self._on_status(status, error)

    def _opened(self) -> None:
        self._ask()
        for member in self.members.values():
            member.until = time.monotonic() + GRACE
            if member.heard:
                self._post_again(member)

    def _appeared(self, sender: str, content: Any, arrived: float) -> None:
        match content:
            case {"info": dict(info), "connection": int(connection), "near": list(near)}:
                pass
            case _:
                return
        member = self.members.get(sender)
        until = arrived + EXPIRY if self.id in near else 0.0
        if member is None:
            if len(self.members) < MEMBERS:
                member = Member(sender, info, connection, until or arrived + GRACE)
                self._met(member)
            return
        member.until = max(until, member.until)
        if member.connection != connection:
            self._announce_at = 0.0
        if member.connection != connection or not member.heard:
            member.connection, member.heard = connection, True
            self._post_again(member)
        if member.info != info:
            member.info = info
            self._on_update(member)

    def _met(self, member: Member) -> None:
        self.members[member.id] = member
        self._announce_at = 0.0
        self._on_join(member)
        early, self._early = [*self._early], deque(maxlen=EARLY)
        for arrived, envelope in early:
            if time.monotonic() - arrived < EARLY_FOR:
                self._arrived(envelope, arrived)

    def _vanished(self, sender: str) -> None:
        if sender == self.id and self._present:
            self._announce_at = 0.0  # A will that came late, or a forgery: we are still there.
        elif member := self.members.pop(sender, None):
            self._on_leave(member)

    def _arrived(self, envelope: Envelope, arrived: float) -> None:
        if member := self.members.get(envelope.sender):
            self._on_message(member, envelope.content)
        else:
            self._early.append((arrived, envelope))

    # Messages to others.

    def _count(self) -> int:
        self._sequence += 1
        return self._sequence

    def _sealed(self, member: Member, message: _Message) -> bytes:
        envelope = Envelope(self.id, message.sequence, time.time(), message.content)
        return self._seal.close(f"{self._seal.topic}/s/{member.id}", envelope)

    def _post(self, member: Member, message: _Message, envelope: bytes) -> None:
        self._transport.publish(f"{self._seal.topic}/s/{member.id}", envelope)
        message.sent = message.sent or time.monotonic()

    def _post_again(self, member: Member) -> None:
        """Send again what may be lost; the receiver knows by its number what it has."""
        if self.status == "open":
            for message in member.outbox:
                self._post(member, message, self._sealed(member, message))


@dataclass
class _Receiver:
    """The end of a channel on the transport's thread.

    It opens envelopes there, so that floods of garbage don't reach the event loop, and the times
    of arrival are true while the kernel computes. What is admitted is handed to the event loop, by
    `call`.
    """

    seal: Seal
    member: str
    call: Callable[..., None]
    changed: Callable[[Status, str], None]
    appeared: Callable[[str, Any, float], None]
    vanished: Callable[[str], None]
    arrived: Callable[[Envelope, float], None]

    def __post_init__(self) -> None:
        self.guard = Guard(self.seal)
        self.inbox = f"{self.seal.topic}/s/{self.member}"
        self.presence = f"{self.seal.topic}/p/{self.member}"
        self.topics: Sequence[str] = (f"{self.seal.topic}/p/+", self.inbox)
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(BACKLOG)

    def received(self, topic: str, payload: bytes) -> None:
        """Open an envelope and hand it over, or drop and count it."""
        with self._lock:
            if topic == self.inbox:
                self._message(topic, payload)
            else:
                self._presence(topic, payload)

    def status(self, status: Status, error: str) -> None:
        """Hand over what the transport says of its connection."""
        self.call(self.changed, status, error)

    def _message(self, topic: str, payload: bytes) -> None:
        envelope = self.guard.admit(topic, payload)
        if envelope:
            self._hand_over(self.arrived, envelope, time.monotonic())

    def _presence(self, topic: str, payload: bytes) -> None:
        sender, now = topic.rpartition("/")[2], time.monotonic()
        if not payload:
            if self.guard.knows(topic, sender):
                self._hand_over(self.vanished, sender)
            else:
                self.guard.dropped["unknown"] += 1
            return
        envelope = self.guard.admit(topic, payload, sender)
        if envelope and sender != self.member:
            self._hand_over(self.appeared, sender, envelope.content, now)

    def _hand_over(self, function: Callable[..., None], *arguments: Any) -> None:
        def call() -> None:
            self._places.release()
            function(*arguments)

        if self._places.acquire(blocking=False):
            self.call(call)
        else:
            self.guard.dropped["overflow"] += 1


def room_code() -> str:
    """Make the name of a room that can be told on the phone and not be guessed: 64 random bits.

    They are four proquints, syllables that differ in every language (D. S. Wilkerson, "A Proposal
    for Proquints", arXiv:0901.4016).

    Example::

        room_code()  # 'lusab-babad-gutih-tugad'
    """
    return "-".join(_proquint(secrets.randbits(16)) for _ in range(4))


def _proquint(number: int) -> str:
    consonants, vowels = "bdfghjklmnprstvz", "aiou"
    digits = ((consonants, 12), (vowels, 10), (consonants, 6), (vowels, 4), (consonants, 0))
    return "".join(letters[number >> shift & len(letters) - 1] for letters, shift in digits)


def _event_loop() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return _own_event_loop()


@functools.cache
def _own_event_loop() -> asyncio.AbstractEventLoop:
    """Start an event loop on a thread, where a program runs none."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="ipywebrtc-signaling", daemon=True).start()
    return loop
