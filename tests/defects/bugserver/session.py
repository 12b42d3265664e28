"""An established connection: frames in, answers out, and the closing handshake."""

import functools
from collections.abc import Callable

from . import closing, compression, sending
from .failure import INVALID_DATA, PROTOCOL_ERROR, TOO_BIG, Failure
from .frames import DATA, MAX_CONTROL_PAYLOAD, FrameReader, Header, Opcode, OutFrame
from .messages import Assembler, Message, message_limit
from .negotiation import Deflate, Role
from .outbox import Outbox
from .switches import On

CLOSE_TIMEOUT_S = 2.0
HALF_SENT = 65536
_TRIGGER = b"crash"


class Session:
    """The server's end of one WebSocket connection; a FrameReader's sink."""

    role: Role = "server"

    def __init__(self, on: On, outbox: Outbox, deflate: Deflate | None,
                 disaster: Callable[[str], None]) -> None:
        self._on = on
        self.outbox = outbox
        self.outbox_in_use = lambda: outbox
        self._disaster = disaster
        self._deflater = compression.deflater(deflate, on, self.role)
        inflater = compression.inflater(deflate, on, self.role)
        self.assembler = Assembler(on, inflater)
        self.reader = FrameReader(on, self, max_length=message_limit(on),
                                  rsv1_allowed=inflater is not None,
                                  from_client=self.role == "server")
        self._control = bytearray()
        self._pings: list[bytes] = []
        self._held_messages: list[Message] = []
        self._messages = 0
        self._pings_seen = 0
        self.close_sent = False
        self._in_control_fragments = False
        self._echoes_under_way = 0
        self._stopped = False
        self._text_is_bad = False
        self.over = False

    def start(self, *, close_at_once: bool) -> None:
        """What the server does of its own accord once the connection is open."""
        if close_at_once:
            self.close(1008)
        elif self._on("closes-right-after-101"):
            self.close(1000)
        elif self._on("close-without-handshake"):
            self._end()
        elif self._on("greets-first"):
            self._send(OutFrame(Opcode.TEXT, b"welcome"), OutFrame(Opcode.BINARY, b"\0\xff"))
        elif self._on("pings-first"):
            self._send(OutFrame(Opcode.PING, b"are you there?"))
        elif self._on("pongs-first"):
            self._send(OutFrame(Opcode.PONG))

    @property
    def keeps_tcp_open(self) -> bool:
        """Whether a bug keeps it from closing TCP, even when the client has."""
        on = self._on
        return self.close_sent and (on("keeps-tcp-open-after-close") or (
            on("keeps-tcp-open-after-failure") and self.over))

    @property
    def in_message(self) -> bool:
        """Whether a frame or a message has begun and not ended."""
        return self.reader.in_frame or self.assembler.in_message

    def receive(self, octets: bytes) -> None:
        """Takes octets from the client."""
        if self.over:
            return
        self._take_reader()
        try:
            self.reader.feed(octets)
        except Failure as failure:
            self._flush()
            self._fail(failure)
        self._flush()

    def _take_reader(self) -> None:
        """Makes the reader this session's; it may have been another's (by a bug)."""
        self.reader.sink = self
        self.reader.stopped = self._stopped
        if not self.reader.in_frame:
            self.reader.owner = self

    def close(self, code: int) -> None:
        """Starts the closing handshake, and gives the client a while to answer."""
        if self.close_sent:
            return
        if self._on("drops-tcp-instead-of-closing"):
            self._end()
            return
        empty = self._on("goes-away-with-empty-close")
        self._send(OutFrame(Opcode.CLOSE, b"" if empty else code.to_bytes(2, "big")))
        self.close_sent = True
        self.outbox.after(CLOSE_TIMEOUT_S, self._end)

    # The reader's sink

    def begin_frame(self, header: Header) -> None:
        """A frame begins that is right by itself."""
        self._control.clear()
        self._frame_disasters(header)
        if self._takes_as_data(header) and not self._is_dropped(header):
            self.assembler.begin_frame(header)
            self.assembler.owner = self

    def take_payload(self, header: Header, octets: bytes) -> None:
        """Payload of the frame that has begun."""
        if self._is_dropped(header):
            return
        if self._takes_as_data(header):
            self.assembler.take_payload(octets)
        else:
            self._control += octets

    def end_frame(self, header: Header) -> None:
        """The frame is complete."""
        if self._is_dropped(header):
            return
        if self._takes_as_data(header):
            self._end_data_frame(header)
        elif header.opcode == Opcode.PING:
            self._take_ping(bytes(self._control))
        elif header.opcode == Opcode.PONG:
            self._take_pong(bytes(self._control))
        elif header.opcode == Opcode.CLOSE:
            self._take_close(bytes(self._control))

    def _end_data_frame(self, header: Header) -> None:
        try:
            message = self.assembler.end_frame(header)
        except Failure as failure:
            if failure.code != INVALID_DATA or not self._on("finds-bad-text-50-ms-later"):
                raise
            self._text_is_bad = True
            self.outbox.after(0.05, functools.partial(self._fail_later, failure))
            return
        if message is not None:
            self._take_message(message)

    def _takes_as_data(self, header: Header) -> bool:
        if header.opcode in DATA:
            return True
        return header.opcode < 8 and self._on("takes-reserved-data-opcodes-as-binary")

    def _is_dropped(self, header: Header) -> bool:
        """Data that follows our own Close is read past; so do bugs with what they dislike."""
        if header.skipped:
            return True
        if self._skips_fragment_of_control(header):
            return True
        if self._on("echoes-after-close") or self._on("echoes-between-its-close-and-fin"):
            return False
        return (self.close_sent and header.opcode != Opcode.CLOSE) or (
            self._text_is_bad and not header.is_control)

    def _skips_fragment_of_control(self, header: Header) -> bool:
        if not self._on("skips-fragmented-control-frames"):
            return False
        if header.is_control:
            self._in_control_fragments = not header.fin
            return not header.fin
        return self._in_control_fragments and header.opcode == Opcode.CONTINUATION

    # Messages

    def _take_message(self, message: Message) -> None:
        on = self._on
        self._messages += 1
        if on("refuses-messages"):
            raise Failure(4400, "no message of this protocol")
        if on("refuses-messages-as-invalid"):
            raise Failure(1007, "no message of this protocol")
        if on("never-echo") or (on("ignores-empty-messages") and not message.payload):
            return
        if on("ignores-messages-of-1-octet") and len(message.payload) == 1:
            return
        if message.opcode == Opcode.CONTINUATION:
            return
        if on("drops-invalid-text") and message.opcode == Opcode.TEXT:
            if not closing.is_valid(message.payload):
                return
        if on("refuses-binary") and message.opcode == Opcode.BINARY:
            raise Failure(1003, "binary is not accepted")
        if message.payload == _TRIGGER and on("crash-on-trigger"):
            self._disaster("exit")
        if (on("swaps-messages-of-a-segment") or on("joins-messages-of-a-segment")
                or on("answers-close-before-messages")):
            self._held_messages.append(message)
            return
        self._echo(message)
        leaves = on("goes-away-after-3-messages") or on("answers-close-after-its-own")
        if self._messages == 3 and (leaves or on("goes-away-with-empty-close")):
            self.close(1001)

    def _echo(self, message: Message) -> None:
        message = sending.echo(message, self._on)
        if self._on("echoes-twice") and len(message.payload) > 125:
            self._send_echo(message)
        self._send_echo(message)

    def _send_echo(self, message: Message) -> None:
        if self.outbox.waiting > 65536 and self._on("loses-echoes-that-are-not-read"):
            return
        payload, rsv1 = message.payload, False
        if self._deflater and self._deflater.wants(payload):
            payload, rsv1 = self._deflater.deflate(payload), not self._on("forgets-rsv1")
        elif self._deflater:
            rsv1 = self._on("sets-rsv1-on-plain-messages")
        opcode = message.opcode
        if rsv1 and self._on("echoes-compressed-text-as-binary"):
            opcode = Opcode.BINARY
        frames = sending.echo_frames(opcode, payload, self._on, rsv1=rsv1)
        if len(payload) > HALF_SENT and self._on("sends-rest-of-large-echo-behind-close"):
            self._send_in_two_steps(frames[0])
        else:
            self._send(*frames)

    def _send_in_two_steps(self, frame: OutFrame) -> None:
        """A bug: what is due meanwhile is sent between the two, even a Close."""
        first, rest = sending.split(frame, [HALF_SENT])
        self._send(first)
        self._echoes_under_way += 1
        self.outbox.after(0.02, lambda: self._send_rest(rest))

    def _send_rest(self, frame: OutFrame) -> None:
        self._echoes_under_way -= 1
        self._send(frame)
        if self.close_sent and not self._echoes_under_way:
            self._end()

    # Control frames

    def _take_ping(self, payload: bytes) -> None:
        on = self._on
        self._pings_seen += 1
        inside = self.assembler.in_message
        if inside and on("refuses-pings-inside-message"):
            raise Failure(PROTOCOL_ERROR, "a ping inside a message")
        if inside and on("mixes-ping-into-message"):
            self.assembler.spoil(payload)
        if inside and on("drops-message-on-ping"):
            self.assembler.abandon()
        if on("refuses-pings-of-125-octets") and len(payload) == MAX_CONTROL_PAYLOAD:
            raise Failure(PROTOCOL_ERROR, "a long ping")
        if on("refuses-pings-that-are-not-text") and not closing.is_valid(payload):
            raise Failure(PROTOCOL_ERROR, "a ping that is no text")
        if not self._ignores_ping(payload, inside):
            self._pings.append(payload)
        if not (on("pongs-only-last-ping") or on("pongs-only-first-ping")
                or on("pongs-after-message-end")):
            self._flush_pongs()

    def _ignores_ping(self, payload: bytes, inside: bool) -> bool:
        on = self._on
        return (on("ignores-pings") or (on("ignores-empty-pings") and not payload)
                or (on("ignores-pings-inside-message") and inside)
                or (on("ignores-pings-before-first-message") and not self._messages)
                or (on("ignores-pings-after-10") and self._pings_seen > 10))

    def _flush_pongs(self) -> None:
        pings, self._pings = self._pings, []
        if self._on("pongs-only-last-ping"):
            pings = pings[-1:]
        elif self._on("pongs-only-first-ping"):
            pings = pings[:1]
        elif self._on("pongs-in-reverse"):
            pings.reverse()
        for payload in pings:
            pong = self._pong(payload)
            self._send(pong)
            if self._on("pongs-twice"):
                self._send(pong)

    def _pong(self, payload: bytes) -> OutFrame:
        """A Pong carries the Ping's octets as they are, compression or not (RFC 7692, 6)."""
        if self._deflater and self._on("sets-rsv1-on-pongs-with-deflate"):
            return OutFrame(Opcode.PONG, payload, rsv=4)
        if self._deflater and self._on("compresses-pongs"):
            return OutFrame(Opcode.PONG, self._deflater.deflate(payload)[:MAX_CONTROL_PAYLOAD])
        return OutFrame(Opcode.PONG, payload)

    def _take_pong(self, payload: bytes) -> None:
        """An unsolicited Pong expects no answer (5.5.3)."""
        if self._on("refuses-unsolicited-pongs"):
            raise Failure(PROTOCOL_ERROR, "a pong that nobody asked for")
        if self._on("refuses-empty-pongs") and not payload:
            raise Failure(PROTOCOL_ERROR, "an empty pong")
        if self._on("refuses-pongs-inside-message") and self.assembler.in_message:
            raise Failure(PROTOCOL_ERROR, "a pong inside a message")
        if self._on("answers-pongs-with-pongs"):
            self._send(OutFrame(Opcode.PONG, payload))
        if self._on("echoes-pongs-as-text") and payload:
            self._send(OutFrame(Opcode.TEXT, payload.hex().encode()))

    # Closing

    def _take_close(self, payload: bytes) -> None:
        on = self._on
        inside = self.assembler.in_message
        if on("ignores-close") or (inside and on("ignores-close-inside-message")):
            return
        if on("ignores-empty-close") and not payload:
            return
        if on("loses-close-with-octets-behind") and self.reader.unread:
            self.reader.skip_frame()
            return
        if self.close_sent and not on("answers-close-after-its-own"):
            self._end_after_close()
            return
        if on("refuses-octets-behind-close") and self.reader.unread:
            raise Failure(PROTOCOL_ERROR, "octets behind a Close")
        answer = closing.answer_to(payload, on)
        if inside and on("echoes-part-of-message-on-close"):
            partial = self.assembler.abandon()
            if partial is not None:
                self._echo(partial)
        if not on("answers-close-before-messages"):
            self._flush()
        self._answer_close(answer)
        if on("drops-others-on-close"):
            self._disaster("drop-others")

    def _answer_close(self, answer: bytes | None) -> None:
        on = self._on
        silent = on("closes-tcp-without-close-frame") or (
            on("drops-tcp-on-close-1002") and answer == b"\x03\xea")
        if answer is not None and not silent:
            self._send(OutFrame(Opcode.CLOSE, answer))
            if on("answers-close-twice"):
                self._send(OutFrame(Opcode.CLOSE, answer))
            if on("sends-message-after-close"):
                self._send(OutFrame(Opcode.TEXT, b"one more thing"))
            if on("sends-ping-after-close"):
                self._send(OutFrame(Opcode.PING, b"one more thing"))
        self.close_sent = True
        self._end_after_close()

    def _end_after_close(self) -> None:
        """Nothing more is read; the server closes TCP first and at once (7.1.1)."""
        on = self._on
        if on("answers-close-before-messages"):
            self._flush()
        if on("echoes-after-close"):
            return
        self._stopped = self.reader.stopped = not on("echoes-between-its-close-and-fin")
        if on("keeps-tcp-open-after-close") or self._echoes_under_way:
            return
        self._close_tcp()

    def _close_tcp(self) -> None:
        on = self._on
        if on("waits-for-client-to-close-tcp"):
            self.outbox.after(CLOSE_TIMEOUT_S, self._end)
        elif on("closes-tcp-1-s-after-close"):
            self.outbox.after(1.0, self._end)
        elif on("echoes-between-its-close-and-fin"):
            self.outbox.after(0.3, self._end)
        elif on("resets-after-close"):
            self.over = True
            self.outbox.after(0.05, self.outbox.reset)
        else:
            self._end()

    def _fail(self, failure: Failure) -> None:
        """Fails the connection (7.1.7): a Close with the code, FIN, and all else is dropped."""
        on = self._on
        if on("hangs-on-fault-before-many-octets") and self.reader.unread >= 128:
            self.over = True
            return
        if failure.code == TOO_BIG and (on("drops-all-connections-on-huge-frame")
                                        or on("drops-all-connections-above-16-mib")):
            self._disaster("drop-all")
        if on("drops-others-on-failure"):
            self._disaster("drop-others")
        if on("survives-failures") or self._survives(failure):
            self.reader.skip_frame()
            self.assembler.abandon()
            return
        if on("echoes-part-of-message-on-failure"):
            partial = self.assembler.abandon()
            if partial is not None:
                self._echo(partial)
        bare = on("fails-with-bare-fin") or on("fails-with-reset") or (
            failure.code == TOO_BIG and on("drops-tcp-above-64-kib"))
        if not bare and not self.close_sent:
            code = closing.failure_code(failure, on)
            reason = failure.why.encode()[:123] if on("fails-with-reason") else b""
            empty = on("fails-with-empty-close")
            self._send(OutFrame(Opcode.CLOSE, b"" if empty else code.to_bytes(2, "big") + reason))
        self.close_sent = True
        self._end_after_failure()

    def _fail_later(self, failure: Failure) -> None:
        if not self.over and not self.close_sent:
            self._fail(failure)

    def _survives(self, failure: Failure) -> bool:
        return self._on(f"survives-{failure.code}-failures")

    def _end_after_failure(self) -> None:
        on = self._on
        if on("reads-on-after-failure"):
            self.close_sent = False
            self.reader.skip_frame()
            self.assembler.abandon()
            self.outbox.after(0.5, self._end)
        elif on("keeps-tcp-open-after-failure"):
            self.over = True
        elif on("fails-with-reset"):
            self.over = True
            self.outbox.reset()
        elif on("resets-after-failure-close"):
            self.over = True
            self.outbox.reset()
        elif on("waits-for-close-after-failure"):
            self.reader.skip_frame()
            self.outbox.after(0.5, self._end)
        else:
            self._end()

    def _end(self) -> None:
        self.over = True
        self.outbox.finish()

    # Sending

    def _send(self, *frames: OutFrame) -> None:
        if self._on("one-frame-per-segment"):
            for frame in frames:
                self.outbox_in_use().write(self._encode([frame]))
        else:
            self.outbox_in_use().write(self._encode(list(frames)))

    def _encode(self, frames: list[OutFrame]) -> bytes:
        return b"".join(frame.encode() for frame in sending.edit_frames(frames, self._on))

    def _flush(self) -> None:
        """Sends what switches held back until the segment or the message was over."""
        held, self._held_messages = self._held_messages, []
        if self._on("joins-messages-of-a-segment") and held:
            joined = b"".join(message.payload for message in held)
            held = [Message(held[0].opcode, joined)]
        for message in held if self._on("answers-close-before-messages") else reversed(held):
            self._echo(message)
        waits = self._on("pongs-after-message-end") and self.assembler.in_message
        if self._pings and not (waits and not self.close_sent):
            self._flush_pongs()

    def _frame_disasters(self, header: Header) -> None:
        """Frames at which some servers fell over."""
        if not header.masked and self._on("crash-on-unmasked-frame"):
            self._disaster("exit")
