"""Times frames from the camera to Python: the rate, and the age of a frame in the callback.

`python -m e2e.bench_live` opens a notebook, reads a camera of 20 frames a second in several sizes
and formats, and prints beside it what the other ways give: a loop of snapshots, and WebcamCapture
of wigglystuff if that is installed. Figures of one run mean something side by side only.

`--minutes 5` reads that long at the end, for the kernel's memory and the phase of a tone.
"""

from __future__ import annotations

import argparse
import statistics
import time
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from e2e.beside import Bench
from e2e.media import write_tone

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import CDPSession

    from e2e.notebooks import Notebook

SIZES = ((320, 240), (640, 480), (1280, 720))
FORMATS = ("jpeg", "gray", "rgb")
SECONDS = 8.0
WARM_UP = 2.0
TONE = 443.3  # no whole number of periods in a block, nor in 10 ms
TONE_MARGIN = 60.0  # seconds

# WebcamCapture tells no time: the page notes when it takes each picture, known by its length.
NOTE_PICTURES = """() => {
  globalThis.taken = new Map();
  const encode = HTMLCanvasElement.prototype.toDataURL;
  HTMLCanvasElement.prototype.toDataURL = function (...options) {
    const now = Date.now();
    const url = encode.apply(this, options);
    taken.set(url.length, now / 1000);
    return url;
  };
}"""


def cells() -> None:
    """Bring frames into lists of (arrival, age in seconds, bytes)."""
    import resource
    import time
    from pathlib import Path

    import numpy as np

    import ipywebrtc

    camera = ipywebrtc.CameraStream(constraints={"audio": False, "video": {"width": 640}})
    reader = ipywebrtc.FrameReader(stream=camera)
    recorder = ipywebrtc.ImageRecorder(stream=camera, format="jpeg", quality=0.8)
    written = ipywebrtc.ArrayStream(max_fps=None)
    rows: list[tuple[float, float, int]] = []
    started: list[float] = []
    looping = False

    def keep(frame: ipywebrtc.Frame) -> None:
        rows.append((time.time(), time.time() - frame.time, len(frame.data)))

    def again(change: dict[str, bytes]) -> None:
        rows.append((time.time(), time.time() - started.pop(), len(change["new"])))
        started.append(time.time())
        recorder.recording = looping

    def captured(change: dict[str, str]) -> None:
        rows.append((time.time(), float("nan"), len(change["new"])))

    def memory() -> float:
        """Megabytes of this process."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1e6

    recorder.image.observe(again, "value")
    camera
    # %%
    audio = ipywebrtc.AudioStream.from_url("tone.wav")
    ear = ipywebrtc.AudioReader(stream=audio)
    tape = ipywebrtc.AudioRecorder(stream=audio, format="wav", autosave=True, filename="tape")
    phases: list[float] = []

    def phase(samples: np.ndarray, position: int, rate: int) -> float:
        """Say where the tone is, in milliseconds of a period: the same in each block."""
        time = (position + np.arange(len(samples))) / rate
        angle = np.angle((samples * np.exp(-2j * np.pi * 443.3 * time)).sum())
        return float(angle) * 1000 / (2 * np.pi * 443.3)

    def listen(block: ipywebrtc.AudioBlock) -> None:
        phases.append(phase(block.samples[:, 0], block.position, 16_000))

    def taped() -> list[float]:
        """Return the phases of the recording, in blocks of the same length."""
        samples, rate = tape.to_numpy(mono=True)
        size = rate // 10
        starts = range(0, len(samples) - size, size)
        return [phase(samples[start : start + size, 0], start, rate) for start in starts]


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--minutes",
        type=float,
        default=0.5,
        help="of reading at the end",
    )
    minutes = parser.parse_args().minutes
    with Bench.running() as bench:
        nb = bench.open(cells)
        length = 60 * minutes + TONE_MARGIN
        write_tone(nb.folder / "tone.wav", seconds=length, frequency=TONE)
        nb.run()
        nb.wait_for("camera.status == 'live'")
        devtools = nb.page.context.new_cdp_session(nb.page)
        devtools.send("Performance.enable")
        print(f"{'':26} {'frames/s':>8} {'median':>8} {'90 %':>8} {'kB':>6} {'page busy':>9}")
        idle = busy(devtools, lambda: wait(nb, SECONDS / 2))
        print(f"{'the camera alone':26} {'':8} {'':8} {'':8} {'':6} {idle:9.0%}")
        for width, height in SIZES:
            constraints = {"video": {"width": width, "height": height}}
            nb.execute(f"camera.constraints = {constraints}")
            nb.wait_for(f"camera.settings.get('video', {{}}).get('width') == {width}")
            for name in FORMATS:
                nb.execute(f"reader.format = {name!r}; reader.on_frame(keep)")
                row(f"FrameReader {width} {name}", nb, devtools)
                nb.execute("reader.on_frame(keep, remove=True)")
            nb.execute("looping = True; started = [time.time()]; recorder.recording = True")
            row(f"snapshots {width} jpeg", nb, devtools)
            nb.execute("looping = False")
        print("snapshots: the time is that of one turn of the loop.")
        write(nb, devtools)
        webcam_capture(nb, devtools)
        long_run(nb, minutes)


def wait(nb: Notebook, seconds: float) -> None:
    """Let the page run."""
    nb.page.wait_for_timeout(1000 * seconds)


def busy(devtools: CDPSession, action: Callable[[], None]) -> float:
    """Return the part of the time in which the page's main thread worked during an action."""

    def tasks() -> float:
        metrics = devtools.send("Performance.getMetrics")["metrics"]
        return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")

    begun, before = time.monotonic(), tasks()
    action()
    return (tasks() - before) / (time.monotonic() - begun)


