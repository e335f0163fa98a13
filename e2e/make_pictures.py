"""Makes the pictures of the documents and those in the examples: `python -m e2e.make_pictures`.

They are taken of the running widgets, with a camera that sees the film of the examples and a
microphone that hears their tune. Arguments are the names of examples; without, all is made.
"""

from __future__ import annotations

import base64
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import nbformat
import PIL.Image
from playwright.sync_api import sync_playwright

from e2e.brokers import Broker
from e2e.browsers import Browsers
from e2e.hosts import JupyterLab
from e2e.notebooks import Notebook, sources_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

ROOT = Path(__file__).parents[1]
EXAMPLES, PICTURES = ROOT / "examples", ROOT / "docs/pictures"

WIDGET = "application/vnd.jupyter.widget-view+json"
SHOWN = ".jp-OutputArea-output > .lm-Widget"
PAGE: ViewportSize = {"width": 900, "height": 720}
TALL: ViewportSize = {"width": 900, "height": 1400}
LEFT_OUT = {("widget_stream", 8)}
"""Cells that need the internet to show what they are about."""
SETTLE = 2500.0
"""Milliseconds until a film has got somewhere, and every widget has drawn itself."""
QUALITY = 75

GALLERY = (
    *("camera_stream", "microphone_stream", "screen_stream", "video_stream", "audio_stream"),
    *("image_stream", "widget_stream", "array_stream", "image_recorder", "video_recorder"),
    *("audio_recorder", "frame_reader", "audio_reader", "webrtc_room"),
)


def gallery(media: str) -> None:
    """Show each widget of the gallery in a cell, after a first one."""
    import ipywidgets

    import ipywebrtc

    here = {"width": "320px"}
    # %%
    camera = ipywebrtc.CameraStream(layout=here)
    camera
    # %%
    microphone = ipywebrtc.MicrophoneStream(layout=here)
    microphone
    # %%
    ipywebrtc.ScreenStream(layout=here)
    # %%
    video = ipywebrtc.VideoStream.from_file(f"{media}/balloon.mp4", layout=here)
    video
    # %%
    audio = ipywebrtc.AudioStream.from_file(f"{media}/tune.mp3", layout=here)
    audio
    # %%
    ipywebrtc.ImageStream.from_file("picture.png", layout=here)
    # %%
    slider = ipywidgets.FloatSlider(value=7.5, max=10, description="Move me")
    stream = ipywebrtc.WidgetStream(widget=slider)
    ipywidgets.VBox([slider, stream], layout=here)
    # %%
    drawn = ipywebrtc.ArrayStream.process(camera, lambda pixels: 255 - pixels, width=320)
    drawn.layout = here
    drawn
    # %%
    pictures = ipywebrtc.ImageRecorder(stream=camera, layout=here)
    pictures.recording = True
    pictures
    # %%
    film = ipywebrtc.VideoRecorder(stream=video, layout=here, max_duration=2)
    film.start()
    film
    # %%
    sound = ipywebrtc.AudioRecorder(stream=audio, layout=here, max_duration=2)
    sound.start()
    sound
    # %%
    frames = ipywebrtc.FrameReader(stream=camera, layout=here)
    frames.on_frame(str)
    frames
    # %%
    blocks = ipywebrtc.AudioReader(stream=microphone, layout=here)
    blocks.on_block(repr)
    blocks
    # %%
    about = {"room": "lusab-babad-gutih-tugad", "ice_servers": []}
    other = ipywebrtc.WebRTCRoomLocal(stream=video, nickname="Grace", **about)
    room = ipywebrtc.WebRTCRoomLocal(
        stream=camera, nickname="Ada", layout={"width": "640px"}, **about
    )
    room


