"""The step loop: equal to the model's own forward pass, and bytes that depend on nothing else."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

from passk.sampling import forward
from passk.sampling.decoding import DecodingConfig
from passk.sampling.steploop import Request, generate, generate_each
from passk.sampling.streams import derive_streams, draw_uniforms
from passk.sampling.tokens import draw, prepare_draws

SHAPE = {
    "vocab_size": 60, "hidden_size": 48, "num_hidden_layers": 2, "intermediate_size": 80,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128,
}  # fmt: skip


def tiny(kind="qwen2", **changes):
    torch.manual_seed(0)
    make = {"qwen2": (Qwen2Config, Qwen2ForCausalLM), "llama": (LlamaConfig, LlamaForCausalLM)}
    config, model = make[kind]
    network = model(config(**{**SHAPE, **changes})).eval()
    with torch.no_grad():  # random weights say little: make the distributions uneven
        for name, weight in network.named_parameters():
            if "norm" not in name:
                weight.mul_(6.0)
    return network


@pytest.fixture(scope="module")
def model():
    return tiny()


SETTINGS = DecodingConfig(
    temperature=0.8, top_p=0.95, max_new_tokens=24, eos_ids=(0, 1, 2), rows=16
)


def requests(count=9, size=6):
    return [
        Request([3 + i % 5, 7, 11 + i, *range(20, 20 + 3 * i)], 1000 + i, range(i, i + size))
        for i in range(count)
    ]


def same(a, b):
    return all(
        x.stream == y.stream
        and x.token_ids.tobytes() == y.token_ids.tobytes()
        and x.token_logprobs.tobytes() == y.token_logprobs.tobytes()
        and x[2:5] == y[2:5]
        for x, y in zip(a, b, strict=True)
    )


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("qwen2", {}),
        ("llama", {"tie_word_embeddings": True}),
        ("llama", {"num_key_value_heads": 4, "attention_bias": True, "head_dim": 16}),
    ],
)
def test_decoders_agree_with_the_module_on_logits(kind, changes):
    network = tiny(kind, **changes)
    assert forward.can_fuse(network)
    text = torch.randint(3, 60, (5, 20))
    expected = network(input_ids=text).logits
    scale = expected.abs().max()
    for make in (forward.FusedDecoder, forward.ModuleDecoder):
        with torch.inference_mode():
            decoder = make(network, 5, 32)
            for row in range(5):  # every row begins elsewhere
                prefix, logits = decoder.prefill(text[row, : 4 + row].tolist())
                decoder.admit(torch.tensor([row]), prefix)
                assert (logits[0] - expected[row, 3 + row]).abs().max() < 1e-5 * scale
            for step in range(8):
                at = torch.arange(5) + 4 + step
                logits = decoder.step(text[torch.arange(5), at], at)
                wanted = expected[torch.arange(5), at]
                assert (logits - wanted).abs().max() < 1e-5 * scale


def test_greedy_equals_generate_of_transformers(model):
    asked = [Request([5, 9, 14, 3], 1, [0]), Request([8, 8, 30, 4, 17, 5], 2, [0])]
    settings = dataclasses.replace(SETTINGS, temperature=0.0)
    for request, (one,) in zip(asked, generate(model, asked, settings), strict=True):
        ids = torch.tensor([request.prompt_ids])
        out = model.generate(
            input_ids=ids, do_sample=False, max_new_tokens=24, eos_token_id=[0, 1, 2],
            pad_token_id=0, attention_mask=torch.ones_like(ids),
        )  # fmt: skip
        assert one.token_ids.tolist() == out[0, ids.shape[1] :].tolist()


def test_both_decoders_draw_the_same_tokens(model, monkeypatch):
    fused = generate(model, requests(4), SETTINGS)
    monkeypatch.setattr(forward, "can_fuse", lambda _: False)
    plain = generate(model, requests(4), SETTINGS)
    for a, b in zip(fused, plain, strict=True):
        for x, y in zip(a, b, strict=True):
            assert x.token_ids.tolist() == y.token_ids.tolist()
            assert x.sum_logprob == pytest.approx(y.sum_logprob, abs=1e-3)


def test_half_precision_runs_through_the_module(model):
    half = tiny().to(torch.bfloat16)
    assert not forward.can_fuse(half)
    drawn = generate(half, requests(3), SETTINGS)
    assert same(generate(half, requests(3)[2:], SETTINGS)[0], drawn[2])
    assert all(np.isfinite(one.token_logprobs).all() for block in drawn for one in block)


@pytest.mark.parametrize("fused", [True, False])
def test_bytes_do_not_depend_on_company_or_order(model, monkeypatch, fused):
    if not fused:
        monkeypatch.setattr(forward, "can_fuse", lambda _: False)
    asked = requests()
    whole = generate(model, asked, SETTINGS)
    backwards = generate(model, asked[::-1], SETTINGS)[::-1]
    assert all(same(a, b) for a, b in zip(whole, backwards, strict=True))
    for i in range(len(asked)):
        assert same(generate(model, [asked[i]], SETTINGS)[0], whole[i])
    assert same(generate(model, asked[3:7], SETTINGS)[1], whole[4])
    # A sample does not depend on the other samples of its request either.
    part = dataclasses.replace(asked[2], indices=[4, 6])
    assert same(generate(model, [asked[0], part], SETTINGS)[1], [whole[2][2], whole[2][4]])


@pytest.mark.parametrize("rows", [3, 16])
def test_bytes_do_not_depend_on_who_shares_the_tokens(model, rows):
    # Samples that agree share their work, and branches wait where slots are few (rows=3).
    settings = dataclasses.replace(SETTINGS, temperature=0.5, rows=rows)
    prompt = [5, 9, 14, 3]
    blocks = [Request(prompt, 70 + i, range(i * 40, i * 40 + 40)) for i in range(3)]
    whole = generate(model, [*blocks, *requests(4)], settings)
    for block, drawn in zip(blocks, whole, strict=False):
        assert same(generate(model, [block], settings)[0], drawn)
        one = dataclasses.replace(block, indices=[block.indices[17]])
        assert same(generate(model, [one], settings)[0], [drawn[17]])
    texts = [one.token_ids.tobytes() for drawn in whole[:3] for one in drawn]
    assert 3 < len(set(texts)) < len(texts)  # some agree, some do not


def test_bytes_do_not_depend_on_threads_of_the_caller(model):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        two = generate(model, requests(3), SETTINGS)
        assert torch.get_num_threads() == 2
        torch.set_num_threads(1)
        assert all(
            same(a, b) for a, b in zip(two, generate(model, requests(3), SETTINGS), strict=True)
        )
    finally:
        torch.set_num_threads(before)


def test_rollouts_give_the_same_tokens_faster_mode_or_not(model):
    exact = generate(model, requests(), SETTINGS)
    quick = generate(model, requests(), dataclasses.replace(SETTINGS, exact=False))
    for a, b in zip(exact, quick, strict=True):
        for x, y in zip(a, b, strict=True):
            assert x.token_ids.tolist() == y.token_ids.tolist()
            assert x.sum_logprob == pytest.approx(y.sum_logprob, abs=1e-4)


def test_rollouts_follow_the_weights_and_keep_the_mode():
    network = tiny().train()
    before = generate(network, requests(2), SETTINGS)
    with torch.no_grad():
        network.model.layers[0].self_attn.q_proj.weight.mul_(0.5)
    after = generate(network, requests(2), SETTINGS)
    assert network.training
    assert not all(same(a, b) for a, b in zip(before, after, strict=True))


def test_log_probabilities_and_entropies_are_the_models(model):
    (request,) = requests(1)
    for temperature in (0.8, 0.0):
        settings = dataclasses.replace(SETTINGS, temperature=temperature)
        for one in generate(model, [request], settings)[0]:
            prompt, tokens = list(request.prompt_ids), one.token_ids.tolist()
            logits = model(input_ids=torch.tensor([prompt + tokens])).logits.detach()
            logits = logits[0, len(prompt) - 1 :]
            logs = logits[: len(tokens)].log_softmax(-1)
            wanted = logs[torch.arange(len(tokens)), tokens]
            np.testing.assert_allclose(one.token_logprobs, wanted, atol=2e-4)
            assert one.sum_logprob == pytest.approx(wanted.sum().item(), abs=1e-3)
            tempered = (logits[: len(tokens)] / (temperature or 1.0)).log_softmax(-1)
            entropy = -(tempered.exp() * tempered).sum(-1).mean()
            assert one.mean_entropy == pytest.approx(float(entropy), abs=1e-4)


def test_samples_end_at_the_end_token_or_at_the_limit(model):
    drawn = [one for block in generate(model, requests(), SETTINGS) for one in block]
    assert {one.finish_reason for one in drawn} == {"stop", "length"}
    for one in drawn:
        tokens = one.token_ids.tolist()
        assert not {0, 1, 2} & set(tokens[:-1])
        assert (tokens[-1] in (0, 1, 2)) == (one.finish_reason == "stop")
        assert len(tokens) == 24 or one.finish_reason == "stop"
        assert len(one.token_logprobs) == len(tokens)


def test_requests_come_back_as_they_complete_and_progress_counts_samples(model):
    told = []
    asked = requests()
    places = [
        place
        for place, drawn in generate_each(model, asked, SETTINGS, told.append)
        if len(drawn) == 6
    ]
    assert sorted(places) == list(range(len(asked)))
    assert sum(told) == 6 * len(asked)


def test_one_token_at_most(model):
    settings = dataclasses.replace(SETTINGS, max_new_tokens=1)
    drawn = generate(model, requests(3), settings)
    assert {len(one.token_ids) for block in drawn for one in block} == {1}


def test_tokens_follow_the_distribution():
    # A chi-square test on 20,000 draws from one distribution, and the nucleus alone.
    torch.manual_seed(1)
    logits = torch.randn(1, 20)
    chance = draw_uniforms(derive_streams(3, np.arange(20_000)), 5)
    rows = np.zeros(20_000, dtype=int)
    tokens = torch.from_numpy(draw(prepare_draws(logits, 0.7, 1.0), rows, chance))
    expected = (logits / 0.7).softmax(-1)[0] * 20_000
    statistic = float(((tokens.bincount(minlength=20) - expected) ** 2 / expected).sum())
    assert statistic < 19 + 5 * math.sqrt(38)
    kept = np.unique(draw(prepare_draws(logits, 0.7, 0.6), rows, chance))
    order = (logits / 0.7).softmax(-1)[0].sort(descending=True)
    size = int((order.values.cumsum(0) < 0.6).sum()) + 1
    assert set(kept.tolist()) == set(order.indices[:size].tolist())


@pytest.mark.parametrize("vocabulary", [5, 60, 3000])
def test_nucleus_is_that_of_a_full_sort(vocabulary):
    torch.manual_seed(2)
    chances = (torch.randn(64, vocabulary) * torch.linspace(0.1, 6, 64)[:, None]).softmax(-1)
    given = prepare_draws(chances.log(), 1.0, 0.9)
    order = chances.sort(-1, descending=True)
    inside = order.values.cumsum(-1, dtype=torch.float64) - order.values < 0.9
    kept = given.ladder.diff(prepend=torch.zeros(len(given.ladder), 1)) > 0
    counts = torch.where(torch.from_numpy(given.open) < 0, 1, kept.sum(-1)[given.open])
    sizes = counts - inside.sum(-1)
    assert sizes.abs().max() <= 1  # the last token may differ where the mass is 0.9 to rounding
    assert (sizes == 0).float().mean() > 0.95


def test_largest_uniform_stays_in_the_nucleus():
    given = prepare_draws(torch.tensor([[3.0, 1.0, -torch.inf]]), 1.0, 1.0)
    ends = np.array([0.0, 1 - 2.0**-53])
    assert draw(given, np.zeros(2, dtype=int), ends).tolist() == [0, 1]
    assert np.isfinite(given.entropy).all()


@pytest.mark.parametrize(
    ("request_", "changes", "says"),
    [
        (Request([], 1, [0]), {}, "no prompt tokens"),
        (Request([1], 1, []), {}, "no sample indices"),
        (Request([1] * 120, 1, [0]), {}, "context of 128"),
        (Request([1], 1, [0]), {"top_p": 0.0}, "top_p"),
        (Request([1], 1, [0]), {"max_new_tokens": 0}, "max_new_tokens"),
    ],
)
def test_errors_say_what_is_legal(model, request_, changes, says):
    with pytest.raises(ValueError, match=says):
        generate(model, [request_], dataclasses.replace(SETTINGS, **changes))
