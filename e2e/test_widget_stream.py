"""Streams of other widgets: what they look like, and when they are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from playwright.sync_api import expect

from e2e.pixels import difference, pixels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Locator

    from e2e.conftest import Launch, OpenNotebook
    from e2e.notebooks import Notebook
    from e2e.pixels import Pixels

    UseTheme = Callable[[Notebook, str], None]

ALIKE = 0.01  # part of the pixels that may differ from the browser's own picture
THEME = "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })"
# Every drawing of the page decodes one picture.
COUNT_DRAWINGS = """() => {
  globalThis.drawings = [];
  const original = HTMLImageElement.prototype.decode;
  HTMLImageElement.prototype.decode = function () {
    drawings.push(performance.now());
    return original.call(this);
  };
}"""
FRAMES = """async count => {
  for (let i = 0; i < count; i++) await new Promise(requestAnimationFrame);
}"""


def captured(nb: Notebook) -> Pixels:
    """Take a picture with `recorder`, as rows of RGB."""
    nb.execute("recorder.image.value = b''; recorder.recording = True")
    nb.wait_for("len(recorder.image.value) or recorder.error")
    assert nb.python("recorder.error") == ""
    return pixels(nb.python("bytes(recorder.image.value)"))


def photographed(nb: Notebook, view: Locator) -> Pixels:
    """Let the browser take its own picture of an element."""
    nb.page.mouse.move(1, 1)
    return pixels(view.screenshot(animations="disabled"))


def assert_alike(nb: Notebook, view: Locator) -> None:
    view.scroll_into_view_if_needed()
    expected = photographed(nb, view)
    picture = captured(nb)
    assert picture.shape == expected.shape
    assert difference(picture, expected) <= ALIKE
    assert expected.std() > 5  # Not two empty pictures.


@pytest.fixture
def use_theme() -> Iterator[UseTheme]:
    """Change the theme of a page; the server remembers it, and is told to forget it."""
    used: list[Notebook] = []

    def use_theme(nb: Notebook, theme: str) -> None:
        used.append(nb)
        nb.page.evaluate(THEME, f"JupyterLab {theme.capitalize()}")
        light = str(theme == "light").lower()
        expect(nb.page.locator("body")).to_have_attribute("data-jp-theme-light", light)

    yield use_theme
    use_theme(used[0], "light")


def color_at(picture: Pixels, x: int, y: int) -> tuple[int, ...]:
    return tuple(int(value) for value in picture[y, x])


@pytest.mark.quick
def test_a_slider_looks_as_in_the_page(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        slider = ipywidgets.FloatSlider(value=3, description="Slider")
        slider
        # %%
        stream = ipywebrtc.WidgetStream(widget=slider)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream

    nb = notebook(cells)
    nb.run()
    nb.wait_for("stream.status == 'live'")
    view = nb.output(0).locator(".widget-slider")
    assert_alike(nb, view)
    nb.execute("slider.value = 9")
    expect(view.locator(".widget-readout")).to_have_text("9.00")
    assert_alike(nb, view)
    assert nb.errors == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_form_looks_as_in_the_page(
    jupyterlab: OpenNotebook, use_theme: UseTheme, theme: str
) -> None:
    def cells() -> None:
        import io

        import bqplot
        import ipywidgets as w
        import numpy as np
        import PIL.Image

        import ipywebrtc

        file = io.BytesIO()
        slope = np.add.outer(np.arange(40), np.arange(60)).astype("uint8")
        PIL.Image.fromarray(slope * 2).save(file, "png")
        styles = ("", "primary", "success", "info", "warning", "danger")
        form = w.VBox(
            [
                w.HBox([w.Button(description=s or "plain", button_style=s) for s in styles]),
                w.HBox(
                    [
                        w.VBox(
                            [
                                w.FloatSlider(value=3.3, description="Float"),
                                w.IntRangeSlider(value=(20, 60), description="Range"),
                                w.Checkbox(value=True, description="Checked"),
                                w.Checkbox(value=False, description="Not checked"),
                                w.ToggleButton(value=True, description="Pressed", icon="check"),
                                w.RadioButtons(options=["one", "two"], value="two"),
                                w.Dropdown(
                                    options=["one", "two"], value="two", description="Choice"
                                ),
                                w.Text("text", description="Text"),
                                w.Textarea("more\ntext", description="Area"),
                                w.IntProgress(40, bar_style="success", description="Progress"),
                            ]
                        ),
                        w.VBox(
                            [
                                w.HTML(
                                    "<b>bold</b> <a href='#'>link</a><table><tr><td>1<td>2</table>"
                                ),
                                w.Image(value=file.getvalue(), layout=w.Layout(width="90px")),
                                w.Tab([w.Label("inside")], titles=["first", "second"]),
                                bqplot.Figure(
                                    marks=[
                                        bqplot.Lines(
                                            x=[0, 1, 2],
                                            y=[0, 2, 1],
                                            scales={
                                                "x": bqplot.LinearScale(),
                                                "y": bqplot.LinearScale(),
                                            },
                                        )
                                    ],
                                    animation_duration=0,
                                    layout=w.Layout(width="400px", height="250px"),
                                ),
                            ]
                        ),
                    ]
                ),
            ]
        )
        form
        # %%
        stream = ipywebrtc.WidgetStream(widget=form)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream

    nb = jupyterlab(cells)
    use_theme(nb, theme)
    nb.run()
    nb.wait_for("stream.status == 'live'")
    expect(nb.output(0).locator("svg path.line")).to_be_visible()
    assert_alike(nb, nb.output(0).locator(".widget-vbox").first)
    assert nb.python("stream.error") == ""


def test_what_is_typed_and_set_is_in_the_picture(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        text = ipywidgets.Text("before")
        box = ipywidgets.Checkbox()
        form = ipywidgets.VBox([text, box])
        form
        # %%
        stream = ipywebrtc.WidgetStream(widget=form)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream

    nb = notebook(cells)
    nb.run()
    nb.wait_for("stream.status == 'live'")
    view = nb.output(0).locator(".widget-vbox")
    before = captured(nb)
    nb.execute("text.value = 'after that'; box.value = True")
    expect(view.get_by_role("checkbox")).to_be_checked()
    assert_alike(nb, view)
    assert difference(captured(nb), before) > 0.001


def test_another_theme_is_in_the_next_picture(
    jupyterlab: OpenNotebook, use_theme: UseTheme
) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        label = ipywidgets.Label("Light or dark")
        label
        # %%
        stream = ipywebrtc.WidgetStream(widget=label)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream

    nb = jupyterlab(cells)
    nb.run()
    assert captured(nb).mean() > 200
    use_theme(nb, "dark")
    view = nb.output(0).locator(".widget-label")
    assert photographed(nb, view).mean() < 60
    assert_alike(nb, view)


def test_it_waits_for_a_widget_that_is_displayed_later(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        button = ipywidgets.Button(description="Late", button_style="danger")
        stream = ipywebrtc.WidgetStream(widget=button)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream
        # %%
        button

    nb = notebook(cells)
    nb.run(0)
    nb.wait_for("stream.status == 'waiting'")
    assert "display it" in nb.python("stream.error")
    nb.run(1)
    nb.wait_for("stream.status == 'live'")
    assert nb.python("stream.error") == ""
    assert_alike(nb, nb.output(1).locator("button"))


def test_it_goes_on_when_the_widget_is_removed_and_shown_again(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        button = ipywidgets.Button(description="First", button_style="danger")
        stream = ipywebrtc.WidgetStream(widget=button)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream
        # %%
        box = ipywidgets.VBox([button])
        box
        # %%
        box.children = ()
        # %%
        button.button_style = "success"
        button

    nb = notebook(cells)
    nb.run(0, 1)
    nb.wait_for("stream.status == 'live'")
    video = nb.output(0).locator("video")
    stream = video.evaluate("video => video.srcObject.id")
    nb.run(2)
    nb.wait_for("stream.status == 'waiting'")
    nb.run(3)
    nb.wait_for("stream.status == 'live'")
    assert video.evaluate("video => video.srcObject.id") == stream
    assert_alike(nb, nb.output(3).locator("button"))


def test_an_unchanged_widget_is_not_drawn_again(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        form = ipywidgets.VBox([ipywidgets.IntSlider(), ipywidgets.Text("text")])
        form
        # %%
        stream = ipywebrtc.WidgetStream(widget=form)
        stream

    nb = notebook(cells)
    nb.page.evaluate(COUNT_DRAWINGS)
    nb.run()
    nb.wait_for("stream.status == 'live'")
    nb.page.mouse.move(1, 1)
    nb.page.evaluate(FRAMES, 60)
    count = nb.page.evaluate("drawings.length")
    assert count >= 1
    nb.page.evaluate(FRAMES, 60)
    assert nb.page.evaluate("drawings.length") == count
    nb.execute("form.children[0].value = 50")
    nb.page.wait_for_function(f"drawings.length > {count}")


@pytest.mark.alone
def test_max_fps_is_a_ceiling(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        slider = ipywidgets.IntSlider()
        slider
        # %%
        stream = ipywebrtc.WidgetStream(widget=slider, max_fps=5)
        stream

    nb = notebook(cells)
    nb.page.evaluate(COUNT_DRAWINGS)
    nb.run()
    nb.wait_for("stream.status == 'live'")
    readout = nb.output(0).locator(".widget-readout")
    times = readout.evaluate("""async readout => {
      for (let i = 0; drawings.length < 8; i++) {
        readout.textContent = i;
        await new Promise(requestAnimationFrame);
      }
      return drawings.slice(2);
    }""")
    assert np.diff(times).mean() >= 195


def test_a_widget_that_is_a_canvas_is_copied(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import anywidget

        import ipywebrtc

        class Canvas(anywidget.AnyWidget):
            _esm = """export default { render({ model, el }) {
              const canvas = document.createElement("canvas");
              canvas.width = 300;
              canvas.height = 200;
              canvas.style.cssText = "width: 150px; display: block";
              const context = canvas.getContext("2d");
              const draw = color => {
                context.fillStyle = color;
                context.fillRect(0, 0, 300, 200);
              };
              draw("rgb(0, 128, 0)");
              model.on("msg:custom", draw);
              el.append(canvas);
            } }"""

        canvas = Canvas(layout={"width": "150px"})
        canvas
        # %%
        stream = ipywebrtc.WidgetStream(widget=canvas)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream

    nb = notebook(cells)
    nb.page.evaluate(COUNT_DRAWINGS)
    nb.run()
    video = nb.output(1).locator("video")
    expect(video).to_have_js_property("videoWidth", 300)
    # A view that was shown before its canvas was there has been drawn until then.
    nb.page.evaluate("() => { drawings.length = 0; }")
    picture = captured(nb)
    assert picture.shape == (200, 300, 3)
    assert color_at(picture, 10, 10) == (0, 128, 0)
    nb.execute("canvas.send('rgb(0, 0, 255)')")
    video.evaluate("""async video => {
      const scratch = new OffscreenCanvas(1, 1).getContext("2d");
      do {
        await new Promise(requestAnimationFrame);
        scratch.drawImage(video, 0, 0, 1, 1);
      } while (scratch.getImageData(0, 0, 1, 1).data[2] < 200);
    }""")
    assert color_at(captured(nb), 10, 10) == (0, 0, 255)
    assert nb.page.evaluate("drawings.length") == 0


def test_a_canvas_that_comes_late_is_copied(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import anywidget

        import ipywebrtc

        class Canvas(anywidget.AnyWidget):
            _esm = """export default { render({ model, el }) {
              el.textContent = "Loading";
              model.on("msg:custom", () => {
                const canvas = document.createElement("canvas");
                canvas.width = 300;
                canvas.height = 200;
                canvas.style.cssText = "width: 150px; display: block";
                canvas.getContext("2d").fillRect(0, 0, 300, 200);
                el.replaceChildren(canvas);
              });
            } }"""

        canvas = Canvas(layout={"width": "150px"})
        canvas
        # %%
        stream = ipywebrtc.WidgetStream(widget=canvas)
        stream

    nb = notebook(cells)
    nb.run()
    nb.wait_for("stream.status == 'live'")
    video = nb.output(1).locator("video")
    expect(video).not_to_have_js_property("videoWidth", 300)
    nb.execute("canvas.send('draw')")
    expect(video).to_have_js_property("videoWidth", 300)


def test_canvases_and_shadow_trees_inside_a_widget_are_drawn(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import anywidget
        import ipywidgets

        import ipywebrtc

        class Nested(anywidget.AnyWidget):
            _esm = """export default { render({ model, el }) {
              const host = document.createElement("div");
              const shadow = host.attachShadow({ mode: "open" });
              const sheet = new CSSStyleSheet();
              sheet.replaceSync(`
                :host { display: block; padding: 6px; background: rgb(255, 220, 0) }
                p { margin: 0; color: rgb(0, 0, 200); font: 20px/30px sans-serif }
                canvas { border: 4px solid rgb(200, 0, 0); vertical-align: top }`);
              shadow.adoptedStyleSheets = [sheet];
              shadow.innerHTML = `<p>In the shadow</p><canvas width=60 height=40></canvas>`;
              const context = shadow.querySelector("canvas").getContext("2d");
              const draw = color => {
                context.fillStyle = color;
                context.fillRect(10, 10, 40, 20);
              };
              draw("rgb(0, 128, 0)");
              model.on("msg:custom", draw);
              const outside = document.createElement("p");
              outside.textContent = "And the light";
              el.append(host, outside);
            } }"""

        nested = Nested()
        box = ipywidgets.VBox([nested, ipywidgets.Checkbox(description="beside")])
        box
        # %%
        stream = ipywebrtc.WidgetStream(widget=box)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream

    nb = notebook(cells)
    nb.run()
    nb.wait_for("stream.status == 'live'")
    view = nb.output(0).locator(".widget-vbox")
    assert_alike(nb, view)
    nb.execute("nested.send('rgb(255, 0, 255)')")
    canvas = view.locator("canvas")
    canvas.evaluate("""async canvas => {
      const context = canvas.getContext("2d");
      while (context.getImageData(30, 20, 1, 1).data[0] !== 255) {
        await new Promise(requestAnimationFrame);
      }
    }""")
    assert_alike(nb, view)


def test_scrolled_content_is_drawn_where_it_stands(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        rows = "".join(f"<div>row {number}</div>" for number in range(40))
        style = "height: 120px; overflow: hidden auto; scrollbar-width: none"
        html = ipywidgets.HTML(f"<div class='scrolled' style='{style}'>{rows}</div>")
        html
        # %%
        stream = ipywebrtc.WidgetStream(widget=html)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream

    nb = notebook(cells)
    nb.run()
    nb.wait_for("stream.status == 'live'")
    first = captured(nb)
    nb.output(0).locator(".scrolled").evaluate("element => element.scrollTop = 333")
    assert_alike(nb, nb.output(0).locator(".widget-html"))
    assert difference(captured(nb), first) > 0.001


def test_a_picture_of_another_site_leaves_a_placeholder_and_a_sentence(
    jupyterlab: OpenNotebook,
) -> None:
    def cells(url: str) -> None:
        import ipywidgets

        import ipywebrtc

        html = ipywidgets.HTML(f"<p>Words</p><img src='{url}' width=64 height=64>")
        html
        # %%
        stream = ipywebrtc.WidgetStream(widget=html)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream

    nb = jupyterlab(cells, url="")
    PIL.Image.new("RGB", (64, 64), "red").save(nb.folder / "red.png")
    path = nb.page.url.replace("/doc/tree/", "/files/").rpartition("/")[0]
    url = f"{path}/red.png".replace("127.0.0.1", "localhost")
    nb.run()
    nb.execute(f"html.value = \"<p>Words</p><img src='{url}' width=64 height=64>\"")
    nb.wait_for("'red.png' in stream.error")
    assert "CORS" in nb.python("stream.error")
    assert nb.python("stream.status") == "live"
    picture = captured(nb)
    assert not (picture == (255, 0, 0)).all(-1).any()
    assert (picture == (204, 204, 204)).all(-1).sum() > 1000
    nb.execute("html.value = '<p>Words</p>'")
    nb.wait_for("stream.error == ''")


@pytest.mark.parametrize("kind", ["method", "property"])
def test_a_stream_of_another_package_is_recorded(notebook: OpenNotebook, kind: str) -> None:
    def cells(kind: str) -> None:
        from typing import Any

        import traitlets

        import ipywebrtc

        class Figure(ipywebrtc.MediaStream):
            """Makes its stream in its own JavaScript, when it is displayed."""

            _esm: Any = """export default { async render({ model, el }) {
              const canvas = document.createElement("canvas");
              canvas.width = 120;
              canvas.height = 90;
              const context = canvas.getContext("2d");
              context.fillStyle = "rgb(0, 128, 0)";
              context.fillRect(0, 0, 120, 90);
              el.append(canvas);
              const real = await model.widget_manager.get_model(model.get("itself").slice(10));
              const redraw = () => context.fillRect(0, 0, 120, 90);
              const capture = () => {
                const stream = canvas.captureStream();
                for (const track of stream.getTracks()) {
                  const request = track.requestFrame.bind(track);
                  track.requestFrame = () => { request(); redraw(); };
                }
                return Promise.resolve(stream);
              };
              if (model.get("kind") === "method") real.captureStream = capture;
              else { real.stream = capture(); setInterval(redraw, 100); }
            } }"""
            kind = traitlets.Unicode().tag(sync=True)
            itself = traitlets.Unicode().tag(sync=True)

        figure = Figure(kind=kind)
        figure.itself = "IPY_MODEL_" + figure.model_id
        recorder = ipywebrtc.ImageRecorder(stream=figure)
        recorder
        # %%
        stream = ipywebrtc.WidgetStream(widget=figure)
        stream
        # %%
        figure

    nb = notebook(cells, kind=kind)
    nb.run()
    picture = captured(nb)
    assert picture.shape == (90, 120, 3)
    assert np.abs(picture[10, 10].astype(int) - (0, 128, 0)).max() <= 4
    expect(nb.output(1).locator("video")).to_have_js_property("videoWidth", 120)


def test_pythreejs_streams(jupyterlab: OpenNotebook) -> None:
    def cells() -> None:
        import pythreejs as three

        import ipywebrtc

        camera = three.PerspectiveCamera(position=[0, 0, 3], aspect=4 / 3)
        cube = three.Mesh(
            three.BoxGeometry(1, 1, 1), three.MeshBasicMaterial(color="rgb(0, 128, 0)")
        )
        scene = three.Scene(children=[cube, camera], background="white")
        renderer = three.Renderer(camera=camera, scene=scene, width=320, height=240)
        renderer
        # %%
        stream = ipywebrtc.WidgetStream(widget=renderer, max_fps=30)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream

    nb = jupyterlab(cells)
    nb.run()
    expect(nb.output(1).locator("video")).to_have_js_property("videoWidth", 320)
    picture = captured(nb)
    assert picture.shape == (240, 320, 3)
    assert np.abs(picture[120, 160].astype(int) - (0, 128, 0)).max() <= 8
    assert np.abs(picture[5, 5].astype(int) - 255).max() <= 8


def test_ipyleaflet_streams(jupyterlab: OpenNotebook, tmp_path: Path) -> None:
    def cells(url: str) -> None:
        import ipyleaflet
        import ipywidgets

        import ipywebrtc

        tiles = ipyleaflet.TileLayer(url=url)
        leaflet = ipyleaflet.Map(
            layers=[tiles, ipyleaflet.Marker(location=(0, 0))],
            center=(0, 0),
            zoom=3,
            layout=ipywidgets.Layout(width="500px", height="300px"),
        )
        leaflet
        # %%
        stream = ipywebrtc.WidgetStream(widget=leaflet)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream

    tile = np.full((256, 256, 3), (120, 180, 240), np.uint8)
    tile[:8], tile[:, :8] = (250, 120, 0), (0, 90, 0)
    PIL.Image.fromarray(tile).save(tmp_path / "tile.png")
    nb = jupyterlab(cells, url=f"/files/{tmp_path.name}/tile.png?{{z}}-{{x}}-{{y}}")
    nb.run()
    nb.wait_for("stream.status == 'live'")
    view = nb.output(0).locator(".leaflet-container")
    view.evaluate("""async view => {
      const loaded = () => [...view.querySelectorAll(".leaflet-tile")].filter(
        tile => tile.complete && getComputedStyle(tile).opacity === "1");
      while (loaded().length < 4 || view.getAnimations({ subtree: true }).length) {
        await new Promise(requestAnimationFrame);
      }
    }""")
    assert_alike(nb, view)
    assert nb.python("stream.error") == ""


def test_the_browsers_own_capture_begins_with_a_click(
    notebook: OpenNotebook, launch: Launch
) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        button = ipywidgets.Button(description="Captured", button_style="success")
        button
        # %%
        stream = ipywebrtc.WidgetStream(widget=button, method="screen")
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream

    nb = notebook(cells, browser=launch(fake_ui=False, extra=["--auto-accept-this-tab-capture"]))
    nb.run()
    nb.output(1).get_by_role("button", name="Start").click()
    nb.wait_for("stream.status == 'live'")
    expected = photographed(nb, nb.output(0).locator("button"))
    picture = captured(nb)
    assert np.abs(np.subtract(picture.shape, expected.shape)).max() <= 2
    assert np.abs(picture[4, 20].astype(int) - expected[4, 20]).max() <= 16


def captured_by_the_browser() -> None:
    import ipywidgets

    import ipywebrtc

    button = ipywidgets.Button(description="Captured", button_style="success")
    button
    # %%
    stream = ipywebrtc.WidgetStream(widget=button, method="screen")
    stream


THIS_TAB = "--auto-accept-this-tab-capture"


def test_a_click_captures_while_the_kernel_is_busy(notebook: OpenNotebook, launch: Launch) -> None:
    def cells() -> None:
        import pathlib
        import time

        import ipywidgets

        import ipywebrtc

        button = ipywidgets.Button(description="Captured", button_style="success")
        button
        # %%
        stream = ipywebrtc.WidgetStream(widget=button, method="screen")
        stream
        # %%
        while not pathlib.Path("finish").exists():
            time.sleep(0.05)

    nb = notebook(cells, browser=launch(fake_ui=False, extra=[THIS_TAB]))
    nb.run(0, 1)
    nb.page.wait_for_function('globalThis[Symbol.for("ipywebrtc.assets/1")]?.size')
    nb.start(2)
    nb.output(1).get_by_role("button", name="Start").click()
    expect(nb.output(1).locator("video")).not_to_have_js_property("videoWidth", 0)
    (nb.folder / "finish").touch()
    nb.finish(2)
    nb.wait_for("stream.status == 'live'")


def test_a_capture_that_was_stopped_says_so(notebook: OpenNotebook, launch: Launch) -> None:
    nb = notebook(captured_by_the_browser, browser=launch(fake_ui=False, extra=[THIS_TAB]))
    nb.run()
    nb.output(1).get_by_role("button", name="Start").click()
    nb.wait_for("stream.status == 'live'")
    # The browser's own button can't be pressed here.
    nb.output(1).locator("video").evaluate(
        "video => video.srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))"
    )
    nb.wait_for("stream.status == 'ended'")
    assert "press Start" in nb.python("stream.error")
    nb.output(1).get_by_role("button", name="Start").click()
    nb.wait_for("stream.status == 'live' and not stream.error")


def test_a_browser_without_element_capture_says_so(notebook: OpenNotebook, launch: Launch) -> None:
    nb = notebook(captured_by_the_browser, browser=launch(fake_ui=False, extra=[THIS_TAB]))
    nb.page.evaluate("() => { delete globalThis.RestrictionTarget; }")
    nb.run()
    nb.output(1).get_by_role("button", name="Start").click()
    nb.wait_for("stream.status == 'error'")
    assert "use Chrome or Edge" in nb.python("stream.error")
    assert "method to 'dom'" in nb.python("stream.error")


def test_what_is_not_this_tab_is_refused(notebook: OpenNotebook) -> None:
    nb = notebook(captured_by_the_browser)  # This browser shares its whole screen.
    nb.run()
    nb.output(1).get_by_role("button", name="Start").click()
    nb.wait_for("stream.status == 'error'")
    assert "choose this tab" in nb.python("stream.error")


def test_a_picture_has_the_pixels_of_a_fine_screen(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        label = ipywidgets.HTML("<h2>Fine print</h2>", layout={"width": "200px"})
        label
        # %%
        stream = ipywebrtc.WidgetStream(widget=label)
        recorder = ipywebrtc.ImageRecorder(stream=stream)

    nb = notebook(cells)
    screen = {"width": 1280, "height": 1000, "deviceScaleFactor": 2, "mobile": False}
    session = nb.page.context.new_cdp_session(nb.page)
    session.send("Emulation.setDeviceMetricsOverride", screen)
    nb.run()
    view = nb.output(0).locator(".widget-html")
    box = view.bounding_box()
    assert box
    # Playwright's own pictures take no notice of the finer screen.
    picture = captured(nb)
    assert picture.shape[:2] == (round(2 * box["height"]), round(2 * box["width"]))
    assert picture.std() > 5


def test_a_resized_widget_has_a_picture_of_its_new_size(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        button = ipywidgets.Button(description="Grow", layout={"width": "100px", "height": "40px"})
        button
        # %%
        stream = ipywebrtc.WidgetStream(widget=button)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream

    nb = notebook(cells)
    nb.run()
    video = nb.output(1).locator("video")
    expect(video).to_have_js_property("videoWidth", 100)
    nb.execute("button.layout.width = '240px'")
    expect(video).to_have_js_property("videoWidth", 240)
    button = nb.output(0).get_by_role("button")
    assert captured(nb).shape == photographed(nb, button).shape


def test_images_of_style_sheets_are_drawn(notebook: OpenNotebook, tmp_path: Path) -> None:
    def cells(url: str) -> None:
        import ipywidgets

        import ipywebrtc

        style = f"background: url({url}) center / 100% 100%; width: 60px; height: 40px"
        box = ipywidgets.HTML(f'<div style="{style}"></div>', layout={"width": "60px"})
        box
        # %%
        stream = ipywebrtc.WidgetStream(widget=box)
        recorder = ipywebrtc.ImageRecorder(stream=stream)

    PIL.Image.new("RGB", (6, 4), (10, 200, 30)).save(tmp_path / "green.png")
    nb = notebook(cells, url=f"/files/{tmp_path.name}/green.png")
    nb.run()
    assert color_at(captured(nb), 30, 20) == (10, 200, 30)
    assert_alike(nb, nb.output(0).locator(".widget-html"))


def test_queries_of_an_outer_container_are_answered(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        html = ipywidgets.HTML("""<style>
            .outer { container-type: inline-size; }
            .asking { background: red; width: 50cqw; }
            @container (min-width: 250px) and (max-width: 350px) {
              .asking { background: rgb(0, 128, 0); }
            }</style><p class="asking">Words</p>""")
        box = ipywidgets.VBox([html], layout={"width": "304px", "padding": "0 5px"})
        box.add_class("outer")
        box
        # %%
        stream = ipywebrtc.WidgetStream(widget=html)
        recorder = ipywebrtc.ImageRecorder(stream=stream)

    nb = notebook(cells)
    nb.run()
    assert_alike(nb, nb.output(0).locator(".widget-html"))


def test_borders_of_linked_style_sheets_are_drawn(jupyterlab: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        html = ipywidgets.HTML("<p class='bordered'>Words</p>", layout={"width": "120px"})
        html
        # %%
        stream = ipywebrtc.WidgetStream(widget=html)
        recorder = ipywebrtc.ImageRecorder(stream=stream)

    nb = jupyterlab(cells)
    css = ".bordered { --w: 6px; } .bordered { border: var(--w) solid red; border-top-color: blue }"
    (nb.folder / "linked.css").write_text(css)
    folder = nb.page.url.replace("/doc/tree/", "/files/").rpartition("/")[0]
    nb.page.add_style_tag(url=f"{folder}/linked.css")
    nb.run()
    assert_alike(nb, nb.output(0).locator(".widget-html"))


def test_a_page_in_a_widget_leaves_a_placeholder_and_a_sentence(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywidgets

        import ipywebrtc

        html = ipywidgets.HTML("<iframe srcdoc='Words' width=90 height=60></iframe>")
        html
        # %%
        stream = ipywebrtc.WidgetStream(widget=html)
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        stream

    nb = notebook(cells)
    nb.run()
    nb.wait_for("'frames' in stream.error")
    assert nb.python("stream.status") == "live"
    assert (captured(nb) == (204, 204, 204)).all(-1).sum() > 1000
    nb.execute("html.value = '<p>Words</p>'")
    nb.wait_for("stream.error == ''")
