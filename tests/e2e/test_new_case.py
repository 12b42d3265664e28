"""scripts/new-case: the skeleton of a case goes where it belongs, and nowhere if it is wrong."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WSPEC = os.environ.get("WSPEC_BIN", str(ROOT / "build" / "dev" / "wspec"))
SUMMARY = "A ping of 2 octets is answered by a pong with the same octets"
NEW_ID = "6455/5.5.2/ping-of-2-octets"


@pytest.fixture
def case_dir(tmp_path):
    """A small suite: one section, and a retired id."""
    (tmp_path / "rfc6455").mkdir()
    shutil.copy(ROOT / "cases" / "requirements.json", tmp_path)
    shutil.copy(ROOT / "cases" / "rfc6455" / "5.5.2_ping.json", tmp_path / "rfc6455")
    (tmp_path / "retired.txt").write_text("6455/5.5.2/gone said nothing\n")
    return tmp_path


def new_case(case_dir, *arguments):
    """Runs the script on that suite."""
    return subprocess.run([ROOT / "scripts" / "new-case", "--case-dir", case_dir, *arguments],
                          capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, "WSPEC_BIN": WSPEC})


def wspec(*arguments):
    """Runs the program."""
    return subprocess.run([WSPEC, *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          check=False)


def test_skeleton_goes_behind_the_last_case(case_dir):
    path = case_dir / "rfc6455" / "5.5.2_ping.json"
    before = path.read_text()
    done = new_case(case_dir, NEW_ID, "6455-5.5.2-02", "--summary", SUMMARY)
    assert done.returncode == 0, done.stderr
    line = int(done.stdout.splitlines()[0].removeprefix(f"{path}:").partition(":")[0])
    assert path.read_text().splitlines()[line - 1:line + 1] == [
        "    {", '      "id": "ping-of-2-octets",']
    assert path.read_text().startswith(before.removesuffix("\n  ]\n}\n"))
    assert "cases[13].steps[1]: expected one member of open" in done.stderr

    cases = json.loads(path.read_text())
    assert cases["cases"][-1]["requirements"] == ["6455-5.5.2-02"]
    cases["cases"][-1]["steps"][1:2] = [{"send": {"frame": "ping", "payload": "ab"}},
                                        {"expect": "pong"}]
    path.write_text(json.dumps(cases))
    assert wspec("lint", "--case-dir", case_dir).returncode == 0
    run = wspec("run", "--memory", "--case-dir", case_dir, "--cases", NEW_ID, "--quiet")
    assert run.returncode == 0 and "1 case" in run.stdout, run.stdout + run.stderr


def test_section_without_a_file_gets_one(case_dir):
    wanted = ("6455/4.1/key-is-fresh", "6455-4.1-16", "--summary", "The key is fresh")
    refused = new_case(case_dir, *wanted)
    assert refused.returncode == 2
    assert "rfc6455 section 4.1 has no file yet: say its --title" in refused.stderr
    done = new_case(case_dir, *wanted, "--title", "Client requirements")
    assert done.returncode == 0, done.stderr
    made = json.loads((case_dir / "rfc6455" / "4.1_client_requirements.json").read_text())
    assert (made["spec"], made["section"], made["title"]) == ("rfc6455", "4.1",
                                                              "Client requirements")
    assert [case["id"] for case in made["cases"]] == ["key-is-fresh"]


@pytest.mark.parametrize("arguments, sentence", [
    (("6455/5.5.2/Ping", "6455-5.5.2-02"), "6455/5.5.2/Ping is no id"),
    (("6455/5.5.2/ping-payload-0", "6455-5.5.2-02"), "a case 6455/5.5.2/ping-payload-0 already"),
    (("6455/5.5.2/gone", "6455-5.5.2-02"), "6455/5.5.2/gone is in retired.txt"),
    ((NEW_ID, "6455-5.5.2-99"), "6455-5.5.2-99 is not in requirements.json"),
    ((NEW_ID, "9112-3-01"), "names at least one requirement of rfc6455"),
    ((NEW_ID,), "names at least one requirement of rfc6455"),
])
def test_what_is_wrong_is_not_written(case_dir, arguments, sentence):
    before = {path: path.read_text() for path in case_dir.rglob("*.json")}
    refused = new_case(case_dir, *arguments, "--summary", SUMMARY)
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert {path: path.read_text() for path in case_dir.rglob("*.json")} == before
