"""A page is not the kernel's owner: what it may set and send, and what becomes of the rest."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets
import pytest
import traitlets

import ipywebrtc
from ipywebrtc import (
    ArrayStream,
    AudioReader,
    CameraStream,
    Doctor,
    FrameReader,
    ImageRecorder,
    ImageStream,
    MediaError,
    MediaStream,
    UploadError,
    VideoRecorder,
    VideoStream,
    WebRTCPeer,
    WebRTCRoomLocal,
    _dropped,
    _temporary,
)

from .conftest import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from ipywebrtc._media import Media

    from .conftest import Page

    OpenPage = Callable[..., Page]

PIECES = (b"header ", b"and then ", b"the rest")
WHOLE = b"".join(PIECES)
START_TIMEOUT = 60.0


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names without a folder are in one of the test, and nothing is counted yet."""
    monkeypatch.chdir(tmp_path)
    _dropped.counts.clear()


@pytest.fixture
def recorder() -> VideoRecorder:
    return VideoRecorder(stream=CameraStream())


@pytest.fixture
def page(recorder: VideoRecorder, open_page: OpenPage) -> Page:
    return open_page(recorder)


def update(widget: ipywidgets.Widget, **state: Any) -> None:
    """Send the state update that a page's model sends."""
    widget._handle_msg(
        {"content": {"data": {"method": "update", "state": state}}, "buffers": []},
    )


def reported(widget: Media, **state: Any) -> None:
    """Send a `state` message of a page."""
    widget._handle_custom_msg({"kind": "state", "page": "page", **state}, [])


# Which traits a page sets.


def test_a_page_reads_no_file_by_the_trait_path(
    recorder: VideoRecorder, page: Page, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"the key")
    recorder.embed_limit = 0
    recorder.recording = True
    page.record(*PIECES)
    update(recorder, path=str(secret))
    reported(recorder, path=str(secret))
    assert recorder.path != str(secret)
    page.say("read", position=0, length=1 << 20)
    assert bytes(page.buffers[-1][0]) == WHOLE
    # Not even if something had set it: the recording is read by its handle.
    recorder.set_trait("path", str(secret))
    page.say("read", position=0, length=1 << 20)
    assert bytes(page.buffers[-1][0]) == WHOLE


def test_a_page_writes_no_file(recorder: VideoRecorder, page: Page, tmp_path: Path) -> None:
    (tmp_path / "startup").mkdir()
    for filename in ("../startup/00-x.py", "startup/00-x.py", "00-x.py", "/00-x.webm"):
        update(recorder, filename=filename, autosave=True)
        reported(recorder, filename=filename, autosave=True)
    assert (recorder.filename, recorder.autosave) == ("record", False)
    page.upload("pressed", b"import os", unasked=True)
    page.finish("pressed", b"import os", unasked=True)
    assert [path.name for path in tmp_path.rglob("*")] == ["startup"]


@pytest.mark.parametrize("kind", ["updates", "messages"])
def test_a_page_sets_nothing_but_what_it_may(kind: str) -> None:
    send = update if kind == "updates" else reported
    recorder = VideoRecorder(stream=CameraStream())
    before = {name: getattr(recorder, name) for name in recorder.trait_names()}
    hostile: dict[str, Any] = {
        "embed_limit": 0,
        "timeout": 0,
        "path": "/etc/passwd",
        "autosave": True,
        "max_duration": 1e9,
        "format": "py",
        "_uid": "x",
        "_esm": "alert(1)",
        "_model_module": "x",
        "video": None,
        "stream": None,
        "no such trait": 1,
        "comm": None,
        "keys": [],
    }
    for name, value in hostile.items():
        send(recorder, **{name: value})
    assert {name: getattr(recorder, name) for name in recorder.trait_names()} == before
    room = WebRTCRoomLocal(room="garden")
    try:
        for name, value in {"password": "p", "room": "x", "ice_servers": ["stun:evil"]}.items():
            send(room, **{name: value})
        assert (room.password, room.room, room.ice_servers) == ("", "garden", None)
    finally:
        room.close()
    peer = WebRTCPeer()
    send(peer, ice_transport_policy="relay", ice_servers=["stun:evil"], connected=True)
    assert (peer.ice_transport_policy, peer.connected) == ("all", False)
    assert "evil" not in str(peer.ice_servers)
    assert sum(_dropped.counts.values()) > len(hostile) - 3


