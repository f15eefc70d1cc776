"""`analyze@QUESTION`: one question answered from counts, verdicts, logs, or another folder."""

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from passk.analysis.evaluation_groups import group_counts
from passk.analysis.questions.inputs import QuestionInputs, ScoredResponses
from passk.analysis.questions.registry import QUESTIONS
from passk.analysis.settings import Analysis, Folder
from passk.analysis.views import add_views, tabulate_excluded, tabulate_views
from passk.config import manifest, paths
from passk.config.expansion_paths import expansions
from passk.config.score_paths import scores
from passk.core.schemas.counts import COUNTS
from passk.core.schemas.expansions import EXPANSIONS
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.scores import SCORES
from passk.pipeline.stages.job import Job, StageError


def run(job: Job) -> dict[str, float]:
    """Write data/STUDY/results/QUESTION.parquet; returns its number of rows."""
    if job.item not in QUESTIONS:
        raise StageError(
            f"analysis.questions.{job.item}: no such question; legal: {', '.join(QUESTIONS)}"
        )
    question = QUESTIONS[job.item]
    # Only declared draws and arms are read: a folder may hold strangers.
    names = manifest.read_names(paths.manifest(job.study, question.reads))
    rows = question.answer(_READERS[question.reads](job, names))
    written = question.table.write(rows, paths.results(job.study, job.item))
    return {"rows": float(len(written))}


def _read_counts(job: Job, draws: Sequence[str]) -> QuestionInputs:
    """Counts of all draws, views included."""
    _check_any(draws)
    analysed = manifest.read_views(paths.manifest(job.study, "views"))
    views = tabulate_views(analysed.views)
    tables = pl.concat(COUNTS.read(paths.counts(job.study, draw)) for draw in draws)
    counts = add_views(tables, views)
    return QuestionInputs(
        _analysis(job),
        _seed(job),
        counts=counts,
        groups=group_counts(counts),
        excluded=add_views(tabulate_excluded(analysed.excluded), views),
    )


def _read_verdicts(job: Job, draws: Sequence[str]) -> QuestionInputs:
    """Verdict tables of all draws, by path: they are too large to read whole."""
    _check_any(draws)
    analysed = manifest.read_views(paths.manifest(job.study, "views"))
    files = tuple(paths.verdicts(job.study, draw) for draw in draws)
    views = tabulate_views(analysed.views)
    return QuestionInputs(_analysis(job), _seed(job), verdicts=files, views=views)


def _read_training(job: Job, arms: Sequence[str]) -> QuestionInputs:
    """Training logs of all arms."""
    logs = {arm: _read_log(paths.training_log(job.study, arm)) for arm in arms}
    return QuestionInputs(_analysis(job), _seed(job), training=logs)


def _read_scores(job: Job, names: Sequence[str]) -> QuestionInputs:
    """Scored responses; those without a token have no perplexity."""
    declared = manifest.read_scores(paths.manifest(job.study, "scores"))
    columns = ["set", "problem_id", "sample_index", "verdict", "n_tokens", "perplexity"]
    scored = {
        name: ScoredResponses(
            SCORES.read(scores(job.study, name), columns).drop_nulls("perplexity"),
            declared[name].draw,
            declared[name].model,
            declared[name].own,
        )
        for name in names
    }
    return QuestionInputs(_analysis(job), _seed(job), scores=scored)


def _read_sets(job: Job, names: Sequence[str]) -> QuestionInputs:
    """Problems of all sets that draws sample."""
    _check_any(names)
    views = tabulate_views(manifest.read_views(paths.manifest(job.study, "views")).views)
    columns = ["set", "problem_id", "source", "question", "tests", "answer"]
    tables = [PROBLEMS.read(paths.problem_set(job.study, name), columns) for name in names]
    return QuestionInputs(_analysis(job), _seed(job), views=views, problems=pl.concat(tables))


def _read_expansions(job: Job, names: Sequence[str]) -> QuestionInputs:
    """Exact chances of expanded draws."""
    tables = [EXPANSIONS.read(expansions(job.study, name)) for name in names]
    return QuestionInputs(_analysis(job), _seed(job), expansions=pl.concat(tables))


_READERS: dict[Folder, Callable[[Job, Sequence[str]], QuestionInputs]] = {
    "counts": _read_counts,
    "verdicts": _read_verdicts,
    "training": _read_training,
    "scores": _read_scores,
    "sets": _read_sets,
    "expansions": _read_expansions,
}


def _read_log(path: Path) -> pl.DataFrame:
    """A training log, a row per step.

    Raises:
        ValueError: it is missing or unreadable.
    """
    try:
        return pl.read_ndjson(path, infer_schema_length=None)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ValueError(f"{path}: not a readable training log ({error})") from error


def _check_any(draws: Sequence[str]) -> None:
    if not draws:
        raise StageError("draws: there is none, so there is nothing to analyse; add a draw")


def _analysis(job: Job) -> Analysis:
    return job.section("analysis", Analysis)


def _seed(job: Job) -> int:
    return job.seed
