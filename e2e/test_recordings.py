from __future__ import annotations

import base64
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import pytest
from playwright.sync_api import expect

from e2e.media import FPS, write_tone, write_video
from e2e.processes import memory, resident
from e2e.proxy import Proxy
from e2e.recordings import contents, picture_at

if TYPE_CHECKING:
    from e2e.conftest import Launch, OpenNotebook
    from e2e.hosts import JupyterLab

CAMERA_FPS = 20


@pytest.mark.alone
def test_a_camera_is_recorded_in_one_cell(notebook: OpenNotebook) -> None:
    async def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        # %%
        recorder = ipywebrtc.VideoRecorder(stream=camera, format="webm")
        video = await recorder.record(3)
        # %%
        recorder = ipywebrtc.VideoRecorder(stream=camera, format="mp4")
        video = await recorder.record(3)

    nb = notebook(cells)
    nb.run(0)
    for cell, codecs in (
        (1, {"video": "vp9", "audio": "opus"}),
        (2, {"video": "h264", "audio": "opus"}),
    ):
        nb.run(cell)
        data = nb.python("bytes(video.value)")
        found = contents(data)
        assert {name.removeprefix("lib"): codec for name, codec in found.codecs.items()} == codecs
        assert found.duration == pytest.approx(3, abs=0.25)
        assert len(found.times) >= 0.95 * 3 * CAMERA_FPS
        assert found.size == (640, 480)
        assert picture_at(data, 1.5).shape == (480, 640, 3)
        ended = (False, "idle", "")
        assert nb.python("recorder.recording, recorder.status, recorder.error") == ended


@pytest.mark.alone
def test_a_file_with_sound_is_recorded(notebook: OpenNotebook, tmp_path: Path) -> None:
    async def cells(path: str) -> None:
        import ipywebrtc

        stream = ipywebrtc.VideoStream.from_file(path)
        recorder = ipywebrtc.VideoRecorder(stream=stream, codecs="vp8")
        video = await recorder.record(3)

    write_video(tmp_path / "film.mp4", seconds=6, tone=440)
    nb = notebook(cells, path=tmp_path / "film.mp4")
    nb.run()
    data = nb.python("bytes(video.value)")
    found = contents(data)
    assert found.codecs == {"video": "vp8", "audio": "opus"}
    assert found.duration == pytest.approx(3, abs=0.25)
    assert len(found.times) >= 0.95 * 3 * FPS
    # The film gets brighter, from 40 by 30 a second.
    brightness = [picture_at(data, seconds).mean() for seconds in (0.5, 1.5, 2.5)]
    assert np.diff(brightness) == pytest.approx([30, 30], abs=12)


def test_a_picture_that_stands_still_is_recorded(notebook: OpenNotebook, tmp_path: Path) -> None:
    async def cells(path: str) -> None:
        import ipywebrtc

        stream = ipywebrtc.ImageStream.from_file(path)
        recorder = ipywebrtc.VideoRecorder(stream=stream)
        video = await recorder.record(2.5)

    PIL.Image.new("RGB", (201, 101), (200, 30, 60)).save(tmp_path / "red.png")
    nb = notebook(cells, path=tmp_path / "red.png")
    nb.run()
    data = nb.python("bytes(video.value)")
    found = contents(data)
    assert found.size == (201, 101)
    assert found.duration == pytest.approx(2.5, abs=0.25)
    assert picture_at(data, 1.2).mean(axis=(0, 1)) == pytest.approx([200, 30, 60], abs=8)


def test_an_odd_size_is_cut_for_h264(notebook: OpenNotebook, tmp_path: Path) -> None:
    async def cells(path: str) -> None:
        import ipywebrtc

        stream = ipywebrtc.ImageStream.from_file(path)
        recorder = ipywebrtc.VideoRecorder(stream=stream, format="mp4")
        video = await recorder.record(1)

    PIL.Image.new("RGB", (201, 101), (200, 30, 60)).save(tmp_path / "red.png")
    nb = notebook(cells, path=tmp_path / "red.png")
    nb.run()
    found = contents(nb.python("bytes(video.value)"))
    assert found.codecs == {"video": "h264"}
    assert found.size == (200, 100)


