"""Adapters by name, and a published file as problems."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from passk.core.rows import RecordedError, Row
from passk.data import sources as registry
from passk.domains.base_reader import Problem, distinct
from passk.domains.code.readers import (
    humaneval,
    humaneval_plus,
    leetcode,
    livecodebench,
    mbpp_plus,
    taco,
)
from passk.domains.math.readers import math_sets
from passk.domains.visual.readers import geometry3k, mathvision, mathvista

Adapter = Callable[[Iterable[Row], Mapping[str, Any]], Iterator[Problem]]

ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {
        "geometry3k": geometry3k.problems,
        "humaneval": humaneval.problems,
        "humaneval_plus": humaneval_plus.problems,
        "leetcode": leetcode.problems,
        "livecodebench": livecodebench.problems,
        "math_sets": math_sets.problems,
        "mathvision": mathvision.problems,
        "mathvista": mathvista.problems,
        "mbpp_plus": mbpp_plus.problems,
        "taco": taco.problems,
    }
)


def read(
    name: str, path: Path, sha256: str | None = None, without: Collection[str] = ()
) -> list[Problem]:
    """The problems of a published file, checked against what is recorded of it.

    Of domain code, tests without `expected` are still to be filled with what their reference
    returns; see `passk.domains.code.reference_outputs`. Of domain visual, pictures are still to be
    read; see `passk.domains.visual.readers.image_files`.

    Args:
        name: of the source.
        path: the file, or a folder of files.
        sha256: as for `registry.check_file`.
        without: names of problems to leave out.

    Raises:
        RecordedError: unknown source, another file, a malformed row; it names the remedy.
    """
    known = registry.source(name)
    registry.check_file(name, path, sha256)
    found = distinct(ADAPTERS[known.adapter](registry.rows(path), known.options))
    registry.check_number(name, len(found), path, sha256)
    if strange := sorted(set(without) - {problem.name for problem in found}):
        raise RecordedError(f"{path}: without {strange}: no such problem of {name}; remove them")
    return [problem for problem in found if problem.name not in without]
