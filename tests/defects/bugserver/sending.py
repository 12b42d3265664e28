"""What goes out: echoes into frames, and the edits that switches make to frames that were right."""

import itertools
import unicodedata
from collections.abc import Callable
from dataclasses import replace

from .frames import DATA, MAX_CONTROL_PAYLOAD, Opcode, OutFrame
from .messages import Message
from .switches import On

MessageEdit = Callable[[Message], Message]
EchoEdit = Callable[[list[OutFrame]], list[OutFrame]]
FrameEdit = Callable[[OutFrame], list[OutFrame]]

_KEY = b"\x37\xfa\x21\x3d"
_LONG = 200
"""Bugs in fragmentation act on messages longer than this, so that a plain echo stays right."""


def echo(message: Message, on: On) -> Message:
    """The message to send back; the strict server sends the same."""
    for name, edit in MESSAGE_EDITS.items():
        if on(name):
            message = edit(message)
    return message


def echo_frames(opcode: int, payload: bytes, on: On, *, rsv1: bool = False) -> list[OutFrame]:
    """The frames of an echo; the strict server sends one."""
    frames = [OutFrame(opcode, payload, rsv=4 if rsv1 else 0)]
    for name, edit in ECHO_EDITS.items():
        if on(name):
            frames = edit(frames)
    return frames


def edit_frames(frames: list[OutFrame], on: On) -> list[OutFrame]:
    """These frames, spoilt by the bugs that are on."""
    for name, edit in FRAME_EDITS.items():
        if on(name):
            frames = list(itertools.chain.from_iterable(edit(frame) for frame in frames))
    return frames


def split(frame: OutFrame, sizes: list[int]) -> list[OutFrame]:
    """The frame as fragments: one of each size, and one with the rest."""
    pieces, at = [], 0
    for size in sizes:
        pieces.append(frame.payload[at:at + size])
        at += size
    pieces.append(frame.payload[at:])
    last = len(pieces) - 1
    return [replace(frame, payload=piece, fin=n == last, rsv=0 if n else frame.rsv,
                    opcode=Opcode.CONTINUATION if n else frame.opcode)
            for n, piece in enumerate(pieces)]


