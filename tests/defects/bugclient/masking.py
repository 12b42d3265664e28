"""Masking keys (RFC 6455, 5.3 and 10.3): random ones, and those that bugs take."""

import os

from bugserver.frames import OutFrame
from bugserver.switches import On


class Masks:
    """Where the masking keys of one connection come from."""

    def __init__(self, on: On) -> None:
        self._on = on

    def masked(self, frame: OutFrame) -> bytes:
        """The octets of the frame, masked with a key of its own."""
        frame.masking_key = self._key()
        return frame.encode()

    def _key(self) -> bytes:
        if self._on("masks-with-zeros"):
            return b"\0\0\0\0"
        return os.urandom(4)
