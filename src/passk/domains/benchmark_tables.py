"""Problems of a benchmark in normal form."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from passk.core.ids import problem_id
from passk.core.schemas.problems import PROBLEMS
from passk.domains.benchmark_problem import UNTESTED, BenchmarkProblem
from passk.domains.domain import Domain


def problem_table(
    problems: Sequence[BenchmarkProblem],
    name: str,
    domain: Domain,
    title: str,
    indices: Sequence[int] | None = None,
) -> pl.DataFrame:
    """Problems that keep the contract PROBLEMS.

    Args:
        problems: with expected outputs, where they have tests.
        name: of the set.
        domain: of its problems.
        title: of the benchmark; the column `source` adds each problem's own name.
        indices: places in the benchmark, where some of its problems are left out.
    """
    rows: list[Mapping[str, Any]] = [
        dict.fromkeys(PROBLEMS.columns)
        | {
            "problem_id": problem_id(
                domain.name,
                problem.question,
                problem.choices,
                problem.starter_code,
                problem.image_name(),
            ),
            "domain": domain.name,
            "set": name,
            "index": index,
            "question": problem.question,
            "answer": problem.answer,
            "answer_type": problem.answer_type,
            "choices": problem.choices,
            "unit": problem.unit,
            "precision": problem.precision,
            "tests": None if problem.tests is None else problem.tests.dump(),
            "starter_code": problem.starter_code,
            "image": problem.image.digest if problem.image else None,
            "image_bytes": problem.image.png if problem.image else None,
            "date": problem.date,
            "source": f"{title}: {problem.name}",
            "tags": [
                *problem.tags,
                *([UNTESTED] if domain.tested and problem.tests is None else []),
            ],
        }
        for index, problem in zip(indices or range(len(problems)), problems, strict=True)
    ]
    return PROBLEMS.check(pl.DataFrame(rows, schema=dict(PROBLEMS.columns)))
