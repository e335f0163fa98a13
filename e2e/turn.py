"""A real TURN server for tests: coturn on a free port, through which calls are relayed."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from typing import TYPE_CHECKING

from e2e.hosts import ADDRESS
from e2e.install import find_turnserver
from e2e.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_TIMEOUT = 10.0
INTERVAL = 0.02
USER, PASSWORD = "alice", "looking-glass"
REALM = "example.org"
LISTENS = "listener opened on"


class TurnServer:
    """A coturn that knows one user.

    Args:
        port: Where it listens, by UDP and TCP.
        log: What it says.
        process: The server.

    Attributes:
        url: Its address, for `ice_servers`.
    """

    def __init__(self, port: int, log: Path, process: subprocess.Popen[bytes]) -> None:
        self.url = f"turn:{ADDRESS}:{port}"
        self._log = log
        self._process = process

    def freeze(self) -> None:
        """Let nothing through, as a network does that is down."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let everything through again."""
        self._process.send_signal(signal.SIGCONT)

    def server(self, password: str = PASSWORD) -> dict[str, str]:
        """Return an entry of `ice_servers`."""
        return {"urls": self.url, "username": USER, "credential": password}

    @property
    def allocations(self) -> int:
        """How many relays it has given out."""
        return self._log.read_text().count("ALLOCATE processed, success")

    @classmethod
    @contextlib.contextmanager
    def running(cls, folder: Path) -> Iterator[TurnServer]:
        """Start a server, and stop it at the end.

        Args:
            folder: An empty one for its files.
        """
        port, log = free_port(), folder / "turn.log"
        command = [
            *(str(find_turnserver()), "-n", "--verbose", "--no-cli", "--no-tls", "--no-dtls"),
            *("--lt-cred-mech", f"--user={USER}:{PASSWORD}", f"--realm={REALM}"),
            *(f"--listening-ip={ADDRESS}", f"--relay-ip={ADDRESS}", f"--listening-port={port}"),
            *("--allow-loopback-peers", f"--userdb={folder / 'users'}"),
            *("--log-file=stdout", f"--pidfile={folder / 'turn.pid'}"),
        ]
        with (
            log.open("w") as output,
            subprocess.Popen(command, cwd=folder, stdout=output, stderr=output) as process,
        ):
            try:
                wait(process, log)
                yield cls(port, log, process)
            finally:
                process.kill()


def wait(process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until it listens."""
    deadline = time.monotonic() + START_TIMEOUT
    while LISTENS not in log.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(log.read_text())
        time.sleep(INTERVAL)
