"""Kernels that start in a tenth of the time: forks of a process that has imported what they import.

Jupyter's server starts the program below for each kernel, which asks for a fork and lives as long:

    python e2e/forks.py SOCKET CONNECTION_FILE

It passes signals on. The fork holds the program's connection, so each of the two notices by its end
that the other was killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a kernel and the cells of most tests import, but nothing of this package.
IMPORTED = ("anywidget", "cryptography", "ipykernel.kernelapp", "IPython", "numpy", "PIL.Image")
START_TIMEOUT = 60.0
INTERVAL = 0.02
PASSED_ON = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def running(folder: Path, log: Path, python: str) -> Iterator[list[str]]:
    """Start the process that forks, give the command of a kernel, and stop it at the end.

    Args:
        folder: Where its socket is. A socket's path may have 107 characters.
        log: Where it and the kernels write.
        python: The Python of the kernels.
    """
    path = folder / "forks"
    command = [python, __file__, str(path)]
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        ) as process,
    ):
        deadline = time.monotonic() + START_TIMEOUT
        while not path.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                message = f"the process that forks kernels did not start:\n{log.read_text()}"
                raise RuntimeError(message)
            time.sleep(INTERVAL)
        try:
            yield [python, "-S", __file__, str(path), "{connection_file}"]
        finally:
            process.terminate()


def serve(path: str) -> None:
    """Fork a kernel for each connection."""
    for name in IMPORTED:
        __import__(name)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{path}.new")
        listener.listen()
        Path(f"{path}.new").rename(path)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a fork
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                be_a_kernel(connection)
                return
            connection.close()


def be_a_kernel(connection: socket.socket) -> None:
    """Run a kernel in this process, until it or its launcher ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    wish = json.loads(connection.makefile().readline())
    os.chdir(wish["folder"])
    os.environ.clear()
    os.environ.update(wish["environment"])
    connection.sendall(f"{os.getpid()}\n".encode())

    def end_with_launcher() -> None:
        connection.recv(1)
        os._exit(1)

    threading.Thread(target=end_with_launcher, daemon=True).start()
    from ipykernel.kernelapp import launch_new_instance

    sys.argv = ["ipykernel_launcher", "-f", wish["connection_file"]]
    launch_new_instance()


def launch(path: str, connection_file: str) -> None:
    """Ask for a kernel, and live as long as it does."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        wish = {
            "connection_file": connection_file,
            "folder": str(Path.cwd()),
            "environment": {**os.environ},
        }
        connection.sendall(json.dumps(wish).encode() + b"\n")
        kernel = int(connection.makefile().readline())

        def pass_on(number: int, _: object) -> None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(kernel, number)

        for number in PASSED_ON:
            signal.signal(number, pass_on)
        connection.recv(1)


if __name__ == "__main__":
    serve(*sys.argv[1:]) if len(sys.argv) == 2 else launch(*sys.argv[1:])
