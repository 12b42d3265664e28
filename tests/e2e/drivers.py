"""Drivers that other projects wrote for Autobahn|Testsuite, for the tests of `wstest`."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("WSPEC_DRIVERS_DIR", ROOT / ".cache/drivers"))
DEADLINE_S = 30


def driver(name):
    """The folder of a driver, or the test is skipped."""
    folder = FOLDER / name
    if not (folder / ".git/wspec-built").exists():
        pytest.skip(f"{name} is not there: scripts/install-drivers {name}")
    return folder


def tungstenite_outcomes(folder, script, index):
    """What tungstenite has stored and what is in `index`, both by the jq rule of its script."""
    rule = re.search(r"jq -S '([^']+)'", (folder / "scripts" / script).read_text()).group(1)
    return [subprocess.run(["jq", "-S", rule, path], capture_output=True, text=True,
                           check=True).stdout
            for path in (folder / "autobahn/expected-results.json", index)]


def isolated(argv):
    """`argv` in a network of its own: drivers listen at and connect to fixed ports."""
    if not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("needs unshare (util-linux) and ip (iproute2)")
    probe = ["unshare", "--map-root-user", "--net", "true"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("this system lets nobody make network namespaces")
    words = [str(word) for word in argv]
    return ["unshare", "--map-root-user", "--net", sys.executable, __file__, *words]


def wait_for(port):
    """Until something listens at a port of the loopback interface."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        with contextlib.closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"nothing listens at port {port}")


def main():
    """drivers.py PORT SERVER... -- CLIENT...: in the new network, CLIENT once SERVER listens."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    split = sys.argv.index("--")
    with subprocess.Popen(sys.argv[2:split]) as server:
        try:
            wait_for(int(sys.argv[1]))
            code = subprocess.run(sys.argv[split + 1:], check=False).returncode
        finally:
            server.terminate()
    sys.exit(code)


if __name__ == "__main__":
    main()
