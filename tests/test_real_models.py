"""Arms as real models need them: a stranger's checkpoint, adapters, bfloat16, several processes."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

import foreign_checkpoint as foreign
import toy_policy as toy
from passk.config import paths
from passk.pipeline.stages import train as train_stage
from passk.sampling.blocks import plan_blocks
from passk.sampling.engines.engine import SamplingConfig
from passk.sampling.engines.step_loop import StepLoopEngine
from passk.training import arm as arms
from passk.training import checkpoints
from test_training import Killed, kill_after, outputs, stage_job, start, study  # noqa: F401

LORA = {"rank": 4, "alpha": 8.0, "dropout": 0.1, "targets": ["q_proj", "v_proj", "down_proj"]}
REAL = {
    "lora": LORA, "precision": "bfloat16", "gradient_checkpointing": True,
    "share_prompts": False, "learning_rate": 0.05,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module", params=["llama", "qwen2"])
def published(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    return foreign.make(folder, request.param, tied=request.param == "qwen2")


def run(begun, folder, reward=toy.printable_start, **changes):
    arm = arms.Arm("toy", toy.settings(**changes), 1, begun, folder)
    return arms.train(arm, toy.tasks, reward)


def test_adapters_in_bfloat16_with_gradient_checkpointing_make_a_plain_model(published, tmp_path):
    rows = run(published, tmp_path, **REAL, kl_every=2, beta=0.01)
    assert abs(rows[0]["kl"]) < 1e-6
    assert rows[-1]["kl"] > 0
    saved = tmp_path / "step-6"
    assert {p.name for p in saved.iterdir()} == {
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json",
    }  # fmt: skip
    assert json.loads((saved / "config.json").read_text())["dtype"] == "float32"
    trained = AutoModelForCausalLM.from_pretrained(saved, dtype="float32")
    begun = AutoModelForCausalLM.from_pretrained(published, dtype="float32")
    for (name, weight), before in zip(trained.named_parameters(), begun.parameters(), strict=True):
        adapted = any(f"{one}.weight" in name for one in LORA["targets"])
        assert torch.equal(weight, before) != adapted, name
    config = SamplingConfig(saved, 0.8, 0.95, 8, 16, "bfloat16", plain=True)
    blocks = plan_blocks({"engine": "step_loop"}, "1+1=", None, 8, 8)
    ((_, samples),) = StepLoopEngine(config).draw(blocks, lambda _: None)
    assert len(samples) == 8


@pytest.mark.parametrize("engine", ["step_loop", "generate"])
def test_a_stopped_run_with_adapters_goes_on_to_the_same_bytes(tmp_path, engine):
    begun = foreign.make(tmp_path / "start")
    changes = {**REAL, "engine": engine}
    run(begun, tmp_path / "whole", **changes)
    with pytest.raises(Killed):
        run(begun, tmp_path / "cut", kill_after(6), **changes)
    point = checkpoints.find_resume_point(tmp_path / "cut")
    assert point is not None
    assert not (point / "model.safetensors").exists()  # adapters alone
    run(begun, tmp_path / "cut", **changes)
    assert outputs(tmp_path / "cut") == outputs(tmp_path / "whole")


def test_adapters_learn_and_share_prompts_gives_them_the_same_update(tmp_path):
    begun = toy.make_start(tmp_path / "start")
    model, _ = checkpoints.load(begun)
    with torch.no_grad():  # the toy's layers say too little for adapters on them to matter
        for name, weight in model.named_parameters():
            if "norm" not in name:
                weight.mul_(8)
    model.save_pretrained(begun)
    adapters = {"rank": 8, "alpha": 16.0, "dropout": 0.0, "targets": ["all-linear"]}
    plain = {"lora": adapters, "learning_rate": 5e-3, "kl_every": 1}
    rows = run(begun, tmp_path / "a", **plain, steps=60, checkpoints=[60], resume_every=70)
    first, last = (sum(r["reward"] for r in part) / 10 for part in (rows[:10], rows[-10:]))
    assert last > first + 0.1
    ours = run(begun, tmp_path / "b", **plain)
    theirs = run(begun, tmp_path / "c", **plain, share_prompts=False, skip_zero_advantage=False)
    assert ours[0]["loss"] == pytest.approx(theirs[0]["loss"], abs=1e-6)
    assert ours[0]["grad_norm"] == pytest.approx(theirs[0]["grad_norm"], rel=1e-4)
    assert ours[1]["kl"] == pytest.approx(theirs[1]["kl"], rel=1e-2)


def test_all_weights_in_bfloat16_are_kept_and_saved_in_float32(published, tmp_path):
    rows = run(published, tmp_path, precision="bfloat16", share_prompts=False)
    assert all(torch.isfinite(torch.tensor(row["loss"])) for row in rows)
    for weight in load_file(tmp_path / "step-6" / "model.safetensors").values():
        assert weight.dtype == torch.float32
        assert not torch.equal(weight, weight.bfloat16().float())  # more digits than bfloat16 has


def test_a_prompt_that_does_not_fit_the_context_is_named(tmp_path):
    begun = toy.make_start(tmp_path / "start")
    with pytest.raises(arms.ArmError, match=r"max_new_tokens = 60: .* context of 64; at most 57"):
        run(begun, tmp_path / "run", max_new_tokens=60)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"engine_options": {"memory_share": 0.3}}, r"'step_loop' takes no options.*vllm \(memory"),
        ({"engine": "vllm", "engine_options": {"share": 0.3}}, r"engine_options\.share"),
        ({"engine": "vllm", "engine_options": {"tensor_parallel": 2}}, "set it to 1"),
        ({"processes": 2}, "share_prompts works in one process"),
        ({"processes": 3, "share_prompts": False}, "not divisible by processes = 3"),
    ],
)
def test_engines_and_processes_that_cannot_work_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        toy.settings(**changes)


PROCESSES = {"share_prompts": False, "kl_every": 1, "learning_rate": 1e-3}


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"loss_type": "grpo"},
        {"loss_type": "dapo", "minibatches": 2, "num_iterations": 2, "beta": 0.01},
        {"loss_type": "bnpo", "lora": {**LORA, "dropout": 0.0}},
    ],
    ids=["grpo", "dapo, two passes, penalty", "bnpo, adapters"],
)
def test_two_processes_agree_with_one(study, monkeypatch, changes):  # noqa: F811
    """Each draws half of the rollouts; log and weights agree to float rounding."""
    made = {}
    for processes in (1, 2):
        shutil.rmtree(paths.RESUME, ignore_errors=True)
        shutil.rmtree(paths.VERDICTS, ignore_errors=True)
        job = stage_job(processes=processes, **PROCESSES, **changes)
        metrics = train_stage.run(job)
        log = paths.training_log("toy", "grpo").read_text().splitlines()
        weights = load_file(paths.model("toy", "grpo") / "step-2" / "model.safetensors")
        made[processes] = (list(map(json.loads, log)), weights, metrics)
    (one, alone, _), (two, together, metrics) = made[1], made[2]
    assert metrics["rollouts"] == 2 * 4 * 8
    for mine, other in zip(one, two, strict=True):
        assert mine.keys() == other.keys()
        for name, value in mine.items():
            assert other[name] == pytest.approx(value, rel=1e-3, abs=1e-5), name
    for name, weight in alone.items():
        assert torch.allclose(weight, together[name], atol=1e-5), name
