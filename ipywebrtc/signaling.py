"""How the members of a room find each other and pass messages, before they are connected.

It knows nothing of widgets and WebRTC. A `Channel` joins the two parts that make it up:

- a *transport* carries bytes: `LocalTransport` between rooms of this kernel, `MqttTransport` over a
  broker. It is three functions, `open`, `publish` and `close`, and knows no secret;
- a `Seal` makes a topic and a key from the room's name and password, so that whoever is between the
  members sees neither names nor content, and can't add anything.

============================  ====================================================================
topic                         holds
============================  ====================================================================
`ipw/1/<digits>/p/<member>`   presence, retained: `{info, connection, near, echo}`; `{gone}` and
                              then nothing when it leaves
`ipw/1/<digits>/s/<member>`   messages to that member
============================  ====================================================================

Presence is refreshed every 30 s and counts for 90 s, once it names us among those who are `near`
and so can't be older than we are; who sees somebody connect announces itself again. `echo` has the
number of the last announcement of each of the others. So who gets back the number of one that was
just made knows that the answer is fresh, and how far the clocks differ.

An empty presence is the broker's Last Will (MQTT 5 §3.1.2.5) when a kernel dies. It is in clear, so
whoever knows the topic can publish one. It is a hint: a member that is there announces itself at
once and stays. Who runs the broker can keep messages back: presence is a hint, and a connected call
is authoritative. What a participant sends is validated in `_from_participant.py`.

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

from ipywebrtc import _from_participant
from ipywebrtc._dropped import drop
from ipywebrtc._from_participant import MEMBERS
from ipywebrtc._mqtt import MqttTransport
from ipywebrtc._seal import MAX_AGE, Envelope, Guard, Seal, new_member
from ipywebrtc._shapes import Malformed
from ipywebrtc._user_code import contained
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
DOUBT = 2.0
"""Seconds in which a member that is said to have gone can say that it is there."""
ANSWER_PAUSE = 1.0
"""Seconds between two answers to that, however often it is said."""
FORGERIES, FORGERY_SECONDS = 5, 30.0
"""How often within which time we must be said to have gone to call it an attack. A Last Will may
come late once or twice."""
CLAIM = 5.0
"""Seconds for which somebody keeps a place in a full list without having sent us anything."""
HANDSHAKE = 20.0
"""Seconds for which somebody keeps it who has, and with whom there is no call yet."""
STRANGERS = 16
"""Senders with a wrong clock that are answered at a time."""
CLOCK_PATIENCE = 10.0
"""Seconds after which a clock that can't be measured is reported."""
ANNOUNCED = 64
"""Announcements of ours whose echo is known."""
FORGED = (
    "{} announces again and again that we have left, though we are here: somebody knows the topic "
    "of this room. Use a broker with access rules (server=), or another room name and password."
)
CLOCKS = (
    "The clock of another participant is {} min {} this computer's, and its version of ipywebrtc "
    "can't correct that: set both clocks, or update ipywebrtc there."
)
GARBAGE = ("garbled", "oversized", "foreign", "unknown")
"""What only strangers send. The other reasons to refuse may be answers to a question: what was sent
again is `replayed`, and the envelopes of a wrong clock are `old`; asking for these has no end."""
NOT_THERE = "Nothing was sent: we or the other one are not in the room any more."
TOO_MANY = "Nothing was sent: too many messages wait for a connection to the MQTT broker."


