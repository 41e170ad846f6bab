"""What Tagwire is made of and what is run before a change: lists, scripts, hooks. All offline."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
TOOL = ROOT / ".venv" / "bin" / "cyclonedx-py"


def listed(target: Path) -> Any:
    # A proxy where nothing listens: whoever asked the network would fail.
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    subprocess.run(
        [ROOT / "tagwire", "sbom", "-o", target],
        check=True,
        capture_output=True,
        env={**os.environ, **nowhere},
    )
    return json.loads(target.read_text("utf-8"))


@pytest.mark.skipif(not TOOL.exists(), reason="cyclonedx-bom is installed by ./tagwire test")
def test_sbom_lists_every_pinned_package_with_its_hashes_and_is_the_same_again(
    tmp_path: Path,
) -> None:
    first = listed(tmp_path / "first.json")
    assert first["bomFormat"] == "CycloneDX"
    assert first["metadata"]["component"]["name"] == "tagwire"
    pinned = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.txt").read_text("utf-8"), re.M)
    found = {(c["name"], c["version"]): c for c in first["components"]}
    assert set(found) == set(pinned)
    for component in found.values():
        assert component["purl"].startswith("pkg:pypi/")
        assert component["externalReferences"][0]["hashes"]
    assert listed(tmp_path / "second.json") == first


@pytest.mark.parametrize("script", ["tagwire", "benchmarks/run", "deploy/start", ".ci/run"])
def test_scripts_have_no_faults_that_shellcheck_knows(script: str) -> None:
    tool = shutil.which("shellcheck")
    if tool is None:
        pytest.skip("shellcheck is not installed here")
    done = subprocess.run([tool, ROOT / script], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_hooks_before_a_commit_are_local_and_run_what_is_there() -> None:
    chosen = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert [repository["repo"] for repository in chosen["repos"]] == ["local"]
    [repository] = chosen["repos"]
    tools = {hook["entry"].split()[0] for hook in repository["hooks"]}
    assert tools == {".venv/bin/ruff", ".venv/bin/mypy", ".venv/bin/pytest"}
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}


def test_each_threat_names_tests_that_there_are() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    there = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    named = [re.findall(r"test_\w+\.py", row.rpartition(" | ")[2]) for row in rows]
    assert len(rows) > 15
    assert [row for row, tests in zip(rows, named, strict=True) if not tests] == []
    assert {test for tests in named for test in tests} <= there