def row(name: str, nb: Notebook, devtools: CDPSession) -> list[Any]:
    """Measure what comes into `rows` for a while, and print it."""
    wait(nb, WARM_UP)
    nb.execute("rows.clear()")
    share = busy(devtools, lambda: wait(nb, SECONDS))
    rows = list(nb.python("rows"))
    report(name, rows, share)
    return rows


def report(name: str, rows: list[Any], share: float) -> None:
    """Print a row of the table."""
    ages = sorted(age for _, age, _ in rows)
    if not ages:
        print(f"{name:26} nothing came")
        return
    late = ages[int(0.9 * len(ages))]
    size = statistics.median(size for _, _, size in rows) / 1000
    times = f"{1000 * statistics.median(ages):5.0f} ms {1000 * late:5.0f} ms"
    print(f"{name:26} {len(rows) / SECONDS:8.1f} {times} {size:6.0f} {share:9.0%}", flush=True)


def write(nb: Notebook, devtools: CDPSession) -> None:
    """Measure arrays on their way through an ArrayStream, from the kernel to the kernel."""
    nb.execute("camera.stop()")
    code = """
import asyncio
async def flow(width, height):
    reader.stream, reader.format = written, "gray"
    frames = np.zeros((2, height, width, 3), np.uint8)
    frames[1] = 255
    while writing:
        rows.append((time.time(), 0.0, frames[0].size))
        written.write(frames[len(rows) % 2])
        await asyncio.sleep(1 / 60)
"""
    nb.execute(code)
    for width, height in SIZES:
        nb.execute(f"writing = True; written.width, written.height = {width}, {height}")
        nb.execute(f"written.start(); flowing = asyncio.ensure_future(flow({width}, {height}))")
        wait(nb, WARM_UP)
        share = busy(devtools, lambda: wait(nb, SECONDS / 2))
        fps, error = nb.python("(written.fps, written.error)")
        name = f"ArrayStream {width} rgb"
        print(f"{name:26} {fps:8.1f} {error:17} {width * height * 3 / 1000:6.0f} {share:9.0%}")
        nb.execute("writing = False")
    nb.execute("written.stop(); reader.stream = camera")


def webcam_capture(nb: Notebook, devtools: CDPSession) -> None:
    """Measure WebcamCapture, at the 640 by 480 that it has."""
    if not find_spec("wigglystuff"):
        print("WebcamCapture: wigglystuff is not installed.")
        return
    nb.page.evaluate(NOTE_PICTURES)
    show = """
from IPython.display import display
from wigglystuff import WebcamCapture
capture = WebcamCapture(interval_ms=50)
capture.observe(captured, "image_base64")
"""
    nb.execute(show)
    nb.page.evaluate("""() => {
      const { content, context } = jupyterapp.shell.currentWidget;
      content.model.sharedModel.insertCell(2, {
        cell_type: "code", source: "capture", metadata: {}, outputs: [], execution_count: null });
    }""")
    nb.run(2)
    nb.wait_for("capture.ready")
    nb.execute("capture.capturing = True")
    wait(nb, WARM_UP)
    nb.execute("rows.clear()")
    share = busy(devtools, lambda: wait(nb, SECONDS))
    nb.execute("capture.capturing = False")
    taken = dict(nb.page.evaluate("[...taken]"))
    rows = [(came, came - taken[size], size) for came, _, size in nb.python("rows")]
    report("WebcamCapture 640 png", rows, share)
    nb.execute("capture.close()")


def long_run(nb: Notebook, minutes: float) -> None:
    """Read frames and a tone for a while; print the kernel's memory and the jumps of the tone.

    The tone is recorded besides: what both heard, the page's output did.
    """
    nb.execute("camera.constraints = {'video': {'width': 640, 'height': 480}}; camera.start()")
    nb.execute("reader.format = 'jpeg'; reader.on_frame(keep); ear.on_block(listen)")
    nb.execute("tape.recording = True")
    for number in range(5):
        if number:
            wait(nb, 60 * minutes / 4)
        else:
            nb.wait_for("len(rows) > 50 and len(phases) > 50", timeout=60)
        nb.execute("rows.clear()")
        print(f"memory after {number * minutes / 4:.1f} min: {nb.python('memory()'):.1f} MB")
    nb.execute("reader.reading = ear.reading = tape.recording = False")
    nb.wait_for("tape.status == 'idle'", timeout=60)
    print(f"tone: {nb.python('len(phases)') / 10:.0f} s, {nb.python('ear.gaps')} samples missing")
    for name in ("phases", "taped()"):
        found = ", ".join(f"{size:.2f} ms at {at:.1f} s" for at, size in jumps(nb.python(name)))
        print(f"jumps in {name}: {found or 'none'}")


def jumps(phases: list[float]) -> list[tuple[float, float]]:
    """Find where a tone's phase is another, in seconds, and by how many milliseconds."""
    period = 1000 / TONE
    steps = [(two - one + period / 2) % period - period / 2 for one, two in pairwise(phases)]
    return [(at / 10, step) for at, step in enumerate(steps) if at > 10 and abs(step) > 0.03]


if __name__ == "__main__":
    main()
