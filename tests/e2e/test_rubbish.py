"""The WebSocket API in C against servers that send rubbish: the close code on the wire, the events,
and that nothing crashes or leaks (run with the build of preset asan, a sanitizer would speak)."""

import socket
import ssl
import struct
import subprocess
import threading
import zlib

import pytest

from wrong_server import HEAD, WrongServer, client_frames, right_answer

TIMEOUT_S = 60
TEXT, BINARY, CLOSE = 1, 2, 8
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate\r\n"


def watch(wspec, url, *arguments):
    """The lines that websocket_watch prints, one an event."""
    path = wspec.parent / "websocket_watch"
    if not path.is_file():
        pytest.skip(f"{path} is not built")
    done = subprocess.run([path, url, *arguments], capture_output=True, text=True,
                          timeout=TIMEOUT_S)
    assert done.stderr == ""
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()


def frame(first, payload=b"", length=None):
    """A server's frame; `first` is its first octet, `length` what it claims, by default the truth."""
    length = len(payload) if length is None else length
    if length < 126:
        return bytes([first, length]) + payload
    if length < 65536:
        return bytes([first, 126]) + struct.pack(">H", length) + payload
    return bytes([first, 127]) + struct.pack(">Q", length) + payload


def deflated(octets):
    compressor = zlib.compressobj(wbits=-15)
    return (compressor.compress(octets) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


BAD_FRAMES = [
    ("masked", b"\x81\x85\0\0\0\0Hello", 1002, "PROTOCOL"),
    ("masked empty", b"\x81\x80\1\2\3\4", 1002, "PROTOCOL"),
    ("rsv1", frame(0xc1, b"x"), 1002, "PROTOCOL"),
    ("rsv2", frame(0xa1, b"x"), 1002, "PROTOCOL"),
    ("rsv3", frame(0x91, b"x"), 1002, "PROTOCOL"),
    ("reserved data opcode", frame(0x83, b"x"), 1002, "PROTOCOL"),
    ("reserved control opcode", frame(0x8b), 1002, "PROTOCOL"),
    ("continuation of nothing", frame(0x80, b"x"), 1002, "PROTOCOL"),
    ("message inside a message", frame(0x01, b"a") + frame(0x81, b"b"), 1002, "PROTOCOL"),
    ("fragmented ping", frame(0x09), 1002, "PROTOCOL"),
    ("ping of 126 octets", frame(0x89, bytes(126)), 1002, "PROTOCOL"),
    ("16-bit length for 125", b"\x82\x7e\0\x7d" + bytes(125), 1002, "PROTOCOL"),
    ("64-bit length for 65535", b"\x82\x7f" + struct.pack(">Q", 65535), 1002, "PROTOCOL"),
    ("length of 64 bits", b"\x82\x7f" + b"\xff" * 8, 1002, "PROTOCOL"),
    ("close of one octet", frame(0x88, b"\x03"), 1002, "PROTOCOL"),
    ("close with 1005", frame(0x88, b"\x03\xed"), 1002, "PROTOCOL"),
    ("close with 1006", frame(0x88, b"\x03\xee"), 1002, "PROTOCOL"),
    ("close with 1015", frame(0x88, b"\x03\xf7"), 1002, "PROTOCOL"),
    ("close with 999", frame(0x88, b"\x03\xe7"), 1002, "PROTOCOL"),
    ("close with 65535", frame(0x88, b"\xff\xff"), 1002, "PROTOCOL"),
    ("close reason not UTF-8", frame(0x88, b"\x03\xe8\xff"), 1007, "UTF8"),
    ("text not UTF-8", frame(0x81, b"\xff"), 1007, "UTF8"),
    ("text with a surrogate", frame(0x81, b"\xed\xa0\x80"), 1007, "UTF8"),
    ("text cut within a code point", frame(0x81, b"\xe2\x82"), 1007, "UTF8"),
    ("fragmented text not UTF-8", frame(0x01, b"\xe2") + frame(0x80, b"\x28"), 1007, "UTF8"),
    ("message over the limit", frame(0x82, length=1000 * 1000 + 1), 1009, "LIMIT"),
    ("fragments over the limit", frame(0x02, bytes(600_000)) + frame(0x80, length=600_000), 1009,
     "LIMIT"),
]


def check_failed(lines, server, code, name, before=()):
    """The events of a connection that the client failed, and its close frame on the wire."""
    assert lines[:-2] == ["1 open", *before], lines
    assert lines[-2].startswith(f"3 error WSPEC_ERR_{name} closed with {code}, because "), lines
    assert lines[-1] == "3 close 1006 unclean ", lines
    frames = client_frames(server.received)
    assert frames[0] == (TEXT, b"Hello")
    assert [opcode for opcode, _ in frames[1:]] == [CLOSE], "one close frame, and nothing behind it"
    assert struct.unpack(">H", frames[1][1][:2]) == (code,)
    frames[1][1][2:].decode()
    assert server.saw_end == "fin"


@pytest.mark.parametrize("ending", ["wait", "fin"])
@pytest.mark.parametrize(("then", "code", "name"), [row[1:] for row in BAD_FRAMES],
                         ids=[row[0] for row in BAD_FRAMES])
def test_bad_frame_is_answered_with_its_code(wspec, then, code, name, ending):
    with WrongServer(then=then, ending=ending, after_hello=True) as server:
        lines = watch(wspec, server.url)
    check_failed(lines, server, code, name)


def test_good_message_before_the_bad_one_is_told(wspec):
    with WrongServer(then=frame(0x81, b"good") + frame(0x83), after_hello=True) as server:
        lines = watch(wspec, server.url)
    check_failed(lines, server, 1002, "PROTOCOL", before=["1 message text 4"])


@pytest.mark.parametrize(("then", "code", "name"), [
    (frame(0xc2, b"\xff\xff\xff"), 1007, "DEFLATE"),
    (frame(0xc1, deflated(b"\xff")), 1007, "UTF8"),
    (frame(0xc9, b"x"), 1002, "PROTOCOL"),
    (frame(0x42, deflated(b"a")) + frame(0xc0, b"b"), 1002, "PROTOCOL"),
    (frame(0xc2, deflated(bytes(50_000_000))), 1009, "LIMIT"),
], ids=["no deflate stream", "not UTF-8 inside", "compressed ping", "RSV1 on a continuation",
        "bomb"])
def test_bad_compressed_message_is_answered_with_its_code(wspec, then, code, name):
    with WrongServer(lambda request: right_answer(request, DEFLATE), then, after_hello=True) as server:
        lines = watch(wspec, server.url)
    assert lines[-1] == "3 close 1006 unclean "
    assert lines[-2].startswith(f"3 error WSPEC_ERR_{name} closed with {code}, because "), lines
    # The client compresses too: of its frames only the close is looked at.
    opcode, payload = client_frames(server.received)[-1]
    assert (opcode, struct.unpack(">H", payload[:2])) == (CLOSE, (code,))


def without(line):
    return lambda request: right_answer(request).replace(line.encode() + b"\r\n", b"")


def instead(old, new):
    return lambda request: right_answer(request).replace(old.encode(), new.encode())


BAD_ANSWERS = [
    ("404", lambda _: b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", "status 404"),
    ("302", lambda _: b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "status 302"),
    ("wrong accept", lambda _: HEAD.encode() + b"Sec-WebSocket-Accept: "
     b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", "wrong"),
    ("no accept", lambda _: HEAD.encode() + b"\r\n", "wrong"),
    ("accept twice", lambda request: right_answer(request)[:-2] +
     right_answer(request).split(b"\r\n")[3] + b"\r\n\r\n", "wrong"),
    ("no upgrade", without("Upgrade: websocket"), "wrong"),
    ("no connection", without("Connection: Upgrade"), "wrong"),
    ("other upgrade", instead("websocket", "h2c"), "wrong"),
    ("subprotocol unasked", lambda request: right_answer(request, "Sec-WebSocket-Protocol: x\r\n"),
     "wrong"),
    ("extension unasked", lambda request: right_answer(request, "Sec-WebSocket-Extensions: x\r\n"),
     "wrong"),
    ("HTTP/1.0", instead("HTTP/1.1", "HTTP/1.0"), "wrong"),
    ("no HTTP", lambda _: b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "wrong"),
    ("endless line", lambda _: b"HTTP/1.1 101 X\r\nX: " + b"x" * 5_000_000, "wrong"),
    ("endless header", lambda _: b"HTTP/1.1 101 X\r\n" + b"X: x\r\n" * 500_000, "wrong"),
    ("endless interim answers", lambda _: b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100_000, "status 103"),
]


@pytest.mark.parametrize(("answer", "words"), [row[1:] for row in BAD_ANSWERS],
                         ids=[row[0] for row in BAD_ANSWERS])
def test_bad_answer_is_an_error_and_1006(wspec, answer, words):
    with WrongServer(answer) as server:
        lines = watch(wspec, server.url)
    assert len(lines) == 2, lines
    assert lines[0].startswith("3 error WSPEC_ERR_HANDSHAKE ")
    assert words in lines[0]
    assert lines[1] == "3 close 1006 unclean "
    assert server.received == b"", "a connection that was never open gets no close frame"


@pytest.mark.parametrize("length", [0, 1, 20, 80])
def test_answer_that_breaks_off_is_an_error_and_1006(wspec, length):
    with WrongServer(lambda request: right_answer(request)[:length], ending="fin") as server:
        lines = watch(wspec, server.url)
    assert lines == ["3 error WSPEC_ERR_HANDSHAKE the server's opening handshake is wrong: "
                     "the connection ended before the response did", "3 close 1006 unclean "]


@pytest.mark.parametrize("then", [b"", b"\x81", b"\x81\x05Hel", frame(0x01, b"Hel")],
                         ids=["nothing", "header", "payload", "fragments"])
def test_tcp_that_ends_without_a_close_frame_is_1006(wspec, then):
    """RFC 6455 section 7.2.1: a connection that is lost is failed, and so has an error event."""
    with WrongServer(then=then, ending="fin", after_hello=True) as server:
        lines = watch(wspec, server.url)
    assert lines == ["1 open",
                     "3 error WSPEC_ERR_IO the server closed TCP without a close frame (FIN)",
                     "3 close 1006 unclean "]


def test_reset_is_an_error_and_1006(wspec):
    with WrongServer(then=frame(0x81, b"last"), ending="rst", after_hello=True) as server:
        lines = watch(wspec, server.url)
    assert lines == ["1 open", "1 message text 4",
                     "3 error WSPEC_ERR_IO the peer reset the connection (RST)",
                     "3 close 1006 unclean "]


@pytest.mark.parametrize(("body", "told"), [
    (b"", "1005 clean "), (b"\x03\xe8", "1000 clean "), (b"\x03\xe9away", "1001 clean away"),
    (b"\x03\xf3oops", "1011 clean oops"), (b"\x0b\xb9bye", "3001 clean bye"),
    (b"\x13\x87" + b"x" * 123, "4999 clean " + "x" * 123)])
def test_close_frame_is_told_and_answered_and_what_follows_is_not_read(wspec, body, told):
    then = frame(0x88, body) + frame(0x83) + b"\xff" * 1000
    with WrongServer(then=then, ending="fin", after_hello=True) as server:
        lines = watch(wspec, server.url)
    assert lines == ["1 open", f"3 close {told}"]
    assert client_frames(server.received)[1:] == [(CLOSE, body[:2])]


# ---- TLS ----


@pytest.fixture(scope="module")
def context(authority):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(authority.good.certificate, authority.good.key)
    return made


class PlainListener:
    """Answers the ClientHello of one connection with `octets`, then ends."""

    def __init__(self, octets, is_reset=False):
        self._octets, self._is_reset = octets, is_reset

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(TIMEOUT_S)
        self.url = f"wss://localhost:{self._listener.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(timeout=TIMEOUT_S)
        self._listener.close()

    def _serve(self):
        with self._listener.accept()[0] as peer:
            peer.settimeout(TIMEOUT_S)
            peer.recv(65536)
            peer.sendall(self._octets)
            if self._is_reset:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            peer.shutdown(socket.SHUT_WR)
            while peer.recv(65536):
                pass


@pytest.mark.parametrize(("octets", "is_reset", "words"), [
    (b"", False, "the peer closed the connection during the TLS handshake"),
    (b"", True, "the peer reset the connection (RST) during the TLS handshake"),
    (b"\x16\x03\x03\x00\x7a\x02", False, "the peer closed the connection during the TLS handshake"),
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", False, "the peer does not speak TLS"),
    (b"\x15\x03\x03\x00\x02\x02\x28", False, "the peer refused with the TLS alert"),
    (b"\x16\x03\x03\x00\x04\x02\0\0\0", False, "TLS failed: "),
], ids=["fin", "rst", "part of a record", "http", "alert", "bad hello"])
def test_tls_that_fails_is_an_error_and_1006(wspec, octets, is_reset, words):
    with PlainListener(octets, is_reset) as server:
        lines = watch(wspec, server.url)
    assert len(lines) == 2, lines
    assert lines[0].startswith(f"3 error WSPEC_ERR_TLS {words}"), lines
    assert lines[1] == "3 close 1006 unclean "


def test_tls_that_breaks_off_once_open_is_1006(wspec, context, authority):
    with WrongServer(then=b"\x81\x05Hel", ending="fin", context=context, after_hello=True) as server:
        lines = watch(wspec, server.url, authority.ca)
    assert lines[0] == "1 open"
    assert lines[-1] == "3 close 1006 unclean "


def test_bad_frame_inside_tls_is_answered_with_its_code(wspec, context, authority):
    with WrongServer(then=frame(0x81, b"\xff"), context=context, after_hello=True) as server:
        lines = watch(wspec, server.url, authority.ca)
    check_failed(lines, server, 1007, "UTF8")


# ---- Certificates ----


@pytest.mark.parametrize(("kind", "words"), [
    ("expired", "the peer's certificate is refused: certificate has expired on "),
    ("elsewhere", "the peer's certificate is refused: hostname mismatch: the certificate is for "
     "example.org, not for localhost"),
    ("self_signed", "the peer's certificate is refused: self-signed certificate"),
    ("stranger", "the peer's certificate is refused: unable to get local issuer certificate"),
])
def test_wrong_certificate_is_refused_in_words(wspec, authority, kind, words):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*getattr(authority, kind))
    with WrongServer(context=made) as server:
        lines = watch(wspec, server.url, authority.ca)
    assert lines[0].startswith(f"3 error WSPEC_ERR_TLS {words}"), lines
    assert lines[1:] == ["3 close 1006 unclean "]
    assert server.request == b""
    assert "alert" in server.handshake_error, "the server is told why"


def test_name_of_the_url_is_the_server_name_indication(wspec, context, authority):
    with WrongServer(then=frame(0x88), ending="fin", context=context) as server:
        assert watch(wspec, server.url, authority.ca)[-1] == "3 close 1005 clean "
    assert server.server_name == "localhost"
    with WrongServer(then=frame(0x88), ending="fin", context=context) as server:
        url = server.url.replace("localhost", "127.0.0.1")
        assert watch(wspec, url, authority.ca)[-1] == "3 close 1005 clean "
    assert server.server_name is None, "RFC 6066 section 3: an address is no server name"


@pytest.fixture
def demanding(authority):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(authority.good.certificate, authority.good.key)
    made.load_verify_locations(authority.ca)
    made.verify_mode = ssl.CERT_REQUIRED
    return made


def test_client_certificate_is_shown(wspec, demanding, authority):
    with WrongServer(then=frame(0x88), ending="fin", context=demanding) as server:
        lines = watch(wspec, server.url, authority.ca, *authority.client)
    assert lines == ["1 open", "3 close 1005 clean "]
    assert (("commonName", "client"),) in server.peer_certificate["subject"]


@pytest.mark.parametrize("kind", ["none", "stranger"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_client_certificate_that_is_refused_is_told(wspec, demanding, authority, kind, version):
    demanding.maximum_version = version
    certificate = () if kind == "none" else authority.stranger
    with WrongServer(context=demanding) as server:
        lines = watch(wspec, server.url, authority.ca, *certificate)
    assert "certificate" in server.handshake_error.lower()
    assert len(lines) == 2, lines
    assert lines[0].startswith("3 error WSPEC_ERR_TLS the peer refused with the TLS alert '"), lines
    assert lines[1] == "3 close 1006 unclean "
