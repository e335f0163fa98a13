"""What becomes of a recording when something breaks while it is made."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import expect

from e2e.processes import renderers
from e2e.proxy import Proxy, reconnect_steadily
from e2e.recordings import contents, picture_at
from e2e.test_streams import ENDED, KEEP_TRACKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.conftest import Launch, OpenNotebook
    from e2e.hosts import JupyterLab
    from e2e.notebooks import Notebook

FPS = 20
PATIENCE = 30.0


def camera_cells() -> None:
    import ipywebrtc

    camera = ipywebrtc.CameraStream()
    camera
    # %%
    recorder = ipywebrtc.VideoRecorder(stream=camera, codecs="vp8, opus")
    recorder


@pytest.fixture
def proxy(host: JupyterLab) -> Iterator[Proxy]:
    with Proxy.running(host.port) as running:
        yield running


def wait_for_time(nb: Notebook, seconds: int) -> None:
    """Wait until the recorder of the second cell has recorded for so long."""
    expect(nb.output(1).locator(".facts").first).to_contain_text(
        f"0:{seconds:02}", timeout=1000 * (seconds + 15)
    )


def check_cut_short(nb: Notebook, *, seconds: float) -> None:
    """Check that the recorder has what was recorded until it was cut short."""
    nb.wait_for("recorder.status == 'error'", timeout=20)
    assert "it is cut short" in nb.python("recorder.error")
    assert not nb.python("recorder.recording")
    data = nb.python("bytes(recorder.video.value)")
    found = contents(data)
    assert found.times[-1] >= seconds
    assert max(np.diff(found.times)) < 1
    assert picture_at(data, seconds / 2).std() > 10


def leave_kernel(nb: Notebook, how: str) -> None:
    """Let a notebook have no kernel any more, as its user does."""
    if how == "No Kernel":
        nb.page.locator(".jp-KernelName").first.click()
        dialog = nb.page.get_by_role("dialog")
        dialog.get_by_role("combobox").select_option(label="No Kernel")
        dialog.get_by_role("button", name="Select").click()
    else:
        nb.page.get_by_role("menuitem", name="Kernel", exact=True).click()
        nb.page.get_by_role("menuitem", name="Shut Down Kernel", exact=True).click()


@pytest.mark.alone
def test_a_cut_connection_loses_nothing(notebook: OpenNotebook, proxy: Proxy) -> None:
    nb = notebook(camera_cells, port=proxy.port)
    nb.run()
    reconnect_steadily(nb.page)
    nb.output(1).get_by_role("button", name="Record").click()
    wait_for_time(nb, 2)
    proxy.cut()
    wait_for_time(nb, 7)
    proxy.mend()
    wait_for_time(nb, 9)
    nb.execute("recorder.stop()")
    nb.wait_for("len(recorder.video.value)", timeout=40)
    found = contents(nb.python("bytes(recorder.video.value)"))
    duration = nb.python("recorder.duration")
    assert duration > 9
    assert found.duration == pytest.approx(duration, abs=0.25)
    assert len(found.times) >= 0.95 * FPS * duration
    assert nb.python("recorder.status, recorder.error") == ("idle", "")


def test_a_page_that_is_reloaded_leaves_what_it_recorded(jupyterlab: OpenNotebook) -> None:
    nb = jupyterlab(camera_cells)
    nb.run()
    nb.output(1).get_by_role("button", name="Record").click()
    wait_for_time(nb, 4)
    nb.reload()
    check_cut_short(nb, seconds=2)
    # The page that comes next shows it, and can record again.
    assert (
        nb.output(1)
        .locator("video")
        .evaluate("""async video => {
      video.currentTime = 1;
      while (video.readyState < 2 || video.seeking) await new Promise(requestAnimationFrame);
      return video.videoWidth;
    }""")
        == 640
    )
    nb.execute("recorder.recording = True")
    nb.wait_for("recorder.status == 'recording'")


def test_a_page_that_is_killed_leaves_what_it_recorded(
    jupyterlab: OpenNotebook, launch: Launch
) -> None:
    browser = launch(extra=["--enable-features=OfItsOwn"])  # no other page is to be killed
    nb = jupyterlab(camera_cells, browser=browser)
    nb.run()
    other = nb.open_again(launch().new_context())
    nb.execute("ipywebrtc._media.SILENCE = 3")
    nb.output(1).get_by_role("button", name="Record").click()
    wait_for_time(nb, 4)
    for process in renderers(browser):
        os.kill(process, signal.SIGKILL)
    check_cut_short(other, seconds=2)


def test_a_restarted_kernel_leaves_the_file_of_a_recorder_that_saves(
    jupyterlab: OpenNotebook,
) -> None:
    nb = jupyterlab(camera_cells)
    nb.run()
    nb.execute("recorder.autosave = True")
    nb.output(1).get_by_role("button", name="Record").click()
    wait_for_time(nb, 4)
    path = nb.python("recorder.path")
    nb.page.evaluate(
        "jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()"
    )
    expect(nb.output(1).get_by_text("The kernel restarted")).to_contain_text(path)
    expect(nb.output(1).get_by_role("button", name="Record")).to_be_hidden()
    assert nb.errors == []
    found = contents(nb.folder / path)
    assert found.times[-1] >= 1.5


def test_a_temporary_recording_ends_with_its_kernel(notebook: OpenNotebook) -> None:
    nb = notebook(camera_cells)
    nb.run()
    nb.output(1).get_by_role("button", name="Record").click()
    wait_for_time(nb, 2)
    path = Path(nb.python("recorder.path"))
    assert path.stat().st_mode & 0o777 == 0o600
    nb.page.evaluate("kernel.restart()")
    expect(nb.output(1).get_by_text("The kernel restarted")).not_to_contain_text(str(path))
    nb.wait_for("True")
    assert not path.parent.exists()


@pytest.mark.parametrize("how", ["No Kernel", "Shut Down"])
def test_a_notebook_without_its_kernel_says_so(jupyterlab: OpenNotebook, how: str) -> None:
    nb = jupyterlab(camera_cells)
    nb.page.evaluate(KEEP_TRACKS)
    nb.run()
    nb.execute("recorder.autosave = True")
    nb.output(1).get_by_role("button", name="Record").click()
    wait_for_time(nb, 4)
    path = nb.python("recorder.path")
    leave_kernel(nb, how)
    nb.page.wait_for_function(ENDED)
    expect(nb.output(0).get_by_text("restarted or ended: run its cell again")).to_be_visible()
    expect(nb.output(1).get_by_text("The kernel restarted or ended")).to_contain_text(path)
    for name in ("Start", "Try again"):
        expect(nb.output(0).get_by_role("button", name=name)).to_be_hidden()
    expect(nb.output(1).get_by_role("button", name="Record")).to_be_hidden()
    assert nb.errors == []
    assert contents(nb.folder / path).times[-1] >= 1.5


@pytest.mark.parametrize("how", ["No Kernel", "Shut Down"])
def test_frames_and_calls_end_without_their_kernel(jupyterlab: OpenNotebook, how: str) -> None:
    def cells() -> None:
        import numpy as np

        import ipywebrtc

        drawn = ipywebrtc.ArrayStream(width=64, height=48)
        drawn.write(np.full((48, 64, 3), 200, np.uint8))
        drawn
        # %%
        camera = ipywebrtc.CameraStream()
        reader = ipywebrtc.FrameReader(stream=camera, format="rgb")
        reader.on_frame(lambda _: None)
        reader
        # %%
        one = ipywebrtc.WebRTCRoomLocal(stream=camera, nickname="One")
        one
        # %%
        other = ipywebrtc.WebRTCRoomLocal(stream=drawn, nickname="Other")
        other

    nb = jupyterlab(cells)
    nb.page.evaluate(KEEP_TRACKS)
    nb.run()
    nb.wait_for("reader.latest and drawn.status == 'live'", timeout=PATIENCE)
    nb.wait_for("one.status == other.status == 'connected'", timeout=PATIENCE)
    leave_kernel(nb, how)
    nb.page.wait_for_function(ENDED)
    for cell in range(4):
        expect(nb.output(cell).get_by_text(re.compile("restarted or ended"))).to_be_visible()
    assert nb.errors == []


def test_a_full_disk_ends_a_recording_and_keeps_what_fits(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import resource
        import signal

        import ipywebrtc

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
        camera = ipywebrtc.CameraStream()
        camera
        # %%
        recorder = ipywebrtc.VideoRecorder(stream=camera, codecs="vp8, opus")
        recorder

    nb = notebook(cells)
    nb.run()
    nb.output(1).get_by_role("button", name="Record").click()
    nb.wait_for("recorder.status == 'error'", timeout=30)
    assert "File too large" in nb.python("recorder.error")
    check_cut_short(nb, seconds=1)
    expect(nb.output(1).get_by_role("button", name="Record", exact=True)).to_be_visible()


def test_two_tabs_make_one_recording(jupyterlab: OpenNotebook) -> None:
    nb = jupyterlab(camera_cells)
    nb.run()
    other = nb.open_again()
    nb.execute("recorder.recording = True")
    nb.wait_for("recorder.status == 'recording'")
    tabs = [nb.output(1), other.output(1)]
    while not any(tab.get_by_text("Recording in another tab").is_visible() for tab in tabs):
        nb._pause()
    if tabs[1].get_by_text("Recording in another tab").is_visible():
        tabs.reverse()
    expect(tabs[1].get_by_role("button", name="Pause")).to_be_visible()
    expect(tabs[0].get_by_text("Recording in another tab")).to_be_visible()
    # Any tab ends it.
    tabs[0].get_by_role("button", name="Stop").click()
    nb.wait_for("len(recorder.video.value)")
    assert nb.python("recorder._recordings") == 1
    # The tab that recorded shows it; the other one asks first.
    expect(tabs[1].locator("video")).to_be_visible()
    tabs[0].get_by_role("button", name="Show the recording").click()
    expect(tabs[0].locator("video")).to_be_visible()


def test_the_next_tab_records_when_the_acting_one_is_closed(jupyterlab: OpenNotebook) -> None:
    nb = jupyterlab(camera_cells)
    nb.run()
    other = nb.open_again()
    expect(other.output(1).get_by_role("button", name="Record")).to_be_visible()
    other.page.close(run_before_unload=True)
    nb.execute("recorder.recording = True")
    nb.wait_for("recorder.status == 'recording'")
    expect(nb.output(1).get_by_role("button", name="Pause")).to_be_visible()
    nb.execute("recorder.recording = False")
    nb.wait_for("len(recorder.video.value)")
