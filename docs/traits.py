"""Shows a trait as a reader needs it: `Float(30, min=0)`, not how it is sent to the page."""

from __future__ import annotations

import re
from typing import Any

import griffe

TAG = re.compile(r"\.tag\(.*\)$", re.DOTALL)


class Traits(griffe.Extension):
    """Leaves `traitlets.` and the tags away from the values of traits."""

    def on_attribute_instance(self, *, attr: griffe.Attribute, **_: Any) -> None:
        """Shorten the value of a trait."""
        value = str(attr.value)
        if value.startswith("traitlets."):
            attr.value = TAG.sub("", value).replace("traitlets.", "")
