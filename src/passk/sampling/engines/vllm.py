"""The `vllm` engine: draws by a process in vLLM's own environment, rollouts in the trainer's.

vLLM cannot be installed beside the transformers of the pipeline's environment. So a draw talks to
a process that the machine file's Python, or container, runs (`vllm_draws`, `vllm_server`); a
trainer whose rollouts it draws runs in vLLM's environment itself (`vllm_rollouts`).
"""

from passk.sampling.engines.engine import Engine
from passk.sampling.engines.vllm_draws import VllmEngine, probe_vllm
from passk.sampling.engines.vllm_rollouts import VllmOptions, VllmRollouts
from passk.sampling.engines.vllm_scoring import VLLM_SCORING

VLLM = Engine(
    version=2,
    exact=False,
    blocks=VllmEngine,
    rollouts=VllmRollouts,
    rollout_options=VllmOptions,
    has_own_weights=True,
    splits_models=True,
    scores=VLLM_SCORING,
    probe=probe_vllm,
    rollout_packages=("vllm", "trl"),
)
