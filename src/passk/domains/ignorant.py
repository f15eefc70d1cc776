"""What is reached without any error of execution and without knowing what words mean.

The ignorant strategy does each step of a question by an operation drawn uniformly from those that
the corpus shows, and executes it right. It is the line that a curve must be held against in a
generated world: with many attempts, guessing the operations solves much, and teaches nothing about
reasoning. Its chance on a problem is computed exactly, by dynamic programming over what a number
or an image can have become.

A world whose steps cannot be told from its question alone has no such line (`programs`).
"""

from collections.abc import Callable, Collection
from typing import NamedTuple

from passk.core.registry import Registry


class IgnorantChance(NamedTuple):
    """Chances of one attempt at a problem.

    Attributes:
        answer: that the answer is right.
        chain: that every step is the one that is asked for.
    """

    answer: float
    chain: float


# (question, what its image shows, right answer, operations that the corpus lacks) -> chances; None
# where the question is not of the world.
IgnorantSolver = Callable[[str, str | None, str, Collection[str]], IgnorantChance | None]

IGNORANT: Registry[IgnorantSolver] = Registry(
    "ignorant strategy",
    "passk.ignorant",
    {
        "digits": "passk.domains.math.world.ignorant:solve_blindly",
        "scenes": "passk.domains.visual.world.ignorant:solve_blindly",
    },
)
