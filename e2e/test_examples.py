"""The example notebooks run as they are, and their pages log no error."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import av
import PIL.Image
import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from e2e.brokers import Broker
    from e2e.conftest import OpenNotebook
    from e2e.notebooks import Notebook

EXAMPLES = Path(__file__).parents[1] / "examples"
TESTED_ELSEWHERE = {"edges", "plot_to_video", "spectrogram"}  # test_live.py

SECONDS = re.compile(r"seconds = \d+")
"""A cell that says for how long the notebook records; a second is enough here."""

OPENED = {"camera_stream": (1, "camera.settings and camera.devices")}
"""What a reader waits for to see, after which cell."""

RESULTS = {
    "audio_recorder": [
        "rate == 48_000 and samples.dtype == np.float32",
        "0.9 < len(samples) / rate < 1.3",
        "abs(samples).max() > 0.01",
        "recorder.audio.value == open('tune.webm', 'rb').read()",
    ],
    "audio_stream": ["audio.playing and audio.current_time > 2", "abs(audio.duration - 6) < 0.1"],
    "camera_stream": [
        "camera.status == 'live' and camera.video_device == cameras[0]",
        "[camera.settings['video'][name] for name in ('width', 'height')] == [640, 480]",
        "(front.constraints['video'], back.status) == ({'facingMode': 'user'}, 'idle')",
    ],
    "classify": ["describe(recorder.to_numpy()).sum().round(6) == 1", "len(seen) > 5"],
    "image_recorder": [
        "pixels.shape == (270, 480, 4)",
        "swapped[..., 0].mean() > swapped[..., 2].mean()",  # there is more sky than balloon
        "np.std(blurred) < np.std(picture.convert('RGB'))",
        "np.asarray(Image.open(io.BytesIO(drawing.value))).shape == (270, 480)",
    ],
    "speech": ["rate == 16_000 and 0.9 < len(speech) / rate < 1.3", "speech.std() > 0.01"],
    "video_recorder": [
        "recorder.status == 'idle' and recorder.error == ''",
        "len(recorder.video.value) == recorder.size > 1000",
    ],
    "video_stream": [
        "video.playing and video.status == 'live' and video.volume == 0.2",
        "(local.playing, local.current_time, local.duration) == (False, 1.5, 6)",
        "local.settings['video']['width'] == 480",
    ],
    "widget_stream": [
        "[slider_stream.status, scene_stream.status] == ['live', 'live']",
        "slider_stream.settings['video']['width'] > 100",
        "map_stream.comm is None",
    ],
    "widget_to_mp4": ["recorder.error == '' and rolling.done()"],
}
"""What is so after each notebook has run."""

FILMS = {"video_recorder": ("balloon.mp4", 2), "widget_to_mp4": ("wave.mp4", 1)}
"""Names of the recordings that are saved, and their seconds."""


@pytest.fixture
def example(jupyterlab: OpenNotebook, tmp_path: Path) -> OpenNotebook:
    """Open a copy of an example that finds its media."""
    shutil.copytree(EXAMPLES / "media", tmp_path / "media")
    return jupyterlab


def run(nb: Notebook, opened: int | None = None, seen: str = "") -> None:
    """Run all cells, one after the other."""
    for number, cell in enumerate(nb.read().cells):
        nb.run(number)
        if number == opened:
            nb.wait_for(seen)
        if SECONDS.fullmatch(cell.source):
            nb.execute("seconds = 1")


def serve_tile(route: Route) -> None:
    """Answer in the place of the internet."""
    tile = io.BytesIO()
    PIL.Image.new("RGB", (256, 256), "lightgray").save(tile, "png")
    headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "image/png"}
    route.fulfill(body=tile.getvalue(), headers=headers)


def test_every_example_is_tested() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.ipynb")}
    assert names == {*RESULTS, *TESTED_ELSEWHERE, "quickstart", "video_call"}


@pytest.mark.parametrize("name", RESULTS)
def test_example(example: OpenNotebook, name: str) -> None:
    nb = example(EXAMPLES / f"{name}.ipynb")
    nb.page.route(re.compile(r"^https://"), serve_tile)
    run(nb, *OPENED.get(name, ()))
    nb.execute("import io, numpy as np")
    for result in RESULTS[name]:
        nb.wait_for(result)
    if name in FILMS:
        filename, seconds = FILMS[name]
        with av.open(nb.folder / filename) as film:
            frames = [*film.decode(video=0)]
            assert seconds - 0.2 < (film.duration or 0) / 1e6 < seconds + 0.5
        assert len(frames) > 5 * seconds
    assert nb.errors == []


def test_quickstart(jupyterlab: OpenNotebook) -> None:
    nb = jupyterlab(EXAMPLES / "quickstart.ipynb")
    nb.run()
    assert nb.python("picture.shape") == (480, 640, 4)
    assert nb.python("np.asarray(edges(picture)).std()") > 1
    nb.wait_for("len(taken) == 100", timeout=60)
    expect(nb.output(8).locator("img")).to_have_js_property("naturalWidth", 640)
    expect(nb.output(1).locator("video")).to_have_js_property("videoWidth", 640)
    assert nb.python("(camera.error, recorder.error, recorder.recording)") == ("", "", False)
    assert nb.errors == []


def test_a_second_person_joins_the_video_call(jupyterlab: OpenNotebook, broker: Broker) -> None:
    ada = jupyterlab(EXAMPLES / "video_call.ipynb")
    ada.execute(f"import os; os.environ['IPYWEBRTC_MQTT_SERVER'] = {broker.tcp!r}")
    ada.run()

    def cells(room: str, server: str) -> None:
        import ipywebrtc

        room = ipywebrtc.chat(room=room, nickname="Grace", server=server)

    grace = jupyterlab(cells, room=ada.python("room.room"), server=broker.tcp)
    grace.run()
    ada.wait_for("[peer.nickname for peer in room.peers if peer.connected] == ['Grace']")
    grace.wait_for("len(room.streams) == 2")
    assert ada.python("recorder.to_numpy().shape") == (480, 640, 4)
    assert ada.errors == grace.errors == []
