"""`wspec run --targets`: many targets in one command; one that dies does not take the others along."""

import json
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVER = f"exec {sys.executable} {ROOT / 'tests/defects/server.py'}"
CASES = ("--cases", "6455/5.2/rsv1-on*")
TIMEOUT_S = 100


def run(wspec, path, *arguments):
    return subprocess.run([wspec, "run", "--targets", path, *map(str, arguments)],
                          capture_output=True, text=True, timeout=TIMEOUT_S)


def write(path, *targets):
    path.write_text(json.dumps({"schema": "wspec-targets/1", "targets": targets}))
    return path


def target(name, port, more="", **members):
    return {"name": name, "url": f"ws://127.0.0.1:{port}/",
            "start": f"{SERVER} --port $PORT {more}", "env": {"PORT": str(port)}} | members


def test_every_target_is_started_tested_and_stopped(wspec, tmp_path, reserve_port):
    ports = [reserve_port() for _ in range(3)]
    path = write(tmp_path / "t.json", target("good", ports[0]),
                 target("bad", ports[1], "--defect accepts-rsv1-on-data"),
                 target("dead", ports[2], start="exit 7", ready_s=1))
    done = run(wspec, path, *CASES, "--json", tmp_path / "r.json", "--html", tmp_path / "r.html")
    assert done.returncode == 3, done.stderr
    assert "target dead died" in done.stderr
    matrix = json.loads((tmp_path / "r.json").read_text())
    by_name = {r["target"]["name"]: r["summary"] for r in matrix["reports"]}
    assert by_name.keys() == {"good", "bad"}
    assert by_name["good"]["fail"] == 0 and by_name["bad"]["fail"] > 0
    assert (tmp_path / "r.html").stat().st_size > 0
    left = subprocess.run(["pgrep", "-f", f"port {ports[0]}|port {ports[1]}"],
                          capture_output=True, text=True).stdout
    assert left == ""


def test_a_target_has_a_baseline_of_its_own(wspec, tmp_path, reserve_port):
    port = reserve_port()
    (tmp_path / "b.json").write_text(json.dumps(
        {"schema": "wspec-baseline/1", "entries": [
            {"case": "6455/5.2/rsv1-on*", "verdict": "fail", "reason": "known"}]}))
    path = write(tmp_path / "t.json", target("bad", port, "--defect accepts-rsv1-on-data",
                                             baseline=str(tmp_path / "b.json")))
    done = run(wspec, path, *CASES, "--json", tmp_path / "r.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "r.json").read_text())["summary"]["known"] > 0


def test_a_bad_file_is_said_before_anything_starts(wspec, tmp_path):
    path = write(tmp_path / "t.json", {"name": "x"})
    done = run(wspec, path)
    assert done.returncode == 2
    assert 'targets[0]: expected "name" and "url"' in done.stderr
    path = write(tmp_path / "t.json", {"name": "x", "url": "ws://h/", "stopp": "now"})
    assert "targets[0]: a member that is none of" in run(wspec, path).stderr


def test_a_target_is_stopped_by_its_own_command(wspec, tmp_path, reserve_port):
    """`start` leaves a process behind that is in no group of ours: only `stop` knows it."""
    port = reserve_port()
    pid = tmp_path / "pid"
    start = (f"setsid {SERVER.removeprefix('exec ')} --port $PORT > /dev/null 2>&1 & "
             f"echo $! > {pid}; wait")
    path = write(tmp_path / "t.json", target("own", port, start=start,
                                             stop=f"kill $(cat {pid}) && echo $PORT > {pid}.done"))
    done = run(wspec, path, *CASES, "--json", tmp_path / "r.json")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "pid.done").read_text() == f"{port}\n"
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_target_that_never_listens_is_reported_and_the_others_go_on(wspec, tmp_path, reserve_port):
    ports = [reserve_port(), reserve_port()]
    path = write(tmp_path / "t.json", target("mute", ports[0], start="exec sleep 600", ready_s=0.2),
                 target("good", ports[1]))
    done = run(wspec, path, *CASES, "--json", tmp_path / "r.json")
    assert done.returncode == 3
    assert "target mute was not tested" in done.stderr
    assert json.loads((tmp_path / "r.json").read_text())["target"]["name"] == "good"


def test_headers_and_environment_reach_the_target(wspec, tmp_path, reserve_port):
    port = reserve_port()
    path = write(tmp_path / "t.json", target("good", port, headers=["X-Test: one two"]))
    done = run(wspec, path, *CASES, "--transcripts", "all", "--json", tmp_path / "r.json")
    assert done.returncode == 0, done.stderr
    assert b"X-Test: one two\r\n".hex() in (tmp_path / "r.json").read_text()
