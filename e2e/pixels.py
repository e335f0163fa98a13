"""Compares pictures as pixelmatch does: by how different two colours look."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image

if TYPE_CHECKING:
    import numpy.typing as npt

    Pixels = npt.NDArray[Any]

# From RGB to YIQ: brightness and two colours, as the eye weighs them.
YIQ = np.array(
    [
        [0.29889531, 0.59597799, 0.21147017],
        [0.58662247, -0.27417610, -0.52261711],
        [0.11448223, -0.32180189, 0.31114694],
    ]
)
WEIGHTS = np.array([0.5053, 0.299, 0.1957])
MOST = 35215  # the difference of black and white
THRESHOLD = 0.1


def pixels(png: bytes) -> Pixels:
    """Decode a picture to rows of RGB."""
    return np.asarray(PIL.Image.open(io.BytesIO(png)).convert("RGB"))


def difference(one: Pixels, other: Pixels, threshold: float = THRESHOLD) -> float:
    """Return the part of the pixels that differ, 0 to 1.

    Two pixels differ when 0.5053 ΔY² + 0.299 ΔI² + 0.1957 ΔQ² > 35215 threshold².
    """
    delta = (one[..., :3].astype(float) - other[..., :3].astype(float)) @ YIQ
    return float(((delta**2 @ WEIGHTS) > MOST * threshold**2).mean())
