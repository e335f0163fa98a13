"""The view of a stream: its controls, its place in the page, and what is left when it is gone."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from e2e.conftest import Launch, OpenNotebook

MARGIN = 2
"""Pixels that Jupyter leaves around each of its widgets."""

COUNT_TIMERS = """() => {
  const intervals = (globalThis.intervals = new Set());
  const { setInterval, clearInterval } = globalThis;
  globalThis.setInterval = (...values) => {
    const id = setInterval(...values);
    intervals.add(id);
    return id;
  };
  globalThis.clearInterval = id => {
    intervals.delete(id);
    clearInterval(id);
  };
}"""


def test_the_controls_appear_for_the_mouse_and_for_the_keyboard(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera

    nb = notebook(cells)
    nb.run()
    output = nb.output(0)
    controls = output.get_by_role("toolbar", name="Controls of the stream")
    expect(controls).to_have_css("opacity", "0")
    output.locator("video").hover()
    expect(controls).to_have_css("opacity", "1")
    nb.page.mouse.move(0, 0)
    expect(controls).to_have_css("opacity", "0")
    output.get_by_role("button", name="Stop").focus()
    expect(controls).to_have_css("opacity", "1")
    nb.page.keyboard.press("Tab")
    expect(output.get_by_role("button", name="Mute")).to_be_focused()
    nb.page.keyboard.press("Enter")
    nb.wait_for("not camera.audio_enabled")


def test_streams_stand_side_by_side_in_a_box(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        camera = ipywebrtc.CameraStream(constraints={"video": {"width": 320, "height": 240}})
        microphone = ipywebrtc.MicrophoneStream()
        ipywidgets.HBox([camera, microphone, ipywidgets.VBox([camera])])

    nb = notebook(cells)
    nb.run()
    nb.wait_for("camera.status == microphone.status == 'live'")
    frames = nb.output(0).locator(".frame")
    expect(frames.nth(0)).to_have_css("width", "320px")
    expect(frames.nth(1)).to_have_css("width", "420px")
    expect(frames.nth(2)).to_have_css("width", "320px")


def test_a_note_can_be_read_however_small_the_picture_is(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        drawn = ipywebrtc.ArrayStream(width=64, height=48)
        drawn

    nb = notebook(cells)
    nb.run()
    frame = nb.output(0).locator(".frame")
    expect(frame).to_have_css("width", "64px")
    nb.execute("drawn.stop()")
    expect(frame.locator(".note")).to_be_visible()
    expect(frame).to_have_css("width", "160px")


def test_widgets_in_a_row_give_way_alike_and_stand_apart(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        recorder = ipywebrtc.ImageRecorder(stream=camera)
        ipywidgets.HBox([camera, recorder], layout={"width": "900px"})
        # %%
        ipywidgets.VBox([camera, recorder, ipywidgets.Button(description="Mine")])

    nb = notebook(cells)
    nb.run()
    nb.execute("recorder.recording = True")
    for cell in range(2):
        expect(nb.output(cell).get_by_alt_text("The last picture")).to_be_visible()
    views = nb.output(0).locator(".frame, .recorder")
    camera, recorder = (view.bounding_box() for view in views.all())
    assert camera
    assert recorder
    assert camera["width"] == recorder["width"] == (900 - 4 * MARGIN) / 2
    assert camera["x"] + camera["width"] + 2 * MARGIN == recorder["x"]

    parts = nb.output(1).locator(".frame, .recorder, .widget-button")
    boxes = [part.bounding_box() for part in parts.all()]
    assert len(boxes) == 3
    for upper, lower in itertools.pairwise(boxes):
        assert upper
        assert lower
        assert lower["x"] == upper["x"]
        assert lower["y"] == pytest.approx(upper["y"] + upper["height"] + 2 * MARGIN, abs=1)


def test_a_margin_of_the_layout_is_heeded(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        recorders = [ipywebrtc.ImageRecorder(layout={"margin": "0"}) for _ in range(2)]
        ipywidgets.VBox(recorders)

    nb = notebook(cells)
    nb.run()
    expect(nb.output(0).locator(".recorder")).to_have_count(2)
    upper, lower = (box.bounding_box() for box in nb.output(0).locator(".recorder").all())
    assert upper
    assert lower
    assert lower["y"] == pytest.approx(upper["y"] + upper["height"], abs=1)


def test_mute_hide_and_stop(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera

    nb = notebook(cells)
    nb.run()
    output = nb.output(0)
    output.locator("video").hover()
    for name, trait in (("Mute", "audio_enabled"), ("Hide the picture", "video_enabled")):
        button = output.get_by_role("button", name=name)
        button.click()
        nb.wait_for(f"not camera.{trait}")
        expect(button).to_have_attribute("aria-pressed", "true")
        button.click()
        nb.wait_for(f"camera.{trait}")
        expect(button).to_have_attribute("aria-pressed", "false")
    output.get_by_role("button", name="Stop").click()
    nb.wait_for("camera.status == 'idle'")
    expect(output.get_by_role("button", name="Start")).to_be_visible()


def test_full_screen(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera

    nb = notebook(cells)
    nb.run()
    nb.output(0).locator("video").hover()
    nb.output(0).get_by_role("button", name="Full screen").click()
    nb.page.wait_for_function("document.fullscreenElement !== null")


def test_the_place_of_the_picture_is_kept_free(notebook: OpenNotebook, launch: Launch) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream(constraints={"video": {"width": 320, "height": 240}})
        camera

    nb = notebook(cells, browser=launch(fake_ui=False))
    nb.page.context.grant_permissions(["camera"])
    nb.page.evaluate("""() => {
      const devices = navigator.mediaDevices;
      const original = devices.getUserMedia.bind(devices);
      const held = new Promise(resolve => { globalThis.letGo = () => resolve(); });
      devices.getUserMedia = wish => held.then(() => original(wish));
    }""")
    nb.run()
    expect(nb.output(0).get_by_text("Starting")).to_be_visible()
    before = nb.output(0).bounding_box()
    nb.page.evaluate("letGo()")
    expect(nb.output(0).locator("video")).to_have_js_property("videoWidth", 320)
    assert nb.output(0).bounding_box() == before


COUNTED = {
    "elements": ("HTMLMediaElement", "true"),
    "live tracks": ("MediaStreamTrack", "object.readyState === 'live'"),
    "streams": ("MediaStream", "true"),
}


def counts(page: Page) -> dict[str, Any]:
    """Count what lives in a page, after its garbage is collected."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    alive = {}
    for name, (kind, condition) in COUNTED.items():
        group = {"objectGroup": "counted"}  # What is queried is kept alive until it is released.
        prototype = session.send("Runtime.evaluate", {"expression": f"{kind}.prototype", **group})
        query = {"prototypeObjectId": prototype["result"]["objectId"], **group}
        objects = session.send("Runtime.queryObjects", query)["objects"]["objectId"]
        count = f"function () {{ return this.filter(object => {condition}).length }}"
        call = {"objectId": objects, "functionDeclaration": count}
        alive[name] = session.send("Runtime.callFunctionOn", call)["result"]["value"]
        session.send("Runtime.releaseObjectGroup", group)
    alive["listeners"] = session.send("Memory.getDOMCounters")["jsEventListeners"]
    session.detach()
    return {**alive, "intervals": page.evaluate("intervals.size")}


