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
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from playwright.sync_api import Error, sync_playwright

from e2e.brokers import Broker
from e2e.browsers import Browsers, console_errors
from e2e.hosts import ADDRESS, JupyterLab
from e2e.matrix import matrix
from e2e.notebooks import Notebook, sources_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from playwright.sync_api import Browser, ViewportSize

    from e2e.hosts import AnyKernel, Host

FAILURES = Path(__file__).with_name("failures")
SCREENSHOT_TIMEOUT = 5_000  # ms
VIEWPORT: ViewportSize = {"width": 1280, "height": 1000}


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
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    """The application that shows the notebooks, and serves the folder of every test."""
    home = tmp_path_factory.mktemp("jupyter")
    with JupyterLab.running(tmp_path_factory.getbasetemp(), home) as server:
        yield server


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

    Instead of a function it may be the path of a notebook, of which a copy is opened.
    `browser` comes from the fixture `launch`; `hostname` is another name of this machine, `port`
    that of a proxy.
    """
    kernels: dict[Path, AnyKernel] = {}

    def open_notebook(
        cells: Callable[..., object] | Path,
        *,
        browser: Browser | None = None,
        hostname: str = ADDRESS,
        port: int | None = None,
        **values: object,
    ) -> Notebook:
        path = tmp_path / f"notebook-{len(kernels)}{host.SUFFIX}"
        if isinstance(cells, Path):
            count = host.copy(cells, path)
        else:
            sources = sources_of(cells, values)
            host.write(path, sources)
            count = len(sources)
        kernels[path] = host.start_kernel(path)
        page = (browser or launch()).new_context(viewport=VIEWPORT).new_page()
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
