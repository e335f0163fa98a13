"""Sources of media: what becomes a `MediaStream` in the page."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, ClassVar

import ipywidgets
import traitlets

from ipywebrtc._bundle import bundle
from ipywebrtc._download import MOST_BYTES, check_url, download
from ipywebrtc._media import Media
from ipywebrtc._reference import REFERENCE, held
from ipywebrtc._shapes import Malformed

if TYPE_CHECKING:
    import os

    from typing_extensions import Self

PICTURE = {name: name for name in ("width", "height", "aspectRatio", "frameRate", "facingMode")} | {
    "aspect_ratio": "aspectRatio",
    "frame_rate": "frameRate",
    "facing_mode": "facingMode",
}
"""Constraints of a picture, by the names under which they are given as arguments of a camera."""

MEDIA_FORMATS = {
    "image": {"png", "jpeg", "webp", "gif", "avif", "bmp", "svg+xml", "apng", "x-icon"},
    "video": {"mp4", "webm", "ogg", "quicktime", "x-matroska", "mpeg", "x-msvideo", "x-m4v"},
    "audio": {"mpeg", "mp4", "ogg", "wav", "x-wav", "webm", "flac", "x-flac", "aac", "x-aac"},
}
"""Formats that a download may have, which become a part of a MIME type in the page."""


class MediaStream(Media):
    """A source of video, audio or both, alive in the page that shows or uses it.

    This is the base of all streams. A stream opens when it is first displayed or used (by a
    recorder, for example), and closes a moment after its last use; `start()` keeps it open
    without any. The media stay in the browser: Python sees what is recorded, and the traits here.
    Displayed, a stream shows its picture, always muted.

    A widget of another JavaScript module may be a stream too: let it subclass this class, name its
    own `_model_module`, and let its model have `captureStream(fps)` or `stream`.

    The browser's own notion is defined by W3C Media Capture and Streams,
    https://www.w3.org/TR/mediacapture-streams/#mediastream.

    Example:
        >>> stream.observe(lambda change: print(change["new"]), "status")
        >>> stream.start()
        starting
        live
        >>> stream.settings["video"]["width"]
        640
    """

    _esm = bundle("media_stream")
    _kind = traitlets.Unicode("remote").tag(sync=True)

    audio_enabled = traitlets.Bool(True).tag(sync=True, page="sets")
    """False sends silence in place of the sound, without closing the microphone."""

    video_enabled = traitlets.Bool(True).tag(sync=True, page="sets")
    """False sends black in place of the picture, without closing the camera."""

    settings = traitlets.Dict(read_only=True).tag(sync=True, page="reports")
    """What the tracks really give, `{"video": {"width": 640, …}, "audio": {…}}`; empty while
    closed. Names are those of MediaTrackSettings in Media Capture and Streams. Read-only."""

    # `auto` opens with the first use, `on` opens now and stays, `off` stays closed. The counter
    # makes a second `start()` a new try after a failure.
    _power = traitlets.Enum(("auto", "on", "off"), "auto").tag(sync=True, page="sets")
    _attempt = traitlets.Int(0).tag(sync=True)

    # A page that was only reloaded must not ask for a camera that another page opened before.
    _opened = traitlets.Bool(False).tag(sync=True)

    def start(self) -> None:
        """Open the stream, again if it failed or ended, and keep it open until `stop()`.

        Returns at once; `status` becomes `live`, or `error` says why not. A page that was reloaded
        asks for a click in place of opening a camera by itself, unless it is still allowed to.

        Example:
            >>> camera = CameraStream()
            >>> camera.start()
        """
        with self.hold_sync():
            self._power = "on"
            self._attempt += 1

    def stop(self) -> None:
        """Close the stream, so that a camera's light goes out, until `start()` is called.

        Recordings of it end, and a recorder that is asked for more says that it is stopped.

        Example:
            >>> camera.stop()
        """
        self._power = "off"

    def _take_from_page(self, name: str, value: Any) -> Any:
        # It would open the cameras of all other pages.
        if name == "_power" and value == "on":
            raise Malformed
        return super()._take_from_page(name, value)

    def _set_state(self, **state: Any) -> None:
        with self.hold_sync():
            self._opened = self._opened or state.get("status", "idle") != "idle"
            super()._set_state(**state)


HasStream = MediaStream
"""The name that ipywebrtc 0.4 had for `MediaStream`."""


class _DeviceStream(MediaStream):
    """A stream of devices that the user may choose."""

    devices = traitlets.List(traitlets.Dict(), read_only=True).tag(sync=True, page="reports")
    """What could be opened, a list of `{"id", "kind", "label"}` with the kinds `videoinput` and
    `audioinput`; as far as the page was permitted to know it, so it is complete once the stream was
    open. Refreshed when a device is plugged in or out. Ids differ between browsers and sites. See
    https://www.w3.org/TR/mediacapture-streams/#device-info. Read-only."""

    audio_device = traitlets.Unicode(None, allow_none=True).tag(sync=True, page="sets")
    """The microphone: an id, a label, or a part of a label in any case. None takes the one that was
    chosen last in this browser, else the system's. A change goes on in the same stream. If it is
    not there, `error` lists what is, and an open stream goes on with what it has."""


