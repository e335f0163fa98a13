"""Finds the ES modules of the front end."""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent / "static"


def bundle(name: str) -> str:
    """Read the built ES module `name`, bundled from `js/widgets/<name>.ts`.

    A path would do for anywidget, but then it watches the file for each widget, and so keeps each
    widget for as long as the kernel lives.
    """
    return _built(STATIC / f"{name}.js", name).read_text("utf-8")


def asset(name: str) -> bytes:
    """Read the built module `name` that pages ask for when they need it, of `js/assets/`."""
    folder = STATIC / "assets"
    # A page names it: nothing outside of the folder may be read.
    path = folder / f"{Path(name).name}.js"
    return _built(path, name).read_bytes()


def _built(path: Path, name: str) -> Path:
    if not path.is_file():
        message = (
            f"The front end of {name!r} is not built ({path} is missing): "
            "run `hatch run build`, or install the package again with pip."
        )
        raise FileNotFoundError(message)
    return path