def test_what_is_dropped_is_counted_and_logged_once(
    recorder: VideoRecorder, caplog: pytest.LogCaptureFixture, open_page: OpenPage
) -> None:
    for number in range(1000):
        update(recorder, path=f"/{number}")
        update(recorder, **{f"invented-{number}": number})
    assert len(caplog.records) == 2
    assert len(_dropped.counts) == 2
    doctor = Doctor(server="mqtt://127.0.0.1:1")
    open_page(doctor)
    assert "VideoRecorder: path (page) 1000" in doctor.report


def test_harmless_traits_can_be_linked() -> None:
    """As `jslink` does it in the page, whose model then sends the new value."""
    stream = VideoStream(playing=False)
    camera = CameraStream()
    recorder = ImageRecorder(stream=camera)
    harmless: dict[Media, dict[str, Any]] = {
        stream: {"volume": 0.5, "playing": True, "current_time": 2.5, "loop": False},
        camera: {"mirror": True, "video_device": "Logi", "audio_enabled": False},
        recorder: {"quality": 0.5, "format": "jpeg"},
        FrameReader(): {"pause_when_hidden": True},
    }
    for widget, state in harmless.items():
        update(widget, **state)
        assert {name: getattr(widget, name) for name in state} == state
    update(recorder, size=[64, None])
    assert recorder.size == (64, None)
    assert not _dropped.counts


def test_what_ipywidgets_itself_needs_goes_on_working() -> None:
    camera = CameraStream()
    layout = ipywidgets.Layout(width="10px")
    update(camera, layout=f"IPY_MODEL_{layout.model_id}", _dom_classes=["big"], _view_count=1)
    assert camera.layout is layout
    assert (tuple(camera._dom_classes), camera._view_count) == (("big",), 1)
    # marimo calls this with what changed, or with all that there is.
    state = {name: value for name, value in camera.get_state().items() if name != "layout"}
    camera.set_state({**state, "mirror": False})
    assert camera.mirror is False
    assert not _dropped.counts


def test_traits_of_a_users_subclass_are_its_own() -> None:
    class Figure(MediaStream):
        _model_module = traitlets.Unicode("figures").tag(sync=True)
        zoom = traitlets.Float(1).tag(sync=True)
        version = traitlets.Unicode("1", read_only=True).tag(sync=True)
        settings = traitlets.Dict().tag(sync=True)

    figure = Figure()
    update(figure, zoom=2.0, version="evil", _model_module="evil", settings={"a": 1})
    assert (figure.zoom, figure.version, figure._model_module) == (2.0, "1", "figures")
    assert figure.settings == {}


def test_one_wrong_value_does_not_keep_the_others() -> None:
    stream = VideoStream()
    update(stream, volume=99, playing=False, current_time=float("nan"), loop="yes")
    assert (stream.volume, stream.playing, stream.current_time) == (1, False, 0)
    assert sum(_dropped.counts.values()) == 3


def test_a_page_opens_no_camera_of_other_pages() -> None:
    camera = CameraStream()
    update(camera, _power="on", _attempt=3, constraints={"audio": True})
    assert (camera._power, camera._attempt) == ("auto", 0)
    assert camera.constraints == {"audio": True, "video": True}
    update(camera, _power="off")
    assert camera._power == "off"


@pytest.mark.parametrize(
    "name",
    [
        *("../cat", "/cat", "a/b", "a\\b", "..", ".", "", ".cat", "cat.", " cat", "cat\n", "c\0t"),
        *("cat.py", "cat.jpg", "cat.png.py", "con", "NUL.png", "c:cat", "x" * 201, "\ud800", 7),
    ],
)
def test_a_page_names_no_file_but_a_plain_one(name: Any, tmp_path: Path) -> None:
    recorder = ImageRecorder(stream=CameraStream(), filename=str(tmp_path / "shots" / "dog"))
    update(recorder, filename=name)
    assert recorder.filename == str(tmp_path / "shots" / "dog")


