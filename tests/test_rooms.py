"""Rooms of real channels and peers, in pages that are played."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

import ipywidgets
import pytest
import traitlets

import ipywebrtc
from ipywebrtc import (
    ArrayStream,
    CameraStream,
    ImageStream,
    WebRTCPeer,
    WebRTCRoom,
    WebRTCRoomLocal,
    WebRTCRoomMqtt,
    _media,
    rooms,
    signaling,
)
from ipywebrtc._reference import is_closed
from ipywebrtc._seal import Envelope, Seal
from ipywebrtc.signaling import Channel, LocalTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from e2e.brokers import Broker
    from ipywebrtc import MediaStream
    from ipywebrtc._media import Content, Media

    Test = Callable[..., Coroutine[Any, Any, None]]

FOR_EVER = 10**9
SECRET = "hunter2"  # noqa: S105 - a test's
# Every widget that is not closed; ipywidgets 7 has it where 8 warns.
WIDGETS: Any = getattr(ipywidgets.widgets.widget, "_instances", None)
if WIDGETS is None:
    WIDGETS = ipywidgets.Widget.widgets
numbers = itertools.count()
everybody: list[WebRTCRoom] = []


def within(seconds: float) -> Callable[[Test], Callable[..., None]]:
    """Run a test on an event loop, for so many seconds at most."""

    def decorate(test: Test) -> Callable[..., None]:
        @functools.wraps(test)
        def run(*args: Any, **kwargs: Any) -> None:
            async def whole() -> None:
                try:
                    await asyncio.wait_for(test(*args, **kwargs), seconds)
                finally:
                    while everybody:
                        everybody.pop().close()

            asyncio.run(whole())

        return run

    return decorate


async def until(condition: Callable[..., object], *args: object) -> None:
    """Wait until something is so; the test's own deadline ends it."""
    while not condition(*args):  # noqa: ASYNC110 - threads set no event
        await asyncio.sleep(0.002)


class Browser:
    """A page that holds a room and its peers, and makes a call of every two that find each other.

    It speaks as the real one does, of nothing but sessions.
    """

    def __init__(self, room: WebRTCRoom, name: str = "") -> None:
        self.name = name or f"page-{next(numbers)}"
        self.room = room
        self.calls: dict[WebRTCPeer, Call] = {}
        self.alive = True
        self._watch(room)
        room.observe(self._peers_changed, "peers")
        self._say(room, "hello")
        self._peers_changed({"new": room.peers})

    def close(self) -> None:
        """Close it as a user does."""
        for widget in [self.room, *self.room.peers]:
            self._say(widget, "bye")
        self.die()

    def die(self) -> None:
        """Fall silent; what it calls breaks."""
        self.alive = False
        for call in self.calls.values():
            call.end()

    def beat(self) -> None:
        """Give a sign of life."""
        self._say(self.room, "beat")

    def _say(self, widget: Media, kind: str, **content: Any) -> None:
        if self.alive:
            widget._handle_custom_msg({"kind": kind, "page": self.name, **content}, [])

    def _watch(self, widget: Media) -> None:
        send = widget.send

        def receive(content: Content, buffers: Any = None) -> None:
            send(content, buffers)
            if self.alive:
                asyncio.get_running_loop().call_soon(self._received, widget, content)

        widget.send = receive

    def _peers_changed(self, change: Any) -> None:
        for peer in change["new"]:
            if peer not in self.calls:
                self.calls[peer] = Call(self, peer)
                self._watch(peer)
                self._say(peer, "hello")

    def _received(self, widget: Media, content: Content) -> None:
        if content["kind"] == "who":
            self._say(widget, "hello")
        call = self.calls.get(widget)
        if call and content.get("page") == self.name:
            call.received(content)


