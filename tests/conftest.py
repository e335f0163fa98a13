"""A page for widgets that live in no notebook."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

import PIL.Image
import pytest

from e2e.brokers import Broker
from ipywebrtc import _media
from tests import timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ipywebrtc._media import Media


def pytest_configure(config: pytest.Config) -> None:
    """Let the run show where its time went."""
    timing.register(config)


@pytest.fixture(autouse=True)
def _in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let widgets take this for a notebook's kernel: else they know that no page can come."""
    monkeypatch.setattr(_media, "_leads_nowhere", lambda _: False)


class Page:
    """Plays the page's side of the messages between a page and a widget."""

    def __init__(self, widget: Media, name: str = "page") -> None:
        self.widget, self.name = widget, name
        self.received: list[dict[str, Any]] = []
        self.buffers: list[Any] = []
        send = widget.send

        def record(content: dict[str, Any], buffers: Any = None) -> None:
            self.received.append(content)
            self.buffers.append(buffers)
            send(content, buffers)

        widget.send = record

    def say(self, kind: str, *buffers: bytes, **content: Any) -> None:
        """Send a message to the kernel."""
        message = {"kind": kind, "page": self.name, **content}
        self.widget._handle_custom_msg(message, [memoryview(data) for data in buffers])

    def requests(self, name: str = "snapshot") -> list[dict[str, Any]]:
        """List the requests that this page was sent, every sending of each."""
        return [
            message
            for message in self.received
            if message["kind"] == "request"
            and message["name"] == name
            and message["page"] == self.name
        ]

    def answer(self, request: dict[str, Any], *buffers: bytes, **content: Any) -> None:
        """Answer a request."""
        self.say("answer", *buffers, id=request["id"], name=request["name"], **content)

    def answer_picture(self, data: bytes | None = None, **content: Any) -> None:
        """Answer the newest request for a picture."""
        size = {"format": "png", "width": 4, "height": 3}
        self.answer(self.requests()[-1], data or png(), **{**size, **content})

    def begin(self, recording: str, fmt: str = "webm", **content: Any) -> None:
        """Begin to send a recording."""
        self.say("chunk", id=recording, **{"seq": 0, "format": fmt, "unasked": False, **content})

    def chunk(self, recording: str, seq: int, data: bytes, position: int, **content: Any) -> None:
        """Send a piece of a recording."""
        place = {"seq": seq, "part": 0, "position": position, "length": len(data)}
        self.say("chunk", data, id=recording, **{**place, **content})

    def upload(self, recording: str, *pieces: bytes, fmt: str = "webm", **content: Any) -> None:
        """Send a recording's pieces one after another."""
        self.begin(recording, fmt, **content)
        for number, data in enumerate(pieces):
            self.chunk(recording, number + 1, data, sum(map(len, pieces[:number])))

    def finish(self, recording: str, *pieces: bytes, duration: float = 1, **content: Any) -> None:
        """Answer that these were all pieces of a recording."""
        whole = {"chunks": len(pieces) + 1, "size": sum(map(len, pieces)), "duration": duration}
        self.say("answer", id=recording, name="record", **{**whole, **content})

    def record(self, *pieces: bytes, fmt: str = "webm") -> None:
        """Make the recording that was asked for last."""
        recording = self.requests("record")[-1]["id"]
        self.upload(recording, *pieces, fmt=fmt)
        self.finish(recording, *pieces)

    def replies(self) -> list[dict[str, Any]]:
        """List what the kernel replied to this page's chunks and probes."""
        return [
            message
            for message in self.received
            if message["kind"] == "upload" and message["page"] == self.name
        ]


def png(color: str = "red") -> bytes:
    """Encode a picture of 4 by 3 pixels."""
    file = io.BytesIO()
    PIL.Image.new("RGB", (4, 3), color).save(file, "png")
    return file.getvalue()


async def until(condition: Callable[[], object]) -> None:
    """Let the event loop run until something is so."""
    while not condition():  # noqa: ASYNC110 - the widgets have no event to wait for
        await asyncio.sleep(0)


@pytest.fixture
def open_page() -> Callable[..., Page]:
    """Open a page that holds the widget, and says so."""

    def open_page(widget: Media, name: str = "page") -> Page:
        page = Page(widget, name)
        page.say("hello")
        return page

    return open_page


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send requests again so often that a test need not wait."""
    monkeypatch.setattr(_media, "TICK", 0.01)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One for all tests of a file."""
    with Broker.running(tmp_path_factory.mktemp("broker")) as broker:
        yield broker
