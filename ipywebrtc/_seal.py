"""Seals what the members of a room send each other, so that nobody between them can read it.

From the room's name and password come, by scrypt (RFC 7914) and HKDF (RFC 5869), a topic and a key
for AES-256-GCM (NIST SP 800-38D). A broker that carries the envelopes learns neither name nor
password, and can't guess them cheaply. It does learn that some clients talk, when, how much, and
from which addresses.
"""

from __future__ import annotations

import functools
import hashlib
import json
import secrets
import time
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ipywebrtc import _from_participant
from ipywebrtc.errors import SignalingError

if TYPE_CHECKING:
    from collections.abc import Callable

PROTOCOL = "ipw/1"
"""Begins every topic and is sealed into every envelope: other versions don't understand each
other, and don't try."""
MEMBER = 8
"""Bytes of a member's id, which is their hexadecimal digits. Every opening of a channel is a new
member, so a sequence number never begins again under the same id."""
NONCE = 12
"""Bytes of the random nonce. One key may seal 2³² envelopes with it (SP 800-38D §8.3)."""
SCRYPT_COST = 2**15
"""Work of one guess at a password: 32 MiB and about 0.1 s."""
LONGEST = 65_536
"""Bytes of JSON that one envelope holds. An SDP of many tracks has 20,000."""
OVERHEAD = 2 * MEMBER + NONCE + 16 + 64
"""Bytes of an envelope beside that: sender, nonce, tag, sequence number and time."""
MAX_AGE = 120.0
"""Seconds that an envelope may be under way; also what two clocks may differ by unnoticed."""
FURTHEST = 3e9
"""Seconds by which two clocks may differ at all, a century: without a battery one says 1970."""
SENDERS = 1024
"""How many senders are remembered at a time."""


@dataclass(frozen=True)
class Envelope:
    """What one member says.

    Args:
        sender: Id of the member.
        sequence: Grows with everything that this member says.
        time: Seconds since 1970, by the clock of the sender.
        content: JSON.
    """

    sender: str
    sequence: int
    time: float
    content: Any


class Seal:
    """The secrets of a room: its topic, and the key to its envelopes.

    Without a password the room's name is the only secret: whoever can guess it is in.

    Args:
        room: Name of the room.
        password: What its members know besides.
        exposed: Whether others can read the envelopes and guess at leisure. If not, the costly
            stretching is left out.
    """

    def __init__(self, room: str, password: str = "", *, exposed: bool = True) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        # One accented letter has two spellings, and keyboards differ (RFC 8265 §4.2.1).
        names = [unicodedata.normalize("NFC", name) for name in (room, password)]
        secret = json.dumps(names).encode()
        root = _stretch(secret) if exposed else hashlib.sha256(secret).digest()
        self.topic = f"{PROTOCOL}/{_derive(root, 'topic')[:16].hex()}"
        self._cipher = AESGCM(_derive(root, "key"))

    def close(self, topic: str, envelope: Envelope) -> bytes:
        """Seal an envelope for one topic.

        Raises:
            SignalingError: The content is longer than `LONGEST`.
        """
        content = json.dumps([envelope.sequence, envelope.time, envelope.content]).encode()
        if len(content) > LONGEST:
            message = f"A message of {len(content)} bytes is too long: at most {LONGEST} are sent."
            raise SignalingError(message)
        nonce = secrets.token_bytes(NONCE)
        sealed = self._cipher.encrypt(nonce, content, _bound(topic, envelope.sender))
        return envelope.sender.encode() + nonce + sealed

    def open(self, topic: str, payload: bytes) -> Envelope | None:
        """Open an envelope; None if nobody who knows the secret sealed it for this topic."""
        from cryptography.exceptions import InvalidTag

        start, end = 2 * MEMBER, 2 * MEMBER + NONCE
        try:
            sender = payload[:start].decode("ascii")
            opened = self._cipher.decrypt(payload[start:end], payload[end:], _bound(topic, sender))
            return Envelope(sender, *_from_participant.envelope(opened))
        except (InvalidTag, ValueError, RecursionError):
            return None