class Call:
    """What a page does for a peer."""

    lines: set[frozenset[str]] = set()  # noqa: RUF012 - of all pages
    """The calls that run, each by the sessions of its two ends."""

    def __init__(self, browser: Browser, peer: WebRTCPeer) -> None:
        self.browser, self.peer = browser, peer
        self.attempt = -1
        self.session, self.other = "", ""
        self.request: Content = {}
        self.sent = self.heard = 0

    def received(self, content: Content) -> None:
        if content["kind"] == "cancel":
            self.end()
        if content["kind"] == "request":
            self.request = content
            self._say("ack", id=content["id"])
            if content["attempt"] > self.attempt:
                self.attempt = content["attempt"]
                if not self.session:
                    self._begin(None)
        for number, signal in enumerate(content.get("signals", []), content.get("first", 0)):
            if number > self.heard:
                self.heard = number
                self._hear(signal)

    def end(self) -> None:
        """Hang up, or lose the way."""
        self.lines.discard(frozenset([self.session, self.other]))
        self.session = self.other = ""

    def _begin(self, to: str | None) -> None:
        self.session, self.other = f"session-{next(numbers)}", to or ""
        self._state("starting" if to else "waiting")
        self._signal(to)

    def _hear(self, signal: Content) -> None:
        if signal.get("bye"):
            if signal["from"] == self.other:
                self.end()
                self._state("ended")
            return
        if signal["to"] not in (None, self.session):
            return
        if not self.session or self.other not in ("", signal["from"]):
            self._begin(signal["from"])
        elif not self.other:
            self.other = signal["from"]
            self._signal(self.other)
        self.lines.add(frozenset([self.session, self.other]))
        self._state("connected")

    def _signal(self, to: str | None) -> None:
        signal = {"from": self.session, "to": to, "polite": self.peer.polite}
        self.sent += 1
        letter = {"turn": self.browser.name, "first": self.sent, "signals": [signal]}
        self._say("signals", id=self.request["id"], heard=self.heard, **letter)

    def _state(self, status: str) -> None:
        self._say("state", id=self.request["id"], status=status, error="")

    def _say(self, kind: str, **content: Any) -> None:
        self.browser._say(self.peer, kind, **content)


class Person:
    """Somebody in a room, with a notebook open."""

    def __init__(self, kind: type[WebRTCRoom] = WebRTCRoomLocal, **traits: Any) -> None:
        self.room = kind(**{"room": "garden", **traits})
        self.browser = Browser(self.room)
        everybody.append(self.room)

    def sees(self) -> list[str]:
        """List whom it is connected with."""
        return sorted(peer.nickname for peer in self.room.peers if peer.connected)

    def shows(self) -> list[tuple[str, str]]:
        """List whom the view shows, and how."""
        return sorted((one["nickname"], one["state"]) for one in self.room._people)


def see(*people: Person) -> bool:
    """Tell whether all of them are connected, and with nobody else."""
    names = sorted(person.room.nickname for person in people)
    return all(sorted([*one.sees(), one.room.nickname]) == names for one in people)


def threads() -> list[str]:
    names = (thread.name for thread in threading.enumerate())
    return [name for name in names if name.startswith(("ipywebrtc-mqtt", "paho"))]


@pytest.fixture(autouse=True)
def _nothing_stays_behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(rooms, "TICK", 0.02)
    monkeypatch.setattr(rooms, "SILENCE", FOR_EVER)
    monkeypatch.setattr(rooms, "LINGER", 0.01)
    monkeypatch.setattr(_media, "TICK", 0.02)
    rooms._warned.clear()
    yield
    while everybody:
        everybody.pop().close()
    Call.lines.clear()
    deadline = time.monotonic() + 10
    while threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threads() == []
    listeners, retained = [*LocalTransport._listeners], [*LocalTransport._retained]
    LocalTransport._listeners.clear()
    LocalTransport._retained.clear()
    assert not listeners
    assert not retained


@within(5)
async def test_two_meet_and_part() -> None:
    ada = Person(nickname="Ada")
    assert (ada.room.status, ada.room.peers, ada.room.streams) == ("starting", [], [])
    await until(lambda: ada.room.status == "waiting")
    bob = Person(nickname="Bob")
    await until(see, ada, bob)
    assert (ada.room.status, ada.room.error) == ("connected", "")
    assert ada.shows() == [("Bob", "connected")]
    assert all(isinstance(peer, WebRTCPeer) for peer in ada.room.peers)
    assert ada.room.peers[0].polite != bob.room.peers[0].polite
    bob.room.leave()
    assert (bob.room.status, bob.room.peers, bob.room.streams) == ("idle", [], [])
    await until(lambda: ada.room.peers == [])
    assert ada.room.status == "waiting"
    bob.room.join()
    await until(see, ada, bob)


