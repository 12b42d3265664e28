"""Switches of the request that opens a connection."""

from bugserver.switches import defect, oddity

SWITCHES = (
    defect("asks-with-post", "6455-4.1-20", "sends POST instead of GET", total=True),
    oddity("fields-in-lower-case", "6455-4.1-52", "sends all field names in lower case"),
)
