"""Rooms of real channels, in this kernel and over a real broker."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import itertools
import json
import math
import os
import pickle
import re
import subprocess
import sys
import threading
import time
import tracemalloc
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from e2e.brokers import HOST, MUTE, PASSWORD, USER, Broker, Relay
from ipywebrtc import SignalingError, _mqtt, _seal, signaling
from ipywebrtc._from_participant import MEMBERS
from ipywebrtc._seal import Envelope, Guard, Seal
from ipywebrtc.signaling import Channel, LocalTransport, Member, MqttTransport, Transport, room_code

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from paho.mqtt.client import MQTTMessage

    from ipywebrtc.signaling import Listener

    Test = Callable[..., Coroutine[Any, Any, None]]
    MakeTransport = Callable[[], Transport]

DEAD = f"mqtt://{HOST}:1"
"""Nobody listens there."""
FOR_EVER = 1e9
numbers = itertools.count()


def within(seconds: float) -> Callable[[Test], Callable[..., None]]:
    """Run a test on an event loop, for so many seconds at most."""

    def decorate(test: Test) -> Callable[..., None]:
        @functools.wraps(test)
        def run(*args: Any, **kwargs: Any) -> None:
            asyncio.run(asyncio.wait_for(test(*args, **kwargs), seconds))

        return run

    return decorate


async def until(condition: Callable[..., object], *args: object) -> None:
    """Wait until something is so; the test's own deadline ends it."""
    while not condition(*args):  # noqa: ASYNC110 - threads set no event
        await asyncio.sleep(0.002)


class Person:
    """A channel, and what its callbacks were told."""

    def __init__(
        self, transport: Transport, room: str, nickname: str = "", **keywords: Any
    ) -> None:
        self.joined: list[str] = []
        self.updated: list[str] = []
        self.left: list[str] = []
        self.messages: list[Any] = []
        self.status: list[str] = []
        self.errors: list[str] = []
        self.channel = Channel(
            transport,
            room,
            info={"nickname": nickname},
            on_join=lambda member: self.joined.append(member.info["nickname"]),
            on_update=lambda member: self.updated.append(member.info["nickname"]),
            on_leave=lambda member: self.left.append(member.info["nickname"]),
            on_message=self._on_message,
            on_status=self._on_status,
            **keywords,
        )
        people.append(self)

    def _on_message(self, member: Member, content: Any) -> None:
        assert self.channel.members[member.id] is member
        self.messages.append(content)

    def _on_status(self, status: str, error: str) -> None:
        assert (self.channel.status, self.channel.error) == (status, error)
        assert (status == "error") == bool(error)
        self.status.append(status)
        self.errors.append(error)

    def sees(self) -> list[str]:
        return sorted(member.info["nickname"] for member in self.channel.members.values())

    def send(self, other: Person, content: Any) -> None:
        self.channel.send(other.channel.id, content)


people: list[Person] = []


def threads() -> list[str]:
    names = (thread.name for thread in threading.enumerate())
    return [name for name in names if name.startswith(("ipywebrtc-mqtt", "paho"))]


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture(autouse=True)
def _nothing_stays_behind() -> Iterator[None]:
    yield
    while people:
        people.pop().channel.close()
    deadline = time.monotonic() + 10
    while threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threads() == []
    assert not LocalTransport._listeners
    assert not LocalTransport._retained


@pytest.fixture
def relay(broker: Broker) -> Iterator[Relay]:
    relay = Relay(broker.ports["tcp"])
    yield relay
    relay.close()


@pytest.fixture(params=["local", "mqtt"])
def transport(request: pytest.FixtureRequest) -> MakeTransport:
    if request.param == "local":
        return LocalTransport
    broker: Broker = request.getfixturevalue("broker")
    return lambda: MqttTransport(broker.tcp)


