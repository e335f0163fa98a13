"""Times rooms: until the first picture of each other one, when all join at once.

`python -m e2e.bench_rooms` opens notebooks with a kernel and a browser context each, this package's
and those of ipywebrtc 0.6.0, and lets them meet in rooms over one mosquitto; 0.6.0 speaks only
WebSockets, for which mosquitto 2.0.11 takes up to 0.2 s to open. "made" counts from the making of a
room, "joined" from `join()` in a room that was left. A picture that has not come within 20 s is
missing. All run on this machine: with four of them its processors are what counts. "bare" is how
long pages take that have nothing in them but the calls.

`--rounds 20` and `--people 2 4` are the defaults.
"""

from __future__ import annotations

import argparse
import statistics
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from playwright.sync_api import TimeoutError as PlaywrightTimeout

from e2e import bare
from e2e.beside import OLD, THIS, Bench
from e2e.brokers import Broker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Page

    from e2e.notebooks import Notebook

CONNECT = 20.0
"""Seconds after which a picture is missing."""
DELAY = 1.0
"""Seconds from now to a common beginning."""
POLLING = 100
"""Milliseconds between two looks at a page; by default it would be drawn for each."""

OPTIONS = ", password='secret', ice_servers=[]"
"""Of a room, which 0.6.0 does not have."""

# Notes when the first picture of each connection is there, in seconds since 1970.
WATCH = """() => {
  globalThis.connections = [];
  globalThis.seen = [];
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...options) {
      super(...options);
      connections.push(this);
      this.addEventListener("track", ({ track }) => {
        if (track.kind !== "video") return;
        const video = document.createElement("video");
        video.muted = true;
        video.srcObject = new MediaStream([track]);
        video.play().catch(() => {});
        video.requestVideoFrameCallback(() => {
          seen.push(Date.now() / 1000);
          video.srcObject = null;
        });
      });
    }
  };
}"""
FORGET = "() => { connections = []; seen = []; }"
# 0.6.0 leaves them open when a room is closed.
HANG_UP = "() => { for (const connection of connections) connection.close(); }"


def cells(server: str, name: str) -> None:
    """Be in rooms with a camera."""
    import time

    import ipywebrtc

    # Small, as many encoders share the processors here.
    camera = ipywebrtc.CameraStream(
        constraints={"audio": True, "video": {"width": 160, "height": 120}}
    )
    begun: list[float] = []

    def make(room: str, **options: object) -> ipywebrtc.WebRTCRoomMqtt:
        begun.append(time.time())
        return ipywebrtc.WebRTCRoomMqtt(
            room=room, server=server, nickname=name, stream=camera, **options
        )

    def join(room: ipywebrtc.WebRTCRoomMqtt) -> None:
        begun.append(time.time())
        room.join()

    camera


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--people", type=int, nargs="+", default=[2, 4])
    options = parser.parse_args()
    print(f"{'seconds':24} {'min':>6} {'median':>6} {'90 %':>6} {'max':>6} {'missing':>10}")
    rounds = options.rounds
    with Bench.running() as bench, running_broker(bench) as broker:
        for people in options.people:
            expected = people * (people - 1) * rounds
            report(f"{people}, pages, bare", bare_calls(bench, people, rounds), expected)
            bench.browsers.close_pages()
            for version in (OLD, THIS):
                notebooks = open_all(bench, version, broker, people)
                report(f"{people}, {version}, made", made(notebooks, version, rounds), expected)
                if version == THIS:
                    report(f"{people}, {version}, joined", joined(notebooks, rounds), expected)
                bench.browsers.close_pages()


@contextmanager
def running_broker(bench: Bench) -> Iterator[Broker]:
    """Start mosquitto, and stop it at the end."""
    folder = bench.folder / "broker"
    folder.mkdir()
    with Broker.running(folder) as broker:
        yield broker


