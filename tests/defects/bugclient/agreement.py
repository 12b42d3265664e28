"""What the server's answer makes of an offer of permessage-deflate (RFC 7692, 5 and 7.1)."""

import re

from bugserver.header_grammar import Offer, extension_offers
from bugserver.negotiation import NAME, Deflate
from bugserver.switches import On

_NO_VALUE = ("server_no_context_takeover", "client_no_context_takeover")
_BITS = ("server_max_window_bits", "client_max_window_bits")
_WINDOW_BITS = re.compile("[89]|1[0-5]")
MEMBERS_OF_OBJECTS = ["__proto__", "constructor", "toString", "hasOwnProperty"]
Parameters = dict[str, str | None]


class Unacceptable(Exception):
    """An answer that fails the connection; the message says why."""


def agree(answers: list[Offer], offered: tuple[str, ...], on: On) -> Deflate | None:
    """The configuration that is in use from now on; raises Unacceptable."""
    asked = extension_offers(list(offered), on) if offered else []
    names = [answer.name for answer in answers]
    known = [offer.name for offer in asked]
    if on("takes-members-of-objects-for-extensions"):
        known += MEMBERS_OF_OBJECTS
    unknown = [name for name in names if name not in known]
    if on("takes-deflate-without-offer"):
        unknown = [name for name in unknown if name != NAME]
    if unknown and not on("accepts-unasked-extension"):
        raise Unacceptable("an extension that was not offered")
    deflates = [answer for answer in answers if answer.name == NAME]
    if len(deflates) > 1 and not on("accepts-deflate-twice"):
        raise Unacceptable("permessage-deflate twice")
    return _agree(deflates[0], [offer for offer in asked if offer.name == NAME], on) \
        if deflates else None


def _agree(answer: Offer, asked: list[Offer], on: On) -> Deflate:
    said = _checked(answer, on)
    if not any(_fits(said, dict(offer.parameters), on) for offer in asked):
        if asked or not (on("takes-deflate-without-offer") or on("accepts-unasked-extension")):
            raise Unacceptable("an answer that fits no offer")
    if on("refuses-limits-of-server-unasked") and not any(
            set(said) & {"server_no_context_takeover", "server_max_window_bits"}
            <= dict(offer.parameters).keys() for offer in asked):
        raise Unacceptable("a limit that nobody asked for")
    return Deflate(
        server_no_context_takeover="server_no_context_takeover" in said,
        client_no_context_takeover="client_no_context_takeover" in said,
        server_bits=9 if on("shrinks-server-window-silently")
        else int(said.get("server_max_window_bits") or 15),
        client_bits=int(said.get("client_max_window_bits") or 15))


def _fits(said: Parameters, offer: Parameters, on: On) -> bool:
    """Whether the answer grants what this offer asks, and asks for no more than it permits (7.1)."""
    if on("takes-less-than-it-offered"):
        offer = offer | dict.fromkeys(said)
    elif "server_no_context_takeover" in offer and "server_no_context_takeover" not in said:
        return False
    wanted = int((offer.get("server_max_window_bits") or "15").strip('"'))
    if int(said.get("server_max_window_bits") or 15) > wanted:
        return False
    return ("client_max_window_bits" not in said or "client_max_window_bits" in offer
            or on("takes-client-window-without-offer"))


def _checked(answer: Offer, on: On) -> Parameters:
    """The parameters of an answer that breaks none of 7's rules."""
    parameters: Parameters = {}
    for name, value in answer.parameters:
        if name in parameters and not on("accepts-parameter-twice-in-answer"):
            raise Unacceptable("a parameter twice")
        if name in _NO_VALUE:
            _check_no_value(value, on)
        elif name in _BITS:
            value = _check_bits(name, value, on)
        elif not (on("accepts-undefined-parameter-in-answer")
                  or (on("takes-members-of-objects-for-extensions") and name in MEMBERS_OF_OBJECTS)):
            raise Unacceptable("an undefined parameter")
        parameters[name] = value
    return parameters


def _check_no_value(value: str | None, on: On) -> None:
    if value is not None and not on("accepts-takeover-with-value-in-answer"):
        raise Unacceptable("a value where there is none")


def _check_bits(name: str, value: str | None, on: On) -> str | None:
    if value is None and on("accepts-window-without-value-in-answer"):
        return value
    if value is not None and _WINDOW_BITS.fullmatch(value):
        return value
    if value is not None and on("reads-window-bits-like-atoi"):
        read = re.match(r"[+-]?0*(\d*)", value)[1] or "0"
        if 8 <= int(read) <= 15:
            return read
    if value is not None and value.isdigit() and on("reads-window-bits-in-32-bits"):
        if 8 <= int(value) % 2**32 <= 15:
            return str(int(value) % 2**32)
    if value is not None and on("reads-window-bits-in-any-base"):
        if re.fullmatch("0x[0-9a-f]+", value) and 8 <= int(value, 16) <= 15:
            return str(int(value, 16))
    if value is not None and on("takes-default-for-bad-window"):
        return "15"
    if value is not None and value.isdigit() and on("clamps-window-bits-in-answer"):
        return str(min(15, max(9, int(value))))
    raise Unacceptable(f"an invalid {name}")
