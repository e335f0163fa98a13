"""The cells of marimo: a widget can only be made in one, and ends when it runs again.

marimo has no public way to say so; this is what its own widgets use. In other notebooks a cell has
no such life.
"""

from __future__ import annotations

import sys
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Cell:
    """A cell of marimo; see `running_cell`.

    Args:
        context: The session that it belongs to.
        identity: Its number there.
    """

    def __init__(self, context: Any, identity: str) -> None:
        self._context, self._identity = context, identity

    @contextmanager
    def resumed(self) -> Iterator[None]:
        """Let what is made belong to this cell, as if it were still running."""
        with self._context.with_cell_id(self._identity):
            yield

    def on_end(self, method: Callable[[], None]) -> None:
        """Call a method when the cell is run again or deleted, if its object still lives."""
        from marimo._runtime.cell_lifecycle_item import CellLifecycleItem

        alive = weakref.WeakMethod(method)

        class End(CellLifecycleItem):
            def create(self, context: Any) -> None:
                pass

            def dispose(self, context: Any, deletion: bool) -> bool:  # noqa: ARG002, FBT001 - marimo's
                if end := alive():
                    end()
                return True

        self._context.cell_lifecycle_registry.inject(self._identity, End())


def running_cell() -> Cell | None:
    """Return the cell of marimo that runs in this thread, if there is one."""
    if "marimo" not in sys.modules:
        return None
    from marimo._runtime.context import safe_get_context

    context = safe_get_context()
    identity = context and context.cell_id
    return Cell(context, identity) if identity else None
