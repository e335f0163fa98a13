"""The table of hosts says what the tests said."""

from __future__ import annotations

from typing import Literal

import pytest

from e2e.matrix import matrix


def report(name: str, outcome: Literal["passed", "failed"]) -> pytest.TestReport:
    return pytest.TestReport(f"e2e/{name}", ("", None, ""), {}, outcome, None, "call")


def test_hosts_and_scenarios() -> None:
    table = matrix(
        [
            report("test_hosts.py::test_a_room[JupyterLab]", "passed"),
            report("test_hosts.py::test_a_room[marimo run]", "failed"),
            report("test_hosts.py::test_a_picture[marimo run]", "passed"),
            report("test_rooms.py::test_a_room[JupyterLab]", "failed"),
        ]
    )
    assert table.splitlines() == [
        "|  | JupyterLab | marimo run |",
        "| --- | --- | --- |",
        "| a room | yes | **no** |",
        "| a picture |  | yes |",
    ]


def test_no_table_of_other_tests() -> None:
    assert matrix([report("test_rooms.py::test_a_room", "passed")]) == ""
