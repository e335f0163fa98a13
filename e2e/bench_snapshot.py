"""Times a picture from `recording = True` to `image.value`, beside ipywebrtc 0.6.0.

`python -m e2e.bench_snapshot` installs 0.6.0 in an environment of its own, opens a notebook with
each in one browser, and lets them take turns, as these figures mean something only side by side.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import venv
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import sync_playwright

from e2e.browsers import Browsers
from e2e.hosts import JupyterLab
from e2e.notebooks import Notebook, write_notebook

OLD = ("ipywebrtc==0.6.0", "ipywidgets>=8", "jupyterlab>=4")
ROUNDS = 6
PICTURES = 15  # in each round
LOOP = 10.0  # seconds
AGAIN = 5.0  # seconds after which a loop that has stopped is given up


def cells() -> None:
    """Take pictures of a camera that is shown, and time them."""
    import time

    from ipywebrtc import CameraStream, ImageRecorder

    camera = CameraStream(constraints={"audio": False, "video": {"width": 640, "height": 480}})
    recorder = ImageRecorder(stream=camera)
    starts: list[float] = []
    times: list[float] = []
    looping = False

    def take() -> None:
        starts.append(time.perf_counter())
        recorder.recording = True

    def took(_: object) -> None:
        times.append(time.perf_counter() - starts[-1])
        if looping:
            take()

    recorder.image.observe(took, "value")
    camera
    # %%
    recorder


def main() -> None:
    """Measure both, and print a table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        browsers = Browsers(stack.enter_context(sync_playwright()))
        stack.callback(browsers.close)
        pythons = {"0.6.0": install_old(folder / "old"), "this": sys.executable}
        notebooks = {}
        for name, python in pythons.items():
            root, home = folder / f"{name}-root", folder / f"{name}-home"
            root.mkdir()
            home.mkdir()
            host = stack.enter_context(JupyterLab.running(root, home, python))
            notebooks[name] = open_notebook(host, root / "bench.ipynb", browsers)
        firsts = {name: picture(nb, 1) for name, nb in notebooks.items()}
        for _ in range(ROUNDS):
            for nb in notebooks.values():
                for _ in range(PICTURES):
                    picture(nb)
        times = {name: nb.python("times[1:]") for name, nb in notebooks.items()}
        loops = {name: loop(nb) for name, nb in notebooks.items()}
        browsers.close_pages()
    report(firsts, times, loops)


def install_old(path: Path) -> str:
    """Make an environment with the old version, and return its Python."""
    venv.create(path, with_pip=True)
    python = str(path / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *OLD], check=True)
    return python


def open_notebook(host: JupyterLab, path: Path, browsers: Browsers) -> Notebook:
    """Open the cells in a page, with a camera that has warmed up."""
    write_notebook(path, cells, {})
    kernel = host.start_kernel(path)
    page = browsers.launch().new_context().new_page()
    page.goto(host.url(path))
    nb = Notebook(host, path, kernel, page)
    nb.run()
    video = nb.output(0).locator("video")
    video.wait_for()
    video.evaluate("""async video => {
      while (!video.videoWidth) await new Promise(requestAnimationFrame);
    }""")
    return nb


def picture(nb: Notebook, count: int | None = None) -> float:
    """Take a picture and return its seconds."""
    count = count or nb.python("len(times)") + 1
    nb.execute("take()")
    nb.wait_for(f"len(times) >= {count}", timeout=30)
    return float(nb.python("times[-1]"))


def loop(nb: Notebook) -> float:
    """Let an observer ask for the next picture, and return pictures a second."""
    before = nb.python("len(times)")
    nb.execute("looping = True; take(); begun = time.perf_counter()")
    since = "time.perf_counter() -"
    expression = f"{since} begun > {LOOP} or {since} starts[-1] > {AGAIN}"
    nb.wait_for(expression, timeout=LOOP + 2 * AGAIN)
    return float(nb.python(f"(len(times) - {before}) / {LOOP}"))


def report(
    firsts: dict[str, float], times: dict[str, list[float]], loops: dict[str, float]
) -> None:
    """Print what was measured."""
    print(f"{'milliseconds':12} {'first':>7} {'min':>7} {'median':>7} {'max':>7} {'in a loop':>11}")
    for name, values in times.items():
        row = [firsts[name], min(values), statistics.median(values), max(values)]
        figures = " ".join(f"{1000 * seconds:7.0f}" for seconds in row)
        print(f"{name:12} {figures} {loops[name]:9.1f}/s")
    ratio = statistics.median(times["this"]) / statistics.median(times["0.6.0"])
    print(f"median, this package over 0.6.0: {ratio:.2f}")


if __name__ == "__main__":
    main()
