"""A study whose draws vLLM makes, run by DVC: killed, resumed, and compared with the step loop.

Each comparison may fail by chance once in ten thousand times, were the numbers drawn anew.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import polars as pl
import psutil
import pytest
from ruamel.yaml import YAML
from scipy.stats import chi2_contingency
from tests.test_studies import records

from conftest import copy_project
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from vllm_here import PYTHON, VARIABLES, needs_vllm

pytestmark = needs_vllm
CHANCE = 1e-4
N = 192
SERVER = "passk.sampling.engines.vllm_server"


def host(**changes):
    return {"python": str(PYTHON), "rows": 16, "variables": VARIABLES} | changes


def write_machine(workspace, **changes):
    values = {"engines": {"vllm": host(**changes)}}
    YAML(typ="safe", pure=True).dump(values, workspace.root / "machine.yaml")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """One small model and four draws: by the step loop and by vLLM, sampled and greedy."""
    workspace = copy_project(tmp_path_factory.mktemp("study"), "smoke")
    values = workspace.params()
    base = values["pretrain"]["base"]
    base.update(steps=120, batch=8, warmup_steps=10)
    base["corpus"].update(documents=1000)
    base["tokenizer"].update(documents=400)
    draw = values["draws"]["base"] | {
        "n": N,
        "max_new_tokens": 32,
        "temperature": 1.0,
        "top_p": 0.9,
    }
    greedy = {"n": 1, "temperature": 0.0, "top_p": 1.0}
    values["draws"] = {
        "loop": draw,
        "vllm": draw | {"engine": "vllm"},
        "loop-greedy": draw | greedy,
        "vllm-greedy": draw | greedy | {"engine": "vllm"},
    }
    values["pretrain"] = {"base": base}
    for name in (
        "train", "sft", "rejection_sampling", "reference_answers", "headline", "examples", "scores",
        "expansions",
    ):  # fmt: skip
        values[name] = {}
    values["analysis"].update(comparisons={}, questions={"pass_at_k": "counts"}, views={})
    values["report"].update(comparisons=[], panels={}, sections=[], judged_claims=[])
    values["sampling"] = {"block": 16, "rows": 64, "dtype": "float32"}
    values["validation"].update(truncated_at_most=1.0, unknown_at_most=1.0)
    workspace.write_params(values)
    write_machine(workspace)
    return workspace


def repro(study, *stages):
    return study.run("dvc", "repro", *stages, timeout=1500)


def table(study, draw):
    return SAMPLES.read(study.root / f"data/smoke/samples/{draw}.parquet")


def blocks(study):
    folder = study.root / ".passk" / "blocks"
    return {path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".tmp")}


def start(study, stage):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PYTHONPATH": str(study.root / "src"), "PATH": path}
    return subprocess.Popen(
        ["dvc", "repro", "--single-item", stage], cwd=study.root, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def find(dvc, word):
    """The processes below dvc whose command has a word."""
    found = []
    for process in psutil.Process(dvc.pid).children(recursive=True):
        try:
            if word in process.cmdline():
                found.append(process)
        except psutil.Error:
            pass
    return found


def wait_for_blocks(study, dvc, count):
    for _ in range(100000):
        assert dvc.poll() is None, f"it ended before it could be killed: {dvc.stdout.read()}"
        if len(blocks(study)) >= count:
            return
        time.sleep(0.01)
    pytest.fail("no blocks")


def measured(study, stage):
    """What the only record of a stage measured; a killed run leaves none."""
    (record,) = records(study, stage)
    return record["metrics"]


@pytest.fixture(scope="module")
def drawn(study):
    """Both sampled draws; vLLM's with its stage killed, and then its process."""
    repro(study, "sample@loop")
    before = len(blocks(study))
    dvc = start(study, "sample@vllm")
    wait_for_blocks(study, dvc, before + 10)
    (stage,) = [p for p in find(dvc, "passk.pipeline.run") if p.name().startswith("python")]
    servers = find(dvc, SERVER)
    assert len(servers) == 1
    os.kill(stage.pid, signal.SIGKILL)
    dvc.communicate(timeout=60)
    _, alive = psutil.wait_procs(servers, timeout=20)
    assert not alive, "the engine outlives its stage"
    kept = {path: path.stat().st_mtime_ns for path in blocks(study)}
    dvc = start(study, "sample@vllm")
    wait_for_blocks(study, dvc, len(kept) + 10)
    (server,) = find(dvc, SERVER)
    os.kill(server.pid, signal.SIGKILL)
    said, _ = dvc.communicate(timeout=1500)
    assert dvc.returncode == 0, said
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    return {"said": said, "kept": len(kept) - before, "loop": before}


