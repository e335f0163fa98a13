"""Servers and notebooks of benches, for this package and for ipywebrtc 0.6.0 beside it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from e2e.browsers import Browsers
from e2e.hosts import JupyterLab
from e2e.notebooks import Notebook, sources_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playwright.sync_api import Browser

THIS, OLD = "this", "0.6.0"
OLD_PACKAGES = ("ipywebrtc==0.6.0", "ipywidgets>=8", "jupyterlab>=4")

UNTIL_SHOWN = """async video => {
  while (!video.videoWidth) await new Promise(requestAnimationFrame);
}"""


class Bench:
    """Opens notebooks with either version; see `Bench.running`.

    Args:
        folder: An empty folder.
        browsers: Where pages open.
        stack: Ends the servers.
    """

    def __init__(self, folder: Path, browsers: Browsers, stack: ExitStack) -> None:
        self.folder = folder
        self.browsers = browsers
        self._stack = stack
        self._hosts: dict[str, tuple[JupyterLab, Path]] = {}
        self._count = 0
        self._old: str | None = None

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Bench]:
        """Start with a temporary folder; at the end stop everything."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            browsers = Browsers(stack.enter_context(sync_playwright()))
            stack.callback(browsers.close)
            yield cls(folder, browsers, stack)

    def open(
        self,
        cells: Callable[..., object],
        version: str = THIS,
        *,
        browser: Browser | None = None,
        modules: Sequence[Path] = (),
        **values: object,
    ) -> Notebook:
        """Open cells as a notebook, in a browser context of its own, and run none of them.

        Args:
            cells: A function, see `sources_of`.
            version: `THIS` or `OLD`.
            browser: The one that runs by default.
            modules: Folders that the kernel can import from besides.
            **values: The function's arguments.
        """
        host, root = self._host(version)
        self._count += 1
        path = root / f"{self._count}.ipynb"
        sources = sources_of(cells, values)
        host.write(path, sources)
        kernel = host.start_kernel(path)
        page = (browser or self.browsers.launch()).new_context().new_page()
        page.goto(host.url(path))
        nb = Notebook(host, path, kernel, page, len(sources))
        for folder in modules:
            nb.execute(f"import sys; sys.path.insert(0, {str(folder)!r})")
        return nb

    def _host(self, version: str) -> tuple[JupyterLab, Path]:
        if version not in self._hosts:
            root, home = self.folder / f"{version}-root", self.folder / f"{version}-home"
            root.mkdir()
            home.mkdir()
            running = JupyterLab.running(root, home, self.python(version), self.modules(version))
            self._hosts[version] = self._stack.enter_context(running), root
        return self._hosts[version]

    def python(self, version: str) -> str:
        """Return the Python that has a version of the package."""
        if version == THIS:
            return sys.executable
        if self._old is None:
            self._old = install_old(self.folder / "old")
        return self._old

    def modules(self, version: str) -> Path:
        """Return the folder that has a version, to be imported from before all others.

        A `PYTHONPATH` would give this package to both.
        """
        if version == THIS:
            return Path(__file__).parents[1]
        return next(Path(self.python(version)).parents[1].glob("lib/python*/site-packages"))


def install_old(path: Path) -> str:
    """Make an environment with the old version, and return its Python."""
    venv.create(path, with_pip=True)
    python = str(path / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *OLD_PACKAGES], check=True)
    return python


def wait_until_shown(nb: Notebook, cell: int) -> None:
    """Wait until the video that a cell shows has a picture."""
    nb.output(cell).locator("video").evaluate(UNTIL_SHOWN)
