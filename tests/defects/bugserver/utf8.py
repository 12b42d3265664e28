"""Strict UTF-8 (RFC 3629) over a stream, and the wrong ideas of it that real servers had."""

import codecs
import re

from .failure import INVALID_DATA, Failure
from .switches import On

TOLERATED = {
    "accepts-utf8-overlong-2": re.compile(rb"[\xc0\xc1][\x80-\xbf]"),
    "accepts-utf8-overlong-3": re.compile(rb"\xe0[\x80-\x9f][\x80-\xbf]"),
    "accepts-utf8-overlong-4": re.compile(rb"\xf0[\x80-\x8f][\x80-\xbf]{2}"),
    "accepts-utf8-overlong-nul": re.compile(rb"\xc0\x80"),
    "accepts-utf8-surrogates": re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]"),
    "accepts-utf8-surrogate-pairs": re.compile(
        rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]"),
    "accepts-utf8-above-10ffff": re.compile(
        rb"\xf4[\x90-\xbf][\x80-\xbf]{2}|[\xf5-\xf7][\x80-\xbf]{3}"),
    "accepts-utf8-of-5-and-6-octets": re.compile(
        rb"[\xf8-\xfb][\x80-\xbf]{4}|[\xfc\xfd][\x80-\xbf]{5}"),
    "accepts-utf8-fe-and-ff": re.compile(rb"[\xfe\xff]"),
    "accepts-utf8-c0-and-c1": re.compile(rb"[\xc0\xc1](?![\x80-\xbf])"),
    "accepts-utf8-lone-continuation": re.compile(rb"(?<![\x80-\xff])[\x80-\xbf]+"),
    "accepts-utf8-cut-before-ascii": re.compile(
        rb"(?:[\xc2-\xdf]|[\xe1-\xef][\x80-\xbf]?|[\xf1-\xf3][\x80-\xbf]{0,2})(?=[\0-\x7f])"),
    "accepts-utf8-with-octets-missing": re.compile(
        rb"(?:[\xc0-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf7][\x80-\xbf]{0,2}"
        rb"|[\xf8-\xfb][\x80-\xbf]{0,3}|[\xfc\xfd][\x80-\xbf]{0,4})(?![\x80-\xbf])"),
    "accepts-utf8-with-octets-too-many": re.compile(
        rb"[\xc2-\xdf][\x80-\xbf]{2,}|[\xe0-\xef][\x80-\xbf]{3,}|[\xf0-\xf4][\x80-\xbf]{4,}"),
    "accepts-utf8-leads-f5-to-fd": re.compile(rb"[\xf5-\xfd][\x80-\xbf]*"),
    "accepts-utf8-cut-at-end": re.compile(
        rb"(?:[\xc2-\xdf]|[\xe1-\xef][\x80-\xbf]?|[\xf1-\xf3][\x80-\xbf]{0,2})\Z"),
}
"""Defects that let through sequences of one invalid shape: each is read as a question mark."""

REFUSED = {
    "refuses-utf8-nul": re.compile(rb"\0"),
    "refuses-utf8-noncharacters": re.compile(
        rb"\xef\xb7[\x90-\xaf]|\xef\xbf[\xbe\xbf]|[\xf0-\xf4][\x8f\x9f\xaf\xbf]\xbf[\xbe\xbf]"),
    "refuses-utf8-of-2-octets": re.compile(rb"[\xc2-\xdf]"),
    "refuses-utf8-of-3-octets": re.compile(rb"[\xe0-\xef]"),
    "refuses-utf8-of-4-octets": re.compile(rb"[\xf0-\xf4]"),
    "refuses-utf8-plane-16": re.compile(rb"\xf4[\x80-\x8f]"),
    "refuses-utf8-replacement-character": re.compile(rb"\xef\xbf\xbd"),
    "refuses-utf8-byte-order-mark": re.compile(rb"\A\xef\xbb\xbf"),
    "refuses-utf8-controls": re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]"),
}
"""Defects that refuse text which is right."""

_HOPELESS = re.compile(rb"\xed[\xa0-\xbf]")
"""A beginning of a surrogate, which Python's decoder holds back until the third octet."""


def is_valid(octets: bytes) -> bool:
    """Whether the octets are UTF-8 as a whole."""
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class TextCheck:
    """Checks the octets of one text message as they come; raises Failure(1007).

    The strict check fails at the first octet that no continuation can make right. Switches put
    it off to the frame's or the message's end, which RFC 6455, 8.1 leaves open.
    """

    def __init__(self, on: On, decoder: codecs.IncrementalDecoder | None = None) -> None:
        self._on = on
        self._decoder = decoder or codecs.getincrementaldecoder("utf-8")()
        self._tolerated = [shape for name, shape in TOLERATED.items() if on(name)]
        self._refused = [shape for name, shape in REFUSED.items() if on(name)]
        looks_back = bool(self._tolerated or self._refused)
        self._waits_for_message = (looks_back or on("checks-utf8-at-message-end")
                                   or on("finds-bad-text-50-ms-later"))
        self._waits_for_frame = on("checks-utf8-at-frame-end")
        self._waiting = bytearray()

    def feed(self, octets: bytes) -> None:
        """Takes the next octets of the message."""
        if self._waits_for_message or self._waits_for_frame:
            self._waiting += octets
        else:
            self._decode(octets, final=False)

    def end_frame(self) -> None:
        """A frame of the message is complete; a character may go on in the next one (5.6)."""
        if self._waits_for_frame and not self._waits_for_message:
            self._decode(bytes(self._waiting), final=False)
            self._waiting.clear()
        if self._on("checks-utf8-of-each-fragment"):
            self._decode(b"", final=True)

    def end_message(self) -> None:
        """The message is complete, so its last character has to be."""
        octets = bytes(self._waiting)
        for shape in self._tolerated:
            octets = shape.sub(b"?", octets)
        if any(shape.search(octets) for shape in self._refused):
            raise Failure(INVALID_DATA, "characters that are refused")
        self._decode(octets, final=True)

    def _decode(self, octets: bytes, *, final: bool) -> None:
        try:
            self._decoder.decode(octets, final)
        except UnicodeDecodeError as bad:
            self._decoder.reset()
            raise Failure(INVALID_DATA, f"not UTF-8: {bad.reason}") from bad
        if _HOPELESS.match(self._decoder.getstate()[0]):
            self._decoder.reset()
            raise Failure(INVALID_DATA, "not UTF-8: a surrogate")
