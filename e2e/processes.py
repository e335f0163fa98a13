"""The processes of a browser and of a kernel, and their memory."""

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


def renderers(browser: Browser) -> list[int]:
    """Return the ids of the processes of a browser's pages."""
    return of_kind(browser, "renderer")


def memory(browser: Browser) -> tuple[int, int]:
    """Return the bytes of memory of a browser: of its own process, and of those of its pages."""
    own, pages = (sum(map(resident, of_kind(browser, kind))) for kind in ("browser", "renderer"))
    return own, pages


def of_kind(browser: Browser, kind: str) -> list[int]:
    """Return the ids of a browser's processes of a kind."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return [process["id"] for process in processes if process["type"] == kind]
