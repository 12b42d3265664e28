"""The server's side of the opening handshake (RFC 6455, 4.2): a request in, an agreement out."""

import base64
import dataclasses
import re
from collections.abc import Sequence

from . import negotiation
from .failure import Refusal
from .header_grammar import (ABSOLUTE_FORM, HOST, ORIGIN_FORM, TOKEN, BadGrammar, Offer,
                             extension_offers, has_empty_elements, split_list, token_list)
from .http1 import Request
from .switches import On

SUBPROTOCOLS = ("chat", "superchat")
KNOWN_METHODS = frozenset({"HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"})
UPGRADE = (("Upgrade", "websocket"), ("Connection", "Upgrade"))
_KEY = re.compile(r"[A-Za-z0-9+/]{22}==")
_REQUIRED_ORDER = ("upgrade", "connection", "sec-websocket-key", "sec-websocket-version")
_USUAL_FIELDS = frozenset({
    "host", "upgrade", "connection", "origin", "user-agent", "accept", "accept-encoding",
    "accept-language", "cache-control", "pragma", "sec-websocket-key", "sec-websocket-version",
    "sec-websocket-protocol", "sec-websocket-extensions", "content-length", "transfer-encoding",
    "expect", "date", "authorization", "cookie"})


@dataclasses.dataclass(frozen=True)
class Agreement:
    """What the 101 will say, and how the connection starts."""

    key: str
    offered_subprotocols: tuple[str, ...] = ()
    subprotocol: str | None = None
    deflate: "negotiation.Deflate | None" = None
    echoed: tuple[str, ...] = ()
    expects_continue: bool = False
    skip_body: int = 0
    close_at_once: bool = False
    chunked_body: bool = False
    upgrade: str = "websocket"
    accepts_gzip: bool = False
    request_id: str | None = None
    accept_of_client: str | None = None


def agree(request: Request, on: On, subprotocols: Sequence[str] = SUBPROTOCOLS) -> Agreement:
    """Checks the request as 4.2.1 asks; raises Refusal with the status for what it finds first."""
    _check_version_of_http(request, on)
    _check_method(request, on)
    host = _check_target_and_host(request, on)
    skip_body = _check_body(request, on)
    _check_expectation(request, on)
    _check_field_habits(request, on)
    _check_upgrade(request, on)
    _check_connection(request, on)
    _check_version(request, on)
    key = _check_key(request, on)
    allowed = _check_policy(request, host, on)
    offered = _offered_subprotocols(request, on)
    offers = _offers(request, on)
    return Agreement(
        key=key, offered_subprotocols=tuple(offered),
        subprotocol=_choose_subprotocol(request, offered, subprotocols, on),
        deflate=negotiation.answer(offers, on), echoed=tuple(negotiation.echoed(offers, on)),
        expects_continue=bool(request.values("Expect")), skip_body=skip_body,
        close_at_once=not allowed,
        chunked_body=bool(request.values("Transfer-Encoding")),
        upgrade=", ".join(request.values("Upgrade")),
        accepts_gzip="gzip" in ",".join(request.values("Accept-Encoding")),
        request_id=next(iter(request.values("X-Request-Id")), None),
        accept_of_client=next(iter(request.values("Sec-WebSocket-Accept")), None))


def is_unusual(request: Request) -> bool:
    """What few clients send, right as it is."""
    hosts = request.values("Host")
    return ("?" in request.target or "://" in request.target or request.version > (1, 1)
            or bool(request.values("Authorization")) or not all(_is_local(host) for host in hosts))


def _is_local(host: str) -> bool:
    return host.partition(":")[0] in ("127.0.0.1", "localhost")


def _check_version_of_http(request: Request, on: On) -> None:
    major, minor = request.version
    if major != 1:
        raise Refusal(505, "only HTTP/1.x is spoken here")
    if minor == 0 and not on("accepts-http-10"):
        raise _upgrade_required(on)
    if minor > 1 and on("answers-505-to-http-12"):
        raise Refusal(505, "only HTTP/1.1 is spoken here")


