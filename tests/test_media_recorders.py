"""VideoRecorder and AudioRecorder, with a page that is played by the test."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import pytest
import traitlets
from ipykernel.kernelbase import Kernel

from ipywebrtc import (
    AudioRecorder,
    CameraStream,
    MediaError,
    NoFrontEnd,
    SourceError,
    UnsupportedFormat,
    UploadError,
    VideoRecorder,
    _media,
)
from ipywebrtc.upload import LARGEST, Upload

from .conftest import until
from .test_media import in_cell_of
from .test_mend import Cut, played, webm

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Page

    OpenPage = Callable[..., Page]

PIECES = (b"header ", b"and then ", b"the rest")
WHOLE = b"".join(PIECES)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let temporary recordings, and names without a folder, be in folders of the test."""
    folder, here = tmp_path / "temporary", tmp_path / "here"
    folder.mkdir()
    here.mkdir()
    monkeypatch.setattr("ipywebrtc._temporary.folder", lambda: folder)
    monkeypatch.chdir(here)
    return folder


@pytest.fixture
def recorder() -> VideoRecorder:
    return VideoRecorder(stream=CameraStream())


@pytest.fixture
def page(recorder: VideoRecorder, open_page: OpenPage) -> Page:
    return open_page(recorder)


@pytest.fixture
def sent(recorder: VideoRecorder, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    """What the video is told, as contents and buffers."""
    told: list[tuple[Any, Any]] = []
    if ipywidgets.__version__ < "8":  # which tells nothing without a kernel
        recorder.video.comm.kernel = Kernel()  # type: ignore[no-untyped-call]
    monkeypatch.setattr(
        recorder.video, "_send", lambda content, buffers=None: told.append((content, buffers))
    )
    return told


def begin(recorder: VideoRecorder | AudioRecorder, page: Page, *pieces: bytes) -> str:
    """Ask for a recording of which some pieces arrive; return its id."""
    recorder.recording = True
    recording = str(page.requests("record")[-1]["id"])
    page.upload(recording, *pieces, fmt=recorder.format)
    page.say("state", id=recording, status="recording", duration=0.5, size=3)
    return recording


def record(recorder: VideoRecorder | AudioRecorder, page: Page, *pieces: bytes) -> None:
    recorder.recording = True
    page.record(*(pieces or PIECES), fmt=recorder.format)


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def wav(samples: Any, rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((samples.shape[1], 2, rate, 0, "NONE", ""))
        sound.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


# What is asked of the page, and what the traits say meanwhile.


def test_recording_asks_the_page_once(recorder: VideoRecorder, page: Page) -> None:
    recorder.recording = True
    recorder.start()
    assert [(r["phase"], r["turn"]) for r in page.requests("record")] == [("record", 0)]


def test_the_request_tells_the_longest_duration(recorder: VideoRecorder, page: Page) -> None:
    recorder.max_duration = 2.5
    recorder.start()
    assert page.requests("record")[-1]["max_duration"] == 2.5


def test_status_goes_from_starting_over_recording_to_idle(
    recorder: VideoRecorder, page: Page
) -> None:
    seen: list[str] = []
    recorder.observe(lambda change: seen.append(change["new"]), "status")
    recording = begin(recorder, page, *PIECES)
    page.finish(recording, *PIECES)
    assert seen == ["starting", "recording", "idle"]


def test_duration_and_size_are_what_the_page_says(recorder: VideoRecorder, page: Page) -> None:
    recording = begin(recorder, page)
    page.say("state", id=recording, status="recording", duration=1.25, size=1000)
    assert (recorder.duration, recorder.size) == (1.25, 1000)
    page.upload(recording, *PIECES)
    page.finish(recording, *PIECES, duration=2)
    assert (recorder.duration, recorder.size) == (2, len(WHOLE))


def test_a_new_recording_begins_at_zero(recorder: VideoRecorder, page: Page) -> None:
    record(recorder, page)
    recorder.recording = True
    assert (recorder.duration, recorder.size, recorder.error) == (0, 0, "")


def test_the_bytes_arrive_in_the_video(recorder: VideoRecorder, page: Page) -> None:
    recorder.format = "mp4"
    record(recorder, page)
    assert (bytes(recorder.video.value), recorder.video.format) == (WHOLE, "mp4")


def test_recording_is_false_before_the_value_changes(recorder: VideoRecorder, page: Page) -> None:
    seen: list[Any] = []
    recorder.video.observe(lambda _: seen.append((recorder.recording, recorder.status)), "value")
    record(recorder, page)
    assert seen == [(False, "idle")]


def test_an_observer_is_called_for_a_recording_that_equals_the_last(
    recorder: VideoRecorder, page: Page
) -> None:
    seen: list[bytes] = []
    recorder.video.observe(lambda change: seen.append(bytes(change["new"])), "value")
    record(recorder, page)
    record(recorder, page)
    assert seen == [WHOLE, WHOLE]


def test_an_observer_can_ask_for_the_next_recording_without_end(
    recorder: VideoRecorder, page: Page
) -> None:
    seen: list[bytes] = []

    def again(change: dict[str, bytes]) -> None:
        seen.append(bytes(change["new"]))
        recorder.recording = True

    recorder.video.observe(again, "value")
    recorder.recording = True
    expected = [b"%d" % (number // 2) for number in range(50)]
    for data in expected:
        page.record(data)
    assert seen == expected
    assert (recorder.recording, recorder.status) == (True, "starting")


def test_the_bytes_are_not_sent_back(
    recorder: VideoRecorder, page: Page, sent: list[tuple[Any, Any]]
) -> None:
    record(recorder, page)
    record(recorder, page)  # The same bytes, of which observers are told all the same.
    recorder.video.width = "100"
    states = [content.get("state", {}) for content, _ in sent]
    assert {"width": "100"} in states
    assert not any("value" in state for state in states)
    assert not any(buffers for _, buffers in sent)


def test_the_bytes_are_not_sent_back_when_an_observer_fails(
    recorder: VideoRecorder, page: Page, sent: list[tuple[Any, Any]]
) -> None:
    def fail(_: Any) -> None:
        message = "of the user"
        raise RuntimeError(message)

    recorder.video.observe(fail, "value")
    record(recorder, page)
    assert (bytes(recorder.video.value), recorder.status) == (WHOLE, "idle")
    assert not any("value" in content.get("state", {}) for content, _ in sent)


def test_every_chunk_is_acknowledged(recorder: VideoRecorder, page: Page) -> None:
    begin(recorder, page, *PIECES)
    assert [reply["next"] for reply in page.replies()] == [1, 2, 3, 4]


def test_a_probe_is_told_what_is_here(recorder: VideoRecorder, page: Page) -> None:
    recording = begin(recorder, page, *PIECES)
    page.say("probe", id=recording, number=7)
    reply = page.replies()[-1]
    assert (reply["id"], reply["next"], reply["number"]) == (recording, 4, 7)


def test_a_part_takes_the_place_of_the_file(recorder: VideoRecorder, page: Page) -> None:
    recording = begin(recorder, page, b"without a length")
    page.chunk(recording, 2, b"with it", 0, part=1)
    page.say("answer", id=recording, name="record", chunks=3, size=7, duration=1)
    assert bytes(recorder.video.value) == b"with it"


def test_a_note_of_the_page_is_shown_in_error(recorder: VideoRecorder, page: Page) -> None:
    recording = begin(recorder, page, *PIECES)
    page.finish(recording, *PIECES, note="The stream ended: it was stopped")
    assert (recorder.status, recorder.error) == ("idle", "The stream ended: it was stopped")
    assert bytes(recorder.video.value) == WHOLE


# Stopping and pausing.


def test_pause_resume_and_stop_tell_the_page_with_a_rising_turn(
    recorder: VideoRecorder, page: Page
) -> None:
    begin(recorder, page)
    recorder.pause()
    recorder.resume()
    recorder.stop()
    told = [(request["phase"], request["turn"]) for request in page.requests("record")]
    assert told == [("record", 0), ("pause", 1), ("record", 2), ("stop", 3)]


def test_pause_without_a_recording_does_nothing(recorder: VideoRecorder, page: Page) -> None:
    recorder.pause()
    recorder.resume()
    recorder.stop()
    assert not page.requests("record")
    assert recorder.status == "idle"


def test_a_paused_recording_says_so(recorder: VideoRecorder, page: Page) -> None:
    recording = begin(recorder, page)
    page.say("state", id=recording, status="paused")
    assert (recorder.status, recorder.recording) == ("paused", True)


def test_recording_false_stops(recorder: VideoRecorder, page: Page) -> None:
    begin(recorder, page)
    recorder.recording = False
    assert page.requests("record")[-1]["phase"] == "stop"


def test_stop_before_the_page_has_begun_leaves_nothing(
    recorder: VideoRecorder, page: Page, temporary: Path
) -> None:
    recorder.recording = True
    recorder.recording = False
    request = page.requests("record")[-1]
    assert (request["phase"], request["turn"]) == ("stop", 1)
    page.answer(request, chunks=0, size=0, duration=0)
    assert (recorder.status, recorder.error, recorder.video.value) == ("idle", "", b"")
    assert not listing(temporary)


def test_stop_before_any_page_is_there_cancels(
    recorder: VideoRecorder, open_page: OpenPage
) -> None:
    recorder.recording = True
    recorder.recording = False
    assert (recorder.status, recorder.recording) == ("idle", False)
    assert not open_page(recorder).requests("record")


def test_stop_after_the_page_has_gone_cancels(
    recorder: VideoRecorder, page: Page, open_page: OpenPage
) -> None:
    recorder.recording = True
    page.say("bye")
    recorder.recording = False
    assert (recorder.status, recorder.recording) == ("idle", False)
    assert not open_page(recorder, "next").requests("record")


def test_stop_can_be_awaited(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = VideoRecorder(stream=CameraStream())
        page = open_page(recorder)
        recording = begin(recorder, page, *PIECES)
        stopping = recorder.stop()
        asyncio.get_running_loop().call_soon(page.finish, recording, *PIECES)
        await stopping
        assert bytes(recorder.video.value) == WHOLE

    asyncio.run(main())


def test_an_awaited_stop_raises_why_it_failed(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = VideoRecorder(stream=CameraStream())
        page = open_page(recorder)
        begin(recorder, page, *PIECES)
        stopping = recorder.stop()
        page.say("bye")
        with pytest.raises(NoFrontEnd, match="is kept"):
            await stopping

    asyncio.run(main())


def test_giving_up_waiting_for_stop_keeps_the_recording(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = VideoRecorder(stream=CameraStream())
        page = open_page(recorder)
        recording = begin(recorder, page, *PIECES)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(recorder.stop(), 0.01)
        page.finish(recording, *PIECES)
        assert (bytes(recorder.video.value), recorder.status) == (WHOLE, "idle")

    asyncio.run(main())


def test_awaiting_stop_without_a_recording_returns_at_once(recorder: VideoRecorder) -> None:
    async def main() -> None:
        await recorder.stop()

    asyncio.run(main())


def test_awaiting_stop_before_any_page_is_there_returns_at_once() -> None:
    async def main() -> None:
        recorder = VideoRecorder(stream=CameraStream())
        recorder.start()
        await recorder.stop()
        assert recorder.status == "idle"

    asyncio.run(asyncio.wait_for(main(), 10))


# record(): in one cell.


def test_record_waits_for_the_recording(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = VideoRecorder(stream=CameraStream())
        page = open_page(recorder)
        waiting = asyncio.ensure_future(recorder.record(2.5))
        await until(lambda: page.requests("record"))
        assert page.requests("record")[-1]["max_duration"] == 2.5
        page.record(*PIECES)
        assert await waiting is recorder.video
        assert bytes(recorder.video.value) == WHOLE

    asyncio.run(main())


def test_record_raises_the_failure_of_the_page(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = VideoRecorder(stream=CameraStream())
        page = open_page(recorder)
        waiting = asyncio.ensure_future(recorder.record(1))
        await until(lambda: page.requests("record"))
        failure = {"name": "UnsupportedFormat", "message": "It can do webm."}
        page.answer(page.requests("record")[-1], failure=failure)
        with pytest.raises(UnsupportedFormat, match=r"^It can do webm\.$"):
            await waiting
        assert (recorder.status, recorder.error) == ("error", "It can do webm.")
        assert recorder.recording is False

    asyncio.run(main())


def test_record_without_a_stream_raises_at_once() -> None:
    recorder = VideoRecorder()
    with pytest.raises(SourceError, match="set its trait `stream`"):
        asyncio.run(recorder.record(1))
    assert (recorder.recording, recorder.status) == (False, "error")


def test_record_while_recording_raises(recorder: VideoRecorder, page: Page) -> None:
    recording = begin(recorder, page, *PIECES)
    with pytest.raises(MediaError, match="stop it first"):
        asyncio.run(recorder.record(1))
    page.finish(recording, *PIECES)
    assert bytes(recorder.video.value) == WHOLE


def test_interrupting_record_stops_and_keeps_the_recording(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = VideoRecorder(stream=CameraStream())
        page = open_page(recorder)
        waiting = asyncio.ensure_future(recorder.record(100))
        await until(lambda: page.requests("record"))
        recording = page.requests("record")[-1]["id"]
        page.upload(recording, *PIECES)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert page.requests("record")[-1]["phase"] == "stop"
        page.finish(recording, *PIECES)
        assert (bytes(recorder.video.value), recorder.status) == (WHOLE, "idle")

    asyncio.run(main())


def test_a_marimo_cell_is_told_at_once_that_it_can_not_wait(
    recorder: VideoRecorder, page: Page
) -> None:
    with pytest.raises(MediaError, match="marimo cell"):
        in_cell_of("marimo", recorder.record(1))
    assert recorder.recording is False
    assert not page.requests("record")


def test_a_marimo_cell_is_told_that_it_can_not_wait_for_stop(
    recorder: VideoRecorder, page: Page
) -> None:
    recording = begin(recorder, page, *PIECES)

    async def stop() -> None:
        await recorder.stop()

    namespace: dict[str, Any] = {"__name__": "marimo.runner", "recorder": recorder}
    exec("async def run():\n    await recorder.stop()", namespace)  # noqa: S102
    with pytest.raises(MediaError, match="marimo cell"):
        asyncio.run(namespace["run"]())
    page.finish(recording, *PIECES)
    assert bytes(recorder.video.value) == WHOLE


# Files.


def test_a_recording_in_memory_leaves_no_file(
    recorder: VideoRecorder, page: Page, temporary: Path
) -> None:
    record(recorder, page)
    assert recorder.path == ""
    assert not listing(temporary)


def test_a_recording_is_in_the_file_path_while_it_is_made(
    recorder: VideoRecorder, page: Page, temporary: Path
) -> None:
    begin(recorder, page, *PIECES)
    assert Path(recorder.path).parent == temporary
    assert Path(recorder.path).read_bytes() == WHOLE


def test_a_large_recording_stays_in_its_file(recorder: VideoRecorder, page: Page) -> None:
    recorder.embed_limit = len(WHOLE) - 1
    seen: list[bytes] = []
    recorder.video.observe(lambda change: seen.append(bytes(change["new"])), "value")
    record(recorder, page)
    assert bytes(recorder.video.value) == b""
    assert Path(recorder.path).read_bytes() == WHOLE
    assert (recorder.size, seen) == (len(WHOLE), [b""])


def test_a_recording_of_just_the_limit_is_embedded(recorder: VideoRecorder, page: Page) -> None:
    recorder.embed_limit = len(WHOLE)
    record(recorder, page)
    assert bytes(recorder.video.value) == WHOLE


def test_a_large_recording_takes_the_place_of_a_small_one(
    recorder: VideoRecorder, page: Page
) -> None:
    record(recorder, page, b"small")
    recorder.embed_limit = 10
    record(recorder, page)
    assert bytes(recorder.video.value) == b""
    recorder.save("x")
    assert Path("x.webm").read_bytes() == WHOLE


def test_save_copies_a_large_recording(recorder: VideoRecorder, page: Page, tmp_path: Path) -> None:
    recorder.embed_limit = 0
    record(recorder, page)
    recorder.save(tmp_path / "copy")
    assert (tmp_path / "copy.webm").read_bytes() == WHOLE
    assert recorder.path == str(tmp_path / "copy.webm")


def test_save_over_the_file_itself_keeps_it(
    recorder: VideoRecorder, page: Page, tmp_path: Path
) -> None:
    recorder.embed_limit, recorder.autosave = 0, True
    recorder.filename = str(tmp_path / "record")
    record(recorder, page)
    (tmp_path / "link.webm").symlink_to(tmp_path / "record.webm")
    for name in ("record", "record.webm", "here/../record.webm", "link.webm"):
        recorder.save(tmp_path / name)
        assert (tmp_path / "record.webm").read_bytes() == WHOLE


def test_save_of_a_small_recording_writes_it(recorder: VideoRecorder, page: Page) -> None:
    record(recorder, page)
    recorder.save("x")
    assert Path("x.webm").read_bytes() == WHOLE
    assert recorder.path == "x.webm"


def test_save_of_nothing_says_so(recorder: VideoRecorder) -> None:
    for act in (recorder.save, recorder.download):
        with pytest.raises(ValueError, match="Nothing is recorded yet"):
            act()


def test_save_of_a_recording_that_has_not_arrived_is_refused(
    recorder: VideoRecorder, page: Page
) -> None:
    recording = begin(recorder, page, *PIECES[:2])
    with pytest.raises(ValueError, match="Nothing is recorded yet"):
        recorder.save("x")
    recorder.recording = False
    with pytest.raises(ValueError, match="Nothing is recorded yet"):
        recorder.save("x")
    assert not Path("x.webm").exists()
    page.chunk(recording, 3, PIECES[2], len(WHOLE) - len(PIECES[2]))
    page.finish(recording, *PIECES)
    recorder.save("x")
    assert Path("x.webm").read_bytes() == WHOLE


def test_save_under_another_format_names_both_ways_out(recorder: VideoRecorder, page: Page) -> None:
    record(recorder, page)
    with pytest.raises(ValueError, match=r"'x\.webm', or record again with format = 'mp4'$"):
        recorder.save("x.mp4")
    assert not Path("x.mp4").exists()


def test_save_under_a_format_that_is_not_recorded_names_the_one_way_out(
    recorder: VideoRecorder, page: Page
) -> None:
    record(recorder, page)
    with pytest.raises(ValueError, match=r"the recording is webm: name it 'x\.webm'$"):
        recorder.save("x.mp3")


def test_autosave_writes_straight_into_the_file(
    recorder: VideoRecorder, page: Page, temporary: Path
) -> None:
    recorder.autosave = True
    begin(recorder, page, *PIECES[:1])
    assert Path("record.webm").read_bytes() == PIECES[0]
    assert recorder.path == str(Path("record.webm").absolute())
    assert not listing(temporary)


def test_an_autosaved_recording_is_in_the_value_too(recorder: VideoRecorder, page: Page) -> None:
    recorder.autosave = True
    record(recorder, page)
    assert bytes(recorder.video.value) == Path(recorder.path).read_bytes() == WHOLE


def test_autosave_never_replaces_a_file(recorder: VideoRecorder, page: Page) -> None:
    recorder.autosave, recorder.filename = True, "take.webm"
    Path("take.webm").write_bytes(b"mine")
    record(recorder, page, b"one")
    record(recorder, page, b"two")
    names = ("take.webm", "take-1.webm", "take-2.webm")
    assert [Path(name).read_bytes() for name in names] == [b"mine", b"one", b"two"]
    assert Path(recorder.path).name == "take-2.webm"


def test_autosave_to_a_missing_folder_is_refused_before_it_begins(
    recorder: VideoRecorder, page: Page
) -> None:
    recorder.autosave, recorder.filename = True, "missing/take"
    recorder.recording = True
    assert (recorder.recording, recorder.status) == (False, "error")
    assert recorder.error.endswith("does not exist: create it, or set another filename")
    assert not page.requests("record")


def test_autosave_to_an_unwritable_folder_is_refused_before_it_begins(
    recorder: VideoRecorder, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # Root may write everywhere.
    recorder.autosave = True
    with pytest.raises(MediaError, match="can't be written to: create it, or set another filename"):
        asyncio.run(recorder.record(1))
    assert recorder.recording is False
    assert not page.requests("record")


def test_autosave_under_another_format_is_refused_before_it_begins(
    recorder: VideoRecorder, page: Page
) -> None:
    recorder.autosave, recorder.filename = True, "take.mp4"
    recorder.start()
    assert "record again with format = 'mp4'" in recorder.error
    assert not page.requests("record")


def test_a_file_that_can_not_be_made_is_told_to_the_page_and_in_error(
    recorder: VideoRecorder, page: Page
) -> None:
    Path("folder").write_bytes(b"a file")
    recorder.autosave, recorder.filename = True, "folder/take"
    recorder.recording = True
    page.begin(page.requests("record")[-1]["id"])
    assert "can't be written" in page.replies()[-1]["refused"]
    assert (recorder.recording, recorder.status) == (False, "error")
    assert recorder.error == page.replies()[-1]["refused"]


# Chunks that lie, and pages that should not.


def test_a_chunk_of_an_unknown_recording_is_refused_and_not_written(
    recorder: VideoRecorder, page: Page, temporary: Path
) -> None:
    page.upload("unknown", *PIECES)
    assert len(page.replies()) == 1 + len(PIECES)
    assert all("knows no such recording" in reply["refused"] for reply in page.replies())
    assert not listing(temporary)
    assert (recorder.recording, recorder.status) == (False, "idle")


def test_a_probe_of_an_unknown_recording_is_refused(recorder: VideoRecorder, page: Page) -> None:
    page.say("probe", id="unknown", number=3)
    reply = page.replies()[-1]
    assert recorder.status == "idle"
    assert reply["number"] == 3
    assert "knows no such recording" in reply["refused"]


def test_a_chunk_of_a_wrong_id_does_not_disturb_a_recording(
    recorder: VideoRecorder, page: Page
) -> None:
    recording = begin(recorder, page, *PIECES)
    page.chunk("unknown", 4, b"intruder", len(WHOLE))
    assert "refused" in page.replies()[-1]
    page.finish(recording, *PIECES)
    assert bytes(recorder.video.value) == WHOLE


def test_chunks_of_another_page_are_refused(
    recorder: VideoRecorder, page: Page, open_page: OpenPage
) -> None:
    recording = begin(recorder, page, *PIECES[:2])
    other = open_page(recorder, "other")
    other.begin(recording)
    other.chunk(recording, 3, b"another", 16)
    assert ["Another page" in reply["refused"] for reply in other.replies()] == [True, True]
    page.chunk(recording, 3, PIECES[2], 16)
    page.finish(recording, *PIECES)
    assert bytes(recorder.video.value) == WHOLE


def test_the_failure_of_another_page_does_not_end_a_recording(
    recorder: VideoRecorder, page: Page, open_page: OpenPage
) -> None:
    recording = begin(recorder, page, *PIECES)
    other = open_page(recorder, "other")
    other.begin(recording)
    failure = {"name": "MediaError", "message": other.replies()[-1]["refused"]}
    other.say("answer", id=recording, name="record", failure=failure)
    assert (recorder.recording, recorder.status, recorder.error) == (True, "recording", "")
    page.finish(recording, *PIECES)
    assert bytes(recorder.video.value) == WHOLE


def test_a_chunk_that_lies_ends_the_recording_and_is_not_written(
    recorder: VideoRecorder, page: Page
) -> None:
    recorder.autosave = True
    true = {"seq": 4, "part": 0, "position": len(WHOLE), "length": 5}
    for number, lie in enumerate(({"position": 99}, {"length": 3}, {"seq": 99}, {"part": -1})):
        recording = begin(recorder, page, *PIECES)
        page.say("chunk", b"a lie", id=recording, **{**true, **lie})
        assert "can't be written" in page.replies()[-1]["refused"]
        assert (recorder.recording, recorder.status) == (False, "error")
        assert Path(f"record-{number}.webm" if number else "record.webm").read_bytes() == WHOLE


def test_a_chunk_that_is_too_large_ends_the_recording(recorder: VideoRecorder, page: Page) -> None:
    recording = begin(recorder, page, *PIECES)
    page.chunk(recording, 4, bytes(LARGEST + 1), len(WHOLE))
    assert "at most 1048576" in recorder.error
    assert bytes(recorder.video.value) == WHOLE


def test_a_chunk_without_a_number_is_refused(recorder: VideoRecorder, page: Page) -> None:
    recording = begin(recorder, page, *PIECES)
    page.say("chunk", b"lost", id=recording, part=0, position=0, length=4)
    assert "has no seq" in page.replies()[-1]["refused"]
    assert bytes(recorder.video.value) == WHOLE


def test_a_format_that_is_none_is_refused(
    recorder: VideoRecorder, page: Page, temporary: Path
) -> None:
    recorder.recording = True
    page.begin(page.requests("record")[-1]["id"], "../../x")
    assert "refused" in page.replies()[-1]
    assert not listing(temporary)


def test_an_answer_that_says_more_than_arrived_raises(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = VideoRecorder(stream=CameraStream())
        page = open_page(recorder)
        waiting = asyncio.ensure_future(recorder.record(1))
        await until(lambda: page.requests("record"))
        recording = page.requests("record")[-1]["id"]
        page.upload(recording, *PIECES[:2])
        page.finish(recording, *PIECES)
        with pytest.raises(UploadError, match=r"16 of 24 bytes.*is kept, 16 bytes"):
            await waiting
        assert bytes(recorder.video.value) == WHOLE[:16]

    asyncio.run(main())


def test_a_full_disk_ends_the_recording_and_keeps_what_was_acknowledged(
    recorder: VideoRecorder, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = begin(recorder, page, *PIECES[:2])

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Upload, "_write", full)
    page.chunk(recording, 3, PIECES[2], 16)
    assert "No space left on device" in page.replies()[-1]["refused"]
    assert "No space left on device" in recorder.error
    assert (recorder.recording, recorder.status) == (False, "error")
    assert bytes(recorder.video.value) == WHOLE[:16]


def test_chunks_after_the_end_are_refused(recorder: VideoRecorder, page: Page) -> None:
    record(recorder, page)
    page.chunk(page.requests("record")[-1]["id"], 4, b"late", len(WHOLE))
    assert "refused" in page.replies()[-1]
    assert bytes(recorder.video.value) == WHOLE


# The button of the view.


def test_the_button_begins_a_recording(recorder: VideoRecorder, page: Page) -> None:
    page.upload("pressed", *PIECES, unasked=True)
    assert (recorder.recording, recorder.status) == (True, "starting")
    page.finish("pressed", *PIECES, unasked=True)
    assert (recorder.recording, recorder.status) == (False, "idle")
    assert bytes(recorder.video.value) == WHOLE


def test_python_can_stop_what_the_button_began(recorder: VideoRecorder, page: Page) -> None:
    page.upload("pressed", *PIECES, unasked=True)
    recorder.recording = False
    request = page.requests("record")[-1]
    assert (request["id"], request["phase"], request["turn"]) == ("pressed", "stop", 1)


def test_the_button_without_a_stream_is_refused(open_page: OpenPage) -> None:
    recorder = VideoRecorder()
    page = open_page(recorder)
    page.begin("pressed", unasked=True)
    assert "has no stream" in page.replies()[-1]["refused"]
    assert recorder.recording is False


def test_the_button_does_not_begin_a_second_recording(
    recorder: VideoRecorder, page: Page, open_page: OpenPage
) -> None:
    recording = begin(recorder, page, *PIECES)
    other = open_page(recorder, "other")
    other.begin("pressed", unasked=True)
    refused = other.replies()[-1]["refused"]
    failure = {"name": "MediaError", "message": refused}
    other.say("answer", id="pressed", name="record", unasked=True, failure=failure)
    assert "records already" in refused
    assert (recorder.recording, recorder.status, recorder.error) == (True, "recording", "")
    page.finish(recording, *PIECES)
    assert bytes(recorder.video.value) == WHOLE


def test_a_failure_of_the_button_is_told(recorder: VideoRecorder, page: Page) -> None:
    failure = {"name": "PermissionDenied", "message": "Allow it."}
    page.say("answer", id="pressed", name="record", unasked=True, failure=failure)
    assert (recorder.status, recorder.error) == ("error", "Allow it.")


# Recordings that are cut short.


def test_when_the_page_goes_what_arrived_is_kept(recorder: VideoRecorder, page: Page) -> None:
    begin(recorder, page, *PIECES)
    page.say("bye")
    assert (recorder.recording, recorder.status) == (False, "error")
    assert "closed or reloaded" in recorder.error
    assert f"What had arrived is kept, {len(WHOLE)} bytes" in recorder.error
    assert bytes(recorder.video.value) == WHOLE


def test_recording_is_false_before_what_is_kept_arrives(
    recorder: VideoRecorder, page: Page
) -> None:
    seen: list[Any] = []
    recorder.video.observe(lambda _: seen.append((recorder.recording, recorder.status)), "value")
    begin(recorder, page, *PIECES)
    page.say("bye")
    assert seen == [(False, "error")]


def test_what_is_kept_plays(recorder: VideoRecorder, page: Page) -> None:
    recorder.autosave = True
    whole = webm()
    cut = Cut(whole, len(whole) - 200)
    begin(recorder, page, cut.data[:3000], cut.data[3000:])
    page.say("bye")
    assert len(played(Path(recorder.path))) == cut.frames


def test_when_the_page_goes_with_nothing_there_is_no_file(
    recorder: VideoRecorder, page: Page, temporary: Path
) -> None:
    begin(recorder, page)
    page.say("bye")
    assert (recorder.status, recorder.path) == ("error", "")
    assert "kept" not in recorder.error
    assert not listing(temporary)


def test_the_bye_of_another_page_does_not_end_a_recording(
    recorder: VideoRecorder, page: Page, open_page: OpenPage
) -> None:
    begin(recorder, page, *PIECES)
    open_page(recorder, "other").say("bye")
    assert (recorder.recording, recorder.status) == (True, "recording")


@pytest.mark.usefixtures("quick")
def test_a_silent_page_is_given_up_and_what_arrived_is_kept(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_media, "SILENCE", 3)

    async def main() -> None:
        recorder = VideoRecorder(stream=CameraStream())
        page = open_page(recorder)
        waiting = asyncio.ensure_future(recorder.record(100))
        await until(lambda: page.requests("record"))
        page.upload(page.requests("record")[-1]["id"], *PIECES)
        with pytest.raises(NoFrontEnd, match=r"stopped answering.*is kept, 24 bytes"):
            await waiting
        assert (recorder.recording, recorder.status) == (False, "error")
        assert bytes(recorder.video.value) == WHOLE

    asyncio.run(asyncio.wait_for(main(), 10))


@pytest.mark.usefixtures("quick")
def test_a_page_that_acknowledges_may_record_longer_than_any_timeout(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_media, "SILENCE", 3)

    async def main() -> None:
        recorder = VideoRecorder(stream=CameraStream(), timeout=0.05)
        page = open_page(recorder)
        recording = begin(recorder, page, *PIECES)
        while len(page.requests("record")) < 30:
            page.say("ack", id=recording)
            await asyncio.sleep(0)
        assert (recorder.recording, recorder.status) == (True, "recording")
        page.finish(recording, *PIECES)
        assert bytes(recorder.video.value) == WHOLE

    asyncio.run(asyncio.wait_for(main(), 10))


@pytest.mark.usefixtures("quick")
def test_a_recording_that_does_not_begin_in_time_fails(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = VideoRecorder(stream=CameraStream())
        open_page(recorder)
        with pytest.raises(NoFrontEnd, match="stopped answering"):
            await recorder.record(1, timeout=0.05)
        assert (recorder.recording, recorder.status) == (False, "error")

    asyncio.run(asyncio.wait_for(main(), 10))


def test_close_during_a_recording_keeps_the_file(recorder: VideoRecorder, page: Page) -> None:
    recorder.autosave = True
    begin(recorder, page, *PIECES)
    recorder.close()
    assert Path("record.webm").read_bytes() == WHOLE
    assert recorder.recording is False


def test_a_file_that_is_gone_meanwhile_is_told_and_ends_the_waiting(open_page: OpenPage) -> None:
    async def main() -> None:
        recorder = VideoRecorder(stream=CameraStream())
        page = open_page(recorder)
        waiting = asyncio.ensure_future(recorder.record(1))
        await until(lambda: page.requests("record"))
        page.upload(page.requests("record")[-1]["id"], *PIECES)
        Path(recorder.path).unlink()  # noqa: ASYNC240 - nothing else runs
        page.say("bye")
        with pytest.raises(NoFrontEnd, match="closed or reloaded"):
            await waiting
        assert (recorder.recording, recorder.status) == (False, "error")

    asyncio.run(asyncio.wait_for(main(), 10))


# One after another.


def test_a_late_state_of_an_old_recording_changes_nothing(
    recorder: VideoRecorder, page: Page
) -> None:
    record(recorder, page)
    old = page.requests("record")[-1]["id"]
    page.say("state", id=old, status="recording", duration=9, size=9)
    assert (recorder.status, recorder.duration, recorder.size) == ("idle", 1, len(WHOLE))


def test_a_recording_begins_while_the_last_one_is_still_sent(
    recorder: VideoRecorder, page: Page
) -> None:
    recorder.autosave = True
    old = begin(recorder, page, *PIECES[:2])
    recorder.recording = False
    new = begin(recorder, page, b"new")
    path = recorder.path
    assert Path(path).name == "record-1.webm"
    page.say("state", id=old, status="recording", duration=9, size=9)
    page.chunk(old, 3, PIECES[2], 16)
    page.finish(old, *PIECES, duration=9)
    assert (recorder.recording, recorder.status, recorder.path) == (True, "recording", path)
    assert (recorder.duration, recorder.size) == (0.5, 3)
    assert bytes(recorder.video.value) == Path("record.webm").read_bytes() == WHOLE
    page.finish(new, b"new")
    assert (recorder.recording, recorder.status, recorder.path) == (False, "idle", path)
    assert bytes(recorder.video.value) == b"new"


def test_an_old_recording_that_fails_does_not_end_the_next(
    recorder: VideoRecorder, page: Page
) -> None:
    old = begin(recorder, page, *PIECES[:2])
    recorder.recording = False
    new = begin(recorder, page, b"new")
    page.say("answer", id=old, name="record", failure={"name": "MediaError", "message": "Oh."})
    assert (recorder.recording, recorder.status) == (True, "recording")
    page.finish(new, b"new")
    assert bytes(recorder.video.value) == b"new"


def test_a_page_that_comes_during_a_recording_is_not_asked(
    recorder: VideoRecorder, page: Page, open_page: OpenPage
) -> None:
    begin(recorder, page, *PIECES)
    other = open_page(recorder, "other")
    recorder.pause()
    assert not other.requests("record")
    assert page.requests("record")[-1]["phase"] == "pause"


# What pages get from the kernel.


def test_read_sends_the_recording_in_pieces(recorder: VideoRecorder, page: Page) -> None:
    record(recorder, page)
    page.say("read", position=7, length=9)
    piece = {"kind": "piece", "page": "page", "position": 7, "length": 9, "total": 24}
    assert page.received[-1] == piece
    assert bytes(page.buffers[-1][0]) == PIECES[1]


def test_read_sends_at_most_a_mebibyte(recorder: VideoRecorder, page: Page) -> None:
    record(recorder, page, bytes(LARGEST), b"more")
    page.say("read", position=0, length=1 << 30)
    assert len(page.buffers[-1][0]) == LARGEST
    page.say("read", position=LARGEST, length=1 << 30)
    assert bytes(page.buffers[-1][0]) == b"more"


def test_read_sends_a_large_recording_from_its_file(recorder: VideoRecorder, page: Page) -> None:
    recorder.embed_limit = 0
    record(recorder, page)
    page.say("read", position=7, length=9)
    assert (page.received[-1]["total"], bytes(page.buffers[-1][0])) == (24, PIECES[1])


def test_read_beyond_the_end_sends_nothing(recorder: VideoRecorder, page: Page) -> None:
    for limit in (0, 1000):
        recorder.embed_limit = limit
        record(recorder, page)
        page.say("read", position=24, length=9)
        assert (page.received[-1]["total"], bytes(page.buffers[-1][0])) == (24, b"")


def test_read_without_a_recording_says_that_there_is_none(page: Page) -> None:
    page.say("read", position=0, length=9)
    assert (page.received[-1]["total"], bytes(page.buffers[-1][0])) == (0, b"")


def test_read_sends_nothing_of_a_recording_that_has_not_arrived(
    recorder: VideoRecorder, page: Page
) -> None:
    begin(recorder, page, *PIECES)
    recorder.recording = False
    page.say("read", position=0, length=9)
    assert (page.received[-1]["total"], bytes(page.buffers[-1][0])) == (0, b"")


def test_each_recording_is_told_to_every_page(recorder: VideoRecorder, page: Page) -> None:
    record(recorder, page)
    record(recorder, page)
    assert recorder._recordings == 2


# Sound.


def test_an_audio_recorder_records_its_four_formats(open_page: OpenPage) -> None:
    recorder = AudioRecorder(stream=CameraStream())
    page = open_page(recorder)
    for fmt in ("webm", "ogg", "mp4", "wav"):
        recorder.format = fmt
        record(recorder, page)
        assert (bytes(recorder.audio.value), recorder.audio.format) == (WHOLE, fmt)


def test_a_video_recorder_refuses_the_formats_of_sound(recorder: VideoRecorder) -> None:
    with pytest.raises(traitlets.TraitError, match=r"'webm', 'mp4'.*'wav'"):
        recorder.format = "wav"


def test_to_numpy_reads_a_wav(open_page: OpenPage) -> None:
    recorder = AudioRecorder(stream=CameraStream(), format="wav")
    page = open_page(recorder)
    record(recorder, page, wav(np.array([[0, 16384], [-32768, 8192]]), 44_100))
    samples, rate = recorder.to_numpy()
    assert (str(samples.dtype), rate) == ("float32", 44_100)
    assert samples.tolist() == [[0, 0.5], [-1, 0.25]]


def test_to_numpy_averages_the_channels(open_page: OpenPage) -> None:
    recorder = AudioRecorder(stream=CameraStream(), format="wav")
    record(recorder, open_page(recorder), wav(np.array([[0, 16384], [-32768, 8192]]), 44_100))
    samples, _ = recorder.to_numpy(mono=True)
    assert (str(samples.dtype), samples.tolist()) == ("float32", [[0.25], [-0.375]])


def test_to_numpy_changes_the_rate(open_page: OpenPage) -> None:
    recorder = AudioRecorder(stream=CameraStream(), format="wav")
    record(recorder, open_page(recorder), wav(np.full((4800, 2), 8192), 48_000))
    samples, rate = recorder.to_numpy(sample_rate=16_000, mono=True)
    assert (samples.shape, rate) == ((1600, 1), 16_000)
    np.testing.assert_allclose(samples, 0.25, atol=1e-4)


def test_to_numpy_reads_a_large_recording_from_its_file(open_page: OpenPage) -> None:
    recorder = AudioRecorder(stream=CameraStream(), format="wav", embed_limit=0)
    record(recorder, open_page(recorder), wav(np.full((100, 1), 8192), 48_000))
    assert not recorder.audio.value
    samples, rate = recorder.to_numpy()
    assert (samples.shape, rate, float(samples[0, 0])) == ((100, 1), 48_000, 0.25)


def test_to_numpy_reads_a_wav_that_is_cut_short(open_page: OpenPage) -> None:
    recorder = AudioRecorder(stream=CameraStream(), format="wav")
    page = open_page(recorder)
    begin(recorder, page, wav(np.full((100, 2), 8192), 48_000)[: 44 + 4 * 50 + 1])
    page.say("bye")
    assert recorder.to_numpy()[0].shape == (50, 2)


def test_to_numpy_of_nothing_says_so() -> None:
    with pytest.raises(ValueError, match="Nothing is recorded yet"):
        AudioRecorder(stream=CameraStream()).to_numpy()
