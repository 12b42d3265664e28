#!/usr/bin/env python3
"""Install and start the third-party WebSocket implementations that wspec is run against.

A server's name is that of its folder, a client's is clients/FOLDER.

    targets/target.py list                       each target, its version, whether it is installed
    targets/target.py version NAME               the pinned version
    targets/target.py install [--required] NAME...
    targets/target.py start [--port N] NAME      print `ready PORT`, then serve until SIGTERM

Exit code: 0 done (a target whose toolchain is absent is skipped with a reason, unless --required),
1 an install or a start failed, 2 bad usage or a bad target.json.

A test imports it:

    with running("npm-ws") as target:
        connect(target.host, target.port)

What a target is made of stands in targets/README.md.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

TARGETS_DIR = Path(__file__).resolve().parent
INSTALL_STEP_TIMEOUT_S = 1200
READY_TIMEOUT_S = 30
STOP_TIMEOUT_S = 5
LOG_TAIL_LINES = 25
STAMP_NAME = "stamp"
# What changes without a reinstall: the findings that are known, and words for readers.
UNSTAMPED = {"baseline.json", "api.json", "README.md"}
COMMON_KEYS = {"name", "version", "language", "role", "needs", "install", "start", "features",
               "notes"}
KEYS = {"server": COMMON_KEYS | {"ready", "url", "max_message_bytes"},
        "client": COMMON_KEYS | {"drive"}}
OPTIONAL_KEYS = {"installed_version", "run_options"}
DRIVES = {"command", "lines", "page"}
ENVIRONMENT = {
    "GOTOOLCHAIN": "local",  # a Go module must not fetch another compiler behind our back
    "GOFLAGS": "-mod=readonly",
    "CARGO_TERM_COLOR": "never",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PYTHONUNBUFFERED": "1",
    "LC_ALL": "C.UTF-8",  # the URLs that a client gets are UTF-8
}


class TargetError(Exception):
    """The target cannot be read, installed or started; the message says what to do."""


class BadTarget(TargetError):
    """The name is no folder under targets/, or its target.json is wrong."""


class TargetUnavailable(TargetError):
    """The target is not installed, or this machine lacks a toolchain that it needs."""


@dataclass(frozen=True)
class Target:
    """One target.json, checked."""

    name: str
    source_dir: Path
    description: dict

    @property
    def version(self):
        return self.description["version"]

    @property
    def install_dir(self):
        return cache_dir() / self.name


@dataclass(frozen=True)
class RunningTarget:
    """A target that accepts connections on `host`:`port`."""

    target: Target
    host: str
    port: int
    startup_ms: int
    process: subprocess.Popen

    @property
    def url(self):
        return self.target.description["url"].format(port=self.port)


def cache_dir():
    """Where targets are installed: WSPEC_TARGETS_DIR, or .cache/targets in the repository."""
    override = os.environ.get("WSPEC_TARGETS_DIR")
    return Path(override).resolve() if override else TARGETS_DIR.parent / ".cache" / "targets"


def names():
    """The servers."""
    return sorted(path.parent.name for path in TARGETS_DIR.glob("*/target.json"))


def client_names():
    return sorted(f"clients/{path.parent.name}"
                  for path in TARGETS_DIR.glob("clients/*/target.json"))


def load(name):
    path = TARGETS_DIR / name / "target.json"
    known = names() + client_names()
    if name not in known:
        raise BadTarget(f"no target is called '{name}'; there are: {', '.join(known)}")
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadTarget(f"{path}: not JSON: {error}") from error
    if not isinstance(description, dict):
        raise BadTarget(f"{path}: not an object")
    _check(path, name, description)
    return Target(name, path.parent, description)


def _check(path, name, description):
    role = "client" if name in client_names() else "server"
    missing = KEYS[role] - set(description)
    unknown = set(description) - KEYS[role] - OPTIONAL_KEYS
    if missing or unknown:
        raise BadTarget(f"{path}: missing keys {sorted(missing)}, unknown keys {sorted(unknown)}")
    for key, value in {"name": name, "role": role}.items():
        if description[key] != value:
            raise BadTarget(f"{path}: '{key}' is '{description[key]}', the folder is that of the "
                            f"{role} '{name}'")
    if role == "server" and description["ready"] != "connect":
        raise BadTarget(f"{path}: 'ready' is '{description['ready']}', the one known way "
                        "is 'connect'")
    if role == "client" and description["drive"] not in DRIVES:
        raise BadTarget(f"{path}: 'drive' is '{description['drive']}', the known ways are "
                        f"{', '.join(sorted(DRIVES))}")


def run_options(target):
    """What `wspec run` needs beside the URL for this target, such as a subprotocol."""
    return target.description.get("run_options", [])


def echoes(target):
    """Whether it sends each message back."""
    return target.description["features"].get("echo", True)


def moved_version(target):
    """The version that this machine has instead of the described one; None: it has that one, or the
    version is pinned by a manifest."""
    command = target.description.get("installed_version")
    if command is None:
        return None
    answer = _answer(command)
    found = re.search(r"\d+(?:\.\d+)+\w*", answer)
    return None if found and found[0] == target.version else found[0] if found else answer.strip()


def unmet_need(target):
    """Why this machine cannot install `target`, with the remedy, or None if it can."""
    for need in target.description["needs"]:
        problem = _unmet_file(need) if "file" in need else _unmet_command(need)
        if problem:
            return f"{problem}: {need['remedy']}"
    return None


def _unmet_file(need):
    return None if Path(need["file"]).exists() else f"{need['file']} is missing"


def _unmet_command(need):
    command = need["command"]
    if shutil.which(command[0]) is None:
        return f"'{command[0]}' is not on PATH"
    try:
        answer = _answer(command)
    except (OSError, subprocess.SubprocessError) as error:
        return f"'{' '.join(command)}' does not run ({error})"
    found = re.search(r"\d+(?:\.\d+)+", answer)
    if "at_least" in need and (not found or _order(found[0]) < _order(need["at_least"])):
        return f"{command[0]} is {found[0] if found else 'unknown'}, needs {need['at_least']}"
    return None


def _answer(command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True,
                          env=os.environ | ENVIRONMENT, stdin=subprocess.DEVNULL).stdout


def _order(version):
    return [int(part) for part in version.split(".")]


def fingerprint(target):
    """Hash over every file that the installation is made from."""
    digest = hashlib.sha256()
    for path in sorted(target.source_dir.rglob("*")):
        if path.is_file() and path.name not in UNSTAMPED:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(target.source_dir)} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()


def is_installed(target):
    stamp = target.install_dir / STAMP_NAME
    return stamp.is_file() and stamp.read_text() == fingerprint(target)


def install(target):
    """Install `target` into its own folder of the cache; nothing is done if it is there already.

    Returns True if it was installed now. Raises TargetUnavailable if a toolchain is absent, and
    TargetError if an install step fails; the next call then starts afresh.
    """
    target.install_dir.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{target.install_dir}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_installed(target):
            return False
        reason = unmet_need(target)
        if reason:
            raise TargetUnavailable(reason)
        shutil.rmtree(target.install_dir, ignore_errors=True)
        shutil.copytree(target.source_dir, target.install_dir)
        for step in target.description["install"]:
            _install_step(target, step)
        (target.install_dir / STAMP_NAME).write_text(fingerprint(target))
        return True


def _install_step(target, step):
    argv = [part.format(python=sys.executable) for part in step]
    log_path = target.install_dir / "install.log"
    with open(log_path, "ab") as log:
        log.write(f"$ {' '.join(argv)}\n".encode())
        log.flush()
        try:
            process = _spawn(argv, target.install_dir, log)
        except OSError as error:
            raise TargetError(f"{target.name}: cannot run '{argv[0]}': {error}") from error
        try:
            status = process.wait(timeout=INSTALL_STEP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            status = f"no end after {INSTALL_STEP_TIMEOUT_S} s"
        finally:
            stop(process)
    if status != 0:
        raise TargetError(f"{target.name}: '{' '.join(argv)}' failed ({status}). If the package "
                          f"registry was out of reach, run it again. The end of {log_path}:\n"
                          f"{_tail(log_path)}")


def require_installed(target):
    """Raises TargetUnavailable if it is not installed."""
    if not is_installed(target):
        reason = unmet_need(target) or f"run targets/target.py install {target.name}"
        raise TargetUnavailable(f"{target.name} is not installed: {reason}")


@contextlib.contextmanager
def running(name, port=None, cancelled=None):
    """Start an installed target; yields a RunningTarget, and stops all its processes at the end.

    `port` is a free one unless given. Setting the event `cancelled` ends the wait for the target.
    Raises TargetUnavailable if it is not installed, and TargetError with the end of its output if
    it dies or does not accept a connection within READY_TIMEOUT_S.
    """
    cancelled = cancelled or threading.Event()
    target = load(name)
    require_installed(target)
    with tempfile.NamedTemporaryFile(prefix=f"{name}-", suffix=".log") as log:
        with reserved_port(port) as reserved:
            argv = [part.format(port=reserved) for part in target.description["start"]]
            started = time.monotonic()
            process = _spawn(argv, target.install_dir, log)
            try:
                _await_connect(target, process, reserved, Path(log.name), cancelled)
                startup_ms = round((time.monotonic() - started) * 1000)
            except BaseException:
                stop(process)
                raise
        try:
            yield RunningTarget(target, "127.0.0.1", reserved, startup_ms, process)
        finally:
            stop(process)


@contextlib.contextmanager
def reserved_port(port=None):
    """A port that no one else is given until a server listens on it: a free one unless given.

    The socket is bound but never listens, so with SO_REUSEADDR on both sides, which each of these
    servers sets, the server can bind the port as well.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind(("127.0.0.1", port or 0))
        except OSError as error:
            raise TargetError(f"cannot use port {port}: {error}") from error
        yield holder.getsockname()[1]


