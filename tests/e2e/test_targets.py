"""The third-party servers of targets/ do what their target.json says: one plain client, no wspec."""

import base64
import hashlib
import os
import socket
import struct
import sys
from pathlib import Path

import pytest

TARGETS_DIR = Path(__file__).resolve().parents[2] / "targets"
sys.path.insert(0, str(TARGETS_DIR))

import target as targets  # noqa: E402  (found through the line above)

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
TIMEOUT_S = 20


class Client:
    """Just enough of RFC 6455 for a handshake and whole messages; the masking key is all zeros."""

    def __init__(self, target, headers=()):
        self.socket = socket.create_connection((target.host, target.port), timeout=TIMEOUT_S)
        self.unread = b""
        self.status, self.headers = self._handshake(target, headers)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _handshake(self, target, headers):
        key = base64.b64encode(os.urandom(16))
        lines = ["GET / HTTP/1.1", f"Host: {target.host}:{target.port}", "Upgrade: websocket",
                 "Connection: Upgrade", f"Sec-WebSocket-Key: {key.decode()}",
                 "Sec-WebSocket-Version: 13", *headers, *self._agreed(target, headers), "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        while b"\r\n\r\n" not in self.unread:
            self.unread += self._receive()
        head, self.unread = self.unread.split(b"\r\n\r\n", 1)
        status_line, *fields = head.decode("latin-1").split("\r\n")
        parsed = {name.lower(): value.strip()
                  for name, value in (field.split(":", 1) for field in fields)}
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        assert parsed.get("sec-websocket-accept") == accept
        return int(status_line.split(" ")[1]), parsed

    @staticmethod
    def _agreed(target, headers):
        """The field that a server with a subprotocol of its own wants to see, unless it is given."""
        options = targets.run_options(target.target)
        if "--subprotocol" not in options or any("Protocol" in field for field in headers):
            return []
        return [f"Sec-WebSocket-Protocol: {options[options.index('--subprotocol') + 1]}"]

    def _receive(self):
        octets = self.socket.recv(1 << 20)
        if not octets:
            raise EOFError
        return octets

    def send(self, opcode, payload):
        if len(payload) < 126:
            head = struct.pack(">BB", 0x80 | opcode, 0x80 | len(payload))
        else:
            head = struct.pack(">BBQ" if len(payload) > 65535 else ">BBH", 0x80 | opcode,
                               0x80 | (127 if len(payload) > 65535 else 126), len(payload))
        self.socket.sendall(head + bytes(4) + payload)

    def _take(self, length):
        chunks = [self.unread]
        have = len(self.unread)
        while have < length:
            chunks.append(self._receive())
            have += len(chunks[-1])
        octets = b"".join(chunks)
        self.unread = octets[length:]
        return octets[:length]

    def _receive_frame(self):
        first, length = self._take(2)
        assert length < 128, "a server does not mask"
        if length >= 126:
            length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
        return first & 0x80, first & 0x0F, self._take(length)

    def receive(self):
        """The next message or close frame, put together; the server's pings need no answer here."""
        kind, message = None, []
        while True:
            fin, opcode, payload = self._receive_frame()
            if opcode in (PING, PONG):
                continue
            kind = kind or opcode
            message.append(payload)
            if fin:
                return kind, b"".join(message)


@pytest.fixture(scope="module", params=targets.names())
def target(request):
    try:
        with targets.running(request.param) as running:
            yield running
    except targets.TargetUnavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture
def echoing(target):
    if not targets.echoes(target.target):
        pytest.skip(f"{target.target.name} speaks a protocol of its own and never echoes")
    return target


@pytest.mark.parametrize("name", targets.names())
def test_pinned_version_is_in_the_manifest(name):
    description = targets.load(name).description
    manifests = [path for path in (TARGETS_DIR / name).iterdir()
                 if path.name in ("package.json", "requirements.txt", "go.mod", "Cargo.toml",
                                  "pom.xml", "CMakeLists.txt", "packages.txt")]
    assert len(manifests) == 1
    assert description["version"] in manifests[0].read_text()


@pytest.mark.parametrize("opcode", [TEXT, BINARY], ids=["text", "binary"])
@pytest.mark.parametrize("payload", [b"", b"\x7f" * 125, b"wspec " * 20000],
                         ids=["empty", "125", "120000"])
def test_echoes_a_message(echoing, opcode, payload):
    with Client(echoing) as client:
        assert client.status == 101
        client.send(opcode, payload)
        assert client.receive() == (opcode, payload)


def test_does_not_echo_where_it_says_so(target):
    if targets.echoes(target.target):
        pytest.skip(f"{target.target.name} echoes")
    with Client(target) as client:
        client.send(TEXT, b"wspec")
        try:
            assert client.receive() != (TEXT, b"wspec")
        except (EOFError, ConnectionResetError):
            pass  # it closes on what is not of its protocol


def test_echoes_the_largest_message_it_promises(echoing):
    payload = bytes(echoing.target.description["max_message_bytes"])
    with Client(echoing) as client:
        client.send(BINARY, payload)
        assert client.receive() == (BINARY, payload)


def test_answers_a_close(target):
    with Client(target) as client:
        client.send(CLOSE, struct.pack(">H", 1000))
        opcode, payload = client.receive()
        assert opcode == CLOSE
        assert payload[:2] in (b"", struct.pack(">H", 1000))
        with pytest.raises((EOFError, ConnectionResetError)):
            client.receive()


def test_selects_a_subprotocol_only_where_it_says_so(echoing):
    known = echoing.target.description["features"]["subprotocols"]
    with Client(echoing, ["Sec-WebSocket-Protocol: other, chat"]) as client:
        assert client.headers.get("sec-websocket-protocol") == ("chat" if known else None)
    with Client(echoing) as client:
        assert "sec-websocket-protocol" not in client.headers


def test_negotiates_deflate_only_where_it_says_so(target):
    with Client(target, ["Sec-WebSocket-Extensions: permessage-deflate"]) as client:
        extensions = client.headers.get("sec-websocket-extensions", "")
        assert extensions.startswith("permessage-deflate") == \
            target.target.description["features"]["deflate"]
    with Client(target) as client:
        assert "sec-websocket-extensions" not in client.headers
