"""Switches of base framing: bits, opcodes, lengths, masks, in frames that come and go."""

from . import defect, oddity

_UNMASKED = tuple(
    defect(f"accepts-unmasked-{word}", "note-14 6455-5.1-03", f"takes an unmasked {word} frame")
    for word in ("text", "binary", "continuation", "ping", "pong", "close"))
_RSV = tuple(
    defect(f"accepts-rsv{bit}-on-{where}", ids, f"takes a {words} with RSV{bit} set")
    for where, ids, words in (
        ("data", "6455-5.2-03", "text or binary frame"),
        ("control", "6455-5.2-04", "control frame"),
        ("continuation-frame", "6455-5.2-05", "continuation frame"))
    for bit in (1, 2, 3))
_OPCODES = tuple(
    defect(f"accepts-opcode-{opcode:x}", "6455-5.2-07" if opcode < 8 else "6455-5.2-08",
           f"ignores frames with the reserved opcode {opcode:X} instead of failing")
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15))

_RECEIVED = (
    defect("ignores-unmasked-frames", "6455-5.1-03", "drops unmasked frames and goes on"),
    defect("takes-reserved-data-opcodes-as-binary", "6455-5.2-07",
           "echoes frames with opcodes 3 to 7 as binary messages"),
    defect("accepts-fragmented-ping", "6455-5.5-04", "answers a ping with FIN 0"),
    defect("accepts-fragmented-pong", "6455-5.5-04", "takes a pong with FIN 0"),
    defect("accepts-long-ping", "6455-5.5-02", "takes pings above 125 octets"),
    defect("accepts-long-pong", "6455-5.5-03", "takes pongs above 125 octets"),
    defect("accepts-long-close", "6455-5.5-03", "takes a Close above 125 octets"),
    defect("reads-16-bit-length-in-little-endian", "6455-5.2-11 6455-5.2-15",
           "reads 16-bit lengths in the wrong octet order"),
    defect("reads-only-16-bits-of-length", "6455-5.2-12", "cuts 64-bit lengths to 16 bits"),
    defect("reads-only-32-bits-of-length", "6455-10.4-01 6455-10.7-01",
           "cuts 64-bit lengths to 32 bits"),
    defect("clears-top-bit-of-length", "note-16 6455-5.2-14",
           "ignores the top bit of a 64-bit length"),
    defect("takes-negative-length-as-zero", "note-16 6455-5.2-14",
           "takes a frame with the top bit of the length set as empty"),
    defect("overlooks-faults-that-come-together", "6455-10.7-01 6455-5.2-04 6455-5.2-14",
           "finds a fault in the beginning of a frame only where it is the only one"),
    defect("hangs-on-fault-before-many-octets", "6455-7.1.7-01 6455-10.7-01",
           "never fails the connection where 128 octets or more wait with a fault"),
    defect("loses-track-after-long-length-form", "note-15 6455-5.2-17",
           "reads one octet too many behind a length in too long a form"),
    defect("takes-long-length-form-as-empty", "note-15 6455-5.2-17",
           "takes a frame with a length in too long a form as empty"),
    defect("leaves-last-octets-masked", "6455-5.3-05 6455-6.2-09",
           "leaves the last 1 to 3 octets of payloads above 64 octets masked"),
    defect("reverses-masking-key-of-large-frames", "6455-5.3-05",
           "applies the masking key backwards in frames above 65535 octets"),
    defect("restarts-masking-key-at-each-read", "6455-5.3-05 6455-6.2-01",
           "begins anew with the masking key at each piece of a payload"),
    defect("expects-no-key-in-empty-frame", "6455-5.2-19",
           "expects no masking key in a frame without payload"),
    defect("refuses-zero-masking-key", "6455-5.3-06", "refuses the masking key 00000000"),
    defect("refuses-line-ends-in-masking-key", "6455-5.3-06",
           "refuses masking keys with the octet 0A"),
    defect("reads-one-frame-per-segment", "6455-5.2-18 6455-6.2-01 6455-5.3-07",
           "drops what follows a frame in one segment"),
    defect("loses-header-cut-between-segments", "6455-6.2-01",
           "forgets the beginning of a frame header that is cut between segments"),
    oddity("accepts-fragmented-close", "6455-5.5-05", "answers a Close with FIN 0 like any other",
           note=True),
    oddity("accepts-long-length-form", "note-15 6455-5.2-17",
           "takes lengths in longer forms than needed", note=True),
    oddity("answers-1009-to-top-bit-of-length", "note-16 6455-5.2-14",
           "fails with 1009, not 1002, if the top bit of a length is set"),
    oddity("waits-for-impossible-length", "note-16 6455-5.2-14",
           "waits for a frame of 2^63 octets and more", note=True),
    oddity("waits-for-any-length", "6455-10.4-02",
           "has no limit for single frames but only for what has come", note=True),
)

