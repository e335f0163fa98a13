"""Rooms, in which people see and hear each other: who is here, and a call with each of them."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
import weakref
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import traitlets

from ipywebrtc import _from_participant
from ipywebrtc._bundle import bundle
from ipywebrtc._dropped import drop
from ipywebrtc._from_participant import LONGEST_NICKNAME, about
from ipywebrtc._media import MOST_PAGES, Media, _call_later
from ipywebrtc._mqtt import SERVER_VARIABLE, servers
from ipywebrtc._reference import REFERENCE, is_closed
from ipywebrtc._shapes import Malformed, encodable
from ipywebrtc._user_code import interruptible
from ipywebrtc._warn import warn
from ipywebrtc.errors import SignalingError
from ipywebrtc.peers import NO_SERVERS, WebRTCPeer, _valid_server
from ipywebrtc.signaling import Channel, LocalTransport, MqttTransport, room_code
from ipywebrtc.streams import CameraStream, MediaStream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ipywebrtc._media import Buffers, Content
    from ipywebrtc.signaling import Member, Status, Transport

    Admit = Callable[[dict[str, Any]], bool]

TICK = 1.0
"""Seconds between two looks at the calls."""
SILENCE = 11
"""Ticks without a sign from the page that acts, after which another one takes over; it gives a sign
every 5 s."""
RETRY = 1
"""Ticks after which a call that ended is begun anew; doubled each time."""
ANSWER = 5
"""Ticks without an answer after which our signals are repeated; doubled each time."""
UNANSWERED = 32
"""How many signals are repeated."""
LONGEST_PAUSE = 30
"""Ticks between two tries at most."""
NOTICE = 20
"""Ticks that a passing event is told in `error`."""
UPLINK = 4_000_000
"""Bits per second that are sent in all."""
BITRATE = 2_500_000
"""Bits per second that are sent to one other at most."""
LINGER = 10.0
"""Seconds after a call that the stream of the other one stays, ended."""
LINGERING = 32
"""Streams that stay so at a time, however many come and go."""
CLAIM = 5
"""Ticks for which somebody who was announced keeps a place in a full room without a word."""
HANDSHAKE = 30
"""Ticks for which somebody keeps it who has answered, until the call is there."""
SETTLED = 10
"""Ticks after which no refusal ends a call."""
CODE = re.compile(r"[a-z]{5}(-[a-z]{5}){3}")
"""The names that `room_code` makes, which nobody guesses."""

_warned: set[str] = set()
"""Rooms that were warned of, once each."""


class _RoomPeer(WebRTCPeer):
    """A peer that calls in the page in which its room acts, and in no other.

    Args:
        page: That page.
        lingering: What closes the streams of the room's last calls.
    """

    def __init__(self, page: str, lingering: deque[Callable[[], None]], **kwargs: Any) -> None:
        self._page, self._lingering = page, lingering
        super().__init__(**kwargs)
        # It need not say hello first: it holds the room, and waits for nothing else.
        self._pages = [page]

    def act_in(self, page: str) -> None:
        """Call from another page, or from none."""
        self._page = page
        for other in [*self._pages]:
            self._said_bye(other)
        if page:
            self.send({"kind": "who"})

    def close(self) -> None:
        """Hang up; a moment later close what belongs to it, which ipywidgets would keep for ever.

        Recordings of its stream end meanwhile.
        """
        if is_closed(self):
            return  # ipywidgets closes it once more when it is collected.
        stream = self.stream_remote
        widgets = [self.layout, stream.layout, stream]
        super().close()

        def close() -> None:
            while widgets:
                widgets.pop().close()

        self._lingering.append(close)
        if len(self._lingering) > LINGERING:
            self._lingering.popleft()()
        _call_later(self._loop, LINGER, close)

    def _said_hello(self, page: str) -> None:
        if page == self._page:
            super()._said_hello(page)


@dataclass(eq=False)
class _Person:
    """Somebody else who is in the room or was, and the call with it."""

    member: Member
    peer: _RoomPeer
    present: bool = True
    unanswered: list[dict[str, Any]] = field(default_factory=list)
    """Messages that we sent since something came for the call."""
    waited: int = 0
    """Ticks since something came for the call, while it is not connected."""
    tries: int = 0
    """How often it was begun anew, or our signals repeated, since it was connected."""
    was_connected: bool = False
    heard: bool = False
    """Whether anything came for the call: who is only announced may be invented."""
    age: int = 0
    """Ticks since it was begun, or since it is connected."""

    @property
    def nickname(self) -> str:
        return _nickname(self.member)

    @property
    def is_claim(self) -> bool:
        """Whether somebody else may have the place: no handshake was completed in time."""
        return not self.was_connected and self.age >= (HANDSHAKE if self.heard else CLAIM)

    @property
    def state(self) -> str:
        if self.peer.connected:
            return "connected"
        return "reconnecting" if self.was_connected or self.tries else "connecting"

    @property
    def is_closed(self) -> bool:
        """Whether its widgets are being closed, in whichever order, as by marimo with a cell."""
        return is_closed(self.peer) or is_closed(self.peer.stream_remote)

    def look_after(self, repeat: Callable[[dict[str, Any]], None]) -> None:
        """Begin the call anew if it ended, and repeat signals that seem to be lost."""
        self.waited += 1
        ended = self.peer.status in ("ended", "error")
        # Once it has heard of the other one, a peer tries again by itself.
        heard_nothing = self.peer.status == "waiting" and self.unanswered
        pause = (RETRY if ended else ANSWER) * 2**self.tries
        if not (ended or heard_nothing) or self.waited < min(pause, LONGEST_PAUSE):
            return
        self.waited, self.tries = 0, self.tries + 1
        if ended:
            self.peer.connect()
        else:
            for message in self.unanswered:
                repeat(message)


class WebRTCRoom(Media):
    """A room in which a few people see and hear each other.

    This is the base of all rooms: use `WebRTCRoomMqtt` or `WebRTCRoomLocal`, or `chat()`. Whoever
    knows `room` and `password` is in. A room joins when it is made, as soon as a page has loaded
    it, and stays in while one is open: when all are closed, crash, or lose the notebook's server
    for 15 s, the others see its person leave. It acts in one page; where several hold it, the
    others show who is there, and one of them takes over when that one is closed.

    Picture and sound go from browser to browser, encrypted. Each sends its stream to each other, so
    the room is for a handful: see `max_peers`. A call that runs needs nobody between, and outlives
    the loss of a broker. One that breaks is made anew while both are there.

    `status` is `starting` (it connects), `waiting` (nobody else is here, or no page has loaded it),
    `connected` (to one at least), `idle` (it has left) or `error`; a sentence in `error` says what
    is wrong, also while some calls run.

    Displayed, it shows everybody, and plays their sound; the buttons mute the microphone, hide the
    camera, and leave.

    Calls are those of W3C WebRTC, https://www.w3.org/TR/webrtc/, encrypted as RFC 8827 §6.5 says.

    Example:
        >>> room = WebRTCRoomMqtt(room="lusab-babad-gutih-tugad", stream=CameraStream())
        >>> room
        >>> room.observe(lambda change: print(len(change["new"]), "others"), "peers")
        >>> recorder = VideoRecorder(stream=room.streams[1])
    """

    _esm = bundle("webrtc_room")

    room = traitlets.Unicode("room").tag(sync=True)
    """Its name, the same for all. The invitation: whoever knows it and `password` is in."""

    stream = traitlets.Instance(MediaStream, allow_none=True).tag(sync=True, **REFERENCE)
    """What the others see and hear of us: any stream, or None. A change replaces it in all calls,
    which go on."""

    nickname = traitlets.Unicode("anonymous").tag(sync=True, page="sets")
    """How the others see us called. A change is sent to them."""

    room_id = traitlets.Unicode(read_only=True)
    """Tells this room's person from others of the same nickname; random digits. Read-only."""

    peers = traitlets.List(traitlets.Instance(WebRTCPeer), read_only=True)
    """The calls, a `WebRTCPeer` with each of the others; replaced when one comes or goes.
    Read-only."""

    streams = traitlets.List(traitlets.Instance(MediaStream), read_only=True)
    """Our stream first, if there is one, then those of all others who are connected; replaced when
    one comes or goes. A recorder takes any of them. Read-only."""

    max_peers = traitlets.Int(8, min=1)
    """How many others may be here, default 8. Who comes later is refused, and told so. All send to
    all, and share 4 Mbit/s of each one's way out: with 8 others each gets 0.5 Mbit/s."""

    password = traitlets.Unicode()
    """What one must know besides the name, if not empty. Never sent anywhere."""

    ice_servers = traitlets.Any()
    """Servers that help the browsers to find a way to each other, as `WebRTCPeer.ice_servers`; by
    default the same. They are told to none of the others. Counts for calls that begin later."""

    ice_transport_policy = traitlets.Enum(("all", "relay"), "all")
    """`relay` lets calls go by TURN servers only, so that the others don't learn our address."""

    # The view sets it as well.
    _inside = traitlets.Bool(True).tag(sync=True, page="sets")

    # What the view shows of the others: id, nickname, peer and stream (references), state, audio,
    # video.
    _people = traitlets.List(traitlets.Dict()).tag(sync=True)

    # The page that acts.
    _page = traitlets.Unicode().tag(sync=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._channel: Channel | None = None
        self._persons: dict[str, _Person] = {}
        self._lingering: deque[Callable[[], None]] = deque()
        self._admitted: dict[str, bool] = {}
        self._turns: dict[str, int] = {}  # How often each member had a place.
        self._refusals: set[str] = set()  # The members for whom the room is full.
        self._admit: Admit | None = None
        self._silent = 0
        self._since = 0.0
        self._refusal = ""
        self._notice = ""
        self._notice_ticks = 0
        super().__init__(*args, **kwargs)
        self._follow(None, self.stream)
        self.observe(self._on_stream, "stream")
        self.observe(self._announce, "nickname")
        self.observe(self._on_place, ["room", "password"])
        self.observe(self._on_inside, "_inside")
        try:
            self._enter()
        except Exception:
            self.close()
            raise

    @traitlets.validate("ice_servers")
    def _valid_ice_servers(self, proposal: Any) -> Any:
        servers = proposal["value"]
        try:
            return None if servers is None else [_valid_server(server) for server in servers]
        except (TypeError, ValueError, AttributeError):
            raise traitlets.TraitError(NO_SERVERS) from None

    @traitlets.default("room_id")
    def _default_room_id(self) -> str:
        return secrets.token_hex(8)

    def join(self) -> None:
        """Join again, after `leave()` or a refusal. Returns at once.

        Raises:
            ValueError: The room can't be reached this way, such as by a server that is no URL.

        Example:
            >>> room.leave()
            >>> room.join()
        """
        self._inside = True

    def leave(self) -> None:
        """End all calls, and be seen by nobody, until `join()`. Returns at once."""
        self._inside = False

    def close(self) -> None:
        """Leave, and close the widget in every page. The stream stays."""
        self._exit()
        self._follow(self.stream, None)
        super().close()

    def on_peer(self, callback: Admit | None) -> Admit | None:
        """Ask a function whether somebody may come in. May be used as a decorator.

        It is asked once for each who comes from now on, with a dict of `id` and `nickname`, both as
        they say themselves. Who is refused has no call with us, and is told so; others may let them
        in. A function that raises refuses, and `error` says so.

        Args:
            callback: Returns whether to accept; None accepts everybody, as without it.

        Example:
            >>> @room.on_peer
            ... def accept(info):
            ...     return info["nickname"] in {"Ada", "Grace"}
        """
        self._admit = callback
        return callback

    # In and out

    def _transport(self) -> Transport:
        """Make the way to the other members."""
        message = "WebRTCRoom is the base of rooms: use WebRTCRoomMqtt or WebRTCRoomLocal."
        raise TypeError(message)

    def _enter(self) -> None:
        transport = self._transport()
        self._since = time.time()
        self._refusal = self._notice = ""
        self._channel = Channel(
            transport,
            self.room,
            password=self.password,
            info=self._info(),
            lease=True,
            on_join=self._on_join,
            on_update=self._meet,
            on_leave=self._on_leave,
            on_message=self._on_member,
            on_status=self._on_status,
        )
        if self._page:
            self._channel.touch()
        channel = self._channel
        _call_later(self._loop, TICK, lambda: self._look(channel))
        self._show()

    def _exit(self, refusal: str = "") -> None:
        persons, self._persons = [*self._persons.values()], {}
        for person in persons:
            person.peer.close()  # While its last signal still gets out.
        channel, self._channel = self._channel, None
        if channel:
            channel.close()
        for known in (self._admitted, self._turns, self._refusals):
            known.clear()
        self._refusal = refusal
        self._show()

    def _on_inside(self, change: Any) -> None:
        if not change["new"]:
            self._exit(self._refusal)
            return
        try:
            self._enter()
        except Exception:
            self._inside = False
            raise

    def _on_place(self, _: Any) -> None:
        if self._channel:
            self._exit()
            self._enter()

    def _info(self) -> dict[str, Any]:
        """What the others learn of us."""
        enabled = {
            kind: bool(self.stream and getattr(self.stream, f"{kind}_enabled"))
            for kind in ("audio", "video")
        }
        # What is not encoded here is not understood there.
        about = {"nickname": encodable(self.nickname[:LONGEST_NICKNAME]), "person": self.room_id}
        return {**about, "since": self._since, **enabled}

    def _announce(self, _: Any) -> None:
        if self._channel:
            self._channel.update(self._info())

    def _on_stream(self, change: Any) -> None:
        self._follow(change["old"], change["new"])
        for person in self._persons.values():
            person.peer.stream_local = change["new"]
        self._announce(change)
        self._show()

    def _follow(self, old: MediaStream | None, new: MediaStream | None) -> None:
        """Tell the others when our stream is muted, and stop telling of the old one."""
        names = ["audio_enabled", "video_enabled"]
        if old and self._announce in old._trait_notifiers.get(names[0], {}).get("change", []):  # noqa: SLF001 - traitlets raises for what it does not know
            old.unobserve(self._announce, names)
        if new:
            new.observe(self._announce, names)

    # Pages

    def _on_message(self, widget: Any, content: Content, buffers: Buffers) -> None:
        super()._on_message(widget, content, buffers)
        kind, page = content["kind"], content["page"]
        if kind == "beat" and page not in self._pages and len(self._pages) < MOST_PAGES:
            self._pages.insert(0, page)  # One that was silent for long is the last choice.
        if kind in ("hello", "beat"):
            self._heard(page)
        elif kind == "bye" and page == self._page:
            self._act_in(self._pages[-1] if self._pages else "")

    def _heard(self, page: str) -> None:
        if not self._page:
            self._act_in(page)
        if page == self._page:
            self._silent = 0
        if self._channel:
            self._channel.touch()

    def _act_in(self, page: str) -> None:
        """Let another page act, or none; it takes the calls over."""
        self._page, self._silent = page, 0
        for person in self._persons.values():
            person.peer.act_in(page)
        if self._channel and page:
            self._meet_all()
        elif self._channel:
            self._channel.release()
        self._show()

    def _look(self, channel: Channel) -> None:
        """Do what is due.

        It counts ticks, so that the time of a computing kernel is not held against the others.
        """
        if channel is not self._channel:
            return
        _call_later(self._loop, TICK, lambda: self._look(channel))
        self._silent += 1
        others = [page for page in self._pages if page != self._page]
        if self._page and self._silent > SILENCE and others:
            self._pages = others
            self._act_in(others[-1])
        for person in [*self._persons.values()]:
            person.age += 1
            if person.is_closed or not person.peer.connected:
                self._look_after(person, channel)
        self._pass_places_on()
        self._notice_ticks -= 1
        if self._notice and self._notice_ticks <= 0:
            self._notice = ""
            self._show()

    def _look_after(self, person: _Person, channel: Channel) -> None:
        """Begin a call that does not run anew, or end it."""
        if not person.present or person.is_closed or self._is_replaced(person.member):
            self._drop(person)
        elif channel.status == "open" and self._page:
            person.look_after(lambda message: self._pass_on(person.member, message))
            self._show()

    # Members

    def _on_status(self, _status: Status, _error: str) -> None:
        self._show()

    def _on_join(self, member: Member) -> None:
        self._meet(member)

    def _on_leave(self, member: Member) -> None:
        self._admitted.pop(member.id, None)
        self._turns.pop(member.id, None)
        self._refusals.discard(member.id)
        self._look_at_refusals()
        person = self._persons.get(member.id)
        if person:
            person.present = False
            if not person.peer.connected:
                self._drop(person)

    def _meet_all(self) -> None:
        for member in self._by_turns():
            self._meet(member)

    def _by_turns(self) -> list[Member]:
        """List the members, those first who had a place less often."""
        members = [*self._channel.members.values()] if self._channel else []
        return sorted(members, key=lambda member: self._turns.get(member.id, 0))

    def _meet(self, member: Member, *, heard: bool = False) -> None:
        """Call somebody who is here, unless that was done or must not be."""
        person = self._persons.get(member.id)
        if person:
            person.member, person.present = member, True
            member.proven = person.peer.connected
            person.peer.nickname = person.nickname
        elif self._page and not self._is_replaced(member) and self._is_admitted(member):
            if not self._has_place(member, heard=heard):
                return
            self._turns[member.id] = self._turns.get(member.id, 0) + 1
            self._begin(member)
        self._show()

    def _pass_places_on(self) -> None:
        """Give the place of somebody who was only announced to the next one."""
        waits = [
            one
            for one in self._by_turns()
            if one.id not in self._persons
            and self._admitted.get(one.id, True)
            and not self._is_replaced(one)
        ]
        if waits and any(person.is_claim for person in self._persons.values()):
            self._meet(waits[0])

    def _is_admitted(self, member: Member) -> bool:
        if member.id not in self._admitted:
            self._admitted[member.id] = self._asked(member)
            if not self._admitted[member.id]:
                self._pass_on(member, {"kind": "refuse", "reason": "declined"})
        return self._admitted[member.id]

    def _asked(self, member: Member) -> bool:
        if self._admit is None:
            return True
        try:
            with interruptible():
                return bool(self._admit({"id": member.id, "nickname": _nickname(member)}))
        except BaseException as error:  # noqa: BLE001 - whatever a user's function may raise
            self._tell(f"{_nickname(member)} was not let in: on_peer's function raised {error!r}.")
            return False

    def _has_place(self, member: Member, *, heard: bool) -> bool:
        """Whether there is a place, if need be that of somebody who has no call yet.

        Who has said something comes before who was only announced. Others who come at once learn of
        each other in any order, but must agree who stays: those who came first.
        """
        if len(self._persons) < self.max_peers:
            return True
        waiting = [person for person in self._persons.values() if not person.peer.connected]
        claims = [one for one in waiting if one.is_claim or (heard and not one.heard)]
        if claims:
            oldest = max(claims, key=lambda person: (not person.heard, person.age))
            self._drop(oldest, again=False)
            return True
        if not all(one.heard for one in waiting):
            return False  # Nobody is refused for the sake of somebody who may be invented.
        last = max(waiting, key=lambda person: _seniority(person.member), default=None)
        if last and _seniority(member) < _seniority(last.member):
            self._refuse_full(last.member, sure=False)
            self._drop(last, again=False)
            return True
        self._refuse_full(member, sure=not waiting)
        return False

    def _refuse_full(self, member: Member, *, sure: bool) -> None:
        limit = self.max_peers
        about = {"kind": "refuse", "reason": "full", "sure": sure, "limit": limit}
        self._pass_on(member, about)
        self._tell(f"{_nickname(member)} could not come in: the room is full (max_peers={limit}).")

    def _pass_on(self, member: Member, content: Any) -> None:
        # Else one of us is not there any more, or the call is begun anew.
        with contextlib.suppress(SignalingError):
            if self._channel:
                self._channel.send(member.id, content)

    def _on_member(self, member: Member, content: Any) -> None:
        """Take in what a member sent us; what is not understood is dropped."""
        try:
            told = _from_participant.message(content)
        except Malformed:
            drop("participant", "a malformed message")
            return
        match told:
            case {"kind": "signal", "signal": signal}:
                self._on_signal(member, signal)
            case {"reason": "full", "sure": sure, "limit": limit}:
                if sure or _seniority(member) < (self._since, self._member_id):
                    self._refusals.add(member.id)
                    self._look_at_refusals(limit + 1)
            case {"reason": "declined"}:
                if person := self._persons.get(member.id):
                    self._drop(person, again=False)
                self._admitted[member.id] = False
                self._tell(f"{_nickname(member)} did not let you in.")

    def _on_signal(self, member: Member, signal: dict[str, Any]) -> None:
        if member.id not in self._persons and signal["to"] is None and not signal.get("bye"):
            self._meet(member, heard=True)
        person = self._persons.get(member.id)
        if person:
            person.heard, person.waited = True, 0
            person.unanswered.clear()
            person.peer.signal(signal)

    def _look_at_refusals(self, people: int = 0) -> None:
        """Leave when the room is full for all who came before us: one alone may have made it up."""
        if not (self._refusals and self._channel):
            return
        if any(one.peer.connected and one.age > SETTLED for one in self._persons.values()):
            return
        members, ours = self._channel.members.values(), (self._since, self._member_id)
        senior = {member.id for member in members if _seniority(member) < ours}
        if (senior or {member.id for member in members}) <= self._refusals:
            self._leave_full(people or len(self._refusals) + 1)

    def _leave_full(self, people: int) -> None:
        message = f"The room is full, with {people} people: join again when somebody has left."
        self._refusal = message
        self._inside = False

    @property
    def _member_id(self) -> str:
        return self._channel.id if self._channel else ""

    # Calls

    def _begin(self, member: Member) -> None:
        servers = {} if self.ice_servers is None else {"ice_servers": self.ice_servers}
        with self._cell.resumed() if self._cell else contextlib.nullcontext():
            peer = _RoomPeer(
                self._page,
                self._lingering,
                stream_local=self.stream,
                polite=self._member_id > member.id,
                ice_transport_policy=self.ice_transport_policy,
                nickname=_nickname(member),
                max_bitrate=self._bitrate(1),
                id_local=self._member_id,
                id_remote=member.id,
                **servers,
            )
        person = _Person(member, peer)
        self._persons[member.id] = person
        peer.on_signal(lambda signal: self._send_signal(person, signal))
        peer.observe(lambda _: self._peer_changed(person), ["status", "connected"])
        peer.connect()

    def _send_signal(self, person: _Person, signal: dict[str, Any]) -> None:
        message = {"kind": "signal", "signal": signal}
        person.unanswered = [*person.unanswered, message][-UNANSWERED:]
        self._pass_on(person.member, message)

    def _peer_changed(self, person: _Person) -> None:
        if self._persons.get(person.member.id) is not person:
            return
        person.waited = 0
        if person.peer.connected:
            person.was_connected, person.heard, person.tries, person.age = True, True, 0, 0
            person.member.proven = True
            person.unanswered.clear()
        elif not person.present or self._is_replaced(person.member):
            self._drop(person)
        self._show()

    def _is_replaced(self, member: Member) -> bool:
        """Whether the same person is here as a newer member, such as after a lost leave."""
        identity, since = about(member.info).person, _seniority(member)
        # Whoever only claims to be somebody else does not take that one's place.
        return bool(identity) and (
            identity == self.room_id
            or any(
                about(other.member.info).person == identity and _seniority(other.member) > since
                for other in self._persons.values()
                if other.peer.connected
            )
        )

    def _drop(self, person: _Person, *, again: bool = True) -> None:
        """End a call; the place that it leaves may be somebody's who waited."""
        if self._persons.get(person.member.id) is person:
            del self._persons[person.member.id]
            person.member.proven = False
            person.peer.close()
            if again:
                self._meet_all()
            self._show()

    def _bitrate(self, more: int = 0) -> int:
        return min(BITRATE, UPLINK // max(1, len(self._persons) + more))

    # What is told

    def _tell(self, notice: str) -> None:
        """Tell an event in `error` for a while."""
        self._notice, self._notice_ticks = notice, NOTICE
        self._show()

    def _show(self) -> None:
        """Set the traits to what is so."""
        persons = [*self._persons.values()]
        connected = [person for person in persons if person.peer.connected]
        own = [self.stream] if self.stream else []
        bitrate = self._bitrate()
        for person in persons:
            person.peer.max_bitrate = bitrate
        self._set_state(
            peers=[person.peer for person in persons],
            streams=own + [person.peer.stream_remote for person in connected],
            _people=[_shown(person) for person in persons if not person.is_closed],
            status=self._current_status(connected=bool(connected)),
            error=self._refusal or self._trouble() or self._notice,
        )

    def _trouble(self) -> str:
        return (self._channel.error or self._channel.notice) if self._channel else ""

    def _current_status(self, *, connected: bool) -> str:
        if self._channel is None:
            return "error" if self._refusal else "idle"
        if connected:
            return "connected"
        if self._channel.status == "error":
            return "error"
        if not self._page:
            return "waiting"
        return "starting" if self._persons or self._channel.status != "open" else "waiting"


class WebRTCRoomLocal(WebRTCRoom):
    """A room of this kernel: for one notebook, or several people on one notebook's kernel.

    Nothing leaves the kernel but to its own pages; see `WebRTCRoom`.

    Example:
        >>> one = WebRTCRoomLocal(room="test", stream=CameraStream(), nickname="One")
        >>> other = WebRTCRoomLocal(room="test", stream=ImageStream.from_file("cat.png"))
        >>> ipywidgets.HBox([one, other])
    """

    def _transport(self) -> Transport:
        return LocalTransport()


class WebRTCRoomMqtt(WebRTCRoom):
    """A room whose members find each other through an MQTT broker; see `WebRTCRoom`.

    The kernel speaks to the broker, and the browsers to each other. All that the broker carries is
    encrypted with a key that is made of the room's name and password: it learns neither, nor who
    talks of what, but can see from which addresses kernels connect, and when. Members must use the
    same broker. Public ones are used by default, and promise nothing: give your own in `server` or
    in the environment variable `IPYWEBRTC_MQTT_SERVER`.

    It speaks MQTT 5, https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html, or 3.1.1.

    Without a password whoever guesses the name can enter, from anywhere: let `chat()` or
    `ipywebrtc.signaling.room_code()` make one that nobody guesses.

    Example:
        >>> WebRTCRoomMqtt(room="lab", password="…", server="mqtts://broker.example.org")
    """

    server = traitlets.Union(
        [traitlets.Unicode(), traitlets.List(traitlets.Unicode())], default_value=""
    )
    """The URL of a broker, `mqtt://`, `mqtts://`, `ws://` or `wss://`, with `user:password@` if
    need be; or a list of them, tried in order. Empty, the default, takes those of the environment
    variable, else public ones."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._shown_by: int | None = None  # The number of the cell in which `chat` showed it.
        super().__init__(*args, **kwargs)
        self.observe(self._on_place, "server")

    def _ipython_display_(self, **kwargs: Any) -> None:
        """Show nothing as the last value of the cell in which `chat` has shown it."""
        from IPython import get_ipython

        if self._shown_by is not None and self._shown_by == _execution(get_ipython()):
            return
        # ipywidgets 7 shows widgets so, 8 leaves it to `_repr_mimebundle_`.
        show = getattr(super(), "_ipython_display_", None)
        if show is None:
            raise NotImplementedError
        show(**kwargs)

    def _transport(self) -> Transport:
        if not self.password and not CODE.fullmatch(self.room) and self.room not in _warned:
            _warned.add(self.room)
            message = (
                f"Whoever knows or guesses the name {self.room!r} can enter this room: give it a "
                "password, or let chat() make a name that nobody guesses."
            )
            warn(message)
        server: str | Sequence[str] = self.server
        return MqttTransport(server)


def chat(
    room: str | None = None, stream: MediaStream | None = None, **kwargs: Any
) -> WebRTCRoomMqtt:
    """Meet others: make a room, show it, and return it.

    Running it again with the same room replaces the one before.

    Args:
        room: Its name. Without one a new name is made, which nobody guesses and which can be told
            on the phone; it is printed, for the others to join.
        stream: What they see and hear; by default a new `CameraStream`.
        **kwargs: Traits of the `WebRTCRoomMqtt`, such as `nickname`, `password` and `server`.

    Raises:
        ValueError: `server` is no URL of an MQTT broker.

    Example:
        >>> room = chat(nickname="Ada")
        Others join with: ipywebrtc.chat(room="lusab-babad-gutih-tugad")
    """
    from IPython import get_ipython
    from IPython.display import display

    if room is None:
        room = room_code()
        print(f"Others join with: {_invitation(room, **kwargs)}")  # noqa: T201 - to be sent
    before = _chats.pop(room, None)
    if before:
        before.close()
    made = WebRTCRoomMqtt(room=room, stream=stream or CameraStream(), **kwargs)
    _chats[room] = made
    display(made)  # type: ignore[no-untyped-call]
    cell = _execution(get_ipython())
    made._shown_by = cell  # noqa: SLF001 - one file
    return made


def _invitation(room: str, server: str | Sequence[str] = "", password: str = "", **_: Any) -> str:
    """Return what others run; the secrets are told apart from it."""
    text = f'room="{room}"'
    if server or os.environ.get(SERVER_VARIABLE):  # Who uses another one is not found.
        text += f', server="{",".join(place.open_url for place in servers(server))}"'
    if password:
        text += ", password=…"
    return f"ipywebrtc.chat({text})"


_chats: weakref.WeakValueDictionary[str, WebRTCRoomMqtt] = weakref.WeakValueDictionary()
"""The rooms that `chat` made, by name."""


def _execution(shell: Any) -> int | None:
    """Return the number of the cell that runs, if there are numbers."""
    return getattr(shell, "execution_count", None)


def _nickname(member: Member) -> str:
    return about(member.info).nickname or "Somebody"


def _seniority(member: Member) -> tuple[float, str]:
    """Order members by when they came, as they say themselves, by our clock."""
    return about(member.info).since - member.clock, member.id


def _shown(person: _Person) -> dict[str, Any]:
    """What the view shows of somebody."""
    stream, told = person.peer.stream_remote, about(person.member.info)
    return {
        "id": person.member.id,
        "nickname": person.nickname,
        "peer": f"anywidget:{person.peer.model_id}",
        "stream": f"IPY_MODEL_{stream.model_id}" if stream else "",
        "state": person.state,
        "audio": told.audio,
        "video": told.video,
    }
