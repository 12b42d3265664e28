"""The switches of the client: those of bugserver that both ends can have, and its own."""

import dataclasses

from bugserver.switches import Kind, Switch, closing, deflate, framing, messages

from . import masking, request, response, traffic

OF_SERVERS = frozenset({
    "ignores-unmasked-frames", "echo-masks-continuation", "waits-for-client-to-close-tcp",
    "closes-tcp-1-s-after-close", "resets-after-close", "ignores-fin",
    # a client under test sends back, and nothing of its own (docs/clients.md)
    "greets-first",
    # a server's frames have no masking key
    "leaves-last-octets-masked", "reverses-masking-key-of-large-frames",
    "restarts-masking-key-at-each-read", "keeps-masking-offset-between-frames",
    "expects-no-key-in-empty-frame", "refuses-zero-masking-key",
    "refuses-line-ends-in-masking-key",
    # RFC 7692 names each end's limits
    "forgets-client-window", "forgets-server-window", "shrinks-client-window-silently",
    "guesses-beyond-the-client-window", "ignores-server-no-context-takeover",
    "ignores-server-max-window-bits"})
# Here one process reads for thousands of connections: played alone, segments stay as they were cut.
BY_SEGMENTS = frozenset({
    "loses-header-cut-between-segments", "takes-cut-short-frame-as-whole",
    "reads-one-frame-per-segment", "sends-after-50-ms-without-101"})
# A server has to close TCP, a client only should: wspec warns.
WARNED = frozenset({"keeps-tcp-open-after-close", "keeps-tcp-open-after-failure"})
# 7.4.1: no server uses 1010.
ODD_FOR_CLIENTS = frozenset({"refuses-close-code-1010"})
_BEGINNINGS_OF_SERVERS = ("accepts-unmasked-", "masks-", "leaves-tail-behind-")


def _binds_clients(switch: Switch) -> bool:
    return switch.name not in OF_SERVERS and not switch.name.startswith(_BEGINNINGS_OF_SERVERS)


def _collect() -> dict[str, Switch]:
    common = [*framing.SWITCHES, *messages.SWITCHES, *closing.SWITCHES, *deflate.ONCE_AGREED]
    own = [*request.SWITCHES, *response.SWITCHES, *masking.SWITCHES, *traffic.SWITCHES]
    registry: dict[str, Switch] = {}
    for switch in [*filter(_binds_clients, common), *own]:
        if switch.name in registry:
            raise ValueError(f"switch declared twice: {switch.name}")
        if switch.name in ODD_FOR_CLIENTS:
            switch = dataclasses.replace(switch, kind=Kind.ODDITY, verdict="note")
        alone = switch.alone or switch.name in BY_SEGMENTS
        verdict = "warn" if switch.name in WARNED else switch.verdict
        registry[switch.name] = dataclasses.replace(switch, alone=alone, verdict=verdict)
    return registry


REGISTRY: dict[str, Switch] = _collect()

__all__ = ["REGISTRY", "Kind", "Switch"]
