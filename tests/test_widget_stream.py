from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import ipywidgets
import pytest
import traitlets

from ipywebrtc import WidgetStream
from ipywebrtc._bundle import asset

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Page


def test_the_widget_travels_as_a_reference() -> None:
    slider = ipywidgets.IntSlider()
    state = WidgetStream(widget=slider).get_state("widget")
    assert state == {"widget": f"IPY_MODEL_{slider.model_id}"}


def test_what_is_no_widget_is_refused() -> None:
    with pytest.raises(traitlets.TraitError):
        WidgetStream(widget="slider")


def test_max_fps_is_none_or_more_than_nothing() -> None:
    assert WidgetStream().max_fps is None
    assert WidgetStream(max_fps=30).max_fps == 30
    for rate in (0, -1, float("inf"), float("nan")):
        with pytest.raises(traitlets.TraitError, match="more than 0"):
            WidgetStream(max_fps=rate)


def test_there_are_four_methods() -> None:
    assert WidgetStream().method == "auto"
    with pytest.raises(traitlets.TraitError):
        WidgetStream(method="html2canvas")


def test_a_page_gets_a_module_once(open_page: Callable[..., Page]) -> None:
    page = open_page(WidgetStream())
    page.say("asset", name="dom", have=[])
    answer = page.received[-1]
    assert (answer["kind"], answer["page"], answer["name"]) == ("asset", "page", "dom")
    assert answer["hash"] == hashlib.sha256(asset("dom")).hexdigest()
    assert page.buffers[-1] == [asset("dom")]
    page.say("asset", name="dom", have=[answer["hash"]])
    assert page.received[-1]["hash"] == answer["hash"]
    assert page.buffers[-1] == []


def test_a_module_that_is_missing_is_said_so(open_page: Callable[..., Page]) -> None:
    page = open_page(WidgetStream())
    page.say("asset", name="../camera_stream", have=[])
    assert "hatch run build" in page.received[-1]["failure"]
