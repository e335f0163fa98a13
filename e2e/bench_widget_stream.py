"""Times pictures of widgets: ours, snapdom's and html2canvas's, side by side in one page.

`python -m e2e.bench_widget_stream` changes a slider, and a form of 60 controls, before every
picture. The methods take turns, as their figures mean something only side by side. Then it shows
what the stream itself does: its frames a second while the widget changes at every animation
frame, its share of the page's main thread, and that share while nothing changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from e2e.beside import THIS, Bench, wait_until_shown
from hatch_build import JS

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import CDPSession, ViewportSize

    from e2e.notebooks import Notebook

LIBRARIES = ("@zumer/snapdom/dist/snapdom.js", "html2canvas/dist/html2canvas.js")
PICTURES = 12  # of each method
SLOW_PICTURES = 2  # of html2canvas, which copies the whole page for each: seconds
SECONDS = 4.0
IDLE_SECONDS = 8.0
VIEW = ".measured"
VIEWPORT: ViewportSize = {"width": 1280, "height": 1600}

# Milliseconds of each method for a picture of the changed widget, all in turns.
COMPARE = """async ({ view, count, few }) => {
  const element = document.querySelector(view);
  const readouts = element.querySelectorAll(".widget-readout");
  const handles = element.querySelectorAll(".noUi-origin");
  const live = [...globalThis[Symbol.for("ipywebrtc.live/1")].values()].find(
    ({ status, source }) => status === "live" && source);
  const forever = new AbortController().signal;
  const methods = {
    ipywebrtc: () => live.source.still(forever),
    snapdom: () => snapdom.toCanvas(element),
    html2canvas: () => html2canvas(element, { logging: false }),
  };
  const times = Object.fromEntries(Object.keys(methods).map(name => [name, []]));
  for (let i = 0; i <= count; i++) {
    for (const [name, draw] of Object.entries(methods)) {
      if (name === "html2canvas" && i > few) continue;
      // Nothing that was drawn before: the browser keeps some pictures for a while.
      readouts.forEach(readout => { readout.textContent = Math.random().toFixed(4); });
      handles.forEach(handle => { handle.style.translate = `${i}px`; });
      const start = performance.now();
      try {
        await draw();
        if (i > 0) times[name].push(performance.now() - start);  // The first warms up.
      } catch {
        times[name].push(NaN);
      }
    }
  }
  return times;
}"""

# Frames a second of the stream in a video, while the widget changes at every animation frame.
STREAM = """async (video, { view, seconds }) => {
  const element = document.querySelector(view);
  const readouts = element.querySelectorAll(".widget-readout");
  const handles = element.querySelectorAll(".noUi-origin");
  const track = video.srcObject.getVideoTracks()[0].clone();
  const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
  let frames = 0;
  (async () => {
    for (let item; !(item = await reader.read()).done; frames++) item.value.close();
  })();
  const start = performance.now();
  for (let i = 0; performance.now() - start < 1000 * seconds; i++) {
    readouts.forEach(readout => { readout.textContent = Math.random().toFixed(4); });
    handles.forEach(handle => { handle.style.translate = `${i % 60}px`; });
    await new Promise(requestAnimationFrame);
  }
  const rate = frames / ((performance.now() - start) / 1000);
  track.stop();
  return rate;
}"""


def slider() -> None:
    """Show a slider, and its stream."""
    import ipywidgets

    import ipywebrtc

    widget = ipywidgets.FloatSlider(description="Slider")
    widget.add_class("measured")
    widget
    # %%
    stream = ipywebrtc.WidgetStream(widget=widget)
    stream


def form() -> None:
    """Show a form of 60 controls, and its stream."""
    import ipywidgets as w

    import ipywebrtc

    styles = ("", "primary", "success", "info", "warning", "danger")
    rows = [
        w.HBox(
            [
                w.FloatSlider(value=row / 3, description=f"Slider {row}"),
                w.Text(f"text {row}", description="Text"),
                w.Button(description=f"Button {row}", button_style=styles[row % 6], icon="check"),
            ]
        )
        for row in range(20)
    ]
    widget = w.VBox(rows)
    widget.add_class("measured")
    widget
    # %%
    stream = ipywebrtc.WidgetStream(widget=widget)
    stream


def main() -> None:
    """Measure both, and print a table."""
    with Bench.running() as bench:
        for cells in (slider, form):
            measure(cells.__name__, shown(bench, cells))
            bench.browsers.close_pages()


def shown(bench: Bench, cells: Callable[[], None], version: str = THIS) -> Notebook:
    """Show a widget and its stream."""
    nb = bench.open(cells, version)
    nb.page.set_viewport_size(VIEWPORT)
    nb.run()
    wait_until_shown(nb, 1)
    return nb


def frame_rate(nb: Notebook) -> float:
    """Return the stream's frames a second while the widget changes."""
    video = nb.output(1).locator("video")
    return float(video.evaluate(STREAM, {"view": VIEW, "seconds": SECONDS}))


def measure(name: str, nb: Notebook) -> None:
    """Measure one widget, and print its lines."""
    page = nb.page
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    for library in LIBRARIES:
        page.evaluate(LOAD, (JS / "node_modules" / library).read_text())
    idle = share(session, lambda: page.wait_for_timeout(1000 * IDLE_SECONDS))[1]
    rate, busy = share(session, lambda: frame_rate(nb))
    times = page.evaluate(COMPARE, {"view": VIEW, "count": PICTURES, "few": SLOW_PICTURES})
    medians = {method: sorted(values)[len(values) // 2] for method, values in times.items()}
    print(f"\n{name}: milliseconds a picture   min  median     max   times")
    for method, values in times.items():
        ratio = medians[method] / medians["ipywebrtc"]
        row = f"{min(values):7.1f} {medians[method]:7.1f} {max(values):7.1f} {ratio:4.1f}"
        print(f"  {method:27} {row}")
    print(f"  the stream: {rate:.1f} frames a second with {busy:.0%} of the main thread;")
    print(f"  unchanged: {idle:.2%} of it, JupyterLab's own work included")


# A module, or a script that leaves a global behind.
LOAD = """async source => {
  const amd = globalThis.define;
  globalThis.define = undefined;  // JupyterLab has one, which a script would call.
  try {
    (0, eval)(source);
  } finally {
    globalThis.define = amd;
  }
}"""


def share(session: CDPSession, action: Callable[[], Any]) -> tuple[Any, float]:
    """Return what an action returns, and the busy part of the page's main thread meanwhile."""
    before = metrics(session)
    result = action()
    after = metrics(session)
    elapsed = after["Timestamp"] - before["Timestamp"]
    return result, (after["TaskDuration"] - before["TaskDuration"]) / elapsed


def metrics(session: CDPSession) -> dict[str, float]:
    """Read the browser's own clocks."""
    found = session.send("Performance.getMetrics")["metrics"]
    return {metric["name"]: metric["value"] for metric in found}


if __name__ == "__main__":
    main()
