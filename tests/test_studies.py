"""Studies end to end: what the smoke study leaves, and the imported one's known answers."""

import json
import re
import shutil

import polars as pl
import pytest
from tests.conftest import Workspace, copy_project

from passk.provenance.record_store import own_store


def records(workspace: Workspace, pattern: str) -> list[dict]:
    """Run records of the stages whose name matches."""
    found = [json.loads(p.read_text()) for p in own_store(workspace.root).all()]
    return [r for r in found if re.fullmatch(pattern, r["stage"])]


def results(workspace: Workspace) -> dict[str, bytes]:
    """All result tables of all studies, as bytes."""
    folder = workspace.root / "data"
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.glob("*/results/*.parquet")}


# ------------------------------------------------------------------------------- the smoke study


def test_the_smoke_study_leaves_a_page_numbers_and_records(smoke):
    page = (smoke.root / "reports/index.html").read_text()
    assert "pass@8" in page
    assert "http" not in re.sub(r'(xmlns\S*|href)="[^"]*"', "", page)  # self-contained
    numbers = json.loads((smoke.root / "reports/numbers.json").read_text())
    table = pl.read_parquet(smoke.root / "data/smoke/results/pass_at_k.parquet")
    row = table.filter(draw="base", set="indomain", k=1)
    assert numbers["draws"]["base"]["indomain"]["pass_at_1"] == pytest.approx(row["pass_at_k"][0])
    assert {r["stage"] for r in records(smoke, ".*")} >= {"pretrain@base", "train@grpo", "report"}


def test_the_audit_finds_nothing(smoke):
    smoke.run("passk", "track")  # copies of tables are those of the lock
    told = smoke.run("passk", "audit")
    assert re.search(r"ok +no two samples share a random stream +looked at \d{3}", told)
    assert "FAILED" not in told


def test_dvc_shows_metrics_and_plots(smoke):
    heading, *rows = smoke.run("dvc", "metrics", "show").splitlines()
    assert "candidate_pass_at_1" in heading
    assert len(heading) < 240
    assert [row.split()[0] for row in rows] == [
        "reports/metrics/claims.json", "reports/metrics/math.json",
    ]  # fmt: skip
    assert "dvc_plots" in smoke.run("dvc", "plots", "show")
    shutil.rmtree(smoke.root / "dvc_plots")


def test_train_and_test_problems_never_overlap(smoke):
    sets = {
        p.stem: set(pl.read_parquet(p)["problem_id"])
        for p in (smoke.root / "data/smoke/sets").glob("*.parquet")
    }
    assert sets["train"]
    assert not sets["train"] & sets["indomain"]


@pytest.mark.long
def test_a_dropped_problem_draws_nothing_and_a_larger_n_only_the_new(smoke):
    original = (smoke.root / "params.yaml").read_text()
    before = results(smoke)
    count = len(records(smoke, "sample@.*"))
    smoke.edit("sets.indomain.filters", [{"kind": "drop", "indices": [0]}])
    smoke.run("snakemake", "--cores", "2")
    new = records(smoke, "sample@.*")
    assert len(new) == count + 5  # all read the folder of sets
    newest = [r for r in new if r["metrics"]["samples"] in (40,)]
    assert len(newest) == 2
    assert all(r["metrics"]["drawn"] == 0 for r in newest)

    (smoke.root / "params.yaml").write_text(original)
    smoke.edit("draws.base.n", 16)
    smoke.run("dvc", "repro", "sample@base")
    doubled = [r for r in records(smoke, "sample@base") if r["metrics"]["samples"] == 96]
    assert [r["metrics"]["drawn"] for r in doubled] == [48]
    old = pl.read_parquet(smoke.root / "data/smoke/samples/base.parquet")
    assert old.filter(pl.col("sample_index") < 8)["seed"].n_unique() == 48

    (smoke.root / "params.yaml").write_text(original)
    executed = len(records(smoke, ".*"))
    smoke.run("dvc", "repro")
    assert len(records(smoke, ".*")) == executed  # all from the cache
    assert results(smoke) == before


