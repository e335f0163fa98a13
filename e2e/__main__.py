"""Runs the tests in browsers: `python -m e2e`, with arguments for pytest.

Tests that measure time, frames or memory are marked `alone`: they run after the others, one at a
time.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

PROCESSES = 1
"""How many share the tests that are not `alone`, a file at a time. On two cores a second one saves
little, as one keeps them 80 % busy, and tests that wait for frames or a call then fail at times."""
RUNS = (("-m", "not alone", f"--numprocesses={PROCESSES}", "--dist=loadscope"), ("-m", "alone"))


def main() -> int:
    """Run both, and return the first exit status that is no success."""
    given = sys.argv[1:]
    if not any(argument.startswith("e2e") for argument in given):
        given = ["e2e", *given]
    commands = [[sys.executable, "-m", "pytest", *run, *given] for run in RUNS]
    statuses = [subprocess.run(command, check=False).returncode for command in commands]
    # A selection may have tests of one kind only.
    if {*statuses} == {pytest.ExitCode.NO_TESTS_COLLECTED}:
        return int(pytest.ExitCode.NO_TESTS_COLLECTED)
    fine = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    return next((status for status in statuses if status not in fine), 0)


if __name__ == "__main__":
    sys.exit(main())
