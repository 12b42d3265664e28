"""`wspec connect` as its user sees it: in a pipe, on a terminal, and with servers that are wrong."""

import os
import pty
import re
import select
import signal
import socket
import ssl
import subprocess
import sys
import termios
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wrong_server import WrongServer, client_frames

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 30


def connect(wspec, *arguments, stdin=b"", env=None):
    return subprocess.run([wspec, "connect", *arguments], input=stdin, capture_output=True,
                          timeout=TIMEOUT_S, env=os.environ | (env or {}))


def test_each_line_is_a_message_and_comes_back(wspec, start_echo):
    lines = b"".join(b"line %d \xc3\xa9\n" % number for number in range(5000))
    done = connect(wspec, start_echo().url, stdin=lines + b"without an end")
    assert done.returncode == 0, done.stderr
    assert done.stdout == lines + b"without an end\n"
    assert done.stderr == b""


def test_long_lines_come_back(wspec, start_echo):
    lines = b"".join(b"%d" % number * (1 << 20) + b"\n" for number in range(10, 18))
    done = connect(wspec, start_echo().url, stdin=lines)
    assert (done.returncode, done.stdout) == (0, lines)


def test_file_as_standard_input(wspec, start_echo, tmp_path):
    path = tmp_path / "lines"
    path.write_bytes(b"a\nb\n")
    with path.open("rb") as file:
        done = subprocess.run([wspec, "connect", start_echo().url], stdin=file,
                              capture_output=True, timeout=TIMEOUT_S)
    assert (done.returncode, done.stdout) == (0, b"a\nb\n")


@pytest.mark.parametrize("length", [0, 1, 65536, 5_000_001])
def test_binary_goes_in_and_comes_out(wspec, start_echo, length):
    octets = os.urandom(length)
    done = connect(wspec, "--binary", start_echo("--tls").url, "-k", stdin=octets)
    assert (done.returncode, done.stdout) == (0, octets), done.stderr


