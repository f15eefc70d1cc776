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
    "n": ("draws.base.n", 16, ("sample@base", "count@base", *TABLES)),
    "temperature": ("draws.grpo.temperature", 0.9, ("sample@grpo", "count@grpo", *TABLES)),
    "learning rate": ("train.grpo.learning_rate", 1e-5, ("train@grpo", *TABLES)),
    "filter": (
        "sets.indomain.filters",
        [{"kind": "drop", "indices": [0]}],
        ("filter@indomain", *TABLES),
    ),
    "grader": ("verification.math.timeout", 9.0, ("verify@",)),
    "seed": (
        "seed",
        99,
        ("problems@", "pretrain@", "train@", "sft@", "sample@", "analyze@", "headline@"),
    ),
    "corpus": ("pretrain.base.steps", 7, ("pretrain@base", "report")),
    "gate": ("validation.truncated_at_most", 0.99, ("validate@",)),
    "world": ("worlds.indomain.size", 5, ("problems@indomain",)),
}  # fmt: skip


def status(workspace: Workspace) -> set[str]:
    """Stages that `dvc status` names."""
    return set(json.loads(workspace.run("dvc", "status", "--json")))


def planned(workspace: Workspace) -> set[str]:
    """Stages that `snakemake -n` plans."""
    text = workspace.run("snakemake", "-n", "--cores", "2", "--printshellcmds")
    return set(re.findall(r"pipeline\.reproduce (\S+)", text))


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
SLOW = ("bootstrap", "colour", "temperature", "corpus", "gate")


@pytest.mark.parametrize(
    "edit", [pytest.param(one, marks=[pytest.mark.slow] * (one in SLOW)) for one in EDITS]
)
def test_both_engines_plan_the_same(smoke, edit):
    key, value, prefixes = EDITS[edit]
    original = (smoke.root / "params.yaml").read_text()
    try:
        smoke.edit(key, value)
        direct = status(smoke)
        assert direct == expected(smoke, prefixes)
        closure = dvc_dag.load(smoke.root).downstream(direct)
        assert planned(smoke) == closure
    finally:
        (smoke.root / "params.yaml").write_text(original)


def test_a_code_edit_reaches_its_importers_only(smoke):
    path = smoke.root / "src/passk/domains/math/mathverify.py"
    original = path.read_text()
    try:
        path.write_text(original + "\n# an edit\n")
        direct = status(smoke)
        # Rewards are judged alike; expectations ask the domains' registry, which names all judges.
        assert direct == expected(smoke, ("verify@", "train@", "validate@"))
        assert planned(smoke) == dvc_dag.load(smoke.root).downstream(direct)
    finally:
        path.write_text(original)
    assert planned(smoke) == set()


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
