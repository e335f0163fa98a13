"""Real notebooks in real browsers.

A test writes its cells as a function, and gets them as a notebook that is open in JupyterLab:

    def test_picture(notebook):
        async def cells():
            import ipywebrtc

            camera = ipywebrtc.CameraStream()
            camera
            # %%
            recorder = ipywebrtc.ImageRecorder(stream=camera)
            recorder

        nb = notebook(cells)
        nb.run()
        nb.output(1).get_by_role("button").click()
        assert nb.wait_for("recorder.image.value")

When a test fails, a picture of every page is in `e2e/failures/`.
"""

from __future__ import annotations

import re
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from playwright.sync_api import Error, sync_playwright

from e2e import forks
from e2e.brokers import Broker
from e2e.browsers import Browsers, console_errors
from e2e.hosts import ADDRESS, JupyterLab
from e2e.matrix import matrix
from e2e.notebooks import Notebook, sources_of
from e2e.plain import Plain
from tests import timing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from playwright.sync_api import Browser

    from e2e.hosts import AnyKernel, Host

FAILURES = Path(__file__).with_name("failures")
SCREENSHOT_TIMEOUT = 5_000  # ms


class Launch(Protocol):
    """What the fixture `launch` is."""

    def __call__(
        self, *, fake_device: bool = True, fake_ui: bool = True, extra: Sequence[str] = ()
    ) -> Browser: ...


class OpenNotebook(Protocol):
    """What the fixture `notebook` is."""

    def __call__(
        self,
        cells: Callable[..., object] | Path,
        *,
        browser: Browser | None = None,
        hostname: str = ADDRESS,
        port: int | None = None,
        **values: object,
    ) -> Notebook: ...


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    """JupyterLab, which serves the folder of every test."""
    home = tmp_path_factory.mktemp("jupyter")
    with (
        tempfile.TemporaryDirectory() as folder,
        forks.running(Path(folder), home / "forks.log", sys.executable) as kernel_command,
        JupyterLab.running(
            tmp_path_factory.getbasetemp(), home, kernel_command=kernel_command
        ) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def host(lab: JupyterLab) -> Host:
    """What shows the notebooks, unless a file of tests names another one."""
    return Plain.beside(lab)


@pytest.fixture(scope="session")
def browsers() -> Iterator[Browsers]:
    """The browsers of this session."""
    with sync_playwright() as playwright:
        started = Browsers(playwright)
        yield started
        started.close()


@pytest.fixture
def launch(browsers: Browsers) -> Iterator[Launch]:
    """Start a browser with other devices or permissions; see `Browsers.launch`."""
    yield browsers.launch
    browsers.close_pages()


@pytest.fixture
def notebook(
    host: Host, browsers: Browsers, launch: Launch, tmp_path: Path
) -> Iterator[OpenNotebook]:
    """Open the body of a function as a notebook, with values for the function's arguments.

    It opens in a page with its outputs and nothing else (`plain.py`), or in the host of the file.
    Instead of a function it may be the path of a notebook, of which a copy is opened.
    `browser` comes from the fixture `launch`; `hostname` is another name of this machine, `port`
    that of a proxy.
    """
    with notebooks(host, browsers, launch, tmp_path) as open_notebook:
        yield open_notebook


@pytest.fixture
def jupyterlab(
    lab: JupyterLab, browsers: Browsers, launch: Launch, tmp_path: Path
) -> Iterator[OpenNotebook]:
    """Open a notebook in JupyterLab, for what only JupyterLab does; see `notebook`."""
    with notebooks(lab, browsers, launch, tmp_path) as open_notebook:
        yield open_notebook


@contextmanager
def notebooks(
    host: Host, browsers: Browsers, launch: Launch, folder: Path
) -> Iterator[OpenNotebook]:
    """Open notebooks, and end what was opened."""
    kernels: dict[Path, AnyKernel] = {}

    def open_notebook(
        cells: Callable[..., object] | Path,
        *,
        browser: Browser | None = None,
        hostname: str = ADDRESS,
        port: int | None = None,
        **values: object,
    ) -> Notebook:
        path = folder / f"notebook-{len(kernels)}{host.SUFFIX}"
        if isinstance(cells, Path):
            count = host.copy(cells, path)
        else:
            sources = sources_of(cells, values)
            host.write(path, sources)
            count = len(sources)
        kernels[path] = host.start_kernel(path)
        page = browsers.person(browser or launch()).new_page()
        page.goto(host.url(path, hostname, port))
        return Notebook(host, path, kernels[path], page, count)

    yield open_notebook
    # Pages first: they would complain of their lost kernels.
    browsers.close_pages()
    for path, kernel in kernels.items():
        kernel.close()
        host.stop_kernel(path)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """An MQTT broker of the test's own."""
    folder = tmp_path / "broker"
    folder.mkdir()
    with Broker.running(folder) as broker:
        yield broker


def pytest_configure(config: pytest.Config) -> None:
    """Let the run show where its time went."""
    timing.register(config)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what works where, if that was tested."""
    stats = terminalreporter.stats
    if table := matrix([*stats.get("passed", []), *stats.get("failed", [])]):
        terminalreporter.section("What works where")
        terminalreporter.write_line(table)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the pages showed when a test failed."""
    report = yield
    browsers = item.funcargs.get("browsers")
    if report.when == "call" and report.failed and isinstance(browsers, Browsers):
        FAILURES.mkdir(exist_ok=True)
        FAILURES.joinpath(".gitignore").write_text("*\n")
        name = re.sub(r"\W+", "-", item.name)
        for number, page in enumerate(browsers.pages):
            picture = FAILURES / f"{name}-{number}.png"
            try:
                page.screenshot(path=picture, timeout=SCREENSHOT_TIMEOUT)
                text = "\n".join([str(picture), *console_errors(page)])
            except Error as error:  # a page that crashed
                text = str(error)
            report.sections.append((f"Page {number}", text))
    return report
