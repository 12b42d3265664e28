"""The JSON report: its schema, and what is left of it when things go wrong half-way."""

import base64
import fcntl
import json
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 60


def run(wspec, *arguments, **options):
    return subprocess.run([wspec, *map(str, arguments)], capture_output=True, text=True,
                          timeout=TIMEOUT_S, **options)


@pytest.fixture(scope="session")
def validator():
    schema = json.loads((ROOT / "reports/schema/report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def validate(validator, document):
    errors = [f"{error.json_path}: {error.message[:200]}" for error in
              validator.iter_errors(document)]
    assert errors == []


def test_a_whole_report_follows_the_schema(wspec, validator, tmp_path):
    path = tmp_path / "r.json"
    done = run(wspec, "run", "--memory", "--transcripts", "all", "--json", path)
    assert done.returncode == 0, done.stdout
    report = json.loads(path.read_text())
    validate(validator, report)
    assert report["selected"] == len(report["results"]) == report["summary"]["total"] > 0
    passed = [r for r in report["results"] if r["verdict"] == "pass"]
    assert all(r["transcript"] for r in passed)


def test_a_report_of_a_failing_target_follows_the_schema(wspec, validator, failing_report):
    report = json.loads(failing_report.read_text())
    validate(validator, report)
    failed = [r for r in report["results"] if r["verdict"] == "fail"]
    assert failed
    for result in failed:
        finding = result["findings"][0]
        assert finding["requirement"] in report["requirements"]
        assert result["transcript"]


def test_the_schema_refuses_a_member_that_it_does_not_know(validator, failing_report):
    report = json.loads(failing_report.read_text())
    report["results"][0]["verdcit"] = "pass"
    assert list(validator.iter_errors(report))


def test_a_matrix_follows_the_schema(wspec, validator, failing_report):
    done = run(wspec, "merge", f"a={failing_report}", f"b={failing_report}")
    matrix = json.loads(done.stdout)
    validate(validator, matrix)
    assert [r["target"]["name"] for r in matrix["reports"]] == ["a", "b"]


def test_standard_output_takes_the_report_alone(wspec, validator):
    done = run(wspec, "run", "--memory", "--cases", "6455/5.5.2", "--json", "-")
    validate(validator, json.loads(done.stdout))
    assert "cases in" in done.stderr


def test_a_killed_run_leaves_what_was_done(wspec, validator, tmp_path):
    path = tmp_path / "r.json"
    pipe_end, report_end = os.pipe()
    process = subprocess.Popen(
        [wspec, "run", "--memory", "--json", f"/dev/fd/{report_end}"], pass_fds=[report_end],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(report_end)
    # A pipe holds 64 KiB: the run is blocked behind it, so that the kill is sure to be half-way.
    head = b""
    while len(head) < 20000:
        head += os.read(pipe_end, 20000)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=TIMEOUT_S)
    with open(path, "wb") as file:
        file.write(head)
        while chunk := os.read(pipe_end, 65536):
            file.write(chunk)
    os.close(pipe_end)
    with pytest.raises(json.JSONDecodeError):
        json.loads(path.read_text())
    done = run(wspec, "merge", path)
    assert done.returncode == 0
    assert "the run was cut off" in done.stderr
    repaired = json.loads(done.stdout)
    validate(validator, repaired)
    assert 0 < len(repaired["results"]) < repaired["selected"]


def test_each_result_is_one_line(failing_report):
    lines = failing_report.read_text().splitlines()
    results = [line.rstrip(",") for line in lines if line.startswith('{"id":')]
    report = json.loads(failing_report.read_text())
    assert [json.loads(line) for line in results] == report["results"]


def test_a_full_disk_is_said(wspec):
    done = run(wspec, "run", "--memory", "--json", "/dev/full")
    assert done.returncode == 2
    assert "/dev/full: No space left on device" in done.stderr


def test_a_path_that_cannot_be_written_is_said_before_anything_runs(wspec, tmp_path):
    (tmp_path / "file").write_text("")
    done = run(wspec, "run", "--memory", "--json", tmp_path / "file" / "r.json")
    assert done.returncode == 2
    assert "Not a directory" in done.stderr
    assert "cases in" not in done.stdout
    assert run(wspec, "run", "--memory", "--out", tmp_path / "file").returncode == 2


def test_two_runs_into_one_directory_do_not_mix(wspec, validator, tmp_path):
    path = tmp_path / "report.json"
    with open(path, "w") as other_run:
        other_run.write("its lines\n")
        other_run.flush()
        fcntl.flock(other_run, fcntl.LOCK_EX)
        done = run(wspec, "run", "--memory", "--out", tmp_path)
        assert done.returncode == 2
        assert f"{path}: another run is writing it" in done.stderr
        assert path.read_text() == "its lines\n"
    assert run(wspec, "run", "--memory", "--out", tmp_path).returncode == 0
    validate(validator, json.loads(path.read_text()))


def test_shards_make_the_whole_again(wspec, tmp_path):
    for i in (1, 2, 3):
        run(wspec, "run", "--memory", "--shard", f"{i}/3", "--json", tmp_path / f"{i}.json")
    run(wspec, "run", "--memory", "--json", tmp_path / "whole.json")
    merged = run(wspec, "merge", *(tmp_path / f"{i}.json" for i in (3, 1, 2)))
    whole = json.loads((tmp_path / "whole.json").read_text())
    joined = json.loads(merged.stdout)
    assert ({r["id"]: r["verdict"] for r in joined["results"]}
            == {r["id"]: r["verdict"] for r in whole["results"]})
    assert joined["summary"] == whole["summary"]
    assert joined["requirements"].keys() == whole["requirements"].keys()
    lacking = run(wspec, "merge", tmp_path / "1.json", tmp_path / "3.json")
    assert lacking.returncode == 2
    assert "shard 2/3 is missing" in lacking.stderr


@pytest.mark.parametrize("url_user", ["", "somebody:else@"])
def test_user_is_sent_and_not_told(wspec, tmp_path, defect_server, url_user):
    """RFC 7617: the base64 of name and password, whatever user the URL names."""
    path = tmp_path / "r.json"
    url = defect_server().replace("ws://", f"ws://{url_user}")
    done = run(wspec, "run", url, "--user", "me:hun:ter2", "--cases", "6455/5.5.2", "--transcripts",
               "all", "--json", path)
    assert done.returncode == 0, done.stderr
    text = path.read_text()
    value = "Basic " + base64.b64encode(b"me:hun:ter2").decode()
    assert ("Authorization: " + "*" * len(value) + "\r\n").encode().hex() in text
    assert "hun:ter2" not in text and "--user ..." in json.loads(text)["reproduce"]


@pytest.mark.parametrize("user", ["me", "me:\r\nX: y", "me:" + 5000 * "x"])
def test_a_user_that_is_none_is_bad_usage(wspec, user):
    done = run(wspec, "run", "ws://127.0.0.1:1/", "--user", user)
    assert done.returncode == 2
    assert "--user: expected NAME:PASSWORD" in done.stderr


def test_user_is_in_the_first_request(wspec):
    seen = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    done = run(wspec, "run", f"ws://127.0.0.1:{listener.getsockname()[1]}/", "--user", "u:p")
    thread.join(timeout=TIMEOUT_S)
    listener.close()
    assert b"\r\nAuthorization: Basic dTpw\r\n" in seen[0]
    assert done.returncode == 3 and "401" in done.stderr


def test_secrets_stay_out_of_the_report(wspec, tmp_path, defect_server):
    path = tmp_path / "r.json"
    url = defect_server().replace("ws://", "ws://me:hunter2@")
    done = run(wspec, "run", url, "-H", "X-Api-Key: s3cr3t-value", "--cases", "6455/5.5.2",
               "--transcripts", "all", "--json", path)
    text = path.read_text() + done.stdout + done.stderr
    hidden = ["hunter2", "s3cr3t-value", b"s3cr3t-value".hex(), "bWU6aHVudGVyMg",
              b"bWU6aHVudGVyMg".hex()]
    assert [secret for secret in hidden if secret in text] == []
    assert b"X-Api-Key: ************".hex() in text
