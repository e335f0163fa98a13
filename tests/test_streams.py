from __future__ import annotations

import ast
import copy
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import ipywidgets
import pytest
import traitlets

from ipywebrtc import (
    AudioStream,
    CameraStream,
    ImageRecorder,
    ImageStream,
    MediaStream,
    MicrophoneStream,
    ScreenStream,
    SourceError,
    VideoStream,
    WebRTCPeer,
    _download,
)

from .conftest import png

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.mark.parametrize(
    ("make", "mode"),
    [(CameraStream.facing_user, "user"), (CameraStream.facing_environment, "environment")],
)
def test_the_two_sides(make: Any, mode: str) -> None:
    assert make(audio=False).constraints == {"audio": False, "video": {"facingMode": mode}}
    assert make().constraints["audio"] is True


def test_the_side_is_added_to_given_constraints() -> None:
    given = {"video": {"width": 640}}
    before = copy.deepcopy(given)
    camera = CameraStream.facing_user(audio=False, constraints=given)
    assert camera.constraints == {"audio": False, "video": {"width": 640, "facingMode": "user"}}
    assert given == before
    assert CameraStream.facing_user(constraints={"video": True}).constraints == {
        "audio": True,
        "video": {"facingMode": "user"},
    }


def test_a_subclass_makes_itself() -> None:
    class Mine(CameraStream):
        pass

    assert isinstance(Mine.facing_user(), Mine)


def test_the_callers_constraints_stay_what_they_are() -> None:
    given = {"audio": False, "video": {"width": 640}}
    before = copy.deepcopy(given)
    constraints: Any = CameraStream(constraints=given).constraints
    constraints["video"]["width"] = 320
    constraints["audio"] = True
    assert given == before
    assert CameraStream().constraints == {"audio": True, "video": True}


@pytest.mark.parametrize("kind", [CameraStream, MediaStream, VideoStream])
def test_an_unknown_argument_is_a_warning(kind: type[MediaStream]) -> None:
    with pytest.warns(UserWarning, match=f"{kind.__name__} has no trait 'mimeType'") as warned:
        stream = kind(mimeType="audio/wav", video_enabled=False)
    assert [warning.category for warning in warned].count(UserWarning) == 1
    assert warned[0].filename == __file__
    assert stream.video_enabled is False


def test_an_unknown_argument_that_is_like_a_trait_is_told_so() -> None:
    with pytest.warns(UserWarning, match=r"has no trait 'stream': .*; it has 'stream_local' and"):
        WebRTCPeer(stream=CameraStream())
    with pytest.warns(UserWarning, match=r"'constraint': .*; it has 'constraints'\."):
        CameraStream(constraint={"video": True})


@pytest.mark.parametrize(
    ("argument", "constraints"),
    [
        ({"audio": False}, {"audio": False, "video": True}),
        ({"video": {"width": 320}}, {"audio": True, "video": {"width": 320}}),
        ({"width": 320}, {"audio": True, "video": {"width": 320}}),
        ({"facing_mode": "user"}, {"audio": True, "video": {"facingMode": "user"}}),
    ],
)
def test_an_argument_that_is_a_constraint_is_told_so(
    argument: dict[str, Any], constraints: dict[str, Any]
) -> None:
    with pytest.warns(UserWarning, match="no effect; write constraints=") as warned:
        CameraStream(**argument)
    (sentence,) = [str(warning.message) for warning in warned if warning.category is UserWarning]
    written = ast.literal_eval(sentence.partition("constraints=")[2].removesuffix("."))
    assert written == constraints
    assert CameraStream(constraints=written).constraints == constraints


def test_a_trait_without_its_name_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"CameraStream takes its traits by name: .* 'front'"):
        CameraStream("front")


def test_a_closed_stream_is_refused_and_does_not_spoil_a_reload() -> None:
    camera = CameraStream()
    recorder = ImageRecorder(stream=camera)
    camera.close()
    assert recorder.get_state("stream") == {"stream": None}
    with pytest.raises(traitlets.TraitError, match="The CameraStream of this ImageRecorder is"):
        ImageRecorder(stream=camera)


def test_a_widget_tells_its_state_and_nothing_secret() -> None:
    server = {"urls": "turn:localhost", "username": "ada", "credential": "hidden"}
    peer = WebRTCPeer(ice_servers=[server], nickname="Ada")
    assert repr(CameraStream()) == "<CameraStream: idle>"
    assert repr([peer, peer.stream_remote]) == (
        "[<WebRTCPeer with 'Ada': idle>, <stream of 'Ada': waiting>]"
    )


