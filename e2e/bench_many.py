"""Times a notebook's widgets from their run until all are live, beside ipywebrtc 0.6.0.

`python -m e2e.bench_many` shows one camera, and then thirty widgets, half of them cameras and half
recorders of these, and counts the messages that the server sends to the page meanwhile. The script
of this package is among them; that of 0.6.0 is part of JupyterLab, which loads it once.
"""

from __future__ import annotations

import base64
import math
import statistics
import subprocess
import time
from typing import Any

from playwright.sync_api import expect

from e2e.beside import OLD, THIS, Bench

COUNTS = (1, 30)
ROUNDS = 3
IMPORTS = 5
BINARY = 2
"""A websocket frame that is no text, RFC 6455, section 5.2."""
LONGEST = 30_000
"""Milliseconds after which a camera is not expected any more."""
IMPORT = """
import time
begun = time.perf_counter()
import ipywebrtc
print(time.perf_counter() - begun)
"""


def cells(count: int) -> None:
    """Show cameras, and recorders of them."""
    import ipywidgets

    from ipywebrtc import CameraStream, ImageRecorder

    constraints = {"audio": False, "video": {"width": 320, "height": 240}}
    # %%
    cameras = [CameraStream(constraints=constraints) for _ in range((count + 1) // 2)]
    recorders = [ImageRecorder(stream=camera) for camera in cameras[: count // 2]]
    ipywidgets.VBox([*cameras, *recorders])


def main() -> None:
    """Measure both, and print a table."""
    print(f"{'widgets':>8} {'':14} {'kB to the page':>15} {'s until live':>13}")
    with Bench.running() as bench:
        for count in COUNTS:
            rows: dict[str, list[tuple[int, float]]] = {OLD: [], THIS: []}
            for _ in range(ROUNDS):
                for version, row in rows.items():
                    row.append(show(bench, version, count))
            for version, row in rows.items():
                size, seconds = (statistics.median(column) for column in zip(*row, strict=True))
                print(f"{count:8} {version:14} {size / 1000:15.0f} {seconds:13.2f}", flush=True)
        for version in (OLD, THIS):
            seconds = statistics.median(import_time(bench, version) for _ in range(IMPORTS))
            print(f"import: {version:14} {seconds:.2f} s")


def show(bench: Bench, version: str, count: int) -> tuple[int, float]:
    """Run the cells; return the bytes that the page received, and the seconds until all is live."""
    nb = bench.open(cells, version, count=count)
    nb.run(0)
    received = 0

    def add(event: dict[str, Any]) -> None:
        nonlocal received
        data = event["response"]["payloadData"]
        received += (
            len(base64.b64decode(data)) if event["response"]["opcode"] == BINARY else len(data)
        )

    devtools = nb.page.context.new_cdp_session(nb.page)
    devtools.on("Network.webSocketFrameReceived", add)
    devtools.send("Network.enable")
    begun = time.monotonic()
    nb.run(1)
    videos = nb.output(1).locator("video")
    try:
        for number in range((count + 1) // 2):
            expect(videos.nth(number)).not_to_have_js_property("videoWidth", 0, timeout=LONGEST)
    except AssertionError:
        seconds = math.inf
    else:
        seconds = time.monotonic() - begun
    nb.page.context.close()
    return received, seconds


def import_time(bench: Bench, version: str) -> float:
    """Return the seconds that an import takes in a new process."""
    command = [bench.python(version), "-c", IMPORT]
    done = subprocess.run(  # which imports from its folder first
        command, cwd=bench.modules(version), check=True, capture_output=True, text=True
    )
    return float(done.stdout)


if __name__ == "__main__":
    main()
