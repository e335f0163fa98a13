"""The package is built from a copy of the tree, with an npm that nobody can find."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import hatch_build

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(hatch_build.__file__).parent
NOT_COPIED = shutil.ignore_patterns(".*_cache", ".git", "__pycache__", "node_modules")
BUNDLES = {
    path.relative_to(ROOT).as_posix() for path in [*hatch_build.bundles(), *hatch_build.assets()]
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout with its bundles and npm packages."""
    copy = tmp_path / "tree"
    shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
    (copy / "ipywebrtc/js/node_modules").symlink_to(hatch_build.JS / "node_modules")
    return copy


def hook(tree: Path) -> ModuleType:
    """Import the build of a copy."""
    spec = importlib.util.spec_from_file_location("hatch_build_copy", tree / "hatch_build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build(tree: Path, target: str) -> Path:
    """Build an sdist or a wheel where no npm is on the PATH."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target]
    subprocess.run(command, cwd=tree, env={**os.environ, "PATH": os.devnull}, check=True)
    (archive,) = (tree / "dist").iterdir()
    return archive


def unpack(sdist: Path, folder: Path) -> Path:
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (tree,) = folder.iterdir()
    return tree


def files(tree: Path) -> set[str]:
    return {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}


def test_wheel_has_the_bundles_and_not_their_sources(tree: Path) -> None:
    with zipfile.ZipFile(build(tree, "wheel")) as wheel:
        names = set(wheel.namelist())
    assert names >= BUNDLES | {"ipywebrtc/__init__.py", "ipywebrtc/py.typed"}
    assert not [name for name in names if name.startswith("ipywebrtc/js/")]


def test_sdist_has_the_bundles_and_their_sources(tree: Path, tmp_path: Path) -> None:
    names = files(unpack(build(tree, "sdist"), tmp_path / "sdist"))
    sources = {path.relative_to(ROOT).as_posix() for path in hatch_build.sources()}
    assert names >= BUNDLES | sources | {"LICENSE", "README.md", "hatch_build.py", "e2e/install.py"}
    assert not [name for name in names if "node_modules" in name]


def test_sdist_builds_a_wheel_without_npm(tree: Path, tmp_path: Path) -> None:
    unpacked = unpack(build(tree, "sdist"), tmp_path / "sdist")
    assert not hook(unpacked).stale()
    with zipfile.ZipFile(build(unpacked, "wheel")) as wheel:
        for name in BUNDLES:
            assert wheel.read(name) == (ROOT / name).read_bytes()
    assert not (unpacked / "ipywebrtc/js/node_modules").exists()


def test_edited_source_is_bundled_once(tree: Path) -> None:
    copy = hook(tree)
    copy.bundle()
    source, bundle = copy.sources()[-1], copy.bundles()[0]
    built = bundle.stat().st_mtime_ns
    copy.bundle()
    assert bundle.stat().st_mtime_ns == built

    source.touch()
    assert copy.stale()
    copy.bundle()
    assert bundle.stat().st_mtime_ns > built
    assert not copy.stale()


def test_bundle_without_an_entry_is_removed(tree: Path) -> None:
    copy = hook(tree)
    leftover = tree / "ipywebrtc/static/no_such_widget.js"
    leftover.touch()
    assert copy.stale()
    copy.bundle()
    assert not leftover.exists()
