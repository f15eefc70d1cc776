"""Scoring by vLLM's prompt log-probabilities, beside the step loop's: `make test-vllm`."""

import numpy as np
import pytest

from passk.core.files import read_json
from passk.core.machine import Machine
from passk.sampling.engines.step_loop_scoring import StepLoopScorer
from passk.sampling.engines.vllm_scoring import VllmScorer
from passk.sampling.scoring import GivenResponse, ScoringConfig, ScoringError
from toy_checkpoint import save, uneven_qwen2
from vllm_here import PYTHON, VARIABLES, needs_vllm

pytestmark = needs_vllm
HOST = {"python": str(PYTHON), "variables": VARIABLES}
MACHINE = Machine.model_validate({"engines": {"vllm": HOST}})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    save(folder)
    shape = {"hidden_size": 64, "num_attention_heads": 2, "num_key_value_heads": 1}
    vocabulary = read_json(folder / "config.json")["vocab_size"]
    uneven_qwen2(vocabulary, **shape).save_pretrained(folder)  # heads that vLLM has a kernel for
    return folder


def responses():
    random = np.random.default_rng(3)
    return [
        GivenResponse(
            tuple(random.integers(1, 200, 3 + i % 4).tolist()),
            random.integers(1, 200, i % 40).astype(np.int32),
        )
        for i in range(60)
    ]


def test_vllm_and_the_step_loop_give_the_same_numbers(folder):
    config, asked = ScoringConfig(folder, "float32", MACHINE), responses()
    told = []
    theirs = dict(VllmScorer(config).score(asked, told.append))
    ours = dict(StepLoopScorer(config).score(asked, lambda _: None))
    assert sum(told) == len(asked) == len(theirs)
    for place, given in enumerate(asked):
        assert len(theirs[place]) == len(given.response_ids)
        np.testing.assert_allclose(theirs[place], ours[place], atol=5e-3)


def test_a_response_past_the_context_is_refused_before_vllm_starts(folder):
    long = GivenResponse((1,), np.ones(63, np.int32))
    with pytest.raises(ScoringError, match="exceed the model's context of 63"):
        next(VllmScorer(ScoringConfig(folder, "float32", MACHINE)).score([long], lambda _: None))
