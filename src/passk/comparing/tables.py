"""A pairing as the tables of a study: problems, and the samples of two draws."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from passk.comparing.pairing import PairedProblem
from passk.comparing.side import SideProblem
from passk.core.digests import digest
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES

REFERENCE, CANDIDATE = "reference", "candidate"
ANY = "any"  # type of an answer that is a JSON list of right ones
MISSING = "missing"  # finish reason of a sample without a response


@dataclass(frozen=True)
class PairTables:
    """Tables of a comparison: problems of each set, and the samples of both draws."""

    problems: pl.DataFrame
    samples: dict[str, pl.DataFrame]


def identity(domain: str, problem: PairedProblem) -> str:
    """The id of a problem: of its set and its own id, since its question may be templated."""
    return digest("logged", domain, *problem.key)[:16]


def tabulate(problems: Sequence[PairedProblem], domain: str) -> PairTables:
    """Tables that keep the contracts PROBLEMS and SAMPLES."""
    identities = [identity(domain, problem) for problem in problems]
    asked = pl.DataFrame(
        {
            "problem_id": identities,
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
    return PairTables(
        PROBLEMS.check(PROBLEMS.fill_nulls(asked)),
        {
            REFERENCE: _samples(REFERENCE, identities, [p.reference for p in problems], problems),
            CANDIDATE: _samples(CANDIDATE, identities, [p.candidate for p in problems], problems),
        },
    )


def _indices(problems: Sequence[PairedProblem]) -> list[int]:
    """The position of each problem within its set."""
    counts: dict[str, int] = {}
    indices = []
    for problem in problems:
        indices.append(counts.get(problem.key[0], 0))
        counts[problem.key[0]] = indices[-1] + 1
    return indices


def _answer(references: Sequence[str]) -> str:
    return references[0] if len(references) == 1 else json.dumps(references, ensure_ascii=False)


def _samples(
    draw: str,
    identities: Sequence[str],
    sides: Sequence[SideProblem],
    problems: Sequence[PairedProblem],
) -> pl.DataFrame:
    rows = {
        "set": [], "problem_id": [], "sample_index": [], "text": [], "finish_reason": [],
        "n_tokens": [], "seed": [], "recorded_grade": [],
    }  # type: dict[str, list[object]]  # fmt: skip
    for identity_, side, problem in zip(identities, sides, problems, strict=True):
        for number, sample in enumerate(side.samples):
            rows["set"].append(problem.key[0])
            rows["problem_id"].append(identity_)
            rows["sample_index"].append(number)
            rows["text"].append(sample.text or "")
            rows["finish_reason"].append(MISSING if sample.text is None else sample.finish)
            rows["n_tokens"].append(sample.tokens)
            rows["seed"].append(sample.seed)
            rows["recorded_grade"].append(sample.grade)
    schema = {name: SAMPLES.columns[name] for name in rows}
    frame = pl.DataFrame(rows, schema=schema).with_columns(draw=pl.lit(draw))
    return SAMPLES.check(SAMPLES.fill_nulls(frame))
