"""wss: the same server behind TLS, and the defect that answers in clear."""

import pathlib
import shutil
import socket
import ssl
import subprocess

import pytest

from bugserver import Host
from wsclient import Client, frame, request, status

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command")


@pytest.fixture(scope="module")
def server_context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's context with a certificate for a day."""
    folder: pathlib.Path = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
                    "-subj", "/CN=localhost", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def in_clear(port: int) -> bytes:
    """What a TLS port answers to a handshake in clear."""
    with Client(port, opened=False) as client:
        client.send(request())
        octets, _ = client.until_end()
    return octets


def test_echo_inside_tls(server_context: ssl.SSLContext) -> None:
    """The handshake, an echo and the Close stay inside the tunnel."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    with Host() as host:
        port = host.serve(tls=server_context)
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, \
                trusting.wrap_socket(plain) as secure:
            secure.sendall(request() + frame(1, b"hello") + frame(8))
            octets = b""
            while piece := secure.recv(4096):
                octets += piece
    assert status(octets) == 101
    assert octets.endswith(b"\x81\x05hello\x88\x00")


def test_request_in_clear_is_not_upgraded(server_context: ssl.SSLContext) -> None:
    """On a TLS port TLS comes first (RFC 6455, 4.2.2)."""
    with Host() as host:
        assert b" 101 " not in in_clear(host.serve(tls=server_context))


def test_defect_answers_in_clear(server_context: ssl.SSLContext) -> None:
    """The defect upgrades a request that came without TLS."""
    with Host() as host:
        port = host.serve(["answers-in-clear-on-tls-port"], tls=server_context)
        with Client(port, opened=False) as client:
            assert status(client.ask(request())) == 101
