"""Whether an answer opens the connection: the checks of RFC 6455, 4.1, in their order."""

import re

from bugserver.answer import accept_value
from bugserver.header_grammar import BadGrammar, extension_offers, split_list
from bugserver.negotiation import Deflate
from bugserver.switches import On

from . import agreement
from .request import Offer
from .response import BadResponse, Hang, Response

_HANDSHAKE = ("Upgrade", "Connection", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol")


def check(response: Response, offer: Offer, on: On) -> Deflate | None:
    """What was agreed of compression by this answer. Raises BadResponse and Hang."""
    if on(f"takes-{response.status}-for-101"):
        return None
    if response.status != 101:
        raise BadResponse(f"status {response.status}")
    _check_repeated(response, on)
    _check_upgrade(response.values("Upgrade", on), on)
    _check_connection(response.values("Connection", on), on)
    _check_accept(response.values("Sec-WebSocket-Accept", on), offer, on)
    deflate = _check_extensions(response.values("Sec-WebSocket-Extensions", on), offer, on)
    _check_subprotocol(response.values("Sec-WebSocket-Protocol", on), offer, on)
    if int(next(iter(response.values("Content-Length", on)), 0)) and on("waits-for-content-of-101"):
        raise Hang
    if deflate is None and (on("compresses-though-declined")
                            or on("compresses-long-messages-though-declined")):
        return Deflate()
    return deflate


def _check_repeated(response: Response, on: On) -> None:
    repeated = [name for name in _HANDSHAKE if len(response.values(name, on)) > 1]
    if repeated and on("hangs-on-repeated-fields"):
        raise Hang
    if repeated and on("refuses-repeated-fields"):
        raise BadResponse(f"{repeated[0]} twice")


def _check_upgrade(values: list[str], on: On) -> None:
    joined = ",".join(values).lower()
    if not values and on("accepts-missing-upgrade"):
        return
    if values == [""] and on("accepts-empty-upgrade"):
        return
    if values and on("accepts-any-upgrade"):
        return
    if on("hangs-on-list-in-upgrade") and "," in joined:
        raise Hang
    if on("matches-upgrade-by-case") and values not in (["websocket"], ["WEBSOCKET"]):
        raise BadResponse("Upgrade in other letters")
    if on("matches-upgrade-by-prefix") and joined.startswith("websocket"):
        return
    if on("matches-upgrade-by-beginning") and joined and "websocket".startswith(joined):
        return
    members = [member.strip() for member in joined.split(",")]
    if on("takes-list-in-upgrade") and "websocket" in members:
        return
    if joined != "websocket":
        raise BadResponse("Upgrade is not websocket")


def _check_connection(values: list[str], on: On) -> None:
    if not values and on("accepts-missing-connection"):
        return
    if values == [""] and on("accepts-empty-connection"):
        return
    if values and on("accepts-any-connection"):
        return
    joined = ",".join(values)
    if on("matches-connection-by-substring") and "upgrade" in joined.lower():
        return
    if on("reads-upgrade-for-connection") and joined.lower() == "websocket":
        return
    options = split_list(values)
    if on("matches-connection-as-whole-value") and len(options) != 1:
        raise BadResponse("other options in Connection")
    if on("matches-connection-by-case"):
        options = [option for option in options if option in ("Upgrade", "upgrade")]
    if "upgrade" not in [option.lower() for option in options]:
        raise BadResponse("Connection does not list Upgrade")


def _check_accept(values: list[str], offer: Offer, on: On) -> None:
    if not values and on("accepts-missing-accept"):
        return
    right = accept_value(offer.key, on)
    if on("reads-last-accept"):
        values = values[-1:]
    if on("reads-first-accept"):
        values = values[:1]
    if values and set(values) != {right} and not _is_taken(values[0], right, offer, on):
        raise BadResponse("Sec-WebSocket-Accept is not that of the key")
    if len(set(values)) != 1:
        raise BadResponse("not one Sec-WebSocket-Accept")


def _is_taken(value: str, right: str, offer: Offer, on: On) -> bool:
    """Whether a bug takes a value that is wrong."""
    if on("accepts-wrong-accept"):
        return True
    if on("decodes-accept-leniently"):
        return re.sub("[^A-Za-z0-9+/=]", "", value)[:len(right)] == right
    return ((not value and on("accepts-empty-accept"))
            or (value == offer.key and on("accepts-key-for-accept"))
            or (value.startswith(right) and on("matches-accept-by-prefix"))
            or (value.lower() == right.lower() and on("matches-accept-without-case"))
            or (len(value) == len(right) and on("matches-length-of-accept")))


def _check_extensions(values: list[str], offer: Offer, on: On) -> Deflate | None:
    if on("reads-first-extensions-line"):
        values = values[:1]
    if not values:
        return None
    if on("refuses-quoted-windows") and '"' in "".join(values):
        raise BadResponse("a window in quotes")
    try:
        answers = extension_offers(values, on)
        deflate = agreement.agree(answers, offer.extensions, on)
    except BadGrammar as bad:
        if on("ignores-malformed-extensions"):
            return None
        raise BadResponse(f"Sec-WebSocket-Extensions: {bad}") from bad
    except agreement.Unacceptable as bad:
        raise BadResponse(f"Sec-WebSocket-Extensions: {bad}") from bad
    if deflate and deflate.client_bits < 10 and on("refuses-client-window-below-10"):
        raise BadResponse("a small window")
    return deflate


def _check_subprotocol(values: list[str], offer: Offer, on: On) -> None:
    offered = split_list(list(offer.subprotocols))
    if on("hangs-on-second-subprotocol-line") and len(values) > 1:
        raise Hang
    if on("reads-first-subprotocol-line"):
        values = values[:1]
    if on("splits-subprotocol-of-answer") and values:
        values = [values[0].partition(",")[0]]
    if not values or on("accepts-unasked-subprotocol"):
        return
    if not offered and on("accepts-subprotocol-where-none-was-asked"):
        return
    if on("matches-subprotocol-by-prefix") and any(values[0].startswith(name) for name in offered):
        return
    if any(value not in offered for value in values):
        raise BadResponse("a subprotocol that was not offered")
