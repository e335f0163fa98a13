"""What a notebook that was saved with its widgets shows where there is no kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import expect

from e2e.browsers import console_errors
from e2e.exported import COUNT_PROMPTS, FAULT, PAGE, scripts, serve
from e2e.hosts import JupyterLab, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page

    from e2e.conftest import Launch, OpenNotebook
    from e2e.notebooks import Notebook

LOAD_TIMEOUT = 12.0
SETTINGS = "lab/user-settings/@jupyter-widgets/jupyterlab-manager/plugin.jupyterlab-settings"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    """A JupyterLab that saves the state of widgets, as its settings menu offers."""
    root, home = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("home")
    write_json(home / "jupyter_config_dir" / SETTINGS, {"saveState": True})
    with JupyterLab.running(root, home) as server:
        yield server


@pytest.fixture
def saved(notebook: OpenNotebook) -> Notebook:
    """A notebook with a picture, a film and live widgets, saved with the state of its widgets."""

    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera
        # %%
        picture = ipywebrtc.ImageRecorder(stream=camera)
        picture
        # %%
        film = ipywebrtc.VideoRecorder(stream=camera)
        film
        # %%
        reader = ipywebrtc.FrameReader(stream=camera, reading=True)
        reader
        # %%
        room = ipywebrtc.WebRTCRoomLocal(stream=camera)
        room
        # %%
        played = ipywebrtc.VideoStream(video=film.video)
        played
        # %%
        ipywebrtc.WidgetStream(widget=picture)

    nb = notebook(cells)
    nb.run(0, 1, 2, 3, 4)
    nb.output(1).get_by_role("button", name="Take picture").click()
    nb.output(2).get_by_role("button", name="Record").click()
    nb.wait_for("film.duration > 1 and reader.latest is not None")
    nb.execute("film.recording = False")
    nb.wait_for("len(film.video.value) and len(picture.image.value)")
    nb.run(5, 6)
    nb.save()
    return nb


def test_an_exported_page(saved: Notebook, launch: Launch) -> None:
    path = saved.folder / "notebook-0.ipynb"
    html, _ = HTMLExporter().from_filename(str(path))
    # In a browser that would give the camera without asking.
    page = launch().new_context().new_page()
    page.add_init_script(COUNT_PROMPTS)
    serve(page.context, html, scripts())
    page.goto(PAGE)
    check(page, page.locator(".jp-Cell"))


def test_a_notebook_whose_kernel_has_ended(saved: Notebook, host: JupyterLab) -> None:
    path = saved.folder / "notebook-0.ipynb"
    page = saved.page
    page.goto("about:blank")
    host.stop_kernel(path)
    page.add_init_script(COUNT_PROMPTS)
    page.goto(host.url(path))
    host.wait_until_open(page, path)
    check(page, page.locator(".jp-Notebook .jp-Cell"))


def check(page: Page, cells: Locator) -> None:
    """Check that pictures and films are there, and what was live says so."""
    timeout = 1000 * LOAD_TIMEOUT
    for cell in cells.all():
        cell.scroll_into_view_if_needed()  # JupyterLab shows no others
    expect(cells.nth(0)).to_contain_text("A camera was here", timeout=timeout)
    expect(cells.nth(1).locator("img")).to_have_js_property("naturalWidth", 640)
    film = cells.nth(2).locator("video")
    film.evaluate("video => { video.currentTime = 0.5; }")
    expect(film).to_have_js_property("videoWidth", 640)
    expect(film).to_have_js_property("seeking", value=False)
    expect(cells.nth(3)).to_contain_text("Run the cell again")
    expect(cells.nth(4)).to_contain_text("run the cell again")
    expect(cells.nth(5).locator("video")).to_have_js_property("videoWidth", 640)
    expect(cells.nth(6)).to_contain_text("A stream of a widget was here")
    for name in ("Record", "Take picture", "Start", "Read", "Try again"):
        expect(cells.get_by_role("button", name=name, exact=True)).to_be_hidden()
    assert page.evaluate("prompts") == 0
    assert [error for error in console_errors(page) if FAULT not in error] == []