class Studio:
    """A JupyterLab with a browser, a broker and media."""

    def __init__(self, host: JupyterLab, browser: Browser, folder: Path, broker: str) -> None:
        self._host, self._browser, self._folder, self._broker = host, browser, folder, broker

    def open(self, path: Path) -> Notebook:
        """Open a notebook, with its kernel."""
        kernel = self._host.start_kernel(path)
        context = self._browser.new_context(viewport=PAGE, device_scale_factor=1)
        page = context.new_page()
        page.goto(self._host.url(path))
        count = len(nbformat.read(path, nbformat.NO_CONVERT).cells)
        nb = Notebook(self._host, path, kernel, page, count)
        nb.execute(f"import os; os.environ['IPYWEBRTC_MQTT_SERVER'] = {self._broker!r}")
        return nb

    def gallery(self) -> None:
        """Take a picture of each widget."""
        path = self._folder / "gallery.ipynb"
        self._host.write(path, sources_of(gallery, {"media": str(self._folder / "media")}))
        nb = self.open(path)
        nb.page.set_viewport_size(TALL)
        nb.run()
        nb.wait_for("len(room.streams) == 2 and sound.status == film.status == 'idle'", timeout=30)
        nb.page.wait_for_timeout(SETTLE)
        for number, name in enumerate(GALLERY, 1):
            nb.output(number).locator(SHOWN).first.screenshot(path=PICTURES / f"{name}.png")
        nb.page.context.close()

    def example(self, name: str) -> None:
        """Run an example, and keep its outputs: of widgets, pictures."""
        path = self._folder / f"{name}.ipynb"
        shutil.copyfile(EXAMPLES / path.name, path)
        nb = self.open(path)
        stills: dict[int, str] = {}
        for number in range(len(nb.read().cells)):
            nb.run(number)
            if nb.output(number).locator(SHOWN).count() and (name, number) not in LEFT_OUT:
                nb.page.wait_for_timeout(SETTLE)
                widget = nb.output(number).locator(SHOWN).first
                still = widget.screenshot(type="jpeg", quality=QUALITY)
                stills[number] = base64.b64encode(still).decode()
        if name == "edges":
            nb.page.screenshot(path=PICTURES / "quickstart.png")
        nb.save()
        nb.page.wait_for_timeout(SETTLE)
        original = nbformat.read(EXAMPLES / path.name, 4)
        ran_cells = nb.read().cells
        for number, (cell, ran) in enumerate(zip(original.cells, ran_cells, strict=True)):
            if cell.cell_type == "code":
                cell.execution_count = None
                outputs = [_still(output, stills.get(number)) for output in ran.outputs]
                # Without its kernel a widget shows nothing; and files are nobody else's camera.
                cell.outputs = [
                    output
                    for output in outputs
                    if WIDGET not in output.get("data", {}) and str(self._folder) not in str(output)
                ]
        nbformat.write(original, EXAMPLES / path.name)
        nb.page.context.close()


def _still(output: Any, picture: str | None) -> Any:
    """Replace a widget, which only a running kernel can show, by its picture."""
    if "execution_count" in output:
        output.execution_count = None
    if picture and WIDGET in output.get("data", {}):
        output.data = {"image/jpeg": picture, "text/plain": output.data["text/plain"]}
    return output


def write_camera(film: Path, path: Path) -> None:
    """Write what the camera sees: the middle of the film, 640 by 480."""
    with av.open(film) as source, av.open(path, "w", format="mjpeg") as container:
        track = container.add_stream("mjpeg", rate=25, options={"qscale": "2"})
        track.width, track.height, track.pix_fmt = 640, 480, "yuvj420p"
        for frame in source.decode(video=0):
            pixels = frame.reformat(854, 480).to_ndarray(format="rgb24")[:, 107:747]
            container.mux(track.encode(av.VideoFrame.from_ndarray(pixels.copy())))
        container.mux(track.encode())


def write_microphone(tune: Path, path: Path) -> None:
    """Write what the microphone hears."""
    with av.open(tune) as source, av.open(path, "w") as container:
        track = container.add_stream("pcm_s16le", rate=48_000, layout="mono")
        resampler = av.AudioResampler("s16", "mono", 48_000)
        for block in source.decode(audio=0):
            for part in resampler.resample(block):
                container.mux(track.encode(part))
        container.mux(track.encode())


def main() -> None:
    """Make the pictures."""
    os.environ["PYTHONPATH"] = str(ROOT)
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        shutil.copytree(EXAMPLES / "media", folder / "media")
        camera, microphone = folder / "camera.mjpeg", folder / "microphone.wav"
        write_camera(folder / "media/balloon.mp4", camera)
        write_microphone(folder / "media/tune.mp3", microphone)
        with av.open(camera) as source:
            pixels = next(source.decode(video=0)).to_ndarray(format="rgb24")
        PIL.Image.fromarray(pixels).save(folder / "picture.png")
        (folder / "broker").mkdir()
        browsers = Browsers(playwright)
        browser = browsers.launch(
            extra=(
                f"--use-file-for-fake-video-capture={camera}",
                f"--use-file-for-fake-audio-capture={microphone}",
            )
        )
        with (
            Broker.running(folder / "broker") as broker,
            JupyterLab.running(folder, folder / "home") as host,
        ):
            studio = Studio(host, browser, folder, broker.tcp)
            if not sys.argv[1:] or "gallery" in sys.argv:
                studio.gallery()
            for path in sorted(EXAMPLES.glob("*.ipynb")):
                if path.stem in (sys.argv[1:] or [path.stem]):
                    studio.example(path.stem)
                    print(path.stem)
            browsers.close()


if __name__ == "__main__":
    main()
