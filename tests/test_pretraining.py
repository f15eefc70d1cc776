"""Pretraining learns, is a function of its inputs, and survives a kill without a trace."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from passk.config import paths
from passk.models.tiny import make_tiny_model
from passk.models.tokenizer import train_tokenizer
from passk.pipeline.stages import pretrain as stage
from passk.pipeline.stages.job import Job
from passk.training.pretraining import Schedule, pack, plan_batches, pretrain
from passk.training.pretraining_settings import Pretraining

SETTINGS = {
    "train_seed": 0,
    "architecture": {
        "family": "qwen2", "layers": 1, "width": 32, "heads": 1, "key_value_heads": 1,
        "feed_forward": 32, "context": 96, "rope_theta": 1000.0, "init_std": 0.1,
    },
    "tokenizer": {"vocabulary": 320, "documents": 200},
    "corpus": {
        "world": "digits", "template": "plain", "documents": 300,
        "families": {"nested": 1.0, "repeat": 0.5}, "levels": [2, 1], "skew": 0.5, "noise": 0.5,
        "habit": 0.3,
        "withheld": [],
    },
    "steps": 40, "batch": 8, "learning_rate": 5e-3, "warmup_steps": 5, "final_rate": 0.1,
    "weight_decay": 0.01, "adam_beta1": 0.9, "adam_beta2": 0.98, "adam_eps": 1e-8,
    "max_grad_norm": 1.0, "resume_every": 10,
}  # fmt: skip
SCHEDULE = Schedule(40, 8, 5e-3, 5, 0.1, 0.01, (0.9, 0.98), 1e-8, 1.0)


def job(inputs="key", seed=1, **changes):
    return Job(
        "pretrain", "base",
        {"study": "s", "seed": seed, "pretrain": {"base": SETTINGS | changes}}, inputs,
    )  # fmt: skip


def outputs():
    folder = paths.model("s", "base")
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    return files | {"log": paths.training_log("s", "base").read_bytes()}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def trained(place):
    metrics = stage.run(job())
    return metrics, outputs()


def test_the_loss_falls_and_every_step_is_logged(trained):
    metrics, files = trained
    rows = [json.loads(line) for line in files["log"].splitlines()]
    assert [row["step"] for row in rows] == list(range(1, 41))
    assert set(rows[0]) == {"step", "loss", "learning_rate"}
    assert rows[-1]["loss"] < 0.6 * rows[0]["loss"]
    assert metrics["parameters"] < 1e6


def test_training_again_gives_the_same_bytes_and_another_seed_others(trained):
    _, files = trained
    stage.run(job("again"))
    assert outputs() == files
    stage.run(job("seed", seed=2))
    assert outputs()["model.safetensors"] != files["model.safetensors"]


def test_a_killed_run_resumes_to_the_same_bytes(trained, monkeypatch):
    _, files = trained
    steps = []

    def stop(row):
        steps.append(row["step"])
        if len(steps) == 27:
            raise KeyboardInterrupt

    _interrupted(monkeypatch, stop)
    with pytest.raises(KeyboardInterrupt):
        stage.run(job("other"))
    assert (paths.RESUME / "other" / "point.pt").exists()
    steps.clear()
    _interrupted(monkeypatch, lambda row: steps.append(row["step"]))
    stage.run(job("other"))
    assert outputs() == files
    assert steps == list(range(1, 41))  # the log is whole, whatever was resumed


def _interrupted(monkeypatch, on_step):
    """Watch the steps of a run from outside."""

    def watched(*arguments, on_step=on_step, **options):
        options.pop("on_step", None)
        return pretrain(*arguments, on_step=on_step, **options)

    monkeypatch.setattr(stage, "pretrain", lambda *a, **o: watched(*a, **{**o, "on_step": on_step}))


@pytest.mark.drill
def test_kill_minus_nine_loses_little_and_changes_nothing(trained):
    _, files = trained
    code = (
        "import json, sys; from passk.pipeline.stages.job import Job;"
        "from passk.pipeline.stages import pretrain;"
        "pretrain.run(Job('pretrain', 'base', json.loads(sys.argv[1]), 'k'))"
    )
    params = json.dumps(job().params)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    run = subprocess.Popen([sys.executable, "-c", code, params], env=environment)
    point = paths.RESUME / "k" / "point.pt"
    for _ in itertools.count():
        if point.exists() or run.poll() is not None:
            break
        time.sleep(0.005)
    run.send_signal(signal.SIGKILL)
    run.wait()
    subprocess.run([sys.executable, "-c", code, params], check=True, env=environment)
    assert outputs() == files


def test_a_checkpoint_names_no_path(trained):
    _, files = trained
    for content in files.values():
        assert str(Path.cwd()).encode() not in content


@pytest.mark.parametrize("count", [8, 37, 300])
def test_batches_go_through_every_document_before_any_again(count):
    lengths = np.random.default_rng(0).integers(5, 40, count)
    per_epoch = count // 8
    seen = np.concatenate(list(plan_batches(lengths, 8, per_epoch, seed=1)))
    assert len(set(seen.tolist())) == per_epoch * 8
    assert len(list(plan_batches(lengths, 8, 3 * per_epoch + 1, seed=1))) == 3 * per_epoch + 1


def test_batches_hold_documents_of_similar_length():
    lengths = np.random.default_rng(0).integers(5, 40, 1600)
    padded = sum(8 * lengths[rows].max() for rows in plan_batches(lengths, 8, 200, seed=1))
    assert padded < 1.1 * lengths.sum()


def test_too_few_documents_are_refused():
    with pytest.raises(ValueError, match="fewer than a batch"):
        next(plan_batches(np.array([3, 4]), 8, 1, seed=1))


def test_only_responses_are_learned():
    data = pack([([5, 6], [7, 8, 1]), ([5], [9, 1])], padding=0)
    assert data.ids.tolist() == [[5, 6, 7, 8, 1], [5, 9, 1, 0, 0]]
    assert data.labels.tolist() == [[-100, -100, 7, 8, 1], [-100, 9, 1, -100, -100]]


def test_the_rate_rises_then_falls_to_its_end():
    rates = [SCHEDULE.rate(step) for step in range(40)]
    assert max(rates) == rates[5] == pytest.approx(5e-3)
    assert rates[:5] == sorted(rates[:5])
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert rates[-1] == pytest.approx(5e-4, rel=0.05)


def test_a_diverging_run_is_stopped(tmp_path):
    tokenizer = train_tokenizer("qwen2", ["abc"], 260, 96)
    shape = {k: v for k, v in SETTINGS["architecture"].items() if k != "family"}
    model = make_tiny_model("qwen2", **shape, tokenizer=tokenizer, seed=1)
    with torch.no_grad():
        model.lm_head.weight.fill_(float("nan"))
    data = pack([([5, 6], [7, 8, 1])] * 8, padding=0)
    with pytest.raises(FloatingPointError, match="step 1"):
        pretrain(model, data, SCHEDULE, seed=1, folder=tmp_path, resume_every=10)


def test_a_document_longer_than_the_context_is_an_error(place):
    short = SETTINGS["architecture"] | {"context": 16}
    with pytest.raises(ValueError, match=r"context = 16"):
        stage.run(job(architecture=short))
    assert not paths.model("s", "base").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"architecture": SETTINGS["architecture"] | {"heads": 3}},
        {"corpus": SETTINGS["corpus"] | {"families": {"cubes": 1.0}}},
        {"corpus": SETTINGS["corpus"] | {"levels": [1, 1, 1, 1, 1]}},
        {"tokenizer": {"vocabulary": 100, "documents": 10}},
        {"learning_rates": 1e-3},
    ],
)
def test_illegal_settings_are_refused(change):
    with pytest.raises(ValidationError):
        Pretraining.model_validate(SETTINGS | change)
