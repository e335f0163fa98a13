"""Downloads a file into the kernel."""

from __future__ import annotations

import mimetypes
import urllib.parse
import urllib.request

from ipywebrtc.errors import SourceError

TIMEOUT = 60.0
"""Seconds without a byte after which a download fails."""


def download(url: str) -> tuple[bytes, str]:
    """Get the bytes behind a URL, and their MIME type as its path or its server tells it."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https"):
        message = f"{url!r} is no http or https URL: use from_file for a file"
        raise SourceError(message)
    request = urllib.request.Request(url, headers={"User-Agent": "ipywebrtc"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
            data: bytes = response.read()
            served: str = response.headers.get_content_type()
    except OSError as error:
        message = f"{url!r} could not be downloaded ({error}): check that it opens in a browser"
        raise SourceError(message) from error
    named, _ = mimetypes.guess_type(parts.path)
    return data, named or served
