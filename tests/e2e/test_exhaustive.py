"""The exhaustive cases: a hundred thousand, of which only what is to be played is held."""

import base64
import json
import re
import subprocess
import sys
import zlib

TIMEOUT_S = 100
PEAK_MAX_MIB = 100

# A small process between, as a child's peak counts that of the process it was made by.
MEASURE = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ,
                     file_actions=[(os.POSIX_SPAWN_DUP2, 1, 2)])
_, status, usage = os.wait4(pid, 0)
print(f"exit {os.waitstatus_to_exitcode(status)}, peak {usage.ru_maxrss // 1024} MiB")
"""


def measure(wspec, *arguments):
    """What a command printed, its exit code, and the most memory it held, in MiB."""
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, str(wspec), *arguments],
                          capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    *printed, last = done.stdout.splitlines()
    _, code, _, peak, _ = last.split()
    return "\n".join(printed), int(code.rstrip(",")), int(peak)


def test_a_few_of_them_cost_the_memory_of_a_few(plain_wspec):
    printed, code, peak = measure(plain_wspec, "run", "--memory", "--exhaustive", "--cases",
                                  "7692/7.2/traffic-*-16")
    assert code == 0, printed
    assert "12 cases in" in printed
    assert peak < PEAK_MAX_MIB


def test_all_are_listed_without_being_held(plain_wspec):
    printed, code, peak = measure(plain_wspec, "list", "--exhaustive")
    assert code == 0
    assert printed.count("\n") > 100_000
    assert printed.count("6455/7.4.2/each-code-above-4999-65535") == 1
    assert peak < PEAK_MAX_MIB


def test_all_are_traced_without_being_held(plain_wspec):
    printed, code, peak = measure(plain_wspec, "list", "--exhaustive", "--requirements")
    assert code == 0
    assert "    6455/7.4.2/each-code-above-4999-65535\n" in printed
    assert "\n6455/7.4.2/each-code-above-4999-65535: 6455-7.4.2-05\n" in printed
    assert peak < PEAK_MAX_MIB


# All but those of 1,000 messages, and the limits, which are the same with the others and without.
MANY = ["--exhaustive", "--cases", "3629", "--cases", "6455", "--seed", "7"]


def test_all_are_played_and_reported_in_little_memory(plain_wspec, tmp_path):
    printed, code, peak = measure(plain_wspec, "run", "--memory", "--quiet", *MANY,
                                  "--out", str(tmp_path))
    assert code == 0, printed
    assert int(printed.split(" cases in")[0].split()[-1]) > 100_000
    assert peak < PEAK_MAX_MIB
    report = json.loads((tmp_path / "report.json").read_text())
    ids = [result["id"] for result in report["results"]]
    assert len(set(ids)) == len(ids) == report["selected"] > 100_000
    named = re.findall(r'<testcase [^>]* name="([^"]*)"', (tmp_path / "junit.xml").read_text())
    assert sorted(named) == sorted(ids)
    page = page_data((tmp_path / "report.html").read_text())
    assert [case["id"] for case in page["cases"]] == named
    assert len(page["results"][0]) == len(ids)


def page_data(html):
    """What the page shows, unpacked."""
    packed = re.search(r'id="data"[^>]*>([^<]*)<', html).group(1)
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def test_what_is_listed_is_what_was_asked_for(wspec):
    printed, code, _ = measure(wspec, "list", "--exhaustive", "--cases", "6455/7.4.2/each-code-*",
                               "--exclude", "*-[0-9]*", "--exclude", "*above*", "--exclude",
                               "*unassigned*", "--exclude", "*below*", "--tag", "code")
    listed = [line.split()[0] for line in printed.splitlines() if line.startswith("6455/")]
    assert code == 0
    assert listed[0] == "6455/7.4.2/each-code-of-libraries-3000"
    assert listed[-1] == "6455/7.4.2/each-code-of-private-use-4999"
    assert len(listed) == 2000
    assert "no case matches '*-[0-9]*'" in printed


def test_one_is_explained(plain_wspec):
    printed, code, peak = measure(plain_wspec, "explain", "3629/4/every-code-point-10-ffxx")
    assert code == 0
    assert "U+10ff00" in printed
    assert peak < PEAK_MAX_MIB


def test_a_shard_of_them_is_the_same_as_without_the_others(wspec):
    counts = []
    for shard in ("1/3", "2/3", "3/3"):
        printed, code, _ = measure(wspec, "run", "--memory", "--exhaustive", "--cases",
                                   "7692/7.2/traffic-*-64", "--shard", shard)
        assert code in (0, 4), printed  # 4: nothing of it is in this shard
        counts.append(int(printed.split(" cases in")[0].split()[-1]) if code == 0 else 0)
    assert sum(counts) == 12


def test_a_word_that_fits_only_what_is_left_out_is_no_slip(wspec):
    printed, code, _ = measure(wspec, "run", "--memory", "--exhaustive", "--cases",
                               "7692/7.2/traffic-json-16", "--exclude", "7692/7.2/traffic-prose-*")
    assert code == 0, printed
    assert "matches no case" not in printed


def test_a_slip_is_said(wspec):
    printed, code, _ = measure(wspec, "run", "--memory", "--exhaustive", "--cases",
                               "7692/7.2/traffic-json-16", "--exclude", "7692/7.2/trafic-*")
    assert code == 0, printed
    assert "'7692/7.2/trafic-*' matches no case" in printed


def test_more_than_a_wave_are_played_over_a_network(plain_wspec, tmp_path):
    """Scripts and results of 4,096 cases are held at a time, and all are reported."""
    path = tmp_path / "report.json"
    printed, code, peak = measure(plain_wspec, "run", "--quiet", "--exhaustive", "--cases",
                                  "6455/7.4.2/each-code-above-4999-1*", "--json", str(path))
    assert code == 0, printed
    report = json.loads(path.read_text())
    codes = sorted(int(result["id"].rsplit("-", 1)[1]) for result in report["results"])
    assert codes == list(range(10000, 20000))
    assert report["summary"]["pass"] + report["summary"]["info"] == 10000
    assert peak < PEAK_MAX_MIB
