"""Make the media of the examples: `media/balloon.mp4`, a film with sound, and `media/tune.mp3`.

Needs numpy and PyAV: `pip install 'ipywebrtc[av]' numpy`.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

MEDIA = Path(__file__).with_name("media")

WIDTH, HEIGHT, FPS = 480, 270, 25
RATE = 48_000
BEAT = 0.25
NOTES = (0, 4, 7, 12, 7, 4, 5, 9, 12, 17, 12, 9, 7, 11, 14, 19, 14, 11, 0, 4, 7, 12, 7, 0)
"""Semitones above C4, one a beat: six seconds."""

# Pixels from the middle of the picture, and colours.
X, Y = np.meshgrid(np.arange(WIDTH) - WIDTH / 2, np.arange(HEIGHT) - HEIGHT / 2)
SKY, HAZE, SUN = (96, 165, 220), (250, 225, 190), (255, 244, 200)
HILLS = ((110, 150, 120), (70, 120, 85), (40, 85, 60))
RED, CREAM, BROWN = (205, 65, 50), (250, 235, 210), (95, 65, 45)


def paint(picture, inside, colour):
    """Lay a colour over a picture where it is inside, by more than half a pixel."""
    share = np.clip(inside + 0.5, 0, 1)[..., np.newaxis]
    picture += share * (np.asarray(colour, float) - picture)


def draw(time):
    """Draw a balloon over hills at a time from 0 to 1, after which all is as it was at 0."""
    turn = 2 * np.pi * time
    height = (Y[..., np.newaxis] + HEIGHT / 2) / HEIGHT
    picture = np.asarray(SKY, float) * (1 - height) + np.asarray(HAZE, float) * height
    paint(picture, 26 - np.hypot(X - 150, Y + 75), SUN)
    for number, colour in enumerate(HILLS):
        waves = np.sin((number + 1) * X / 90 + 2 * number + turn * (number > 1))
        paint(picture, Y - 40 - 32 * number - 14 * waves, colour)
    x, y = X - 110 * np.sin(turn), Y + 30 + 18 * np.sin(2 * turn)
    silk = 52 - np.hypot(x, y * np.where(y > 0, 0.82, 1))
    stripes = np.cos(6 * np.arcsin(np.clip(x / 52, -1, 1)))
    paint(picture, silk, RED)
    paint(picture, np.minimum(silk, 8 * stripes), CREAM)
    for side in (-1, 1):
        paint(picture, np.minimum(1 - np.abs(x - side * 10), 13 - np.abs(y - 70)), BROWN)
    paint(picture, np.minimum(13 - np.abs(x), 9 - np.abs(y - 88)), BROWN)
    return picture.round().astype(np.uint8)


def play():
    """Pluck the notes, each a decaying tone with its overtones; -1 to 1."""
    sound = np.zeros(round(len(NOTES) * BEAT * RATE))
    for number, note in enumerate(NOTES):
        start = round(number * BEAT * RATE)
        time = np.arange(min(RATE, len(sound) - start)) / RATE
        for overtone in range(1, 7):
            frequency = 261.63 * 2 ** (note / 12) * overtone
            tone = np.sin(2 * np.pi * frequency * time) * np.exp(-(3 + overtone) * time)
            sound[start : start + len(time)] += 0.2 / overtone * tone * np.minimum(1, 200 * time)
    return np.clip(sound, -1, 1).astype(np.float32)


def write(path, frames, sound, codecs):
    """Write a file of pictures, if there are any, and sound."""
    with av.open(path, "w") as container:
        tracks = [container.add_stream(codecs[-1], rate=RATE, layout="mono")]
        tracks[0].bit_rate = 64_000
        if frames:
            tracks.append(container.add_stream(codecs[0], rate=FPS, options={"crf": "28"}))
            tracks[1].width, tracks[1].height, tracks[1].pix_fmt = WIDTH, HEIGHT, "yuv420p"
        block = av.AudioFrame.from_ndarray(sound[np.newaxis], format="fltp", layout="mono")
        block.sample_rate, block.time_base, block.pts = RATE, Fraction(1, RATE), 0
        container.mux(tracks[0].encode(block))
        container.mux(tracks[0].encode())
        for frame in frames:
            container.mux(tracks[1].encode(av.VideoFrame.from_ndarray(frame)))
        if frames:
            container.mux(tracks[1].encode())


def main():
    """Write the files."""
    MEDIA.mkdir(exist_ok=True)
    sound = play()
    count = round(len(sound) / RATE * FPS)
    frames = [draw(number / count) for number in range(count)]
    write(MEDIA / "balloon.mp4", frames, sound, ("libx264", "aac"))
    write(MEDIA / "tune.mp3", [], sound, ("libmp3lame",))


if __name__ == "__main__":
    main()
