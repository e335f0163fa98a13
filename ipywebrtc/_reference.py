"""One widget as the trait of another: pages learn of one that is closed that there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

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