class Guard:
    """Refuses what is garbled, old, or was heard before, and counts it.

    It keeps a few numbers for each sender that knows the secret, for as long as an envelope of
    theirs would not be old; strangers leave no trace but in the counts. Not safe for several
    threads at once.

    An envelope is old by the clock of its sender. How far that clock differs from ours is known
    once an envelope shows that it is fresh, whatever time it names: it answers something that we
    said just now.
    """

    def __init__(self, seal: Seal) -> None:
        self.dropped: Counter[str] = Counter()
        """How many envelopes were refused as `garbled`, `oversized`, `foreign`, `unknown` (who
        leaves was not here), `old`, `replayed` (also by a broker that retains presence, when we
        connect again) or, beyond `SENDERS`, `crowded`."""
        self._seal = seal
        self._heard: dict[tuple[str, str], tuple[int, float]] = {}
        self._clocks: dict[str, float] = {}

    def knows(self, topic: str, sender: str) -> bool:
        """Whether this sender was heard under this topic not long ago."""
        return (topic, sender) in self._heard

    def clock(self, sender: str) -> float:
        """Return by how many seconds a sender's clock is ahead of ours, where it is far off."""
        return self._clocks.get(sender, 0.0)

    def admit(
        self,
        topic: str,
        payload: bytes,
        sender: str = "",
        *,
        is_fresh: Callable[[Envelope], bool] | None = None,
    ) -> Envelope | None:
        """Open an envelope; None if it is refused, which is counted.

        Args:
            topic: Under which it arrived.
            payload: The sealed envelope.
            sender: From whom it must be; empty if from anybody.
            is_fresh: Whether an envelope that seems old was made just now; else its clock is wrong.
        """
        oversized = len(payload) > LONGEST + OVERHEAD
        envelope = None if oversized else self._seal.open(topic, payload)
        if envelope is None:
            reason = "oversized" if oversized else "garbled"
        elif sender not in ("", envelope.sender):
            reason = "foreign"
        else:
            reason = self._objection(topic, envelope, is_fresh)
        if envelope is None or reason:
            self.dropped[reason] += 1
            return None
        self._heard[topic, envelope.sender] = envelope.sequence, time.time()
        return envelope

    def _objection(
        self, topic: str, envelope: Envelope, is_fresh: Callable[[Envelope], bool] | None
    ) -> str:
        now, key = time.time(), (topic, envelope.sender)
        # A clock may be ahead as far as another lags behind.
        self._heard = {
            key: heard for key, heard in self._heard.items() if now - heard[1] < 2 * MAX_AGE
        }
        last = self._heard.get(key, (-1, 0.0))[0]
        if envelope.sequence <= last:
            return "replayed"
        if last < 0 and len(self._heard) >= SENDERS:
            return "crowded"
        if abs(now + self.clock(envelope.sender) - envelope.time) <= MAX_AGE:
            return ""
        # Written so that a time that is no number is too far.
        possible = abs(now - envelope.time) <= FURTHEST
        if is_fresh is None or not possible or not is_fresh(envelope):
            return "old"
        known = {sender for _, sender in self._heard}
        self._clocks = {name: ahead for name, ahead in self._clocks.items() if name in known}
        self._clocks[envelope.sender] = envelope.time - now
        return ""


def new_member() -> str:
    """Make the id of a member: random digits that say nothing."""
    return secrets.token_hex(MEMBER)


def _bound(topic: str, sender: str) -> bytes:
    """Make what is authenticated along, so that no envelope is valid elsewhere or for another."""
    return f"{topic}\0{sender}\0{PROTOCOL}".encode()


# Rooms are left and joined again, and the cells that do so are run again.
@functools.lru_cache(maxsize=8)
def _stretch(secret: bytes) -> bytes:
    salt, memory = b"ipywebrtc room", 2 * 128 * 8 * SCRYPT_COST
    return hashlib.scrypt(secret, salt=salt, n=SCRYPT_COST, r=8, p=1, maxmem=memory, dklen=32)


def _derive(root: bytes, purpose: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt=None, info=f"{PROTOCOL} {purpose}".encode()).derive(root)
