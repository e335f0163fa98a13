"""What every widget of this package shares: its state, and requests to the page that acts for it.

Between the kernel and the pages that hold a widget go these custom messages; their other end is
`js/lib/page.ts`. Whatever must survive a reload is a synced trait instead. What a page sends is
validated in `_from_page.py` first.

====================================================  ==============================================
page → kernel                                         means
====================================================  ==============================================
`{kind: "hello", page}`                               this page holds the widget and can act for it
`{kind: "bye", page}`                                 this page goes away
`{kind: "state", page, id, order, status, error, …}`  what the page sees; becomes traits, unless
                                                      it is about a request (`id`) that is over, or
                                                      the page said something newer (`order`)
`{kind: "ack", page, id}`                             the request arrived and is still worked on
`{kind: "answer", page, id, …}` and buffers           its result, or `failure: {name, message}`
`{kind: "flush", page}`                               nothing: it hastens what the kernel sends
`{kind: "asset", page, name, have}`                   it needs this heavy module, has these hashes
====================================================  ==============================================

====================================================  ==============================================
kernel → page                                         means
====================================================  ==============================================
`{kind: "who"}`                                       every page says hello
`{kind: "request", page, id, name, timeout, …}`       the named page does this, once per id
`{kind: "cancel", id}`                                nobody waits for this request any more
`{kind: "asset", page, name, hash}` and its bytes     the module, unless the page has it; `failure`
====================================================  ==============================================

A request is kept here until it is answered or its time is up, and is sent again every second: a
page that has done it already sends the same answer again. So neither a page that comes late nor a
message that is lost loses a request. A request that takes long is acknowledged each time, and takes
over what has changed in it since. The same widget may live in several pages; one of them, the
*actor*, does the work. When it falls silent, the next page that says hello takes over.
"""

from __future__ import annotations

import asyncio
import difflib
import hashlib
import importlib.util
import sys
import threading
import uuid
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import ipywidgets
import traitlets

from ipywebrtc import _from_page
from ipywebrtc._bundle import asset
from ipywebrtc._dropped import drop
from ipywebrtc._marimo import running_cell
from ipywebrtc._reference import is_closed
from ipywebrtc._shapes import Malformed, encodable
from ipywebrtc._user_code import contained, report
from ipywebrtc._warn import warn
from ipywebrtc.errors import MediaError, NoFrontEnd, from_page

if TYPE_CHECKING:
    from collections.abc import Callable

Content = dict[str, Any]
Buffers = list[memoryview]

TICK = 1.0
"""Seconds between two sendings of an unanswered request."""
GRACE = 2
"""Ticks that a page gets on top of a request's own time: it knows better why something failed."""
SILENCE = 90
"""Ticks without a word after which what a page has begun is given up. A lost connection to the
notebook's server is back by then: JupyterLab waits before each attempt for a time that it draws by
lot, up to 0, 1, 3, 7, 15, 31 and 63 s, so an outage of a few may keep a page away for over 30."""
NO_PAGE = (
    "There is no notebook page here, which the {} needs: "
    "run this in a notebook, as in JupyterLab, and not as a program of its own."
)
REMEMBERED = 16
"""Requests of which it is known that they are settled."""
MOST_PAGES = 64
"""Pages of one widget; more make the kernel forget those that came first."""
MALFORMED = "The page's answer was malformed: reload the page and try again."
STATUS = ("idle", "waiting", "starting", "live", "recording", "connected", "paused", "ended")


@dataclass
class Request:
    """Something that one page is asked to do."""

    content: Content
    timeout: float
    future: Future[tuple[Content, Buffers]] = field(default_factory=Future)
    ticks: int = 0
    silent: int = 0
    sent_to: str = ""
    acknowledged: bool = False
    begun: bool = False
    """Whether a page has begun what no other can finish; it may then take as long as it likes."""


