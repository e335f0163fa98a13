"""A page that shows a notebook's cells and their outputs, and nothing else.

A widget finds in it what it finds in JupyterLab: the same outputs, the same connection to the
kernel, the same signals when either is lost, and a manager that gets widgets from the kernel. The
page opens in a fraction of JupyterLab's time. It has no menus, themes or tabs, saves nothing, shows
no outputs after a reload, and of other packages' widgets knows only anywidgets.
"""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

from e2e.hosts import JupyterLab
from e2e.install import PAGES
from hatch_build import install_node_modules, npm

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page
    from typing_extensions import Self


class Plain(JupyterLab):
    """The page, served by a Jupyter server."""

    PAGE = "/static/plain.html?notebook="
    READY = "path => globalThis.notebook?.path === path"
    START = "index => notebook.start(index)"
    FINISHED = "index => !notebook.running(index)"
    ERRORS = "index => notebook.errors(index)"

    @classmethod
    def beside(cls, server: JupyterLab) -> Self:
        """Return what serves the page too."""
        build()
        return cls(server._root, server.port, server._runtime)

    def output(self, page: Page, index: int) -> Locator:
        """Locate the output of a cell."""
        return page.locator("section").nth(index).locator(".output")

    def save(self, page: Page) -> None:
        """Do nothing: outputs are not saved."""


def build() -> None:
    """Bundle the pages, if one is older than a source; another process may want the same."""
    with (PAGES / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install_node_modules(PAGES)
        built = [file.stat().st_mtime for file in PAGES.glob("dist/*.js")]
        sources = [*PAGES.glob("*.ts"), *PAGES.glob("*.json")]
        if not built or min(built) < max(file.stat().st_mtime for file in sources):
            npm("run", "build", folder=PAGES)