@pytest.mark.parametrize("order", [*itertools.permutations(("stream", "call", "room"))])
@within(5)
async def test_what_belongs_to_a_room_is_closed_in_any_order(order: tuple[str, ...]) -> None:
    """As marimo does when the room's cell runs again."""
    ada, bob = Person(nickname="Ada"), Person(nickname="Bob")
    await until(see, ada, bob)
    (call,) = ada.room.peers
    widgets = {"stream": call.stream_remote, "call": call, "room": ada.room}
    for name in order:
        widgets[name].close()
    await until(lambda: bob.room.peers == [])
    assert ada.room.status == "idle"


@pytest.mark.parametrize("what", ["peer", "stream_remote"])
@within(5)
async def test_a_call_that_somebody_closed_is_begun_anew(what: str) -> None:
    ada, bob = Person(nickname="Ada"), Person(nickname="Bob")
    await until(see, ada, bob)
    (call,) = ada.room.peers
    (call if what == "peer" else call.stream_remote).close()
    await until(lambda: ada.room.peers and call not in ada.room.peers)
    await until(see, ada, bob)


@within(5)
async def test_nobody_is_there_without_a_page() -> None:
    ada = Person(nickname="Ada")
    room = WebRTCRoomLocal(room="garden")
    everybody.append(room)
    await until(lambda: ada.room.status == "waiting")
    assert room.status == "waiting"
    assert room.peers == ada.room.peers == []


@within(5)
async def test_own_stream_is_first_and_lists_are_replaced() -> None:
    stream = ArrayStream(4, 3)
    ada = Person(nickname="Ada", stream=stream)
    changes: list[int] = []
    ada.room.observe(lambda change: changes.append(len(change["new"])), "streams")
    assert ada.room.streams == [stream]
    people = [Person(nickname=name) for name in ("Bob", "Cleo")]
    await until(see, ada, *people)
    first, *others = ada.room.streams
    assert first is stream
    assert others == [peer.stream_remote for peer in ada.room.peers]
    assert changes == [2, 3]
    assert people[0].room.streams[0] in [peer.stream_remote for peer in people[0].room.peers]


@within(5)
async def test_a_changed_stream_is_sent_in_the_same_call() -> None:
    ada, bob = Person(nickname="Ada", stream=ArrayStream(4, 3)), Person(nickname="Bob")
    await until(see, ada, bob)
    (peer,) = ada.room.peers
    camera = CameraStream()
    ada.room.stream = camera
    assert ada.room.peers == [peer]
    assert peer.stream_local is camera
    assert ada.room.streams[0] is camera
    ada.room.stream = None
    assert ada.room.peers[0].stream_local is None
    assert len(ada.room.streams) == 1


@within(5)
async def test_the_others_learn_a_new_nickname_and_who_is_muted() -> None:
    stream = ArrayStream(4, 3)
    ada, bob = Person(nickname="Ada", stream=stream), Person(nickname="Bob")
    await until(see, ada, bob)
    ada.room.nickname = "Lady Lovelace"
    await until(lambda: bob.room.peers[0].nickname == "Lady Lovelace")
    stream.audio_enabled = False
    await until(lambda: not bob.room._people[0]["audio"])
    assert bob.room._people[0]["video"]
    ada.room.stream = ArrayStream(4, 3)
    await until(lambda: bob.room._people[0]["audio"])


@within(5)
async def test_bitrates_drop_as_the_room_grows() -> None:
    people = [Person(nickname=f"{number}") for number in range(2)]
    await until(see, *people)
    assert people[0].room.peers[0].max_bitrate == 2_500_000
    people += [Person(nickname=f"{number}") for number in range(2, 5)]
    await until(see, *people)
    assert {peer.max_bitrate for peer in people[0].room.peers} == {1_000_000}
    people[4].room.leave()
    people[3].room.leave()
    people[2].room.leave()
    await until(see, *people[:2])
    assert people[0].room.peers[0].max_bitrate == 2_500_000


