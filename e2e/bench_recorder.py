"""Measures recordings of the camera, beside ipywebrtc 0.6.0.

`python -m e2e.bench_recorder` records the same fake camera with each in turn, as these figures mean
something only side by side, and prints for each size: pictures recorded a second, the part of the
camera's pictures that is missing, seconds from the stop to the file in the kernel, and whether a
player can jump in it. Then it looks for the largest recording that comes at all, and records
much for a while and prints how fast it came and what it cost in memory.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av.error

from e2e.beside import OLD, THIS, Bench, wait_until_shown
from e2e.media import write_noise
from e2e.processes import memory, resident
from e2e.recordings import Contents, contents, is_seekable

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from e2e.notebooks import Notebook

CAMERA_FPS = 20
SIZES = ((640, 480), (1280, 720))
SECONDS = 6.0
ROUNDS = 3
LARGE = 64e6  # bytes
SMALL = 8e6
STEP = 1e6  # of the search between what came and what did not
BITRATE = 25_000_000
LOST = 10.0  # seconds after which a recording does not come any more

# 0.6.0 has one bit rate, of 10 MB in half a minute, and tells nobody how much it has recorded.
RECORD_FASTER = f"""() => {{
  globalThis.recorded = 0;
  globalThis.MediaRecorder = class extends MediaRecorder {{
    constructor(stream, options) {{
      super(stream, {{ ...options, videoBitsPerSecond: {BITRATE} }});
      this.addEventListener("dataavailable", ({{ data }}) => {{ recorded += data.size; }});
    }}
    start() {{
      super.start(100);
    }}
  }};
}}"""


def cells(width: int, height: int) -> None:
    """Record a camera that is shown."""
    import time

    from ipywebrtc import CameraStream, VideoRecorder

    camera = CameraStream(constraints={"audio": True, "video": {"width": width, "height": height}})
    camera
    # %%
    recorder = VideoRecorder(stream=camera)
    arrivals: list[float] = []
    recorder.video.observe(lambda _: arrivals.append(time.perf_counter()), "value")
    recorder


def large_cells() -> None:
    """Record noise, which hardly compresses."""
    from e2e.noise import Noise
    from ipywebrtc import VideoRecorder, WidgetStream

    noise = Noise()
    noise
    # %%
    recorder = VideoRecorder(
        stream=WidgetStream(widget=noise, method="canvas"),
        codecs="vp8",
        bitrate=25_000_000,
        autosave=True,
    )
    recorder


@dataclass
class Figures:
    """Medians of some recordings."""

    rate: float
    """Pictures recorded a second."""
    late: float
    """Seconds from the stop to the file in the kernel."""
    seekable: bool
    """Whether a player can jump in all files."""


def main() -> None:
    """Measure both, and print a table."""
    with Bench.running() as bench:
        print(f"{'size':10} {'':6} {'fps':>6} {'missing':>8} {'stop to file':>13} {'seekable':>9}")
        for width, height in SIZES:
            for version in (OLD, THIS):
                report(f"{width}x{height}", version, measure(bench, version, width, height))
        for version in (OLD, THIS):
            print(f"{version}: the largest that came has {largest(bench, version) / 1e6:.1f} MB")
        measure_large(bench)


def measure(bench: Bench, version: str, width: int, height: int, rounds: int = ROUNDS) -> Figures:
    """Record a camera again and again."""
    nb = bench.open(cells, version, width=width, height=height)
    nb.run()
    wait_until_shown(nb, 0)
    made = [record(nb) for _ in range(rounds)]
    bench.browsers.close_pages()
    rates = [len(found.times) / seconds for seconds, found, _, _ in made if found]
    return Figures(
        rate=statistics.median(rates) if rates else 0.0,
        late=statistics.median(late for _, _, late, _ in made),
        seekable=all(seekable for *_, seekable in made),
    )


def record(nb: Notebook) -> tuple[float, Contents | None, float, bool]:
    """Record for some time; return seconds, what is in the file, and when and how it came."""
    count = nb.python("len(arrivals)")
    nb.execute("recorder.recording = True")
    begun = time.perf_counter()
    nb.page.wait_for_timeout(1000 * SECONDS)
    nb.execute("stopped = time.perf_counter(); recorder.recording = False")
    seconds = time.perf_counter() - begun
    nb.wait_for(f"len(arrivals) > {count}", timeout=30)
    data = nb.python("bytes(recorder.video.value)")
    try:
        found = contents(data)
    except av.error.FFmpegError:
        found = None
    late = float(nb.python("arrivals[-1] - stopped"))
    return seconds, found, late, found is not None and is_seekable(data)


def report(size: str, name: str, found: Figures) -> None:
    """Print a row."""
    missing = max(0.0, 1 - found.rate / CAMERA_FPS)
    seekable = "yes" if found.seekable else "no"
    print(f"{size:10} {name:6} {found.rate:6.1f} {missing:8.1%} {found.late:11.2f} s {seekable:>9}")


def largest(bench: Bench, version: str, most: float = LARGE) -> int:
    """Return the bytes of the largest recording that comes, of those that are tried.

    What is recorded doubles until it is lost; then the place where that begins is narrowed down.
    """
    film = bench.folder / "noise.y4m"
    write_noise(film)
    browser = bench.browsers.launch(extra=[f"--use-file-for-fake-video-capture={film}"])
    came, lost, wanted = 0, None, SMALL
    while wanted <= most and (lost is None or lost - came > STEP):
        size = recorded(bench, version, browser, wanted)
        came, lost = (size, lost) if size else (came, wanted)
        wanted = (came + lost) / 2 if lost else 2 * wanted
    return came


def recorded(bench: Bench, version: str, browser: Browser, size: float) -> int:
    """Record until there are so many bytes; return how many come, which are none if it is lost."""
    nb = bench.open(cells, version, browser=browser, width=640, height=480)
    nb.page.evaluate(RECORD_FASTER)
    nb.run()
    wait_until_shown(nb, 0)
    if version == THIS:
        nb.execute(f"recorder.bitrate, recorder.embed_limit = {BITRATE}, {round(2 * LARGE)}")
        nb.execute("recorder.recording = True")
        nb.wait_for(f"recorder.size > {size}", timeout=120)
    else:
        nb.execute("recorder.recording = True")
        nb.page.wait_for_function(f"recorded > {size}", timeout=120_000)
    nb.execute("recorder.recording = False")
    try:
        nb.wait_for("arrivals", timeout=LOST)
    except TimeoutError:
        return 0
    finally:
        nb.page.context.close()
    return int(nb.python("len(recorder.video.value)"))


def measure_large(bench: Bench) -> None:
    """Record noise at a high bit rate, and print how it came."""
    browser = bench.browsers.launch(extra=["--enable-features=OfItsOwn"])
    nb = bench.open(large_cells, browser=browser, modules=[Path(__file__).parents[1]])
    nb.run()
    process = nb.python("__import__('os').getpid()")
    nb.execute("recorder.recording = True")
    nb.wait_for("recorder.size > 6e6", timeout=60)
    before, begun = (resident(process), *memory(browser)), time.perf_counter()
    nb.wait_for(f"recorder.size > {LARGE}", timeout=120)
    after, taken = (resident(process), *memory(browser)), time.perf_counter() - begun
    stopped = time.perf_counter()
    nb.execute("recorder.recording = False")
    nb.wait_for("recorder.status == 'idle'", timeout=120)
    late = time.perf_counter() - stopped
    rate = (LARGE - 6e6) / taken / 1e6
    print(f"noise: {rate:.1f} MB/s, complete {late:.2f} s after the stop")
    names = ("kernel", "browser", "page")
    grown = zip(names, before, after, strict=True)
    print("memory:", ", ".join(f"{name} {(b - a) / 1e6:+.0f} MB" for name, a, b in grown))


if __name__ == "__main__":
    main()
