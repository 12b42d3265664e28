"""Switches of an open connection that only a client can have."""

from bugserver.switches import defect, oddity

SWITCHES = (
    oddity("closes-tcp-first", "6455-5.5.1-17", "closes TCP right behind the closing handshake",
           note=True),
)
