"""What a page may send: the one place that validates it.

Whoever has the page open need not own the kernel, as in Voilà, `marimo run` or behind a shared
link. So a page sets only the traits that their classes tag for it, and sends only the messages
that are listed here:

- `page="sets"` tags what a person in front of the page may change, by a button of the view or a
  `jslink`. ipywidgets brings it as a state update.
- `page="reports"` tags what only a page can know, such as `status`. A `state` message brings it.
- `page="both"` tags a position: a person moves it, and the page reports it.

All other traits go from the kernel to the page alone. Whatever else comes is dropped and counted
(`_dropped.py`).
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import traitlets

from ipywebrtc._dropped import drop
from ipywebrtc._shapes import (
    Malformed,
    Shape,
    flag,
    number,
    one_of,
    optional,
    plain,
    rows,
    table,
    text,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    import ipywidgets

    Content = dict[str, Any]
    Buffers = list[memoryview]

NAME = text(128)
"""Ids of pages, requests, recordings and sessions, which have up to 50 characters."""
SENTENCE = text(4000)
LONGEST_FILE_NAME = 200
"""Bytes. With a number and an ending it still fits into every file system."""
LONGEST_SIGNAL = 1 << 19
"""Characters of one signal, most of which is a session description."""
MOST_BUFFERS = 64
"""Binary values in one message."""

OWN_OF_WIDGETS = frozenset({"layout", "_dom_classes", "_view_count", "tabbable", "tooltip"})
"""What a page may set of the traits that every ipywidget has."""
CODE = frozenset({"_esm", "_css", "_anywidget_id"})
"""What every other page runs. anywidget adds these traits to each instance."""
PACKAGES = ("ipywebrtc", "anywidget", "ipywidgets")
"""Their traits are as their classes tag them, also where a user's class defines them again."""

DEVICE = table({"id": text(512), "kind": one_of("videoinput", "audioinput"), "label": text(512)})
STATS = table(
    {},
    {
        **dict.fromkeys(("round_trip", "bitrate_in", "bitrate_out"), optional(number())),
        **dict.fromkeys(("width", "height", "fps", "packet_loss"), optional(number())),
        "relayed": optional(flag),
    },
)
TRAITS: dict[str, Shape] = {
    "layout": NAME,  # a reference
    "filename": text(LONGEST_FILE_NAME),
    "error": SENTENCE,
    "devices": rows(DEVICE, 64),
    "stats": STATS,
}
"""The shapes of what pages set. What is not listed is plain JSON, and as its trait wants it."""

SIGNAL = table({"from": NAME, "to": optional(NAME), "polite": flag})
FACT = table(
    {
        **dict.fromkeys(("group", "name"), text(100)),
        **dict.fromkeys(("value", "advice"), SENTENCE),
        "state": one_of("ok", "info", "warning", "failure", "pending"),
    }
)
FAILURE = table({"name": NAME, "message": SENTENCE})

MESSAGES: dict[str, Shape] = {
    **dict.fromkeys(("hello", "bye", "beat", "flush", "again"), table({})),
    "state": table({}, {"id": NAME, "order": whole(1)}),
    "ack": table({"id": NAME}),
    "answer": table({"id": NAME}, {"name": NAME, "unasked": flag, "failure": FAILURE}),
    "asset": table({"name": NAME}, {"have": rows(NAME, 64)}),
    # Who sends a chunk that is none gets a sentence: see `upload.py`.
    "chunk": table(
        {"id": NAME},
        {
            **dict.fromkeys(("seq", "part", "position", "length"), plain),
            "format": text(16),
            "unasked": flag,
        },
    ),
    "probe": table({"id": NAME, "number": whole()}),
    "read": table({"position": whole(), "length": whole()}),
    "data": table({"id": NAME, "number": whole(), "part": whole(), "parts": whole(1)}),
    "drawn": table({"number": whole(), "open": flag}),
    "signals": table(
        {
            "id": NAME,
            "turn": NAME,
            "first": whole(),
            "heard": whole(),
            "signals": rows(lambda signal: plain(signal, LONGEST_SIGNAL) | SIGNAL(signal), 1000),
        }
    ),
    "ping": table({"number": whole()}),
}
"""The messages, by their kind; `_media.py` and those that it names say what they mean."""
WITH_MORE = frozenset({"state", "answer", "data"})
"""Messages that have further fields, which are validated where it is known what they are about."""

ANSWERS: dict[str, Shape] = {
    "snapshot": table(
        {
            "format": one_of("png", "jpeg", "webp"),
            **dict.fromkeys(("width", "height"), whole(1, 1 << 16)),
        }
    ),
    "record": table(
        {"chunks": whole(), "size": whole(), "duration": number(0)}, {"note": SENTENCE}
    ),
    "read": table({}, {"ended": flag}),
    "examine": table({"facts": rows(FACT, 200)}),
    "download": table({}),
    "connect": table({}),
}
"""The answers, by the names of their requests."""

