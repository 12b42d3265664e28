"""Masking (RFC 6455, 5.3 and 10.3): with random keys, and as bugs do it."""

import itertools
import os
import random
import time
from collections.abc import Callable, Iterator

from bugserver.frames import DATA, MAX_CONTROL_PAYLOAD, Opcode, OutFrame, unmask
from bugserver.switches import On

_LARGE = 65535
_STEP = 0x9E3779B9

Keys = Iterator[bytes]


def _random_word() -> int:
    return int.from_bytes(os.urandom(4), "big")


def _counting(order: str = "big", step: int = 1) -> Keys:
    for number in itertools.count(_random_word(), step):
        yield (number & 0xFFFFFFFF).to_bytes(4, order)


def _in_turn(count: int) -> Keys:
    return itertools.cycle([os.urandom(4) for _ in range(count)])


def _changing() -> Keys:
    key = _random_word()
    for change in itertools.cycle((0x01010101, 0x80C0E0F0)):
        key ^= change
        yield key.to_bytes(4, "big")


def _drawn(draw: Callable[[], bytes]) -> Keys:
    while True:
        yield draw()


def _from(source: random.Random) -> Keys:
    while True:
        yield source.randbytes(4)


def _of_few() -> Keys:
    few = [os.urandom(4) for _ in range(64)]
    return _drawn(lambda: random.choice(few))


SOURCES: dict[str, Callable[[], Keys]] = {
    "masks-with-zeros": lambda: itertools.repeat(b"\0\0\0\0"),
    "masks-with-one-key": lambda: _in_turn(1),
    "takes-keys-in-turn": lambda: _in_turn(16),
    "counts-keys-up": _counting,
    "counts-keys-up-in-little-endian": lambda: _counting("little"),
    "counts-keys-up-by-steps": lambda: _counting(step=_STEP),
    "changes-same-bits-of-keys": _changing,
    "makes-keys-of-2-octets": lambda: _drawn(lambda: b"\0\0" + os.urandom(2)),
    "makes-keys-of-one-octet-repeated": lambda: _drawn(lambda: os.urandom(1) * 4),
    "makes-keys-of-letters": lambda: _drawn(
        lambda: bytes(random.choice(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(4))),
    "makes-keys-of-31-bits": lambda: _drawn(
        lambda: (_random_word() & 0x7FFFFFFF).to_bytes(4, "big")),
    "makes-keys-of-the-time": lambda: _drawn(
        lambda: (time.time_ns() // 1000 & 0xFFFFFFFF).to_bytes(4, "big")),
    "makes-keys-of-few-values": _of_few,
    "seeds-keys-alike": lambda: _from(random.Random(1)),
    "draws-keys-from-mersenne-twister": lambda: _from(random.Random(os.urandom(32))),
}
"""Where switches take the keys of a connection from."""


class Masks:
    """Masks the frames of one connection."""

    def __init__(self, on: On, *, secure: bool, keys_of_all: Keys) -> None:
        self._on = on
        self._secure = secure
        self._keys = _drawn(lambda: os.urandom(4))
        if on("counts-keys-up-over-connections"):
            self._keys = keys_of_all
        for name, source in SOURCES.items():
            if on(name):
                self._keys = source()
        self._last = b""
        self.failing = False
        self.to_reason = False

    def masked(self, frame: OutFrame) -> bytes:
        """The octets of the frame, masked with a key of its own."""
        if self._on("sets-mask-bit-alone"):
            octets = bytearray(frame.encode())
            octets[1] |= 0x80
            return bytes(octets)
        if self._is_left_unmasked(frame):
            return frame.encode()
        key = next(self._keys)
        if frame.opcode == Opcode.PONG and self._last and self._on("masks-pongs-with-last-key"):
            key = self._last
        self._last = key
        frame.payload = self._spoilt(frame, key)
        frame.masking_key = key
        size = len(frame.payload)
        if size == 128 and self._on("sends-128-octets-in-64-bit-length"):
            frame.length_form = 64
        octets = frame.encode()
        if size in (126, 127) and self._on("sends-126-and-127-octets-in-7-bits"):
            return bytes([octets[0], 0x80 | size]) + octets[4:]
        return octets

    def _is_left_unmasked(self, frame: OutFrame) -> bool:
        size = len(frame.payload)
        is_data = frame.opcode in DATA
        left = {
            "sends-text-unmasked": frame.opcode == Opcode.TEXT,
            "sends-binary-unmasked": frame.opcode == Opcode.BINARY,
            "sends-continuations-unmasked": frame.opcode == Opcode.CONTINUATION,
            "sends-pongs-unmasked": frame.opcode == Opcode.PONG,
            "sends-close-unmasked": frame.opcode == Opcode.CLOSE,
            "sends-failing-close-unmasked": frame.opcode == Opcode.CLOSE and self.failing,
            "sends-answers-to-reasons-unmasked": frame.opcode == Opcode.CLOSE and self.to_reason,
            "sends-empty-frames-unmasked": not size,
            "sends-empty-pongs-unmasked": frame.opcode == Opcode.PONG and not size,
            "sends-full-pongs-unmasked": (frame.opcode == Opcode.PONG
                                          and size == MAX_CONTROL_PAYLOAD),
            "sends-large-frames-unmasked": is_data and size > _LARGE,
            "sends-medium-frames-unmasked": is_data and 126 <= size <= _LARGE,
            "sends-frames-unmasked-over-tls": self._secure,
        }
        return any(is_left and self._on(name) for name, is_left in left.items())

    def _spoilt(self, frame: OutFrame, key: bytes) -> bytes:
        """The payload changed so that right masking gives what a bug would send."""
        payload, on = frame.payload, self._on
        size = len(payload)
        if on("leaves-large-payloads-in-clear") and size > _LARGE:
            return unmask(payload, key)
        if on("leaves-single-words-in-clear") and size == 4:
            return unmask(payload, key)
        if on("leaves-2-octets-behind-a-word-in-clear") and size == 6:
            return payload[:4] + unmask(payload[4:], key)
        if on("masks-129-to-140-octets-wrongly") and 129 <= size <= 140:
            return unmask(unmask(payload, key[::-1]), key)
        if on("masks-only-whole-words") and size > 4:
            whole = size // 4 * 4
            return payload[:whole] + unmask(payload[whole:], key, whole)
        if on("masks-only-first-4-kib"):
            return payload[:4096] + unmask(payload[4096:], key, 4096)
        if on("restarts-key-every-1021-octets") and size > 1021:
            parts = [payload[at:at + 1021] for at in range(0, size, 1021)]
            return unmask(b"".join(unmask(part, key) for part in parts), key)
        if on("applies-key-backwards") and frame.opcode == Opcode.PONG:
            return unmask(unmask(payload, key[::-1]), key)
        return payload


def counting_over_connections() -> Keys:
    """The keys of a client that counts them up, whatever the connection."""
    return _counting()
