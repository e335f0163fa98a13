"""Warnings that point at the line of whoever uses the package."""

from __future__ import annotations

import sys
import warnings

INNER = ("ipywebrtc", "anywidget", "ipywidgets", "traitlets")
"""Packages through which a call comes here."""


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, at the nearest line that is in none of the inner packages."""
    level = 1
    frame = sys._getframe()  # noqa: SLF001 - the standard library's warnings do so too
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] in INNER:
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)
