"""The algorithms by name. Importing this module imports none of them."""

from passk.core.registry import Registry
from passk.training.algorithms.algorithm import Algorithm

ALGORITHMS: Registry[type[Algorithm]] = Registry(
    "algorithm",
    "passk.algorithms",
    {
        "grpo": "passk.training.algorithms.grpo:Grpo",
        "rloo": "passk.training.algorithms.rloo:Rloo",
        "reinforce++": "passk.training.algorithms.reinforce_plus_plus:ReinforcePlusPlus",
        "remax": "passk.training.algorithms.remax:Remax",
        "ppo": "passk.training.algorithms.ppo:Ppo",
        "dapo": "passk.training.algorithms.dapo:Dapo",
        "pass_at_k": "passk.training.algorithms.pass_at_k:PassAtK",
        "pkpo": "passk.training.algorithms.pkpo:Pkpo",
    },
)
