"""permessage-deflate in the opening handshake (RFC 7692, 5 and 7.1): which offer, which answer."""

import dataclasses
import re
from typing import Literal

from .failure import Refusal
from .header_grammar import Offer
from .switches import On

NAME = "permessage-deflate"
Role = Literal["server", "client"]
"""Which end of the connection: each deflates with limits of its own."""
_NO_VALUE = frozenset({"server_no_context_takeover", "client_no_context_takeover"})
_BITS = frozenset({"server_max_window_bits", "client_max_window_bits"})
_TAKES_8_BITS = ("accepts-8-bit-window", "answers-window-bits-as-offered",
                 "fails-connections-of-8-bit-window")
_WINDOW_BITS = re.compile("[89]|1[0-5]")


class Declined(ValueError):
    """An offer that is not accepted, with the reason."""


@dataclasses.dataclass(frozen=True)
class Deflate:
    """An accepted configuration: the window sizes, and what the answer says of it."""

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_bits: int = 15
    client_bits: int = 15
    name: str = NAME
    parameters: tuple[str, ...] = ()

    def bits(self, sender: Role) -> int:
        """The window of what this end sends."""
        return self.server_bits if sender == "server" else self.client_bits

    def no_context_takeover(self, sender: Role) -> bool:
        """Whether each message of this end begins with an empty window."""
        if sender == "server":
            return self.server_no_context_takeover
        return self.client_no_context_takeover

    def field_value(self, on: On) -> str:
        """Sec-WebSocket-Extensions of the 101."""
        value = "; ".join([self.name, *self.parameters])
        if on("answers-extension-twice"):
            value = f"{value}, {value}"
        if on("answers-deflate-frame-too"):
            value += ", x-webkit-deflate-frame"
        return value


def echoed(offers: list[Offer], on: On) -> list[str]:
    """The names of extensions that the server does not know and still accepts."""
    names = [offer.name for offer in offers if offer.name.lower() != NAME]
    return names if on("accepts-unknown-extensions") else []


def answer(offers: list[Offer], on: On) -> Deflate | None:
    """The configuration for the first acceptable offer, in the client's order, or None."""
    if on("never-negotiates-deflate"):
        return None
    for offer in reversed(offers) if on("prefers-last-offer") else offers:
        if offer.name != NAME and not (on("folds-extension-case") and offer.name.lower() == NAME):
            continue
        try:
            return _accept(offer, on)
        except Declined:
            if on("answers-500-to-bad-offer"):
                raise Refusal(500, "a bad permessage-deflate offer") from None
            if on("refuses-handshake-for-bad-offer"):
                raise Refusal(400, "a bad permessage-deflate offer") from None
            if on("answers-name-though-declined"):
                return Deflate()
    return None


def _accept(offer: Offer, on: On) -> Deflate:
    try:
        parameters = _checked(offer, on)
    except Declined:
        if on("drops-tcp-on-bad-offer"):
            raise Refusal(0, "a bad permessage-deflate offer") from None
        raise
    no_server = "server_no_context_takeover" in parameters
    no_client = "client_no_context_takeover" in parameters
    if no_server and on("declines-server-no-context-takeover"):
        raise Declined("a parameter that is not supported")
    server_bits = int(parameters.get("server_max_window_bits") or 15)
    if server_bits == 8 and not any(map(on, _TAKES_8_BITS)):
        if on("answers-500-to-8-bit-window"):
            raise Refusal(500, "zlib knows no raw window of 8 bits")
        if not on("answers-8-bit-window-and-writes-10"):
            raise Declined("zlib cannot keep to a window of 8 bits")
        server_bits = 10
    if server_bits != 15 and on("declines-server-max-window-bits"):
        raise Declined("a parameter that is not supported")
    client_hint = parameters.get("client_max_window_bits")
    return _answer(parameters, no_server, no_client, server_bits, client_hint, on)


