"""targets/target.py as a command, on targets that are made for the test."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

RUNNER = Path(__file__).resolve().parents[2] / "targets" / "target.py"
sys.path.insert(0, str(RUNNER.parent))

import target as targets  # noqa: E402  (found through the line above)

TIMEOUT_S = 30

LISTENER = """\
import socket, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open("child", "w") as file:
    file.write(str(child.pid))
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    listener.accept()
"""


class Workshop:
    """A folder of targets with a copy of the runner, and a cache of its own."""

    def __init__(self, folder):
        self.targets = folder / "targets"
        self.cache = folder / "cache"
        self.steps = folder / "steps"  # a line for each run of the install step
        self.targets.mkdir()
        shutil.copy(RUNNER, self.targets)

    def add(self, name="sample", server=LISTENER, **changes):
        step = [sys.executable, "-c", f"open({str(self.steps)!r}, 'a').write('run\\n')"]
        description = {
            "name": name, "version": "1.2.3", "language": "Python", "role": "server", "needs": [],
            "install": [step], "start": [sys.executable, "server.py", "{port}"],
            "ready": "connect", "url": "ws://127.0.0.1:{port}/",
            "features": {"subprotocols": [], "deflate": False}, "max_message_bytes": 1,
            "notes": "",
        } | changes
        folder = self.targets / name
        folder.mkdir(exist_ok=True)
        (folder / "server.py").write_text(server)
        (folder / "target.json").write_text(json.dumps(description))
        return folder

    def _popen_arguments(self, arguments):
        return {"args": [sys.executable, str(self.targets / "target.py"), *arguments],
                "env": os.environ | {"WSPEC_TARGETS_DIR": str(self.cache)},
                "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}

    def run(self, *arguments):
        return subprocess.run(timeout=TIMEOUT_S, **self._popen_arguments(arguments))

    def start(self, *arguments):
        return subprocess.Popen(**self._popen_arguments(arguments))

    def times_installed(self):
        return self.steps.read_text().count("run") if self.steps.exists() else 0


@pytest.fixture
def workshop(tmp_path):
    return Workshop(tmp_path)


def test_install_does_its_steps_once(workshop):
    workshop.add()
    first, second = workshop.run("install", "sample"), workshop.run("install", "sample")
    assert (first.returncode, first.stdout) == (0, "sample 1.2.3: installed\n")
    assert (second.returncode, second.stdout) == (0, "sample 1.2.3: up to date\n")
    assert workshop.times_installed() == 1


def test_install_leaves_the_source_folder_alone(workshop):
    folder = workshop.add()
    before = sorted(path.name for path in folder.iterdir())
    assert workshop.run("install", "sample").returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize("changed, times", [("server.py", 2), ("baseline.json", 1)])
def test_install_is_repeated_when_what_it_is_made_of_changes(workshop, changed, times):
    folder = workshop.add()
    workshop.run("install", "sample")
    with open(folder / changed, "a") as file:
        file.write("\n")
    assert workshop.run("install", "sample").returncode == 0
    assert workshop.times_installed() == times


def test_failed_install_shows_the_log_and_is_tried_again(workshop):
    workshop.add(install=[[sys.executable, "-c", "print('no such package'); exit(3)"]])
    failed = workshop.run("install", "sample")
    assert failed.returncode == 1
    assert "failed (3)" in failed.stderr
    assert "no such package" in failed.stderr
    assert "not installed" in workshop.run("list").stdout
    workshop.add()
    assert workshop.run("install", "sample").stdout == "sample 1.2.3: installed\n"


@pytest.mark.parametrize("need, problem", [
    ({"command": ["wspec-no-such-tool"]}, "'wspec-no-such-tool' is not on PATH"),
    ({"command": ["sh", "-c", "echo v1.9.4"], "at_least": "1.10"}, "sh is 1.9.4, needs 1.10"),
    ({"command": ["sh", "-c", "exit 1"]}, "does not run"),
    ({"file": "/wspec/no/such.h"}, "/wspec/no/such.h is missing"),
], ids=["absent", "too-old", "broken", "file"])
def test_absent_toolchain_is_skipped_with_the_remedy(workshop, need, problem):
    workshop.add(needs=[need | {"remedy": "apt-get install tool"}])
    skipped = workshop.run("install", "sample")
    assert skipped.returncode == 0
    assert skipped.stdout.startswith("sample 1.2.3: skipped: ")
    assert problem in skipped.stdout
    assert "apt-get install tool" in skipped.stdout
    assert workshop.run("install", "--required", "sample").returncode == 1
    assert workshop.times_installed() == 0


def test_new_enough_toolchain_is_used(workshop):
    workshop.add(needs=[{"command": ["sh", "-c", "echo v1.10"], "at_least": "1.9.4",
                         "remedy": "none"}])
    assert workshop.run("install", "sample").stdout == "sample 1.2.3: installed\n"


def test_start_serves_until_sigterm_and_ends_all_its_processes(workshop):
    workshop.add()
    workshop.run("install", "sample")
    with workshop.start("start", "sample") as runner:
        word, port = runner.stdout.readline().split()
        socket.create_connection(("127.0.0.1", int(port)), timeout=TIMEOUT_S).close()
        child = os.pidfd_open(int((workshop.cache / "sample" / "child").read_text()))
        runner.send_signal(signal.SIGTERM)
        assert runner.wait(timeout=TIMEOUT_S) == 0
    assert word == "ready"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port)), timeout=TIMEOUT_S)
    ended, _, _ = select.select([child], [], [], TIMEOUT_S)
    os.close(child)
    assert ended, "a process that the target started is still there"


def test_sigterm_ends_the_wait_for_a_target_that_does_not_listen(workshop):
    workshop.add(server="open('started', 'w'); import time; time.sleep(600)",
                 install=[["mkfifo", "started"]])
    workshop.run("install", "sample")
    with workshop.start("start", "sample") as runner:
        open(workshop.cache / "sample" / "started").close()  # returns when the target opens it
        runner.send_signal(signal.SIGTERM)
        assert runner.wait(timeout=TIMEOUT_S) == 1
        assert "stopped before it listened" in runner.stderr.read()


def test_start_says_why_a_target_died(workshop):
    workshop.add(server="exit('the port is cursed')")
    workshop.run("install", "sample")
    died = workshop.run("start", "sample")
    assert died.returncode == 1
    assert died.stdout == ""
    assert "ended with 1 before it listened" in died.stderr
    assert "the port is cursed" in died.stderr


def test_start_of_a_port_in_use_is_refused(workshop):
    workshop.add()
    workshop.run("install", "sample")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = workshop.run("start", "--port", str(port), "sample")
    assert refused.returncode == 1
    assert f"cannot use port {port}" in refused.stderr


def test_start_of_what_is_not_installed_says_how(workshop):
    workshop.add()
    refused = workshop.run("start", "sample")
    assert refused.returncode == 1
    assert "run targets/target.py install sample" in refused.stderr


def test_version_prints_the_pinned_one(workshop):
    workshop.add()
    assert workshop.run("version", "sample").stdout == "1.2.3\n"


@pytest.mark.parametrize("arguments", [["version", "nobody"], ["install", "sample", "nobody"]])
def test_unknown_name_is_bad_usage_and_nothing_is_done(workshop, arguments):
    workshop.add()
    refused = workshop.run(*arguments)
    assert refused.returncode == 2
    assert "no target is called 'nobody'; there are: sample" in refused.stderr
    assert workshop.times_installed() == 0


@pytest.mark.parametrize("content, problem", [
    ("{", "not JSON"),
    ("[]", "not an object"),
    ('{"name": "sample"}', "missing keys"),
], ids=["cut", "array", "keys"])
def test_bad_description_is_bad_usage(workshop, content, problem):
    (workshop.add() / "target.json").write_text(content)
    refused = workshop.run("version", "sample")
    assert refused.returncode == 2
    assert problem in refused.stderr


@pytest.mark.parametrize("described, printed, moved", [
    ("153.8.0esr", "Mozilla Firefox 153.8.0esr", None),
    ("153.8.0esr", "Mozilla Firefox 153.9.0esr", "153.9.0esr"),
    ("156.0.8078.10", "Chromium 156.0.8078.108 built on Debian", "156.0.8078.108"),
    ("1.2.3", "no number", "no number"),
])
def test_a_version_that_moved_is_known(described, printed, moved):
    command = [sys.executable, "-c", f"print({printed!r})"]
    target = targets.Target("sample", Path(), {"version": described, "installed_version": command})
    assert targets.moved_version(target) == moved


def test_a_pinned_version_does_not_move():
    assert targets.moved_version(targets.Target("sample", Path(), {"version": "1.2.3"})) is None
