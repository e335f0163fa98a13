"""Downloads a file into the kernel, within a limit of bytes and of time."""

from __future__ import annotations

import http.client
import io
import mimetypes
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING

from ipywebrtc._shapes import encodable
from ipywebrtc.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

SILENCE = 60.0
"""Seconds without a byte after which a download fails."""
WHOLE = 600.0
"""Seconds after which a download fails that is not complete."""
MOST_BYTES = 512 << 20
"""Bytes of a download, by default."""
PIECE = 1 << 18

# No other schemes: a server may redirect to them.
_OPENER = urllib.request.OpenerDirector()
for _handler in (
    urllib.request.ProxyHandler,
    urllib.request.UnknownHandler,
    urllib.request.HTTPHandler,
    urllib.request.HTTPSHandler,
    urllib.request.HTTPDefaultErrorHandler,
    urllib.request.HTTPRedirectHandler,
    urllib.request.HTTPErrorProcessor,
):
    _OPENER.add_handler(_handler())


def download(url: str, max_bytes: int = MOST_BYTES) -> tuple[bytes, str]:
    """Get the bytes behind a URL, and their MIME type as its path or its server tells it.

    Args:
        url: An http or https URL.
        max_bytes: Bytes at most.

    Raises:
        SourceError: Any failure. Its text has no user, password or query of the URL.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        place = encodable(f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}")
    except ValueError:
        message = "This URL can't be read: check its host and port"
        raise SourceError(message) from None
    if parts.scheme not in ("http", "https"):
        named = encodable(parts.scheme or parts.path)
        message = f"{named!r} is no http or https URL: use from_file for a file"
        raise SourceError(message)
    if parts.username is not None or parts.password is not None:
        message = (
            f"{place!r} has a user or password before its host, which is not supported: "
            "download it yourself and use from_file"
        )
        raise SourceError(message)
    by_name, _ = mimetypes.guess_type(parts.path)
    data, served = _within(WHOLE, place, lambda until: _read(url, place, max_bytes, until))
    return data, by_name or served


Download = tuple[bytes, str]


def _within(seconds: float, place: str, function: Callable[[float], Download]) -> Download:
    """Do it on a thread: a look-up of a name, or headers that drip, know no timeout."""
    done: list[Download] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            done.append(function(time.monotonic() + seconds))
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            failed.append(error)

    thread = threading.Thread(target=work, name="ipywebrtc-download", daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise SourceError(_too_slow(place))
    return done[0]


def _read(url: str, place: str, max_bytes: int, until: float) -> Download:
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "ipywebrtc"})  # noqa: S310
        with _OPENER.open(request, timeout=SILENCE) as response:
            if int(response.headers.get("Content-Length") or 0) > max_bytes:
                raise SourceError(_too_large(place, max_bytes))
            held = io.BytesIO()
            while piece := response.read1(PIECE):
                held.write(piece)
                if held.tell() > max_bytes:
                    raise SourceError(_too_large(place, max_bytes))
                if time.monotonic() > until:
                    raise SourceError(_too_slow(place))
            if response.length:
                raise http.client.IncompleteRead(held.getvalue(), response.length)
            return held.getvalue(), response.headers.get_content_type()
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        why = _reason(error)
        message = f"{place!r} could not be downloaded ({why}): check that it opens in a browser"
        # Without the cause, whose text may have the whole URL.
        raise SourceError(message) from None


def _too_large(place: str, max_bytes: int) -> str:
    return f"{place!r} has more than {max_bytes} bytes: set a larger max_bytes, or use from_url"


def _too_slow(place: str) -> str:
    return f"{place!r} was not downloaded within {WHOLE:.0f} s: use from_url, or a faster server"


def _reason(error: Exception) -> str:
    """Say in a few words why; what other libraries say may have the URL in it."""
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP status {error.code}"
    if isinstance(error, http.client.IncompleteRead):
        return "the server closed the connection before the end"
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, TimeoutError):
        return "no answer"
    if isinstance(reason, OSError) and reason.strerror:
        return encodable(reason.strerror)
    if isinstance(error, ValueError):
        return "the URL is malformed"
    return type(reason).__name__ if isinstance(reason, Exception) else "it can't be opened"


SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)


def check_url(url: str) -> str:
    """Return a URL that a page may load.

    Raises:
        SourceError: It is neither http, https, blob nor relative.
    """
    # Browsers pass over spaces and control characters: `java\nscript:` is a scheme.
    found = SCHEME.match(re.sub(r"[\x00-\x20]", "", url))
    if found and found[1].lower() not in ("http", "https", "blob"):
        message = (
            f"The URL has the scheme {found[1]!r}: use http, https, blob or a relative URL, "
            "or from_file for a file"
        )
        raise SourceError(message)
    return url
