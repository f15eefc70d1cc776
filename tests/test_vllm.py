"""The vllm engine, in vLLM's own environment: `make test-vllm`.

Imports only what that environment has: passk without its heavy dependencies, vLLM, transformers.
"""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen2Config, Qwen2ForCausalLM
from transformers.models.qwen2.tokenization_qwen2 import Qwen2Tokenizer

from passk.sampling.blocks import BlockStore, plan_blocks
from passk.sampling.engines.engine import SamplingConfig
from passk.sampling.engines.vllm import VllmEngine
from passk.sampling.streams import derive_streams

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(not importlib.util.find_spec("vllm"), reason="vLLM is not installed here"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny Qwen2 with uneven distributions and a byte-level tokenizer."""
    folder = tmp_path_factory.mktemp("model")
    letters = ["<|endoftext|>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    vocabulary = {letter: i for i, letter in enumerate(letters)}
    end = "<|endoftext|>"
    tokenizer = Qwen2Tokenizer(
        vocab=vocabulary, merges=[], unk_token=end, eos_token=end, pad_token=end
    )
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer), hidden_size=64, num_hidden_layers=2, intermediate_size=96,
            num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=256,
            eos_token_id=0, pad_token_id=0, bos_token_id=None,
        )
    )  # fmt: skip
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" not in name:
                weight.mul_(6.0)
    model.generation_config.eos_token_id = 0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def order(folder, temperature=0.8):
    return SamplingConfig(folder, temperature, 0.95, 20, 64, "float32", plain=True)


@pytest.fixture(scope="module")
def engine(folder):
    os.environ["VLLM_CPU_KVCACHE_SPACE"] = "1"
    return VllmEngine(order(folder))


@pytest.fixture(scope="module")
def blocks():
    return [
        block
        for prompt in ("f(12)\n", "g(h(5))\n")
        for block in plan_blocks({"engine": "vllm"}, prompt, None, 24, 8)
    ]


@pytest.fixture(scope="module")
def drawn(engine, blocks):
    told = []
    found = list(engine.draw(blocks, told.append))
    assert sum(told) == 48
    return found


def test_every_block_comes_whole_and_in_its_own_streams(drawn, blocks):
    assert [block for block, _ in drawn] == blocks
    streams = []
    for block, samples in drawn:
        assert [one.sample_index for one in samples] == list(block.indices)
        expected = derive_streams(block.stream, list(block.indices)).tolist()
        assert [one.stream for one in samples] == expected
        streams += expected
    assert len(set(streams)) == len(streams) == 48


def test_samples_differ_and_end_as_they_say(drawn, engine):
    samples = [one for _, block in drawn for one in block]
    assert len({one.token_ids.tobytes() for one in samples}) > 24
    for one in samples:
        assert one.finish_reason in ("stop", "length")
        assert (one.token_ids[-1] in engine.ends) == (one.finish_reason == "stop")
        assert one.finish_reason == "stop" or len(one.token_ids) == 20
        assert len(one.token_logprobs) == len(one.token_ids)
        assert one.sum_logprob == pytest.approx(float(one.token_logprobs.sum()), abs=1e-4)


def test_token_ids_and_log_probabilities_are_those_of_transformers(drawn, folder):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for block, samples in drawn:
        prompt = tokenizer.encode(block.prompt)
        for one in samples[:3]:
            ids = torch.tensor([prompt + one.token_ids.tolist()])
            with torch.no_grad():
                logs = model(input_ids=ids).logits[0, len(prompt) - 1 : -1].log_softmax(-1)
            wanted = logs[torch.arange(len(one.token_ids)), one.token_ids.tolist()]
            # Temperature 1 and untruncated, though drawn at 0.8 from a nucleus.
            np.testing.assert_allclose(one.token_logprobs, wanted, atol=5e-3)


def test_blocks_are_kept(drawn, tmp_path):
    store = BlockStore(tmp_path)
    for block, samples in drawn:
        store.write(block, samples)
        back = store.read(block)
        assert [one.text for one in back] == [one.text for one in samples]
        assert all(one.mean_entropy is None for one in back)


CHECKPOINTS = sorted(Path("models").glob("*/base/tokenizer.json"))


@pytest.mark.skipif(not CHECKPOINTS, reason="no study has made its base model here")
@pytest.mark.parametrize("path", CHECKPOINTS, ids=str)
def test_a_studys_base_has_the_same_token_ids_here(path):
    # The AutoTokenizer trap: token ids must not depend on who loads the checkpoint.
    tokenizer, backend = AutoTokenizer.from_pretrained(path.parent), Tokenizer.from_file(str(path))
    for text in ("f(g(48213))\n", "undo h then g on 907\n", " h:left=82134 \\boxed{93245}"):
        assert tokenizer.encode(text) == backend.encode(text).ids
        assert tokenizer.decode(tokenizer.encode(text)) == text
