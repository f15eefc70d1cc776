"""Engines by name: what each can, what parameters allow, and engines of other packages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

import toy_policy as toy
from passk.sampling.engines.registry import ENGINES
from passk.sampling.settings import Draw


def draw(engine):
    return Draw(
        model="m", sets=["s"], n=4, temperature=1.0, max_new_tokens=9, template="plain",
        engine=engine,
    )  # fmt: skip


def test_a_draw_names_an_engine_that_draws_samples_and_an_arm_one_that_rolls_out():
    assert [name for name in ENGINES if ENGINES[name].draws_samples] == [
        "step_loop", "generate", "vllm", "endpoint", "imported",
    ]  # fmt: skip
    assert [name for name in ENGINES if ENGINES[name].draws_rollouts] == [
        "step_loop", "generate", "vllm",
    ]  # fmt: skip
    assert draw("step_loop").engine == "step_loop"
    assert draw("generate").engine == "generate"
    with pytest.raises(ValidationError, match="legal: generate, step_loop, vllm"):
        toy.settings(engine="imported")
    with pytest.raises(ValidationError, match="did you mean 'step_loop'"):
        draw("steploop")


@pytest.mark.parametrize("module", ["torch", "transformers", "polars", "vllm"])
def test_registrations_are_read_without_heavy_imports(module):
    code = (
        "import sys\nfrom passk.sampling.engines.registry import ENGINES\n"
        f"list(ENGINES.values())\nsys.exit({module!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.long
def test_an_installed_package_adds_an_engine(tmp_path):
    """One module and one entry point: it draws blocks and rolls out, without an edit here."""
    (tmp_path / "toy_echo.py").write_text(
        "from passk.sampling.blocks import Sample\n"
        "from passk.sampling.engines.engine import Engine\n"
        "from passk.sampling.rollouts import Rollout\n"
        "class Echo:\n"
        "    def __init__(self, config): self.config = config\n"
        "    def draw(self, blocks, progress):\n"
        "        for block in blocks:\n"
        "            yield block, [Sample(i, i, block.prompt, [1], 'stop', 0.0, None, None)\n"
        "                          for i in block.indices]\n"
        "    def __call__(self, model, request):\n"
        "        rollout = Rollout([1], 'echo', False, 0.0)\n"
        "        return [[rollout] * self.config.rollouts for _ in request.tasks]\n"
        "ECHO = Engine(version=7, exact=True, blocks=Echo, rollouts=Echo)\n"
    )
    info = tmp_path / "toy_echo-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-echo\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[passk.engines]\necho = toy_echo:ECHO\n")
    code = """
import toy_policy as toy
from passk.sampling.blocks import plan_blocks
from passk.sampling.engines.registry import ENGINES
from passk.sampling.rollouts import RolloutRequest
from test_engine_registry import draw
engine = ENGINES[draw("echo").engine]
blocks = plan_blocks({"version": engine.version}, "1+1=", None, 4, 2)
drawn = [s.text for _, samples in engine.blocks(None).draw(blocks, print) for s in samples]
assert drawn == ["1+1="] * 4
sampler = toy.sampler("echo", None, toy.settings(engine="echo"))
rollouts = sampler(None, RolloutRequest(["task"], 1))
assert [rollout.text for rollout in rollouts[0]] == ["echo"] * 8
"""
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parent)])
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
