"""Makes a file playable that was cut short while it was written.

MP4 (fragmented) and Ogg need nothing: players pass over an unfinished end. WebM and WAV have sizes
that are known only at the end.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

# EBML element ids (RFC 8794, RFC 9559).
SEGMENT, CLUSTER, INFO, DURATION = 0x18538067, 0x1F43B675, 0x1549A966, 0x4489
TOP_LEVEL = {CLUSTER, INFO, 0x114D9B74, 0x1654AE6B, 0x1C53BB6B, 0x1254C367, 0xEC}
"""What may stand in a segment: also SeekHead, Tracks, Cues, Tags and Void."""


def mend(path: Path, fmt: str, duration: float) -> None:
    """Correct the sizes in a file that was cut short, in place.

    Args:
        path: The file.
        fmt: `webm` or `wav`; all others are left as they are.
        duration: Seconds that it holds, as far as that is known; WebM says it in its header.
    """
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        if fmt == "wav":
            _mend_wav(file, size)
        elif fmt == "webm":
            _mend_webm(file, size, duration)


def _mend_wav(file: BinaryIO, size: int) -> None:
    file.seek(0)
    head = file.read(256)
    data = head.find(b"data")
    if data < 0:
        return
    file.seek(4)
    file.write(struct.pack("<I", size - 8))
    file.seek(data + 4)
    file.write(struct.pack("<I", size - data - 8))


def _mend_webm(file: BinaryIO, size: int, duration: float) -> None:
    file.seek(0)
    _, length, _ = _element(file)
    file.seek(length, 1)
    identity, _, width = _element(file)
    if identity != SEGMENT:
        return
    start = file.tell()
    _write_size(file, start - width, width, size - start)
    while file.tell() < size:
        identity, length, width = _element(file)
        content = file.tell()
        if identity == INFO:
            _write_duration(file, content + length, duration)
        elif identity == CLUSTER and not _follows(file, content + length, size):
            _write_size(file, content - width, width, size - content)
            return
        elif identity not in TOP_LEVEL:
            return
        file.seek(content + length)


def _write_duration(file: BinaryIO, end: int, duration: float) -> None:
    while file.tell() < end:
        identity, length, _ = _element(file)
        if identity == DURATION and length == 8:  # noqa: PLR2004 - a float64, in milliseconds
            file.write(struct.pack(">d", 1000 * duration))
        else:
            file.seek(length, 1)


def _follows(file: BinaryIO, position: int, size: int) -> bool:
    """Whether an element of a segment begins at a position, or the file ends there."""
    file.seek(position)
    return position == size or (position < size and _element(file)[0] in TOP_LEVEL)


def _element(file: BinaryIO) -> tuple[int, int, int]:
    """Read the head of an element: its id, its size, and how many bytes tell the size."""
    identity = _number(file, keep_marker=True)[0]
    length, width = _number(file, keep_marker=False)
    return identity, length, width


def _number(file: BinaryIO, *, keep_marker: bool) -> tuple[int, int]:
    first = (file.read(1) or b"\xff")[0]
    width = 9 - first.bit_length()
    if not keep_marker:
        first &= (1 << (8 - width)) - 1 if width <= 8 else 0  # noqa: PLR2004 - bits of a byte
    rest = file.read(width - 1)
    return int.from_bytes(bytes([first]) + rest, "big"), width


def _write_size(file: BinaryIO, position: int, width: int, size: int) -> None:
    after = file.tell()
    file.seek(position)
    file.write(((1 << (7 * width)) | size).to_bytes(width, "big"))
    file.seek(after)