@pytest.fixture
def room() -> str:
    return f"room {next(numbers)}"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass faster where it is counted in ticks, or where a broker is silent."""
    monkeypatch.setattr(signaling, "TICK", 0.05)
    monkeypatch.setattr(signaling, "LEASE", 0.25)
    monkeypatch.setattr(_mqtt, "KEEPALIVE", 1)
    monkeypatch.setattr(_mqtt, "WILL_DELAY", 1)
    monkeypatch.setattr(_mqtt, "PAUSE", (0.05, 0.2))


async def meet(*group: Person) -> None:
    await until(lambda: all(len(person.channel.members) == len(group) - 1 for person in group))


# What every transport does.


@within(10)
async def test_members_appear_with_their_info_and_disappear(
    transport: MakeTransport, room: str
) -> None:
    ada = Person(transport(), room, "Ada")
    await until(lambda: ada.status == ["open"])
    bob = Person(transport(), room, "Bob")
    await meet(ada, bob)
    assert (ada.joined, bob.joined) == (["Bob"], ["Ada"])
    bob.channel.update({"nickname": "Robert"})
    await until(lambda: ada.updated == ["Robert"])
    bob.channel.close()
    bob.channel.close()
    await until(lambda: ada.left == ["Robert"])
    assert (ada.joined, bob.left, ada.sees()) == (["Bob"], [], [])


@within(30)
async def test_who_joins_at_the_same_instant_sees_the_others_once(
    transport: MakeTransport, room: str
) -> None:
    for turn in range(10):
        names = [str(number) for number in range(4)]
        group = [Person(transport(), f"{room} {turn // 5}", name) for name in names]
        await meet(*group)
        await asyncio.sleep(0.02)  # For a second copy to come, if there was one.
        for person, name in zip(group, names, strict=True):
            assert sorted(person.joined) == [other for other in names if other != name]
        for person in group:
            person.channel.close()
        await until(lambda: not threads())


@within(10)
async def test_messages_arrive_once_and_in_order(transport: MakeTransport, room: str) -> None:
    ada, bob, eve = (Person(transport(), room, name) for name in ("Ada", "Bob", "Eve"))
    await meet(ada, bob, eve)
    for number in range(50):
        ada.send(bob, {"number": number})
    bob.send(ada, "é" * 10_000)
    await until(lambda: ada.messages and len(bob.messages) == 50)
    assert bob.messages == [{"number": number} for number in range(50)]
    assert (ada.messages, eve.messages) == (["é" * 10_000], [])


@within(10)
async def test_what_can_not_be_sent_is_said_at_once(transport: MakeTransport, room: str) -> None:
    ada, bob = Person(transport(), room, "Ada"), Person(transport(), room, "Bob")
    await meet(ada, bob)
    with pytest.raises(SignalingError, match="too long: at most 65536"):
        ada.send(bob, "x" * 65_536)
    with pytest.raises(SignalingError, match="too long"):
        ada.channel.update({"nickname": "x" * 70_000})
    ada.send(bob, "x" * 65_000)
    await until(lambda: bob.messages)
    with pytest.raises(SignalingError, match="not in the room"):
        ada.channel.send("nobody", "?")
    bob.channel.close()
    await until(lambda: ada.left)
    for one, other in ((ada, bob), (bob, ada)):
        with pytest.raises(SignalingError, match="not in the room"):
            one.send(other, "?")
    with pytest.raises(SignalingError, match="too long"):
        Channel(transport(), room, info={"nickname": "x" * 70_000})


@within(10)
async def test_another_password_or_room_is_another_world(
    transport: MakeTransport, room: str
) -> None:
    ada, bob = (Person(transport(), room, name, password="a") for name in ("Ada", "Bob"))  # noqa: S106
    eve = Person(transport(), room, "Eve", password="b")  # noqa: S106
    eva = Person(transport(), room, "Eva")
    await meet(ada, bob)
    await until(lambda: eve.status == eva.status == ["open"])
    await asyncio.sleep(0.1)
    assert (ada.sees(), bob.sees(), eve.sees(), eva.sees()) == (["Bob"], ["Ada"], [], [])


@pytest.mark.usefixtures("quick")
@within(10)
async def test_presence_lasts_as_long_as_the_page_gives_signs(
    transport: MakeTransport, room: str
) -> None:
    ada = Person(transport(), room, "Ada")
    bob = Person(transport(), room, "Bob", lease=True)
    await until(lambda: bob.sees() == ["Ada"])
    with pytest.raises(SignalingError, match="not in the room"):
        bob.send(ada, "I have no page")
    assert ada.joined == []
    for _ in range(20):
        bob.channel.touch()
        await asyncio.sleep(0.02)
    assert (ada.joined, ada.left) == (["Bob"], [])
    await until(lambda: ada.left == ["Bob"])
    bob.channel.touch()
    await until(lambda: ada.joined == ["Bob", "Bob"])
    bob.channel.release()
    began = time.monotonic()
    await until(lambda: ada.left == ["Bob", "Bob"])
    assert time.monotonic() - began < 0.2
    assert bob.sees() == ["Ada"]


@pytest.mark.usefixtures("quick")
@within(10)
async def test_the_time_of_a_computing_kernel_is_not_held_against_the_page(
    transport: MakeTransport, room: str
) -> None:
    ada = Person(transport(), room, "Ada")
    bob = Person(transport(), room, "Bob", lease=True)
    bob.channel.touch()
    await until(lambda: ada.joined)
    threading.Event().wait(1)  # A cell that computes, four times as long as the lease.
    bob.channel.touch()  # The sign of the page that lay unread meanwhile.
    await asyncio.sleep(0.1)
    assert ada.left == []
    await until(lambda: ada.left == ["Bob"])


@pytest.mark.usefixtures("quick")
@within(10)
async def test_who_falls_silent_without_a_word_is_gone_after_a_while(
    transport: MakeTransport, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = Person(transport(), room, "Ada"), Person(transport(), room, "Bob")
    await meet(ada, bob)
    monkeypatch.setattr(signaling, "EXPIRY", 0.5)
    bob.channel._announce_at = FOR_EVER
    ada.channel.members[bob.channel.id].until = time.monotonic() + 0.2
    await until(lambda: ada.left == ["Bob"])
    bob.channel._announce()
    await until(lambda: ada.joined == ["Bob", "Bob"])
    await until(lambda: ada.left == ["Bob", "Bob"])


@pytest.mark.usefixtures("quick")
@within(10)
async def test_presence_is_refreshed_in_time(
    transport: MakeTransport, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signaling, "EXPIRY", 0.6)
    monkeypatch.setattr(signaling, "REFRESH", 0.2)
    ada, bob = Person(transport(), room, "Ada"), Person(transport(), room, "Bob")
    await meet(ada, bob)
    await asyncio.sleep(1.5)
    assert (ada.left, bob.left) == ([], [])


def test_without_an_event_loop_callbacks_come_on_a_thread(
    transport: MakeTransport, room: str
) -> None:
    ada, bob = Person(transport(), room, "Ada"), Person(transport(), room, "Bob")
    deadline = time.monotonic() + 10
    while not (ada.joined and bob.joined) and time.monotonic() < deadline:
        time.sleep(0.01)
    ada.send(bob, "Hello")
    while not bob.messages and time.monotonic() < deadline:
        time.sleep(0.01)
    assert bob.messages == ["Hello"]


def test_a_channel_ends_with_its_event_loop(transport: MakeTransport, room: str) -> None:
    @within(10)
    async def abandon() -> None:
        await meet(Person(transport(), room, "Ada"), Person(transport(), room, "Bob"))

    abandon()
    eve = Person(transport(), room, "Eve")
    deadline = time.monotonic() + 10
    while len(eve.joined) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(eve.joined) == ["Ada", "Bob"]


@within(10)
async def test_a_callback_that_fails_does_not_stop_the_others(
    transport: MakeTransport, room: str
) -> None:
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: failures.append(context["exception"])
    )
    ada, bob = Person(transport(), room, "Ada"), Person(transport(), room, "Bob")
    await meet(ada, bob)
    ada.channel._on_message = lambda _member, content: ada.messages.append(1 // content)
    for number in (0, 1):
        bob.send(ada, number)
    await until(lambda: ada.messages)
    assert [type(failure) for failure in failures] == [ZeroDivisionError]


# Brokers.


@pytest.mark.parametrize("way", ["websockets", "guarded", "guarded by its URL", "tls", "relay"])
@within(10)
async def test_all_kinds_of_servers(broker: Broker, relay: Relay, room: str, way: str) -> None:
    def transport() -> MqttTransport:
        if way == "guarded":
            return MqttTransport(broker.guarded, username=USER, password=PASSWORD)
        if way == "guarded by its URL":
            return MqttTransport(f"mqtt://{USER}:wonder%2Fland%401@{broker.guarded[7:]}")
        if way == "tls":
            return MqttTransport(broker.tls, ca=str(broker.ca))
        return MqttTransport(broker.websockets if way == "websockets" else relay.url)

    ada, bob = Person(transport(), room, "Ada"), Person(transport(), room, "Bob")
    await meet(ada, bob)
    ada.send(bob, "Hello")
    await until(lambda: bob.messages == ["Hello"])
    assert ada.status == bob.status == ["open"]


# paho leaves a socket to the garbage collector when TLS or the WebSocket fails.
@pytest.mark.filterwarnings("ignore:unclosed <:ResourceWarning")
@within(20)
async def test_a_broker_that_refuses_is_named_and_no_secret(broker: Broker, room: str) -> None:
    place = broker.guarded[7:]
    cases = {
        f"mqtt://{USER}:looking-glass@{place}": "Not authorized",
        f"mqtt://{MUTE}:wonder%2Fland%401@{place}": "this user may not publish",
        broker.guarded: "Not authorized",
        broker.tls: "self-signed certificate",
        DEAD: "refused",
        f"ws://{HOST}:{broker.ports['tcp']}": "",
        "mqtt://no.such.host.invalid": "",
    }
    for server, reason in cases.items():
        person = Person(MqttTransport(server), room, "Ada")
        await until(lambda person: "error" in person.status, person)
        sentence = person.errors[-1]
        assert re.fullmatch(r"No MQTT broker can be used: .*server=.*\.", sentence)
        assert reason in sentence
        assert re.sub(r".*@|.*//", "", server) in sentence
        for secret in (USER, MUTE, "looking-glass", "wonder"):
            assert secret not in sentence + repr(person.channel._transport)
        person.channel.close()


@within(20)
async def test_the_next_server_is_used_and_the_first_again_when_it_is_back(
    broker: Broker, tmp_path: Path, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_mqtt, "RETURN", 0.2)
    first = Broker(tmp_path)
    ada, bob = (
        Person(MqttTransport([first.tcp, broker.tcp]), room, name) for name in ("Ada", "Bob")
    )
    await meet(ada, bob)
    assert (ada.status, bob.status) == (["open"], ["open"])
    first.start()
    try:
        eve = Person(MqttTransport(first.tcp), room, "Eve")
        await meet(ada, bob, eve)
        assert eve.sees() == ["Ada", "Bob"]
        assert "error" not in ada.status + bob.status
        ada.send(eve, "Hello")
        await until(lambda: eve.messages == ["Hello"])
    finally:
        first.stop()


@pytest.mark.usefixtures("quick")
@within(20)
async def test_no_broker_is_an_error_in_time_and_recovers(tmp_path: Path, room: str) -> None:
    broker = Broker(tmp_path)
    began = time.monotonic()
    ada = Person(MqttTransport([broker.tcp, DEAD]), room, "Ada")
    await until(lambda: ada.status == ["error"])
    assert time.monotonic() - began < 15
    assert broker.tcp in ada.errors[-1]
    assert DEAD in ada.errors[-1]
    broker.start()
    try:
        await until(lambda: ada.status == ["error", "open"])
        bob = Person(MqttTransport(broker.tcp), room, "Bob")
        await meet(ada, bob)
    finally:
        broker.stop()


@pytest.mark.usefixtures("quick")
@within(10)
async def test_a_broker_that_says_nothing_is_an_error_in_time(
    broker: Broker, relay: Relay, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _mqtt.PATIENCE < 15
    monkeypatch.setattr(_mqtt, "PATIENCE", 0.5)
    relay.freeze()
    ada = Person(MqttTransport(relay.url), room, "Ada")
    await until(lambda: ada.status == ["error"])
    assert "no answer" in ada.errors[0]
    relay.thaw()
    await until(lambda: ada.status[-1] == "open")
    await meet(ada, Person(MqttTransport(broker.tcp), room, "Bob"))


def test_a_broker_that_delivers_nothing_is_not_said_to_limit() -> None:
    class Anybody:
        presence, topics = "ipw/1/p", ("ipw/1/s",)

    user = _mqtt._User(cast("Any", Anybody), None, print, print)
    (server,) = _mqtt.servers("mqtt://127.0.0.1:1")
    connection = _mqtt._Connection(user, server, _mqtt.MQTT_311)
    connection._expect("ipw/1/s", b"long", _mqtt.TOO_LONG)
    connection._expect("ipw/1/p", b"short", _mqtt.NOT_DELIVERED)
    connection._not_returned()
    assert connection.failure == _mqtt.NOT_DELIVERED
    connection._let_go()


@pytest.mark.parametrize(
    ("setting", "modern", "sentence"),
    [
        ("max_packet_size 2000", True, "it carries messages of at most 2000 bytes"),
        ("message_size_limit 2000", True, "it does not take our message of 50"),
        ("message_size_limit 2000", False, "it does not deliver messages of 32768 bytes"),
        ("rights", True, "it lets us subscribe and delivers nothing"),
        ("rights", False, "it lets us subscribe and delivers nothing"),
    ],
)
@within(20)
async def test_a_broker_that_limits_is_named_with_the_step(
    tmp_path: Path, room: str, setting: str, *, modern: bool, sentence: str
) -> None:
    broker = Broker(tmp_path)
    if setting == "rights":
        (tmp_path / "rights").write_text(f"user {USER}\ntopic write ipw/1/#\n")
    else:
        with (tmp_path / "mosquitto.conf").open("a") as file:
            file.write(f"{setting}\n")
    broker.start()
    relay = Relay(broker.ports["guarded"], modern=modern)
    try:
        began = time.monotonic()
        transport = MqttTransport(relay.url, username=USER, password=PASSWORD)
        ada = Person(transport, room, "Ada")
        if "size_limit" in setting and modern:  # It says nothing before that.
            bob = Person(MqttTransport(broker.tcp), room, "Bob")
            await until(lambda: ada.sees() == ["Bob"])
            ada.send(bob, "x" * 5000)
        await until(lambda: ada.errors and ada.errors[-1])
        assert time.monotonic() - began < 15
        assert f"{relay.url}: {sentence}" in ada.errors[-1]
    finally:
        while people:
            people.pop().channel.close()
        await until(lambda: not threads())
        relay.close()
        broker.stop()


@within(10)
async def test_a_broker_without_mqtt_5_is_spoken_to_in_its_own_tongue(
    broker: Broker, room: str
) -> None:
    relay = Relay(broker.ports["tcp"], modern=False)
    try:
        ada = Person(MqttTransport(relay.url), room, "Ada")
        bob = Person(MqttTransport(broker.tcp), room, "Bob")
        await meet(ada, bob)
        bob.send(ada, "Hello")
        await until(lambda: ada.messages == ["Hello"])
        relay.cut()
        # Its Last Will comes at once, and is taken back before anybody believes it.
        await until(lambda: ada.status[-2:] == ["connecting", "open"])
        await asyncio.sleep(signaling.DOUBT + 0.5)
        assert (bob.left, bob.joined) == ([], ["Ada"])
        ada.channel.close()
        await until(lambda: bob.left == ["Ada"])
    finally:
        relay.close()


# Broken connections.


@pytest.mark.usefixtures("quick")
@within(20)
async def test_a_hiccup_is_not_leaving_and_loses_nothing(
    broker: Broker, relay: Relay, room: str
) -> None:
    ada = Person(MqttTransport(broker.tcp), room, "Ada")
    bob = Person(MqttTransport(relay.url), room, "Bob")
    await meet(ada, bob)
    for number in range(30):
        if number % 10 == 5:
            relay.cut()
        ada.send(bob, number)
        bob.send(ada, number)
        await asyncio.sleep(0.01)
    await until(lambda: len(ada.messages) == len(bob.messages) == 30)
    assert ada.messages == bob.messages == [*range(30)]
    await until(lambda: bob.channel.status == "open")
    assert (ada.left, bob.left, ada.joined, bob.joined) == ([], [], ["Bob"], ["Ada"])
    assert "error" not in bob.status


@pytest.mark.usefixtures("quick")
@within(20)
async def test_a_cable_that_is_pulled_out(
    broker: Broker, relay: Relay, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_mqtt, "PATIENCE", 0.2)
    ada = Person(MqttTransport(broker.tcp), room, "Ada")
    bob = Person(MqttTransport(relay.url), room, "Bob")
    await meet(ada, bob)
    relay.freeze()
    await until(lambda: ada.left == ["Bob"])
    await until(lambda: bob.status[:3] == ["open", "connecting", "error"])
    assert bob.sees() == ["Ada"]  # Where there is no broker, it tells us of no leaving.
    relay.thaw()
    await until(lambda: ada.joined == ["Bob", "Bob"])
    await until(lambda: bob.channel.status == "open")
    assert (bob.joined, bob.left) == (["Ada"], [])


DIES = """
import asyncio, sys
from ipywebrtc.signaling import Channel, MqttTransport

