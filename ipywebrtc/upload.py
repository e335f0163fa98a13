"""Receives a recording while it is made, piece by piece, into a file.

The page's end is `js/lib/upload.ts`. A recording is a row of chunks, numbered from 0; each is
written where it belongs, so that a format may correct its header at the end:

=========================================================  =========================================
page → kernel                                              means
=========================================================  =========================================
`{kind: "chunk", page, id, seq: 0, format, unasked}`       recording `id` begins; `unasked` when the
                                                           button began it
`{kind: "chunk", page, id, seq, part, position, length}`   and the bytes of it, at most 1 MiB
`{kind: "probe", page, id, number}`                        which chunks are here?
`{kind: "answer", page, id, chunks, size, …}`              that was all (see `_media.py`)
=========================================================  =========================================

=========================================================  =========================================
kernel → page                                              means
=========================================================  =========================================
`{kind: "upload", page, id, next}`                         all chunks before `next` are on disk
`{kind: "upload", page, id, next, number}`                 the same, in reply to a probe
`{kind: "upload", page, id, refused}`                      a sentence; nothing more is taken
=========================================================  =========================================

A page has at most `WINDOW` chunks under way. One that comes twice is acknowledged again and not
written again. One that comes early waits for those before it. When no word comes for a while the
page does not send its chunks again, as the kernel may only be busy, but a probe, which follows them
on the same way: if its reply lacks chunks, then they are lost, and are sent again. So a connection
that was cut goes on where it was.

A chunk of a higher `part` begins the file anew, beside the one that is there; the last part takes
its place when it is complete.
"""

from __future__ import annotations

import io
import os
import reprlib
import threading
from typing import TYPE_CHECKING, Any

from ipywebrtc._shapes import Malformed, whole
from ipywebrtc.errors import UploadError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 1 << 20
"""Bytes of a chunk at most: far from the 10 MiB at which Jupyter closes the connection."""

WINDOW = 8
"""Chunks that a page may have under way."""


class Upload:
    """A file that grows by chunks, in their order, whatever order they come in.

    It is usable from several threads, as messages come on any.

    Args:
        path: Where to write; there must be no file yet.
        private: Whether nobody but its owner may read it.

    Raises:
        OSError: The file can't be made.
    """

    def __init__(self, path: Path, *, private: bool = False) -> None:
        self.path = path
        self._mode = 0o600 if private else 0o666  # less the umask
        self.next = 1
        """The number of the first chunk that is missing."""
        self.size = 0
        """Bytes of the file, as far as it is written."""
        self._part = 0
        self._file = self._made(path)
        self._early: dict[int, tuple[dict[str, Any], memoryview]] = {}
        self._lock = threading.Lock()

    def take(self, chunk: dict[str, Any], data: memoryview) -> None:
        """Write a chunk, and those that waited for it.

        Raises:
            UploadError: It is not what it says, or does not fit what is there. Nothing is written.
            OSError: The disk is full, for example.
        """
        seq, length = _whole(chunk, "seq"), _whole(chunk, "length")
        _whole(chunk, "position")
        _whole(chunk, "part")
        if length != data.nbytes or length > LARGEST:
            message = f"Chunk {seq} says {length} bytes and has {data.nbytes} (at most {LARGEST})."
            raise UploadError(message)
        with self._lock:
            if seq < self.next:
                return
            if seq >= self.next + WINDOW:
                message = f"Chunk {seq} is too far ahead: {self.next} is the next."
                raise UploadError(message)
            self._early[seq] = chunk, data
            while self.next in self._early:
                self._write(*self._early.pop(self.next))
                self.next += 1

    def finish(self, chunks: int, size: int) -> None:
        """Check that all is there, and close the file.

        Raises:
            UploadError: Something is missing.
        """
        with self._lock:
            self._file.close()
            if (self.next, self.size) != (chunks, size):
                message = (
                    f"The recording is not whole: {self.size} of {size} bytes arrived, "
                    f"in {self.next} of {chunks} chunks."
                )
                raise UploadError(message)
            if self._part:
                self._path_of(self._part).replace(self.path)

    def cut(self) -> None:
        """Close the file with what is there, and nothing of the chunk that failed."""
        with self._lock:
            if not self._file.closed:
                self._file.truncate(self.size)
                self._file.close()
            if self._part:
                # The first part is complete; what was to take its place is not.
                self._path_of(self._part).unlink(missing_ok=True)
                self.size = self.path.stat().st_size

    def _write(self, chunk: dict[str, Any], data: memoryview) -> None:
        part, position = chunk["part"], chunk["position"]
        size = 0 if part > self._part else self.size
        if part < self._part or position > size:
            message = f"Chunk {chunk['seq']} has no place: {position} in a file of {size} bytes."
            raise UploadError(message)
        if part > self._part:
            self._file.close()
            if self._part:
                self._path_of(self._part).unlink()
            self._part, self.size = part, 0
            self._file = self._made(self._path_of(part))
        self._file.seek(position)
        written = 0
        while written < data.nbytes:
            written += self._file.write(data[written:])
        self.size = max(self.size, position + data.nbytes)

    def _made(self, path: Path) -> io.FileIO:
        # "x" never follows a link that somebody has put there.
        return io.FileIO(path, "x", opener=lambda name, flags: os.open(name, flags, self._mode))

    def _path_of(self, part: int) -> Path:
        return self.path.with_name(f"{self.path.name}.part{part}")


def _whole(chunk: dict[str, Any], name: str) -> int:
    value = chunk.get(name)
    try:
        return int(whole()(value))
    except Malformed:
        message = f"A chunk has no {name}: {reprlib.repr(value)} is no whole number."
        raise UploadError(message) from None
