"""What brings media out of a page while somebody reads: the base of FrameReader and AudioReader.

Reading is one request, `read`, that lasts (see `_media.py`). It is sent again every second and
passed on to another page when its page falls silent, so it outlives reloads and lost messages.
While it stands these messages go between the kernel and the page; the page's part is
`js/lib/lane.ts` and `js/lib/reading.ts`.

====================================================  ==============================================
page → kernel                                         means
====================================================  ==============================================
`{kind: "data", page, id, number, part, parts, …}`    a part of an item: a frame, or blocks of sound
====================================================  ==============================================

====================================================  ==============================================
kernel → page                                         means
====================================================  ==============================================
`{kind: "next", page, id, done, received, busy, …}`   the kernel is done with this item
====================================================  ==============================================

Two items at most are on the way, so nothing piles up however long a callback takes. Messages arrive
on whichever thread; callbacks run on the event loop of the kernel, between cells.
"""

from __future__ import annotations

import contextvars
import inspect
import math
import statistics
import sys
import threading
import time
import traceback
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import traitlets

from ipywebrtc import _media
from ipywebrtc._media import Media, Request, check_waiting, wait_for
from ipywebrtc._reference import REFERENCE
from ipywebrtc._shapes import Malformed
from ipywebrtc._user_code import contained, interruptible
from ipywebrtc.errors import MediaError, SourceError
from ipywebrtc.streams import MediaStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from ipywebrtc._media import Buffers, Content

START_TIMEOUT = 30.0
"""Seconds in which some page must take the request to read."""
RECENT = 2.0
"""Seconds over which rates and latencies are taken."""
LARGEST_ITEM = 256 << 20
"""Bytes of one item: a picture of 8192 by 8192 pixels, uncompressed."""
AHEAD = 64
"""Items by which a number may be ahead of the last one: a page has two on the way."""


@dataclass
class Item:
    """What one or more messages of a page brought, and when."""

    content: Content
    data: bytes
    arrived: float


@dataclass
class Entry:
    """A frame or block for those who read, and the number of the item that it completes."""

    value: Any
    item: Item
    last: bool


class Callbacks:
    """Functions that are called with each value, and where each of them prints."""

    def __init__(self) -> None:
        self._calls: dict[str, tuple[Callable[[Any], object], contextvars.Context]] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, callback: Callable[[Any], object]) -> None:
        """Add a function, in place of one with the same name: a cell may be run again."""
        if inspect.iscoroutinefunction(callback):
            message = f"{_name(callback)} is a coroutine function: use `async for` to await"
            raise TypeError(message)
        # IPython keeps in the context which cell it is that prints.
        self._calls[_name(callback)] = (callback, contextvars.copy_context())

    def remove(self, callback: Callable[[Any], object]) -> None:
        """Take a function out; nothing happens if it is not there."""
        self._calls.pop(_name(callback), None)

    def call(self, value: Any) -> None:
        """Call all; what one raises is a CallbackError."""
        for callback, context in [*self._calls.values()]:
            _call(callback, context, value)


class CallbackError(Exception):
    """A callback raised."""

    def __init__(
        self, callback: Callable[[Any], object], context: contextvars.Context, error: BaseException
    ) -> None:
        super().__init__(str(error))
        self.callback, self.context, self.error = callback, context, error

    def sentence(self) -> str:
        """Say what was raised, where."""
        if isinstance(self.error, KeyboardInterrupt):
            return f"Reading has stopped, as {_name(self.callback)} was interrupted."
        raised = "".join(traceback.format_exception_only(self.error)).strip()
        return f"Reading has stopped, as {_name(self.callback)} raised {raised}"

    def for_loops(self) -> Exception:
        """Return what an `async for` raises: in a cell, what ends a program would do so."""
        return self.error if isinstance(self.error, Exception) else MediaError(self.sentence())

    def text(self) -> str:
        """Return the traceback from the callback on."""
        # The first entry is the call in this module.
        entries = self.error.__traceback__ and self.error.__traceback__.tb_next
        lines = traceback.format_exception(type(self.error), self.error, entries)
        return "".join(lines)


class Loop:
    """An `async for` over a reader."""

    def __init__(self, most: int) -> None:
        self._queue: deque[Entry] = deque(maxlen=most)
        self._waiter: Request | None = None
        self._end: list[Exception | None] = []

    @property
    def waiting(self) -> bool:
        """Whether it is ready for the next value."""
        return self._waiter is not None and not self._waiter.future.done()

    def push(self, entry: Entry) -> None:
        """Hand over a value, or keep it until it is asked for."""
        if self._waiter and self.waiting:
            self._waiter.future.set_result(({"entry": entry}, []))
        else:
            self._queue.append(entry)

    def end(self, error: Exception | None) -> None:
        """End the loop, or let it raise."""
        self._end.append(error)
        if self._waiter and self.waiting:
            self._waiter.future.set_result(({"entry": None}, []))

    async def next(self, ready: Callable[[], None]) -> Entry | None:
        """Wait for a value; None is the end."""
        if not self._queue and not self._end:
            self._waiter = Request({}, 0)
            ready()
            await wait_for(self._waiter)
            entry: Entry | None = self._waiter.future.result()[0]["entry"]
            if entry:
                return entry
        if self._end:
            if self._end[0]:
                raise self._end[0]
            return None
        return self._queue.popleft()


