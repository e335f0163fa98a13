"""Counts what was dropped as it should not have come; the doctor reports it.

What is counted is named by this package and never by the sender, so the counts can't grow.
"""

from __future__ import annotations

import logging
from collections import Counter

SHOWN = 4
"""Kinds that the summary lists by name."""

logger = logging.getLogger("ipywebrtc")

counts: Counter[tuple[str, str]] = Counter()
"""How often something was dropped, by its sender (`page`, `participant`) and what it was."""


def drop(sender: str, what: str) -> None:
    """Count a message or value that was dropped, and log the first of its kind.

    Args:
        sender: `page` or `participant`.
        what: Of a few words that this package has, such as a trait's name.
    """
    counts[sender, what] += 1
    if counts[sender, what] == 1:
        logger.warning(
            "Dropped what a %s sent: %s. More of the same is counted in ipywebrtc.doctor().",
            sender,
            what,
        )


def summary() -> str:
    """Write all counts as one line; empty where nothing was dropped."""
    listed = counts.most_common()
    shown = ", ".join(f"{what} ({sender}) {count}" for (sender, what), count in listed[:SHOWN])
    rest = sum(count for _, count in listed[SHOWN:])
    return f"{shown}, others {rest}" if rest else shown
