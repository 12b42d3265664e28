"""The commands of docs/fuzzing-your-parser.md run, as they stand there, in a copy of the tree."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tree_copy import copy_tree

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 900
FINDS = "with a finding"  # so the comment of a command ends that is to find something


def commands():
    text = (ROOT / "docs/fuzzing-your-parser.md").read_text()
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S):
        yield from block.splitlines()


@pytest.fixture
def copy(tmp_path):
    copy_tree(tmp_path)
    return tmp_path


def run(line, copy):
    """Runs one line as a shell does; its campaigns are short."""
    line = re.sub(r"--time \d+", "--time 5", line)
    environment = {name: value for name, value in os.environ.items() if name != "WSPEC_FUZZ_CACHE"}
    return subprocess.run(["bash", "-c", line], cwd=copy, capture_output=True, text=True,
                          timeout=TIMEOUT_S, stdin=subprocess.DEVNULL, env=environment)


@pytest.mark.timeout(TIMEOUT_S)  # it builds the tree with clang
@pytest.mark.skipif(not shutil.which("clang"), reason="clang is not installed")
def test_the_commands_lead_to_a_finding(copy):
    lines = list(commands())
    assert lines[0].split()[:2] == ["scripts/install-deps", "--fuzz"]
    said = ""
    for line in lines[1:]:
        done = run(line, copy)
        finds = line.endswith(FINDS)
        assert done.returncode == (1 if finds else 0), (line, done.stdout, done.stderr[-3000:])
        said = done.stdout
    assert "mine" not in said and "wspec sees:" in said and "6455-5.6-01" in said
