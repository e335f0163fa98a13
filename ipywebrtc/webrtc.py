"""The import path of ipywebrtc 0.6, where notebooks and pickles expect its widgets."""

from __future__ import annotations

from ipywebrtc.live import ArrayStream, AudioBlock, AudioReader, Frame, FrameReader
from ipywebrtc.peers import WebRTCPeer
from ipywebrtc.recorders import AudioRecorder, ImageRecorder, Recorder, VideoRecorder
from ipywebrtc.rooms import WebRTCRoom, WebRTCRoomLocal, WebRTCRoomMqtt
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
    "ArrayStream",
    "AudioBlock",
    "AudioReader",
    "AudioRecorder",
    "AudioStream",
    "CameraStream",
    "Frame",
    "FrameReader",
    "HasStream",
    "ImageRecorder",
    "ImageStream",
    "MediaStream",
    "MicrophoneStream",
    "Recorder",
    "ScreenStream",
    "VideoRecorder",
    "VideoStream",
    "WebRTCPeer",
    "WebRTCRoom",
    "WebRTCRoomLocal",
    "WebRTCRoomMqtt",
    "WidgetStream",
]
