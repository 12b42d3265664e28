"""A server that answers the opening handshake rightly, then, or instead, sends what it is told to,
and keeps what its client sends until the client ends."""

import base64
import contextlib
import hashlib
import re
import socket
import struct
import threading

TIMEOUT_S = 30
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
HEAD = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


def accept_of(request):
    key = re.search(rb"Sec-WebSocket-Key: (\S+)\r\n", request)[1].decode()
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


def right_answer(request, more=""):
    return f"{HEAD}Sec-WebSocket-Accept: {accept_of(request)}\r\n{more}\r\n".encode()


class WrongServer:
    """Serves one connection. `answer(request)` gives the octets in the place of the 101 (default: a
    good one); `then` follows, with `after_hello` only once the client has sent a frame. `ending`:
    "fin" behind it, "rst", "wait", which leaves the end to the client, or "deaf": nothing more is
    read, and the end comes when the test leaves. `context`: speak TLS."""

    def __init__(self, answer=right_answer, then=b"", ending="wait", context=None,
                 after_hello=False):
        self._answer, self._then, self._ending = answer, then, ending
        self._context, self._after_hello = context, after_hello
        self.request = b""
        self.received = b""  # after the request
        self.saw_end = None  # "fin" or "rst"
        self.handshake_error = None
        self.server_name = None
        self.peer_certificate = None
        self._is_over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    @property
    def url(self):
        return f"{'wss' if self._context else 'ws'}://localhost:{self.port}/"

    def __enter__(self):
        self._listener.settimeout(TIMEOUT_S)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self._thread.join(timeout=TIMEOUT_S)
        self._listener.close()
        assert not self._thread.is_alive(), "the client has not ended the connection"

    def _serve(self):
        with contextlib.suppress(TimeoutError):
            peer = self._listener.accept()[0]
            peer.settimeout(TIMEOUT_S)
            with peer:
                self._converse(peer)

    def _converse(self, peer):
        if self._context:
            self._context.sni_callback = self._note_name
            try:
                peer = self._context.wrap_socket(peer, server_side=True)
            except OSError as error:
                self.handshake_error = str(error)
                return
            self.peer_certificate = peer.getpeercert()
        try:
            self._talk(peer)
        except OSError as error:
            self.saw_end = "rst"
            self.handshake_error = self.handshake_error or str(error)
        finally:
            peer.close()

    def _note_name(self, _socket, name, _context):
        self.server_name = name

    def _talk(self, peer):
        while b"\r\n\r\n" not in self.request:
            piece = peer.recv(65536)
            if not piece:
                return
            self.request += piece
        with contextlib.suppress(OSError):  # a client may leave in the midst of rubbish
            peer.sendall(self._answer(self.request))
            while self._after_hello and not client_frames(self.received):
                self.received += peer.recv(65536)
            peer.sendall(self._then)
        if self._ending == "rst":
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        if self._ending == "deaf":
            self._is_over.wait(timeout=TIMEOUT_S)
            return
        if self._ending == "fin":
            socket.socket.shutdown(peer, socket.SHUT_WR)
        while piece := peer.recv(65536):
            self.received += piece
        self.saw_end = "fin"


def client_frames(octets):
    """The frames in what a client sent, as (opcode, payload): each is masked, unfragmented, whole."""
    frames = []
    while len(octets) >= 6:
        first, second = octets[:2]
        assert second & 0x80, "a client must mask"
        length, at = second & 0x7f, 2
        if length >= 126:
            size = 2 if length == 126 else 8
            length, at = int.from_bytes(octets[2:2 + size], "big"), 2 + size
        if len(octets) < at + 4 + length:
            break
        key, payload = octets[at:at + 4], octets[at + 4:at + 4 + length]
        frames.append((first & 0x0f, bytes(octet ^ key[i % 4] for i, octet in enumerate(payload))))
        octets = octets[at + 4 + length:]
    return frames
