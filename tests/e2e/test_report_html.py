"""The HTML report in headless Chromium: what a person sees, by mouse, by keyboard and by axe."""

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "reports/golden/report.json"
AXE = ROOT / ".cache/node/node_modules/axe-core/axe.min.js"
CHROMIUM = Path("/usr/bin/chromium")
TIMEOUT_S = 60
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync"]
FAILED = "6455/5.2/rsv1-on-text"
RESULTS = json.loads(GOLDEN.read_text())["results"]
N_CASES = len(RESULTS)
N_FAILED = sum(result["verdict"] == "fail" for result in RESULTS)


def found_by(*words):
    """How many cases have all words in what the search looks at."""
    texts = [" ".join([r["id"], r["summary"], *r["requirements"], r["skip_reason"] or "",
                       *(f"{f['requirement']} {f['message']}" for f in r["findings"])]).lower()
             for r in RESULTS]
    return sum(all(word in text for word in words) for text in texts)


def merge(wspec, *arguments):
    done = subprocess.run([wspec, "merge", *map(str, arguments)], capture_output=True, text=True,
                          timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def one(wspec, tmp_path_factory):
    path = tmp_path_factory.mktemp("html") / "one.html"
    merge(wspec, GOLDEN, "--html", path)
    return path


@pytest.fixture(scope="module")
def matrix(wspec, tmp_path_factory):
    """Three targets, of which the second fails nothing and the third has a case less."""
    directory = tmp_path_factory.mktemp("html")
    other = json.loads(GOLDEN.read_text())
    for result in other["results"]:
        if result["verdict"] == "fail":
            result.update(verdict="pass", findings=[])
    (directory / "b.json").write_text(json.dumps(other))
    other["results"] = [r for r in other["results"] if r["id"] != FAILED]
    (directory / "c.json").write_text(json.dumps(other))
    merge(wspec, f"first={GOLDEN}", f"second={directory / 'b.json'}",
          f"third={directory / 'c.json'}", "--html", directory / "matrix.html")
    return directory / "matrix.html"


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there: apt-get install chromium")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser):
    """Open a report; when the test ends, the page must have asked for nothing and erred in nothing."""
    contexts, troubles = [], []

    def open_it(path, fragment="", **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text)
                if message.type in ("error", "warning") else None)
        page.on("request", lambda request: troubles.append(request.url)
                if not request.url.startswith(("file:", "data:")) else None)
        page.goto(f"file://{path}{fragment}")
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert troubles == []


def test_the_overview_counts_what_the_report_counts(open_page, one):
    page = open_page(one)
    summary = json.loads(GOLDEN.read_text())["summary"]
    chips = page.locator(".chip").all_inner_texts()
    assert chips == [f"{summary[v]} {v}" for v in ("pass", "info", "warn", "fail", "skip")]
    assert page.locator(".row[data-case]").count() == summary["total"]


def test_a_verdict_is_filtered_by_its_chip(open_page, one):
    page = open_page(one)
    for verdict in ("pass", "info", "warn", "skip"):
        page.click(f".chip.{verdict}")
    assert page.locator(".row[data-case]").count() == N_FAILED
    assert page.locator("#count").inner_text() == f"{N_FAILED} of {N_CASES} cases"


@pytest.mark.parametrize("words", ["rsv1-on-binary", "rsv1 TEXT connection", "6455-10.7-04",
                                   "no such words"])
def test_search_finds_words_in_any_order(open_page, one, words):
    found = found_by(*words.lower().split())
    page = open_page(one)
    page.fill("#find", words)
    page.wait_for_function("n => document.getElementById('count').textContent === n",
                           arg=f"{found} of {N_CASES} cases")
    assert page.locator(".row[data-case]").count() == found


def test_a_case_shows_its_frames_and_marks_the_wrong_octet(open_page, one):
    page = open_page(one, f"#case={FAILED}")
    report = json.loads(GOLDEN.read_text())
    result = next(r for r in report["results"] if r["id"] == FAILED)
    aside = page.locator("#case")
    assert aside.locator("h2").inner_text() == f"fail {FAILED}"
    rows = aside.locator(".timeline > li")
    text = aside.locator(".timeline").inner_text()
    sent = next(r for r in rows.all() if "RSV 100" in r.inner_text())
    assert "→" in sent.inner_text() and "masked" in sent.inner_text()
    assert "“Hello, world!”" in sent.inner_text()
    wrong = aside.locator(".timeline > li.wrong")
    assert wrong.count() == 1 and "not masked" in wrong.inner_text()
    mark = wrong.locator("mark")
    offset = result["findings"][0]["offset"]
    received = "".join(e["octets"] for e in result["transcript"] if e["kind"] == "received")
    assert mark.inner_text() == received[2 * offset:2 * offset + 2] == "81"
    assert "HTTP/1.1 101" in text
    assert f"--cases {FAILED} -v" in aside.locator(".command pre").inner_text()
    link = aside.locator(".requirement a").first
    assert link.get_attribute("href") == "https://www.rfc-editor.org/rfc/rfc6455#section-5.2"
    assert "Allowed:" in aside.locator(".requirement").first.inner_text()


