"""The synced traits of the Python classes are those that the TypeScript knows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import ipywebrtc

if TYPE_CHECKING:
    from ipywebrtc._media import Media

TRAITS = Path(ipywebrtc.__file__).parent / "js" / "lib" / "traits.ts"


def declared(name: str) -> set[str]:
    """List the keys of `export type <name>Traits`, those of the types that it adds to included."""
    found = re.search(
        rf"type {name}Traits = (?:(\w+)Traits & )?{{(.*?)}};", TRAITS.read_text(), re.DOTALL
    )
    assert found, f"traits.ts has no {name}Traits"
    base = declared(found[1]) if found[1] else set()
    return base | set(re.findall(r"(\w+):", found[2]))


@pytest.mark.parametrize(
    "name",
    [
        "AudioRecorder",
        "ArrayStream",
        "AudioReader",
        "AudioStream",
        "CameraStream",
        "Doctor",
        "FrameReader",
        "ImageRecorder",
        "ImageStream",
        "MediaStream",
        "MicrophoneStream",
        "ScreenStream",
        "VideoRecorder",
        "VideoStream",
        "WebRTCPeer",
        "WebRTCRoom",
        "WidgetStream",
    ],
)
def test_typescript_has_the_traits_of_python(name: str) -> None:
    kind: type[Media] = getattr(ipywebrtc, name)
    widgets_own = {"_dom_classes", "_view_count", "tabbable", "tooltip"}
    synced = {
        trait
        for trait in kind.class_trait_names(sync=True)
        if not re.match("_(model|view)_", trait) and trait not in widgets_own
    }
    assert declared({"MediaStream": "Stream"}.get(name, name)) == synced
