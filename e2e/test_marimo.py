"""What marimo does otherwise than Jupyter: cells run again, and end what they made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from e2e.marimo import Marimo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.conftest import OpenNotebook

EXAMPLE = Path(__file__).parents[1] / "examples" / "marimo_camera.py"
PATIENCE = 20.0
STREAM = """async video => {
  while (!video.srcObject) await new Promise(requestAnimationFrame);
  return video.srcObject;
}"""
ENDED = "stream => stream.getTracks().every(track => track.readyState === 'ended')"
CAMERAS = "[type(w).__name__ for w in ipywidgets.widgets.widget._instances.values()]"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marimo]:
    with Marimo.running(tmp_path_factory.mktemp("home"), "edit") as started:
        yield started


def test_a_cell_that_depends_on_a_recorder_runs_once_for_each_picture(
    notebook: OpenNotebook,
) -> None:
    def cells() -> None:
        import marimo as mo

        import ipywebrtc

        recorder = ipywebrtc.ImageRecorder(stream=ipywebrtc.CameraStream())
        shown = mo.ui.anywidget(recorder)
        shown
        # %%
        sizes = []
        # %%
        shown.value
        sizes.append(len(recorder.image.value))

    nb = notebook(cells)
    assert nb.python("sizes") == [0]
    for taken in (1, 2):
        nb.output(0).get_by_role("button", name="Take picture").click()
        nb.wait_for(f"len(sizes) > {taken}", timeout=PATIENCE)
    assert len(nb.python("sizes")) == 3
    assert all(nb.python("sizes")[1:])


def test_a_cell_that_depends_on_a_recording_does_not_run_while_it_is_made(
    notebook: OpenNotebook,
) -> None:
    def cells() -> None:
        import marimo as mo

        import ipywebrtc

        recorder = ipywebrtc.VideoRecorder(stream=ipywebrtc.CameraStream(), max_duration=3)
        shown = mo.ui.anywidget(recorder)
        shown
        # %%
        sizes = []
        # %%
        shown.value
        sizes.append(len(recorder.video.value))

    nb = notebook(cells)
    nb.output(0).get_by_role("button", name="Record").click()
    nb.wait_for("recorder.duration > 1", timeout=PATIENCE)
    assert nb.python("sizes") == [0]
    nb.wait_for("len(sizes) > 1", timeout=PATIENCE)
    assert nb.python("len(sizes) == 2 and sizes[1] == len(recorder.video.value) > 0")


@pytest.mark.parametrize("keys", [("Control+Enter",), ("Escape", "Shift+Backspace")])
def test_a_camera_ends_when_its_cell_runs_again_or_is_deleted(
    notebook: OpenNotebook, keys: tuple[str, ...]
) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream.facing_user(audio=False)
        camera

    nb = notebook(cells)
    nb.wait_for("camera.status == 'live'", timeout=PATIENCE)
    nb.execute("import ipywidgets; first = camera._uid")
    stream = nb.output(0).locator("video").evaluate_handle(STREAM)
    nb.page.locator(".cm-content").first.click()
    for key in keys:
        nb.page.keyboard.press(key)
    nb.page.wait_for_function(ENDED, arg=stream, timeout=1000 * PATIENCE)
    if "Control+Enter" in keys:
        nb.wait_for("camera._uid != first and camera.status == 'live'", timeout=PATIENCE)
    assert nb.python(CAMERAS).count("CameraStream") == ("Control+Enter" in keys)
    assert nb.errors == []


def test_the_example(notebook: OpenNotebook) -> None:
    nb = notebook(EXAMPLE)
    nb.wait_for("camera.status == 'live'", timeout=PATIENCE)
    nb.page.get_by_role("button", name="Take picture").first.click()
    nb.wait_for("'pixels' in globals() and pixels.shape == (480, 640, 4)", timeout=PATIENCE)
    assert nb.python("pixels[..., 1].mean() > pixels[..., 0].mean()")  # the fake camera is green
    nb.page.get_by_role("button", name="Record").first.click()
    nb.wait_for("len(recording) > 1000", timeout=PATIENCE)
    assert nb.python("2.5 < film.widget.duration < 4")
    assert nb.errors == []


def test_a_cell_that_runs_again_leaves_its_room(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        here = ipywebrtc.WebRTCRoomLocal(nickname="Here")
        here
        # %%
        camera = ipywebrtc.CameraStream()
        there = ipywebrtc.WebRTCRoomLocal(stream=camera, nickname="There")
        there

    nb = notebook(cells)
    nb.wait_for("here.status == there.status == 'connected'", timeout=PATIENCE)
    before = nb.python("(there.room_id, camera._uid)")
    nb.page.locator(".cm-content").nth(1).click()
    nb.page.keyboard.press("Control+Enter")
    # Meanwhile marimo takes the cell's names away.
    again = f"'there' in globals() and there.room_id != {before[0]!r}"
    nb.wait_for(f"{again} and there.status == 'connected'", timeout=PATIENCE)
    assert nb.python("[peer.nickname for peer in here.peers]") == ["There"]
    assert nb.python("len(here._channel.members)") == 1
    assert nb.errors == []