def _answer(parameters: dict[str, str | None], no_server: bool, no_client: bool, server_bits: int,
            client_hint: str | None, on: On) -> Deflate:
    said: list[str] = []
    no_server = no_server or on("adds-server-no-context-takeover")
    no_client = (no_client and not on("declines-client-no-context-takeover-hint")) \
        or on("adds-client-no-context-takeover")
    if no_server and not on("omits-server-no-context-takeover"):
        said.append("server_no_context_takeover=true" if on("answers-takeover-with-value")
                    else "server_no_context_takeover")
    if no_client and not on("takes-client-no-context-takeover-silently"):
        said.append("client_no_context_takeover=true" if on("answers-client-takeover-with-value")
                    else "client_no_context_takeover")
    said.extend(_server_bits_said(parameters, server_bits, on))
    client_bits, client_said = _client_bits(parameters, client_hint, on)
    if on("adds-server-max-window-bits") and "server_max_window_bits" not in parameters:
        server_bits = 10
        said.append("server_max_window_bits=10")
    said.extend(client_said)
    if on("answers-undefined-parameter"):
        said.append("level=6")
    if on("answers-parameter-twice") and said:
        said.append(said[0])
    return Deflate(no_server, no_client, server_bits, client_bits, NAME, tuple(said))


def _server_bits_said(parameters: dict[str, str | None], bits: int, on: On) -> list[str]:
    if "server_max_window_bits" not in parameters or on("omits-server-max-window-bits"):
        return []
    if on("answers-larger-server-window"):
        return [f"server_max_window_bits={min(15, bits + 1)}"]
    if on("answers-window-bits-as-offered"):
        return [f"server_max_window_bits={parameters['server_max_window_bits']}"]
    if on("answers-window-bits-with-leading-zero"):
        return [f"server_max_window_bits={bits:03}"]
    if on("answers-window-bits-quoted"):
        return [f'server_max_window_bits="{bits}"']
    if on("answers-8-bit-window-and-writes-10") and parameters["server_max_window_bits"] == "8":
        return ["server_max_window_bits=8"]
    return [f"server_max_window_bits={bits}"]


def _client_bits(parameters: dict[str, str | None], hint: str | None,
                 on: On) -> tuple[int, list[str]]:
    """The window to inflate with, and what the answer says: nothing, as the hint may be ignored."""
    if "client_max_window_bits" not in parameters:
        if on("answers-client-window-unasked"):
            return 15, ["client_max_window_bits=15"]
        return 15, []
    if on("answers-client-window-without-value"):
        return 15, ["client_max_window_bits"]
    if on("answers-client-window-15"):
        return 15, ["client_max_window_bits=15"]
    if on("answers-client-window-16"):
        return 15, ["client_max_window_bits=16"]
    if on("answers-window-bits-as-offered") and hint:
        return 15, [f"client_max_window_bits={hint}"]
    wanted = max(9, int(hint or 15))
    if on("shrinks-client-window-silently"):
        return min(wanted, 10), []
    if (on("takes-client-window-hint") or on("guesses-beyond-the-client-window")) and wanted >= int(hint or 15):
        return wanted, [f"client_max_window_bits={wanted}"]
    return 15, []


def _checked(offer: Offer, on: On) -> dict[str, str | None]:
    """The parameters of an offer that breaks none of 7's rules; raises Declined."""
    parameters: dict[str, str | None] = {}
    for name, value in offer.parameters:
        if name in parameters and not on("accepts-parameter-twice"):
            raise Declined("a parameter twice")
        if name in _NO_VALUE:
            _check_no_value(value, on)
        elif name in _BITS:
            value = _check_bits(name, value, on)
        elif not on("accepts-undefined-parameter"):
            raise Declined("an undefined parameter")
        parameters[name] = value
    return parameters


def _check_no_value(value: str | None, on: On) -> None:
    if value is not None and not on("accepts-value-of-takeover"):
        raise Declined("a value where there is none")


def _check_bits(name: str, value: str | None, on: On) -> str | None:
    """8 to 15 without leading zero; only client_max_window_bits may stand alone in an offer."""
    if value is None:
        if name == "client_max_window_bits" or on("accepts-server-window-without-value"):
            return None
        raise Declined("a value is missing")
    if _WINDOW_BITS.fullmatch(value):
        return value
    if value == "7" and on("accepts-window-bits-7"):
        return "9"
    if value == "16" and on("accepts-window-bits-16"):
        return "15"
    if value.isdigit() and 8 <= int(value) <= 15 and on("accepts-leading-zero-in-window-bits"):
        return str(int(value))
    if value.isdigit() and 8 <= int(value) <= 15 and on("answers-window-bits-as-offered"):
        return value
    if on("accepts-any-window-bits"):
        return "15"
    raise Declined("an invalid value")
