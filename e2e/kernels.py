"""Reads and changes the state of a running kernel, whatever its pages do."""

from __future__ import annotations

import ast
import base64
import pickle
import re
import time
from typing import TYPE_CHECKING, Any

import zmq
from jupyter_client.connect import ConnectionFileMixin

if TYPE_CHECKING:
    from pathlib import Path

# The longest that a kernel may take to start, or to finish a cell before it answers us.
ANSWER_TIMEOUT = 30.0

# Pickled in the kernel, so that arrays, bytes and pictures arrive as what they are.
VALUE = "__import__('base64').b64encode(__import__('pickle').dumps(({}))).decode()"


# IPython colours its tracebacks.
COLOUR = re.compile(r"\x1b\[[\d;]*m")


class KernelError(Exception):
    """Code that ran in the kernel raised; the message is its traceback."""

    def __init__(self, traceback: str) -> None:
        super().__init__(COLOUR.sub("", traceback))


class Kernel:
    """A client of a kernel, beside the pages that show it.

    It asks by ordinary `execute_request`s on the shell channel, so a kernel answers after the cell
    that it runs. They are silent: they leave no output, no history and no execution count.

    Args:
        connection_file: Says where the kernel listens.
    """

    def __init__(self, connection_file: Path) -> None:
        # Not jupyter_client's blocking client: it runs an event loop, as Playwright does here.
        # The context is shared: one that is collected with its socket, as that of a notebook which
        # nobody closed, waits forever for the socket to be closed.
        connection = ConnectionFileMixin(
            context=zmq.Context.instance(), connection_file=str(connection_file)
        )
        connection.load_connection_file()
        self._session = connection.session
        self._shell = connection.connect_shell()

    def execute(self, code: str, *, timeout: float = ANSWER_TIMEOUT) -> None:
        """Run statements; raise `KernelError` with the traceback if they raise."""
        self._request(code, {}, timeout)

    def value(self, expression: str, *, timeout: float = ANSWER_TIMEOUT) -> Any:
        """Evaluate an expression whose value can be pickled."""
        reply = self._request("", {"value": VALUE.format(expression)}, timeout)
        answer = reply["user_expressions"]["value"]
        raise_error(answer)
        text = ast.literal_eval(answer["data"]["text/plain"])
        return pickle.loads(base64.b64decode(text))  # noqa: S301 - from our own kernel

    def close(self) -> None:
        """Disconnect; the kernel lives on."""
        self._shell.close(linger=0)

    def _request(self, code: str, expressions: dict[str, str], timeout: float) -> dict[str, Any]:
        content = {
            "code": code,
            "silent": True,
            "store_history": False,
            "user_expressions": expressions,
            "allow_stdin": False,
            "stop_on_error": False,
        }
        request = self._session.send(self._shell, "execute_request", content)
        deadline = time.monotonic() + timeout
        while self._shell.poll(max(0, round(1000 * (deadline - time.monotonic())))):
            _, reply = self._session.recv(self._shell)
            # Others are late answers to requests that timed out.
            if reply["parent_header"]["msg_id"] == request["header"]["msg_id"]:
                answer: dict[str, Any] = reply["content"]
                raise_error(answer)
                return answer
        message = f"the kernel is busy or dead: no answer in {timeout:g} s"
        raise TimeoutError(message)


def raise_error(reply: dict[str, Any]) -> None:
    """Raise what a reply of the kernel reports, if it is an error."""
    if reply["status"] != "ok":
        raise KernelError("\n".join(reply.get("traceback") or [str(reply)]))
