"""Media that the tests make for themselves, with colours that they know."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING, Any, Literal

import av
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

FPS = 20
RATE = 48_000


def write_video(
    path: Path,
    *,
    seconds: float = 4,
    width: int = 320,
    height: int = 240,
    tone: float | None = None,
) -> None:
    """Write an mp4 (H.264) or a webm (VP8) whose frames are of one gray each, brighter with time.

    Args:
        path: Where to.
        seconds: Its length, at 20 frames a second.
        width: Pixels.
        height: Pixels.
        tone: Hertz of a sine of half the full scale (AAC); without, there is no sound.
    """
    count = round(seconds * FPS)
    codec: Literal["libx264", "libvpx"] = "libvpx" if path.suffix == ".webm" else "libx264"
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        sound = container.add_stream("aac", rate=RATE, layout="mono") if tone else None
        for number in range(count):
            gray = 40 + 180 * number // count
            pixels = np.full((height, width, 3), gray, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        container.mux(stream.encode())
        if sound and tone:
            samples = sine(seconds, tone).astype(np.float32)[np.newaxis]
            block = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            block.sample_rate = RATE
            container.mux(sound.encode(block))
            container.mux(sound.encode())


def write_noise(path: Path, *, width: int = 640, height: int = 480) -> None:
    """Write a y4m of a second of noise, which hardly compresses; Chromium takes it for a camera.

    Args:
        path: Where to.
        width: Pixels.
        height: Pixels.
    """
    random = np.random.default_rng(1)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{FPS}:1\n".encode())
        for _ in range(FPS):
            file.write(b"FRAME\n" + random.bytes(width * height * 3 // 2))


def sine(seconds: float, frequency: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Make samples of a sine of half the full scale, at 48 kHz."""
    time = np.arange(round(seconds * RATE)) / RATE
    return 0.5 * np.sin(2 * np.pi * frequency * time)


def write_tone(path: Path, *, seconds: float = 4, frequency: float = 440) -> None:
    """Write a WAV of a sine of half the full scale, mono, 16 bit, 48 kHz.

    Args:
        path: Where to.
        seconds: Its length.
        frequency: Hertz.
    """
    samples = np.round(32767 * sine(seconds, frequency)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