def test_the_violated_sentence_is_told_before_the_frames(open_page, one):
    page = open_page(one, f"#case={FAILED}")
    report = json.loads(GOLDEN.read_text())
    finding = next(r for r in report["results"] if r["id"] == FAILED)["findings"][0]
    requirement = report["requirements"][finding["requirement"]]
    text = page.locator("#case").inner_text()
    assert text.index(requirement["text"]) < text.index("Play it again") < text.index("What passed")
    first = page.locator("#case .requirement").first.inner_text()
    assert "Allowed: " in first and "Not allowed: " in first
    assert "PASS:" not in first and "FAIL:" not in first


def test_the_keyboard_goes_through_the_cases(open_page, one):
    page = open_page(one)
    page.keyboard.press("j")
    first = page.locator("#case h2 .id").inner_text()
    page.keyboard.press("j")
    page.wait_for_function("id => document.querySelector('#case h2 .id').textContent !== id",
                           arg=first)
    page.keyboard.press("k")
    page.wait_for_function("id => document.querySelector('#case h2 .id').textContent === id",
                           arg=first)
    page.keyboard.press("Escape")
    page.wait_for_selector("#case", state="hidden")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"


def test_requirements_list_their_cases(open_page, one):
    page = open_page(one, "#view=requirements")
    section = page.locator('.requirement[aria-label="6455-5.2-03"]')
    assert re.search(r"violated in \d results", section.inner_text())
    section.get_by_text("6455/5.2/rsv1-on-text ").click()
    page.wait_for_selector("#case:not([hidden])")
    assert page.locator("#case h2 .id").inner_text() == "6455/5.2/rsv1-on-text"


def test_the_matrix_shows_where_targets_differ(open_page, matrix):
    page = open_page(matrix)
    assert page.locator(".row.names [role=columnheader]").all_inner_texts() == [
        "Case", "first", "second", "third"]
    page.check("#differ")
    assert page.locator(".row[data-case]").count() == N_FAILED
    row = page.locator(".row[data-case]", has_text=FAILED)
    assert row.locator("[role=cell]").nth(2).locator("[aria-label='not played']").count() == 1
    row.locator("[role=cell] a").nth(1).click()
    page.wait_for_selector("#case:not([hidden])")
    assert page.locator("#case .others [aria-current]").inner_text() == "✓ second"


N_TARGETS, N_ROWS, NODES_MAX = 30, 1500, 12000


@pytest.fixture(scope="module")
def large(wspec, tmp_path_factory):
    """30 targets by 1,500 cases; each target fails its own hundredth of them."""
    directory = tmp_path_factory.mktemp("large")
    report = json.loads(GOLDEN.read_text())
    passed = next(r for r in report["results"] if r["verdict"] == "pass")
    failed = next(r for r in report["results"] if r["id"] == FAILED)
    head = {k: v for k, v in report.items() if k not in ("results", "summary")}
    for t in range(N_TARGETS):
        results = [(failed if (i + t) % 100 == 0 else passed) |
                   {"id": f"6455/5.{i // 100}/case-{i}", "section": f"5.{i // 100}"}
                   for i in range(N_ROWS)]
        (directory / f"{t}.json").write_text(json.dumps(
            head | {"selected": N_ROWS, "results": results}))
    merge(wspec, *(f"t{t}={directory / f'{t}.json'}" for t in range(N_TARGETS)), "--html",
          directory / "large.html")
    return directory / "large.html"


def n_nodes(page):
    return page.evaluate("document.querySelectorAll('*').length")


def show_everything(page):
    page.click(".chip.pass")
    page.wait_for_function("n => document.getElementById('count').textContent === n",
                           arg=f"{N_ROWS} of {N_ROWS} cases")


