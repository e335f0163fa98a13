"""Finds the ES module of a widget."""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent / "static"


def bundle(name: str) -> Path:
    """Return the built ES module `name`, bundled from `js/widgets/<name>.ts`."""
    path = STATIC / f"{name}.js"
    if not path.is_file():
        message = (
            f"The front end of {name!r} is not built ({path} is missing): "
            "run `hatch run build`, or install the package again with pip."
        )
        raise FileNotFoundError(message)
    return path