_SENT = (
    defect("masks-data-frames", "6455-5.1-05", "masks the data frames that it sends", total=True),
    defect("masks-large-frames", "6455-5.1-05", "masks data frames above 65535 octets"),
    defect("masks-pongs", "6455-5.1-05", "masks its pongs"),
    defect("masks-close", "6455-5.1-05", "masks its Close"),
    defect("sets-rsv1-on-data", "6455-5.2-02 6455-5.8-01", "sets RSV1 on data frames", total=True),
    defect("sets-rsv2-on-data", "6455-5.2-02 6455-5.8-01", "sets RSV2 on data frames", total=True),
    defect("sets-rsv3-on-data", "6455-5.2-02 6455-5.8-01", "sets RSV3 on data frames", total=True),
    defect("sets-rsv1-on-pong", "6455-5.2-02", "sets RSV1 on pongs"),
    defect("sets-rsv2-on-pong", "6455-5.2-02", "sets RSV2 on pongs"),
    defect("sets-rsv3-on-close", "6455-5.2-02", "sets RSV3 on its Close"),
    defect("sends-125-octets-in-long-form", "6455-5.2-10 6455-5.2-16",
           "sends 125 octets with a 16-bit length"),
    defect("sends-short-frames-with-16-bit-length", "6455-5.2-16",
           "sends up to 125 octets with a 16-bit length"),
    defect("sends-short-frames-with-64-bit-length", "6455-5.2-16",
           "sends up to 125 octets with a 64-bit length"),
    defect("sends-65535-octets-in-long-form", "6455-5.2-16",
           "sends 65535 octets with a 64-bit length"),
    defect("sends-medium-frames-with-64-bit-length", "6455-5.2-16 6455-5.2-11",
           "sends 126 to 65535 octets with a 64-bit length"),
    defect("sends-pongs-with-16-bit-length", "6455-5.2-16", "sends pongs with a 16-bit length"),
    defect("sends-16-bit-length-in-little-endian", "6455-5.2-15",
           "sends 16-bit lengths in the wrong octet order"),
    defect("sends-64-bit-length-in-little-endian", "6455-5.2-15",
           "sends 64-bit lengths in the wrong octet order"),
    defect("sends-top-bit-of-64-bit-length", "6455-5.2-13", "sets the top bit of 64-bit lengths"),
    defect("sends-close-with-fin-0", "6455-5.4-05", "sends its Close with FIN 0"),
    defect("sends-pong-with-fin-0", "6455-5.4-05", "sends its pongs with FIN 0"),
    defect("fragments-pongs", "6455-5.4-05", "sends a pong in two fragments"),
    defect("reserved-opcode-3-with-long-echo", "6455-5.2-09 6455-6.1-04",
           "sends a frame with opcode 3 before an echo above 200 octets"),
    defect("reserved-opcode-b-with-long-echo", "6455-5.2-09 6455-6.1-04",
           "sends a frame with opcode B before an echo above 200 octets"),
    oddity("one-octet-per-segment", "6455-2.1-01", "sends one octet per TCP segment"),
    oddity("one-frame-per-segment", "6455-2.1-01", "sends each frame in a segment of its own"),
    oddity("answers-after-50-ms", "6455-2.1-01", "waits 50 ms before each answer"),
)

SWITCHES = _UNMASKED + _RSV + _OPCODES + _RECEIVED + _SENT
