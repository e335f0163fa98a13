"""Makes a file playable that was cut short while it was written.

MP4 (fragmented) and Ogg need nothing: players pass over an unfinished end. WebM and WAV have sizes
that are known only at the end. A page may have written anything into the file, so the work is
limited.
"""

from __future__ import annotations

import contextlib
import struct
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

# EBML element ids (RFC 8794, RFC 9559).
EBML, SEGMENT, CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
INFO, DURATION = 0x1549A966, 0x4489
TOP_LEVEL = {CLUSTER, INFO, 0x114D9B74, 0x1654AE6B, 0x1C53BB6B, 0x1254C367, 0xEC}
"""What may stand in a segment: also SeekHead, Tracks, Cues, Tags and Void."""
MOST_ELEMENTS = 200_000
"""Heads of elements that are read, in a second or so. A recording of a day has 172 800: one cluster
each second, whose head is read twice."""
FRAME_SIZE = 20
"""Where the chunk `fmt ` of a WAV has the bytes of a frame, from its name on."""


class _Unreadable(Exception):
    """There is no more to read, or none that is understood."""


def mend(path: Path, fmt: str, duration: float) -> None:
    """Correct the sizes in a file that was cut short, in place.

    What is no such file, is cut within its header, or has more elements than a recording of a day
    is left as it is.

    Args:
        path: The file.
        fmt: `webm` or `wav`; all others are left as they are.
        duration: Seconds that it holds, as far as that is known; WebM says it in its header.
    """
    with path.open("r+b") as file, contextlib.suppress(_Unreadable):
        size = file.seek(0, 2)
        file.seek(0)
        if fmt == "wav":
            _mend_wav(file, size)
        elif fmt == "webm":
            _Webm(file, size).mend(duration)


def _mend_wav(file: BinaryIO, size: int) -> None:
    head = file.read(256)
    layout, data = head.find(b"fmt "), head.find(b"data")
    if not head.startswith(b"RIFF") or size >= 1 << 32:
        return
    if not 0 < layout <= data - FRAME_SIZE - 2 or data > len(head) - 8:
        return
    (frame,) = struct.unpack_from("<H", head, layout + FRAME_SIZE)
    length = size - data - 8
    file.seek(4)
    file.write(struct.pack("<I", size - 8))
    file.seek(data + 4)
    file.write(struct.pack("<I", length - length % (frame or 1)))


class _Webm:
    """A WebM file that is read element by element.

    Args:
        file: The file, at its beginning.
        size: Its bytes.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size = file, size
        self._elements = 0

    def mend(self, duration: float) -> None:
        """Correct the sizes, as far as the file is understood."""
        file, size = self._file, self._size
        identity, length, _ = self._element()
        if identity != EBML:
            return
        self._go(file.tell() + length, size)
        identity, _, width = self._element()
        if identity != SEGMENT:
            return
        start = file.tell()
        _write_size(file, start - width, width, size - start)
        while file.tell() < size:
            identity, length, width = self._element()
            content = file.tell()
            if identity == CLUSTER:
                if length == _unknown(width):
                    return  # MediaRecorder's, which players read up to the end.
                if not self._follows(content + length):
                    _write_size(file, content - width, width, size - content)
                    return
            elif identity not in TOP_LEVEL or content + length > size:
                return
            elif identity == INFO:
                self._write_duration(content + length, duration)
            self._go(content + length, size)

    def _write_duration(self, end: int, duration: float) -> None:
        file = self._file
        while file.tell() < end:
            identity, length, _ = self._element()
            content = file.tell()
            self._go(content + length, end)
            if identity == DURATION and length == 8:  # noqa: PLR2004 - a float64, in milliseconds
                file.seek(content)
                file.write(struct.pack(">d", 1000 * duration))

    def _follows(self, position: int) -> bool:
        """Whether an element of a segment begins at a position, or the file ends there."""
        if position >= self._size:
            return position == self._size
        self._file.seek(position)
        return self._element()[0] in TOP_LEVEL

    def _element(self) -> tuple[int, int, int]:
        """Read the head of an element: its id, its size, and how many bytes tell the size."""
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise _Unreadable
        identity = self._number(keep_marker=True)[0]
        length, width = self._number(keep_marker=False)
        return identity, length, width

    def _number(self, *, keep_marker: bool) -> tuple[int, int]:
        first = self._file.read(1)
        if first in {b"", b"\0"}:
            raise _Unreadable
        width = 9 - first[0].bit_length()
        rest = self._file.read(width - 1)
        if len(rest) < width - 1:
            raise _Unreadable
        number = int.from_bytes(first + rest, "big")
        return number if keep_marker else number & _unknown(width), width

    def _go(self, position: int, end: int) -> None:
        if position > end:
            raise _Unreadable
        self._file.seek(position)


def _unknown(width: int) -> int:
    """Return the largest number of so many bytes, which means that a size is not known."""
    return (1 << (7 * width)) - 1


def _write_size(file: BinaryIO, position: int, width: int, size: int) -> None:
    if size >= _unknown(width):
        return
    after = file.tell()
    file.seek(position)
    file.write(((1 << (7 * width)) | size).to_bytes(width, "big"))
    file.seek(after)