class Transport(Protocol):
    """Carries bytes between those that have opened the same topics."""

    exposed: bool
    """Whether others than this kernel see what is carried."""

    @property
    def where(self) -> str:
        """What carries it, for a sentence."""

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
    where = "This kernel"
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
        clock: Seconds by which its clock is ahead of ours, where they are far apart.
        met: When it was listed, by `time.monotonic`.
        heard: Whether it has sent us a message.
        proven: Whether it is there beyond doubt, as a call with it shows; it then keeps its place.
        listens: Whether it was heard since our connection was lost. Until then messages to it wait:
            after a broker's restart it may not listen yet, and a message that it misses never
            arrives after a later one.
    """

    id: str
    info: Content
    connection: int = field(repr=False)
    until: float = field(repr=False)
    outbox: deque[_Message] = field(default_factory=deque, repr=False)
    clock: float = field(default=0.0, repr=False)
    met: float = field(default_factory=time.monotonic, repr=False)
    heard: bool = field(default=False, repr=False)
    proven: bool = field(default=False, repr=False)
    listens: bool = field(default=True, repr=False)


@dataclass
class _Stranger:
    """Somebody whose clock is far from ours, or a recording of somebody."""

    sequence: int
    """Of the last announcement."""
    ahead: float
    """Seconds by which its time was ahead of ours."""
    count: int = 1
    """Announcements so far."""
    met: float = field(default_factory=time.monotonic)


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
    (after 19 s at most), or after 90 s of silence. A message arrives once and in order, also when
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
        self.notice = ""
        """What is wrong though there is a connection, in one sentence; else empty."""
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
        self._echoes: dict[str, int] = {}
        self._strangers: dict[str, _Stranger] = {}
        self._answered = 0.0
        self._forgeries: deque[float] = deque(maxlen=FORGERIES)
        self._lock = threading.RLock()
        self._loop = _event_loop()
        self._seal = Seal(room, password, exposed=transport.exposed)
        self._receiver = _Receiver(
            self._seal,
            self.id,
            call=self._call,
            changed=self._changed,
            appeared=self._appeared,
            doubted=self._doubted,
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
            if self.status == "open" and to.listens:
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
        about = {"info": self._info, "connection": self._connection, "near": [*self.members]}
        echo = {name: self._echoes[name] for name in self.members if name in self._echoes}
        echo |= {name: stranger.sequence for name, stranger in self._strangers.items()}
        return self._sealed_presence({**about, "echo": echo})

    def _sealed_presence(self, content: Content) -> bytes:
        envelope = Envelope(self.id, self._count(), time.time(), content)
        self._receiver.announced.append((envelope.sequence, time.monotonic()))
        return self._seal.close(self._receiver.presence, envelope)

    def _announce(self) -> None:
        announcement = self._announcement()
        if self._present and self.status == "open":
            self._announce_at = time.monotonic() + REFRESH
            self._transport.publish(self._receiver.presence, announcement, retain=True)

    def _retract(self) -> None:
        if self._present:
            self._present = False
            # That we go is sealed, so nobody doubts it; the empty one takes back what is retained.
            for payload, retain in ((self._sealed_presence({"gone": True}), False), (b"", True)):
                self._transport.publish(self._receiver.presence, payload, retain=retain)

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
            self._allow_for_losses(now)
            if self._announce_at <= now:
                self._announce()
            for member in [*self.members.values()]:
                while member.outbox and (member.outbox[0].sent or now) < now - RESEND:
                    member.outbox.popleft()
                if member.until <= now:
                    self._forget(member.id)
            self._look_at_clocks()

    def _allow_for_losses(self, now: float) -> None:
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
            with contained(), self._lock:
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
                member.listens = False
        if before != (status, error):
            self._on_status(status, error)

    def _opened(self) -> None:
        self._ask()
        for member in self.members.values():
            member.until = time.monotonic() + GRACE
            if member.listens:
                self._post_again(member)

    def _appeared(self, envelope: Envelope, arrived: float) -> None:
        sender = envelope.sender
        try:
            told = _from_participant.presence(envelope.content)
        except Malformed:
            drop("participant", "a malformed presence")
            return
        if told.gone:
            self._forget(sender)
            return
        self._strangers.pop(sender, None)
        member = self.members.get(sender)
        until = arrived + EXPIRY if self.id in {*told.near, *told.echo} else 0.0
        if member is None:
            if len(self.members) < MEMBERS or self._make_place():
                self._echoes[sender] = envelope.sequence
                clock = self._receiver.guard.clock(sender)
                until = until or arrived + GRACE
                self._met(Member(sender, told.info, told.connection, until, clock=clock))
            return
        self._echoes[sender] = envelope.sequence
        member.until = max(until, member.until)
        if member.connection != told.connection:
            self._announce_at = 0.0
        if member.connection != told.connection or not member.listens:
            member.connection, member.listens = told.connection, True
            self._post_again(member)
        if member.info != told.info:
            member.info = told.info
            self._on_update(member)

    def _make_place(self) -> bool:
        """Forget somebody who was only announced, for somebody else; False if all are at work."""
        now = time.monotonic()
        idle = [
            one
            for one in self.members.values()
            if not one.proven and now - one.met > (HANDSHAKE if one.heard else CLAIM)
        ]
        silent = min(idle, key=lambda one: (one.heard, one.met), default=None)
        if silent:
            self._forget(silent.id)
        return silent is not None

    def _met(self, member: Member) -> None:
        self.members[member.id] = member
        self._announce_at = 0.0
        if member.clock:
            self._announce()  # It does not understand what we send before it knows our clock.
        self._on_join(member)
        early, self._early = [*self._early], deque(maxlen=EARLY)
        for arrived, envelope in early:
            if time.monotonic() - arrived < EARLY_FOR:
                self._arrived(envelope, arrived)

    def _vanished(self, sender: str) -> None:
        """Take the hint that somebody is gone: a Last Will, or a forgery."""
        if sender == self.id and self._present:
            self._answer_forgery()
        elif member := self.members.get(sender):
            left = time.monotonic() + DOUBT
            member.until = min(left, member.until)
            self._loop.call_later(DOUBT, self._call, self._check, sender)

    def _check(self, sender: str) -> None:
        member = self.members.get(sender)
        if member and member.until <= time.monotonic():
            self._forget(sender)

    def _answer_forgery(self) -> None:
        now = time.monotonic()
        if now - self._answered >= ANSWER_PAUSE:
            self._answered = now
            self._announce()
        else:
            self._announce_at = min(self._answered + ANSWER_PAUSE, self._announce_at)
        self._forgeries.append(now)
        if len(self._forgeries) == FORGERIES and now - self._forgeries[0] < FORGERY_SECONDS:
            self._notify(FORGED.format(self._transport.where))

    def _forget(self, sender: str) -> None:
        self._echoes.pop(sender, None)
        if member := self.members.pop(sender, None):
            self._on_leave(member)

    def _doubted(self, envelope: Envelope) -> None:
        """Answer somebody whose clock differs, or whose envelope was recorded long ago.

        The answer names the envelope. What comes back then, and names the answer, is fresh.
        """
        stranger = self._strangers.get(envelope.sender)
        if stranger is None:
            if len(self._strangers) >= STRANGERS:
                return
            ahead = envelope.time - time.time()
            stranger = self._strangers[envelope.sender] = _Stranger(envelope.sequence, ahead)
        elif envelope.sequence <= stranger.sequence:
            return
        else:
            stranger.sequence, stranger.count = envelope.sequence, stranger.count + 1
        self._announce_at = 0.0

    def _look_at_clocks(self) -> None:
        """Report a clock that can't be measured, as its owner's version does not answer."""
        now = time.monotonic()
        for sender, stranger in [*self._strangers.items()]:
            if now - stranger.met > EXPIRY:
                del self._strangers[sender]
            elif stranger.count > 1 and now - stranger.met > CLOCK_PATIENCE:
                minutes = max(1, round(abs(stranger.ahead) / 60))
                side = "ahead of" if stranger.ahead > 0 else "behind"
                self._notify(CLOCKS.format(minutes, side))

    def _notify(self, notice: str) -> None:
        if self.notice != notice:
            self.notice = notice
            self._on_status(self.status, self.error)

    def _arrived(self, envelope: Envelope, arrived: float) -> None:
        if member := self.members.get(envelope.sender):
            member.heard = True
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
    appeared: Callable[[Envelope, float], None]
    doubted: Callable[[Envelope], None]
    vanished: Callable[[str], None]
    arrived: Callable[[Envelope, float], None]

    def __post_init__(self) -> None:
        self.guard = Guard(self.seal)
        self.inbox = f"{self.seal.topic}/s/{self.member}"
        self.presence = f"{self.seal.topic}/p/{self.member}"
        self.topics: Sequence[str] = (f"{self.seal.topic}/p/+", self.inbox)
        self.announced: deque[tuple[int, float]] = deque(maxlen=ANNOUNCED)
        """The numbers of our last announcements, and when each was made."""
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
        envelope = self.guard.admit(topic, payload, sender, is_fresh=self._is_fresh)
        if envelope and sender != self.member:
            self._hand_over(self.appeared, envelope, now)

    def _is_fresh(self, envelope: Envelope) -> bool:
        """Whether an announcement with a wrong time answers one that we made just now."""
        try:
            told = _from_participant.presence(envelope.content)
        except Malformed:
            return False
        made = dict(self.announced).get(told.echo.get(self.member, 0))
        if made is not None and time.monotonic() - made < MAX_AGE:
            return True
        if not told.gone:
            self._hand_over(self.doubted, envelope)
        return False

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
