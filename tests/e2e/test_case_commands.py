"""wspec list, explain and lint from outside."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOOD = ROOT / "tests" / "data" / "good-cases"
BAD = ROOT / "tests" / "data" / "bad-cases"
WSPEC = os.environ.get("WSPEC_BIN", str(ROOT / "build" / "dev" / "wspec"))
PING = "6455/5.5.2/ping-payload-125"


def wspec(*arguments, env=None):
    return subprocess.run([WSPEC, *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          check=False, env={**os.environ, **(env or {})})


def test_list_prints_id_and_summary():
    result = wspec("list", "--cases", "6455/5.5.2")
    assert result.returncode == 0
    words = [line.split(None, 1) for line in result.stdout.splitlines()]
    assert [PING, "A ping of 125 octets is answered by a pong with the same octets"] in words
    assert all(identifier.startswith("6455/5.5.2/") for identifier, _ in words)


def test_list_narrows():
    everything = wspec("list").stdout.splitlines()
    without = wspec("list", "--exclude", "6455/5.5.2").stdout.splitlines()
    tagged = wspec("list", "--tag", "control").stdout.splitlines()
    named = wspec("list", "--requirement", "6455-5.5.3-01").stdout.splitlines()
    assert 0 < len(without) < len(everything)
    assert 0 < len(tagged) < len(everything)
    assert any(line.startswith(PING) for line in named)


def test_list_reads_another_file_too():
    extra = GOOD / "5.2_everything.json"
    short = wspec("list", "--case-file", extra, "--cases", "6455/5.2/exhaustive-*")
    full = wspec("list", "--case-file", extra, "--cases", "6455/5.2/exhaustive-*", "--exhaustive")
    assert short.returncode == 4
    assert len(full.stdout.splitlines()) == 300


def test_list_without_a_case_exits_with_4():
    result = wspec("list", "--cases", "6455/99")
    assert result.returncode == 4
    assert "no case matches '6455/99'" in result.stderr
    assert result.stdout == ""


def test_list_tells_which_glob_matched_nothing():
    result = wspec("list", "--cases", "6455/5.2", "--cases", "6455/5.22")
    assert result.returncode == 0
    assert "no case matches '6455/5.22'" in result.stderr


def test_requirements_both_ways():
    lines = wspec("list", "--requirements").stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("6455-5.5.3-01 MUST (both): "))
    assert f"    {PING}" in lines[at:at + 200]
    assert any(line.startswith(f"{PING}: 6455-5.5.2-02 ") for line in lines)
    at = next(i for i, line in enumerate(lines) if line.startswith("6455-2-01 "))
    assert lines[at + 1].startswith("    unjudged: ")
    total, *rest = [int(word) for word in lines[-1].replace(":", "").split() if word.isdigit()]
    assert total == sum(rest) > 600


def test_explain_shows_octets_and_what_is_allowed():
    result = wspec("explain", PING)
    assert result.returncode == 0
    assert "89 fd and a masking key" in result.stdout
    assert "89 7d" in result.stdout
    assert "6455-5.5.2-02 MUST, both: " in result.stdout
    assert "pass  a pong with the octets of the last ping sent" in result.stdout
    assert "fail  anything else: 6455-5.5.2-02 is violated" in result.stdout


def test_explain_names_the_sentence_of_each_role():
    result = wspec("explain", "6455/7.1.7/rsv2-text-inside-message")
    assert "fail  anything else of a server: 6455-7.1.7-03 is violated" in result.stdout
    assert "fail  anything else of a client: 6455-7.1.7-01 is violated" in result.stdout


def test_explain_can_explain_everything():
    extra = GOOD / "5.2_everything.json"
    ids = [line.split()[0] for line in
           wspec("list", "--case-file", extra).stdout.splitlines()]
    result = wspec("explain", "--case-file", extra, *ids)
    assert result.returncode == 0
    assert result.stderr == ""
    for identifier in ids:
        assert f"{identifier}\n" in result.stdout
    for words in ["length said to be 18446744073709551615", "RSV1, RSV3", "not masked",
                  "in 3 fragments", "behind each fragment but the last", "remove Host",
                  "set Upgrade:\\xff", "start line: GET", "reset TCP", "wait 10 ms",
                  "the field B lists 13",
                  "if the client did not offer what is answered, and the case is over",
                  "cut into writes of 1, 2, then 3 octets each, 4 ms apart"]:
        assert words in result.stdout, words


def test_explain_suggests():
    result = wspec("explain", "6455/5.5.2/ping-payload-128")
    assert result.returncode == 2
    assert "did you mean '6455/5.5.2/ping-payload-12" in result.stderr


def test_usage_errors_exit_with_2():
    for arguments in [("list", "--no-such"), ("list", "6455"), ("list", "--cases"),
                      ("explain",), ("explain", "--no-such"), ("lint", "--no-such")]:
        result = wspec(*arguments)
        assert result.returncode == 2, arguments
        assert "--help'" in result.stderr


def test_help_of_each_command():
    for command in ["list", "explain", "lint"]:
        result = wspec(command, "--help")
        assert result.returncode == 0
        assert result.stdout.startswith(f"usage: wspec {command}")


def test_lint_of_the_suite_and_of_files():
    result = wspec("lint")
    assert result.returncode == 0
    assert "nothing to say" in result.stdout
    assert wspec("lint", GOOD).returncode == 0
    bad = wspec("lint", GOOD, BAD / "schema-frame.json", BAD / "syntax-comma.json")
    assert bad.returncode == 2
    assert "schema-frame.json:6:21: at cases[0].steps[1].send.frame: " in bad.stderr
    assert "syntax-comma.json:1:10: " in bad.stderr


def test_cases_directory_from_option_and_environment(tmp_path):
    missing = tmp_path / "none"
    for result in [wspec("list", "--case-dir", missing),
                   wspec("list", env={"WSPEC_CASES": str(missing)})]:
        assert result.returncode == 2
        assert f"{missing}/requirements.json: No such file" in result.stderr
    (tmp_path / "requirements.json").write_text("[]")
    (tmp_path / "x.json").write_text(
        '{"schema": "wspec-cases/1", "spec": "robustness", "section": "x", "cases": [{"id": "y", '
        '"summary": "It stays", "steps": [{"open": {}}, {"close": {}}]}]}')
    assert wspec("list", "--case-dir", tmp_path).stdout == "robustness/x/y  It stays\n"
