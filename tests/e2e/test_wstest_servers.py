"""`wstest -m fuzzingclient` against the test servers of other projects, with their spec files and
their rules. Of a spec only the host and the place of the reports are changed; the groups 12 and 13
are left out where the server compresses, as they take minutes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from drivers import driver, isolated, tungstenite_outcomes

RUN_TIMEOUT_S = 280
KEYS = ["behavior", "behaviorClose", "duration", "remoteCloseCode", "reportfile"]
BEHAVIORS = {"OK", "NON-STRICT", "FAILED", "UNIMPLEMENTED", "INFORMATIONAL"}
CLOSES = {"OK", "FAILED", "WRONG CODE", "UNCLEAN", "FAILED BY CLIENT", "INFORMATIONAL"}


@pytest.fixture(name="wstest")
def _wstest(wspec):
    return Path(wspec).with_name("wstest")


def write_spec(tmp_path, text, exclude=()):
    """A spec of another project, for this machine."""
    spec = json.loads(text.replace("host.docker.internal", "127.0.0.1"))
    spec["outdir"] = str(tmp_path / "reports")
    spec["exclude-cases"] = [*spec.get("exclude-cases", []), *exclude]
    path = tmp_path / "fuzzingclient.json"
    path.write_text(json.dumps(spec))
    return path


def run(wstest, spec, port, server, cwd, env=None):
    """The outcomes by agent, and standard output."""
    argv = isolated([port, *server, "--", wstest, "-m", "fuzzingclient", "-s", spec])
    done = subprocess.run(argv, cwd=cwd, env=os.environ | (env or {}), capture_output=True,
                          text=True, timeout=RUN_TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    outdir = Path(json.loads(spec.read_text())["outdir"])
    return json.loads((outdir / "index.json").read_text()), done.stdout, outdir


def failures(outcomes):
    """What both readings of index.json that are common call a failure."""
    return {number: (outcome["behavior"], outcome["behaviorClose"])
            for number, outcome in outcomes.items()
            if outcome["behavior"] not in ("OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED")
            or outcome["behaviorClose"] not in ("OK", "INFORMATIONAL")}


@pytest.mark.timeout(RUN_TIMEOUT_S + 20)
def test_tungstenite_finds_what_it_expects(wstest, tmp_path):
    """Its script compares all 517 outcomes with a stored file by jq and diff, durations aside."""
    folder = driver("tungstenite")
    spec = write_spec(tmp_path, (folder / "autobahn/fuzzingclient.json").read_text())
    _, output, outdir = run(wstest, spec, 9002, ["target/release/examples/autobahn-server"], folder)
    expected, seen = tungstenite_outcomes(folder, "autobahn-server.sh", outdir / "index.json")
    assert seen == expected
    assert "Ok, will run 517 test cases against 1 servers\n" in output


@pytest.mark.timeout(RUN_TIMEOUT_S + 20)
def test_ws_passes(wstest, tmp_path):
    folder = driver("ws")
    text = json.dumps({"servers": [{"agent": "ws", "url": "ws://127.0.0.1:9001"}], "cases": ["*"]})
    spec = write_spec(tmp_path, text, exclude=("12.*", "13.*"))
    index, output, outdir = run(wstest, spec, 9001, ["node", "test/autobahn-server.js"], folder)
    assert not failures(index["ws"])
    assert len(index["ws"]) == 301
    check_files(outdir, index)
    assert "Running test case ID 1.1.1 for agent ws from peer " in output


@pytest.mark.timeout(RUN_TIMEOUT_S + 20)
@pytest.mark.parametrize("kind,port", [("asyncio", 9002), ("sync", 9003)])
def test_websockets_passes_as_its_readme_says(wstest, tmp_path, kind, port):
    """compliance/README.rst: 7.1.5 fails by choice, the others are at most non-strict. Of those that
    it names, 3.4, 4.1.5 and 4.2.5 are the twins that come octet by octet: whether it reads them so is
    TCP's choice."""
    folder = driver("websockets")
    given = json.loads((folder / "compliance/config/fuzzingclient.json").read_text())
    given["servers"] = [server for server in given["servers"] if str(port) in server["url"]]
    spec = write_spec(tmp_path, json.dumps(given), exclude=("12.*", "13.*"))
    index, _, _ = run(wstest, spec, port, [sys.executable, f"compliance/{kind}/server.py"], folder,
                      {"PYTHONPATH": "src"})
    outcomes = index[f"websockets.{kind}"]
    assert failures(outcomes) == {"7.1.5": ("FAILED", "WRONG CODE")}
    allowed = {"3.2", "3.3", "4.1.3", "4.1.4", "4.2.3", "4.2.4", "5.15",
               "6.4.1", "6.4.2", "6.4.3", "6.4.4", "3.4", "4.1.5", "4.2.5"}
    assert {number for number, outcome in outcomes.items()
            if outcome["behavior"] == "NON-STRICT"} <= allowed


@pytest.mark.timeout(RUN_TIMEOUT_S + 20)
def test_gorilla_passes_as_five_agents(wstest, tmp_path):
    folder = driver("gorilla")
    spec = write_spec(tmp_path, (folder / "examples/autobahn/config/fuzzingclient.json").read_text(),
                      exclude=("9.*", "12.*", "13.*"))
    index, output, outdir = run(wstest, spec, 9000, ["./autobahn-server"], folder)
    assert len(index) == 5
    for agent, outcomes in index.items():
        assert not failures(outcomes), agent
        assert len(outcomes) == 247
    check_files(outdir, index)
    assert "Ok, will run 247 test cases against 5 servers\n" in output


def check_files(outdir, index):
    """The layout that scripts with tr, sed and grep read, octet by octet."""
    text = (outdir / "index.json").read_text()
    assert text == json.dumps(index, sort_keys=True, indent=3, separators=(",", ": "))
    for outcomes in index.values():
        for number, outcome in outcomes.items():
            assert list(outcome) == KEYS
            assert outcome["behavior"] in BEHAVIORS and outcome["behaviorClose"] in CLOSES
            detail = json.loads((outdir / outcome["reportfile"]).read_text())
            assert {key: detail[key] for key in KEYS[:-1]} == {
                key: outcome[key] for key in KEYS[:-1]}
            assert detail["id"] == number and len(detail) == 39
            assert (outdir / outcome["reportfile"]).with_suffix(".html").exists()
    n_failed = sum(behavior == "FAILED" or close in ("FAILED", "UNCLEAN")
                   for outcomes in index.values()
                   for behavior, close in [(o["behavior"], o["behaviorClose"])
                                           for o in outcomes.values()])
    marks = (outdir / "index.html").read_text().count("case_failed")
    assert marks == 2 if n_failed == 0 else marks > 2
