"""What a model's name says: arm, training seed, step."""

import re
from typing import NamedTuple

_NAME = re.compile(r"^(?P<arm>[^/]+?)(?:-s(?P<seed>\d+))?(?:/step-(?P<step>\d+))?$")
_RECORDED = re.compile(
    r"^[^/]+/(?!step-)[^/]+$"
)  # one of several models whose samples are imported


class ModelName(NamedTuple):
    """The parts of a model's name; None where the name does not say."""

    arm: str
    train_seed: int | None
    step: int | None


def parse(name: str) -> ModelName:
    """Split `grpo-s1/step-120` into arm, training seed and step.

    Example:
        >>> parse("grpo-s1/step-120")
        ModelName(arm='grpo', train_seed=1, step=120)
        >>> parse("math500/qwen-s1")
        ModelName(arm='math500/qwen-s1', train_seed=None, step=None)
        >>> parse("base")
        ModelName(arm='base', train_seed=None, step=None)
    """
    if _RECORDED.match(name):
        return ModelName(name, None, None)
    match = _NAME.match(name)
    if match is None:
        raise ValueError(f"model name {name!r}: expected ARM, ARM-sSEED, or either with /step-N")
    seed, step = match["seed"], match["step"]
    return ModelName(match["arm"], int(seed) if seed else None, int(step) if step else None)
