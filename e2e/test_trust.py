"""A visitor's page in Voilà that speaks to the kernel as an attacker would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from e2e.voila import Voila

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.conftest import OpenNotebook
    from e2e.notebooks import Notebook

SECRET = "what only the owner of the kernel may read"  # noqa: S105 - a test's
CODE = "import os  # which the next kernel would run"

# Comm messages over a connection of the attacker's own, which every page of Voilà may open: no
# widget's JavaScript stands between. https://jupyter-server.readthedocs.io/en/latest/developers/websocket-protocols.html
ATTACK = """async messages => {
  const { kernelId } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const address = new URL(`/api/kernels/${kernelId}/channels?session_id=attacker`, location.href);
  address.protocol = "ws:";
  const socket = new WebSocket(address, "v1.kernel.websocket.jupyter.org");
  socket.binaryType = "arraybuffer";
  await new Promise((onopen, onerror) => Object.assign(socket, { onopen, onerror }));
  const replies = [];
  let answered = () => {};
  socket.onmessage = ({ data }) => {
    const view = new DataView(data);
    const number = (n) => Number(view.getBigUint64(8 * n, true));
    const part = (n) => new TextDecoder().decode(data.slice(number(n + 1), number(n + 2)));
    const { msg_type } = JSON.parse(part(1));
    if (msg_type === "kernel_info_reply") answered(JSON.parse(part(2)).msg_id);
    if (msg_type === "comm_msg" && JSON.parse(part(4)).data?.content?.kind === "piece") {
      replies.push(part(5));
    }
  };
  const send = (msg_type, content, text = "") => {
    const header = {
      msg_id: crypto.randomUUID(), msg_type, session: "attacker", username: "",
      version: "5.3", date: new Date().toISOString(),
    };
    const encode = (value) => new TextEncoder().encode(value);
    const json = [header, {}, {}, content].map((value) => encode(JSON.stringify(value)));
    const parts = [encode("shell"), ...json, encode(text)];
    const offsets = [8 * (parts.length + 2)];
    for (const { length } of parts) offsets.push(offsets.at(-1) + length);
    const whole = new Uint8Array(offsets.at(-1));
    const view = new DataView(whole.buffer);
    [offsets.length, ...offsets].forEach((n, at) => view.setBigUint64(8 * at, BigInt(n), true));
    parts.forEach((one, n) => whole.set(one, offsets[n]));
    socket.send(whole);
    return header.msg_id;
  };
  // The server drops what comes before it has reached the kernel, which answers in turn.
  const untilAnswered = () =>
    new Promise((resolve) => {
      const asked = new Set();
      const ask = () => asked.add(send("kernel_info_request", {}));
      const again = setInterval(ask, 500);
      answered = (id) => {
        if (!asked.has(id)) return;
        clearInterval(again);
        resolve();
      };
      ask();
    });
  await untilAnswered();
  for (const [comm_id, data, text] of messages) send("comm_msg", { comm_id, data }, text ?? "");
  await untilAnswered();
  await new Promise((resolve) => setTimeout(resolve, 500));
  socket.close();
  return replies;
}"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voila]:
    """The application in which a stranger has the page."""
    root, home = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("voila")
    with Voila.running(root, home) as started:
        yield started


class Attacker:
    """Sends messages to one widget, as any page can."""

    def __init__(self, nb: Notebook, widget: str) -> None:
        self._nb = nb
        self._comm = nb.python(f"{widget}.model_id")
        self._messages: list[tuple[str, dict[str, Any], str | None]] = []

    def set(self, **state: Any) -> None:
        """Set traits, by both ways that there are."""
        update = {"method": "update", "state": state, "buffer_paths": []}
        self._messages.append((self._comm, update, None))
        self.say("state", **state)

    def say(self, kind: str, text: str | None = None, **content: Any) -> None:
        """Send a message of the package."""
        content = {"kind": kind, "page": "attacker", **content}
        self._messages.append((self._comm, {"method": "custom", "content": content}, text))

    def upload(self, text: str) -> None:
        """Send a recording, as if somebody had pressed the button."""
        self.say("chunk", id="pressed", seq=0, format="webm", unasked=True)
        place: dict[str, Any] = {"seq": 1, "part": 0, "position": 0, "length": len(text)}
        self.say("chunk", text, id="pressed", **place)
        whole: dict[str, Any] = {"chunks": 2, "size": len(text), "duration": 1}
        self.say("answer", id="pressed", name="record", unasked=True, **whole)

    def run(self) -> list[str]:
        """Send all, and return what recordings were sent back."""
        messages, self._messages = self._messages, []
        pieces: list[str] = self._nb.page.evaluate(ATTACK, messages)
        return pieces


def test_a_visitor_reads_and_writes_no_file(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        stream = ipywebrtc.CameraStream()
        recorder = ipywebrtc.VideoRecorder(stream=stream, embed_limit=0)
        recorder

    nb = notebook(cells)
    nb.run()
    secret, startup = nb.folder / "secret", nb.folder / "startup"
    secret.write_text(SECRET)
    startup.mkdir()
    before = sorted(nb.folder.rglob("*"))
    attacker = Attacker(nb, "recorder")

    attacker.set(path=str(secret))
    attacker.say("read", position=0, length=1000)
    attacker.set(filename="startup/00-x.py", autosave=True, embed_limit=1 << 40, timeout=0)
    attacker.upload(CODE)
    attacker.set(path=str(secret), _esm="export default {}")
    attacker.say("read", position=0, length=1000)
    pieces = attacker.run()

    # Its messages came through: it gets its own recording back, and nothing else.
    assert pieces[-1] == CODE
    assert not any(SECRET in piece for piece in pieces)
    assert sorted(nb.folder.rglob("*")) == before
    assert nb.python("(recorder.filename, recorder.autosave)") == ("record", False)
    assert nb.python("(recorder.embed_limit, recorder.timeout)") == (0, 30)
    path = nb.python("recorder.path")
    assert nb.python(f"__import__('os').stat({path!r}).st_mode & 0o777") == 0o600
    # The kernel goes on, and says what was dropped.
    assert "VideoRecorder: path (page)" in nb.python("ipywebrtc._dropped.summary()")


def test_malformed_messages_of_a_visitor_leave_the_kernel_as_it_was(notebook: OpenNotebook) -> None:
    def cells() -> None:
        import ipywebrtc

        stream = ipywebrtc.CameraStream()
        recorder = ipywebrtc.ImageRecorder(stream=stream)
        recorder

    nb = notebook(cells)
    nb.run()
    attacker = Attacker(nb, "recorder")
    for kind in ("hello", "state", "ack", "answer", "asset", "chunk", "probe", "read", "nothing"):
        attacker.say(kind)
        attacker.say(kind, id=[], name={}, page=7, number=None)
        attacker.say(kind, id="\ud800", status="\ud800", error="\ud800", unasked=True)
    attacker.set(recording="yes", format="py", quality=1e308, status=7, layout={"a": 1})
    attacker.run()
    assert nb.python("(recorder.status, recorder.format, recorder.error)") == ("idle", "png", "")
    nb.finish(0)  # No traceback stands in the cell's output.