class Media(anywidget.AnyWidget):
    """Base of all widgets here: `status`, `error`, and requests to a page."""

    _uid = traitlets.Unicode().tag(sync=True)

    status = traitlets.Enum((*STATUS, "error"), "idle", read_only=True).tag(
        sync=True, page="reports"
    )
    """What the widget is doing: `idle`, `waiting` (for a permission or a view), `starting`, `live`
    or `recording` or `connected`, `paused`, `ended` (by itself) or `error`. Read-only."""

    error = traitlets.Unicode(read_only=True).tag(sync=True, page="reports")
    """Why it does not work and what to do, in one sentence; empty when all is well. Read-only."""

    _unasked: ClassVar[frozenset[str]] = frozenset()
    """Requests that a button in the page may begin by itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._requests: dict[str, Request] = {}
        self._settled: deque[str] = deque(maxlen=REMEMBERED)
        self._pages: list[str] = []
        self._newest: dict[str, dict[str, int]] = {}
        self._taking_state = threading.RLock()
        self._loop = _running_loop()
        self._cell = running_cell()
        if args:
            message = f"{type(self).__name__} takes its traits by name: which one is {args[0]!r}?"
            raise TypeError(message)
        # Old notebooks have some; traitlets will raise one day, and warns where nobody sees it.
        known = {"model_id", *self.trait_names()}
        for name in [name for name in kwargs if name[0] != "_" and name not in known]:
            message = f"{type(self).__name__} has no trait {name!r}: the argument has no effect"
            warn(f"{message}{self._instead(name, kwargs.pop(name))}.")
        if self._model_module == "anywidget":
            super().__init__(**kwargs)
        else:
            # A subclass that brings its own JavaScript must not send ours along.
            ipywidgets.DOMWidget.__init__(self, **kwargs)
        if self._cell:
            self._cell.on_end(self.close)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.status}>"

    def _instead(self, name: str, value: Any) -> str:  # noqa: ARG002 - for subclasses
        """Say what to write in place of an unknown argument: traits whose names are like it."""
        own = set(self.trait_names()) - set(ipywidgets.DOMWidget.class_trait_names())
        names = sorted(n for n in own if n[0] != "_")
        like = [n for n in names if name in n] or difflib.get_close_matches(name, names)
        return f"; it has {' and '.join(map(repr, like))}" if like else ""

    @traitlets.validate("stream", "stream_local", "widget")
    def _valid_reference(self, proposal: dict[str, Any]) -> Any:
        widget = proposal["value"]
        if is_closed(widget):
            kind, own = type(widget).__name__, type(self).__name__
            message = f"The {kind} of this {own} is closed: make a new one."
            raise traitlets.TraitError(message)
        return widget

    @traitlets.default("_uid")
    def _default_uid(self) -> str:
        return uuid.uuid4().hex

    def close(self) -> None:
        """Close the widget in every page and give up what was asked of them."""
        for request in [*self._requests.values()]:
            self._settle(request, error=MediaError(f"The {type(self).__name__} was closed."))
        super().close()

    # What comes from pages

    def _handle_msg(self, msg: dict[str, Any]) -> None:
        """Take a message of ipywidgets from a page; a malformed one is dropped."""
        try:
            data, buffers = msg["content"]["data"], msg.get("buffers")
            if data["method"] == "update":
                state = _from_page.state_update(data, buffers)
                msg = {"content": {"data": {"method": "update", "state": state}}}
        except (Malformed, LookupError, TypeError):
            drop("page", f"{type(self).__name__}: a malformed update")
            return
        with contained():
            super()._handle_msg(msg)

    def set_state(self, sync_data: Content) -> None:
        """Take what a page sets. What it may not set is dropped; see `_from_page.py`."""
        super().set_state(_from_page.accepted(self, sync_data, "sets"))

    def _handle_custom_msg(self, content: Any, buffers: Any) -> None:
        """Take a custom message of a page; a malformed one is dropped."""
        with contained():
            try:
                message = _from_page.message(content, buffers)
            except Malformed:
                # The page of a user's subclass may have messages of its own.
                if not self._msg_callbacks.callbacks:
                    drop("page", f"{type(self).__name__}: a malformed message")
            else:
                self._understand(*message)
            super()._handle_custom_msg(content, buffers)

    def _understand(self, content: Content, buffers: Buffers) -> None:
        try:
            self._on_message(self, content, buffers)
        except Malformed:
            drop("page", f"{type(self).__name__}: a malformed {content['kind']}")
        except Exception:  # noqa: BLE001 - whatever an observer of the user's may raise
            report()

    def _take_from_page(self, name: str, value: Any) -> Any:  # noqa: ARG002 - for subclasses
        """Return what a trait becomes that a page sets, or raise Malformed."""
        return value

    def _ask(self, name: str, timeout: float, **content: Any) -> Request:
        """Ask the acting page to do something; the request holds the answer's future."""
        identity = uuid.uuid4().hex
        content |= {"kind": "request", "id": identity, "name": name, "timeout": timeout}
        request = Request(content, timeout)
        self._requests[identity] = request
        self._send_request(request)
        self._later(request)
        return request

    def _cancel(self, request: Request) -> None:
        """Give a request up: its future is cancelled and the page stops working on it."""
        if self._requests.pop(request.content["id"], None):
            request.future.cancel()
            self.send({"kind": "cancel", "id": request.content["id"]})

    def _send_request(self, request: Request) -> None:
        if not request.begun:
            if not self._pages:
                return
            request.sent_to = self._pages[-1]
        self.send({**request.content, "page": request.sent_to})

    def _later(self, request: Request) -> None:
        # On a timer's thread it would come between what this one does with the request.
        loop = _running_loop() if self._is_alone() else None
        seconds = 0 if loop else TICK
        _call_later(loop or self._loop, seconds, lambda: self._tick(request))

    def _is_alone(self) -> bool:
        """Whether no page can ever come, as in a program that is no notebook's kernel."""
        return not self._pages and _leads_nowhere(self.comm)

    def _tick(self, request: Request) -> None:
        """Send an open request again, or give up.

        Counts ticks and not seconds: while a cell blocks the kernel, answers lie unread, and that
        time must not be held against the page.
        """
        if request.content["id"] not in self._requests:
            return
        if self._is_alone():
            self._settle(request, error=NoFrontEnd(NO_PAGE.format(type(self).__name__)))
            return
        request.ticks += 1
        request.silent = 0 if request.acknowledged else request.silent + 1
        if request.begun:
            self._tick_begun(request)
            return
        if request.ticks * TICK >= request.timeout + GRACE * TICK:
            self._settle(request, error=NoFrontEnd(_silence(self, request)))
            return
        if not request.acknowledged and request.sent_to in self._pages:
            self._pages.remove(request.sent_to)
        request.acknowledged = False
        if not self._pages:
            self.send({"kind": "who"})
        self._send_request(request)
        self._later(request)

    def _tick_begun(self, request: Request) -> None:
        if request.silent > SILENCE:
            self._settle(request, error=NoFrontEnd(_silence(self, request)))
            return
        request.acknowledged = False
        self._send_request(request)
        self._later(request)

    def _settle(
        self,
        request: Request,
        answer: tuple[Content, Buffers] | None = None,
        error: MediaError | None = None,
    ) -> None:
        if not self._requests.pop(request.content["id"], None) or request.future.cancelled():
            return
        self._settled.append(request.content["id"])
        if answer:
            try:
                content, buffers = answer
                content = _from_page.answer(request.content["name"], content, buffers)
                answer = content, buffers
                self._check(request, content)
            except Malformed:
                error = MediaError(MALFORMED)
            except MediaError as wrong:
                error = wrong
        if error:
            try:
                self._failed(request, error)
            finally:
                request.future.set_exception(error)
        elif answer:
            try:
                self._answered(request, *answer)
            finally:
                request.future.set_result(answer)

    def _check(self, request: Request, content: Content) -> None:
        """Raise a MediaError for an answer that is not what it says."""

    def _answered(self, request: Request, content: Content, buffers: Buffers) -> None:
        """Take the answer to a request in, before those who wait for it go on."""

    def _failed(self, request: Request, error: MediaError) -> None:  # noqa: ARG002 - for subclasses
        """Take in that a request failed, before those who wait for it learn of it."""
        self._set_state(status="error", error=str(error))

    def _set_state(self, **state: Any) -> None:
        """Set read-only traits; names that are no traits of this widget are passed over."""
        with self.hold_sync():
            for name, value in state.items():
                if self.has_trait(name):
                    # One text that UTF-8 can't write keeps all widgets from a reloaded page.
                    self.set_trait(name, encodable(value) if isinstance(value, str) else value)

    def _on_message(self, _: Any, content: Content, buffers: Buffers) -> None:
        kind, page = content["kind"], content["page"]
        if kind == "hello":
            self._said_hello(page)
        elif kind == "bye":
            self._said_bye(page)
        elif kind == "state" and content.get("id", "") in {"", *self._requests}:
            self._take_state(page, content)
        elif kind == "ack" and (request := self._requests.get(content["id"])):
            request.acknowledged = True
        elif kind == "answer":
            self._got_answer(content, buffers)
        elif kind == "asset":
            self._send_asset(page, content["name"], content.get("have", []))

    def _take_state(self, page: str, content: Content) -> None:
        """Take what a page says of its state, unless it has said something newer already.

        JupyterLab sends the first messages to one thread and those that follow to another.
        """
        state = {name: content[name] for name in content.keys() - {"kind", "page", "id", "order"}}
        state = _from_page.accepted(self, state, "reports")
        order: int = content.get("order", 0)
        with self._taking_state:
            newest = self._newest.setdefault(page, {})
            state = {n: v for n, v in state.items() if not order or newest.get(n, 0) < order}
            newest.update(dict.fromkeys(state, order))
            for page_of_long_ago in [*self._newest][:-MOST_PAGES]:
                del self._newest[page_of_long_ago]
            self._set_state(**state)

    def _said_hello(self, page: str) -> None:
        if page not in self._pages:
            # The page that came last is asked first: it's the one that the user just opened.
            self._pages.append(page)
            del self._pages[:-MOST_PAGES]
        for request in [*self._requests.values()]:
            if not request.begun and request.sent_to not in self._pages:
                self._send_request(request)

    def _said_bye(self, page: str) -> None:
        self._newest.pop(page, None)
        if page in self._pages:
            self._pages.remove(page)
        for request in [*self._requests.values()]:
            if request.begun and request.sent_to == page:
                gone = "The page that did it was closed or reloaded: try once more."
                self._settle(request, error=NoFrontEnd(gone))

    def _send_asset(self, page: str, name: str, have: list[str]) -> None:
        answer = {"kind": "asset", "page": page, "name": name}
        try:
            module = asset(name)
        except FileNotFoundError as error:
            self.send({**answer, "failure": str(error)})
            return
        digest = hashlib.sha256(module).hexdigest()
        self.send({**answer, "hash": digest}, [] if digest in have else [module])

    def _got_answer(self, content: Content, buffers: Buffers) -> None:
        request = self._requests.get(content["id"])
        if request is None:
            if not content.get("unasked") or content["id"] in self._settled:
                return  # the second copy of an answer, or one to a request given up since
            if content.get("name") not in self._unasked:
                drop("page", f"{type(self).__name__}: an answer that nobody asked for")
                return
            # Somebody pressed the button in the page.
            request = Request({"id": content["id"], "name": content["name"]}, 0)
            self._requests[content["id"]] = request
        elif request.begun and request.sent_to != content.get("page"):
            return  # another page was asked before, and refused
        if failure := content.get("failure"):
            self._settle(request, error=from_page(failure["name"], failure["message"]))
        else:
            self._settle(request, answer=(content, buffers))