def test_mlflow_has_one_run_per_execution_under_one_parent(smoke):
    smoke.run("passk", "track")
    script = (
        "import mlflow; mlflow.set_tracking_uri('sqlite:///mlflow.db')\n"
        "runs = mlflow.search_runs(search_all_experiments=True)\n"
        "parents = runs['tags.mlflow.parentRunId'].isna()\n"
        "print('RUNS', parents.sum(), (~parents).sum())\n"
    )
    shown = smoke.run("python", "-c", script)
    parents, children = map(int, re.search(r"RUNS (\d+) (\d+)", shown).groups())
    assert parents == 1
    assert children >= len(records(smoke, ".*"))


def test_a_bad_parameter_stops_both_engines_before_any_work(smoke):
    original = (smoke.root / "params.yaml").read_text()
    executed = len(records(smoke, ".*"))
    try:
        smoke.edit("draws.base.top_p", 1.5)
        for command in (["dvc", "repro"], ["snakemake", "--cores", "1"]):
            shown = smoke.run(*command, check=False)
            assert "draws.base.top_p = 1.5" in shown
    finally:
        (smoke.root / "params.yaml").write_text(original)
    assert "up to date" in smoke.run("passk", "status")  # nothing was removed before the refusal
    assert len(records(smoke, ".*")) == executed


# ---------------------------------------------------------------------------- the imported study


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The imported study on the example file, by `dvc repro`."""
    workspace = copy_project(tmp_path_factory.mktemp("imported"), "imported")
    workspace.run("dvc", "repro")
    return workspace


@pytest.mark.long
def test_our_verdicts_on_the_example_are_the_recorded_ones(example):
    shown = example.run("passk", "disagreements", "--draw", "example")
    assert "0 of" in shown


@pytest.mark.long
def test_after_dvc_snakemake_has_nothing_to_do(example):
    assert "Nothing to be done" in example.run("snakemake", "-n", "--cores", "2")


@pytest.mark.slow
def test_both_engines_give_the_same_bytes_from_scratch(example, tmp_path):
    other = copy_project(tmp_path, "imported")
    other.run("snakemake", "--cores", "2")
    assert results(other) == results(example)
    names = ("reports/index.html", "reports/numbers.json")
    for name in names:
        assert (other.root / name).read_bytes() == (example.root / name).read_bytes()


@pytest.mark.long
def test_real_samples_reach_the_known_numbers(example, real):
    values = example.params()
    original = (example.root / "params.yaml").read_text()
    entry = values["imported"]["example"]
    entry["path"] = str(real / "samples/math_qwen_100x8.jsonl")
    entry["columns"] |= {
        "problem": "question", "gold": "gt", "response": "response", "recorded_grade": "score",
    }  # fmt: skip
    example.write_params(values)
    try:
        example.run("dvc", "repro")
        table = pl.read_parquet(example.root / "data/imported/results/pass_at_k.parquet")
        got = dict(table.select("k", "pass_at_k").iter_rows())
        assert got[1] == pytest.approx(0.91125, abs=1e-12)
        assert got[2] == pytest.approx(0.935357, abs=5e-7)
        assert got[4] == pytest.approx(0.956, abs=1e-12)
        assert got[8] == pytest.approx(0.97, abs=1e-12)
        counts = pl.read_parquet(example.root / "data/imported/counts/example.parquet")
        assert (counts["c"] == 0).sum() == 3
        shown = example.run("passk", "disagreements", "--draw", "example", check=False)
        assert "1 of 800 verdicts differ" in shown
        assert "index 72" in shown
    finally:
        (example.root / "params.yaml").write_text(original)


@pytest.mark.long
def test_a_corrupt_table_is_named(example):
    path = example.root / "data/imported/verdicts/example.parquet"
    content = path.read_bytes()
    try:
        path.unlink()
        path.write_bytes(content[:-100])
        shown = example.run("python", "-m", "passk.pipeline.run", "count", "example", check=False)
        assert "verdicts/example.parquet" in shown
        assert "Traceback" not in shown
    finally:
        path.unlink()
        path.write_bytes(content)