async def main():
    Channel(MqttTransport(sys.argv[1]), sys.argv[2], info={"nickname": "Bob"})
    await asyncio.sleep(60)

asyncio.run(main())
"""


@within(30)
async def test_a_killed_kernel_is_gone_within_20_seconds(broker: Broker, room: str) -> None:
    ada = Person(MqttTransport(broker.tcp), room, "Ada")
    kernel = await asyncio.create_subprocess_exec(sys.executable, "-c", DIES, broker.tcp, room)
    try:
        await until(lambda: ada.joined == ["Bob"])
    finally:
        kernel.kill()
        await kernel.wait()
    began = time.monotonic()
    await until(lambda: ada.left == ["Bob"])
    assert time.monotonic() - began < 20


def test_a_silent_connection_is_gone_within_20_seconds() -> None:
    assert 1.5 * _mqtt.KEEPALIVE + _mqtt.WILL_DELAY < 20


@pytest.mark.usefixtures("quick")
@within(20)
async def test_a_broker_that_restarts_changes_nothing(tmp_path: Path, room: str) -> None:
    broker = Broker(tmp_path)
    broker.start()
    try:
        group = [Person(MqttTransport(broker.tcp), room, name) for name in ("Ada", "Bob", "Eve")]
        ada, bob, eve = group
        await meet(*group)
        broker.stop()
        await until(lambda: all(person.status == ["open", "connecting"] for person in group))
        for number in range(10):
            ada.send(bob, number)
        eve.channel.close()
        broker.start()
        await until(lambda: all(person.channel.status == "open" for person in (ada, bob)))
        bob.send(ada, "I am back")
        # What is sent while the broker is away arrives, in order, once both are back.
        await until(lambda: ada.messages == ["I am back"] and bob.messages == [*range(10)])
        assert (ada.left, bob.left) == ([], [])
        assert (sorted(ada.joined), sorted(bob.joined)) == (["Bob", "Eve"], ["Ada", "Eve"])
        # Who did not come back is gone when the grace is over.
        assert ada.sees() == ["Bob", "Eve"]
        assert 10 < signaling.GRACE < 20
        gone = ada.channel.members[eve.channel.id]
        assert gone.until < time.monotonic() + signaling.GRACE

        def left() -> bool:
            gone.until = 0  # Again: what was sent twice is refused, which gives everybody time.
            return ada.left == ["Eve"]

        await until(left)
        assert "error" not in ada.status + bob.status
    finally:
        broker.stop()


@pytest.mark.usefixtures("quick")
@within(20)
async def test_too_many_messages_for_a_broker_that_is_away_are_refused(
    broker: Broker, relay: Relay, room: str
) -> None:
    ada = Person(MqttTransport(relay.url), room, "Ada")
    bob = Person(MqttTransport(broker.tcp), room, "Bob")
    await meet(ada, bob)
    relay.freeze()
    relay.cut()
    await until(lambda: ada.channel.status != "open")
    for number in range(signaling.OUTBOX):
        ada.send(bob, number)
    with pytest.raises(SignalingError, match="too many messages wait"):
        ada.send(bob, "one more")


@within(30)
async def test_thirty_times_in_and_out_leaves_no_thread(broker: Broker, room: str) -> None:
    ada = Person(MqttTransport(broker.tcp), room, "Ada")
    await until(lambda: ada.status == ["open"])
    gc.collect()
    before = open_files()
    for turn in range(30):
        bob = Person(MqttTransport(broker.tcp), room, "Bob")
        await until(lambda turn: len(ada.joined) == turn + 1, turn)
        bob.channel.close()
        await until(lambda turn: len(ada.left) == turn + 1, turn)
    await until(lambda: len(threads()) == 2)
    gc.collect()
    assert open_files() <= before


@within(20)
async def test_leaving_at_once_leaves_nothing(broker: Broker, room: str) -> None:
    for _ in range(10):
        Person(MqttTransport(broker.tcp), room, "Bob").channel.close()
    Person(MqttTransport(DEAD), room, "Bob").channel.close()
    ada = Person(MqttTransport(broker.tcp), room, "Ada")
    await until(lambda: ada.status == ["open"])
    await until(lambda: len(threads()) == 2)
    assert ada.joined == []


# Strangers.


FLOODS = """
import pickle, sys
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

