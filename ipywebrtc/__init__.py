"""Cameras, microphones, media files and recordings in a notebook."""

from __future__ import annotations

from ipywebrtc.diagnosis import Doctor, doctor
from ipywebrtc.errors import (
    DeviceNotFound,
    InsecureContext,
    MediaError,
    MediaTimeout,
    NoFrontEnd,
    PermissionDenied,
    SignalingError,
    SourceError,
    UnsupportedFormat,
    UploadError,
)
from ipywebrtc.live import ArrayStream, AudioBlock, AudioReader, Frame, FrameReader
from ipywebrtc.peers import WebRTCPeer
from ipywebrtc.recorders import AudioRecorder, ImageRecorder, Recorder, VideoRecorder
from ipywebrtc.rooms import WebRTCRoom, WebRTCRoomLocal, WebRTCRoomMqtt, chat
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

__version__ = "1.0.0a1"
version_info = (1, 0, 0, "alpha", 1)

__all__ = [
    "ArrayStream",
    "AudioBlock",
    "AudioReader",
    "AudioRecorder",
    "AudioStream",
    "CameraStream",
    "DeviceNotFound",
    "Doctor",
    "Frame",
    "FrameReader",
    "HasStream",
    "ImageRecorder",
    "ImageStream",
    "InsecureContext",
    "MediaError",
    "MediaStream",
    "MediaTimeout",
    "MicrophoneStream",
    "NoFrontEnd",
    "PermissionDenied",
    "Recorder",
    "ScreenStream",
    "SignalingError",
    "SourceError",
    "UnsupportedFormat",
    "UploadError",
    "VideoRecorder",
    "VideoStream",
    "WebRTCPeer",
    "WebRTCRoom",
    "WebRTCRoomLocal",
    "WebRTCRoomMqtt",
    "WidgetStream",
    "__version__",
    "chat",
    "doctor",
    "version_info",
]
