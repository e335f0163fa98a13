"""Cameras, microphones and screens: which one is open, changing it, and losing it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from e2e.test_streams import ENDED, keep_tracks

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Route

    from e2e.conftest import Launch, OpenNotebook
    from e2e.notebooks import Notebook

# Of Chromium's fake cameras the first is green and the second gray.
TWO = ("--use-fake-device-for-media-stream=device-count=2",)
GREEN = """video => {
  const context = new OffscreenCanvas(1, 1).getContext('2d');
  context.drawImage(video, 0, 0, 1, 1);
  const [red, green] = context.getImageData(0, 0, 1, 1).data;
  return green - red > 40;
}"""
LIVE_LABELS = """tracks.filter(track => track.readyState === 'live' && track.kind === 'video')
  .map(track => track.label).join()"""

# The picker of a browser without a screen is never answered; with this flag it is at once, and
# `display-media-type` says by which choice. It gives a tab only to who asks for a surface
# "browser". `--auto-accept-this-tab-capture` and the like have no effect here.
PICKED = ("--use-fake-device-for-media-stream=display-media-type=window",)
CANCELLED = ("--use-fake-ui-for-media-stream=deny",)
SHARE = "Choose what to share"


def camera_cells() -> None:
    import ipywebrtc

    camera = ipywebrtc.CameraStream(constraints={"video": True})
    camera


def screen_cells() -> None:
    import ipywebrtc

    screen = ipywebrtc.ScreenStream()
    screen


def wait_for_green(video: Locator, *, green: bool) -> None:
    video.evaluate(
        f"async (video, wanted) => {{ while (({GREEN})(video) !== wanted)"
        "await new Promise(requestAnimationFrame); }",
        green,
    )


def unplug(browser: Browser) -> None:
    """End the process that reads the cameras, as pulling the cable ends the camera's tracks."""
    session = browser.new_browser_cdp_session()
    for process in session.send("SystemInfo.getProcessInfo")["processInfo"]:
        if process["type"].startswith("video_capture"):
            os.kill(int(process["id"]), signal.SIGKILL)
    session.detach()


# Which devices there are


def test_devices_are_listed(notebook: OpenNotebook, launch: Launch) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera
        # %%
        microphone = ipywebrtc.MicrophoneStream()
        microphone

    nb = notebook(cells, browser=launch(extra=TWO))
    nb.run()
    nb.wait_for("camera.status == microphone.status == 'live'")
    devices = nb.python("camera.devices")
    cameras = [device["label"] for device in devices if device["kind"] == "videoinput"]
    assert cameras == ["fake_device_0", "fake_device_1"]
    assert nb.python("camera.settings['video']['deviceId']") == devices[0]["id"]
    assert {device["kind"] for device in devices} == {"videoinput", "audioinput"}
    assert {device["kind"] for device in nb.python("microphone.devices")} == {"audioinput"}


def test_a_device_that_is_plugged_in_joins_the_list(notebook: OpenNotebook) -> None:
    nb = notebook(camera_cells)
    nb.run()
    nb.wait_for("camera.status == 'live'")
    # Chromium's fake devices can't be plugged in, so the browser's part of it is played.
    nb.page.evaluate("""() => {
      const devices = navigator.mediaDevices;
      const fresh = { deviceId: "new", kind: "videoinput", label: "Endoscope" };
      devices.enumerateDevices = async () => [fresh];
      devices.dispatchEvent(new Event("devicechange"));
    }""")
    nb.wait_for("camera.devices == [{'id': 'new', 'kind': 'videoinput', 'label': 'Endoscope'}]")


# Which one is open


def test_a_camera_is_found_by_a_part_of_its_name(notebook: OpenNotebook, launch: Launch) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream.facing_user(audio=False, video_device="DEVICE_1")
        camera

    nb = notebook(cells, browser=launch(extra=TWO))
    nb.run()
    nb.wait_for("camera.status == 'live'")
    wait_for_green(nb.output(0).locator("video"), green=False)


