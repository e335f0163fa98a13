"""Readers and ArrayStream, against a page that is played."""

from __future__ import annotations

import asyncio
import io
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import pytest
import traitlets

from ipywebrtc import (
    ArrayStream,
    AudioReader,
    CameraStream,
    Frame,
    FrameReader,
    MediaError,
    MicrophoneStream,
    NoFrontEnd,
    SourceError,
    _feed,
)

from .conftest import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from ipywebrtc import AudioBlock

    from .conftest import Page

    OpenPage = Callable[..., Page]

RED = bytes([255, 0, 0] * 6)  # 3 by 2 pixels


class Source:
    """What a page does for a reader."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.number = 0

    @property
    def request(self) -> dict[str, Any]:
        """The last request to read, as this page got it."""
        return self.page.requests("read")[-1]

    @property
    def done(self) -> list[int]:
        """The items that the kernel said it is done with."""
        return [message["done"] for message in self.page.received if message["kind"] == "next"]

    def send(self, data: bytes, *, parts: int = 1, **content: Any) -> None:
        """Send an item."""
        self.number += 1
        size = -(-len(data) // parts)
        about = {"id": self.request["id"], "number": self.number, "parts": parts}
        for part in range(parts):
            chunk = data[part * size : (part + 1) * size]
            self.page.say("data", chunk, part=part, **{"time": time.time(), **about, **content})

    def frame(self, sequence: int | None = None, **content: Any) -> None:
        """Send a frame of 3 by 2 red pixels."""
        about = {"format": "rgb", "width": 3, "height": 2, "timestamp": self.number / 20}
        number = self.number if sequence is None else sequence
        self.send(RED, **{**about, "sequence": number, **content})

    def sound(self, *levels: float, missing: int = 0, restart: bool = False) -> None:
        """Send blocks of 0.1 s, of one amplitude each."""
        samples = np.repeat(np.array(levels, np.float32), 1600)
        self.send(samples.tobytes(), size=1600, missing=missing, restart=restart)


@pytest.fixture
def reader() -> FrameReader:
    return FrameReader(stream=CameraStream())


@pytest.fixture
def source(reader: FrameReader, open_page: OpenPage) -> Source:
    return Source(open_page(reader))


def test_it_reads_while_somebody_listens(reader: FrameReader, source: Source) -> None:
    frames: list[Frame] = []
    assert source.page.requests("read") == []
    reader.on_frame(frames.append)
    assert (reader.reading, reader.status) == (True, "starting")
    source.frame()
    assert reader.latest is frames[0]
    reader.on_frame(frames.append, remove=True)
    assert (reader.reading, reader.status) == (False, "idle")
    assert source.page.received[-1]["kind"] == "cancel"


def test_latest_needs_no_callback(reader: FrameReader, source: Source) -> None:
    reader.reading = True
    source.frame()
    assert reader.latest is not None
    assert reader.latest.sequence == 0
    assert source.done == [1]


def test_a_frame_has_pixels_of_its_own(reader: FrameReader, source: Source) -> None:
    reader.reading = True
    source.frame()
    frame = reader.latest
    assert frame is not None
    array = frame.to_numpy()
    assert array.shape == (2, 3, 3)
    assert array.dtype == np.uint8
    assert (array == [255, 0, 0]).all()
    array[:] = 0
    assert frame.to_numpy().any()
    assert frame.to_pil().getpixel((0, 0)) == (255, 0, 0)
    assert repr(frame) == "<Frame 0: 3 by 2, 18 bytes of rgb>"


def test_gray_frames_have_two_dimensions(reader: FrameReader, source: Source) -> None:
    reader.reading = True
    source.send(bytes(range(6)), format="gray", width=3, height=2, sequence=0, timestamp=0)
    assert reader.latest is not None
    assert reader.latest.to_numpy().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert reader.latest.to_pil().mode == "L"


def test_encoded_frames_are_decoded(reader: FrameReader, source: Source) -> None:
    file = io.BytesIO()
    PIL.Image.new("RGB", (3, 2), "blue").save(file, "webp", lossless=True)
    reader.reading = True
    source.send(file.getvalue(), format="webp", width=3, height=2, sequence=0, timestamp=0)
    assert reader.latest is not None
    assert (reader.latest.to_numpy() == [0, 0, 255]).all()


def test_parts_are_joined_and_half_a_frame_is_none(reader: FrameReader, source: Source) -> None:
    frames: list[Frame] = []
    reader.on_frame(frames.append)
    source.frame(parts=3)
    assert frames[0].data == RED
    about = {"format": "rgb", "width": 3, "height": 2, "sequence": 1, "timestamp": 0, "time": 0}
    lost = {"id": source.request["id"], "number": 2, "parts": 2, **about}
    source.page.say("data", RED, part=1, **lost)
    assert len(frames) == 1


def test_a_copy_of_a_frame_is_taken_once(reader: FrameReader, source: Source) -> None:
    frames: list[Frame] = []
    reader.on_frame(frames.append)
    source.frame()
    source.number -= 1
    source.frame()
    assert len(frames) == 1


def test_dropped_frames_are_counted_by_their_numbers(reader: FrameReader, source: Source) -> None:
    reader.reading = True
    for sequence in (0, 1, 5, 6):
        source.frame(sequence)
    assert reader.dropped == 3
    assert reader.fps == pytest.approx(2)
    assert 0 <= reader.latency < 1


def test_the_newest_wins_while_the_kernel_is_busy(open_page: OpenPage) -> None:
    async def main() -> list[int]:
        reader = FrameReader(stream=CameraStream())
        source = Source(open_page(reader))
        numbers: list[int] = []
        reader.on_frame(lambda frame: numbers.append(frame.sequence))
        for _ in range(3):
            source.frame()
        assert numbers == []
        await until(lambda: numbers)
        assert source.done == [3]
        return numbers

    assert asyncio.run(main()) == [2]


def test_a_slow_callback_is_told_to_the_page(
    reader: FrameReader, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(1000))
    reader.reading = True
    monkeypatch.setattr("time.time", lambda: float(next(clock)))
    source.frame(time=0)
    assert source.page.received[-1]["busy"] >= 1


def test_a_callback_that_raises_stops_the_reader(
    reader: FrameReader, source: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    def divide(frame: Frame) -> float:
        return 1 / (frame.sequence - 1)

    reader.on_frame(divide)
    source.frame()
    source.frame()
    assert (reader.reading, reader.status) == (False, "error")
    assert "divide raised ZeroDivisionError" in reader.error
    printed = capsys.readouterr().err
    assert "1 / (frame.sequence - 1)" in printed
    assert "_reading.py" not in printed
    assert reader._traceback == printed
    reader.reading = True
    assert (reader.error, reader._traceback) == ("", "")


def test_a_cell_that_runs_again_replaces_its_callback(reader: FrameReader, source: Source) -> None:
    calls: list[str] = []

    def define(text: str) -> None:
        @reader.on_frame
        def show(_: Frame) -> None:
            calls.append(text)

    define("old")
    define("new")
    source.frame()
    assert calls == ["new"]


def test_a_coroutine_function_is_no_callback(reader: FrameReader) -> None:
    async def show(_: Frame) -> None: ...

    with pytest.raises(TypeError, match="async for"):
        reader.on_frame(show)


def test_a_loop_gets_the_newest_and_paces_the_page(open_page: OpenPage) -> None:
    async def main() -> None:
        reader = FrameReader(stream=CameraStream())
        source = Source(open_page(reader))
        numbers = []
        sending = asyncio.create_task(send(reader, source))
        async for frame in reader:
            numbers.append(frame.sequence)
            assert source.done == [number + 1 for number in numbers[:-1]]
            if len(numbers) == 3:
                break
        await sending
        await until(lambda: not reader.reading)
        assert numbers == [0, 1, 2]

    async def send(reader: FrameReader, source: Source) -> None:
        await until(lambda: reader.reading)
        for _ in range(3):
            await until(lambda: len(source.done) == source.number)
            source.frame()

    asyncio.run(asyncio.wait_for(main(), 10))


def test_a_loop_ends_with_the_stream(open_page: OpenPage) -> None:
    async def main() -> None:
        reader = FrameReader(stream=CameraStream())
        page = open_page(reader)
        loop = asyncio.create_task(read(reader))
        await until(lambda: page.requests("read"))
        page.answer(page.requests("read")[-1], ended=True)
        assert await loop == []
        assert (reader.reading, reader.status) == (False, "ended")

    asyncio.run(asyncio.wait_for(main(), 10))


async def read(reader: FrameReader) -> list[Frame]:
    return [frame async for frame in reader]


def test_a_loop_raises_what_stopped_the_reader(open_page: OpenPage) -> None:
    async def main() -> None:
        reader = FrameReader(stream=CameraStream())
        page = open_page(reader)
        loop = asyncio.create_task(read(reader))
        await until(lambda: page.requests("read"))
        failure = {"name": "PermissionDenied", "message": "refused"}
        page.answer(page.requests("read")[-1], failure=failure)
        with pytest.raises(MediaError, match="refused"):
            await loop
        assert (reader.status, reader.error) == ("error", "refused")

    asyncio.run(asyncio.wait_for(main(), 10))


def test_without_a_stream_it_says_so() -> None:
    reader = FrameReader()
    reader.reading = True
    assert "set its trait `stream`" in reader.error
    assert reader.reading is False
    with pytest.raises(SourceError, match="no stream"):
        asyncio.run(read(reader))


@pytest.mark.usefixtures("quick")
def test_without_a_page_it_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipywebrtc._reading.START_TIMEOUT", 0.05)

    async def main() -> None:
        reader = FrameReader(stream=CameraStream())
        with pytest.raises(NoFrontEnd, match="No open page"):
            await read(reader)

    asyncio.run(asyncio.wait_for(main(), 10))


@pytest.mark.usefixtures("quick")
def test_the_next_page_goes_on_where_the_last_one_stopped(open_page: OpenPage) -> None:
    async def main() -> None:
        reader = FrameReader(stream=CameraStream())
        first = Source(open_page(reader, "first"))
        numbers: list[int] = []
        reader.on_frame(lambda frame: numbers.append(frame.sequence))
        assert "resumed" not in first.request
        first.frame(7)
        await until(lambda: numbers)
        first.page.say("bye")
        assert reader.status == "waiting"
        second = Source(open_page(reader, "second"))
        await until(lambda: second.page.requests("read"))
        told = {name: second.request[name] for name in ("received", "sequence", "resumed")}
        assert told == {"received": 1, "sequence": 8, "resumed": True}
        first.frame(8)
        second.number = 1
        second.frame(8)
        await until(lambda: len(numbers) == 2)
        assert numbers == [7, 8]

    asyncio.run(asyncio.wait_for(main(), 10))


def test_its_traits_are_checked() -> None:
    for name, value in {"max_fps": 0, "width": 0, "format": "bmp", "quality": 2}.items():
        with pytest.raises(traitlets.TraitError, match=name):
            FrameReader(**{name: value})


@pytest.fixture
def ear() -> AudioReader:
    return AudioReader(stream=MicrophoneStream())


@pytest.fixture
def mouth(ear: AudioReader, open_page: OpenPage) -> Source:
    return Source(open_page(ear))


def test_sound_comes_in_blocks_with_positions(ear: AudioReader, mouth: Source) -> None:
    blocks: list[AudioBlock] = []
    ear.on_block(blocks.append)
    mouth.sound(0.5, 0.25)
    mouth.sound(0.1)
    assert [block.position for block in blocks] == [0, 1600, 3200]
    assert [block.samples.shape for block in blocks] == [(1600, 1)] * 3
    assert blocks[0].samples.dtype == np.float32
    assert blocks[1].time - blocks[0].time == pytest.approx(0.1)
    assert [block.level for block in blocks] == pytest.approx([-6.02, -12.04, -20], abs=0.01)
    assert ear.level == blocks[-1].level
    assert mouth.done == [1, 2]


def test_channels_lie_side_by_side(open_page: OpenPage) -> None:
    ear = AudioReader(stream=MicrophoneStream(), channels=2, block=0.01)
    mouth = Source(open_page(ear))
    ear.reading = True
    samples = np.array([[1, 2]] * 160, np.float32)
    mouth.send(samples.tobytes(), size=160, missing=0, restart=True)
    assert ear.latest is not None
    assert (ear.latest.samples == [1, 2]).all()


def test_a_gap_is_reported_and_moves_the_position(ear: AudioReader, mouth: Source) -> None:
    blocks: list[AudioBlock] = []
    ear.on_block(blocks.append)
    mouth.sound(0, restart=True)
    mouth.sound(0, missing=320)
    assert [(block.position, block.gap) for block in blocks] == [(0, 0), (1920, 320)]
    assert ear.gaps == 320


def test_silence_has_a_level(ear: AudioReader, mouth: Source) -> None:
    assert ear.level == -120
    ear.reading = True
    mouth.sound(0)
    assert ear.level == -120


def test_every_block_waits_for_a_busy_kernel(open_page: OpenPage) -> None:
    async def main() -> list[int]:
        ear = AudioReader(stream=MicrophoneStream())
        mouth = Source(open_page(ear))
        positions: list[int] = []
        ear.on_block(lambda block: positions.append(block.position))
        mouth.sound(*[0.0] * 5)
        mouth.sound(*[0.0] * 5)
        await until(lambda: len(positions) == 10)
        return positions

    assert asyncio.run(main()) == [1600 * number for number in range(10)]


def test_an_utterance_ends_with_quiet(ear: AudioReader, mouth: Source) -> None:
    utterances: list[AudioBlock] = []
    ear.on_speech(utterances.append)
    for level in (*[0] * 10, 0.5, 0, 0, 0.5, *[0] * 4):
        mouth.sound(level)
    assert ear.speaking
    assert utterances == []
    mouth.sound(0)
    assert not ear.speaking
    (utterance,) = utterances
    assert utterance.position == 8 * 1600  # 0.2 s before
    assert utterance.duration == pytest.approx(0.2 + 0.4 + 0.5)
    ear.on_speech(utterances.append, remove=True)
    assert not ear.reading


def test_what_a_speech_callback_raises_is_shown(
    ear: AudioReader, mouth: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    def transcribe(_: AudioBlock) -> None:
        message = "no model"
        raise RuntimeError(message)

    ear.hold = 0
    ear.on_speech(transcribe)
    mouth.sound(0.5, 0)
    assert "transcribe raised RuntimeError: no model" in ear.error
    assert "no model" in capsys.readouterr().err


@pytest.fixture
def stream() -> ArrayStream:
    return ArrayStream(3, 2, max_fps=None)


@pytest.fixture
def screen(stream: ArrayStream, open_page: OpenPage) -> Page:
    page = open_page(stream)
    drawn(page, 0)
    return page


def drawn(page: Page, number: int, *, is_open: bool = True) -> None:
    page.say("drawn", number=number, open=is_open)


def pictures(page: Page) -> list[dict[str, Any]]:
    return [message for message in page.received if message["kind"] == "picture"]


def test_an_array_becomes_a_picture(stream: ArrayStream, screen: Page) -> None:
    stream.write(np.full((2, 3, 3), 7, np.uint8))
    about = {"kind": "picture", "number": 1, "width": 3, "height": 2, "channels": 3}
    assert pictures(screen) == [about]
    assert screen.buffers[-1] == [bytes([7] * 18)]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.full((2, 3), 0.5), [128] * 6),
        (np.ones((2, 3), bool), [255] * 6),
        (np.array([[0, 1, 2], [-1, np.nan, 0.2]]), [0, 255, 255, 0, 0, 51]),
        (np.full((2, 3, 1), 9, np.uint8), [9] * 6),
        (np.arange(24, dtype=np.uint8).reshape(2, 3, 4), list(range(24))),
        (np.arange(36, dtype=np.uint8).reshape(2, 6, 3)[:, ::2], None),
    ],
)
def test_what_may_be_written(
    stream: ArrayStream, screen: Page, array: Any, expected: list[int] | None
) -> None:
    stream.write(array)
    assert list(screen.buffers[-1][0]) == (expected or array.ravel().tolist())


@pytest.mark.parametrize(
    ("array", "error", "words"),
    [
        (np.zeros((3, 2), np.uint8), ValueError, r"2 by 3 .*\(3, 2\).* 3 by 2"),
        (np.zeros((2, 3, 2), np.uint8), ValueError, r"shape \(2, 3, 2\)"),
        (np.zeros(6, np.uint8), ValueError, r"shape \(6,\)"),
        (np.zeros((2, 3), np.int64), TypeError, "dtype int64"),
    ],
)
def test_what_can_not_be_written(
    stream: ArrayStream, array: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        stream.write(array)


def test_the_first_array_gives_the_size() -> None:
    stream = ArrayStream()
    stream.write(np.zeros((2, 3)))
    assert (stream.width, stream.height) == (3, 2)


def test_two_pictures_are_on_the_way_and_the_newest_waits(open_page: OpenPage) -> None:
    async def main() -> None:
        stream = ArrayStream(1, 1, max_fps=None)
        page = open_page(stream)
        drawn(page, 0)
        for gray in range(5):
            stream.write(np.full((1, 1), gray, np.uint8))
            await asyncio.sleep(0)
        assert len(pictures(page)) == 2
        assert stream.dropped == 2
        drawn(page, 1)
        assert len(pictures(page)) == 3
        assert page.buffers[-1] == [bytes([4])]

    asyncio.run(main())


def test_max_fps_is_kept(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        stream = ArrayStream(1, 1, max_fps=10)
        page = open_page(stream)
        drawn(page, 0)
        monkeypatch.setattr(_feed, "BLIND", -1)
        for _ in range(3):
            stream.write(np.zeros((1, 1)))
        assert len(pictures(page)) == 1
        await until(lambda: len(pictures(page)) == 2)

    asyncio.run(asyncio.wait_for(main(), 10))


def test_a_page_that_comes_late_gets_the_last_picture(
    stream: ArrayStream, open_page: OpenPage
) -> None:
    stream.write(np.zeros((2, 3)))
    page = open_page(stream)
    assert pictures(page) == []
    drawn(page, 0)
    assert len(pictures(page)) == 1


def test_sound_is_sent_as_floats(stream: ArrayStream, screen: Page) -> None:
    stream.write_audio(np.array([0, 16384], np.int16), 8000)
    message = {"kind": "sound", "channels": 1, "sample_rate": 8000}
    assert screen.received[-1] == message
    assert np.frombuffer(screen.buffers[-1][0], "<f4").tolist() == [0, 0.5]
    with pytest.raises(ValueError, match="16000, and was 8000"):
        stream.write_audio([0.0], 16000)
    with pytest.raises(ValueError, match="shape"):
        stream.write_audio(np.zeros((1, 2, 3)), 8000)
    with pytest.raises(TypeError, match="int64"):
        stream.write_audio(np.zeros(3, np.int64), 8000)


def test_process_reads_while_its_result_is_open(open_page: OpenPage) -> None:
    result = ArrayStream.process(CameraStream(), lambda pixels: 255 - pixels, format="rgb")
    reader = result.reader
    assert reader is not None
    source, page = Source(open_page(reader)), open_page(result)
    assert not reader.reading
    drawn(page, 0)
    assert reader.reading
    source.frame()
    assert page.buffers[-1] == [bytes([0, 255, 255] * 6)]
    drawn(page, 1, is_open=False)
    assert not reader.reading


def test_what_the_function_raises_is_shown_by_the_result(
    open_page: OpenPage, capsys: pytest.CaptureFixture[str]
) -> None:
    result = ArrayStream.process(CameraStream(), lambda pixels: pixels.ravel())
    assert result.reader is not None
    source, page = Source(open_page(result.reader)), open_page(result)
    drawn(page, 0)
    source.frame()
    assert page.received[-1]["kind"] == "said"
    assert "ValueError" in page.received[-1]["text"]
    assert "the array has the shape" in capsys.readouterr().err
    drawn(page, 0)
    assert not result.reader.reading
