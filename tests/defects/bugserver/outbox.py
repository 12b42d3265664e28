"""Writes to one TCP connection: at once or late, whole or octet by octet, and how it ends."""

import asyncio
import collections
import socket
import struct
from collections.abc import Callable

from .switches import On

PACED_OCTETS = 2048
LINGER_S = 2.0


class Outbox:
    """The way out. What is written, finished or reset happens in that order, after the delay."""

    def __init__(self, transport: asyncio.Transport, on: On) -> None:
        self._transport = transport
        self._on = on
        self._loop = asyncio.get_running_loop()
        self._delay_s = 0.1 if on("slow-100ms") else 0.05 if on("answers-after-50-ms") else 0.0
        self._late: collections.deque[tuple[float, Callable[[], None]]] = collections.deque()
        self._timer: asyncio.TimerHandle | None = None
        self.finished = False
        self._fin_sent = False

    @property
    def waiting(self) -> int:
        """Octets that the kernel has not taken yet."""
        return self._transport.get_write_buffer_size()

    def write(self, octets: bytes) -> None:
        """Sends the octets."""
        self._in_turn(lambda: self._send(octets))

    def finish(self) -> None:
        """Ends our side with FIN; the other side's octets are dropped until its FIN (7.1.1)."""
        self.finished = True
        self._in_turn(self._send_fin)

    def close(self) -> None:
        """Closes both directions when everything is written."""
        self._in_turn(self._transport.close)

    def reset(self) -> None:
        """Ends the connection with RST; what the peer has not read may be lost to it."""
        self._in_turn(self._send_rst)

    def after(self, delay_s: float, action: Callable[[], None]) -> None:
        """Runs the action later, unless the connection is gone by then."""
        self._loop.call_later(delay_s, lambda: self._transport.is_closing() or action())

    def _in_turn(self, action: Callable[[], None]) -> None:
        if not self._delay_s and not self._late:
            action()
            return
        self._late.append((self._loop.time() + self._delay_s, action))
        self._arm()

    def _arm(self) -> None:
        if self._late and self._timer is None:
            self._timer = self._loop.call_at(self._late[0][0], self._run_next)

    def _run_next(self) -> None:
        self._timer = None
        _, action = self._late.popleft()
        action()
        self._arm()

    def _send(self, octets: bytes) -> None:
        if self._transport.is_closing() or self._fin_sent:
            return
        if not self._on("one-octet-per-segment"):
            self._transport.write(octets)
            return
        for at in range(min(len(octets), PACED_OCTETS)):
            self._transport.write(octets[at:at + 1])
        self._transport.write(octets[PACED_OCTETS:])

    def _send_fin(self) -> None:
        if self._transport.is_closing():
            return
        if not self._transport.can_write_eof():
            self._transport.close()
            return
        self._fin_sent = True
        try:
            self._transport.write_eof()
        except OSError:
            self._transport.abort()
        self._loop.call_later(LINGER_S, self._transport.close)

    def _send_rst(self) -> None:
        connection = self._transport.get_extra_info("socket")
        if connection is not None and not self._transport.is_closing():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
