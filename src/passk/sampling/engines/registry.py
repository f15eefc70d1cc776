"""The engines by name. Importing this module imports none of them.

| engine | draws | rollouts | random numbers of a rollout |
|---|---|---|---|
| step_loop | yes, exact | yes | of its own: (arm, step, place, problem, index, position) |
| generate | yes, exact | yes | of its batch: block; (arm, step, batch) |
| vllm | yes | yes, on a GPU | of its own: hashed seed of (arm, step, place, problem, index) |
| endpoint | yes, of models on servers | no | |
| imported | yes, recorded by others | no | |

`generate` runs any architecture of transformers, `step_loop` those of full attention.
The place, a task's position in its step, is in the seeds because one step may ask a problem twice.
"""

from passk.core.registry import Registry
from passk.sampling.engines.engine import Engine

ENGINES: Registry[Engine] = Registry(
    "engine",
    "passk.engines",
    {
        "step_loop": "passk.sampling.engines.step_loop:STEP_LOOP",
        "generate": "passk.sampling.engines.generate:GENERATE",
        "vllm": "passk.sampling.engines.vllm:VLLM",
        "endpoint": "passk.sampling.engines.endpoint:ENDPOINT",
        "imported": "passk.sampling.engines.imported:IMPORTED",
    },
)