def _leads_nowhere(comm: Any) -> bool:
    """Whether what is sent by a widget's connection goes to nobody.

    Each kernel brings a connection of its own. Without one it is a dummy, or ipykernel's, if a
    program has imported that.
    """
    if isinstance(comm, getattr(sys.modules.get("comm"), "DummyComm", ())):
        return True
    kernels = sys.modules.get("ipykernel.kernelbase")
    if kernels is None or not type(comm).__module__.startswith("ipykernel."):
        return False
    return not kernels.Kernel.initialized()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _call_later(
    loop: asyncio.AbstractEventLoop | None, seconds: float, callback: Callable[[], None]
) -> None:
    """Call back on the kernel's event loop, from whichever thread; without one, on a timer."""

    def call() -> None:
        with contained():
            callback()

    if loop is not None and not loop.is_closed():
        loop.call_soon_threadsafe(loop.call_later, seconds, call)
        return
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


def _silence(widget: Media, request: Request) -> str:
    name = type(widget).__name__
    if request.sent_to:
        return (
            f"The page that shows this {name} stopped answering: "
            "reload it, or open the notebook again, and try once more."
        )
    return (
        f"No open page has loaded this {name}: open the notebook in a browser, "
        "display the widget there, and try again."
    )


async def wait_for(request: Request, *, keep: bool = False) -> None:
    """Wait for the answer to a request.

    A cell of ipykernel 6 gets no message from the page while it awaits, unless the kernel is
    polled; a cell of marimo never does.

    Args:
        request: What was asked.
        keep: Whether who gives up waiting does not give the request up.

    Raises:
        MediaError: The request failed, or waiting can't work here (see `check_waiting`).
    """
    if not _polls(_cell_runner()):
        answer = asyncio.wrap_future(request.future)
        await (asyncio.shield(answer) if keep else answer)
        return
    from jupyter_ui_poll import ui_events

    async with ui_events() as poll:
        while not request.future.done():
            await poll(10)
            await asyncio.sleep(0.01)
    request.future.result()


