"""Ports for the servers that tests start, each given once on this machine."""

from __future__ import annotations

import fcntl
import itertools
import os
import socket
import tempfile
from pathlib import Path

# Below those that the system gives to whoever asks for any, as clients and kernels do.
FIRST, LAST = 20_000, 32_000
LOCKS = Path(tempfile.gettempdir()) / "ipywebrtc-e2e-ports"

_numbers = itertools.cycle(range(FIRST, LAST))
_held: list[int] = []


def free_port() -> int:
    """Find a port that nobody listens on, and that no other process of the tests is given.

    It is kept for this process until the process ends.
    """
    LOCKS.mkdir(exist_ok=True)
    for port in itertools.islice(_numbers, LAST - FIRST):
        lock = os.open(LOCKS / str(port), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(type=kind) as probe:
                    probe.bind(("", port))
        except OSError:
            os.close(lock)
        else:
            _held.append(lock)
            return port
    message = f"no port is free between {FIRST} and {LAST}"
    raise RuntimeError(message)
