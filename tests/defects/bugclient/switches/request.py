"""Switches of the request that opens a connection (RFC 6455, 4.1)."""

from bugserver.switches import defect, oddity


def _total(name: str, requirements: str, text: str):
    """A defect of every request: there is no narrower way to send it."""
    return defect(name, requirements, text, total=True)


_REQUEST_LINE = (
    _total("asks-with-post", "6455-4.1-20", "sends POST instead of GET"),
    _total("asks-with-lower-case-get", "6455-4.1-20", "sends 'get'"),
    _total("asks-in-http-10", "6455-4.1-21", "asks in HTTP/1.0"),
    _total("asks-in-lower-case-http", "9112-2.3-01 6455-4.1-19", "asks in 'http/1.1'"),
    _total("asks-in-two-digit-http", "9112-2.3-01 6455-4.1-19", "asks in 'HTTP/1.10'"),
    _total("asks-without-http-version", "9112-2.3-01 6455-4.1-19",
           "sends a request line without a version"),
    _total("asks-with-word-behind-version", "9110-2.2-01 6455-4.1-19",
           "sends a word too many in its request line"),
    _total("asks-with-fragment", "6455-3-06 6455-4.1-22",
           "sends the fragment of its URL in the request target"),
    _total("asks-with-ws-uri", "6455-4.1-22 9112-3.2.1-01", "asks for the whole ws URI"),
    _total("asks-with-double-slash", "6455-4.1-22 6455-3-04", "begins its resource name with two '/'"),
    _total("asks-without-query", "6455-3-05 6455-4.1-22", "leaves the query out"),
    _total("asks-behind-empty-line", "9112-2.2-06", "sends an empty line before its request"),
    _total("asks-with-empty-line-behind", "9112-2.2-06 6455-4.1-38",
           "sends CRLF behind its request"),
    oddity("asks-with-http-uri", "6455-4.1-22", "asks for the http URI of its ws URI", note=True),
)

_HTTP = (
    _total("request-ends-lines-in-lf", "9112-2.1-01", "ends its lines in LF alone"),
    _total("request-with-bare-cr", "9112-2.2-03", "sends a field value with a bare CR"),
    _total("request-with-nul", "9110-2.2-01 6455-4.1-19", "sends a field value with a NUL"),
    _total("request-with-folded-field", "9112-5.2-01", "folds a field over two lines"),
    _total("request-with-space-before-colon", "9112-5-01", "sends 'Upgrade : websocket'"),
    _total("request-with-blank-in-field-name", "9112-5-01", "sends a field name of two words"),
    _total("request-with-line-without-colon", "9112-5-01", "sends a header line without a colon"),
    _total("request-with-blank-before-first-field", "9112-2.2-06",
           "begins its first header line with a blank"),
    _total("request-with-length-and-chunked", "9112-6.2-01",
           "sends Content-Length beside Transfer-Encoding"),
)

