from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import PIL.Image
import pytest
import traitlets

from ipywebrtc import CameraStream, ImageRecorder, SourceError

from .conftest import png, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Page

    OpenPage = Callable[..., Page]


@pytest.fixture
def recorder() -> ImageRecorder:
    return ImageRecorder(stream=CameraStream())


@pytest.fixture
def page(recorder: ImageRecorder, open_page: OpenPage) -> Page:
    return open_page(recorder)


def take(recorder: ImageRecorder, page: Page, data: bytes | None = None) -> None:
    recorder.recording = True
    page.answer_picture(data)


def test_the_stream_is_a_reference_on_the_wire(recorder: ImageRecorder) -> None:
    assert recorder.stream is not None
    assert recorder.get_state("stream") == {"stream": f"IPY_MODEL_{recorder.stream.model_id}"}


def test_an_unknown_format_is_refused_with_the_known_ones(recorder: ImageRecorder) -> None:
    with pytest.raises(traitlets.TraitError, match=r"'png', 'jpeg', 'webp'.*'tiff'"):
        recorder.format = "tiff"
    assert recorder.format == "png"


def test_size_and_quality_are_checked(recorder: ImageRecorder) -> None:
    for size in ((320, None), None):
        recorder.set_trait("size", size)
    for wrong in ((0, 10), (10,), 10):
        with pytest.raises(traitlets.TraitError, match="size"):
            recorder.set_trait("size", wrong)
    with pytest.raises(traitlets.TraitError, match="quality"):
        recorder.quality = 2


def test_a_picture_arrives_in_the_image(recorder: ImageRecorder, page: Page) -> None:
    take(recorder, page, png("blue"))
    assert bytes(recorder.image.value) == png("blue")
    assert (recorder.image.width, recorder.image.height) == ("4px", "3px")
    assert recorder.status == "idle"
    assert recorder.to_pil().size == (4, 3)
    array = recorder.to_numpy()
    assert array.shape == (3, 4, 3)
    assert array.dtype == "uint8"
    assert array[0, 0].tolist() == [0, 0, 255]
    array[:] = 0  # It is the caller's own.


def test_recording_is_false_before_the_value_changes(recorder: ImageRecorder, page: Page) -> None:
    seen: list[bool] = []
    recorder.image.observe(lambda _: seen.append(recorder.recording), "value")
    take(recorder, page)
    assert seen == [False]


def test_an_observer_can_ask_for_the_next_picture_without_end(
    recorder: ImageRecorder, page: Page
) -> None:
    pictures: list[bytes] = []

    def again(change: dict[str, bytes]) -> None:
        pictures.append(bytes(change["new"]))
        recorder.recording = True

    recorder.image.observe(again, "value")
    recorder.recording = True
    for _ in range(50):
        page.answer_picture()
    assert len(pictures) == 50


def test_the_button_of_the_page_takes_a_picture(recorder: ImageRecorder, page: Page) -> None:
    size = {"format": "png", "width": 4, "height": 3}
    page.say("answer", png(), id="pressed", name="snapshot", unasked=True, **size)
    assert bytes(recorder.image.value) == png()


def test_the_button_does_not_end_a_request_of_the_kernel(
    recorder: ImageRecorder, page: Page
) -> None:
    recorder.recording = True
    size = {"format": "png", "width": 4, "height": 3}
    page.say("answer", png(), id="pressed", name="snapshot", unasked=True, **size)
    assert recorder.recording is True
    page.answer_picture()
    assert recorder.recording is False


def test_setting_recording_to_false_gives_the_request_up(
    recorder: ImageRecorder, page: Page
) -> None:
    recorder.recording = True
    recorder.recording = False
    assert page.received[-1]["kind"] == "cancel"
    page.answer_picture()
    assert not recorder.image.value
    assert recorder.status == "idle"


def test_giving_up_waiting_gives_the_request_up(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = ImageRecorder(stream=CameraStream())
        page = open_page(recorder)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(recorder.snapshot(), 0.01)
        assert recorder.recording is False
        assert page.received[-1]["kind"] == "cancel"

    asyncio.run(main())


def test_two_who_wait_at_once_get_the_same_picture(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = ImageRecorder(stream=CameraStream())
        page = open_page(recorder)
        both = asyncio.gather(recorder.snapshot(), recorder.snapshot())
        await until(page.requests)
        page.answer_picture()
        first, second = await both
        assert first is second is recorder.image
        assert len(page.requests()) == 1

    asyncio.run(main())


def test_recording_at_construction_takes_a_picture(open_page: OpenPage) -> None:
    recorder = ImageRecorder(stream=CameraStream(), recording=True)
    page = open_page(recorder)
    page.answer_picture()
    assert recorder.image.value


def test_without_a_stream_recording_fails_at_once() -> None:
    recorder = ImageRecorder()
    recorder.recording = True
    assert (recorder.recording, recorder.status) == (False, "error")
    assert "has no stream" in recorder.error
    with pytest.raises(SourceError, match="set its trait `stream`"):
        asyncio.run(recorder.snapshot())


def test_save_completes_the_name(
    recorder: ImageRecorder, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    take(recorder, page)
    recorder.filename = "test"
    recorder.save()
    recorder.save("foo")
    recorder.save("foo.dat")
    recorder.save(tmp_path / "path.png")
    assert {path.name for path in tmp_path.iterdir()} == {
        "test.png",
        "foo.png",
        "foo.dat",
        "path.png",
    }
    assert PIL.Image.open(io.BytesIO((tmp_path / "foo.dat").read_bytes())).size == (4, 3)


def test_save_of_nothing_says_so(recorder: ImageRecorder) -> None:
    for act in (recorder.save, recorder.download, recorder.to_pil, recorder.to_numpy):
        with pytest.raises(ValueError, match="Nothing is recorded yet"):
            act()


def test_save_refuses_a_name_that_promises_another_format(
    recorder: ImageRecorder, page: Page, tmp_path: Path
) -> None:
    take(recorder, page)
    with pytest.raises(ValueError, match=r"promises jpeg.*'x\.png'.*format = 'jpeg'"):
        recorder.save(tmp_path / "x.jpg")
    assert not list(tmp_path.iterdir())


def test_download_asks_the_page(recorder: ImageRecorder, page: Page) -> None:
    take(recorder, page)
    recorder.download()
    assert len(page.requests("download")) == 1


def test_autosave_never_replaces_a_file(
    recorder: ImageRecorder, page: Page, tmp_path: Path
) -> None:
    recorder.filename, recorder.autosave = str(tmp_path / "shot"), True
    colors = ("red", "green", "blue")
    for color in colors:
        take(recorder, page, png(color))
    names = ("shot.png", "shot-1.png", "shot-2.png")
    assert [(tmp_path / name).read_bytes() for name in names] == [png(color) for color in colors]
    assert recorder.path == str(tmp_path / "shot-2.png")


def test_autosave_to_a_missing_folder_is_refused_before_the_picture(
    recorder: ImageRecorder, page: Page, tmp_path: Path
) -> None:
    recorder.filename, recorder.autosave = str(tmp_path / "missing" / "shot"), True
    recorder.recording = True
    assert (recorder.recording, recorder.status) == (False, "error")
    assert "does not exist" in recorder.error
    assert not page.requests()
