"""Frames and sound of a stream as numpy arrays, while it is live; and arrays as a stream."""

from __future__ import annotations

import io
import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import traitlets

from ipywebrtc._bundle import bundle
from ipywebrtc._feed import Feed
from ipywebrtc._from_page import FRAME, SOUND
from ipywebrtc._reading import RECENT, Callbacks, Reader
from ipywebrtc._shapes import Malformed
from ipywebrtc.streams import MediaStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import numpy as np
    import numpy.typing as npt
    import PIL.Image

    from ipywebrtc._media import Buffers, Content
    from ipywebrtc._reading import Item

FRAME_FORMATS = ("jpeg", "webp", "rgb", "gray")

SILENCE = -120.0
"""The level of silence, in dBFS."""
CHANNELS = {"rgb": 3, "gray": 1}
"""Bytes of a pixel, in the formats that have a fixed number."""
AHEAD = 1 << 32
"""Frames that may have been dropped in between."""
LEAST_BLOCK = 10
"""Frames in the shortest block, at the lowest rate."""
MOST_CHANNELS = 32
"""Channels of sound, which every browser has."""
WAITING_BLOCKS = 600
"""Blocks of sound that are kept for a loop that is slower than a callback beside it."""
PRE_ROLL = 0.2
"""Seconds before it is loud that belong to an utterance."""
LONGEST = 30.0
"""Seconds after which a long utterance is handed over, and the next one begins."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a stream.

    Shown in a notebook it is that picture. `data` is what came from the page: an encoded picture,
    or for the formats `rgb` and `gray` one byte for each channel of each pixel, row after row.
    `timestamp` is that of W3C WebCodecs, https://www.w3.org/TR/webcodecs/#dom-videoframe-timestamp.

    Example:
        >>> frame.to_numpy().mean(axis=(0, 1))
    """

    data: bytes
    """The bytes, as `format` says."""
    format: str
    """`jpeg`, `webp`, `rgb` or `gray`."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    sequence: int
    """Counts the frames that were due; a step of more than 1 means that some were dropped."""
    timestamp: float
    """Seconds on the stream's own clock: only differences mean something."""
    time: float
    """When the page got it: Unix time in seconds, on the clock of the kernel's machine."""

    def to_numpy(self) -> npt.NDArray[np.uint8]:
        """Return the pixels, of shape (height, width, 3), or (height, width) for `gray`; uint8.

        The array is the caller's own. A `jpeg` has colours that are off by a few of 255.

        Raises:
            ImportError: numpy is not installed, or Pillow, which `jpeg` and `webp` need.

        Example:
            >>> red, green, blue = frame.to_numpy().mean(axis=(0, 1))
        """
        import numpy as np

        if self.format not in ("rgb", "gray"):
            return np.array(self.to_pil().convert("RGB"))
        shape = (self.height, self.width, *([3] if self.format == "rgb" else []))
        return np.frombuffer(self.data, np.uint8).reshape(shape).copy()

    def to_pil(self) -> PIL.Image.Image:
        """Return a Pillow image, of mode RGB, or L for `gray`.

        Raises:
            ImportError: Pillow is not installed.

        Example:
            >>> frame.to_pil().save("frame.png")
        """
        import PIL.Image

        if self.format in ("rgb", "gray"):
            mode = {"rgb": "RGB", "gray": "L"}[self.format]
            return PIL.Image.frombytes(mode, (self.width, self.height), self.data)
        return PIL.Image.open(io.BytesIO(self.data))

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.to_pil().save(file, "png")
        return file.getvalue()

    def __repr__(self) -> str:
        size = f"{self.width} by {self.height}"
        return f"<Frame {self.sequence}: {size}, {len(self.data)} bytes of {self.format}>"


