"""Random and mutated input from pages, participants and files: nothing raises, hangs or grows."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import os
import random
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import ipywidgets
import pytest

import ipywebrtc
from ipywebrtc import Doctor, WebRTCRoomLocal, _from_page, _media
from ipywebrtc._mend import mend
from ipywebrtc._seal import Envelope
from ipywebrtc.signaling import LocalTransport

from .test_mend import webm
from .test_sound import tone, wav

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ipywebrtc._media import Media

SEED = 20261128
SECONDS = 10.0
"""For each of the fuzzers."""
PARTS = 5
"""Of the time, at whose ends memory is measured."""
SLOWEST = 5.0
"""Seconds that one message or file may take, on a busy machine."""
GROWTH = 500_000
"""Bytes: memory that grows by more in every one of these parts goes on growing."""

TEXTS = ["", "a", "\ud800", "\x00", "é" * 50, "x" * 5000, "../../etc/passwd", "IPY_MODEL_x", "1e9"]
NUMBERS = [0, 1, -1, 2, 64, 1 << 31, 1 << 53, 1 << 63, 10**400, -(10**400), 0.5, 1e308]
ODD = [float("nan"), float("inf"), float("-inf"), None, True, False]


class Fuzz:
    """Makes values, with a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - repeatable, and no secret

    def value(self, depth: int = 3) -> Any:
        """Make anything that JSON has, and a little more."""
        kind = self.random.randrange(6 if depth else 3)
        if kind == 0:
            return self.random.choice(TEXTS)
        if kind == 1:
            return self.random.choice(NUMBERS)
        if kind == 2:
            return self.random.choice(ODD)
        if kind == 3:
            return [self.value(depth - 1) for _ in range(self.random.randrange(4))]
        names = ["kind", "id", "state", "a", *TEXTS]
        count = self.random.randrange(4)
        return {self.random.choice(names): self.value(depth - 1) for _ in range(count)}

    def mutated(self, value: Any) -> Any:
        """Change a little of something."""
        if isinstance(value, dict) and value and self.random.random() < 0.8:
            name = self.random.choice([*value])
            if self.random.random() < 0.2:
                return {other: value[other] for other in value if other != name}
            return {**value, name: self.mutated(value[name])}
        if isinstance(value, list) and value and self.random.random() < 0.8:
            index = self.random.randrange(len(value))
            return [*value[:index], self.mutated(value[index]), *value[index + 1 :]]
        return self.value() if self.random.random() < 0.5 else value

    def buffers(self) -> list[memoryview]:
        """Make the binary part of a message."""
        lengths = self.random.choices((0, 1, 3, 8, 64, 4096), k=self.random.choice((0, 1, 1, 2)))
        return [memoryview(self.random.randbytes(length)) for length in lengths]


def messages(fuzz: Fuzz, widget: Media) -> Iterator[dict[str, Any]]:
    """Make messages that are nearly right for a widget."""
    signal = {"from": "a", "to": None, "polite": True, "description": {"type": "offer", "sdp": "v"}}
    fact = dict.fromkeys(("group", "name", "value", "state", "advice"), "ok")
    about: dict[str, Any] = {
        "id": "x",
        "name": "snapshot",
        "unasked": True,
        "number": 1,
        "open": True,
        "position": 0,
        "length": 4,
        "seq": 1,
        "part": 0,
        "parts": 1,
        "format": "webm",
        "chunks": 1,
        "size": 1600,
        "duration": 1.0,
        "width": 2,
        "height": 1,
        "time": 1.0,
        "sequence": 1,
        "timestamp": 0,
        "missing": 0,
        "restart": False,
        "facts": [fact],
        "turn": "t",
        "first": 1,
        "heard": 0,
        "signals": [signal],
        "have": ["x"],
        "status": "live",
        "error": "",
        "stats": {"fps": 1},
        "settings": {},
        "devices": [],
    }
    names = ("snapshot", "record", "read", "connect", "examine", "download")
    while True:
        request = fuzz.random.choice([{"id": "x", "name": "snapshot"}, *_contents(widget)])
        known = {**about, "id": request["id"], "name": request["name"]}
        if fuzz.random.random() < 0.2:
            known["name"] = fuzz.random.choice(names)
        if fuzz.random.random() < 0.1:
            known["failure"] = {"name": "MediaError", "message": "No."}
        kind = fuzz.random.choice([*_from_page.MESSAGES])
        page = fuzz.random.choice(("page", "page", "other", f"p{fuzz.random.random()}"))
        if kind == "state":
            known = {name: known[name] for name in ("id", "status", "error", "settings", "stats")}
        yield {**known, "kind": kind, "page": page}


