"""`wspec echo`, seen by raw sockets and by clients that others wrote."""

import asyncio
import hashlib
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as connect_blocking

TARGETS_DIR = Path(__file__).resolve().parents[2] / "targets"
sys.path.insert(0, str(TARGETS_DIR))

import target as targets  # noqa: E402  (found through the line above)

TIMEOUT_S = 30
MIB = 1024 * 1024
KEY = "sN9cRrP/n9NdMgdcy2VJFQ=="
ACCEPT = "fFBooB7FAkLlXgRSz0BT3v4hq5s="
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def request(method="GET", version="13", key=KEY, more=""):
    lines = [f"{method} /chat HTTP/1.1", "Host: localhost", "Upgrade: websocket",
             "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {key}"] if key else []
    lines += [f"Sec-WebSocket-Version: {version}"] if version else []
    return ("\r\n".join(lines) + "\r\n" + more + "\r\n").encode()


def frame(opcode, payload, fin=True, masked=True):
    """A client's frame of up to 65535 octets, with masking key 0."""
    length = len(payload)
    head = bytes([fin << 7 | opcode, masked << 7 | (length if length < 126 else 126)])
    head += struct.pack(">H", length) if length >= 126 else b""
    return head + (bytes(4) if masked else b"") + payload


class Raw:
    """A TCP connection to a server; reads exactly what is asked for."""

    def __init__(self, server):
        self.socket = socket.create_connection((server.host, server.port), timeout=TIMEOUT_S)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, octets):
        self.socket.sendall(octets)

    def read_head(self):
        lines = []
        while (line := self.file.readline()) not in (b"\r\n", b""):
            lines.append(line.decode().rstrip("\r\n"))
        return lines

    def read_frame(self):
        first, second = self.file.read(2)
        assert second & 0x80 == 0, "a server must not mask"
        length = second & 0x7f
        if length >= 126:
            size = 2 if length == 126 else 8
            length = int.from_bytes(self.file.read(size), "big")
        return first >> 7 == 1, first & 0xf, self.file.read(length)

    def open(self):
        self.send(request())
        assert self.read_head()[0].split()[1] == "101"


@pytest.fixture(params=["ws", "wss"])
def server(request, start_echo):
    return start_echo(*(["--tls"] if request.param == "wss" else []))


def trust(server):
    """How a client of that server verifies it: by its own certificate, self-signed."""
    if not server.is_tls:
        return None
    return ssl.create_default_context(
        cadata=ssl.get_server_certificate((server.host, server.port), timeout=TIMEOUT_S))


def connected(server, **options):
    """An asyncio client. The blocking one is not for TLS: its threads race inside OpenSSL, and one
    handshake in some hundreds never sees its answer, against the library's own server too."""
    return connect(server.url, ssl=trust(server), max_size=None, open_timeout=TIMEOUT_S,
                   close_timeout=TIMEOUT_S, **options)


def exchange(server, messages, **options):
    """Send all `messages`, then receive as many; returns them and the client, which is closed."""
    async def run():
        async with connected(server, **options) as client:
            for message in messages:
                await client.send(message)
            echoes = [await asyncio.wait_for(client.recv(), TIMEOUT_S) for _ in messages]
        return echoes, client
    return asyncio.run(run())


def test_known_answer(start_echo):
    with Raw(start_echo()) as raw:
        raw.send(request())
        head = raw.read_head()
        assert head[0].startswith("HTTP/1.1 101 ")
        assert f"Sec-WebSocket-Accept: {ACCEPT}" in head


def test_request_in_single_octets(start_echo):
    with Raw(start_echo()) as raw:
        raw.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in request() + frame(TEXT, b"slow"):
            raw.send(bytes([octet]))
        assert raw.read_head()[0].startswith("HTTP/1.1 101 ")
        assert raw.read_frame() == (True, TEXT, b"slow")


def test_frames_in_the_segment_of_the_request(start_echo):
    with Raw(start_echo()) as raw:
        raw.send(request() + frame(TEXT, b"early") + frame(PING, b"?") + frame(BINARY, b""))
        assert raw.read_head()[0].startswith("HTTP/1.1 101 ")
        assert raw.read_frame() == (True, TEXT, b"early")
        assert raw.read_frame() == (True, PONG, b"?")
        assert raw.read_frame() == (True, BINARY, b"")


