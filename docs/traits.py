"""Shows the package's docstrings and traits as a reader needs them."""

from __future__ import annotations

import re
from typing import Any

import griffe

TAG = re.compile(r"\.tag\(.*\)$", re.DOTALL)
EXAMPLE = re.compile(r"^Example:$", re.MULTILINE)


class Traits(griffe.Extension):
    """Shows `Float(30, min=0)` for a trait, not how it is sent to the page."""

    def on_attribute_instance(self, *, attr: griffe.Attribute, **_: Any) -> None:
        """Leave `traitlets.` and the tags away."""
        value = str(attr.value)
        if value.startswith("traitlets."):
            attr.value = TAG.sub("", value).replace("traitlets.", "")
            attr.labels -= {"class-attribute", "instance-attribute"}  # All traits are both.

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Let an example be code: griffe takes it for text unless its heading is plural."""
        if obj.docstring:
            obj.docstring.value = EXAMPLE.sub("Examples:", obj.docstring.value)
