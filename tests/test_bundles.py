"""Each bundle stands alone: a page loads it from a blob, once for every widget."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import hatch_build
from ipywebrtc._bundle import asset, bundle

if TYPE_CHECKING:
    from pathlib import Path

BUDGET = 30_000  # bytes: every instance of a widget sends its bundle to every page
ASSET_BUDGETS = {"muxer": 300_000, "remuxer": 520_000}  # bytes: what carries Mediabunny
ASSET_BUDGET = 35_000  # bytes, for all others: a page asks for it once

NAMES = [path.stem for path in hatch_build.bundles()]
ASSETS = [path.stem for path in hatch_build.assets()]


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What esbuild reads in the bundles; it fails at an import that it cannot follow."""
    out = tmp_path_factory.mktemp("bundles")
    report = out / "report.json"
    paths = map(str, [*hatch_build.bundles(), *hatch_build.assets()])
    options = ("--bundle", "--format=esm", f"--metafile={report}", f"--outdir={out}")
    hatch_build.npm("exec", "--", "esbuild", *paths, *options)
    outputs = json.loads(report.read_text())["outputs"]
    return {path.rpartition("/")[2].removesuffix(".js"): found for path, found in outputs.items()}


def test_bundles_are_current() -> None:
    assert not hatch_build.stale(), "run `hatch run build`"


@pytest.mark.parametrize("name", NAMES)
def test_bundle_is_small(name: str) -> None:
    assert len(bundle(name).encode()) <= BUDGET


@pytest.mark.parametrize("name", NAMES)
def test_bundle_exports_a_widget(name: str, modules: dict[str, dict[str, Any]]) -> None:
    assert modules[name]["exports"] == ["default"]


@pytest.mark.parametrize("name", ASSETS)
def test_asset_is_small(name: str) -> None:
    assert len(asset(name)) <= ASSET_BUDGETS.get(name, ASSET_BUDGET)


@pytest.mark.parametrize("name", [*NAMES, *ASSETS])
def test_bundle_imports_nothing(name: str, modules: dict[str, dict[str, Any]]) -> None:
    assert modules[name]["imports"] == []
    assert len(modules[name]["inputs"]) == 1


def test_missing_bundle_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ipywebrtc._bundle.STATIC", tmp_path)
    with pytest.raises(FileNotFoundError, match="hatch run build"):
        bundle("camera_stream")
    with pytest.raises(FileNotFoundError, match="hatch run build"):
        asset("dom")


def test_no_other_file_is_sent_as_an_asset() -> None:
    for name in ("../camera_stream", "/etc/passwd", "..", ""):
        with pytest.raises(FileNotFoundError):
            asset(name)
