"""Every command of the README runs, as it stands there, against a server on the port it names."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "targets"))

import target as targets  # noqa: E402  (found through the line above)

TIMEOUT_S = 110
PLACEHOLDER_URL = "ws://localhost:9001/"
# They build and test everything: .ci/run is one of them, and the other begins as this test does.
NOT_FROM_WITHIN = {"scripts/run", "scripts/test"}


def readme_commands():
    """The commands of all sh blocks, without their comments."""
    text = (ROOT / "README.md").read_text()
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words:
                yield words


COMMANDS = list(readme_commands())


@pytest.fixture(scope="module")
def server():
    """A server that does everything right."""
    process = subprocess.Popen([sys.executable, ROOT / "tests/defects/server.py"],
                               stdout=subprocess.PIPE, text=True)
    port = process.stdout.readline().split()[-1]
    yield f"ws://localhost:{port}/"
    process.terminate()
    process.wait(timeout=TIMEOUT_S)
    process.stdout.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One working directory: a command may read what the one before it wrote."""
    return tmp_path_factory.mktemp("readme")


def test_readme_has_the_two_commands():
    assert ["scripts/run"] in COMMANDS and ["scripts/test"] in COMMANDS
    for name in NOT_FROM_WITHIN:
        assert os.access(ROOT / name, os.X_OK)


def test_readme_commands_run(wspec, server, folder):
    played = [words for words in COMMANDS if words[0] not in NOT_FROM_WITHIN]
    assert len(played) >= 5
    for words in played:
        assert words[0] == "wspec", words
        argv = [str(wspec)] + [server if word == PLACEHOLDER_URL else word for word in words[1:]]
        if "run" in argv and "--cases" not in argv:
            # The whole suite is played by other tests; here it is the options that count.
            argv += ["--cases", "6455/5.5.2"]
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == 0, (argv, done.stdout, done.stderr)
    assert (folder / "wspec-report").is_dir() and (folder / "known.json").is_file()


def client_commands():
    """The words of the two commands that test a client, by the name of the command."""
    text = (ROOT / "README.md").read_text()
    block = re.search(r"^## Test a client\n.*?^```text\n(.*?)^```", text, re.M | re.S)[1]
    lines = [shlex.split(line, comments=True) for line in block.splitlines()]
    return {words[1]: words for words in lines}


def test_the_commands_for_clients_run(wspec, start_program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands = client_commands()
    assert list(commands) == ["run-client", "serve"]
    echo = [sys.executable, str(ROOT / "tests/e2e/peers/echo_client.py")]
    client = tmp_path / "client"
    client.write_text(f'#!/bin/sh\nexec {shlex.join(echo)} "$1"\n')
    client.chmod(0o755)
    case = ["--cases", "6455/4.1/response-right"]
    run = subprocess.run([wspec, "run-client", *case, *commands["run-client"][2:]], text=True,
                         capture_output=True, timeout=TIMEOUT_S, check=False)
    assert run.returncode == 0 and "1 pass" in run.stdout, run.stderr
    served = start_program([wspec, "serve", *case, "--port", "0", "--once", *commands["serve"][2:]])
    url = served.next_line().removeprefix("listening on ")
    subprocess.run([*echo, f"{url}case/6455/4.1/response-right?agent=me"], timeout=TIMEOUT_S,
                   check=True)
    assert served.wait() == 0
    assert (tmp_path / "wspec-report/report.html").is_file()


def test_the_commands_for_the_api_run(wspec, start_program):
    text = (ROOT / "README.md").read_text()
    block = re.search(r"^```text\n(wspec serve --api.*?)^```", text, re.M | re.S)[1]
    serve, node = [shlex.split(line, comments=True) for line in block.splitlines()]
    target = targets.load("clients/npm-undici")
    if not targets.is_installed(target):
        pytest.skip("not installed: targets/target.py install clients/npm-undici")
    case = ["--cases", "api/constructor/scheme-ftp", "--port", "0", "--once"]
    served = start_program([wspec, *serve[1:], *case])
    served.next_line()
    url = served.next_line().removeprefix("for browsers: ")
    argv = [target.install_dir / "node", *[url if word.startswith("http") else word for word in node[1:]]]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stderr
    assert served.wait() == 0 and "1 pass" in "\n".join(served.rest())
