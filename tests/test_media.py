"""The messages between kernel and page, as `_media.py` describes them."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import weakref
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import pytest
import traitlets

import ipywebrtc
from ipywebrtc import (
    CameraStream,
    FrameReader,
    ImageRecorder,
    MediaError,
    NoFrontEnd,
    VideoRecorder,
    _media,
)

from .conftest import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Page

    OpenPage = Callable[..., Page]


@pytest.fixture
def recorder() -> ImageRecorder:
    return ImageRecorder(stream=CameraStream())


def test_a_request_is_kept_for_the_page_that_comes_late(
    recorder: ImageRecorder, open_page: OpenPage
) -> None:
    recorder.recording = True
    page = open_page(recorder)
    assert len(page.requests()) == 1


def test_the_page_that_was_opened_last_acts(recorder: ImageRecorder, open_page: OpenPage) -> None:
    first, second = open_page(recorder, "first"), open_page(recorder, "second")
    recorder.recording = True
    assert (len(first.requests()), len(second.requests())) == (0, 1)


def test_a_page_that_says_bye_is_asked_no_more(
    recorder: ImageRecorder, open_page: OpenPage
) -> None:
    first, second = open_page(recorder, "first"), open_page(recorder, "second")
    second.say("bye")
    recorder.recording = True
    assert (len(first.requests()), len(second.requests())) == (1, 0)


@pytest.mark.usefixtures("quick")
def test_an_unanswered_request_is_sent_again_under_its_id(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = ImageRecorder(stream=CameraStream())
        page = open_page(recorder)
        recorder.recording = True
        while len(page.requests()) < 3:
            page.say("ack", id=page.requests()[-1]["id"])
            await asyncio.sleep(0)
        assert len({request["id"] for request in page.requests()}) == 1

    asyncio.run(asyncio.wait_for(main(), 10))


@pytest.mark.usefixtures("quick")
def test_a_silent_page_is_replaced_by_the_next_that_says_hello(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = ImageRecorder(stream=CameraStream())
        silent = open_page(recorder, "silent")
        recorder.recording = True
        await until(lambda: {"kind": "who"} in silent.received)
        other = open_page(recorder, "other")
        await until(other.requests)
        other.answer_picture()
        assert recorder.recording is False
        assert recorder.image.value

    asyncio.run(asyncio.wait_for(main(), 10))


def test_a_second_copy_of_an_answer_changes_nothing(
    recorder: ImageRecorder, open_page: OpenPage
) -> None:
    page = open_page(recorder)
    pictures: list[object] = []
    recorder.image.observe(pictures.append, "value")
    recorder.recording = True
    page.answer_picture()
    page.answer_picture()
    assert len(pictures) == 1


@pytest.mark.usefixtures("quick")
def test_without_a_page_a_request_ends_in_an_error() -> None:
    async def main() -> None:
        recorder = ImageRecorder(stream=CameraStream())
        with pytest.raises(NoFrontEnd, match="No open page has loaded this ImageRecorder"):
            await recorder.snapshot(timeout=0.05)
        assert recorder.status == "error"
        assert recorder.error.startswith("No open page")
        assert recorder.recording is False

    asyncio.run(main())


PROGRAM = """
import asyncio

from ipywebrtc import CameraStream, ImageRecorder, NoFrontEnd

recorder = ImageRecorder(stream=CameraStream())
try:
    asyncio.run(recorder.snapshot())
except NoFrontEnd as error:
    print(error)