@within(5)
async def test_a_full_room_refuses_who_comes_later() -> None:
    people = [Person(nickname=f"{number}", max_peers=2) for number in range(3)]
    await until(see, *people)
    late = Person(nickname="Late", max_peers=2)
    await until(lambda: late.room.status == "error")
    assert "full, with 3 people" in late.room.error
    assert late.room.peers == []
    assert "Late could not come in" in people[0].room.error
    assert people[0].room.status == "connected"
    await until(lambda: people[0].room.error == "")
    people[0].room.leave()
    await until(see, *people[1:])
    late.room.join()
    await until(see, late, *people[1:])
    assert late.room.error == ""


@within(5)
async def test_those_who_come_at_once_agree_who_stays() -> None:
    people = [Person(nickname=f"{number}", max_peers=2) for number in range(6)]
    await until(lambda: sum(one.room.status == "error" for one in people) == 3)
    await until(lambda: see(*[one for one in people if one.room.status != "error"]))


@within(5)
async def test_somebody_is_refused_by_a_function() -> None:
    ada, asked = Person(nickname="Ada"), []

    @ada.room.on_peer
    def accept(info: dict[str, Any]) -> bool:
        asked.append(info["nickname"])
        return bool(info["nickname"] != "Mallory")

    mallory = Person(nickname="Mallory")
    Person(nickname="Bob")
    await until(lambda: ada.sees() == ["Bob"])
    await until(lambda: "Ada did not let you in" in mallory.room.error)
    await until(lambda: mallory.sees() == ["Bob"])
    assert sorted(asked) == ["Bob", "Mallory"]
    assert ada.sees() == ["Bob"]


@within(5)
async def test_a_function_that_raises_refuses() -> None:
    ada = Person(nickname="Ada")
    ada.room.on_peer(lambda info: info["no such"])
    bob = Person(nickname="Bob")
    await until(lambda: "KeyError" in ada.room.error)
    await until(lambda: "did not let you in" in bob.room.error)
    assert ada.room.peers == []


@within(5)
async def test_a_closed_page_is_gone_at_once_and_a_reloaded_one_is_back_once() -> None:
    ada, bob = Person(nickname="Ada"), Person(nickname="Bob")
    await until(see, ada, bob)
    (peer,) = bob.room.peers
    bob.browser.close()
    await until(lambda: ada.room.peers == [])
    assert bob.room.status == "waiting"
    bob.browser = Browser(bob.room)
    await until(see, ada, bob)
    assert bob.room.peers == [peer]
    assert len(ada.room._people) == 1


@within(5)
async def test_a_page_that_falls_silent_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signaling, "TICK", 0.01)
    monkeypatch.setattr(signaling, "LEASE", 0.3)
    ada, bob = Person(nickname="Ada"), Person(nickname="Bob")
    await until(see, ada, bob)
    bob.browser.die()
    while ada.room.peers:
        ada.browser.beat()
        # The other end of the call notices.
        for peer in ada.room.peers:
            call = ada.browser.calls[peer]
            call.end()
            call._state("starting")
        await asyncio.sleep(0.01)
    assert ada.room.status == "waiting"


@within(5)
async def test_a_call_outlives_the_presence_of_the_other() -> None:
    ada, bob = Person(nickname="Ada"), Person(nickname="Bob")
    await until(see, ada, bob)
    hers, his = ada.room._channel, bob.room._channel
    assert hers
    assert his
    his.release()
    await until(lambda: not hers.members)
    assert ada.sees() == ["Bob"]
    bob.browser.beat()
    await until(lambda: hers.members)
    assert see(ada, bob)
    his.release()
    await until(lambda: not hers.members)
    call = ada.browser.calls[ada.room.peers[0]]
    call._state("error")
    assert ada.room.peers == []


