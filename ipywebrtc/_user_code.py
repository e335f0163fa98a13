"""Calls what the user wrote, so that nothing in it ends or blocks the kernel."""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt in this code at the first interrupt.

    Between cells ipykernel ignores interrupts, and asyncio takes the first one for its own task.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    if before is None or before is signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def contained() -> Iterator[None]:
    """Report a `sys.exit()` in this code, such as an observer's, as any other exception.

    Outside of cells it would end the kernel.
    """
    try:
        yield
    except SystemExit:
        report()


def report() -> None:
    """Show the traceback of the exception that is being handled, as the host does."""
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", bool)()
    if shell:
        shell.showtraceback()
    else:
        traceback.print_exc()
