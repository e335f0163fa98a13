"""A call between two pages: what each sends, what it receives, and how they find each other.

A call is one request, `connect`, that lasts (see `_media.py`); the page that does it is the one
that calls. It is sent again while that page says nothing, and passed on when the page is gone.
Between the kernel and that page go signals, each way numbered, and repeated until the other end
says that it has heard them; the page's part is `js/lib/mailbox.ts`. The request itself carries
what the page has not heard.

====================================================  ==============================================
page → kernel                                         means
====================================================  ==============================================
`{kind: "signals", page, id, turn, first, signals,    signals for the other side, from number
heard}`                                               `first` on, which each page that takes the
                                                      call over counts anew; `heard` of those from
                                                      there
====================================================  ==============================================

====================================================  ==============================================
kernel → page                                         means
====================================================  ==============================================
`{kind: "signals", page, id, turn, first, signals,    the same, the other way round; `heard` of
heard}`                                               those of this turn
====================================================  ==============================================

A signal is `{from, to, polite, description?, candidates?, bye?}`. `from` and `to` name sessions:
each RTCPeerConnection is one. `to` is None in the first signal of a session, and whoever gets that
begins a session of its own: so a page that was reloaded is back with a new session, and what was
meant for its former one is dropped.
"""

from __future__ import annotations

import copy
import math
import re
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

import traitlets

from ipywebrtc import _from_participant
from ipywebrtc._bundle import bundle
from ipywebrtc._media import Media, _call_later
from ipywebrtc._reference import REFERENCE
from ipywebrtc._shapes import Malformed
from ipywebrtc._user_code import interruptible, report
from ipywebrtc.streams import MediaStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from ipywebrtc._media import Buffers, Content, Request

    Signal = dict[str, Any]

STUN_SERVERS = (
    "stun:stun.l.google.com:19302",
    "stun:stun.cloudflare.com:3478",
    "stun:stun.nextcloud.com:443",
)
"""Public servers that tell a page its address on the internet. They see no media."""

START_TIMEOUT = 30.0
"""Seconds that a page is told to have; the request itself waits for a page without end."""
QUIET = 3
"""Ticks of silence after which the page that calls is asked whether it is there."""
PATIENCE = 8
"""Ticks of silence after which a call is passed on to another page."""
REMINDER = 10
"""Ticks after which the request is sent again all the same: a page that was cut off while the call
was passed on has to learn of it."""
CONFIRM = 0.3
"""Seconds until what the page said is confirmed, unless a letter that goes out anyway does so."""
WAITING_SIGNALS = 64
"""Signals that are kept for the page, or for who passes them on."""

ICE_SERVER = re.compile(r"(stuns?|turns?):[^\s@]+")
NO_SERVERS = (
    "ice_servers is a list of dicts as {'urls': 'turn:example.org:3478', 'username': 'me', "
    "'credential': 'secret'}, or of 'stun:example.org:3478'; a turn server needs a username and a "
    "credential, which do not belong into its URL"
)
NO_SIGNAL = "This is no signal of a WebRTCPeer: hand in what its on_signal gave, unchanged"