def _check_method(request: Request, on: On) -> None:
    method = request.method
    if method == "GET" or on("accepts-any-method"):
        return
    if method == "get" and on("accepts-lowercase-method"):
        return
    if method == "HEAD" and on("accepts-head-method"):
        return
    if on("answers-400-to-other-methods"):
        raise Refusal(400, "only GET is served")
    if method not in KNOWN_METHODS or on("answers-501-to-other-methods"):
        raise Refusal(501, "no such method")
    allow = () if on("omits-allow-in-405") else (("Allow", "GET"),)
    raise Refusal(405, "only GET is served", allow)


def _check_target_and_host(request: Request, on: On) -> str:
    """Checks Host and target; the host that the request is for, from the target if it is there."""
    hosts = request.values("Host")
    if not hosts and not on("accepts-missing-host"):
        raise Refusal(400, "no Host")
    if on("overlooks-empty-hosts"):
        hosts = [host for host in hosts if host]
    if len(hosts) > 1 and not on("accepts-two-hosts"):
        raise Refusal(400, "more than one Host")
    if not all(HOST.fullmatch(host) for host in hosts) and not on("accepts-invalid-host"):
        raise Refusal(400, "an invalid Host")
    target = request.target
    if len(target) > 8192 and on("answers-400-to-long-target"):
        raise Refusal(400, "the target is too long")
    absolute = ABSOLUTE_FORM.fullmatch(target)
    if absolute:
        return _check_absolute_target(absolute, hosts, on)
    if not ORIGIN_FORM.fullmatch(target) and not on("takes-any-octets-in-target"):
        raise Refusal(400, "an invalid request target")
    _check_path(target.partition("?")[0], on)
    return hosts[0] if hosts else ""


def _check_absolute_target(match: re.Match[str], hosts: list[str], on: On) -> str:
    host, rest = match[1], match[2]
    if on("refuses-absolute-target"):
        raise Refusal(400, "an absolute request target")
    if on("routes-absolute-target-as-path"):
        raise Refusal(404, "no such path")
    if not HOST.fullmatch(host):
        raise Refusal(400, "an invalid host in the request target")
    if on("refuses-host-unlike-target") and hosts and hosts[0].lower() != host.lower():
        raise Refusal(400, "Host and target differ")
    _check_path(rest.partition("?")[0] or "/", on)
    return host


def _check_path(path: str, on: On) -> None:
    if on("serves-only-the-root") and path != "/":
        raise Refusal(404, "no such path")
    if on("refuses-well-known-paths") and path.startswith("/.well-known/"):
        raise Refusal(500, "a well-known path")


def _check_body(request: Request, on: On) -> int:
    """Refuses a request with a body; how many octets of one to skip where an oddity does."""
    codings = ",".join(request.values("Transfer-Encoding")).lower()
    if codings and not _passes_over_coding(codings, on):
        raise Refusal(400, "a handshake has no body")
    lengths = request.values("Content-Length")
    valid = len(lengths) <= 1 and all(re.fullmatch("[0-9]{1,9}", v) for v in lengths)
    if not valid:
        if on("ignores-invalid-content-length"):
            return 0
        raise Refusal(400, "an invalid Content-Length")
    length = int(lengths[0]) if lengths else 0
    if not length or on("reads-request-body-as-frames"):
        return 0
    if on("skips-request-body") and length < 65536:
        return length
    raise Refusal(400, "a handshake has no body")


def _passes_over_coding(codings: str, on: On) -> bool:
    if on("matches-chunked-by-suffix") and codings != "chunked" and codings.endswith("chunked"):
        return True
    if on("reads-chunked-body-as-frames") and codings == "chunked":
        return True
    return on("ignores-transfer-encoding") and not codings.endswith("chunked")


def _check_expectation(request: Request, on: On) -> None:
    expectations = [value.lower() for value in request.values("Expect")]
    if expectations and on("answers-417-to-any-expectation"):
        raise Refusal(417, "no expectation is met here")
    if any(v != "100-continue" for v in expectations) and on("answers-417-to-unknown-expectation"):
        raise Refusal(417, "no such expectation")


