"""One widget as the trait of another: what pages learn of it, and may set in it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import ipywidgets

from ipywebrtc._from_page import accepted

if TYPE_CHECKING:
    from ipywidgets import Widget


def is_closed(widget: Widget | None) -> bool:
    """Say whether a widget was closed, and so has no place in a page any more."""
    return widget is not None and widget.comm is None


def to_json(widget: Widget | None, owner: Widget) -> Any:
    """Name a widget, or none.

    ipywidgets raises for one that is closed, and a reloaded page then gets no widget at all.
    """
    return ipywidgets.widget_serialization["to_json"](None if is_closed(widget) else widget, owner)


REFERENCE = {**ipywidgets.widget_serialization, "to_json": to_json}
"""The metadata of such a trait."""


class _Held:
    """A core widget that holds media for one of ours: a page may set how it looks, no more."""

    _page_sets = frozenset({"width", "height", "controls", "autoplay", "loop"})

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a page sets, but for the media and their format."""
        super().set_state(accepted(self, sync_data, "sets"))  # type: ignore[misc]


@functools.cache
def held(kind: Any) -> Any:
    """Return a class of core widgets that is as `kind`, for what this package makes of it."""
    return type(kind.__name__, (_Held, kind), {"__module__": kind.__module__})
