"""Chromium with devices that are not there: a green picture with a timer, and beeps."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from e2e.install import find_chromium

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Browser, BrowserContext, Page, Playwright, ViewportSize

ALWAYS = (
    "--no-sandbox",  # there is none for root
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
)
VIEWPORT: ViewportSize = {"width": 1280, "height": 1000}
KEPT_BROWSERS = 2
FAKE_DEVICE = "--use-fake-device-for-media-stream"
FAKE_UI = "--use-fake-ui-for-media-stream"
UNCLOSED = "A VideoFrame was garbage collected without being closed."
"""Chromium says so now and then of a frame that no script has seen: a page that only read a camera
and closed each frame was told so about once in 250 ends of reading, in whichever way it ended. A
page that goes on forgetting frames is told every 10 s."""


class Browsers:
    """Starts browsers, and keeps them and what they have cached: the next test opens pages sooner.

    Args:
        playwright: Drives them.
    """

    def __init__(self, playwright: Playwright) -> None:
        self._chromium = playwright.chromium
        self._started: dict[tuple[str, ...], Browser] = {}
        self._kept: dict[Browser, list[BrowserContext]] = {}
        self._taken: dict[Browser, int] = {}
        self._crashed: set[BrowserContext] = set()

    def launch(
        self, *, fake_device: bool = True, fake_ui: bool = True, extra: Sequence[str] = ()
    ) -> Browser:
        """Start a browser, or return the one that runs with these flags.

        Args:
            fake_device: There is a camera and a microphone; without, there is none.
            fake_ui: Every request for a device is allowed. Without, it is denied at once, unless
                the test called `page.context.grant_permissions` before.
            extra: Other flags; of two with the same name, the last counts.
        """
        flags = (*ALWAYS, *[FAKE_DEVICE] * fake_device, *[FAKE_UI] * fake_ui, *extra)
        browser = self._started.pop(flags, None)
        if not (browser and browser.is_connected()):
            browser = self._chromium.launch(executable_path=find_chromium(), args=flags)
        self._started[flags] = browser  # the last one is the one that was used last
        return browser

    def person(self, browser: Browser) -> BrowserContext:
        """Return the context of one more person, whose browser has cached what others opened."""
        kept = self._kept.setdefault(browser, [])
        number = self._taken.get(browser, 0)
        self._taken[browser] = number + 1
        if number == len(kept):
            context = browser.new_context(viewport=VIEWPORT)
            # A page whose process was killed answers nobody, not even with an error.
            crashed = functools.partial(self._crashed.add, context)
            context.on("page", lambda page: page.on("crash", lambda _: crashed()))
            # It keeps the window: that of each further page would be drawn by two more processes.
            context.new_page()
            kept.append(context)
        return kept[number]

    @property
    def pages(self) -> list[Page]:
        """Every page that a test has opened."""
        browsers = self._started.values()
        pages = (page for browser in browsers for c in browser.contexts for page in c.pages)
        return [page for page in pages if page.url != "about:blank"]

    def close_pages(self) -> None:
        """Close every page, forget its permissions and storage, and quit browsers that idle."""
        for flags in [*self._started][:-KEPT_BROWSERS]:
            self._quit(flags)
        for browser in self._started.values():
            kept = self._kept.get(browser, [])
            for context in browser.contexts:
                if context in kept and context not in self._crashed:
                    forget(context)
                else:
                    context.close()
            self._kept[browser] = [context for context in kept if context in browser.contexts]
        self._crashed.clear()
        self._taken.clear()

    def close(self) -> None:
        """Quit every browser."""
        for flags in [*self._started]:
            self._quit(flags)

    def _quit(self, flags: tuple[str, ...]) -> None:
        browser = self._started.pop(flags)
        self._kept.pop(browser, None)
        browser.close()


def forget(context: BrowserContext) -> None:
    """Close the pages of a context, and keep nothing of them but what the browser has cached."""
    first, *pages = context.pages
    context.clear_cookies()
    context.clear_permissions()
    session = context.new_cdp_session(first)
    for page in pages:
        origin = "/".join(page.url.split("/")[:3])
        page.close()
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    session.detach()


def console_errors(page: Page) -> list[str]:
    """What went wrong in a page since it was opened: uncaught errors, and logged ones."""
    logged = [message for message in page.console_messages(filter="all") if message.type == "error"]
    unclosed = [message for message in logged if message.text.startswith(UNCLOSED)]
    if len(unclosed) == 1:
        logged.remove(unclosed[0])
    return [
        *(error.stack or error.message for error in page.page_errors(filter="all")),
        *(f"{message.text} ({message.location['url']})" for message in logged),
    ]
