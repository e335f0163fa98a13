"""The table of hosts says what the tests said."""

from __future__ import annotations

from typing import Literal

import pytest

from e2e.matrix import INSTEAD, matrix


def report(
    name: str, outcome: Literal["passed", "failed"], **properties: object
) -> pytest.TestReport:
    about = properties.items()
    return pytest.TestReport(
        f"e2e/{name}", ("", None, ""), {}, outcome, None, "call", user_properties=about
    )


def test_hosts_and_scenarios() -> None:
    table = matrix(
        [
            report("test_hosts.py::test_a_room[JupyterLab]", "passed"),
            report("test_hosts.py::test_a_room[marimo run]", "failed"),
            report("test_hosts.py::test_a_picture[marimo run]", "passed"),
            report("test_hosts.py::test_a_picture[Voil\\xe0]", "passed", **{INSTEAD: "no camera"}),
            report("test_rooms.py::test_a_room[JupyterLab]", "failed"),
        ]
    )
    assert table.splitlines() == [
        "|  | JupyterLab | marimo run | Voilà |",
        "| --- | --- | --- | --- |",
        "| a room | yes | **no** |  |",
        "| a picture |  | yes | no camera |",
    ]


def test_no_table_of_other_tests() -> None:
    assert matrix([report("test_rooms.py::test_a_room", "passed")]) == ""