def test_file_is_sent_and_shown_as_hexadecimal(wspec, start_echo, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\x00\xff")
    done = connect(wspec, "-n", "--file", path, start_echo().url)
    assert (done.returncode, done.stdout) == (0, b"00ff\n")


def test_file_is_streamed_there_and_back(plain_wspec, start_echo, tmp_path):
    """64 MiB go from disk to the server, come back to disk and go to standard output."""
    path, length = tmp_path / "file", 64 << 20
    with path.open("wb") as file:
        file.truncate(length)
    process = subprocess.Popen([plain_wspec, "connect", "--binary", "--file", path, "--no-deflate",
                                start_echo().url], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        received = 0
        while received < length:
            received += len(process.stdout.read1(1 << 20))
        status = Path(f"/proc/{process.pid}/status").read_text()
        process.stdin.close()
        assert process.stdout.read() == b"", "no input, and so an empty message, is what follows"
        assert process.wait(timeout=TIMEOUT_S) == 0
    assert int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) < 32 * 1024


def test_ping_close_and_handshake(wspec, start_echo):
    done = connect(wspec, "-v", "--ping", "--close", "3001", "bye", "--subprotocol", "chat",
                   "-H", "X-Mine: 1", "--origin", "http://a", "--user-agent", "me",
                   start_echo("--subprotocol", "chat").url)
    said = done.stderr.decode()
    assert done.returncode == 0
    assert re.fullmatch(rb"pong after \d+\.\d+ ms\n", done.stdout)
    for line in ["> GET / HTTP/1.1", "> X-Mine: 1", "> Origin: http://a", "> User-Agent: me",
                 "< HTTP/1.1 101 Switching Protocols", "< Sec-WebSocket-Protocol: chat",
                 "* closed in good order with 3001: bye"]:
        assert line in said.splitlines()


def test_without_tls_no_certificates_are_read(wspec, start_echo, tmp_path):
    """They take ten times as long as all else; who opens a pipe that nobody fills waits for ever."""
    os.mkfifo(tmp_path / "certificates")
    done = connect(wspec, start_echo().url, stdin=b"a\n",
                   env={"SSL_CERT_FILE": str(tmp_path / "certificates")})
    assert (done.returncode, done.stdout) == (0, b"a\n")


def test_pushes_are_printed_unasked(wspec, start_echo):
    done = connect(wspec, start_echo("--push", "3").url)
    assert (done.returncode, done.stdout) == (0, b"push 1\npush 2\npush 3\n")


def test_user_of_the_url_is_authorization(wspec, start_echo):
    server = start_echo()
    done = connect(wspec, "-v", f"ws://us%65r:pass@{server.host}:{server.port}/")
    assert b"> Authorization: Basic dXNlcjpwYXNz" in done.stderr.splitlines()


@pytest.mark.parametrize(("arguments", "words"), [
    ([], "the URL is missing"),
    (["ws://a/", "ws://b/"], "more than one URL"),
    (["http//a"], "URL cannot be used"),
    (["ftp://a/"], "instead of ws:// or wss://"),
    (["ws://a/#x"], "fragment"),
    (["--close", "1005", "", "ws://a/"], "1000 or 3000-4999"),
    (["--close", "1000", "x" * 124, "ws://a/"], "longer than 123"),
    (["-H", "no colon", "ws://a/"], "Name: value"),
    (["-H", "X: a\r\nY: b", "ws://a/"], "cannot be sent"),
    (["--subprotocol", "a b", "ws://a/"], "no token"),
    (["--cacert", "/nonexistent", "wss://a/"], "/nonexistent"),
])
def test_bad_usage(wspec, arguments, words):
    done = connect(wspec, *arguments)
    assert done.returncode == 2
    assert words in done.stderr.decode()


def test_refused_port_is_exit_3(wspec):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        done = connect(wspec, "ws://127.0.0.1:%d/" % free.getsockname()[1])
    assert done.returncode == 3
    assert b"connection refused" in done.stderr


def test_unknown_certificate_is_told_and_exit_3(wspec, start_echo):
    done = connect(wspec, start_echo("--tls").url)
    assert done.returncode == 3
    assert b"certificate" in done.stderr


def test_trusted_certificate_and_key_log(wspec, start_echo, tmp_path):
    server = start_echo("--tls")
    ca, log = tmp_path / "ca.pem", tmp_path / "keys"
    ca.write_text(ssl.get_server_certificate((server.host, server.port), timeout=TIMEOUT_S))
    done = connect(wspec, "--cacert", ca, server.url, stdin=b"in secret\n",
                   env={"SSLKEYLOGFILE": str(log)})
    assert (done.returncode, done.stdout) == (0, b"in secret\n")
    assert "CLIENT_TRAFFIC_SECRET_0 " in log.read_text()


def test_message_that_is_not_utf8_is_not_sent(wspec, start_echo):
    done = connect(wspec, start_echo().url, stdin=b"\xff\ngood\n")
    assert (done.returncode, done.stdout) == (1, b"good\n")
    assert b"not UTF-8" in done.stderr


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_server_that_stops_reading_is_told_and_exit_1(wspec, authority, tmp_path, scheme):
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    context = None
    if scheme == "wss":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.good)
    with WrongServer(ending="deaf", context=context) as server:
        done = connect(wspec, "-n", "--file", path, "--no-deflate", "--timeout", "1",
                       "--cacert", authority.ca, server.url)
    assert done.returncode == 1
    assert done.stderr == (b"wspec connect: the server stopped reading, and messages were not "
                           b"sent\n")


def test_output_that_cannot_be_written_is_told_and_exit_1(wspec, start_echo):
    url = start_echo("--push", "1").url
    for arguments in [[], ["--binary"]]:
        with open("/dev/full", "wb") as full:
            done = subprocess.run([wspec, "connect", *arguments, url], input=b"x" * 100_000,
                                  stdout=full, stderr=subprocess.PIPE, timeout=TIMEOUT_S)
        assert done.returncode == 1
        assert done.stderr == b"wspec connect: standard output: No space left on device\n"


def test_reader_that_leaves_ends_it(wspec, start_echo):
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as broken:
        done = subprocess.run([wspec, "connect", start_echo().url], input=b"x\n", stdout=broken,
                              stderr=subprocess.PIPE, timeout=TIMEOUT_S)
    assert (done.returncode, done.stderr) == (1, b"wspec connect: standard output: Broken pipe\n")


