"""Files that end with the kernel: temporary recordings, in a folder that its user alone can open.

The folder goes at the kernel's end, also by SIGTERM. A killed kernel leaves it, and the next one
removes it: a lock on a file in it shows whether its process lives, however pids are used again.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import signal
import stat
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # On Windows what a killed kernel leaves is left to the system.
    fcntl = None

PREFIX = "ipywebrtc-"
LOCK = "lock"

_locks: list[int] = []
"""Open files, which are held until the process ends."""


def new_file(ending: str) -> Path:
    """Name a file that does not exist yet, in the folder of this kernel."""
    return folder() / f"{uuid.uuid4().hex}.{ending}"


def folder() -> Path:
    """Return the folder of this process, which is made at the first call."""
    made = _made_by(os.getpid())
    if not made.is_dir():  # The system clears old files away.
        _made_by.cache_clear()
        made = _made_by(os.getpid())
    return made


@functools.cache
def _made_by(pid: int) -> Path:
    made = Path(tempfile.mkdtemp(prefix=PREFIX))
    if fcntl:
        # It gets its name when it is locked: another kernel may look in between.
        lock = os.open(made / "unlocked", os.O_WRONLY | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (made / "unlocked").rename(made / LOCK)
        _locks.append(lock)
    atexit.register(_remove, made, pid)
    with contextlib.suppress(ValueError):  # Only the main thread may.
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, functools.partial(_terminated, made, pid))
    return made


def _remove(made: Path, pid: int) -> None:
    if os.getpid() == pid:  # A forked process has the handlers of its parent.
        shutil.rmtree(made, ignore_errors=True)


def _terminated(made: Path, pid: int, number: int, _frame: Any) -> None:
    _remove(made, pid)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


@functools.cache
def sweep() -> None:
    """Remove the folders of killed kernels of this user, once in a process."""
    if fcntl:
        for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):  # It is locked, gone, or somebody else's.
                _sweep(left)


def _sweep(left: Path) -> None:
    about = left.lstat()
    if fcntl is None or not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
        return
    lock = os.open(left / LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(left)
    finally:
        os.close(lock)
