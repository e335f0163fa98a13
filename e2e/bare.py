"""Calls between pages with nothing else in them: no notebook, no kernel, no broker.

They show what the browser alone takes of a machine; a room can't be faster.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

if TYPE_CHECKING:
    from collections.abc import Iterator

# `call()` calls every page of a higher number; `hang_up()` ends all calls.
PAGE = """<!doctype html><script>
const pause = (until) => new Promise((resolve) => setTimeout(resolve, until - Date.now()));
globalThis.enter = async (own, count) => {
  const video = { width: 160, height: 120 };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video });
  const socket = new WebSocket(`ws://${location.host}/relay`);
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const calls = new Map();
  const send = (to, terms) => socket.send(JSON.stringify({ to, from: own, ...terms }));
  const callOf = (other) => {
    if (calls.has(other)) return calls.get(other);
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    calls.set(other, pc);
    pc.addEventListener("icecandidate", ({ candidate }) => candidate && send(other, { candidate }));
    for (const track of stream.getTracks()) pc.addTrack(track, stream);
    return pc;
  };
  const describe = async (other) => {
    const pc = callOf(other);
    await pc.setLocalDescription();
    send(other, { description: pc.localDescription });
  };
  let turn = Promise.resolve();
  const take = async ({ to, from, description, candidate }) => {
    if (to !== own) return;
    const pc = callOf(from);
    if (candidate) await pc.addIceCandidate(candidate);
    if (description) await pc.setRemoteDescription(description);
    if (description?.type === "offer") await describe(from);
  };
  socket.addEventListener("message", ({ data }) => {
    turn = turn.then(() => take(JSON.parse(data)));
  });
  globalThis.call = async (start) => {
    await pause(1000 * start);
    for (let other = own + 1; other < count; other += 1) describe(other);
  };
  globalThis.hangUp = () => {
    for (const pc of calls.values()) pc.close();
    calls.clear();
  };
};
</script>"""


class _Page(RequestHandler):
    def get(self) -> None:
        self.write(PAGE)


class _Relay(WebSocketHandler):
    """Passes every message on to all others."""

    def initialize(self, everybody: set[_Relay]) -> None:
        self._everybody = everybody

    def open(self, *_: str, **__: str) -> None:
        self._everybody.add(self)
        self.set_nodelay(True)

    def on_message(self, message: str | bytes) -> None:
        for other in self._everybody - {self}:
            other.write_message(message)

    def on_close(self) -> None:
        self._everybody.discard(self)


@contextmanager
def serving() -> Iterator[str]:
    """Serve the page and the relay from a thread; yields the page's URL."""
    sockets = bind_sockets(0, "localhost", family=socket.AF_INET)
    port = sockets[0].getsockname()[1]
    loop = asyncio.new_event_loop()
    end = asyncio.Event()

    async def serve() -> None:
        routes: list[Any] = [("/", _Page), ("/relay", _Relay, {"everybody": set()})]
        server = HTTPServer(Application(routes))
        server.add_sockets(sockets)
        await end.wait()
        server.stop()
        await server.close_all_connections()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        yield f"http://localhost:{port}/"
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        loop.close()