class FrameReader(Reader):
    """Brings the frames of a stream into Python, while it is live.

    A function that `on_frame` decorates is called with each `Frame`, or `async for` takes one after
    the other; `latest` is the last one. What can't be kept up with is dropped: the next frame is
    always the newest, and at most two are on the way, however long a callback takes. So a slow
    callback gets few frames and late ones never; to have every one, record a video.

    Callbacks run between cells: while a cell runs, and does not await, none is called. What they
    print appears below the cell that defined them. One that raises stops the reader, not the
    stream: `error` and the reader's view say why, with the traceback.

    Nothing needs to be displayed. It reads in one page; when that is closed, another takes over,
    and a reloaded one goes on.

    Frames are those of the browser's MediaStreamTrackProcessor,
    https://www.w3.org/TR/mediacapture-transform/, or of a video element where there is none.

    Example:
        >>> reader = FrameReader(stream=camera, width=320, format="gray")
        >>> @reader.on_frame
        ... def show(frame):
        ...     label.value = f"{frame.to_numpy().mean():.0f}"
    """

    _esm = bundle("frame_reader")

    max_fps = traitlets.Float(None, allow_none=True).tag(sync=True)
    """Frames per second at most, as a mean, above 0; None, the default, takes all."""

    width = traitlets.Int(None, min=1, allow_none=True).tag(sync=True)
    """The width of the frames at most, in pixels; the height follows. None, the default, is the
    stream's own. Frames are never enlarged."""

    format = traitlets.Enum(FRAME_FORMATS, "jpeg").tag(sync=True)
    """How frames travel. `jpeg` (the default) and `webp` are small, and slightly off in colour;
    `rgb` and `gray` are exact, and large: 0.9 MB and 0.3 MB at 640 by 480. `gray` is the
    brightness, as Pillow's mode `L` has it."""

    quality = traitlets.Float(0.8, min=0, max=1).tag(sync=True, page="sets")
    """Quality of `jpeg` and `webp`, 0 to 1, default 0.8."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._sequence = self._dropped = 0
        self._expected: int | None = None
        super().__init__(*args, **kwargs)

    def on_frame(
        self, callback: Callable[[Frame], object], *, remove: bool = False
    ) -> Callable[[Frame], object]:
        """Call a function with each frame, and begin to read. May be used as a decorator.

        A function of the same name takes the place of the one before, so a cell may run again.

        Args:
            callback: Called on the kernel's event loop with a `Frame`; what it returns is ignored.
            remove: Whether not to call it any more.

        Raises:
            TypeError: It is a coroutine function; use `async for`.

        Example:
            >>> reader.on_frame(show)
            >>> reader.on_frame(show, remove=True)  # and it stops reading for it
        """
        self._listen(callback, remove=remove)
        return callback

    def __aiter__(self) -> AsyncIterator[Frame]:
        """Iterate over the frames, the newest at each turn, until the stream ends.

        Raises:
            MediaError: The stream can't be read (see `errors`), or waiting can't work here.

        Example:
            >>> async for frame in reader:
            ...     if frame.to_numpy().mean() > 200:
            ...         break
        """
        return self._iterate()

    @property
    def latest(self) -> Frame | None:
        """The last frame that was read; None before the first."""
        return self._latest  # type: ignore[no-any-return]

    @property
    def fps(self) -> float:
        """Frames per second that came lately."""
        return len(self._recent(0)) / RECENT

    @property
    def dropped(self) -> int:
        """How many frames were due and not read, since the reader was made."""
        return self._dropped

    @traitlets.validate("max_fps")
    def _valid_max_fps(self, proposal: Any) -> float | None:
        return _valid_rate(proposal["value"])

    def _values(self, item: Item) -> list[Frame]:
        content = FRAME(item.content)
        size = content["width"] * content["height"] * CHANNELS.get(content["format"], 0)
        if size not in (0, len(item.data)) or content["sequence"] > self._sequence + AHEAD:
            raise Malformed
        self._sequence = content["sequence"] + 1
        return [Frame(item.data, **content)]

    def _taken_in(self, value: Frame) -> None:
        if self._expected is not None:
            self._dropped += value.sequence - self._expected
        self._expected = value.sequence + 1

    def _reset(self) -> None:
        super()._reset()
        self._expected = None

    def _progress(self) -> Content:
        latency = self.latency
        return {
            "sequence": self._sequence,
            "fps": self.fps,
            "latency": None if math.isnan(latency) else latency,
            "dropped": self._dropped,
        }


@dataclass(frozen=True, eq=False)
class AudioBlock:
    """A piece of sound, which begins where the one before it ended, unless `gap` says otherwise.

    Example:
        >>> left = block.samples[:, 0]
        >>> block.position / block.sample_rate  # seconds since reading began
    """

    samples: npt.NDArray[np.float32]
    """Shape (frames, channels), -1 to 1."""
    sample_rate: int
    """Frames per second."""
    position: int
    """Of its first frame, in frames since reading began, those of gaps included."""
    time: float
    """When the page got its first frame: Unix time in seconds, on the clock of the kernel."""
    gap: int
    """How many frames before it were lost, as far as that is known; 0 where all is well."""

    @property
    def level(self) -> float:
        """Root mean square in dBFS, from -120; a sine of full scale has -3."""
        return _level(self.samples)

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.sample_rate

    def __repr__(self) -> str:
        end = self.position + len(self.samples)
        return f"<AudioBlock {self.position} to {end}, {self.level:.0f} dBFS>"


class AudioReader(Reader):
    """Brings the sound of a stream into Python, while it is live, block after block.

    A function that `on_block` decorates is called with each `AudioBlock`, or `async for` takes one
    after the other. Blocks come in order and complete: while the kernel is busy the page keeps a
    minute of sound. What is lost beyond that, or 50 ms or more that the browser itself lost, stands
    in `gap` of the next block, within two seconds of where it happened, and in `gaps`. Less can't
    be told from the jitter of the browser's clock: in ten minutes of a file that played two jumps
    of some samples were found.

    Callbacks run between cells, and print below the cell that defined them; one that raises stops
    the reader, as with a `FrameReader`. Needs numpy. Microphones are made clearer for calls unless
    told otherwise: see `MicrophoneStream`. While the other side of a call sends no sound, it is
    `waiting`, and `error` says so.

    Sound is that of the browser's MediaStreamTrackProcessor,
    https://www.w3.org/TR/mediacapture-transform/, or of an AudioWorklet,
    https://www.w3.org/TR/webaudio/#AudioWorklet, brought to `sample_rate` without seams.

    Example:
        >>> reader = AudioReader(stream=microphone)
        >>> @reader.on_speech
        ... def transcribe(utterance):
        ...     print(model.transcribe(utterance.samples[:, 0]))
    """

    _esm = bundle("audio_reader")

    sample_rate = traitlets.Int(16_000, min=1_000, max=384_000).tag(sync=True)
    """Frames per second, default 16000, which most models of speech want."""

    channels = traitlets.Int(1, min=1, max=32).tag(sync=True)
    """Default 1, the mean of the stream's channels. With more, each is one of the stream's; those
    that it has not repeat its last."""

    block = traitlets.Float(0.1, min=0.01, max=10).tag(sync=True)
    """Seconds in a block, default 0.1, 0.01 to 10."""

    threshold = traitlets.Float(-40.0)
    """The level in dBFS, default -40, from which on a block counts as speech."""

    hold = traitlets.Float(0.5, min=0)
    """Seconds of quiet, default 0.5, that end an utterance."""

    speaking = traitlets.Bool(False, read_only=True)
    """Whether an utterance goes on. Read-only; may be observed."""

    _most_waiting = WAITING_BLOCKS
    _restart_on = ("stream", "sample_rate", "channels", "block")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._speech = Callbacks()
        self._position = self._gaps = 0
        self._ended: float | None = None
        self._heard: deque[AudioBlock] = deque()
        self._quiet = 0.0
        super().__init__(*args, **kwargs)

    def on_block(
        self, callback: Callable[[AudioBlock], object], *, remove: bool = False
    ) -> Callable[[AudioBlock], object]:
        """Call a function with each block, and begin to read. May be used as a decorator.

        Args:
            callback: Called on the kernel's event loop with an `AudioBlock`. One of the same name
                takes the place of the one before.
            remove: Whether not to call it any more.

        Raises:
            TypeError: It is a coroutine function; use `async for`.

        Example:
            >>> @reader.on_block
            ... def meter(block):
            ...     bar.value = block.level
        """
        self._listen(callback, remove=remove)
        return callback

    def on_speech(
        self, callback: Callable[[AudioBlock], object], *, remove: bool = False
    ) -> Callable[[AudioBlock], object]:
        """Call a function with each utterance, when it is over; may be used as a decorator.

        An utterance is an `AudioBlock` of what came between two quiet times: it begins 0.2 s before
        a block reaches `threshold`, and ends when none did for `hold` seconds, or after 30 s. It is
        found by loudness alone: a door is one too.

        Args:
            callback: Called on the kernel's event loop with an `AudioBlock`.
            remove: Whether not to call it any more.

        Raises:
            TypeError: It is a coroutine function.

        Example:
            >>> @reader.on_speech
            ... def count(utterance):
            ...     print(f"{utterance.duration:.1f} s")
        """
        if remove:
            self._speech.remove(callback)
        else:
            self._speech.add(callback)
        # The search is a callback itself while somebody wants what it finds.
        self._listen(self._search, remove=not self._speech)
        return callback

    def __aiter__(self) -> AsyncIterator[AudioBlock]:
        """Iterate over the blocks, each of them once, until the stream ends.

        Raises:
            MediaError: The stream can't be read (see `errors`), or waiting can't work here.

        Example:
            >>> async for block in reader:
            ...     if block.position > 10 * block.sample_rate:
            ...         break
        """
        return self._iterate()

    @property
    def latest(self) -> AudioBlock | None:
        """The last block that was read; None before the first."""
        return self._latest  # type: ignore[no-any-return]

    @property
    def level(self) -> float:
        """Root mean square of the last block in dBFS, from -120."""
        return self._latest.level if self._latest else SILENCE

    @property
    def gaps(self) -> int:
        """How many frames were lost, since reading began, as far as that is known."""
        return self._gaps

    def _values(self, item: Item) -> list[AudioBlock]:
        import numpy as np

        content, rate = SOUND(item.content), self.sample_rate
        size, gap = content["size"], content["missing"]
        if not item.data or len(item.data) % (4 * self.channels) or size < LEAST_BLOCK:
            raise Malformed
        with np.errstate(invalid="ignore"):  # What is no number is silent, and infinity loud.
            found = np.nan_to_num(np.frombuffer(item.data, "<f4"), posinf=1, neginf=-1)
        samples = found.reshape(-1, self.channels)
        if content["restart"] and self._ended is not None:
            # Another page has taken over: only the clock knows what was between.
            gap = max(0, round((content["time"] - self._ended) * rate))
        blocks = []
        for start in range(0, len(samples), size):
            self._gaps += gap
            self._position += gap
            part, time = samples[start : start + size], content["time"] + start / rate
            blocks.append(AudioBlock(part.copy(), rate, self._position, time, gap))
            self._position += len(part)
            gap = 0
        self._ended = content["time"] + len(samples) / rate
        return blocks

    def _reset(self) -> None:
        super()._reset()
        self._position = self._gaps = 0
        self._ended = None
        self._heard.clear()
        self._quiet = 0.0

    def _progress(self) -> Content:
        return {"level": self.level}

    def _search(self, block: AudioBlock) -> None:
        """Find utterances."""
        self._heard.append(block)
        loud = block.level >= self.threshold
        self._quiet = 0.0 if loud else self._quiet + block.duration
        length = sum(heard.duration for heard in self._heard)
        if loud:
            self._set_state(speaking=True)
        if not self.speaking:
            while length - self._heard[0].duration >= PRE_ROLL:
                length -= self._heard.popleft().duration
        elif (not loud and self._quiet >= self.hold) or length >= LONGEST:
            self._set_state(speaking=False)
            utterance = _joined([*self._heard])
            self._heard.clear()
            self._speech.call(utterance)


class ArrayStream(MediaStream):
    """Arrays that Python writes, as a live stream: to be shown, recorded, read or sent to a room.

    Each `write` is its next frame. Pages get them exactly, as fast as they and `max_fps` allow;
    what can't be kept up with is dropped, and the newest shown. Nothing is sent while no page shows
    or uses the stream. A cell that writes in a loop should await in it (`asyncio.sleep`): without,
    the kernel does not hear how far the pages are, and sends 10 frames a second at most.

    Pictures become a stream by a canvas,
    https://www.w3.org/TR/mediacapture-fromelement/#html-canvas-element-media-capture-extensions.

    Example:
        >>> stream = ArrayStream(640, 480)
        >>> stream.write(np.random.rand(480, 640))
        >>> stream
    """

    _esm = bundle("array_stream")
    _kind = traitlets.Unicode("array").tag(sync=True)

    width = traitlets.Int(None, min=1, allow_none=True).tag(sync=True)
    """Pixels; None, the default, is the first array's."""

    height = traitlets.Int(None, min=1, allow_none=True).tag(sync=True)
    """Pixels; None, the default, is the first array's."""

    max_fps = traitlets.Float(30, allow_none=True)
    """Frames per second at most, above 0, default 30; None sends all that the pages can take."""

    # Pages that open the stream later make a track of it at once.
    _sample_rate = traitlets.Int(0).tag(sync=True)

    def __init__(self, width: int | None = None, height: int | None = None, **kwargs: Any) -> None:
        self._reader: FrameReader | None = None
        self._used = False
        super().__init__(width=width, height=height, **kwargs)
        self._feed = Feed(self)

    def close(self) -> None:
        """Close the stream in every page, and the reader that `process` made."""
        if self._reader:
            self._reader.close()
        super().close()

    def write(self, array: npt.ArrayLike) -> None:
        """Show an array as the next frame; returns at once.

        Args:
            array: Shape (height, width) for gray, (height, width, 3) for RGB, (height, width, 4)
                for RGBA; uint8, or floats of which 0 is dark and 1 is bright (others are clipped).
                bool is black and white. It is copied.

        Raises:
            ValueError: The shape does not fit.
            TypeError: The dtype does not.

        Example:
            >>> stream.write(np.zeros((480, 640, 3), np.uint8))
        """
        pixels = _pixels(array)
        height, width = pixels.shape[:2]
        if self.width is None or self.height is None:
            with self.hold_sync():
                self.width, self.height = self.width or width, self.height or height
        if (height, width) != (self.height, self.width):
            message = (
                f"the array is {width} by {height} (its shape is {pixels.shape}) and the stream "
                f"{self.width} by {self.height}: write arrays of that size, "
                "or make another ArrayStream"
            )
            raise ValueError(message)
        about = {"width": width, "height": height, "channels": pixels.size // (width * height)}
        self._feed.put(about, pixels.tobytes(), self.max_fps)

    def write_audio(self, samples: npt.ArrayLike, sample_rate: int) -> None:
        """Let the stream sound; returns at once, and what is written next follows without a seam.

        It is heard only by pages that show or use the stream now: sound is not kept. Keep a little
        ahead of time, by some 0.2 s, and not by much more, as what is written can't be taken back.
        A browser may want a click in the page before it plays.

        Args:
            samples: Shape (frames,) or (frames, channels); floats from -1 to 1, or int16.
            sample_rate: Frames per second; the same for all sound of a stream.

        Raises:
            ValueError: The shape does not fit, or the rate is another one than before.
            TypeError: The dtype does not.

        Example:
            >>> stream.write_audio(np.sin(np.arange(16000) / 10), 16000)
        """
        sound = _sound(samples)
        if not self._sample_rate:
            self._sample_rate = sample_rate
        if sample_rate != self._sample_rate:
            message = (
                f"sample_rate is {sample_rate}, and was {self._sample_rate} before: "
                "resample it, or make another ArrayStream"
            )
            raise ValueError(message)
        about = {"kind": "sound", "channels": sound.shape[1], "sample_rate": sample_rate}
        self.send(about, [sound.tobytes()])

    @classmethod
    def process(
        cls,
        stream: MediaStream,
        function: Callable[[npt.NDArray[np.uint8]], npt.ArrayLike],
        **options: Any,
    ) -> ArrayStream:
        """Make a stream of what a function makes of each frame of another.

        It is called between cells, as often as the kernel can, and only while a page shows or uses
        the result. If it raises, the result stands still, and says why; `reader` has the
        traceback.

        Args:
            stream: The stream to read.
            function: Gets pixels of shape (height, width, 3), or (height, width) for the format
                `gray`, uint8; returns what `write` takes, always of one size.
            **options: Traits of the `FrameReader` that reads: `width`, `max_fps`, `format`, …

        Example:
            >>> ArrayStream.process(camera, lambda pixels: 255 - pixels, width=320)
        """
        result = cls()
        result._reader = reader = FrameReader(stream=stream, **options)
        # It reads when a page has the result open, and prints below the cell that runs now.
        reader._callbacks.add(lambda frame: result.write(function(frame.to_numpy())))  # noqa: SLF001
        reader.observe(lambda _: result.send({"kind": "said", "text": reader.error}), "error")
        return result

    @property
    def reader(self) -> FrameReader | None:
        """The reader that `process` made; None for other streams."""
        return self._reader

    @property
    def fps(self) -> float:
        """Frames per second that were sent lately."""
        return self._feed.fps

    @property
    def dropped(self) -> int:
        """How many frames were written and not sent, while a page was there to get them."""
        return self._feed.dropped

    @traitlets.validate("max_fps")
    def _valid_max_fps(self, proposal: Any) -> float | None:
        return _valid_rate(proposal["value"])

    def _on_message(self, widget: Any, content: Content, buffers: Buffers) -> None:
        if content["kind"] != "drawn":
            super()._on_message(widget, content, buffers)
            return
        self._feed.heard(content["page"], content["number"] if content["open"] else None)
        self._follow_users()

    def _said_bye(self, page: str) -> None:
        super()._said_bye(page)
        self._feed.heard(page, None)
        self._follow_users()

    def _follow_users(self) -> None:
        """Process while some page has the stream open."""
        if self._used != self._feed.used:
            self._used = self._feed.used
            if self._reader:
                self._reader.reading = self._used


def _valid_rate(rate: float | None) -> float | None:
    if rate is not None and not 0 < rate < math.inf:
        message = f"max_fps is {rate}: frames per second must be more than 0, or None"
        raise traitlets.TraitError(message)
    return rate


def _pixels(array: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Bring pixels to uint8, of one, three or four channels."""
    import numpy as np

    pixels = np.asarray(array)
    channels = pixels.shape[2:] or (1,)
    if pixels.ndim not in (2, 3) or channels[0] not in (1, 3, 4) or not pixels.size:
        message = (
            f"the array has the shape {pixels.shape}: write (height, width) for gray, "
            "(height, width, 3) for RGB or (height, width, 4) for RGBA"
        )
        raise ValueError(message)
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind == "b":
        return pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype.kind != "f":
        message = (
            f"the array has the dtype {pixels.dtype}: write uint8 (0 to 255), "
            "or floats (0 to 1), as by array.astype(np.uint8)"
        )
        raise TypeError(message)
    bright = np.nan_to_num(np.clip(pixels, 0, 1), nan=0)
    scaled: npt.NDArray[np.uint8] = (255 * bright + 0.5).astype(np.uint8)
    return scaled


def _sound(samples: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Bring sound to float32 of shape (frames, channels)."""
    import numpy as np

    sound = np.asarray(samples)
    if sound.ndim not in (1, 2) or not sound.size or sound.shape[1:] > (MOST_CHANNELS,):
        message = (
            f"the sound has the shape {sound.shape}: write (frames,) or (frames, channels), "
            f"of {MOST_CHANNELS} channels at most"
        )
        raise ValueError(message)
    if sound.dtype == np.int16:
        sound = sound / np.float32(32768)
    elif sound.dtype.kind != "f":
        message = f"the sound has the dtype {sound.dtype}: write floats (-1 to 1) or int16"
        raise TypeError(message)
    return sound.reshape(len(sound), -1).astype("<f4")


def _level(samples: npt.NDArray[np.float32]) -> float:
    import numpy as np

    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(SILENCE, 10 * math.log10(power)) if power > 0 else SILENCE


def _joined(blocks: list[AudioBlock]) -> AudioBlock:
    import numpy as np

    first = blocks[0]
    samples = np.concatenate([block.samples for block in blocks])
    return AudioBlock(samples, first.sample_rate, first.position, first.time, first.gap)
