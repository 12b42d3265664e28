"""The client's end of an open connection: it masks, and leaves it to the server to close TCP."""

import dataclasses
import random
from collections.abc import Callable

from bugserver import sending
from bugserver.failure import PROTOCOL_ERROR, Failure
from bugserver.frames import DATA, Opcode, OutFrame
from bugserver.messages import Message
from bugserver.negotiation import Deflate, Role
from bugserver.outbox import Outbox
from bugserver.session import Session
from bugserver.switches import On

from .masking import Masks

SERVER_CLOSES_S = 5.0
EDITS: dict[str, Callable[[bytes], bytes]] = {
    "expands-dollars": lambda octets: octets.replace(b"$", b""),
    "doubles-octets-ff": lambda octets: octets.replace(b"\xff", b"\xff\xff"),
    "escapes-angle-brackets": lambda octets: octets.replace(b"<", b"&lt;"),
}
"""What bugs do to the octets of any message, as other protocols want it."""
IDLE_S = 0.2
_LONG = 200
_WORD = 8


class ClientSession(Session):
    """The other role of bugserver's session."""

    role: Role = "client"

    def __init__(self, on: On, outbox: Outbox, deflate: Deflate | None,
                 disaster: Callable[[str], None], masks: Masks) -> None:
        super().__init__(on, outbox, deflate, disaster)
        self._masks = masks
        self._received = 0
        self.misses_first = False

    def start(self, *, close_at_once: bool) -> None:
        """What the client does of its own accord once the connection is open."""
        super().start(close_at_once=close_at_once)
        if self._on("pongs-unasked-every-50-ms"):
            self._pong_again()
        self._watch()

    def receive(self, octets: bytes) -> None:
        """Takes octets from the server."""
        self._received += 1
        if self._received == 1 and self.misses_first and octets[0] & 0x0F < 8:
            if self._on("loses-message-behind-whole-answer") or (
                    self._on("loses-messages-behind-answer")):
                return
        if self.reader.in_frame and self._on("loses-octet-where-frame-is-cut"):
            octets = octets[1:]
        super().receive(octets)
        self._watch()

    def _take_message(self, message: Message) -> None:
        if self._on("drops-messages-after-500-pings") and self._pings_seen > 500:
            return
        for name, edit in EDITS.items():
            if self._on(name):
                message = dataclasses.replace(message, payload=edit(message.payload))
        if self._on("loses-last-octet-of-odd-ascii") and message.opcode == Opcode.TEXT:
            message = dataclasses.replace(message, payload=_without_odd_octet(message.payload))
        super()._take_message(message)

    def close_late(self) -> None:
        """TCP ends: a bug says only now what was due before."""
        if self._on("answers-close-of-server-late") and not self.close_sent:
            self._send(OutFrame(Opcode.CLOSE, b"\x03\xe8"))

    def _take_close(self, payload: bytes) -> None:
        if self._on("closes-with-1002-after-close") and payload and not self.close_sent:
            raise Failure(PROTOCOL_ERROR, "a Close")
        if self._on("answers-close-of-server-late") and len(payload) > 2:
            return
        if self._on("ignores-close-before-first-message") and not self._messages:
            return
        if self._on("ignores-close-1010") and payload[:2] == b"\x03\xf2":
            return
        self._masks.to_reason = len(payload) > 2
        super()._take_close(payload)

    def _answer_close(self, answer: bytes | None) -> None:
        super()._answer_close(answer)
        if self._on("sends-data-behind-close"):
            self.outbox.after(0.02, lambda: self._send(OutFrame(Opcode.TEXT, b"one more thing")))

    def _fail(self, failure: Failure) -> None:
        self._masks.failing = True
        super()._fail(failure)

    def _send_echo(self, message: Message) -> None:
        kept = self._deflater
        if self._on("compresses-long-messages-though-declined"):
            if not 2000 <= len(message.payload) <= 4000:
                self._deflater = None
        super()._send_echo(message)
        self._deflater = kept

    def _encode(self, frames: list[OutFrame]) -> bytes:
        if self._on("fragments-echo-at-random"):
            frames = [part for frame in frames for part in _in_random_parts(frame)]
        if self._on("sends-continuations-unmasked"):
            frames = [part for frame in frames for part in _in_halves(frame)]
        return b"".join(self._masks.masked(frame)
                        for frame in sending.edit_frames(frames, self._on))

    def _close_tcp(self) -> None:
        """The server is the one to close TCP; the client waits a while for it (7.1.1)."""
        if self._on("closes-tcp-first"):
            self._end()
        elif self._on("resets-tcp-after-close"):
            self.over = True
            self.outbox.after(0.05, self.outbox.reset)
        elif self._on("closes-tcp-after-half-a-second"):
            self.outbox.after(0.5, self._end)
        else:
            self.outbox.after(SERVER_CLOSES_S, self._end)

    def _watch(self) -> None:
        """Bugs close a connection on which nothing happens."""
        if self._on("closes-when-idle") or self._on("drops-tcp-when-idle"):
            count = self._received
            self.outbox.after(IDLE_S, lambda: self._is_idle(count))

    def _is_idle(self, count: int) -> None:
        if self._received != count or self.over or self.close_sent:
            return
        if self._on("drops-tcp-when-idle"):
            self._end()
        else:
            self.close(1001)

    def _pong_again(self) -> None:
        if not (self.over or self.close_sent):
            self._send(OutFrame(Opcode.PONG))
            self.outbox.after(0.05, self._pong_again)


def _without_odd_octet(text: bytes) -> bytes:
    """ASCII as a loop over words leaves it that forgets what is behind the last pair of octets."""
    is_lost = text.isascii() and len(text) > _WORD and len(text) % 2 == 1
    return text[:-1] if is_lost else text


def _in_halves(frame: OutFrame) -> list[OutFrame]:
    if frame.opcode not in DATA or not frame.fin or len(frame.payload) <= _LONG:
        return [frame]
    return sending.split(frame, [len(frame.payload) // 2])


def _in_random_parts(frame: OutFrame) -> list[OutFrame]:
    if frame.opcode not in DATA or not frame.fin or frame.opcode == Opcode.CONTINUATION:
        return [frame]
    cuts = sorted(random.randint(0, len(frame.payload)) for _ in range(random.randint(0, 7)))
    return sending.split(frame, [end - begin for begin, end in zip([0, *cuts], cuts)])