class CameraStream(_DeviceStream):
    """A camera, a microphone or both, by the browser's `getUserMedia`.

    The browser asks the user for permission. It offers no camera at all to pages that are neither
    https nor localhost, and none inside VS Code. The preview is muted, and mirrored for a front
    camera; what is recorded is not mirrored. When a device is unplugged or its permission taken
    back, `status` is `ended`, and `start()` opens it again.

    See https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia.

    Example:
        >>> camera = CameraStream(constraints={"audio": False, "video": {"width": 640}})
        >>> camera
        >>> [device["label"] for device in camera.devices]
        ['HD Webcam (046d:0825)', 'Endoscope']
        >>> camera.video_device = "endoscope"
    """

    _esm = bundle("camera_stream")
    _kind = traitlets.Unicode("camera").tag(sync=True)

    constraints = traitlets.Dict(default_value={"audio": True, "video": True}).tag(sync=True)
    """What to ask for: MediaStreamConstraints of Media Capture and Streams, as a dict with
    `audio` and `video`, each a bool or a dict; sizes in pixels, `frameRate` in 1/s. `facing_mode`
    beside them is taken for `video.facingMode`. A change opens the camera anew: set another dict,
    as a change inside this one is not seen. What no device meets is told in `error`, with what the
    device has. See https://www.w3.org/TR/mediacapture-streams/#media-track-constraints."""

    video_device = traitlets.Unicode(None, allow_none=True).tag(sync=True, page="sets")
    """The camera: an id, a label, or a part of a label in any case. None takes the one that was
    chosen last in this browser, unless the constraints name one or a side, else the system's. A
    change replaces the track in the same stream, so that recordings and calls go on. If it is not
    there, `error` lists what is, and an open stream goes on with what it has."""

    mirror = traitlets.Bool(None, allow_none=True).tag(sync=True, page="sets")
    """Whether the preview is mirrored; None, the default, mirrors a camera that looks at the user.
    Recordings and other people never see it mirrored."""

    def _instead(self, name: str, value: Any) -> str:
        constraints: dict[str, Any] = {"audio": True, "video": True}
        if name in constraints:
            constraints[name] = value
        elif name in PICTURE:
            constraints["video"] = {PICTURE[name]: value}
        else:
            return super()._instead(name, value)
        return f"; write constraints={constraints!r}"

    @traitlets.validate("constraints")
    def _valid_constraints(self, proposal: Any) -> dict[str, Any]:
        constraints = proposal["value"]
        for name in ("audio", "video"):
            if not isinstance(constraints.get(name, False), (bool, dict)):
                message = (
                    f"constraints[{name!r}] is {constraints[name]!r}: "
                    "write True, False or a dict such as {'width': 640}"
                )
                raise traitlets.TraitError(message)
        if not (_asked_for(constraints, "audio") or _asked_for(constraints, "video")):
            message = (
                f"constraints {constraints!r} ask for neither audio nor video: "
                "set one of them to True"
            )
            raise traitlets.TraitError(message)
        return copy.deepcopy(dict(constraints))

    @classmethod
    def facing_user(cls, audio: bool = True, **kwargs: Any) -> Self:  # noqa: FBT001, FBT002 - 0.6 API
        """Make a stream of the camera that looks at the user.

        Args:
            audio: Whether the microphone is wanted too.
            **kwargs: Traits of the stream; `constraints` are added to, never changed.

        Example:
            >>> CameraStream.facing_user(audio=False)
        """
        return cls._facing("user", audio, kwargs)

    @classmethod
    def facing_environment(cls, audio: bool = True, **kwargs: Any) -> Self:  # noqa: FBT001, FBT002 - 0.6 API
        """Make a stream of the camera that looks away from the user, as on the back of a phone.

        Args:
            audio: Whether the microphone is wanted too.
            **kwargs: Traits of the stream; `constraints` are added to, never changed.

        Example:
            >>> CameraStream.facing_environment(audio=False)
        """
        return cls._facing("environment", audio, kwargs)

    @classmethod
    def _facing(cls, mode: str, audio: bool, kwargs: dict[str, Any]) -> Self:  # noqa: FBT001
        constraints = copy.deepcopy(kwargs.pop("constraints", {}))
        constraints.setdefault("audio", audio)
        if not isinstance(constraints.get("video"), dict):
            constraints["video"] = {}
        constraints["video"]["facingMode"] = mode
        return cls(constraints=constraints, **kwargs)


