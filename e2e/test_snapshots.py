"""Pictures of streams, from the page into the kernel."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.conftest import OpenNotebook
    from e2e.notebooks import Notebook


def take_picture(nb: Notebook, cell: int) -> None:
    nb.output(cell).get_by_role("button", name="Take picture").click()


@pytest.mark.quick
def test_the_button_brings_a_picture_as_an_array(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera
        # %%
        recorder = ipywebrtc.ImageRecorder(stream=camera)
        recorder

    nb = notebook(cells)
    nb.run()
    take_picture(nb, 1)
    nb.wait_for("len(recorder.image.value)")
    array = nb.python("recorder.to_numpy()")
    assert array.shape == (480, 640, 4)
    assert array.dtype == np.uint8
    assert array[..., :3].std() > 10
    expect(nb.output(1).get_by_alt_text("The last picture")).to_be_visible()
    expect(nb.output(1).get_by_text(re.compile(r"640 . 480"))).to_be_visible()
    assert nb.errors == []


def test_snapshot_is_awaited_in_one_cell(notebook: OpenNotebook) -> None:
    async def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream(constraints={"video": True})
        recorder = ipywebrtc.ImageRecorder(stream=camera)
        image = await recorder.snapshot()
        array = recorder.to_numpy()

    nb = notebook(cells)
    nb.run()
    assert nb.python("array.shape") == (480, 640, 4)
    assert nb.python("array.std()") > 10
    assert nb.python("image is recorder.image")


def test_only_the_recorder_is_displayed(notebook: OpenNotebook) -> None:
    async def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        recorder = ipywebrtc.ImageRecorder(stream=camera)
        recorder

    nb = notebook(cells)
    nb.run()
    take_picture(nb, 0)
    nb.wait_for("len(recorder.image.value)")


def test_only_the_stream_is_displayed(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera
        # %%
        recorder = ipywebrtc.ImageRecorder(stream=camera)
        recorder.recording = True

    nb = notebook(cells)
    nb.run()
    nb.wait_for("len(recorder.image.value)")
    assert nb.python("recorder.recording") is False


def test_the_recorder_is_displayed_before_its_stream(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        recorder = ipywebrtc.ImageRecorder()
        recorder
        # %%
        camera = ipywebrtc.CameraStream()
        recorder.stream = camera
        # %%
        camera

    nb = notebook(cells)
    nb.run()
    take_picture(nb, 0)
    nb.wait_for("len(recorder.image.value)")
    expect(nb.output(2).locator("video")).to_be_visible()


def test_an_observer_that_asks_again_gets_200_pictures(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream(constraints={"video": True})
        recorder = ipywebrtc.ImageRecorder(stream=camera)
        pictures = []

        def again(change: dict[str, bytes]) -> None:
            pictures.append((recorder.recording, len(change["new"])))
            if len(pictures) < 200:
                recorder.recording = True

        recorder.image.observe(again, "value")
        recorder.recording = True
        camera

    nb = notebook(cells)
    nb.run()
    nb.wait_for("len(pictures) == 200", timeout=60)
    assert nb.python("not any(recording for recording, size in pictures)")
    assert nb.python("all(size > 1000 for recording, size in pictures)")
    assert nb.python("recorder.recording") is False


@pytest.mark.quick
def test_a_picture_of_an_image_has_its_very_pixels(notebook: OpenNotebook, tmp_path: Path) -> None:
    def cells(path: str) -> None:
        import ipywebrtc

        image = ipywebrtc.ImageStream.from_file(path)
        recorder = ipywebrtc.ImageRecorder(stream=image)
        # %%
        recorder.recording = True

    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (301, 203, 3), dtype=np.uint8)
    PIL.Image.fromarray(pixels).save(tmp_path / "noise.png")
    nb = notebook(cells, path=tmp_path / "noise.png")
    nb.run()
    nb.wait_for("len(recorder.image.value)")
    assert (nb.python("recorder.to_numpy()")[..., :3] == pixels).all()


def test_a_changed_image_is_the_next_frame(notebook: OpenNotebook) -> None:
    async def cells() -> None:
        import io

        import PIL.Image

        import ipywebrtc

        def png(color: str, size: tuple[int, int]) -> bytes:
            file = io.BytesIO()
            PIL.Image.new("RGB", size, color).save(file, "png")
            return file.getvalue()

        stream = ipywebrtc.ImageStream()
        stream.image.value = png("red", (64, 48))
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream
        # %%
        await recorder.snapshot()
        first = recorder.to_numpy()
        # %%
        stream.image.value = png("blue", (32, 24))

    nb = notebook(cells)
    nb.run()
    first = nb.python("first")
    assert first.shape == (48, 64, 4)
    assert first[0, 0].tolist() == [255, 0, 0, 255]
    expect(nb.output(0).locator("video")).to_have_js_property("videoWidth", 32)
    nb.execute("recorder.recording = True")
    nb.wait_for("recorder.to_numpy().shape == (24, 32, 4)")
    assert nb.python("recorder.to_numpy()")[0, 0].tolist() == [0, 0, 255, 255]


def test_format_size_and_quality(notebook: OpenNotebook) -> None:
    async def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream(constraints={"video": True})
        recorder = ipywebrtc.ImageRecorder(stream=camera, format="jpeg", size=(320, None))
        camera
        # %%
        await recorder.snapshot()
        fine = len(recorder.image.value)
        recorder.quality = 0.1
        await recorder.snapshot()
        coarse = len(recorder.image.value)
        jpeg = recorder.to_pil().format, recorder.to_numpy().shape, recorder.image.format
        recorder.format = "webp"
        recorder.set_trait("size", None)
        await recorder.snapshot()
        webp = recorder.to_pil().format, recorder.to_pil().size

    nb = notebook(cells)
    nb.run()
    assert nb.python("jpeg") == ("JPEG", (240, 320, 3), "jpeg")
    assert nb.python("webp") == ("WEBP", (640, 480))
    assert nb.python("coarse") < nb.python("fine")


def test_download_saves_the_picture_by_the_browser(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        recorder = ipywebrtc.ImageRecorder(stream=camera, filename="portrait")
        recorder

    nb = notebook(cells)
    nb.run()
    take_picture(nb, 0)
    nb.wait_for("len(recorder.image.value)")
    with nb.page.expect_download() as by_button:
        nb.output(0).get_by_role("button", name="Download").click()
    with nb.page.expect_download() as by_python:
        nb.execute("recorder.download()")
    for download in (by_button.value, by_python.value):
        assert download.suggested_filename == "portrait.png"
        assert download.path().read_bytes() == nb.python("bytes(recorder.image.value)")


def test_autosave_writes_each_picture(notebook: OpenNotebook) -> None:
    async def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        recorder = ipywebrtc.ImageRecorder(stream=camera, filename="shot", autosave=True)
        await recorder.snapshot()
        await recorder.snapshot()

    nb = notebook(cells)
    nb.run()
    for name in ("shot.png", "shot-1.png"):
        picture = PIL.Image.open(io.BytesIO((nb.folder / name).read_bytes()))
        assert picture.size == (640, 480)


def test_a_picture_is_still_there_after_a_reload(jupyterlab: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        recorder = ipywebrtc.ImageRecorder(stream=ipywebrtc.CameraStream())
        recorder

    nb = jupyterlab(cells)
    nb.run()
    take_picture(nb, 0)
    nb.wait_for("len(recorder.image.value)")
    nb.reload()
    expect(nb.output(0).get_by_alt_text("The last picture")).to_be_visible()
    nb.execute("recorder.image.value = b''; recorder.recording = True")
    nb.wait_for("len(recorder.image.value)")


def test_two_pages_take_one_picture(jupyterlab: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        recorder = ipywebrtc.ImageRecorder(stream=ipywebrtc.CameraStream())
        answers = []
        recorder.on_msg(lambda _, content, __: answers.append(content["kind"]))
        recorder

    nb = jupyterlab(cells)
    nb.run()
    second = nb.open_again()
    expect(second.output(0).get_by_role("button", name="Take picture")).to_be_visible()
    nb.wait_for("len(recorder._pages) == 2")
    nb.execute("recorder.recording = True")
    nb.wait_for("len(recorder.image.value)")
    assert nb.python("answers.count('answer')") == 1
    second.page.close()
    nb.wait_for("len(recorder._pages) == 1")
    nb.execute("recorder.image.value = b''; recorder.recording = True")
    nb.wait_for("len(recorder.image.value)")


@pytest.mark.parametrize("displayed", [True, False])
def test_recording_links_in_the_browser(notebook: OpenNotebook, *, displayed: bool) -> None:
    def cells(*, displayed: bool) -> None:
        import ipywidgets

        import ipywebrtc

        recorder = ipywebrtc.ImageRecorder(stream=ipywebrtc.CameraStream())
        toggle = ipywidgets.ToggleButton(description="Shoot")
        link = ipywidgets.jslink((toggle, "value"), (recorder, "recording"))
        ipywidgets.VBox([toggle, recorder] if displayed else [toggle])

    nb = notebook(cells, displayed=displayed)
    nb.run()
    nb.output(0).get_by_role("button", name="Shoot").click()
    nb.wait_for("len(recorder.image.value)")
    nb.wait_for("not toggle.value")
