"""Rooms of notebooks with a kernel and a browser context each, over a real broker."""

from __future__ import annotations

import os
import re
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from e2e.brokers import HOST, Broker
from e2e.processes import renderers, resident
from e2e.proxy import Proxy, reconnect_steadily
from e2e.turn import TurnServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator

    from e2e.conftest import Launch, OpenNotebook
    from e2e.hosts import JupyterLab
    from e2e.notebooks import Notebook

    Join = Callable[..., "Person"]

PEOPLE = {
    "Ada": (200, 30, 30),
    "Bob": (30, 180, 30),
    "Cleo": (30, 30, 200),
    "Dan": (190, 170, 20),
}
"""Names, and the colours that they send."""
TOLERANCE = 45
"""Of 255: the pictures were encoded."""
CONNECT = 40.0
"""Seconds that people may take to be connected on a busy machine."""
BACK = 60.0
"""Seconds in which JupyterLab connects a page to its kernel again: it tries ever more seldom."""
GONE = 20.0
"""Seconds after which nobody is a ghost any more."""
HANGS = 9
"""Seconds for which a tab hangs."""
NOTICED = 5.0
"""Seconds after which the others know."""
ROUNDS = 4
AGAIN = 30
"""How often somebody leaves and joins again."""
FLOOD = 10_000
"""Garbled messages."""
GROWTH = 10e6
"""Bytes that a kernel's memory may grow by meanwhile; the flood itself is larger."""
START_DELAY = 1.0
"""Seconds from now to a common beginning."""

# Waits until the upper half has the colour and the lower one moves; returns what it has seen last.
COLOUR = """async (video, [colour, tolerance, patience]) => {
  const context = new OffscreenCanvas(16, 12).getContext("2d", { willReadFrequently: true });
  const end = performance.now() + patience;
  let before = null;
  let mean = [];
  while (performance.now() < end) {
    if (video.videoWidth) {
      context.drawImage(video, 0, 0, 16, 12);
      const upper = [...context.getImageData(0, 0, 16, 5).data];
      const lower = [...context.getImageData(0, 7, 16, 5).data];
      mean = [0, 1, 2].map(channel =>
        upper.filter((_, n) => n % 4 === channel).reduce((sum, value) => sum + value) / 80);
      if (mean.some((value, n) => Math.abs(value - colour[n]) > tolerance)) before = null;
      else if (!before) before = lower;
      else if (lower.some((value, n) => Math.abs(value - before[n]) > 40)) return true;
    }
    await new Promise(wake => setTimeout(wake, 50));
  }
  return `${mean}, ${before ? "still" : "of another colour"}`;
}"""

# Begins an endless loop, nearly.
HANG = """time => {
  setTimeout(() => {
    const end = performance.now() + time;
    while (performance.now() < end);
  });
}"""
COUNT_CONNECTIONS = """() => {
  globalThis.connections = [];
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...options) {
      super(...options);
      connections.push(this);
    }
  };
}"""
OPEN_CONNECTIONS = "() => connections.filter(one => one.connectionState !== 'closed').length"


async def cells(traits: dict[str, Any], colour: tuple[int, int, int]) -> None:
    """Be in a room with a moving picture of a colour."""
    import asyncio

    import numpy as np

    import ipywebrtc

    stream = ipywebrtc.ArrayStream(160, 120)

    async def play() -> None:
        picture = np.empty((120, 160, 3), np.uint8)
        number = 0
        while True:
            picture[:] = colour
            left = 20 * (number % 8)
            picture[60:, left : left + 20] = 255
            stream.write(picture)
            number += 1
            await asyncio.sleep(0.2)

    playing = asyncio.ensure_future(play())  # noqa: RUF006 - a variable of the notebook
    # %%
    room = ipywebrtc.WebRTCRoomMqtt(stream=stream, **traits)
    room


