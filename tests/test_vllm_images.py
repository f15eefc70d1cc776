"""Pictures through vLLM, in its own environment: `make test-vllm`. Draws, and rollouts."""

import importlib.util

import numpy as np
import pytest
import torch
from PIL import Image

import toy_policy
import toy_vlm as toy
from passk.core.images import encode
from passk.data.prompts import render
from passk.models.image_inputs import ImageEncoder, make_model_inputs
from passk.sampling.blocks import plan_blocks
from passk.sampling.engines.engine import SamplingConfig
from passk.sampling.engines.vllm import VllmEngine
from passk.sampling.rollouts import RolloutRequest
from passk.training import arm as arms
from passk.training import checkpoints

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(not importlib.util.find_spec("vllm"), reason="vLLM is not installed here"),
]
LONGEST = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return toy.save(tmp_path_factory.mktemp("vlm") / "base")


@pytest.fixture(scope="module")
def policy(folder):
    model, tokenizer = checkpoints.load(folder)
    return model.eval(), tokenizer


def gallery():
    """Pictures that fit the model as they are, and one that has to be shrunk for it."""
    large = Image.radial_gradient("L").resize((200, 170))
    bands = [large, large.transpose(Image.Transpose.FLIP_LEFT_RIGHT), large.rotate(30)]
    return [*toy.make_images(), encode(Image.merge("RGB", bands))]


@pytest.fixture(scope="module")
def blocks(policy):
    prompts = [render("image", {"question": question}, policy[1]) for question in toy.QUESTIONS]
    prompts += [prompts[0], prompts[1]]
    images = gallery()
    return [
        block
        for prompt, image in zip(prompts, [*images[:4], images[3], images[4]], strict=True)
        for block in plan_blocks({"engine": "vllm"}, prompt, image.digest, 4, 4)
    ]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _small():
    patch = pytest.MonkeyPatch()
    patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    yield
    patch.undo()


@pytest.fixture(scope="module")
def drawn(folder, blocks):
    images = {one.digest: one.png for one in gallery()}
    engine = VllmEngine(SamplingConfig(folder, 0.8, 0.95, 20, 64, "float32", plain=False,
                                 images=images))  # fmt: skip
    return {block.key: (block, found) for block, found in engine.draw(blocks, lambda n: None)}


def log_probabilities(model, ids, seen, response):
    """Of a response, by the model's own forward pass."""
    whole = torch.tensor([[*ids, *response]])
    with torch.no_grad():
        shown = make_model_inputs(whole, [seen], model.config.image_token_id, prompt=len(ids))
        logits = model(input_ids=whole, **shown).logits[0, len(ids) - 1 : -1]
    return logits.log_softmax(-1)


def test_log_probabilities_about_images_are_those_of_transformers(drawn, blocks, policy, folder):
    model, tokenizer = policy
    encoder = ImageEncoder.of(folder)
    png = {one.digest: one.png for one in gallery()}
    for block in blocks:
        seen = encoder.encode(png[block.image])
        # vLLM shrinks by torchvision, we by Pillow: pixels differ by a grey level here and there.
        near = 5e-3 if block.image == gallery()[-1].digest else 1e-4
        ids = encoder.expand(tokenizer.encode(block.prompt, add_special_tokens=False), seen.tokens)
        for one in drawn[block.key][1]:
            logs = log_probabilities(model, ids, seen, one.token_ids.tolist())
            wanted = logs[torch.arange(len(one.token_ids)), one.token_ids.tolist()]
            np.testing.assert_allclose(one.token_logprobs, wanted, rtol=0, atol=near)


def test_another_image_is_another_block_and_draws_other_samples(drawn, blocks):
    one, other = blocks[0], blocks[4]
    assert one.prompt == other.prompt
    assert one.key != other.key
    texts = [[sample.token_ids.tolist() for sample in drawn[b.key][1]] for b in (one, other)]
    assert texts[0] != texts[1]


@pytest.fixture(scope="module")
def settings():
    return toy_policy.settings(
        engine="vllm", engine_options={"memory_share": 0.3}, template="image",
        max_new_tokens=LONGEST, steps=2, checkpoints=[2],
    )  # fmt: skip


@pytest.fixture(scope="module")
def served(folder, policy, settings):
    return toy_policy.sampler("vllm", policy[1], settings, start=folder, length=96)


def sure(model, task, rollout):
    """How far below the best token each of a greedy rollout is, in nats."""
    logs = log_probabilities(model, task.prompt_ids, task.image, list(rollout.token_ids))
    taken = logs[torch.arange(len(rollout.token_ids)), list(rollout.token_ids)]
    return float((logs.max(-1).values - taken).max())


def test_new_weights_of_the_vision_tower_reach_it_before_the_next_draw(folder, policy, served):
    tasks = toy.tasks(folder)(policy[1])
    before = served(policy[0], RolloutRequest(tasks, 1, greedy=True))
    assert all(sure(policy[0], t, g[0]) < 0.05 for t, g in zip(tasks, before, strict=True))
    other, _ = checkpoints.load(folder)
    torch.manual_seed(5)
    with torch.no_grad():
        for name, weight in other.named_parameters():
            if "visual" in name:
                weight.add_(torch.randn_like(weight) * weight.std())
    # The same images: nothing may be left of what the old tower saw in them.
    after = served(other.eval(), RolloutRequest(tasks, 1, greedy=True))
    assert [list(g[0].token_ids) for g in after] != [list(g[0].token_ids) for g in before]
    assert all(sure(other, t, g[0]) < 0.05 for t, g in zip(tasks, after, strict=True))


def test_an_arm_trains_on_rollouts_about_images(folder, settings, served, tmp_path):
    arm = arms.Arm("toy", settings, 1, folder, tmp_path)
    rows = arms.train(arm, toy.tasks(folder), toy_policy.printable_start)
    assert [row["rollouts"] for row in rows] == [32, 32]
    assert all(row["grad_norm"] > 0 for row in rows)
