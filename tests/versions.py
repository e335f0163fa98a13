"""Runs the tests without a browser in other Pythons: `python -m tests.versions --help`."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

UV = (sys.executable, "-m", "uv")
ROOT = Path(__file__).parents[1]
OLDEST, NEWEST = "3.10", "3.13"
RUNS = {
    f"{OLDEST}, lowest": (OLDEST, "lowest-direct"),  # of what pyproject.toml allows
    OLDEST: (OLDEST, "highest"),
    "3.11": ("3.11", "highest"),
    "3.12": ("3.12", "highest"),
    NEWEST: (NEWEST, "highest"),
}
SHORT = (f"{OLDEST}, lowest", NEWEST)
# Most of the tests' time is waiting.
TESTS = ("-m", "pytest", "tests", "--quiet", "--numprocesses=4")


def with_pyenv() -> dict[str, str]:
    """Let pyenv show all the Pythons that it has: of itself it shows one."""
    if not shutil.which("pyenv"):
        return {**os.environ}
    command = ["pyenv", "versions", "--bare"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return {**os.environ, "PYENV_VERSION": ":".join(answer.stdout.split())}


def run(version: str, resolution: str, folder: Path, instead: str | None) -> str:
    """Make an environment, run the tests there, and report how that went.

    Args:
        version: The Python to test with.
        resolution: Which versions of packages uv chooses.
        folder: Where the environment is made.
        instead: The Python to test with where that one is unavailable.
    """
    environment = with_pyenv()
    python = str(folder / "bin" / "python")
    make = [*UV, "venv", "--quiet", f"--python={version}", str(folder)]
    used = ""
    if subprocess.run(make, env=environment, check=False).returncode:
        if not instead:
            return "NOT TESTED: this Python is unavailable"
        make = [*UV, "venv", "--quiet", f"--python={instead}", str(folder)]
        subprocess.run(make, env=environment, check=True)
        used = f" with {instead}, as this Python is unavailable"
    packages = ("--group=unit", "--editable=.[poll]")
    install = [*UV, "pip", "install", "--quiet", f"--python={python}", *packages]
    subprocess.run([*install, f"--resolution={resolution}"], cwd=ROOT, env=environment, check=True)
    failed = subprocess.run([python, *TESTS], cwd=ROOT, check=False).returncode
    return ("failed" if failed else "passed") + used


def main() -> None:
    """Run what was asked for, and print the outcomes at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help=f"only {' and '.join(SHORT)}")
    short = parser.parse_args().short
    names = SHORT if short else tuple(RUNS)
    outcomes = {}
    for name in names:
        print(f"Python {name}:", flush=True)  # noqa: T201
        with tempfile.TemporaryDirectory() as folder:
            outcomes[name] = run(*RUNS[name], Path(folder), sys.executable if short else None)
    for name, outcome in outcomes.items():
        print(f"Python {name}: {outcome}")  # noqa: T201
    sys.exit(any(outcome.startswith("failed") for outcome in outcomes.values()))


if __name__ == "__main__":
    main()
