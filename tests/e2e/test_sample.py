"""docs/sample: a report of a real run, and the picture of it in the README.

`pytest tests/e2e/test_sample.py --update-golden` makes both anew, from a run against the server made
of bugs; this is due whenever reports/page changes.
"""

import base64
import json
import re
import subprocess
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "docs/sample"
CHROMIUM = Path("/usr/bin/chromium")
CASES = ["6455/5.2/rsv1*", "6455/5.5.2", "6455/10.6/wss", "6455/10.7",
         "robustness/limits/fragments-without-end"]
PICTURED = "6455/5.2/rsv1-on-text"
TIMEOUT_S = 100


def make_page(wspec, url):
    words = [word for case in CASES for word in ("--cases", case)]
    done = subprocess.run([wspec, "run", url, "-q", *words, "--name", "sample", "--html",
                           SAMPLE / "report.html"], capture_output=True, text=True,
                          timeout=TIMEOUT_S)
    assert done.returncode == 1, done.stderr


def make_picture():
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1190}, color_scheme="light")
        page.goto(f"file://{SAMPLE / 'report.html'}#case={PICTURED}")
        page.wait_for_selector("html[data-ready]")
        page.wait_for_timeout(300)  # for the scrolling to come to rest; nothing is asserted of it
        page.screenshot(path=SAMPLE / "report.png")
        browser.close()


@pytest.fixture
def page(wspec, defect_server, update_golden):
    if update_golden:
        make_page(wspec, defect_server("accepts-rsv1-on-data", "closes-without-error-answer"))
        make_picture()
    return (SAMPLE / "report.html").read_text()


@pytest.mark.parametrize("part", ["page.js", "page.css"])
def test_the_sample_shows_the_page_of_today(page, part):
    assert (ROOT / "reports/page" / part).read_text() in page


def test_the_sample_is_of_a_run_with_every_kind_of_outcome(page):
    packed = re.search(r'id="data"[^>]*>(.*?)</script>', page, re.S)[1]
    data = json.loads(zlib.decompress(base64.b64decode(packed)))
    target, = data["targets"]
    assert target["name"] == "sample" and target["selected"] == len(data["cases"])
    verdicts = {result["verdict"] for result in data["results"][0] if isinstance(result, dict)}
    assert verdicts >= {"fail", "warn", "info", "skip"}
    assert PICTURED in [case["id"] for case in data["cases"]]


def test_the_readme_has_the_picture():
    assert "](docs/sample/report.png)" in (ROOT / "README.md").read_text()
    assert (SAMPLE / "report.png").read_bytes().startswith(b"\x89PNG")
