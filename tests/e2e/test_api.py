"""The WebSocket API in C against servers that others wrote, over ws and wss."""

import asyncio
import contextlib
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

TARGETS_DIR = Path(__file__).resolve().parents[2] / "targets"
sys.path.insert(0, str(TARGETS_DIR))

import target as targets  # noqa: E402  (found through the line above)

TIMEOUT_S = 60


async def pass_on(reader, writer):
    with contextlib.suppress(OSError):
        while octets := await reader.read(1 << 16):
            writer.write(octets)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


@contextlib.contextmanager
def tls_in_front_of(target, certificate, key):
    """The targets speak plain TCP: this ends TLS for them; its WebSocket is theirs. Yields a port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    loop = asyncio.new_event_loop()

    async def serve(reader, writer):
        try:
            up_reader, up_writer = await asyncio.open_connection(target.host, target.port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pass_on(reader, up_writer), pass_on(up_reader, writer))

    server = loop.run_until_complete(
        asyncio.start_server(serve, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=TIMEOUT_S)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    directory = tmp_path_factory.mktemp("certificate")
    certificate, key = directory / "cert.pem", directory / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=wspec", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
         "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=TIMEOUT_S)
    return certificate, key


def probe(wspec, *arguments):
    path = wspec.parent / "websocket_probe"
    if not path.is_file():
        pytest.skip(f"{path} is not built")
    return subprocess.run([path, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S)


def check(done, reason):
    assert done.stderr == ""
    assert done.returncode == 0, done.stdout
    assert "WRONG" not in done.stdout
    assert done.stdout.splitlines()[-1] in [f"close 3001 {reason} clean" for reason in reason]


def test_wspec_echo(wspec, start_echo, tmp_path):
    check(probe(wspec, start_echo().url), ["bye"])
    server = start_echo("--tls")
    ca = tmp_path / "ca.pem"
    ca.write_text(ssl.get_server_certificate((server.host, server.port), timeout=TIMEOUT_S))
    check(probe(wspec, server.url, ca), ["bye"])


@pytest.mark.parametrize("name", ["npm-ws", "python-websockets", "go-gorilla"])
@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_servers_that_others_wrote(wspec, name, scheme, certificate):
    if not targets.is_installed(targets.load(name)):
        pytest.skip(f"{name} is not installed: targets/target.py install {name}")
    with targets.running(name) as target:
        # Whether the reason comes back is the server's choice.
        if scheme == "ws":
            check(probe(wspec, f"ws://{target.host}:{target.port}/"), ["bye", ""])
            return
        with tls_in_front_of(target, *certificate) as port:
            check(probe(wspec, f"wss://127.0.0.1:{port}/", certificate[0]), ["bye", ""])
