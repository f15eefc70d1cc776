"""The DAG: stages resolve, name their code, and depend on no more than they use."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from tests.conftest import ROOT, copy_project

from passk.pipeline.dag import IDENTITY, Dag, Stage, cached, parameters_read_once
from passk.pipeline.identity.components import stage_module
from passk.pipeline.identity.source_files import PACKAGE, SourceFiles

DEFINITION = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"]
GROUPS = tuple(name for name in DEFINITION if name != IDENTITY)


def test_the_definition_is_the_packages():
    assert (ROOT / "dvc.yaml").read_text() == (PACKAGE / "pipeline" / "dvc.yaml").read_text()


@pytest.mark.parametrize("group", GROUPS)
def test_every_stage_names_its_components_and_no_source_file(group):
    stage = DEFINITION[group]
    key = f"{group}.${{key}}" if "foreach" in stage else group
    body = stage.get("do", stage)
    assert {"components.json": [key]} in body["params"]
    assert not [dep for dep in body.get("deps", ()) if dep.startswith("src/")]


# What a group's own code must never hold: a change there would redo expensive work for nothing.
FORBIDDEN = {
    "pretrain": ("analysis", "report", "code/judge", "expectations", "provenance", "sampling"),
    "train": ("analysis", "report", "data/expectations", "provenance", "/judge"),
    "sample": ("analysis", "report", "/judge", "expectations", "provenance", "training"),
    "verify": ("analysis", "report", "models", "training", "provenance", "/judge"),
    "count": ("report", "models/tiny", "training", "/judge", "provenance"),
    "analyze": ("report", "models/tiny", "training/", "sampling/", "domains", "provenance"),
    "problems": ("analysis", "report", "sampling", "training", "provenance"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return SourceFiles(tmp_path_factory.mktemp("code") / "files.json")


@pytest.mark.parametrize("group", GROUPS)
def test_a_stages_own_code_is_bounded(group, files):
    names = {path.relative_to(PACKAGE).as_posix() for path in files.closure(stage_module(group))}
    assert len(names) <= {
        "train": 75,
        "report": 68,
        "import": 80,
        "benchmark": 48,
        "expand": 55,
    }.get(group, 40), sorted(names)
    parts = FORBIDDEN.get(group, ("provenance",))
    schemas = ("config/", "core/schemas/")
    wrong = [n for n in names if not n.startswith(schemas) and any(p in f"/{n}" for p in parts)]
    assert not wrong
    assert "config/study.py" not in names, "a stage imports its own section's schema only"
    assert "pipeline/run.py" not in names


def test_closure_follows_lazy_imports_and_data_files(files):
    names = {p.relative_to(PACKAGE).as_posix() for p in files.closure(stage_module("count"))}
    assert "analysis/counts.sql" in names  # read, not imported
    steps = files.closure("passk.sampling.engines.step_loop")
    assert PACKAGE / "sampling" / "steploop.py" in steps  # imported inside a function
    assert PACKAGE / "sampling" / "steploop.py" not in files.closure(
        "passk.sampling.engines.step_loop", lazy=False
    )


def _stage(name: str, *parents: str) -> Stage:
    return Stage(name, "true", (), (), {}, parents)


def test_downstream_is_the_transitive_closure():
    dag = Dag([_stage("a"), _stage("b", "a"), _stage("c", "b"), _stage("d", "a"), _stage("e")])
    assert dag.downstream(["b"]) == {"b", "c"}
    assert dag.downstream(["a"]) == {"a", "b", "c", "d"}
    assert dag.downstream(["e", "b"]) == {"e", "b", "c"}
    assert dag.downstream([]) == set()


@pytest.mark.parametrize("study", [None, "smoke", "imported"])
def test_the_dag_of_every_study_resolves(study, tmp_path):
    workspace = copy_project(tmp_path, study)
    names = workspace.run("dvc", "stage", "list", "--name-only").split()
    assert "report" in names
    assert len(set(names)) == len(names)
    if study == "smoke":
        assert len(names) <= 52


def test_dvc_lock_covers_the_dag_of_params_yaml(tmp_path):
    workspace = copy_project(tmp_path)
    names = set(workspace.run("dvc", "stage", "list", "--name-only").split())
    lock = YAML(typ="safe", pure=True).load(Path(ROOT / "dvc.lock"))
    missing = names - set(lock["stages"]) - {IDENTITY}  # which Snakemake does not run
    assert not missing, "run `make study` and commit dvc.lock"


def test_the_job_writes_the_same_lock_as_dvc(smoke):
    # pipeline/reproduce.py parses dvc.lock in a faster way; what is written must not differ.
    path = smoke.root / "dvc.lock"
    whole = path.read_text()
    start = whole.index("  filter@indomain:\n")
    rest = whole[start + 1 :]
    end = start + 1 + min(rest.index(f"\n  {c}") for c in "acdefhiprstv" if f"\n  {c}" in rest) + 1
    without = whole[:start] + whole[end:]
    written = []
    for command in (["python", "-m", "passk.pipeline.reproduce"], ["dvc", "repro", "-q", "-s"]):
        path.write_text(without)
        smoke.run(*command, "filter@indomain")
        written.append(path.read_text())
    path.write_text(whole)
    assert written[0] == written[1]
    assert YAML(typ="safe").load(written[0]) == YAML(typ="safe", pure=True).load(whole)


def test_parameters_are_looked_up_as_dvc_does(tmp_path):
    from dvc.dependency import param
    from dvc.fs import localfs

    file = tmp_path / "params.yaml"
    text = "a: {b: {c: 1, d.e: 2, 7: 3}, empty: {}, none: null, list: [{x: 1}, 2]}\nb: text\n"
    text += "'*': 3\n'[b]': 4\n'/': 5\n'a/b': 6\n"
    file.write_text(text)
    keys = [
        "a", "b", "a.b", "a.b.c", "a.b.d", "a.b.d.e", "a.b.7", "a.empty", "a.none", "a.list",
        "a.list.0", "a.list.0.x", "a.list.2", "b.c", "a.x", "x", "a.b.[c]", "?", "a.none.x",
        "*", "[b]", "/", "a/b", "a.*",
    ]  # fmt: skip

    def read(*wanted):
        try:
            values = param.read_param_file(localfs, str(file), list(wanted), flatten=True)
        except ValueError as error:  # a pattern of several
            return str(error)
        return list(values.items())

    for wanted in (*((key,) for key in keys), [k for k in keys if not set("?*") & set(k)]):
        expected = read(*wanted)
        with parameters_read_once():
            file.write_text(text)
            assert read(*wanted) == expected
            file.write_text("a: 2")  # what was read is read once
            assert read(*wanted) == expected
        file.write_text(text)


def test_long_chains_run_first_and_what_an_early_figure_waits_for_before_them():
    def one(name, *parents, **meta):
        return Stage(name, "", (), (), {}, parents, meta)

    dag = Dag([
        one("short", cost=5), one("long", cost=1), one("after", "long", cost=9),
        one("first", cost=1), one("figure", "first", cost=1, early=True),
        one("end", "after", "figure"),
    ])  # fmt: skip
    priorities = dag.priorities()
    assert priorities == {
        "end": 1, "after": 10, "long": 11, "short": 5, "figure": 2 + 11, "first": 3 + 11,
    }  # fmt: skip
    assert sorted(priorities, key=priorities.get)[-2:] == ["figure", "first"]


RULES = """
import json
from pathlib import Path
from snakemake.api import OutputSettings, ResourceSettings, SnakemakeApi
from passk.pipeline import dag

with SnakemakeApi(OutputSettings(dryrun=True)) as api:
    settings = ResourceSettings(cores=1, overwrite_resources={"verify": {"mem_mb": 1234}})
    workflow = api.workflow(settings, snakefile=Path("Snakefile"))._workflow
assert workflow.get_rule("verify").resources["mem_mb"].value == 1234
priorities = {
    stage.name: workflow.get_rule(stage.group).expand_priority(
        {"item": stage.item or "done"}, [], 0
    )
    for stage in dag.cached().stages.values()
}
names = [rule.name for rule in workflow.rules if " of " not in rule.name]  # files wait for stages
print(json.dumps([names, priorities]), file=open("rules", "w"))
"""


@pytest.mark.parametrize("study", ["smoke", "imported"])
def test_snakemake_has_a_rule_of_each_group_and_priorities_of_jobs(study, tmp_path):
    # Named by groups, so that a profile can say `set-resources: sample: mem_mb=...`.
    workspace = copy_project(tmp_path, study)
    workspace.run("python", "-c", RULES)
    rules, priorities = json.loads((tmp_path / "rules").read_text())
    dag = cached(tmp_path)
    assert rules == [*dag.groups(), "all"]  # the study asks for all, by a default target of its own
    assert priorities == dag.priorities()