class MicrophoneStream(_DeviceStream):
    """A microphone: sound only.

    Browsers make speech clearer for calls, and so change it: they take out echo and noise and even
    the loudness out. For research, music and measurement switch all three off, as in the example.
    What is really done is in `settings["audio"]`, beside the sample rate in Hz: look there, as not
    every system can switch each, and Chromium gives all streams of one microphone without echo
    cancellation the other two as the first of them has them. A change while it is open goes on in
    the same stream, after a gap of some milliseconds. The user is asked for permission as for a
    `CameraStream`, and the same pages have no microphone.

    See https://www.w3.org/TR/mediacapture-streams/#def-constraint-echoCancellation.

    Example:
        >>> microphone = MicrophoneStream(
        ...     echo_cancellation=False, noise_suppression=False, auto_gain_control=False
        ... )
        >>> microphone
    """

    _esm = bundle("microphone_stream")
    _kind = traitlets.Unicode("microphone").tag(sync=True)

    echo_cancellation = traitlets.Bool(True).tag(sync=True, page="sets")
    """Whether what the page itself plays is taken out of the sound; default True."""

    noise_suppression = traitlets.Bool(True).tag(sync=True, page="sets")
    """Whether steady noise is taken out, and with it quiet or sustained tones; default True."""

    auto_gain_control = traitlets.Bool(True).tag(sync=True, page="sets")
    """Whether the loudness is evened out, so that levels can't be compared; default True."""


class ScreenStream(MediaStream):
    """A screen, a window or a tab, by the browser's `getDisplayMedia`.

    The user chooses what is shared, each time, and only after a click: press the button in its
    view. Displaying it opens no picker, nor does a reload. `start()` works right after a click in
    the page, such as one on an ipywidgets.Button, and otherwise says so in `error`. A cancelled
    picker leaves it `idle`, without an error; sharing that is ended in the browser's own bar leaves
    it `ended`. Phones, VS Code, and pages that are neither https nor localhost can't share a
    screen.

    `settings["video"]["displaySurface"]` tells what was chosen.

    See https://www.w3.org/TR/screen-capture/#dom-mediadevices-getdisplaymedia.

    Example:
        >>> screen = ScreenStream(surface="window", audio=True)
        >>> screen
    """

    _esm = bundle("screen_stream")
    _kind = traitlets.Unicode("screen").tag(sync=True)

    surface = traitlets.Enum(("monitor", "window", "browser"), None, allow_none=True).tag(
        sync=True, page="sets"
    )
    """What the picker offers first: `monitor`, `window`, `browser` (a tab) or None. The user may
    choose another. This and the two below count when the picker opens."""

    audio = traitlets.Bool(False).tag(sync=True, page="sets")
    """Whether the picker offers to share the sound too; where the system can."""

    cursor = traitlets.Enum(("always", "motion", "never"), None, allow_none=True).tag(
        sync=True, page="sets"
    )
    """When the pointer is in the picture; None leaves it to the browser."""


def _asked_for(constraints: dict[str, Any], name: str) -> bool:
    # An empty dict is a wish without conditions; only False and a missing name are none.
    wish = constraints.get(name, name == "video" and "facing_mode" in constraints)
    return wish is not False


