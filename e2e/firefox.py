"""Firefox, driven by `node/firefox.js`: Playwright can only drive one that it has built itself."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from e2e.install import NODE, find_firefox
from hatch_build import with_node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class FirefoxError(Exception):
    """A page did not do what it was asked to do."""


class Firefox:
    """A Firefox with a camera and a microphone that are not there, and a page for each test.

    Args:
        process: Drives it.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Firefox]:
        """Start it, and quit it at the end."""
        command: list[str | Path] = ["node", NODE / "firefox.js", find_firefox()]
        with subprocess.Popen(
            command,
            env=with_node(os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            yield cls(process)

    def open(self) -> Tab:
        """Open an empty page that shares nothing with others."""
        return Tab(self, self.ask(None, "open"))

    def ask(self, tab: int | None, name: str, *values: object) -> Any:
        """Let the driver do something; see the table of commands there."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"tab": tab, "name": name, "values": values}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "Firefox has ended."}')
        if error := answer.get("error"):
            raise FirefoxError(error)
        return answer["value"]


class Tab:
    """A page; what it offers is named as in Playwright's `Page`."""

    def __init__(self, firefox: Firefox, number: int) -> None:
        self._firefox = firefox
        self._number = number

    @property
    def context(self) -> Tab:
        """What keeps the page alone."""
        return self

    @property
    def pages(self) -> list[Tab]:
        """The only page."""
        return [self]

    @property
    def errors(self) -> list[str]:
        """What the page logged as an error or did not catch."""
        return list(self.ask("errors"))

    def goto(self, url: str) -> None:
        """Load a page."""
        self.ask("goto", url)

    def evaluate(self, function: str, value: object = None) -> Any:
        """Call a function in the page."""
        return self.ask("evaluate", function, value)

    def wait_for_function(self, function: str, *, arg: object = None, timeout: float) -> None:
        """Call a function in the page until its result is true, for so many milliseconds."""
        self.ask("wait", function, arg, timeout)

    def wait_for_timeout(self, milliseconds: float) -> None:
        """Let time pass."""
        time.sleep(milliseconds / 1000)

    def locator(self, selector: str) -> Part:
        """Locate elements, those in shadow roots too."""
        return Part(self, [{"selector": selector}])

    def screenshot(self, path: Path) -> None:
        """Write a picture of the page."""
        self.ask("screenshot", str(path))

    def close(self) -> None:
        """Close the page."""
        self.ask("close")

    def ask(self, name: str, *values: object) -> Any:
        """Let the driver do something in this page."""
        return self._firefox.ask(self._number, name, *values)


class Part:
    """Elements of a page; what it offers is named as in Playwright's `Locator`."""

    def __init__(self, tab: Tab, steps: list[dict[str, object]]) -> None:
        self._tab = tab
        self._steps = steps

    def nth(self, number: int) -> Part:
        """Take one of them."""
        return Part(self._tab, [*self._steps, {"nth": number}])

    def locator(self, selector: str) -> Part:
        """Locate elements within."""
        return Part(self._tab, [*self._steps, {"selector": selector}])

    def button(self, label: str) -> Part:
        """Locate a button within."""
        return Part(self._tab, [*self._steps, {"button": label}])

    def click(self) -> None:
        """Wait until it is there, and click."""
        self._tab.ask("click", self._steps)

    def evaluate(self, function: str) -> Any:
        """Call a function with the first element."""
        return self._tab.ask("element", self._steps, function)
