"""The cases of the JavaScript API against a WebSocket made of switchable defects (api/).

Which case is killed by which defect stands in api_kills.json, which api_kills.py makes; here some of it
is seen again, live, in Node.js."""

import json
import os
import subprocess
from pathlib import Path

import pytest

import api_kills

SECTIONS = sorted(path.stem for path in (api_kills.ROOT / "cases/api").glob("*.json"))
# A page has what they are about, and Node.js has not.
OF_BROWSERS = {"api/events/document-goes-away", "api/events/relative-url-empty",
               "api/events/relative-url-path", "api/events/relative-url-word",
               "api/events/request-sends-cookies"}
TABLE = json.loads(api_kills.TABLE.read_text())
SAMPLE = [name for name in sorted(TABLE) if TABLE[name]][::20]


@pytest.fixture(scope="module", name="wspec")
def fixture_wspec():
    path = Path(os.environ.get("WSPEC_BIN", api_kills.ROOT / "build/dev/wspec"))
    assert path.is_file(), f"{path} is not built: run cmake --build --preset dev, or set WSPEC_BIN"
    return path.resolve()


@pytest.fixture(scope="module", autouse=True)
def fixture_node():
    try:
        api_kills.node()
    except api_kills.targets.TargetUnavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module", name="cases")
def fixture_cases(wspec):
    listed = subprocess.run([wspec, "list", "--cases", "api/*"], check=True, capture_output=True,
                            text=True).stdout
    return {line.split()[0] for line in listed.splitlines()}


def test_each_defect_is_killed(cases):
    assert set(TABLE) == set(api_kills.switches())
    for name, killed in TABLE.items():
        assert killed and set(killed) <= cases, name


def test_each_case_kills(cases):
    killed = {case for killed in TABLE.values() for case in killed}
    assert cases - killed == OF_BROWSERS


@pytest.mark.timeout(180)
@pytest.mark.parametrize("section", SECTIONS)
def test_nothing_fails_without_a_defect(wspec, section):
    verdicts = api_kills.play(wspec, None, [f"api/{section}/*"])
    bad = {case: verdict for case, verdict in verdicts.items() if verdict not in ("pass", "skip")}
    assert verdicts and not bad


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", SAMPLE)
def test_a_defect_kills(wspec, name):
    cases = TABLE[name][:2]
    verdicts = api_kills.play(wspec, name, cases)
    assert set(verdicts) == set(cases)
    assert set(verdicts.values()) <= {"fail", "warn"}
