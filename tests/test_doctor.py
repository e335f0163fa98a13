"""What Python knows of the doctor's report, and what the report never shows."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import traitlets

import ipywebrtc
from e2e.brokers import HOST, Broker
from e2e.ports import free_port
from ipywebrtc import Doctor, _facts, _media, _mqtt
from ipywebrtc._facts import Fact, text, without_addresses

from .conftest import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Page

    OpenPage = Callable[..., Page]

SECRET = "looking-glass"  # noqa: S105 - of nobody
TURN = {"urls": "turn:turn.test:3478", "username": "alice", "credential": SECRET}
PAGE = {"group": "Page", "name": "browser", "value": "Test/1", "state": "ok", "advice": ""}


@pytest.fixture
def nowhere() -> str:
    """The URL of a broker that is not there."""
    return f"mqtt://alice:{SECRET}@{HOST}:{free_port()}"


def broker_of(doctor: Doctor) -> dict[str, Any]:
    (fact,) = [fact for fact in doctor._facts if fact["name"] == "broker"]
    return fact


def examine(page: Page) -> dict[str, Any]:
    return page.requests("examine")[-1]


# The text


def test_facts_are_lines_and_advice_stands_below() -> None:
    facts = [
        Fact("One", "a", "1"),
        Fact("One", "long", "2", "warning", "Do this."),
        Fact("Two", "b", "3", "failure"),
    ]
    assert text(facts).splitlines() == [
        "One",
        "  ok    a     1",
        "  WARN  long  2",
        "              -> Do this.",
        "",
        "Two",
        "  FAIL  b     3",
    ]


@pytest.mark.parametrize(
    ("sentence", "clean"),
    [
        ("this one is http://192.168.1.5:8888: open", "this one is http://(address):8888: open"),
        ("mqtt://[2001:db8::1]:1883 and fe80::1", "mqtt://[(address)]:1883 and (address)"),
        ("mqtt://127.0.0.1:1883 and [::1]", "mqtt://127.0.0.1:1883 and [::1]"),
        ("Chrome/156.0.0.0 at 12:30:45, 7.4.0", "Chrome/156.0.0.0 at 12:30:45, 7.4.0"),
    ],
)
def test_a_report_holds_no_address(sentence: str, clean: str) -> None:
    assert without_addresses(sentence) == clean


def test_the_command_prints_what_a_bug_report_needs() -> None:
    command = [sys.executable, "-m", "ipywebrtc"]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert printed.isascii()
    for name, value in {
        "ipywebrtc": ipywebrtc.__version__,
        "Python": "3.",
        "anywidget": r"\d",
        "kernel": "none: this is a program",
        "await in a cell": "there are no cells",
        "front end": "built",
    }.items():
        assert re.search(rf"^  ok    {name} +{value}", printed, re.MULTILINE)


def test_what_is_not_installed_says_what_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_facts, "NEEDED", ("ipywebrtc-needs-this",))
    monkeypatch.setattr(_facts, "HOSTS", ("ipywebrtc-in-this",))
    monkeypatch.setattr(_facts, "OPTIONAL", {"ipywebrtc-likes-this": "For a sentence."})
    missing = {fact.name: fact for fact in _facts.versions() if fact.state != "ok"}
    assert missing.keys() == {"ipywebrtc-needs-this", "ipywebrtc-likes-this"}
    assert "pip install ipywebrtc-needs-this" in missing["ipywebrtc-needs-this"].advice
    assert missing["ipywebrtc-likes-this"].state == "info"
    assert "  -     ipywebrtc-likes-this  not installed\n" in text([*missing.values()])


def test_a_cell_that_would_wait_in_vain_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_facts, "_runner", lambda: "marimo")
    fact = _facts.kernel()[1]
    assert (fact.state, fact.advice) == ("warning", _media.why_not_waiting("marimo"))
    monkeypatch.setattr(_facts, "_runner", lambda: "IPython")
    assert _facts.kernel()[1].value == "works"


# The doctor


def test_without_a_page_there_is_what_python_knows(nowhere: str) -> None:
    doctor = ipywebrtc.doctor(server=nowhere)
    assert isinstance(doctor, Doctor)
    assert repr(doctor) == doctor.report
    assert f"ipywebrtc        {ipywebrtc.__version__}" in doctor.report
    assert "none has answered yet" in doctor.report
    assert doctor.status == "starting"


@pytest.mark.usefixtures("quick")
def test_a_page_that_never_comes_is_told_and_one_that_comes_then_is_asked(
    open_page: OpenPage, nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipywebrtc.diagnosis.TIMEOUT", 0.02)

    async def main() -> None:
        doctor = Doctor(server=nowhere)
        await until(lambda: doctor.status == "error")
        assert "No open page has loaded this Doctor" in doctor.report
        assert doctor.error in doctor.report
        page = open_page(doctor)
        page.answer(examine(page), facts=[PAGE])
        await until(lambda: doctor.status == "idle")
        assert doctor.error == ""
        assert "Test/1" in doctor.report

    asyncio.run(asyncio.wait_for(main(), 10))


def test_a_broker_that_lets_us_in_is_named(open_page: OpenPage, broker: Broker) -> None:
    async def main() -> None:
        doctor = Doctor(server=broker.websockets)
        page = open_page(doctor)
        page.answer(examine(page), facts=[PAGE])
        await until(lambda: doctor.status == "idle")
        server = _mqtt.Server.parse(broker.websockets)
        assert broker_of(doctor)["value"] == f"{server} lets this kernel in"
        assert broker_of(doctor)["state"] == "ok"

    asyncio.run(asyncio.wait_for(main(), 10))


def test_a_broker_that_is_not_the_first_is_a_warning(broker: Broker, nowhere: str) -> None:
    async def main() -> None:
        doctor = Doctor(server=[nowhere, broker.tcp])
        await until(lambda: broker_of(doctor)["state"] == "warning")
        assert "people meet only on the same one" in broker_of(doctor)["advice"]

    asyncio.run(asyncio.wait_for(main(), 10))


def test_the_environment_names_the_broker(nowhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_mqtt.SERVER_VARIABLE, nowhere)

    async def main() -> None:
        doctor = Doctor(ice_servers=[TURN])
        await until(lambda: broker_of(doctor)["state"] == "failure")
        assert f"{HOST}:{nowhere.rpartition(':')[2]}: Connection refused" in doctor.report
        assert SECRET not in doctor.report

    asyncio.run(asyncio.wait_for(main(), 10))


def test_a_server_that_is_none_is_told_without_its_secret() -> None:
    doctor = Doctor(server=f"http://alice:{SECRET}@turn.test")
    assert broker_of(doctor)["state"] == "failure"
    assert "A server is mqtt://host:port" in doctor.report
    assert SECRET not in doctor.report
    with pytest.raises(traitlets.TraitError) as error:
        Doctor(ice_servers=[{**TURN, "urls": f"turn:alice:{SECRET}@turn.test"}])
    assert SECRET not in str(error.value)


def test_credentials_reach_the_page_and_no_saved_notebook(
    open_page: OpenPage, nowhere: str
) -> None:
    doctor = Doctor(server=nowhere, ice_servers=[TURN])
    page = open_page(doctor)
    assert examine(page)["ice_servers"] == [{**TURN, "urls": [TURN["urls"]]}]
    assert SECRET not in str(doctor.get_state())


def test_the_page_in_which_the_button_is_pressed_is_examined(
    open_page: OpenPage, nowhere: str
) -> None:
    doctor = Doctor(server=nowhere)
    first, second = open_page(doctor, "first"), open_page(doctor, "second")
    before = examine(first)["id"]
    second.say("again")
    first.say("again")
    assert len({request["id"] for request in first.requests("examine")}) == 2
    first.answer(examine(first) | {"id": before}, facts=[{**PAGE, "value": "too late"}])
    first.answer(examine(first), facts=[PAGE])
    assert "Test/1" in doctor.report
    assert "too late" not in doctor.report


def test_a_ping_is_answered(open_page: OpenPage, nowhere: str) -> None:
    page = open_page(Doctor(server=nowhere))
    page.say("ping", number=3)
    assert page.received[-1] == {"kind": "pong", "page": "page", "number": 3}
