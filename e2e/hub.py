"""JupyterLab as a JupyterHub gives it to its users: by https, and under a path of their own."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from e2e.hosts import ADDRESS, JupyterLab

if TYPE_CHECKING:
    from pathlib import Path

# Any page may show it in an iframe, as portals do.
HEADERS = {"headers": {"Content-Security-Policy": "frame-ancestors *"}}


class Hub(JupyterLab):
    """A JupyterLab server behind a path and a certificate of its own; see `JupyterLab`."""

    SCHEME = "https"
    BASE = "/user/ada"

    @classmethod
    def _arguments(cls, root: Path, port: int, runtime: Path) -> list[str]:
        certificate = runtime / "certificate.pem"
        certificate.write_bytes(self_signed())
        return [
            *super()._arguments(root, port, runtime),
            *(f"--ServerApp.base_url={cls.BASE}/", f"--ServerApp.tornado_settings={HEADERS}"),
            *(f"--ServerApp.certfile={certificate}", f"--ServerApp.keyfile={certificate}"),
        ]


def self_signed() -> bytes:
    """Make a certificate of this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, ADDRESS)])
    now = dt.datetime.now(dt.timezone.utc)
    day = dt.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    return private + certificate.public_bytes(encoding)
