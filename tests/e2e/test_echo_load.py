"""`wspec echo` under many connections, with its limits, pushes, broadcasts and access log."""

import asyncio
import contextlib
import re
import resource
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from programs import is_sanitized
from test_echo import BINARY, CLOSE, TEXT, TIMEOUT_S, Raw, frame, request

IDLE = 10_000
IDLE_MIB = 200


def resident_kib(server):
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


def descriptors(server):
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


@pytest.fixture
def many_descriptors():
    """As many descriptors as the system allows, for this process and what it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < IDLE + 200:
        pytest.skip(f"this machine allows {hard} descriptors a process")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_10000_idle_connections_take_under_200_mb(many_descriptors, start_plain_echo):
    server = start_plain_echo()
    with contextlib.ExitStack() as stack:
        sockets = []
        for number in range(IDLE):
            # An address of 127/8 each thousand: the ports of one are not enough for all machines.
            peer = stack.enter_context(socket.create_connection(
                (server.host, server.port), timeout=TIMEOUT_S,
                source_address=(f"127.0.1.{1 + number // 1000}", 0)))
            sockets.append(peer)
            peer.sendall(request())
        for peer in sockets:
            assert peer.recv(4096).startswith(b"HTTP/1.1 101 ")
        for peer in sockets[::1000]:
            peer.sendall(frame(TEXT, b"alive"))
            assert peer.recv(4096) == b"\x81\x05alive"
        assert descriptors(server) > IDLE
        used = resident_kib(server)
        print(f"{IDLE} idle connections: {used} KiB")
        assert used < IDLE_MIB * 1000


# ---- 200 connections, opened and closed again and again ----


def reach(server, trust):
    plain = socket.create_connection((server.host, server.port), timeout=TIMEOUT_S)
    return trust.wrap_socket(plain, server_hostname="localhost") if trust else plain


def read_head(peer):
    head = b""
    while b"\r\n\r\n" not in head:
        piece = peer.recv(4096)
        assert piece, head
        head += piece
    return head


def read_to_the_end(peer):
    with contextlib.suppress(ConnectionResetError):  # the server's, of one that was cut off
        while peer.recv(65536):
            pass


def open_and_close(server, number, trust=None):
    """Opens all, then ends each fourth in good order, by FIN, by RST, and by a violation."""
    sockets = [reach(server, trust) for _ in range(number)]
    for peer in sockets:
        peer.sendall(request() + frame(BINARY, bytes(1000)))
    for place, peer in enumerate(sockets):
        assert read_head(peer).startswith(b"HTTP/1.1 101 ")
        if place % 4 == 0:
            peer.sendall(frame(CLOSE, struct.pack(">H", 1000)))
        elif place % 4 == 1:
            socket.socket.shutdown(peer, socket.SHUT_WR)
        elif place % 4 == 2:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            peer.sendall(frame(TEXT, b"unmasked", masked=False) + bytes(1000))
    for place, peer in enumerate(sockets):
        if place % 4 != 2:
            read_to_the_end(peer)
        peer.close()


def refuse(server, number):
    """Connections that never open: refused, cut short, silent."""
    for octets in [request(method="POST"), request()[:-2], b""] * number:
        with reach(server, None) as peer:
            peer.sendall(octets)
            peer.shutdown(socket.SHUT_WR)
            read_to_the_end(peer)


def heap_of(server):
    """What is allocated in a server under valgrind, by its own account: octets and blocks."""
    told = subprocess.run(["vgdb", f"--pid={server.process.pid}", "leak_check", "summary", "any"],
                          capture_output=True, text=True, timeout=TIMEOUT_S, check=True).stdout
    assert "definitely lost: 0 bytes" in told and "possibly lost: 0 bytes" in told, told
    found = re.search(r"still reachable: (\S+) bytes in (\S+) blocks", told)
    return [int(number.replace(",", "")) for number in found.groups()]


def once_forgotten(server, base, measure, trust=None):
    """`measure` of a server that has one open connection, and has forgotten the others: who was cut
    off is forgotten when the server next looks; its descriptors, `base` without connections, tell."""
    with reach(server, trust) as peer:
        peer.sendall(request())
        assert read_head(peer).startswith(b"HTTP/1.1 101 ")
        end = time.monotonic() + TIMEOUT_S
        while (left := descriptors(server)) != base + 1:
            assert time.monotonic() < end, f"{left} descriptors, not {base + 1}"
            time.sleep(0.01)
        return measure(server)


def test_200_connections_100_times_leave_no_descriptor(wspec, start_echo):
    """In the build of CI the address sanitizer looks for lost memory at the end, too."""
    rounds = 10 if is_sanitized(wspec) else 100
    server = start_echo()
    base = descriptors(server)
    for _ in range(3):
        open_and_close(server, 200)
    used = once_forgotten(server, base, resident_kib)
    for _ in range(rounds):
        open_and_close(server, 200)
    refuse(server, 50)
    grown = once_forgotten(server, base, resident_kib) - used
    # Pages that the allocator keeps vary; an octet a connection would be 20 KiB and more.
    assert is_sanitized(wspec) or grown < 400


@pytest.mark.timeout(900)
@pytest.mark.skipif(not shutil.which("vgdb"), reason="no valgrind: apt-get install valgrind")
@pytest.mark.parametrize(("scheme", "number", "rounds"), [("ws", 200, 100), ("wss", 50, 2)])
def test_200_connections_100_times_leave_no_octet(start_plain_echo, authority, tmp_path, scheme,
                                                  number, rounds):
    """Not one octet of the heap: valgrind counts before and after, and at the end there is none.
    Inside TLS they are fewer, since valgrind takes a tenth of a second for a handshake."""
    log = tmp_path / "log"
    server = start_plain_echo(
        "--handshake-timeout", "600",
        *(["--cert", authority.good.certificate, "--key", authority.good.key]
          if scheme == "wss" else []),
        under=["valgrind", f"--log-file={log}", "--leak-check=full", "--show-leak-kinds=all",
               "--errors-for-leak-kinds=all", "--error-exitcode=9"])
    trust = ssl.create_default_context(cafile=authority.ca) if scheme == "wss" else None
    base = descriptors(server)
    open_and_close(server, number, trust)
    before = once_forgotten(server, base, heap_of, trust)
    for _ in range(rounds):
        open_and_close(server, number, trust)
    refuse(server, 10)
    after = once_forgotten(server, base, heap_of, trust)
    # The numbers of the one TLS connection that is open have no fixed length: there, it is less than
    # an octet and a block for each that is gone.
    slack = number if trust else 1
    assert all(abs(now - then) < slack for now, then in zip(after, before)), (before, after)
    server.signal(signal.SIGTERM)
    assert server.wait() == 0, log.read_text()
    assert "in use at exit: 0 bytes in 0 blocks" in log.read_text()


# ---- Options ----


def test_push_sends_unasked(start_echo):
    with Raw(start_echo("--push", "2")) as raw:
        raw.open()
        assert raw.read_frame() == (True, TEXT, b"push 1")
        assert raw.read_frame() == (True, TEXT, b"push 2")


def test_broadcast_reaches_all(start_echo):
    server = start_echo("--broadcast")
    with Raw(server) as first, Raw(server) as second, Raw(server) as leaving:
        for raw in (first, second, leaving):
            raw.open()
        leaving.send(frame(CLOSE, struct.pack(">H", 1000)))
        leaving.read_frame()
        first.send(frame(TEXT, b"to ", fin=False))
        second.send(frame(BINARY, b"\x00"))
        for raw in (first, second):
            assert raw.read_frame() == (True, BINARY, b"\x00")
        first.send(frame(0, b"all"))
        for raw in (first, second):
            assert raw.read_frame() == (True, TEXT, b"to all")


def test_frame_over_its_limit_is_refused(start_echo):
    with Raw(start_echo("--max-frame", "10")) as raw:
        raw.open()
        raw.send(frame(TEXT, b"x" * 10, fin=False) + frame(0, b"y" * 10))
        assert raw.read_frame() == (True, TEXT, b"x" * 10 + b"y" * 10)
        raw.send(frame(TEXT, b"x" * 11))
        fin, opcode, payload = raw.read_frame()
        assert (fin, opcode, payload[:2]) == (True, CLOSE, struct.pack(">H", 1009))


def test_header_over_its_limit_is_refused(start_echo):
    with Raw(start_echo("--max-header", "400")) as raw:
        raw.send(request(more="X: " + "x" * 300 + "\r\n"))
        assert raw.read_head()[0].split()[1] == "431"


def test_connection_over_the_limit_is_reset(start_echo):
    server = start_echo("--max-connections", "1")
    with Raw(server) as first:
        first.open()
        with pytest.raises(ConnectionError):
            with Raw(server) as second:
                second.send(request())
                if second.file.read(1) == b"":
                    raise ConnectionError
        first.send(frame(TEXT, b"mine"))
        assert first.read_frame() == (True, TEXT, b"mine")


@pytest.mark.parametrize("more", [[], ["--tls"]], ids=["ws", "wss"])
@pytest.mark.parametrize("octets", [b"", request()[:-2]], ids=["silent", "unfinished"])
def test_slow_handshake_is_cut_off(start_echo, octets, more):
    if more and octets:
        octets = b"\x16\x03\x01\x02\x00\x01"  # the start of a ClientHello
    with Raw(start_echo("--handshake-timeout", "1", *more)) as raw:
        raw.send(octets)
        assert raw.file.read() == b""


def test_request_in_drops_is_cut_off_too(start_echo):
    """The time does not start anew with each octet."""
    with Raw(start_echo("--handshake-timeout", "3")) as raw:
        raw.socket.settimeout(0.05)
        raw.send(request()[:-2])
        drops = 0
        with pytest.raises((ConnectionError, EOFError)):
            while drops < TIMEOUT_S * 20:
                raw.send(b"X: y\r\n")
                drops += 1
                with contextlib.suppress(TimeoutError):
                    if raw.socket.recv(1) == b"":
                        raise EOFError
        assert drops > 1


def fill(peer):
    """Sends messages, and reads nothing, until nothing more goes out."""
    peer.settimeout(1.5)
    message, sent = frame(BINARY, bytes(65535)), 0
    with pytest.raises(TimeoutError):
        while sent < 1 << 30:
            peer.sendall(message)
            sent += len(message)
    return sent


def test_peer_that_reads_nothing_is_held_back_and_then_cut_off(start_plain_echo):
    server = start_plain_echo("--max-message", "100000", "--idle-timeout", "4",
                              "--closing-timeout", "1")
    before = resident_kib(server)
    with Raw(server) as raw:
        raw.open()
        assert fill(raw.socket) > 1_000_000
        assert resident_kib(server) - before < 16 * 1024
        raw.socket.settimeout(TIMEOUT_S)
        read_to_the_end(raw.socket)
    with Raw(server) as raw:
        raw.open()


def test_peer_that_reads_no_broadcasts_is_closed_for_it(start_echo):
    """The others are served; what waits for this one has a limit, and then it gets 1008."""
    server = start_echo("--broadcast", "--max-message", "100000")
    message = frame(BINARY, bytes(65535))
    with Raw(server) as deaf, Raw(server) as reader:
        deaf.open()
        reader.open()
        for _ in range(1200):
            reader.send(message)
            assert reader.read_frame() == (True, BINARY, bytes(65535))
        last = None
        with contextlib.suppress(ConnectionError, ValueError):  # the end
            while True:
                last = deaf.read_frame()
        assert last[1] == CLOSE
        assert last[2] == struct.pack(">H", 1008) + b"reads too slowly"
        reader.send(frame(TEXT, b"alone"))
        assert reader.read_frame() == (True, TEXT, b"alone")


def test_peer_that_does_not_answer_the_close_is_cut_off(start_echo):
    with Raw(start_echo("--idle-timeout", "1", "--closing-timeout", "1")) as raw:
        raw.open()
        assert raw.read_frame()[1] == CLOSE
        assert raw.file.read() == b""


def test_access_log(start_echo, tmp_path):
    log = tmp_path / "log"
    server = start_echo("--access-log", str(log))
    with Raw(server) as raw:
        raw.send(request(method="POST"))
        raw.file.read()

    async def run():
        async with connect(f'{server.url}a"b', open_timeout=TIMEOUT_S) as client:
            await client.send("x")
            assert await client.recv() == "x"
            await client.close(3001, "bye")
    asyncio.run(run())
    with Raw(server) as raw:
        raw.open()
    server.process.terminate()
    assert server.wait() == 0
    lines = log.read_text().splitlines()
    assert len(lines) == 3
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT[\d:]{8}Z 127\.0\.0\.1:\d+ "" status=405 messages=0 '
                        r'in=\d+ out=\d+ ms=\d+', lines[0])
    assert re.search(r' "/a(%22|\\x22)b" status=101 messages=1 .* close=3001 clean=yes reason="bye"$',
                     lines[1])
    assert re.search(r' "/chat" status=101 messages=0 .* close=1006 clean=no reason=""$', lines[2])


def test_access_log_on_standard_output(start_echo):
    server = start_echo("--access-log", "-")
    with Raw(server) as raw:
        raw.open()
        raw.send(frame(CLOSE, struct.pack(">H", 1000)))
        raw.file.read()
    assert re.search(r'"/chat" status=101 messages=0 in=\d+ out=\d+ ms=\d+ close=1000 clean=yes',
                     server.next_line())


def test_deflate_is_agreed_to_unless_declined(start_echo):
    offer = request(more="Sec-WebSocket-Extensions: permessage-deflate\r\n")
    for arguments, answers in [([], 1), (["--no-deflate"], 0)]:
        with Raw(start_echo(*arguments)) as raw:
            raw.send(offer)
            head = raw.read_head()
            assert head[0].split()[1] == "101"
            assert len([line for line in head if "permessage-deflate" in line]) == answers


def test_port_and_host_that_are_asked_for(start_echo, reserve_port):
    assert start_echo("--host", "127.0.0.2").host == "127.0.0.2"
    port = reserve_port()
    assert start_echo("--host", "localhost", "--port", str(port)).port == port


def test_access_log_that_cannot_be_written_is_told(start_program, wspec):
    program = start_program([wspec, "echo", "--access-log", "/nonexistent/log"])
    assert program.wait() == 2
    assert "cannot write /nonexistent/log" in program.stderr


def test_access_log_on_a_full_disk_is_told_once_and_exit_1(start_program, wspec):
    program = start_program([wspec, "echo", "--port", "0", "--access-log", "/dev/full"])
    server = SimpleNamespace(host="127.0.0.1", port=int(program.next_line().strip("/").split(":")[-1]))
    for _ in range(3):
        with Raw(server) as raw:
            raw.open()
            raw.send(frame(CLOSE, struct.pack(">H", 1000)))
            assert raw.read_frame()[1] == CLOSE, "it serves all the same"
            raw.file.read()
    program.signal(signal.SIGTERM)
    assert program.wait() == 1
    assert program.stderr == ("wspec echo: the access log is not complete: "
                              "No space left on device\n")


def test_port_that_cannot_be_told_is_exit_2(wspec):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([wspec, "echo", "--port", "0"], stdout=full, stderr=subprocess.PIPE,
                              timeout=TIMEOUT_S)
    assert done.returncode == 2
    assert done.stderr == b"wspec echo: standard output: No space left on device\n"


def test_drain_timeout_cuts_off_who_does_not_answer(start_echo):
    server = start_echo("--drain-timeout", "0")
    with Raw(server) as raw:
        raw.open()
        server.process.terminate()
        assert server.wait() == 0


def test_broadcast_to_nobody_but_the_sender_is_an_echo(start_echo):
    async def run():
        async with connect(start_echo("--broadcast").url, open_timeout=TIMEOUT_S) as client:
            await client.send("x" * 100_000)
            return await client.recv()
    try:
        assert asyncio.run(run()) == "x" * 100_000
    except ConnectionClosed:
        pytest.fail("the server closed")