def test_names_that_are_hidden_before_the_permission_are_found(
    notebook: OpenNotebook, launch: Launch
) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream(constraints={"video": True}, video_device="device_1")
        camera

    nb = notebook(cells, browser=launch(extra=TWO))
    keep_tracks(nb)
    # As browsers do it, of which this one allows everything before it is asked.
    nb.page.evaluate("""() => {
      const devices = navigator.mediaDevices;
      const original = devices.enumerateDevices.bind(devices);
      devices.enumerateDevices = async () => {
        const found = await original();
        return tracks.length ? found : found.map(({ kind }) => ({ kind, deviceId: "", label: "" }));
      };
    }""")
    nb.run()
    nb.wait_for("camera.status == 'live'")
    assert nb.page.evaluate(LIVE_LABELS) == "fake_device_1"


def test_a_camera_that_is_not_there_is_told_with_those_that_are(
    notebook: OpenNotebook, launch: Launch
) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream(constraints={"video": True}, video_device="Kinect")
        camera

    nb = notebook(cells, browser=launch(extra=TWO))
    nb.run()
    error = nb.wait_for("camera.error")
    assert 'no camera "Kinect", but there is "fake_device_0", "fake_device_1"' in error
    expect(nb.output(0).get_by_text("Kinect")).to_be_visible()
    nb.execute("camera.video_device = 'fake_device_1'")
    nb.wait_for("camera.status == 'live' and camera.error == ''")


def test_the_camera_that_was_chosen_in_the_view_is_remembered(
    notebook: OpenNotebook, launch: Launch
) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream(constraints={"video": True})
        camera
        # %%
        later = ipywebrtc.CameraStream(constraints={"video": {"width": 320}})
        later

    nb = notebook(cells, browser=launch(extra=TWO))
    nb.run(0)
    nb.wait_for("camera.status == 'live'")
    view = nb.output(0)
    view.locator("video").hover()
    view.get_by_role("combobox", name="Choose the camera").select_option("fake_device_1")
    wait_for_green(view.locator("video"), green=False)
    chosen = nb.wait_for("camera.video_device")
    nb.wait_for(f"camera.settings['video']['deviceId'] == {chosen!r}")
    nb.run(1)
    nb.wait_for("later.status == 'live'")
    assert nb.python("later.settings['video']['deviceId']") == chosen
    assert nb.python("later.video_device") is None


def test_a_remembered_camera_that_is_no_more_is_passed_over(notebook: OpenNotebook) -> None:
    nb = notebook(camera_cells)
    nb.page.evaluate("localStorage.setItem('ipywebrtc.device.video', 'gone')")
    nb.run()
    nb.wait_for("camera.status == 'live'")
    assert nb.python("camera.error") == ""


# Changing it


def test_another_camera_replaces_the_track_in_the_same_stream(
    notebook: OpenNotebook, launch: Launch
) -> None:
    nb = notebook(camera_cells, browser=launch(extra=TWO))
    keep_tracks(nb)
    nb.run()
    nb.wait_for("camera.status == 'live'")
    video = nb.output(0).locator("video")
    wait_for_green(video, green=True)
    video.evaluate("video => { globalThis.before = video.srcObject; }")
    nb.execute("camera.video_device = 'fake_device_1'")
    wait_for_green(video, green=False)
    assert video.evaluate("video => video.srcObject === before")
    assert nb.page.evaluate(LIVE_LABELS) == "fake_device_1"
    nb.wait_for("camera.settings['video']['deviceId'] == camera.devices[1]['id']")
    assert nb.python("camera.status") == "live"


def test_a_camera_that_is_switched_off_stays_so_in_another(
    notebook: OpenNotebook, launch: Launch
) -> None:
    nb = notebook(camera_cells, browser=launch(extra=TWO))
    keep_tracks(nb)
    nb.run()
    nb.wait_for("camera.status == 'live'")
    nb.execute("camera.video_enabled = False; camera.video_device = 'fake_device_1'")
    nb.page.wait_for_function(f"{LIVE_LABELS} === 'fake_device_1'")
    assert nb.page.evaluate("tracks.at(-1).enabled") is False


