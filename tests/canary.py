"""A few float operations of every kind that a study depends on, as digests: seconds, no study.

`python -m passk.core.processor tests/canary.py` prints them; `--write` records them in
tests/data/canary.json, which is right only where results are meant to change. Everything here runs
as in a stage, pinned.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import torch

from passk.analysis.bootstrap import bootstrap_curve, draw_problems
from passk.core.digests import digest
from passk.models.arithmetic import make_reproducible
from passk.models.tiny import make_tiny_model
from passk.models.tokenizer import train_tokenizer
from passk.sampling.decoding import DecodingConfig
from passk.sampling.steploop import Request, generate
from passk.training.pretraining import Schedule, pack, pretrain

RECORDED = Path(__file__).parent / "data" / "canary.json"


def model():
    """A Qwen2 of two layers with random weights."""
    tokenizer = train_tokenizer("qwen2", ["f(g(12)) = 907", "h(3) = 45"], 300, 64)
    return make_tiny_model(
        "qwen2", layers=2, width=96, heads=3, key_value_heads=3, feed_forward=192, context=128,
        rope_theta=1000.0, init_std=0.08, tokenizer=tokenizer, seed=1,
    )  # fmt: skip


def trained(network, folder):
    """Weights and losses after three steps of pretraining."""
    generator = np.random.default_rng(7)
    pairs = [
        (generator.integers(1, 260, 5).tolist(), generator.integers(1, 260, 20 + i % 9).tolist())
        for i in range(48)
    ]
    schedule = Schedule(3, 16, 3e-3, 1, 0.1, 0.01, (0.9, 0.98), 1e-8, 1.0)
    rows = pretrain(network, pack(pairs, 0), schedule, seed=3, folder=folder, resume_every=10)
    weights = b"".join(w.detach().numpy().tobytes() for w in network.parameters())
    return digest(rows, hashlib.sha256(weights).hexdigest())


def drawn(network):
    """Tokens, log-probabilities and entropies of two blocks of samples."""
    requests = [Request([5, 9, 14, 40 + i], 100 + i, range(8)) for i in range(2)]
    settings = DecodingConfig(0.6, 0.95, 24, (0,), rows=16)
    samples = [one for block in generate(network, requests, settings) for one in block]
    return digest(
        [
            [s.token_ids.tolist(), s.token_logprobs.tolist(), s.sum_logprob, s.mean_entropy]
            for s in samples
        ]
    )


def resampled():
    """Interval and band of a bootstrapped difference of two curves."""
    generator = np.random.default_rng(11)
    n, k = np.full(48, 128), 2 ** np.arange(8)
    resamples = draw_problems(48, 2000, generator)
    base, rl = (
        bootstrap_curve(n, generator.binomial(128, generator.beta(a, 3, 48)), k, resamples,
                        np.random.default_rng(seed))
        for a, seed in ((0.3, 1), (0.6, 2))
    )  # fmt: skip
    curve = rl - base
    return digest([part.tolist() for part in (*curve.interval(), *curve.band())])


def digests(folder: Path) -> dict[str, str]:
    """All digests; `folder` is scratch."""
    make_reproducible()
    assert torch.backends.cpu.get_cpu_capability() == "AVX2"
    network = model()
    return {"step": trained(network, folder), "draw": drawn(network), "bootstrap": resampled()}


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        text = json.dumps(digests(Path(scratch)), indent=1) + "\n"
    print(text, end="")
    if "--write" in sys.argv:
        RECORDED.write_text(text, encoding="utf-8")
