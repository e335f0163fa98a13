"""What goes wrong ends in time, in one sentence, in Python and in the view; and can be mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from e2e.media import write_video

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from e2e.conftest import Launch, OpenNotebook
    from e2e.notebooks import Notebook

DEVICES = ["camera", "microphone"]


async def camera_cells() -> None:
    import ipywebrtc

    camera = ipywebrtc.CameraStream()
    recorder = ipywebrtc.ImageRecorder(stream=camera)
    camera
    # %%
    recorder
    # %%
    try:
        await recorder.snapshot(timeout=5)
    except ipywebrtc.MediaError as error:
        failure = error


def assert_failed(nb: Notebook, kind: str, sentence: str) -> None:
    """Everything that shows a failure shows this one."""
    nb.run()
    assert nb.python("type(failure).__name__") == kind
    assert sentence in nb.python("str(failure)")
    for widget in ("camera", "recorder"):
        nb.wait_for(f"{widget}.status == 'error'")
        assert sentence in nb.python(f"{widget}.error")
    assert nb.python("recorder.recording") is False
    for cell in (0, 1):
        expect(nb.output(cell).get_by_text(sentence)).to_be_visible()


def assert_mended(nb: Notebook) -> None:
    """The same widgets work, now that the cause is gone."""
    nb.output(1).get_by_role("button", name="Take picture").click()
    nb.wait_for("len(recorder.image.value)")
    nb.wait_for("camera.status == 'live'")
    assert nb.python("(camera.error, recorder.error, recorder.status)") == ("", "", "idle")
    expect(nb.output(0).locator("video")).to_have_js_property("videoWidth", 640)


def test_a_denied_camera(notebook: OpenNotebook, launch: Launch) -> None:
    nb = notebook(camera_cells, browser=launch(fake_ui=False))
    assert_failed(nb, "PermissionDenied", "allow it by the icon in the address bar")
    nb.page.context.grant_permissions(DEVICES)
    nb.output(0).get_by_role("button", name="Try again").click()
    expect(nb.output(0).locator("video")).to_have_js_property("videoWidth", 640)
    assert_mended(nb)


def test_a_second_recording_after_a_denial_needs_no_click(
    notebook: OpenNotebook, launch: Launch
) -> None:
    nb = notebook(camera_cells, browser=launch(fake_ui=False))
    assert_failed(nb, "PermissionDenied", "allow it by the icon in the address bar")
    nb.page.context.grant_permissions(DEVICES)
    nb.execute("recorder.recording = True")
    nb.wait_for("len(recorder.image.value)")


def test_no_camera(notebook: OpenNotebook, launch: Launch) -> None:
    nb = notebook(camera_cells, browser=launch(fake_device=False))
    assert_failed(nb, "DeviceNotFound", "plug it in")


def test_a_page_that_is_not_secure(notebook: OpenNotebook, launch: Launch) -> None:
    browser = launch(extra=["--host-resolver-rules=MAP insecure.test 127.0.0.1"])
    nb = notebook(camera_cells, browser=browser, hostname="insecure.test")
    assert_failed(nb, "InsecureContext", "this one is http://insecure.test")


def test_a_host_that_forbids_the_camera(jupyterlab: OpenNotebook, launch: Launch) -> None:
    def forbid(route: Route) -> None:
        answer = route.fetch()
        policy = {"Permissions-Policy": "camera=(), microphone=()"}
        route.fulfill(response=answer, headers={**answer.headers, **policy})

    # A page that a test hands out comes from no address, and such may not connect to loopback.
    browser = launch(extra=["--disable-features=LocalNetworkAccessChecks"])
    nb = jupyterlab(camera_cells, browser=browser)
    nb.page.route("**/doc/tree/**", forbid)
    nb.reload()
    assert_failed(nb, "PermissionDenied", "does not let it use the camera and the microphone")
    nb.page.unroute("**/doc/tree/**")
    nb.reload()
    assert_mended(nb)


def test_a_prompt_that_nobody_answers(notebook: OpenNotebook, launch: Launch) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        recorder = ipywebrtc.ImageRecorder(stream=camera, timeout=1)
        recorder.recording = True
        camera

    nb = notebook(cells, browser=launch(fake_ui=False))
    # A browser without a screen denies at once, in place of showing a prompt.
    nb.page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => new Promise(() => {}) }")
    nb.run()
    nb.wait_for("camera.status == 'waiting'")
    expect(nb.output(0).get_by_text("Answer the browser's prompt")).to_be_visible()
    assert "answer its prompt" in nb.wait_for("recorder.error")
    assert nb.python("recorder.recording") is False


def test_constraints_that_no_camera_meets(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream(constraints={"video": {"width": {"min": 100_000}}})
        camera

    nb = notebook(cells)
    nb.run()
    assert "No device satisfies the constraint width" in nb.wait_for("camera.error")
    nb.execute("camera.constraints = {'video': {'width': {'ideal': 640}}}")
    nb.wait_for("camera.status == 'live'")
    assert nb.python("camera.error") == ""


@pytest.mark.parametrize("name", ["missing.mp4", "text.mp4"])
def test_a_video_that_does_not_load(jupyterlab: OpenNotebook, name: str) -> None:
    async def cells(name: str) -> None:
        import ipywebrtc

        video = ipywebrtc.VideoStream.from_url(name)
        recorder = ipywebrtc.ImageRecorder(stream=video)
        video
        # %%
        try:
            await recorder.snapshot(timeout=5)
        except ipywebrtc.SourceError as error:
            failure = error

    nb = jupyterlab(cells, name=name)
    (nb.folder / "text.mp4").write_text("no video")
    write_video(nb.folder / "clip.mp4")
    nb.run()
    assert f"{name} could not be loaded" in nb.python("str(failure)")
    assert "from_download" in nb.python("video.error")
    expect(nb.output(0).get_by_text("could not be loaded")).to_be_visible()
    nb.execute("video.video.value = b'clip.mp4'")
    nb.wait_for("video.status == 'live'")
    nb.execute("recorder.recording = True")
    nb.wait_for("len(recorder.image.value)")


def test_an_image_that_does_not_decode(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import io

        import PIL.Image

        import ipywebrtc

        file = io.BytesIO()
        PIL.Image.new("RGB", (4, 3)).save(file, "png")
        stream = ipywebrtc.ImageStream()
        stream

    nb = notebook(cells)
    nb.run()
    assert "The image is empty" in nb.wait_for("stream.error")
    nb.execute("stream.image.value = file.getvalue()")
    nb.wait_for("stream.status == 'live'")
    nb.execute("stream.image.value = b'no image'")
    assert "8 bytes of png, could not be loaded" in nb.wait_for("stream.error")
    nb.execute("stream.image.value = file.getvalue()")
    nb.wait_for("stream.status == 'live'")


def test_a_format_that_the_browser_does_not_encode(notebook: OpenNotebook) -> None:
    async def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        recorder = ipywebrtc.ImageRecorder(stream=camera, format="webp")
        # %%
        try:
            await recorder.snapshot(timeout=5)
        except ipywebrtc.UnsupportedFormat as error:
            failure = error

    nb = notebook(cells)
    # As Safari does it, and as the standard has it: what can't be encoded becomes a PNG.
    nb.page.evaluate("""() => {
      const original = HTMLCanvasElement.prototype.toBlob;
      HTMLCanvasElement.prototype.toBlob = function (callback, type, quality) {
        original.call(this, callback, type === "image/webp" ? "image/png" : type, quality);
      };
    }""")
    nb.run()
    assert "can't encode webp" in nb.python("str(failure)")
    assert "png or jpeg" in nb.python("recorder.error")
    nb.execute("recorder.format = 'jpeg'; recorder.recording = True")
    nb.wait_for("len(recorder.image.value)")


def test_no_page(notebook: OpenNotebook) -> None:
    nb = notebook(camera_cells)
    nb.run(0)
    nb.page.close()
    nb.execute("recorder.timeout = 1; recorder.recording = True")
    nb.wait_for("recorder.status == 'error'")
    assert "open" in nb.python("recorder.error")
    assert nb.python("recorder.recording") is False


def test_a_stream_of_sound_has_no_picture(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        microphone = ipywebrtc.CameraStream(constraints={"audio": True, "video": False})
        recorder = ipywebrtc.ImageRecorder(stream=microphone)
        recorder.recording = True
        microphone

    nb = notebook(cells)
    nb.run()
    assert "sound only" in nb.wait_for("recorder.error")
    expect(nb.output(0).get_by_role("meter")).to_be_visible()