class _FileStream(MediaStream):
    """A stream of a file or URL that a core widget holds; makes its three constructors."""

    _holder: ClassVar[str]
    _holder_class: ClassVar[type[ipywidgets.DOMWidget]]

    @classmethod
    def from_file(cls, filename: str | os.PathLike[str], **kwargs: Any) -> Self:
        """Make a stream of a local file; its bytes are sent to the page.

        Args:
            filename: A path on the kernel's machine.
            **kwargs: Traits of the stream.

        Raises:
            OSError: The file is missing or can't be read.

        Example:
            >>> VideoStream.from_file("clip.mp4", loop=False)
        """
        return cls._of(cls._held_class().from_file(filename), kwargs)

    @classmethod
    def from_url(cls, url: str, **kwargs: Any) -> Self:
        """Make a stream of a URL that the page loads.

        The server must be the notebook's own, or allow other sites (CORS); `from_download`
        works with every server that the kernel reaches.

        Args:
            url: An http, https or blob URL, or one relative to the notebook.
            **kwargs: Traits of the stream.

        Raises:
            SourceError: The URL has another scheme.

        Example:
            >>> ImageStream.from_url("picture.png")
        """
        return cls._of(cls._held_class().from_url(check_url(url)), kwargs)

    @classmethod
    def from_download(cls, url: str, *, max_bytes: int = MOST_BYTES, **kwargs: Any) -> Self:
        """Make a stream of a URL that the kernel downloads now, so that no origin matters.

        The format is that of the URL's path, else that of the server's Content-Type. A download may
        take 10 minutes.

        Args:
            url: An http or https URL, without a user and password.
            max_bytes: Bytes that are taken at most, by default 512 MiB.
            **kwargs: Traits of the stream.

        Raises:
            SourceError: The download failed, is too large or too slow, or it is no http or https
                URL.

        Example:
            >>> AudioStream.from_download("https://example.org/speech.ogg")
        """
        data, mime = download(url, max_bytes)
        tag, _, name = mime.partition("/")
        known = tag == cls._holder and name in MEDIA_FORMATS[tag]
        holder = {"value": data} | ({"format": name} if known else {})
        return cls._of(cls._held_class()(**holder), kwargs)

    @classmethod
    def _of(cls, holder: ipywidgets.DOMWidget, kwargs: dict[str, Any]) -> Self:
        return cls(**{cls._holder: holder}, **kwargs)

    @classmethod
    def _held_class(cls) -> type[ipywidgets.DOMWidget]:
        """The class of the core widgets that are made here."""
        return held(cls._holder_class)  # type: ignore[arg-type, no-any-return]


