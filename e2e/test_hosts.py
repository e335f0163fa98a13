"""The same notebooks in every application that can show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import expect

from e2e.embeds import Colab, VSCode
from e2e.hosts import JupyterLab, Notebook7, OldestJupyterLab
from e2e.install import install_ipykernel_6, install_lowest
from e2e.marimo import Marimo
from e2e.matrix import INSTEAD
from e2e.media import write_video
from e2e.recordings import contents, picture_at
from e2e.voila import Voila

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from e2e.brokers import Broker
    from e2e.conftest import OpenNotebook
    from e2e.hosts import Host
    from e2e.notebooks import Notebook

    Note = Callable[[str, object], None]

NEAR = 25
"""Of 255: pictures are compressed."""
PATIENCE = 30.0
HOSTS = (
    "JupyterLab",
    "JupyterLab, ipykernel 6",
    "JupyterLab 4.0",
    "Notebook 7",
    "Voilà",
    "Colab",
    "VS Code",
    "marimo edit",
    "marimo run",
)
COLOURS = ((200, 40, 40), (40, 200, 40), (40, 40, 200))


@pytest.fixture(scope="module", params=HOSTS)
def host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Host]:
    """Each application in turn."""
    root, home = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("home")
    start: dict[str, Callable[[], AbstractContextManager[Host]]] = {
        "JupyterLab": lambda: JupyterLab.running(root, home),
        "JupyterLab, ipykernel 6": lambda: JupyterLab.running(
            root, home, modules=install_ipykernel_6()
        ),
        "JupyterLab 4.0": lambda: OldestJupyterLab.running(root, home, install_lowest()),
        "Notebook 7": lambda: Notebook7.running(root, home),
        "Voilà": lambda: Voila.running(root, home),
        "Colab": lambda: Colab.running(root, home),
        "VS Code": lambda: VSCode.running(root, home),
        "marimo edit": lambda: Marimo.running(home, "edit"),
        "marimo run": lambda: Marimo.running(home, "run"),
    }
    with start[request.param]() as started:
        yield started


@pytest.fixture
def file(host: Host, tmp_path: Path, record_property: Note) -> str:
    """A video for the hosts that have no camera, nothing for the others."""
    if not isinstance(host, VSCode):
        return ""
    path = tmp_path / "video.mp4"
    write_video(path, seconds=20)
    record_property(INSTEAD, "yes, of a file")
    return str(path)


def refuses(nb: Notebook, host: Host, widget: str, device: str, note: Note) -> bool:
    """Tell whether a host has no devices, and check what it says of one."""
    if not isinstance(host, VSCode):
        return False
    nb.wait_for(f"{widget}.status == 'error'", timeout=PATIENCE)
    issue = "https://github.com/microsoft/vscode/issues/119127"
    sentence = f"VS Code blocks {device} in notebooks ({issue}): open the notebook in a browser"
    assert sentence in nb.python(f"{widget}.error")
    assert nb.errors == []
    note(INSTEAD, "no, and it says why")
    return True


def test_a_picture_of_the_camera(notebook: OpenNotebook, host: Host, record_property: Note) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera
        # %%
        recorder = ipywebrtc.ImageRecorder(stream=camera)
        recorder

    nb = notebook(cells)
    nb.run()
    if refuses(nb, host, "camera", "the camera and the microphone", record_property):
        expect(nb.output(0)).to_contain_text("VS Code blocks the camera")
        return
    nb.wait_for("camera.status == 'live'", timeout=PATIENCE)
    nb.output(1).get_by_role("button").first.click()
    nb.wait_for("len(recorder.image.value)", timeout=PATIENCE)
    taken = nb.python("recorder.to_numpy()")
    assert taken.shape[:2] == (480, 640)
    assert taken[..., 1].mean() > taken[..., 0].mean() + NEAR  # the fake camera is green
    assert nb.errors == []


def test_a_file_is_recorded_and_can_be_sought(notebook: OpenNotebook, tmp_path: Path) -> None:
    def cells(path: str) -> None:
        import ipywebrtc

        stream = ipywebrtc.VideoStream.from_file(path)
        stream
        # %%
        recorder = ipywebrtc.VideoRecorder(stream=stream, codecs="vp8, opus")
        recorder

    path = tmp_path / "video.mp4"
    write_video(path, seconds=20)
    nb = notebook(cells, path=path)
    nb.run()
    nb.output(1).get_by_role("button", name="Record").click()
    nb.wait_for("recorder.duration > 3", timeout=PATIENCE)
    nb.execute("recorder.recording = False")
    nb.wait_for("recorder.status == 'idle' and len(recorder.video.value)", timeout=PATIENCE)
    data = nb.python("bytes(recorder.video.value)")
    assert contents(data).duration > 2.5
    assert picture_at(data, 2).mean() > picture_at(data, 0.2).mean()  # it becomes brighter
    video = nb.output(1).locator("video")
    video.evaluate("video => { video.currentTime = 2; }")
    expect(video).to_have_js_property("seeking", value=False)
    assert video.evaluate("video => Math.abs(video.currentTime - 2)") < 0.1
    assert nb.errors == []


def test_the_microphone_as_an_array(
    notebook: OpenNotebook, host: Host, record_property: Note
) -> None:
    def cells() -> None:
        import ipywebrtc

        microphone = ipywebrtc.MicrophoneStream()
        recorder = ipywebrtc.AudioRecorder(stream=microphone, format="wav")
        recorder

    nb = notebook(cells)
    nb.run()
    nb.output(0).get_by_role("button", name="Record").click()
    if refuses(nb, host, "recorder", "the microphone", record_property):
        return
    nb.wait_for("recorder.duration > 1.5", timeout=PATIENCE)
    nb.execute("recorder.recording = False")
    nb.wait_for("recorder.status == 'idle' and len(recorder.audio.value)", timeout=PATIENCE)
    samples, rate = nb.python("recorder.to_numpy()")
    assert len(samples) / rate > 1
    assert np.abs(samples).max() > 0.05  # the fake microphone beeps
    assert nb.errors == []


def test_a_widget_as_a_stream(notebook: OpenNotebook, host: Host, record_property: Note) -> None:
    def cells() -> None:
        import anywidget
        import traitlets

        import ipywebrtc

        class Card(anywidget.AnyWidget):
            _esm = """export default {
              render({ model, el }) {
                const card = document.createElement("div");
                card.style.cssText = "width: 200px; height: 100px;";
                const draw = () => { card.style.background = model.get("colour"); };
                model.on("change:colour", draw);
                draw();
                el.append(card);
              },
            };"""
            colour = traitlets.Unicode("rgb(200, 40, 40)").tag(sync=True)

        card = Card()
        card
        # %%
        reader = ipywebrtc.FrameReader(
            stream=ipywebrtc.WidgetStream(widget=card), format="rgb", reading=True
        )
        reader

    nb = notebook(cells)
    nb.run()
    if isinstance(host, Colab):
        # What another output shows is in another page; `test_embeds` shows it in the same one.
        nb.wait_for("reader.status == 'waiting' and 'in the same output' in reader.error")
        record_property(INSTEAD, "in the same output")
        return
    for colour in COLOURS:
        nb.execute(f"card.colour = 'rgb{colour}'")
        middle = "reader.latest.to_numpy()[40:60, 80:120].mean((0, 1))"
        near = f"abs({middle} - {colour}).max() < {NEAR}"
        nb.wait_for(f"reader.latest is not None and {near}", timeout=PATIENCE)
    assert nb.errors == []


def test_frames_of_a_camera_come_in_order(
    notebook: OpenNotebook, host: Host, record_property: Note
) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        reader = ipywebrtc.FrameReader(stream=camera)
        numbers = []
        reader.on_frame(lambda frame: numbers.append((frame.sequence, frame.timestamp)))
        reader

    nb = notebook(cells)
    nb.run()
    if refuses(nb, host, "reader", "the camera and the microphone", record_property):
        return
    nb.wait_for("len(numbers) > 30", timeout=PATIENCE)
    numbers = nb.python("numbers")
    assert numbers == sorted(numbers)
    assert nb.python("reader.latest.to_numpy().shape") == (480, 640, 3)
    assert nb.errors == []


def test_what_is_written_is_read_back(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        stream = ipywebrtc.ArrayStream(64, 48)
        stream
        # %%
        reader = ipywebrtc.FrameReader(stream=stream, format="rgb", reading=True)
        reader

    nb = notebook(cells)
    nb.run()
    nb.execute("import numpy as np")
    for colour in COLOURS:
        nb.execute(f"stream.write(np.full((48, 64, 3), {colour}, np.uint8))")
        near = f"abs(reader.latest.to_numpy().mean((0, 1)) - {colour}).max() < 4"
        nb.wait_for(f"reader.latest is not None and {near}", timeout=PATIENCE)
    assert nb.errors == []


def room_cells(file: str) -> None:
    import ipywebrtc

    stream = ipywebrtc.VideoStream.from_file(file) if file else ipywebrtc.CameraStream()
    one = ipywebrtc.WebRTCRoomLocal(stream=stream, nickname="One")
    one
    # %%
    other = ipywebrtc.WebRTCRoomLocal(stream=stream, nickname="Other")
    other


def test_a_room_of_one_kernel(notebook: OpenNotebook, file: str) -> None:
    nb = notebook(room_cells, file=file)
    nb.run()
    meet_and_part(nb)


def test_a_room_over_a_broker(notebook: OpenNotebook, broker: Broker, file: str) -> None:
    def cells(server: str, file: str) -> None:
        import ipywebrtc

        stream = ipywebrtc.VideoStream.from_file(file) if file else ipywebrtc.CameraStream()
        about = {"room": "hosts", "password": "secret", "server": server, "ice_servers": []}
        one = ipywebrtc.WebRTCRoomMqtt(stream=stream, nickname="One", **about)
        one
        # %%
        other = ipywebrtc.WebRTCRoomMqtt(stream=stream, nickname="Other", **about)
        other

    nb = notebook(cells, server=broker.tcp, file=file)
    nb.run()
    meet_and_part(nb)


def meet_and_part(nb: Notebook) -> None:
    """Check that two rooms of a notebook see each other, and that one may leave."""
    meet(nb)
    nb.execute("one.leave()")
    nb.wait_for("other.peers == []", timeout=PATIENCE)
    assert nb.errors == []


def meet(nb: Notebook, *, timeout: float | None = None) -> None:
    """Check that two rooms of a notebook see each other; the timeout, in ms, is for a picture."""
    nb.wait_for("one.status == other.status == 'connected'", timeout=PATIENCE)
    for cell, name in ((0, "Other"), (1, "One")):
        video = nb.output(cell).get_by_role("listitem", name=name).locator("video")
        expect(video).not_to_have_js_property("videoWidth", 0, timeout=timeout)