client = Client(CallbackAPIVersion.VERSION2)
client.max_inflight_messages_set(0)
client.connect(sys.argv[1], int(sys.argv[2]))
client.loop_start()
payloads = pickle.load(sys.stdin.buffer)
last = [client.publish(sys.argv[3], payload, 1) for payload in payloads][-1]
last.wait_for_publish(30)
client.disconnect()
client.loop_stop()
"""


class Stranger:
    """Somebody at the broker who sees everything and knows no secret."""

    def __init__(self, broker: Broker) -> None:
        self._port = str(broker.ports["tcp"])
        self.seen: list[tuple[str, bytes, bool]] = []
        self.ready = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *_event: self.ready.set()
        self._client.connect(HOST, broker.ports["tcp"])
        self._client.loop_start()
        self._client.subscribe("#", 1)
        assert self.ready.wait(10)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, 1, retain).wait_for_publish(10)

    def look_away(self) -> None:
        away = threading.Event()
        self._client.on_unsubscribe = lambda *_event: away.set()
        self._client.unsubscribe("#")
        assert away.wait(10)
        self.seen.clear()

    def flood(self, topic: str, payloads: list[bytes]) -> None:
        """Flood from a process of its own: a stranger takes no share of our global lock."""
        command = [sys.executable, "-c", FLOODS, HOST, self._port, topic]
        subprocess.run(command, input=pickle.dumps(payloads), check=True)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self.seen.append((message.topic, bytes(message.payload), message.retain))


@pytest.fixture
def stranger(broker: Broker) -> Iterator[Stranger]:
    stranger = Stranger(broker)
    yield stranger
    stranger.close()


@within(10)
async def test_a_stranger_learns_nothing(broker: Broker, stranger: Stranger) -> None:
    room, password = "Wonderland", "caucus race"
    group = [
        Person(MqttTransport(broker.tcp), room, name, password=password)
        for name in ("Alice", "Duchess")
    ]
    await meet(*group)
    group[0].send(group[1], {"sdp": "candidate 192.0.2.7"})
    await until(lambda: group[1].messages)
    await until(lambda: any("/s/" in topic for topic, _, _ in stranger.seen))
    for topic, payload, _ in stranger.seen:
        assert re.fullmatch(r"ipw/1/[0-9a-f]{32}/[ps]/[0-9a-f]{16}", topic)
        for secret in (room, password, "Alice", "Duchess", "192.0.2.7", "candidate", "sdp"):
            assert secret.encode() not in payload
    sealed = [payload for _, payload, _ in stranger.seen]
    assert len({payload[16:28] for payload in sealed}) == len(sealed)


@pytest.mark.usefixtures("quick")
@within(20)
async def test_recorded_envelopes_played_back_do_nothing(
    broker: Broker, stranger: Stranger, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = (Person(MqttTransport(broker.tcp), room, name) for name in ("Ada", "Bob"))
    await meet(ada, bob)
    ada.send(bob, "once")
    bob.send(ada, "once")
    bob.channel.update({"nickname": "Robert"})
    await until(lambda: ada.updated and ada.messages and bob.messages)
    await until(lambda: sum("/s/" in topic for topic, _, _ in stranger.seen) == 2)
    recorded = [(topic, payload) for topic, payload, _ in stranger.seen if payload]
    bob.channel.close()
    await until(lambda: ada.left == ["Robert"])
    # That he leaves comes first: what is retained at the end says that he is there.
    farewell = [seen[:2] for seen in stranger.seen if seen[1] and seen[:2] not in recorded]
    recorded = farewell + recorded
    before = ada.channel.dropped["replayed"]
    for topic, payload in recorded:
        for other in (topic, topic.replace(bob.channel.id, ada.channel.id)):
            stranger.publish(other, payload)
            stranger.publish(other, payload, retain=True)
    await until(lambda: ada.channel.dropped["replayed"] - before >= 6)
    await asyncio.sleep(0.1)
    assert (ada.joined, ada.left, ada.messages) == (["Bob"], ["Robert"], ["once"])
    assert ada.channel.dropped["garbled"] > 0
    # Who comes now sees one who has left, but not for long: that one does not greet.
    monkeypatch.setattr(signaling, "GRACE", 0.5)
    eve = Person(MqttTransport(broker.tcp), room, "Eve")
    await until(lambda: sorted(eve.joined) in (["Ada", "Bob"], ["Ada", "Robert"]))
    await until(lambda: eve.left in (["Bob"], ["Robert"]))
    await asyncio.sleep(0.6)
    assert eve.sees() == ["Ada"]
    for topic, _ in recorded:
        stranger.publish(topic, b"", retain=True)


@within(10)
async def test_a_forged_leave_does_nothing_but_to_be_reported(
    broker: Broker, stranger: Stranger, room: str
) -> None:
    ada, bob = (Person(MqttTransport(broker.tcp), room, name) for name in ("Ada", "Bob"))
    await meet(ada, bob)
    topic = f"{bob.channel._seal.topic}/p/{bob.channel.id}"
    await until(lambda: topic in [seen for seen, _, _ in stranger.seen])
    ended = time.monotonic() + 2 * signaling.DOUBT
    number = itertools.count()
    while time.monotonic() < ended:
        stranger.publish(topic, b"", retain=True)
        ada.send(bob, next(number))
        await asyncio.sleep(0.25)
    await asyncio.sleep(signaling.DOUBT)
    assert bob.messages == [*range(next(number))]
    assert (ada.joined, ada.left, ada.sees()) == (["Bob"], [], ["Bob"])
    assert re.fullmatch(rf"The broker {broker.tcp} announces again.*server=.*", bob.channel.notice)
    assert ada.channel.notice == ""
    told = [payload for seen, payload, _ in stranger.seen if seen == topic and payload]
    assert len(told) < 12  # The answers are limited, however often it is said.


class Late:
    """The time of a kernel whose clock differs, for the modules that one channel uses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        true = time.time

        class Clock:
            """`time` as those modules know it."""

            monotonic = staticmethod(time.monotonic)
            time = staticmethod(lambda: true() + self.ahead)

        for module in (_seal, signaling):
            monkeypatch.setattr(module, "time", Clock)


