"""Readers of benchmarks' published files by name: those of this package, and of installed ones."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from passk.core.registry import Registry
from passk.core.rows import Row
from passk.domains.benchmark_problem import BenchmarkProblem

# (rows of the file, `options` of the source) -> problems in the file's order; see `base_reader`.
Reader = Callable[[Iterable[Row], Mapping[str, Any]], Iterator[BenchmarkProblem]]

READERS: Registry[Reader] = Registry(
    "reader",
    "passk.readers",
    {
        "columns": "passk.data.own_columns:problems",
        "geometry3k": "passk.domains.visual.readers.geometry3k:problems",
        "humaneval": "passk.domains.code.readers.humaneval:problems",
        "humaneval_plus": "passk.domains.code.readers.humaneval_plus:problems",
        "leetcode": "passk.domains.code.readers.leetcode:problems",
        "livecodebench": "passk.domains.code.readers.livecodebench:problems",
        "math_sets": "passk.domains.math.readers.math_sets:problems",
        "mathvision": "passk.domains.visual.readers.mathvision:problems",
        "mathvista": "passk.domains.visual.readers.mathvista:problems",
        "mbpp_plus": "passk.domains.code.readers.mbpp_plus:problems",
        "taco": "passk.domains.code.readers.taco:problems",
    },
)
