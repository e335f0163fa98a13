"""Files that play: AudioStream and VideoStream, by their traits and by their controls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from e2e.media import write_tone, write_video

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator

    from e2e.conftest import OpenNotebook
    from e2e.notebooks import Notebook


def wait_for_level(meter: Locator, condition: str) -> None:
    """Wait until the level, in dBFS, meets a condition such as `level > -20`."""
    meter.evaluate(f"""async meter => {{
      for (let level = -Infinity; !({condition}); level = Number(meter.ariaValueNow))
        await new Promise(requestAnimationFrame);
    }}""")


@pytest.fixture
def tone(notebook: OpenNotebook, tmp_path: Path) -> Notebook:
    def cells(path: str) -> None:
        import ipywebrtc

        audio = ipywebrtc.AudioStream.from_file(path)
        audio

    write_tone(tmp_path / "tone.wav")
    nb = notebook(cells, path=tmp_path / "tone.wav")
    nb.run()
    return nb


def test_a_sound_is_heard_until_it_is_paused(tone: Notebook) -> None:
    meter = tone.output(0).get_by_role("meter")
    wait_for_level(meter, "level > -12 && level < -6")  # A sine of half the full scale: -9 dBFS.
    tone.execute("audio.playing = False")
    tone.wait_for("audio.status == 'paused'")
    wait_for_level(meter, "level > -Infinity && level <= -60")
    tone.output(0).get_by_role("button", name="Play").click()
    tone.wait_for("audio.playing and audio.status == 'live'")
    wait_for_level(meter, "level > -12")
    assert tone.errors == []


@pytest.mark.quick
def test_position_and_length_are_known(tone: Notebook) -> None:
    assert tone.wait_for("audio.duration") == pytest.approx(4, abs=0.1)
    tone.wait_for("audio.current_time > 0.5")
    expect(tone.output(0).get_by_text(re.compile(r"0:0\d / 0:04"))).to_be_visible()


def test_the_position_is_refreshed_at_most_twice_a_second(tone: Notebook) -> None:
    tone.execute("""if True:
        import time
        times = []
        audio.observe(lambda _: times.append(time.monotonic()), "current_time")
    """)
    tone.wait_for("len(times) >= 6")
    assert tone.python("times[5] - times[0]") > 0.45 * 5


def test_setting_the_position_seeks(tone: Notebook) -> None:
    tone.execute("audio.playing = False")
    tone.wait_for("audio.status == 'paused'")
    for seconds in (3.25, 1.5, 1.5):
        tone.execute(f"audio.current_time = {seconds}")
        slider = tone.output(0).get_by_role("slider", name="Position")
        expect(slider).to_have_value(str(seconds))
    slider.fill("2")
    tone.wait_for("audio.current_time == 2")


def test_a_sound_without_loop_stops_at_its_end(notebook: OpenNotebook, tmp_path: Path) -> None:
    def cells(path: str) -> None:
        import ipywebrtc

        audio = ipywebrtc.AudioStream.from_file(path, loop=False)
        audio

    write_tone(tmp_path / "tone.wav", seconds=0.5)
    nb = notebook(cells, path=tmp_path / "tone.wav")
    nb.run()
    nb.wait_for("not audio.playing")
    nb.wait_for("audio.status == 'paused'")
    nb.output(0).get_by_role("button", name="Play").click()
    nb.wait_for("audio.current_time < 0.4")


def test_volume_and_mute_are_of_the_page(tone: Notebook) -> None:
    tone.wait_for("audio.status == 'live'")
    mute = tone.output(0).get_by_role("button", name="Mute")
    expect(mute).to_have_attribute("aria-pressed", "false")
    mute.click()
    expect(mute).to_have_attribute("aria-pressed", "true")


def test_playing_can_be_switched_before_the_media_is_there(
    notebook: OpenNotebook, tmp_path: Path
) -> None:
    def cells(path: str) -> None:
        import ipywebrtc

        video = ipywebrtc.VideoStream(playing=False)
        video.playing = True
        video.playing = False
        never_shown = ipywebrtc.AudioStream(playing=False)
        never_shown.playing = True
        never_shown.close()
        video
        # %%
        video.video.set_value_from_file(path)

    write_video(tmp_path / "clip.mp4")
    nb = notebook(cells, path=tmp_path / "clip.mp4")
    nb.run()
    nb.wait_for("video.status == 'paused'")
    nb.execute("video.playing = True")
    nb.wait_for("video.current_time > 0.2")
    assert nb.errors == []


def test_a_reloaded_page_goes_on_where_it_was(jupyterlab: OpenNotebook, tmp_path: Path) -> None:
    def cells(path: str) -> None:
        import ipywebrtc

        video = ipywebrtc.VideoStream.from_file(path, playing=False, current_time=2)
        video

    write_video(tmp_path / "clip.mp4")
    nb = jupyterlab(cells, path=tmp_path / "clip.mp4")
    nb.run()
    for _ in range(2):
        slider = nb.output(0).get_by_role("slider", name="Position", include_hidden=True)
        expect(slider).to_have_value("2")
        nb.reload()


def test_a_sound_has_no_picture(tone: Notebook) -> None:
    tone.execute("""if True:
        recorder = ipywebrtc.ImageRecorder(stream=audio)
        recorder.recording = True
    """)
    assert "sound only" in tone.wait_for("recorder.error")