def test_changing_cameras_during_a_snapshot_loop_loses_no_snapshot(
    notebook: OpenNotebook, launch: Launch
) -> None:
    async def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream(constraints={"video": True})
        recorder = ipywebrtc.ImageRecorder(stream=camera)
        camera
        # %%
        pixels = []
        for number in range(30):
            if number % 10 == 5:
                camera.video_device = f"fake_device_{(number // 10 + 1) % 2}"
            await recorder.snapshot(timeout=5)
            pixels.append(recorder.to_numpy()[300, 300, :3].astype(int).tolist())

    nb = notebook(cells, browser=launch(extra=TWO))
    nb.run()
    greens = [green - red > 40 for red, green, _ in nb.python("pixels")]
    assert len(greens) == 30
    assert (greens[0], greens[14], greens[24]) == (True, False, True)
    assert nb.python("recorder.error") == ""


def test_a_camera_that_is_missing_leaves_the_present_one_open(notebook: OpenNotebook) -> None:
    nb = notebook(camera_cells)
    keep_tracks(nb)
    nb.run()
    nb.wait_for("camera.status == 'live'")
    nb.execute("camera.video_device = 'Kinect'")
    assert 'no camera "Kinect"' in nb.wait_for("camera.error")
    assert nb.python("camera.status") == "live"
    assert nb.page.evaluate(LIVE_LABELS) == "fake_device_0"
    nb.execute("camera.video_device = None")
    nb.wait_for("camera.error == ''")


def test_the_last_of_several_changes_counts(notebook: OpenNotebook, launch: Launch) -> None:
    nb = notebook(camera_cells, browser=launch(extra=TWO))
    keep_tracks(nb)
    nb.run()
    nb.wait_for("camera.status == 'live'")
    for _ in range(3):
        nb.execute("camera.video_device = 'fake_device_1'")
        nb.execute("camera.video_device = 'fake_device_0'")
    nb.execute("camera.video_device = 'fake_device_1'")
    nb.page.wait_for_function(f"{LIVE_LABELS} === 'fake_device_1'")
    nb.wait_for("camera.settings['video']['deviceId'] == camera.devices[1]['id']")
    assert nb.python("camera.error") == ""


def test_a_change_that_is_overtaken_by_closing_leaves_no_camera_open(
    notebook: OpenNotebook, launch: Launch
) -> None:
    nb = notebook(camera_cells, browser=launch(extra=TWO))
    keep_tracks(nb)
    nb.run()
    nb.wait_for("camera.status == 'live'")
    nb.execute("camera.video_device = 'fake_device_1'; camera.stop()")
    nb.page.wait_for_function("tracks.length === 2")
    nb.page.wait_for_function(ENDED)
    assert nb.wait_for("camera.status == 'idle'")


def test_mirroring_is_switched_at_once(notebook: OpenNotebook) -> None:
    nb = notebook(camera_cells)
    nb.run()
    video = nb.output(0).locator("video")
    expect(video).to_have_css("transform", "none")
    nb.execute("camera.mirror = True")
    expect(video).to_have_css("transform", "matrix(-1, 0, 0, 1, 0, 0)")
    nb.execute("camera.mirror = None")
    expect(video).to_have_css("transform", "none")


# Losing it


def test_a_camera_that_is_unplugged_can_be_started_again(
    notebook: OpenNotebook, launch: Launch
) -> None:
    browser = launch()
    nb = notebook(camera_cells, browser=browser)
    nb.run()
    nb.wait_for("camera.status == 'live'")
    unplug(browser)
    nb.wait_for("camera.status == 'ended'")
    assert "fake_device_0 was unplugged" in nb.python("camera.error")
    expect(nb.output(0).get_by_text("unplugged")).to_be_visible()
    nb.output(0).get_by_role("button", name="Start").click()
    nb.wait_for("camera.status == 'live' and camera.error == ''")


def test_a_permission_that_is_taken_back_ends_the_stream(
    notebook: OpenNotebook, launch: Launch
) -> None:
    nb = notebook(camera_cells, browser=launch(fake_ui=False))
    nb.page.context.grant_permissions(["camera"])
    nb.run()
    nb.wait_for("camera.status == 'live'")
    nb.page.context.clear_permissions()
    nb.wait_for("camera.status == 'ended'")
    assert "its permission taken back" in nb.python("camera.error")
    nb.page.context.grant_permissions(["camera"])
    nb.execute("camera.start()")
    nb.wait_for("camera.status == 'live' and camera.error == ''")