def open_all(bench: Bench, version: str, broker: Broker, people: int) -> list[Notebook]:
    """Open a notebook for each, with a camera."""
    server = broker.websockets if version == OLD else broker.tcp
    notebooks = []
    for number in range(people):
        nb = bench.open(cells, version, server=server, name=f"person {number}")
        nb.page.evaluate(WATCH)
        nb.run()
        nb.output(0).locator("video").wait_for()
        notebooks.append(nb)
    return notebooks


def made(notebooks: Sequence[Notebook], version: str, rounds: int) -> list[float]:
    """Let them meet in new rooms; return the seconds until every picture that came."""
    options = OPTIONS if version == THIS else ""
    times = []
    for turn in range(rounds):
        # 0.6.0 does not forget who has been in a room.
        times += meet(notebooks, f"room = make('bench-{len(notebooks)}-{turn}'{options})")
        for nb in notebooks:
            nb.execute("room.close()")
            if version == OLD:
                nb.page.evaluate(HANG_UP)
            nb.page.evaluate(FORGET)
    return times


def joined(notebooks: Sequence[Notebook], rounds: int) -> list[float]:
    """Let them leave a room and join it again; return the same."""
    for nb in notebooks:
        nb.execute(f"room = make('bench-{len(notebooks)}'{OPTIONS})")
    times = []
    for _ in range(rounds):
        for nb in notebooks:
            nb.execute("room.leave()")
            nb.page.evaluate(FORGET)
        times += meet(notebooks, "join(room)")
    return times


def bare_calls(bench: Bench, people: int, rounds: int) -> list[float]:
    """Let pages call each other that have nothing else in them; return the same."""
    times = []
    with bare.serving() as url:
        pages = [bench.browsers.launch().new_context().new_page() for _ in range(people)]
        for number, page in enumerate(pages):
            page.goto(url)
            page.evaluate(WATCH)
            page.evaluate("([own, count]) => enter(own, count)", [number, people])
        for _ in range(rounds):
            start = time.time() + DELAY
            for page in pages:
                page.evaluate("start => void call(start)", start)
            for page in pages:
                times += [seen - start for seen in pictures(page, people - 1, start)]
            for page in pages:
                page.evaluate("hangUp()")
                page.evaluate(FORGET)
    return times


def meet(notebooks: Sequence[Notebook], code: str) -> list[float]:
    """Run a statement everywhere at the same moment; return the seconds until every picture."""
    start = time.time() + DELAY
    for nb in notebooks:
        nb.execute(
            "import asyncio\n"
            f"begin = lambda: exec({code!r}, globals())\n"
            f"asyncio.get_running_loop().call_later({start} - time.time(), begin)"
        )
    times = []
    for nb in notebooks:
        seen = pictures(nb.page, len(notebooks) - 1, start)
        begun = nb.python("begun[-1]")
        times += [moment - begun for moment in seen]
    return times


def pictures(page: Page, count: int, start: float) -> list[float]:
    """Return when the first pictures of so many others were there, as far as they came.

    Those of calls that were just ended may come late, and don't count.
    """
    fresh = f"seen.filter((moment) => moment >= {start})"
    with suppress(PlaywrightTimeout):
        left = start + CONNECT - time.time()
        page.wait_for_function(
            f"{fresh}.length >= {count}", timeout=1000 * max(1, left), polling=POLLING
        )
    moments: list[float] = page.evaluate(fresh)
    return moments[:count]


def report(name: str, times: list[float], expected: int) -> None:
    """Print a row."""
    missing = f"{expected - len(times)} of {expected}"
    if not times:
        print(f"{name:24} {'':27} {missing:>10}", flush=True)
        return
    times = sorted(times)
    figures = [times[0], statistics.median(times), times[int(0.9 * len(times))], times[-1]]
    row = " ".join(f"{seconds:6.2f}" for seconds in figures)
    print(f"{name:24} {row} {missing:>10}", flush=True)


if __name__ == "__main__":
    main()
