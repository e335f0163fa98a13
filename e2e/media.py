"""Media that the tests make for themselves, with colours that they know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

FPS = 20


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
