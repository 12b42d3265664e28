"""The capture, read by tshark: what is in the transcripts comes out as WebSocket."""

import json
import shutil
import struct
import subprocess
import threading
from pathlib import Path

import pytest

from proxy import Proxy

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "reports/golden/report.json"
TIMEOUT_S = 60

pytestmark = pytest.mark.skipif(not shutil.which("tshark"),
                                reason="tshark is not there: apt-get install tshark")


@pytest.fixture(scope="module")
def capture(wspec, tmp_path_factory):
    path = tmp_path_factory.mktemp("pcap") / "report.pcapng"
    done = subprocess.run([wspec, "merge", GOLDEN, "--pcap", path], capture_output=True, text=True,
                          timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    return path


def tshark(capture, display_filter, *fields):
    words = [word for field in fields for word in ("-e", field)]
    done = subprocess.run(["tshark", "-r", capture, "-o", "tcp.check_checksum:TRUE",
                           "-o", "ip.check_checksum:TRUE", "-Y", display_filter, "-T", "fields",
                           *words], capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def results():
    return [r for r in json.loads(GOLDEN.read_text())["results"] if "transcript" in r]


def test_every_connection_is_there_by_its_case(capture):
    comments = [row[0] for row in tshark(capture, "tcp.flags.syn == 1 && tcp.flags.ack == 0",
                                         "frame.comment")]
    assert sorted(comments) == sorted(r["id"] for r in results() for e in r["transcript"]
                                      if e["kind"] == "connect")


def test_the_payload_comes_out_unmasked(capture):
    failed = [r for r in results() if r["verdict"] == "fail"]
    assert failed
    rows = tshark(capture, "websocket.opcode == 1 && websocket.mask == 1 && websocket.rsv != 0",
                  "websocket.payload.text")
    rows += tshark(capture, "websocket.opcode == 1 && websocket.mask == 1",
                   "text")
    assert any("Hello, world!" in cell for row in rows for cell in row)


def test_the_wrong_octet_carries_the_finding(capture):
    comments = {row[0] for row in tshark(capture, "websocket && tcp.srcport == 80 && frame.comment",
                                         "frame.comment")}
    with_octet = {f["message"] for r in results() for f in r["findings"]
                  if f["offset"] is not None and r["verdict"] == "fail"}
    assert with_octet and with_octet <= comments


def test_checksums_and_sequence_numbers_are_right(capture):
    assert tshark(capture, 'tcp.checksum.status == "Bad" || ip.checksum.status == "Bad"',
                  "frame.number") == []
    elided = {r["id"] for r in results() if r["elided"]}
    clients = [row[0] for row in tshark(capture, "tcp.flags.syn == 1 && tcp.flags.ack == 0",
                                        "ip.src", "frame.comment") if row[1] in elided]
    gaps = tshark(capture, "tcp.analysis.lost_segment || tcp.analysis.retransmission"
                  " || tcp.analysis.ack_lost_segment || _ws.malformed", "ip.src", "ip.dst")
    assert elided and gaps, "what was elided is a gap"
    assert [gap for gap in gaps if not set(gap) & set(clients)] == []


def test_times_begin_when_the_run_began(capture):
    started = json.loads(GOLDEN.read_text())["started"]
    first = tshark(capture, "frame.number == 1", "frame.time_epoch")[0][0]
    expected = subprocess.run(["date", "-u", "-d", started, "+%s"], capture_output=True, text=True,
                              check=True).stdout.strip()
    assert 0 <= float(first) - int(expected) < 60


# ---- A capture of somebody else, of wss, with the key log ----

class Tap(Proxy):
    """Writes what passed as a capture of its own."""

    def __init__(self, to_port, path):
        self.path, self.packets, self.n_flows = path, [], 0
        self.lock = threading.Lock()
        super().__init__(to_port)

    def opened(self):
        self.n_flows += 1
        flow = {"n": self.n_flows, "next": [1, 1]}
        self._packet(flow, 0, 0x02, b"")
        self._packet(flow, 1, 0x12, b"")
        return flow

    def passing(self, flow, is_answer, octets):
        self._packet(flow, int(is_answer), 0x18, octets)

    def _packet(self, flow, way, flags, octets):
        with self.lock:
            is_syn = flags & 2
            sequence = flow["next"][way] - bool(is_syn)
            ends = [(b"\x0a\0\0\x01", 1024 + flow["n"]), (b"\x0a\0\0\x02", 443)]
            (source, source_port), (sink, sink_port) = ends[way], ends[1 - way]
            tcp = struct.pack("!HHIIBBHHH", source_port, sink_port, sequence,
                              flow["next"][1 - way] if flags & 0x10 else 0, 0x50, flags, 65535, 0, 0)
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40 + len(octets), 0, 0, 64, 6, 0, source, sink)
            self.packets.append(ip + tcp + octets)
            flow["next"][way] += len(octets)

    def close(self):
        super().close()
        with self.lock, open(self.path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
            for number, packet in enumerate(self.packets):
                file.write(struct.pack("<IIII", number, 0, len(packet), len(packet)) + packet)


@pytest.mark.parametrize("by_environment", [False, True], ids=["option", "environment"])
def test_the_key_log_opens_a_capture_of_wss(wspec, start_echo, tmp_path, by_environment):
    path, keys = tmp_path / "tap.pcap", tmp_path / "keys"
    tap = Tap(start_echo("--tls").port, path)
    words = [] if by_environment else ["--key-log", keys]
    done = subprocess.run(
        ["env", *([f"SSLKEYLOGFILE={keys}"] if by_environment else []), wspec, "run", "-k", *words,
         f"wss://127.0.0.1:{tap.port}/", "--cases", "6455/5.5.2/ping-payload-1*"],
        capture_output=True, text=True, timeout=TIMEOUT_S)
    tap.close()
    assert done.returncode == 0, done.stderr
    assert keys.stat().st_mode & 0o777 == 0o600
    closed = tshark(path, "websocket", "frame.number")
    assert closed == []
    opened = subprocess.run(["tshark", "-r", path, "-o", f"tls.keylog_file:{keys}", "-Y",
                             "websocket.opcode == 9", "-T", "fields", "-e", "websocket.mask"],
                            capture_output=True, text=True, timeout=TIMEOUT_S)
    assert opened.stdout.split(), opened.stderr