def test_fifty_streams_that_came_and_went_leave_nothing(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc  # noqa: F401 - used below, cell by cell

        box = ipywidgets.VBox()
        box

    nb = notebook(cells)
    nb.page.evaluate(COUNT_TIMERS)
    nb.run()

    def come_and_go(times: int) -> dict[str, Any]:
        for _ in range(times):
            nb.execute("""if True:
                camera = ipywebrtc.CameraStream()
                recorder = ipywebrtc.ImageRecorder(stream=camera)
                box.children = [camera, recorder]
                recorder.recording = True
            """)
            nb.wait_for("len(recorder.image.value)")
            nb.execute(
                "box.children = []; camera.close(); recorder.image.close(); recorder.close()"
            )
        expect(nb.output(0).locator("video")).to_have_count(0)
        return counts(nb.page)

    early = come_and_go(10)
    late = come_and_go(40)
    print(early, late)
    assert late["live tracks"] == 0
    assert late["elements"] == early["elements"]
    assert late["intervals"] == early["intervals"]
    # Chromium holds the newest answers of getUserMedia for a while, and JupyterLab listeners for
    # each widget; of ours there would be dozens.
    assert late["streams"] - early["streams"] < 20
    assert late["listeners"] - early["listeners"] < 40 * 5
    assert nb.errors == []
