"""Switches of an open connection that only a client can have, and of connections beside it."""

from bugserver.switches import connections, defect, oddity

_OF_BOTH = {
    "shares-fragments-among-connections", "shares-frame-reader-among-connections",
    "shares-utf8-state-among-connections", "writes-to-newest-connection", "drops-others-on-close",
    "drops-others-on-failure", "drops-all-connections-above-16-mib", "drops-all-connections-on-reset",
    "drops-others-on-fin", "gives-up-slow-messages", "loses-echoes-that-are-not-read",
    "loses-what-comes-after-a-pause", "hangs-when-fin-follows-close"}

_CLOSING = (
    defect("closes-when-idle", "6455-7.1.7-08 6455-7.2.1-03 6455-7.3-02",
           "closes with 1001 when nothing has come for 0.2 s", warn=True),
    defect("drops-tcp-when-idle", "6455-7.1.7-08 6455-7.3-02",
           "closes TCP when nothing has come for 0.2 s", warn=True),
    defect("sends-data-behind-close", "6455-5.5.1-08",
           "sends a message 20 ms behind its Close"),
    defect("closes-with-1002-after-close", "6455-5.5.1-09 6455-7.4.1-02",
           "takes any Close for a fault and answers with 1002"),
    defect("ignores-close-before-first-message", "6455-5.5.1-09",
           "does not answer a Close before a message has come"),
    defect("loses-octet-where-frame-is-cut", "6455-6.2-01",
           "loses the first octet behind a cut inside of a frame", alone=True),
    defect("expands-dollars", "6455-5.6-04 6455-8.1-03", "takes a dollar for the name of a variable"),
    defect("doubles-octets-ff", "6455-5.6-04", "doubles the octet FF, as telnet does"),
    defect("escapes-angle-brackets", "6455-8.1-03", "echoes '<' as HTML has it"),
    defect("loses-last-octet-of-odd-ascii", "6455-5.6-01 6455-5.4-03",
           "loses the last octet of ASCII of odd length, as a loop over words may"),
    defect("drops-messages-after-500-pings", "6455-6.1-09 6455-5.5.2-02",
           "drops messages once 500 pings have come"),
    defect("ignores-close-1010", "6455-5.5.1-09 6455-7.4.1-02",
           "does not answer a Close with 1010, the code of clients"),
    defect("answers-close-of-server-late", "6455-5.5.1-09",
           "answers a Close with a reason only when TCP ends"),
    oddity("closes-tcp-first", "6455-5.5.1-17", "closes TCP right behind the closing handshake",
           note=True),
    oddity("resets-tcp-after-close", "6455-7.1.1-02", "resets TCP 50 ms behind the closing handshake",
           note=True),
    oddity("closes-tcp-after-half-a-second", "6455-5.5.1-17",
           "gives the server half a second to close TCP"),
    oddity("pongs-unasked-every-50-ms", "6455-5.5.3-03", "sends an empty pong each 50 ms"),
    oddity("fragments-echo-at-random", "6455-6.1-05",
           "echoes in up to eight fragments of random sizes, some empty"),
)

SWITCHES = (*(switch for switch in connections.SWITCHES if switch.name in _OF_BOTH), *_CLOSING)