@pytest.mark.parametrize("name", ["cat", "cat.png", "Katze 1", "猫", "cat.PNG"])
def test_a_name_of_a_page_stays_in_the_folder_of_python(name: str, tmp_path: Path) -> None:
    recorder = ImageRecorder(stream=CameraStream(), filename=str(tmp_path / "shots" / "dog.png"))
    update(recorder, filename=name)
    assert recorder.filename == str(tmp_path / "shots" / name)
    plain = ImageRecorder(stream=CameraStream(), format="jpeg")
    update(plain, filename="cat.jpg")
    assert plain.filename == "cat.jpg"


def test_a_page_sets_no_media_of_ours_and_no_format_of_a_file(
    open_page: OpenPage, tmp_path: Path
) -> None:
    recorder = ImageRecorder(stream=CameraStream(), image=ipywidgets.Image(format="png"))
    page = open_page(recorder)
    recorder.recording = True
    page.answer_picture()
    recorder.image.set_state({"format": "py"})  # A core widget that is not ours takes it.
    recorder.save(tmp_path / "shot")
    assert [path.name for path in tmp_path.iterdir()] == ["shot.png"]
    for holder in (
        VideoStream().video,
        ImageRecorder().image,
        VideoRecorder().video,
        ImageStream.from_url("x.png").image,
    ):
        before = bytes(holder.value)
        update(holder, value="evil", format="svg+xml", width="10")
        assert (bytes(holder.value), holder.width) == (before, "10")
        assert holder.format != "svg+xml"
        assert type(holder).__name__ in ("Image", "Video")


# Messages.

MALFORMED: list[Any] = [
    None,
    7,
    "hello",
    [],
    {},
    {"kind": None},
    {"kind": []},
    {"kind": "hello", "page": 7},
    {"kind": "hello", "page": "x" * 1000},
    {"kind": "hello", "page": "\ud800"},
    {"kind": "state", "id": []},
    {"kind": "ack"},
    {"kind": "answer"},
    {"kind": "answer", "id": "x", "failure": 1, "unasked": True},
    {"kind": "answer", "id": "x", "failure": {}, "unasked": True, "name": "snapshot"},
    {"kind": "answer", "id": "x", "unasked": True, "name": []},
    {"kind": "asset"},
    {"kind": "asset", "name": "streams", "have": 7},
    {"kind": "chunk"},
    {"kind": "chunk", "id": "x", "seq": [1]},
    {"kind": "probe"},
    {"kind": "probe", "id": [], "number": 1},
    {"kind": "read"},
    {"kind": "read", "position": -1, "length": 1},
    {"kind": "read", "position": "0", "length": {}},
    {"kind": "data"},
    {"kind": "data", "id": "x", "number": 1, "part": 0, "parts": 0},
    {"kind": "drawn"},
    {"kind": "drawn", "number": None, "open": True},
    {"kind": "signals"},
    {"kind": "signals", "id": "x", "turn": 1, "first": 1, "heard": 1, "signals": [{}]},
    {"kind": "ping"},
    {"kind": "beat", "page": []},
]


def make_all() -> list[Media]:
    """One of each class."""
    kinds = [getattr(ipywebrtc, name) for name in ipywebrtc.__all__]
    widgets = [
        kind for kind in kinds if isinstance(kind, type) and issubclass(kind, ipywidgets.Widget)
    ]
    left_out = (ipywebrtc.WebRTCRoom, ipywebrtc.WebRTCRoomMqtt, Doctor)
    made = [kind() for kind in dict.fromkeys(widgets) if kind not in left_out]
    return [*made, Doctor(server="mqtt://127.0.0.1:1")]


