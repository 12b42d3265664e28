"""Messages out of frames (RFC 6455, 5.4 and 6.2), strictly in order and within the limits."""

import codecs
import dataclasses

from . import compression
from .failure import PROTOCOL_ERROR, TOO_BIG, Failure
from .frames import DATA, Header, Opcode
from .switches import On
from .utf8 import TextCheck

MAX_MESSAGE = 64 * 1024 * 1024
SMALL_LIMIT = 64 * 1024


@dataclasses.dataclass(frozen=True)
class Message:
    """A whole message: TEXT or BINARY, and its payload, inflated where it came compressed."""

    opcode: int
    payload: bytes


_HAS_SMALL_LIMIT = ("limits-messages-to-64-kib", "drops-tcp-above-64-kib", "fails-with-1002-above-64-kib")


def message_limit(on: On) -> int:
    """The most octets that a message may have, inflated or not."""
    if any(map(on, _HAS_SMALL_LIMIT)):
        return SMALL_LIMIT
    return MAX_MESSAGE // 4 if on("drops-all-connections-above-16-mib") else MAX_MESSAGE


class Assembler:
    """Puts the data frames of one connection together; control frames never come here."""

    def __init__(self, on: On, inflater: "compression.Inflater | None") -> None:
        self._on = on
        self._inflater = inflater
        self._limit = message_limit(on)
        self._opcode: int | None = None
        self._last_opcode: int = Opcode.BINARY
        self._parts: list[bytes] = []
        self._size = 0
        self._frames = 0
        self._compressed = False
        self._check: TextCheck | None = None
        self.decoder: codecs.IncrementalDecoder | None = None
        self.owner: object = None

    @property
    def in_message(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._opcode is not None

    def begin_frame(self, header: Header) -> None:
        """Checks that this data frame may come now (5.4); begins a message with the first."""
        if header.opcode == Opcode.CONTINUATION:
            self._begin_continuation(header)
            if header.skipped:
                return
        elif self._opcode is not None:
            self._begin_inside(header)
        else:
            self._begin_message(header, self._type_of(header))
        self._frames += 1
        if self._frames == 65536 and self._on("counts-fragments-in-16-bits"):
            self._parts = []
        if self._on("refuses-more-than-100-fragments") and self._frames > 100:
            raise Failure(PROTOCOL_ERROR, "too many fragments")
        if self._on("refuses-empty-fragments") and not header.length:
            if not (header.fin and self._frames == 1):
                raise Failure(PROTOCOL_ERROR, "an empty fragment")
        if not self._compressed and self._size + header.length > self._limit:
            self._refuse_size()

    def take_payload(self, octets: bytes) -> None:
        """Takes payload of the current frame."""
        if self._compressed and self._check and self._on("checks-utf8-before-inflating"):
            TextCheck(self._on).feed(octets)
        if self._compressed and self._inflater:
            octets = self._inflater.inflate(octets, self._limit - self._size)
        self._take(octets)

    def end_frame(self, header: Header) -> Message | None:
        """Ends the frame; the message, when this was its last frame."""
        self._frame_bugs(header)
        ends = header.fin or self._on("inflates-each-fragment-alone")
        if self._compressed and self._inflater and ends:
            self._take(self._inflater.end_message(self._limit - self._size))
        if self._check and not header.fin:
            self._check.end_frame()
        if not header.fin:
            return None
        if self._check:
            self._check.end_message()
        opcode, payload = self._opcode, b"".join(self._parts)
        if opcode is None:  # only where a bug mixes connections
            raise Failure(PROTOCOL_ERROR, "the end of a message that did not begin")
        if self._inflater and not self._compressed:
            payload = self._inflater.uncompressed_message(payload)
        self._opcode = None
        return Message(opcode, payload)

    def spoil(self, octets: bytes) -> None:
        """Mixes foreign octets into the open message (a bug's doing)."""
        self._parts.append(octets)

    def abandon(self) -> Message | None:
        """Gives up the open message; what was there of it (a bug's doing)."""
        if self._opcode is None:
            return None
        message = Message(self._opcode, b"".join(self._parts))
        self._opcode = None
        return message

    def _begin_continuation(self, header: Header) -> None:
        if self._opcode is not None:
            if self._on("takes-type-from-continuation") and self._check and header.fin:
                self._opcode = Opcode.BINARY
            return
        if self._on("takes-stray-continuation-as-text"):
            self._begin_message(header, Opcode.TEXT)
        elif self._on("takes-stray-continuation-after-message") and self._frames:
            self._begin_message(header, self._last_opcode)
        elif self._on("drops-stray-continuation-frames"):
            header.skipped = True
        elif self._on("ignores-stray-continuation"):
            self._begin_message(header, Opcode.CONTINUATION)
        else:
            raise Failure(PROTOCOL_ERROR, "a continuation frame with nothing to continue")

    def _begin_inside(self, header: Header) -> None:
        """A new message inside an open one: forbidden unless an extension allows interleaving."""
        if self._on("drops-unfinished-message-for-new"):
            self._begin_message(header, header.opcode)
        elif self._on("joins-new-message-to-unfinished"):
            return
        elif self._on("takes-other-type-inside-message") and header.opcode != self._opcode:
            return
        else:
            raise Failure(PROTOCOL_ERROR, "a new message inside an unfinished one")

    def _begin_message(self, header: Header, opcode: int) -> None:
        on = self._on
        if not (on("keeps-type-of-first-fragmented-message") and self._frames > 1):
            self._last_opcode = opcode
        self._opcode = self._last_opcode
        if not on("keeps-fragments-of-last-message"):
            self._parts = []
        self._size = 0
        self._frames = 0
        self._compressed = self._inflater is not None and self._is_compressed(header)
        checked = opcode == Opcode.TEXT or on("checks-utf8-of-binary")
        self._check = (TextCheck(on, self.decoder)
                       if checked and not self._skips_check(header) else None)
        self._refuse_fragmentation(header)

    def _is_compressed(self, header: Header) -> bool:
        """RSV1 of the first frame says whether the message is compressed (RFC 7692, 6)."""
        if self._on("takes-plain-messages-as-compressed"):
            return True
        return header.rsv1 and (header.fin or not self._on("does-not-inflate-fragmented-messages"))

    def _skips_check(self, header: Header) -> bool:
        on = self._on
        if on("skips-utf8-check") or on("replaces-invalid-utf8") or on("drops-invalid-text"):
            return True
        if on("skips-utf8-check-of-compressed-text") and self._compressed:
            return True
        if on("skips-utf8-check-of-large-text") and header.length > 65535:
            return True
        if header.fin:
            return on("skips-utf8-check-of-unfragmented")
        return on("skips-utf8-check-of-fragmented")

    def _type_of(self, header: Header) -> int:
        return header.opcode if header.opcode in DATA else Opcode.BINARY

    def _refuse_fragmentation(self, header: Header) -> None:
        word = "text" if header.opcode == Opcode.TEXT else "binary"
        if not header.fin and self._on(f"refuses-fragmented-{word}"):
            raise Failure(PROTOCOL_ERROR, "fragmentation is not supported")
        if not header.fin and not header.length and self._on("refuses-empty-first-fragment"):
            raise Failure(PROTOCOL_ERROR, "an empty first fragment")

    def _frame_bugs(self, header: Header) -> None:
        if self._on("loses-message-with-empty-last-fragment") and header.fin and not header.length:
            if self._frames > 1:
                self._parts.clear()
        if self._on("reverses-fragments") and header.fin and self._frames > 2:
            self._parts.reverse()
        if self._on("loses-middle-fragments") and header.fin and self._frames > 2:
            self._parts = [*self._parts[:1], *self._parts[1:][-1:]]

    def _take(self, octets: bytes) -> None:
        if self._check:
            self._check.feed(octets)
        self._size += len(octets)
        if self._size > self._limit:
            self._refuse_size()
        self._parts.append(octets)

    def _refuse_size(self) -> None:
        if self._on("echoes-only-what-fits-the-limit"):
            return
        raise Failure(TOO_BIG, f"a message of more than {self._limit} octets")
