"""marimo, with one server for each notebook.

Its kernel can be asked by nobody but its page, so a cell of ours, the last, listens for the tests.
Cells run when the page opens, in the order of what they use.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import signal
import subprocess
import sys
import time
import traceback
from contextlib import contextmanager, suppress
from multiprocessing import connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from e2e.hosts import ADDRESS, INTERVAL, OPENER, STOP_TIMEOUT
from e2e.kernels import ANSWER_TIMEOUT, KernelError
from e2e.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Locator, Page

START_TIMEOUT = 60.0

LISTENER = """
import marimo as _marimo
import e2e.marimo as _tests

_marimo.Thread(target=_tests.listen, args=({address_file!r}, globals()), daemon=True).start()
"""
SETTINGS = "[tool.marimo.runtime]\nauto_instantiate = true\n"
HEAD = "import marimo\n\napp = marimo.App()\n"
CELL = "\n\n@app.cell\n{kind} _():\n{body}    return\n"
FOOT = '\n\nif __name__ == "__main__":\n    app.run()\n'

IDLE = """() => document.querySelector("[data-status]")
  && !document.querySelector("[data-status=running], [data-status=queued]")"""


class Marimo:
    """marimo with servers of our own: they share no setting with the user's.

    Args:
        home: A folder for their settings and logs.
        mode: `edit` or `run`.
    """

    SUFFIX = ".py"
    # The editor of a cell that is deleted.
    FAULTS: tuple[str, ...] = ("RangeError: Field is not present in this state",)

    def __init__(self, home: Path, mode: str) -> None:
        self._home = home
        self._mode = mode
        self._servers: dict[Path, tuple[subprocess.Popen[bytes], int]] = {}

    @classmethod
    @contextmanager
    def running(cls, home: Path, mode: str) -> Iterator[Marimo]:
        """Be ready to start servers, and stop them at the end."""
        host = cls(home, mode)
        try:
            yield host
        finally:
            for notebook in [*host._servers]:
                host.stop_kernel(notebook)

    def write(self, notebook: Path, sources: Sequence[str]) -> None:
        """Write a notebook of these cells."""
        write_listening(notebook, "".join([HEAD, *map(cell_of, sources), FOOT]))

    def copy(self, source: Path, notebook: Path) -> int:
        """Copy a notebook, and return how many cells it has."""
        text = source.read_text()
        write_listening(notebook, text)
        return text.count("\n@app.cell")

    def url(self, notebook: Path, hostname: str = ADDRESS, port: int | None = None) -> str:
        """Say where a page finds a notebook."""
        return f"http://{hostname}:{port or self._servers[notebook][1]}"

    def start_kernel(self, notebook: Path) -> Listener:
        """Start the server of a notebook; its kernel begins when a page opens it."""
        port = free_port()
        command = [
            *(sys.executable, "-m", "marimo", "--quiet", self._mode, str(notebook)),
            *("--headless", "--no-token", "--no-sandbox", f"--host={ADDRESS}", f"--port={port}"),
            *["--skip-update-check"] * (self._mode == "edit"),
        ]
        project = str(Path(__file__).parents[1])
        settings = {"HOME": str(self._home), "XDG_CONFIG_HOME": str(self._home / "config")}
        environment = os.environ | settings | {"PYTHONPATH": project}
        log = self._home / f"{port}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                command,
                cwd=notebook.parent,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._servers[notebook] = process, port
        deadline = time.monotonic() + START_TIMEOUT
        while process.poll() is None and time.monotonic() < deadline:
            try:
                OPENER.open(f"{self.url(notebook)}/health", timeout=START_TIMEOUT).close()
            except OSError:
                time.sleep(INTERVAL)
            else:
                return Listener(address_file(notebook))
        message = f"marimo did not start:\n{log.read_text()}"
        raise RuntimeError(message)

    def stop_kernel(self, notebook: Path) -> None:
        """Stop the server of a notebook, and so its kernel."""
        process, _ = self._servers.pop(notebook)
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def wait_until_open(self, page: Page, notebook: Path) -> None:
        """Wait until the cells have run."""
        deadline = time.monotonic() + START_TIMEOUT
        while not address_file(notebook).exists():
            if time.monotonic() > deadline:
                log = self._home / f"{self._servers[notebook][1]}.log"
                message = f"marimo ran no cell:\n{log.read_text()}"
                raise TimeoutError(message)
            page.wait_for_timeout(1000 * INTERVAL)
        if self._mode == "edit":
            page.wait_for_function(IDLE)

    def start_cell(self, page: Page, index: int) -> None:
        """Do nothing: it has run when the page was opened."""

    def finish_cell(self, page: Page, index: int, timeout: float) -> list[str]:  # noqa: ARG002 - that of a host
        """Return the tracebacks in a cell's output."""
        return self.output(page, index).locator(".marimo-error, .text-error").all_inner_texts()

    def output(self, page: Page, index: int) -> Locator:
        """Locate the output of a cell."""
        return page.locator(".output-area").nth(index)

    def save(self, page: Page) -> None:
        """Do nothing: outputs are not saved."""