_FIELDS = (
    _total("request-without-host", "6455-4.1-23 9112-3.2-02", "sends no Host"),
    _total("request-with-two-hosts", "9110-5.3-01 6455-4.1-23", "sends Host twice"),
    _total("host-without-port", "6455-4.1-23 9112-3.2-02", "leaves the port out of Host"),
    _total("host-with-scheme", "6455-4.1-23 9112-3.2-02", "sends a whole URI as Host"),
    _total("host-with-userinfo", "9112-3.2-02 6455-4.1-23", "sends user and password in Host"),
    _total("host-of-proxy", "6455-4.1-23 9112-3.2-02", "names another host in Host"),
    _total("request-without-upgrade", "6455-4.1-24", "sends no Upgrade"),
    _total("request-with-other-upgrade", "6455-4.1-24", "sends Upgrade: websockets"),
    _total("request-without-connection", "6455-4.1-25", "sends no Connection"),
    _total("request-with-connection-keep-alive", "6455-4.1-25 9110-7.8-06",
           "sends Connection: keep-alive"),
    _total("request-with-empty-list-element", "9110-5.6.1.1-01",
           "sends an empty element in Connection"),
    _total("request-without-version", "6455-4.1-31", "sends no Sec-WebSocket-Version"),
    _total("request-with-version-8", "6455-4.1-32", "sends version 8"),
    _total("request-with-version-013", "6455-4.3-05 6455-4.1-32", "sends version 013"),
    _total("request-with-version-list", "6455-4.3-05 6455-4.1-32", "sends '13, 8' as its version"),
    _total("request-with-two-versions", "6455-11.3.5-02", "sends Sec-WebSocket-Version twice"),
    oddity("fields-in-lower-case", "6455-4.1-52", "sends all field names in lower case"),
    oddity("fields-in-upper-case", "6455-4.1-52", "sends all field names in upper case"),
    oddity("fields-reversed", "9110-7.2-01", "sends its fields in reverse order, Host last"),
    oddity("fields-without-space", "9112-5-01", "sends no space behind colons"),
    oddity("fields-with-tabs", "9112-5-01", "sends tabs and spaces around values"),
    oddity("request-like-a-browser", "6455-4.1-30 6455-4.1-37",
           "sends Origin, User-Agent, Cookie, Cache-Control, Accept-Language and more"),
    oddity("request-with-many-fields", "6455-4.1-37", "sends 40 fields of its own"),
    oddity("request-with-long-cookie", "6455-4.1-37", "sends a Cookie of 6000 octets"),
    oddity("request-with-authorization", "6455-4.1-37", "sends credentials"),
    oddity("request-with-obs-text", "9112-2.2-01", "sends octets above 7F in a field of its own"),
    oddity("request-with-odd-field-name", "9112-5-01",
           "sends a field with all the marks that a name may have"),
    oddity("request-with-empty-field", "9112-5-01", "sends a field without a value"),
    oddity("request-with-content-length-0", "9112-2.1-01", "sends Content-Length: 0"),
    oddity("connection-with-keep-alive", "9110-7.6.1-01", "sends Connection: keep-alive, Upgrade"),
    oddity("connection-on-two-lines", "9110-5.3-02", "sends Connection on two lines"),
    oddity("tokens-in-other-case", "6455-4.1-24 9110-7.8-02",
           "sends Upgrade: WebSocket and Connection: upgrade"),
    oddity("upgrade-with-h2c", "6455-4.1-24 9110-7.8-06", "sends Upgrade: h2c, websocket"),
    oddity("request-octet-by-octet", "9112-2.1-01", "sends its request in segments of one octet"),
    oddity("request-in-two-segments", "9112-2.1-01",
           "sends its request in two segments, the second 50 ms later"),
    oddity("waits-before-request", "6455-4.1-18", "sends its request 0.2 s after it has connected"),
)

_KEYS = (
    _total("request-without-key", "6455-4.1-26", "sends no Sec-WebSocket-Key"),
    _total("request-with-empty-key", "6455-4.3-01 6455-4.1-27", "sends an empty key"),
    _total("request-with-two-keys", "6455-11.3.1-01", "sends Sec-WebSocket-Key twice"),
    _total("key-of-15-octets", "6455-4.1-27", "takes 15 octets for its key"),
    _total("key-of-17-octets", "6455-4.1-27", "takes 17 octets for its key"),
    _total("key-of-16-letters", "6455-4.1-27", "sends 16 letters as its key"),
    _total("key-in-hex", "6455-4.1-27", "sends its key in hexadecimal"),
    _total("key-without-padding", "6455-4.3-01 6455-4.1-27", "sends its key without '=='"),
    _total("key-with-pad-bits", "6455-4.1-27", "sets pad bits in its key"),
    _total("key-with-line-end", "9112-5.2-01 6455-4.1-19",
           "wraps its key in a line of its own, as encoders of mail do"),
    defect("key-of-the-first-connection", "6455-4.1-28", "takes one key for all its connections"),
    defect("key-of-the-time", "6455-4.1-28", "takes the time in milliseconds for its key"),
    defect("key-counts-up", "6455-4.1-28", "takes the next number for each connection's key"),
    defect("begins-tls-without-a-name", "6455-4.1-17", "sends no Server Name Indication"),
)

