"""Streams in the page: what they show, when they open, and when they close."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import expect

from e2e.media import write_video

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator

    from e2e.conftest import Launch, OpenNotebook
    from e2e.notebooks import Notebook

# Keeps every track that the page was given, to see whether it is released.
KEEP_TRACKS = """() => {
  globalThis.tracks = [];
  const devices = navigator.mediaDevices;
  const original = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async constraints => {
    const stream = await original(constraints);
    tracks.push(...stream.getTracks());
    return stream;
  };
}"""
LIVE = "tracks.length && tracks.every(track => track.readyState === 'live')"
ENDED = "tracks.length && tracks.every(track => track.readyState === 'ended')"
GRAY = """video => {
  const canvas = new OffscreenCanvas(1, 1);
  canvas.getContext('2d').drawImage(video, 0, 0, 1, 1);
  return canvas.getContext('2d').getImageData(0, 0, 1, 1).data[0];
}"""


def wait_until_it_changes(video: Locator) -> None:
    video.evaluate(
        f"async video => {{ const gray = {GRAY}; const first = gray(video);"
        "while (gray(video) === first) await new Promise(requestAnimationFrame); }"
    )


def keep_tracks(nb: Notebook) -> None:
    nb.page.evaluate(KEEP_TRACKS)


def test_the_preview_is_muted_and_moves(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera

    nb = notebook(cells)
    nb.run()
    video = nb.output(0).locator("video")
    expect(video).to_have_js_property("videoWidth", 640)
    expect(video).to_have_js_property("muted", value=True)
    nb.wait_for("camera.status == 'live'")
    assert nb.python("camera.error") == ""
    assert nb.python("camera.settings['video']['height']") == 480
    assert "audio" in nb.python("camera.settings")
    expect(video).to_have_js_property("paused", value=False)
    assert nb.errors == []


def test_only_the_preview_of_a_front_camera_is_mirrored(notebook: OpenNotebook) -> None:
    async def cells() -> None:
        import ipywebrtc

        front = ipywebrtc.CameraStream.facing_user(audio=False)
        front
        # %%
        old = ipywebrtc.CameraStream(
            constraints={"facing_mode": "user", "audio": False, "video": {"width": 320}}
        )
        old
        # %%
        back = ipywebrtc.CameraStream.facing_environment(audio=False)
        back
        # %%
        recorder = ipywebrtc.ImageRecorder(stream=front)
        await recorder.snapshot()
        mirrored = recorder.to_numpy()
        recorder.stream = back
        await recorder.snapshot()
        plain = recorder.to_numpy()

    nb = notebook(cells)
    nb.run()
    for cell, x in ((0, "-1"), (1, "-1")):
        expect(nb.output(cell).locator("video")).to_have_css(
            "transform", f"matrix({x}, 0, 0, 1, 0, 0)"
        )
    expect(nb.output(2).locator("video")).to_have_css("transform", "none")
    # The fake camera's time stands left of the middle: brighter there in both pictures.
    for name in ("mirrored", "plain"):
        picture = nb.python(f"{name}[30:80, 70:570, 0]").astype(int)
        assert picture[:, :200].sum() > picture[:, 300:].sum()


def test_the_layout_decides_the_size(notebook: OpenNotebook) -> None:
    def cells() -> None:
        from ipywidgets import Layout

        import ipywebrtc

        constraints = {"video": True}
        natural = ipywebrtc.CameraStream(constraints=constraints)
        natural
        # %%
        wide = ipywebrtc.CameraStream(constraints=constraints, layout=Layout(width="200px"))
        wide
        # %%
        both = ipywebrtc.CameraStream(
            constraints=constraints, layout=Layout(width="300px", height="100px")
        )
        both

    nb = notebook(cells)
    nb.run()
    for cell, size in enumerate(((640, 480), (200, 150), (300, 100))):
        video = nb.output(cell).locator("video")
        expect(video).to_have_js_property("videoWidth", 640)
        box = video.bounding_box()
        assert box
        assert (round(box["width"]), round(box["height"])) == size
    nb.execute("both.layout.width = '150px'")
    expect(nb.output(2).locator("video")).to_have_css("width", "150px")


def test_the_camera_stops_with_its_last_view_and_comes_back(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        box = ipywidgets.VBox([camera, camera])
        box

    nb = notebook(cells)
    keep_tracks(nb)
    nb.run()
    nb.page.wait_for_function(LIVE)
    expect(nb.output(0).locator("video")).to_have_count(2)
    assert nb.page.evaluate("tracks.length") == 2  # One of audio, one of video, for both views.
    nb.execute("box.children = [camera]")
    expect(nb.output(0).locator("video")).to_have_count(1)
    assert nb.page.evaluate(LIVE)
    nb.execute("box.children = []")
    nb.page.wait_for_function(ENDED)
    nb.wait_for("camera.status == 'idle'")
    nb.execute("box.children = [camera]")
    nb.wait_for("camera.status == 'live'")


def test_close_stops_the_camera(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera

    nb = notebook(cells)
    keep_tracks(nb)
    nb.run()
    nb.page.wait_for_function(LIVE)
    nb.execute("camera.close()")
    nb.page.wait_for_function(ENDED)


def test_a_picture_without_a_view_leaves_no_camera_open(notebook: OpenNotebook) -> None:
    async def cells() -> None:
        import ipywebrtc

        recorder = ipywebrtc.ImageRecorder(stream=ipywebrtc.CameraStream())
        await recorder.snapshot()

    nb = notebook(cells)
    keep_tracks(nb)
    nb.run()
    nb.page.wait_for_function(ENDED)


def test_stop_and_start(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        recorder = ipywebrtc.ImageRecorder(stream=camera)
        camera.start()

    nb = notebook(cells)
    keep_tracks(nb)
    nb.run()
    nb.page.wait_for_function(LIVE)
    nb.wait_for("camera.status == 'live'")
    nb.execute("camera.stop()")
    nb.page.wait_for_function(ENDED)
    nb.wait_for("camera.status == 'idle'")
    nb.execute("recorder.recording = True")
    assert "stopped" in nb.wait_for("recorder.error")
    nb.execute("camera.start()")
    nb.wait_for("camera.status == 'live'")
    nb.execute("recorder.recording = True")
    nb.wait_for("len(recorder.image.value)")


def test_the_button_starts_a_stopped_camera(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera

    nb = notebook(cells)
    nb.run()
    nb.wait_for("camera.status == 'live'")
    nb.execute("camera.stop()")
    nb.output(0).get_by_role("button", name="Start").click()
    nb.wait_for("camera.status == 'live'")


def test_changed_constraints_open_the_camera_anew(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream(constraints={"video": {"width": 640}})
        camera

    nb = notebook(cells)
    nb.run()
    video = nb.output(0).locator("video")
    expect(video).to_have_js_property("videoWidth", 640)
    nb.execute("camera.constraints = {'video': {'width': 1280, 'height': 720}}")
    expect(video).to_have_js_property("videoWidth", 1280)
    nb.wait_for("camera.settings.get('video', {}).get('width') == 1280")


def test_audio_and_video_are_switched_off_without_closing(notebook: OpenNotebook) -> None:
    async def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream(video_enabled=False)
        camera
        # %%
        recorder = ipywebrtc.ImageRecorder(stream=camera)
        await recorder.snapshot()
        dark = recorder.to_numpy()[..., :3].max()

    nb = notebook(cells)
    keep_tracks(nb)
    nb.run()
    assert nb.python("dark") == 0
    nb.execute("camera.audio_enabled, camera.video_enabled = False, True")
    nb.page.wait_for_function("tracks.every(track => track.enabled === (track.kind === 'video'))")
    assert nb.page.evaluate(LIVE)


def test_a_reloaded_page_asks_for_a_click_in_place_of_a_camera(
    jupyterlab: OpenNotebook, launch: Launch
) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera

    nb = jupyterlab(cells, browser=launch(fake_ui=False))
    nb.page.context.grant_permissions(["camera", "microphone"])
    nb.run()
    nb.wait_for("camera.status == 'live'")
    nb.reload()
    nb.page.context.clear_permissions()
    nb.reload()
    start = nb.output(0).get_by_role("button", name="Start")
    expect(start).to_be_visible()
    nb.page.context.grant_permissions(["camera", "microphone"])
    start.click()
    expect(nb.output(0).locator("video")).to_have_js_property("videoWidth", 640)


@pytest.mark.quick
def test_a_video_plays_and_pauses(notebook: OpenNotebook, tmp_path: Path) -> None:
    def cells(path: str) -> None:
        import ipywidgets

        import ipywebrtc

        video = ipywebrtc.VideoStream.from_file(path)
        toggle = ipywidgets.ToggleButton(description="Run it", value=True)
        link = ipywidgets.jslink((toggle, "value"), (video, "playing"))
        recorder = ipywebrtc.ImageRecorder(stream=video)
        ipywidgets.VBox([video, toggle])

    path = tmp_path / "clip.mp4"
    write_video(path)
    nb = notebook(cells, path=path)
    nb.run()
    view = nb.output(0).locator("video")
    expect(view).to_have_js_property("videoWidth", 320)
    nb.wait_for("video.status == 'live'")
    wait_until_it_changes(view)
    nb.execute("video.playing = False")
    nb.wait_for("video.status == 'paused'")
    nb.execute("recorder.recording = True")
    nb.wait_for("len(recorder.image.value)")
    first = nb.python("recorder.to_numpy()")
    assert first.shape == (240, 320, 4)
    assert np.ptp(first[..., :3]) <= 4  # One gray.
    assert abs(int(first[0, 0, 0]) - view.evaluate(GRAY)) <= 4
    nb.execute("recorder.image.value = b''; recorder.recording = True")
    nb.wait_for("len(recorder.image.value)")
    assert (nb.python("recorder.to_numpy()") == first).all()
    nb.output(0).get_by_role("button", name="Run it").click()
    nb.wait_for("video.status == 'live'")
    wait_until_it_changes(view)
    nb.output(0).get_by_role("button", name="Run it").click()
    nb.wait_for("video.status == 'paused'")
    assert nb.python("video.playing") is False


def test_a_video_that_was_never_played_shows_its_first_frame(
    notebook: OpenNotebook, tmp_path: Path
) -> None:
    async def cells(path: str) -> None:
        import ipywebrtc

        video = ipywebrtc.VideoStream.from_file(path, playing=False)
        video
        # %%
        recorder = ipywebrtc.ImageRecorder(stream=video)
        await recorder.snapshot()

    path = tmp_path / "clip.mp4"
    write_video(path)
    nb = notebook(cells, path=path)
    nb.run()
    assert abs(int(nb.python("recorder.to_numpy()[0, 0, 0]")) - 40) <= 4
    view = nb.output(0).locator("video")
    expect(view).to_have_js_property("videoWidth", 320)
    assert abs(view.evaluate(GRAY) - 40) <= 4


def test_a_video_is_loaded_from_a_url_beside_the_notebook(jupyterlab: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        video = ipywebrtc.VideoStream.from_url("./clip.mp4")
        video

    nb = jupyterlab(cells)
    write_video(nb.folder / "clip.mp4")
    nb.run()
    expect(nb.output(0).locator("video")).to_have_js_property("videoWidth", 320)


def test_another_video_takes_the_place_of_the_first(notebook: OpenNotebook, tmp_path: Path) -> None:
    def cells(small: str, large: str) -> None:
        import ipywebrtc

        video = ipywebrtc.VideoStream.from_file(small)
        video
        # %%
        video.video.set_value_from_file(large)

    write_video(tmp_path / "small.mp4")
    write_video(tmp_path / "large.mp4", width=480, height=360)
    nb = notebook(cells, small=tmp_path / "small.mp4", large=tmp_path / "large.mp4")
    view = nb.output(0).locator("video")
    nb.run(0)
    expect(view).to_have_js_property("videoWidth", 320)
    nb.run(1)
    expect(view).to_have_js_property("videoWidth", 480)


def test_an_image_is_shown_in_its_own_size(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import io

        import PIL.Image

        import ipywebrtc

        file = io.BytesIO()
        PIL.Image.new("RGB", (120, 80), "teal").save(file, "png")
        stream = ipywebrtc.ImageStream()
        stream.image.value = file.getvalue()
        stream

    nb = notebook(cells)
    nb.run()
    video = nb.output(0).locator("video")
    expect(video).to_have_css("width", "120px")
    expect(video).to_have_css("height", "80px")
    assert abs(video.evaluate(GRAY) - 0) <= 4


def test_a_restarted_kernel_switches_the_camera_off(jupyterlab: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera

    nb = jupyterlab(cells)
    keep_tracks(nb)
    nb.run()
    nb.page.wait_for_function(LIVE)
    nb.page.evaluate("""async () => {
      await jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart();
    }""")
    nb.page.wait_for_function(ENDED)
