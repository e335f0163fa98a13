"""A complete recording in a file, which is read by its handle and never by its name."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class RecordingFile:
    """The file of a recording. What becomes of its name meanwhile is no matter.

    Args:
        path: The file.
        temporary: Whether it is removed when it is closed.

    Raises:
        OSError: The file can't be opened.
    """

    def __init__(self, path: Path, *, temporary: bool) -> None:
        self.path = path
        self.temporary = temporary
        self._file = path.open("rb")
        self.size = os.fstat(self._file.fileno()).st_size
        self._lock = threading.Lock()

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Lend the handle, at the beginning of the file."""
        with self._lock:
            self._file.seek(0)
            yield self._file

    def read(self, position: int = 0, length: int = -1) -> bytes:
        """Read a piece, or all."""
        with self.opened() as file:
            file.seek(position)
            return file.read(length)

    def copy_to(self, path: Path) -> None:
        """Write the recording to another file, or do nothing if it is the same one."""
        with self.opened() as file:
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    return
            with path.open("wb") as copy:
                shutil.copyfileobj(file, copy)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        if self.temporary:
            with contextlib.suppress(OSError):
                self.path.unlink()