def _contents(widget: Media) -> list[dict[str, Any]]:
    return [request.content for request in widget._requests.values()]


def kinds() -> list[type[Media]]:
    found = [getattr(ipywebrtc, name) for name in ipywebrtc.__all__]
    widgets = [kind for kind in found if isinstance(kind, type) and issubclass(kind, _media.Media)]
    left_out = (ipywebrtc.WebRTCRoom, ipywebrtc.WebRTCRoomMqtt, Doctor)
    return [kind for kind in dict.fromkeys(widgets) if kind not in left_out]


def begin(widget: Media) -> None:
    """Let a widget wait for something."""
    if hasattr(widget, "connect"):
        widget.connect()
    for name in ("recording", "reading"):
        if widget.has_trait(name):
            setattr(widget, name, True)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ipywebrtc._temporary.folder", lambda: tmp_path)


def flat(step: Callable[[], object], seconds: float = SECONDS) -> int:
    """Repeat something for a time; fail if it takes long once, or if memory goes on growing.

    What is imported or filled once grows in one part of the time, and what leaks in each.
    """
    tracemalloc.start()
    try:
        count, began, taken = 0, time.monotonic(), []
        for part in range(1, PARTS + 1):
            while (now := time.monotonic()) - began < seconds * part / PARTS:
                step()
                assert time.monotonic() - now < SLOWEST
                count += 1
            gc.collect()
            taken.append(tracemalloc.get_traced_memory()[0])
        assert min(after - before for before, after in itertools.pairwise(taken)) < GROWTH
    finally:
        tracemalloc.stop()
    return count


