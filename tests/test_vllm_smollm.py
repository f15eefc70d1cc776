"""The real model of `test_smollm` by vLLM: `make test-slow`, skipped without vLLM's environment."""

import numpy as np
from transformers import AutoModelForCausalLM, AutoTokenizer

from passk.core.machine import Machine
from passk.sampling.scoring import GivenResponse
from passk.sampling.teacher_forcing import score_responses
from test_smollm import check_samples, draw, folder, prompts  # noqa: F401
from vllm_here import PYTHON, VARIABLES, needs_vllm

pytestmark = needs_vllm
HOST = {"python": str(PYTHON), "variables": VARIABLES}
MACHINE = Machine.model_validate({"engines": {"vllm": HOST}})


def test_two_problems_four_samples_each(folder, prompts):  # noqa: F811
    drawn = draw("vllm", folder, prompts, machine=MACHINE)
    check_samples(folder, prompts, drawn, atol=1e-2)


def test_greedy_responses_are_those_of_the_step_loop_up_to_near_ties(folder, prompts):  # noqa: F811
    greedy = {"temperature": 0.0, "top_p": 1.0, "max_new_tokens": 48}
    ours = draw("step_loop", folder, prompts, **greedy)
    theirs = draw("vllm", folder, prompts, machine=MACHINE, **greedy)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    for prompt in prompts:
        one, other = (drawn[prompt][0].token_ids for drawn in (ours, theirs))
        shared = min(len(one), len(other))
        differing = np.flatnonzero(one[:shared] != other[:shared])
        if not len(differing):
            assert len(one) == len(other)
            continue
        end = differing[0] + 1
        ids = tuple(tokenizer.encode(prompt, add_special_tokens=False))
        scored = dict(score_responses(model, [GivenResponse(ids, x[:end]) for x in (one, other)]))
        assert abs(scored[0][-1] - scored[1][-1]) < 1e-2
