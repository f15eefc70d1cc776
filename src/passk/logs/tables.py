"""Aligned samples as tables: problems, and the responses of each model."""

import json
from collections.abc import Mapping, Sequence

import polars as pl

from passk.core.digests import digest
from passk.core.ids import problem_id
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.recorded import ANY, MISSING
from passk.core.schemas.samples import RESPONSES, SAMPLES
from passk.logs.alignment import AlignedProblem
from passk.logs.sample import LogSample


def identity(domain: str, problem: AlignedProblem) -> str:
    """The id of a problem: of what it asks, as everywhere, where nothing else tells it apart.

    A problem that has an id of its own is told by it, since models may ask it in other words.
    """
    if problem.key[1] == problem.question:
        return problem_id(domain, problem.question)
    return digest("logged", domain, *problem.key)[:16]


def tabulate_problems(problems: Sequence[AlignedProblem], domain: str) -> pl.DataFrame:
    """A table that keeps the contract PROBLEMS; `source` ends in the problem's own id."""
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
            "source": [f"imported: {problem.key[1]}" for problem in problems],
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


def tabulate_responses(samples: Mapping[str, Sequence[LogSample]]) -> pl.DataFrame:
    """The responses of a model by problem id, as a table that keeps the contract RESPONSES."""
    rows = [
        (
            name,
            sample.number,
            sample.text or "",
            MISSING if sample.text is None else sample.finish,
            sample.grade,
            sample.tokens,
            sample.seed,
        )
        for name, drawn in samples.items()
        for sample in drawn
    ]
    return RESPONSES.check(pl.DataFrame(rows, schema=dict(RESPONSES.columns), orient="row"))


def tabulate_samples(
    problems: Sequence[AlignedProblem], model: str, domain: str, draw: str
) -> pl.DataFrame:
    """The samples of a model, as a table that keeps the contract SAMPLES."""
    sets = pl.DataFrame(
        {
            "set": [problem.key[0] for problem in problems],
            "problem_id": [identity(domain, problem) for problem in problems],
        }
    )
    samples = dict(
        zip(sets["problem_id"], (p.answered[model].samples for p in problems), strict=True)
    )
    frame = tabulate_responses(samples).join(sets, on="problem_id", validate="m:1")
    return SAMPLES.check(SAMPLES.fill_nulls(frame.with_columns(draw=pl.lit(draw))))