@within(5)
async def test_a_call_that_failed_is_begun_anew() -> None:
    ada, bob = Person(nickname="Ada"), Person(nickname="Bob")
    await until(see, ada, bob)
    (peer,) = ada.room.peers
    for one in (ada, bob):
        call = one.browser.calls[one.room.peers[0]]
        call.end()
        call._state("error")
    assert ada.room.status == "starting"
    assert ada.shows() == [("Bob", "reconnecting")]
    assert len(ada.room.streams) == 0
    await until(see, ada, bob)
    assert ada.room.peers == [peer]


@within(5)
async def test_lost_signals_are_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broker:
        broker.setattr(WebRTCRoom, "_pass_on", lambda *_: None)
        ada, bob = Person(nickname="Ada"), Person(nickname="Bob")
        await until(lambda: ada.shows() == [("Bob", "reconnecting")])
    await until(see, ada, bob)


@within(5)
async def test_whoever_comes_back_as_a_new_member_is_not_doubled() -> None:
    ada, bob = Person(nickname="Ada"), Person(nickname="Bob")
    await until(see, ada, bob)
    channel = bob.room._channel
    assert channel
    call = ada.browser.calls[ada.room.peers[0]]
    channel._present = False  # So the leave is lost.
    bob.room.leave()
    bob.room.join()
    call.end()
    call._state("ended")
    await until(lambda: ada.shows() == [("Bob", "connected")])
    await until(see, ada, bob)
    LocalTransport._retained.clear()


@within(5)
async def test_a_call_moves_to_the_page_that_is_left() -> None:
    ada, bob = Person(nickname="Ada"), Person(nickname="Bob")
    await until(see, ada, bob)
    second = Browser(ada.room, "second")
    assert ada.room._page == ada.browser.name
    cleo = Person(nickname="Cleo")
    await until(see, ada, bob, cleo)
    assert not any(call.session for call in second.calls.values())
    ada.browser.close()
    assert ada.room._page == "second"
    await until(lambda: all(call.session for call in second.calls.values()))
    await until(see, ada, bob, cleo)


@within(5)
async def test_another_page_takes_over_from_one_that_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada, bob = Person(nickname="Ada"), Person(nickname="Bob")
    await until(see, ada, bob)
    second = Browser(ada.room, "second")
    ada.browser.die()
    monkeypatch.setattr(rooms, "SILENCE", 5)
    while ada.room._page != "second":
        second.beat()
        bob.browser.beat()
        await asyncio.sleep(0.01)
    monkeypatch.setattr(rooms, "SILENCE", FOR_EVER)
    monkeypatch.setattr(rooms, "LINGER", 0.01)
    await until(see, ada, bob)


@within(5)
async def test_leave_and_join_ten_times_leave_nothing() -> None:
    ada, bob = Person(nickname="Ada"), Person(nickname="Bob")
    await until(see, ada, bob)
    widgets = len(WIDGETS)
    for _ in range(10):
        bob.room.leave()
        await until(lambda: not ada.room.peers)
        bob.room.join()
        await until(see, ada, bob)
    await until(lambda: len(WIDGETS) == widgets)
    assert len(LocalTransport._listeners) == 2


@within(5)
async def test_streams_of_former_calls_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "LINGER", 60.0)
    monkeypatch.setattr(rooms, "LINGERING", 3)
    ada, bob = Person(nickname="Ada"), Person(nickname="Bob")
    await until(see, ada, bob)
    former = []
    for _ in range(6):
        former.append(ada.room.peers[0])
        bob.room.leave()
        await until(lambda: not ada.room.peers)
        bob.room.join()
        await until(see, ada, bob)
    for peer in former:
        peer.close()  # As ipywidgets does when it is collected.
    assert [is_closed(peer.stream_remote) for peer in former] == [True] * 3 + [False] * 3


