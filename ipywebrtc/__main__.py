"""Prints what a bug report needs to know; a notebook knows more: see `ipywebrtc.doctor()`."""

from __future__ import annotations

from ipywebrtc._facts import kernel, text, versions

if __name__ == "__main__":
    print(text([*versions(), *kernel()]))  # noqa: T201 - that is what it is for
