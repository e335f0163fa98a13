"""What makes files of a stream."""

from __future__ import annotations

import asyncio
import io
import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from ipywebrtc._bundle import bundle
from ipywebrtc._media import Media, Request, check_waiting, wait_for
from ipywebrtc.errors import MediaError, SourceError
from ipywebrtc.streams import MediaStream

if TYPE_CHECKING:
    import numpy as np
    import PIL.Image

    from ipywebrtc._media import Buffers, Content

IMAGE_FORMATS = ("png", "jpeg", "webp")

PROMISES = {"jpg": "jpeg", **{name: name for name in (*IMAGE_FORMATS, "gif", "webm", "mp4", "wav")}}
"""The format that the ending of a file name promises; all other endings promise nothing."""

DOWNLOAD_TIMEOUT = 10.0
"""Seconds in which a page must have begun a download."""


class Recorder(Media):
    """Base of the recorders: what they record, how it is named, and saving it.

    A recorder works whatever is displayed, and opens its stream when it needs it.
    """

    stream = traitlets.Instance(MediaStream, allow_none=True).tag(
        sync=True, **ipywidgets.widget_serialization
    )
    """The stream to record."""

    filename = traitlets.Unicode("record").tag(sync=True)
    """Name for `download()`, `save()` and `autosave`; without an ending the format is added."""

    format = traitlets.Unicode().tag(sync=True)
    """The format of the next recording, as in the ending of its file."""

    recording = traitlets.Bool(False).tag(sync=True)
    """True records; it becomes False when the recording is complete or has failed."""

    autosave = traitlets.Bool(False).tag(sync=True)
    """Whether each recording is saved when it is complete: under `filename`, or with a number
    after it (`record-1.png`) where that exists already."""

    path = traitlets.Unicode(read_only=True)
    """The file that the last recording was saved to; empty while it is not. Read-only."""

    def save(self, filename: str | os.PathLike[str] | None = None) -> None:
        """Write the last recording to a file of the kernel's machine, replacing what is there.

        Args:
            filename: Where to, by default the trait `filename`; without an ending the format
                is added.

        Raises:
            ValueError: Nothing is recorded yet, or the ending promises another format.
            OSError: The file can't be written.

        Example:
            >>> recorder = ImageRecorder(filename="test", format="png")
            >>> recorder.save()  # test.png
            >>> recorder.save("foo")  # foo.png
            >>> recorder.save("foo.dat")  # foo.dat
        """
        data = self._data()
        path = _file_name(filename or self.filename, self._holder.format)
        path.write_bytes(data)
        self.set_trait("path", str(path))

    def download(self) -> None:
        """Let the browser download the last recording under `filename`.

        Raises:
            ValueError: Nothing is recorded yet.
        """
        self._data()
        self._ask("download", DOWNLOAD_TIMEOUT)

    @property
    def _holder(self) -> Any:
        """The core widget that holds the last recording."""
        raise NotImplementedError

    def _data(self) -> bytes:
        data = bytes(self._holder.value)
        if not data:
            message = "Nothing is recorded yet: press the button, or set recording = True"
            raise ValueError(message)
        return data

    def _check_ready(self) -> None:
        """Refuse a recording that can't be made or saved, before it is begun."""
        if self.stream is None:
            message = f"This {type(self).__name__} has no stream: set its trait `stream`"
            raise SourceError(message)
        if not self.autosave:
            return
        try:
            folder = _file_name(self.filename, self.format).absolute().parent
        except ValueError as error:
            raise MediaError(str(error)) from error
        if not os.access(folder, os.W_OK):
            state = "can't be written to" if folder.exists() else "does not exist"
            message = f"The folder {str(folder)!r} {state}: create it, or set another filename"
            raise MediaError(message)

    def _autosave(self, data: bytes) -> None:
        path = _unused(_file_name(self.filename, self._holder.format)) if self.autosave else None
        if path:
            path.write_bytes(data)
        self.set_trait("path", str(path or ""))


def _file_name(filename: str | os.PathLike[str], fmt: str) -> Path:
    """Complete a file name by the format that the file has."""
    path = Path(filename)
    if not path.suffix:
        return path.with_name(f"{path.name}.{fmt}")
    promised = PROMISES.get(path.suffix[1:].lower(), fmt)
    if promised != fmt:
        message = (
            f"{path.name!r} promises {promised} but the recording is {fmt}: name it "
            f"{path.with_suffix('.' + fmt).name!r}, or record again with format = {promised!r}"
        )
        raise ValueError(message)
    return path


def _unused(path: Path) -> Path:
    """Number a file name that is taken."""
    numbered = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(1))
    return next(name for name in itertools.chain([path], numbered) if not name.exists())