def _in_pieces(frames: list[OutFrame], size: int, most: int = 1000) -> list[OutFrame]:
    count = min(most, max(0, len(frames[0].payload) - 1) // size)
    return split(frames[0], [size] * count)


def _if_text(change: Callable[[bytes], bytes]) -> MessageEdit:
    def edit(message: Message) -> Message:
        if message.opcode != Opcode.TEXT:
            return message
        return replace(message, payload=change(message.payload))
    return edit


def _if_longer(limit: int, change: Callable[[bytes], bytes]) -> MessageEdit:
    def edit(message: Message) -> Message:
        if len(message.payload) <= limit:
            return message
        return replace(message, payload=change(message.payload))
    return edit


def _typed(old: Opcode, new: Opcode) -> MessageEdit:
    return lambda message: replace(message, opcode=new) if message.opcode == old else message


def _without_mark(octets: bytes) -> bytes:
    return octets.removeprefix(b"\xef\xbb\xbf")


def _swapped(octets: bytes) -> bytes:
    if len(octets) % 4:
        return octets
    return b"".join(octets[at:at + 4][::-1] for at in range(0, len(octets), 4))


def _low_bits(octets: bytes) -> bytes:
    return bytes(octet & 0x7F for octet in octets)


MESSAGE_EDITS: dict[str, MessageEdit] = {
    "echoes-text-as-binary": _typed(Opcode.TEXT, Opcode.BINARY),
    "echoes-binary-as-text": _typed(Opcode.BINARY, Opcode.TEXT),
    "cuts-text-at-nul": _if_text(lambda octets: octets.partition(b"\0")[0]),
    "cuts-binary-at-nul": lambda message: message if message.opcode == Opcode.TEXT
    else replace(message, payload=message.payload.partition(b"\0")[0]),
    "clears-top-bit-of-binary": lambda message: message if message.opcode == Opcode.TEXT
    else replace(message, payload=_low_bits(message.payload)),
    "strips-byte-order-mark": _if_text(_without_mark),
    "strips-byte-order-marks-anywhere": _if_text(
        lambda octets: octets.replace(b"\xef\xbb\xbf", b"")),
    "normalises-text": _if_text(
        lambda octets: unicodedata.normalize("NFKC", octets.decode()).encode()),
    "cuts-binary-to-whole-words": lambda message: message if message.opcode == Opcode.TEXT
    else replace(message, payload=message.payload[:len(message.payload) // 4 * 4]),
    "swaps-words-of-binary": lambda message: message if message.opcode == Opcode.TEXT
    else replace(message, payload=_swapped(message.payload)),
    "strips-trailing-blanks": _if_text(bytes.rstrip),
    "normalises-line-ends": _if_text(lambda octets: octets.replace(b"\r\n", b"\n")),
    "replaces-invalid-utf8": _if_text(lambda octets: octets.decode("utf-8", "replace").encode()),
    "replaces-noncharacters": _if_text(
        lambda octets: octets.replace(b"\xef\xbf\xbe", b"\xef\xbf\xbd").replace(
            b"\xef\xbf\xbf", b"\xef\xbf\xbd")),
    "echoes-astral-characters-as-surrogates": _if_text(
        lambda octets: "".join(_as_surrogates(letter) for letter in octets.decode())
        .encode("utf-8", "surrogatepass")),
    "sends-invalid-utf8-in-long-text": _if_text(
        lambda octets: octets[:-1] + b"\xff" if len(octets) > _LONG else octets),
    "cuts-messages-at-65535": _if_longer(65535, lambda octets: octets[:65535]),
    "cuts-messages-at-1-mib": _if_longer(1 << 20, lambda octets: octets[:1 << 20]),
    "loses-last-octet-of-long-messages": _if_longer(125, lambda octets: octets[:-1]),
    "echoes-only-what-fits-the-limit": _if_longer(65536, lambda octets: octets[:65536]),
}
"""What switches do to the message that is echoed."""


def _as_surrogates(letter: str) -> str:
    if ord(letter) < 0x10000:
        return letter
    rest = ord(letter) - 0x10000
    return chr(0xD800 + (rest >> 10)) + chr(0xDC00 + (rest & 0x3FF))


def _fragments_if_long(change: EchoEdit) -> EchoEdit:
    """Fragments long echoes in three and lets a bug change the three."""
    def edit(frames: list[OutFrame]) -> list[OutFrame]:
        size = len(frames[0].payload)
        if len(frames) > 1 or size <= _LONG:
            return frames
        return change(split(frames[0], [size // 3, size // 3]))
    return edit


def _with(index: int, **changes: object) -> EchoEdit:
    """Changes fields of the fragment at this index."""
    def edit(frames: list[OutFrame]) -> list[OutFrame]:
        frames[index] = replace(frames[index], **changes)  # type: ignore[arg-type]
        return frames
    return edit


def _between(*extra: OutFrame) -> EchoEdit:
    """Puts frames behind the first one."""
    return lambda frames: [frames[0], *extra, *frames[1:]]


_PING = OutFrame(Opcode.PING, b"out of the blue")
_PONG = OutFrame(Opcode.PONG, b"nobody asked")

ECHO_EDITS: dict[str, EchoEdit] = {
    # oddities: fragmentation first, so that others may put frames between fragments
    "fragments-echo-in-two": lambda frames: split(frames[0], [len(frames[0].payload) // 2]),
    "fragments-echo-in-octets": lambda frames: _in_pieces(frames, 1),
    "fragments-echo-in-1024s": lambda frames: _in_pieces(frames, 1024, most=1 << 20),
    "echo-begins-with-empty-fragment": lambda frames: split(frames[0], [0]),
    "echo-ends-with-empty-fragment": lambda frames: split(frames[0], [len(frames[0].payload)]),
    "echo-with-many-empty-fragments": lambda frames: split(
        frames[0], [0] * 50 + [len(frames[0].payload)] + [0] * 50),
    "ping-between-echo-fragments": lambda frames: _between(_PING)(
        split(frames[0], [len(frames[0].payload) // 2])),
    "pong-between-echo-fragments": lambda frames: _between(_PONG)(
        split(frames[0], [len(frames[0].payload) // 2])),
    "ping-before-echo": lambda frames: [_PING, *frames],
    "ping-after-echo": lambda frames: [*frames, _PING],
    "empty-ping-before-echo": lambda frames: [OutFrame(Opcode.PING), *frames],
    "pings-of-125-octets-after-echo": lambda frames: [
        *frames, *[OutFrame(Opcode.PING, bytes([n]) * MAX_CONTROL_PAYLOAD) for n in range(3)]],
    "pong-before-echo": lambda frames: [_PONG, *frames],
    "pong-after-echo": lambda frames: [*frames, OutFrame(Opcode.PONG)],
    # defects
    "echo-repeats-opcode-in-fragments": _fragments_if_long(
        lambda frames: [replace(f, opcode=frames[0].opcode) for f in frames]),
    "echo-never-finishes": _fragments_if_long(_with(-1, fin=False)),
    "echo-finishes-early": _fragments_if_long(_with(1, fin=True)),
    "echo-begins-with-continuation": _fragments_if_long(_with(0, opcode=Opcode.CONTINUATION)),
    "echo-changes-type-in-fragments": _fragments_if_long(_with(1, opcode=Opcode.BINARY)),
    "echo-interleaves-another-message": _fragments_if_long(
        _between(OutFrame(Opcode.TEXT, b"interleaved"))),
    "echo-with-fragmented-ping": _fragments_if_long(
        _between(OutFrame(Opcode.PING, b"half", fin=False))),
    "echo-with-rsv1-on-continuation": _fragments_if_long(_with(1, rsv=4)),
    "echo-with-rsv2-on-continuation": _fragments_if_long(_with(1, rsv=2)),
    "sets-rsv1-on-later-fragments": _fragments_if_long(
        lambda frames: [replace(f, rsv=frames[0].rsv) for f in frames]),
    "strips-tail-of-each-fragment": lambda frames: split(
        frames[0], [len(frames[0].payload) // 2]) if len(frames[0].payload) > 125 else frames,
    "echo-masks-continuation": _fragments_if_long(_with(1, masking_key=_KEY)),
    "echo-swaps-fragments": _fragments_if_long(lambda frames: [
        replace(frames[0], payload=frames[1].payload),
        replace(frames[1], payload=frames[0].payload), frames[2]]),
    "echo-loses-last-fragment": _fragments_if_long(lambda frames: frames[:-1]),
    "ping-of-126-octets-with-long-echo": _fragments_if_long(
        _between(OutFrame(Opcode.PING, b"p" * 126))),
    "reserved-opcode-3-with-long-echo": _fragments_if_long(
        lambda frames: [OutFrame(3, b"reserved"), *frames]),
    "reserved-opcode-b-with-long-echo": _fragments_if_long(
        lambda frames: [OutFrame(0xB), *frames]),
}
"""What switches do to the frames of an echo."""


def _only(opcodes: frozenset[int] | set[int], **changes: object) -> FrameEdit:
    """Changes fields of frames with these opcodes."""
    def edit(frame: OutFrame) -> list[OutFrame]:
        if frame.opcode not in opcodes:
            return [frame]
        return [replace(frame, **changes)]  # type: ignore[arg-type]
    return edit


def _sized(low: int, high: int, **changes: object) -> FrameEdit:
    """Changes fields of data frames with a payload of low to high octets."""
    def edit(frame: OutFrame) -> list[OutFrame]:
        if frame.opcode not in DATA or not low <= len(frame.payload) <= high:
            return [frame]
        return [replace(frame, **changes)]  # type: ignore[arg-type]
    return edit


def _pongs(change: Callable[[bytes], bytes]) -> FrameEdit:
    """Changes the payload of pongs."""
    return lambda frame: [frame if frame.opcode != Opcode.PONG
                          else replace(frame, payload=change(frame.payload))]


def _pongs_in_two(frame: OutFrame) -> list[OutFrame]:
    if frame.opcode != Opcode.PONG or len(frame.payload) < 2:
        return [frame]
    return split(frame, [len(frame.payload) // 2])


_HUGE = 1 << 62

FRAME_EDITS: dict[str, FrameEdit] = {
    "masks-data-frames": _only(DATA, masking_key=_KEY),
    "masks-pongs": _only({Opcode.PONG}, masking_key=_KEY),
    "masks-close": _only({Opcode.CLOSE}, masking_key=_KEY),
    "masks-large-frames": _sized(65536, _HUGE, masking_key=_KEY),
    "sets-rsv1-on-data": _only(DATA, rsv=4),
    "sets-rsv2-on-data": _only(DATA, rsv=2),
    "sets-rsv3-on-data": _only(DATA, rsv=1),
    "sets-rsv1-on-pong": _only({Opcode.PONG}, rsv=4),
    "sets-rsv2-on-pong": _only({Opcode.PONG}, rsv=2),
    "sets-rsv3-on-close": _only({Opcode.CLOSE}, rsv=1),
    "sends-125-octets-in-long-form": _sized(125, 125, length_form=16),
    "sends-short-frames-with-16-bit-length": _sized(0, 125, length_form=16),
    "sends-short-frames-with-64-bit-length": _sized(0, 125, length_form=64),
    "sends-65535-octets-in-long-form": _sized(65535, 65535, length_form=64),
    "sends-medium-frames-with-64-bit-length": _sized(126, 65535, length_form=64),
    "sends-pongs-with-16-bit-length": _only({Opcode.PONG}, length_form=16),
    "sends-16-bit-length-in-little-endian": _sized(126, 65535, length_order="little"),
    "sends-64-bit-length-in-little-endian": _sized(65536, _HUGE, length_order="little"),
    "sends-top-bit-of-64-bit-length": _sized(65536, _HUGE, length_top_bit=True),
    "sends-close-with-fin-0": _only({Opcode.CLOSE}, fin=False),
    "sends-pong-with-fin-0": _only({Opcode.PONG}, fin=False),
    "fragments-pongs": _pongs_in_two,
    "pongs-are-empty": _pongs(lambda octets: b""),
    "pongs-are-cut-at-124": _pongs(lambda octets: octets[:124]),
    "pongs-are-cut-at-nul": _pongs(lambda octets: octets.partition(b"\0")[0]),
    "pongs-are-decoded-as-text": _pongs(lambda octets: octets.decode("utf-8", "replace").encode()),
    "pongs-are-padded-to-8": _pongs(lambda octets: octets.ljust(8, b"\0")),
    "pongs-are-followed-by-foreign-octets": _pongs(
        lambda octets: (octets + b"secret of another connection")[:125]),
    "pongs-are-longer-than-125": _pongs(
        lambda octets: octets + b"\0" if len(octets) == 125 else octets),
    "pongs-are-pings": _only({Opcode.PONG}, opcode=Opcode.PING),
}
"""What switches do to any frame that goes out."""
