"""What brings the pictures of an ArrayStream to the pages: the newest, and few on the way.

Every page gets every message, so the slowest sets the pace.

====================================================  ==============================================
page → kernel                                         means
====================================================  ==============================================
`{kind: "drawn", page, number, open}`                 it has drawn this picture; repeated every 2 s
====================================================  ==============================================

====================================================  ==============================================
kernel → page                                         means
====================================================  ==============================================
`{kind: "picture", number, width, height, channels}`  and its pixels
`{kind: "sound", channels, sample_rate}`              and its samples, which follow those before
`{kind: "said", text}`                                a failure to show; empty when all is well
====================================================  ==============================================
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from ipywebrtc._media import _call_later
from ipywebrtc._reading import RECENT

if TYPE_CHECKING:
    from ipywebrtc._media import Content, Media

WINDOW = 2
"""Pictures that may be on the way."""
BLIND = 0.1
"""Seconds between pictures while the pages can't be heard, as a cell blocks the kernel."""
MOST_PAGES = 64
"""Pages that are waited for; what more there are get every picture all the same."""
LOST = 3.0
"""Seconds after which a picture is sent again, or its page no longer waited for."""


class Feed:
    """The newest picture, and the pages that are to get it.

    Args:
        widget: The ArrayStream.
    """

    def __init__(self, widget: Media) -> None:
        self.dropped = 0
        self._widget, self._loop = widget, widget._loop  # noqa: SLF001 - they share messages
        self._lock = threading.RLock()
        self._pages: dict[str, int] = {}
        self._picture: tuple[Content, bytes] | None = None
        self._fresh = False
        self._number = 0
        self._interval = self._next = self._sent = 0.0
        self._timed = self._unheard = False
        self._times: deque[float] = deque()

    @property
    def used(self) -> bool:
        """Whether some page has the stream open."""
        return bool(self._pages)

    @property
    def fps(self) -> float:
        """Pictures per second that were sent lately."""
        since = time.monotonic() - RECENT
        return sum(sent > since for sent in [*self._times]) / RECENT

    def put(self, about: Content, data: bytes, max_fps: float | None) -> None:
        """Let this be the next picture."""
        with self._lock:
            self.dropped += bool(self._fresh and self._pages)
            self._picture = (about, data)
            self._fresh = True
            self._interval = 1 / max_fps if max_fps else 0.0
        self._pump()

    def heard(self, page: str, number: int | None) -> None:
        """Take in how far a page is; None if it has closed the stream."""
        with self._lock:
            lost = (number or 0) < self._number and time.monotonic() - self._sent > LOST
            if number is None:
                self._pages.pop(page, None)
            elif page not in self._pages or lost:
                if page in self._pages or len(self._pages) < MOST_PAGES:
                    self._pages[page] = self._number
                self._fresh = self._picture is not None
            else:
                self._pages[page] = max(min(number, self._number), self._pages[page])
        self._pump()

    def _pump(self) -> None:
        """Send the picture, if it's time and the pages can take it."""
        with self._lock:
            now = time.monotonic()
            if self._unheard:
                ready = now - self._sent > BLIND
            else:
                if now - self._sent > LOST:
                    self._pages = {page: n for page, n in self._pages.items() if n == self._number}
                ready = all(self._number - done < WINDOW for done in self._pages.values())
            if not self._fresh or not self._picture or not self._pages or not ready:
                return
            if now < self._next:
                self._wait(self._next - now)
                return
            # What came a little late is made up for, so that the mean is kept; a pause is not.
            late = now - self._next > self._interval
            self._next = (now if late else self._next) + self._interval
            self._fresh = False
            self._number += 1
            self._sent = now
            self._times.append(now)
            while self._times[0] < now - RECENT:
                self._times.popleft()
            about, data = self._picture
            message = {"kind": "picture", "number": self._number, **about}
            # What pages say is heard in the next turn of the loop at the earliest.
            if self._loop is not None and not self._loop.is_closed():
                self._unheard = True
                self._loop.call_soon_threadsafe(self._hear)
        self._widget.send(message, [data])

    def _hear(self) -> None:
        self._unheard = False

    def _wait(self, seconds: float) -> None:
        if not self._timed:
            self._timed = True
            _call_later(self._loop, seconds, self._go_on)

    def _go_on(self) -> None:
        self._timed = False
        self._pump()
