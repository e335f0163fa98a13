"""The import path of ipywebrtc 0.6, where notebooks and pickles expect its widgets."""

from __future__ import annotations

from ipywebrtc.recorders import ImageRecorder, Recorder
from ipywebrtc.streams import (
    AudioStream,
    CameraStream,
    HasStream,
    ImageStream,
    MediaStream,
    MicrophoneStream,
    ScreenStream,
    VideoStream,
    WidgetStream,
)

__all__ = [
    "AudioStream",
    "CameraStream",
    "HasStream",
    "ImageRecorder",
    "ImageStream",
    "MediaStream",
    "MicrophoneStream",
    "Recorder",
    "ScreenStream",
    "VideoStream",
    "WidgetStream",
]
