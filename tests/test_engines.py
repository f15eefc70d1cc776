"""Rollout engines: they agree where they must, repeat themselves, and hear of new weights."""

import pickle

import numpy as np
import pytest
import torch

import foreign_checkpoint as foreign
import toy_checkpoint as checkpoint
import toy_policy as toy
from passk.core.finish_reasons import ABORTED
from passk.models.policy_weights import copy_policy, merge_weights
from passk.sampling.blocks import Sample, plan_blocks
from passk.sampling.drawing import draw_blocks
from passk.sampling.engines.engine import SamplingConfig
from passk.sampling.engines.registry import ENGINES
from passk.sampling.rollouts import RolloutRequest
from passk.training import checkpoints
from passk.training.rollouts import make_sampler
from passk.training.weights import configure_adapters


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return toy.make_start(tmp_path_factory.mktemp("start"))


@pytest.fixture
def loaded(start):
    model, tokenizer = checkpoints.load(start)
    return model.eval(), tokenizer


def draw_rollouts(sampler, model, tokenizer, step=1, **options):
    with torch.no_grad():
        return sampler(model, RolloutRequest(toy.tasks(tokenizer), step, **options))


def texts(groups):
    return [[rollout.text for rollout in group] for group in groups]


def test_generate_and_the_step_loop_agree_on_greedy_responses(loaded):
    model, tokenizer = loaded
    settings = toy.settings(engine="generate", gradient_accumulation=2)
    ours, theirs = (
        draw_rollouts(toy.sampler(name, tokenizer, settings), model, tokenizer, greedy=True)
        for name in ("step_loop", "generate")
    )
    for own, other in zip(ours, theirs, strict=True):
        assert len(own) == len(other) == 1
        assert list(own[0].token_ids) == list(other[0].token_ids)
        assert own[0].truncated == other[0].truncated
        assert own[0].text == other[0].text
        assert own[0].entropy == pytest.approx(other[0].entropy, rel=1e-4)


def test_generate_is_seeded_by_step_and_stream_and_leaves_the_global_generator_alone(loaded):
    model, tokenizer = loaded
    sampler = toy.sampler("generate", tokenizer, toy.settings())
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first = draw_rollouts(sampler, model, tokenizer)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(4)
    assert first == draw_rollouts(sampler, model, tokenizer)
    assert texts(first) != texts(draw_rollouts(sampler, model, tokenizer, step=2))
    assert texts(first) != texts(draw_rollouts(sampler, model, tokenizer, stream="rollout-2"))
    assert [len(group) for group in first] == [8] * 5


def test_generate_draws_from_the_policy_at_its_temperature_without_the_checkpoints_defaults(loaded):
    """Of the first token: frequencies agree with probabilities, by chi-square."""
    model, tokenizer = loaded
    model.generation_config.top_k = 1  # what a published checkpoint may ask for
    model.generation_config.repetition_penalty = 5.0
    settings = toy.settings(
        engine="generate", rollouts=2000, temperature=0.5, max_new_tokens=1, prompts=1
    )
    (task, *_) = toy.tasks(tokenizer)
    with torch.no_grad():
        model.lm_head.weight.mul_(20)  # uneven probabilities
        (group,) = toy.sampler("generate", tokenizer, settings)(model, RolloutRequest([task], 1))
        logits = model(torch.tensor([task.prompt_ids])).logits[0, -1] / 0.5
        model.lm_head.weight.div_(20)
    chances = logits.softmax(-1)
    counts = torch.bincount(torch.tensor([r.token_ids[0] for r in group]), minlength=len(chances))
    expected = chances * 2000
    common = expected >= 5
    spread = ((counts - expected)[common] ** 2 / expected[common]).sum()
    assert spread < common.sum() + 5 * (2 * common.sum()) ** 0.5
    entropy = float(-(chances * chances.log()).sum())
    assert group[0].entropy == pytest.approx(entropy, rel=1e-4)
    assert model.generation_config.top_k == 1  # put back