def test_the_page_reports_the_devices_and_nobody_else() -> None:
    devices = [{"id": "1a", "kind": "videoinput", "label": "Webcam"}]
    for stream in (CameraStream(), MicrophoneStream()):
        stream._handle_custom_msg({"kind": "state", "page": "p", "devices": devices}, [])
        assert stream.devices == devices
        assert stream.status == "idle"
        with pytest.raises(traitlets.TraitError, match="read-only"):
            stream.devices = []


def test_a_microphone_is_processed_unless_told_otherwise() -> None:
    microphone = MicrophoneStream(noise_suppression=False)
    names = ["echo_cancellation", "noise_suppression", "auto_gain_control"]
    assert [getattr(microphone, name) for name in names] == [True, False, True]


def test_the_surfaces_are_those_of_the_standard() -> None:
    assert ScreenStream(surface="browser").surface == "browser"
    assert ScreenStream().surface is None
    with pytest.raises(traitlets.TraitError, match="monitor"):
        ScreenStream(surface="tab")


def test_constraints_are_checked() -> None:
    with pytest.raises(traitlets.TraitError, match="neither audio nor video"):
        CameraStream(constraints={"audio": False})
    with pytest.raises(traitlets.TraitError, match=r"constraints\['video'\] is 640"):
        CameraStream(constraints={"video": 640})
    CameraStream(constraints={"facing_mode": "user"})


def test_start_and_stop_are_state_that_survives_a_reload() -> None:
    camera = CameraStream()
    camera.start()
    camera.start()
    assert camera.get_state(["_power", "_attempt"]) == {"_power": "on", "_attempt": 2}
    camera.stop()
    assert camera.get_state("_power") == {"_power": "off"}


def test_a_stream_that_was_open_once_is_known_as_such() -> None:
    camera = CameraStream()
    message = {"kind": "state", "page": "p", "error": "", "settings": {}}
    camera._handle_custom_msg({**message, "status": "idle"}, [])
    assert camera.get_state("_opened") == {"_opened": False}
    camera._handle_custom_msg({**message, "status": "live"}, [])
    camera._handle_custom_msg({**message, "status": "idle"}, [])
    assert camera.get_state("_opened") == {"_opened": True}


def test_a_stream_of_another_javascript_module_carries_none_of_ours() -> None:
    class Figure(MediaStream):
        _model_module = traitlets.Unicode("figures").tag(sync=True)
        _model_name = traitlets.Unicode("FigureModel").tag(sync=True)

    state = Figure().get_state()
    assert state["_model_module"] == "figures"
    assert "_esm" not in state


def test_from_file(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    path.write_bytes(png())
    stream = ImageStream.from_file(path)
    assert bytes(stream.image.value) == png()
    assert stream.image.format == "png"
    assert stream.get_state("image") == {"image": f"IPY_MODEL_{stream.image.model_id}"}
    video = VideoStream.from_file(str(path), playing=False)
    assert video.playing is False


def test_from_a_missing_file_raises_at_once() -> None:
    for make in (ImageStream.from_file, VideoStream.from_file):
        with pytest.raises(FileNotFoundError):
            make("missing.mp4")


def test_from_url_leaves_loading_to_the_page() -> None:
    stream = VideoStream.from_url("./clip.mp4")
    assert (bytes(stream.video.value), stream.video.format) == (b"./clip.mp4", "url")


class Files(BaseHTTPRequestHandler):
    """Serves the same bytes under every path but one."""

    def do_GET(self) -> None:
        if self.path.startswith("/missing"):
            self.send_error(404)
            return
        if self.path.startswith("/elsewhere"):
            self.send_response(302)
            self.send_header("Location", "file:///etc/hosts")
            self.end_headers()
            return
        self.send_response(200)
        if "short" in self.path:
            self.send_header("Content-Length", "1000")
        kind = "video/webm" if "clip" in self.path else "image/jpeg"
        hostile = 'image/svg+xml"><img onerror=1>'
        self.send_header("Content-Type", hostile if "hostile" in self.path else kind)
        self.end_headers()
        self.wfile.write(b"data")

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Files) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "fmt"),
    [
        ("clip.mp4?token=a.b", "mp4"),
        ("clip", "webm"),
        ("clip?x=y.png", "webm"),
        ("a.b/clip", "webm"),
    ],
)
def test_from_download_finds_the_format(server: str, path: str, fmt: str) -> None:
    video = VideoStream.from_download(f"{server}/{path}").video
    assert (bytes(video.value), video.format) == (b"data", fmt)


def test_from_download_of_images(server: str) -> None:
    assert ImageStream.from_download(f"{server}/picture").image.format == "jpeg"


