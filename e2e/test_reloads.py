"""A page that is reloaded where the kernel goes on then, in applications besides JupyterLab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from e2e.hosts import Notebook7
from e2e.marimo import Marimo
from e2e.recordings import contents
from e2e.test_hosts import meet, room_cells
from e2e.test_interruptions import camera_cells

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.conftest import OpenNotebook
    from e2e.hosts import Host

PATIENCE = 20.0


@pytest.fixture(scope="module", params=["Notebook 7", "marimo edit"])
def host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Host]:
    """Each application in turn; marimo run gives a reloaded page a kernel of its own."""
    root, home = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("home")
    if request.param == "Notebook 7":
        with Notebook7.running(root, home) as notebook_7:
            yield notebook_7
    else:
        with Marimo.running(home, "edit") as marimo:
            yield marimo


def test_a_recording_is_kept_and_the_next_one_works(notebook: OpenNotebook) -> None:
    nb = notebook(camera_cells)
    nb.run()
    nb.output(1).get_by_role("button", name="Record").click()
    nb.wait_for("recorder.duration > 4", timeout=PATIENCE)
    nb.execute("same = recorder")
    nb.reload()
    nb.wait_for("recorder.status == 'error'", timeout=PATIENCE)
    assert "it is cut short" in nb.python("recorder.error")
    assert nb.python("recorder is same and not recorder.recording")
    assert contents(nb.python("bytes(recorder.video.value)")).times[-1] > 2
    expect(nb.output(1)).to_contain_text("it is cut short")
    nb.output(1).get_by_role("button", name="Record", exact=True).click()
    nb.wait_for("recorder.status == 'recording' and recorder.duration > 1", timeout=PATIENCE)
    nb.execute("recorder.recording = False")
    nb.wait_for("recorder.status == 'idle' and len(recorder.video.value)", timeout=PATIENCE)
    assert nb.errors == []


def test_a_call_comes_back(notebook: OpenNotebook) -> None:
    nb = notebook(room_cells, file="")
    nb.run()
    meet(nb, timeout=1000 * PATIENCE)
    nb.reload()
    meet(nb, timeout=1000 * PATIENCE)
    assert nb.errors == []
