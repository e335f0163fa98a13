"""The file that grows by chunks, as `upload.py` describes it."""

from __future__ import annotations

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from ipywebrtc import UploadError
from ipywebrtc.upload import LARGEST, WINDOW, Upload

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def upload(tmp_path: Path) -> Iterator[Upload]:
    upload = Upload(tmp_path / "record.webm")
    yield upload
    upload._file.close()


def send(upload: Upload, seq: int, data: bytes, position: int, **content: Any) -> None:
    chunk = {"seq": seq, "part": 0, "position": position, "length": len(data)}
    upload.take({**chunk, **content}, memoryview(data))


def names(upload: Upload) -> list[str]:
    return sorted(path.name for path in upload.path.parent.iterdir())


def test_chunks_in_order_make_the_file(upload: Upload) -> None:
    send(upload, 1, b"one", 0)
    send(upload, 2, b"two", 3)
    upload.finish(3, 6)
    assert upload.path.read_bytes() == b"onetwo"


def test_what_was_taken_is_on_disk_at_once(upload: Upload) -> None:
    send(upload, 1, b"one", 0)
    assert (upload.path.read_bytes(), upload.next, upload.size) == (b"one", 2, 3)


def test_a_file_that_is_there_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "record.webm").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        Upload(tmp_path / "record.webm")
    assert (tmp_path / "record.webm").read_bytes() == b"mine"


def test_a_chunk_that_comes_twice_is_not_written_again(upload: Upload) -> None:
    send(upload, 1, b"one", 0)
    send(upload, 1, b"ONE", 0)
    assert (upload.path.read_bytes(), upload.next) == (b"one", 2)


def test_a_chunk_that_comes_early_waits_for_those_before(upload: Upload) -> None:
    send(upload, 3, b"three", 6)
    send(upload, 2, b"two", 3)
    assert (upload.path.read_bytes(), upload.next) == (b"", 1)
    send(upload, 1, b"one", 0)
    assert (upload.path.read_bytes(), upload.next) == (b"onetwothree", 4)


def test_a_chunk_beyond_the_window_is_refused(upload: Upload) -> None:
    send(upload, WINDOW, b"the last that may come", 0)
    with pytest.raises(UploadError, match="too far ahead: 1 is the next"):
        send(upload, WINDOW + 1, b"too early", 0)


def test_a_chunk_may_write_over_what_is_there(upload: Upload) -> None:
    send(upload, 1, b"??????", 0)
    send(upload, 2, b"tail", 6)
    send(upload, 3, b"header", 0)
    upload.finish(4, 10)
    assert upload.path.read_bytes() == b"headertail"


def test_a_chunk_may_begin_within_the_file_and_lengthen_it(upload: Upload) -> None:
    send(upload, 1, b"abcdef", 0)
    send(upload, 2, b"DEFGHI", 3)
    upload.finish(3, 9)
    assert upload.path.read_bytes() == b"abcDEFGHI"


def test_a_hole_is_refused(upload: Upload) -> None:
    send(upload, 1, b"one", 0)
    with pytest.raises(UploadError, match="no place: 4 in a file of 3 bytes"):
        send(upload, 2, b"two", 4)
    assert (upload.path.read_bytes(), upload.next, upload.size) == (b"one", 2, 3)


def test_a_lower_part_is_refused(upload: Upload) -> None:
    send(upload, 1, b"one", 0, part=1)
    with pytest.raises(UploadError, match="no place"):
        send(upload, 2, b"two", 0, part=0)
    assert (upload.path.with_name("record.webm.part1")).read_bytes() == b"one"


def test_a_chunk_of_the_largest_length_is_taken(upload: Upload) -> None:
    send(upload, 1, bytes(LARGEST), 0)
    assert upload.size == LARGEST


def test_a_chunk_that_lies_about_its_length_is_refused(upload: Upload) -> None:
    send(upload, 1, b"one", 0)
    for length in (2, 4, 0):
        with pytest.raises(UploadError, match=f"says {length} bytes and has 3"):
            send(upload, 2, b"two", 3, length=length)
    assert (upload.path.read_bytes(), upload.next) == (b"one", 2)


def test_a_chunk_of_more_than_a_mebibyte_is_refused(upload: Upload) -> None:
    with pytest.raises(UploadError, match="at most 1048576"):
        send(upload, 1, bytes(LARGEST + 1), 0)
    assert (upload.path.read_bytes(), upload.next) == (b"", 1)


def test_numbers_that_are_none_are_refused(upload: Upload) -> None:
    send(upload, 1, b"one", 0)
    chunk = {"seq": 2, "part": 0, "position": 3, "length": 3}
    for name in chunk:
        for wrong in (-1, True, "2", 2.0, None, [2]):
            with pytest.raises(UploadError, match=f"has no {name}"):
                upload.take({**chunk, name: wrong}, memoryview(b"two"))
    assert (upload.path.read_bytes(), upload.next) == (b"one", 2)


