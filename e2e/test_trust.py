"""A visitor's page in Voilà that speaks to the kernel as an attacker would."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.voila import Voila

if TYPE_CHECKING:
    from collections.abc import Iterator


PATIENCE = 30.0
SECRET = "what only the owner of the kernel may read"  # noqa: S105 - a test's

# The page's own model of a widget, by which it can send whatever it likes.
MODEL = """async id => {
  const managers = [...(globalThis.jupyterWidgetManagers ?? []), globalThis.widgetManager];
  for (const manager of managers.filter(Boolean)) {
    if (manager.has_model(id)) return manager.get_model(id);
  }
  throw new Error(`no manager has ${id}`);
}"""
# A comm message as ipywidgets sends it, on the kernel connection that Voilà's page has.
ATTACK = """async ([id, state, messages]) => {
  const model = await globalThis.attacked;
  const replies = [];
  model.on("msg:custom", (content, buffers) => {
    if (content.kind !== "piece" && content.kind !== "upload") return;
    const text = (buffers ?? []).map(buffer => new TextDecoder().decode(buffer)).join("");
    replies.push({ ...content, text });
  });
  model.comm.send({ method: "update", state, buffer_paths: [] }, {}, {}, []);
  model.send({ kind: "state", page: "attacker", ...state });
  for (const [content, text] of messages) {
    const buffers = text === null ? [] : [new TextEncoder().encode(text).buffer];
    model.send({ page: "attacker", ...content }, undefined, buffers);
  }
  await new Promise(resolve => setTimeout(resolve, 2000));
  return replies;
}"""
# The widget's own JavaScript hands out its model, which is that of the page's manager.
HAND_OUT = """
    import IPython.display
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voila]:
    """The application in which a stranger has the page."""
    root, home = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("voila")
    with Voila.running(root, home) as started:
        yield started
