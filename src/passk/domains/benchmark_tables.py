"""Problems of a benchmark in normal form."""

from collections.abc import Sequence

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
    columns = {
        "problem_id": [identify(problem, domain) for problem in problems],
        "index": list(indices or range(len(problems))),
        "question": [problem.question for problem in problems],
        "answer": [problem.answer for problem in problems],
        "answer_type": [problem.answer_type for problem in problems],
        "choices": [problem.choices for problem in problems],
        "unit": [problem.unit for problem in problems],
        "precision": [problem.precision for problem in problems],
        "tests": [problem.tests and problem.tests.dump() for problem in problems],
        "starter_code": [problem.starter_code for problem in problems],
        "image": [problem.image and problem.image.digest for problem in problems],
        "image_bytes": [problem.image and problem.image.png for problem in problems],
        "date": [problem.date for problem in problems],
        "source": [f"{title}: {problem.name}" for problem in problems],
        "tags": [_list_tags(problem, domain) for problem in problems],
    }
    schema = {column: PROBLEMS.columns[column] for column in columns}
    constant = {"domain": pl.lit(domain.name), "set": pl.lit(name)}
    return PROBLEMS.check(pl.DataFrame(columns, schema=schema).with_columns(**constant))


def identify(problem: BenchmarkProblem, domain: Domain) -> str:
    """The problem's id: a digest of all that it asks."""
    return problem_id(
        domain.name,
        problem.question,
        problem.choices,
        problem.starter_code,
        problem.image_name(),
    )


def _list_tags(problem: BenchmarkProblem, domain: Domain) -> list[str]:
    """The benchmark's tags, and whether tests that would judge it are missing."""
    untested = domain.tested and problem.tests is None
    return [*problem.tags, *([UNTESTED] if untested else [])]
