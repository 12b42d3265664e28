"""A TCP proxy that keeps what passes, and what permessage-deflate made of it (RFC 7692)."""

import socket
import threading
import zlib
from typing import NamedTuple

TIMEOUT_S = 60
TAIL = b"\x00\x00\xff\xff"


class Frame(NamedTuple):
    fin: bool
    rsv1: bool
    opcode: int
    payload: bytes


class Message(NamedTuple):
    opcode: int
    is_compressed: bool
    payload: bytes  # as on the wire


class Wiretap:
    """Listens on `port` and passes one connection on to a port of this machine."""

    def __init__(self, to_port):
        self._to_port = to_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(TIMEOUT_S)
        self.port = self._listener.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/"
        self.from_client, self.from_server = bytearray(), bytearray()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.close()

    def _run(self):
        client, _ = self._listener.accept()
        with client, socket.create_connection(("127.0.0.1", self._to_port)) as server:
            back = threading.Thread(target=copy, args=(server, client, self.from_server))
            back.start()
            copy(client, server, self.from_client)
            back.join()

    def wait(self):
        """Waits for the end of the connection."""
        self._thread.join(TIMEOUT_S)
        assert not self._thread.is_alive(), "the connection has not ended"

    def messages(self):
        """What the client sent, and what the server did."""
        return [read_messages(bytes(octets).partition(b"\r\n\r\n")[2])
                for octets in (self.from_client, self.from_server)]

    def extensions(self):
        """What the request offers and the answer agrees to."""
        return [field(bytes(octets).partition(b"\r\n\r\n")[0], "sec-websocket-extensions")
                for octets in (self.from_client, self.from_server)]


def copy(source, sink, kept):
    """Passes octets on until the end, which is passed on, too."""
    try:
        while octets := source.recv(65536):
            kept += octets
            sink.sendall(octets)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one of them has gone


def field(head, name):
    """The value of a header field, "" if it is not there."""
    lines = [line.partition(":") for line in head.decode("latin-1").split("\r\n")]
    return ", ".join(value.strip() for key, _, value in lines if key.lower() == name)


def read_frames(octets):
    """All whole frames."""
    at = 0
    while at + 2 <= len(octets):
        first, second = octets[at], octets[at + 1]
        at += 2
        length, more = second & 0x7f, {126: 2, 127: 8}.get(second & 0x7f, 0)
        if more:
            length = int.from_bytes(octets[at:at + more], "big")
            at += more
        payload_at = at + 4 if second & 0x80 else at
        payload = octets[payload_at:payload_at + length]
        if second & 0x80:
            key = (octets[at:at + 4] * (length // 4 + 1))[:length]
            payload = (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(
                length, "big")
        yield Frame(bool(first & 0x80), bool(first & 0x40), first & 0x0f, payload)
        at = payload_at + length


def read_messages(octets):
    """All whole messages; RSV1 stands on their first frames, and nowhere else."""
    messages, parts = [], []
    for frame in read_frames(octets):
        if frame.opcode >= 8:
            assert not frame.rsv1, "a control frame with RSV1"
            continue
        assert (frame.opcode == 0) == bool(parts)
        assert not (parts and frame.rsv1), "a continuation with RSV1"
        parts.append(frame)
        if frame.fin:
            messages.append(Message(parts[0].opcode, parts[0].rsv1,
                                    b"".join(part.payload for part in parts)))
            parts = []
    return messages


def inflate_all(messages):
    """The payloads, those that are compressed inflated one after the other by one inflater."""
    inflater = zlib.decompressobj(-15)
    return [inflater.decompress(message.payload + TAIL) if message.is_compressed
            else message.payload for message in messages]


def takes_over(messages):
    """Whether one of the messages inflates only behind those before it."""
    for message in messages:
        if message.is_compressed:
            try:
                zlib.decompressobj(-15).decompress(message.payload + TAIL)
            except zlib.error:
                return True
    return False
