"""Certificates for tests, made by openssl when a test asks: good, expired, of nobody, for another.

All of them are of elliptic curves, because making keys of the other kind takes a test's whole time.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

OPENSSL = shutil.which("openssl")
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
NAME = "server.test"


@dataclass(frozen=True)
class Certificates:
    """A folder with an authority, and servers' certificates made by it."""

    folder: Path

    @property
    def ca(self) -> str:
        """The authority's certificate, as a look carries it."""
        return (self.folder / "ca.crt").read_text()

    def server(self, name: str) -> ssl.SSLContext:
        """A server's settings with one of them: good, expired, other (another name), own."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        return context

    def encoded(self, name: str) -> bytes:
        """One of them as it goes over the network."""
        return ssl.PEM_cert_to_DER_cert((self.folder / f"{name}.crt").read_text())


def make_certificates(folder: Path) -> Certificates:
    """Make all of them."""
    openssl(folder, "req", "-x509", *CURVE, *out("ca"), "-days", "30", "-subj", "/CN=Authority")
    signed(folder, "good", NAME, days=30)
    signed(folder, "other", "elsewhere.test", days=30)
    # Valid for no time at all, so that it is expired by now.
    signed(folder, "expired", NAME, days=0)
    openssl(folder, "req", "-x509", *CURVE, *out("own"), "-days", "30", "-subj", f"/CN={NAME}")
    return Certificates(folder)


def signed(folder: Path, file: str, name: str, *, days: int) -> None:
    """A certificate by the authority."""
    (folder / f"{file}.ext").write_text(f"subjectAltName=DNS:{name},IP:127.0.0.1,IP:::1\n")
    wish = ("-keyout", f"{file}.key", "-out", f"{file}.csr", "-subj", f"/CN={name}")
    openssl(folder, "req", *CURVE, *wish)
    by = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", str(days))
    made = ("-in", f"{file}.csr", "-out", f"{file}.crt", "-extfile", f"{file}.ext")
    openssl(folder, "x509", "-req", *made, *by)


def out(name: str) -> tuple[str, ...]:
    """Where a key and its certificate go."""
    return ("-keyout", f"{name}.key", "-out", f"{name}.crt")


def openssl(folder: Path, *words: str) -> None:
    """Run it."""
    assert OPENSSL is not None
    subprocess.run([OPENSSL, *words], cwd=folder, check=True, capture_output=True)
