"""Sound files as arrays."""

from __future__ import annotations

import io
import sys
import wave
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from ipywebrtc._sound import read_sound, resample

if TYPE_CHECKING:
    from pathlib import Path

    from ipywebrtc._sound import Samples


def tone(frequency: float, rate: int, seconds: float = 1, channels: int = 1) -> Samples:
    times = np.arange(round(seconds * rate)) / rate
    wave = 0.5 * np.sin(2 * np.pi * frequency * times)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def wav(samples: Samples, rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((samples.shape[1], 2, rate, 0, "NONE", ""))
        sound.writeframes((samples * 32768).astype("<i2").tobytes())
    return file.getvalue()


def ogg(samples: Samples, rate: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as container:
        stream: Any = container.add_stream("libopus", rate=rate)
        stream.layout = "mono" if samples.shape[1] == 1 else "stereo"
        frame: Any = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.reshape(1, -1)), "flt", stream.layout.name
        )
        frame.rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for part in (frame, None):
            container.mux(stream.encode(part))
    return file.getvalue()


def loudest(samples: Samples, rate: int) -> float:
    """Find the frequency of a tone, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples[:, 0] * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate / len(samples))


def test_a_stereo_wav_is_read_by_frames_and_channels() -> None:
    given = np.array([[0, 0.5], [-0.25, -1], [0.125, 0]], np.float32)
    samples, rate = read_sound(wav(given, 44_100), "wav")
    assert (str(samples.dtype), samples.shape, rate) == ("float32", (3, 2), 44_100)
    np.testing.assert_array_equal(samples, given)


def test_a_mono_wav_has_one_channel() -> None:
    samples, rate = read_sound(wav(tone(440, 8000), 8000), "wav")
    assert (str(samples.dtype), samples.shape, rate) == ("float32", (8000, 1), 8000)


def test_an_empty_wav_has_no_frames() -> None:
    samples, rate = read_sound(wav(np.zeros((0, 2), np.float32), 48_000), "wav")
    assert (samples.shape, rate) == ((0, 2), 48_000)


def test_a_wav_is_read_from_its_file_too(tmp_path: Path) -> None:
    path = tmp_path / "record.wav"
    path.write_bytes(wav(tone(440, 8000), 8000))
    np.testing.assert_array_equal(
        read_sound(path, "wav")[0], read_sound(path.read_bytes(), "wav")[0]
    )


def test_an_ogg_is_decoded() -> None:
    samples, rate = read_sound(ogg(tone(440, 48_000, channels=2), 48_000), "ogg")
    assert (str(samples.dtype), samples.shape[1], rate) == ("float32", 2, 48_000)
    assert abs(len(samples) - 48_000) < 0.03 * 48_000
    assert loudest(samples, rate) == pytest.approx(440, abs=1.5)
    assert np.abs(samples[10_000:40_000]).max() == pytest.approx(0.5, rel=0.1)


def test_an_ogg_is_decoded_from_its_file_too(tmp_path: Path) -> None:
    path = tmp_path / "record.ogg"
    path.write_bytes(ogg(tone(440, 48_000), 48_000))
    samples, _ = read_sound(path, "ogg")
    assert loudest(samples, 48_000) == pytest.approx(440, abs=1.5)


def test_without_pyav_a_wav_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    assert read_sound(wav(tone(440, 8000), 8000), "wav")[1] == 8000


def test_without_pyav_the_others_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    for fmt in ("webm", "ogg", "mp4"):
        message = rf"{fmt} recording need PyAV: pip install 'ipywebrtc\[av\]', or .* 'wav'"
        with pytest.raises(ImportError, match=message):
            read_sound(b"", fmt)


def test_the_own_rate_changes_nothing() -> None:
    given = tone(440, 48_000)
    assert resample(given, 48_000, 48_000) is given


def test_a_lower_rate_keeps_a_tone() -> None:
    samples = resample(tone(440, 48_000), 48_000, 16_000)
    assert (str(samples.dtype), samples.shape) == ("float32", (16_000, 1))
    assert loudest(samples, 16_000) == pytest.approx(440, abs=1)
    inner = slice(800, -800)  # Only at its ends is a tone that is cut off no tone.
    np.testing.assert_allclose(samples[inner], tone(440, 16_000)[inner], atol=0.005)


def test_a_higher_rate_keeps_a_tone() -> None:
    samples = resample(tone(440, 16_000, channels=2), 16_000, 44_100)
    assert samples.shape == (44_100, 2)
    inner = slice(800, -800)
    np.testing.assert_allclose(samples[inner], tone(440, 44_100, channels=2)[inner], atol=0.005)


def test_a_tone_that_does_not_fit_the_lower_rate_is_gone() -> None:
    samples = resample(tone(10_000, 48_000), 48_000, 16_000)
    assert np.abs(samples[1000:-1000]).max() < 0.005


def test_a_constant_stays_what_it_is() -> None:
    samples = resample(np.full((4800, 1), 0.25, np.float32), 48_000, 16_000)
    np.testing.assert_allclose(samples, 0.25, atol=1e-4)


def test_a_changed_rate_has_the_exact_length_for_short_sounds_too() -> None:
    for rate, wanted in ((48_000, 16_000), (48_000, 44_100), (44_100, 48_000), (16_000, 48_000)):
        for frames in range(60):
            samples = resample(np.ones((frames, 2), np.float32), rate, wanted)
            assert samples.shape == (round(frames * wanted / rate), 2)