print(recorder.status, recorder.recording)
"""
FIRST_REQUEST = 15.0
"""Seconds in which a program must be told: half of what a picture may take."""


@pytest.mark.parametrize("before", ["", "import ipykernel.comm", "from IPython import get_ipython"])
def test_a_program_without_a_notebook_is_told_at_once(before: str) -> None:
    command = [sys.executable, "-c", before + PROGRAM]
    program = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=FIRST_REQUEST
    )
    sentence, status, *_ = program.stdout.splitlines()
    assert sentence == _media.NO_PAGE.format("ImageRecorder")
    assert status == "error False"


def test_a_reader_of_a_program_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_media, "_leads_nowhere", lambda _: True)

    async def main() -> None:
        reader = FrameReader(stream=CameraStream())
        with pytest.raises(
            NoFrontEnd, match="There is no notebook page here, which the FrameReader"
        ):
            await anext(aiter(reader))
        film = VideoRecorder(stream=CameraStream())
        film.recording = True
        await until(lambda: film.error)
        assert film.error == _media.NO_PAGE.format("VideoRecorder")
        assert film.recording is False

    asyncio.run(asyncio.wait_for(main(), 10))


@pytest.mark.usefixtures("quick")
def test_a_page_that_falls_silent_is_named_as_the_reason(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = ImageRecorder(stream=CameraStream())
        open_page(recorder)
        with pytest.raises(NoFrontEnd, match="stopped answering"):
            await recorder.snapshot(timeout=0.05)

    asyncio.run(main())


def test_the_time_of_a_blocked_kernel_is_not_held_against_the_page(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_media, "TICK", 0.1)

    async def main() -> None:
        recorder = ImageRecorder(stream=CameraStream())
        page = open_page(recorder)
        picture = asyncio.ensure_future(recorder.snapshot(timeout=0.1))
        await until(page.requests)
        threading.Event().wait(1)  # A cell that computes, ten times as long as the timeout.
        page.answer_picture()  # Lay unread meanwhile.
        assert (await picture).value

    asyncio.run(main())


@pytest.mark.usefixtures("quick")
def test_without_an_event_loop_time_runs_out_too(recorder: ImageRecorder) -> None:
    failed: Future[str] = Future()
    recorder.observe(lambda change: failed.set_result(change["new"]), "error")
    recorder.timeout = 0.05
    with recorder.hold_trait_notifications():
        recorder.recording = True
    assert failed.result(10)


def test_the_error_of_the_page_is_raised_by_its_name(open_page: OpenPage) -> None:
    async def main(name: str, kind: type[Exception]) -> None:
        recorder = ImageRecorder(stream=CameraStream())
        page = open_page(recorder)
        picture = asyncio.ensure_future(recorder.snapshot())
        await until(page.requests)
        page.answer(page.requests()[-1], failure={"name": name, "message": "Do this."})
        with pytest.raises(kind, match=r"^Do this\.$") as caught:
            await picture
        assert type(caught.value) is kind
        assert (recorder.status, recorder.error) == ("error", "Do this.")

    for name in ("PermissionDenied", "DeviceNotFound", "InsecureContext", "MediaTimeout"):
        asyncio.run(main(name, getattr(ipywebrtc, name)))
    asyncio.run(main("from_page", MediaError))


def test_closing_a_widget_ends_what_waits_for_it(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = ImageRecorder(stream=CameraStream())
        page = open_page(recorder)
        picture = asyncio.ensure_future(recorder.snapshot())
        await until(page.requests)
        recorder.close()
        with pytest.raises(MediaError, match="closed"):
            await picture

    asyncio.run(main())


@pytest.mark.parametrize("make", [CameraStream, ImageRecorder, VideoRecorder])
def test_a_closed_widget_is_forgotten(make: Callable[[], _media.Media]) -> None:
    widget = make()
    kept = weakref.ref(widget)
    for part in (widget, widget.layout):
        part.close()
    del widget, part
    gc.collect()
    assert kept() is None


def test_an_old_state_that_comes_late_changes_nothing(open_page: OpenPage) -> None:
    stream = CameraStream()
    page, other = open_page(stream), open_page(stream, "other")
    page.say("state", order=2, status="live")
    camera = {"id": "a", "kind": "videoinput", "label": "A"}
    page.say("state", order=1, status="starting", devices=[camera])
    assert (stream.status, stream.devices) == ("live", [camera])
    other.say("state", order=1, status="starting")
    assert stream.status == "starting"
    page.say("bye")
    open_page(stream)
    page.say("state", order=1, status="live")  # the page has been reloaded
    assert stream.status == "live"


def test_the_page_sets_status_and_error_and_python_can_not(open_page: OpenPage) -> None:
    camera = CameraStream()
    page = open_page(camera)
    page.say("state", status="live", error="", settings={"video": {"width": 640}})
    assert (camera.status, camera.settings["video"]["width"]) == ("live", 640)
    for name in ("status", "error"):
        with pytest.raises(traitlets.TraitError, match="read-only"):
            setattr(camera, name, "live")


def in_cell_of(package: str, coroutine: Any) -> Any:
    """Await as the top-level code of a cell does, whose task is the package's own."""
    namespace: dict[str, Any] = {"__name__": f"{package}.runner", "coroutine": coroutine}
    exec("async def run():\n    return await coroutine", namespace)  # noqa: S102
    return asyncio.run(namespace["run"]())


def test_a_marimo_cell_is_told_at_once_that_it_can_not_wait(recorder: ImageRecorder) -> None:
    with pytest.raises(MediaError, match="marimo cell"):
        in_cell_of("marimo", recorder.snapshot())
    assert recorder.recording is False


def test_a_cell_of_ipykernel_6_is_told_what_to_install(
    recorder: ImageRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ipykernel

    monkeypatch.setattr(ipykernel, "version_info", (6, 31, 0))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MediaError, match=r"ipywebrtc\[poll\]"):
        in_cell_of("IPython", recorder.snapshot())
    assert recorder.recording is False


def test_a_widget_may_be_given_its_model_id() -> None:
    assert CameraStream(model_id="given").model_id == "given"
