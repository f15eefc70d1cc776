"""Each architecture is computed rightly by the step loop, or refused with the remedy."""

import numpy as np
import pytest
import torch

import tiny_architectures as tiny
from passk.core.files import read_json
from passk.sampling.architectures import find_objection, longest_sequence
from passk.sampling.decoding import DecodingConfig
from passk.sampling.generated import Way, run_generate
from passk.sampling.self_check import ArchitectureError, check_model, measure_difference
from passk.sampling.steploop import Request, generate

# What the step loop does with each: right, or the words of its refusal.
STEP_LOOP = {
    "Qwen2": "right",
    "Qwen2, window": "last 16 alone",
    "Llama": "right",
    "Qwen3": "right",
    "GPT-2": "right",
    "GPT-NeoX": "right",
    "Mixtral": "right",
    "Qwen3-MoE": "right",
    "Mistral": "right",
    "Mistral, window": "last 16 alone",
    "Gemma 2": "last 16 alone",
    "Gemma 3": "last 16 alone",
    "Phi-3": "right",
    "Phi-3, window": "last 16 alone",
    "Olmo 3": "last 16 alone",
    "gpt-oss": "last 16 alone",
    "Llama 4": "chunk of 16 alone",
    "DeepSeek-V3": "right",
    "Mamba": "layers that keep a state",
    "Qwen3-Next": "layers that keep a state",
}
PROMPTS = [list(range(1, 25)), list(range(30, 40))]  # one is past the window, one grows past it
IDS = [5 + (7 * i) % 100 for i in range(48)]


class Letters:
    """As much of a tokenizer as the check needs."""

    def encode(self, text, *, add_special_tokens):
        return [1 + ord(letter) % 100 for letter in text]


@pytest.fixture(scope="module", params=tiny.SHAPES)
def architecture(request):
    return request.param, tiny.make(request.param)


@torch.no_grad()
def one_pass(model, prompt, tokens):
    """Log-probabilities of a response by one forward pass."""
    logits = model(input_ids=torch.tensor([[*prompt, *tokens]]), use_cache=False).logits[0]
    logprobs = logits[len(prompt) - 1 : -1].float().log_softmax(-1)
    return logprobs.gather(1, torch.tensor(tokens)[:, None])[:, 0].numpy()


def test_the_table_is_complete():
    assert STEP_LOOP.keys() == tiny.SHAPES.keys()


def test_right_or_refused(architecture):
    name, model = architecture
    expected = STEP_LOOP[name]
    if expected != "right":
        with pytest.raises(ArchitectureError, match=expected) as caught:
            check_model(model, Letters(), None, "m")
        assert "engine: generate" in str(caught.value)
        assert "\n" not in str(caught.value)
        return
    check_model(model, Letters(), None, "m")
    requests = [Request(prompt, 5 + i, range(3)) for i, prompt in enumerate(PROMPTS)]
    drawn = generate(model, requests, DecodingConfig(max_new_tokens=20, rows=8))
    for prompt, samples in zip(PROMPTS, drawn, strict=True):
        for sample in samples:
            found = one_pass(model, prompt, sample.token_ids.tolist())
            np.testing.assert_allclose(sample.token_logprobs, found, atol=1e-5)


def test_generate_is_right_for_all(architecture):
    _, model = architecture
    way = Way(0.8, 0.95, 20, ends=(0,), pad=0)
    for prompt in PROMPTS:
        for row in run_generate(model, [prompt] * 3, way, seed=7, one_thread=True):
            found = one_pass(model, prompt, row.token_ids.tolist())
            np.testing.assert_allclose(row.logprobs, found, atol=1e-5)


def test_what_a_configuration_hides_is_measured(architecture):
    """The check at load finds by itself what the configuration would tell."""
    name, model = architecture
    if STEP_LOOP[name] == "right":
        assert measure_difference(model, IDS) < 1e-5
    else:
        try:
            difference = measure_difference(model, IDS)
        except (RuntimeError, IndexError):  # there are no keys to take
            difference = np.inf
        assert difference > 0.1


def test_the_published_configuration_file_says_the_same(architecture, tmp_path):
    name, model = architecture
    model.config.save_pretrained(tmp_path)
    written = read_json(tmp_path / "config.json")
    assert (find_objection(written) is None) == (STEP_LOOP[name] == "right")
    assert longest_sequence(written) == longest_sequence(model.config.to_dict())


def test_within_its_window_a_model_is_right():
    model = tiny.make("Mistral, window")
    check_model(model, Letters(), 16, "m")
    assert find_objection({"sliding_window": 16, "max_position_embeddings": 128}, 16) is None
    assert "context: 16" in find_objection({"sliding_window": 16, "max_position_embeddings": 128})


def test_a_difference_that_no_configuration_tells_is_refused():
    model = tiny.make("GPT-NeoX")
    inner = model.gpt_neox.rotary_emb.forward
    # Positions by the length of what is passed at once, as some code of strangers has them.
    model.gpt_neox.rotary_emb.forward = lambda x, position_ids: inner(
        x, position_ids * 0 + torch.arange(position_ids.shape[-1])
    )
    with pytest.raises(ArchitectureError, match=r"up to [\d.]+ nats off.*engine: generate"):
        check_model(model, Letters(), None, "m")


def test_the_check_draws_no_random_number():
    model = tiny.make("Llama")
    before = torch.random.get_rng_state()
    check_model(model, Letters(), None, "m")
    assert torch.equal(torch.random.get_rng_state(), before)


def test_configurations_of_older_libraries():
    unused = {"sliding_window": 131072, "use_sliding_window": False, "max_window_layers": 28,
              "max_position_embeddings": 4096}  # fmt: skip
    assert find_objection(unused) is None
    long = {"rope_scaling": {"type": "longrope"}, "original_max_position_embeddings": 4096,
            "max_position_embeddings": 131072}  # fmt: skip
    assert "beyond 4096" in find_objection(long)
    assert find_objection(long, 4096) is None
    assert find_objection({"text_config": {"attention_chunk_size": 8192}}) is not None