def _await_connect(target, process, port, log_path, cancelled):
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise TargetError(f"{target.name}: ended with {process.returncode} before it "
                              f"listened:\n{_tail(log_path)}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if cancelled.wait(timeout=0.02):
                raise TargetError(f"{target.name}: stopped before it listened") from None
    raise TargetError(f"{target.name}: not listening on 127.0.0.1:{port} after {READY_TIMEOUT_S} "
                      f"s:\n{_tail(log_path)}")


def _spawn(argv, folder, log):
    """A process in a group of its own, so that all that it starts can be stopped with it."""
    return subprocess.Popen(argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                            stderr=subprocess.STDOUT, env=os.environ | ENVIRONMENT,
                            start_new_session=True)


def stop(process):
    """SIGTERM to the group, SIGKILL to what is left of it after STOP_TIMEOUT_S."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=STOP_TIMEOUT_S)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=STOP_TIMEOUT_S)


def _tail(path):
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-LOG_TAIL_LINES:])


def command_list(_arguments):
    for name in names() + client_names():
        target = load(name)
        state = "installed" if is_installed(target) else "not installed"
        reason = unmet_need(target) if state == "not installed" else None
        print(f"{name:30} {target.version:12} {target.description['language']:10} {state}"
              + (f" ({reason})" if reason else ""))
    return 0


def command_version(arguments):
    print(load(arguments.name).version)
    return 0


def command_install(arguments):
    targets = [load(name) for name in arguments.names]  # a wrong name stops us before any work
    failed = False
    for target in targets:
        try:
            done = install(target)
            print(f"{target.name} {target.version}: {'installed' if done else 'up to date'}",
                  flush=True)
        except TargetUnavailable as reason:
            print(f"{target.name} {target.version}: skipped: {reason}", flush=True)
            failed = failed or arguments.required
        except TargetError as error:
            print(f"target.py: {error}", file=sys.stderr, flush=True)
            failed = True
    return 1 if failed else 0


def command_start(arguments):
    if arguments.name in client_names():
        raise BadTarget(f"{arguments.name} is a client: targets/check-clients plays with it")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    with running(arguments.name, arguments.port, ended) as target:
        print(f"ready {target.port}", flush=True)
        while not ended.wait(timeout=0.2):
            if target.process.poll() is not None:
                raise TargetError(f"{arguments.name}: ended by itself with "
                                  f"{target.process.returncode}")
    return 0


def parse(argv):
    parser = argparse.ArgumentParser(prog="target.py", description=__doc__.split("\n", 1)[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("list", help="each target, its version, whether it is installed") \
        .set_defaults(run=command_list)
    version = commands.add_parser("version", help="print the pinned version")
    version.add_argument("name", metavar="NAME")
    version.set_defaults(run=command_version)
    installer = commands.add_parser("install", help="install targets into the cache")
    installer.add_argument("names", metavar="NAME", nargs="+")
    installer.add_argument("--required", action="store_true",
                           help="a target that this machine cannot install is a failure")
    installer.set_defaults(run=command_install)
    start = commands.add_parser("start", help="serve until SIGTERM")
    start.add_argument("name", metavar="NAME")
    start.add_argument("--port", type=int, help="instead of a free one")
    start.set_defaults(run=command_start)
    return parser.parse_args(argv)


def main(argv):
    arguments = parse(argv)
    try:
        return arguments.run(arguments)
    except TargetError as error:
        print(f"target.py: {error}", file=sys.stderr)
        return 2 if isinstance(error, BadTarget) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