_SUBPROTOCOLS = (
    defect("offers-subprotocol-twice", "6455-4.1-35", "offers each subprotocol twice"),
    defect("offers-subprotocol-with-blank", "6455-4.1-34 6455-4.3-04",
           "offers a subprotocol of two words"),
    defect("offers-subprotocol-in-quotes", "6455-4.1-34 6455-4.3-04",
           "offers its subprotocol in quotes"),
    _total("offers-empty-subprotocol", "6455-4.3-04 6455-4.1-34",
           "sends an empty Sec-WebSocket-Protocol where it has none"),
    oddity("offers-more-subprotocols", "6455-4.1-33", "offers two more subprotocols behind its own"),
    oddity("offers-subprotocols-on-two-lines", "6455-11.3.4-01",
           "offers another subprotocol on a line of its own"),
    oddity("offers-odd-subprotocols", "6455-4.1-34",
           "offers a subprotocol with all the marks that a token may have"),
    oddity("always-offers-subprotocols", "6455-4.1-33", "offers chat and superchat unasked"),
)

_EXTENSIONS = (
    _total("offers-empty-extension", "6455-4.3-02", "sends an empty Sec-WebSocket-Extensions"),
    _total("offers-malformed-extension", "6455-4.3-02", "offers 'permessage-deflate; =10'"),
    _total("offers-undefined-parameter", "6455-9.1-05 6455-9-04",
           "offers permessage-deflate with level=9"),
    _total("offers-parameter-twice", "6455-9-04", "offers client_max_window_bits twice"),
    _total("offers-server-window-without-value", "7692-7.1.2.1-02 6455-9-04",
           "offers server_max_window_bits without a value"),
    _total("offers-server-window-16", "7692-7.1.2.1-02 6455-9-04",
           "offers server_max_window_bits=16"),
    _total("offers-server-window-with-zero", "7692-7.1.2.1-02 6455-9-04",
           "offers server_max_window_bits=09"),
    _total("offers-client-window-7", "7692-7.1.2.2-02 6455-9-04",
           "offers client_max_window_bits=7"),
    _total("offers-takeover-with-value", "7692-7.1.1.1-02 6455-9-04",
           "offers server_no_context_takeover=true"),
    oddity("offers-no-extension", "6455-9-01", "offers no extension"),
    oddity("offers-deflate-alone", "7692-5-01", "offers permessage-deflate without parameters"),
    oddity("offers-another-extension", "6455-9-01", "offers an extension of its own, too"),
    oddity("offers-two-variants", "7692-5-02",
           "offers permessage-deflate with all parameters, and then without"),
    oddity("offers-extensions-on-two-lines", "6455-9.1-03 6455-11.3.2-01",
           "offers two variants on two lines"),
    oddity("offers-quoted-parameter", "6455-4.3-03", 'offers client_max_window_bits="15"'),
    oddity("offers-no-takeover", "7692-7.1.1.2-01 7692-7.1.1.1-01",
           "offers both no_context_takeover"),
    oddity("offers-small-windows", "7692-7.1.2.1-01 7692-7.1.2.2-01", "offers windows of 9 and 10"),
    oddity("offers-with-tabs", "6455-4.3-02", "offers with tabs around ';' and '='"),
)

_EARLY = (
    _total("sends-frame-with-request", "6455-4.1-38 9110-7.8-09",
           "sends a ping in one segment with its request"),
    defect("sends-after-50-ms-without-101", "6455-4.1-38 9110-7.8-09",
           "sends a ping when the beginning of the answer has come, but not in 50 ms its end"),
)

SWITCHES = (_REQUEST_LINE + _HTTP + _FIELDS + _KEYS + _SUBPROTOCOLS + _EXTENSIONS + _EARLY)
