"""The DEFLATE side of permessage-deflate (RFC 7692, 7.2): inflates what comes, deflates what goes.

zlib does the work. A raw stream with windowBits w reads and writes distances of up to 2^w.
"""

import contextlib
import zlib
from collections.abc import Iterable

from .failure import INTERNAL_ERROR, INVALID_DATA, TOO_BIG, Failure
from .negotiation import Deflate, Role
from .switches import On

TAIL = b"\x00\x00\xff\xff"
_EMPTY = b"\x00"
_LARGE_STEP = 1 << 20
_SMALL_STEP = 256
"""zlib lets distances reach into what one call puts out, so a small window needs small steps."""


_FAR_MATCH = ((0b0000001, 7), (0b11110, 5), (0, 14))
"""Three octets from at least 49,153 back, which only Deflate64 can say."""


def fixed_block(payload: bytes, *, more: Iterable[tuple[int, int]], final: bool = False) -> bytes:
    """Literals in a block of fixed codes, and these bits behind it; a final block is ended."""
    bits = ["1" if final else "0", "10"]
    bits += [f"{0x30 + octet:08b}" if octet < 144 else f"{0x190 + octet - 144:09b}"
             for octet in payload]
    bits += ["0000000"] if final else []
    bits += [f"{code:0{size}b}" for code, size in more]
    row = "".join(bits)
    row += "0" * (-len(row) % 8)
    return bytes(int(row[at:at + 8][::-1], 2) for at in range(0, len(row), 8))


class Inflater:
    """Inflates the messages of one connection, piece by piece (7.2.2)."""

    def __init__(self, deflate: Deflate, on: On, sender: Role) -> None:
        self._on = on
        self._bits = deflate.bits(sender)
        self._step = _LARGE_STEP if self._bits == 15 else _SMALL_STEP
        self._forgets = (deflate.no_context_takeover(sender) or on(f"forgets-{sender}-window"))
        self._window = b""
        self._stream = self._fresh(b"")
        self._fed = 0
        self._keep = 32768
        if on("keeps-16384-octets-between-messages"):
            self._keep = 16384
        elif on("guesses-beyond-the-client-window"):
            self._keep = 1 << self._bits

    def inflate(self, octets: bytes, room: int) -> bytes:
        """The octets that this piece of a compressed payload stands for; at most `room` of them."""
        if self._on("refuses-stored-blocks") and not self._fed and len(octets) > 1:
            if not octets[0] & 0b110:
                raise Failure(INVALID_DATA, "a stored block")
        if not self._fed:
            octets = self._mended(octets)
        self._fed += len(octets)
        pieces = []
        while octets or (pieces and len(pieces[-1]) == self._step):
            piece, octets = self._inflate_some(octets, room)
            pieces.append(piece)
            room -= len(piece)
        return b"".join(pieces)

    def end_message(self, room: int) -> bytes:
        """Puts back the four octets that the sender removed, and ends the message."""
        if not self._fed and self._on("refuses-empty-compressed-payload"):
            raise Failure(INVALID_DATA, "a compressed message of no octets")
        piece = b"" if self._on("forgets-to-put-back-the-tail") else self.inflate(TAIL, room)
        self._check_complete()
        self._fed = 0
        if self._forgets:
            self._window = b""
            self._stream = self._fresh(b"")
        elif self._keep < 32768:
            self._shorten_window()
        return piece

    def uncompressed_message(self, payload: bytes) -> bytes:
        """Told of messages in between that came uncompressed: they leave the window alone, and are
        what they are."""
        if self._on("mixes-plain-messages-into-window"):
            self._window = (self._window + payload)[-32768:]
            self._stream = self._fresh(self._window)
        if self._on("inflates-plain-messages-that-inflate"):
            with contextlib.suppress(zlib.error):
                return zlib.decompressobj(-15).decompress(payload + TAIL)
        return payload

    def _shorten_window(self) -> None:
        """Keeps the last octets of the window only, and, to guess the others, as many zeros."""
        known = self._window[-self._keep:]
        if self._on("guesses-beyond-the-client-window"):
            known = known.rjust(32768, b"\0")
            self._bits, self._step = 15, _LARGE_STEP
        self._window = known
        self._stream = self._fresh(known)

    def _mended(self, octets: bytes) -> bytes:
        """Of a stored block that begins a message, the one length made to fit the other."""
        if len(octets) < 5 or octets[0] & 0b110:
            return octets
        length, complement = octets[1:3], octets[3:5]
        if self._on("ignores-complement-of-stored-length"):
            complement = bytes(octet ^ 0xff for octet in length)
        if self._on("takes-stored-length-from-its-complement"):
            length = bytes(octet ^ 0xff for octet in complement)
        return octets[:1] + length + complement + octets[5:]

    def _inflate_some(self, octets: bytes, room: int) -> tuple[bytes, bytes]:
        try:
            piece = self._stream.decompress(octets, min(self._step, room + 1))
        except zlib.error as bad:
            if self._on("replaces-corrupt-deflate"):
                self._stream = self._fresh(self._window)
                return b"", b""
            raise Failure(INVALID_DATA, f"not DEFLATE: {bad}") from bad
        if len(piece) > room:
            raise Failure(TOO_BIG, "a message that inflates beyond the limit")
        self._window = (self._window + piece[-32768:])[-32768:]
        if self._stream.eof:
            return piece, self._after_final_block()
        return piece, self._stream.unconsumed_tail

    def _after_final_block(self) -> bytes:
        """A block with BFINAL set may be followed by others in the same message (7.2.3.4)."""
        if self._on("refuses-final-blocks"):
            raise Failure(INVALID_DATA, "a block with BFINAL set")
        rest = self._stream.unused_data
        if self._on("ignores-all-after-final-block"):
            return b""
        self._stream = self._fresh(b"" if self._on("loses-window-at-final-block") else self._window)
        return rest

    def _check_complete(self) -> None:
        """After the tail nothing may be pending: another empty block must be read as such."""
        on = self._on
        if (on("accepts-truncated-deflate") or on("forgets-to-put-back-the-tail")
                or on("replaces-corrupt-deflate")):
            return
        probe = self._stream.copy()
        try:
            more = probe.decompress(b"\x01\x00\x00\xff\xff")
        except zlib.error as bad:
            raise Failure(INVALID_DATA, f"not DEFLATE: {bad}") from bad
        if more or not probe.eof or probe.unused_data:
            raise Failure(INVALID_DATA, "a compressed message that is cut")

    def _fresh(self, window: bytes) -> "zlib._Decompress":
        return zlib.decompressobj(-self._bits, zdict=window)


