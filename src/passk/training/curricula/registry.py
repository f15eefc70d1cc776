"""The curricula by name. Importing this module imports none of them.

To add one: write a function as `Curriculum` says in a module here, list it below (or in the entry
points `passk.curricula` of a package of your own), and name it in `params.yaml`.
"""

from collections.abc import Callable, Sequence

from passk.core.registry import Registry

# (level of each problem, step from 1, steps) -> positions of the problems that may be asked.
Curriculum = Callable[[Sequence[int | None], int, int], list[int]]

CURRICULA: Registry[Curriculum] = Registry(
    "curriculum",
    "passk.curricula",
    {
        "uniform": "passk.training.curricula.uniform:uniform",
        "easy_first": "passk.training.curricula.easy_first:easy_first",
    },
)
