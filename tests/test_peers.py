"""The kernel's part of a call: who acts, and what becomes of signals."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
import traitlets
from ipywidgets import Widget

from ipywebrtc import ImageStream, MediaStream, WebRTCPeer, _media, peers
from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Page

    OpenPage = Callable[..., Page]

SECRET = "looking-glass"  # noqa: S105 - of nobody
TURN = {"urls": "turn:example.org:3478", "username": "alice", "credential": SECRET}


def said(session: str = "a1", to: str | None = None, **more: Any) -> dict[str, Any]:
    return {"from": session, "to": to, "polite": False, **more}


def offer(session: str = "a1", to: str | None = None) -> dict[str, Any]:
    return said(session, to, description={"type": "offer", "sdp": "v=0"})


def letter(
    page: Page, *signals: dict[str, Any], first: int = 1, heard: int = 0, turn: str = "t"
) -> None:
    """Let the page say something to the other side, and what it has heard."""
    request = page.requests("connect")[-1]["id"]
    about = {"id": request, "turn": turn, "first": first, "heard": heard}
    page.say("signals", **about, signals=[*signals])


def last(page: Page) -> dict[str, Any]:
    """Return what the page was told last."""
    told = [
        message
        for message in page.received
        if message["kind"] in ("signals", "request") and message["page"] == page.name
    ]
    return told[-1]


def state(page: Page, status: str, **more: Any) -> None:
    page.say("state", id=page.requests("connect")[-1]["id"], status=status, **more)


@pytest.fixture
def peer() -> WebRTCPeer:
    return WebRTCPeer()


def test_a_peer_has_a_stream_to_show_from_the_beginning(peer: WebRTCPeer) -> None:
    assert isinstance(peer.stream_remote, MediaStream)
    assert peer.stream_remote._kind == "remote"
    assert (peer.stream_remote.status, peer.status) == ("waiting", "idle")
    assert (peer.connected, peer.failed, peer.stats) == (False, False, {})
    with pytest.raises(traitlets.TraitError):
        peer.stream_remote = ImageStream()


def test_connect_waits_for_a_page(peer: WebRTCPeer, open_page: OpenPage) -> None:
    peer.connect()
    assert peer.status == "waiting"
    page = open_page(peer)
    (request,) = page.requests("connect")
    assert request["ice_servers"] == peer.ice_servers
    json.dumps(request, allow_nan=False)


def test_facts_are_those_of_the_page_that_calls(peer: WebRTCPeer, open_page: OpenPage) -> None:
    page = open_page(peer)
    peer.connect()
    other = open_page(peer, "other")
    other.say("state", id="", status="error", error="no")
    assert peer.status == "waiting"
    state(page, "connected", error="", stats={"relayed": True})
    assert (peer.connected, peer.failed, peer.stats) == (True, False, {"relayed": True})
    state(page, "error", error="No way was found.")
    assert (peer.connected, peer.failed, peer.stats) == (False, True, {})


def test_the_stream_listens_to_the_page_that_calls(peer: WebRTCPeer, open_page: OpenPage) -> None:
    open_page(peer)
    peer.connect()
    open_page(peer.stream_remote, "other").say("state", status="error", error="", settings={})
    assert peer.stream_remote.status == "waiting"
    open_page(peer.stream_remote).say("state", status="live", error="", settings={})
    assert peer.stream_remote.status == "live"


def test_signals_are_kept_until_a_page_has_heard_them(
    peer: WebRTCPeer, open_page: OpenPage
) -> None:
    peer.signal(offer())
    peer.signal(said(candidates=[{"candidate": "1"}]))
    page = open_page(peer)
    peer.connect()
    assert (last(page)["first"], len(last(page)["signals"])) == (1, 2)
    letter(page, heard=1)
    peer.signal(said(candidates=[{"candidate": "2"}]))
    assert last(page)["first"] == 2
    assert [signal["candidates"][0]["candidate"] for signal in last(page)["signals"]] == ["1", "2"]
    letter(page, heard=3)
    peer.signal(said())
    assert (last(page)["first"], len(last(page)["signals"])) == (4, 1)


def test_what_a_former_page_of_the_other_side_said_is_dropped(
    peer: WebRTCPeer, open_page: OpenPage
) -> None:
    for _ in range(3):
        peer.signal(offer("a1"))
    peer.signal(offer("a2"))
    page = open_page(peer)
    peer.connect()
    assert [signal["from"] for signal in last(page)["signals"]] == ["a2"]
    assert last(page)["first"] == 4


def test_waiting_signals_are_bounded(peer: WebRTCPeer, open_page: OpenPage) -> None:
    for _ in range(1000):
        peer.signal(offer())
    page = open_page(peer)
    peer.connect()
    assert len(last(page)["signals"]) == peers.WAITING_SIGNALS
    assert last(page)["first"] == 1001 - peers.WAITING_SIGNALS


def test_on_signal_gets_each_once_and_in_order(peer: WebRTCPeer, open_page: OpenPage) -> None:
    got: list[Any] = []
    peer.on_signal(got.append)
    page = open_page(peer)
    peer.connect()
    letter(page, said(number=1))
    letter(page, said(number=1), said(number=2))
    letter(page, said(number=2), first=2)
    assert [signal["number"] for signal in got] == [1, 2]
    peer.signal(said())
    assert last(page)["heard"] == 2
    peer.on_signal(got.append, remove=True)
    letter(page, said(number=3), first=3)
    assert len(got) == 2
    peer.on_signal(got.append)  # It was kept.
    assert [signal["number"] for signal in got] == [1, 2, 3]


def test_what_the_page_said_is_confirmed_soon(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "CONFIRM", 0.01)

    async def main() -> None:
        peer = WebRTCPeer()
        page = open_page(peer)
        peer.connect()
        letter(page, said(number=1))
        letter(page, said(number=1), said(number=2))
        count = len(page.received)
        await until(lambda: len(page.received) > count)
        assert (last(page)["heard"], last(page)["signals"]) == (2, [])

    asyncio.run(asyncio.wait_for(main(), 10))


def test_a_page_that_speaks_is_not_asked(
    peer: WebRTCPeer, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_media, "TICK", 1000)  # The test ticks.
    page = open_page(peer)
    peer.connect()
    request = peer._request
    assert request

    def ticks(count: int, *, speaks: bool) -> int:
        before = len(page.requests("connect"))
        for _ in range(count):
            if speaks:
                state(page, "connected")
            peer._tick(request)
        return len(page.requests("connect")) - before

    assert ticks(peers.REMINDER - 1, speaks=True) == 0
    assert ticks(peers.REMINDER, speaks=True) == 1
    assert ticks(peers.QUIET, speaks=False) == 2  # The first is a reminder.
    peer.signal(offer())
    state(page, "connected")
    assert ticks(2, speaks=False) == 1
    peer.ice_servers = []
    assert page.requests("connect")[-1]["ice_servers"] == []


def test_a_reloaded_page_counts_anew(peer: WebRTCPeer, open_page: OpenPage) -> None:
    got: list[Any] = []
    peer.on_signal(got.append)
    page = open_page(peer)
    peer.connect()
    assert page.requests("connect")[-1]["resumed"] is False
    letter(page, said(number=1), said(number=2), turn="t")
    page.say("bye")
    reloaded = open_page(peer, "reloaded")
    request = reloaded.requests("connect")[-1]
    assert (request["resumed"], request["turn"]) == (True, "t")
    letter(reloaded, said("a2", number=3), turn="u")
    letter(reloaded, said("a2", number=3), said("a2", number=4), turn="u")
    assert [signal.get("number") for signal in got] == [1, 2, None, 3, 4]
    assert got[2] == said(bye="left")


def test_a_call_stays_in_its_page(
    peer: WebRTCPeer, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_media, "TICK", 1000)  # The test ticks.
    page = open_page(peer)
    peer.connect()
    other = open_page(peer, "other")
    request = peer._request
    assert request
    for _ in range(3):
        peer._tick(request)
    assert not other.requests("connect")
    for _ in range(peers.PATIENCE):
        peer._tick(request)
    assert other.requests("connect")
    assert page.requests("connect")


def test_the_call_passes_on_when_its_page_is_closed(peer: WebRTCPeer, open_page: OpenPage) -> None:
    got: list[Any] = []
    peer.on_signal(got.append)
    page = open_page(peer)
    peer.connect()
    letter(page, offer())
    open_page(peer.stream_remote).say("state", status="live", error="", settings={})
    other = open_page(peer, "other")
    page.say("bye")
    assert other.requests("connect")
    assert peer.stream_remote.status == "waiting"
    state(other, "connected")
    other.say("bye")
    assert (peer.status, peer.connected) == ("waiting", False)
    assert got[-1] == said(bye="left")


def test_two_peers_of_one_kernel_are_wired(open_page: OpenPage) -> None:
    a, b = WebRTCPeer(), WebRTCPeer()
    a.connect(b)
    pages = open_page(a), open_page(b)
    letter(pages[0], offer("a1"))
    letter(pages[1], offer("b1"))
    assert last(pages[1])["signals"] == [offer("a1")]
    assert last(pages[0])["signals"] == [offer("b1")]
    a.connect(b)  # again
    letter(pages[0], said("a1", "b1"), first=2)
    assert len(last(pages[1])["signals"]) == 2
    with pytest.raises(ValueError, match="can't call itself"):
        a.connect(a)


def test_connect_tries_again_only_when_it_is_over(peer: WebRTCPeer, open_page: OpenPage) -> None:
    page = open_page(peer)
    peer.connect()
    peer.connect()
    assert page.requests("connect")[-1]["attempt"] == 0
    state(page, "error", error="No way was found.")
    peer.connect()
    assert page.requests("connect")[-1]["attempt"] == 1
    assert (peer.status, peer.error, peer.failed) == ("starting", "", False)


def test_close_says_goodbye(open_page: OpenPage) -> None:
    a, b = WebRTCPeer(), WebRTCPeer()
    a.connect(b)
    page, other = open_page(a), open_page(b)
    letter(page, offer("a1"))
    letter(page, said("a1", "b1"), first=2)
    a.close()
    assert last(other)["signals"][-1] == said("a1", "b1", bye="left")
    assert page.received[-1]["kind"] == "cancel"
    assert a.comm is None
    assert a.stream_remote.status == "ended"


def test_signals_come_from_any_thread(peer: WebRTCPeer, open_page: OpenPage) -> None:
    page = open_page(peer)
    peer.connect()

    def speak() -> None:
        for _ in range(10):
            peer.signal(said())

    threads = [threading.Thread(target=speak) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(last(page)["signals"]) <= 40
    assert peer._letter()["first"] == 1
    assert len(peer._letter()["signals"]) == 40


@pytest.mark.parametrize(
    "message",
    [
        None,
        {},
        "bye",
        {"from": 1, "to": None, "polite": True},
        {"from": "x" * 65, "to": None, "polite": True},
        said(description="offer"),
        said(description={"type": "offer", "sdp": "x" * 1_000_000}),
        said(candidates=[{}] * 1000),
        said(candidates=[1]),
    ],
)
def test_what_is_no_signal_is_refused(peer: WebRTCPeer, message: Any) -> None:
    with pytest.raises(ValueError, match="no signal"):
        peer.signal(message)


def test_what_a_signal_holds_besides_is_dropped(peer: WebRTCPeer, open_page: OpenPage) -> None:
    peer.signal({**offer(), "more": "x", "bye": "anything"})
    page = open_page(peer)
    peer.connect()
    assert last(page)["signals"] == [{**offer(), "bye": "left"}]


def test_credentials_stand_nowhere(peer: WebRTCPeer, open_page: OpenPage) -> None:
    peer.ice_servers = [TURN]
    page = open_page(peer)
    peer.connect()
    assert page.requests("connect")[-1]["ice_servers"] == [{**TURN, "urls": [TURN["urls"]]}]
    assert SECRET not in repr(peer)
    assert SECRET not in str(peer.get_state())
    assert SECRET not in str(Widget.get_manager_state())


@pytest.mark.parametrize(
    "servers",
    [
        f"turn:alice:{SECRET}@example.org",
        [f"turn:alice:{SECRET}@example.org"],
        [{"urls": f"turn:alice:{SECRET}@example.org", "username": "", "credential": ""}],
        [{"urls": "turn:example.org", "credential": SECRET}],
        [{"urls": "https://example.org", "credential": SECRET}],
        [{"urls": [], "credential": SECRET}],
        [SECRET],
        [1],
        None,
    ],
)
def test_servers_that_are_none_are_refused_without_their_secrets(servers: Any) -> None:
    with pytest.raises(traitlets.TraitError, match="ice_servers is a list") as raised:
        WebRTCPeer(ice_servers=servers)
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None


def test_servers_may_be_plain_urls_or_none() -> None:
    peer = WebRTCPeer(ice_servers=["stun:example.org"])
    assert peer.ice_servers == [{"urls": ["stun:example.org"]}]
    peer.ice_servers = []
    assert peer.ice_servers == []
