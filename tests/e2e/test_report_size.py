"""Reports of 30 targets by 1,500 cases, as bench/reports.py measures them: what they may take."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
import reports as bench_reports  # noqa: E402  (the path has to be there first)

MEMORY_MAX = 300_000_000


def is_sanitized(wspec):
    return b"__asan_init" in wspec.read_bytes()


def test_a_large_matrix_takes_little_memory(wspec, tmp_path):
    """Time is what bench/reports.py is for; memory is the same on every machine."""
    if is_sanitized(wspec):
        pytest.skip("the address sanitizer takes memory of its own")
    named = bench_reports.make_reports(tmp_path, 30, 1500)
    _, _, memory = bench_reports.write_all(wspec, named, tmp_path / "out")
    assert memory < MEMORY_MAX
    assert len(os.listdir(tmp_path / "out")) == 8
