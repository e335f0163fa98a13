"""Firefox, which has other encoders than Chromium and no MediaStreamTrackProcessor."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from e2e.firefox import Firefox, Tab
from e2e.media import write_tone, write_video
from e2e.notebooks import Notebook, sources_of
from e2e.recordings import contents, picture_at
from e2e.test_hosts import room_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from e2e.firefox import Part
    from e2e.hosts import JupyterLab

NEAR = 25
"""Of 255: pictures are compressed."""
PATIENCE = 10.0
COLOURS = ((200, 40, 40), (40, 200, 40), (40, 40, 200))
SHOWN = """video => new Promise(shown => {
  const look = () => video?.videoWidth ? shown(video.videoWidth) : requestAnimationFrame(look);
  look();
})"""
SOUGHT = """video => new Promise(sought => {
  video.onseeked = () => sought(video.currentTime);
  video.currentTime = 1;
})"""


@pytest.fixture(scope="module")
def firefox() -> Iterator[Firefox]:
    with Firefox.running() as started:
        yield started


class Opened(Notebook):
    """A notebook in a tab of Firefox."""

    tab: Tab

    @property
    def errors(self) -> list[str]:
        """What the page logged as an error or did not catch."""
        return self.tab.errors

    def part(self, cell: int) -> Part:
        """Locate the output of a cell."""
        return cast("Part", self.output(cell))


@pytest.fixture
def opened(host: JupyterLab, firefox: Firefox, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open the body of a function as a notebook, as the fixture `notebook` does; one for a test."""
    path = tmp_path / "notebook.ipynb"
    tab = firefox.open()
    kernels = []

    def open_notebook(cells: Callable[..., object], **values: object) -> Opened:
        sources = sources_of(cells, values)
        host.write(path, sources)
        kernel = host.start_kernel(path)
        kernels.append(kernel)
        tab.goto(host.url(path))
        notebook = Opened(host, path, kernel, cast("Page", tab), len(sources))
        notebook.tab = tab
        return notebook

    yield open_notebook
    tab.close()
    for kernel in kernels:
        kernel.close()
    host.stop_kernel(path)


def test_a_picture_of_the_camera(opened: Callable[..., Opened]) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera
        # %%
        recorder = ipywebrtc.ImageRecorder(stream=camera)
        recorder

    nb = opened(cells)
    nb.run()
    nb.wait_for("camera.status == 'live'", timeout=PATIENCE)
    nb.part(1).button("Take picture").click()
    nb.wait_for("len(recorder.image.value)", timeout=PATIENCE)
    taken = nb.python("recorder.to_numpy()")
    assert taken.shape[:2] == (480, 640)
    assert taken.max() > 2 * NEAR
    assert nb.part(0).locator("video").evaluate(SHOWN) == 640
    nb.tab.screenshot(nb.folder / "camera.png")
    assert nb.errors == []


def test_a_recording_of_a_film(opened: Callable[..., Opened], tmp_path: Path) -> None:
    def cells(path: str) -> None:
        import ipywebrtc

        stream = ipywebrtc.VideoStream.from_file(path)
        stream
        # %%
        recorder = ipywebrtc.VideoRecorder(stream=stream)
        recorder

    path = tmp_path / "video.webm"  # of H.264 it may know nothing
    write_video(path, seconds=10)
    nb = opened(cells, path=path)
    nb.run()
    nb.wait_for("stream.status in ('live', 'error')", timeout=PATIENCE)
    assert nb.python("stream.error") == ""
    nb.part(1).button("Record").click()
    nb.wait_for("recorder.duration > 2", timeout=PATIENCE)
    nb.execute("recorder.recording = False")
    nb.wait_for("recorder.status == 'idle' and len(recorder.video.value)", timeout=PATIENCE)
    data = nb.python("bytes(recorder.video.value)")
    assert contents(data).duration > 1.5
    assert picture_at(data, 1.4).mean() > picture_at(data, 0.2).mean()  # it becomes brighter
    assert abs(nb.part(1).locator("video").evaluate(SOUGHT) - 1) < 0.1
    assert nb.errors == []


def test_a_recording_has_its_sound_or_says_why_not(
    opened: Callable[..., Opened], tmp_path: Path
) -> None:
    def cells(path: str) -> None:
        import ipywebrtc

        stream = ipywebrtc.AudioStream.from_file(path)
        recorder = ipywebrtc.AudioRecorder(stream=stream, format="wav", max_duration=4)
        recorder

    path = tmp_path / "tone.wav"
    write_tone(path, seconds=20)
    nb = opened(cells, path=path)
    nb.run()
    nb.part(0).button("Record").click()
    nb.wait_for("len(recorder.audio.value)", timeout=2 * PATIENCE)
    samples, rate = nb.python("recorder.to_numpy()")
    error = nb.python("recorder.error")
    assert len(samples) == 4 * rate
    # Without an audio output Firefox lets no page hear anything.
    if error:
        assert error.startswith("The recording has no sound. This browser gives a page no sound")
    assert bool(error) == (abs(samples).max() == 0)
    assert nb.errors == []


def test_what_can_not_be_recorded_is_told(opened: Callable[..., Opened]) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        recorder = ipywebrtc.VideoRecorder(stream=camera, format="mp4", codecs="avc")
        recorder.recording = True
        recorder

    nb = opened(cells)
    nb.run()
    nb.wait_for("recorder.error or len(recorder.video.value)", timeout=2 * PATIENCE)
    assert "avc" in nb.python("recorder.error")
    assert nb.errors == []


def test_a_widget_as_a_stream(opened: Callable[..., Opened]) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        button = ipywidgets.Button(description="", layout={"width": "200px", "height": "100px"})
        button
        # %%
        reader = ipywebrtc.FrameReader(
            stream=ipywebrtc.WidgetStream(widget=button), format="rgb", reading=True
        )
        reader

    nb = opened(cells)
    nb.run()
    for colour in COLOURS:
        nb.execute(f"button.style.button_color = 'rgb{colour}'")
        middle = "reader.latest.to_numpy()[40:60, 80:120].mean((0, 1))"
        near = f"abs({middle} - {colour}).max() < {NEAR}"
        nb.wait_for(f"reader.latest is not None and {near}", timeout=PATIENCE)
    assert nb.errors == []


def test_what_is_written_is_read_back(opened: Callable[..., Opened]) -> None:
    def cells() -> None:
        import ipywebrtc

        stream = ipywebrtc.ArrayStream(64, 48)
        stream
        # %%
        reader = ipywebrtc.FrameReader(stream=stream, format="rgb", reading=True)
        reader

    nb = opened(cells)
    nb.run()
    nb.execute("import numpy as np")
    for colour in COLOURS:
        nb.execute(f"stream.write(np.full((48, 64, 3), {colour}, np.uint8))")
        near = f"abs(reader.latest.to_numpy().mean((0, 1)) - {colour}).max() < 4"
        nb.wait_for(f"reader.latest is not None and {near}", timeout=PATIENCE)
    assert nb.errors == []


def test_a_room(opened: Callable[..., Opened]) -> None:
    nb = opened(room_cells, file="")
    nb.run()
    nb.wait_for("one.status == other.status == 'connected'", timeout=PATIENCE)
    for cell in (0, 1):
        assert nb.part(cell).locator("[role=listitem] video").nth(1).evaluate(SHOWN)
    nb.execute("one.leave()")
    nb.wait_for("other.peers == []", timeout=PATIENCE)
    assert nb.errors == []
