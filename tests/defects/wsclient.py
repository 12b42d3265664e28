"""A raw WebSocket client for the tests: it sends any octets and reads frames as they are."""

import dataclasses
import os
import re
import socket
import struct
import zlib

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
TIMEOUT_S = 5.0


@dataclasses.dataclass(frozen=True)
class Frame:
    """A frame as received, with its whole first octet and how its length was written."""

    first: int
    masked: bool
    form: int
    payload: bytes

    @property
    def opcode(self) -> int:
        """The opcode alone."""
        return self.first & 0x0F

    @property
    def code(self) -> int | None:
        """The status code, if this is a Close with one."""
        return int.from_bytes(self.payload[:2], "big") if len(self.payload) > 1 else None


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True,
          form: int | None = None, key: bytes = b"\x37\xfa\x21\x3d") -> bytes:
    """A frame, right unless told otherwise; `form` is 7, 16 or 64."""
    first = bytes([fin << 7 | rsv << 4 | opcode])
    size = len(payload)
    form = form or (7 if size < 126 else 16 if size < 65536 else 64)
    bit = 0x80 if masked else 0
    if form == 7:
        length = bytes([bit | size])
    else:
        length = bytes([bit | (126 if form == 16 else 127)]) + size.to_bytes(form // 8, "big")
    if not masked:
        return first + length + payload
    pattern = (key * (size // 4 + 1))[:size]
    number = int.from_bytes(payload, "big") ^ int.from_bytes(pattern, "big")
    return first + length + key + number.to_bytes(size, "big")


def close_frame(code: int, reason: bytes = b"") -> bytes:
    """A Close with this code."""
    return frame(8, code.to_bytes(2, "big") + reason)


def request(*, method: str = "GET", target: str = "/", version: str = "HTTP/1.1",
            without: str = "", end: str = "\r\n", extra: tuple[str, ...] = (),
            **replaced: str) -> bytes:
    """A handshake request; fields are replaced by keyword (`sec_websocket_key="x"`)."""
    fields = {"Host": "127.0.0.1", "Upgrade": "websocket", "Connection": "Upgrade",
              "Sec-WebSocket-Key": KEY, "Sec-WebSocket-Version": "13"}
    fields.pop(without, None)
    for name in list(fields):
        fields[name] = replaced.get(name.lower().replace("-", "_"), fields[name])
    lines = [f"{method} {target} {version}", *[f"{n}: {v}" for n, v in fields.items()], *extra]
    return (end.join(lines) + end * 2).encode("utf-8", "surrogateescape")


class Client:
    """One connection to 127.0.0.1."""

    def __init__(self, port: int, *, opened: bool = True, extensions: str = "",
                 timeout_s: float = TIMEOUT_S) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        if opened:
            extra = (f"Sec-WebSocket-Extensions: {extensions}",) if extensions else ()
            self.answer = self.ask(request(extra=extra))

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, octets: bytes) -> None:
        """Sends octets as they are."""
        self._socket.sendall(octets)

    def send_and_end(self, octets: bytes) -> None:
        """Sends octets and a FIN in one segment, so that the server meets both at once."""
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        self.send(octets)
        self.end()

    def end(self) -> None:
        """Ends the client's side with FIN."""
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Ends the connection with RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def ask(self, octets: bytes) -> bytes:
        """Sends a request; the head of the answer."""
        self.send(octets)
        return self.head()

    def head(self) -> bytes:
        """The next HTTP head, or what came before the end."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._more():
                head, self._buffer = self._buffer, b""
                return head
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    def until_end(self) -> tuple[bytes, str]:
        """Everything until the server's FIN, and how it ended otherwise: reset, or silence."""
        ending = ""
        try:
            while octets := self._socket.recv(1 << 20):
                self._buffer += octets
        except ConnectionResetError:
            ending = "<reset>"
        except TimeoutError:
            ending = "<silence>"
        octets, self._buffer = self._buffer, b""
        return octets, ending

    def frame(self) -> Frame | None:
        """The next frame; None if the connection ends before one is whole."""
        while True:
            parsed = _parse(self._buffer)
            if parsed:
                received, used = parsed
                self._buffer = self._buffer[used:]
                return received
            if not self._more():
                return None

    def frames(self) -> list[Frame]:
        """All frames until the end of the connection."""
        received = []
        while (one := self.frame()) is not None:
            received.append(one)
        return received

    def _more(self) -> bool:
        try:
            octets = self._socket.recv(1 << 20)
        except ConnectionResetError:
            return False
        self._buffer += octets
        return bool(octets)


def _parse(octets: bytes) -> tuple[Frame, int] | None:
    if len(octets) < 2:
        return None
    form = octets[1] & 0x7F
    size = {126: 2, 127: 8}.get(form, 0)
    start = 2 + size + (4 if octets[1] & 0x80 else 0)
    if len(octets) < start:
        return None
    length = int.from_bytes(octets[2:2 + size], "big") if size else form
    if len(octets) < start + length:
        return None
    payload = octets[start:start + length]
    return Frame(octets[0], bool(octets[1] & 0x80), form, payload), start + length


def status(answer: bytes) -> int | None:
    """The status code of an HTTP answer, None if it is none."""
    match = re.match(rb"HTTP/1\.[01] (\d{3})[ \r]", answer, re.IGNORECASE)
    return int(match[1]) if match else None


def deflated(payload: bytes, window: bytes = b"") -> bytes:
    """A payload as permessage-deflate sends it, with a fresh window or this one."""
    stream = zlib.compressobj(wbits=-15, zdict=window)
    octets = stream.compress(payload) + stream.flush(zlib.Z_SYNC_FLUSH)
    return octets.removesuffix(b"\0\0\xff\xff")


def inflated(payload: bytes) -> bytes:
    """What a compressed payload stands for, with a fresh window."""
    return zlib.decompressobj(wbits=-15).decompress(payload + b"\0\0\xff\xff")


def random_octets(size: int) -> bytes:
    """Octets that no two messages share."""
    return os.urandom(size)