class WebRTCPeer(Media):
    """A call with one other person: sends one stream, and receives another.

    `connect()` calls. The two sides need a way to exchange small messages, the signals, until they
    have found each other, and again when something changes; media never take that way. For two
    peers of one kernel it is `a.connect(b)`. Otherwise pass on what `on_signal` gives, in order and
    without loss, to the other side's `signal()`; it is the other side's word for where media go, so
    pass on nothing that a stranger could have written. Rooms do all that.

    Media go from browser to browser, encrypted, by the shortest way that the networks allow, or
    through a TURN server of yours. A call lives in one page. When
    that is closed or dies another open page takes over, and a reloaded page calls again by itself:
    both sides keep their peer. The sound of the other side is played in that page;
    `stream_remote.audio_enabled = False` silences it here.

    When the other side hangs up or its page is closed, `status` is `ended` at once; when it or the
    network dies, `connected` is False within 5 s, and a new way is tried for some 45 s until
    `failed`. When the other side calls again, the call goes on from either. It does not work
    through a network that lets only web pages through, unless a TURN server is there for that.

    One picture and one sound are sent, the first of `stream_local`. Without a stream it only
    receives.

    See W3C WebRTC 1.0, https://www.w3.org/TR/webrtc/#perfect-negotiation-example and
    https://www.w3.org/TR/webrtc/#rtcpeerconnectionstate-enum.

    Example:
        >>> caller, callee = WebRTCPeer(stream_local=camera), WebRTCPeer()
        >>> caller.connect(callee)
        >>> callee.stream_remote
    """

    _esm = bundle("webrtc_peer")

    stream_local = traitlets.Instance(MediaStream, allow_none=True).tag(sync=True, **REFERENCE)
    """The stream that is sent; None, the default, sends nothing. A change goes on in the same call,
    and what is muted or replaced in the stream is so in the call."""

    stream_remote = traitlets.Instance(MediaStream, read_only=True).tag(sync=True, **REFERENCE)
    """The stream that is received, for views, recorders and readers. It is there from the
    beginning; `waiting` while nothing comes. Its media are in the page that calls. Read-only."""

    connected = traitlets.Bool(False, read_only=True).tag(sync=True)
    """Whether the two pages are connected now, and heard of each other lately. Read-only."""

    failed = traitlets.Bool(False, read_only=True).tag(sync=True)
    """Whether all tries to connect have failed; `error` says why. `connect()` tries again.
    Read-only."""

    stats = traitlets.Dict(read_only=True).tag(sync=True, page="reports")
    """How the call goes, refreshed every 2 s; empty while not connected. `round_trip` in seconds,
    `bitrate_in` and `bitrate_out` in bits per second, `width`, `height` (pixels) and `fps` of the
    received picture, `packet_loss` of what is received, 0 to 1, and `relayed`, whether it goes
    through a TURN server. What is not known is None. See https://www.w3.org/TR/webrtc-stats/.
    Read-only."""

    nickname = traitlets.Unicode("").tag(sync=True)
    """The name of the other side, as the view shows it."""

    id_local = traitlets.Unicode("").tag(sync=True)
    """Our own id, for whoever passes signals on. The peer does not use it."""

    id_remote = traitlets.Unicode("").tag(sync=True)
    """The id of the other side, for whoever passes signals on. The peer does not use it."""

    polite = traitlets.Bool(False).tag(sync=True)
    """Which side gives way when both have something to settle at once, and gives the other one two
    seconds to call before it does so itself. It need not be set: sides that say the same agree by
    themselves. Sides that differ are connected sooner."""

    max_bitrate = traitlets.Int(None, min=10_000, allow_none=True).tag(sync=True)
    """Bits per second of the sent picture at most; None, the default, lets the browser measure what
    the network carries. A change counts at once. Sound takes some 40 000 more."""

    ice_transport_policy = traitlets.Enum(("all", "relay"), "all").tag(sync=True)
    """`relay` sends everything through a TURN server, so that the other side does not learn our
    address; `all`, the default, does so only where there is no other way. Counts from the next
    connection on."""

    ice_servers = traitlets.Any()
    """Servers that help to find a way: a list of dicts with `urls`, and `username` and `credential`
    for TURN, as RTCIceServer of WebRTC 1.0; or of plain `stun:` URLs. By default public STUN
    servers, which don't help where both networks are strict. It is not synchronised: credentials
    reach the page that calls, and stand in no saved notebook. Counts from the next connection
    on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._request: Request | None = None
        self._other: WebRTCPeer | None = None
        self._listeners: list[Callable[[Signal], object]] = []
        self._lock = threading.RLock()
        self._incoming: deque[Signal] = deque(maxlen=WAITING_SIGNALS)
        self._handed_in = 0  # How many signals the other side has sent.
        self._turn = ""
        self._heard = 0  # How many the page has sent in this turn of its.
        self._outgoing: deque[Signal] = deque(maxlen=WAITING_SIGNALS)
        self._delivering = False
        self._confirming = False
        self._session: tuple[str, str] | None = None
        self._silent = 0
        super().__init__(*args, **kwargs)

    def connect(self, other: WebRTCPeer | None = None) -> None:
        """Call the other side, or call again after a failure.

        Returns at once: `connected` and `status` say what became of it. The other side has to call
        too. Without an open page it waits for one.

        Args:
            other: A peer of the same kernel, which then calls as well. None where signals are
                passed on by `on_signal` and `signal`.

        Raises:
            ValueError: It can't call itself.

        Example:
            >>> a, b = WebRTCPeer(stream_local=camera), WebRTCPeer(stream_local=image)
            >>> a.connect(b)
        """
        if other is self:
            message = "A WebRTCPeer can't call itself: make a second one"
            raise ValueError(message)
        if other is not None:
            self._wire(other)
            other._wire(self)  # noqa: SLF001 - of this class
            other.polite = not self.polite
            other.connect()
        if self._request is None:
            self._set_state(status="waiting", error="")
            content = {"attempt": 0, "resumed": False}
            self._request = request = self._ask("connect", START_TIMEOUT, **content)
            request.timeout = math.inf
        elif self.status in ("ended", "error"):
            self._set_state(status="starting", error="")
            self._request.content["attempt"] += 1
            self._send_request(self._request)

    def on_signal(
        self, callback: Callable[[Signal], object], *, remove: bool = False
    ) -> Callable[[Signal], object]:
        """Call a function with each signal for the other side; may be used as a decorator.

        Args:
            callback: Called with a dict that can be written as JSON, one after the other, on the
                thread that the page's messages come on. It holds addresses of this machine, so show
                it to nobody but the other side.
            remove: Whether not to call it any more.

        Example:
            >>> @peer.on_signal
            ... def pass_on(signal):
            ...     websocket.send(json.dumps(signal))
        """
        if callback in self._listeners:
            self._listeners.remove(callback)
        if not remove:
            self._listeners.append(callback)
        self._deliver()
        return callback

    def signal(self, message: Signal) -> None:
        """Take what the other side's `on_signal` gave.

        May be called from any thread, also before `connect()`: signals are kept until a page acts.

        Args:
            message: The dict, unchanged. Keep the order.

        Raises:
            ValueError: It is no signal.

        Example:
            >>> peer.signal(json.loads(websocket.receive()))
        """
        try:
            signal = _from_participant.signal(message)
        except Malformed:
            raise ValueError(NO_SIGNAL) from None
        with self._lock:
            if self._incoming and self._incoming[-1]["from"] != signal["from"]:
                self._incoming.clear()  # They are of a page that is no more.
            self._incoming.append(signal)
            self._handed_in += 1
        request = self._request
        if request and request.sent_to in self._pages:
            self._write(request)

    def close(self) -> None:
        """Hang up, tell the other side, and close the widget in every page.

        `stream_remote` has ended then, and so have recordings of it.

        Example:
            >>> peer.close()
        """
        try:
            self._hang_up()
        finally:
            request, self._request = self._request, None
            if request:
                self._cancel(request)
            self._set_state(status="ended", error="")
            if self._other:
                self.on_signal(self._other.signal, remove=True)
            self.stream_remote._set_state(status="ended")  # noqa: SLF001 - of this file
            super().close()

    def _wire(self, other: WebRTCPeer) -> None:
        if self._other:
            self.on_signal(self._other.signal, remove=True)
        self._other = other
        self.on_signal(other.signal)

    @traitlets.default("ice_servers")
    def _default_ice_servers(self) -> list[dict[str, Any]]:
        return [{"urls": url} for url in STUN_SERVERS]

    @traitlets.validate("ice_servers")
    def _valid_ice_servers(self, proposal: Any) -> list[dict[str, Any]]:
        # The errors of typed traits would show the value.
        try:
            return [_valid_server(server) for server in copy.deepcopy(list(proposal["value"]))]
        except (TypeError, ValueError, AttributeError):
            raise traitlets.TraitError(NO_SERVERS) from None

    @traitlets.default("stream_remote")
    def _default_stream_remote(self) -> MediaStream:
        return _RemoteStream(self)

    def __repr__(self) -> str:
        return f"<WebRTCPeer with {self.nickname!r}: {self.status}>"

    # Signals

    def _write(self, request: Request) -> None:
        about = {"kind": "signals", "page": request.sent_to, "id": request.content["id"]}
        self.send({**about, **self._letter()})

    def _confirm(self, request: Request) -> None:
        if self._confirming and request is self._request:
            self._write(request)

    def _letter(self) -> Content:
        """Return what the page has not heard yet, and what we have."""
        with self._lock:
            self._confirming = False
            first = self._handed_in - len(self._incoming) + 1
            numbers = {"turn": self._turn, "first": first, "heard": self._heard}
            return {**numbers, "signals": [*self._incoming]}

    def _got_letter(self, request: Request, letter: Content) -> None:
        request.content["resumed"] = True
        with self._lock:
            if letter["turn"] != self._turn:
                self._turn, self._heard = letter["turn"], 0
            while self._incoming and self._handed_in - len(self._incoming) < letter["heard"]:
                self._incoming.popleft()
            numbered = enumerate(letter["signals"], letter["first"])
            fresh = [signal for number, signal in numbered if number > self._heard]
            self._heard += len(fresh)
            self._outgoing.extend(fresh)
        if letter["signals"] and not self._confirming:
            self._confirming = True
            _call_later(self._loop, CONFIRM, lambda: self._confirm(request))
        self._deliver()

    def _deliver(self) -> None:
        """Call the listeners, one signal after the other, whichever threads bring them."""
        with self._lock:
            if self._delivering:
                return
            self._delivering = True
        while True:
            with self._lock:
                if not (self._outgoing and self._listeners):
                    self._delivering = False
                    return
                signal = self._outgoing.popleft()
            self._session = (signal["from"], signal["to"])
            for listener in [*self._listeners]:
                try:
                    with interruptible():
                        listener(copy.deepcopy(signal))
                except BaseException:  # noqa: BLE001, PERF203 - the others get it all the same
                    report()

    def _hang_up(self) -> None:
        """Tell the other side, should the page not have come to do it."""
        if self._session:
            session, to = self._session
            self._session = None
            with self._lock:
                self._outgoing.append(
                    {"from": session, "to": to, "polite": self.polite, "bye": "left"}
                )
            self._deliver()

    # The page that calls

    def _send_request(self, request: Request) -> None:
        before = request.sent_to
        request.content |= {"ice_servers": self.ice_servers, **self._letter()}
        super()._send_request(request)
        if request.sent_to != before:
            self._silent = QUIET
            if before:  # What the former page received is gone with it.
                self.stream_remote._set_state(status="waiting", error="", settings={})  # noqa: SLF001 - of this file

    def _tick(self, request: Request) -> None:
        """Ask the page whether it is there, and repeat what it has not confirmed.

        Each message costs a page that is busy with several calls: what it says anyway is a sign.
        """
        if request is not self._request:
            return
        self._silent = 0 if request.acknowledged else self._silent + 1
        # A page that is busy must not lose its call to another.
        request.acknowledged = self._silent < PATIENCE
        if self._silent < (1 if self._incoming else QUIET) and (request.ticks + 1) % REMINDER:
            request.ticks += 1
            request.acknowledged = False
            self._later(request)
            return
        super()._tick(request)
        self._check_page()

    @traitlets.observe("ice_servers")
    def _servers_changed(self, _: Any) -> None:
        if self._request:
            self._send_request(self._request)

    def _check_page(self) -> None:
        if self._request and not self._pages and self.status in ("starting", "connected"):
            self._set_state(status="waiting", error="", stats={})

    def _said_hello(self, page: str) -> None:
        super()._said_hello(page)
        actor = self._request.sent_to if self._request else ""
        if actor in self._pages:
            # The call stays where it is, wherever the notebook is opened besides.
            self._pages.remove(actor)
            self._pages.append(actor)

    def _said_bye(self, page: str) -> None:
        super()._said_bye(page)
        request = self._request
        if request is None or request.sent_to != page:
            return
        if self._pages:
            self._send_request(request)
        else:
            self._hang_up()
            self._check_page()

    def _on_message(self, widget: Any, content: Content, buffers: Buffers) -> None:
        kind, request = content["kind"], self._request
        acts = request is not None and content["page"] == request.sent_to
        if request and acts and kind in ("signals", "state"):
            request.acknowledged = True
        if kind == "signals":
            if request and acts and content["id"] == request.content["id"]:
                self._got_letter(request, content)
        elif kind != "state" or acts:
            super()._on_message(widget, content, buffers)

    def _set_state(self, **state: Any) -> None:
        if "status" in state:
            state["connected"] = state["status"] == "connected"
            state["failed"] = state["status"] == "error"
            if not state["connected"]:
                state["stats"] = {}
        super()._set_state(**state)


class _RemoteStream(MediaStream):
    """The stream of a peer; what pages say that don't call is no matter."""

    def __init__(self, peer: WebRTCPeer) -> None:
        self._peer = peer
        super().__init__()

    @traitlets.default("status")
    def _default_status(self) -> str:
        return "waiting"

    def __repr__(self) -> str:
        return f"<stream of {self._peer.nickname!r}: {self.status}>"

    def _on_message(self, widget: Any, content: Content, buffers: Buffers) -> None:
        request = self._peer._request  # noqa: SLF001 - one file
        if content["kind"] == "state" and (request is None or content["page"] != request.sent_to):
            return
        super()._on_message(widget, content, buffers)


def _valid_server(server: Any) -> dict[str, Any]:
    """Check an RTCIceServer; a ValueError, TypeError or AttributeError says that it is none."""
    server = {"urls": server} if isinstance(server, str) else dict(server)
    urls = server["urls"] if "urls" in server else server.pop("url", None)  # the name it once had
    urls = [urls] if isinstance(urls, str) else list(urls)
    turn = any(url.startswith("turn") for url in urls)
    needed = ("username", "credential") if turn else ()
    if (
        not urls
        or not all(map(ICE_SERVER.fullmatch, urls))
        or not all(isinstance(server.get(name), str) for name in needed)
    ):
        raise ValueError
    return {"urls": urls} | {name: server[name] for name in ("username", "credential") if turn}