@pytest.mark.parametrize(("octets", "status", "line"), [
    (request(method="POST"), "405", "Allow: GET"),
    (request(version="8"), "426", "Sec-WebSocket-Version: 13"),
    (request(key=None), "400", "Connection: close"),
    (request(key="short"), "400", "Connection: close"),
    (request(more="X: " + "x" * 9000 + "\r\n"), "431", "Connection: close"),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "426", "Upgrade: websocket"),
    (b"what\r\n\r\n", "400", "Connection: close"),
], ids=["method", "version", "no key", "short key", "long header", "no upgrade", "no HTTP"])
def test_refusal(start_echo, octets, status, line):
    with Raw(start_echo()) as raw:
        raw.send(octets)
        head = raw.read_head()
        assert head[0].split()[1] == status
        assert line in head
        assert raw.file.read(), "the body says what is wrong"
        # read() has seen FIN, not RST, though the server may not have read all that was sent.


def test_violation_is_answered_and_closed_by_fin(start_echo):
    with Raw(start_echo()) as raw:
        raw.open()
        raw.send(frame(TEXT, b"unmasked", masked=False) + bytes(100000))
        fin, opcode, payload = raw.read_frame()
        assert (fin, opcode, payload[:2]) == (True, CLOSE, struct.pack(">H", 1002))
        assert raw.file.read() == b""


def test_server_closes_tcp_first(start_echo):
    with Raw(start_echo()) as raw:
        raw.open()
        raw.send(frame(CLOSE, struct.pack(">H", 1000)))
        assert raw.read_frame() == (True, CLOSE, struct.pack(">H", 1000))
        assert raw.file.read() == b""


def test_fragments_come_back_as_one_message(start_echo):
    with Raw(start_echo()) as raw:
        raw.open()
        raw.send(frame(TEXT, "naï".encode()[:3], fin=False) + frame(PING, b"between")
                 + frame(0, "naïve".encode()[3:]))
        assert raw.read_frame() == (True, PONG, b"between")
        assert raw.read_frame() == (True, TEXT, "naïve".encode())


@pytest.mark.parametrize("message", ["", "héllo", "x" * 125, "x" * 126, "x" * 65535, "x" * 65536,
                                     b"", b"\x00\xff", bytes(range(256)) * 1000],
                         ids=lambda message: f"{type(message).__name__}-{len(message)}")
def test_websockets_client_gets_its_message_back(server, message):
    echoes, client = exchange(server, [message])
    assert echoes == [message]
    assert client.close_code == 1000


def test_16_mib_come_back(server):
    message = os.urandom(16 * MIB)
    assert exchange(server, [message])[0] == [message]


def test_16_mib_come_back_to_a_client_that_reads_only_then(start_echo):
    """A server that waited for this client to read would wait for ever."""
    message = os.urandom(16 * MIB)
    with connect_blocking(start_echo().url, max_size=None, open_timeout=TIMEOUT_S) as client:
        client.send(message)
        assert client.recv(timeout=TIMEOUT_S) == message


def test_many_messages_in_order(server):
    messages = [str(number) for number in range(500)]
    assert exchange(server, messages)[0] == messages


def high_water_kib(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def test_long_message_is_not_held_for_a_client_that_reads(start_plain_echo):
    server = start_plain_echo()
    with Raw(server) as raw:
        raw.open()
        raw.send(frame(BINARY, bytes(65535)))
        raw.read_frame()
        before = high_water_kib(server.process)
        length, piece = 48 * MIB, bytes(MIB)
        received = 0
        raw.send(bytes([0x80 | BINARY, 0x80 | 127]) + struct.pack(">Q", length) + bytes(4))
        for number in range(1, length // len(piece) + 1):
            raw.send(piece)
            while received + 2 * MIB < number * MIB:
                received += len(raw.read_frame()[2])
        while received < length:
            received += len(raw.read_frame()[2])
        assert received == length
        assert high_water_kib(server.process) - before < 8 * 1024


def test_message_over_the_limit_is_refused_at_its_header(start_echo):
    with Raw(start_echo("--max-message", "1000")) as raw:
        raw.open()
        raw.send(frame(BINARY, bytes(1000)))
        assert raw.read_frame() == (True, BINARY, bytes(1000))
        raw.send(frame(BINARY, bytes(1001))[:8])
        fin, opcode, payload = raw.read_frame()
        assert (fin, opcode, payload[:2]) == (True, CLOSE, struct.pack(">H", 1009))


def test_subprotocol_is_the_first_offered_that_the_server_has(start_echo):
    server = start_echo("--subprotocol", "b", "--subprotocol", "a")
    assert exchange(server, [], subprotocols=["c", "a", "b"])[1].subprotocol == "a"
    assert exchange(server, [])[1].subprotocol is None


def test_fingerprint_is_that_of_the_certificate(start_echo):
    server = start_echo("--tls")
    printed = server.next_line().removeprefix("certificate SHA-256 fingerprint ")
    der = ssl.PEM_cert_to_DER_cert(
        ssl.get_server_certificate((server.host, server.port), timeout=TIMEOUT_S))
    assert printed.replace(":", "").lower() == hashlib.sha256(der).hexdigest()


def test_ipv6(start_echo):
    if not socket.has_ipv6 or not Path("/proc/net/if_inet6").read_text():
        pytest.skip("this machine has no IPv6")
    server = start_echo("--host", "::1")
    assert server.url == f"ws://[::1]:{server.port}/"
    assert exchange(server, ["six"])[0] == ["six"]


def test_sigterm_closes_with_1001_and_ends(server):
    async def run():
        async with connected(server) as client:
            await client.send("before")
            assert await asyncio.wait_for(client.recv(), TIMEOUT_S) == "before"
            server.signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(client.recv(), TIMEOUT_S)
        return client.close_code
    assert asyncio.run(run()) == 1001
    assert server.wait() == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), timeout=TIMEOUT_S)


