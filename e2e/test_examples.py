"""The example notebooks run as they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from e2e.conftest import OpenNotebook

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_quickstart(notebook: OpenNotebook) -> None:
    nb = notebook(EXAMPLES / "quickstart.ipynb")
    nb.run()
    assert nb.python("picture.shape") == (480, 640, 4)
    assert nb.python("np.asarray(edges(picture)).std()") > 1
    nb.wait_for("len(taken) == 100", timeout=60)
    expect(nb.output(8).locator("img")).to_have_js_property("naturalWidth", 640)
    expect(nb.output(1).locator("video")).to_have_js_property("videoWidth", 640)
    assert nb.python("(camera.error, recorder.error, recorder.recording)") == ("", "", False)
    assert nb.errors == []