def _check_field_habits(request: Request, on: On) -> None:
    """Bugs in how the fields are looked at; the strict server has nothing to check here."""
    names = [name.lower() for name, _ in request.fields]
    if on("refuses-unknown-fields") and not _USUAL_FIELDS.issuperset(names):
        raise Refusal(400, "an unknown header field")
    if on("refuses-accept-of-client") and "sec-websocket-accept" in names:
        raise Refusal(400, "a field of the answer")
    if on("refuses-cookies") and "cookie" in names:
        raise Refusal(400, "a cookie")
    if on("refuses-cache-control") and "cache-control" in names:
        raise Refusal(504, "not in the cache")
    order = [name for name in names if name in _REQUIRED_ORDER]
    if on("requires-field-order") and order != list(_REQUIRED_ORDER):
        raise Refusal(400, "fields out of order")
    if on("requires-host-first") and names[:1] != ["host"]:
        raise Refusal(400, "Host is not the first field")
    if on("requires-usual-field-case"):
        usual = ("Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version")
        if not all(request.values(name, any_case=False) for name in usual):
            raise Refusal(400, "a required field is missing")
    if on("answers-401-without-challenge") and "authorization" in names:
        raise Refusal(401, "who are you?")


def _upgrade_required(on: On) -> Refusal:
    """A 426 names the protocol in Upgrade and lists Upgrade in Connection (9110, 7.8, 7.6.1)."""
    if on("answers-400-without-upgrade"):
        return Refusal(400, "a WebSocket handshake is needed")
    if on("answers-404-without-upgrade"):
        return Refusal(404, "nothing to see without a WebSocket handshake")
    fields = () if on("omits-upgrade-in-426") else UPGRADE
    return Refusal(426, "a WebSocket handshake is needed", fields)


def _check_upgrade(request: Request, on: On) -> None:
    values = request.values("Upgrade")
    if not values:
        if on("accepts-missing-upgrade") or _is_upgraded_by_key_alone(request, on):
            return
        raise _upgrade_required(on)
    if not _names_websocket(values, on):
        raise _upgrade_required(on)


def _is_upgraded_by_key_alone(request: Request, on: On) -> bool:
    return (on("upgrades-by-key-alone") and not request.values("Upgrade")
            and not request.values("Connection"))


def _names_websocket(values: list[str], on: On) -> bool:
    """Whether a member of the Upgrade list is websocket, ASCII letters folded (RFC 6455, 2.1)."""
    joined = ",".join(values)
    if on("accepts-any-upgrade"):
        return True
    if on("folds-unicode-in-upgrade"):
        joined = joined.encode("latin-1").decode("utf-8", "replace").casefold()
    if on("matches-upgrade-by-substring"):
        return "websocket" in joined.lower()
    if on("matches-upgrade-by-prefix"):
        return joined.lower().startswith("websocket")
    if on("matches-upgrade-without-blanks"):
        joined = joined.replace(" ", "")
    members = [member.strip(" \t") for member in joined.split(",")]
    if on("matches-upgrade-as-whole-value") and len(members) != 1:
        return False
    if on("matches-upgrade-by-case"):
        return "websocket" in members
    return "websocket" in [member.lower() for member in members]


def _check_connection(request: Request, on: On) -> None:
    values = request.values("Connection")
    if not values and (on("accepts-missing-connection") or _is_upgraded_by_key_alone(request, on)):
        return
    if values and on("accepts-any-connection"):
        return
    if not _connection_lists_upgrade(values, on):
        raise Refusal(400, "Connection does not list upgrade")


def _connection_lists_upgrade(values: list[str], on: On) -> bool:
    if on("matches-connection-by-substring"):
        return "upgrade" in ",".join(values).lower()
    if on("refuses-empty-list-elements") and has_empty_elements(values):
        return False
    if on("reads-only-first-connection-line"):
        values = values[:1]
    if on("reads-only-last-connection-line"):
        values = values[-1:]
    members = split_list(values)
    if on("matches-connection-as-whole-value") and len(members) != 1:
        return False
    if on("matches-connection-by-case"):
        return "Upgrade" in members
    if on("refuses-tabs-in-lists") and any("\t" in value for value in values):
        return False
    return "upgrade" in [member.lower() for member in members]


