"""Switches of what the client makes of the server's answer."""

from bugserver.switches import defect, oddity

SWITCHES = (
    defect("accepts-wrong-accept", "6455-4.1-47", "takes any Sec-WebSocket-Accept"),
)