class Person:
    """Somebody with a notebook in a room."""

    def __init__(self, name: str, nb: Notebook) -> None:
        self.name, self.nb = name, nb

    def sees(self, *others: str, timeout: float = CONNECT) -> None:
        """Wait until it is connected with these, and there is nobody else."""
        names = "sorted((peer.nickname, peer.connected) for peer in room.peers)"
        expected = [(name, True) for name in sorted(others)]
        self.nb.wait_for(f"{names} == {expected}", timeout=timeout)

    def tile(self, name: str) -> Locator:
        """Locate somebody in the view."""
        return self.nb.output(1).get_by_role("listitem", name=re.compile(f"^{name}"))

    def shows(self, *names: str) -> None:
        """Check that the pictures of these move, and have their colours."""
        for name in names:
            video = self.tile(name).locator("video")
            found = video.evaluate(COLOUR, [PEOPLE[name], TOLERANCE, 1000 * CONNECT])
            assert found is True, f"{self.name} sees {name}: {found}"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker.running(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


def joining(open_notebook: OpenNotebook, broker: Broker, room: str) -> Join:
    """Let people join a room from notebooks of this kind."""

    def join(
        name: str,
        *,
        run: bool = True,
        browser: Browser | None = None,
        port: int | None = None,
        **traits: Any,
    ) -> Person:
        about = {
            "room": room,
            "password": "secret",
            "server": broker.tcp,
            "nickname": name,
            "ice_servers": [],
        }
        values = {**about, **traits}
        nb = open_notebook(cells, browser=browser, port=port, traits=values, colour=PEOPLE[name])
        nb.run(0)
        if run:
            nb.run(1)
        return Person(name, nb)

    return join


@pytest.fixture
def join(notebook: OpenNotebook, broker: Broker, request: pytest.FixtureRequest) -> Join:
    """Let somebody join a room of this test."""
    return joining(notebook, broker, request.node.name)


@pytest.fixture
def join_in_jupyterlab(
    jupyterlab: OpenNotebook, broker: Broker, request: pytest.FixtureRequest
) -> Join:
    """Let somebody join a room of this test from JupyterLab."""
    return joining(jupyterlab, broker, request.node.name)


@pytest.mark.parametrize("kind", ["tcp", "websockets"])
def test_two_see_each_other(join: Join, broker: Broker, kind: str) -> None:
    ada, bob = (join(name, server=getattr(broker, kind)) for name in ("Ada", "Bob"))
    ada.sees("Bob")
    bob.sees("Ada")
    ada.shows("Ada", "Bob")
    bob.shows("Ada", "Bob")
    assert ada.nb.python("(room.status, room.error)") == ("connected", "")
    assert ada.nb.python("room.streams[0] is stream and len(room.streams) == 2")
    ada.nb.execute("room.nickname = 'Dan'; stream.video_enabled = False")
    expect(bob.tile("Dan").locator("video")).to_be_hidden()
    ada.nb.execute("stream.video_enabled = True; room.stream = ipywebrtc.ArrayStream(160, 120)")
    colour = [*PEOPLE["Dan"]]
    ada.nb.execute(f"pixels = np.full((120, 160, 3), {colour}, np.uint8)")
    ada.nb.execute("stream, colour = room.stream, tuple(pixels[0, 0])")
    bob.shows("Dan")
    assert ada.nb.errors == bob.nb.errors == []


def test_a_wrong_password_gets_in_nowhere(join: Join) -> None:
    ada, bob = join("Ada"), join("Bob")
    bob.nb.execute("mallory = ipywebrtc.WebRTCRoomMqtt(**{**traits, 'password': 'wrong'})")
    bob.nb.execute("nobody = ipywebrtc.WebRTCRoomMqtt(**{**traits, 'room': 'another'})")
    bob.nb.wait_for("mallory.status == nobody.status == 'waiting'")
    ada.sees("Bob")
    bob.sees("Ada")
    assert bob.nb.python("mallory.peers == nobody.peers == []")
    assert ada.nb.python("len(room.peers)") == 1


@pytest.mark.alone
def test_four_join_at_once(join: Join) -> None:
    people = [join(name) for name in PEOPLE]
    names = {*PEOPLE}
    for one in people:
        one.sees(*names - {one.name})
    for one in people:
        one.shows(*names)
    for _ in range(ROUNDS):
        for one in people:
            one.nb.execute("room.leave()")
        for one in people:
            assert one.nb.python("(room.status, room.peers)") == ("idle", [])
        at_once(people, "room.join()")
        for one in people:
            one.sees(*names - {one.name})
    for one in people:
        one.shows(*names)
        assert one.nb.errors == []


def test_a_closed_tab_leaves_and_a_reloaded_one_is_back_once(join_in_jupyterlab: Join) -> None:
    ada, bob = join_in_jupyterlab("Ada"), join_in_jupyterlab("Bob")
    ada.sees("Bob")
    bob.nb.reload()
    ada.sees("Bob")
    bob.sees("Ada")
    ada.shows("Bob")
    expect(ada.nb.output(1).get_by_role("listitem")).to_have_count(2)
    bob.nb.page.close()
    ada.nb.wait_for("room.peers == []", timeout=5)
    expect(ada.nb.output(1).get_by_text("Nobody else is here yet")).to_be_visible()


def test_a_killed_tab_is_gone_soon(join: Join, launch: Launch) -> None:
    browser = launch(extra=["--enable-features=OfItsOwn"])  # no other page is to be killed
    ada, bob = join("Ada"), join("Bob", browser=browser)
    ada.sees("Bob")
    bob.sees("Ada")
    killed = time.monotonic()
    for process in renderers(browser):
        os.kill(process, signal.SIGKILL)
    expect(ada.tile("Bob").get_by_text("Reconnecting…")).to_be_visible(timeout=15_000)
    ada.nb.wait_for("room.peers == []", timeout=GONE - (time.monotonic() - killed))
    print(f"gone after {time.monotonic() - killed:.1f} s")


def test_a_tab_that_hangs_is_noticed_and_comes_back(join: Join) -> None:
    ada, bob = join("Ada"), join("Bob")
    ada.sees("Bob")
    bob.sees("Ada")
    peer = ada.nb.python("room.peers[0].model_id")
    hung = time.monotonic()
    bob.nb.page.evaluate(HANG, 1000 * HANGS)
    ada.nb.wait_for("not room.peers[0].connected", timeout=NOTICED)
    print(f"noticed after {time.monotonic() - hung:.1f} s")
    expect(ada.tile("Bob").get_by_text("Reconnecting…")).to_be_visible()
    ada.sees("Bob")
    bob.sees("Ada")
    print(f"back after {time.monotonic() - hung - HANGS:.1f} s")
    assert ada.nb.python("room.peers[0].model_id") == peer
    ada.shows("Bob")
    bob.shows("Ada")


def test_sound_goes_from_kernel_to_kernel(join: Join) -> None:
    ada, bob = join("Ada"), join("Bob")
    ada.sees("Bob")
    bob.sees("Ada")
    bob.nb.execute("theirs = room.peers[0].stream_remote")
    # Blocks that are longer than the pause between two beeps.
    bob.nb.execute("sound = ipywebrtc.AudioReader(stream=theirs, block=2, reading=True)")
    bob.nb.wait_for("sound.status == 'waiting' and sound.error")
    ada.nb.execute("room.stream = ipywebrtc.CameraStream()")
    bob.nb.wait_for("sound.latest and sound.latest.level > -50", timeout=CONNECT)
    assert bob.nb.python("(sound.status, sound.error)") == ("live", "")
    ada.nb.output(1).get_by_role("button", name="Mute the microphone").click()
    bob.nb.wait_for("sound.latest.level < -80", timeout=CONNECT)
    ada.nb.output(1).get_by_role("button", name="Mute the microphone").click()
    bob.nb.wait_for("sound.latest.level > -50", timeout=CONNECT)


def test_another_tab_says_who_is_there_and_where_the_call_is(join_in_jupyterlab: Join) -> None:
    ada, bob = join_in_jupyterlab("Ada"), join_in_jupyterlab("Bob")
    ada.sees("Bob")
    bob.sees("Ada")
    again = Person("Ada", ada.nb.open_again())
    expect(again.tile("Bob").get_by_text("Connected")).to_be_visible()
    expect(again.nb.output(1).get_by_text("The call is in another tab")).to_be_visible()
    bob.nb.output(1).get_by_role("button", name="Leave").click()
    expect(again.tile("Bob")).to_be_hidden()
    bob.nb.execute("room.join()")
    ada.sees("Bob")
    ada.nb.page.close()
    # It takes the call over.
    again.shows("Bob")
    expect(again.nb.output(1).get_by_text("The call is in another tab")).to_be_hidden()


def test_a_killed_kernel_is_gone_soon_and_its_person_comes_back(join: Join) -> None:
    ada, bob = join("Ada"), join("Bob")
    ada.sees("Bob")
    bob.sees("Ada")
    killed = time.monotonic()
    os.kill(bob.nb.python("__import__('os').getpid()"), signal.SIGKILL)
    ada.nb.wait_for("room.peers == []", timeout=GONE)
    print(f"gone after {time.monotonic() - killed:.1f} s")
    expect(bob.nb.output(1).get_by_text("The kernel restarted or ended")).to_be_visible()
    bob.nb.run()
    ada.sees("Bob")
    ada.shows("Bob")
    expect(ada.nb.output(1).get_by_role("listitem")).to_have_count(2)


def test_a_call_outlives_a_cut_between_a_page_and_its_kernel(join: Join, host: JupyterLab) -> None:
    with Proxy.running(host.port) as proxy:
        ada, bob = join("Ada"), join("Bob", port=proxy.port)
        ada.sees("Bob")
        bob.sees("Ada")
        ada.nb.execute("seen = []; room.peers[0].observe(seen.append, 'connected')")
        reconnect_steadily(bob.nb.page)
        before = ada.nb.python("room.peers[0].model_id"), bob.nb.python("room.peers[0].model_id")
        proxy.cut()
        ada.nb.page.wait_for_timeout(10_000)  # A cut is a time without anything.
        bob.shows("Ada")
        assert bob.nb.python("len(room.peers)") == 1
        proxy.mend()
        bob.sees("Ada", timeout=BACK)
        ada.nb.execute("room.nickname = 'Dan'")
        expect(bob.tile("Dan")).to_be_visible(timeout=30_000)
        after = ada.nb.python("room.peers[0].model_id"), bob.nb.python("room.peers[0].model_id")
        assert after == before
        assert ada.nb.python("seen") == []


@pytest.mark.parametrize("seconds", [3, 30])
def test_who_loses_the_network_for_a_while_is_back_once(
    join: Join, host: JupyterLab, tmp_path: Path, seconds: int
) -> None:
    with Proxy.running(host.port) as proxy, TurnServer.running(tmp_path) as turn:
        # All that comes to Bob's page goes through one of the two.
        relayed = {"ice_servers": [turn.server()], "ice_transport_policy": "relay"}
        ada, bob = join("Ada"), join("Bob", port=proxy.port, **relayed)
        ada.sees("Bob")
        bob.sees("Ada")
        ada.nb.execute("seen = []; room.peers[0].observe(seen.append, 'connected')")
        reconnect_steadily(bob.nb.page)
        lost = time.monotonic()
        proxy.cut()
        turn.freeze()
        if seconds > GONE:
            ada.nb.wait_for("room.peers == []", timeout=GONE)
        # The time without anything.
        ada.nb.page.wait_for_timeout(1000 * (lost + seconds - time.monotonic()))
        turn.thaw()
        proxy.mend()
        ada.sees("Bob", timeout=BACK)
        bob.sees("Ada", timeout=BACK)
        ada.shows("Bob")
        bob.shows("Ada")
        expect(ada.nb.output(1).get_by_role("listitem")).to_have_count(2)
        if seconds < GONE:
            assert ada.nb.python("seen") == []


@pytest.mark.alone
def test_a_flood_of_garbage_disturbs_no_call(join: Join, broker: Broker) -> None:
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion

    ada, bob = join("Ada"), join("Bob")
    ada.sees("Bob")
    bob.sees("Ada")
    ada.nb.execute("seen = []; room.peers[0].observe(seen.append, 'connected')")
    process = ada.nb.python("__import__('os').getpid()")
    topics: set[str] = set()
    mallory = Client(CallbackAPIVersion.VERSION2)
    mallory.on_message = lambda _client, _data, message: topics.add(message.topic)
    mallory.connect(HOST, broker.ports["tcp"])
    mallory.loop_start()
    mallory.subscribe("#")
    while not topics:  # Those that are retained come by themselves.
        ada.nb.page.wait_for_timeout(50)
    before = resident(process)
    for number in range(FLOOD):
        garbage = os.urandom(2000)
        for topic in topics:
            sent = mallory.publish(topic, garbage)
            if number % 100 == 0:
                sent.wait_for_publish()
    ada.shows("Bob")
    bob.shows("Ada")
    # What is said by members still arrives.
    bob.nb.execute("room.nickname = 'Cleo'")
    expect(ada.tile("Cleo")).to_be_visible(timeout=30_000)
    grown = resident(process) - before
    print(f"{grown / 1e6:+.1f} MB")
    assert grown < GROWTH
    assert ada.nb.python("(seen, len(room.peers), room.error)") == ([], 1, "")
    mallory.disconnect()
    mallory.loop_stop()


def test_a_call_outlives_the_broker_and_later_ones_find_it(join: Join, broker: Broker) -> None:
    ada, bob = join("Ada"), join("Bob")
    ada.sees("Bob")
    bob.sees("Ada")
    peer = ada.nb.python("room.peers[0].model_id")
    broker.stop()
    try:
        warning = ada.nb.output(1).get_by_text("broker")
        expect(warning).to_be_visible(timeout=30_000)
        assert ada.nb.python("room.status") == "connected"
        ada.shows("Bob")
    finally:
        broker.start()
    cleo = join("Cleo")
    for one, others in ((ada, "Bob Cleo"), (bob, "Ada Cleo"), (cleo, "Ada Bob")):
        one.sees(*others.split())
    assert ada.nb.python("room.peers[0].model_id") == peer
    ada.shows("Bob", "Cleo")
    cleo.shows("Ada", "Bob")
    expect(warning).to_be_hidden()


def test_a_full_room_refuses(join: Join) -> None:
    ada, bob = join("Ada", max_peers=1), join("Bob", max_peers=1)
    ada.sees("Bob")
    bob.sees("Ada")
    cleo = join("Cleo", max_peers=1)
    expect(cleo.nb.output(1).get_by_text("The room is full, with 2 people")).to_be_visible()
    assert cleo.nb.python("(room.status, room.peers)") == ("error", [])
    expect(ada.nb.output(1).get_by_text("Cleo could not come in")).to_be_visible()
    bob.nb.output(1).get_by_role("button", name="Leave").click()
    ada.sees()
    cleo.nb.output(1).get_by_role("button", name="Join again").click()
    ada.sees("Cleo")
    ada.shows("Cleo")


def test_left_and_joined_again_leaks_nothing(join: Join) -> None:
    ada, bob = join("Ada"), join("Bob", run=False)
    bob.nb.page.evaluate(COUNT_CONNECTIONS)
    bob.nb.run(1)
    ada.sees("Bob")
    bob.sees("Ada")
    bob.nb.execute("import threading; from ipywidgets.widgets.widget import _instances")
    counts = "(threading.active_count(), len(_instances))"
    before = bob.nb.python(counts)
    for _ in range(AGAIN):
        bob.nb.execute("room.leave()")
        ada.sees()
        bob.nb.execute("room.join()")
        bob.sees("Ada")
    ada.sees("Bob")
    bob.nb.wait_for(f"{counts} <= {before}", timeout=GONE)
    assert bob.nb.page.evaluate(OPEN_CONNECTIONS) == 1
    bob.nb.execute("room.close()")
    ada.sees()
    bob.nb.page.wait_for_function(f"({OPEN_CONNECTIONS})() === 0")
    assert bob.nb.errors == []


@pytest.mark.quick
def test_chat_shows_its_room_once(notebook: OpenNotebook, broker: Broker) -> None:
    def cells(server: str) -> None:
        import ipywebrtc

        room = ipywebrtc.chat(server=server)
        room
        # %%
        room

    nb = notebook(cells, server=broker.tcp)
    nb.run()
    for cell in (0, 1):
        expect(nb.output(cell).get_by_role("list")).to_have_count(1)
    expect(nb.output(0).get_by_text("Others join with")).to_be_visible()


@pytest.mark.quick
def test_rooms_of_one_kernel_and_their_buttons(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        # %%
        one = ipywebrtc.WebRTCRoomLocal(stream=ipywebrtc.CameraStream(), nickname="One")
        one
        # %%
        other = ipywebrtc.WebRTCRoomLocal(stream=ipywebrtc.CameraStream(), nickname="Other")
        other

    nb = notebook(cells)
    nb.run(0, 1)
    view = nb.output(1)
    expect(view.get_by_text("Nobody else is here yet")).to_be_visible()
    expect(view.get_by_role("textbox", name="Code of this room").first).to_have_value("room")
    nb.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view.get_by_role("button", name="Copy").first.click()
    expect(view.get_by_role("button", name="Copied")).to_be_visible()
    assert nb.page.evaluate("navigator.clipboard.readText()") == "room"
    height = height_of(view)
    nb.run(2)
    nb.wait_for("one.status == other.status == 'connected'", timeout=CONNECT)
    assert height_of(view) == height
    # The beeps of the fake microphone are heard on the other side.
    speaker = nb.output(2).get_by_role("listitem", name="One")
    expect(speaker).to_have_class(re.compile("speaking"), timeout=20_000)
    view.get_by_role("button", name="Mute the microphone").click()
    nb.wait_for("not one.stream.audio_enabled")
    muted = nb.output(2).get_by_role("listitem", name="One, muted")
    expect(muted).to_be_visible()
    expect(muted).not_to_have_class(re.compile("speaking"))
    view.get_by_role("button", name="Hide the picture").click()
    expect(muted.locator("video")).to_be_hidden()
    view.get_by_role("button", name="Leave").click()
    nb.wait_for("one.status == 'idle' and other.peers == []")
    expect(view.get_by_text("You have left the room")).to_be_visible()
    view.get_by_role("button", name="Join again").click()
    nb.wait_for("one.status == other.status == 'connected'", timeout=CONNECT)
    assert height_of(view) == height
    assert nb.errors == []


def height_of(element: Locator) -> float:
    """Return the height in pixels."""
    box = element.bounding_box()
    assert box
    return box["height"]


def at_once(people: list[Person], code: str) -> None:
    """Run a statement in all kernels at the same moment."""
    start = time.time() + START_DELAY
    for one in people:
        delay = f"{start} - __import__('time').time()"
        one.nb.execute(f"asyncio.get_running_loop().call_later({delay}, lambda: {code})")
