"""What makes files of a stream."""

from __future__ import annotations

import asyncio
import io
import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import ipywidgets
import traitlets

from ipywebrtc import _temporary
from ipywebrtc._bundle import bundle
from ipywebrtc._from_page import file_name
from ipywebrtc._media import Media, Request, check_waiting, wait_for
from ipywebrtc._mend import mend
from ipywebrtc._recording_file import RecordingFile
from ipywebrtc._reference import REFERENCE, held
from ipywebrtc._shapes import encodable
from ipywebrtc._sound import read_sound, resample
from ipywebrtc.errors import MediaError, SourceError, UploadError
from ipywebrtc.streams import MediaStream
from ipywebrtc.upload import Upload

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    import PIL.Image

    from ipywebrtc._media import Buffers, Content
    from ipywebrtc._sound import Samples

IMAGE_FORMATS = ("png", "jpeg", "webp")

VIDEO_FORMATS = ("webm", "mp4")
AUDIO_FORMATS = ("webm", "ogg", "mp4", "wav")
OTHER_FORMATS = ("gif", "mp3", "flac", "avi", "mkv", "mov")

PROMISES = {"jpg": "jpeg", "m4a": "mp4", "oga": "ogg"} | {
    name: name for name in (*IMAGE_FORMATS, *VIDEO_FORMATS, *AUDIO_FORMATS, *OTHER_FORMATS)
}
"""The format that the ending of a file name promises; all other endings promise nothing."""

PIECE = 1 << 20
"""Bytes of a recording that a page gets at once."""

MOST_UPLOADS = 4
"""Recordings of one widget that may be on their way at once."""

DOWNLOAD_TIMEOUT = 10.0
"""Seconds in which a page must have begun a download."""


class Recorder(Media):
    """Base of the recorders: what they record, how it is named, and saving it.

    A recorder works whatever is displayed, and opens its stream when it needs it.

    Example:
        >>> recorder = ImageRecorder(stream=camera, filename="cat", autosave=True)
        >>> recorder.recording = True  # and again: cat.png, cat-1.png
    """

    stream = traitlets.Instance(MediaStream, allow_none=True).tag(sync=True, **REFERENCE)
    """The stream to record."""

    filename = traitlets.Unicode("record").tag(sync=True, page="sets")
    """Name for `download()`, `save()` and `autosave`; without an ending the format is added. Python
    may set a path. A page can change the name in its folder alone, with the format's own ending."""

    format = traitlets.Unicode().tag(sync=True, page="sets")
    """The format of the next recording, as in the ending of its file."""

    recording = traitlets.Bool(False).tag(sync=True, page="sets")
    """True records; it becomes False when the recording is complete or has failed."""

    autosave = traitlets.Bool(False).tag(sync=True)
    """Whether each recording is saved when it is complete: under `filename`, or with a number
    after it (`record-1.png`) where that exists already."""

    path = traitlets.Unicode(read_only=True)
    """The file that the last recording was saved to; empty while it is not. Read-only."""

    # Tells every page that what it shows is not the last recording any more.
    _recordings = traitlets.Int(0).tag(sync=True)

    # The same, as a page of marimo repeats it: cells run when a page changes a widget.
    _repeated = traitlets.Int(0).tag(sync=True, page="sets")

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
        self._check_recorded()
        path = _file_name(filename or self.filename, self._recorded_format)
        self._write(path)
        self._set_state(path=str(path))

    def download(self) -> None:
        """Let the browser download the last recording under `filename`.

        Raises:
            ValueError: Nothing is recorded yet.
        """
        self._check_recorded()
        self._ask("download", DOWNLOAD_TIMEOUT)

    @property
    def _holder(self) -> Any:
        """The core widget that holds the last recording."""
        raise NotImplementedError

    @property
    def _recorded_format(self) -> str:
        """The format of the last recording; a page can't make an ending of it that names none."""
        held: str = self._holder.format
        return held if held in PROMISES.values() else self.format

    def _take_from_page(self, name: str, value: Any) -> Any:
        value = super()._take_from_page(name, value)
        if name != "filename":
            return value
        endings = [ending for ending, fmt in PROMISES.items() if fmt == self.format]
        return str(Path(self.filename).parent / file_name(value, endings))

    def _check_recorded(self) -> None:
        if not self._holder.value:
            message = "Nothing is recorded yet: press the button, or set recording = True"
            raise ValueError(message)

    def _write(self, path: Path) -> None:
        """Write the last recording, which is there, to a file."""
        path.write_bytes(self._holder.value)

    def _refused(self, error: MediaError) -> Request:
        """Return a request that failed before it was asked."""
        refused = Request({"id": "", "name": ""}, 0)
        refused.future.set_exception(error)
        self._failed(refused, error)
        self.recording = False
        return refused

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
        path = _unused(_file_name(self.filename, self._recorded_format)) if self.autosave else None
        if path:
            with path.open("xb") as file:  # It never follows a link that somebody has put there.
                file.write(data)
        self._set_state(path=str(path or ""))