class Skewed:
    """Opens and seals the envelopes of one channel by a clock that differs."""

    def __init__(self, person: Person, late: Late, ahead: float) -> None:
        self._late, self._ahead = late, ahead
        channel = person.channel
        for owner, name in (
            (channel._receiver, "received"),
            (channel, "_sealed_presence"),
            (channel, "_sealed"),
            (channel, "_doubted"),
        ):
            setattr(owner, name, self._shifted(getattr(owner, name)))
        channel._receiver.doubted = channel._doubted

    def _shifted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def shifted(*arguments: Any) -> Any:
            with LOCK:
                before, self._late.ahead = self._late.ahead, self._ahead
                try:
                    return function(*arguments)
                finally:
                    self._late.ahead = before

        return shifted


LOCK = threading.RLock()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("ahead", [600.0, -600.0, 86_400.0])
@within(10)
async def test_clocks_that_differ_are_measured(
    room: str, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    late = Late(monkeypatch)
    ada, bob = Person(LocalTransport(), room, "Ada"), Person(LocalTransport(), room, "Bob")
    Skewed(bob, late, ahead)
    await meet(ada, bob)
    for number in range(3):
        ada.send(bob, number)
        bob.send(ada, number)
    await until(lambda: ada.messages == bob.messages == [0, 1, 2])
    assert abs(ada.channel.members[bob.channel.id].clock - ahead) < 1
    assert abs(bob.channel.members[ada.channel.id].clock + ahead) < 1
    assert (ada.channel.notice, bob.channel.notice) == ("", "")
    # What was said is refused when it is repeated, as with right clocks.
    recorded = [(ada.channel._receiver.inbox, b"")]
    retained = dict(LocalTransport._retained)
    before = ada.channel.dropped["replayed"]
    for topic, payload in [*retained.items(), *recorded]:
        ada.channel._receiver.received(topic, payload)
    assert ada.channel.dropped["replayed"] > before
    assert (ada.joined, bob.joined) == (["Bob"], ["Ada"])


def test_an_old_envelope_shows_no_wrong_clock() -> None:
    seal = Seal("room", exposed=False)
    guard = Guard(seal)
    old = envelope(1, time.time() - 600)
    assert guard.admit("topic", seal.close("topic", old), is_fresh=lambda _: False) is None
    assert guard.admit("topic", seal.close("topic", old), is_fresh=lambda _: True) is not None
    assert abs(guard.clock("0" * 16) + 600) < 1
    assert guard.admit("topic", seal.close("topic", old), is_fresh=lambda _: True) is None
    for age, good in ((590, True), (900, False), (0, False)):
        later = envelope(int(10_000 - age), time.time() - age)
        assert (guard.admit("topic", seal.close("topic", later)) is not None) == good


@pytest.mark.parametrize("sent", [math.nan, math.inf, -math.inf, 1e300])
def test_no_clock_shows_such_a_time(sent: float) -> None:
    seal = Seal("room", exposed=False)
    guard = Guard(seal)
    strange = seal.close("topic", envelope(1, sent))
    # What is asked about is measured, and then reported in minutes.
    assert guard.admit("topic", strange, is_fresh=lambda _: pytest.fail("asked")) is None
    assert guard.dropped["old"] == 1


@pytest.mark.usefixtures("quick")
@within(10)
async def test_a_clock_that_can_not_be_measured_is_reported(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signaling, "CLOCK_PATIENCE", 0.2)
    ada = Person(LocalTransport(), room, "Ada")
    await until(lambda: ada.status == ["open"])
    topic, sender = ada.channel._seal.topic, "f" * 16
    for number in range(5):
        content = {"info": {}, "connection": 1, "near": []}  # As an older version has it.
        old = Envelope(sender, number, time.time() - 600 + number, content)
        presence = f"{topic}/p/{sender}"
        ada.channel._receiver.received(presence, ada.channel._seal.close(presence, old))
        await asyncio.sleep(0.1)
    await until(lambda: ada.channel.notice)
    assert "10 min behind this computer's" in ada.channel.notice
    assert ada.joined == []


@within(10)
async def test_an_honest_member_gets_in_though_many_are_invented(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signaling, "CLAIM", 0.1)
    ada = Person(LocalTransport(), room, "Ada")
    await until(lambda: ada.status == ["open"])
    topic = ada.channel._seal.topic

    def invent(number: int) -> None:
        sender = f"{number:016x}"
        content = {"info": {"nickname": ""}, "connection": 1, "near": [ada.channel.id]}
        presence = f"{topic}/p/{sender}"
        envelope = Envelope(sender, 1, time.time(), content)
        ada.channel._receiver.received(presence, ada.channel._seal.close(presence, envelope))

    for number in range(MEMBERS):
        invent(number)
    await until(lambda: len(ada.channel.members) == MEMBERS)
    await asyncio.sleep(0.2)
    bob = Person(LocalTransport(), room, "Bob")
    await until(lambda: "Bob" in ada.sees() and "Ada" in bob.sees())
    bob.send(ada, "Hello")
    await until(lambda: ada.messages)
    await asyncio.sleep(0.2)
    for number in range(100, 100 + 2 * MEMBERS):
        invent(number)
    await asyncio.sleep(0.1)
    assert len(ada.channel.members) == MEMBERS
    assert "Bob" in ada.sees()  # Who has said something comes before who was only announced.


def test_what_can_not_be_encoded_or_counted_is_dropped() -> None:
    seal = Seal("room", exposed=False)
    for content in ('"\\ud800"', "1e999", "NaN", "1" + 400 * "0", "[" * 20 + "]" * 20):
        opened = f"[1, {time.time()}, {content}]".encode()
        sealed = seal._cipher.encrypt(b"1" * 12, opened, _seal._bound("topic", "0" * 16))
        assert seal.open("topic", b"0" * 16 + b"1" * 12 + sealed) is None, content
    for first in ("true", "-1", "1.5", "1" + 400 * "0"):
        opened = f"[{first}, {time.time()}, 1]".encode()
        sealed = seal._cipher.encrypt(b"1" * 12, opened, _seal._bound("topic", "0" * 16))
        assert seal.open("topic", b"0" * 16 + b"1" * 12 + sealed) is None, first


@within(40)
async def test_floods_of_garbage_do_nothing(broker: Broker, stranger: Stranger, room: str) -> None:
    ada, bob = (Person(MqttTransport(broker.tcp), room, name) for name in ("Ada", "Bob"))
    await meet(ada, bob)
    topic = ada.channel._seal.topic
    inbox, presence = f"{topic}/s/{ada.channel.id}", f"{topic}/p/{'0' * 16}"
    garbage = [bob.channel.id.encode() + os.urandom(500) for _ in range(100)]
    numbers = itertools.count()

    async def drained() -> None:
        """Wait until the broker has delivered all that it kept: what is sent then arrives."""
        first = number = next(numbers)
        while not ada.messages[-1:] >= [first]:
            bob.send(ada, number)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(until(lambda: ada.messages[-1:] >= [first]), 1)
            number = next(numbers)

    stranger.look_away()
    # What is imported and allocated once is there now.
    await asyncio.to_thread(stranger.flood, inbox, garbage * 100)
    await drained()
    assert ada.channel.dropped["garbled"] >= 50
    dropped = sum(ada.channel.dropped.values())
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        flood = asyncio.create_task(asyncio.to_thread(stranger.flood, inbox, garbage * 100))
        while not flood.done():
            number = next(numbers)
            bob.send(ada, number)
            await until(lambda number: number in ada.messages or flood.done(), number)
        await flood
        await asyncio.to_thread(stranger.flood, presence, [*garbage, b""] * 10)
        await asyncio.to_thread(stranger.flood, inbox, [b"", b"x", os.urandom(70_000)])
        await drained()
        bob.send(ada, "still here")
        await until(lambda: ada.messages[-1:] == ["still here"])
        # mosquitto drops what doesn't fit into its queue, ours or not, but never changes the order.
        assert ada.messages[:-1] == sorted(set(ada.messages[:-1]))
        gc.collect()
        # The floods have 6 MB.
        assert tracemalloc.get_traced_memory()[0] - before < 1_000_000
    finally:
        tracemalloc.stop()
    assert sum(ada.channel.dropped.values()) - dropped > 1000
    assert ada.left == bob.left == []
    assert ada.status == bob.status == ["open"]
    assert len(ada.channel._receiver.guard._heard) < 5


class Clock:
    """The time of channels whose ticks come when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = time.monotonic()
        self.time = time.time
        monkeypatch.setattr(signaling, "TICK", FOR_EVER)
        monkeypatch.setattr(signaling, "time", self)

    def monotonic(self) -> float:
        return self.now

    async def second(self) -> None:
        """Let a second pass, and what is said in it arrive."""
        self.now += 1
        for person in people:
            person.channel._tick()
        await asyncio.sleep(0)


class FullTransport(LocalTransport):
    """Keeps nothing while it is full, as a broker whose queue for us is full of garbage."""

    def __init__(self) -> None:
        self.full = False

    def open(self, listener: Listener) -> None:
        self.presence, self.topics, self.status = (
            listener.presence,
            listener.topics,
            listener.status,
        )
        self.garbage = listener.received
        super().open(self)

    def received(self, topic: str, payload: bytes) -> None:
        if not self.full:
            self.garbage(topic, payload)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


async def meet_through(
    transport: FullTransport, room: str, other: LocalTransport | None = None
) -> tuple[Person, Person]:
    """Meet, but lose what confirms it: it comes a second later."""
    ada, bob = Person(transport, room, "Ada"), Person(other or LocalTransport(), room, "Bob")
    await meet(ada, bob)
    transport.full = True
    return ada, bob


@pytest.mark.parametrize("kind", ["garbled", "unknown", "replayed"])
@within(10)
async def test_nobody_seems_to_leave_in_a_flood_nor_after_it(
    room: str, clock: Clock, kind: str
) -> None:
    transport = FullTransport()
    ada, bob = await meet_through(transport, room)
    topic = f"{ada.channel._seal.topic}/p/{'0' * 16}"
    replay = LocalTransport._retained[bob.channel._receiver.presence]
    flood = {
        "garbled": (topic, b"x"),
        "unknown": (topic, b""),
        "replayed": (bob.channel._receiver.presence, replay),
    }[kind]
    for _ in range(200):
        transport.garbage(*flood)
        await clock.second()
    assert ada.channel.dropped[kind] == 200
    transport.full = False
    for _ in range(200):
        await clock.second()
    assert (ada.left, bob.left, ada.joined, bob.joined) == ([], [], ["Bob"], ["Ada"])


@within(10)
async def test_one_lost_envelope_makes_nobody_seem_to_leave(room: str, clock: Clock) -> None:
    transport = FullTransport()
    ada, bob = await meet_through(transport, room)
    await clock.second()
    transport.full = False
    for _ in range(200):
        await clock.second()
    assert (ada.left, bob.left) == ([], [])


@within(10)
async def test_what_a_flood_has_pushed_out_comes_after_it(room: str, clock: Clock) -> None:
    transport = FullTransport()
    ada, bob = await meet_through(transport, room)
    inbox = ada.channel._receiver.inbox
    for _ in range(20):
        transport.garbage(inbox, b"x")
        await clock.second()
    for number in range(3):
        bob.send(ada, number)
    transport.garbage(inbox, b"x")
    transport.full = False
    for _ in range(round(signaling.ASK) + 1):
        await clock.second()
    assert ada.messages == [0, 1, 2]
    asked = ada.channel._connection
    for _ in range(60):
        await clock.second()
    assert ada.channel._connection == asked  # What comes twice is no garbage.


@within(10)
async def test_who_dies_in_a_flood_is_gone_after_it(room: str, clock: Clock) -> None:
    transport = FullTransport()
    ada, bob = await meet_through(transport, room)
    bob.channel._transport.close()
    for _ in range(20):
        transport.garbage(ada.channel._receiver.inbox, b"x")
        await clock.second()
    assert ada.left == []
    transport.full = False
    for _ in range(round(signaling.GRACE) + 1):
        await clock.second()
    assert ada.left == ["Bob"]


@within(10)
async def test_what_is_sent_again_waits_until_the_other_one_is_back(
    room: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker has restarted, and Bob connects again in the middle of what Ada sends again."""
    transport = FullTransport()
    carrier = LocalTransport()
    bob, ada = await meet_through(transport, room, carrier)
    transport.full = False
    await clock.second()
    ada.channel._receiver.status("connecting", "")
    await until(lambda: ada.channel.status == "connecting")
    for number in range(10):
        ada.send(bob, number)
    published = []

    def publish(topic: str, payload: bytes, *, retain: bool = False) -> None:
        published.append(topic)
        if published.count(bob.channel._receiver.inbox) > 7:
            transport.full = False
        LocalTransport.publish(carrier, topic, payload, retain=retain)

    transport.full = True
    monkeypatch.setattr(carrier, "publish", publish)
    ada.channel._receiver.status("open", "")
    await until(lambda: published)
    transport.full = False
    bob.channel._receiver.status("open", "")
    for _ in range(3):
        await clock.second()
    assert bob.messages == [*range(10)]
    ada.send(bob, "later")
    await until(lambda: bob.messages[-1:] == ["later"])


@within(10)
async def test_while_the_kernel_computes_what_waits_is_limited(room: str) -> None:
    ada, bob = Person(LocalTransport(), room, "Ada"), Person(LocalTransport(), room, "Bob")
    await meet(ada, bob)
    for number in range(1000):
        ada.send(bob, number)
    await until(lambda: bob.messages)
    assert bob.messages == [*range(signaling.BACKLOG)]
    assert bob.channel.dropped["overflow"] == 1000 - signaling.BACKLOG


# The parts.


def envelope(sequence: int = 1, sent: float | None = None, sender: str = "0" * 16) -> Envelope:
    return Envelope(sender, sequence, time.time() if sent is None else sent, {"a": 1})


def test_an_envelope_opens_only_where_it_belongs() -> None:
    seal = Seal("room", exposed=False)
    sealed = seal.close("topic", envelope())
    opened = seal.open("topic", sealed)
    assert opened is not None
    assert (opened.sender, opened.sequence, opened.content) == ("0" * 16, 1, {"a": 1})
    assert seal.open("other topic", sealed) is None
    assert seal.open("topic", b"1" + sealed[1:]) is None
    assert Seal("room", "password", exposed=False).open("topic", sealed) is None
    for length in range(len(sealed)):
        assert seal.open("topic", sealed[:length]) is None


def test_what_a_member_garbles_is_dropped_too() -> None:
    seal = Seal("room", exposed=False)
    sender, nonce = "0" * 16, b"1" * 12
    for content in (b"{}", b"[1, 2]", b'["a", "b", 3]', b"[1, Infinity, 3]", b"[" * 50_000):
        bound = _seal._bound("topic", sender)
        sealed = sender.encode() + nonce + seal._cipher.encrypt(nonce, content, bound)
        guard = Guard(seal)
        assert guard.admit("topic", sealed) is None
        assert sum(guard.dropped.values()) == 1


def test_the_guard_says_why() -> None:
    seal = Seal("room", exposed=False)
    guard = Guard(seal)

    def admits(envelope: Envelope, sender: str = "", topic: str = "topic") -> bool:
        return guard.admit(topic, seal.close(topic, envelope), sender) is not None

    now = time.time()
    assert admits(envelope(5))
    assert not admits(envelope(5))
    assert not admits(envelope(4))
    assert admits(envelope(4), topic="other")
    assert not admits(envelope(6), sender="1" * 16)
    assert not admits(envelope(6, now - _seal.MAX_AGE - 1))
    assert not admits(envelope(6, now + _seal.MAX_AGE + 5))
    assert not admits(envelope(6, math.nan))
    assert guard.admit("topic", b"x" * 70_000) is None
    assert guard.dropped == {"replayed": 2, "foreign": 1, "old": 3, "oversized": 1}
    for number in range(_seal.SENDERS + 5):
        admits(envelope(1, sender=f"{number:016x}"))
    assert guard.dropped["crowded"] > 0
    assert len(guard._heard) == _seal.SENDERS


def test_one_name_in_two_spellings_is_one_room() -> None:
    spellings = [unicodedata.normalize(form, "Café") for form in ("NFC", "NFD")]
    assert len(set(spellings)) == 2
    assert len({Seal(name, name).topic for name in spellings}) == 1


def test_names_and_passwords_can_not_be_mixed_up() -> None:
    pairs = [("a", "b"), ("ab", ""), ("", "ab"), ("b", "a"), ("a", "")]
    assert len({Seal(*pair, exposed=False).topic for pair in pairs}) == len(pairs)


def test_what_is_sealed_is_not_longer_than_is_taken() -> None:
    seal = Seal("room", exposed=False)
    content = "x" * (_seal.LONGEST - len(json.dumps([2**53, time.time(), ""])) - 10)
    sealed = seal.close("t" * 60, Envelope("0" * 16, 2**53, time.time(), content))
    assert len(sealed) < _seal.LONGEST + _seal.OVERHEAD < _mqtt.LARGEST_PACKET - 200


def test_room_codes_can_be_spoken_and_not_guessed() -> None:
    codes = {room_code() for _ in range(100)}
    assert len(codes) == 100
    proquint = "c[aiou]c[aiou]c".replace("c", "[bdfghjklmnprstvz]")
    assert all(re.fullmatch("-".join([proquint] * 4), code) for code in codes)
    assert signaling._proquint(0x7F00) == "lusab"  # 127.0.0.1 is lusab-babad.
    assert signaling._proquint(0x0001) == "babad"


def test_which_servers_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def names(server: str | list[str] = "") -> list[str]:
        return [str(server) for server in _mqtt.servers(server)]

    monkeypatch.delenv(_mqtt.SERVER_VARIABLE, raising=False)
    public = names()
    assert len(public) == len(_mqtt.SERVERS)
    assert public[0].endswith(":443")
    with pytest.warns(DeprecationWarning, match="gone since 2019"):
        assert names("wss://iot.eclipse.org:443/ws") == public
    monkeypatch.setenv(_mqtt.SERVER_VARIABLE, "mqtt://a, ws://[::1]")
    assert names() == ["mqtt://a:1883", "ws://[::1]:80"]
    assert names(["mqtts://a", "wss://b/c"]) == ["mqtts://a:8883", "wss://b:443"]


def test_urls_of_servers() -> None:
    server = _mqtt.Server.parse("wss://us%40er:pass%2Fword@Host:1/path?token=1", "x", "y")
    assert (server.host, server.port, server.path) == ("host", 1, "/path?token=1")
    assert (server.username, server.password) == ("us@er", "pass/word")
    assert str(server) == "wss://host:1"
    assert not re.search("us@er|pass|path|token", repr(server))
    server = _mqtt.Server.parse("ws://host", "x", "y")
    assert (server.path, server.username, server.password) == ("/mqtt", "x", "y")
    for url in (
        "host",
        "http://host:80",
        "tcp://host:1",
        "mqtt://",
        "mqtt://u:sec/ret@host",
        "mqtt://host:0",
        "",
    ):
        with pytest.raises(ValueError, match="A server is mqtt://host:port") as caught:
            _mqtt.Server.parse(url)
        assert "sec" not in str(caught.value)
        assert caught.value.__suppress_context__
    with pytest.raises(OSError, match="No such file"):
        MqttTransport("wss://host", ca="/no/such/file")
