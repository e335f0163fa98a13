"""A server by https and under a path, as a JupyterHub's user has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.hub import Hub

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.conftest import Launch, OpenNotebook

TRUSTING = "--ignore-certificate-errors"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    root, home = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("hub")
    with Hub.running(root, home) as server:
        yield server


def test_a_picture_behind_a_path_and_a_certificate(notebook: OpenNotebook, launch: Launch) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera
        # %%
        recorder = ipywebrtc.ImageRecorder(stream=camera)
        recorder

    nb = notebook(cells, browser=launch(extra=[TRUSTING]))
    assert "/user/ada/" in nb.page.url
    nb.run()
    nb.output(1).get_by_role("button").first.click()
    nb.wait_for("len(recorder.image.value)")
    assert nb.python("recorder.to_numpy().shape[:2]") == (480, 640)
    assert nb.errors == []