def _file_name(filename: str | os.PathLike[str], fmt: str) -> Path:
    """Complete a file name by the format that the file has."""
    path = Path(filename)
    if not path.suffix:
        return path.with_name(f"{path.name}.{fmt}")
    promised = PROMISES.get(path.suffix[1:].lower(), fmt)
    if promised != fmt:
        again = f", or record again with format = {promised!r}"
        message = (
            f"{path.name!r} promises {promised} but the recording is {fmt}: name it "
            f"{path.with_suffix('.' + fmt).name!r}{again if promised not in OTHER_FORMATS else ''}"
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

    Encoded by the browser's canvas,
    https://html.spec.whatwg.org/multipage/canvas.html#dom-canvas-toblob.

    Example:
        >>> recorder = ImageRecorder(stream=camera)
        >>> await recorder.snapshot()
        >>> recorder.to_numpy().shape
        (480, 640, 4)
    """

    _esm = bundle("image_recorder")
    _unasked = frozenset({"snapshot"})

    image = traitlets.Instance(ipywidgets.Image).tag(sync=True, **REFERENCE)
    """The ipywidgets.Image of the last picture: `value` holds its encoded bytes."""

    format = traitlets.Enum(IMAGE_FORMATS, "png").tag(sync=True, page="sets")
    """`png` (lossless, the default), `jpeg` or `webp` (which Safari can't encode)."""

    quality = traitlets.Float(0.92, min=0, max=1).tag(sync=True, page="sets")
    """Quality of `jpeg` and `webp`, 0 to 1, default 0.92; no matter for `png`."""

    size = traitlets.Tuple(
        traitlets.Int(min=1, allow_none=True),
        traitlets.Int(min=1, allow_none=True),
        default_value=None,
        allow_none=True,
    ).tag(sync=True, page="sets")
    """Width and height of the picture in pixels; None, the default, is the stream's own size.
    Where one of the two is None it follows from the stream's proportions."""

    timeout = traitlets.Float(30, min=0)
    """Seconds that a picture may take, default 30, answering a permission prompt included."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._request: Request | None = None
        super().__init__(*args, **kwargs)

    @traitlets.default("image")
    def _default_image(self) -> ipywidgets.Image:
        return held(ipywidgets.Image)(format=self.format)

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
            MediaTimeout: There was no picture in time; the text says what it waits for.
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

        Example:
            >>> recorder.to_pil().resize((320, 240)).save("small.png")
        """
        import PIL.Image

        self._check_recorded()
        return PIL.Image.open(io.BytesIO(self.image.value))

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
            return self._refused(error)
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
        self._recordings += 1
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


class _MediaRecorder(Recorder):
    """What VideoRecorder and AudioRecorder share: recordings that take time."""

    codecs = traitlets.Unicode("").tag(sync=True, page="sets")
    """The codecs of the next recording, separated by commas, as `vp8` or `vp9, opus`; empty, the
    default, for the best that the browser has. One that it hasn't is told in `error`, with those
    that it has."""

    bitrate = traitlets.Int(min=1000).tag(sync=True, page="sets")
    """Bits per second of the next recording, as far as the encoder follows it."""

    max_duration = traitlets.Float(None, allow_none=True, min=0).tag(sync=True)
    """Seconds after which a recording ends by itself; None, the default, for never."""

    duration = traitlets.Float(0, read_only=True).tag(sync=True, page="reports")
    """Seconds of the recording, without its pauses; refreshed once a second. Read-only."""

    size = traitlets.Int(0, read_only=True).tag(sync=True, page="reports")
    """Bytes of the recording, refreshed once a second. Read-only."""

    path = traitlets.Unicode(read_only=True).tag(sync=True)
    """The file that holds the recording, from its first byte on: with `autosave` the one that was
    asked for, else a temporary one. Only its owner can read a temporary file. It is removed with
    its recorder, by the next recording, and when the kernel ends: `save()` copies it. Empty once
    the recording is in memory alone. Read-only."""

    embed_limit = traitlets.Int(64 << 20, min=0)
    """Bytes up to which a recording is read into memory, by default 64 MiB. A larger one stays in
    its file alone; see `path`."""

    timeout = traitlets.Float(30, min=0)
    """Seconds until a recording must have begun, by default 30, answering a prompt included."""

    _formats: ClassVar[tuple[str, ...]]
    _unasked = frozenset({"record"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._request: Request | None = None
        self._uploads: dict[str, _Incoming] = {}
        self._file: RecordingFile | None = None
        super().__init__(*args, **kwargs)
        _temporary.sweep()

    def close(self) -> None:
        """Close the widget in every page, and remove a temporary recording."""
        super().close()
        self._keep(None)

    def start(self) -> None:
        """Begin to record; the same as `recording = True`.

        Returns at once: `status` is `recording` as soon as the recording runs, or `error` says why
        it does not. It does nothing while a recording runs.

        Example:
            >>> recorder.start()
        """
        self.recording = True

    def stop(self) -> _Finishing:
        """End the recording; the same as `recording = False`.

        Returns at once; the recording is complete when `status` is `idle` again. In a cell that can
        wait (see `record`) `await recorder.stop()` waits for that.

        Raises:
            MediaError: When awaited, as `record`.

        Example:
            >>> recorder.start()
            >>> robot.move()
            >>> await recorder.stop()
        """
        request = self._request
        self.recording = False
        return _Finishing(request)

    def pause(self) -> None:
        """Leave out what comes until `resume()`; `status` is `paused`."""
        self._steer("pause")

    def resume(self) -> None:
        """Go on after `pause()`, in the same recording."""
        self._steer("record")

    async def _record(self, seconds: float, timeout: float | None) -> None:
        check_waiting()
        if self._request is not None:
            message = f"This {type(self).__name__} is recording: stop it first"
            raise MediaError(message)
        request = self._begin(self.timeout if timeout is None else timeout, seconds)
        try:
            await wait_for(request, keep=True)
        except asyncio.CancelledError:
            self.recording = False
            raise

    @traitlets.observe("recording")
    def _recording_changed(self, change: Any) -> None:
        if change["new"]:
            self._begin(self.timeout, self.max_duration)
        elif self._request:
            self._steer("stop")
            self._request = None

    def _begin(self, timeout: float, seconds: float | None) -> Request:
        if self._request is not None:
            return self._request
        try:
            self._check_ready()
        except MediaError as error:
            return self._refused(error)
        # The turn tells a command from its repetition, after the page's own buttons were used.
        wishes = {"phase": "record", "turn": 0, "max_duration": seconds}
        return self._began(self._ask("record", timeout, **wishes))

    def _began(self, request: Request) -> Request:
        self._request = request
        with self.hold_sync():
            self._set_state(status="starting", error="", duration=0, size=0)
            self.recording = True
        return request

    def _steer(self, phase: str) -> None:
        request = self._request
        if request is None:
            return
        request.content |= {"phase": phase, "turn": request.content.get("turn", 0) + 1}
        if request.begun or request.sent_to in self._pages:
            self.send({**request.content, "page": request.sent_to})
        elif phase == "stop":
            self._cancel(request)
            self._set_state(status="idle")

    def _on_message(self, widget: Any, content: Content, buffers: Buffers) -> None:
        kind = content["kind"]
        if kind == "chunk":
            self._took_chunk(content, buffers[0] if buffers else memoryview(b""))
        elif kind == "probe":
            self._reply(content, self._uploads.get(content["id"]), number=content["number"])
        elif kind == "read":
            self._read(content)
        elif kind != "state" or self._shows(self._requests.get(content.get("id", ""))):
            super()._on_message(widget, content, buffers)

    def _took_chunk(self, chunk: Content, data: memoryview) -> None:
        identity, page = chunk["id"], chunk["page"]
        upload = self._uploads.get(identity)
        try:
            if upload is None:
                upload = self._open(chunk, identity, page)
            elif upload.page != page:
                message = "Another page records this already."
                raise UploadError(message)
            if chunk.get("seq") != 0:
                upload.take(chunk, data)
        except (MediaError, OSError, ValueError) as error:
            sentence = f"The recording can't be written: {error}"
            self._reply(chunk, None, refused=encodable(sentence))
            request = self._requests.get(identity)
            if request and (upload is None or upload.page == page):
                self._settle(request, error=UploadError(sentence))
            return
        if request := self._requests.get(identity):
            request.acknowledged = True
        self._reply(chunk, upload)

    def _reply(self, message: Content, upload: _Incoming | None, **more: Any) -> None:
        answer = {"kind": "upload", "page": message["page"], "id": message["id"], **more}
        if upload:
            answer["next"] = upload.next
        elif "refused" not in answer:
            answer["refused"] = (
                "The kernel knows no such recording: it was restarted, or gave it up."
            )
        self.send(answer)

    def _open(self, chunk: Content, identity: str, page: str) -> _Incoming:
        """Open the file of a recording that a page has begun."""
        request = self._requests.get(identity)
        first = chunk.get("seq") == 0
        if request is None and first and chunk.get("unasked"):
            if self._request is not None:
                message = f"This {type(self).__name__} records already: stop it first."
                raise UploadError(message)
            self._check_ready()
            content = {"kind": "request", "id": identity, "name": "record", "timeout": self.timeout}
            request = Request(content | {"phase": "record", "turn": 0}, self.timeout)
            self._requests[identity] = request
            self._later(request)
            self._began(request)
        if request is None or not first or chunk.get("format") not in self._formats:
            message = "The kernel knows no such recording: it was restarted, or gave it up."
            raise UploadError(message)
        if len(self._uploads) >= MOST_UPLOADS:
            message = f"{MOST_UPLOADS} recordings have not arrived yet: wait for one of them."
            raise UploadError(message)
        request.sent_to, request.begun = page, True
        fmt = chunk["format"]
        if self.autosave:
            path = _unused(_file_name(self.filename, fmt).absolute())
        else:
            path = _temporary.new_file(fmt)
        upload = _Incoming(path, fmt, page, temporary=not self.autosave)
        self._uploads[identity] = upload
        self._set_state(path=str(path))
        return upload

    def _check(self, request: Request, content: Content) -> None:
        if upload := self._uploads.get(request.content["id"]):
            try:
                upload.finish(content["chunks"], content["size"])
                upload.load(self.embed_limit)
            except OSError as error:
                message = f"The recording can't be completed, record again: {error}."
                raise UploadError(message) from error

    def _answered(self, request: Request, content: Content, buffers: Buffers) -> None:  # noqa: ARG002 - of the base class
        if request.content["name"] != "record":
            return
        with self.hold_sync():
            self._finish(request)
            if self._shows(request):
                note = content.get("note", "")
                self._set_state(status="idle", error=note, duration=content["duration"])
        # There is none if it was stopped before it began.
        if upload := self._uploads.pop(request.content["id"], None):
            self._deliver(upload)

    def _failed(self, request: Request, error: MediaError) -> None:
        upload = self._uploads.pop(request.content["id"], None)
        with self.hold_sync():
            self._finish(request)
            if self._shows(request):
                super()._failed(request, error)
        if upload is None:
            return
        try:
            upload.cut()
            if upload.size:
                mend(upload.path, upload.format, self.duration)
                upload.load(self.embed_limit)
                rest = f" What had arrived is kept, {upload.size} bytes; it is cut short."
            else:
                upload.path.unlink(missing_ok=True)
                rest = ""
        except OSError as lost:
            upload.size, rest = 0, f" What had arrived is lost: {lost}."
        error.args = (f"{error}{rest}",)
        if self._shows(request):
            self._set_state(error=str(error))
        if upload.size:
            self._deliver(upload)
        elif self._shows(request):
            self._set_state(path=str(self._file.path) if self._file else "")

    def _finish(self, request: Request) -> None:
        if request is self._request:
            self._request = None
            self.recording = False

    def _shows(self, request: Request | None) -> bool:
        """Whether the traits are about a recording, and not about one that was begun since."""
        return request is None or self._request is None or self._request is request

    def _deliver(self, upload: _Incoming) -> None:
        """Put a complete file where users find it."""
        data = upload.data
        self._keep(upload.file)
        if self._request is None:
            gone = upload.temporary and upload.file is None
            self._set_state(size=upload.size, path="" if gone else str(upload.path))
        self._recordings += 1
        holder = self._holder
        holder.format = upload.format
        unchanged = holder.value == data
        with holder.hold_sync():
            try:
                holder.value = data
                if unchanged:
                    change = {"name": "value", "old": data, "new": holder.value, "owner": holder}
                    holder.notify_change(traitlets.Bunch(change, type="change"))
            finally:
                # The page that recorded has the bytes; another one asks for them.
                holder._states_to_send.discard("value")  # noqa: SLF001 - there is no public way

    def _keep(self, file: RecordingFile | None) -> None:
        """Let go of the last recording's file for another one, or for none."""
        before, self._file = self._file, file
        if before:
            before.close()

    def _read(self, request: Content) -> None:
        """Send a page a piece of the last recording."""
        position, length = request["position"], min(request["length"], PIECE)
        value, file = self._holder.value, self._complete_file()
        if value:
            total, piece = len(value), value[position : position + length]
        elif file:
            total, piece = file.size, file.read(position, length)
        else:
            total, piece = 0, b""
        self.send({**request, "kind": "piece", "total": total}, [piece])

    def _complete_file(self) -> RecordingFile | None:
        """Return the file of the last recording, unless another one is being made."""
        return self._file if self._request is None and not self._uploads else None

    def _check_recorded(self) -> None:
        if not self._complete_file():
            super()._check_recorded()

    def _write(self, path: Path) -> None:
        if self._holder.value or not self._file:
            super()._write(path)
        else:
            self._file.copy_to(path)


class _Incoming(Upload):
    """A recording on its way: its file, and who sends it."""

    def __init__(self, path: Path, fmt: str, page: str, *, temporary: bool) -> None:
        super().__init__(path, private=temporary)
        self.format = fmt
        self.page = page
        self.temporary = temporary
        self.data = b""
        """The complete recording, if it is in memory."""
        self.file: RecordingFile | None = None
        """The complete recording, if it is not."""

    def load(self, most: int) -> None:
        """Read the complete file into memory if it has so many bytes at most.

        Raises:
            OSError: The file is not there any more, for example.
        """
        file = RecordingFile(self.path, temporary=self.temporary)
        if file.size > most:
            self.file = file
        else:
            self.data = file.read()
            file.close()


class _Finishing:
    """What `stop()` returns: nothing need be done with it, and it can be awaited."""

    def __init__(self, request: Request | None) -> None:
        self._request = request

    def __await__(self) -> Generator[Any, None, None]:
        check_waiting()
        # One that no page had begun is given up.
        if self._request is not None and not self._request.future.cancelled():
            yield from wait_for(self._request, keep=True).__await__()


class VideoRecorder(_MediaRecorder):
    """Records a stream's picture and sound into a file of the kernel, for any length of time.

    It is recorded by the button of its view, by `recording = True` and `False`, or by
    `await record(seconds)`. The recording arrives while it is made: what has arrived is safe when
    the page or the connection dies, and neither side holds it in memory. The file has its duration
    and can be sought. `recording` is False before `video.value` changes, and observers of
    `video.value` are called once for each recording.

    It does not convert: what the browser can't encode is refused before it begins. The sound is
    recorded with the picture if the stream has any when it begins.

    Encoded by W3C WebCodecs, https://www.w3.org/TR/webcodecs/, or by MediaRecorder where that is
    missing, https://www.w3.org/TR/mediastream-recording/.

    Example:
        >>> recorder = VideoRecorder(stream=camera, format="mp4")
        >>> await recorder.record(5)
        >>> recorder.save("hello")  # hello.mp4
    """

    _esm = bundle("video_recorder")
    _formats = VIDEO_FORMATS

    video = traitlets.Instance(ipywidgets.Video).tag(sync=True, **REFERENCE)
    """The ipywidgets.Video of the last recording: `value` holds its bytes, up to `embed_limit`."""

    format = traitlets.Enum(VIDEO_FORMATS, "webm").tag(sync=True, page="sets")
    """`webm` (the default; VP9 or VP8, with Opus) or `mp4` (H.264 or VP9, with AAC or Opus)."""

    bitrate = traitlets.Int(2_500_000, min=1000).tag(sync=True, page="sets")
    """Bits per second of the picture, by default 2.5 million; the sound has 128 000 more."""

    async def record(self, seconds: float, *, timeout: float | None = None) -> ipywidgets.Video:
        """Record for some time, and wait until the recording is here.

        Works in a cell with ipykernel 7, with ipykernel 6 where jupyter_ui_poll is installed, and
        in a task of one's own everywhere. In a cell of marimo it can't, and raises at once. When
        the cell is interrupted the recording ends, and is kept.

        Args:
            seconds: The length of the recording.
            timeout: Seconds until it must have begun; by default the trait `timeout`.

        Returns:
            `video`, whose `value` holds the bytes up to `embed_limit`; else see `path`.

        Raises:
            PermissionDenied: The camera was refused.
            DeviceNotFound: There is no camera.
            InsecureContext: The page may have no camera.
            SourceError: A file or URL can't be played, or there is no stream.
            UnsupportedFormat: The browser can't encode `format` and `codecs`; the text lists what
                it can.
            MediaTimeout: It has not begun in time; the text says what it waits for.
            UploadError: It could not be written. What arrived is kept.
            NoFrontEnd: No page answers, or it was closed meanwhile. What arrived is kept.
            MediaError: Any other reason; or waiting can't work here.

        Example:
            >>> await recorder.record(2.5)
            >>> len(recorder.video.value)
        """
        await self._record(seconds, timeout)
        return self.video

    @traitlets.default("video")
    def _default_video(self) -> ipywidgets.Video:
        # Else it would play in a loop, as loud as it was recorded.
        return held(ipywidgets.Video)(format=self.format, autoplay=False, loop=False)

    @property
    def _holder(self) -> Any:
        return self.video


class AudioRecorder(_MediaRecorder):
    """Records a stream's sound into a file of the kernel, or as samples, for any length of time.

    It works as VideoRecorder does. Samples without loss come from `format="wav"`; the others are
    compressed.

    Example:
        >>> recorder = AudioRecorder(stream=MicrophoneStream(), format="wav")
        >>> await recorder.record(5)
        >>> samples, rate = recorder.to_numpy(sample_rate=16_000, mono=True)
        >>> samples.shape
        (80000, 1)
    """

    _esm = bundle("audio_recorder")
    _formats = AUDIO_FORMATS

    audio = traitlets.Instance(ipywidgets.Audio).tag(sync=True, **REFERENCE)
    """The ipywidgets.Audio of the last recording: `value` holds its bytes, up to `embed_limit`."""

    format = traitlets.Enum(AUDIO_FORMATS, "webm").tag(sync=True, page="sets")
    """`webm` (the default), `ogg` (both Opus), `mp4` (AAC or Opus) or `wav` (PCM, 16 bits)."""

    bitrate = traitlets.Int(128_000, min=1000).tag(sync=True, page="sets")
    """Bits per second, by default 128 000; no matter for `wav`."""

    async def record(self, seconds: float, *, timeout: float | None = None) -> ipywidgets.Audio:
        """Record for some time, and wait until the recording is here.

        Args:
            seconds: The length of the recording.
            timeout: Seconds until it must have begun; by default the trait `timeout`.

        Returns:
            `audio`, whose `value` holds the bytes up to `embed_limit`; else see `path`.

        Raises:
            MediaError: As `VideoRecorder.record`.

        Example:
            >>> await recorder.record(5)
            >>> len(recorder.audio.value)
        """
        await self._record(seconds, timeout)
        return self.audio

    def to_numpy(
        self, sample_rate: int | None = None, *, mono: bool = False
    ) -> tuple[Samples, int]:
        """Return the last recording as samples.

        Args:
            sample_rate: Frames a second, to which the sound is changed; by default its own.
            mono: Whether the channels are averaged to one.

        Returns:
            Samples as float32 of shape (frames, channels), -1 to 1, and their frames a second.

        Raises:
            ValueError: Nothing is recorded yet.
            ImportError: numpy is not installed; or PyAV, which all formats but `wav` need.

        Example:
            >>> samples, rate = recorder.to_numpy(mono=True)
            >>> len(samples) / rate  # seconds
        """
        self._check_recorded()
        value, fmt = bytes(self.audio.value), self._recorded_format
        if value or not self._file:
            samples, rate = read_sound(io.BytesIO(value), fmt)
        else:
            with self._file.opened() as file:
                samples, rate = read_sound(file, fmt)
        if mono:
            samples = samples.mean(axis=1, keepdims=True)
        wanted = sample_rate or rate
        return resample(samples, rate, wanted), wanted

    @traitlets.default("audio")
    def _default_audio(self) -> ipywidgets.Audio:
        return held(ipywidgets.Audio)(format=self.format, autoplay=False, loop=False)

    @property
    def _holder(self) -> Any:
        return self.audio
