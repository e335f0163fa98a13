"""A notebook made of a function's source, open in a page and with a running kernel."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from e2e.browsers import console_errors
from e2e.kernels import KernelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playwright.sync_api import BrowserContext, Locator, Page

    from e2e.hosts import AnyKernel, Host

SEPARATOR = re.compile(r"^# %%.*\n", re.MULTILINE)
RUN_TIMEOUT = 30.0
WAIT_TIMEOUT = 10.0
INTERVAL = 0.05
LONGEST_INTERVAL = 0.25
SLOWER = 1.2


class Notebook:
    """A notebook in one page; its cells are counted from 0.

    Args:
        host: The application that shows it.
        path: The notebook's file.
        kernel: The notebook's kernel.
        page: Where the notebook opens.
        count: How many cells it has.

    Attributes:
        folder: Where the file is and the kernel works.
        page: Playwright's page. The kernel does not need it: it may be closed.
    """

    def __init__(self, host: Host, path: Path, kernel: AnyKernel, page: Page, count: int) -> None:
        self.folder = path.parent
        self.page = page
        self._host = host
        self._path = path
        self._kernel = kernel
        self._count = count
        host.wait_until_open(page, path)

    # In the page

    def run(self, *cells: int, timeout: float = RUN_TIMEOUT) -> None:
        """Run these cells, or all, one after the other until the last has finished.

        Raises:
            KernelError: A cell raised; the later ones did not run.
        """
        for cell in cells or range(self._count):
            self.start(cell)
            self.finish(cell, timeout=timeout)

    def start(self, cell: int) -> None:
        """Run a cell, and do not wait for its end."""
        self._host.start_cell(self.page, cell)

    def finish(self, cell: int, *, timeout: float = RUN_TIMEOUT) -> None:
        """Wait for the end of a cell that was started.

        Raises:
            KernelError: The cell raised.
        """
        for traceback in self._host.finish_cell(self.page, cell, timeout):
            raise KernelError(traceback)

    def output(self, cell: int) -> Locator:
        """Locate the output of a cell."""
        return self._host.output(self.page, cell)

    def save(self) -> None:
        """Save the notebook, with its outputs."""
        self._host.save(self.page)

    def read(self) -> Any:
        """Read the notebook as it is saved."""
        return nbformat.read(self._path, nbformat.NO_CONVERT)

    def reload(self) -> None:
        """Save the notebook and load its page anew; the kernel goes on."""
        self.save()
        self.page.reload()
        self._host.wait_until_open(self.page, self._path)

    def open_again(self, context: BrowserContext | None = None) -> Notebook:
        """Save the notebook and open it in a second page, with the same kernel.

        Args:
            context: Another person's browser; a second tab of this one by default.
        """
        self.save()
        page = (context or self.page.context).new_page()
        page.goto(self.page.url)
        return Notebook(self._host, self._path, self._kernel, page, self._count)

    @property
    def errors(self) -> list[str]:
        """What the page logged as an error or did not catch, but for the host's own faults."""
        return [
            error
            for error in console_errors(self.page)
            if not any(fault in error for fault in self._host.FAULTS)
        ]

    # In the kernel

    def python(self, expression: str) -> Any:
        """Evaluate an expression in the kernel: numbers, bytes, arrays, whatever can be pickled.

        Raises:
            KernelError: It raised.
        """
        return self._kernel.value(expression)

    def execute(self, code: str) -> None:
        """Run statements in the kernel, without a cell.

        Raises:
            KernelError: They raised.
        """
        self._kernel.execute(code)

    def wait_for(self, expression: str, *, timeout: float = WAIT_TIMEOUT) -> Any:
        """Evaluate an expression again and again until it is true, and return its value.

        It is evaluated less and less often: each time costs the kernel, the server and the page,
        which is told that the kernel is busy.
        """
        deadline = time.monotonic() + timeout
        interval = INTERVAL
        while not (value := self._kernel.value(expression, timeout=timeout)):
            if time.monotonic() > deadline:
                message = f"{expression} is still {value!r} after {timeout:g} s"
                raise TimeoutError(message)
            self._pause(interval)
            interval = min(interval * SLOWER, LONGEST_INTERVAL)
        return value

    def _pause(self, seconds: float = INTERVAL) -> None:
        # Playwright serves a test's routes and dialogs only while it is asked to wait.
        pages = self.page.context.pages
        if pages:
            pages[0].wait_for_timeout(1000 * seconds)
        else:
            time.sleep(seconds)


def sources_of(cells: Callable[..., object], values: Mapping[str, object]) -> list[str]:
    """Return the body of a function as the sources of cells.

    Args:
        cells: A function that nobody calls. Lines `# %%` separate its cells.
        values: Its arguments; the first cell begins with their assignment. Anything whose `repr`
            is its source, or a path, which becomes a string.
    """
    texts = {name: str(v) if isinstance(v, Path) else v for name, v in values.items()}
    assignments = "".join(f"{name} = {value!r}\n" for name, value in texts.items())
    return [source.strip("\n") for source in SEPARATOR.split(assignments + body(cells))]


def body(function: Callable[..., object]) -> str:
    """Return the source of a function without its head and its indentation."""
    source = textwrap.dedent(inspect.getsource(function))
    (definition,) = ast.parse(source).body
    if not isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
        message = f"expected a function, got:\n{source}"
        raise TypeError(message)
    first = definition.body[0].lineno
    return textwrap.dedent("".join(source.splitlines(keepends=True)[first - 1 :]))