def test_a_chunk_without_a_number_is_refused(upload: Upload) -> None:
    chunk = {"seq": 1, "part": 0, "position": 0, "length": 3}
    for name in chunk:
        lacking = {key: value for key, value in chunk.items() if key != name}
        with pytest.raises(UploadError, match=f"has no {name}: None"):
            upload.take(lacking, memoryview(b"one"))
    assert (upload.path.read_bytes(), upload.next) == (b"", 1)


def test_a_refused_chunk_can_come_again_as_it_should_be(upload: Upload) -> None:
    with pytest.raises(UploadError):
        send(upload, 1, b"one", 5)
    send(upload, 1, b"one", 0)
    assert upload.path.read_bytes() == b"one"


def test_an_end_that_says_another_size_is_refused(upload: Upload) -> None:
    send(upload, 1, b"one", 0)
    with pytest.raises(UploadError, match=r"not whole: 3 of 4 bytes"):
        upload.finish(2, 4)


def test_an_end_that_says_more_chunks_is_refused(upload: Upload) -> None:
    send(upload, 1, b"one", 0)
    with pytest.raises(UploadError, match=r"in 2 of 3 chunks"):
        upload.finish(3, 3)


def test_after_a_refused_end_what_arrived_is_there(upload: Upload) -> None:
    send(upload, 1, b"one", 0)
    with pytest.raises(UploadError):
        upload.finish(3, 6)
    upload.cut()
    assert (upload.path.read_bytes(), upload.size) == (b"one", 3)


def test_an_empty_recording_is_whole(upload: Upload) -> None:
    upload.finish(1, 0)
    assert upload.path.read_bytes() == b""


def test_a_part_takes_the_place_of_the_file(upload: Upload) -> None:
    send(upload, 1, b"a file without its length", 0)
    send(upload, 2, b"one ", 0, part=1)
    send(upload, 3, b"with it", 4, part=1)
    upload.finish(4, 11)
    assert upload.path.read_bytes() == b"one with it"
    assert names(upload) == ["record.webm"]


def test_until_a_part_is_complete_the_first_is_there(upload: Upload) -> None:
    send(upload, 1, b"first", 0)
    send(upload, 2, b"sec", 0, part=1)
    assert upload.path.read_bytes() == b"first"


def test_a_part_that_is_cut_leaves_the_first(upload: Upload) -> None:
    send(upload, 1, b"first", 0)
    send(upload, 2, b"second, and longer", 0, part=1)
    upload.cut()
    assert (upload.path.read_bytes(), upload.size) == (b"first", 5)
    assert names(upload) == ["record.webm"]


def test_a_part_of_a_wrong_size_leaves_the_first(upload: Upload) -> None:
    send(upload, 1, b"first", 0)
    send(upload, 2, b"sec", 0, part=1)
    with pytest.raises(UploadError):
        upload.finish(3, 6)
    upload.cut()
    assert upload.path.read_bytes() == b"first"
    assert names(upload) == ["record.webm"]


def test_a_third_part_takes_the_place_of_both(upload: Upload) -> None:
    send(upload, 1, b"first", 0)
    send(upload, 2, b"second", 0, part=1)
    send(upload, 3, b"third", 0, part=2)
    upload.finish(4, 5)
    assert upload.path.read_bytes() == b"third"
    assert names(upload) == ["record.webm"]


def test_a_part_that_begins_with_a_hole_is_refused(upload: Upload) -> None:
    send(upload, 1, b"first", 0)
    with pytest.raises(UploadError, match="no place: 5 in a file of 0 bytes"):
        send(upload, 2, b"second", 5, part=1)
    assert names(upload) == ["record.webm"]


def test_chunks_from_many_threads_in_any_order_make_the_file(upload: Upload) -> None:
    chance = random.Random(1)  # noqa: S311 - no secret
    pieces = [chance.randbytes(100 + number) for number in range(400)]
    starts = [sum(map(len, pieces[:number])) for number in range(400)]
    with ThreadPoolExecutor(16) as pool:
        for begin in range(0, 400, WINDOW):
            numbers = [*range(begin, begin + WINDOW)] * 2
            chance.shuffle(numbers)
            # As a page does, which waits for the acknowledgement; each comes twice.
            [*pool.map(lambda n: send(upload, n + 1, pieces[n], starts[n]), numbers)]
    upload.finish(401, sum(map(len, pieces)))
    assert upload.path.read_bytes() == b"".join(pieces)


FULL_DISK = """
import pathlib, resource, signal, sys
from ipywebrtc.upload import Upload

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2500, resource.RLIM_INFINITY))
upload = Upload(pathlib.Path(sys.argv[1]))
for seq in range(1, 5):
    chunk = {"seq": seq, "part": 0, "position": 1000 * (seq - 1), "length": 1000}
    try:
        upload.take(chunk, memoryview(bytes([seq]) * 1000))
    except OSError as error:
        print(upload.next, upload.size, error.strerror)
        break
upload.cut()
"""


def test_a_full_disk_is_told_and_what_was_acknowledged_is_there(tmp_path: Path) -> None:
    path = tmp_path / "record.webm"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, path], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "3 2000 File too large"
    assert path.read_bytes()[:2000] == b"\1" * 1000 + b"\2" * 1000
