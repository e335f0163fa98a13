"""What is special in applications whose outputs are pages of their own, or may use no device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from e2e.embeds import Colab, Embed, VSCode
from e2e.media import write_video
from e2e.recordings import contents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from e2e.conftest import OpenNotebook
    from e2e.notebooks import Notebook

PATIENCE = 20.0
COUNT_RECORDERS = """
globalThis.recordings = 0;
for (const name of ["MediaRecorder", "VideoEncoder"]) {
  const original = globalThis[name];
  globalThis[name] = class extends original {
    constructor(...these) {
      super(...these);
      globalThis.recordings += 1;
    }
  };
}
"""


@pytest.fixture(scope="module")
def host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Embed]:
    """Colab, where a test names no other."""
    kind: type[Embed] = getattr(request, "param", Colab)
    root, home = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("home")
    with kind.running(root, home) as started:
        yield started


def recorders(page: Page) -> list[int]:
    """Count what encodes pictures in each output."""
    outputs = page.frames[1:]
    return [frame.evaluate("globalThis.recordings") for frame in outputs]


def record(nb: Notebook, seconds: float) -> bytes:
    """Record by the trait alone, and return the video."""
    nb.execute("recorder.recording = True")
    nb.wait_for(f"recorder.duration > {seconds}", timeout=PATIENCE)
    nb.execute("recorder.recording = False")
    nb.wait_for("recorder.status == 'idle' and len(recorder.video.value)", timeout=PATIENCE)
    data: bytes = nb.python("bytes(recorder.video.value)")
    return data


def test_the_kernel_has_the_versions_of_colab(notebook: OpenNotebook) -> None:
    def cells() -> None:
        from importlib.metadata import version

        versions = version("ipykernel"), version("ipywidgets")

    nb = notebook(cells)
    nb.run()
    assert nb.python("versions") == ("6.17.1", "7.7.1")


def test_stream_and_recorder_in_one_output(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        recorder = ipywebrtc.VideoRecorder(stream=camera)
        ipywidgets.VBox([camera, recorder])

    nb = notebook(cells)
    nb.page.add_init_script(COUNT_RECORDERS)
    nb.run()
    nb.wait_for("camera.status == 'live'", timeout=PATIENCE)
    assert contents(record(nb, 1)).duration > 0.9
    assert recorders(nb.page) == [1]
    expect(nb.output(0).locator("video").last).to_have_js_property("readyState", 4)
    expect(nb.output(0).get_by_role("button", name="Show the recording")).to_be_hidden()
    assert nb.errors == []


def test_stream_and_recorder_in_two_outputs(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera
        # %%
        recorder = ipywebrtc.VideoRecorder(stream=camera)
        recorder

    nb = notebook(cells)
    nb.page.add_init_script(COUNT_RECORDERS)
    nb.run()
    nb.wait_for("camera.status == 'live'", timeout=PATIENCE)
    assert contents(record(nb, 1)).duration > 0.9
    assert recorders(nb.page) == [0, 1]
    assert nb.python("camera.status") == "live"
    assert nb.errors == []


def test_a_recorder_in_two_outputs_records_once(notebook: OpenNotebook, tmp_path: Path) -> None:
    def cells(path: str) -> None:
        import ipywebrtc

        stream = ipywebrtc.VideoStream.from_file(path)
        recorder = ipywebrtc.VideoRecorder(stream=stream)
        recorder
        # %%
        recorder

    path = tmp_path / "video.mp4"
    write_video(path, seconds=20)
    nb = notebook(cells, path=path)
    nb.page.add_init_script(COUNT_RECORDERS)
    nb.run()
    data = record(nb, 1)
    assert contents(data).duration > 0.9
    assert sum(recorders(nb.page)) == 1
    assert nb.errors == []


@pytest.mark.parametrize("host", [VSCode], indirect=True)
def test_vs_code_blocks_the_screen(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        screen = ipywebrtc.ScreenStream()
        screen

    nb = notebook(cells)
    nb.run()
    nb.output(0).get_by_role("button", name="Share").click()
    nb.wait_for("screen.status == 'error'")
    expect(nb.output(0)).to_contain_text("VS Code blocks the screen in notebooks (https://github")
    expect(nb.output(0)).to_contain_text("open the notebook in a browser")
    assert nb.errors == []


@pytest.mark.parametrize("host", [VSCode], indirect=True)
def test_widgets_beside_each_other_in_vs_code(notebook: OpenNotebook, tmp_path: Path) -> None:
    def cells(path: str) -> None:
        import ipywidgets

        import ipywebrtc

        stream = ipywebrtc.VideoStream.from_file(path)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        slider = ipywidgets.IntSlider()
        ipywidgets.VBox([slider, stream, recorder])

    path = tmp_path / "video.mp4"
    write_video(path, seconds=20)
    nb = notebook(cells, path=path)
    nb.run()
    nb.output(0).get_by_role("button", name="Take").click()
    nb.wait_for("len(recorder.image.value)", timeout=PATIENCE)
    nb.output(0).get_by_role("slider").first.press("ArrowRight")
    nb.wait_for("slider.value == 1")
    assert nb.errors == []


def test_the_screen_is_out_of_reach(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        screen = ipywebrtc.ScreenStream()
        screen

    nb = notebook(cells)
    nb.run()
    nb.output(0).get_by_role("button", name="Share").click()
    nb.wait_for("screen.status == 'error' and 'display-capture' in screen.error")
    expect(nb.output(0)).to_contain_text("open the notebook in a tab of its own")


def test_a_widget_is_seen_in_its_own_output_only(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        button = ipywidgets.Button(description="Seen")
        button
        # %%
        stream = ipywebrtc.WidgetStream(widget=button)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        reader = ipywebrtc.FrameReader(stream=stream, reading=True)
        reader
        # %%
        ipywidgets.VBox([button, recorder])

    nb = notebook(cells)
    nb.run(0, 1)
    nb.wait_for("reader.status == 'waiting' and 'in the same output' in reader.error")
    expect(nb.output(1)).to_contain_text("in the same output, with a VBox of both")
    nb.run(2)
    nb.output(2).get_by_role("button", name="Take").click()
    nb.wait_for("len(recorder.image.value)", timeout=PATIENCE)
    assert nb.errors == []
