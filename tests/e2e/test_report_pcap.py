"""The capture, read by tshark: what is in the transcripts comes out as WebSocket."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

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