def test_a_large_matrix_holds_only_what_is_near(open_page, large):
    """Whatever is scrolled to, searched or chosen: the page stays as small as its window needs."""
    page = open_page(large)
    show_everything(page)
    assert n_nodes(page) < NODES_MAX
    for case in (749, N_ROWS - 1, 0):
        page.evaluate("""at => { const main = document.querySelector("main.scroll");
                         main.scrollTop = at * (main.scrollHeight - main.clientHeight); }""",
                      case / (N_ROWS - 1))
        page.wait_for_selector(f'.row[data-case="{case}"]')
        assert n_nodes(page) < NODES_MAX
    page.fill("#find", "case-1499")
    page.wait_for_selector('.row[data-case="1499"]')
    assert page.locator(".row[data-case]").count() == 1
    page.fill("#find", "")
    page.wait_for_selector('.row[data-case="0"]')
    assert n_nodes(page) < NODES_MAX


def test_the_names_of_a_large_matrix_stay_in_sight(open_page, large):
    page = open_page(large, viewport={"width": 1000, "height": 800})
    show_everything(page)
    page.evaluate("""() => { const main = document.querySelector("main.scroll");
                     main.scrollTop = 20000; main.scrollLeft = 400; }""")
    box = page.locator(".row.names").bounding_box()
    main = page.locator("main.scroll").bounding_box()
    assert main["y"] <= box["y"] < main["y"] + 5
    page.wait_for_selector('.row[data-case="400"]')
    who = page.locator('.row[data-case="400"] .who').bounding_box()
    assert abs(who["x"] - main["x"]) < 2


def test_a_case_far_down_is_brought_into_sight(open_page, large):
    page = open_page(large, "#case=6455/5.9/case-949&target=3")
    page.wait_for_function("""() => { const row = document.querySelector(".row.open");
        if (!row) return false; const box = row.getBoundingClientRect();
        return box.top > 0 && box.bottom < innerHeight; }""")
    assert page.locator(".row.open").get_attribute("data-case") == "949"
    page.keyboard.press("j")
    page.wait_for_function("() => document.querySelector('.row.open')?.dataset.case === '950'")


def test_print_has_every_row(open_page, large):
    page = open_page(large)
    show_everything(page)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".row[data-case]").count() == N_ROWS
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert n_nodes(page) < NODES_MAX


def test_print_leaves_the_tools_away(open_page, one):
    page = open_page(one, f"#case={FAILED}")
    page.emulate_media(media="print")
    for tool in (".tools", ".tabs", "footer", "#case .close"):
        assert not page.locator(tool).is_visible()
    assert page.locator("#case .timeline").is_visible()
    assert len(page.pdf()) > 10000


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("which, view", [
    ("one", "#"), ("one", "#view=sections"), ("one", "#view=requirements"),
    ("one", f"#case={FAILED}"), ("matrix", f"#case={FAILED}"), ("large", "#")])
def test_axe_finds_nothing_serious(open_page, request, which, view, scheme):
    if not AXE.exists():
        pytest.skip(f"{AXE} is not there: scripts/install-deps --dev brings it")
    page = open_page(request.getfixturevalue(which), view, color_scheme=scheme)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run().then(r => r.violations)")
    assert [(v["id"], v["impact"], v["nodes"][0]["html"][:200]) for v in found
            if v["impact"] in ("serious", "critical")] == []


@pytest.mark.parametrize("view", ["", "#view=requirements", f"#case={FAILED}"])
@pytest.mark.parametrize("which", ["one", "large"])
def test_a_phone_needs_no_sideways_scrolling(open_page, request, which, view):
    page = open_page(request.getfixturevalue(which), view, viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_text_of_a_target_is_never_markup(wspec, open_page, tmp_path):
    report = json.loads(GOLDEN.read_text())
    evil = "</script><img src=x onerror=document.title='broken'><!--"
    report["target"].update(name=evil, agent=evil)
    report["results"][0].update(summary=evil, skip_reason=evil)
    (tmp_path / "r.json").write_text(json.dumps(report))
    merge(wspec, tmp_path / "r.json", "--html", tmp_path / "r.html")
    page = open_page(tmp_path / "r.html")
    assert page.title() == f"wspec: {evil}"
    assert page.locator("img").count() == 0
    assert page.locator("#label").inner_text() == evil


def test_a_full_run_stays_under_three_megabytes(wspec, tmp_path):
    """With the transcripts of all cases, as if each of them had failed."""
    subprocess.run([wspec, "run", "--memory", "-q", "--transcripts", "all", "--html",
                    tmp_path / "r.html", "--json", tmp_path / "r.json"], check=True,
                   capture_output=True, timeout=4 * TIMEOUT_S)
    assert (tmp_path / "r.html").stat().st_size < 3_000_000
    assert (tmp_path / "r.json").stat().st_size < 20_000_000
