"""Voilà, which runs a notebook for each page that opens it, and shows its outputs alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat

from e2e.hosts import ADDRESS, KERNEL_NAME, JupyterLab
from e2e.kernels import ANSWER_TIMEOUT, Kernel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from playwright.sync_api import Locator, Page

# What has raised; warnings and what a cell prints to it look the same.
ERROR = "[data-mime-type='application/vnd.jupyter.stderr']:has-text('Traceback')"
KERNEL_ID = "() => JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"


class Voila(JupyterLab):
    """A Voilà server of our own; see `JupyterLab`."""

    MODULE = "voila"
    PAGE = "/voila/render/"
    # It asks the network for a font of icons, and loads an extension that needs Notebook 7's page.
    FAULTS: tuple[str, ...] = ("fontawesome-free", "@jupyter-notebook/lab-extension")

    def __init__(self, root: Path, port: int, runtime: Path) -> None:
        super().__init__(root, port, runtime)
        self._kernels: dict[Path, KernelOfPage] = {}

    @classmethod
    def _arguments(cls, root: Path, port: int, runtime: Path) -> list[str]:
        return [
            *("--no-browser", "--show_tracebacks=True", f"--Voila.root_dir={root}"),
            *(f"--Voila.ip={ADDRESS}", f"--Voila.port={port}", "--Voila.port_retries=0"),
            f"--Voila.connection_dir_root={runtime}",
            "--Voila.tornado_settings={'disable_check_xsrf': True}",
        ]

    def write(self, notebook: Path, sources: Sequence[str]) -> None:
        """Write a notebook of these cells, which names its kernel."""
        super().write(notebook, sources)
        content = nbformat.read(notebook, nbformat.NO_CONVERT)
        content.metadata.kernelspec = {"name": KERNEL_NAME, "display_name": KERNEL_NAME}
        nbformat.write(content, notebook)

    def start_kernel(self, notebook: Path) -> KernelOfPage:
        """Wait for the page: its kernel starts when it opens."""
        return self._kernels.setdefault(notebook, KernelOfPage())

    def stop_kernel(self, notebook: Path) -> None:
        """End the kernel of a notebook, as its page does when its user closes it."""
        if identity := self._kernels.pop(notebook).identity:
            self._request("POST", f"/voila/api/shutdown/{identity}")

    def wait_until_open(self, page: Page, notebook: Path) -> None:
        """Find the kernel that ran the page's cells."""
        identity = page.evaluate(KERNEL_ID)
        (file,) = self._runtime.glob(f"voila_*/kernel-{identity}.json")
        self._kernels[notebook].connect(identity, file)

    def start_cell(self, page: Page, index: int) -> None:
        """Do nothing: it has run when the page was opened."""

    def finish_cell(self, page: Page, index: int, timeout: float) -> list[str]:  # noqa: ARG002 - that of a host
        """Return the tracebacks in a cell's output."""
        return self.output(page, index).locator(ERROR).all_inner_texts()

    def output(self, page: Page, index: int) -> Locator:
        """Locate the output of a cell."""
        return page.locator(f"[cell-index='{index + 1}']")

    def save(self, page: Page) -> None:
        """Do nothing: outputs are not saved."""


class KernelOfPage:
    """The kernel that a page has started; see `Kernel`."""

    def __init__(self) -> None:
        self.identity = ""
        self._kernel: Kernel | None = None

    def connect(self, identity: str, connection_file: Path) -> None:
        """Be a client of this kernel from now on."""
        self.close()
        self.identity = identity
        self._kernel = Kernel(connection_file)

    def execute(self, code: str, *, timeout: float = ANSWER_TIMEOUT) -> None:
        """Run statements; raise `KernelError` with the traceback if they raise."""
        assert self._kernel
        self._kernel.execute(code, timeout=timeout)

    def value(self, expression: str, *, timeout: float = ANSWER_TIMEOUT) -> Any:
        """Evaluate an expression whose value can be pickled."""
        assert self._kernel
        return self._kernel.value(expression, timeout=timeout)

    def close(self) -> None:
        """Disconnect; the kernel lives on."""
        if self._kernel:
            self._kernel.close()
