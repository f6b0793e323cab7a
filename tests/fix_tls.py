"""A PostgreSQL that speaks TLS: the embedded server is built without, so a front of ours ends TLS before it.

The front does what the server would: it answers the SSLRequest that libpq sends first, shows its certificate and passes
the bytes on. What libpq checks, and when it refuses to go on, is the real thing; only the server's own TLS code is not.
"""

from __future__ import annotations

import datetime
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from demo.server import EmbeddedServer

# From https://www.postgresql.org/docs/current/protocol-message-formats.html: length 8, then the code.
_SSL_REQUEST = (8).to_bytes(4) + (80877103).to_bytes(4)
_TIMEOUT_S = 10
_LOOK_UP_S = 0.2

StartTlsFront = Callable[..., "TlsFront"]


class CertificateAuthority:
    """An authority nobody knows; `root` is the file that PGSSLROOTCERT would name."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = _builder(self._name, self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.root = folder / f"{name}.pem"
        self.root.write_bytes(certificate.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def server_context(self, hostname: str) -> ssl.SSLContext:
        """What a server of that name presents."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname)])
        certificate = _builder(subject, self._name, key).add_extension(
            x509.SubjectAlternativeName([x509.DNSName(hostname)]), critical=False
        )
        file = self._folder / f"{hostname}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, days: float = 1
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


@dataclass
class TlsFront:
    """Listens on 127.0.0.1:`port`. `sessions` counts the connections that got as far as the server behind it."""

    server: EmbeddedServer
    context: ssl.SSLContext | None
    port: int = 0
    sessions: int = 0
    _threads: list[threading.Thread] = field(default_factory=list)
    _is_over: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is shut down."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._handle, args=(client,))
            thread.start()
            self._threads.append(thread)

    def join(self) -> None:
        """End every connection: one that a failed test left open would not end by itself."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _handle(self, client: socket.socket) -> None:
        # A client that refuses our certificate breaks off: that is what half of the tests are about.
        with client, suppress(OSError):
            client.settimeout(_TIMEOUT_S)
            if client.recv(8, socket.MSG_WAITALL) != _SSL_REQUEST:
                return
            if self.context is None:
                client.sendall(b"N")
                # As a server without TLS it would go on in clear text, if the client did.
                if client.recv(1, socket.MSG_PEEK):
                    self._pass_on(client)
                return
            client.sendall(b"S")
            with self.context.wrap_socket(client, server_side=True) as encrypted:
                self._pass_on(encrypted)
                encrypted.unwrap()  # says goodbye, as the server does: libpq takes a bare end for an attack

    def _pass_on(self, client: socket.socket) -> None:
        with socket.socket(socket.AF_UNIX) as behind:
            behind.connect(str(self.server.folder / ".s.PGSQL.5432"))
            is_first = True
            while not self._is_over.is_set():
                pending = isinstance(client, ssl.SSLSocket) and client.pending()
                readable = [client] if pending else select.select([client, behind], [], [], _LOOK_UP_S)[0]
                for source, target in ((client, behind), (behind, client)):
                    if source in readable:
                        if not (data := source.recv(65_536)):
                            return
                        self.sessions += is_first  # the client's start-up packet
                        is_first = False
                        target.sendall(data)


@pytest.fixture
def certificate_authority(tmp_path: Path) -> CertificateAuthority:
    """The authority that the test's clients trust."""
    return CertificateAuthority(tmp_path, "trusted-ca")


@pytest.fixture
def other_authority(tmp_path: Path) -> CertificateAuthority:
    """An authority that they do not trust."""
    return CertificateAuthority(tmp_path, "other-ca")


@contextmanager
def running_tls_front(server: EmbeddedServer, context: ssl.SSLContext | None) -> Iterator[TlsFront]:
    """A front on a free loopback port, until the block ends. `context`: what it presents (None: it has no TLS)."""
    listener = socket.create_server(("127.0.0.1", 0))
    front = TlsFront(server, context, port=listener.getsockname()[1])
    thread = threading.Thread(target=front.serve, args=(listener,))
    thread.start()
    try:
        yield front
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        front.join()


@pytest.fixture
def start_tls_front(server: EmbeddedServer) -> Iterator[StartTlsFront]:
    """Call it with what the server presents (None: it has no TLS)."""
    with ExitStack() as running:
        yield lambda context: running.enter_context(running_tls_front(server, context))