def check_waiting() -> None:
    """Raise at once where a cell would wait in vain.

    Raises:
        MediaError: Waiting can't work here. The text says what to write instead.
    """
    if sentence := why_not_waiting(_cell_runner()):
        raise MediaError(sentence)


def why_not_waiting(runner: str) -> str:
    """Say why a cell would wait in vain, and what to write instead; empty where it would not.

    Args:
        runner: The package that runs the cell.
    """
    if runner == "marimo":
        return (
            "A marimo cell gets no answer from the page while it runs: set `recording = True` "
            "here and read the result in a cell that depends on the widget."
        )
    if _polls(runner) and importlib.util.find_spec("jupyter_ui_poll") is None:
        return (
            "With ipykernel 6 a cell gets no answer from the page while it runs: install "
            "jupyter_ui_poll (pip install 'ipywebrtc[poll]') or ipykernel 7, "
            "or set `recording = True` here and read the result in the next cell."
        )
    return ""


def _polls(runner: str) -> bool:
    """Whether a cell that this package runs gets messages only by polling."""
    kernel = sys.modules.get("ipykernel")
    return kernel is not None and kernel.version_info[0] < 7 and runner == "IPython"  # noqa: PLR2004 - the first that reads comms during `await`


def _cell_runner() -> str:
    """Name the package whose cell runs right now; empty in a task of the user's own.

    A task that outlives its cell may wait everywhere: the kernel reads messages between cells.
    """
    task = asyncio.current_task()
    frame = getattr(task.get_coro(), "cr_frame", None) if task else None
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] if frame else ""
