"""Draws by vLLM's CPU build in a process of its own, called as the sample stage calls them."""

import numpy as np
import pytest
import torch
from tokenizers import pre_tokenizers
from transformers import AutoModelForCausalLM, Qwen2Config, Qwen2ForCausalLM
from transformers.models.qwen2.tokenization_qwen2 import Qwen2Tokenizer

from passk.core.machine import Machine
from passk.sampling.blocks import BlockStore, plan_blocks
from passk.sampling.engines.engine import SamplingConfig
from passk.sampling.engines.vllm_draws import VllmEngine
from passk.sampling.streams import derive_streams
from vllm_here import PYTHON, VARIABLES, needs_vllm

pytestmark = needs_vllm
LONGEST = 20
STOP = "7"
HOST = {"python": str(PYTHON), "rows": 12, "variables": VARIABLES}
MACHINE = Machine.model_validate({"engines": {"vllm": HOST}})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny Qwen2 with uneven distributions and a byte-level tokenizer, context 64."""
    folder = tmp_path_factory.mktemp("model")
    end = "<|endoftext|>"
    letters = [end, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Qwen2Tokenizer(
        vocab={letter: i for i, letter in enumerate(letters)},
        merges=[], unk_token=end, eos_token=end, pad_token=end,
    )  # fmt: skip
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer), hidden_size=64, num_hidden_layers=2, intermediate_size=96,
            num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=64,
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


def plan(prompt, n):
    return plan_blocks({"engine": "vllm"}, prompt, None, n, 8)


TOO_LONG = "f(12) and so on" * 3  # 45 tokens and 20 are more than 64


@pytest.fixture(scope="module")
def blocks():
    return [*plan("f(12)\n", 40), *plan(TOO_LONG, 8), *plan("g(h(5))\n", 40)]


@pytest.fixture(scope="module")
def engine(folder):
    config = SamplingConfig(
        folder, 0.8, 0.95, LONGEST, 64, "float32", plain=True, stop=(STOP,), machine=MACHINE
    )
    return VllmEngine(config)


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def drawn(engine, blocks, told):
    return {block.key: (block, samples) for block, samples in engine.draw(blocks, told.append)}


@pytest.fixture(scope="module")
def good(drawn):
    return {key: value for key, value in drawn.items() if value[0].prompt != TOO_LONG}


def test_every_block_comes_whole_and_in_its_own_streams(drawn, blocks, told):
    assert sorted(drawn) == sorted(block.key for block in blocks)
    assert sum(told) == 88
    streams = []
    for block, samples in drawn.values():
        assert [one.sample_index for one in samples] == list(block.indices)
        expected = derive_streams(block.stream, list(block.indices)).tolist()
        assert [one.stream for one in samples] == expected
        streams += expected
    assert len(set(streams)) == len(streams) == 88


def test_samples_differ_and_end_as_they_say(good, engine):
    samples = [one for _, block in good.values() for one in block]
    assert len({one.token_ids.tobytes() for one in samples}) > 40
    seen = set()
    for one in samples:
        text = engine.tokenizer.decode(one.token_ids.tolist(), skip_special_tokens=True)
        ended, stopped = one.token_ids[-1] in engine.ends, STOP in text
        seen.add((ended, stopped))
        assert one.finish_reason == ("stop" if ended or stopped else "length")
        assert one.finish_reason == "stop" or len(one.token_ids) == LONGEST
        assert one.text == text.partition(STOP)[0]
        assert STOP not in engine.tokenizer.decode(one.token_ids.tolist()[:-1])
        assert len(one.token_logprobs) == len(one.token_ids)
        assert one.sum_logprob == pytest.approx(float(one.token_logprobs.sum()), abs=1e-4)
    assert seen >= {(False, False), (False, True)}


def test_log_probabilities_are_those_of_transformers(good, folder, engine):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
    for block, samples in good.values():
        prompt = engine.tokenizer.encode(block.prompt)
        for one in samples[:2]:
            ids = torch.tensor([prompt + one.token_ids.tolist()])
            with torch.no_grad():
                logs = model(input_ids=ids).logits[0, len(prompt) - 1 : -1].log_softmax(-1)
            wanted = logs[torch.arange(len(one.token_ids)), one.token_ids.tolist()]
            # Temperature 1 and untruncated, though drawn at 0.8 from a nucleus.
            np.testing.assert_allclose(one.token_logprobs, wanted, atol=5e-3)


def test_a_prompt_that_does_not_fit_is_unknown_and_ends_no_draw(drawn):
    (samples,) = [samples for block, samples in drawn.values() if block.prompt == TOO_LONG]
    assert {(one.finish_reason, one.text, len(one.token_ids)) for one in samples} == {
        ("aborted", "", 0)
    }


def test_blocks_are_kept(drawn, tmp_path):
    store = BlockStore(tmp_path)
    for block, samples in drawn.values():
        store.write(block, samples)
        back = store.read(block)
        assert [one.text for one in back] == [one.text for one in samples]
        assert all(one.mean_entropy is None for one in back)


def test_what_vllm_says_at_the_start_is_said_in_a_line(folder, blocks):
    from passk.sampling.engines.process import EngineError

    variables = VARIABLES | {"VLLM_CPU_KVCACHE_SPACE": "100000"}
    host = HOST | {"variables": variables}
    machine = Machine.model_validate({"engines": {"vllm": host}})
    config = SamplingConfig(folder, 0.8, 0.95, LONGEST, 64, "float32", plain=True, machine=machine)
    with pytest.raises(EngineError, match=r"engine 'vllm': .*; its log is ") as raised:
        list(VllmEngine(config).draw(blocks, lambda _: None))
    assert "\n" not in str(raised.value)
