"""Times a picture from `recording = True` to `image.value`, beside ipywebrtc 0.6.0.

`python -m e2e.bench_snapshot` installs 0.6.0 in an environment of its own, opens a notebook with
each in one browser, and lets them take turns, as these figures mean something only side by side.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from e2e.beside import OLD, THIS, Bench, wait_until_shown

if TYPE_CHECKING:
    from e2e.notebooks import Notebook

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

    def again(_: object) -> None:
        # 0.6.0 resets `recording` after the picture, this package before it.
        if looping and not recorder.recording and len(times) == len(starts):
            take()

    recorder.image.observe(took, "value")
    recorder.image.observe(again, "value")
    recorder.observe(again, "recording")
    camera
    # %%
    recorder


@dataclass
class Figures:
    """What was measured with one version."""

    first: float
    """Seconds of the first picture."""
    times: list[float]
    """Seconds of each later one."""
    rate: float
    """Pictures a second in a loop."""

    @property
    def median(self) -> float:
        """The median of the times."""
        return statistics.median(self.times)


def main() -> None:
    """Measure both, and print a table."""
    with Bench.running() as bench:
        report(measure(bench))


def measure(bench: Bench, rounds: int = ROUNDS) -> dict[str, Figures]:
    """Let both take pictures in turns."""
    notebooks = {version: bench.open(cells, version) for version in (OLD, THIS)}
    for nb in notebooks.values():
        nb.run()
        wait_until_shown(nb, 0)
    firsts = {name: picture(nb, 1) for name, nb in notebooks.items()}
    for _ in range(rounds):
        for nb in notebooks.values():
            for _ in range(PICTURES):
                picture(nb)
    times = {name: nb.python("times[1:]") for name, nb in notebooks.items()}
    return {name: Figures(firsts[name], times[name], loop(nb)) for name, nb in notebooks.items()}


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
    nb.execute("looping = False")
    return float(nb.python(f"(len(times) - {before}) / {LOOP}"))


def report(figures: dict[str, Figures]) -> None:
    """Print what was measured."""
    print(f"{'milliseconds':12} {'first':>7} {'min':>7} {'median':>7} {'max':>7} {'in a loop':>11}")
    for name, found in figures.items():
        row = [found.first, min(found.times), found.median, max(found.times)]
        times = " ".join(f"{1000 * seconds:7.0f}" for seconds in row)
        print(f"{name:12} {times} {found.rate:9.1f}/s")
    ratio = figures[THIS].median / figures[OLD].median
    print(f"median, this package over 0.6.0: {ratio:.2f}")


if __name__ == "__main__":
    main()
