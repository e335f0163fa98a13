"""What every other test here relies on."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from e2e.browsers import UNCLOSED, console_errors
from e2e.kernels import KernelError
from e2e.notebooks import sources_of

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.conftest import Launch, OpenNotebook

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
