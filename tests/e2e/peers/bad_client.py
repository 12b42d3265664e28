"""A client that does one thing wrong, by raw octets: bad_client.py HOW URL.

It takes no part in the code that it tests. HOW is what the functions below are called."""

import base64
import os
import signal
import socket
import sys
import time
from urllib.parse import urlsplit

FOREVER_S = 600


def connect(url):
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port)), parts


def request(parts, key):
    return (f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode()


def shake_hands(url):
    connection, parts = connect(url)
    connection.sendall(request(parts, base64.b64encode(os.urandom(16)).decode()))
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(1)
    return connection


def never_connects(_url):
    print("I would rather not")
    time.sleep(FOREVER_S)


def exits(_url):
    print("goodbye", file=sys.stderr)
    sys.exit(3)


def not_supported(_url):
    sys.exit(127)


def silent(url):
    connection, _ = connect(url)
    time.sleep(FOREVER_S)
    connection.close()


def silent_when_open(url):
    connection = shake_hands(url)
    time.sleep(FOREVER_S)
    connection.close()


def floods(url):
    connection = shake_hands(url)
    frame = b"\x82\xfe\xff\xff" + os.urandom(4) + b"x" * 65535
    while True:
        connection.sendall(frame)


def floods_the_log(_url):
    while True:
        print("x" * 4096)


def dies(url):
    connection = shake_hands(url)
    os.kill(os.getpid(), signal.SIGSEGV)
    connection.close()


def say_child(writable):
    """Prints who it is, in one write, since others print beside it, and lets its parent go on."""
    os.write(1, b"child %d\n" % os.getpid())
    os.write(writable, b"!")


def ignores_sigterm(url):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    readable, writable = os.pipe()
    if os.fork() == 0:
        say_child(writable)
        time.sleep(FOREVER_S)
    os.read(readable, 1)
    silent_when_open(url)


def leaves_a_daemon(url):
    """Its child, and that one's, leave the process group, as a daemon does."""
    readable, writable = os.pipe()
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork() == 0:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say_child(writable)
        os.close(1)
        os.close(2)
        time.sleep(FOREVER_S)
    for _ in range(2):
        os.read(readable, 1)
    silent_when_open(url)


def leaves_a_daemon_and_ends(url):
    del url
    readable, writable = os.pipe()
    if os.fork() == 0:
        os.setsid()
        say_child(writable)
        time.sleep(FOREVER_S)
    os.read(readable, 1)
    sys.exit(3)


def unmasked(url):
    connection = shake_hands(url)
    while True:
        octets = connection.recv(65536)
        if not octets:
            return
        if octets[0] == 0x89:
            connection.sendall(bytes([0x8A]) + octets[1:])


def takes_any_answer(url):
    """Sends what it gets, masked with a key of its own each time: small frames only."""
    connection = shake_hands(url)
    while True:
        header = connection.recv(2, socket.MSG_WAITALL)
        if len(header) < 2:
            return
        payload = connection.recv(header[1], socket.MSG_WAITALL) if header[1] else b""
        opcode = 0x8A if header[0] == 0x89 else header[0]
        key = os.urandom(4)
        masked = bytes(octet ^ key[i % 4] for i, octet in enumerate(payload))
        connection.sendall(bytes([opcode, 0x80 | header[1]]) + key + masked)
        if opcode == 0x88:
            return


globals()[sys.argv[1]](sys.argv[2])
