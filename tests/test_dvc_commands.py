"""DVC's and Snakemake's own commands on a study, as their users know them."""

import json
import shutil
import subprocess

import pytest
from tests.conftest import Workspace

from passk.provenance.record_store import own_store


@pytest.fixture(scope="module")
def committed(smoke, tmp_path_factory):
    """A copy of the smoke study whose lock and reports are committed."""
    root = tmp_path_factory.mktemp("commands") / "study"
    shutil.copytree(smoke.root, root, symlinks=True)
    name = ["-c", "user.name=t", "-c", "user.email=t@t"]
    for command in (["add", "-A"], [*name, "commit", "-qm", "results"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return Workspace(root)


@pytest.fixture
def edited(committed):
    """Its workspace after an edit of the title and of the report."""
    committed.edit("report.title", "Another title")
    metrics = committed.root / "reports/metrics/math.json"
    values = json.loads(metrics.read_text())
    metrics.write_text(json.dumps(values | {"candidate_pass_at_1": 0.25}))
    yield committed
    subprocess.run(["git", "checkout", "-q", "."], cwd=committed.root, check=True)


def test_metrics_are_a_few_short_rows(committed):
    shown = json.loads(committed.run("dvc", "metrics", "show", "--json"))
    files = shown[""]["data"]
    assert {"reports/metrics/math.json", "reports/metrics/claims.json"} == set(files)
    numbers = [n for file in files.values() for n in file["data"].values()]
    assert 0 < len(numbers) <= 20
    assert all(isinstance(n, int | float) for n in numbers)
    assert "reports/metrics/math.json" in committed.run("dvc", "metrics", "show")


def test_diffs_show_what_differs_and_no_more(edited):
    rows = edited.run("dvc", "params", "diff", "--targets", "params.yaml").splitlines()
    assert len(rows) == 2  # the head and the title
    assert rows[1].startswith("params.yaml")
    assert "Another title" in rows[1]
    rows = edited.run("dvc", "metrics", "diff").splitlines()
    assert len(rows) == 2
    assert "candidate_pass_at_1" in rows[1]
    assert "0.25" in rows[1]


def test_curves_are_plots(committed):
    told = committed.run("dvc", "plots", "diff", "-o", "plots")
    page = committed.root / "plots" / "index.html"
    assert page.name in told
    assert "pass_at_k" in page.read_text()


@pytest.mark.slow
def test_snakemakes_own_report(committed):
    committed.run("snakemake", "--report", "run.html")
    assert (committed.root / "run.html").stat().st_size > 10_000


@pytest.mark.slow
def test_an_experiment_runs_what_its_change_reaches(committed):
    before = len(list(own_store(committed.root).all()))
    told = committed.run("dvc", "exp", "run", "-S", "report.title=An experiment")
    assert "Ran experiment" in told
    assert len(list(own_store(committed.root).all())) == before + 2  # first figure and page
    assert "An experiment" in (committed.root / "reports/index.html").read_text()
    committed.run("git", "checkout", "-q", ".")
