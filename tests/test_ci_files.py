"""The action for GitHub and the hooks for pre-commit: their steps are run here, as GitHub would."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

CHANNEL = ("order.yaml", "channel.yaml", "tables")
BEFORE, AFTER = "first_name: name.firstName", "first_name: upper(name.firstName)"


class Done(NamedTuple):
    code: int
    out: str
    summary: str


class Job:
    """A project in git, and the files that GitHub gives to a step."""

    def __init__(self, repository: Path, place: Path) -> None:
        self.repository, self.project, self.temp = repository, place / "project", place / "temp"
        self.temp.mkdir()
        self.action: dict[str, Any] = yaml.safe_load((repository / "action.yml").read_text(encoding="utf-8"))
        self.inputs = {name: given["default"] for name, given in self.action["inputs"].items()}
        self._lay_out()
        self.inputs["base"] = self.git("rev-parse", "HEAD")

    def _lay_out(self) -> None:
        mappings, examples = self.project / "mappings/kibo", self.project / "examples/kibo/order"
        mappings.mkdir(parents=True)
        examples.mkdir(parents=True)
        for name in CHANNEL:
            copy = shutil.copytree if name == "tables" else shutil.copy
            copy(self.repository / "mappings/kibo" / name, mappings / name)
        shutil.copy(self.repository / "examples/kibo/order/guest-customer.json", examples)
        snapshots = self.project / "snapshots/kibo/order"
        snapshots.mkdir(parents=True)
        shutil.copy(self.repository / "snapshots/kibo/order/guest-customer.json", snapshots)
        self.git("init", "-q")
        self.git("add", ".")
        self.git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "Kibo")

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.project, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def edit(self, before: str, after: str) -> None:
        file = self.project / "mappings/kibo/order.yaml"
        text = file.read_text(encoding="utf-8")
        assert before in text
        file.write_text(text.replace(before, after), encoding="utf-8")

    def run(self, name: str) -> Done:
        """What a step prints, and writes into the summary of the job."""
        step = next(each for each in self.action["runs"]["steps"] if each["name"] == name)
        given = {key: self._filled(value) for key, value in step.get("env", {}).items()}
        done = self._bash(step["run"], given)
        summary = self.temp / "summary.md"
        return Done(
            done.returncode, done.stdout, summary.read_text(encoding="utf-8") if summary.exists() else ""
        )

    def _filled(self, value: str) -> str:
        return re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda match: self.inputs[match[1]], value)

    def _bash(self, script: str, given: dict[str, str]) -> subprocess.CompletedProcess[str]:
        environ = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
            **given,
        }
        return subprocess.run(
            [
                "bash",
                "--noprofile",
                "--norc",
                "-eo",
                "pipefail",
                "-c",
                script,
            ],  # as GitHub runs `shell: bash`
            cwd=self.project,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture
def job(repository: Path, tmp_path: Path) -> Job:
    return Job(repository, tmp_path)


def test_a_project_without_faults_passes(job: Job) -> None:
    assert job.run("Check").code == 0
    assert job.run("Compare examples with their snapshots").code == 0
    done = job.run("Say what changes")
    assert done.code == 0
    assert "Nothing changes in `kibo/order`: 1 payload read." in done.summary


def test_a_finding_is_an_annotation_and_an_alert(job: Job) -> None:
    job.edit(BEFORE, "first_name: name.firstname")

    done = job.run("Check")
    assert done.code == 2
    assert "::error title=unknown-property,file=mappings/kibo/order.yaml,line=37," in done.out
    assert job.run("Write the findings as SARIF").code == 0
    report = json.loads((job.temp / "crossdock.sarif").read_text(encoding="utf-8"))
    assert [each["ruleId"] for each in report["runs"][0]["results"]] == ["unknown-property"]


def test_warnings_pass_when_asked(job: Job) -> None:
    job.edit("  attributes: {}\n", "  attributes: {source: type}\n")
    assert job.run("Check").code == 1

    job.inputs["warnings"] = "pass"
    done = job.run("Check")
    assert done.code == 0
    assert "::warning title=ignored-but-read,file=mappings/kibo/order.yaml,line=" in done.out


def test_a_changed_result_is_shown(job: Job) -> None:
    job.edit(BEFORE, AFTER)

    done = job.run("Compare examples with their snapshots")
    assert done.code == 1
    assert "snapshots/kibo/order/guest-customer.json (-) is not what came out (+)" in done.out
    done = job.run("Say what changes")
    assert done.code == 0
    assert "| `customer.first_name` | changed | 1 | `mappings/kibo/order.yaml:37:17` |" in done.summary


def test_there_may_be_nothing_to_compare(job: Job) -> None:
    job.inputs["base"] = "0" * 40  # what GitHub gives for the first push of a branch
    done = job.run("Say what changes")
    assert (done.code, done.summary) == (0, "There is no revision to compare with.\n")

    shutil.rmtree(job.project / "examples")
    assert job.run("Compare examples with their snapshots")[:2] == (0, "There are no examples.\n")


def test_no_input_is_part_of_a_script(job: Job) -> None:
    """An expression in a script would run what a pull request gives."""
    assert [step["name"] for step in job.action["runs"]["steps"] if "${{" in step.get("run", "")] == []


def test_the_hooks_run(repository: Path, job: Job) -> None:
    hooks = {each["id"]: each for each in yaml.safe_load((repository / ".pre-commit-hooks.yaml").read_text())}
    assert {each["language"] for each in hooks.values()} == {"python"}
    for hook in hooks.values():
        assert re.search(hook["files"], "mappings/kibo/order.yaml")
        assert job._bash(hook["entry"], {}).returncode == 0

    job.edit(BEFORE, AFTER)
    codes = {name: job._bash(hook["entry"], {}).returncode for name, hook in hooks.items()}
    assert codes == {"crossdock-check": 0, "crossdock-snapshots": 1}
