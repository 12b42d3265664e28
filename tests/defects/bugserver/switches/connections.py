"""Switches of connections beside each other, of connections that break, of slow clients."""

from . import defect, oddity

_BESIDE_EACH_OTHER = (
    defect("shares-fragments-among-connections", "6455-6.2-05",
           "puts the fragments of all its connections into one message", alone=True),
    defect("shares-frame-reader-among-connections", "6455-6.2-01",
           "goes on with the cut frame of one connection in the octets of another", alone=True),
    oddity("refuses-key-in-use", "6455-4.1-22",
           "refuses a key that another connection has at the moment", note=True),
    defect("reads-one-request-at-a-time", "6455-10.7-01",
           "reads no request while another one is not complete", alone=True),
    defect("shares-utf8-state-among-connections", "6455-8.1-01 6455-8.1-03",
           "checks the texts of all its connections with one decoder", alone=True),
    defect("writes-to-newest-connection", "6455-6.1-09",
           "sends what is due to any connection on the one that was opened last", alone=True),
    defect("drops-all-connections-on-reset", "6455-10.7-01",
           "drops every connection when one is reset", alone=True),
    defect("drops-others-on-fin", "6455-10.7-01",
           "drops the other connections when one ends by a FIN without a Close", alone=True),
    defect("drops-others-on-close", "6455-10.7-01",
           "drops the other connections when one is closed", alone=True),
    defect("drops-others-on-failure", "6455-10.7-01",
           "drops the other connections when one is failed", alone=True),
    defect("drops-all-connections-above-16-mib", "6455-10.4-01",
           "runs out of memory, for all its connections, when a message passes 16 MiB", alone=True),
)

_AFTER_EACH_OTHER = (
    defect("drops-next-request-after-broken-connection", "6455-10.7-01",
           "drops the next request after a connection ended without a closing handshake",
           alone=True),
    defect("drops-others-when-a-client-gives-up", "6455-10.7-01",
           "drops the other connections, or else the next, at a reset or a FIN without a Close",
           alone=True),
    defect("answers-fin-with-http-400", "6455-6.1-02",
           "answers a FIN right behind a frame as if it ended a request", alone=True),
    defect("drops-next-request-after-hurried-end", "6455-10.7-01",
           "drops the next request after TCP ended before its octets were worked through",
           alone=True),
    defect("keeps-octets-for-next-connection", "6455-6.2-01",
           "reads a frame that was cut by the end of TCP on in the next connection", alone=True),
    defect("keeps-message-for-next-connection", "6455-6.2-05",
           "goes on with a message that was cut by the end of TCP in the next connection",
           alone=True),
)

_SLOW = (
    defect("hangs-when-fin-follows-close", "6455-5.5.1-09 6455-5.5.1-14",
           "neither answers a Close nor closes TCP when a FIN is right behind it"),
    defect("gives-up-slow-requests", "6455-4.2.2-21",
           "closes when a request is not complete after 0.1 s"),
    defect("gives-up-slow-messages", "6455-6.2-01",
           "closes when a message is not complete after 0.2 s"),
    defect("loses-echoes-that-are-not-read", "6455-6.1-09",
           "drops echoes while more than 64 KiB wait for the client to read"),
    defect("loses-what-comes-after-a-pause", "6455-6.2-01",
           "drops the first octets that come when nothing has come for 0.3 s"),
)

SWITCHES = _BESIDE_EACH_OTHER + _AFTER_EACH_OTHER + _SLOW
