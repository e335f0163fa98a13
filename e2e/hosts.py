"""The applications that show a notebook: those of Jupyter; `marimo.py` has the other one.

A host starts its server (`running`), writes a notebook and gives it its kernel (`start_kernel`,
`stop_kernel`), and knows how to open, run and save the notebook in a page and where its outputs
are.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import nbformat

from e2e.install import PAGES
from e2e.kernels import Kernel
from e2e.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Locator, Page
    from typing_extensions import Self

ADDRESS = "127.0.0.1"
SERVER_TIMEOUT = 60.0
STOP_TIMEOUT = 10.0
OPEN_TIMEOUT = 60.0
INTERVAL = 0.05

# No proxy stands between us and our own server, and nobody but us vouches for its certificate.
UNVERIFIED = ssl.create_default_context()
UNVERIFIED.check_hostname, UNVERIFIED.verify_mode = False, ssl.CERT_NONE
OPENER = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=UNVERIFIED)
)

# A kernel specification of our own: found first, and surely the Python that we mean.
KERNEL_NAME = "e2e"
KERNEL_ARGUMENTS = ("-m", "ipykernel_launcher", "-f", "{connection_file}")
KERNELS = "--KernelManager.transport=ipc"
"""Kernels have no ports: whatever still calls the port of one that ended would call whoever gets it
next, such as marimo, whose kernel then can't start."""


class AnyKernel(Protocol):
    """What tests ask of a kernel; see `Kernel`."""

    def execute(self, code: str, *, timeout: float = ...) -> None: ...

    def value(self, expression: str, *, timeout: float = ...) -> Any: ...

    def close(self) -> None: ...


class Host(Protocol):
    """What tests ask of an application; see `JupyterLab`."""

    SUFFIX: str
    FAULTS: tuple[str, ...]

    def write(self, notebook: Path, sources: Sequence[str]) -> None: ...

    def copy(self, source: Path, notebook: Path) -> int: ...

    def url(self, notebook: Path, hostname: str = ..., port: int | None = ...) -> str: ...

    def start_kernel(self, notebook: Path) -> AnyKernel: ...

    def stop_kernel(self, notebook: Path) -> None: ...

    def wait_until_open(self, page: Page, notebook: Path) -> None: ...

    def start_cell(self, page: Page, index: int) -> None: ...

    def finish_cell(self, page: Page, index: int, timeout: float) -> list[str]: ...

    def output(self, page: Page, index: int) -> Locator: ...

    def save(self, page: Page) -> None: ...