@within(5)
async def test_garbage_from_a_member_is_dropped() -> None:
    ada = Person(nickname="Ada")
    await until(lambda: ada.room.status == "waiting")
    mallory = Channel(LocalTransport(), "garden", info={"nickname": 7, "since": "x"})
    try:
        await until(lambda: ada.room.peers and mallory.members)
        (member,) = mallory.members
        for content in (
            None,
            7,
            {"kind": "signal"},
            {"kind": "signal", "signal": {"from": 1}},
            {"kind": "signal", "signal": {"from": "a", "to": [], "polite": 1}},
            {"kind": "refuse", "reason": "full", "sure": "yes", "limit": 1},
            {"kind": "refuse"},
        ):
            mallory.send(member, content)
        bob = Person(nickname="Bob")
        await until(lambda: "Bob" in ada.sees())
        assert ada.room.error == ""
        assert ("7", "connecting") in ada.shows() or ("7", "reconnecting") in ada.shows()
    finally:
        mallory.close()
    assert bob.room.status == "connected"


class Invented:
    """Members who are nobody, made up by somebody who knows the room's name."""

    def __init__(self, room: str = "garden") -> None:
        self._seal = Seal(room, exposed=False)
        self._transport = LocalTransport()
        self._numbers = itertools.count(1)

    def announce(self, sender: str, near: list[str], **info: Any) -> None:
        """Let somebody seem to be there."""
        about = {"nickname": sender, "person": sender, "since": 0, **info}
        self._publish(f"p/{sender}", sender, {"info": about, "connection": 1, "near": near})

    def send(self, sender: str, to: str, content: Any) -> None:
        """Let somebody say something."""
        self._publish(f"s/{to}", sender, content)

    def leave(self, sender: str) -> None:
        """Let somebody seem to have gone, as everybody can who knows the topic."""
        self._transport.publish(f"{self._seal.topic}/p/{sender}", b"", retain=False)

    def _publish(self, topic: str, sender: str, content: Any) -> None:
        topic = f"{self._seal.topic}/{topic}"
        envelope = Envelope(sender, next(self._numbers), time.time(), content)
        self._transport.publish(topic, self._seal.close(topic, envelope))


def member_id(person: Person) -> str:
    assert person.room._channel
    return person.room._channel.id


@within(20)
async def test_an_honest_participant_gets_in_though_64_are_invented(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signaling, "CLAIM", 0.1)
    ada, invented = Person(nickname="Ada", max_peers=4), Invented()
    await until(lambda: ada.room.status == "waiting")
    for number in range(64):
        invented.announce(f"{number:016x}", [member_id(ada)])
    await until(lambda: len(ada.room.peers) == 4)
    await asyncio.sleep(0.2)
    bob = Person(nickname="Bob", max_peers=4)
    await until(lambda: "Bob" in ada.sees() and "Ada" in bob.sees())
    for number in range(64, 128):
        invented.announce(f"{number:016x}", [member_id(ada)])
    await asyncio.sleep(0.5)
    assert (ada.sees(), bob.sees()) == (["Bob"], ["Ada"])
    assert len(ada.room.peers) <= 4


@within(10)
async def test_one_who_is_invented_ends_no_call_and_fills_no_room() -> None:
    ada, bob = Person(nickname="Ada"), Person(nickname="Bob")
    await until(see, ada, bob)
    await until(lambda: ada.room._persons[member_id(bob)].age > rooms.SETTLED)
    invented = Invented()
    for sender in ("e" * 16, "f" * 16):
        invented.announce(sender, [member_id(ada)], since=0, person=bob.room.room_id)
        full = {"kind": "refuse", "reason": "full", "sure": True}
        invented.send(sender, member_id(ada), {**full, "limit": 10**53})
        invented.send(sender, member_id(ada), {**full, "limit": 7})
    await asyncio.sleep(0.3)
    assert see(ada, bob)
    assert "full" not in ada.room.error
    assert ada.room.status == "connected"


