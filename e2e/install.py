"""Finds or installs what the tests need beyond Python packages: `python -m e2e.install`."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_build import install_node_modules, npm

if TYPE_CHECKING:
    from collections.abc import Callable

APT_UPDATE = ("apt-get", "update", "--quiet")
APT_INSTALL = ("apt-get", "install", "--quiet", "--yes", "--no-install-recommends")
PLAYWRIGHT_INSTALL = (sys.executable, "-m", "playwright", "install", "chromium")

# The kernel of Colab and of many servers, and what it needs that ipykernel 7 does not.
IPYKERNEL_6 = ("ipykernel<7", "nest_asyncio>=1.4")

ROOT = Path(__file__).parents[1]
NODE = Path(__file__).with_name("node")
"""The packages for Node that the tests themselves use."""
# What shows notebooks as applications do that can't be installed; see `embeds.py`.
PAGES = Path(__file__).with_name("pages")
ENVIRONMENTS = Path(__file__).with_name(".environments")

# Debian keeps servers in folders that a user's PATH leaves out.
FOLDERS = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])

# Playwright cannot start twice in one process, and a test may be using it.
PLAYWRIGHT_CHROMIUM = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


def find_chromium() -> Path:
    """Find a Chromium: the system's, else Playwright's."""
    found = find(
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    )
    if found:
        return found
    command = [sys.executable, "-c", PLAYWRIGHT_CHROMIUM]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    downloaded = Path(answer.stdout.strip())
    if downloaded.exists():
        return downloaded
    message = (
        "The tests need a Chromium. "
        "Run `apt-get install chromium` as root, or `playwright install chromium`."
    )
    raise FileNotFoundError(message)


def find_firefox() -> Path:
    """Find a Firefox."""
    found = find("firefox-esr", "firefox")
    if found:
        return found
    message = "The tests need a Firefox. Run `apt-get install firefox-esr` as root."
    raise FileNotFoundError(message)


def find_mosquitto() -> Path:
    """Find the MQTT broker."""
    found = find("mosquitto")
    if found:
        return found
    message = "The tests need an MQTT broker. Run `apt-get install mosquitto` as root."
    raise FileNotFoundError(message)


def find_turnserver() -> Path:
    """Find the TURN server, which relays calls."""
    found = find("turnserver")
    if found:
        return found
    message = "The tests need a TURN server. Run `apt-get install coturn` as root."
    raise FileNotFoundError(message)


def environment(name: str, python: str, *arguments: str) -> str:
    """Make a Python environment unless it is there, and return its Python.

    Args:
        name: Its own.
        python: Whose version it has.
        arguments: What uv is to install, and how.
    """
    folder = ENVIRONMENTS / name
    program, stamp = str(folder / "bin" / "python"), folder / "made of"
    made_of = "\n".join([python, *arguments, (ROOT / "pyproject.toml").read_text()])
    ENVIRONMENTS.mkdir(exist_ok=True)
    with (ENVIRONMENTS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process of the tests may need it now, too
        if not (stamp.exists() and stamp.read_text() == made_of):
            uv = (sys.executable, "-m", "uv")
            make = (*uv, "venv", "--quiet", "--clear", f"--python={python}", str(folder))
            subprocess.run(make, check=True)
            install = (*uv, "pip", "install", "--quiet", f"--python={program}", *arguments)
            subprocess.run(install, cwd=ROOT, check=True)
            stamp.write_text(made_of)
    return program


def install_ipykernel_6() -> Path:
    """Install the kernel of Colab and of many servers, and return the folder to import it from."""
    python = environment("ipykernel-6", sys.executable, "--no-deps", *IPYKERNEL_6)
    return Path(python).parents[1] / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"


def install_lowest() -> str:
    """Make an environment with the lowest versions that we allow, and return its Python."""
    # Not older than this Python, for which it would have to be compiled.
    options = ("--resolution=lowest-direct", "--only-binary=numpy", "--editable=.[lab]")
    return environment("lowest", sys.executable, *options)


def find(*names: str) -> Path | None:
    """Find the first of several commands that the system has."""
    found = filter(None, (shutil.which(name, path=FOLDERS) for name in names))
    return next(map(Path, found), None)


def ensure(find: Callable[[], Path], *commands: tuple[str, ...]) -> Path:
    """Run one command after the other until the program is there."""
    for command in commands:
        try:
            return find()
        except FileNotFoundError:
            if shutil.which(command[0]):
                quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
                subprocess.run(command, env=quiet, check=False)
    return find()


def main() -> None:
    """Install what is missing, and say what is used."""
    npm("ci")
    install_node_modules(NODE)
    install_node_modules(PAGES)
    chromium = (APT_UPDATE, (*APT_INSTALL, "chromium"), PLAYWRIGHT_INSTALL)
    firefox = (APT_UPDATE, (*APT_INSTALL, "firefox-esr"))
    mosquitto = (APT_UPDATE, (*APT_INSTALL, "mosquitto"))
    coturn = (APT_UPDATE, (*APT_INSTALL, "coturn"))
    try:
        print("Chromium:", ensure(find_chromium, *chromium))
        print("Firefox:", ensure(find_firefox, *firefox))
        print("MQTT broker:", ensure(find_mosquitto, *mosquitto))
        print("TURN server:", ensure(find_turnserver, *coturn))
    except FileNotFoundError as missing:
        sys.exit(str(missing))


if __name__ == "__main__":
    main()
