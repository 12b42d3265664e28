"""The JSON Schemas of cases/schema, the loader and the files agree with one another."""
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "cases"
BAD = ROOT / "tests" / "data" / "bad-cases"
GOOD = ROOT / "tests" / "data" / "good-cases"
WSPEC = os.environ.get("WSPEC_BIN", str(ROOT / "build" / "dev" / "wspec"))


@functools.cache
def validator(name):
    schema = json.loads((CASES / "schema" / name).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def case_files():
    files = [path for path in sorted(CASES.rglob("*.json"))
             if "schema" not in path.relative_to(CASES).parts and path.name != "requirements.json"]
    return files + sorted(GOOD.glob("*.json"))


def bad_files(*prefixes):
    return [path for path in sorted(BAD.glob("*.json")) if path.name.startswith(prefixes)]


def name_of(path):
    return path.name


def lint(*arguments):
    return subprocess.run([WSPEC, "lint", *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, check=False)


def is_closed(schema):
    """Tells whether every object in a schema that lists properties refuses others."""
    if isinstance(schema, list):
        return all(map(is_closed, schema))
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" and "properties" in schema and "required" in schema:
        if schema["required"] != ["name"] and schema.get("additionalProperties") is not False:
            return False
    return all(is_closed(value) for value in schema.values())


def test_there_are_files_to_check():
    assert len(case_files()) >= 3
    assert len(bad_files("schema-")) > 50


@pytest.mark.parametrize("path", case_files(), ids=name_of)
def test_case_file_follows_the_schema(path):
    validator("case.schema.json").validate(json.loads(path.read_text()))


def test_requirements_follow_their_schema():
    requirements = json.loads((CASES / "requirements.json").read_text())
    validator("requirements.schema.json").validate(requirements)
    assert len({item["id"] for item in requirements}) == len(requirements)


@pytest.mark.parametrize("name", ["case.schema.json", "requirements.schema.json"])
def test_schema_refuses_unknown_members(name):
    assert is_closed(json.loads((CASES / "schema" / name).read_text()))


@pytest.mark.parametrize("path", bad_files("schema-"), ids=name_of)
def test_schema_and_loader_refuse(path):
    assert not validator("case.schema.json").is_valid(json.loads(path.read_text()))
    result = lint(path)
    assert result.returncode == 2
    assert result.stderr.startswith(f"{path}:")


@pytest.mark.parametrize("path", bad_files("loader-"), ids=name_of)
def test_only_the_loader_can_refuse(path):
    assert validator("case.schema.json").is_valid(json.loads(path.read_text()))
    assert lint(path).returncode == 2


@pytest.mark.parametrize("path", bad_files("lint-"), ids=name_of)
def test_only_the_house_rules_refuse(path, tmp_path):
    assert validator("case.schema.json").is_valid(json.loads(path.read_text()))
    for source in [CASES / "requirements.json", BAD / "retired.txt"]:
        shutil.copy(source, tmp_path)
    result = lint("--case-dir", tmp_path, path)
    assert result.returncode == 2
    assert re.search(r"\] (6455/5\.2|api/x)/", result.stderr)


@pytest.mark.parametrize("path", bad_files("syntax-"), ids=name_of)
def test_loader_refuses_what_is_no_json(path):
    result = lint(path)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
