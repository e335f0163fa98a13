"""Sound files as arrays."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Samples = np.ndarray[Any, np.dtype[np.float32]]

FULL_SCALE = 1 << 15
"""What 16-bit samples are divided by: they become -1 to 1."""


def read_sound(source: bytes | Path | IO[bytes], fmt: str) -> tuple[Samples, int]:
    """Decode a sound file.

    Args:
        source: The file, open or not, or its bytes.
        fmt: `wav` needs numpy alone; all others PyAV.

    Returns:
        Samples from -1 to 1 of shape (frames, channels), and how many frames a second has.

    Raises:
        ImportError: PyAV is not installed.
    """
    import numpy as np

    file: Any = io.BytesIO(source) if isinstance(source, bytes) else source
    if isinstance(file, Path):
        file = str(file)
    if fmt != "wav":
        return _decode(file, fmt)
    with wave.open(file, "rb") as sound:
        shape = (-1, sound.getnchannels())
        frames = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(shape)
        return frames.astype(np.float32) / np.float32(FULL_SCALE), sound.getframerate()


def _decode(file: Any, fmt: str) -> tuple[Samples, int]:
    import numpy as np

    try:
        import av
    except ImportError as error:
        message = (
            f"Samples of a {fmt} recording need PyAV: pip install 'ipywebrtc[av]', "
            "or record with format = 'wav'"
        )
        raise ImportError(message) from error
    with av.open(file) as container:
        stream = container.streams.audio[0]
        planar = av.AudioResampler(format="fltp")
        blocks = [
            block.to_ndarray()
            for frame in container.decode(stream)
            for block in planar.resample(frame)
        ]
        channels, rate = stream.channels, stream.rate
    samples = np.concatenate(blocks, axis=1).T if blocks else np.zeros((0, channels), np.float32)
    return np.ascontiguousarray(samples, np.float32), int(rate)


def resample(samples: Samples, rate: int, wanted: int) -> Samples:
    """Change the rate of samples by the Fourier transform: no frequency that fits is lost.

    Args:
        samples: Of shape (frames, channels).
        rate: Frames a second that they have.
        wanted: Frames a second that they get.
    """
    import numpy as np

    frames = len(samples)
    count = round(frames * wanted / rate)
    if rate == wanted:
        return samples
    if count == 0:
        return samples[:0]
    # The transform takes its input for periodic: mirrored ends keep clicks away.
    pad = min(frames - 1, rate // 10)
    padded = np.pad(samples, ((pad, pad), (0, 0)), mode="reflect")
    length = round(len(padded) * wanted / rate)
    spectrum = np.fft.rfft(padded, axis=0)[: length // 2 + 1]
    result = np.fft.irfft(spectrum, length, axis=0) * (length / len(padded))
    begin = round(pad * wanted / rate)
    return result[begin : begin + count].astype(np.float32)
