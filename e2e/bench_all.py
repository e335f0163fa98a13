"""Prints the figures that README has beside those of ipywebrtc 0.6.0: one table, of one run.

`python -m e2e.bench_all` takes seven minutes, most of them for what 0.6.0 loses or delays. It runs
parts of the other benches, which tell more of each matter, for a short while. Both versions take
turns on the same machine: the ratios count, and it should have nothing else to do.

`python -m e2e.bench_all rooms imports` prints these rows only.
"""

from __future__ import annotations

import argparse
import os
import statistics
from importlib.metadata import version
from typing import TYPE_CHECKING

from e2e import bench_many, bench_recorder, bench_rooms, bench_snapshot, bench_widget_stream
from e2e.beside import OLD, THIS, Bench

if TYPE_CHECKING:
    from collections.abc import Iterator

    Row = tuple[str, dict[str, float], int]
    """What was measured, a figure or a truth of each version, and how many decimals it has."""

VERSIONS = (OLD, THIS)
YES = {True: "yes", False: "no"}
ROUNDS = 2
MEETINGS = 5
LARGE = 32e6  # bytes


def main() -> None:
    """Measure everything, and print each row as soon as its figures are there."""
    measures = (widgets, imports, snapshots, recordings, largest, widget_streams, rooms)
    known = {measure.__name__: measure for measure in measures}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"all by default: {', '.join(known)}")
    wanted = parser.parse_args().rows or known
    with Bench.running() as bench:
        browser = bench.browsers.launch().version.partition(".")[0]
        hosts = f"JupyterLab {version('jupyterlab')}, Chromium {browser}"
        print(f"{hosts}, {os.cpu_count()} processors:\n")
        print(f"| | {OLD} | this package | ratio |\n| --- | --: | --: | --: |")
        for one in wanted:
            for name, figures, decimals in known[one](bench):
                print(row(name, figures, decimals), flush=True)
            bench.browsers.close_pages()


def row(name: str, figures: dict[str, float], decimals: int) -> str:
    """Write a line of the table."""
    old, new = figures[OLD], figures[THIS]
    if isinstance(new, bool):
        return f"| {name} | {YES[bool(old)]} | {YES[new]} | |"
    ratio = f"{new / old:.2g}" if old else ""
    return f"| {name} | {old:.{decimals}f} | {new:.{decimals}f} | {ratio} |"


def widgets(bench: Bench) -> Iterator[Row]:
    """Count what comes to the page with one widget, and with many, and time it."""
    for count in bench_many.COUNTS:
        found = {name: bench_many.show(bench, name, count) for name in VERSIONS}
        shown = "a widget" if count == 1 else f"{count} widgets"
        yield (
            f"kB of messages to the page for {shown}",
            {n: f[0] / 1000 for n, f in found.items()},
            0,
        )
        yield f"seconds until {shown} can be seen", {n: f[1] for n, f in found.items()}, 2


def imports(bench: Bench) -> Iterator[Row]:
    """Time an import."""
    times: dict[str, list[float]] = {name: [] for name in VERSIONS}
    for _ in range(ROUNDS):
        for name, seconds in times.items():
            seconds.append(bench_many.import_time(bench, name))
    yield "seconds to import", {name: statistics.median(times[name]) for name in VERSIONS}, 2


def snapshots(bench: Bench) -> Iterator[Row]:
    """Time pictures."""
    found = bench_snapshot.measure(bench, ROUNDS)
    medians = {name: 1000 * figures.median for name, figures in found.items()}
    slowest = {name: 1000 * max(figures.times) for name, figures in found.items()}
    yield "ms for a snapshot, median", medians, 0
    yield "ms for the slowest snapshot", slowest, 0
    yield "snapshots a second", {n: f.rate for n, f in found.items()}, 1


def recordings(bench: Bench) -> Iterator[Row]:
    """Record a camera of 20 frames a second."""
    found = {name: bench_recorder.measure(bench, name, 1280, 720, ROUNDS) for name in VERSIONS}
    yield "recorded frames a second", {n: f.rate for n, f in found.items()}, 1
    yield "a player can jump in a recording", {n: f.seekable for n, f in found.items()}, 0


def largest(bench: Bench) -> Iterator[Row]:
    """Look for the largest recording that comes."""
    sizes = {name: bench_recorder.largest(bench, name, LARGE) / 1e6 for name in VERSIONS}
    yield f"MB of the largest recording that came, of {LARGE / 1e6:.0f} tried", sizes, 0


def widget_streams(bench: Bench) -> Iterator[Row]:
    """Count the frames of widgets that change all the time."""
    for cells in (bench_widget_stream.slider, bench_widget_stream.form):
        rates = {}
        for name in VERSIONS:
            nb = bench_widget_stream.shown(bench, cells, name)
            rates[name] = bench_widget_stream.frame_rate(nb)
            nb.page.context.close()
        yield f"frames a second of a {cells.__name__} in a WidgetStream", rates, 1


def rooms(bench: Bench) -> Iterator[Row]:
    """Time the meeting of two."""
    times = {}
    with bench_rooms.running_broker(bench) as broker:
        for name in VERSIONS:
            notebooks = bench_rooms.open_all(bench, name, broker, people=2)
            came = bench_rooms.made(notebooks, name, MEETINGS)
            missing = [bench_rooms.CONNECT] * (len(notebooks) * MEETINGS - len(came))
            times[name] = statistics.median([*came, *missing])
            bench.browsers.close_pages()
    yield "seconds until two see each other in a room", times, 2


if __name__ == "__main__":
    main()