class _PlayedStream(_FileStream):
    """A stream of a file that plays: position, length and loudness."""

    playing = traitlets.Bool(True).tag(sync=True, page="sets")
    """False pauses, True goes on; at construction False shows the first frame. Becomes False at
    the end of a file that does not loop. Linkable."""

    current_time = traitlets.Float(0, min=0).tag(sync=True, page="both")
    """Position in seconds. Setting it seeks; while it plays it is refreshed twice a second."""

    duration = traitlets.Float(0, read_only=True).tag(sync=True, page="reports")
    """Length in seconds; 0 while it is not known, and for sources without end. Read-only."""

    loop = traitlets.Bool(True).tag(sync=True, page="sets")
    """Whether it begins again at its end; by default what the core widget says."""

    volume = traitlets.Float(1, min=0, max=1).tag(sync=True, page="sets")
    """Loudness in the page, 0 to 1, default 1."""

    # The page knows a position that was set from one that it reported by the count.
    _seek = traitlets.Tuple(traitlets.Int(), traitlets.Float(), default_value=(0, 0.0)).tag(
        sync=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._reporting = False
        super().__init__(*args, **kwargs)

    @traitlets.default("loop")
    def _default_loop(self) -> bool:
        return bool(getattr(self, self._holder).loop)

    @traitlets.observe("current_time")
    def _sought(self, change: Any) -> None:
        if not self._reporting:
            self._seek = (self._seek[0] + 1, change["new"])

    def _set_state(self, **state: Any) -> None:
        self._reporting = True
        try:
            super()._set_state(**state)
        finally:
            self._reporting = False


class VideoStream(_PlayedStream):
    """A video file or URL, playing, with its sound.

    It plays once per page, however often it is displayed, and its sound is heard there. A browser
    that wants a click before it lets a page make sound plays it muted until then. Which files play
    is the browser's choice: WebM, and H.264 in mp4, nearly everywhere. Safari can't make streams of
    files.

    See https://www.w3.org/TR/mediacapture-fromelement/#html-media-element-media-capture-extensions.

    Example:
        >>> video = VideoStream.from_file("clip.mp4")
        >>> video.playing = False
        >>> video.current_time = 2.5
    """

    _esm = bundle("video_stream")
    _kind = traitlets.Unicode("video").tag(sync=True)
    _holder = "video"
    _holder_class = ipywidgets.Video

    video = traitlets.Instance(ipywidgets.Video, ()).tag(sync=True, **REFERENCE)
    """The ipywidgets.Video whose `value` is played."""

    @traitlets.default("video")
    def _default_video(self) -> ipywidgets.DOMWidget:
        return self._held_class()()


class AudioStream(_PlayedStream):
    """A sound file or URL, playing.

    It plays once per page, however often it is displayed; the view has a player and a level meter.
    A browser that wants a click before it lets a page make sound plays it muted until then. Which
    files play is the browser's choice: mp3, WAV, and Opus in WebM or Ogg, nearly everywhere. It
    becomes a stream as a `VideoStream` does.

    Example:
        >>> audio = AudioStream.from_file("speech.mp3", playing=False)
        >>> audio.playing = True
    """

    _esm = bundle("audio_stream")
    _kind = traitlets.Unicode("audio").tag(sync=True)
    _holder = "audio"
    _holder_class = ipywidgets.Audio

    audio = traitlets.Instance(ipywidgets.Audio, ()).tag(sync=True, **REFERENCE)
    """The ipywidgets.Audio whose `value` is played."""

    @traitlets.default("audio")
    def _default_audio(self) -> ipywidgets.DOMWidget:
        return self._held_class()()


class ImageStream(_FileStream):
    """A still image as a stream of full resolution; a changed `image.value` is its next frame.

    Animated images show their first frame. A frame is sent when the image changes, by the stream of
    a canvas: https://www.w3.org/TR/mediacapture-fromelement/#html-canvas-element-media-capture-extensions.

    Example:
        >>> image = ImageStream.from_file("picture.png")
    """

    _esm = bundle("image_stream")
    _kind = traitlets.Unicode("image").tag(sync=True)
    _holder = "image"
    _holder_class = ipywidgets.Image

    image = traitlets.Instance(ipywidgets.Image, ()).tag(sync=True, **REFERENCE)
    """The ipywidgets.Image whose `value` is shown."""

    @traitlets.default("image")
    def _default_image(self) -> ipywidgets.DOMWidget:
        return self._held_class()()


class WidgetStream(MediaStream):
    """The picture of any other widget, as it is shown in the page.

    The widget must be displayed; until it is, and while it is out of sight, `status` is `waiting`.
    A widget that makes a stream itself (pythreejs, ipyvolume) is asked for it, one that is a canvas
    or video is copied from that, and any other is drawn by the browser's own layout into a
    picture: once when it changes, and never while nobody uses the stream. Focus, the mouse
    pointer's effects, other sites' frames and pictures without CORS are not in it; where something
    is missing, `error` says so while the rest is drawn. It has no sound.

    For `method="screen"` see Element Capture, https://screen-share.github.io/element-capture/.

    Example:
        >>> slider = ipywidgets.FloatSlider()
        >>> stream = WidgetStream(widget=slider, max_fps=10)
        >>> ipywidgets.VBox([slider, stream])
    """

    _esm = bundle("widget_stream")
    _kind = traitlets.Unicode("widget").tag(sync=True)

    widget = traitlets.Instance(ipywidgets.DOMWidget, allow_none=True).tag(sync=True, **REFERENCE)
    """The widget whose picture it is: any that can be displayed. A change opens the stream anew."""

    max_fps = traitlets.Float(None, allow_none=True).tag(sync=True, page="sets")
    """Maximum amount of frames per second to capture, above 0; with None as many as the widget has.
    It is a ceiling: a widget that does not change gives no new frames."""

    method = traitlets.Enum(("auto", "canvas", "dom", "screen"), "auto").tag(sync=True, page="sets")
    """How the picture is made. `canvas` copies the widget's largest canvas or video, `dom` draws
    any widget, `auto` chooses. `screen` is the browser's own capture: exact, at the frame rate of
    the screen, and only what is in sight; it begins with a click and the browser's question, and
    needs Chrome or Edge on a computer."""

    @traitlets.validate("max_fps")
    def _valid_max_fps(self, proposal: Any) -> float | None:
        rate: float | None = proposal["value"]
        if rate is not None and not 0 < rate < math.inf:
            message = f"max_fps is {rate}: frames per second must be more than 0, or None"
            raise traitlets.TraitError(message)
        return rate