def test_the_device_says_what_it_can_when_it_is_asked_for_more(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream(constraints={"video": {"width": {"min": 100_000}}})
        camera

    nb = notebook(cells)
    keep_tracks(nb)
    nb.run()
    sentence = 'width: {"min":100000}, but fake_device_0 has 1 to 3840'
    assert sentence in nb.wait_for("camera.error")
    assert nb.page.evaluate(ENDED)
    for constraints, sentence in (
        (
            {"video": {"facingMode": {"exact": "environment"}}},
            'facingMode: {"exact":"environment"}, but fake_device_0 has none',
        ),
        (
            {"audio": {"sampleRate": {"exact": 1000}}},
            'sampleRate: {"exact":1000}, but Fake Default Audio Input has 44100 to 48000',
        ),
    ):
        nb.execute(f"camera.constraints = {constraints!r}")
        nb.wait_for(f"{sentence!r} in camera.error")
        assert nb.page.evaluate(ENDED)


# Microphones


def microphone_cells() -> None:
    import ipywebrtc

    microphone = ipywebrtc.MicrophoneStream()
    microphone


def test_a_microphone_has_sound_and_no_picture(notebook: OpenNotebook) -> None:
    nb = notebook(microphone_cells)
    nb.run()
    nb.wait_for("microphone.status == 'live'")
    settings = nb.python("microphone.settings")
    assert set(settings) == {"audio"}
    assert settings["audio"]["echoCancellation"] is True
    # The fake microphone beeps, with silence between.
    level = nb.output(0).get_by_role("meter").element_handle()
    for condition in ("> -30", "=== -60", "> -30"):
        nb.page.wait_for_function(f"level => Number(level.ariaValueNow) {condition}", arg=level)
    assert nb.errors == []


def test_the_processing_of_sound_is_switched_while_it_is_open(notebook: OpenNotebook) -> None:
    nb = notebook(microphone_cells)
    keep_tracks(nb)
    nb.run()
    nb.wait_for("microphone.status == 'live'")
    nb.execute("microphone.echo_cancellation = False")
    nb.wait_for("not microphone.settings['audio']['echoCancellation']")
    nb.execute("microphone.noise_suppression = microphone.auto_gain_control = False")
    nb.wait_for("not microphone.settings['audio']['noiseSuppression']")
    assert nb.wait_for("not microphone.settings['audio']['autoGainControl']")
    live = "tracks.filter(track => track.readyState === 'live').length"
    nb.page.wait_for_function(f"{live} === 1")
    assert nb.python("microphone.status") == "live"


def test_a_microphone_is_chosen_by_its_name(notebook: OpenNotebook) -> None:
    nb = notebook(microphone_cells)
    nb.run()
    nb.wait_for("microphone.status == 'live'")
    nb.execute("microphone.audio_device = 'input 2'")
    nb.wait_for(
        "[device['label'] for device in microphone.devices"
        " if device['id'] == microphone.settings['audio']['deviceId']] == ['Fake Audio Input 2']"
    )


def test_a_denied_microphone(notebook: OpenNotebook, launch: Launch) -> None:
    nb = notebook(microphone_cells, browser=launch(fake_ui=False))
    nb.run()
    assert "not allowed to use the microphone" in nb.wait_for("microphone.error")


# Screens


def share(nb: Notebook) -> None:
    nb.output(0).get_by_role("button", name=SHARE).click()


def test_a_screen_is_shared_at_a_click_and_never_by_itself(
    jupyterlab: OpenNotebook, launch: Launch
) -> None:
    nb = jupyterlab(screen_cells, browser=launch(extra=PICKED))
    nb.run()
    expect(nb.output(0).get_by_role("button", name=SHARE)).to_be_visible()
    assert nb.python("(screen.status, screen.error, screen.settings)") == ("idle", "", {})
    share(nb)
    nb.wait_for("screen.status == 'live'")
    assert nb.python("screen.settings['video']['displaySurface']") == "window"
    assert "audio" not in nb.python("screen.settings")
    expect(nb.output(0).locator("video")).not_to_have_js_property("videoWidth", 0)
    nb.reload()
    expect(nb.output(0).get_by_role("button", name=SHARE)).to_be_visible()


def test_a_tab_is_shared_with_its_sound(notebook: OpenNotebook, launch: Launch) -> None:
    async def cells() -> None:
        import ipywebrtc

        screen = ipywebrtc.ScreenStream(surface="browser", audio=True)
        screen
        # %%
        recorder = ipywebrtc.ImageRecorder(stream=screen)
        await recorder.snapshot()

    nb = notebook(cells, browser=launch(extra=PICKED))
    nb.run(0)
    share(nb)
    nb.wait_for("screen.status == 'live'")
    assert nb.python("screen.settings['video']['displaySurface']") == "browser"
    assert "audio" in nb.python("screen.settings")
    nb.run(1)
    assert nb.python("recorder.to_numpy().std()") > 10


@pytest.mark.quick
def test_start_asks_for_a_click_where_the_browser_wants_one(
    notebook: OpenNotebook, launch: Launch
) -> None:
    nb = notebook(screen_cells, browser=launch(extra=PICKED))
    # This Chromium wants none, so the refusal of the others is played, once.
    nb.page.evaluate("""() => {
      navigator.mediaDevices.getDisplayMedia = async () => {
        delete navigator.mediaDevices.getDisplayMedia;
        throw new DOMException("requires transient activation", "InvalidStateError");
      };
    }""")
    nb.run()
    nb.execute("screen.start()")
    assert "press the button" in nb.wait_for("screen.error")
    assert nb.python("screen.status") == "idle"
    share(nb)
    nb.wait_for("screen.status == 'live' and screen.error == ''")


def test_a_cancelled_picker_is_no_error(notebook: OpenNotebook, launch: Launch) -> None:
    nb = notebook(screen_cells, browser=launch(fake_ui=False, extra=CANCELLED))
    nb.run()
    nb.execute("seen = []; screen.observe(lambda change: seen.append(change.new), 'status')")
    share(nb)
    nb.wait_for("len(seen) > 1 and screen.status == 'idle'")
    assert nb.python("screen.error") == ""
    expect(nb.output(0).get_by_role("button", name=SHARE)).to_be_visible()


def test_sharing_that_is_ended_in_the_browser_can_begin_again(
    notebook: OpenNotebook, launch: Launch
) -> None:
    nb = notebook(screen_cells, browser=launch(extra=PICKED))
    nb.run()
    share(nb)
    nb.wait_for("screen.status == 'live'")
    # A browser without a screen has no bar to end it in, so its part is played.
    nb.output(0).locator("video").evaluate("""video => {
      const [track] = video.srcObject.getTracks();
      track.stop();
      track.dispatchEvent(new Event("ended"));
    }""")
    nb.wait_for("screen.status == 'ended'")
    assert "Sharing was ended" in nb.python("screen.error")
    nb.output(0).get_by_role("button", name="Start").click()
    nb.wait_for("screen.status == 'live' and screen.error == ''")


def test_a_host_that_forbids_to_share(jupyterlab: OpenNotebook, launch: Launch) -> None:
    def forbid(route: Route) -> None:
        answer = route.fetch()
        policy = {"Permissions-Policy": "display-capture=()"}
        route.fulfill(response=answer, headers={**answer.headers, **policy})

    # A page that a test hands out comes from no address, and such may not connect to loopback.
    browser = launch(extra=[*PICKED, "--disable-features=LocalNetworkAccessChecks"])
    nb = jupyterlab(screen_cells, browser=browser)
    nb.page.route("**/doc/tree/**", forbid)
    nb.reload()
    nb.run()
    share(nb)
    assert "does not let it use the screen" in nb.wait_for("screen.error")
    assert 'allow="display-capture"' in nb.python("screen.error")
    assert nb.python("screen.status") == "error"


def test_a_screen_on_a_page_that_is_not_secure(notebook: OpenNotebook, launch: Launch) -> None:
    browser = launch(extra=["--host-resolver-rules=MAP insecure.test 127.0.0.1"])
    nb = notebook(screen_cells, browser=browser, hostname="insecure.test")
    nb.run()
    share(nb)
    assert "Browsers give the screen only to pages served by https" in nb.wait_for("screen.error")
