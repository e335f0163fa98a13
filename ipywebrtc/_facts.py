"""What a bug report needs to know: facts, as text, and those that Python knows by itself."""

from __future__ import annotations

import importlib.metadata
import ipaddress
import itertools
import platform
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import ipywebrtc
from ipywebrtc._bundle import asset
from ipywebrtc._dropped import summary
from ipywebrtc._media import why_not_waiting

if TYPE_CHECKING:
    from collections.abc import Iterable

State = Literal["ok", "info", "warning", "failure", "pending"]

MARKS: dict[State, str] = {
    "ok": "ok",
    "info": "-",
    "warning": "WARN",
    "failure": "FAIL",
    "pending": "...",
}
"""In ASCII, which every terminal can print."""

NEEDED = ("anywidget", "ipywidgets", "traitlets", "paho-mqtt", "cryptography")
HOSTS = ("jupyterlab", "notebook", "voila", "marimo", "ipykernel", "jupyter_ui_poll")
"""What shows notebooks and runs their cells; one of them is enough."""
OPTIONAL = {
    "numpy": "pip install numpy, for what becomes an array.",
    "pillow": "pip install pillow, for pictures as arrays.",
    "av": "pip install 'ipywebrtc[av]', for the samples of recordings that are not wav.",
}
"""What only some functions need, and for what."""

# A version such as Chrome/156.0.0.0 is no address.
ADDRESS = re.compile(
    r"(?<![\w.:])(?<!\w/)(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]{0,4}(?::[\da-f]{0,4}){2,7})(?![\w.])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Fact:
    """One line of a report.

    Args:
        group: What it belongs to.
        name: What is looked at.
        value: What was found.
        state: `ok`, `info` (what is no trouble), `warning` (something is missing), `failure`
            (something can't work), or `pending` (not known yet).
        advice: What mends it, in one sentence; empty where nothing has to be mended. That of
            an `info` is for those who want more.
    """

    group: str
    name: str
    value: str
    state: State = "ok"
    advice: str = ""


def text(facts: Iterable[Fact]) -> str:
    """Write facts as lines of text, one for each, and what mends it below."""
    facts = [*facts]
    width = max(len(fact.name) for fact in facts)
    lines = []
    for group, members in itertools.groupby(facts, lambda fact: fact.group):
        lines += ["", group]
        for fact in members:
            lines.append(f"  {MARKS[fact.state]:4}  {fact.name:{width}}  {fact.value}")
            if fact.advice:
                lines.append(f"  {'':4}  {'':{width}}  -> {fact.advice}")
    return "\n".join(lines[1:])


def without_addresses(sentence: str) -> str:
    """Take IP addresses out, but for those of every machine itself: reports are made public."""
    return ADDRESS.sub(lambda found: _public(found[0]), sentence)


def _public(address: str) -> str:
    try:
        local = ipaddress.ip_address(address).is_loopback
    except ValueError:  # It only looks like one.
        return address
    return address if local else "(address)"


def versions() -> list[Fact]:
    """List what is installed."""
    python = f"{platform.python_version()} ({platform.python_implementation()})"
    found = [
        Fact("Versions", "ipywebrtc", ipywebrtc.__version__),
        Fact("Versions", "Python", python),
        Fact("Versions", "system", platform.platform()),
    ]
    found += [_installed(name) for name in NEEDED]
    found += [fact for fact in map(_installed, HOSTS) if fact.state == "ok"]
    return found + [_installed(name) for name in OPTIONAL]


def _installed(name: str) -> Fact:
    try:
        return Fact("Versions", name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        state: State = "info" if name in OPTIONAL else "failure"
        advice = OPTIONAL.get(name, f"This package needs it: pip install {name}.")
        return Fact("Versions", name, "not installed", state, advice)


def kernel() -> list[Fact]:
    """Say what runs the cells here, and what works there."""
    runner = _runner()
    name = Fact("Kernel", "kernel", _kernel_name(runner))
    return [name, _waiting(runner), _front_end(), _dropped_messages()]


def _runner() -> str:
    """Name the package that runs the cells, as `why_not_waiting` calls it; empty in a shell."""
    if getattr(sys.modules.get("marimo"), "running_in_notebook", bool)():
        return "marimo"
    shell = getattr(sys.modules.get("IPython"), "get_ipython", bool)()
    return "IPython" if getattr(shell, "kernel", None) else ""


def _kernel_name(runner: str) -> str:
    if not runner:
        return "none: this is a program or a shell"
    if "google.colab" in sys.modules:
        return "Google Colab"
    return "marimo" if runner == "marimo" else "Jupyter"


def _waiting(runner: str) -> Fact:
    name = "await in a cell"
    if not runner:
        return Fact("Kernel", name, "there are no cells")
    if sentence := why_not_waiting(runner):
        return Fact("Kernel", name, "gets no answer from the page", "warning", sentence)
    return Fact("Kernel", name, "works")


def _dropped_messages() -> Fact:
    listed = summary()
    if not listed:
        return Fact("Kernel", "dropped", "nothing")
    advice = "A page or a participant sent what it may not send; SECURITY.md says what that means."
    return Fact("Kernel", "dropped", listed, "warning", advice)


def _front_end() -> Fact:
    # The bundle of every widget is there, or this package could not be imported.
    try:
        asset("streams")
    except FileNotFoundError as error:
        return Fact("Kernel", "front end", "not built", "failure", str(error))
    return Fact("Kernel", "front end", "built")
