"""From two draws to answers and a page, with the questions and sections of a study."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from passk.analysis.counting import count_verdicts
from passk.analysis.evaluation_groups import group_counts
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.registry import QUESTIONS
from passk.analysis.settings import Analysis
from passk.analysis.views import EXCLUDED
from passk.comparing import settings
from passk.core.schemas.counts import COUNTS
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.pipeline.stages.verify import ASKED

Judge = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class PairTables:
    """Tables of a comparison: problems, and the samples of both draws."""

    problems: pl.DataFrame
    samples: dict[str, pl.DataFrame]


@dataclass(frozen=True)
class PairAnswers:
    """What a comparison found: counts of both draws, and a table for each question."""

    analysis: Analysis
    counts: pl.DataFrame
    results: Mapping[str, pl.DataFrame]


def judge_pair(tables: PairTables, judge: Judge) -> dict[str, pl.DataFrame]:
    """Verdicts on both draws, judged together: an answer that both gave is judged once.

    Args:
        tables: of the pair.
        judge: verdict columns for samples beside their problems.
    """
    samples = pl.concat(tables.samples.values())
    frame = samples.join(
        tables.problems.select(ASKED), on=["set", "problem_id"], how="left", maintain_order="left"
    )
    judged = judge(frame)
    return {draw: judged.filter(pl.col("draw") == draw) for draw in tables.samples}


def count_pair(tables: PairTables, verdicts: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Counts of both draws, by the same query as in a study."""
    with tempfile.TemporaryDirectory(prefix="passk-") as name:
        folder = Path(name)
        PROBLEMS.write(tables.problems, folder / "problems.parquet")
        counts = []
        for draw, frame in verdicts.items():
            judged, drawn = folder / f"{draw}-verdicts.parquet", folder / f"{draw}.parquet"
            VERDICTS.write(frame, judged)
            SAMPLES.write(tables.samples[draw], drawn)
            counts.append(count_verdicts([judged], [drawn], [folder / "problems.parquet"]))
    return complete_counts(pl.concat(counts))


def complete_counts(counts: pl.DataFrame) -> pl.DataFrame:
    """Counts with what nobody knows of recorded draws."""
    frame = counts.with_columns(
        model=pl.col("draw"), arm=pl.col("draw"), replicate=pl.lit(0), engine=pl.lit("imported")
    )
    return COUNTS.check(COUNTS.fill_nulls(frame))


def answer(counts: pl.DataFrame, analysis: Analysis, seed: int) -> PairAnswers:
    """Every question of a comparison, answered from counts."""
    inputs = QuestionInputs(
        analysis,
        seed,
        counts=counts,
        groups=group_counts(counts),
        excluded=pl.DataFrame(schema=EXCLUDED),
    )
    results = {
        name: QUESTIONS[name].table.check(QUESTIONS[name].answer(inputs))
        for name in settings.QUESTIONS
    }
    return PairAnswers(analysis, counts, results)
