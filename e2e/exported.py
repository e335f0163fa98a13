"""A page that nbconvert made of a notebook, with the scripts that it asks the network for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import anywidget

from e2e.install import NODE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.sync_api import BrowserContext, Route

ORIGIN = "https://exported.test/"
PAGE = f"{ORIGIN}notebook.html"
# Widgets' scripts are looked for beside the page, before the network is asked.
FAULT = f"{ORIGIN}anywidget.js"

# Whoever asks for a device is counted, whether or not the browser would ask its user.
COUNT_PROMPTS = """
globalThis.prompts = 0;
for (const name of ["getUserMedia", "getDisplayMedia"]) {
  const real = MediaDevices.prototype[name];
  MediaDevices.prototype[name] = function (...wishes) {
    globalThis.prompts += 1;
    return real.apply(this, wishes);
  };
}
"""


def scripts() -> dict[str, Path]:
    """Find the scripts that such a page loads, by a part of their addresses."""
    modules = NODE / "node_modules"
    return {
        "/require.min.js": modules / "requirejs/require.js",
        "/@jupyter-widgets/html-manager@": modules
        / "@jupyter-widgets/html-manager/dist/embed-amd.js",
        "/anywidget@": Path(anywidget.__file__).parent / "nbextension/index.js",
    }


def serve(context: BrowserContext, html: str, files: Mapping[str, Path]) -> None:
    """Answer every request of a browser: with the page, a script, or nothing for other things."""

    def answer(route: Route) -> None:
        url = route.request.url
        if url == PAGE:
            route.fulfill(body=html, content_type="text/html")
            return
        for part, file in files.items():
            if part in url:
                route.fulfill(path=file, content_type="text/javascript")
                return
        # It has no scripts of its own. Formulas and fonts do not matter here.
        route.fulfill(status=404 if url.startswith(ORIGIN) else 200)

    context.route("**/*", answer)
