"""What every other test here relies on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from e2e.browsers import UNCLOSED, console_errors
from e2e.kernels import KernelError
from e2e.notebooks import sources_of
from e2e.ports import free_port
from e2e.test_streams import ENDED, keep_tracks

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from e2e.browsers import Browsers
    from e2e.conftest import Launch, OpenNotebook

GONE_WITHIN = 10.0

FORGET = """
import gc, pathlib
from jupyter_client.connect import write_connection_file
from e2e.kernels import Kernel

path, _ = write_connection_file(input("where "))
kernel = Kernel(pathlib.Path(path))
kernel.itself = kernel
del kernel
gc.collect()
"""
"""Lets a client of a kernel be collected that nobody closed, as those of benches are."""


def test_cells_are_the_parts_of_a_function(tmp_path: Path) -> None:
    def cells(n: int, folder: Path) -> None:
        text = """
        kept as it is
        """
        # %% a title
        print(text * n, folder)

    sources = sources_of(cells, {"n": 2, "folder": tmp_path})
    assert sources == [
        f'n = 2\nfolder = {str(tmp_path)!r}\ntext = """\nkept as it is\n"""',
        "print(text * n, folder)",
    ]


def test_a_kernel_outlives_its_page(jupyterlab: OpenNotebook) -> None:
    def cells(name: str) -> None:
        import ipywidgets

        button = ipywidgets.Button(description=name)
        presses: list[object] = []
        button.on_click(presses.append)
        button
        # %%
        raise ValueError(name)

    nb = jupyterlab(cells, name="Press")
    with pytest.raises(KernelError, match="ValueError: Press"):
        nb.run()
    nb.output(0).get_by_role("button", name="Press").click()
    assert nb.wait_for("len(presses)") == 1
    assert not nb.errors

    nb.reload()
    nb.output(0).get_by_role("button", name="Press").click()
    assert nb.wait_for("len(presses) == 2")

    nb.page.close()
    with pytest.raises(KernelError, match="ZeroDivisionError"):
        nb.python("1 / 0")
    assert nb.python("bytes(range(256)), float('inf')") == (bytes(range(256)), float("inf"))


def test_a_plain_page_tells_a_lost_kernel_as_jupyterlab_does(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        camera = ipywebrtc.CameraStream()
        camera

    for lose in ("restart", "kill"):
        nb = notebook(cells)
        keep_tracks(nb)
        nb.run()
        nb.wait_for("camera.status == 'live'")
        if lose == "restart":
            nb.page.evaluate("kernel.restart()")
        else:
            os.kill(nb.python("__import__('os').getpid()"), signal.SIGKILL)
        nb.page.wait_for_function(ENDED)
        expect(nb.output(0).get_by_text("restarted or ended")).to_be_visible()


def test_each_notebook_has_a_kernel_that_nobody_used(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc  # noqa: F401 - it is there for the next kernel, or it is not

    first, second = notebook(cells), notebook(cells)
    first.run()
    ours = "[name for name in __import__('sys').modules if name.startswith('ipywebrtc')]"
    assert first.python(ours)
    assert second.python(ours) == []
    assert first.python("__import__('os').getpid()") != second.python("__import__('os').getpid()")


def test_a_forked_kernel_is_interrupted_and_ends_with_its_launcher(
    notebook: OpenNotebook,
) -> None:
    def cells() -> None:
        while True:
            pass

    nb = notebook(cells)
    process = nb.python("__import__('os').getpid()")
    nb.start(0)
    nb.page.wait_for_function("kernel.status === 'busy'")
    nb.page.evaluate("kernel.interrupt()")
    with pytest.raises(KernelError, match="KeyboardInterrupt"):
        nb.finish(0)
    nb.page.evaluate("kernel.shutdown()")
    deadline = time.monotonic() + GONE_WITHIN
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < deadline
        nb._pause()


def test_a_person_is_forgotten_after_a_test(browsers: Browsers, launch: Launch) -> None:
    def visit() -> Page:
        context = browsers.person(launch(fake_ui=False))
        page = context.new_page()
        page.route("http://localhost/", lambda route: route.fulfill(body=""))
        page.goto("http://localhost/")
        return page

    permission = "navigator.permissions.query({ name: 'camera' }).then(({ state }) => state)"
    page = visit()
    page.context.grant_permissions(["camera"])
    page.evaluate("localStorage.setItem('kept', 'yes'); document.cookie = 'kept=yes'")
    assert page.evaluate(permission) == "granted"
    context = page.context
    browsers.close_pages()
    page = visit()
    assert page.context is context
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    assert page.evaluate(permission) == "prompt"
    assert len(browsers.pages) == 1


def test_a_port_is_given_once() -> None:
    ports = [free_port() for _ in range(3)]
    command = [sys.executable, "-c", "from e2e.ports import free_port; print(free_port())"]
    other = int(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    assert len({*ports, other}) == 4


def test_a_client_that_nobody_closed_does_not_stand_still(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FORGET]
    connection = str(tmp_path / "connection.json")
    subprocess.run(command, input=connection, text=True, check=True, timeout=60)


def test_one_frame_that_was_not_closed_is_the_browsers(launch: Launch) -> None:
    page = launch().new_context().new_page()
    page.route("http://localhost/", lambda route: route.fulfill(body=""))
    page.goto("http://localhost/")  # It has frames only where it is secure.
    shape = "{ format: 'RGBA', codedWidth: 8, codedHeight: 8, timestamp: 0 }"
    forget = f"() => void new VideoFrame(new Uint8Array(256), {shape})"
    for told in (0, 2):
        with page.expect_console_message(lambda message: UNCLOSED in message.text):
            page.evaluate(forget)
            page.request_gc()
        assert len(console_errors(page)) == told
