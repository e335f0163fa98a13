"""Calls between two pages, or two peers of one, over the real connections of the browser."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import pytest
from playwright.sync_api import expect

from e2e.processes import renderers
from e2e.recordings import contents, picture_at
from e2e.turn import PASSWORD, USER, TurnServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from e2e.conftest import Launch, OpenNotebook
    from e2e.notebooks import Notebook

    MakeCall = Callable[..., "Call"]

COLOURS = {"red": (220, 30, 30), "blue": (30, 30, 220), "green": (30, 200, 30)}
NEAR = 40  # of 255: what is encoded and scaled is not exact
PATIENCE = 20.0
LEFT_WITHIN = 2.0  # seconds
LOST_WITHIN = 6.0

# Keeps every connection that the page makes.
KEEP_CONNECTIONS = """() => {
  globalThis.connections = [];
  const Original = RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Original {
    constructor(...values) {
      super(...values);
      connections.push(this);
    }
  };
}"""
# Keeps what the sides say to each other on the data channel.
KEEP_WORDS = """() => {
  globalThis.words = [];
  const { send } = RTCDataChannel.prototype;
  RTCDataChannel.prototype.send = function (word) {
    words.push(word);
    send.call(this, word);
  };
}"""
WIDGETS = "sum('polite' in one['state'] for one in camera.get_manager_state()['state'].values())"
OPEN = "connections.filter(one => one.connectionState !== 'closed').length"


def person(colour: tuple[int, ...] | None, options: dict[str, Any]) -> None:
    """Cells of one side of a call, which shows a picture of one colour, or the camera."""
    import io

    import PIL.Image
    from ipywidgets import Image

    import ipywebrtc

    def picture(colour: tuple[int, ...]) -> ipywebrtc.ImageStream:
        file = io.BytesIO()
        PIL.Image.new("RGB", (320, 240), colour).save(file, "png")
        return ipywebrtc.ImageStream(image=Image(value=file.getvalue()))

    stream = picture(colour) if colour else ipywebrtc.CameraStream()
    outbox: list[dict[str, object]] = []

    def call() -> ipywebrtc.WebRTCPeer:
        peer = ipywebrtc.WebRTCPeer(stream_local=stream, **options)
        peer.on_signal(outbox.append)
        peer.connect()
        return peer

    # %%
    peer = call()
    reader = ipywebrtc.FrameReader(stream=peer.stream_remote, format="rgb", width=32)
    peer
    # %%
    peer.stream_remote


class Call:
    """Two notebooks, each with a kernel and a page, between which the test carries the signals."""

    def __init__(self, *sides: Notebook) -> None:
        self.sides = sides

    def carry(self) -> None:
        """Carry what has been said so far."""
        said = [nb.python("[outbox.pop(0) for _ in range(len(outbox))]") for nb in self.sides]
        for nb, signals in zip(self.sides, reversed(said), strict=True):
            if signals:
                # As JSON, as every way of passing them on does.
                text = json.dumps(signals)
                nb.execute(f"import json\nfor said in json.loads({text!r}): peer.signal(said)")

    def wait_for(self, *expressions: str, timeout: float = PATIENCE) -> float:
        """Carry signals until an expression is true in each kernel; return the seconds."""
        begin = time.monotonic()
        while not all(
            nb.python(expression) for nb, expression in zip(self.sides, expressions, strict=True)
        ):
            seconds = time.monotonic() - begin
            assert seconds < timeout, [nb.python(FACTS) for nb in self.sides]
            self.carry()
            self.sides[0]._pause()
        return time.monotonic() - begin

    def connect(self) -> float:
        return self.wait_for("peer.connected", "peer.connected")


REFUSED = "The TURN server {} refused the username or the credential: check ice_servers."
THEIRS = "The other side found no way to connect: its error says why."
FACTS = "peer.status, peer.error, peer.stats, peer.stream_remote.status"


def calls_from(open_notebook: OpenNotebook) -> MakeCall:
    """Open two notebooks of this kind that call each other."""

    def call(
        *colours: str | None, browsers: tuple[Browser | None, ...] = (None, None), **options: Any
    ) -> Call:
        sides = []
        for name, browser in zip(colours, browsers, strict=True):
            colour = COLOURS[name] if name else None
            nb = open_notebook(person, browser=browser, colour=colour, options=options)
            nb.page.evaluate(KEEP_CONNECTIONS)
            nb.run()
            sides.append(nb)
        return Call(*sides)

    return call


@pytest.fixture
def call(notebook: OpenNotebook) -> MakeCall:
    """Open two notebooks that call each other."""
    return calls_from(notebook)


@pytest.fixture
def call_in_jupyterlab(jupyterlab: OpenNotebook) -> MakeCall:
    """Open two notebooks in JupyterLab that call each other."""
    return calls_from(jupyterlab)


@pytest.fixture(scope="module")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TurnServer]:
    with TurnServer.running(tmp_path_factory.mktemp("turn")) as server:
        yield server


def shows(nb: Notebook, colour: str, reader: str = "reader") -> bool:
    """Tell whether what is received has this colour."""
    found = nb.python(f"{reader}.latest and {reader}.latest.to_numpy().mean(axis=(0, 1))")
    return found is not None and bool(np.abs(found - COLOURS[colour]).max() < NEAR)


def wait_until_it_shows(nb: Notebook, colour: str, reader: str = "reader") -> None:
    deadline = time.monotonic() + PATIENCE
    while not shows(nb, colour, reader):
        assert time.monotonic() < deadline
        nb._pause()


def read(*sides: Notebook) -> None:
    for nb in sides:
        nb.execute("reader.reading = True")


def pair(path: str | None) -> None:
    """Cells of two peers in one notebook: the camera calls a picture."""
    import ipywebrtc

    camera = ipywebrtc.CameraStream()
    camera
    # %%
    image = ipywebrtc.ImageStream.from_file(path) if path else None
    a, b = ipywebrtc.WebRTCPeer(stream_local=camera), ipywebrtc.WebRTCPeer(stream_local=image)
    reader = ipywebrtc.FrameReader(stream=a.stream_remote, format="rgb", width=32)
    a.connect(b)
    b


@pytest.fixture
def red(tmp_path: Path) -> Path:
    path = tmp_path / "red.png"
    PIL.Image.new("RGB", (320, 240), COLOURS["red"]).save(path)
    return path


def test_two_peers_of_one_notebook_see_and_hear_each_other(
    notebook: OpenNotebook, red: Path
) -> None:
    nb = notebook(pair, path=red)
    nb.run()
    nb.wait_for("a.connected and b.connected")
    nb.execute(
        "frames = ipywebrtc.FrameReader(stream=b.stream_remote, format='rgb', reading=True)\n"
        "sound = ipywebrtc.AudioReader(stream=b.stream_remote, reading=True)\n"
        "loudest = []\n"
        "sound.on_block(lambda block: loudest.append(block.level))"
    )
    read(nb)
    wait_until_it_shows(nb, "red")
    # The browser begins with a smaller picture where it does not know the way yet.
    nb.wait_for("frames.latest and frames.latest.width == 640", timeout=PATIENCE)
    first = nb.python("frames.latest.to_numpy()")
    assert first.shape == (480, 640, 3)
    number = nb.python("frames.latest.sequence")
    assert first[..., 1].mean() > first[..., 0].mean() + NEAR  # the fake camera is green
    nb.wait_for(f"frames.latest.sequence > {number} + 30", timeout=PATIENCE)
    nb.wait_for("frames.latest.width == 640", timeout=PATIENCE)
    assert np.abs(nb.python("frames.latest.to_numpy()").astype(int) - first).max() > NEAR
    nb.wait_for("max(loudest, default=-120) > -50", timeout=PATIENCE)
    nb.wait_for("b.stats.get('bitrate_in') and b.stats.get('width') == 640")
    stats = nb.python("b.stats")
    assert 0 <= stats["round_trip"] < 1
    assert stats["relayed"] is False
    assert stats["fps"] > 0
    nb.wait_for("b.stream_remote.settings['video'].get('width') == 640")
    assert nb.python("(b.stream_remote.status, b.failed, b.error)") == ("live", False, "")
    view = nb.output(1)
    expect(view.locator("video")).to_have_js_property("videoWidth", 640)
    expect(view.get_by_text("connected")).to_be_visible()
    assert nb.errors == []


def test_a_camera_is_never_announced_as_sound_alone(notebook: OpenNotebook) -> None:
    nb = notebook(pair, path=None)
    nb.page.evaluate(KEEP_WORDS)
    nb.run()
    nb.wait_for("b.stream_remote.status == 'live'", timeout=PATIENCE)
    nb.execute("a.stream_local = None")
    nb.wait_for("b.stream_remote.status == 'waiting'", timeout=PATIENCE)
    words = nb.page.evaluate("words.map(JSON.parse)")
    assert {tuple(said["sends"]) for said in words} == {(), ("audio", "video")}


@pytest.mark.quick
def test_two_kernels_connect_by_signals(call: MakeCall) -> None:
    calling = call("red", None)
    one, other = calling.sides
    calling.connect()
    read(one, other)
    wait_until_it_shows(other, "red")
    one.wait_for("reader.latest and reader.latest.sequence > 10", timeout=PATIENCE)
    assert one.errors == other.errors == []


def test_offers_that_cross_connect_each_time(call: MakeCall) -> None:
    calling = call("red", "blue")
    calling.connect()
    for _ in range(10):
        for nb in calling.sides:
            nb.execute("peer.close(); outbox.clear(); peer = call()")
        for nb in calling.sides:
            nb.wait_for("any('description' in said for said in outbox)")
        calling.connect()
    for nb in calling.sides:
        nb.execute(
            "reader = ipywebrtc.FrameReader(stream=peer.stream_remote, format='rgb', reading=True)"
        )
    wait_until_it_shows(calling.sides[0], "blue")
    wait_until_it_shows(calling.sides[1], "red")


def test_another_stream_is_seen_without_another_connection(call: MakeCall) -> None:
    calling = call("red", "blue")
    one, other = calling.sides
    calling.connect()
    read(other)
    wait_until_it_shows(other, "red")
    before = one.page.evaluate("connections.length"), other.page.evaluate("connections.length")
    one.execute("red, green = stream, picture((30, 200, 30)); peer.stream_local = green")
    wait_until_it_shows(other, "green")
    one.execute("peer.stream_local = None")
    other.wait_for("peer.stream_remote.status == 'waiting'")
    one.execute("peer.stream_local = red")
    other.wait_for("peer.stream_remote.status == 'live'")
    other.execute("reader.reading = True")
    wait_until_it_shows(other, "red")
    after = one.page.evaluate("connections.length"), other.page.evaluate("connections.length")
    assert after == before
    # Candidates may still come: nothing is agreed on anew.
    for nb in calling.sides:
        assert nb.python("[said for said in outbox if 'description' in said]") == []


def test_what_is_muted_is_silent_and_black_at_the_other_side(notebook: OpenNotebook) -> None:
    nb = notebook(pair, path=None)
    nb.run()
    nb.wait_for("a.connected and b.connected")
    nb.execute(
        "frames = ipywebrtc.FrameReader(stream=b.stream_remote, format='gray', reading=True)\n"
        "sound = ipywebrtc.AudioReader(stream=b.stream_remote, block=2, reading=True)"
    )
    nb.wait_for("sound.latest and sound.latest.level > -50", timeout=PATIENCE)
    nb.wait_for("frames.latest and frames.latest.to_numpy().mean() > 30", timeout=PATIENCE)
    nb.execute("camera.audio_enabled = camera.video_enabled = False")
    nb.wait_for("sound.latest.level < -80", timeout=PATIENCE)
    nb.wait_for("frames.latest.to_numpy().mean() < 20", timeout=PATIENCE)
    nb.execute("camera.audio_enabled = camera.video_enabled = True")
    nb.wait_for("sound.latest.level > -50", timeout=PATIENCE)
    nb.wait_for("frames.latest.to_numpy().mean() > 30", timeout=PATIENCE)


def test_sound_that_comes_later_is_waited_for(notebook: OpenNotebook, red: Path) -> None:
    nb = notebook(pair, path=red)
    nb.run()
    nb.wait_for("a.stream_remote.status == 'live'", timeout=PATIENCE)
    nb.execute("sound = ipywebrtc.AudioReader(stream=a.stream_remote, block=2, reading=True)")
    nb.wait_for("sound.error")
    expected = ("waiting", "The other side sends no sound now.")
    assert nb.python("(sound.status, sound.error)") == expected
    nb.execute("b.stream_local = camera")
    nb.wait_for("sound.latest and sound.latest.level > -50", timeout=PATIENCE)
    assert nb.python("(sound.status, sound.error)") == ("live", "")
    nb.execute("b.stream_local = image")
    nb.wait_for("sound.status == 'waiting'")
    assert nb.python("(sound.status, sound.error)") == expected


@pytest.mark.alone
def test_what_is_received_can_be_recorded(notebook: OpenNotebook) -> None:
    async def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera
        # %%
        a, b = ipywebrtc.WebRTCPeer(stream_local=camera), ipywebrtc.WebRTCPeer()
        a.connect(b)
        # %%
        picture = ipywebrtc.ImageRecorder(stream=b.stream_remote)
        await picture.snapshot()
        # %%
        recorder = ipywebrtc.VideoRecorder(stream=b.stream_remote, codecs="vp8, opus")
        await recorder.record(2)

    nb = notebook(cells)
    nb.run()
    taken = nb.python("picture.to_numpy()")
    assert taken.shape[:2] == (480, 640)
    assert taken[..., 1].mean() > taken[..., 0].mean() + NEAR
    data = nb.python("bytes(recorder.video.value)")
    assert contents(data).times[-1] > 1.5
    assert picture_at(data, 1).std() > 10
    assert nb.errors == []


def test_a_page_that_is_reloaded_comes_back(call_in_jupyterlab: MakeCall) -> None:
    calling = call_in_jupyterlab("red", "blue")
    one, other = calling.sides
    calling.connect()
    read(other)
    wait_until_it_shows(other, "red")
    one.execute("same = peer")
    one.reload()
    seconds = calling.connect()
    print(f"back {seconds:.1f} s after the page was ready")
    read(one)
    wait_until_it_shows(one, "blue")
    number = other.python("reader.latest.sequence")
    other.wait_for(f"reader.latest.sequence > {number} + 2", timeout=PATIENCE)
    wait_until_it_shows(other, "red")
    assert one.python("peer is same")
    expect(one.output(1).locator("video")).to_have_js_property("videoWidth", 320)


@pytest.mark.alone
def test_a_page_that_is_closed_is_noticed_at_once(call: MakeCall) -> None:
    calling = call("red", "blue")
    one, other = calling.sides
    calling.connect()
    begin = time.monotonic()
    one.page.close()
    # Without a signal: the kernel of the closed page is not heard.
    other.wait_for("not peer.connected", timeout=LEFT_WITHIN)
    print(f"noticed after {time.monotonic() - begin:.2f} s")
    assert other.python("(peer.status, peer.error, peer.failed)") == ("ended", "", False)
    one.wait_for("not peer.connected")
    assert one.python("peer.status") == "waiting"


@pytest.mark.alone
def test_a_page_that_is_killed_is_noticed_soon(call: MakeCall, launch: Launch) -> None:
    browser = launch(extra=["--enable-features=OfItsOwn"])  # no other page is to be killed
    calling = call("red", "blue", browsers=(browser, None))
    _, other = calling.sides
    calling.connect()
    begin = time.monotonic()
    for process in renderers(browser):
        os.kill(process, signal.SIGKILL)
    other.wait_for("not peer.connected", timeout=LOST_WITHIN)
    print(f"noticed after {time.monotonic() - begin:.2f} s")
    assert other.python("(peer.status, peer.failed)") == ("starting", False)


@pytest.mark.alone
def test_who_hangs_up_is_gone_at_once(call: MakeCall) -> None:
    calling = call("red", "blue")
    one, other = calling.sides
    calling.connect()
    one.execute("old = peer.stream_remote; peer.close()")
    assert one.python("old.status") == "ended"
    other.wait_for("peer.status == 'ended'", timeout=LEFT_WITHIN)
    other.wait_for("peer.stream_remote.status == 'waiting'")
    one.page.wait_for_function(f"!{OPEN}")
    expect(one.output(2).get_by_text("The call is over.")).to_be_visible()
    other.page.wait_for_function(f"!{OPEN}")
    one.execute("peer = call()")
    calling.connect()


def test_another_tab_takes_the_call_over(call_in_jupyterlab: MakeCall) -> None:
    calling = call_in_jupyterlab("red", "blue")
    one, other = calling.sides
    calling.connect()
    again = one.open_again()
    again.page.evaluate(KEEP_CONNECTIONS)
    assert one.python("peer.connected")
    one.page.close()
    again.page.wait_for_function("connections.length")
    calling.connect()
    read(other)
    wait_until_it_shows(other, "red")


@pytest.mark.alone
def test_a_relayed_call_outlives_gaps_in_the_network(call: MakeCall, turn: TurnServer) -> None:
    options = {"ice_servers": [turn.server()], "ice_transport_policy": "relay"}
    calling = call("red", "blue", **options)
    one, other = calling.sides
    calling.connect()
    for nb in calling.sides:
        nb.wait_for("peer.stats.get('relayed')", timeout=PATIENCE)
        nb.execute(
            "changes = []; peer.observe(lambda change: changes.append(change.new), 'connected')"
        )
    assert turn.allocations >= 2
    read(other)
    wait_until_it_shows(other, "red")
    turn.freeze()
    one.page.wait_for_timeout(3000)  # A gap is a time without anything.
    turn.thaw()
    number = other.python("reader.latest.sequence")
    other.wait_for(f"reader.latest.sequence > {number} + 5", timeout=PATIENCE)
    assert one.python("changes") == other.python("changes") == []
    turn.freeze()
    calling.wait_for("not peer.connected", "not peer.connected", timeout=LOST_WITHIN)
    assert one.python("peer.status") == "starting"
    turn.thaw()
    print(f"connected {calling.connect():.1f} s after a gap")
    number = other.python("reader.latest.sequence")
    other.wait_for(f"reader.latest.sequence > {number} + 2", timeout=PATIENCE)


@pytest.mark.alone
def test_a_wrong_password_fails_and_is_not_shown(
    call_in_jupyterlab: MakeCall, turn: TurnServer
) -> None:
    secret = f"not-{PASSWORD}"
    options = {"ice_servers": [turn.server(secret)], "ice_transport_policy": "relay"}
    calling = call_in_jupyterlab("red", "blue", **options)
    calling.wait_for("peer.failed", "peer.failed")
    # Who learns it first says why; the other one may only have heard that there was a reason.
    sentences = [nb.python("peer.error") for nb in calling.sides]
    refused = REFUSED.format(turn.url)
    assert refused in sentences
    assert {*sentences} <= {refused, THEIRS}
    for nb in calling.sides:
        assert nb.python("(peer.connected, peer.failed, peer.status)") == (False, True, "error")
    one = calling.sides[sentences.index(refused)]
    expect(one.output(1).get_by_text("refused the username")).to_be_visible()
    one.execute(
        "from ipywidgets import Widget\n"
        "stated = str(Widget.get_manager_state()); shown = repr(peer)"
    )
    one.save()
    for name in ("peer.error", "shown", "stated", "str(outbox)", "str(peer.stats)"):
        assert secret not in one.python(name)
        assert USER not in one.python(name)
    assert str(one.read()).count(secret) == 1  # the test's own cell
    # With the right one it goes on.
    for nb in calling.sides:
        nb.execute(f"peer.ice_servers = [{turn.server()!r}]; peer.connect()")
    calling.connect()


def test_thirty_calls_leave_nothing(notebook: OpenNotebook) -> None:
    nb = notebook(pair, path=None)
    nb.page.evaluate(KEEP_CONNECTIONS)
    nb.run()
    nb.wait_for("a.connected and b.connected")
    widgets = nb.python(WIDGETS)
    begin = time.monotonic()
    for _ in range(30):
        nb.execute(
            "a.close(); b.close()\n"
            "a, b = ipywebrtc.WebRTCPeer(stream_local=camera), ipywebrtc.WebRTCPeer()\n"
            "a.connect(b)"
        )
        nb.wait_for("a.connected and b.connected", timeout=PATIENCE)
    print(f"{(time.monotonic() - begin) / 30:.2f} s for a call")
    nb.page.wait_for_function(f"{OPEN} === 2")
    assert nb.python(WIDGETS) == widgets
    nb.execute("a.close(); b.close()")
    nb.page.wait_for_function(f"{OPEN} === 0")
    assert nb.errors == []
