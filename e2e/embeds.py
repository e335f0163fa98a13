"""Applications that can't be installed here, as pages of our own with their widget managers.

What decides how a widget fares is theirs: which frame has which widget manager, what the frame may
use, and which versions the kernel has. How a notebook looks and is edited is not.
"""

from __future__ import annotations

import functools
import http.server
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from e2e.hosts import ADDRESS
from e2e.install import PAGES, environment
from e2e.plain import Plain, build

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Locator, Page
    from typing_extensions import Self

PROJECT = Path(__file__).parents[1]


class Embed(Plain):
    """A Jupyter server, and a page of ours that shows its notebooks."""

    MODULE = "jupyter_server"
    EXPOSE = "--ServerApp.allow_origin=*"
    POLICY = ""
    """The Permissions-Policy of the page."""

    _pages: int

    @classmethod
    @contextmanager
    def running(
        cls,
        root: Path,
        home: Path,
        python: str = sys.executable,
        modules: Path | None = None,
        kernel_command: Sequence[str] = (),
    ) -> Iterator[Self]:
        """Start a Jupyter server and one for the page, and stop them at the end."""
        build()
        with (
            pages(cls.POLICY) as port,
            super().running(root, home, python, modules, kernel_command) as server,
        ):
            server._pages = port
            yield server

    def url(self, notebook: Path, hostname: str = ADDRESS, port: int | None = None) -> str:
        """Say where a page finds a notebook."""
        page = f"http://{hostname}:{port or self._pages}/{self.PAGE}"
        return f"{page}?server={ADDRESS}:{self.port}&notebook={self._name(notebook)}"


class Colab(Embed):
    """Colab: each output is an iframe of another origin, with a widget manager of its own.

    As in Colab: the iframes may use the camera and the microphone, but not the screen; the versions
    of ipykernel and ipywidgets; a manager makes a model when a view or another model needs it, from
    the state that the page around it keeps, and that of the cell which runs makes one of each new
    widget besides; every message of the kernel goes to all models of its widget, and its buffers
    arrive as `Uint8Array`; all models have the JavaScript of ipywidgets 8.

    Unlike Colab: the manager is html-manager's, not Google's; `google.colab` is missing; messages
    have no size limit; Python and IPython are newer.
    """

    PAGE = "colab.html"
    PINNED = ("ipykernel==6.17.1", "ipywidgets==7.7.1")
    PACKAGES = (
        "anywidget>=0.11",
        "cryptography>=42",
        "numpy>=1.24",
        "paho-mqtt>=2.2",
        "pillow>=10",
    )
    KERNEL_ENVIRONMENT: ClassVar[dict[str, str]] = {"PYTHONPATH": str(PROJECT)}

    @classmethod
    def kernel_python(cls, python: str) -> str:
        """Make an environment with Colab's versions, and with what our package needs."""
        return environment("colab", python, *cls.PINNED, *cls.PACKAGES)

    def output(self, page: Page, index: int) -> Locator:
        """Locate the output of a cell."""
        frame = page.locator("section").nth(index).locator("iframe").content_frame
        return frame.locator("body")


class VSCode(Embed):
    """VS Code: one page with all outputs, and the widget manager of its Jupyter extension.

    As in VS Code: that manager, which finds other widgets' modules by requirejs; no camera, no
    microphone and no screen; what VS Code writes at the page's body.

    Unlike VS Code: the page has an address of http, and no iframe around it; it speaks to the
    kernel itself, not by the extension, so buffers are never turned into arrays of numbers;
    anywidget is bundled, where the extension reads it from the kernel's environment.
    """

    PAGE = "vscode.html"
    POLICY = "camera=(), microphone=(), display-capture=()"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the pages.

    Args:
        policy: Their Permissions-Policy.
    """

    def __init__(self, *args: Any, policy: str) -> None:
        self._policy = policy
        super().__init__(*args, directory=str(PAGES))

    def end_headers(self) -> None:
        """Add the policy."""
        if self._policy:
            self.send_header("Permissions-Policy", self._policy)
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@contextmanager
def pages(policy: str) -> Iterator[int]:
    """Serve the pages, and give the port."""
    handler = functools.partial(Handler, policy=policy)
    with http.server.ThreadingHTTPServer((ADDRESS, 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