class ImageRecorder(Recorder):
    """Takes pictures of a stream, at its full resolution.

    A picture is taken by the button of its view, by `recording = True` or by `await snapshot()`.
    `recording` is False again before `image.value` changes, so an observer of `image.value` may
    set it to True and gets the next picture, without end; it is called for a picture that equals
    the last one too. A mirrored preview is not mirrored in the picture.

    Example:
        >>> recorder = ImageRecorder(stream=camera)
        >>> await recorder.snapshot()
        >>> recorder.to_numpy().shape
        (480, 640, 4)
    """

    _esm = bundle("image_recorder")

    image = traitlets.Instance(ipywidgets.Image).tag(sync=True, **ipywidgets.widget_serialization)
    """The ipywidgets.Image of the last picture: `value` holds its encoded bytes."""

    format = traitlets.Enum(IMAGE_FORMATS, "png").tag(sync=True)
    """`png` (lossless, the default), `jpeg` or `webp` (which Safari can't encode)."""

    quality = traitlets.Float(0.92, min=0, max=1).tag(sync=True)
    """Quality of `jpeg` and `webp`, 0 to 1, default 0.92; no matter for `png`."""

    size = traitlets.Tuple(
        traitlets.Int(min=1, allow_none=True),
        traitlets.Int(min=1, allow_none=True),
        default_value=None,
        allow_none=True,
    ).tag(sync=True)
    """Width and height of the picture in pixels; None, the default, is the stream's own size.
    Where one of the two is None it follows from the stream's proportions."""

    timeout = traitlets.Float(30, min=0)
    """Seconds that a picture may take, default 30, answering a permission prompt included."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._request: Request | None = None
        super().__init__(*args, **kwargs)

    @traitlets.default("image")
    def _default_image(self) -> ipywidgets.Image:
        return ipywidgets.Image(format=self.format)

    async def snapshot(self, *, timeout: float | None = None) -> ipywidgets.Image:
        """Take a picture and wait for it.

        Works in a cell with ipykernel 7, with ipykernel 6 where jupyter_ui_poll is installed, and
        in a task of one's own everywhere. In a cell of marimo it can't, and raises at once.

        Args:
            timeout: Seconds to wait at most; by default the trait `timeout`.

        Returns:
            `image`, whose `value` holds the encoded bytes until the next picture is taken.

        Raises:
            PermissionDenied: The camera was refused.
            DeviceNotFound: There is no camera.
            InsecureContext: The page may have no camera.
            SourceError: A file or URL can't be shown, or there is no stream.
            UnsupportedFormat: The browser can't encode `format`.
            NoFrontEnd: No page answers.
            MediaError: Any other reason; or waiting can't work here.

        Example:
            >>> image = await recorder.snapshot(timeout=10)
            >>> len(image.value)
        """
        check_waiting()
        try:
            await wait_for(self._begin(self.timeout if timeout is None else timeout))
        except asyncio.CancelledError:
            self.recording = False
            raise
        return self.image

    def to_pil(self) -> PIL.Image.Image:
        """Return the last picture as a Pillow image.

        Raises:
            ValueError: There is no picture yet.
            ImportError: Pillow is not installed.
        """
        import PIL.Image

        return PIL.Image.open(io.BytesIO(self._data()))

    def to_numpy(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Return the last picture as an array of shape (height, width, channels), uint8, 0 to 255.

        The channels are red, green, blue and, but for `jpeg`, alpha.

        Raises:
            ValueError: There is no picture yet.
            ImportError: numpy or Pillow is not installed.

        Example:
            >>> recorder.to_numpy()[..., :3].mean(axis=(0, 1))
        """
        import numpy as np

        return np.array(self.to_pil())

    @property
    def _holder(self) -> Any:
        return self.image

    @traitlets.observe("recording")
    def _recording_changed(self, change: Any) -> None:
        if change["new"]:
            self._begin(self.timeout)
        elif self._request:
            request, self._request = self._request, None
            self._cancel(request)
            self._set_state(status="idle", error="")

    def _begin(self, timeout: float) -> Request:
        """Ask for a picture, or join in waiting for the one that is being taken."""
        if self._request is not None:
            return self._request
        try:
            self._check_ready()
        except MediaError as error:
            refused = Request({}, timeout)
            refused.future.set_exception(error)
            self._failed(refused, error)
            self.recording = False
            return refused
        self._request = request = self._ask("snapshot", timeout)
        with self.hold_sync():
            self._set_state(status="recording", error="")
            self.recording = True
        return request

    def _answered(self, request: Request, content: Content, buffers: Buffers) -> None:
        if request.content["name"] != "snapshot":
            return
        with self.hold_sync():
            self._finish(request)
            self._set_state(status="idle", error="")
        data = bytes(buffers[0])
        image = self.image
        image.format = content["format"]
        image.width, image.height = f"{content['width']}px", f"{content['height']}px"
        try:
            self._autosave(data)
        except OSError as error:
            self._set_state(status="error", error=f"The picture could not be saved: {error}")
        if image.value != data:
            image.value = data
        else:
            # traitlets calls observers for changed values only; a loop would wait for ever.
            change = {"name": "value", "old": data, "new": image.value, "owner": image}
            image.notify_change(traitlets.Bunch(change, type="change"))

    def _failed(self, request: Request, error: MediaError) -> None:
        super()._failed(request, error)
        self._finish(request)

    def _finish(self, request: Request) -> None:
        # A picture that was taken by the button ends no request of the kernel's.
        if request is self._request:
            self._request = None
            self.recording = False
