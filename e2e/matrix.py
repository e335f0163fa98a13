"""The table of what was shown to work where, out of a run of `test_hosts.py`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

TEST = re.compile(r"test_hosts\.py::test_(\w+)\[(.+)\]$")
INSTEAD = "instead"
"""The property in which a test that passed says what its host does instead."""


def matrix(reports: Iterable[pytest.TestReport]) -> str:
    """Write a Markdown table: a row for each scenario, a column for each host."""
    outcomes: dict[str, dict[str, str]] = {}
    for report in reports:
        if found := TEST.search(report.nodeid):
            # pytest writes names in ASCII.
            scenario, host = found[1].replace("_", " "), found[2].encode().decode("unicode_escape")
            word = str(dict(report.user_properties).get(INSTEAD, "yes"))
            outcomes.setdefault(scenario, {})[host] = word if report.passed else "**no**"
    hosts = [*dict.fromkeys(host for row in outcomes.values() for host in row)]
    rows = [
        ["", *hosts],
        ["---"] * (1 + len(hosts)),
        *([scenario, *(row.get(host, "") for host in hosts)] for scenario, row in outcomes.items()),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) if outcomes else ""
