"""Special servers for tests of the suite itself; nothing is claimed of them."""

from . import scenario

SWITCHES = (
    scenario("refuses-messages", "closes with 4400 on every message, as a protocol of its own "
             "may, but answers pings and Close"),
    scenario("refuses-messages-as-invalid", "likewise, but with 1007, as if they were no UTF-8"),
    scenario("never-echo", "takes everything and answers pings and Close, but never echoes"),
    scenario("one-connection-at-a-time", "serves one connection; the others wait in the backlog"),
    scenario("slow-100ms", "answers everything 100 ms late"),
    scenario("crash-on-trigger", "exits at once when the message 'crash' comes"),
    scenario("crash-on-unmasked-frame", "exits at once when an unmasked frame comes"),
    scenario("silent", "accepts TCP and never says a word"),
    scenario("refuse-handshake", "answers 403 to every request"),
    scenario("not-websocket", "answers 200 and a page to every request"),
    scenario("rubbish", "answers random octets to every request"),
    scenario("drops-after-accept", "closes every connection at once"),
    scenario("resets-after-accept", "resets every connection at once"),
    scenario("close-without-handshake", "closes TCP right behind the 101, without Close"),
    scenario("closes-right-after-101", "closes with 1000 right behind the 101"),
)