class JupyterLab:
    """A JupyterLab server of our own: it shares no setting and no kernel with the user's.

    Args:
        root: The folder that it serves.
        port: Where it listens.
        runtime: Where the connection files of its kernels are.
    """

    SUFFIX = ".ipynb"
    FAULTS: tuple[str, ...] = ()
    """Parts of the errors that it logs by itself, whatever it shows."""
    MODULE = "jupyterlab"
    EXPOSE = "--LabApp.expose_app_in_browser=True"
    # The single-document mode: no tabs, and no workspace that remembers them.
    PAGE = "/doc/tree/"
    SCHEME = "http"
    BASE = ""
    """The path that it is served under."""
    # Its own commands do what its buttons do, and do not depend on how it looks.
    READY = """path => {
      const context = globalThis.jupyterapp?.shell.currentWidget?.context;
      const kernel = context?.sessionContext?.session?.kernel;
      return context?.path === path && context.isReady && context.sessionContext.isReady
        && kernel?.connectionStatus === "connected" && kernel.status !== "unknown";
    }"""
    START = """index => {
      const notebook = jupyterapp.shell.currentWidget.content;
      const runs = (globalThis.e2eRuns ??= new Map());
      notebook.activeCellIndex = index;
      const run = jupyterapp.commands.execute("notebook:run-cell");
      runs.set(index, run);
      run.finally(() => runs.get(index) === run && runs.delete(index));
    }"""
    FINISHED = "index => !globalThis.e2eRuns?.has(index)"
    ERRORS = """index => {
      const { outputs } = jupyterapp.shell.currentWidget.content.widgets[index].model;
      return (outputs?.toJSON() ?? [])  // a cell of text has none
        .filter(output => output.output_type === "error")
        .map(output => output.traceback.join("\\n"));
    }"""
    SAVE = "() => jupyterapp.commands.execute('docmanager:save')"
    KERNEL_ENVIRONMENT: ClassVar[dict[str, str]] = {}

    def __init__(self, root: Path, port: int, runtime: Path) -> None:
        self._root = root
        self.port = port
        self._runtime = runtime
        self._errands = ThreadPoolExecutor(1)
        self._spare: Future[str] | None = None

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
        """Start a server, and stop it at the end.

        Args:
            root: The folder that it serves.
            home: An empty folder for its settings and its log.
            python: The Python of the server and its kernels.
            modules: A folder that its kernels import from before all others.
            kernel_command: What starts a kernel; by default, Python does.
        """
        folders = {name: home / name.lower() for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
        kernel: dict[str, object] = {
            "argv": [*(kernel_command or (cls.kernel_python(python), *KERNEL_ARGUMENTS))],
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "env": cls.KERNEL_ENVIRONMENT,
        }
        if modules:
            folders_of_modules = [str(modules), os.environ.get("PYTHONPATH", "")]
            path = os.pathsep.join(filter(None, folders_of_modules))
            kernel["env"] = {**cls.KERNEL_ENVIRONMENT, "PYTHONPATH": path}
        write_json(folders["JUPYTER_DATA_DIR"] / "kernels" / KERNEL_NAME / "kernel.json", kernel)
        settings = folders["JUPYTER_CONFIG_DIR"] / "lab/user-settings/@jupyterlab"
        write_json(
            settings / "apputils-extension/notification.jupyterlab-settings",
            {"fetchNews": "false", "checkForUpdates": False},
        )
        port = free_port()
        log = home / "server.log"
        with ExitStack() as stack:
            # Not in `home`: the path of a socket may have 107 characters.
            runtime = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            folders["JUPYTER_RUNTIME_DIR"] = runtime
            command = [python, "-m", cls.MODULE, *cls._arguments(root, port, runtime), KERNELS]
            environment = os.environ | {"IPYTHONDIR": str(home / "ipython")}
            environment |= {name: str(folder) for name, folder in folders.items()}
            output = stack.enter_context(log.open("w"))
            process = stack.enter_context(
                subprocess.Popen(
                    command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
                )
            )
            try:
                server = cls(root, port, runtime)
                server._wait(process, log)
                yield server
            finally:
                process.terminate()
                try:
                    process.wait(STOP_TIMEOUT)
                except subprocess.TimeoutExpired:
                    process.kill()

    @classmethod
    def _arguments(cls, root: Path, port: int, runtime: Path) -> list[str]:  # noqa: ARG003 - Voilà's
        return [
            *("--allow-root", "--no-browser", cls.EXPOSE),
            *(f"--ServerApp.root_dir={root}", f"--ServerApp.ip={ADDRESS}"),
            *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *("--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"),
            # The tests of an insecure origin come by another name than localhost.
            "--ServerApp.allow_remote_access=True",
            f"--ServerApp.extra_static_paths={PAGES}",  # that of `plain.py`
        ]

    @classmethod
    def kernel_python(cls, python: str) -> str:
        """Say which Python the kernels have, if not that of the server."""
        return python

    def write(self, notebook: Path, sources: Sequence[str]) -> None:
        """Write a notebook of these cells."""
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)

    def copy(self, source: Path, notebook: Path) -> int:
        """Copy a notebook, and return how many cells it has."""
        shutil.copyfile(source, notebook)
        return len(nbformat.read(source, nbformat.NO_CONVERT).cells)

    def url(self, notebook: Path, hostname: str = ADDRESS, port: int | None = None) -> str:
        """Say where a page finds a notebook."""
        return f"{self._origin(hostname, port)}{self.PAGE}{self._name(notebook)}"

    def start_kernel(self, notebook: Path) -> AnyKernel:
        """Give a notebook a new kernel; its page then finds it there, and need not wait.

        One was started when the last notebook got its own, as it takes a second to start.
        """
        identity = self._spare.result() if self._spare else self._start_kernel()
        self._spare = self._errands.submit(self._start_kernel)
        name = self._name(notebook)
        session = {"path": name, "name": name, "type": "notebook", "kernel": {"id": identity}}
        self._request("POST", "/api/sessions", session)
        kernel = Kernel(self._runtime / f"kernel-{identity}.json")
        kernel.execute(f"__import__('os').chdir({str(notebook.parent)!r})")
        return kernel

    def stop_kernel(self, notebook: Path) -> None:
        """End the kernel of a notebook."""
        for session in self._request("GET", "/api/sessions"):
            if session["path"] == self._name(notebook):
                self._request("DELETE", f"/api/sessions/{session['id']}")

    def _start_kernel(self) -> str:
        answer = self._request("POST", "/api/kernels", {"name": KERNEL_NAME})
        return str(answer["id"])

    def wait_until_open(self, page: Page, notebook: Path) -> None:
        """Wait until a page shows the notebook and is connected to its kernel."""
        page.wait_for_function(self.READY, arg=self._name(notebook), timeout=1000 * OPEN_TIMEOUT)

    def start_cell(self, page: Page, index: int) -> None:
        """Run a cell, and do not wait for its end."""
        page.evaluate(self.START, index)

    def finish_cell(self, page: Page, index: int, timeout: float) -> list[str]:
        """Wait for the end of a cell, and return the tracebacks in its output."""
        page.wait_for_function(self.FINISHED, arg=index, timeout=1000 * timeout)
        return list(page.evaluate(self.ERRORS, index))

    def output(self, page: Page, index: int) -> Locator:
        """Locate the output of a cell."""
        return page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-Cell-outputArea")

    def save(self, page: Page) -> None:
        """Save the notebook, with its outputs."""
        page.evaluate(self.SAVE)

    def _origin(self, hostname: str = ADDRESS, port: int | None = None) -> str:
        return f"{self.SCHEME}://{hostname}:{port or self.port}{self.BASE}"

    def _name(self, notebook: Path) -> str:
        return notebook.relative_to(self._root).as_posix()

    def _wait(self, process: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + SERVER_TIMEOUT
        while process.poll() is None and time.monotonic() < deadline:
            try:
                OPENER.open(f"{self._origin()}/", timeout=SERVER_TIMEOUT).close()
            except urllib.error.URLError:
                time.sleep(INTERVAL)
            else:
                return
        message = f"{self.MODULE} did not start:\n{log.read_text()}"
        raise RuntimeError(message)

    def _request(self, method: str, path: str, content: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - to our own server
            f"{self._origin()}{path}",
            method=method,
            data=json.dumps(content).encode() if content else None,
        )
        with OPENER.open(request, timeout=SERVER_TIMEOUT) as answer:
            return json.loads(answer.read() or "null")


class OldestJupyterLab(JupyterLab):
    """JupyterLab 4.0.0, with the oldest versions of all that we need; see `install_lowest`."""

    # One of its own icons is not there.
    FAULTS: tuple[str, ...] = ("Cannot read properties of undefined (reading 'react')",)


class Notebook7(JupyterLab):
    """A Notebook 7 server of our own."""

    MODULE = "notebook"
    EXPOSE = "--JupyterNotebookApp.expose_app_in_browser=True"
    PAGE = "/notebooks/"
    # Its keyboard shortcuts look for settings that may not be loaded yet.
    FAULTS: tuple[str, ...] = ("Cannot read properties of undefined (reading 'schema')",)


def write_json(path: Path, content: object) -> None:
    """Write a settings file and its folders."""
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))
