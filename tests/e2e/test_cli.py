"""What holds for every command: help, version, usage errors and exit codes."""

import subprocess

import pytest

TIMEOUT_S = 30


def run(wspec, *arguments):
    return subprocess.run([wspec, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S)


def test_version(wspec):
    result = run(wspec, "--version")
    assert result.returncode == 0
    assert result.stdout.startswith("wspec ")
    assert result.stderr == ""


def test_help_lists_the_commands(wspec):
    result = run(wspec, "help")
    assert result.returncode == 0
    assert "\n  echo " in result.stdout


def test_help_of_a_command(wspec):
    result = run(wspec, "help", "echo")
    assert result.returncode == 0
    assert result.stdout == run(wspec, "echo", "--help").stdout
    assert result.stdout.startswith("usage: wspec echo ")


@pytest.mark.parametrize(("arguments", "message"), [
    ([], "a command is missing"),
    (["dance"], "there is no command 'dance'"),
    (["help", "dance"], "there is no command 'dance'"),
    (["echo", "now"], "unexpected argument 'now'"),
    (["echo", "--prt", "1"], "there is no option '--prt'"),
    (["echo", "-x"], "there is no option '-x'"),
    (["echo", "--port"], "option '--port' needs a value"),
    (["echo", "--port", "65536"], "--port is '65536', but must be a number from 0 to 65535"),
    (["echo", "--port", " 1"], "--port is ' 1', but must be a number"),
    (["echo", "--port", "1x"], "--port is '1x', but must be a number"),
    (["echo", "--key", "file"], "--key needs --cert"),
    (["echo", "--cert", "/nonexistent/c.pem"],
     "cannot use '/nonexistent/c.pem' as certificate: No such file or directory"),
    (["echo", "--host", "192.0.2.1"], "cannot listen on 192.0.2.1:9001"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_usage_error(wspec, arguments, message):
    result = run(wspec, *arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stdout == ""
