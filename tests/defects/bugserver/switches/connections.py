"""Switches of connections beside each other, of connections that break, of slow clients."""

from . import defect

SWITCHES = (
    defect("shares-fragments-among-connections", "6455-6.2-05",
           "puts the fragments of all its connections into one message"),
    defect("drops-all-connections-on-reset", "6455-10.7-01",
           "drops every connection when one is reset"),
    defect("drops-next-request-after-broken-connection", "6455-10.7-01",
           "drops the next request after a connection ended without a closing handshake"),
    defect("gives-up-slow-requests", "6455-4.2.2-21",
           "closes when a request is not complete after 0.1 s"),
    defect("gives-up-slow-messages", "6455-6.2-01",
           "closes when a message is not complete after 0.2 s"),
    defect("loses-echoes-that-are-not-read", "6455-6.1-09",
           "drops echoes while more than 64 KiB wait for the client to read"),
)