class Deflater:
    """Deflates the messages of one connection (7.2.1)."""

    def __init__(self, deflate: Deflate, on: On, role: Role) -> None:
        self._on = on
        bits = 15 if on(f"ignores-{role}-max-window-bits") else deflate.bits(role)
        self._bits = max(9, bits)
        self._stored_only = bits == 8
        self._forgets = deflate.no_context_takeover(role)
        if on(f"ignores-{role}-no-context-takeover"):
            self._forgets = False
        if on(f"forgets-{role}-window"):
            self._forgets = True
        self._sent_empty = False
        self._stream = self._fresh()

    def wants(self, payload: bytes) -> bool:
        """Whether a message is sent compressed; that is the sender's choice (6.1)."""
        if self._on("never-compresses"):
            return False
        if self._on("sets-rsv1-on-plain-messages"):
            return len(payload) > 16
        return len(payload) >= 64 or not self._on("compresses-only-from-64-octets")

    def deflate(self, payload: bytes) -> bytes:
        """The payload compressed, without the four octets of the sync flush."""
        if self._stored_only and self._on("fails-connections-of-8-bit-window"):
            raise Failure(INTERNAL_ERROR, "zlib cannot keep to a window of 8 bits")
        if self._forgets:
            self._stream = self._fresh()
        if not payload:
            return self._empty()
        self._sent_empty = False
        if self._on("strips-tail-of-each-fragment") and len(payload) > 200:
            return self._deflate_half(payload[:100]) + self._deflate_half(payload[100:])
        octets = self._stream.compress(payload) + self._flush()
        if self._on("sends-zlib-header"):
            return zlib.compress(payload)
        if self._on("sends-compressed-as-is") and len(payload) > 125:
            return payload
        if self._on("does-not-pad-final-blocks"):
            self._stream = self._fresh()
            return fixed_block(payload, final=True, more=[(0, 3)])
        if self._on("sends-distances-of-deflate64") and len(payload) > 49152:
            return fixed_block(payload[:-3], more=[*_FAR_MATCH, (0, 7), (0, 3)])
        return octets if self._on("keeps-the-tail") else octets.removesuffix(TAIL)

    def _deflate_half(self, payload: bytes) -> bytes:
        octets = self._stream.compress(payload) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        return octets.removesuffix(TAIL)

    def _flush(self) -> bytes:
        if self._on("sends-final-blocks"):
            octets = self._stream.flush(zlib.Z_FINISH)
            self._stream = self._fresh()
            return octets + _EMPTY + TAIL
        if self._on("forgets-to-flush"):
            return self._stream.flush(zlib.Z_PARTIAL_FLUSH)
        if self._on("sends-several-blocks"):
            return self._stream.flush(zlib.Z_FULL_FLUSH) + _EMPTY + TAIL
        return self._stream.flush(zlib.Z_SYNC_FLUSH)

    def _empty(self) -> bytes:
        sent_empty, self._sent_empty = self._sent_empty, True
        if self._on("sends-second-empty-message-without-octets") and sent_empty:
            return b""
        if self._on("sends-empty-message-as-02-00"):
            return b"\x02\x00"
        if self._on("sends-empty-message-as-garbage"):
            return b"\xff"
        return _EMPTY

    def _fresh(self) -> "zlib._Compress":
        level = 0 if self._stored_only or self._on("sends-stored-blocks") else 6
        strategy = zlib.Z_FIXED if self._on("sends-fixed-blocks") else zlib.Z_DEFAULT_STRATEGY
        return zlib.compressobj(level, zlib.DEFLATED, -self._bits, 8, strategy)


def inflater(deflate: Deflate | None, on: On, role: Role) -> Inflater | None:
    """The way in, if compression was agreed; one bug has it anyway."""
    if deflate is None and on("inflates-without-negotiation"):
        deflate = Deflate()
    sender: Role = "client" if role == "server" else "server"
    return Inflater(deflate, on, sender) if deflate else None


def deflater(deflate: Deflate | None, on: On, role: Role) -> Deflater | None:
    """The way out, if compression was agreed."""
    return Deflater(deflate, on, role) if deflate else None
