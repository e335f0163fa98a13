"""What can go wrong between a notebook and the media of the browser.

::

    MediaError
    ├── PermissionDenied     the user, the browser or the notebook's host said no
    ├── DeviceNotFound       there is no such camera or microphone, or it is in use elsewhere
    ├── InsecureContext      the page is not served by https or from localhost
    ├── SourceError          a file or URL can't be loaded or decoded
    ├── SignalingError       a message can't be sent to a member of a room
    ├── UnsupportedFormat    this browser can't encode the format
    ├── UploadError          a recording did not arrive as it was made
    ├── MediaTimeout         it did not happen in time (also a TimeoutError)
    └── NoFrontEnd           no page answers for this widget (also a MediaTimeout)

The text of each is one sentence that says what to do. The same sentence stands in the `error`
trait of the widget and in its view.
"""

from __future__ import annotations

__all__ = [
    "DeviceNotFound",
    "InsecureContext",
    "MediaError",
    "MediaTimeout",
    "NoFrontEnd",
    "PermissionDenied",
    "SignalingError",
    "SourceError",
    "UnsupportedFormat",
    "UploadError",
]


class MediaError(Exception):
    """Something between the notebook and the media of the browser failed.

    Example:
        >>> try:
        ...     await recorder.snapshot()
        ... except ipywebrtc.MediaError as error:
        ...     print(error)  # what to do
    """


class PermissionDenied(MediaError):
    """The user, the browser or the host of the notebook refused a camera, microphone or screen.

    The `NotAllowedError` of https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia,
    or a Permissions Policy, https://www.w3.org/TR/permissions-policy/.
    """


class DeviceNotFound(MediaError):
    """There is no such camera or microphone, or another program holds it.

    The `NotFoundError`, `NotReadableError` or `OverconstrainedError` of
    https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia.
    """


class InsecureContext(MediaError):
    """The page is neither https nor localhost, so browsers give it no camera or microphone.

    Defined by W3C Secure Contexts, https://www.w3.org/TR/secure-contexts/.
    """


class SignalingError(MediaError):
    """A message can't be sent to a member of a room: it is too long, or the member has left."""


class SourceError(MediaError):
    """A file or URL can't be loaded, decoded or read across origins."""


class UnsupportedFormat(MediaError):
    """This browser can't encode the asked-for format."""


class UploadError(MediaError):
    """A recording did not arrive in the kernel as it was made in the page."""


class MediaTimeout(MediaError, TimeoutError):
    """What was asked for did not happen within its time."""


class NoFrontEnd(MediaTimeout):
    """No page answers for this widget: none is open, or it never loaded the widget."""


def from_page(name: str, message: str) -> MediaError:
    """Make the exception that a page reports by the name of its class."""
    kind = globals().get(name) if name in __all__ else None
    return (kind or MediaError)(message)
