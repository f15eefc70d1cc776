"""The memory estimate: its parts by hand, what it refuses, and the peak of a real arm."""

import subprocess
import sys

import pytest
from tests.conftest import ROOT

import toy_policy as toy
from passk.training import checkpoints
from passk.training.memory import check
from passk.training.memory_estimate import FitError, ModelShape, estimate_bytes, measure_shape

SHAPE = ModelShape(
    parameters=1000, trained=1000, layers=2, width=8, feed_forward=16, vocabulary=100, cached=12
)
LORA = {"rank": 4, "alpha": 8, "dropout": 0.0, "targets": ["q_proj", "v_proj"]}


def test_parts_by_hand():
    # 4 prompts x 8 rollouts of at most 20 tokens, 6 of them the response
    size = estimate_bytes(SHAPE, toy.settings(kl_every=2), 20)
    assert size["weights"] == 4000
    assert size["gradients and AdamW"] == 12000
    assert size["copies of the model"] == 4000  # the start model
    assert size["critic"] == 0
    assert size["rollouts' cache"] == 32 * 20 * 2 * 12 * 4
    assert size["activations"] == 32 * 20 * 2 * (14 * 8 + 4 * 16) * 4
    assert size["logits"] == (32 * 6 * 2 + 16 * 6 * 2) * 100 * 4


def test_a_critic_keeps_the_graph_of_its_minibatch():
    ppo = {
        "name": "ppo", "gamma": 1.0, "lam": 1.0, "eps": 1e-4, "critic_learning_rate": 1e-3,
        "critic_passes": 1, "critic_minibatches": 2, "critic_clip": 0.2, "critic_warmup": 0,
    }  # fmt: skip
    settings = toy.settings(algorithm=ppo, gradient_accumulation=4)
    graph = 16 * 20 * 2 * (14 * 8 + 4 * 16) * 4
    assert estimate_bytes(SHAPE, settings, 20)["critic"] == 1000 * 16 + graph


def test_what_saves_memory_is_known():
    full = estimate_bytes(SHAPE, toy.settings(), 20)
    plain = toy.settings(share_prompts=False)
    assert estimate_bytes(SHAPE, plain, 20)["logits"] == 0
    kept = plain.model_copy(update={"gradient_checkpointing": True})
    assert estimate_bytes(SHAPE, kept, 20)["activations"] < full["activations"]
    half = estimate_bytes(SHAPE, toy.settings(gradient_accumulation=2), 20)
    assert half["activations"] == full["activations"] / 2
    two = plain.model_copy(update={"processes": 2})
    assert estimate_bytes(SHAPE, two, 20)["activations"] == full["activations"] / 2
    adapted = ModelShape(**{**vars(SHAPE), "trained": 10})
    size = estimate_bytes(adapted, toy.settings(lora=LORA, precision="bfloat16", kl_every=2), 20)
    assert size["weights"] == 990 * 2 + 10 * 4
    assert size["gradients and AdamW"] == 120
    assert size["copies of the model"] == 2000  # the one that draws; the start is within


def test_more_rollouts_than_memory_allows_are_refused_with_what_fits():
    settings = toy.settings(prompts=16, rollouts=64)
    needed = sum(estimate_bytes(SHAPE, settings, 20).values())
    check(SHAPE, settings, 20, free=needed)
    with pytest.raises(FitError, match=r"prompts x rollouts = 16 x 64 need about") as caught:
        check(SHAPE, settings, 20, free=needed - 1)
    assert "gradient_accumulation: 2, or rollouts: at most 63" in str(caught.value)
    fitting = settings.model_copy(update={"rollouts": 63})
    check(SHAPE, fitting, 20, free=needed - 1)
    with pytest.raises(FitError, match=r"No number of rollouts fits.*lora"):
        check(SHAPE, settings, 20, free=1000.0)


SEVEN = ModelShape(
    parameters=7_600_000_000, trained=7_600_000_000, layers=28, width=3584, feed_forward=18944,
    vocabulary=152064, cached=1024,
)  # fmt: skip
GIB = 2**30
VLLM = {"engine": "vllm", "engine_options": {"memory_share": 0.3}, "share_prompts": False,
        "precision": "bfloat16", "gradient_checkpointing": True}  # fmt: skip


