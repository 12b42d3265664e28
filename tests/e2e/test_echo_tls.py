"""`wspec connect` and `wspec echo` inside TLS: certificates of both sides, and the key log."""

import os
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

TIMEOUT_S = 60


def connect(wspec, *arguments, stdin=b"Hello\n", env=None):
    return subprocess.run([wspec, "connect", *arguments], input=stdin, capture_output=True,
                          timeout=TIMEOUT_S, env=os.environ | (env or {}))


def by_name(server):
    return f"wss://localhost:{server.port}/"


def own(identity):
    return ["--cert", identity.certificate, "--key", identity.key]


def check_refused(done, words):
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.decode().startswith(f"wspec connect: {words}"), done.stderr


def test_certificate_of_files_is_trusted_by_its_authority(wspec, authority, start_echo):
    server = start_echo(*own(authority.good))
    done = connect(wspec, "--cacert", authority.ca, by_name(server))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Hello\n", b"")


@pytest.mark.parametrize(("kind", "words"), [
    ("expired", "the peer's certificate is refused: certificate has expired on "),
    ("elsewhere", "the peer's certificate is refused: hostname mismatch: the certificate is for "
     "example.org, not for localhost"),
    ("self_signed", "the peer's certificate is refused: self-signed certificate"),
    ("stranger", "the peer's certificate is refused: unable to get local issuer certificate"),
])
def test_wrong_certificate_is_told_and_exit_3(wspec, authority, start_echo, kind, words):
    server = start_echo(*own(getattr(authority, kind)))
    check_refused(connect(wspec, "--cacert", authority.ca, by_name(server)), words)
    done = connect(wspec, "-k", by_name(server))
    assert (done.returncode, done.stdout) == (0, b"Hello\n"), "with -k any will do"


def test_client_certificate_is_accepted(wspec, authority, start_echo):
    server = start_echo(*own(authority.good), "--cacert", authority.ca)
    done = connect(wspec, "--cacert", authority.ca, *own(authority.client), by_name(server))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Hello\n", b"")


@pytest.mark.parametrize(("kind", "words"), [
    (None, "the peer refused with the TLS alert '"),
    ("stranger", "the peer refused with the TLS alert 'unknown CA'"),
    ("expired", "the peer refused with the TLS alert 'certificate expired'"),
])
def test_client_certificate_is_refused(wspec, authority, start_echo, kind, words):
    server = start_echo(*own(authority.good), "--cacert", authority.ca)
    shown = own(getattr(authority, kind)) if kind else []
    check_refused(connect(wspec, "--cacert", authority.ca, *shown, by_name(server)), words)


def test_key_without_its_certificate_is_bad_usage(wspec, authority):
    for identity in [(authority.good.certificate, authority.client.key),
                     (authority.good.certificate, authority.good.certificate),
                     (authority.good.key, authority.good.key)]:
        done = connect(wspec, "--cert", identity[0], "--key", identity[1], "wss://localhost/")
        assert done.returncode == 2
        assert str(identity[0]).encode() in done.stderr or str(identity[1]).encode() in done.stderr


# ---- The key log, as Wireshark reads it ----


class Tap:
    """Stands between one client and `server`, and notes what goes by, as text2pcap reads it."""

    def __init__(self, server):
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._dump = []

    def __enter__(self):
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        self.url = f"wss://localhost:{self._listener.getsockname()[1]}/"
        return self

    def __exit__(self, *_):
        self._thread.join(timeout=TIMEOUT_S)
        self._listener.close()

    def _serve(self):
        with self._listener.accept()[0] as client, \
                socket.create_connection((self._server.host, self._server.port)) as server:
            client.settimeout(TIMEOUT_S)
            server.settimeout(TIMEOUT_S)
            back = threading.Thread(target=self._carry, args=("I", server, client))
            back.start()
            self._carry("O", client, server)
            back.join(timeout=TIMEOUT_S)

    def _carry(self, direction, source, sink):
        while octets := source.recv(16384):
            with self._lock:
                self._dump.append(f"{direction}\n000000 {octets.hex(' ')}\n")
            sink.sendall(octets)
        sink.shutdown(socket.SHUT_WR)

    def write(self, path):
        subprocess.run(["text2pcap", "-q", "-D", "-T", "40000,443", "-", path], check=True,
                       input="".join(self._dump), text=True, capture_output=True, timeout=TIMEOUT_S)


def decrypted(capture, key_log):
    """The text messages that tshark finds."""
    done = subprocess.run(["tshark", "-r", capture, "-o", f"tls.keylog_file:{key_log}",
                           "-Y", "websocket.opcode == 1", "-T", "fields", "-e", "text"],
                          capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    return [line.rsplit(",", 1)[-1] for line in done.stdout.splitlines()]


@pytest.mark.skipif(not shutil.which("tshark"), reason="no tshark: apt-get install tshark")
@pytest.mark.parametrize("logger", ["connect", "echo"])
def test_key_log_opens_what_was_sent(wspec, authority, start_echo, tmp_path, logger):
    log, capture = tmp_path / "keys", tmp_path / "capture.pcapng"
    env = {"SSLKEYLOGFILE": str(log)}
    server = start_echo(*own(authority.good), env=env if logger == "echo" else None)
    with Tap(server) as tap:
        done = connect(wspec, "--cacert", authority.ca, "--no-deflate", tap.url,
                       stdin=b"in-secret\n", env=env if logger == "connect" else None)
    assert (done.returncode, done.stdout) == (0, b"in-secret\n")
    tap.write(capture)
    assert log.stat().st_mode & 0o077 == 0, "the secrets are their owner's alone"
    assert decrypted(capture, log) == ["in-secret"] * 2, "there and back"
    assert decrypted(capture, "/dev/null") == [], "it is the key log that opens it"
