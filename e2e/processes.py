"""The memory of a browser's processes and of a kernel."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def resident(process: int) -> int:
    """Return the bytes of memory that a process has."""
    pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def memory(browser: Browser) -> tuple[int, int]:
    """Return the bytes of memory of a browser: of its own process, and of those of its pages."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    own, pages = (
        sum(resident(process["id"]) for process in processes if process["type"] == kind)
        for kind in ("browser", "renderer")
    )
    return own, pages