def test_an_engines_own_weights_and_cache_are_counted():
    size = estimate_bytes(SEVEN, toy.settings(**VLLM), 4096)
    assert size["engine's weights"] == 2 * SEVEN.parameters
    assert size["engine's cache"] >= 4096 * 28 * 1024 * 2
    assert estimate_bytes(SEVEN, toy.settings(), 4096)["engine's weights"] == 0
    with pytest.raises(FitError, match=r"for itself, and needs 1\d\.\d GiB.*at least 0\."):
        check(SEVEN, toy.settings(**VLLM), 4096, free=40 * GIB, reserves=True)


def test_what_cannot_fit_says_what_would():
    settings = toy.settings(**VLLM)
    with pytest.raises(FitError, match=r"What fits: adapters \(lora, rank 16\), in bfloat16"):
        check(SEVEN, settings, 4096, free=80 * GIB, reserves=True)
    with pytest.raises(FitError, match=r"FSDP2 or ZeRO-3"):
        check(SEVEN, toy.settings(), 4096, free=8 * GIB, reserves=True)
    few = {**VLLM, "gradient_checkpointing": False, "engine": "step_loop", "engine_options": None}
    small = ModelShape(**{**vars(SEVEN), "parameters": 10**8, "trained": 10**8})
    with pytest.raises(FitError, match="What fits: precision: bfloat16, gradient_checkpointing"):
        check(small, toy.settings(**{**few, "precision": "float32"}), 1024, free=6 * GIB)


def test_a_critic_that_is_too_large_names_its_minibatches():
    ppo = {"name": "ppo", "critic_minibatches": 1}
    settings = toy.settings(algorithm=ppo, prompts=16, rollouts=64, gradient_accumulation=1024)
    needed = sum(estimate_bytes(SHAPE, settings, 20).values())
    with pytest.raises(FitError, match=r"algorithm\.critic_minibatches: 2"):
        check(SHAPE, settings, 20, free=needed - 1)


def test_several_processes_with_an_engine_of_own_weights_are_refused():
    with pytest.raises(ValueError, match=r"engine 'vllm' rolls out in one process"):
        toy.settings(**VLLM, processes=2)


def test_adapters_are_counted_and_layers_that_are_not_there_named(tmp_path):
    model, _ = checkpoints.load(toy.make_start(tmp_path))
    shape = measure_shape(model, toy.settings(lora=LORA))
    # 2 layers; queries 32 -> 32, values 32 -> 16; rank 4
    assert shape.trained == 2 * 4 * ((32 + 32) + (32 + 16))
    assert shape.cached == 2 * 2 * 8
    with pytest.raises(FitError, match=r"no such layers; it has .*q_proj"):
        measure_shape(model, toy.settings(lora={**LORA, "targets": ["query"]}))


ARM = """
import resource, sys, torch
from pathlib import Path
sys.path.insert(0, {tests!r})
import toy_policy as toy
from passk.training import arm as arms, checkpoints
from passk.training.memory_estimate import estimate_bytes, measure_shape
torch.set_num_threads(1)
start = toy.make_start(Path({folder!r}) / "start", layers=3, width=256, feed_forward=1024)
settings = toy.settings(
    steps=2, checkpoints=[2], prompts=16, rollouts=16, max_new_tokens=48, algorithm={algorithm},
)
model, _ = checkpoints.load(start)
print(sum(estimate_bytes(measure_shape(model, settings), settings, 56).values()))
del model
arms.train(arms.Arm("toy", settings, 1, start, Path({folder!r}) / "run"), toy.tasks,
           toy.printable_start)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@pytest.mark.slow
def test_the_estimate_is_near_the_peak_of_a_real_arm(tmp_path):
    algorithm = {"name": "grpo", "scale": "group", "eps": 1e-4}
    code = ARM.format(tests=str(ROOT / "tests"), folder=str(tmp_path), algorithm=algorithm)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    estimate, peak = map(float, done.stdout.split()[-2:])
    assert 0.4 < estimate / peak < 2.5, f"{estimate / 2**20:.0f} MiB, {peak / 2**20:.0f} measured"
