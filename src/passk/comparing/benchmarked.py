"""Two sides whose problems lie in a file of their own: programs, answers about images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from passk.comparing.draws import DRAWS
from passk.comparing.run import PairTables
from passk.core.digests import digest
from passk.core.rows import RecordedError
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.words import count
from passk.data.judging_problems import JudgingProblem, ProblemFile
from passk.data.responses import as_response
from passk.domains.benchmark_tables import identify
from passk.domains.domain import Domain, JudgeSettings
from passk.logs.known_problems import AnsweredProblems, complete, key_of
from passk.logs.sample import LogSample
from passk.logs.side import Key, Side, SideProblem
from passk.logs.tables import tabulate_responses


@dataclass(frozen=True)
class BenchmarkedPair:
    """Both sides beside the problems that both answered.

    Attributes:
        tables: problems, and samples of both draws.
        sides: of each draw, by problem.
        names: of the problems in the tables, in their order.
        notes: what a reader should know.
    """

    tables: PairTables
    sides: Mapping[str, Side]
    names: list[str]
    notes: list[str]


def pair_on_problems(
    answered: Mapping[str, AnsweredProblems],
    file: ProblemFile,
    domain: Domain,
    settings: JudgeSettings,
    min_n: int,
) -> BenchmarkedPair:
    """The problems that both sides answered, complete, and the samples of both.

    Args:
        answered: of each draw.
        file: of the problems.
        domain: of the problems.
        settings: of its judge, which runs reference solutions.
        min_n: problems with fewer samples on a side are left out.

    Raises:
        RecordedError: there is none, or none that can be judged.
    """
    sides = {draw: _gather(answered[draw].samples) for draw in DRAWS}
    first, second = (sides[draw] for draw in DRAWS)
    shared = {
        key: problem
        for key, problem in answered[DRAWS[0]].problems.items()
        if key in first
        and key in second
        and min(len(first[key].samples), len(second[key].samples)) >= min_n
    }
    if not shared:
        raise RecordedError(
            f"no problem has {count(min_n, 'sample')} on both sides; are they of one benchmark?"
        )
    problems = complete(shared, file, settings)
    kept = {
        key: problem
        for key, problem in problems.items()
        if problem.references[0].tests or not domain.tested
    }
    notes = []
    if lacking := len(problems) - len(kept):
        notes.append(f"{count(lacking, 'problem')} without tests: not compared")
    if not kept:
        raise RecordedError("no problem that both sides answered has tests")
    ids = _identify(kept, domain)
    samples = {draw: _tabulate(kept, ids, sides[draw], draw) for draw in DRAWS}
    return BenchmarkedPair(
        PairTables(_tabulate_problems(kept, ids, domain), samples),
        sides,
        [name for _, name in kept],
        notes,
    )


def _gather(samples: Sequence[LogSample]) -> Side:
    side: Side = {}
    for sample in samples:
        key = key_of(sample)
        problem = side.setdefault(key, SideProblem(sample.place, sample.question, ()))
        problem.samples.append(sample)
    return side


def _identify(problems: Mapping[Key, JudgingProblem], domain: Domain) -> dict[Key, str]:
    """The id of each problem: that of a study, where it is a benchmark's and no other has it.

    The bootstrap draws problems in the order of their ids, so that equal ids give equal intervals.
    """
    own = {key: digest("logged", domain.name, *key)[:16] for key in problems}
    asked = [problem.benchmark for problem in problems.values() if problem.benchmark]
    ids = [identify(problem, domain) for problem in asked]
    same = len(set(ids)) == len(problems)
    return dict(zip(problems, ids, strict=True)) if same else own


def _tabulate_problems(
    problems: Mapping[Key, JudgingProblem], ids: Mapping[Key, str], domain: Domain
) -> pl.DataFrame:
    """A table that keeps the contract PROBLEMS."""
    rows = []
    for key, problem in problems.items():
        reference = problem.references[0]
        rows.append({
            "problem_id": ids[key],
            "set": key[0],
            "index": problem.position,
            "question": problem.question or key[1],
            "answer": reference.answer,
            "answer_type": reference.answer_type,
            "choices": list(reference.choices) or None,
            "precision": reference.precision,
            "unit": reference.unit,
            "tests": reference.tests,
            "source": f"imported: {key[1]}",
            "domain": domain.name,
        })  # fmt: skip
    frame = pl.DataFrame(rows, schema={name: PROBLEMS.columns[name] for name in rows[0]})
    return PROBLEMS.check(PROBLEMS.fill_nulls(frame))


def _tabulate(
    problems: Mapping[Key, JudgingProblem], ids: Mapping[Key, str], side: Side, draw: str
) -> pl.DataFrame:
    """The samples of a draw: programs as responses that hold them."""
    samples = {
        ids[key]: [_whole(sample, problem.prefix) for sample in side[key].samples]
        for key, problem in problems.items()
    }
    frame = tabulate_responses(samples).with_columns(
        draw=pl.lit(draw), set=pl.lit(next(iter(problems))[0])
    )
    return SAMPLES.check(SAMPLES.fill_nulls(frame))


def _whole(sample: LogSample, prefix: str) -> LogSample:
    if sample.text is None:
        return sample
    return sample._replace(text=as_response(sample.text, sample.holds, prefix))