def test_messages_of_the_wrong_shape_raise_nothing(caplog: pytest.LogCaptureFixture) -> None:
    for widget in make_all():
        caplog.clear()
        for message in MALFORMED:
            widget._handle_custom_msg(message, [])
            widget._handle_custom_msg(message, [memoryview(b"x")])
        for data in ({}, {"method": "update", "state": 7}, {"method": "update", "state": {"a": 1}}):
            widget._handle_msg({"content": {"data": data}, "buffers": []})
        bad = {"method": "update", "state": {"status": "live"}, "buffer_paths": [["a", "b"]]}
        widget._handle_msg({"content": {"data": bad}, "buffers": [b"x"]})
        assert not [record for record in caplog.records if record.exc_info]
        assert widget._pages in ([], [""])
        widget.close()


@pytest.mark.parametrize(
    "answer",
    [{}, {"chunks": "1", "size": 0, "duration": 0}, {"chunks": 1, "size": 0, "duration": None}],
)
def test_a_malformed_answer_ends_the_recording(answer: dict[str, Any], open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = VideoRecorder(stream=CameraStream())
        page = open_page(recorder)
        waiting = asyncio.ensure_future(recorder.record(1))
        await until(lambda: page.requests("record"))
        page.answer(page.requests("record")[-1], **answer)
        with pytest.raises(MediaError, match="malformed: reload the page"):
            await waiting
        assert (recorder.status, recorder.recording) == ("error", False)

    asyncio.run(asyncio.wait_for(main(), 10))


def test_a_malformed_answer_ends_the_picture_and_the_reading(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = ImageRecorder(stream=CameraStream())
        page = open_page(recorder)
        waiting = asyncio.ensure_future(recorder.snapshot())
        await until(page.requests)
        page.answer(page.requests()[-1])
        with pytest.raises(MediaError, match="malformed: reload the page"):
            await waiting
        reader = FrameReader(stream=CameraStream())
        page = open_page(reader)
        frame = asyncio.ensure_future(anext(aiter(reader)))
        await until(lambda: page.requests("read"))
        page.answer(page.requests("read")[-1], ended=7)
        with pytest.raises(MediaError, match="malformed: reload the page"):
            await frame

    asyncio.run(asyncio.wait_for(main(), 10))


def test_a_recording_whose_file_was_removed_raises(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = VideoRecorder(stream=CameraStream())
        page = open_page(recorder)
        waiting = asyncio.ensure_future(recorder.record(1))
        await until(lambda: page.requests("record"))
        recording = page.requests("record")[-1]["id"]
        page.upload(recording, *PIECES)
        Path(recorder.path).unlink()  # noqa: ASYNC240 - nothing else runs
        page.finish(recording, *PIECES)
        with pytest.raises(UploadError, match="can't be completed, record again"):
            await waiting
        assert (recorder.status, recorder.recording) == ("error", False)

    asyncio.run(asyncio.wait_for(main(), 10))


def test_frames_that_lie_are_dropped(open_page: OpenPage) -> None:
    reader, sound = FrameReader(stream=CameraStream()), AudioReader(stream=CameraStream())
    for one in (reader, sound):
        page = open_page(one)
        one.reading = True
        about = {
            "id": page.requests("read")[-1]["id"],
            "number": 1,
            "part": 0,
            "parts": 1,
            "time": 0,
        }
        frame = {**about, "format": "rgb", "width": 2, "height": 1, "sequence": 0, "timestamp": 0}
        block = {**about, "size": 1600, "missing": 0, "restart": False}
        lie: dict[str, Any]
        for lie in ({"width": 3}, {"format": "gif"}, {"sequence": 1 << 60}, {"number": 999}):
            page.say("data", b"123456", **{**frame, **lie})
        for lie in ({"size": 0}, {"missing": -1}, {"time": None}, {"size": 1}, {"restart": "no"}):
            page.say("data", bytes(1600 * 4), **{**block, **lie})
        page.say("data", b"123", **block)
        page.say("data", **frame)
        assert one.latest is None
        good = (frame, b"123456") if one is reader else (block, bytes(1600 * 4))
        page.say("data", good[1], **good[0])
        assert one.latest is not None


def test_pages_and_recordings_that_are_invented_grow_nothing(
    recorder: VideoRecorder, open_page: OpenPage
) -> None:
    page = open_page(recorder)
    stream = ArrayStream(4, 3)
    for number in range(1000):
        for widget in (recorder, stream):
            widget._handle_custom_msg({"kind": "hello", "page": f"page-{number}"}, [])
        stream._handle_custom_msg(
            {"kind": "drawn", "page": f"page-{number}", "number": 0, "open": True}, []
        )
        page.begin(f"recording-{number}", unasked=True)
        update(recorder, recording=False)
    assert len(recorder._pages) <= 64
    assert len(stream._pages) <= 64
    assert len(stream._feed._pages) <= 64
    assert len(recorder._uploads) <= 4
    recorder.close()


# Temporary recordings.

RECORD = """
import os, pathlib, sys, time
from unittest import mock
from ipywebrtc import CameraStream, VideoRecorder, _media

_media._leads_nowhere = lambda _: False
recorder = VideoRecorder(stream=CameraStream(), embed_limit=0)
say = lambda **content: recorder._handle_custom_msg({"page": "p", **content}, [b"data"])
say(kind="hello")
recorder.recording = True
(identity,) = recorder._requests
say(kind="chunk", id=identity, seq=0, format="webm", unasked=False)
say(kind="chunk", id=identity, seq=1, part=0, position=0, length=4)
say(kind="answer", id=identity, name="record", chunks=2, size=4, duration=1)
print(recorder.path, flush=True)
"""
WAIT = "time.sleep(60)\n"


def record_elsewhere(folder: Path, then: str = "") -> tuple[subprocess.Popen[str], Path]:
    """Make a temporary recording in another process."""
    environment = {**os.environ, "TMPDIR": str(folder)}
    command = [sys.executable, "-c", RECORD + then]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def test_a_temporary_recording_is_its_owners_alone(recorder: VideoRecorder, page: Page) -> None:
    recorder.embed_limit = 0
    recorder.recording = True
    page.record(*PIECES)
    path = Path(recorder.path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_temporary_recording_ends_with_its_recorder_and_the_next_one(
    recorder: VideoRecorder, page: Page
) -> None:
    recorder.embed_limit = 0
    paths = []
    for _ in range(2):
        recorder.recording = True
        page.record(*PIECES)
        paths.append(Path(recorder.path))
    assert [path.exists() for path in paths] == [False, True]
    recorder.close()
    assert not paths[1].exists()


def test_the_last_recording_is_kept_when_the_next_one_brings_nothing(
    recorder: VideoRecorder, page: Page
) -> None:
    recorder.embed_limit = 0
    recorder.recording = True
    page.record(*PIECES)
    path = recorder.path
    recorder.recording = True
    page.begin(page.requests("record")[-1]["id"])
    page.say("bye")
    assert recorder.path == path
    recorder.save("kept")
    assert Path("kept.webm").read_bytes() == WHOLE


@pytest.mark.parametrize("end", ["by itself", "SIGTERM"])
def test_temporary_recordings_end_with_the_kernel(end: str, tmp_path: Path) -> None:
    process, path = record_elsewhere(tmp_path, "" if end == "by itself" else WAIT)
    if end == "SIGTERM":
        assert path.read_bytes() == b"data"
        process.terminate()
    code = process.wait(START_TIMEOUT)
    assert code == (0 if end == "by itself" else -signal.SIGTERM)
    assert [*tmp_path.iterdir()] == []
    assert process.stdout
    process.stdout.close()


def test_the_next_kernel_removes_what_a_killed_one_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed, left = record_elsewhere(tmp_path, WAIT)
    killed.kill()
    killed.wait()
    alive, held = record_elsewhere(tmp_path, WAIT)
    try:
        assert not left.parent.exists()
        (tmp_path / "ipywebrtc-unlocked").mkdir()
        (tmp_path / "ipywebrtc-link").symlink_to(tmp_path / "elsewhere")
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        _temporary.sweep.__wrapped__()
        assert held.exists()
        assert (tmp_path / "ipywebrtc-unlocked").exists()
    finally:
        alive.kill()
        alive.wait()
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    _temporary.sweep.__wrapped__()
    assert held.exists()  # It is somebody else's.
    monkeypatch.undo()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _temporary.sweep.__wrapped__()
    assert not held.parent.exists()
    for process in (killed, alive):
        assert process.stdout
        process.stdout.close()


# Callbacks.


def test_a_callback_that_exits_stops_the_reader_and_not_the_kernel(open_page: OpenPage) -> None:
    async def main() -> None:
        reader = FrameReader(stream=CameraStream())
        page = open_page(reader)
        reader.on_frame(lambda _: sys.exit(3))
        frame = {"format": "rgb", "width": 2, "height": 1, "sequence": 0, "timestamp": 0, "time": 0}
        about = {"id": page.requests("read")[-1]["id"], "number": 1, "part": 0, "parts": 1}
        page.say("data", b"123456", **frame, **about)
        await until(lambda: reader.status == "error")
        assert "raised SystemExit: 3" in reader.error

    asyncio.run(asyncio.wait_for(main(), 10))


def test_an_observer_that_exits_does_not_end_the_kernel(
    recorder: VideoRecorder, page: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder.video.observe(lambda _: sys.exit(3), "value")
    recorder.observe(lambda _: sys.exit(4), "format")
    recorder.recording = True
    page.record(*PIECES)
    assert bytes(recorder.video.value) == WHOLE
    update(recorder, format="mp4")
    assert recorder.format == "mp4"
    printed = capsys.readouterr().err
    assert "SystemExit: 3" in printed
    assert "SystemExit: 4" in printed


def test_a_listener_that_exits_does_not_keep_the_signal_from_others(open_page: OpenPage) -> None:
    peer = WebRTCPeer()
    got: list[Any] = []
    page = open_page(peer)
    peer.on_signal(lambda _: sys.exit(3))
    peer.on_signal(got.append)
    peer.connect()
    request = page.requests("connect")[-1]["id"]
    signals = [{"from": "a", "to": None, "polite": False}]
    page.say("signals", id=request, turn="t", first=1, heard=0, signals=signals)
    assert got == signals


def test_a_callback_that_hangs_is_interrupted_at_once(open_page: OpenPage) -> None:
    async def main() -> None:
        reader = FrameReader(stream=CameraStream())
        page = open_page(reader)
        reader.on_frame(lambda _: threading.Event().wait(60))
        frame = {"format": "rgb", "width": 2, "height": 1, "sequence": 0, "timestamp": 0, "time": 0}
        about = {"id": page.requests("read")[-1]["id"], "number": 1, "part": 0, "parts": 1}
        page.say("data", b"123456", **frame, **about)
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        await until(lambda: reader.status == "error")
        assert "was interrupted" in reader.error

    before = signal.getsignal(signal.SIGINT)
    # As ipykernel has it between cells.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        began = time.monotonic()
        asyncio.run(asyncio.wait_for(main(), 30))
        assert time.monotonic() - began < 10
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


# The repair.


def test_the_repair_of_ten_million_empty_elements_is_quick(tmp_path: Path) -> None:
    from ipywebrtc._mend import mend

    head = bytes.fromhex("1a45dfa380") + bytes.fromhex("18538067") + b"\x01" + 7 * b"\xff"
    for element in (b"\xec\x80", bytes.fromhex("1f43b67580")):
        path = tmp_path / "x.webm"
        path.write_bytes(head + element * (10_000_000 // len(element)))
        began = time.monotonic()
        mend(path, "webm", 1)
        assert time.monotonic() - began < 5


def test_the_repair_of_special_waves_raises_nothing(tmp_path: Path) -> None:
    from ipywebrtc._mend import mend

    for gap in range(40):
        path = tmp_path / "x.wav"
        path.write_bytes(b"RIFF1234WAVEfmt " + bytes(gap) + b"data1234")
        mend(path, "wav", 1)
        path.write_bytes(b"RIFF" + bytes(200 + gap) + b"fmt " + b"data" + bytes(40))
        mend(path, "wav", 1)
