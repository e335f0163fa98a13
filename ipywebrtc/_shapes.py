"""Checks of values that come from outside: each returns the value, or raises `Malformed`.

`_from_page.py` and `_from_participant.py` say with these what a page and a participant may send.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Shape = Callable[[Any], Any]

LARGEST_NUMBER = float(1 << 53)
"""Beyond it JavaScript counts no more, and nothing here is that large."""
DEEPEST = 8
"""Levels of lists and tables in one value."""
LONGEST_PLAIN = 1 << 16
"""Characters and entries in one value whose fields nobody has named."""


class Malformed(ValueError):
    """A value is not what it has to be."""


def text(longest: int) -> Shape:
    """Take text of so many characters at most, which can be written as UTF-8.

    JSON can hold half of a character (a lone surrogate). A kernel can't send it to any page.
    """

    def check(value: Any) -> str:
        if not isinstance(value, str) or len(value) > longest or not _encodes(value):
            raise Malformed
        return value

    return check


def number(least: float = -LARGEST_NUMBER, most: float = LARGEST_NUMBER) -> Shape:
    """Take a finite number."""

    def check(value: Any) -> float:
        # Written so that what is no number (NaN) is refused.
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Malformed
        if not least <= value <= most:
            raise Malformed
        return value

    return check


def whole(least: int = 0, most: int = int(LARGEST_NUMBER)) -> Shape:
    """Take an integer."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Malformed
        return value

    return check


def flag(value: Any) -> bool:
    """Take True or False."""
    if not isinstance(value, bool):
        raise Malformed
    return value


def one_of(*choices: str) -> Shape:
    """Take one of some texts."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise Malformed
        return value

    return check


def optional(shape: Shape) -> Shape:
    """Take None, too."""
    return lambda value: None if value is None else shape(value)


def rows(shape: Shape, most: int) -> Shape:
    """Take a list of so many values at most."""

    def check(value: Any) -> list[Any]:
        if not isinstance(value, (list, tuple)) or len(value) > most:
            raise Malformed
        return [shape(one) for one in value]

    return check


def table(required: Mapping[str, Shape], more: Mapping[str, Shape] | None = None) -> Shape:
    """Take a dict with these fields, and perhaps some more; all others are left out."""

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or not required.keys() <= value.keys():
            raise Malformed
        known = {**required, **(more or {})}
        return {name: known[name](value[name]) for name in known if name in value}

    return check


def plain(value: Any, longest: int = LONGEST_PLAIN) -> Any:
    """Take any JSON of limited depth and length, with finite numbers and text that encodes."""
    _spend(value, longest, DEEPEST)
    return value


def _spend(value: Any, budget: int, depth: int) -> int:
    """Return what is left of a budget after a value."""
    budget -= 1
    if isinstance(value, str):
        budget -= len(value)
        if budget < 0 or not _encodes(value):
            raise Malformed
    elif isinstance(value, (bool, int, float, type(None))):
        if value is not None and not abs(value) <= LARGEST_NUMBER:
            raise Malformed
    elif isinstance(value, (list, tuple, dict)) and depth:
        inside = [*value, *value.values()] if isinstance(value, dict) else value
        if len(inside) > budget:
            raise Malformed
        for one in inside:
            budget = _spend(one, budget, depth - 1)
    else:
        raise Malformed
    if budget < 0:
        raise Malformed
    return budget


def encodable(text: str) -> str:
    """Replace what UTF-8 can't write, as the bytes of a file's name that are none."""
    return text.encode(errors="replace").decode()


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
