"""The memory estimate: its parts by hand, what it refuses, and the peak of a real arm."""

import subprocess
import sys

import pytest
from tests.conftest import ROOT

import toy_policy as toy
from passk.training import checkpoints
from passk.training.memory import FitError, ModelShape, check, estimate_bytes, measure_shape

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
from passk.training.memory import needs, shape_of
torch.set_num_threads(1)
start = toy.make_start(Path({folder!r}) / "start", layers=3, width=256, feed_forward=1024)
settings = toy.settings(
    steps=2, checkpoints=[2], prompts=16, rollouts=16, max_new_tokens=48, algorithm={algorithm},
)
model, _ = checkpoints.load(start)
print(sum(needs(shape_of(model, settings), settings, 56).values()))
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