def _check_version(request: Request, on: On) -> None:
    """Exactly one Sec-WebSocket-Version, exactly 13; refusals name it (4.2.2, 4.4)."""
    values = request.values("Sec-WebSocket-Version")
    if not values and on("accepts-missing-version"):
        return
    if len(values) == 1 and _is_understood(values[0], on):
        return
    if len(values) > 1 and _is_understood_list(values, on):
        return
    if on("closes-silently-on-wrong-version"):
        raise Refusal(0, "closes without an answer")
    status = 400 if on("answers-400-to-wrong-version") else 426
    upgrade = UPGRADE if status == 426 and not on("omits-upgrade-in-426") else ()
    raise Refusal(status, "only version 13 is understood", (*upgrade, *_version_fields(on)))


def _is_understood(value: str, on: On) -> bool:
    if value == "13" or (value and on("accepts-any-version")):
        return True
    if on("accepts-empty-version") and value == "":
        return True
    if on("accepts-version-8") and value == "8":
        return True
    if on("accepts-newer-versions") and value.isdigit() and 13 < int(value) <= 255:
        return True
    if on("reads-version-as-number") and re.fullmatch(r"[ \t]*0*13(\.0*)?[ \t]*", value):
        return True
    if on("reads-version-by-prefix") and value.startswith("13"):
        return True
    return on("reads-version-as-list") and "13" in split_list([value])


def _is_understood_list(values: list[str], on: On) -> bool:
    if on("accepts-repeated-version") and set(values) == {"13"}:
        return True
    return on("takes-any-of-two-versions") and "13" in values


def _version_fields(on: On) -> tuple[tuple[str, str], ...]:
    name = "Sec-WebSocket-Version"
    if on("omits-version-in-refusal"):
        return ()
    if on("lists-versions-it-refuses"):
        return ((name, "13, 8, 7"),)
    if on("lists-malformed-versions"):
        return ((name, "RFC6455"),)
    if on("lists-version-0013"):
        return ((name, "013"),)
    return ((name, "13"),)


def _check_key(request: Request, on: On) -> str:
    """Exactly one key: base64 of 16 octets. Pad bits may be set, as in the RFC's own sample."""
    keys = request.values("Sec-WebSocket-Key")
    if not keys and on("accepts-missing-key"):
        return ""
    if len(keys) == 1 and not keys[0] and on("accepts-empty-key"):
        return ""
    if len(keys) > 1 and on("accepts-two-keys"):
        return keys[0]
    if len(keys) != 1:
        raise Refusal(400, "not exactly one Sec-WebSocket-Key")
    if keys[0] and on("accepts-key-of-any-length"):
        return keys[0]
    if keys[0] and not _KEY.fullmatch(keys[0]) and on("answers-wrongly-to-bad-key"):
        return keys[0] + "="
    if not _KEY.fullmatch(keys[0]):
        raise Refusal(400, "Sec-WebSocket-Key is not base64 of 16 octets")
    if on("reads-ff-in-key-as-end") and b"\xff" in base64.b64decode(keys[0]):
        raise Refusal(400, "Sec-WebSocket-Key is too short")
    canonical = base64.b64encode(base64.b64decode(keys[0])).decode()
    if on("refuses-pad-bits-in-key") and canonical != keys[0]:
        raise Refusal(400, "pad bits are set in Sec-WebSocket-Key")
    return canonical if on("reencodes-key") else keys[0]


def _check_policy(request: Request, host: str, on: On) -> bool:
    """Applies a policy where a switch sets one; False lets a Close follow the 101."""
    foreign = any(not _is_same_site(value, host) for value in request.values("Origin"))
    if foreign and on("refuses-foreign-origin"):
        raise Refusal(403, "a foreign origin")
    if request.values("Authorization") and on("redirects-with-authorization"):
        raise Refusal(302, "elsewhere", (("Location", f"http://{host}/"),))
    path = request.target.partition("?")[0]
    missing = path != "/" and on("closes-after-101-on-other-paths")
    return not missing and not (foreign and on("closes-after-101-on-foreign-origin"))