FRAME = table(
    {
        "format": one_of("jpeg", "webp", "rgb", "gray"),
        **dict.fromkeys(("width", "height"), whole(1, 1 << 15)),
        "sequence": whole(),
        "timestamp": number(),
        "time": number(),
    }
)
SOUND = table({"size": whole(1), "missing": whole(), "restart": flag, "time": number()})


def message(content: Any, buffers: Any) -> tuple[Content, Buffers]:
    """Take one of the messages that a page may send.

    Raises:
        Malformed: It is none.
    """
    if not isinstance(content, dict):
        raise Malformed
    kind = one_of(*MESSAGES)(content.get("kind"))
    known = MESSAGES[kind](content)
    more = content if kind in WITH_MORE else {}
    return {**more, **known, "kind": kind, "page": NAME(content.get("page", ""))}, _bytes(buffers)


def answer(name: str, content: Content, buffers: Buffers) -> Content:
    """Take the answer to a request.

    Raises:
        Malformed: It is none to a request of this name.
    """
    if name not in ANSWERS or (name == "snapshot" and not (buffers and buffers[0].nbytes)):
        raise Malformed
    return content | ANSWERS[name](content)  # type: ignore[no-any-return]


def state_update(data: Any, buffers: Any) -> Content:
    """Take the state update of ipywidgets, with its binary values in their places.

    Raises:
        Malformed: It is none.
    """
    state, paths = data.get("state", {}), data.get("buffer_paths") or []
    if not isinstance(state, dict) or not isinstance(paths, list):
        raise Malformed
    try:
        for path, value in zip(paths, _bytes(buffers), strict=True):
            *way, last = path
            place = state
            for step in way:
                place = place[step]
            place[last] = value
    except (TypeError, ValueError, LookupError):
        raise Malformed from None
    return state


def _bytes(buffers: Any) -> Buffers:
    try:
        views = [memoryview(buffer).cast("B") for buffer in buffers or []]
    except TypeError:
        raise Malformed from None
    if len(views) > MOST_BUFFERS:
        raise Malformed
    return views


def accepted(widget: ipywidgets.Widget, values: Content, how: str) -> Content:
    """Return those of some values that a page may set in a widget; drop and count the rest.

    Args:
        widget: The widget.
        values: Values by the names of traits, as JSON.
        how: `sets` by a state update, or `reports` by a message.
    """
    good = {}
    for name, value in values.items():
        try:
            good[name] = _checked(widget, name, value, how)
        except (Malformed, traitlets.TraitError):  # noqa: PERF203 - one must not keep the others
            if not _has(widget, name, value):
                known = name if widget.has_trait(name) else "a trait that it does not have"
                drop("page", f"{type(widget).__name__}: {known}")
    return good


def _checked(widget: ipywidgets.Widget, name: str, value: Any, how: str) -> Any:
    tag = _tag(widget, name)
    if tag == "theirs":
        return value
    if tag not in (how, "both"):
        raise Malformed
    value = TRAITS.get(name, plain)(value)
    value = getattr(widget, "_take_from_page", lambda _, same: same)(name, value)
    trait = widget.traits()[name]
    from_json = trait.metadata.get("from_json", lambda same, _: same)
    trait._validate(widget, from_json(value, widget))  # noqa: SLF001 - setting it would notify
    return value


def _tag(widget: ipywidgets.Widget, name: str) -> str:
    """Return how a page may set a trait: see the top; `theirs` for one of a user's class."""
    if name in OWN_OF_WIDGETS or name in getattr(widget, "_page_sets", ()):
        return "sets"
    for kind in type(widget).__mro__:
        if name in vars(kind) and kind.__module__.partition(".")[0] in PACKAGES:
            return str(getattr(vars(kind)[name], "metadata", {}).get("page", ""))
    trait = widget.traits().get(name)
    return "" if name in CODE or trait is None or trait.read_only else "theirs"


def _has(widget: ipywidgets.Widget, name: str, value: Any) -> bool:
    """Whether a trait has this value anyway: some hosts send whole states."""
    try:
        return name in widget.keys and bool(widget.get_state(name)[name] == value)
    except Exception:  # noqa: BLE001 - whatever comparing with something hostile may raise
        return False


RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows takes for devices."""


def file_name(value: str, endings: Collection[str]) -> str:
    """Take the plain name of a file, without an ending or with one of these.

    Raises:
        Malformed: It names a folder, hides the file, or has another ending.
    """
    suffix = PurePath(value).suffix
    if (
        re.search(r'[\x00-\x1f\x7f/\\:*?"<>|]', value)
        or value != value.strip(". ")
        or not 0 < len(value.encode()) <= LONGEST_FILE_NAME
        or RESERVED.fullmatch(value)
        or (suffix and suffix[1:].lower() not in endings)
    ):
        raise Malformed
    return value
