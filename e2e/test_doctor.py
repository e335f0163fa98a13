"""What the doctor finds in a real page, and the sentence that it gives for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from e2e.brokers import HOST, Broker
from e2e.ports import free_port
from e2e.turn import PASSWORD, TurnServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.conftest import Launch, OpenNotebook
    from e2e.notebooks import Notebook

NOBODY = f"mqtt://{HOST}:1"
"""No broker."""
EXPECTED = {
    *("Python", "ipywebrtc", "anywidget", "jupyterlab", "kernel", "await in a cell", "front end"),
    *("subshells", "round trip", "browser", "frame", "secure context", "permissions policy"),
    *("camera", "microphone", "screen", "calls, video", "calls, audio", "WebCodecs"),
    *("MediaRecorder", "candidates", "STUN", "broker"),
}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker.running(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture(scope="module")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TurnServer]:
    with TurnServer.running(tmp_path_factory.mktemp("turn")) as server:
        yield server


def cells(server: str, ice_servers: list[Any]) -> None:
    import ipywebrtc

    doctor = ipywebrtc.doctor(server=server, ice_servers=ice_servers)
    doctor


def examined(nb: Notebook) -> dict[str, dict[str, str]]:
    nb.wait_for("doctor.status != 'starting'", timeout=15)
    return {fact["name"]: fact for fact in nb.python("doctor._facts")}


@pytest.mark.quick
def test_all_is_well(notebook: OpenNotebook, broker: Broker, turn: TurnServer) -> None:
    servers = [f"stun:{turn.url.partition(':')[2]}", turn.server()]
    nb = notebook(cells, server=broker.tcp, ice_servers=servers)
    nb.page.context.grant_permissions(["camera", "microphone", "clipboard-read", "clipboard-write"])
    nb.run()
    facts = examined(nb)
    assert {name for name, fact in facts.items() if fact["state"] != "ok"} == set()
    assert facts.keys() >= EXPECTED | {"TURN"}
    assert (facts["kernel"]["value"], facts["await in a cell"]["value"]) == ("Jupyter", "works")
    assert "vp8" in facts["WebCodecs"]["value"]
    view = nb.output(0)
    expect(view.get_by_text("All is well")).to_be_visible()
    view.get_by_role("button", name="Copy as text").click()
    expect(view.get_by_role("button", name="Copied")).to_be_visible()
    text = nb.page.evaluate("navigator.clipboard.readText()")
    assert text == nb.python("doctor.report")
    assert PASSWORD not in text


def test_what_is_out_of_reach_is_named(notebook: OpenNotebook, broker: Broker) -> None:
    port = free_port()
    stun = "stun:stun.invalid:3478"
    nb = notebook(cells, server=f"mqtt://me:secret@{HOST}:{port}", ice_servers=[stun])
    nb.run()
    facts = examined(nb)
    assert f"mqtt://{HOST}:{port}: Connection refused" in facts["broker"]["advice"]
    assert (facts["broker"]["state"], facts["STUN"]["state"]) == ("failure", "warning")
    assert stun in facts["STUN"]["value"]
    assert "TURN server in ice_servers" in facts["STUN"]["advice"]
    view = nb.output(0)
    expect(view.get_by_text("1 thing does not work, 1 warning")).to_be_visible()
    expect(
        view.get_by_role("row").filter(has_text="broker").get_by_label("failure")
    ).to_be_visible()
    # Mended, and examined anew from the view.
    nb.execute(f"doctor.ice_servers = []; doctor.server = ['mqtt://{HOST}:{port}', {broker.tcp!r}]")
    view.get_by_role("button", name="Examine again").click()
    expect(view.get_by_text(f"{broker.tcp} lets this kernel in")).to_be_visible()
    assert "people meet only on the same one" in examined(nb)["broker"]["advice"]


def test_a_denied_camera_is_told_and_not_asked_for(notebook: OpenNotebook, launch: Launch) -> None:
    nb = notebook(cells, browser=launch(fake_ui=False), server=NOBODY, ice_servers=[])
    nb.page.context.grant_permissions(["microphone"])  # and no other
    nb.page.evaluate("""() => {
      globalThis.asked = 0;
      for (const name of ["getUserMedia", "getDisplayMedia"]) {
        navigator.mediaDevices[name] = async () => { asked += 1; };
      }
    }""")
    nb.run()
    facts = examined(nb)
    assert facts["camera"]["state"] == "failure"
    assert "allow it by the icon in the address bar" in facts["camera"]["advice"]
    assert facts["microphone"]["value"].endswith("the permission is granted")
    assert nb.page.evaluate("asked") == 0


def test_a_page_that_is_not_secure(notebook: OpenNotebook, launch: Launch) -> None:
    browser = launch(extra=["--host-resolver-rules=MAP insecure.test 127.0.0.1"])
    nb = notebook(cells, browser=browser, hostname="insecure.test", server=NOBODY, ice_servers=[])
    nb.run()
    facts = examined(nb)
    assert "this one is http://insecure.test" in facts["secure context"]["advice"]
    assert {facts[name]["state"] for name in ("camera", "microphone", "screen")} == {"failure"}
    sentence = nb.output(0).get_by_text("open the notebook by https, or through an ssh tunnel")
    expect(sentence).to_have_count(1)
    # There is no clipboard that the page may write to, but what is selected can be copied.
    nb.output(0).get_by_role("button", name="Copy as text").click()
    expect(nb.output(0).get_by_role("button", name="Copied")).to_be_visible()
    nb.page.evaluate("""() => {
      const area = document.createElement("textarea");
      area.id = "pasted";
      document.body.append(area);
      area.focus();
    }""")
    nb.page.keyboard.press("ControlOrMeta+v")
    expect(nb.page.locator("#pasted")).to_have_value(nb.python("doctor.report"))


def test_a_kernel_that_ends_is_told(jupyterlab: OpenNotebook) -> None:
    # A server that does not answer is waited for, and the kernel does not live to hear of it.
    nb = jupyterlab(cells, server=NOBODY, ice_servers=[f"stun:{HOST}:1"])
    nb.run()
    view = nb.output(0)
    expect(view.get_by_text("Examining…")).to_be_visible()
    nb.page.evaluate(
        "jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()"
    )
    expect(view.get_by_text("The kernel has ended: run the cell again")).to_be_visible()
    expect(view.get_by_role("button", name="Examine again")).to_be_disabled()
