"""A server by https and under a path, and in an iframe of a portal."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple, cast

import pytest
from playwright.sync_api import expect

from e2e.hosts import ADDRESS
from e2e.hub import Hub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from e2e.conftest import Launch, OpenNotebook
    from e2e.notebooks import Notebook

# The certificate is our own; and the portal, like one far away, leads to a server that is here.
TRUSTING = ("--ignore-certificate-errors", "--disable-features=LocalNetworkAccessChecks")
FRAME = """<link rel="icon" href="data:,">
<iframe src="{}" style="width: 1200px; height: 900px" allow="{}"></iframe>"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    root, home = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("hub")
    with Hub.running(root, home) as server:
        yield server


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    """A site on this machine, with a page to be written."""
    page = tmp_path / "portal.html"
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with ThreadingHTTPServer((ADDRESS, 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield Portal(page, f"http://localhost:{server.server_port}/{page.name}")
        server.shutdown()


class Portal(NamedTuple):
    """A page that shows others in iframes."""

    file: Path
    url: str


def cells() -> None:
    import ipywebrtc

    camera = ipywebrtc.CameraStream()
    camera
    # %%
    recorder = ipywebrtc.ImageRecorder(stream=camera)
    recorder


def test_a_picture_behind_a_path_and_a_certificate(notebook: OpenNotebook, launch: Launch) -> None:
    nb = notebook(cells, browser=launch(extra=TRUSTING))
    assert "/user/ada/" in nb.page.url
    nb.run()
    nb.output(1).get_by_role("button").first.click()
    nb.wait_for("len(recorder.image.value)")
    assert nb.python("recorder.to_numpy().shape[:2]") == (480, 640)
    assert nb.errors == []


def test_an_iframe_that_may_use_the_camera(
    notebook: OpenNotebook, launch: Launch, host: Hub, portal: Portal
) -> None:
    nb = notebook(cells, browser=launch(extra=TRUSTING))
    embed(nb, host, portal, "camera; microphone")
    nb.wait_for("camera.status == 'live'")
    assert nb.errors == []


def test_an_iframe_that_may_not(
    notebook: OpenNotebook, launch: Launch, host: Hub, portal: Portal
) -> None:
    nb = notebook(cells, browser=launch(extra=TRUSTING))
    frame = embed(nb, host, portal, "")
    sentence = 'an iframe without allow="camera'
    expect(host.output(frame, 0)).to_contain_text(sentence)
    nb.wait_for(f"camera.status == 'error' and {sentence!r} in camera.error")
    assert nb.errors == []


def embed(nb: Notebook, host: Hub, portal: Portal, allow: str) -> Page:
    """Show a notebook in an iframe of a portal, and run its first cell there."""
    path = nb.folder / "notebook-0.ipynb"
    portal.file.write_text(FRAME.format(nb.page.url, allow))
    nb.page.goto(portal.url)
    frame = cast("Page", nb.page.frames[1])  # it does what a page does
    host.wait_until_open(frame, path)
    host.start_cell(frame, 0)
    assert host.finish_cell(frame, 0, 10) == []
    return frame
