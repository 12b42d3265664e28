"""The recipes of docs/ci.md, taken from that page and run as the CI system would run them, and read by
programs of others: actionlint, the JSON Schemas of GitHub and GitLab, Groovy."""

import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/ci.md").read_text()
ACTION = (ROOT / "action.yml").read_text()
ACTIONLINT = ROOT / ".cache/go/actionlint"
TIMEOUT_S = 200
CASES = "6455/5.2/rsv1-on*"


def blocks(heading, language):
    """The code blocks of a section, in their order."""
    section = re.search(rf"^{re.escape(heading)}$(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    assert section, heading
    return re.findall(rf"^```{language}\n(.*?)^```", section[1], re.M | re.S)


class Workspace:
    """A checkout of somebody's server, with wspec on the path and ports of its own for 9001, 9002."""

    def __init__(self, directory, wspec, reserve_port):
        self.directory = directory
        self.ports = {"9001": str(reserve_port()), "9002": str(reserve_port())}
        self.pids = directory / "server-pids"
        path = directory / "bin"
        path.mkdir()
        # The recipes play everything; a few cases are enough to see that they hold together.
        self._script(path / "wspec", f"""
            case "$1" in run) shift; exec {wspec} run --cases '{CASES}' "$@";; esac
            exec {wspec} "$@" """)
        self.serve()
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("CI_", "GITHUB_"))}
        self.env |= {"PATH": f"{path}:{os.environ['PATH']}", "CI": "true",
                     "no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost"}

    def serve(self, *switches):
        """What ./my-server will be: the server made of bugs, with these ones."""
        self._script(self.directory / "my-server", f"""
            echo $$ >> {self.pids}
            exec {sys.executable} {ROOT / 'tests/defects/server.py'} {' '.join(switches)} "$@" """)

    def _script(self, path, text):
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def own(self, text):
        for documented, mine in self.ports.items():
            text = text.replace(documented, mine)
        return text

    def run(self, script, shell=("bash", "-e"), env=None, code=0):
        """Run a script; its output goes to a file, which what it leaves behind may keep open."""
        with open(self.directory / "log", "w+") as log:
            done = subprocess.run([*shell, "-c", self.own(script)], cwd=self.directory,
                                  env=self.env | (env or {}), stdin=subprocess.DEVNULL, stdout=log,
                                  stderr=log, timeout=TIMEOUT_S)
            log.seek(0)
            text = log.read()
        assert done.returncode == code, text
        return text

    def stop_servers(self):
        for pid in self.pids.read_text().split() if self.pids.exists() else []:
            try:
                os.kill(int(pid), signal.SIGTERM)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and any(map(self._listens, self.ports.values())):
            time.sleep(0.02)
        self.pids.unlink(missing_ok=True)

    @staticmethod
    def _listens(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", int(port))) == 0

    def write_baseline(self):
        self.run(blocks("# wspec in CI", "sh")[0])
        self.stop_servers()


@pytest.fixture
def workspace(wspec, tmp_path, reserve_port):
    place = Workspace(tmp_path, wspec, reserve_port)
    yield place
    place.stop_servers()


# ---- Plain shell ----

def test_the_baseline_is_written_first(workspace):
    workspace.serve("--defect", "accepts-rsv1-on-data")
    workspace.write_baseline()
    entries = json.loads((workspace.directory / "wspec-baseline.json").read_text())["entries"]
    assert entries and all(entry["case"].startswith("6455/5.2/rsv1-on") for entry in entries)


@pytest.mark.parametrize("known, now, code", [
    ([], [], 0), (["accepts-rsv1-on-data"], ["accepts-rsv1-on-data"], 0),
    ([], ["accepts-rsv1-on-data"], 1), (["accepts-rsv1-on-data"], [], 1)],
    ids=["right", "known", "new failure", "stale entry"])
def test_plain_shell(workspace, known, now, code):
    switches = [word for defect in known for word in ("--defect", defect)]
    workspace.serve(*switches)
    workspace.write_baseline()
    workspace.serve(*[word for defect in now for word in ("--defect", defect)])
    script, = blocks("## Plain shell", "sh")
    workspace.run(script, code=code)
    said = re.search(r"`--out` writes (.*?)\.\n", PAGE, re.S)[1]
    names = set(re.findall(r"[\w-]+\.\w+", said))
    assert {path.name for path in (workspace.directory / "wspec-report").iterdir()} == names


def test_diff_targets_and_matrix(workspace, wspec):
    script, = blocks("## What changed since the last release", "sh")
    golden = ROOT / "reports/golden/report.json"
    for name in ("old", "new"):
        (workspace.directory / name).mkdir()
        shutil.copy(golden, workspace.directory / name / "report.json")
    summary = workspace.directory / "summary"
    workspace.run(script, env={"GITHUB_STEP_SUMMARY": str(summary)})
    assert summary.read_text()
    run_targets, by_hand = blocks("## Several implementations", "sh")
    example = json.loads(blocks("## Several implementations", "json")[0])
    schema = json.loads((ROOT / "reports/schema/targets.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(example)
    assert [target["name"] for target in example["targets"]] == ["ws", "staging"]
    example["targets"] = example["targets"][:1]  # the other one is somewhere else
    example["targets"][0]["start"] = "exec ./my-server --port $PORT"
    (workspace.directory / "targets.json").write_text(workspace.own(json.dumps(example)))
    (workspace.directory / "ws.json").write_text('{"schema":"wspec-baseline/1","entries":[]}')
    workspace.run(run_targets)
    assert (workspace.directory / "wspec-report/report.html").is_file()
    workspace.run("for port in 9001 9002; do ./my-server --port $port &\n"
                  "curl -s -o /dev/null --retry 60 --retry-delay 1 --retry-connrefused "
                  "http://127.0.0.1:$port/; done\n" + by_hand)
    assert (workspace.directory / "matrix.html").is_file()


# ---- GitHub ----

def expand(text, context):
    """${{ a.b }} by what `context` says of it; anything else is a mistake of the recipe."""
    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: str(context[found[1]]), str(text))


class GitHub:
    """The steps of a job, one after another, as a runner does them."""

    def __init__(self, workspace, context=None):
        self.workspace = workspace
        self.context = context or {}
        self.files = {name: workspace.directory / name.lower()
                      for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_ENV")}
        for path in self.files.values():
            path.touch()
        self.artifacts = {}
        self.failed = False

    def play(self, steps):
        for step in steps:
            if not self.failed or step.get("if") == "always()":
                self.step(step)

    def step(self, step):
        if "run" in step:
            self.run(step)
        else:
            getattr(self, "use_" + re.sub(r"\W+", "_", step["uses"].split("@")[0]).lower())(
                step.get("with", {}))

    def run(self, step, more=None):
        env = {k: expand(v, self.context) for k, v in step.get("env", {}).items()}
        env |= {name: str(path) for name, path in self.files.items()} | (more or {})
        shell = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
        try:
            self.workspace.run(expand(step["run"], self.context), shell, env)
        except AssertionError as error:
            self.failed, self.log = True, str(error)

    def use_actions_checkout(self, _):
        pass

    def use_actions_upload_artifact(self, given):
        path = self.workspace.directory / expand(given["path"], self.context)
        assert path.exists(), self.log if self.failed else path
        self.artifacts[expand(given["name"], self.context)] = path

    def use_actions_download_artifact(self, given):
        assert given == {"merge-multiple": True}  # every artifact lies in the workspace already

    def use_github_codeql_action_upload_sarif(self, given):
        sarif = json.loads((self.workspace.directory / given["sarif_file"]).read_text())
        assert sarif["version"] == "2.1.0"
        self.sarif = sarif

    def use_owner_wspec(self, given):
        """action.yml, with the build that is there instead of another one."""
        action = yaml.safe_load(ACTION)
        home = self.workspace.directory / "action"
        (home / "scripts").mkdir(parents=True)
        (home / "build/release").mkdir(parents=True)
        (home / "build/release/wspec").symlink_to(self.workspace.directory / "bin/wspec")
        for name in ("install-deps", "build"):
            assert os.access(ROOT / "scripts" / name, os.X_OK)
            self.workspace._script(home / "scripts" / name, f'echo {name} "$@" >> {home}/built')
        context = self.context
        self.context = {f"inputs.{name}": self.workspace.own(str(given.get(name, one.get("default"))))
                        for name, one in action["inputs"].items()}
        assert set(given) <= set(action["inputs"])
        for step in action["runs"]["steps"]:
            if not self.failed:
                self.run(step, {"GITHUB_ACTION_PATH": str(home)})
        self.context = context
        assert (home / "built").read_text() == "install-deps\nbuild release\n"


@pytest.mark.parametrize("defects, failed", [([], False), (["accepts-rsv1-on-data"], True)])
def test_github_actions(workspace, defects, failed):
    workspace.write_baseline()
    workspace.serve(*[word for defect in defects for word in ("--defect", defect)])
    workflow = yaml.safe_load(blocks("## GitHub Actions", "yaml")[0])
    github = GitHub(workspace)
    github.play(workflow["jobs"]["conformance"]["steps"])
    assert github.failed == failed, getattr(github, "log", "")
    assert (github.artifacts["wspec"] / "report.html").is_file()
    assert bool(github.sarif["runs"][0]["results"]) == failed
    summary = github.files["GITHUB_STEP_SUMMARY"].read_text()
    assert summary.startswith("## wspec: ") and ("### Failures" in summary) == failed
    assert github.files["GITHUB_OUTPUT"].read_text() == f"exit-code={int(failed)}\n"


def test_github_actions_in_shards(workspace):
    workspace.write_baseline()
    workflow = yaml.safe_load(blocks("## GitHub Actions", "yaml")[1])
    job = workflow["jobs"]["shard"]
    shards = job["strategy"]["matrix"]["shard"]
    for shard in shards:
        github = GitHub(workspace, {"matrix.shard": shard, "strategy.job-total": len(shards)})
        github.play(job["steps"])
        assert not github.failed, github.log
        workspace.stop_servers()
    github = GitHub(workspace)
    github.play(workflow["jobs"]["report"]["steps"])
    assert not github.failed, github.log
    report = json.loads((github.artifacts["wspec"] / "report.json").read_text())
    assert report["selected"] == len(report["results"]) > len(shards)
    assert "## wspec: " in github.files["GITHUB_STEP_SUMMARY"].read_text()


# ---- GitLab ----

def test_gitlab(workspace):
    workspace.write_baseline()
    pipeline = yaml.safe_load(blocks("## GitLab", "yaml")[0])
    job, merge = pipeline["wspec"], pipeline["wspec-report"]
    shell = ("bash", "-eo", "pipefail")
    for index in range(1, job["parallel"] + 1):
        workspace.run("\n".join(job["script"]), shell,
                      {"CI_NODE_INDEX": str(index), "CI_NODE_TOTAL": str(job["parallel"])})
        workspace.stop_servers()
        for pattern in (*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]):
            assert len(list(workspace.directory.glob(pattern))) == index
    assert merge["needs"] == ["wspec"]
    workspace.run("\n".join(merge["script"]), shell)
    report = json.loads((workspace.directory / "wspec-report/report.json").read_text())
    assert report["selected"] == len(report["results"]) > job["parallel"]


# ---- Jenkins ----

JENKINS = """
// What a declarative pipeline is made of, as far as a recipe may use it.
binding.setVariable('any', 'any')
failed = false
def enter(Closure body) { body.delegate = this; body() }
def pipeline(Closure body) { enter(body) }
def agent(String label) { assert label == 'any' }
def stages(Closure body) { enter(body) }
def stage(String name, Closure body) { if (!failed) enter(body) }
def steps(Closure body) { try { enter(body) } catch (IOException e) { println e.message; failed = true } }
def post(Closure body) { enter(body) }
def always(Closure body) { enter(body) }
def sh(String script) {
  def process = new ProcessBuilder('sh', '-xe', '-c', script).inheritIO().start()
  if (process.waitFor() != 0) throw new IOException("script returned exit code ${process.exitValue()}")
}
def junit(String pattern) { assert new File(pattern).isFile(); println "junit ${pattern}" }
def archiveArtifacts(Map given) {
  def found = new File(given.artifacts - '/**').listFiles()
  assert found; println "archived ${found.size()}"
}
@@recipe@@
System.exit(failed ? 1 : 0)
"""


@pytest.mark.parametrize("defects, code", [([], 0), (["accepts-rsv1-on-data"], 1)])
def test_jenkins(workspace, defects, code):
    if not shutil.which("groovy"):
        pytest.skip("groovy is not there: scripts/install-deps --dev brings it")
    workspace.write_baseline()
    workspace.serve(*[word for defect in defects for word in ("--defect", defect)])
    recipe, = blocks("## Jenkins", "groovy")
    (workspace.directory / "recipe.groovy").write_text(
        JENKINS.replace("@@recipe@@", workspace.own(recipe)))
    java = Path(shutil.which("java")).resolve().parents[1]
    text = workspace.run("groovy recipe.groovy", env={"JAVA_HOME": str(java)}, code=code)
    assert "junit wspec-report/junit.xml" in text and "archived 8" in text
    assert not workspace._listens(workspace.ports["9001"]), "the server was not stopped"


# ---- As others read them ----

def vendored(name):
    package = importlib.util.find_spec("check_jsonschema")
    assert package, "check-jsonschema is not there: scripts/install-deps --dev brings it"
    place = Path(package.origin).parent / "builtin_schemas/vendor" / name
    return jsonschema.Draft7Validator(json.loads(place.read_text()))


def yaml_of(text):
    """YAML 1.2, in which `on` is a word, as GitHub reads it."""
    return json.loads(json.dumps({"on" if key is True else key: value
                                  for key, value in yaml.safe_load(text).items()}))


@pytest.mark.parametrize("schema, text", [
    ("github-actions.json", ACTION),
    ("gitlab-ci.json", blocks("## GitLab", "yaml")[0]),
    *(("github-workflows.json", text) for text in blocks("## GitHub Actions", "yaml"))],
    ids=["action.yml", "GitLab", "workflow", "sharded workflow"])
def test_a_recipe_follows_the_schema_of_its_system(schema, text):
    validator = vendored(schema)
    value = yaml_of(text)
    assert [error.message for error in validator.iter_errors(value)] == []
    value["runz"] = {"no": "such"}
    if schema != "gitlab-ci.json":  # there it could be a job
        assert list(validator.iter_errors(value))


@pytest.mark.parametrize("at", range(len(blocks("## GitHub Actions", "yaml"))))
def test_actionlint_finds_nothing(tmp_path, at):
    if not ACTIONLINT.exists():
        pytest.skip(f"{ACTIONLINT} is not there: scripts/install-deps --dev brings it")
    path = tmp_path / "workflow.yml"
    path.write_text(blocks("## GitHub Actions", "yaml")[at])
    done = subprocess.run([ACTIONLINT, "-no-color", path], capture_output=True, text=True,
                          timeout=TIMEOUT_S)
    assert (done.returncode, done.stdout) == (0, "")
    path.write_text(path.read_text().replace("runs-on: ubuntu-latest", "runs-on: nowhere-7"))
    assert subprocess.run([ACTIONLINT, path], capture_output=True,
                          timeout=TIMEOUT_S).returncode == 1