def _is_same_site(origin: str, host: str) -> bool:
    return origin.partition("://")[2].lower() == host.lower()


def _offered_subprotocols(request: Request, on: On) -> list[str]:
    values = request.values("Sec-WebSocket-Protocol")
    if not values:
        return []
    if on("selects-malformed-subprotocol"):
        return [element for value in values for element in value.split(",")]
    if on("keeps-blanks-around-subprotocols"):
        return values[0].split(", ")
    if on("selects-last-subprotocol-unchecked"):
        return split_list_leniently(values)[-1:]
    if on("selects-empty-list-element") and not values[0].partition(",")[0].strip():
        return [""]
    if on("skips-malformed-subprotocols"):
        return [element for element in split_list_leniently(values) if TOKEN.fullmatch(element)]
    try:
        offered = token_list(values)
    except BadGrammar as bad:
        raise Refusal(400, f"Sec-WebSocket-Protocol: {bad}") from bad
    if len(set(offered)) != len(offered) and not (
            on("accepts-duplicate-subprotocols") or on("answers-subprotocol-as-often-as-offered")):
        raise Refusal(400, "Sec-WebSocket-Protocol: a value twice")
    return offered


def split_list_leniently(values: list[str]) -> list[str]:
    """Splits at every comma, as many servers do, quotes or not."""
    return [element.strip(" \t") for value in values for element in value.split(",")]


def _choose_subprotocol(request: Request, offered: list[str], supported: Sequence[str],
                        on: On) -> str | None:
    if on("selects-last-subprotocol-unchecked") and offered:
        return offered[0]
    if on("selects-empty-list-element") and offered == [""]:
        return ""
    if on("selects-malformed-subprotocol") and offered and not TOKEN.fullmatch(offered[0]):
        return offered[0].strip(" \t")
    if not offered:
        return "chat" if on("selects-subprotocol-unasked") else None
    common = [name for name in offered if name in supported]
    if common:
        return common[-1] if on("prefers-last-subprotocol") else common[0]
    if on("keeps-blanks-around-subprotocols"):
        return supported[-1]
    if on("refuses-unknown-subprotocols"):
        raise Refusal(400, "none of the subprotocols is supported")
    if on("selects-subprotocol-by-folding-case"):
        return next((n for n in supported if n in [o.lower() for o in offered]), None)
    if on("selects-unoffered-subprotocol"):
        return supported[0]
    if on("selects-any-offered-subprotocol"):
        return offered[0]
    return "" if on("selects-empty-subprotocol") else None


def _offers(request: Request, on: On) -> list[Offer]:
    values = request.values("Sec-WebSocket-Extensions")
    if not values:
        return []
    if len(values) > 1 and on("refuses-second-extensions-line"):
        raise Refusal(400, "Sec-WebSocket-Extensions twice")
    if on("reads-only-first-extensions-line"):
        values = values[:1]
    if on("splits-extensions-inside-quotes"):
        values = [part for value in values for part in _split_inside_quotes(value)]
    if on("wants-blanks-in-extensions") and any(re.search("[;,][^ \t]", v) for v in values):
        raise Refusal(400, "no blank in Sec-WebSocket-Extensions")
    if on("refuses-blanks-in-extensions") and any(c in v for v in values for c in " \t"):
        raise Refusal(400, "a blank in Sec-WebSocket-Extensions")
    try:
        return extension_offers(values, on)
    except BadGrammar as bad:
        if on("ignores-malformed-extensions"):
            return []
        status = 500 if on("answers-500-to-malformed-extensions") else 400
        raise Refusal(status, f"Sec-WebSocket-Extensions: {bad}") from bad


def _split_inside_quotes(value: str) -> list[str]:
    """The elements as a split at every comma gives them; what has half a quote loses its parameters."""
    parts = [part.strip() for part in value.split(",")]
    return [part.partition(";")[0] if part.count('"') % 2 else part for part in parts]
