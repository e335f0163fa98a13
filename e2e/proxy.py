"""The network between a page and its server: it can be cut, and counts what goes through."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

from e2e.hosts import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

PIECE = 1 << 20


class Proxy:
    """Passes TCP connections on.

    Args:
        target: The port of the server on this machine.

    Attributes:
        port: Where it listens.
        to_server: Bytes that pages sent.
        to_page: Bytes that the server sent.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server((ADDRESS, 0))
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._cut = False
        self.port = int(self._listener.getsockname()[1])
        self.to_server = 0
        self.to_page = 0

    @classmethod
    @contextlib.contextmanager
    def running(cls, target: int) -> Iterator[Proxy]:
        """Pass connections on until the end."""
        proxy = cls(target)
        threading.Thread(target=proxy._accept, daemon=True).start()
        try:
            yield proxy
        finally:
            proxy._listener.close()
            proxy.cut()

    def cut(self) -> None:
        """Break all connections, and let none through."""
        with self._lock:
            self._cut = True
            connections = [*self._open]
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        with self._lock:
            self._cut = False

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                page, _ = self._listener.accept()
                if self._cut:
                    page.close()
                    continue
                server = socket.create_connection((ADDRESS, self._target))
                for ends in ((page, server), (server, page)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with self._lock:
            self._open.add(source)
        upwards = sink.getpeername()[1] == self._target
        with contextlib.suppress(OSError):
            while data := source.recv(PIECE):
                with self._lock:
                    if upwards:
                        self.to_server += len(data)
                    else:
                        self.to_page += len(data)
                sink.sendall(data)
        with self._lock:
            self._open.discard(source)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        source.close()


def reconnect_steadily(page: Page) -> None:
    """Let JupyterLab connect again after 0.4, 1.2, 2.8, 6, 12 and 25 s.

    Else it draws each of these times by lot, and up to 63 s.
    """
    page.evaluate("Math.random = () => 0.4")