def test_merged_weights_are_those_that_the_adapters_compute_with(start, loaded):
    from peft import get_peft_model

    model, tokenizer = loaded
    lora = toy.settings(lora=LORA).lora
    plain = {name: value.clone() for name, value in model.named_parameters()}
    adapted = get_peft_model(model, configure_adapters(lora))
    assert dict(merge_weights(adapted)).keys() == plain.keys()
    for name, value in merge_weights(adapted):
        assert torch.equal(value, plain[name])  # B begins at 0
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.3)
    ids = torch.tensor([tokenizer("12+3=")["input_ids"]])
    copy = copy_policy(adapted, start, torch.float32, "cpu")
    assert torch.allclose(copy(ids).logits, adapted.eval()(ids).logits, atol=1e-5)
    with adapted.disable_adapter():
        assert not torch.allclose(copy(ids).logits, adapted(ids).logits, atol=1e-3)


LORA = {"rank": 4, "alpha": 8, "dropout": 0.0, "targets": ["all-linear"]}


@pytest.mark.parametrize("name", ["step_loop", "generate"])
def test_a_copy_that_draws_hears_of_new_weights(start, loaded, name):
    model, tokenizer = loaded
    settings = toy.settings(engine=name, precision="bfloat16")
    sampler = make_sampler(settings, tokenizer, (1,), start, 20)
    before = texts(draw_rollouts(sampler, model, tokenizer))
    assert before == texts(draw_rollouts(sampler, model, tokenizer))
    with torch.no_grad():
        model.model.embed_tokens.weight[66].mul_(40)  # one token becomes all but certain
    assert before != texts(draw_rollouts(sampler, model, tokenizer))
    assert model.dtype == torch.float32  # the policy itself keeps its precision


def test_a_foreign_llama_without_a_padding_token_is_drawn_from(tmp_path):
    folder = foreign.make(tmp_path, "llama")
    model, tokenizer = checkpoints.load(folder)
    assert tokenizer.pad_token_id == tokenizer.eos_token_id
    for name in ("step_loop", "generate"):
        settings = toy.settings(engine=name)
        groups = draw_rollouts(
            make_sampler(settings, tokenizer, (1,), folder, 20), model.eval(), tokenizer
        )
        assert [len(group) for group in groups] == [8] * 5


def test_a_block_of_generate_has_the_same_bytes_alone_and_in_any_company(tmp_path):
    checkpoint.save(tmp_path)
    prompts = [f"{question}\n" for question in checkpoint.QUESTIONS[:3]]
    blocks = [block for prompt in prompts for block in plan_blocks({}, prompt, None, 16, 8)]

    def draw(chosen, **changes):
        config = SamplingConfig(tmp_path, 0.8, 0.95, 16, 16, "float32", plain=True, **changes)
        torch.manual_seed(len(chosen))  # what anything else left behind
        drawn = dict(ENGINES["generate"].blocks(config).draw(chosen, lambda _: None))
        return {block.key: [pickle.dumps(s) for s in samples] for block, samples in drawn.items()}

    whole = draw(blocks)
    assert len({text for samples in whole.values() for text in samples}) > len(blocks)
    assert draw(blocks[::-1]) == whole
    for block in (blocks[1], blocks[4]):
        assert draw([block]) == {block.key: whole[block.key]}


class Unsteady:
    """A sampler of one sample a block, which it gives up as often as it is told to."""

    def __init__(self, failures):
        self.failures = dict(failures)

    def draw(self, blocks, progress):
        for block in blocks:
            left = self.failures.get(block.prompt, 0)
            self.failures[block.prompt] = left - 1
            reason = ABORTED if left > 0 else "stop"
            progress(1)
            yield block, [Sample(0, 1, f"{block.prompt}{left}", np.arange(1), reason, 0, 0, None)]


def test_an_aborted_sample_is_drawn_once_more_and_one_that_was_not_stays():
    blocks = [plan_blocks({}, prompt, None, 1, 1)[0] for prompt in "abc"]
    counted = []
    drawn = draw_blocks(Unsteady({"b": 1, "c": 2}), blocks, counted.append)
    reasons = {block.prompt: samples[0].finish_reason for block, samples in drawn}
    assert reasons == {"a": "stop", "b": "stop", "c": ABORTED}
    assert sum(counted) == 3  # a second try is no further sample
