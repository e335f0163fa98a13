"""What works here and what does not: the doctor. Its name is the function's, and no module's.

Beside the messages of `_media.py`, these go between the kernel and a page:

====================================================  ==============================================
page → kernel                                         means
====================================================  ==============================================
`{kind: "ping", page, number}`                        the kernel answers at once, by the same
                                                      number: `{kind: "pong", page, number}`
`{kind: "again", page}`                               the user wants everything examined anew, and
                                                      this page to be the one
====================================================  ==============================================

The page answers the request `examine` with `facts`, a list of `Fact` as dicts.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import traitlets

from ipywebrtc._bundle import bundle
from ipywebrtc._facts import Fact, kernel, text, versions, without_addresses
from ipywebrtc._media import Media, _call_later
from ipywebrtc._probe import Probe
from ipywebrtc.peers import NO_SERVERS, STUN_SERVERS, _valid_server

if TYPE_CHECKING:
    from ipywebrtc._facts import State
    from ipywebrtc._media import Buffers, Content, Request
    from ipywebrtc.errors import MediaError

TIMEOUT = 30.0
"""Seconds in which a page must have examined itself."""


class Doctor(Media):
    """Examines the kernel, the page and the networks, and says what mends what does not work.

    Displayed, it shows a line for each fact, with a mark, and a button that copies all as text,
    for a bug report. Where no page shows it, `report` and its `repr` have what Python knows.

    It opens no camera, microphone or screen, and never makes the browser ask for one. It tries for
    6 s at most whether an MQTT broker lets this kernel in, as a `WebRTCRoomMqtt` would, and for 5 s
    whether a STUN server answers the page; it sends them nothing else. The report names no IP
    address, no device, and no user, password or credential of a server; it does name the servers
    that were tried, and the site that the notebook is on where that is the trouble.

    `status` is `starting` while it examines, then `idle`; or `error` if no page answered in 30 s,
    and then it begins anew when one comes.

    Example:
        >>> doctor = ipywebrtc.Doctor(server="mqtts://broker.example.org")
        >>> doctor
        >>> print(doctor.report)
    """

    _esm = bundle("doctor")

    server = traitlets.Union(
        [traitlets.Unicode(), traitlets.List(traitlets.Unicode())], default_value=""
    )
    """The broker to try, as `WebRTCRoomMqtt.server`. Counts from the next `examine()` on."""

    ice_servers = traitlets.Any()
    """The STUN and TURN servers to try, as `WebRTCPeer.ice_servers`; by default the same. It is not
    synchronised. Counts from the next `examine()` on."""

    report = traitlets.Unicode(read_only=True).tag(sync=True)
    """All that is known so far, as text. Read-only."""

    # The same for the view.
    _facts = traitlets.List(traitlets.Dict(), read_only=True).tag(sync=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._lock = threading.RLock()
        self._request: Request | None = None
        self._turn = 0
        self._known: list[Fact] = []
        self._found: list[Fact] = []
        self._broker: Fact
        super().__init__(*args, **kwargs)
        self.examine()

    def __repr__(self) -> str:
        return self.report

    def examine(self) -> None:
        """Examine everything, once more if it was. Returns at once; see `status`.

        Example:
            >>> doctor.server = "mqtts://broker.example.org"
            >>> doctor.examine()
        """
        before, self._turn = self._request, self._turn + 1
        if before:
            self._cancel(before)
        self._known = [*versions(), *kernel()]
        self._found = [Fact("Page", "page", "none has answered yet", "pending")]
        self._set_state(status="starting", error="")
        self._try_broker(self._turn)
        self._show()
        self._request = self._ask("examine", TIMEOUT, ice_servers=self.ice_servers)

    @traitlets.default("ice_servers")
    def _default_ice_servers(self) -> list[dict[str, Any]]:
        return [_valid_server(url) for url in STUN_SERVERS]

    @traitlets.validate("ice_servers")
    def _valid_ice_servers(self, proposal: Any) -> list[dict[str, Any]]:
        try:
            return [_valid_server(server) for server in proposal["value"]]
        except (TypeError, ValueError, AttributeError):
            raise traitlets.TraitError(NO_SERVERS) from None

    # The broker

    def _try_broker(self, turn: int) -> None:
        def done(server: str, advice: str) -> None:
            _call_later(self._loop, 0, lambda: self._tried(turn, server, advice))

        self._broker = Fact("Network", "broker", "being tried", "pending")
        try:
            Probe(self.server, done)
        except (ImportError, ValueError, RuntimeError) as error:  # Pyodide has no threads.
            self._broker = Fact("Network", "broker", "can't be tried", "failure", str(error))

    def _tried(self, turn: int, server: str, advice: str) -> None:
        if turn != self._turn:
            return
        value = f"{server or 'none'} lets this kernel in"
        state: State = "failure" if not server else "warning" if advice else "ok"
        self._broker = Fact("Network", "broker", value, state, advice)
        self._show()

    # The page

    def _on_message(self, widget: Any, content: Content, buffers: Buffers) -> None:
        kind, page = content["kind"], content["page"]
        if kind == "ping":
            self.send({**content, "kind": "pong"})
        elif kind == "again":
            if page in self._pages:
                self._pages.remove(page)
            self._pages.append(page)
            self.examine()
        else:
            super()._on_message(widget, content, buffers)

    def _said_hello(self, page: str) -> None:
        super()._said_hello(page)
        if self.status == "error":
            self.examine()

    def _answered(self, request: Request, content: Content, buffers: Buffers) -> None:  # noqa: ARG002
        self._request = None
        self._found = [Fact(**fact) for fact in content["facts"]]
        self._show()

    def _failed(self, request: Request, error: MediaError) -> None:
        self._request = None
        self._found = [Fact("Page", "page", "has not answered", "failure", str(error))]
        super()._failed(request, error)
        self._show()

    def _show(self) -> None:
        """Set the traits to what is known."""
        with self._lock:
            facts = [
                replace(
                    fact,
                    value=without_addresses(fact.value),
                    advice=without_addresses(fact.advice),
                )
                for fact in (*self._known, *self._found, self._broker)
            ]
            self._set_state(report=text(facts), _facts=[asdict(fact) for fact in facts])
            if self.status == "starting" and not any(fact.state == "pending" for fact in facts):
                self._set_state(status="idle")


def doctor(**kwargs: Any) -> Doctor:
    """Examine what works here, and say what mends what does not.

    Args:
        **kwargs: Traits of the `Doctor`, such as `server` and `ice_servers`.

    Raises:
        TraitError: `ice_servers` are none.

    Example:
        >>> ipywebrtc.doctor()
    """
    return Doctor(**kwargs)
