"""Real MQTT brokers for tests: mosquitto on free ports, and a relay that cuts its wires."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import os
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from e2e.install import find, find_mosquitto
from e2e.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

START_TIMEOUT = 10.0
HOST = "127.0.0.1"

USER, PASSWORD = "alice", "wonder/land@1"
"""May read and write what a room needs."""
MUTE = "mallory"
"""Has the same password and may do nothing."""

CONFIGURATION = """
per_listener_settings true
# Else small messages wait for each other, 40 ms.
set_tcp_nodelay true
listener {tcp} {host}
allow_anonymous true

listener {websockets} {host}
protocol websockets
allow_anonymous true

listener {guarded} {host}
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/rights

listener {tls} {host}
allow_anonymous true
certfile {folder}/certificate.pem
keyfile {folder}/key.pem
"""

RIGHTS = f"""
user {USER}
topic readwrite ipw/1/#
"""


class Broker:
    """A mosquitto that keeps nothing on disk.

    Its URLs are `tcp`, `websockets`, `guarded` (wants `USER` and `PASSWORD`) and `tls` (whose
    certificate is signed by itself, in the file `ca`). They stay the same when it is started again.

    Args:
        folder: An empty one for its files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        names = ("tcp", "websockets", "guarded", "tls")
        self.ports = {name: free_port() for name in names}
        self.tcp = f"mqtt://{HOST}:{self.ports['tcp']}"
        self.websockets = f"ws://{HOST}:{self.ports['websockets']}/mqtt"
        self.guarded = f"mqtt://{HOST}:{self.ports['guarded']}"
        self.tls = f"mqtts://{HOST}:{self.ports['tls']}"
        self.ca = folder / "certificate.pem"
        configuration = CONFIGURATION.format(host=HOST, folder=folder, **self.ports)
        if os.getuid() == 0:  # Else it becomes a user who can't read the folder.
            configuration = f"user root\n{configuration}"
        (folder / "mosquitto.conf").write_text(configuration)
        (folder / "rights").write_text(RIGHTS)
        (folder / "passwords").write_text(f"{USER}:{PASSWORD}\n{MUTE}:{PASSWORD}\n")
        (folder / "passwords").chmod(0o600)
        hasher = find_mosquitto_passwd()
        subprocess.run([hasher, "-U", folder / "passwords"], check=True)
        write_certificate(self.ca, folder / "key.pem")

    @classmethod
    @contextlib.contextmanager
    def running(cls, folder: Path) -> Iterator[Broker]:
        """Start one, and stop it at the end."""
        broker = cls(folder)
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()

    def start(self) -> None:
        """Start it and wait until it listens."""
        with (self._folder / "log").open("ab") as log:
            command = [str(find_mosquitto()), "-c", str(self._folder / "mosquitto.conf")]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        for port in self.ports.values():
            self._wait_for(port)

    def stop(self) -> None:
        """Stop it; everything that it knew is lost."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _wait_for(self, port: int) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                socket.create_connection((HOST, port), 1).close()
            except OSError:
                dead = self._process is None or self._process.poll() is not None
                if dead or time.monotonic() > deadline:
                    raise RuntimeError((self._folder / "log").read_text()) from None
                time.sleep(0.01)
            else:
                return


class Relay:
    """A wire to a port that can be cut, frozen or made to refuse MQTT 5.

    Args:
        port: Where it leads to, on this machine.
        modern: Whether clients of MQTT 5 get through.
    """

    def __init__(self, port: int, *, modern: bool = True) -> None:
        self._target, self._modern = port, modern
        self._wires: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = free_port()
        server = asyncio.start_server(self._connect, HOST, self.port)
        self._flows = asyncio.Event()
        self._flows.set()
        self._server = asyncio.run_coroutine_threadsafe(server, self._loop).result(START_TIMEOUT)

    def close(self) -> None:
        """End all connections and take no more."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(START_TIMEOUT)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"mqtt://{HOST}:{self.port}"

    def cut(self) -> None:
        """End all connections at both ends, without a word. New ones are let through."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(START_TIMEOUT)

    def freeze(self) -> None:
        """Let nothing through, and tell nobody, as where a cable is pulled."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def thaw(self) -> None:
        """Let everything through again."""
        self._loop.call_soon_threadsafe(self._flows.set)

    async def _close(self) -> None:
        self._server.close()
        await self._cut()

    async def _cut(self) -> None:
        wires = [*self._wires]
        for wire in wires:
            wire.cancel()
        await asyncio.gather(*wires, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = asyncio.create_task(self._carry(reader, writer))
        self._wires.add(wire)
        wire.add_done_callback(self._wires.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with closing(writer):
            first = await reader.read(65_536)
            # A CONNECT packet names the protocol, then its level (MQTT 5 §3.1.2).
            if not self._modern and b"\x00\x04MQTT\x05" in first:
                return
            await self._flows.wait()
            there = await asyncio.open_connection(HOST, self._target)
            async with closing(there[1]):
                there[1].write(first)
                ways = [self._pass(reader, there[1]), self._pass(there[0], writer)]
                tasks = [asyncio.create_task(way) for way in ways]
                try:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await self._flows.wait()
            writer.write(data)
            await writer.drain()


@contextlib.asynccontextmanager
async def closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close a connection at the end, and see it closed; that it breaks is no failure."""
    with contextlib.suppress(OSError):
        try:
            yield
        finally:
            writer.transport.abort()
            await writer.wait_closed()


def find_mosquitto_passwd() -> Path:
    """Find the program that hashes mosquitto's passwords, which comes with it."""
    found = find("mosquitto_passwd")
    if found:
        return found
    message = "The tests need mosquitto_passwd, which Debian's mosquitto package has."
    raise FileNotFoundError(message)


def write_certificate(certificate_file: Path, key_file: Path) -> None:
    """Write a certificate for this machine that nobody else signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