def test_second_sigterm_cuts_off_who_does_not_answer(start_echo):
    server = start_echo()
    with Raw(server) as raw:
        raw.open()
        server.signal(signal.SIGTERM)
        assert raw.read_frame()[1:] == (CLOSE, struct.pack(">H", 1001))
        assert server.process.poll() is None
        server.signal(signal.SIGTERM)
        assert server.wait() == 0


def test_silent_connection_is_closed(start_echo):
    with Raw(start_echo("--idle-timeout", "1")) as raw:
        raw.open()
        fin, opcode, payload = raw.read_frame()
        assert (fin, opcode, payload[:2]) == (True, CLOSE, struct.pack(">H", 1001))


def test_key_log_is_written(start_echo, tmp_path):
    log = tmp_path / "keys"
    server = start_echo("--tls", env={"SSLKEYLOGFILE": str(log)})
    assert exchange(server, ["secret"])[0] == ["secret"]
    assert "CLIENT_TRAFFIC_SECRET_0 " in log.read_text()


def test_port_in_use_is_told(wspec, start_echo):
    server = start_echo()
    result = subprocess.run([wspec, "echo", "--port", str(server.port)], capture_output=True,
                            text=True, timeout=TIMEOUT_S)
    assert result.returncode == 2
    assert f"cannot listen on 127.0.0.1:{server.port}: address already in use" in result.stderr


NODE_CLIENT = """
const WebSocket = require('ws');
const socket = new WebSocket(process.argv[1], { ca: process.env.CA || undefined });
const big = Buffer.alloc(1 << 20, 'wspec');
socket.on('open', () => { socket.send('text'); socket.send(big); });
let count = 0;
socket.on('message', (data, isBinary) => {
  count++;
  const good = isBinary ? data.equals(big) : data.toString() === 'text';
  console.log(isBinary ? 'binary' : 'text', good);
  if (count === 2) socket.close(1000, 'done');
});
socket.on('close', (code) => console.log('close', code));
"""


def test_npm_ws_client(server):
    library = targets.load("npm-ws")
    if not targets.is_installed(library):
        pytest.skip("npm-ws is not installed: targets/target.py install npm-ws")
    certificate = ssl.get_server_certificate((server.host, server.port), timeout=TIMEOUT_S) \
        if server.is_tls else ""
    result = subprocess.run(
        ["node", "-e", NODE_CLIENT, server.url], capture_output=True, text=True, timeout=TIMEOUT_S,
        env=os.environ | {"NODE_PATH": str(library.install_dir / "node_modules"), "CA": certificate})
    assert result.stderr == ""
    assert result.stdout.splitlines() == ["text true", "binary true", "close 1000"]


def curl_speaks_websocket():
    curl = shutil.which("curl")
    if not curl:
        return False
    told = subprocess.run([curl, "--version"], capture_output=True, text=True, timeout=TIMEOUT_S)
    protocols = re.search(r"^Protocols: (.*)$", told.stdout, re.M)
    return bool(protocols) and "ws" in protocols[1].split()


def test_curl_takes_the_handshake(start_echo):
    if not curl_speaks_websocket():
        pytest.skip("this curl was built without WebSocket (that of Debian 12 is)")
    server = start_echo()
    result = subprocess.run(
        ["curl", "--silent", "--verbose", "--max-time", "2", server.url], capture_output=True,
        text=True, timeout=TIMEOUT_S)
    assert "HTTP/1.1 101" in result.stderr