@within(10)
async def test_who_knows_the_topic_ends_no_call_and_keeps_none_from_coming_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signaling, "TICK", 0.02)
    ada, bob = Person(nickname="Ada"), Person(nickname="Bob")
    invented = Invented()
    await until(see, ada, bob)
    calls = [*ada.room.peers, *bob.room.peers]
    begun = [
        browser.calls[peer].attempt
        for browser, peer in zip((ada.browser, bob.browser), calls, strict=True)
    ]
    for _ in range(16):
        for person in (ada, bob):
            invented.leave(member_id(person))
        await asyncio.sleep(0.1)
        assert see(ada, bob)
    assert [*ada.room.peers, *bob.room.peers] == calls
    assert begun == [
        browser.calls[peer].attempt
        for browser, peer in zip((ada.browser, bob.browser), calls, strict=True)
    ]
    assert "announces again and again that we have left" in ada.room.error
    assert ada.room.status == "connected"
    cleo = Person(nickname="Cleo")
    for _ in range(20):
        for person in (ada, bob, cleo):
            invented.leave(member_id(person))
        await asyncio.sleep(0.05)
    await until(see, ada, bob, cleo)


@within(10)
async def test_what_a_participant_says_of_itself_breaks_nothing() -> None:
    ada, invented = Person(nickname="Ada"), Invented()
    await until(lambda: ada.room.status == "waiting")
    hostile: list[dict[str, Any]] = [
        {"nickname": "\ud800"},
        {"since": 10**400},
        {"since": float("nan")},
        {"nickname": {"a": []}, "person": 7, "audio": "no", "since": None},
        {"nickname": "x" * 10_000},
    ]
    for number, info in enumerate(hostile):
        invented.announce(f"{number:016x}", [member_id(ada)], **info)
    bob = Person(nickname="Bob")
    await until(lambda: "Bob" in ada.sees())
    for widget in [ada.room, *ada.room.peers, *(peer.stream_remote for peer in ada.room.peers)]:
        json.dumps(widget.get_state(), allow_nan=False, ensure_ascii=False, default=str).encode()
    assert bob.room.status == "connected"


@within(20)
async def test_rooms_meet_over_a_broker(broker: Broker) -> None:
    for server in (broker.tcp, broker.websockets, [broker.tcp, broker.websockets]):
        about = {"server": server, "password": SECRET, "room": f"garden-{next(numbers)}"}
        ada, bob = (Person(WebRTCRoomMqtt, nickname=name, **about) for name in ("Ada", "Bob"))
        await until(see, ada, bob)
        mallory = Person(WebRTCRoomMqtt, nickname="Mallory", **{**about, "password": "wrong"})
        await until(lambda one=mallory: one.room.status == "waiting")
        cleo = Person(WebRTCRoomMqtt, nickname="Cleo", **about)
        await until(see, ada, bob, cleo)
        assert mallory.room.peers == []


@within(30)
async def test_a_call_outlives_the_broker_and_later_ones_find_it(broker: Broker) -> None:
    about = {"server": broker.tcp, "password": SECRET}
    ada, bob = (Person(WebRTCRoomMqtt, nickname=name, **about) for name in ("Ada", "Bob"))
    await until(see, ada, bob)
    peers = [*ada.room.peers]
    broker.stop()
    await until(lambda: ada.room.error)
    assert ada.room.status == "connected"
    assert see(ada, bob)
    broker.start()
    cleo = Person(WebRTCRoomMqtt, nickname="Cleo", **about)
    await until(see, ada, bob, cleo)
    assert peers[0] in ada.room.peers
    assert ada.room.error == ""


@within(20)
async def test_no_broker_is_told_and_tried_again() -> None:
    ada = Person(WebRTCRoomMqtt, nickname="Ada", password=SECRET, server="mqtt://127.0.0.1:1")
    await until(lambda: ada.room.status == "error")
    assert "127.0.0.1:1" in ada.room.error


def test_secrets_are_neither_shown_nor_saved() -> None:
    server = {"urls": "turn:turn.example.org", "username": "me", "credential": SECRET}
    room = WebRTCRoomMqtt(
        room="garden",
        password=SECRET,
        server=f"mqtt://me:{SECRET}@127.0.0.1:1",
        ice_servers=[server],
        ice_transport_policy="relay",
    )
    everybody.append(room)
    assert SECRET not in repr(room)
    assert SECRET not in repr(room.get_state())
    with pytest.raises(traitlets.TraitError) as caught:
        room.ice_servers = [{"urls": f"turn:me:{SECRET}@turn.example.org"}]
    assert SECRET not in str(caught.value)