@pytest.mark.parametrize("url", ["file:///etc/hosts", "picture.png"])
def test_from_download_of_no_url_names_from_file(url: str) -> None:
    with pytest.raises(SourceError, match="from_file"):
        ImageStream.from_download(url)


def test_from_download_of_a_missing_file_names_the_url(server: str) -> None:
    with pytest.raises(SourceError, match=r"/missing' could not be downloaded .*404"):
        ImageStream.from_download(f"{server}/missing")


SECRETS = ("alice", "looking-glass", "token")


@pytest.mark.parametrize(
    "path",
    [
        *("missing?token=1", "short?token=1", "elsewhere?token=1", "a b?token=1", "\ud800?token=1"),
        "c\n?token=1",
    ],
)
def test_a_download_that_fails_is_a_source_error_without_secrets(server: str, path: str) -> None:
    with pytest.raises(SourceError, match="could not be downloaded") as caught:
        ImageStream.from_download(f"{server}/{path}")
    assert "token" not in str(caught.value)
    assert caught.value.__suppress_context__  # What urllib raised may have the whole URL.
    str(caught.value).encode()


@pytest.mark.parametrize(
    "url",
    [
        "http://alice:looking-glass@127.0.0.1:1/x?token=1",
        "http://[::1?token=1",
        "http://host:99999/?token=1",
        "http:///?token=1",
        "http://127.0.0.1:1/x?token=1",
        "//alice:looking-glass@host/?token=1",
    ],
)
def test_a_url_that_can_not_be_downloaded_shows_no_secret(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        ImageStream.from_download(url)
    assert not any(secret in str(caught.value) for secret in SECRETS)


def test_a_download_has_a_limit_of_bytes(server: str) -> None:
    assert bytes(ImageStream.from_download(f"{server}/x", max_bytes=4).image.value) == b"data"
    with pytest.raises(SourceError, match="has more than 3 bytes: set a larger max_bytes"):
        ImageStream.from_download(f"{server}/x", max_bytes=3)
    with pytest.raises(SourceError, match="has more than 3 bytes"):
        ImageStream.from_download(f"{server}/short", max_bytes=3)


def test_a_download_has_a_limit_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_download, "WHOLE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:  # It takes a call and says nothing.
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x?token=1"
        began = time.monotonic()
        with pytest.raises(SourceError, match="was not downloaded within 0 s") as caught:
            ImageStream.from_download(url)
        assert time.monotonic() - began < 5
        assert "token" not in str(caught.value)


def test_a_format_is_one_of_a_list(server: str) -> None:
    assert ImageStream.from_download(f"{server}/hostile").image.format == "png"


@pytest.mark.parametrize(
    "url",
    [
        *(
            "javascript:alert(1)",
            " java\nscript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
        ),
        *("ftp://host/x", "JAVASCRIPT:x", "view-source:x", "\x01javascript:x"),
    ],
)
def test_from_url_takes_no_other_scheme(url: str) -> None:
    with pytest.raises(SourceError, match="use http, https, blob or a relative URL"):
        VideoStream.from_url(url)


@pytest.mark.parametrize(
    "url",
    ["https://host/x", "//host/x", "/x", "x.mp4", "./a:b.mp4", "blob:https://host/1", "?a=b:c"],
)
def test_from_url_takes_what_a_page_may_load(url: str) -> None:
    assert bytes(VideoStream.from_url(url).video.value) == url.encode()


def test_setting_the_position_seeks_and_a_report_of_it_does_not() -> None:
    audio = AudioStream(playing=False)
    audio.current_time = 2.5
    assert audio.get_state("_seek") == {"_seek": (1, 2.5)}
    report = {"kind": "state", "page": "p", "current_time": 3.0, "duration": 10.0}
    audio._handle_custom_msg(report, [])
    assert (audio.current_time, audio.duration) == (3.0, 10.0)
    assert audio.get_state("_seek") == {"_seek": (1, 2.5)}
    audio.current_time = 2.5
    assert audio.get_state("_seek") == {"_seek": (2, 2.5)}


def test_position_and_volume_are_checked() -> None:
    audio = AudioStream()
    with pytest.raises(traitlets.TraitError, match="current_time"):
        audio.current_time = -1
    with pytest.raises(traitlets.TraitError, match="volume"):
        audio.volume = 2
    with pytest.raises(traitlets.TraitError, match="duration"):
        audio.duration = 1


def test_a_stream_loops_as_its_core_widget_does() -> None:
    assert VideoStream().loop is True
    assert VideoStream(video=ipywidgets.Video(loop=False)).loop is False
    assert VideoStream(video=ipywidgets.Video(loop=False), loop=True).loop is True
