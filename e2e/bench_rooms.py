"""Times rooms: from `join()` to the first picture of each other one, when all join at once.

`python -m e2e.bench_rooms` opens notebooks with a kernel and a browser context each, lets them join
and leave a room over a mosquitto of its own, and prints the times of all pictures. All run on this
machine: with four of them the processors are what counts.

`--rounds 20` and `--people 2 4` are the defaults.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from e2e.brokers import Broker
from e2e.browsers import Browsers
from e2e.hosts import JupyterLab
from e2e.notebooks import Notebook, write_notebook

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONNECT = 60.0
"""Seconds after which somebody is taken for lost."""
DELAY = 1.0
"""Seconds from now to a common beginning."""

# Once nobody else is shown any more, notes when the picture of each other one is there, in seconds
# since 1970.
WATCH = """async () => {
  const { shadowRoot } = [...document.querySelectorAll(".jp-OutputArea-output div")]
    .find(element => element.shadowRoot?.querySelector(".stage"));
  const others = () => [...shadowRoot.querySelectorAll(".tile:not(.empty)")].slice(1);
  while (others().length) await new Promise(requestAnimationFrame);
  globalThis.seen = {};
  clearInterval(globalThis.watching);
  globalThis.watching = setInterval(() => {
    for (const tile of others()) {
      const name = tile.querySelector(".name").textContent;
      if (tile.querySelector("video").readyState >= 2) seen[name] ??= Date.now() / 1000;
    }
  }, 4);
}"""


def cells(server: str, name: str) -> None:
    """Be in a room with a camera."""
    import asyncio  # noqa: F401 - for what is executed later
    import time

    import ipywebrtc

    # Small, as many encoders share the processors here.
    camera = ipywebrtc.CameraStream(constraints={"video": {"width": 160, "height": 120}})
    room = ipywebrtc.WebRTCRoomMqtt(
        room="lusab-babad-gutih-tugad",
        server=server,
        nickname=name,
        stream=camera,
        ice_servers=[],
    )
    begun: list[float] = []

    def join() -> None:
        begun.append(time.time())
        room.join()

    room


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--people", type=int, nargs="+", default=[2, 4])
    options = parser.parse_args()
    print(f"{'seconds':12} {'min':>6} {'median':>6} {'90 %':>6} {'max':>6} {'rounds':>7}")
    for people in options.people:
        with open_room(people) as notebooks:
            times = [seconds for _ in range(options.rounds) for seconds in meet(notebooks)]
            report(f"{people} at once", times, options.rounds)


@contextmanager
def open_room(people: int) -> Iterator[list[Notebook]]:
    """Open notebooks of people who have met."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        browsers = Browsers(stack.enter_context(sync_playwright()))
        stack.callback(browsers.close)
        for name in ("root", "home", "broker"):
            (folder / name).mkdir()
        broker = Broker(folder / "broker")
        broker.start()
        stack.callback(broker.stop)
        host = stack.enter_context(JupyterLab.running(folder / "root", folder / "home"))
        notebooks = []
        for number in range(people):
            path = folder / "root" / f"{number}.ipynb"
            write_notebook(path, cells, {"server": broker.tcp, "name": f"person {number}"})
            kernel = host.start_kernel(path)
            page = browsers.launch().new_context().new_page()
            page.goto(host.url(path))
            notebooks.append(Notebook(host, path, kernel, page))
            notebooks[-1].run()
        wait(notebooks, people - 1)
        yield notebooks


def wait(notebooks: Sequence[Notebook], others: int) -> None:
    """Wait until each is connected with so many."""
    for nb in notebooks:
        count = "sum(peer.connected for peer in room.peers)"
        nb.wait_for(f"{count} == len(room.peers) == {others}", timeout=CONNECT)


def meet(notebooks: Sequence[Notebook]) -> list[float]:
    """Let all leave, and join at the same moment; return the seconds of every picture."""
    for nb in notebooks:
        nb.execute("room.leave()")
        nb.page.evaluate(WATCH)
    start = time.time() + DELAY
    for nb in notebooks:
        nb.execute(f"asyncio.get_running_loop().call_later({start} - time.time(), join)")
    wait(notebooks, len(notebooks) - 1)
    times = []
    for nb in notebooks:
        nb.page.wait_for_function(f"Object.keys(seen).length === {len(notebooks) - 1}")
        begun = nb.python("begun[-1]")
        times += [seen - begun for seen in nb.page.evaluate("Object.values(seen)")]
    return times


def report(name: str, times: list[float], rounds: int) -> None:
    """Print a row."""
    times = sorted(times)
    figures = [times[0], statistics.median(times), times[int(0.9 * len(times))], times[-1]]
    row = " ".join(f"{seconds:6.2f}" for seconds in figures)
    print(f"{name:12} {row} {rounds:7}", flush=True)


if __name__ == "__main__":
    main()
