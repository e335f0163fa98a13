"""Shows at the end of a run where its time went: the slowest tests, and what each file took."""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

SLOWEST = 20
NAME = "timing"


def register(config: pytest.Config) -> None:
    """Let a run show this, once."""
    if not config.pluginmanager.has_plugin(NAME):
        config.pluginmanager.register(sys.modules[__name__], NAME)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the slowest tests with their fixtures, and the total of each file."""
    tests: dict[str, float] = defaultdict(float)
    for report in reports(terminalreporter):
        tests[report.nodeid] += report.duration
    if not tests:
        return
    files: dict[str, float] = defaultdict(float)
    for test, seconds in tests.items():
        files[test.partition("::")[0]] += seconds
    for title, times, count in (
        ("slowest tests", tests, SLOWEST),
        ("time by file", files, len(files)),
    ):
        terminalreporter.section(title)
        for name in sorted(times, key=times.__getitem__, reverse=True)[:count]:
            terminalreporter.write_line(f"{times[name]:7.2f} s  {name}")
    terminalreporter.write_line(f"{sum(files.values()):7.2f} s  in all")


def reports(terminalreporter: pytest.TerminalReporter) -> Iterator[pytest.TestReport]:
    """Yield what was reported of the setup, the call and the teardown of each test."""
    for found in terminalreporter.stats.values():
        yield from (report for report in found if hasattr(report, "duration") and report.nodeid)