def serve_once(octets, tls_breaks=False):
    """A server that answers one connection with `octets` and closes; returns its URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        with listener, listener.accept()[0] as peer:
            peer.settimeout(TIMEOUT_S)
            peer.recv(4096)
            try:
                peer.sendall(octets)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(65536):
                    pass
            except OSError:
                pass

    threading.Thread(target=run, daemon=True).start()
    return "%s://127.0.0.1:%d/" % ("wss" if tls_breaks else "ws", listener.getsockname()[1])


@pytest.mark.parametrize(("octets", "words"), [
    (b"HTTP/1.1 404 Not Found\r\n\r\n", b"HTTP status 404"),
    (b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
     b"Sec-WebSocket-Accept: sN9cRrP/n9NdMgdcy2VJFQ==\r\n\r\n", b"opening handshake is wrong"),
    (b"HTTP/1.1 101 X\r\nX: " + b"x" * 1_000_000, b"opening handshake is wrong"),
    (b"HTTP/1.1 101 X\r\n" + b"X: x\r\n" * 100_000, b"opening handshake is wrong"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", b"opening handshake is wrong"),
    (b"", b"opening handshake is wrong"),
], ids=["404", "accept", "long line", "endless header", "no HTTP", "nothing"])
def test_wrong_answer_is_exit_3(wspec, octets, words):
    done = connect(wspec, serve_once(octets))
    assert done.returncode == 3
    assert words in done.stderr, done.stderr


@pytest.mark.parametrize("octets", [b"", b"\x16\x03\x03\x00\x7a\x02", b"HTTP/1.1 400 Bad\r\n\r\n"])
def test_tls_that_breaks_off_is_exit_3(wspec, octets):
    done = connect(wspec, serve_once(octets, tls_breaks=True))
    assert done.returncode == 3
    assert b"TLS" in done.stderr


BEYOND_OUR_LIMITS = {"101-with-long-field": {3}}  # a line of a head may have 8 KiB
ABOUT_WHAT_A_CLIENT_SENDS = ("accepts-", "refuses-", "skips-", "ignores-", "checks-", "requires-")


def start_each(kind):
    """The defect server with one port for each switch of that kind: the process, names and URLs."""
    process = subprocess.Popen(
        [sys.executable, ROOT / "tests/defects/server.py", "--port", "0", "--each", kind],
        stdout=subprocess.PIPE, text=True)
    urls = {}
    for line in process.stdout:
        name, port = line.rsplit(maxsplit=1)
        if name == "listening on":
            break
        if not name.startswith(ABOUT_WHAT_A_CLIENT_SENDS):
            urls[name] = f"ws://127.0.0.1:{port}/"
    return process, urls


@pytest.mark.parametrize(("kind", "timeout_s", "codes"), [
    ("defect", "1", {0, 1, 3}), ("oddity", "5", {0, 1}), ("scenario", "1", {0, 1, 3})])
def test_no_switch_of_the_bug_server_does_harm(wspec, kind, timeout_s, codes):
    """No crash, no hang, no word of a sanitizer, whatever comes."""
    process, urls = start_each(kind)

    def visit(url):
        return connect(wspec, "--timeout", timeout_s, "--ping", url, stdin=b"Hello\nH\xc3\xa9llo\n")

    try:
        assert urls
        with ThreadPoolExecutor(8) as pool:
            visits = list(pool.map(visit, urls.values()))
        for name, done in zip(urls, visits):
            assert done.returncode in BEYOND_OUR_LIMITS.get(name, codes), (name, done)
            told = [line for line in done.stderr.splitlines()
                    if not line.startswith(b"wspec connect: ")]
            assert told == [], (name, told)
            assert (done.returncode == 0) == (done.stderr == b""), (name, done)
    finally:
        process.terminate()
        process.wait(timeout=TIMEOUT_S)
        process.stdout.close()


class Terminal:
    """`wspec connect` on a pseudo-terminal."""

    def __init__(self, wspec, *arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(wspec, [wspec, "connect", *arguments])
        self.modes = termios.tcgetattr(self.fd)
        self.seen = b""

    def expect(self, words):
        end = time.monotonic() + TIMEOUT_S
        while words not in self.seen:
            assert select.select([self.fd], [], [], max(0, end - time.monotonic()))[0], self.seen
            self.seen += os.read(self.fd, 65536)
        self.seen = self.seen.split(words, 1)[1]

    def type(self, text):
        os.write(self.fd, text)

    def wait(self):
        try:
            while octets := os.read(self.fd, 65536):
                self.seen += octets
        except OSError:
            pass  # the other side of the terminal is gone
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_terminal(wspec, start_echo):
    terminal = Terminal(wspec, start_echo().url)
    terminal.expect(b"* open")
    terminal.expect(b"> ")
    terminal.type(b"helo\x02l\r")  # Control-B: one to the left
    terminal.expect(b"< hello")
    terminal.expect(b"> ")
    terminal.type(b"world\r")
    terminal.expect(b"< world")
    terminal.type(b"\x10\x10\r")  # Control-P: from the history
    terminal.expect(b"< hello")
    terminal.type(b"\x1b[A\x1b[A\x1b[B!\r")  # arrows: two up, one down
    terminal.expect(b"< hello!")
    terminal.type("h\u00e9\u20ac".encode() + b"\r")
    terminal.expect("< h\u00e9\u20ac".encode())
    terminal.type(b"/ping\r")
    terminal.expect(b"* pong after ")
    terminal.type(b"/binary 00ff\r")
    terminal.expect(b"<# 00ff")
    terminal.type(b"//text\r")
    terminal.expect(b"< /text")
    terminal.type(b"/what\r")
    terminal.expect(b"there is no command '/what'")
    terminal.type(b"/close 3001 bye\r")
    terminal.expect(b"* closed in good order with 3001: bye")
    assert terminal.wait() == 0


def test_end_of_file_on_a_terminal_closes(wspec, start_echo):
    terminal = Terminal(wspec, start_echo().url)
    terminal.expect(b"* open")
    terminal.type(b"\x04")
    terminal.expect(b"closed in good order with 1005")
    assert terminal.wait() == 0


def test_pings_pongs_and_a_close_of_the_server_are_shown(wspec):
    then = b"\x89\x02hi" + b"\x8a\x03abc" + b"\x82\x02\x00\xff" + b"\x88\x05\x0b\xb9bye"
    with WrongServer(then=then, ending="fin") as server:
        terminal = Terminal(wspec, server.url)
        for words in [b"* open", b"* ping of 2 octets, answered", b"* pong of 3 octets", b"<# 00ff",
                      b"* closed in good order with 3001: bye"]:
            terminal.expect(words)
        assert terminal.wait() == 1
    assert b"wspec connect: the server closed with 3001: bye" in terminal.seen
    assert client_frames(server.received)[0] == (10, b"hi")


def test_message_cannot_drive_the_terminal(wspec):
    text = "a\x1b]0;title\x07\x9b2J\x7f\n* closed in good order".encode()
    then = bytes([0x81, len(text)]) + text + b"\x88\x02\x03\xe8"
    with WrongServer(then=then, ending="fin") as server:
        terminal = Terminal(wspec, server.url)
        terminal.expect(rb"< a\x1b]0;title\x07\x9b2J\x7f" + b"\r\n  * closed in good order")
        assert terminal.wait() == 0


def test_interrupt_closes_as_asked_for(wspec, start_echo):
    terminal = Terminal(wspec, "--close", "3002", "enough", start_echo().url)
    terminal.expect(b"* open")
    os.kill(terminal.pid, signal.SIGINT)
    terminal.expect(b"* closed in good order with 3002: enough")
    assert terminal.wait() == 0


def test_terminal_is_its_old_self_again(wspec, start_program):
    """Also when the server is killed in the midst of a line."""
    program = start_program([wspec, "echo", "--port", "0"])
    terminal = Terminal(wspec, program.next_line().removeprefix("listening on "))
    terminal.expect(b"* open")
    # A terminal that nobody has open forgets its modes.
    keeper = os.open(os.readlink(f"/proc/{terminal.pid}/fd/0"), os.O_RDWR | os.O_NOCTTY)
    terminal.type(b"half a li")
    terminal.expect(b"half a li")
    assert termios.tcgetattr(terminal.fd) != terminal.modes, "lines are edited"
    program.signal(signal.SIGKILL)
    terminal.expect(b"wspec connect: ")
    assert os.waitstatus_to_exitcode(os.waitpid(terminal.pid, 0)[1]) == 1
    assert termios.tcgetattr(terminal.fd) == terminal.modes
    os.close(keeper)
