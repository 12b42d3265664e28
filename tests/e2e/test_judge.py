"""`wspec judge`: the transcripts of a report judged again, without the target."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "reports/schema/report.schema.json").read_text())
TIMEOUT_S = 100


def run(wspec, *arguments):
    return subprocess.run([str(word) for word in (wspec, *arguments)], capture_output=True,
                          text=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL)


def verdicts(report):
    return {r["id"]: (r["verdict"], [f["requirement"] for f in r["findings"]])
            for r in report["results"]}


@pytest.fixture
def tampered(failing_report, tmp_path):
    """Write the failing report with what `change` does to a result; returns path and result."""
    def write(verdict, change):
        report = json.loads(failing_report.read_text())
        result = next(r for r in report["results"] if r["verdict"] == verdict)
        change(result)
        path = tmp_path / "tampered.json"
        path.write_text(json.dumps(report))
        return path, result

    return write


@pytest.fixture(scope="module")
def everything(wspec, defect_server, tmp_path_factory):
    """A run with all transcripts, over a network, against a server with a bug."""
    path = tmp_path_factory.mktemp("judge") / "report.json"
    run(wspec, "run", defect_server("masks-pongs"), "--cases", "6455/5.*", "--transcripts", "all",
        "-H", "X-Api-Key: s3cr3t", "--json", path, "--name", "bugs", "--seed", "77")
    return path


def test_every_verdict_is_the_same_again(wspec, everything, tmp_path):
    before = json.loads(everything.read_text())
    done = run(wspec, "judge", everything, "--out", tmp_path / "again")
    assert done.returncode == 1, done.stderr  # for the failures, which still are failures
    assert "0 differ" in done.stdout
    after = json.loads((tmp_path / "again/report.json").read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(after)
    assert verdicts(after) == verdicts(before)
    assert before["summary"]["fail"] > 0 and before["summary"]["pass"] > 0
    for member in ("summary", "target", "config", "seed", "started", "requirements"):
        assert after[member] == before[member]
    judged = int(done.stdout.splitlines()[-1].split()[0])
    assert judged > 0.9 * before["summary"]["total"]
    assert "### Failures" in (tmp_path / "again/summary.md").read_text()
    assert {"report.html", "junit.xml"} <= {p.name for p in (tmp_path / "again").iterdir()}


def test_what_a_target_refuses_is_skipped_again(wspec, defect_server, tmp_path):
    path = tmp_path / "report.json"
    run(wspec, "run", defect_server(scenario="refuses-messages"), "--cases", "6455/5.4",
        "--transcripts", "all", "--json", path)
    before = json.loads(path.read_text())
    assert before["summary"]["skip"] > 0
    done = run(wspec, "judge", path, "--json", tmp_path / "again.json")
    assert "0 differ" in done.stdout
    assert verdicts(json.loads((tmp_path / "again.json").read_text())) == verdicts(before)


def test_the_evidence_stays_as_it_was(wspec, everything):
    done = run(wspec, "judge", everything, "--json", "-")
    before = {r["id"]: r for r in json.loads(everything.read_text())["results"]}
    for result in json.loads(done.stdout)["results"]:
        assert result["transcript"] == before[result["id"]]["transcript"]
        assert result["findings"] == before[result["id"]]["findings"]


def test_a_run_in_memory_is_judged_again(wspec, tmp_path):
    path = tmp_path / "r.json"
    run(wspec, "run", "--memory", "--cases", "6455/4.*", "--transcripts", "all", "--json", path)
    done = run(wspec, "judge", path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 differ" in done.stdout


def client_report(wspec, tmp_path, defect, *cases):
    path = tmp_path / f"{defect}.json"
    globs = [word for case in cases for word in ("--cases", case)]
    client = ROOT / "tests/defects/client.py"
    run(wspec, "run-client", *globs, "--timeout", "2", "--no-confirm", "--transcripts", "all",
        "--json", path, "--", sys.executable, client, "--defect", defect, "{url}")
    return path


@pytest.mark.parametrize("defect, cases, requirement", [
    ("accepts-wrong-accept", ["6455/4.1/response-with-accept-*"], "6455-4.1-47"),
    ("host-of-proxy", ["6455/4.1/request-well-formed"], "6455-4.1-23"),
    ("asks-without-query", ["6455/4.1/request-well-formed"], "6455-4.1-22"),
    ("host-in-punycode-without-mapping", ["6455/11.1.1/*"], "6455-11.1.1-01"),
    ("takes-scheme-in-small-letters-only", ["6455/3/client-*"], "6455-3-03"),
])
def test_a_client_is_judged_again(wspec, tmp_path, defect, cases, requirement):
    """The report does not say where the client was told to go, and keeps what came of that."""
    path = client_report(wspec, tmp_path, defect, *cases)
    found = verdicts(json.loads(path.read_text()))
    assert requirement in {name for _, names in found.values() for name in names}
    done = run(wspec, "judge", path, "--json", tmp_path / "again.json")
    assert done.returncode == 1 and ", 0 differ" in done.stdout + done.stderr
    assert verdicts(json.loads((tmp_path / "again.json").read_text())) == found


def test_an_exit_status_is_no_evidence(wspec, tmp_path):
    path = tmp_path / "report.json"
    command = f"case $1 in */probe*) exec {sys.executable} $0 $1;; esac; exit 127"
    run(wspec, "run-client", "--cases", "6455/4.1/key-fresh", "--transcripts", "all", "--json", path,
        "--", "sh", "-c", command, ROOT / "tests/defects/client.py", "{url}")
    done = run(wspec, "judge", path)
    assert done.returncode == 4
    assert "0 judged again, 0 differ; 1 not the target's doing" in done.stdout


def test_what_a_script_found_is_not_judged(wspec, start_program, tmp_path):
    case = "api/attributes/url-dot-segments"
    program = start_program([wspec, "serve", "--api", "--port", "0", "--once", "--cases", case,
                             "--transcripts", "all", "--json", tmp_path / "report.json"])
    base = program.next_line().replace("listening on ws", "http")
    for verb, body in (("playing", {}), ("findings", {"findings": [{"message": "wrong"}]})):
        data = json.dumps(body).encode()
        urllib.request.urlopen(f"{base}{verb}/{case}?agent=a", data=data, timeout=TIMEOUT_S).close()
    assert program.wait() == 1
    done = run(wspec, "judge", tmp_path / "report.json")
    assert done.returncode == 4
    assert "0 judged again, 0 differ; 1 of an API, whose script" in done.stdout


def test_a_verdict_that_was_changed_is_told(wspec, tampered):
    path, result = tampered("fail", lambda r: r.update(verdict="pass", findings=[]))
    done = run(wspec, "judge", path, "--json", "-")
    assert done.returncode == 1
    line = next(line for line in done.stderr.splitlines() if line.startswith("differs"))
    assert line.startswith(f"differs  {result['id']}: pass in the report, fail by 6455-")
    assert "1 differ" in done.stderr
    again = next(r for r in json.loads(done.stdout)["results"] if r["id"] == result["id"])
    assert again["verdict"] == "fail" and again["findings"]


def test_a_finding_that_was_made_up_is_told(wspec, tampered):
    def change(result):
        result["findings"][0]["requirement"] = "6455-5.1-01"

    path, result = tampered("fail", change)
    done = run(wspec, "judge", path)
    assert f"differs  {result['id']}: fail by 6455-5.1-01 in the report, fail by" in done.stdout


def test_octets_that_were_changed_change_the_verdict(wspec, everything, tmp_path):
    """The first octet of a frame that the target sent gets a reserved bit."""
    report = json.loads(everything.read_text())
    result = next(r for r in report["results"] if r["verdict"] == "pass" and "ping" not in r["id"]
                  and any(e["kind"] == "received" and e["octets"].startswith("81")
                          for e in r["transcript"]))
    entry = next(e for e in result["transcript"]
                 if e["kind"] == "received" and e["octets"].startswith("81"))
    entry["octets"] = "c1" + entry["octets"][2:]
    path = tmp_path / "t.json"
    path.write_text(json.dumps(report))
    done = run(wspec, "judge", path)
    assert done.returncode == 1
    assert f"differs  {result['id']}: pass in the report, fail by 6455-5.2" in done.stdout


@pytest.mark.parametrize("change, words", [
    (lambda e: e.update(kind="sneezed"), '"kind" of an entry'),
    (lambda e: e.update(connection=16), '"connection" of an entry'),
    (lambda e: e.update(at_us=-1), '"at_us" of an entry'),
    (lambda e: e.update(at_us="now"), '"at_us" of an entry'),
    (lambda e: e.update(octets="8g", len=1), '"octets" of an entry'),
    (lambda e: e.update(octets="8182", len=1), '"len" of an entry'),
    (lambda e: e.pop("offset"), '"offset" of an entry'),
], ids=["kind", "connection", "before", "text", "hex", "len", "offset"])
def test_a_transcript_that_is_not_sound_is_said_and_the_others_are_judged(wspec, tampered, change,
                                                                         words):
    path, result = tampered("fail", lambda r: change(r["transcript"][-1]))
    done = run(wspec, "judge", path)
    assert done.returncode == 1
    assert f"{result['id']}: it cannot be judged: not sound: {words}" in done.stderr
    assert "0 differ" in done.stdout and "1 with a transcript that is not sound" in done.stdout


def test_a_transcript_without_its_end_is_not_the_same(wspec, tampered):
    path, result = tampered("fail", lambda r: r.update(transcript=r["transcript"][:3]))
    done = run(wspec, "judge", path)
    assert done.returncode == 1
    assert result["id"] in done.stdout + done.stderr


def test_octets_of_the_target_that_were_left_out_are_not_judged(wspec, tampered):
    def change(result):
        entry = next(e for e in result["transcript"] if e["kind"] == "received")
        entry["octets"] = entry["octets"][:-2]

    path, _ = tampered("fail", change)
    done = run(wspec, "judge", path)
    assert "1 with octets left out" in done.stdout and "0 differ" in done.stdout


def test_a_known_failure_stays_known(wspec, failing_report, tmp_path):
    report = json.loads(failing_report.read_text())
    for result in report["results"]:
        if result["verdict"] == "fail":
            result["known"] = {"reason": "we know", "link": None}
    path = tmp_path / "known.json"
    path.write_text(json.dumps(report))
    assert run(wspec, "judge", path).returncode == 0
    del next(r for r in report["results"] if r["verdict"] == "fail")["known"]
    path.write_text(json.dumps(report))
    assert run(wspec, "judge", path).returncode == 1


def test_a_matrix_is_judged_target_by_target(wspec, failing_report, tmp_path):
    done = run(wspec, "judge", f"a={failing_report}", f"b={failing_report}", "--json", "-")
    matrix = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(matrix)
    assert [r["target"]["name"] for r in matrix["reports"]] == ["a", "b"]


def test_a_warn_fails_under_strict_alone(wspec, tmp_path):
    golden = json.loads((ROOT / "reports/golden/report.json").read_text())
    kept = [r for r in golden["results"] if r["verdict"] == "warn" and r.get("transcript")]
    assert kept
    golden.update(results=kept, selected=len(kept))
    path = tmp_path / "warn.json"
    path.write_text(json.dumps(golden))
    done = run(wspec, "judge", path)
    assert "0 differ" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
    assert run(wspec, "judge", "--strict", path).returncode == 1


def test_verbose_shows_the_frames(wspec, failing_report):
    assert "<- text len=" in run(wspec, "judge", "-v", failing_report).stdout


@pytest.mark.parametrize("change, code, words", [
    (lambda r: r.pop("config"), 2, "does not say how it was played: config.host"),
    (lambda r: r["config"].update(settle_us=-3), 2, "config.settle_us"),
    (lambda r: r.update(seed="-1"), 2, "seed"),
    (lambda r: r["target"].update(oracle="delphi"), 2, "target.oracle"),
    (lambda r: [result.pop("transcript", None) for result in r["results"]], 4, ""),
    (lambda r: [result.update(id="own/" + result["id"]) for result in r["results"]], 4,
     "there is no such case; --case-file"),
], ids=["config", "times", "seed", "oracle", "transcripts", "cases"])
def test_what_cannot_be_judged_is_said(wspec, failing_report, tmp_path, change, code, words):
    report = json.loads(failing_report.read_text())
    change(report)
    path = tmp_path / "r.json"
    path.write_text(json.dumps(report))
    done = run(wspec, "judge", path)
    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stderr


@pytest.mark.parametrize("arguments, words", [
    ([], "expected a report"), (["--nonsense"], "there is no option '--nonsense'"),
    (["/nonexistent"], "No such file"), (["--color", "red", "x"], "auto, always or never"),
    (["--case-dir", "/nonexistent", ROOT / "reports/golden/report.json"], "/nonexistent"),
])
def test_bad_usage_is_exit_2(wspec, arguments, words):
    done = run(wspec, "judge", *arguments)
    assert done.returncode == 2 and words in done.stderr
