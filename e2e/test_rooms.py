"""Rooms of notebooks with a kernel and a browser context each, over a real broker."""

from __future__ import annotations

import os
import re
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from e2e.brokers import Broker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator

    from e2e.conftest import OpenNotebook
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
CONNECT = 90.0
"""Seconds that people may take to be connected on a busy machine."""
GONE = 20.0
"""Seconds after which nobody is a ghost any more."""
ROUNDS = 3
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
    broker = Broker(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def join(notebook: OpenNotebook, broker: Broker, request: pytest.FixtureRequest) -> Join:
    """Let somebody join a room of this test."""

    def join(name: str, *, run: bool = True, **traits: Any) -> Person:
        about = {
            "room": request.node.name,
            "password": "secret",
            "server": broker.tcp,
            "nickname": name,
            "ice_servers": [],
        }
        nb = notebook(cells, traits={**about, **traits}, colour=PEOPLE[name])
        nb.run(0)
        if run:
            nb.run(1)
        return Person(name, nb)

    return join


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


def test_a_closed_tab_leaves_and_a_reloaded_one_is_back_once(join: Join) -> None:
    ada, bob = join("Ada"), join("Bob")
    ada.sees("Bob")
    bob.nb.reload()
    ada.sees("Bob")
    bob.sees("Ada")
    ada.shows("Bob")
    expect(ada.nb.output(1).get_by_role("listitem")).to_have_count(2)
    bob.nb.page.close()
    ada.nb.wait_for("room.peers == []", timeout=5)
    expect(ada.nb.output(1).get_by_text("Nobody else is here yet")).to_be_visible()


def test_a_killed_tab_is_gone_soon(join: Join) -> None:
    ada, bob = join("Ada"), join("Bob")
    ada.sees("Bob")
    bob.sees("Ada")
    devtools = bob.nb.page.context.new_cdp_session(bob.nb.page)
    crash = "setTimeout(() => { for (;;); }, 0)"
    devtools.send("Runtime.evaluate", {"expression": crash})
    killed = time.monotonic()
    expect(ada.tile("Bob").get_by_text("Reconnecting…")).to_be_visible(timeout=15_000)
    ada.nb.wait_for("room.peers == []", timeout=GONE - (time.monotonic() - killed))


def test_a_killed_kernel_is_gone_soon_and_its_person_comes_back(join: Join) -> None:
    ada, bob = join("Ada"), join("Bob")
    ada.sees("Bob")
    bob.sees("Ada")
    os.kill(bob.nb.python("__import__('os').getpid()"), signal.SIGKILL)
    ada.nb.wait_for("room.peers == []", timeout=GONE)
    expect(bob.nb.output(1).get_by_text("The kernel restarted or ended")).to_be_visible()


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
    for _ in range(10):
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
