"""What a participant may send: the one place that validates it.

Whoever knows a room's name and password is a participant, and need not be a friend. What is sealed
into an envelope becomes traits that all pages of the kernel get, so one text that can't be encoded,
or a number that is none, would break more than the room.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from ipywebrtc._shapes import (
    Malformed,
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

MEMBERS = 64
"""Others that are listed."""
NAME = text(64)
"""Ids of members and sessions."""
LONGEST_CONTENT = 1 << 18
LONGEST_SDP = 256 * 1024
"""Characters of a session description, which has some 5 000."""
MOST_CANDIDATES = 256
"""Candidates in one signal."""
LONGEST_NICKNAME = 80
"""Characters of a nickname that are shown."""


class Presence(NamedTuple):
    """What a member announces of itself."""

    info: dict[str, Any]
    connection: int
    near: list[str]
    """Members that it knows, by id."""
    echo: dict[str, int]
    """The last announcement that it has of each."""
    gone: bool
    """Whether it leaves."""


class About(NamedTuple):
    """Who a member says that it is."""

    nickname: str
    person: str
    since: float
    audio: bool
    video: bool


DESCRIPTION = table(
    {"type": one_of("offer", "answer", "pranswer", "rollback"), "sdp": text(LONGEST_SDP)}
)
CANDIDATE = table(
    {},
    {
        "candidate": text(4096),
        "sdpMid": optional(NAME),
        "sdpMLineIndex": optional(whole(0, 1 << 16)),
        "usernameFragment": optional(text(512)),
    },
)
SIGNAL = table(
    {"from": NAME, "to": optional(NAME), "polite": flag},
    {
        "description": optional(DESCRIPTION),
        "candidates": optional(rows(CANDIDATE, MOST_CANDIDATES)),
        "bye": plain,
    },
)
MESSAGES = {
    "signal": table({"signal": SIGNAL}),
    "refuse": table(
        {"reason": one_of("full", "declined")}, {"sure": flag, "limit": whole(1, MEMBERS)}
    ),
}


def envelope(opened: bytes) -> tuple[int, float, Any]:
    """Read what was sealed: a sequence number, a time, and content.

    Raises:
        ValueError: It is malformed, or no JSON.
        RecursionError: It is nested too deep to be read.
    """
    fields = json.loads(opened)
    if not isinstance(fields, list) or len(fields) != 3:  # noqa: PLR2004 - as many as there are
        raise Malformed
    sequence, sent, content = fields
    # A time that is no number (NaN) is an old one to `Guard`.
    sent = sent if isinstance(sent, float) else float(number()(sent))
    return whole()(sequence), sent, plain(content, LONGEST_CONTENT)


def presence(content: Any) -> Presence:
    """Read an announcement.

    Raises:
        Malformed: It is none.
    """
    if isinstance(content, dict) and content.get("gone") is True:
        return Presence({}, 0, [], {}, gone=True)
    known = _PRESENCE(content)
    echo = known.get("echo", {})
    if not isinstance(known["info"], dict) or not isinstance(echo, dict):
        raise Malformed
    heard = {name: whole()(sequence) for name, sequence in echo.items()}
    return Presence(known["info"], known["connection"], known["near"], heard, gone=False)


_PRESENCE = table(
    {"info": plain, "connection": whole(), "near": rows(NAME, 4 * MEMBERS)}, {"echo": plain}
)


def about(info: dict[str, Any]) -> About:
    """Read who somebody is. What is missing or malformed is as if nothing was said."""
    nickname, person, since = info.get("nickname"), info.get("person"), info.get("since")
    try:
        since = float(number()(since))
    except Malformed:
        since = 0.0
    return About(
        nickname=str(nickname)[:LONGEST_NICKNAME] if isinstance(nickname, (str, int)) else "",
        person=person if isinstance(person, str) else "",
        since=since,
        audio=info.get("audio") is not False,
        video=info.get("video") is not False,
    )


def message(content: Any) -> dict[str, Any]:
    """Read a message of a room.

    Raises:
        Malformed: It is none that this version knows.
    """
    kind = content.get("kind") if isinstance(content, dict) else None
    if not isinstance(kind, str) or kind not in MESSAGES:
        raise Malformed
    return {"kind": kind, **MESSAGES[kind](content)}


def signal(content: Any) -> dict[str, Any]:
    """Read a signal of a call; what is empty in it is left out.

    Raises:
        Malformed: It is none.
    """
    known: dict[str, Any] = SIGNAL(content)
    made = {name: known[name] for name in ("from", "to", "polite")}
    made |= {name: known[name] for name in ("description", "candidates") if known.get(name)}
    if known.get("bye"):
        made["bye"] = "failed" if known["bye"] == "failed" else "left"
    return made