class Reader(Media):
    """Base of the readers: what they read, when, and who gets it."""

    stream = traitlets.Instance(MediaStream, allow_none=True).tag(sync=True, **REFERENCE)
    """The stream to read; any, a remote one included. It is opened when it is read."""

    reading = traitlets.Bool(False).tag(sync=True, page="sets")
    """Whether it reads. A callback or an `async for` sets it to True; set it yourself to use
    `latest` alone. False stops everything, and ends loops; it becomes False when the stream ends,
    fails, or a callback raises. While it is False the stream is not used, nor sent."""

    pause_when_hidden = traitlets.Bool(False).tag(sync=True, page="sets")
    """Whether nothing is read while the page is hidden, as in a tab behind; default False."""

    _traceback = traitlets.Unicode().tag(sync=True)

    _most_waiting = 1
    _restart_on: tuple[str, ...] = ("stream",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._lock = threading.RLock()
        self._request: Request | None = None
        self._callbacks = Callbacks()
        self._loops: list[Loop] = []
        self._latest: Any = None
        self._inbox: deque[Entry] = deque(maxlen=self._most_waiting)
        self._scheduled = False
        self._taken: deque[tuple[float, float]] = deque()
        self._ticked = math.inf
        self._reset()
        super().__init__(*args, **kwargs)
        self.observe(self._restart, [*self._restart_on])

    def close(self) -> None:
        """Stop reading, and close the widget in every page."""
        self.reading = False
        super().close()

    @property
    def latency(self) -> float:
        """Seconds from the page's getting a frame or block to the callback: a recent median.

        nan while there is none. How long a camera takes before that is not known.
        """
        return statistics.median(self._recent(1)) if self._recent(1) else math.nan

    def _recent(self, column: int) -> list[float]:
        since = time.monotonic() - RECENT
        return [row[column] for row in [*self._taken] if row[0] > since]

    # What subclasses say

    def _values(self, item: Item) -> list[Any]:
        """Make frames or blocks of an item, or raise Malformed."""
        raise NotImplementedError

    def _taken_in(self, value: Any) -> None:
        """Take a value in before the callbacks get it."""

    def _progress(self) -> Content:
        """Say what a page has to know beside the numbers."""
        return {}

    # Begin and end

    def _reset(self) -> None:
        self._received = self._done = 0
        self._busy = 0.0
        self._parts: list[bytes] = []
        self._bytes = 0

    def _listen(self, callback: Callable[[Any], object], *, remove: bool) -> None:
        if remove:
            self._callbacks.remove(callback)
            self._rest()
        else:
            self._callbacks.add(callback)
            self.reading = True

    def _rest(self) -> None:
        """Stop when nobody is left who gets anything."""
        if not self._callbacks and not self._loops:
            self.reading = False

    @traitlets.observe("reading")
    def _reading_changed(self, change: Any) -> None:
        if not change["new"]:
            if self._request:
                self._end(None)
            return
        with self._lock:
            self._reset()
            self._inbox.clear()
            self._taken.clear()
        self._ticked = math.inf
        with self.hold_sync():
            self._set_state(status="starting", error="")
            self._traceback = ""
        if self.stream is None:
            message = f"This {type(self).__name__} has no stream: set its trait `stream`"
            self._failed(Request({}, 0), SourceError(message))
            return
        self._request = self._ask("read", START_TIMEOUT)

    def _restart(self, _: Any) -> None:
        if self._request:
            self._cancel_request()
            self._reset()
            self._request = self._ask("read", START_TIMEOUT)

    def _cancel_request(self) -> None:
        request, self._request = self._request, None
        if request:
            self._cancel(request)

    def _end(self, error: Exception | None, status: str = "idle", sentence: str = "") -> None:
        """End reading, and the loops with it."""
        self._cancel_request()
        self._inbox.clear()
        for loop in self._loops:
            loop.end(error)
        self._set_state(status=status, error=sentence)
        self.reading = False

    def _answered(self, request: Request, content: Content, buffers: Buffers) -> None:  # noqa: ARG002
        if request is self._request:
            self._request = None
            self._end(None, "ended")

    def _failed(self, request: Request, error: MediaError) -> None:  # noqa: ARG002
        self._request = None
        self._end(error, "error", str(error))

    # Messages

    def _send_request(self, request: Request) -> None:
        request.content |= self._told()
        super()._send_request(request)

    def _told(self) -> Content:
        numbers = {"done": self._done, "received": self._received, "busy": self._busy}
        return {**numbers, **self._progress()}

    def _tick(self, request: Request) -> None:
        now = time.monotonic()
        # After a long cell its page's messages lie unread: it is not the page that was silent.
        if now - self._ticked > 2 * _media.TICK:
            request.acknowledged = True
        self._ticked = now
        super()._tick(request)

    def _said_bye(self, page: str) -> None:
        super()._said_bye(page)
        if self._request and not self._pages:
            self._set_state(status="waiting")

    def _on_message(self, widget: Any, content: Content, buffers: Buffers) -> None:
        kind, request = content["kind"], self._request
        if kind in ("ack", "data") and request and content.get("id") == request.content["id"]:
            request.acknowledged = True
            request.timeout = math.inf
        if kind == "data":
            if request and content["page"] == request.sent_to:
                self._got_part(request, content, buffers)
        elif kind == "state" and not (request and content["page"] == request.sent_to):
            pass  # it has been told to stop, and says so late
        else:
            super()._on_message(widget, content, buffers)

    def _got_part(self, request: Request, content: Content, buffers: Buffers) -> None:
        arrived = time.time()
        with self._lock:
            if content["id"] != request.content["id"] or content["number"] <= self._received:
                return
            if content["part"] == 0:
                self._parts, self._bytes = [], 0
            if content["part"] != len(self._parts):
                return
            self._bytes += buffers[0].nbytes if buffers else LARGEST_ITEM + 1
            if self._bytes > LARGEST_ITEM or content["number"] > self._received + AHEAD:
                self._parts = []
                raise Malformed
            self._parts.append(bytes(buffers[0]))
            if len(self._parts) < content["parts"]:
                return
            parts, self._parts = self._parts, []
            item = Item(content, b"".join(parts), arrived)
            values = self._values(item)
            self._received = content["number"]
            request.content["resumed"] = True
            entries = [Entry(value, item, last=value is values[-1]) for value in values]
            self._inbox.extend(entries)
        self._schedule()

    # Those who read

    def _schedule(self) -> None:
        """Hand over on the kernel's event loop, in its next turn."""
        with self._lock:
            if self._scheduled:
                return
            self._scheduled = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver_contained)
        else:
            self._deliver()

    def _deliver_contained(self) -> None:
        with contained():  # What observes `latest`, or the traits that a callback sets.
            self._deliver()

    def _deliver(self) -> None:
        with self._lock:
            self._scheduled = False
            waiting = any(loop.waiting for loop in self._loops)
            if not self._inbox or (self._loops and not self._callbacks and not waiting):
                return
            entry = self._inbox.popleft()
        begun = time.time()
        self._latest = entry.value
        self._taken.append((time.monotonic(), begun - entry.value.time))
        while self._taken[0][0] < self._taken[-1][0] - RECENT:
            self._taken.popleft()
        try:
            self._taken_in(entry.value)
            self._callbacks.call(entry.value)
        except CallbackError as error:
            self._traceback = error.text()
            self._end(error.for_loops(), "error", error.sentence())
            error.context.run(print, error.text(), file=sys.stderr, end="", flush=True)
            return
        for loop in self._loops:
            loop.push(entry)
        if self._callbacks or not self._loops:
            self._finish(entry, time.time() - begun)
        if self._inbox:
            self._schedule()

    def _finish(self, entry: Entry, seconds: float) -> None:
        """Tell the page that it may send another item."""
        number, request = entry.item.content["number"], self._request
        if not entry.last or not request or number <= self._done:
            return
        self._done, self._busy = number, seconds
        about = {"kind": "next", "page": request.sent_to, "id": request.content["id"]}
        times = {"arrived": entry.item.arrived, "time": time.time()}
        self.send({**about, **self._told(), **times})

    async def _iterate(self) -> AsyncIterator[Any]:
        check_waiting()
        loop = Loop(self._most_waiting)
        self._loops.append(loop)
        try:
            self.reading = True
            while entry := await loop.next(self._schedule):
                begun = time.time()
                yield entry.value
                self._finish(entry, time.time() - begun)
        finally:
            self._loops.remove(loop)
            self._rest()


def _call(callback: Callable[[Any], object], context: contextvars.Context, value: Any) -> None:
    try:
        with interruptible():
            context.run(callback, value)
    except CallbackError:
        raise  # of a callback that this one called
    except BaseException as error:  # `sys.exit()` would end the kernel
        raise CallbackError(callback, context, error) from error


def _name(callback: Callable[..., object]) -> str:
    return getattr(callback, "__qualname__", repr(callback))