class Listener:
    """A client of the cell that listens; see `Kernel`.

    Args:
        address_file: Where that cell writes its address.
    """

    def __init__(self, address_file: Path) -> None:
        self._address_file = address_file
        self._connection: connection.Connection | None = None

    def execute(self, code: str, *, timeout: float = ANSWER_TIMEOUT) -> None:
        """Run statements; raise `KernelError` with the traceback if they raise."""
        self._ask("exec", code, timeout)

    def value(self, expression: str, *, timeout: float = ANSWER_TIMEOUT) -> Any:
        """Evaluate an expression whose value can be pickled."""
        return self._ask("eval", expression, timeout)

    def close(self) -> None:
        """Disconnect; the kernel lives on."""
        if self._connection:
            self._connection.close()

    def _ask(self, mode: str, code: str, timeout: float) -> Any:
        try:
            if self._connection is None:
                self._connection = connection.Client(self._address_file.read_text())
            self._connection.send((mode, code))
            if not self._connection.poll(timeout):
                raise TimeoutError(timeout)
            fine, value = self._connection.recv()
        except (EOFError, OSError) as error:
            message = f"no answer to {code!r}, by {error!r}. The kernel:\n{self._stacks()}"
            raise TimeoutError(message) from error
        if not fine:
            raise KernelError(value)
        return value

    def _stacks(self) -> str:
        """Let the kernel, if it lives, write where its threads are."""
        path = stacks_file(self._address_file)
        process = int(path.read_text().split()[0])
        try:
            os.kill(process, signal.SIGUSR1)
            time.sleep(STOP_TIMEOUT)
        except ProcessLookupError:
            return f"its process has ended.\n{path.read_text()}"
        return path.read_text()


def listen(path: str, namespace: dict[str, Any]) -> None:
    """Run what tests ask for, in the kernel: one after the other, until the kernel ends."""
    stacks = stacks_file(Path(path)).open("w")
    print(os.getpid(), file=stacks, flush=True)
    faulthandler.enable(stacks)
    faulthandler.register(signal.SIGUSR1, stacks)
    try:
        # No port: a stranger may still try to connect to one, as a client of a kernel that ended.
        with connection.Listener(family="AF_UNIX") as listener:
            new = Path(f"{path}.new")
            new.write_text(listener.address)
            new.rename(path)
            while True:
                serve(listener, namespace)
    except BaseException:
        traceback.print_exc(file=stacks)
        stacks.flush()
        raise


def serve(listener: connection.Listener, namespace: dict[str, Any]) -> None:
    """Run what one client asks for, until it leaves."""
    with listener.accept() as client, suppress(EOFError):
        while True:
            mode, code = client.recv()
            try:
                compiled = compile(code, "<test>", mode)
                answer = (True, eval(compiled, namespace))  # noqa: S307 - our own tests
                pickle.dumps(answer)
            except BaseException:  # noqa: BLE001 - whatever a test provokes
                answer = (False, traceback.format_exc())
            client.send(answer)


def cell_of(source: str) -> str:
    """Write a cell as marimo does."""
    return CELL.format(
        kind="async def" if "await " in source else "def",
        body="".join(f"    {line}\n" if line else "\n" for line in source.splitlines()),
    )


def write_listening(notebook: Path, text: str) -> None:
    """Write a notebook whose last cell listens."""
    listener = cell_of(LISTENER.format(address_file=str(address_file(notebook))))
    notebook.write_text(text.replace(FOOT, listener + FOOT))
    notebook.with_name("pyproject.toml").write_text(SETTINGS)


def address_file(notebook: Path) -> Path:
    """Say where a notebook's cell writes its address."""
    return notebook.with_suffix(".address")


def stacks_file(address_file: Path) -> Path:
    """Say where the kernel writes what its threads do, and how it crashed."""
    return address_file.with_suffix(".stacks")
