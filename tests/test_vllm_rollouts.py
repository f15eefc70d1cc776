"""Rollouts by vLLM in the training process, in vLLM's own environment: `make test-vllm`."""

import importlib.util

import pytest
import torch

import toy_policy as toy
from passk.sampling.rollouts import RolloutRequest
from passk.training import arm as arms
from passk.training import checkpoints
from passk.training.tasks import Task

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(not importlib.util.find_spec("vllm"), reason="vLLM is not installed here"),
]

SETTINGS = {
    "engine": "vllm", "engine_options": {"memory_share": 0.3}, "max_new_tokens": 12,
}  # fmt: skip


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    # vLLM wants 32 numbers or more per head; uneven weights, so that greedy choices are clear.
    folder = toy.make_start(tmp_path_factory.mktemp("start"), width=128, feed_forward=96)
    model, _ = checkpoints.load(folder)
    torch.manual_seed(0)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" not in name:
                weight.mul_(6.0)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def policy(start):
    model, tokenizer = checkpoints.load(start)
    return model.eval(), tokenizer


@pytest.fixture(scope="module")
def served(start, policy):
    return toy.sampler("vllm", policy[1], toy.settings(**SETTINGS), start=start, length=24)


def greedy_by_hand(model, prompt, longest):
    ids = list(prompt)
    for _ in range(longest):
        with torch.no_grad():
            ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
        if ids[-1] == 0:
            break
    return ids[len(prompt) :]


def test_greedy_rollouts_are_those_of_the_policy(served, policy):
    model, tokenizer = policy
    tasks = toy.tasks(tokenizer)
    groups = served(model, RolloutRequest(tasks, 1, greedy=True))
    for task, (rollout,) in zip(tasks, groups, strict=True):
        wanted = greedy_by_hand(model, task.prompt_ids, 12)
        assert list(rollout.token_ids) == wanted
        assert rollout.truncated == (wanted[-1] != 0)


def test_new_weights_reach_it_before_the_next_draw(served, policy, start):
    _, tokenizer = policy
    other, _ = checkpoints.load(start)
    tasks = toy.tasks(tokenizer)
    before = served(policy[0], RolloutRequest(tasks, 1, greedy=True))
    torch.manual_seed(5)
    with torch.no_grad():
        for weight in other.parameters():
            weight.add_(torch.randn_like(weight) * weight.std())
    after = served(other.eval(), RolloutRequest(tasks, 1, greedy=True))
    assert [list(g[0].token_ids) for g in after] != [list(g[0].token_ids) for g in before]
    for task, (rollout,) in zip(tasks, after, strict=True):
        assert list(rollout.token_ids) == greedy_by_hand(other, task.prompt_ids, 12)
    # Nothing of the other weights is left.
    again = served(policy[0], RolloutRequest(tasks, 1, greedy=True))
    assert [list(g[0].token_ids) for g in again] == [list(g[0].token_ids) for g in before]


def tokens(groups):
    return [[tuple(rollout.token_ids) for rollout in group] for group in groups]


def test_each_rollout_has_random_numbers_of_its_own(served, policy):
    model, tokenizer = policy
    task = toy.tasks(tokenizer)[0]
    twice = [Task("a", task.prompt_ids, ""), Task("a", task.prompt_ids, "")]
    groups = served(model, RolloutRequest(twice, 1))
    assert [len(group) for group in groups] == [8, 8]
    first = tokens(groups)
    assert len({*first[0], *first[1]}) > 8
    assert tokens(served(model, RolloutRequest(twice, 1))) == first
    shifted = served(model, RolloutRequest(twice, 1).take(range(1, 2)))  # a second process
    assert tokens(shifted) == first[1:]
    assert tokens(served(model, RolloutRequest(twice, 2))) != first


def test_surprise_estimates_the_entropy(served, policy):
    model, tokenizer = policy
    task = toy.tasks(tokenizer)[0]
    groups = [served(model, RolloutRequest([task], step))[0] for step in range(1, 40)]
    surprise = [rollout.entropy for group in groups for rollout in group]
    with torch.no_grad():
        first = model(torch.tensor([task.prompt_ids])).logits[0, -1].log_softmax(-1)
    assert all(value >= 0 for value in surprise)
    assert float(-(first.exp() * first).sum()) > 0
    assert 0 < sum(surprise) / len(surprise) < 6  # at most log(257)


def test_an_arm_with_adapters_trains_on_its_rollouts(start, tmp_path):
    lora = {"rank": 4, "alpha": 8.0, "dropout": 0.0, "targets": ["all-linear"]}
    settings = toy.settings(**SETTINGS, lora=lora, steps=2, checkpoints=[2])
    arm = arms.Arm("toy", settings, 1, start, tmp_path)
    rows = arms.train(arm, toy.tasks, toy.printable_start)
    assert [row["rollouts"] for row in rows] == [32, 32]
    assert all(row["grad_norm"] > 0 for row in rows)
    model, _ = checkpoints.load(tmp_path / "step-2")
    assert torch.isfinite(model(torch.tensor([[1, 2]])).logits).all()
