"""`wspec echo` under many connections, with its limits, pushes, broadcasts and access log."""

import asyncio
import re
import resource
import socket
import struct
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from test_echo import BINARY, CLOSE, TEXT, TIMEOUT_S, Raw, frame, request

IDLE = 10_000
IDLE_MIB = 200


def is_sanitized(wspec):
    return b"__asan_init" in wspec.read_bytes()


def resident_kib(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


def descriptors(process):
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


def test_10000_idle_connections_take_under_200_mb(wspec, start_echo):
    if is_sanitized(wspec):
        pytest.skip("AddressSanitizer's own memory would be counted")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < IDLE + 200:
        pytest.skip(f"this machine allows {hard} descriptors a process")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = start_echo()
    sockets = []
    try:
        for number in range(IDLE):
            # An address of 127/8 each thousand: the ports of one are not enough for all machines.
            peer = socket.create_connection((server.host, server.port), timeout=TIMEOUT_S,
                                            source_address=(f"127.0.1.{1 + number // 1000}", 0))
            sockets.append(peer)
            peer.sendall(request())
        for peer in sockets:
            assert peer.recv(4096).startswith(b"HTTP/1.1 101 ")
        for peer in sockets[::1000]:
            peer.sendall(frame(TEXT, b"alive"))
            assert peer.recv(4096) == b"\x81\x05alive"
        used = resident_kib(server.process)
        print(f"{IDLE} idle connections: {used} KiB")
        assert used < IDLE_MIB * 1000
    finally:
        for peer in sockets:
            peer.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def open_and_close(server, number):
    sockets = [socket.create_connection((server.host, server.port), timeout=TIMEOUT_S)
               for _ in range(number)]
    for peer in sockets:
        peer.sendall(request() + frame(BINARY, bytes(1000)))
    for peer in sockets:
        assert peer.recv(20, socket.MSG_WAITALL).startswith(b"HTTP/1.1 101 ")
        peer.sendall(frame(CLOSE, struct.pack(">H", 1000)))
    for peer in sockets:
        while peer.recv(65536):
            pass
        peer.close()


def test_200_connections_100_times_leave_nothing_behind(wspec, start_echo):
    rounds = 10 if is_sanitized(wspec) else 100
    server = start_echo()
    for _ in range(3):
        open_and_close(server, 200)
    with Raw(server) as raw:  # what came before it is gone when it is served
        raw.open()
        before, used = descriptors(server.process), resident_kib(server.process)
        for _ in range(rounds):
            open_and_close(server, 200)
        raw.send(frame(TEXT, b"still here"))
        raw.read_frame()
        assert descriptors(server.process) == before
        if not is_sanitized(wspec):
            # Pages that the allocator keeps vary; an octet a connection would be 20 KiB and more.
            assert resident_kib(server.process) - used < 400


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


@pytest.mark.parametrize("octets", [b"", request()[:-2]], ids=["silent", "unfinished"])
def test_slow_handshake_is_cut_off(start_echo, octets):
    with Raw(start_echo("--handshake-timeout", "1")) as raw:
        raw.send(octets)
        assert raw.file.read() == b""


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


def test_access_log_that_cannot_be_written_is_told(start_program, wspec):
    program = start_program([wspec, "echo", "--access-log", "/nonexistent/log"])
    assert program.wait() == 2
    assert "cannot write /nonexistent/log" in program.stderr


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
