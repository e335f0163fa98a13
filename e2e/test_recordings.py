from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from e2e.recordings import contents, picture_at

if TYPE_CHECKING:
    from e2e.conftest import OpenNotebook

CAMERA_FPS = 20


@pytest.mark.parametrize(
    ("fmt", "codecs"),
    [
        ("webm", {"video": "vp9", "audio": "opus"}),
        ("mp4", {"video": "h264", "audio": "opus"}),
    ],
)
def test_a_camera_is_recorded_in_one_cell(
    notebook: OpenNotebook, fmt: str, codecs: dict[str, str]
) -> None:
    async def cells(fmt: str) -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        recorder = ipywebrtc.VideoRecorder(stream=camera, format=fmt)
        video = await recorder.record(3)

    nb = notebook(cells, fmt=fmt)
    nb.run()
    data = nb.python("bytes(video.value)")
    found = contents(data)
    assert {name.removeprefix("lib"): codec for name, codec in found.codecs.items()} == codecs
    assert found.duration == pytest.approx(3, abs=0.25)
    assert len(found.times) >= 0.95 * 3 * CAMERA_FPS
    assert found.size == (640, 480)
    assert picture_at(data, 1.5).shape == (480, 640, 3)
    assert nb.python("recorder.recording, recorder.status, recorder.error") == (False, "idle", "")