@within(5)
async def test_ice_settings_reach_the_peers() -> None:
    server = {"urls": ["turn:turn.example.org"], "username": "me", "credential": SECRET}
    ice: dict[str, Any] = {"ice_servers": [server], "ice_transport_policy": "relay"}
    ada, bob = Person(nickname="Ada", **ice), Person(nickname="Bob")
    await until(see, ada, bob)
    assert ada.room.peers[0].ice_servers == [server]
    assert ada.room.peers[0].ice_transport_policy == "relay"
    assert bob.room.peers[0].ice_servers == ipywebrtc.WebRTCPeer().ice_servers


def test_a_guessable_name_is_warned_of_once(broker: Broker) -> None:
    with pytest.warns(UserWarning, match="knows or guesses the name 'garden'"):
        everybody.append(WebRTCRoomMqtt(room="garden", server=broker.tcp))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        everybody.append(WebRTCRoomMqtt(room="garden", server=broker.tcp))
        everybody.append(WebRTCRoomMqtt(room="shed", password=SECRET, server=broker.tcp))
        everybody.append(WebRTCRoomMqtt(room=signaling.room_code(), server=broker.tcp))
        everybody.append(WebRTCRoomLocal(room="shed"))


def test_the_base_says_which_rooms_there_are() -> None:
    with pytest.raises(TypeError, match="WebRTCRoomMqtt or WebRTCRoomLocal"):
        WebRTCRoom(room="garden")


def test_a_server_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="mqtt://host:port"):
        WebRTCRoomMqtt(room="garden", password=SECRET, server="example.org")
    with pytest.warns(DeprecationWarning, match="gone since 2019"):
        everybody.append(
            WebRTCRoomMqtt(
                password=SECRET, server="wss://iot.eclipse.org:443/ws mqtt://127.0.0.1:1"
            )
        )


@within(5)
async def test_a_changed_name_is_another_room() -> None:
    ada, bob = Person(nickname="Ada"), Person(nickname="Bob")
    await until(see, ada, bob)
    bob.room.room = "shed"
    await until(lambda: not ada.room.peers)
    ada.room.room = "shed"
    await until(see, ada, bob)
    ada.room.password = SECRET
    await until(lambda: not bob.room.peers)


def test_an_invitation_has_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPYWEBRTC_MQTT_SERVER", "ws://ada:hidden@localhost:9/chat?key=hidden")
    everybody.append(ipywebrtc.chat(stream=ImageStream(), password=SECRET))
    told = capsys.readouterr().out
    assert 'server="ws://localhost:9/chat", password=…)' in told
    assert "hidden" not in told
    assert SECRET not in told


def test_a_known_name_without_a_password_is_a_warning_at_the_callers_line() -> None:
    with pytest.warns(UserWarning, match="'my room' can enter") as warned:
        everybody.append(ipywebrtc.WebRTCRoomMqtt(room="my room", server="mqtt://localhost:9"))
    # The oldest traitlets and ipywidgets have warnings of their own.
    places = [(warning.category, warning.filename) for warning in warned]
    assert (UserWarning, __file__) in places


@within(10)
async def test_chat_makes_a_code_and_a_camera(
    capsys: pytest.CaptureFixture[str], broker: Broker
) -> None:
    room = ipywebrtc.chat(server=broker.tcp)
    everybody.append(room)
    assert isinstance(room.stream, CameraStream)
    assert rooms.CODE.fullmatch(room.room)
    invitation = f'ipywebrtc.chat(room="{room.room}", server="{broker.tcp}")'
    assert invitation in capsys.readouterr().out
    stream: MediaStream = ImageStream()
    again = ipywebrtc.chat(room.room, stream, nickname="Ada", server=broker.tcp)
    everybody.append(again)
    assert (again.stream, again.nickname) == (stream, "Ada")
    assert room.status == "idle"
    assert room.room not in capsys.readouterr().out