def test_pages_break_nothing(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fuzz = Fuzz(SEED)
    stream = ipywebrtc.CameraStream()
    widgets: list[Media] = [
        kind(stream=stream) if kind.class_traits().get("stream") else kind() for kind in kinds()
    ]
    widgets.append(Doctor(server="mqtt://127.0.0.1:1"))
    streams = [(widget, messages(fuzz, widget)) for widget in widgets]
    for widget in widgets:
        widget._handle_custom_msg({"kind": "hello", "page": "page"}, [])

    def step() -> None:
        widget, nearly = fuzz.random.choice(streams)
        begin(widget)
        message = next(nearly)
        if fuzz.random.random() < 0.7:
            message = fuzz.mutated(message)
        if fuzz.random.random() < 0.3:
            state = {
                name: fuzz.mutated(getattr(widget, name, None))
                for name in fuzz.random.sample([*widget.keys, "timeout", "password"], 3)
            }
            paths: Any = fuzz.random.choice(([], [["a"]], [[]], fuzz.value(2)))
            data = {"method": "update", "state": fuzz.random.choice((state, fuzz.value(2)))}
            if fuzz.random.random() < 0.5:
                data["buffer_paths"] = paths
            widget._handle_msg({"content": {"data": data}, "buffers": fuzz.buffers()})
        else:
            widget._handle_custom_msg(message, fuzz.buffers())

    assert flat(step) > 100
    assert not [record for record in caplog.records if record.exc_info]
    assert "Traceback" not in capsys.readouterr().err
    for widget in widgets:
        json.dumps(widget.get_state(), allow_nan=False, ensure_ascii=False, default=str).encode()
        assert len(widget._pages) <= _media.MOST_PAGES
    made = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert made <= {".webm"}  # Recordings that are on their way.
    for widget in widgets:
        widget.close()
    # A good message still works.
    recorder = ipywebrtc.ImageRecorder(stream=stream)
    recorder._handle_custom_msg({"kind": "hello", "page": "page"}, [])
    size = {"format": "png", "width": 4, "height": 3}
    answer = {"kind": "answer", "page": "page", "id": "p", "name": "snapshot", "unasked": True}
    recorder._handle_custom_msg({**answer, **size}, [b"picture"])
    assert bytes(recorder.image.value) == b"picture"


class Attacker:
    """A participant that checks nothing of what it seals."""

    def __init__(self, room: WebRTCRoomLocal) -> None:
        assert room._channel
        self._fuzz, self._room, self._transport = Fuzz(SEED), room, LocalTransport()
        self._seal, identity = room._channel._seal, room._channel.id
        self._numbers = iter(range(1 << 40))
        signal = {"from": "a", "to": None, "polite": True, "candidates": [{"candidate": "c"}]}
        self._known: list[Any] = [
            {"info": {"nickname": "B", "since": 1, "person": "b"}, "connection": 1, "near": ["a"]},
            {"info": {}, "connection": 1, "near": [identity], "echo": {identity: 1}},
            {"gone": True},
            {"kind": "signal", "signal": signal},
            {"kind": "refuse", "reason": "full", "sure": False, "limit": 3},
            {"kind": "refuse", "reason": "declined"},
        ]

    def publish(self) -> None:
        """Send something, and join again if that has put the room out."""
        random = self._fuzz.random
        self._room.join()
        assert self._room._channel
        sender = f"{random.randrange(40):016x}"
        way = random.choice((f"p/{sender}", f"s/{self._room._channel.id}"))
        topic = f"{self._seal.topic}/{way}"
        content = random.choice(self._known)
        if random.random() < 0.8:
            content = self._fuzz.mutated(content)
        now = time.time() + random.choice((0, 0, 0, 600, -600, 1e300, float("nan")))
        try:
            envelope = Envelope(sender, next(self._numbers), now, content)
            payload = self._seal.close(topic, envelope)
        except (ValueError, ipywebrtc.SignalingError):  # JSON has no such number, or it is long.
            payload = os.urandom(100)
        if random.random() < 0.1:
            payload = payload[: random.randrange(len(payload))]
        self._transport.publish(topic, payload)


async def in_room(nickname: str) -> WebRTCRoomLocal:
    room = WebRTCRoomLocal(room="fuzz", nickname=nickname)
    room._handle_custom_msg({"kind": "hello", "page": "page"}, [])
    return room


def test_participants_break_nothing(caplog: pytest.LogCaptureFixture) -> None:
    failures: list[object] = []
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _loop, context: failures.append(context))
    room = loop.run_until_complete(in_room("Ada"))
    attacker = Attacker(room)

    def step() -> None:
        for _ in range(20):
            attacker.publish()
        loop.run_until_complete(asyncio.sleep(0))

    def seen() -> list[Any]:
        channel = room._channel
        return (
            [member.info.get("nickname") for member in channel.members.values()] if channel else []
        )

    try:
        assert flat(step) > 100
        assert failures == []
        assert len(seen()) <= 64
        assert len(room.peers) <= room.max_peers
        for widget in [room, *room.peers]:
            state = widget.get_state()
            json.dumps(state, allow_nan=False, ensure_ascii=False, default=str).encode()
        # A good message still works.
        bob = loop.run_until_complete(in_room("Bob"))
        deadline = time.monotonic() + SECONDS
        while "Bob" not in seen() and time.monotonic() < deadline:
            loop.run_until_complete(asyncio.sleep(0.05))
        assert "Bob" in seen()
        bob.close()
    finally:
        room.close()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        LocalTransport._retained.clear()
    assert not [record for record in caplog.records if record.exc_info]


def test_files_break_no_repair(tmp_path: Path) -> None:
    fuzz = Fuzz(SEED)
    films, sounds = webm(), wav(tone(440, 8000), 8000)
    path = tmp_path / "x"

    def step() -> None:
        fmt = fuzz.random.choice(("webm", "wav", "mp4"))
        data = bytearray(films if fmt == "webm" else sounds)
        how = fuzz.random.randrange(4)
        if how == 0:
            data = bytearray(fuzz.random.randbytes(fuzz.random.randrange(2000)))
        elif how == 1:
            del data[fuzz.random.randrange(len(data)) :]
        for _ in range(fuzz.random.randrange(8)):
            if data:
                place = fuzz.random.randrange(min(len(data), fuzz.random.choice((100, 10_000))))
                data[place] = fuzz.random.choice((0, 1, 127, 128, 255, fuzz.random.randrange(256)))
        path.write_bytes(data)
        mend(path, fmt, 1)
        assert path.stat().st_size == len(data)

    assert flat(step) > 100


def test_all_classes_are_tried() -> None:
    assert {kind.__name__ for kind in kinds()} >= {"VideoRecorder", "WebRTCPeer", "AudioReader"}
    assert all(issubclass(kind, ipywidgets.Widget) for kind in kinds())
