"""Files that were cut short are made playable."""

from __future__ import annotations

import io
import struct
import wave
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from ipywebrtc._mend import mend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEGMENT, INFO, CLUSTER, TIMESTAMP, BLOCK = 0x18538067, 0x1549A966, 0x1F43B675, 0xE7, 0xA3
DURATION = b"\x44\x89\x88"
UNKNOWN = b"\x01" + 7 * b"\xff"


def webm(frames: int = 60) -> bytes:
    """Make a video of 30 frames a second, with a cluster for every ten frames."""
    file = io.BytesIO()
    options = {"cluster_time_limit": "330"}
    with av.open(file, "w", format="webm", options=options) as container:
        stream: Any = container.add_stream("libvpx", rate=30)
        stream.width, stream.height = 64, 48
        stream.options = {"deadline": "realtime", "auto-alt-ref": "0", "lag-in-frames": "0"}
        for number in range(frames):
            picture = np.full((48, 64, 3), 4 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def elements(data: bytes, begin: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """List the elements of EBML: id, and where size, content and end are."""
    while begin < end:
        width = 9 - data[begin].bit_length()
        identity, begin = int.from_bytes(data[begin : begin + width], "big"), begin + width
        width = 9 - data[begin].bit_length()
        number = int.from_bytes(data[begin : begin + width], "big")
        content = begin + width
        length = number & ((1 << (7 * width)) - 1)
        yield identity, begin, content, content + length
        begin = content + length


def number(value: int, width: int) -> bytes:
    return ((1 << (7 * width)) | value).to_bytes(width, "big")


class Cut:
    """A WebM file as Mediabunny leaves it, when it is cut short while it writes."""

    def __init__(self, whole: bytes, end: int) -> None:
        data = bytearray(whole[:end])
        _, (_, size, start, _) = elements(whole, 0, len(whole))
        data[size:start] = number(40, start - size)
        at = data.index(DURATION) + 3
        data[at : at + 8] = bytes(8)
        self.frames = 0
        """Frames that are there completely."""
        for identity, size, content, finish in elements(whole, start, len(whole)):
            if identity != CLUSTER or content > end:
                continue
            inside = [*elements(whole, content, finish)]
            self.frames += sum(id_ == BLOCK and stop <= end for id_, _, _, stop in inside)
            if finish > end:
                data[size:content] = number(inside[0][3] - content, content - size)
        self.data = bytes(data)


def clusters(data: bytes) -> list[tuple[int, int, int, int]]:
    _, (_, _, content, end) = elements(data, 0, len(data))
    return [element for element in elements(data, content, end) if element[0] == CLUSTER]


def played(path: Path) -> list[float]:
    """Decode a video: the time of each frame."""
    with av.open(str(path)) as container:
        return [float(frame.time or 0) for frame in container.decode(video=0)]


@pytest.fixture(scope="module")
def whole() -> bytes:
    return webm()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record"


def mended(path: Path, data: bytes, fmt: str = "webm", duration: float = 1.5) -> bytes:
    path.write_bytes(data)
    mend(path, fmt, duration)
    return path.read_bytes()


def test_wherever_a_webm_is_cut_all_its_frames_play(whole: bytes, path: Path) -> None:
    _, _, third, fourth, *_ = clusters(whole)
    middle = (third[2] + third[3]) // 2
    for end in (middle, middle + 1, third[3] - 1, fourth[2] + 3, fourth[2] + 9, len(whole) - 200):
        cut = Cut(whole, end)
        assert cut.frames >= 20
        mended(path, cut.data)
        times = played(path)
        assert len(times) == cut.frames
        assert times == pytest.approx([number / 30 for number in range(cut.frames)], abs=0.002)


def test_a_webm_that_is_cut_between_two_clusters_plays(whole: bytes, path: Path) -> None:
    cut = Cut(whole, clusters(whole)[2][3])
    mended(path, cut.data)
    assert len(played(path)) == cut.frames == 30


def test_a_webm_that_is_cut_in_the_head_of_a_cluster_plays(whole: bytes, path: Path) -> None:
    start = clusters(whole)[2][3]
    for length in range(1, 12):
        cut = Cut(whole, start + length)
        mended(path, cut.data)
        assert len(played(path)) == cut.frames == 30


def test_a_webm_says_the_duration_it_is_given(whole: bytes, path: Path) -> None:
    mended(path, Cut(whole, len(whole) - 200).data, duration=1.5)
    with av.open(str(path)) as container:
        assert container.duration == 1_500_000


def test_a_mended_webm_can_be_sought(whole: bytes, path: Path) -> None:
    mended(path, Cut(whole, len(whole) - 200).data)
    with av.open(str(path)) as container:
        container.seek(1_000_000)
        frame = next(container.decode(video=0))
    assert frame.width == 64


def test_the_sizes_of_a_webm_end_with_the_file(whole: bytes, path: Path) -> None:
    data = mended(path, Cut(whole, len(whole) - 200).data)
    _, segment = elements(data, 0, len(data))
    assert segment[3] == len(data)
    assert clusters(data)[-1][3] == len(data)


def test_a_webm_of_unknown_sizes_plays_as_before(whole: bytes, path: Path) -> None:
    # As MediaRecorder writes it.
    _, (_, size, begin, _) = elements(whole, 0, len(whole))
    pieces = [whole[:size], UNKNOWN]
    for identity, size, content, end in elements(whole, begin, len(whole)):
        told = UNKNOWN if identity == CLUSTER else whole[size:content]
        pieces += [whole[begin:size], told, whole[content:end]]
        begin = end
    path.write_bytes(b"".join(pieces)[:-300])
    before = played(path)
    mend(path, "webm", 1.5)
    assert played(path) == before
    assert len(before) > 40


def test_a_webm_with_a_header_alone_is_left_valid(whole: bytes, path: Path) -> None:
    data = mended(path, Cut(whole, clusters(whole)[0][1] - 4).data)
    _, (_, _, content, end) = elements(data, 0, len(data))
    assert end == [*elements(data, content, end)][-1][3] == len(data)


def test_a_complete_webm_still_plays(whole: bytes, path: Path) -> None:
    mended(path, whole, duration=2)
    assert len(played(path)) == 60


def test_a_webm_cut_anywhere_raises_nothing_and_keeps_its_length(whole: bytes, path: Path) -> None:
    for end in range(0, len(whole), 7):
        assert len(mended(path, whole[:end])) == end


def test_rubbish_raises_nothing_and_is_left_as_it_is(path: Path) -> None:
    heads = (
        b"",
        b"\x00",
        b"\xff" * 20,
        bytes(40),
        b"\x01" * 40,
        b"\x1a\x45\xdf\xa3",
        b"RIFF",
        b"data",
        b"no such thing as a recording, data of another kind",
        bytes(range(256)),
        bytes(reversed(range(256))),
    )
    for fmt in ("webm", "wav", "ogg", "mp4"):
        for head in heads:
            for tail in (b"", b"\x00" * 300, b"\xff" * 300):
                assert mended(path, head + tail, fmt) == head + tail


def test_a_size_too_large_for_its_place_raises_nothing(path: Path) -> None:
    header = b"\x1a\x45\xdf\xa3\x80"
    segment = SEGMENT.to_bytes(4, "big")
    for size in (b"\xff", b"\x81", b"\x00" + 8 * b"\xff", UNKNOWN):
        data = header + segment + size + INFO.to_bytes(4, "big") + b"\x00" + 400 * b"\xee"
        assert len(mended(path, data)) == len(data)


def wav(frames: int, size: int | None = None) -> bytes:
    """Make a stereo file that says a size of samples, or the true one."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((2, 2, 48_000, 0, "NONE", ""))
        sound.writeframes(np.arange(2 * frames, dtype="<i2").tobytes())
    data = bytearray(file.getvalue())
    if size is not None:
        data[4:8], data[40:44] = struct.pack("<I", 36 + size), struct.pack("<I", size)
    return bytes(data)


def test_a_wav_that_is_cut_has_all_its_frames(path: Path) -> None:
    for wrong in (0, 100, 0xFFFFFFDB):
        mended(path, wav(1000, wrong)[: 44 + 4 * 700], "wav")
        with wave.open(str(path), "rb") as sound:
            assert sound.getnframes() == 700
            assert sound.readframes(1000) == wav(1000)[44 : 44 + 4 * 700]


def test_a_wav_that_is_cut_within_a_frame_has_those_before(path: Path) -> None:
    for more in (1, 2, 3):
        mended(path, wav(1000, 0)[: 44 + 4 * 700 + more], "wav")
        with wave.open(str(path), "rb") as sound:
            assert sound.getnframes() == 700
            assert len(sound.readframes(1000)) == 4 * 700


def test_pyav_reads_a_mended_wav(path: Path) -> None:
    mended(path, wav(1000, 0)[: 44 + 4 * 700], "wav")
    with av.open(str(path)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == 700


def test_a_complete_wav_is_left_as_it_is(path: Path) -> None:
    assert mended(path, wav(100), "wav") == wav(100)


def test_a_wav_that_is_cut_in_its_header_raises_nothing(path: Path) -> None:
    for end in range(44):
        assert len(mended(path, wav(10)[:end], "wav")) == end


def test_the_other_formats_are_left_as_they_are(whole: bytes, path: Path) -> None:
    for fmt in ("mp4", "ogg"):
        assert mended(path, whole[:500], fmt) == whole[:500]
