"""Media that the tests make for themselves, with colours that they know."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

FPS = 20
RATE = 48_000


def write_video(path: Path, *, seconds: float = 4, width: int = 320, height: int = 240) -> None:
    """Write an mp4 (H.264) whose frames are of one gray each, brighter with time.

    Args:
        path: Where to.
        seconds: Its length, at 20 frames a second.
        width: Pixels.
        height: Pixels.
    """
    count = round(seconds * FPS)
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(count):
            gray = 40 + 180 * number // count
            pixels = np.full((height, width, 3), gray, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        container.mux(stream.encode())


def write_tone(path: Path, *, seconds: float = 4, frequency: float = 440) -> None:
    """Write a WAV of a sine of half the full scale, mono, 16 bit, 48 kHz.

    Args:
        path: Where to.
        seconds: Its length.
        frequency: Hertz.
    """
    time = np.arange(round(seconds * RATE)) / RATE
    samples = np.round(0.5 * 32767 * np.sin(2 * np.pi * frequency * time)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