def test_a_killed_draw_goes_on_and_a_killed_engine_is_started_again(study, drawn):
    assert "engine 'vllm' died (killed by SIGKILL" in drawn["said"]
    frame = table(study, "vllm")
    assert frame.height == table(study, "loop").height == 6 * N
    found = measured(study, "sample@vllm")
    assert found["reused"] == 16 * drawn["kept"] > 0
    assert found["drawn"] + found["reused"] == 6 * N
    assert frame["seed"].n_unique() == 6 * N


def categories(one, other, least=10):
    """A table of counts of what two lists hold; what is rare stands together."""
    first, second = Counter(one), Counter(other)
    common = [key for key in first | second if first[key] + second[key] >= least]
    rows = [[count[key] for key in common] for count in (first, second)]
    for row, count in zip(rows, (first, second), strict=True):
        row.append(sum(count.values()) - sum(row))
    return [[row[i] for row in rows] for i in range(len(rows[0])) if rows[0][i] + rows[1][i]]


def test_answers_are_distributed_as_the_step_loops(study, drawn):
    """By problem: whole responses, and their lengths; chi-square, corrected for their number."""
    loop, vllm = table(study, "loop"), table(study, "vllm")
    values = []
    for problem in loop["problem_id"].unique():
        ours, theirs = (f.filter(pl.col("problem_id") == problem) for f in (loop, vllm))
        for column in ("text", "n_tokens"):
            counted = categories(ours[column].to_list(), theirs[column].to_list())
            if len(counted) > 1:
                values.append(chi2_contingency(counted).pvalue)
    assert len(values) >= 6
    assert min(values) > CHANCE / len(values), sorted(values)


def test_pass_counts_and_log_probabilities_are_those_of_the_step_loop(study, drawn):
    repro(study, "verify@loop", "verify@vllm")
    counts = []
    for draw in ("loop", "vllm"):
        verdicts = VERDICTS.read(study.root / f"data/smoke/verdicts/{draw}.parquet")["verdict"]
        counts.append([(verdicts == "correct").sum(), (verdicts != "correct").sum()])
    if counts[0][0] + counts[1][0]:
        assert chi2_contingency(counts).pvalue > CHANCE, counts
    # Two samples of one text have one probability, whoever drew them.
    sums = [
        dict(zip(zip(f["problem_id"], f["text"], f["n_tokens"], strict=True), f["sum_logprob"],
                 strict=True))
        for f in (table(study, "loop"), table(study, "vllm"))
    ]  # fmt: skip
    both = sums[0].keys() & sums[1].keys()
    assert len(both) > 5
    assert max(abs(sums[0][key] - sums[1][key]) for key in both) < 5e-3


def test_greedy_answers_are_the_step_loops_but_for_near_ties(study, drawn):
    repro(study, "sample@loop-greedy", "sample@vllm-greedy")
    key = ("set", "problem_id")
    pair = table(study, "loop-greedy").join(table(study, "vllm-greedy"), on=key)
    assert pair.height == 6
    for row in pair.iter_rows(named=True):
        if row["token_ids"] != row["token_ids_right"]:
            gap = tie(study, row["token_ids"], row["token_ids_right"], row)
            assert gap < 1e-3, row
    assert (pair["text"] == pair["text_right"]).mean() > 0.5


def tie(study, ours, theirs, row):
    """How far apart two greedy responses are where they part, in nats."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from passk.core.schemas.problems import PROBLEMS

    folder = study.root / "models/smoke/base"
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    problems = PROBLEMS.read(study.root / f"data/smoke/sets/{row['set']}.parquet")
    question = problems.filter(pl.col("problem_id") == row["problem_id"])["question"][0]
    place = next(i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b)
    ids = tokenizer.encode(f"{question}\n") + ours[:place]
    with torch.no_grad():
        logs = model(torch.tensor([ids])).logits[0, -1].log_softmax(-1)
    return float(abs(logs[ours[place]] - logs[theirs[place]]))


def test_the_machine_file_makes_no_stage_stale(study, drawn):
    before = study.run("passk", "status")
    write_machine(study, rows=64, memory_share=0.5, restarts=1, processes=2)
    assert study.run("passk", "status") == before
    assert "sample@vllm" not in before.split("will run")[-1]
    (study.root / "machine.yaml").unlink()
    assert study.run("passk", "status") == before
