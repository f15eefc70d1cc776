"""One DAG, two engines: what `dvc status` implies is what Snakemake plans, and both agree after."""

import json
import re

import pytest
from tests.conftest import Workspace

from passk.pipeline import dag as dvc_dag
from passk.provenance.record_store import own_store

ALL_DRAWS = ("sample@", "verify@", "count@")
TABLES = ("manifest", "report")  # read the parameters of every draw

# edit -> prefixes of the stages that it reaches directly, by what dvc.yaml declares
EDITS = {
    "k grid": ("analysis.k", [1, 2, 4], ("analyze@", "headline@", "report")),
    "bootstrap": ("analysis.bootstrap.resamples", 150, ("analyze@", "headline@", "report")),
    "colour": ("report.colours.base", "#123456", ("headline@", "report")),
    "title": ("report.title", "Another title", ("headline@", "report")),
    "n": (
        "draws.base.n",
        16,
        ("sample@base", "count@base", "expand@base", "score@base-by-base", *TABLES),
    ),
    "temperature": (
        "draws.grpo.temperature",
        0.9,
        ("sample@grpo", "count@grpo", "score@grpo-by-base", *TABLES),
    ),
    "learning rate": ("train.grpo.learning_rate", 1e-5, ("train@grpo", *TABLES)),
    "filter": (
        "sets.indomain.filters",
        [{"kind": "drop", "indices": [0]}],
        ("filter@indomain", *TABLES),
    ),
    "grader": ("verification.math.timeout", 9.0, ("verify@", "expand@")),
    "seed": (
        "seed",
        99,
        ("problems@", "pretrain@", "train@", "sft@", "sample@", "score@", "expand@", "analyze@",
         "headline@"),
    ),
    "corpus": ("pretrain.base.steps", 35, ("pretrain@base", "report")),
    "gate": ("validation.truncated_at_most", 0.99, ("validate@",)),
    "world": ("worlds.indomain.size", 5, ("problems@indomain",)),
}  # fmt: skip


def status(workspace: Workspace) -> set[str]:
    """Stages that bare `dvc status` names, but for the one that reads the code."""
    return set(json.loads(workspace.run("dvc", "status", "--json"))) - {dvc_dag.IDENTITY}


def planned(workspace: Workspace) -> set[str]:
    """Stages that `snakemake -n` plans."""
    text = workspace.run("snakemake", "-n", "--cores", "2", "--printshellcmds")
    return set(re.findall(r"pipeline\.reproduce (\S+)", text))


def named(workspace: Workspace) -> set[str]:
    """Stages that `passk status` names."""
    return set(workspace.run("passk", "status", "--names").split())


def executions(workspace: Workspace) -> int:
    """How many executions were recorded so far; a cache hit records none."""
    return len(list(own_store(workspace.root).all()))


def expected(workspace: Workspace, prefixes: tuple[str, ...]) -> set[str]:
    """Stages by name, or all of a group where only `group@` is given."""
    names = dvc_dag.load(workspace.root).stages
    return {name for name in names if name in prefixes or f"{name.partition('@')[0]}@" in prefixes}


def test_after_snakemake_dvc_has_nothing_to_do(smoke):
    assert status(smoke) == set()
    before = executions(smoke)
    smoke.run("dvc", "repro")
    assert executions(smoke) == before


# Alike to others in what they reach; each takes ten seconds.
SLOW = (
    "k grid", "bootstrap", "colour", "temperature", "learning rate", "filter", "corpus", "gate",
    "world", "title", "grader",
)  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize(
    "edit", [pytest.param(one, marks=[pytest.mark.slow] * (one in SLOW)) for one in EDITS]
)
def test_both_engines_plan_the_same(smoke, edit):
    key, value, prefixes = EDITS[edit]
    original = (smoke.root / "params.yaml").read_text()
    try:
        smoke.edit(key, value)
        planned_by_status = named(smoke)  # and components.json is up to date
        direct = status(smoke)
        assert direct == expected(smoke, prefixes)
        assert planned_by_status == dvc_dag.load(smoke.root).downstream(direct)
        assert planned(smoke) == planned_by_status
    finally:
        (smoke.root / "params.yaml").write_text(original)


def test_a_code_edit_reaches_what_uses_it(smoke):
    path = smoke.root / "src/passk/domains/math/mathverify.py"
    original = path.read_text()
    try:
        path.write_text(original + "\n# a comment\n")
        assert planned(smoke) == named(smoke) == set()
        path.write_text(original + "\nANOTHER_MEANING = 1\n")
        components = json.loads((smoke.root / "components.json").read_text())
        direct = {  # the visual judge compares formulas as the math judge does
            f"{group}@{item}"
            for group in ("train", "verify")
            for item, entry in components[group].items()
            if "judge.math" in entry or "judge.visual" in entry
        }
        assert {"train@grpo", "verify@base"} <= direct
        assert not {name for name in direct if "code" in name}
        assert named(smoke) == dvc_dag.load(smoke.root).downstream(direct)
        assert planned(smoke) == named(smoke)
        told = smoke.run("passk", "status", "--cores", "2")
        assert "code: judge.math changed in domains/math/mathverify.py" in told
    finally:
        path.write_text(original)
    assert planned(smoke) == set()


@pytest.mark.slow
def test_plain_dvc_repro_runs_what_a_code_edit_reaches(smoke):
    path = smoke.root / "src/passk/report/sections/greedy.py"
    original = path.read_text()
    before = executions(smoke)
    try:
        path.write_text(original + "\nANOTHER_MEANING = 1\n")
        told = smoke.run("dvc", "repro")
        assert re.findall(r"Running stage '(\S+)'", told) == ["components", "report"]
        assert executions(smoke) == before + 1
    finally:
        path.write_text(original)
    assert "report" in smoke.run("dvc", "repro")  # the way back is from the cache
    assert executions(smoke) == before + 1
    assert planned(smoke) == set()


@pytest.mark.slow
def test_files_are_legal_targets(smoke):
    def jobs(target):
        text = smoke.run("snakemake", "-n", "--cores", "2", target, "--printshellcmds")
        return set(re.findall(r"pipeline\.reproduce (\S+)", text))

    original = (smoke.root / "params.yaml").read_text()
    page, base = "reports/index.html", "models/smoke/base"
    assert jobs(page) == jobs(base) == set()
    try:
        smoke.edit("report.title", "Another title")
        assert jobs(page) == {"report"}
        assert jobs(base) == set()
    finally:
        (smoke.root / "params.yaml").write_text(original)
    assert jobs(page) == set()


@pytest.mark.slow
def test_dvc_runs_an_edit_and_the_way_back_is_from_the_cache(smoke):
    original = (smoke.root / "params.yaml").read_text()
    page = (smoke.root / "reports/index.html").read_bytes()
    smoke.edit("report.title", "A title that was never used before")
    smoke.run("dvc", "repro")
    assert planned(smoke) == set()
    assert b"never used before" in (smoke.root / "reports/index.html").read_bytes()
    before = executions(smoke)
    (smoke.root / "params.yaml").write_text(original)
    smoke.run("dvc", "repro")
    assert executions(smoke) == before  # restored, not recomputed
    assert (smoke.root / "reports/index.html").read_bytes() == page
    assert planned(smoke) == set()
