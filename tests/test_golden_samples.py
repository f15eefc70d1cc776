"""Golden bytes: when the sampler's output changes, its version must be raised.

Samples in block stores are named by the version, so that old and new ones never mix. After
raising the version of `STEP_LOOP`, record anew:
`python -m passk.core.processor tests/test_golden_samples.py`.
"""

import json
from pathlib import Path

from passk.core.digests import digest
from passk.sampling.decoding import DecodingConfig
from passk.sampling.engines.registry import ENGINES
from passk.sampling.steploop import Request, generate
from toy_checkpoint import uneven_qwen2

GOLDEN = Path(__file__).with_name("golden_samples.json")
WAYS = {
    "nucleus": DecodingConfig(0.6, 0.95, 12, (0,), rows=8),
    "all": DecodingConfig(1.0, 1.0, 12, (0,), rows=8),
    "greedy": DecodingConfig(0.0, 1.0, 12, (0,), rows=8),
}


def drawn():
    model = uneven_qwen2()
    asked = [Request([5 + i, 9, 14 + 3 * i], 100 + i, range(6)) for i in range(3)]
    found = {}
    for name, settings in WAYS.items():
        samples = [one for block in generate(model, asked, settings) for one in block]
        found[name] = {
            "tokens": digest([[one.stream, one.token_ids.tolist()] for one in samples]),
            "sum_logprob": [one.sum_logprob for one in samples],
            "mean_entropy": [one.mean_entropy for one in samples],
        }
    return found


def test_samples_are_those_of_the_recorded_version():
    golden = json.loads(GOLDEN.read_text())
    found = drawn()
    assert ENGINES["step_loop"].version == golden["version"], (
        "the sampler's version was raised: record anew as the head of this file says"
    )
    for name in WAYS:
        assert found[name] == golden["samples"][name], (
            f"{name}: the sampler's output changed; raise STEP_LOOP's version in "
            "src/passk/sampling/engines/step_loop.py, then record anew"
        )


if __name__ == "__main__":
    record = {"version": ENGINES["step_loop"].version, "samples": drawn()}
    GOLDEN.write_text(json.dumps(record, indent=1) + "\n")
