"""Every stage a job of a real Slurm: the same bytes, whatever happens to jobs and nodes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests import loopback_slurm
from tests.conftest import Workspace, copy_project
from tests.loopback_slurm import Slurm, running_slurm, wait_for
from tests.test_studies import records, results

from passk.provenance.lock import path_digest
from small_study import cut

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(bool(loopback_slurm.missing()), reason=loopback_slurm.missing()),
]

SAMPLES = "data/smoke/samples/base.parquet"
# Without an accounting database `sacct` knows nothing; and short jobs want to be asked after often.
PROFILE = (
    "snakemake", "--profile", "profiles/slurm", "--slurm-status-command", "squeue",
    "--slurm-init-seconds-before-status-checks", "2",
)  # fmt: skip
MACHINE = """
resources:
  default: {partition: cpu, minutes: 30, mem_mb: 2500}
  "sample@*": {notice_seconds: 60}
local: [fetch, problems]
"""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    with running_slurm(tmp_path_factory.mktemp("slurm") / "cluster") as cluster:
        yield cluster


@pytest.fixture
def ready(slurm):
    """The cluster with all nodes in use again."""
    yield slurm
    for node in loopback_slurm.NODES:
        slurm.bring_back(node)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A study whose next stage is one draw that takes a while, and that draw's digest."""
    workspace = copy_project(tmp_path_factory.mktemp("prepared") / "study", "smoke")
    cut(workspace)
    workspace.edit("draws.base.n", 400)
    workspace.edit("sampling.rows", 8)
    (workspace.root / "machine.yaml").write_text(MACHINE)
    sets = [f"data/smoke/sets/{name}.parquet" for name in workspace.params()["sets"]]
    workspace.run("snakemake", "--cores", "2", "models/smoke/base", *sets)
    alone = copy_study(workspace, tmp_path_factory.mktemp("alone") / "study")
    alone.run("dvc", "repro", "--single-item", "sample@base")
    return workspace, path_digest(alone.root / SAMPLES)


def copy_study(workspace: Workspace, target: Path) -> Workspace:
    shutil.copytree(workspace.root, target, symlinks=True)
    return Workspace(target)


@pytest.fixture
def study(prepared, tmp_path):
    return copy_study(prepared[0], tmp_path / "study")


def start(slurm: Slurm, study: Workspace, *targets: str) -> subprocess.Popen:
    """Start a run on the cluster; its output goes to `run.log`."""
    environment = {
        **os.environ, **slurm.variables, "PYTHONPATH": str(study.root / "src"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }  # fmt: skip
    with (study.root / "run.log").open("a") as stream:
        return subprocess.Popen(
            [*PROFILE, *targets], cwd=study.root, env=environment, stdout=stream, stderr=stream
        )


def finish(slurm: Slurm, study: Workspace, *targets: str) -> tuple[int, str]:
    """Run on the cluster; exit status, and what was said."""
    status = start(slurm, study, *targets).wait(timeout=1500)
    return status, log(study)


def log(study: Workspace) -> str:
    """What runs on the cluster said."""
    return (study.root / "run.log").read_text()


def blocks(study: Workspace) -> int:
    return sum(path.is_file() for path in (study.root / ".passk/blocks").rglob("*"))


def start_sampling(slurm: Slurm, study: Workspace) -> tuple[subprocess.Popen, str, str]:
    """Start the draw; the run, its job and its node, once some blocks are kept."""
    run = start(slurm, study, SAMPLES)
    wait_for(lambda: blocks(study) > 20 or run.poll() is not None, "blocks", 600)
    assert run.poll() is None, log(study)
    ((job, node),) = slurm.jobs("RUNNING", rule="sample").items()
    return run, job, node


def check_samples(study: Workspace, digest: str, *, reused: bool) -> None:
    """The draw is what it is without a cluster, and no block was drawn twice."""
    (record,) = records(study, "sample@base")
    metrics = record["metrics"]
    assert metrics["drawn"] + metrics["reused"] == metrics["samples"]
    assert (metrics["reused"] > 0) == reused
    assert path_digest(study.root / SAMPLES) == digest


def test_a_cancelled_job_resumes_in_the_next_run(ready, study, prepared):
    run, job, _ = start_sampling(ready, study)
    ready.call("scancel", job)
    assert run.wait(timeout=300) != 0
    assert "sample@base was ended by Slurm (CANCELLED); run again" in log(study)
    assert 20 < blocks(study) < 600
    status, said = finish(ready, study, SAMPLES)
    assert status == 0, said
    check_samples(study, prepared[1], reused=True)


def test_a_job_whose_time_ends_starts_over_where_it_stopped(ready, study, prepared):
    run, job, _ = start_sampling(ready, study)
    ready.call("scancel", "--signal=USR1", job)  # as Slurm does `notice_seconds` before the end
    assert run.wait(timeout=600) == 0, log(study)
    check_samples(study, prepared[1], reused=True)


def test_a_drained_node_ends_its_jobs_and_gets_no_more(ready, study, prepared):
    run, _, node = start_sampling(ready, study)
    ready.set_node(node, "drain")
    assert run.wait(timeout=600) == 0, log(study)
    check_samples(study, prepared[1], reused=False)
    (other,) = set(loopback_slurm.NODES) - {node}
    assert ready.call("srun", "--overlap", "hostname") == other


def test_a_job_of_a_lost_node_goes_on_on_another(ready, study, prepared):
    run, _, node = start_sampling(ready, study)
    ready.lose_node(node)
    assert run.wait(timeout=900) == 0, log(study)
    check_samples(study, prepared[1], reused=True)
    (record,) = records(study, "sample@base")
    assert record["execution"]["host"] in set(loopback_slurm.NODES) - {node}


def test_a_job_that_gives_way_to_an_urgent_one_goes_on_afterwards(ready, study, prepared):
    run, _, _ = start_sampling(ready, study)
    ready.call("sbatch", "--partition=urgent", "--nodes=2", "--exclusive", "--output=/dev/null",
               "--wrap=sleep 3")  # fmt: skip
    assert run.wait(timeout=600) == 0, log(study)
    check_samples(study, prepared[1], reused=True)


def test_a_job_without_enough_memory_says_what_to_raise(ready, study, prepared):
    small = MACHINE.replace("{notice_seconds: 60}", "{notice_seconds: 60, mem_mb: 330}")
    (study.root / "machine.yaml").write_text(small)
    status, said = finish(ready, study, SAMPLES)
    assert status != 0
    # Slurm says so, or the stage that was killed, whichever of the two is heard first.
    assert 'Raise mem_mb of "sample@base"' in said
    (study.root / "machine.yaml").write_text(MACHINE)
    status, said = finish(ready, study, SAMPLES)
    assert status == 0, said
    check_samples(study, prepared[1], reused=False)


def test_the_smoke_study_has_the_same_bytes_as_by_dvc_repro(ready, tmp_path):
    jobs, alone = (copy_project(tmp_path / name, "smoke") for name in ("jobs", "alone"))
    (jobs.root / "machine.yaml").write_text(MACHINE)
    status, said = finish(ready, jobs)
    assert status == 0, said
    alone.run("dvc", "repro", timeout=1500)
    assert results(jobs) == results(alone)
    assert (jobs.root / "reports/index.html").read_bytes() == (
        alone.root / "reports/index.html"
    ).read_bytes()
    hosts = {r["stage"].split("@")[0]: r["execution"]["host"] for r in records(jobs, ".*")}
    assert hosts.pop("problems") not in loopback_slurm.NODES  # `local` in the machine file
    assert set(hosts.values()) == set(loopback_slurm.NODES)
    jobs.run("passk", "audit")
