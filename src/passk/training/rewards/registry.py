"""The rewards by name. Importing this module imports none of them.

A reward is a function of a judge that returns a `Reward`; it reads what it wants of a task: gold,
question, level. To add one: write such a function, list it here (or in the entry points
`passk.rewards` of a package of your own), and name it in `params.yaml`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from passk.core.registry import Registry

if TYPE_CHECKING:  # parameters are checked without torch
    from passk.domains.grading import Judge
    from passk.training.reward import Reward

REWARDS: "Registry[Callable[[Judge], Reward]]" = Registry(
    "reward",
    "passk.rewards",
    {
        "correctness": "passk.training.rewards.correctness:correctness",
        "valid_steps": "passk.training.rewards.valid_steps:valid_steps",
    },
)
