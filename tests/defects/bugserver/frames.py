"""Base framing (RFC 6455, 5.2): octets to frames for what comes, frames to octets for what goes."""

import dataclasses
import enum
from typing import Protocol

from .failure import PROTOCOL_ERROR, TOO_BIG, Failure
from .switches import On

MAX_CONTROL_PAYLOAD = 125
_PATTERN_OCTETS = 256 * 1024


class Opcode(enum.IntEnum):
    """The opcodes of RFC 6455, 11.8."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


DATA = frozenset({Opcode.CONTINUATION, Opcode.TEXT, Opcode.BINARY})
KNOWN = frozenset(Opcode)
_WORDS = {op: op.name.lower() for op in Opcode}


@dataclasses.dataclass
class Header:
    """The header of a frame that is coming in."""

    fin: bool
    rsv1: bool
    rsv2: bool
    rsv3: bool
    opcode: int
    masked: bool
    length: int = 0
    masking_key: bytes = b""
    skipped: bool = False
    """Set by bugs that read past a frame that they had to refuse."""

    @property
    def is_control(self) -> bool:
        """Whether the opcode is one of the control opcodes, known or reserved."""
        return self.opcode >= 8


class Sink(Protocol):
    """Who takes the frames that a FrameReader reads."""

    def begin_frame(self, header: Header) -> None:
        """A frame whose header is allowed by itself begins; raises Failure if not here."""

    def take_payload(self, header: Header, octets: bytes) -> None:
        """Some unmasked payload of that frame."""

    def end_frame(self, header: Header) -> None:
        """That frame is complete."""


def unmask(octets: bytes, key: bytes, offset: int = 0) -> bytes:
    """XORs octet i with key octet (i + offset) mod 4 (RFC 6455, 5.3)."""
    if not octets or key == b"\0\0\0\0":
        return octets
    turn = offset % 4
    key = key[turn:] + key[:turn]
    parts = []
    for start in range(0, len(octets), _PATTERN_OCTETS):
        part = octets[start:start + _PATTERN_OCTETS]
        pattern = (key * (len(part) // 4 + 1))[:len(part)]
        number = int.from_bytes(part, "little") ^ int.from_bytes(pattern, "little")
        parts.append(number.to_bytes(len(part), "little"))
    return b"".join(parts)


class FrameReader:
    """Reads frames however TCP cuts them; says at the first octet that a frame cannot be right."""

    def __init__(self, on: On, sink: Sink, *, max_length: int, rsv1_allowed: bool,
                 from_client: bool = True) -> None:
        self._on = on
        self._from_client = from_client
        self.sink = sink
        self._max_length = max_length
        self._rsv1_allowed = rsv1_allowed
        self._buffer = bytearray()
        self._at = 0
        self._header: Header | None = None
        self._start_checked = False
        self._taken = 0
        self._last_key = b""
        self._octets_of_last = 0
        self.stopped = False
        self.owner: object = None

    @property
    def in_frame(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._header is not None or bool(self._buffer)

    @property
    def unread(self) -> int:
        """How many octets wait, the frame counted that is being read."""
        return len(self._buffer) - self._at

    def feed(self, octets: bytes) -> None:
        """Takes octets; calls the sink; raises Failure for a frame that breaks the rules."""
        self._buffer += octets
        while not self.stopped and self._step():
            pass
        del self._buffer[:self._at]
        self._at = 0
        if self._header is None and (self._on("loses-header-cut-between-segments")
                                     or self._on("reads-one-frame-per-segment")):
            self._buffer.clear()
            self._start_checked = False

    def skip_frame(self) -> None:
        """Forgets the frame that a Failure was raised for, and all behind it (for bugs)."""
        self._header = None
        self._start_checked = False
        self._buffer.clear()
        self._at = 0

    def _step(self) -> bool:
        """One header or one piece of payload; False if more octets are needed."""
        if self._header is None:
            self._header = self._read_header()
            if self._header is None:
                return False
            self._taken = 0
            self.sink.begin_frame(self._header)
        return self._read_payload(self._header)

    def _read_payload(self, header: Header) -> bool:
        missing = header.length - self._taken
        if missing:
            octets = bytes(self._buffer[self._at:self._at + missing])
            if not octets and not self._takes_cut_frame(header):
                return False
            self._at += len(octets)
            self.sink.take_payload(header, self._unmasked(header, octets))
            self._taken += len(octets)
        if self._taken < header.length and not self._takes_cut_frame(header):
            return False
        self._header = None
        self._start_checked = False
        self._octets_of_last = self._offset_with(header.masking_key) + header.length
        self._last_key = header.masking_key
        self.sink.end_frame(header)
        return not self._on("reads-one-frame-per-segment")

    def _takes_cut_frame(self, header: Header) -> bool:
        short = header.length <= MAX_CONTROL_PAYLOAD
        return short and self._on("takes-cut-short-frame-as-whole")

    def _unmasked(self, header: Header, octets: bytes) -> bytes:
        if not header.masked:
            return octets
        key = header.masking_key
        if self._on("restarts-masking-key-at-each-read"):
            return unmask(octets, key)
        for block, most in ((8, 10), (12, 15), (32, 63)):
            if block < header.length <= most and self._on(
                    f"leaves-tail-behind-{block}-octets-masked"):
                whole = max(0, block - self._taken)
                return unmask(octets[:whole], key, self._taken) + octets[whole:]
        if self._on("keeps-masking-offset-between-frames"):
            return unmask(octets, key, self._offset_with(key) + self._taken)
        if self._on("leaves-last-octets-masked") and len(octets) > 64:
            whole = len(octets) // 4 * 4
            return unmask(octets[:whole], key, self._taken) + octets[whole:]
        if self._on("reverses-masking-key-of-large-frames") and header.length > 65535:
            key = key[::-1]
        return unmask(octets, key, self._taken)

    def _offset_with(self, key: bytes) -> int:
        """Where the frames before have left off in this masking key (for a bug)."""
        return self._octets_of_last if key == self._last_key else 0

    def _read_header(self) -> Header | None:
        """The next header when it is all here. The first two octets are judged before the rest."""
        available = len(self._buffer) - self._at
        if available < 2:
            return None
        first, second = self._buffer[self._at], self._buffer[self._at + 1]
        header = Header(fin=bool(first & 0x80), rsv1=bool(first & 0x40), rsv2=bool(first & 0x20),
                        rsv3=bool(first & 0x10), opcode=first & 0x0F, masked=bool(second & 0x80))
        form = second & 0x7F
        if not self._start_checked:
            self._check_start(header, form)
            self._start_checked = True
        length_size = {126: 2, 127: 8}.get(form, 0)
        if header.is_control and self._on("reads-control-length-from-7-bits"):
            length_size = 0
        key_size = 4 if header.masked else 0
        if form == 0 and self._on("expects-no-key-in-empty-frame"):
            key_size = 0
        if available < 2 + length_size:
            return None
        field = bytes(self._buffer[self._at + 2:self._at + 2 + length_size])
        header.length = self._read_length(header, form, field)
        size = 2 + length_size + key_size
        if available < size:
            return None
        header.masking_key = bytes(self._buffer[self._at + size - key_size:self._at + size])
        self._check_key(header)
        self._at += size
        return header

    def _check_start(self, header: Header, form: int) -> None:
        """What the first two octets give away, in the order of the bits."""
        if self._on("overlooks-faults-that-come-together") and self._faults(header, form) > 1:
            return
        self._check_reserved_bits(header)
        if header.skipped:
            return
        if header.opcode > Opcode.PONG and self._on("ignores-reserved-control-opcodes"):
            return
        if header.opcode not in KNOWN and not self._tolerates_opcode(header.opcode):
            raise Failure(PROTOCOL_ERROR, f"reserved opcode {header.opcode}")
        word = _WORDS.get(Opcode(header.opcode) if header.opcode in KNOWN else None, "unknown")
        if header.is_control and not header.fin and not self._tolerates_fragmented(word):
            raise Failure(PROTOCOL_ERROR, "a fragmented control frame")
        if header.is_control and form > MAX_CONTROL_PAYLOAD:
            if not self._tolerates_long(word, form):
                raise Failure(PROTOCOL_ERROR, "a control frame above 125 octets")
        if header.masked != self._from_client:
            self._check_mask(header, word)

    def _faults(self, header: Header, form: int) -> int:
        """How many of the faults that the first octets can have this header has."""
        top_bit = form == 127 and bool(self._buffer[self._at + 2:self._at + 3] > b"\x7f")
        return sum((header.rsv1 or header.rsv2 or header.rsv3, header.opcode not in KNOWN,
                    header.is_control and not header.fin,
                    header.is_control and form > MAX_CONTROL_PAYLOAD,
                    header.masked != self._from_client, top_bit))

    def _check_reserved_bits(self, header: Header) -> None:
        """5.2: a bit without negotiated meaning fails the connection; RFC 7692, 6.1."""
        on = self._on
        bits = header.rsv2 + header.rsv3 + (header.rsv1 and not self._rsv1_has_meaning(header))
        word = "control" if header.is_control else "data"
        if bits and on(f"ignores-{word}-frames-with-reserved-bits"):
            header.skipped = True
        if header.skipped or (bits > 1 and on("accepts-several-reserved-bits")):
            return
        if header.rsv1 and not self._rsv1_has_meaning(header):
            if not self._tolerates_rsv(header, "1"):
                raise Failure(PROTOCOL_ERROR, "RSV1 without meaning")
        if header.rsv2 and not self._tolerates_rsv(header, "2"):
            raise Failure(PROTOCOL_ERROR, "RSV2 without meaning")
        if header.rsv3 and not self._tolerates_rsv(header, "3"):
            raise Failure(PROTOCOL_ERROR, "RSV3 without meaning")
        if on("refuses-fin-0") and not header.fin:
            raise Failure(PROTOCOL_ERROR, "fragmentation is not supported")

    def _rsv1_has_meaning(self, header: Header) -> bool:
        if not self._rsv1_allowed:
            return False
        if header.opcode == Opcode.CONTINUATION:
            return self._on("accepts-rsv1-on-continuation")
        if header.is_control:
            return self._on("accepts-rsv1-on-control-with-deflate")
        return True

    def _tolerates_rsv(self, header: Header, bit: str) -> bool:
        if self._rsv1_allowed:
            return bit != "1" and self._on("accepts-rsv2-and-rsv3-with-deflate")
        if header.is_control:
            return self._on(f"accepts-rsv{bit}-on-control")
        if header.opcode == Opcode.CONTINUATION:
            return self._on(f"accepts-rsv{bit}-on-continuation-frame")
        return self._on(f"accepts-rsv{bit}-on-data")

    def _tolerates_opcode(self, opcode: int) -> bool:
        if self._on("takes-reserved-data-opcodes-as-binary") and opcode < 8:
            return True
        return self._on(f"accepts-opcode-{opcode:x}")

    def _tolerates_fragmented(self, word: str) -> bool:
        return (self._on(f"accepts-fragmented-{word}")
                or self._on("skips-fragmented-control-frames"))

    def _tolerates_long(self, word: str, form: int) -> bool:
        on = self._on
        if form == 127 and on("clears-top-bit-of-length"):
            return True
        return (on(f"accepts-long-{word}") or on("skips-frames-with-long-length-form")
                or on("reads-control-length-from-7-bits")
                or on("takes-long-control-frames-as-empty"))

    def _check_mask(self, header: Header, word: str) -> None:
        """5.1: a client masks every frame, a server none."""
        on = self._on
        wrong = "unmasked" if self._from_client else "masked"
        if on(f"ignores-{wrong}-frames"):
            header.skipped = True
        elif self._from_client:
            if not on(f"accepts-unmasked-{word}") and not on("crash-on-unmasked-frame"):
                raise Failure(PROTOCOL_ERROR, "an unmasked frame from a client")
        elif not on(f"accepts-masked-{word}"):
            raise Failure(PROTOCOL_ERROR, "a masked frame from a server")

    def _read_length(self, header: Header, form: int, field: bytes) -> int:
        """The payload length from its 7, 16 or 64 bits; the shortest form is the only right one."""
        if not field:
            return form
        on = self._on
        length = int.from_bytes(field, "big")
        if header.is_control and on("takes-long-control-frames-as-empty"):
            header.skipped = header.opcode == Opcode.CLOSE
            return 0
        if len(field) == 2 and on("reads-16-bit-length-in-little-endian"):
            return int.from_bytes(field, "little")
        if len(field) == 8 and length >> 63:
            return self._read_length_with_top_bit(length)
        if len(field) == 8 and on("reads-length-as-signed-32-bits"):
            return 0 if length & 0x80000000 else length & 0x7FFFFFFF
        if len(field) == 8 and on("reads-only-32-bits-of-length"):
            return length & 0xFFFFFFFF
        if len(field) == 8 and on("reads-only-16-bits-of-length"):
            return length & 0xFFFF
        if length <= (125 if len(field) == 2 else 0xFFFF):
            return self._read_length_in_long_form(header, length)
        return self._refuse_length(header, length) if length > self._max_length else length

    def _read_length_with_top_bit(self, length: int) -> int:
        if self._on("clears-top-bit-of-length"):
            return length & 0x7FFFFFFFFFFFFFFF
        if (self._on("takes-negative-length-as-zero")
                or self._on("overlooks-faults-that-come-together")):
            return 0
        if self._on("waits-for-impossible-length"):
            return length
        code = TOO_BIG if self._on("answers-1009-to-top-bit-of-length") else PROTOCOL_ERROR
        raise Failure(code, "the top bit of a 64-bit length is set")

    def _read_length_in_long_form(self, header: Header, length: int) -> int:
        if self._on("loses-track-after-long-length-form"):
            return length + 1
        if self._on("takes-long-length-form-as-empty"):
            return 0
        if self._on("skips-frames-with-long-length-form"):
            header.skipped = True
            return length
        if not self._on("accepts-long-length-form"):
            raise Failure(PROTOCOL_ERROR, "a length that is not in the shortest form")
        return length

    def _refuse_length(self, header: Header, length: int) -> int:
        if self._on("waits-for-any-length"):
            return length
        if self._on("survives-1009-failures"):
            header.skipped = True
            return 0
        raise Failure(TOO_BIG, f"a frame of {length} octets")

    def _check_key(self, header: Header) -> None:
        if header.masked and self._on("refuses-zero-masking-key") and not any(header.masking_key):
            raise Failure(PROTOCOL_ERROR, "a masking key of zeros")
        if self._on("refuses-line-ends-in-masking-key") and b"\n" in header.masking_key:
            raise Failure(PROTOCOL_ERROR, "a masking key with a line end")


@dataclasses.dataclass
class OutFrame:
    """A frame to send, as fields; those behind `payload` are only ever set by defects."""

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0
    length_form: int = 0
    length_order: str = "big"
    length_top_bit: bool = False
    masking_key: bytes = b""

    def encode(self) -> bytes:
        """The octets of the frame; the shortest length form unless `length_form` says 16 or 64."""
        length = len(self.payload)
        first = self.fin << 7 | self.rsv << 4 | self.opcode
        mask_bit = 0x80 if self.masking_key else 0
        form = self.length_form or (0 if length < 126 else 16 if length < 65536 else 64)
        if form == 0:
            head = bytes([first, mask_bit | length])
        elif form == 16:
            head = bytes([first, mask_bit | 126]) + length.to_bytes(2, self.length_order)
        else:
            length |= self.length_top_bit << 63
            head = bytes([first, mask_bit | 127]) + length.to_bytes(8, self.length_order)
        if not self.masking_key:
            return head + self.payload
        return head + self.masking_key + unmask(self.payload, self.masking_key)
