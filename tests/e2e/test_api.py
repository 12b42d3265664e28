"""The WebSocket API in C against servers that others wrote, over ws and wss; the TLS is theirs too."""

import os
import shutil
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

PEERS = Path(__file__).resolve().parent / "peers"
TARGETS_DIR = Path(__file__).resolve().parents[2] / "targets"
sys.path.insert(0, str(TARGETS_DIR))

import target as targets  # noqa: E402  (found through the line above)

TIMEOUT_S = 60
BUILD_TIMEOUT_S = 100


def helper(wspec, name):
    path = wspec.parent / name
    if not path.is_file():
        pytest.skip(f"{path} is not built")
    return path


def library(name):
    """The folder of an installed target, whose library the peer of that name uses."""
    found = targets.load(name)
    if not targets.is_installed(found):
        pytest.skip(f"{name} is not installed: targets/target.py install {name}")
    return found.install_dir


@pytest.fixture(scope="session")
def gorilla(tmp_path_factory):
    """The peer of gorilla, built with the modules of the target go-gorilla."""
    folder = tmp_path_factory.mktemp("gorilla")
    for path in [library("go-gorilla") / "go.mod", library("go-gorilla") / "go.sum",
                 PEERS / "gorilla/main.go"]:
        shutil.copy(path, folder)
    subprocess.run(["go", "build", "-o", "server", "."], cwd=folder, check=True,
                   timeout=BUILD_TIMEOUT_S, env=os.environ | targets.ENVIRONMENT)
    return folder / "server"


@pytest.fixture(params=["npm-ws", "python-websockets", "go-gorilla"])
def command(request):
    """How to start an echo server of that library."""
    if request.param == "npm-ws":
        modules = library("npm-ws") / "node_modules"
        return ["env", f"NODE_PATH={modules}", "node", PEERS / "npm_ws.js"]
    if request.param == "python-websockets":
        return [sys.executable, PEERS / "websockets_server.py"]
    return [request.getfixturevalue("gorilla")]


@pytest.fixture(params=["ws", "wss"])
def scheme(request):
    return request.param


@pytest.fixture
def peer(command, scheme, start_program, authority):
    """Such a server, running: the process and its URL."""
    program = start_program([*command, *(authority.good if scheme == "wss" else [])])
    return program, f"{scheme}://localhost:{program.next_line()}/"


def check_conversation(wspec, url, ca, reasons):
    done = subprocess.run([helper(wspec, "websocket_probe"), url, *ca], capture_output=True,
                          text=True, timeout=TIMEOUT_S)
    assert done.stderr == ""
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert [line.split()[-1] for line in lines[:-1]] == ["good"] * len(PROBED), done.stdout
    assert [line.rsplit(maxsplit=1)[0] for line in lines[:-1]] == PROBED
    assert lines[-1] in [f"close 3001 {reason} clean" for reason in reasons]


PROBED = ["open", "push", "sent", "bufferedAmount", "text", "buffer", "blob", "sent-all", "sent-10MB",
          "bufferedAmount-10MB", "10MB", "bufferedAmount-0", "closing", "messages"]


def test_wspec_echo(wspec, scheme, start_echo, tmp_path):
    server = start_echo("--push", "1", *(["--tls"] if scheme == "wss" else []))
    ca = tmp_path / "ca.pem"
    if scheme == "wss":
        ca.write_text(ssl.get_server_certificate((server.host, server.port), timeout=TIMEOUT_S))
    check_conversation(wspec, server.url, [ca] if scheme == "wss" else [], ["bye"])


def test_servers_that_others_wrote(wspec, peer, scheme, authority):
    # Whether the reason comes back is the server's choice.
    check_conversation(wspec, peer[1], [authority.ca] if scheme == "wss" else [], ["bye", ""])


def test_server_that_is_killed_is_1006(wspec, peer, start_program, authority):
    program, url = peer
    watch = start_program([helper(wspec, "websocket_watch"), url, authority.ca])
    lines = [watch.next_line() for _ in range(3)]
    assert lines == ["1 open", "1 message text 6", "1 message text 5"]
    program.signal(signal.SIGKILL)
    assert watch.wait() == 0
    assert watch.rest()[-1] == "3 close 1006 unclean "
