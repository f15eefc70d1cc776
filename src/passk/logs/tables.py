"""Aligned samples as tables: problems, and the responses of each model."""

import json
from collections.abc import Sequence

import polars as pl

from passk.core.digests import digest
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.logs.alignment import AlignedProblem

ANY = "any"  # type of an answer that is a JSON list of right ones
MISSING = "missing"  # finish reason of a sample without a response
_DRAWN = ("set", "problem_id", "sample_index", "text", "finish_reason", "n_tokens", "seed",
          "recorded_grade")  # fmt: skip


def identity(domain: str, problem: AlignedProblem) -> str:
    """The id of a problem: of its set and its own id, since its question may be templated."""
    return digest("logged", domain, *problem.key)[:16]


def tabulate_problems(problems: Sequence[AlignedProblem], domain: str) -> pl.DataFrame:
    """A table that keeps the contract PROBLEMS; `source` holds the problem's own id."""
    frame = pl.DataFrame(
        {
            "problem_id": [identity(domain, problem) for problem in problems],
            "set": [problem.key[0] for problem in problems],
            "index": _indices(problems),
            "question": [problem.question for problem in problems],
            "answer": [_answer(problem.references) for problem in problems],
            "answer_type": [
                ANY if len(problem.references) > 1 else "expression" for problem in problems
            ],
            "source": [problem.key[1] for problem in problems],
        }
    ).with_columns(domain=pl.lit(domain))
    return PROBLEMS.check(PROBLEMS.fill_nulls(frame))


def _indices(problems: Sequence[AlignedProblem]) -> list[int]:
    """The position of each problem within its set."""
    counts: dict[str, int] = {}
    indices = []
    for problem in problems:
        indices.append(counts.get(problem.key[0], 0))
        counts[problem.key[0]] = indices[-1] + 1
    return indices


def _answer(references: Sequence[str]) -> str:
    return references[0] if len(references) == 1 else json.dumps(references, ensure_ascii=False)


def tabulate_samples(
    problems: Sequence[AlignedProblem], model: str, domain: str, draw: str
) -> pl.DataFrame:
    """The samples of a model, as a table that keeps the contract SAMPLES."""
    rows = [
        (
            problem.key[0],
            identity(domain, problem),
            number,
            sample.text or "",
            MISSING if sample.text is None else sample.finish,
            sample.tokens,
            sample.seed,
            sample.grade,
        )
        for problem in problems
        for number, sample in enumerate(problem.answered[model].samples)
    ]
    schema = {name: SAMPLES.columns[name] for name in _DRAWN}
    frame = pl.DataFrame(rows, schema=schema, orient="row").with_columns(draw=pl.lit(draw))
    return SAMPLES.check(SAMPLES.fill_nulls(frame))
