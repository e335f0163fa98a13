"""The public names are a decision, and no accident."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import TYPE_CHECKING

import ipywebrtc
import ipywebrtc.webrtc

if TYPE_CHECKING:
    import types


def public(module: types.ModuleType) -> list[str]:
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not inspect.ismodule(value) and name != "annotations"
    )


def test_all_names_are_exported_and_sorted() -> None:
    assert sorted([*public(ipywebrtc), "__version__"]) == sorted(ipywebrtc.__all__)
    assert public(ipywebrtc.webrtc) == ipywebrtc.webrtc.__all__


def test_the_historical_path_has_the_same_classes() -> None:
    for name in ipywebrtc.webrtc.__all__:
        assert getattr(ipywebrtc.webrtc, name) is getattr(ipywebrtc, name)
    assert ipywebrtc.HasStream is ipywebrtc.MediaStream


def test_importing_needs_neither_numpy_nor_pillow_nor_sockets() -> None:
    code = "import sys, ipywebrtc; print([m for m in ('numpy', 'PIL', 'paho') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stdout.strip() == b"[]"


def test_every_public_widget_and_function_has_an_example() -> None:
    for name in ipywebrtc.__all__:
        value = getattr(ipywebrtc, name)
        if callable(value) and not (inspect.isclass(value) and issubclass(value, Exception)):
            assert "Example:" in (value.__doc__ or ""), name


def test_every_public_name_is_documented() -> None:
    for name in ipywebrtc.__all__:
        value = getattr(ipywebrtc, name)
        if not inspect.isclass(value):
            continue
        assert value.__doc__, name
        for method in vars(value).values():
            if inspect.isfunction(method) and not method.__name__.startswith("_"):
                assert method.__doc__, f"{name}.{method.__name__}"