@pytest.mark.alone
def test_a_widget_is_recorded(notebook: OpenNotebook) -> None:
    async def cells() -> None:
        import ipywidgets

        import ipywebrtc

        slider = ipywidgets.IntSlider(max=1000)
        slider
        # %%
        import asyncio

        recorder = ipywebrtc.VideoRecorder(stream=ipywebrtc.WidgetStream(widget=slider, max_fps=20))
        recording = asyncio.ensure_future(recorder.record(2.5))
        for slider.value in range(1000):
            await asyncio.sleep(0.02)
            if recording.done():
                break

    nb = notebook(cells)
    nb.run()
    data = nb.python("bytes(recorder.video.value)")
    found = contents(data)
    duration = nb.python("recorder.duration")
    assert duration > 2
    assert found.duration == pytest.approx(duration, abs=0.25)
    assert np.abs(picture_at(data, 0.2) - picture_at(data, duration - 0.2).astype(int)).max() > 50


def test_a_tone_is_recorded_as_samples(notebook: OpenNotebook, tmp_path: Path) -> None:
    async def cells(path: str) -> None:
        import asyncio

        import ipywebrtc

        audio = ipywebrtc.AudioStream.from_file(path)
        formats = "webm", "ogg", "mp4", "wav"
        recorders = [ipywebrtc.AudioRecorder(stream=audio, format=each) for each in formats]
        # %%
        await asyncio.gather(*[recorder.record(3) for recorder in recorders])

    write_tone(tmp_path / "tone.wav", seconds=5, frequency=1000)
    nb = notebook(cells, path=tmp_path / "tone.wav")
    nb.run()
    for number, codec in enumerate(("opus", "opus", "opus", "pcm_s16le")):
        recorder = f"recorders[{number}]"
        found = contents(nb.python(f"bytes({recorder}.audio.value)"))
        assert found.codecs == {"audio": codec}
        assert found.duration == pytest.approx(3, abs=0.03)
        samples, rate = nb.python(f"{recorder}.to_numpy(sample_rate=16_000, mono=True)")
        assert rate == 16_000
        assert samples.dtype == np.float32
        assert samples.shape == (pytest.approx(3 * rate, abs=0.03 * rate), 1)
        middle = samples[rate // 2 : -rate // 2, 0]
        assert loudest_frequency(middle, rate) == pytest.approx(1000, abs=2)


@pytest.mark.alone
def test_what_a_busy_page_heard_last_is_in_the_recording(
    notebook: OpenNotebook, tmp_path: Path
) -> None:
    def cells(path: str) -> None:
        import ipywebrtc

        audio = ipywebrtc.AudioStream.from_file(path)
        recorder = ipywebrtc.AudioRecorder(stream=audio, format="wav", max_duration=2)
        recorder.recording = True
        recorder

    write_tone(tmp_path / "tone.wav", seconds=60, frequency=1000)
    nb = notebook(cells, path=tmp_path / "tone.wav")
    nb.run()
    nb.wait_for("recorder.status == 'recording'")
    nb.page.evaluate("() => { const end = Date.now() + 3000; while (Date.now() < end); }")
    nb.wait_for("recorder.status in ('idle', 'error')")
    assert nb.python("recorder.error") == ""
    samples, rate = nb.python("recorder.to_numpy(mono=True)")
    assert samples.shape == (2 * rate, 1)
    loudness = np.sqrt((samples.reshape(-1, rate // 100) ** 2).mean(axis=1))
    assert loudness.min() > 0.9 * loudness.max()  # The tone is everywhere.


@pytest.mark.quick
def test_the_microphone_is_heard(notebook: OpenNotebook, launch: Launch, tmp_path: Path) -> None:
    async def cells() -> None:
        import ipywebrtc

        microphone = ipywebrtc.MicrophoneStream(
            echo_cancellation=False, noise_suppression=False, auto_gain_control=False
        )
        recorder = ipywebrtc.AudioRecorder(stream=microphone, format="wav")
        await recorder.record(2)

    write_tone(tmp_path / "tone.wav", seconds=5, frequency=700)
    browser = launch(extra=[f"--use-file-for-fake-audio-capture={tmp_path / 'tone.wav'}"])
    nb = notebook(cells, browser=browser)
    nb.run()
    samples, rate = nb.python("recorder.to_numpy()")
    assert loudest_frequency(samples[rate // 2 : -rate // 4, 0], rate) == pytest.approx(700, abs=3)


def loudest_frequency(samples: np.ndarray[Any, Any], rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * rate / len(samples))


def test_the_view_records_pauses_and_plays(jupyterlab: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        recorder = ipywebrtc.VideoRecorder(stream=camera, filename="talk")
        recorder

    nb = jupyterlab(cells)
    nb.run()
    view = nb.output(0)
    view.get_by_role("button", name="Record").click()
    nb.wait_for("recorder.recording and recorder.status == 'recording'")
    expect(view.locator(".facts").first).to_contain_text("0:01")
    view.get_by_role("button", name="Pause").click()
    nb.wait_for("recorder.status == 'paused'")
    paused_at = nb.python("recorder.duration")
    expect(view.get_by_text("Paused")).to_be_visible()
    view.get_by_role("button", name="Go on").click()
    nb.wait_for("recorder.status == 'recording'")
    nb.wait_for(f"recorder.duration > {paused_at} + 1")
    view.get_by_role("button", name="Stop").click()
    nb.wait_for("recorder.status == 'idle' and len(recorder.video.value)")
    found = contents(nb.python("bytes(recorder.video.value)"))
    assert found.duration == pytest.approx(nb.python("recorder.duration"), abs=0.25)
    video = view.locator("video")
    expect(video).to_have_js_property("videoWidth", 640)
    with nb.page.expect_download() as download:
        view.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "talk.webm"
    assert download.value.path().read_bytes() == nb.python("bytes(recorder.video.value)")
    # It is still there in the page that comes next.
    nb.reload()
    expect(video).to_have_js_property("videoWidth", 640)
    assert nb.errors == []


@pytest.mark.quick
def test_the_recording_is_a_widget_of_its_own(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        recorder = ipywebrtc.VideoRecorder(stream=ipywebrtc.CameraStream())
        seen = []
        recorder.video.observe(
            lambda change: seen.append((recorder.recording, len(change["new"]))), "value"
        )
        recorder.video

    nb = notebook(cells)
    nb.run()
    for count in (1, 2):
        nb.execute("recorder.recording = True")
        nb.wait_for("recorder.duration > 0.5")
        nb.execute("recorder.recording = False")
        nb.wait_for(f"len(seen) == {count}")
        expect(nb.output(0).locator("video")).to_have_js_property("videoWidth", 640)
    assert nb.python("[recording for recording, _ in seen]") == [False, False]


def test_the_cells_of_old_notebooks_work(jupyterlab: OpenNotebook, tmp_path: Path) -> None:
    def cells(path: str) -> None:
        import time

        from ipywidgets import Video

        from ipywebrtc import AudioRecorder, AudioStream, VideoRecorder, VideoStream

        video = VideoStream.from_file(path)
        video
        # %%
        recorder = VideoRecorder(stream=video)
        recorder
        # %%
        recorder.recording = True
        # %%
        time.sleep(2)
        # %%
        recorder.recording = False
        # %%
        recorder.save("example.webm")
        # %%
        example = Video.from_file("example.webm")
        example
        # %%
        audio = AudioStream.from_file("example.webm")
        second = AudioRecorder(stream=audio, filename="sound")
        second
        # %%
        second.recording = True
        time.sleep(3)  # Nothing is read from the page meanwhile.
        second.recording = False
        # %%
        second.save()

    write_video(tmp_path / "film.mp4", seconds=6, tone=440)
    nb = jupyterlab(cells, path=tmp_path / "film.mp4")
    nb.run(0, 1, 2)
    nb.wait_for("recorder.status == 'recording'")
    nb.run(3, 4)
    nb.wait_for("len(recorder.video.value)")
    nb.run(5, 6, 7)
    expect(nb.output(6).locator("video")).to_have_js_property("videoWidth", 320)
    # The view has what it needs to record while the kernel is busy.
    nb.page.wait_for_function("globalThis[Symbol.for('ipywebrtc.assets/1')]?.size === 2")
    nb.run(8)
    nb.wait_for("len(second.audio.value)")
    nb.run(9)
    assert contents(nb.folder / "example.webm").duration > 1.5
    assert contents(nb.folder / "sound.webm").codecs == {"audio": "opus"}


def test_autosave_writes_each_recording_into_a_file_of_its_own(notebook: OpenNotebook) -> None:
    async def cells() -> None:
        import ipywebrtc

        recorder = ipywebrtc.VideoRecorder(
            stream=ipywebrtc.CameraStream(), filename="take", format="mp4", autosave=True
        )
        await recorder.record(1)
        await recorder.record(2)

    nb = notebook(cells)
    nb.run()
    lengths = [contents(nb.folder / name).duration for name in ("take.mp4", "take-1.mp4")]
    assert lengths == pytest.approx([1, 2], abs=0.25)
    assert nb.python("recorder.path") == str(nb.folder / "take-1.mp4")


@pytest.mark.alone
def test_another_camera_goes_on_in_the_same_recording(
    notebook: OpenNotebook, launch: Launch
) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream(constraints={"audio": True, "video": True})
        camera
        # %%
        recorder = ipywebrtc.VideoRecorder(stream=camera)
        recorder.recording = True

    browser = launch(extra=["--use-fake-device-for-media-stream=device-count=2"])
    nb = notebook(cells, browser=browser)
    nb.run()
    nb.wait_for("recorder.duration > 1.5")
    nb.execute("camera.video_device = camera.devices[-1]['id']")
    nb.wait_for("recorder.duration > 4")
    nb.execute("recorder.recording = False")
    nb.wait_for("len(recorder.video.value)")
    found = contents(nb.python("bytes(recorder.video.value)"))
    duration = nb.python("recorder.duration")
    assert nb.python("recorder.error") == ""
    assert found.duration == pytest.approx(duration, abs=0.25)
    assert max(np.diff(found.times)) < 1.3


def test_a_stream_that_stops_ends_its_recording_and_keeps_it(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        recorder = ipywebrtc.VideoRecorder(stream=camera)
        recorder.recording = True

    nb = notebook(cells)
    nb.run()
    nb.wait_for("recorder.duration > 1")
    nb.execute("camera.stop()")
    nb.wait_for("recorder.status == 'idle' and len(recorder.video.value)")
    assert "The stream ended" in nb.python("recorder.error")
    assert not nb.python("recorder.recording")
    assert contents(nb.python("bytes(recorder.video.value)")).duration > 0.9


def test_what_can_not_be_recorded_is_told_before_anything_is(notebook: OpenNotebook) -> None:
    async def cells() -> None:
        import ipywebrtc

        async def attempt(kind: str, error: str, **arguments: str) -> object:
            constraints = {"audio": "codecs" in arguments, "video": True}
            camera = ipywebrtc.CameraStream(constraints=constraints)
            recorder = getattr(ipywebrtc, kind)(stream=camera, **arguments)
            try:
                await recorder.record(1)
            except getattr(ipywebrtc, error) as raised:
                told = str(raised)
            same = recorder.error == told and not recorder.recording
            return told, same, recorder.path, recorder.size

        # %%
        attempts = [
            await attempt("VideoRecorder", "UnsupportedFormat", codecs="h264"),
            await attempt("VideoRecorder", "UnsupportedFormat", format="mp4", codecs="h265"),
            await attempt("AudioRecorder", "UnsupportedFormat", codecs="flac"),
            await attempt("AudioRecorder", "SourceError"),
        ]

    nb = notebook(cells)
    nb.run()
    words = (r"avc in webm: .* mp4 \(avc", "h265.*vp9", r"flac.*wav \(pcm-s16\)", "no sound")
    for expected, (told, same, *nothing) in zip(words, nb.python("attempts"), strict=True):
        assert re.search(expected, told)
        assert same
        assert nothing == ["", 0]


def test_a_denied_microphone_is_told(notebook: OpenNotebook, launch: Launch) -> None:
    async def cells() -> None:
        import ipywebrtc

        recorder = ipywebrtc.AudioRecorder(stream=ipywebrtc.MicrophoneStream())
        try:
            await recorder.record(1)
        except ipywebrtc.PermissionDenied as raised:
            told = str(raised)

    nb = notebook(cells, browser=launch(fake_ui=False))
    nb.run()
    assert nb.python("told == recorder.error and recorder.status == 'error'")


def test_a_page_without_webcodecs_records_too(notebook: OpenNotebook, tmp_path: Path) -> None:
    async def cells(path: str) -> None:
        import ipywebrtc

        stream = ipywebrtc.VideoStream.from_file(path)
        recorder = ipywebrtc.VideoRecorder(stream=stream)
        video = await recorder.record(3)

    write_video(tmp_path / "film.mp4", seconds=6, tone=440)
    nb = notebook(cells, path=tmp_path / "film.mp4", hostname=socket.gethostname())
    assert not nb.page.evaluate("isSecureContext")
    nb.run()
    data = nb.python("bytes(video.value)")
    found = contents(data)
    assert found.codecs["audio"] == "opus"
    assert found.duration == pytest.approx(3, abs=0.25)
    assert picture_at(data, 1.5).mean() == pytest.approx(40 + 180 * 1.5 / 6, abs=15)


@pytest.mark.alone
def test_a_large_recording_arrives_whole_and_memory_stays_flat(
    notebook: OpenNotebook, launch: Launch, host: JupyterLab
) -> None:
    def cells() -> None:
        import ipywebrtc
        from e2e.noise import Noise

        noise = Noise()
        noise
        # %%
        recorder = ipywebrtc.VideoRecorder(
            stream=ipywebrtc.WidgetStream(widget=noise, method="canvas"),
            codecs="vp8",
            bitrate=25_000_000,
            autosave=True,
        )
        recorder

    browser = launch(extra=["--enable-features=OfItsOwn"])  # to count its memory alone
    with Proxy.running(host.port) as proxy:
        nb = notebook(cells, browser=browser, port=proxy.port)
        nb.execute(f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})")
        nb.run()
        process = nb.python("__import__('os').getpid()")
        devtools = nb.page.context.new_cdp_session(nb.page)
        facts = nb.output(1).locator(".facts").first.element_handle()

        def least_memory(*sizes: int) -> list[int]:
            """Find the least memory of kernel, browser and page, when so many MB are recorded."""
            found = []
            for size in sizes:
                # The kernel is not asked meanwhile: each answer of it is told to the page.
                shown = f"facts => facts.textContent.match(/([0-9.]+) MB/)?.[1] > {size}"
                nb.page.wait_for_function(shown, arg=facts, timeout=120_000)
                devtools.send("HeapProfiler.collectGarbage")  # The page does so every 64 MB.
                found.append((resident(process), *memory(browser)))
            return [min(values) for values in zip(*found, strict=True)]

        nb.output(1).get_by_role("button", name="Record").click()
        before = least_memory(4, 6, 8, 10)
        sent, back = proxy.to_server, proxy.to_page
        after = least_memory(50, 54, 58, 62)
        upwards, downwards = proxy.to_server - sent, proxy.to_page - back
        nb.output(1).get_by_role("button", name="Stop").click()
        nb.wait_for("recorder.status == 'idle'", timeout=60)
    assert nb.python("recorder.error") == ""
    path = nb.folder / "record.webm"
    size = path.stat().st_size
    nb.wait_for(f"recorder.size == {size}")
    assert size > 60e6
    found = contents(path)
    assert found.duration == pytest.approx(nb.python("recorder.duration"), abs=0.25)
    assert max(np.diff(found.times)) < 1
    assert downwards < 0.01 * upwards
    growth = [later - earlier for earlier, later in zip(before, after, strict=True)]
    assert max(growth) < 40e6


def test_a_saved_notebook_holds_the_recording(jupyterlab: OpenNotebook) -> None:
    async def cells() -> None:
        import ipywebrtc

        recorder = ipywebrtc.VideoRecorder(stream=ipywebrtc.CameraStream())
        await recorder.record(1)
        recorder

    nb = jupyterlab(cells)
    nb.run()
    nb.page.evaluate(
        "jupyterapp.commands.execute('@jupyter-widgets/jupyterlab-manager:saveWidgetState')"
    )
    nb.save()
    saved = nb.read().metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    (video,) = (model for model in saved.values() if model["model_name"] == "VideoModel")
    (value,) = (buffer for buffer in video["buffers"] if buffer["path"] == ["value"])
    assert base64.b64decode(value["data"]) == nb.python("bytes(recorder.video.value)")
