"""What the server's answer makes of an offer of permessage-deflate (RFC 7692, 5 and 7.1)."""

import re

from bugserver.header_grammar import Offer
from bugserver.negotiation import NAME, Deflate
from bugserver.switches import On

_NO_VALUE = ("server_no_context_takeover", "client_no_context_takeover")
_BITS = ("server_max_window_bits", "client_max_window_bits")
_WINDOW_BITS = re.compile("[89]|1[0-5]")


class Unacceptable(Exception):
    """An answer that fails the connection; the message says why."""


def agree(answers: list[Offer], offered: str, on: On) -> Deflate:
    """The configuration that is in use from now on; raises Unacceptable."""
    names = [answer.name for answer in answers]
    if NAME not in offered or any(name != NAME for name in names):
        raise Unacceptable("an extension that was not offered")
    if len(names) > 1:
        raise Unacceptable("permessage-deflate twice")
    parameters = _checked(answers[0], offered, on)
    return Deflate(
        server_no_context_takeover="server_no_context_takeover" in parameters,
        client_no_context_takeover="client_no_context_takeover" in parameters,
        server_bits=int(parameters.get("server_max_window_bits") or 15),
        client_bits=int(parameters.get("client_max_window_bits") or 15))


def _checked(answer: Offer, offered: str, on: On) -> dict[str, str | None]:
    parameters: dict[str, str | None] = {}
    for name, value in answer.parameters:
        if name in parameters:
            raise Unacceptable("a parameter twice")
        if name in _NO_VALUE:
            _check_no_value(value, on)
        elif name in _BITS:
            _check_bits(value, on)
        else:
            raise Unacceptable("an undefined parameter")
        parameters[name] = value
    if "client_max_window_bits" in parameters and "client_max_window_bits" not in offered:
        raise Unacceptable("a client window that was not offered")
    return parameters


def _check_no_value(value: str | None, on: On) -> None:
    if value is not None:
        raise Unacceptable("a value where there is none")


def _check_bits(value: str | None, on: On) -> None:
    if value is None or not _WINDOW_BITS.fullmatch(value):
        raise Unacceptable("an invalid window")
