"""What is in a recorded file, as PyAV reads it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av
import av.container
import av.error

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np


@dataclass
class Contents:
    """The tracks of a file."""

    codecs: dict[str, str]
    """The codec of each kind of track."""
    duration: float
    """Seconds, as the file's header tells."""
    times: list[float]
    """When each picture is shown, in seconds."""
    size: tuple[int, int]
    """Width and height in pixels; zero where there is no picture."""


def opened(source: bytes | Path) -> av.container.InputContainer:
    """Open a file, or what is in one."""
    return av.open(io.BytesIO(source) if isinstance(source, bytes) else str(source), "r")


def contents(source: bytes | Path) -> Contents:
    """Decode all of a file."""
    with opened(source) as container:
        videos = container.streams.video
        codecs = {str(s.type): s.codec_context.name for s in container.streams}
        duration = (container.duration or 0) / av.time_base
        times = [frame.time or 0.0 for frame in container.decode(video=0)] if videos else []
        size = (videos[0].width, videos[0].height) if videos else (0, 0)
    return Contents(codecs, duration, times, size)


def is_seekable(source: bytes | Path) -> bool:
    """Say whether a file tells its duration, and its middle is found without reading all of it."""
    with opened(source) as container:
        duration = (container.duration or 0) / av.time_base
    try:
        picture_at(source, duration / 2)
    except (AssertionError, av.error.FFmpegError):
        return False
    return duration > 0


def picture_at(source: bytes | Path, seconds: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Seek, and decode the picture that is shown then."""
    with opened(source) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        container.seek(round(seconds / stream.time_base), stream=stream)
        found = None
        for frame in container.decode(stream):
            if found is not None and (frame.time or 0) > seconds:
                break
            found = frame
        assert found is not None
        assert (found.time or 0) > seconds - 1.5, f"sought {seconds}, found {found.time}"
        return found.to_ndarray(format="rgb24").astype("uint8")
