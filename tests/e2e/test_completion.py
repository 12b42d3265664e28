"""The completions and the man page, which come from the tables that parse the options."""

import re
import shutil
import subprocess

import pytest

TIMEOUT_S = 30


def output(wspec, *arguments):
    done = subprocess.run([wspec, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    return done.stdout


def options(wspec, command):
    return re.findall(r"^ +(?:-\w, )?--([a-z-]+)", output(wspec, command, "--help"), re.M)


def complete(wspec, *words):
    """What bash offers for the last word."""
    script = f'source <({wspec} completion bash); COMP_WORDS=(wspec "$@"); COMP_CWORD=$#; ' \
             '_wspec; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True,
                          timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_bash_completes_commands_options_and_values(wspec):
    assert complete(wspec, "me") == {"merge"}
    for command in ("run", "merge", "diff", "judge"):
        assert complete(wspec, command, "--") == {f"--{o}" for o in options(wspec, command)}
    assert complete(wspec, "run", "--oracle", "p") == {"pong"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_name_every_option_and_follow_their_grammar(wspec, shell, tmp_path):
    text = output(wspec, "completion", shell)
    mark = "-l {}" if shell == "fish" else "--{}"
    assert [o for o in options(wspec, "run") if mark.format(o) not in text] == []
    path = tmp_path / "completion"
    path.write_text(text)
    assert shutil.which(shell), f"{shell} is not there: scripts/install-deps --dev brings it"
    check = subprocess.run([shell, "-n", path], capture_output=True, text=True, timeout=TIMEOUT_S)
    assert (check.returncode, check.stderr) == (0, "")


def test_the_man_page_names_every_option(wspec):
    page = output(wspec, "completion", "man").replace("\\-", "-")
    for command in ("run", "merge", "diff", "judge"):
        assert [o for o in options(wspec, command) if f"\\fB--{o}\\fR" not in page] == []
    assert shutil.which("groff"), "groff is not there: scripts/install-deps --dev brings it"
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=page,
                          capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.stderr == ""


def test_help_fits_eighty_columns(wspec):
    for command in ("run", "merge", "diff", "judge"):
        lines = output(wspec, command, "--help").splitlines()
        assert [line for line in lines if len(line) > 80] == []
