"""Switches of connections beside each other, of connections that break, of slow clients."""

from . import defect

SWITCHES = (
    defect("shares-fragments-among-connections", "6455-6.2-05",
           "puts the fragments of all its connections into one message"),
    defect("shares-frame-reader-among-connections", "6455-6.2-01",
           "goes on with the cut frame of one connection in the octets of another"),
    defect("refuses-key-in-use", "6455-4.2.2-08",
           "refuses a key that another connection has at the moment"),
    defect("reads-one-request-at-a-time", "6455-10.7-01",
           "reads no request while another one is not complete"),
    defect("drops-all-connections-on-reset", "6455-10.7-01",
           "drops every connection when one is reset"),
    defect("drops-next-request-after-broken-connection", "6455-10.7-01",
           "drops the next request after a connection ended without a closing handshake"),
    defect("drops-others-when-a-client-gives-up", "6455-10.7-01",
           "drops the other connections, or else the next, at a reset or a FIN without a Close"),
    defect("answers-fin-with-http-400", "6455-6.1-02",
           "answers a FIN right behind a frame as if it ended a request"),
    defect("gives-up-slow-requests", "6455-4.2.2-21",
           "closes when a request is not complete after 0.1 s"),
    defect("gives-up-slow-messages", "6455-6.2-01",
           "closes when a message is not complete after 0.2 s"),
    defect("loses-echoes-that-are-not-read", "6455-6.1-09",
           "drops echoes while more than 64 KiB wait for the client to read"),
)
